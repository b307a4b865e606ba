"""The disk fails under a real daemon: full, a write that fails, a sync that fails."""
import errno
import os
import struct
import subprocess
import time
from pathlib import Path

import pytest
from daemon import Daemon
from load import read_all
from wire import UNAVAILABLE, Refused, Lost, Wire, params, replay, spec

HERE = Path(__file__).resolve().parent


@pytest.fixture(scope="session")
def faultio(tmp_path_factory):
    """The library that makes calls fail, compiled for this run."""
    so = tmp_path_factory.mktemp("preload") / "faultio.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-D_GNU_SOURCE", "-o", str(so),
                    str(HERE / "preload/faultio.c"), "-ldl"], check=True)
    return str(so)


def fault_env(faultio, folder, kind, at, n=1, error=errno.EIO):
    return dict(LD_PRELOAD=faultio, FAULTIO_PATH=folder, FAULTIO_COUNT=f"{folder}/count",
                FAULTIO_KIND=kind, FAULTIO_AT=str(at), FAULTIO_N=str(n), FAULTIO_ERRNO=str(error))


def calls(folder):
    with open(f"{folder}/count", "rb") as f:
        return struct.unpack("<q", f.read(8))[0]


class Session:
    """A few mutations, each tried a few times; what was acknowledged is remembered."""

    def __init__(self, endpoint):
        self.wire = Wire(endpoint)
        self.acks = []   # (what, number, detail)
        self.refusals = 0

    def step(self, method, **fields):
        id, end = os.urandom(16), time.monotonic() + 10
        while time.monotonic() < end:
            try:
                return self.wire.call(method, id=id, timeout=2.0, **fields)
            except Refused as e:
                assert e.code == UNAVAILABLE, e
                last = e
                self.refusals += 1
                time.sleep(0.02)
        raise AssertionError(f"{method} is refused for ever: {last}")

    def run(self):
        self.step("create_study", name=b"s", spec=spec(seed=5), if_exists=2)
        self.acks.append(("created", 0, None))
        for _ in range(2):
            trial = self.step("suggest", study=b"s").trials[0]
            self.acks.append(("given", trial.number, params(trial)))
            value = trial.number / 7
            self.step("observe", study=b"s", observations=[
                dict(number=trial.number, values=[dict(value=value)])])
            self.acks.append(("observed", trial.number, value))

    def check(self, endpoint):
        wire = Wire(endpoint)
        there = read_all(wire).get(b"s")
        for what, number, detail in self.acks:
            assert there is not None, "the study is lost"
            if what == "given":
                assert params(there[number]) == detail
            if what == "observed":
                assert there[number].values[0].value == detail
        if there is not None:
            assert not replay(wire, b"s")[1]
        wire.close()


def one_life(daemon, folder, env):
    """Start with a fault, run the session until its end or the daemon's; then start
    without, and compare. Answers (was ready, exit code or None, session)."""
    for name in ("k.db", "k.db-wal", "count"):
        Path(folder, name).unlink(missing_ok=True)
    ready = daemon.start(env=env)
    session, code = Session(daemon.endpoint), None
    if ready:
        try:
            session.run()
        except Lost:
            code = daemon.ended()
        except AssertionError as e:
            raise AssertionError(f"{e}\n{env}\n{daemon.text()}") from e
    else:
        code = daemon.ended()
    session.wire.close()
    words = daemon.text()
    if daemon.running():
        daemon.kill()
    assert daemon.start(), f"after:\n{words}\nthe next start fails:\n{daemon.text()}"
    session.check(daemon.endpoint)
    assert daemon.stop() == 0
    return ready, code, session, words


def every_fault(daemon, folder, faultio, kind, error):
    """The k-th call fails, for every k until none is left to fail."""
    k, seen = 0, []
    while True:
        k += 1
        life = one_life(daemon, folder, fault_env(faultio, folder, kind, k, error=error))
        if calls(folder) < k:
            return seen
        seen.append((k,) + life)
        assert k < 1000


def test_every_write_fails(daemon, folder, faultio):
    lives = every_fault(daemon, folder, faultio, "write", errno.EIO)
    for k, ready, code, session, words in lives:
        # at the start: one clear line; later: refused, and served when it is tried again
        assert code is None if ready else code == 1, f"write {k}: exit {code}\n{words}"
    assert sum(s.refusals > 0 for _, _, _, s, _ in lives) > 5
    print(f"{len(lives)} writes")


def test_every_sync_fails(daemon, folder, faultio):
    lives = every_fault(daemon, folder, faultio, "sync", errno.EIO)
    for k, ready, code, session, words in lives:
        assert code == (3 if ready else 1), f"sync {k}: exit {code}\n{words}"
        assert session.refusals == 0, f"sync {k}: the daemon went on\n{words}"
        if ready:
            assert "kriged: fatal: " in words and "sync failed" in words, words
    assert len(lives) > 5
    print(f"{len(lives)} syncs")


def full_disk(daemon, fill, empty):
    """With space, without, and with it again."""
    session = Session(daemon.endpoint)
    session.run()
    trial = session.step("suggest", study=b"s").trials[0]
    fill()
    id = os.urandom(16)
    observation = [dict(number=trial.number, values=[dict(value=3.0)])]
    reason = b"x" * 4000
    for _ in range(30):
        with pytest.raises(Refused) as refusal:
            # a large change: the last free block does not take it
            session.wire.call("fail_trial", id=os.urandom(16), study=b"s", number=trial.number,
                              reason=reason)
        assert refusal.value.code == UNAVAILABLE
        # reads go on, once the study is read anew
        end = time.monotonic() + 5
        assert len(session.wire.insist("list_trials", None, end, study=b"s").trials) == 3
        assert session.wire.insist("best", None, end, study=b"s").HasField("trial")
    empty()
    end = time.monotonic() + 10
    session.wire.insist("observe", id, end, study=b"s", observations=observation)
    session.acks.append(("observed", trial.number, 3.0))
    session.check(daemon.endpoint)
    session.wire.close()
    daemon.kill()
    assert daemon.start()
    session.check(daemon.endpoint)
    assert daemon.stop() == 0


def test_disk_full_by_shim(daemon, folder, faultio):
    full = Path(f"{folder}.full")
    try:
        assert daemon.start(env=fault_env(faultio, folder, "sync", 0))
        full_disk(daemon, full.touch, full.unlink)
    finally:
        full.unlink(missing_ok=True)


def test_disk_full_for_real(folder):
    """A file system of 2 MiB that somebody else fills."""
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "kriged-test", folder],
                             capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("cannot mount a small tmpfs")
    ballast = Path(folder, "ballast")

    def fill():
        with open(ballast, "wb", buffering=0) as f:
            try:
                while True:
                    f.write(b"x" * 512)
            except OSError as e:
                assert e.errno == errno.ENOSPC

    d = Daemon(folder)
    try:
        assert d.start()
        full_disk(d, fill, ballast.unlink)
    finally:
        if d.running():
            d.kill()
        subprocess.run(["umount", folder], check=True)
