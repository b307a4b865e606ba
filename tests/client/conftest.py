"""Fixtures: `fake` (fake_kriged), and a real daemon for the tests that want one."""
import os
import pathlib
import shutil
import sys
import tempfile

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from real_kriged import Daemon, find_kriged  # noqa: E402


@pytest.fixture
def kriged_bin():
    return find_kriged()


@pytest.fixture
def folder():
    """A folder whose path is short enough for an ipc socket."""
    path = tempfile.mkdtemp(prefix="krige-")
    yield pathlib.Path(path)
    shutil.rmtree(path)


@pytest.fixture
def fake(folder):
    from fake_kriged import FakeKriged
    server = FakeKriged(f"ipc://{folder}/fake.sock")
    yield server
    server.close()


@pytest.fixture
def daemon(folder, kriged_bin):
    server = Daemon(folder, kriged_bin)
    yield server
    if server.process.poll() is None:
        server.stop()
    server.log.close()


@pytest.fixture
def cli(daemon):
    from krige_cli import KRIGE, Cli
    if not os.access(KRIGE, os.X_OK):
        pytest.skip("krige is not built: ./dev build")
    return Cli(daemon.endpoint)
