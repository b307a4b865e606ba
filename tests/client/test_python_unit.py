"""The Python client without a daemon: typed values, specs, frames, errors, the schema."""
import math
import pathlib
import pickle
import re
import subprocess
import sys

import krige
import pytest
import zmq
from krige import _frame, _local, _names, _scalar, _schema, _spec, errors, space

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]


def roundtrip(value, kind=0):
    scalar = _schema.Scalar()
    _scalar.put_for(scalar, kind, value, "x")
    return _scalar.get(_schema.Scalar.FromString(scalar.SerializeToString()))


class Indexed:
    def __index__(self):
        return 7


class Floating:
    def __float__(self):
        return 0.25


@pytest.mark.parametrize("value", [
    None, True, False, 0, 1, -1, 2**63 - 1, -2**63, 0.0, 1.0, 0.1, 5e-324, 1.7976931348623157e308,
    "", "1", "naïve 猫"])
def test_values_keep_type_and_value(value):
    back = roundtrip(value)
    assert type(back) is type(value) and back == value


def test_five_kinds_of_one():
    wire = set()
    for value in (1, 1.0, "1", True, None):
        scalar = _schema.Scalar()
        _scalar.put(scalar, value, "x")
        wire.add(scalar.SerializeToString())
    assert len(wire) == 5


def test_foreign_numbers():
    assert roundtrip(Indexed()) == 7 and type(roundtrip(Indexed())) is int
    assert roundtrip(Floating()) == 0.25
    np = pytest.importorskip("numpy")
    for value, want in ((np.float32(0.5), 0.5), (np.int16(3), 3), (np.bool_(True), True)):
        assert type(roundtrip(value)) is type(want) and roundtrip(value) == want


def test_kind_of_the_parameter_decides():
    assert type(roundtrip(1, _schema.KINDS["FLOAT"])) is float
    assert type(roundtrip(3.0, _schema.KINDS["INT"])) is int
    assert type(roundtrip(3.5, _schema.KINDS["INT"])) is float     # for the daemon to refuse
    assert roundtrip(True, _schema.KINDS["FLOAT"]) is True
    assert type(roundtrip(1.0, _schema.KINDS["CATEGORICAL"])) is float


@pytest.mark.parametrize("value", [[1], {}, object(), 2**63, b"bytes", "\ud800"])
def test_values_that_cannot_be_sent(value):
    with pytest.raises(krige.InvalidArgument) as caught:
        roundtrip(value)
    assert caught.value.field == "x"


def spec(**changes):
    arguments = dict(space={"x": krige.Float(0, 1)}, objective="minimize y", constraints=(),
                     parameter_constraints=(), forbidden=(), cost=None, noise=None, acquisition=None,
                     acquisition_level=None, acquisition_beta=None, warm_start=(), budget=None,
                     lease=None, on_expiry=None, retry_limit=None, stop=None, labels=None, seed=None)
    arguments.update(changes)
    message = _schema.message("StudySpec")()
    _spec.put_spec(message, **arguments)
    return message


def test_spec_of_every_parameter():
    message = spec(space={
        "lr": krige.Float(1e-5, 1e-1, log=True), "m": krige.Float(0, 1, step=0.25),
        "layers": krige.Int(1, 8), "width": krige.Int(16, 256, log=True, step=16),
        "opt": krige.Categorical(["sgd", None, 1, 1.0, True])}, budget=5, lease=3, seed=2**64 - 1)
    kinds = {v: k for k, v in _schema.KINDS.items()}
    assert [(p.name, kinds[p.kind]) for p in message.parameters] == [
        (b"lr", "FLOAT"), (b"m", "FLOAT"), (b"layers", "INT"), (b"width", "INT"),
        (b"opt", "CATEGORICAL")]
    assert message.parameters[0].log and not message.parameters[1].log
    assert message.parameters[1].step == 0.25 and message.parameters[3].step == 16
    assert (message.budget, message.lease_s, message.seed) == (5, 3.0, 2**64 - 1)
    assert message.metrics[0].name == b"y" and message.metrics[0].role == _schema.ROLES["MINIMIZE"]
    assert dict(space.read_space(message)) == {
        "lr": krige.Float(1e-5, 1e-1, log=True), "m": krige.Float(0, 1, step=0.25),
        "layers": krige.Int(1, 8), "width": krige.Int(16, 256, log=True, step=16),
        "opt": krige.Categorical(("sgd", None, 1, 1.0, True))}


def test_spec_sends_what_later_versions_do():
    message = spec(
        space={"x": krige.Float(0, 1, when="b"), "e": krige.Int(1, 81, fidelity=True),
               "f": krige.Int(1, 9, fidelity=9), "o": krige.Ordinal([1, 2]), "b": krige.Bool(),
               "c": krige.Fixed(3)},
        constraints=["latency <= 10", "acc>=0.5"], parameter_constraints=["x <= 1"],
        cost="seconds", noise=0)
    p = message.parameters
    assert p[0].when == b"b" and p[1].fidelity and not p[1].HasField("target")
    assert p[2].target.int_value == 9
    assert [q.kind for q in p[3:]] == [_schema.KINDS[k] for k in ("ORDINAL", "BOOL", "FIXED")]
    assert [(m.name, m.role) for m in message.metrics[1:]] == [
        (b"latency", _schema.ROLES["CONSTRAINT"]), (b"acc", _schema.ROLES["CONSTRAINT"]),
        (b"seconds", _schema.ROLES["COST"])]
    assert message.metrics[1].upper == 10 and message.metrics[2].lower == 0.5
    assert message.HasField("noise_sd") and message.parameter_constraints[0] == b"x <= 1"


@pytest.mark.parametrize("changes, field", [
    (dict(space={"x": (0, 1)}), "space.x"),
    (dict(space={"x": krige.Float("0", 1)}), "space.x.low"),
    (dict(space={"x": krige.Float(0, True)}), "space.x.high"),
    (dict(space={"x": krige.Int(0.5, 1)}), "space.x.low"),
    (dict(space={"x": krige.Int(0, 2**60)}), "space.x.high"),
    (dict(space={"x": krige.Categorical("abc")}), "space.x.choices"),
    (dict(space={"x": krige.Categorical([[1]])}), "space.x.choices[0]"),
    (dict(space={"x": krige.Categorical({"a", "b"})}), "space.x.choices"),
    (dict(space={"x": krige.Categorical(frozenset("ab"))}), "space.x.choices"),
    (dict(space={"x": krige.Float(0, 1, log="yes")}), "space.x.log"),
    (dict(space={"x": krige.Float(0, 1, 0.5)}), "space.x.log"),
    (dict(space={"x": krige.Int(0, 8, 2)}), "space.x.log"),
    (dict(space={1: krige.Float(0, 1)}), "space"),
    (dict(space=None), "space"), (dict(space=[]), "space"), (dict(space="x"), "space"),
    (dict(space=[("x", krige.Float(0, 1))]), "space"),
    (dict(objective=None), "objective"), (dict(objective=3), "objective"),
    (dict(constraints="latency <= 10"), "constraints"), (dict(constraints=3), "constraints"),
    (dict(parameter_constraints="x <= 1"), "parameter_constraints"),
    (dict(objective="y"), "objective"),
    (dict(objective="minimise y"), "objective"),
    (dict(constraints=["latency < 10"]), "constraints[0]"),
    (dict(constraints=["latency <= fast"]), "constraints[0]"),
    (dict(constraints=["latency <= nan"]), "constraints[0]"),
    (dict(constraints=["<= 1"]), "constraints[0]"),
    (dict(constraints=["l <= 1", "k >= 1", "l <= 2"]), "constraints[2]"),
    (dict(on_expiry="retry"), "on_expiry"), (dict(retry_limit=-1), "retry_limit"),
    (dict(stop=3), "stop"), (dict(stop={"no_progres": 3}), "stop.no_progres"),
    (dict(stop={"no_progress": 1.5}), "stop.no_progress"), (dict(stop={"gain": "a"}), "stop.gain"),
    (dict(labels=[1]), "labels"), (dict(labels={"a": [1]}), "labels.a"),
    (dict(budget=1.5), "budget"), (dict(budget=-1), "budget"), (dict(budget=True), "budget"),
    (dict(seed=-1), "seed"), (dict(lease="long"), "lease"), (dict(noise="some"), "noise")])
def test_spec_refusals_name_the_field(changes, field):
    with pytest.raises(krige.InvalidArgument) as caught:
        spec(**changes)
    assert caught.value.field == field and field.split(".")[0] in str(caught.value)


def test_bounds_of_one_metric_merge():
    message = spec(constraints=["t <= 9", "k >= -1e-3", " t>=2.5 "], on_expiry="requeue",
                   retry_limit=0, labels={"team": "a", "n": 1})
    t, k = message.metrics[1:]
    assert (t.name, t.lower, t.upper) == (b"t", 2.5, 9.0)
    assert (k.name, k.lower, k.HasField("upper")) == (b"k", -1e-3, False)
    assert message.on_expiry == 2 and message.HasField("retry_limit")
    assert [(x.name, _scalar.get(x.value)) for x in message.labels] == [(b"team", "a"), (b"n", 1)]


def test_a_step_in_the_place_of_log_is_pointed_out():
    with pytest.raises(krige.InvalidArgument, match="0.5 must be True or False.*step="):
        spec(space={"x": krige.Float(0, 1, 0.5)})
    assert spec(space={"x": krige.Float(1, 2, True)}).parameters[0].log


def test_constraints_may_be_none():
    assert spec(constraints=None, parameter_constraints=None) == spec()


def test_fields_as_the_user_named_them():
    def ours(field, request, first=0):
        error = errors.InvalidArgument(field + " is wrong", field=field)
        _names.rename(error, request, first)
        assert str(error) == error.field + " is wrong"
        return error.field
    create = _schema.CREATE_STUDY.request()
    create.spec.CopyFrom(spec(
        space={"a": krige.Float(0, 1), "x": krige.Categorical([1, 2])}, cost="seconds",
        constraints=["l <= 10", "k <= 1"]))
    for field, want in (
            ("spec.parameters[1].choices[1]", "space.x.choices[1]"), ("spec.parameters", "space"),
            ("spec.parameters[0].high", "space.a.high"),
            ("spec.parameters[7].high", "space[7].high"),
            ("spec.metrics[0].name", "objective"), ("spec.metrics[2].role", "constraints.k"),
            ("spec.metrics[3].role", "cost"), ("spec.lease_s", "lease"), ("spec.budget", "budget"),
            ("spec.noise_sd", "noise"), ("spec.later.thing[3]", "later.thing[3]"),
            ("spec.parameter_constraints", "parameter_constraints"), ("name", "name")):
        assert ours(field, create) == want
    suggest = _schema.SUGGEST.request()
    suggest.fixed.add(name=b"lr")
    for field, want in (("fixed[0].value", "fixed.lr"), ("fixed.lr", "fixed.lr"), ("n", "n")):
        assert ours(field, suggest) == want
    for method, owner in ((_schema.PREDICT, "points[1025]"), (_schema.ADD_TRIALS, "params")):
        points = method.request()
        points.points.add()
        points.points.add().params.add(name=b"lr")
        for field, want in (("points[1].params[0].value", ".lr"), ("points[1].params.lr", ".lr"),
                            ("points[1].params", "")):
            assert ours(field, points, 1024) == owner + want
    observe = _schema.OBSERVE.request()
    observe.observations.add().values.add(name=b"y")
    for field, want in (("observations[0].values[0].sem", "value.y.sem"),
                        ("observations[0].values", "value"), ("observations[0].number", "number")):
        assert ours(field, observe) == want


def test_header_is_24_bytes_as_documented():
    data = _frame.pack(0x0123, bytes(range(16)), _frame.REPLY)
    assert data == b"KRGE\x01\x01\x23\x01" + bytes(range(16))
    assert _frame.unpack(data) == (1, 1, 0x0123, bytes(range(16)))
    for wrong in (b"", data[:-1], data + b"x", b"krge" + data[4:]):
        assert _frame.unpack(wrong) is None


def test_errors_are_those_of_the_status_list():
    text = (CHECKOUT / "base/status_list.def").read_text()
    listed = re.findall(r'KR_STATUS\(KR_[A-Z_]+, "([A-Z_]+)", (\d+),', text)
    wire = {}
    for name, number in listed:
        wire.setdefault(int(number), name)
    del wire[0]
    assert {n: name for n, (name, _) in errors._STATUSES.items()} == wire


def test_error_attributes_and_pickle():
    error = errors.from_wire(9, "paused", "study", 1.5)
    assert isinstance(error, krige.NotNow) and isinstance(error, krige.Error)
    for e in (error, pickle.loads(pickle.dumps(error))):
        assert (type(e), str(e), e.code, e.field, e.retry_after) == (
            krige.NotNow, "paused", "NOT_NOW", "study", 1.5)
    spent = errors.from_wire(7, "", None, None)
    assert isinstance(spent, krige.StudyFinished) and spent.code == "BUDGET_SPENT" and str(spent)
    assert isinstance(errors.from_wire(12345, "new", None, None), krige.Internal)
    assert krige.InvalidArgument("x").code == "INVALID_ARGUMENT"


def test_methods_are_those_of_the_list():
    text = (CHECKOUT / "proto/method_list.def").read_text()
    listed = {name.replace("_", "").lower(): (int(number), mutates == "1") for name, number, mutates
              in re.findall(r"^METHOD\([A-Z_]+, (\w+), (\d+), ([01]), \w+\)", text, re.M)}
    mine = {m.name.lower(): (m.number, m.mutates)
            for m in vars(_schema).values() if isinstance(m, _schema.Method)}
    assert mine.items() <= listed.items()
    assert listed.keys() - mine.keys() <= {
        "gettrial", "replay", "serverbackup", "release", "canceltrial", "enqueue", "report",
        "edittrial", "deletetrial", "why"}


def test_limits_are_those_of_the_wire():
    text = (CHECKOUT / "proto/limits.h").read_text()
    assert "LIMIT_MESSAGE_BYTES = 1 << 20" in text and _schema.MESSAGE_BYTES == 1 << 20
    assert f"LIMIT_BATCH = {_schema.BATCH}" in text
    assert f"PROTO_VERSION = {_schema.PROTOCOL} " in text


def test_endpoint_of_the_local_daemon(monkeypatch, folder):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    assert _local.default_endpoint() == f"ipc://{folder}/kriged/kriged.sock"
    monkeypatch.setenv("XDG_RUNTIME_DIR", "not/absolute")
    assert re.fullmatch(r"ipc:///(run/user/\d+/kriged|tmp/kriged-\d+)/kriged\.sock",
                        _local.default_endpoint())


def test_program_of_the_local_daemon(monkeypatch, folder):
    monkeypatch.setenv("KRIGED_BIN", "/somewhere/kriged")
    assert _local.find_program() == "/somewhere/kriged"
    monkeypatch.delenv("KRIGED_BIN")
    monkeypatch.setattr("sys.executable", str(folder / "python"))
    monkeypatch.setattr("sys.prefix", str(folder))
    monkeypatch.setenv("PATH", str(folder / "bin"))
    assert _local.find_program() is None
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    monkeypatch.delenv("KRIGE_ENDPOINT", raising=False)
    with pytest.raises(krige.ConnectionFailed, match="KRIGED_BIN"):
        krige.connect()
    (folder / "bin").mkdir()
    program = folder / "bin" / "kriged"
    program.write_text("#!/bin/sh\necho 'kriged: disk is made of cheese' >&2; exit 3\n")
    program.chmod(0o755)
    assert _local.find_program() == str(program)
    with pytest.raises(krige.ConnectionFailed, match="made of cheese"):
        krige.connect()


@pytest.mark.parametrize("endpoint", [
    "nothing", "kriged.sock", "udp://x:1", "http://x", "ipc://", "ipc://a\0b", "tcp://127.0.0.1",
    "tcp://127.0.0.1:x", "tcp://127.0.0.1:0", "tcp://127.0.0.1:65536", "tcp://:7171",
    "ipc:///" + "p" * 107, "ipc:///" + "é" * 54, 3, b"ipc:///x"])
def test_endpoints_that_are_none(endpoint):
    with pytest.raises(krige.InvalidArgument, match="^endpoint: ") as caught:
        krige.connect(endpoint)
    assert caught.value.field == "endpoint" and repr(endpoint) in str(caught.value)


def test_a_path_of_107_bytes_is_an_endpoint():
    with pytest.raises(krige.ConnectionFailed):
        krige.connect("ipc:///" + "p" * 106, timeout=0.05)


@pytest.mark.parametrize("timeout", ["x", None, -1, math.nan, True])
def test_connect_timeouts_that_are_none(timeout):
    with pytest.raises(krige.InvalidArgument) as caught:
        krige.connect("ipc:///nowhere", timeout=timeout)
    assert caught.value.field == "timeout"


def test_nothing_there_says_what_to_do(folder):
    with pytest.raises(krige.ConnectionFailed, match="kriged --db") as caught:
        krige.connect(f"ipc://{folder}/none.sock", timeout=0.1)
    assert caught.value.code == "UNAVAILABLE"
    with pytest.raises(krige.ConnectionFailed):
        krige.connect("tcp://127.0.0.1:9", timeout=0.1)


def test_aio_is_there_without_an_import():
    done = subprocess.run([sys.executable, "-c", "import krige, sys\n"
                           "assert 'krige.aio' not in sys.modules\n"
                           "print(krige.aio.connect.__name__)\n"
                           "krige.nothing"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True)
    assert done.stdout == "connect\n" and "has no attribute 'nothing'" in done.stderr


def test_no_socket_is_said(monkeypatch, folder):
    context = zmq.Context()
    context.max_sockets = 1
    monkeypatch.setattr(zmq.Context, "instance", lambda: context)
    held = context.socket(zmq.DEALER)
    with pytest.raises(krige.ConnectionFailed, match="fewer threads"):
        krige.connect(f"ipc://{folder}/none.sock", timeout=0.1)
    held.close(0)
    context.term()


def test_outcomes():
    from krige._outcome import put_values
    def told(outcome):
        message = _schema.message("Observation")()
        put_values(message.values, outcome)
        return [(bytes(v.name), list(v.replicates) or v.value,
                 v.sem if v.HasField("sem") else None) for v in message.values]
    assert told(3) == [(b"", 3.0, None)]
    assert told({"loss": 0.5, "latency": (2, 0.1)}) == [(b"loss", 0.5, None), (b"latency", 2, 0.1)]
    assert told((1, 0.5)) == [(b"", 1.0, 0.5)]
    assert told([1, 2.5]) == [(b"", [1.0, 2.5], None)] and told([3]) == [(b"", 3.0, None)]
    assert told({"a": [1, 2, 3]}) == [(b"a", [1.0, 2.0, 3.0], None)]
    assert math.isnan(told(math.nan)[0][1]) and told(-math.inf)[0][1] == -math.inf
    for wrong in (None, "0.5", True, 1j, complex(1, 0), (1, 1j), (1, 2, 3), [], {},
                  {"loss": None}, {"loss": []}, [1, None], {1: 2}):
        with pytest.raises(krige.InvalidArgument):
            told(wrong)
    np = pytest.importorskip("numpy")
    assert told(np.array([1, 2.5])) == [(b"", [1.0, 2.5], None)]
    assert told(np.array(4.0)) == [(b"", 4.0, None)]
    for wrong in (np.complex128(1), np.array(1j), np.zeros((2, 2))):
        with pytest.raises(krige.InvalidArgument):
            told(wrong)
