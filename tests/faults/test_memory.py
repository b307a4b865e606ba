"""The n-th allocation of the daemon fails, n = 1, 2, ... until one run needs no more.

It refuses a request or ends with a clear line; what was acknowledged is there after
the next start. Runs with a debug build (sanitizers, if there is one), which alone
knows KRIGED_FAIL_ALLOC. KRIGED_ALLOCS (60) spreads that many n over all of them.
"""
import os
import time

import pytest
from daemon import Daemon, debug_binary
from load import read_all
from wire import COMPLETE, Lost, Refused, Wire, params, points, spec

SAMPLES = int(os.environ.get("KRIGED_ALLOCS", "60"))


def scenario(wire):
    """Mutations and reads; (what was acknowledged, how many answers were refusals)."""
    acks, refused = [], 0

    def call(method, **fields):
        nonlocal refused
        for _ in range(3):
            try:
                return wire.call(method, id=id, timeout=20.0, **fields)
            except Refused:
                refused += 1
        return None

    id = os.urandom(16)
    if call("create_study", name=b"s", spec=spec(seed=5)) is None:
        return acks, refused
    for _ in range(3):
        id = os.urandom(16)
        reply = call("suggest", study=b"s")
        if reply is None or not reply.trials:
            continue
        trial = reply.trials[0]
        acks.append(("given", trial.number, params(trial)))
        id = os.urandom(16)
        if call("observe", study=b"s",
                observations=[dict(number=trial.number, values=[dict(value=0.5)])]) is not None:
            acks.append(("observed", trial.number, 0.5))
        id = None
        call("list_trials", study=b"s")
        call("best", study=b"s")
    call("replay", study=b"s")
    return acks, refused


def one_life(daemon, n):
    for name in ("k.db", "k.db-wal"):
        if os.path.exists(f"{daemon.folder}/{name}"):
            os.unlink(f"{daemon.folder}/{name}")
    acks, refused, wire = [], 0, None
    if daemon.start(env=dict(KRIGED_FAIL_ALLOC=str(n))):
        wire = Wire(daemon.endpoint)
        try:
            acks, refused = scenario(wire)
        except Lost:
            # a reply that could not be made is asked for again; an end has its line
            pass
        wire.close()
    words = daemon.text()
    assert "Sanitizer" not in words and "runtime error" not in words, f"n = {n}:\n{words}"
    if daemon.running():
        assert daemon.stop() == 0, f"n = {n}:\n{daemon.text()}"
        assert "Sanitizer" not in daemon.text(), f"n = {n}:\n{daemon.text()}"
    else:
        code = daemon.ended()
        assert code in (1, 2, 3) and "kriged: " in words, f"n = {n}: exit {code}\n{words}"
    assert daemon.start(), f"n = {n}: the next start fails:\n{daemon.text()}"
    wire = Wire(daemon.endpoint)
    there = read_all(wire).get(b"s", {})
    wire.close()
    for what, number, detail in acks:
        assert number in there, f"n = {n}: trial {number} is lost"
        if what == "given":
            assert params(there[number]) == detail
        else:
            assert there[number].state == COMPLETE
    assert daemon.stop() == 0
    return refused


def test_the_nth_allocation_fails(folder):
    binary = debug_binary()
    if binary is None:
        pytest.skip("no debug build (build/asan or build/dev)")
    daemon = Daemon(folder, binary=binary)
    try:
        # the start alone, one by one; then samples as far as a scenario goes
        points = sorted({*range(1, 21), *(int(20 * 1.12 ** i) for i in range(SAMPLES))})
        refused = [one_life(daemon, n) for n in points]
        print(f"{len(points)} allocations up to {points[-1]}, refusals: {sum(refused)}")
    finally:
        if daemon.running():
            daemon.kill()


def held_mb(daemon):
    """Memory of the daemon's own: what it holds now, and at most held of all sorts."""
    with open(f"/proc/{daemon.process.pid}/status") as status:
        lines = dict(line.split(":", 1) for line in status)
    return [int(lines[name].split()[0]) / 1024 for name in ("RssAnon", "VmHWM")]


def test_matrices_go_back_to_the_system(daemon):
    """A covariance of 1,000 results has 8 MB, and a computation several; little of it stays."""
    assert daemon.start()
    wire = Wire(daemon.endpoint)
    wire.call("create_study", id=os.urandom(16), name=b"s", spec=spec(seed=5))
    wire.call("add_trials", id=os.urandom(16), study=b"s", points=points(1000), timeout=20.0)
    for count in (1, 8, 3):
        wire.call("suggest", id=os.urandom(16), study=b"s", count=count, timeout=120.0)
    assert held_mb(daemon)[1] < 60
    end = time.monotonic() + 60
    while held_mb(daemon)[0] > 16:
        assert time.monotonic() < end, held_mb(daemon)
        time.sleep(0.1)
    wire.close()
    assert daemon.stop() == 0
