"""The daemon under ThreadSanitizer and load. Wants a tsan build (cmake --preset tsan,
target kriged; or KRIGED_TSAN_BIN), which ./dev test does not make.
"""
import os
import time
from pathlib import Path

import pytest
from daemon import Daemon
from load import Client, finish, verify
from wire import replay, Wire

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("KRIGED_TSAN_BIN", ROOT / "build/tsan/bin/kriged"))
CLIENTS, SECONDS = 64, 15


def test_no_race_under_load(folder):
    if not BINARY.exists():
        pytest.skip(f"no {BINARY}")
    daemon = Daemon(folder, binary=BINARY, threads=4)
    env = dict(TSAN_OPTIONS=f"suppressions={ROOT}/tests/tsan.supp")
    try:
        assert daemon.start(env=env, wait=60)
        clients = [Client(daemon.endpoint, folder, f"c{i}", i) for i in range(CLIENTS)]
        for c in clients:
            c.start()
        time.sleep(SECONDS)
        finish(clients)
        n, found = verify(daemon.endpoint, clients, whole=True)
        wire = Wire(daemon.endpoint)
        assert not replay(wire, next(iter(found)))[1]
        wire.close()
        assert daemon.stop(60) == 0
    finally:
        if daemon.running():
            daemon.kill()
    assert "ThreadSanitizer" not in daemon.text(), daemon.text()
    assert n > CLIENTS
