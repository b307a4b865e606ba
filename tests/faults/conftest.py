import shutil
import tempfile

import pytest

from daemon import BIN, Daemon


@pytest.fixture(autouse=True)
def built():
    if not BIN.exists():
        pytest.skip(f"no {BIN}: build first")


@pytest.fixture
def folder():
    # short: a socket's path has at most 107 bytes
    path = tempfile.mkdtemp(prefix="kf-")
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def daemon(folder):
    d = Daemon(folder)
    yield d
    if d.running():
        d.kill()
