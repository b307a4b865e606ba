"""The daemon under ThreadSanitizer and load, stopped and started again under it. Wants
a tsan build (KRIGED_TSAN_BIN, else that of cmake --preset tsan), which ./dev test does
not make; ./dev torture does.

KRIGED_RACE_SECONDS (15) of load.
"""
import os
import random
import threading
import time
from pathlib import Path

import pytest
from daemon import Daemon
from load import Client, finish, verify
from wire import Lost, Refused, Wire, list_trials, replay, spec

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("KRIGED_TSAN_BIN", ROOT / "build/tsan/bin/kriged"))
SECONDS = float(os.environ.get("KRIGED_RACE_SECONDS", "15"))
CLIENTS, SHARERS, READERS, LIVES = 64, 6, 3, 3
SHARED = b"shared"


class Sharer(Client):
    """One of those who work on one study, whose fits are cut at deadlines."""

    def create(self):
        return SHARED

    def ask(self, method, **fields):
        if method == "suggest" and self.random.random() < 0.5:
            fields["meta"] = dict(deadline_ms=self.random.randint(1, 200))
        return super().ask(method, **fields)


class Reader(threading.Thread):
    """Everything that changes nothing, over studies picked by chance."""

    def __init__(self, endpoint, seed):
        super().__init__(daemon=True)
        self.wire = Wire(endpoint)
        self.random = random.Random(seed)
        self.label = f"reader {seed}"
        self.enough, self.error, self.in_flight = False, None, None
        self.n = {}

    def point(self):
        return dict(params=[dict(name=f"x{i}".encode(), value=dict(real_value=self.random.random()))
                            for i in range(3)])

    def read(self):
        names = [s.name for s in self.wire.call("list_studies", timeout=30.0).studies]
        study = self.random.choice([SHARED, *names])
        kind = self.random.choice(["status", "list_trials", "best", "predict", "replay"])
        if kind == "status":
            self.wire.call("status", timeout=30.0)
        elif kind == "list_trials":
            list_trials(self.wire, study)
        elif kind == "best":
            self.wire.call("best", study=study, timeout=30.0)
        elif kind == "predict":
            self.wire.call("predict", study=study, points=[self.point() for _ in range(8)],
                           timeout=30.0)
        else:
            page = self.wire.call("replay", study=study, limit=5, timeout=60.0,
                                  from_seq=self.random.randint(0, 200))
            different = [s.number for s in page.suggestions if not s.equal]
            assert not different, f"{study}: trials {different} come out otherwise"
        self.n[kind] = self.n.get(kind, 0) + 1

    def run(self):
        try:
            while not self.enough:
                try:
                    self.read()
                except (Lost, Refused):  # a stop came between, or no result is there yet
                    time.sleep(0.02)
        except Exception as e:  # told by whoever waits for this thread
            self.error = e
        finally:
            self.wire.close()


def load(daemon, folder):
    """All clients under way; the shared study is there."""
    first = Sharer(daemon.endpoint, folder, "s0", 0)
    Client.ask(first, "create_study", name=SHARED, spec=spec(seed=1))
    first.acknowledge([("created", SHARED, 0, None)])
    workers = [first]
    workers += [Sharer(daemon.endpoint, folder, f"s{i}", i) for i in range(1, SHARERS)]
    workers += [Client(daemon.endpoint, folder, f"c{i}", 100 + i) for i in range(CLIENTS)]
    readers = [Reader(daemon.endpoint, i) for i in range(READERS)]
    for t in workers + readers:
        t.start()
    return workers, readers


def test_no_race_under_load(folder):
    if not BINARY.exists():
        pytest.skip(f"no {BINARY}")
    daemon, said = Daemon(folder, binary=BINARY, threads=4), []
    env = dict(TSAN_OPTIONS=f"suppressions={ROOT}/tests/tsan.supp")
    try:
        assert daemon.start(env=env, wait=60)
        workers, readers = load(daemon, folder)
        for life in range(1, LIVES):
            time.sleep(SECONDS / LIVES)
            code = daemon.stop(60)
            said.append(daemon.text())
            assert code == 0, said[-1]
            assert daemon.start(env=env, wait=60), daemon.text()
        time.sleep(SECONDS / LIVES)
        finish(workers + readers)
        n, _ = verify(daemon.endpoint, workers, whole=True)
        wire = Wire(daemon.endpoint)
        compared, different = replay(wire, SHARED)
        wire.close()
        assert compared and not different, different
        assert daemon.stop(60) == 0, daemon.text()
    finally:
        if daemon.running():
            daemon.kill()
        said.append(daemon.text())
    words = "".join(said)
    assert "ThreadSanitizer" not in words, words
    print(f"{n} acknowledged, {compared} of them suggestions of one study; reads:",
          {k: sum(r.n.get(k, 0) for r in readers) for r in readers for k in r.n})
    assert n > CLIENTS
    assert all(any(k in r.n for r in readers) for k in ("predict", "replay"))
