"""Peers that send nonsense, too much, or never read: the daemon goes on for the others."""
import os
import random
import resource
import socket
import time

import pytest
import zmq
from daemon import Daemon
from load import read_all
from wire import (FAILED, INVALID_ARGUMENT, METHODS, TOO_LARGE, Refused, Wire, header,
                  points, request, spec)

SEED = int(os.environ.get("KRIGED_SEED", "1"))


@pytest.fixture
def served(daemon):
    assert daemon.start()
    wire = Wire(daemon.endpoint)
    wire.call("create_study", id=os.urandom(16), name=b"s", spec=spec(seed=1))
    yield daemon, wire
    before = {n: dict(t) for n, t in read_all(wire).items()}
    assert list(before) == [b"s"] and not before[b"s"], "garbage made a row"
    wire.close()
    assert daemon.stop() == 0, daemon.text()


def dealer(endpoint):
    s = zmq.Context.instance().socket(zmq.DEALER)
    s.linger = 0
    s.connect(endpoint)
    return s


def test_random_frames(served):
    daemon, wire = served
    chance = random.Random(SEED)
    print(f"seed {SEED}")
    evil = dealer(daemon.endpoint)
    for i in range(10000):
        frames = [chance.randbytes(chance.choice([0, 1, 23, 24, 25, 100]))
                  for _ in range(chance.randint(1, 4))]
        if chance.random() < 0.5:  # a good header, a bad body
            frames = [header(chance.randrange(60), os.urandom(16)), chance.randbytes(40)]
        evil.send_multipart(frames)
        while evil.poll(0):
            evil.recv_multipart()
        if i % 1000 == 0:
            wire.call("ping")
    wire.call("ping")
    evil.close()


def test_valid_messages_cut_and_changed(served):
    daemon, wire = served
    chance = random.Random(SEED)
    evil = dealer(daemon.endpoint)
    number = METHODS["create_study"][0]
    whole = request("create_study", meta=dict(request_id=b"r" * 16), name=b"other",
                    spec=spec(seed=1, budget=3)).SerializeToString()
    for cut in range(len(whole)):
        evil.send_multipart([header(number, os.urandom(16)), whole[:cut]])
    for _ in range(3000):
        damaged = bytearray(whole)
        damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        # without the request id nothing may change, whatever the rest says
        damaged = bytes(damaged).replace(b"r" * 16, b"r" * 15 + b"\xff", 1)[2:]
        evil.send_multipart([header(number, os.urandom(16)), damaged])
        while evil.poll(0):
            evil.recv_multipart()
    wire.call("ping")
    evil.close()


def test_bad_input_is_named(served):
    """Some of what people get wrong: status, and a sentence that names the field."""
    _, wire = served

    def refused(code, words, method="create_study", **fields):
        with pytest.raises(Refused) as e:
            wire.call(method, id=os.urandom(16), **fields)
        assert e.value.code == code and words in e.value.text, str(e.value)

    one = dict(name=b"x", kind=1, low=0.0, high=1.0)

    def study(name=b"t", **change):
        return dict(name=name, spec=dict(parameters=[dict(one, **change)],
                                         metrics=[dict(name=b"loss", role=1)]))

    refused(INVALID_ARGUMENT, "low", **study(low=2.0))
    refused(INVALID_ARGUMENT, "low", **study(low=1.0))
    refused(INVALID_ARGUMENT, "log", **study(log=True))
    refused(INVALID_ARGUMENT, "high", **study(high=float("nan")))
    refused(INVALID_ARGUMENT, "high", **study(high=float("inf")))
    refused(INVALID_ARGUMENT, "name", **study(name=b""))
    refused(INVALID_ARGUMENT, "name", **study(name=b"\xff"))
    refused(INVALID_ARGUMENT, "name", **study(name=b"a\0b"))
    refused(INVALID_ARGUMENT, "x", name=b"t", spec=dict(
        parameters=[one, one], metrics=[dict(name=b"loss", role=1)]))
    refused(INVALID_ARGUMENT, "256", **study(name=b"n" * 300))


def test_huge_frames(served):
    daemon, wire = served
    evil = dealer(daemon.endpoint)
    evil.send_multipart([header(METHODS["ping"][0], b"i" * 16), bytes((1 << 20) + 1)])
    assert evil.poll(5000)
    assert evil.recv_multipart()[0][5] & 2
    with pytest.raises(Refused) as e:
        wire.call("fail_trial", id=os.urandom(16), study=b"s", number=0, reason=b"x" * (1 << 20))
    assert e.value.code == TOO_LARGE
    evil.send_multipart([header(METHODS["ping"][0], b"i" * 16), bytes(64 << 20)])
    for _ in range(10):
        wire.call("ping")
    evil.close()


def test_half_a_handshake(served):
    """Connections that say nothing, or something else than ZMTP."""
    daemon, wire = served
    path = daemon.endpoint[len("ipc://"):]
    sockets = []
    for i in range(100):
        s = socket.socket(socket.AF_UNIX)
        s.connect(path)
        s.send([b"", b"\xff", b"GET / HTTP/1.1\r\n\r\n", os.urandom(64)][i % 4] or b"\xff")
        sockets.append(s)
    for _ in range(10):
        wire.call("ping")
    for s in sockets:
        s.close()


def latency(wire, n=200):
    took = []
    for _ in range(n):
        t = time.perf_counter()
        wire.call("ping")
        took.append(time.perf_counter() - t)
    return sorted(took)[n // 2]


def test_clients_that_never_read(daemon):
    """They ask for long lists and leave them; the others do not wait, memory is bounded."""
    assert daemon.start()
    wire = Wire(daemon.endpoint)
    wire.call("create_study", id=os.urandom(16), name=b"s", spec=spec(seed=1))
    for _ in range(4):
        wire.call("add_trials", id=os.urandom(16), study=b"s", points=points(1000))

    def resident():
        with open(f"/proc/{daemon.process.pid}/statm") as f:
            return int(f.read().split()[1]) * os.sysconf("SC_PAGESIZE")

    before, memory = latency(wire), resident()
    deaf = []
    for _ in range(5):
        s = zmq.Context.instance().socket(zmq.DEALER)
        s.linger, s.rcvhwm = 0, 1
        s.connect(daemon.endpoint)
        for i in range(300):
            s.send_multipart([header(METHODS["list_trials"][0], os.urandom(16)),
                              request("list_trials", study=b"s", meta={}).SerializeToString()])
        deaf.append(s)
    while not deaf[-1].poll(100):
        wire.call("ping")
    assert latency(wire) < 50 * before + 0.05
    assert resident() - memory < 100 << 20  # of 500 MB that were asked for
    for s in deaf:
        s.close()
    assert daemon.stop() == 0


def test_a_change_does_not_wait_for_every_list(folder):
    """Hundreds of searches through 50,000 trials are asked for, then one trial is added:
    it is acknowledged among them, not after them."""
    daemon = Daemon(folder, db=":memory:")
    assert daemon.start()
    wire = Wire(daemon.endpoint)
    wire.call("create_study", id=os.urandom(16), name=b"s", spec=spec(seed=1))
    for _ in range(50):
        wire.call("add_trials", id=os.urandom(16), study=b"s", points=points(1000))
    before = wire.call("status").requests
    search = request("list_trials", study=b"s", states=[FAILED], meta={}).SerializeToString()
    greedy = dealer(daemon.endpoint)
    for _ in range(250):
        greedy.send_multipart([header(METHODS["list_trials"][0], b"i" * 16), search])
    assert greedy.poll(5000)
    wire.call("add_trials", id=os.urandom(16), study=b"s", points=points(1), timeout=30.0)
    assert wire.call("status").requests - before < 200
    greedy.close()
    wire.close()
    assert daemon.stop() == 0


@pytest.mark.parametrize("address", [None, "tcp://127.0.0.1:0"])
def test_no_descriptor_left(daemon, address):
    """More connections than descriptors: those that are served stay so, and when some
    go, others come."""
    daemon.endpoint = address or daemon.endpoint
    assert daemon.start()
    wire = Wire(daemon.endpoint)
    wire.call("ping")
    resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, (100, 100))
    crowd = []
    for _ in range(200):
        if address:
            s = socket.create_connection(("127.0.0.1", int(daemon.endpoint.rsplit(":", 1)[1])))
        else:
            s = socket.socket(socket.AF_UNIX)
            s.connect(daemon.endpoint[len("ipc://"):])
        crowd.append(s)
    for _ in range(100):
        wire.call("ping")
    for s in crowd:
        s.close()
    other = Wire(daemon.endpoint)
    other.call("ping", timeout=20.0)
    assert "no descriptor left" in daemon.text()
    wire.close()
    other.close()
    assert daemon.stop() == 0, daemon.text()


def test_too_many_connections(served):
    """Hundreds of clients at once: all are answered."""
    daemon, _ = served
    wires = [Wire(daemon.endpoint) for _ in range(300)]
    for w in wires:
        w.open()
    for w in wires:
        w.call("ping", timeout=20.0)
    for w in wires:
        w.close()
