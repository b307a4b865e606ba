"""The Python client against the real daemon."""
import gc
import math
import os
import signal
import threading
import time

import krige
import pytest

SPACE = {"lr": krige.Float(1e-5, 1e-1, log=True), "m": krige.Float(0, 1, step=0.25),
         "layers": krige.Int(1, 8), "width": krige.Int(16, 256, log=True, step=16),
         "opt": krige.Categorical(["sgd", None, 1, 1.0, True])}


@pytest.fixture
def client(daemon):
    with krige.connect(daemon.endpoint) as client:
        yield client


def loss(params):
    opt = {"str": 0.0, "NoneType": 0.5, "int": 0.3, "float": 0.4, "bool": 0.2}
    return ((math.log10(params["lr"]) + 3) ** 2 + (params["layers"] - 3) ** 2 / 4
            + opt[type(params["opt"]).__name__] + params["m"])


def by_hand(study, n):
    for _ in range(n):
        trial = study.ask()
        trial.tell(loss(trial.params))


def test_loop(client):
    study = client.create_study("loop", SPACE, "minimize loss", budget=30, seed=7)
    seen = []
    while True:
        try:
            trial = study.ask()
        except krige.StudyFinished as error:
            assert error.code == "BUDGET_SPENT"
            break
        p = trial.params
        assert list(p) == list(SPACE)
        assert type(p["lr"]) is float and 1e-5 <= p["lr"] <= 1e-1
        assert type(p["m"]) is float and p["m"] in (0, 0.25, 0.5, 0.75, 1)
        assert type(p["layers"]) is int and 1 <= p["layers"] <= 8
        assert type(p["width"]) is int and p["width"] % 16 == 0
        assert any(type(p["opt"]) is type(c) and p["opt"] == c for c in SPACE["opt"].choices)
        assert trial.attempt == 1 and trial.number == len(seen)
        seen.append(p)
        trial.tell({"loss": loss(p)})
    assert len(seen) == 30
    views = study.trials()
    assert [v.params for v in views] == seen
    assert {v.state for v in views} == {"COMPLETE"}
    assert [v.value for v in views] == [loss(p) for p in seen]
    assert views[0].why.rule == "initial" and views[-1].why.rule == "model"
    assert views[-1].why.mean is not None and views[-1].why.sd > 0
    assert views[0].created <= views[0].finished
    best = study.best
    assert best == min(views, key=lambda v: v.value)
    (prediction,) = study.predict([best.params])
    mean, sd = prediction["loss"]
    assert sd > 0 and abs(mean - best.value) < 3
    model = study.model()
    metric = model.metrics["loss"]
    assert model and model.reason is None and model.success is None and model.results == 30
    assert list(metric.lengthscales) == list(SPACE) and metric.observations == 29
    assert all(length > 0 for length in metric.lengthscales.values())
    assert metric.calibration.results == 29 and set(metric.calibration.coverage) == {0.5, 0.8, 0.95}
    assert "left-out results" in str(model) and "lengthscale" not in str(model)
    assert "loss.lr" in model._repr_html_() and "noise_sd" in metric._repr_html_()
    info = study.info()
    assert info.counts == {"COMPLETE": 30} and info.reserved == 30 and info.budget == 30
    assert dict(info.space) == {**SPACE, "opt": krige.Categorical(tuple(SPACE["opt"].choices))}
    assert info.metrics == {"loss": "minimize"} and info.seed == 7 and info.lease == 600


def test_it_beats_random_on_the_loop(client):
    study = client.create_study("better", SPACE, "minimize loss", seed=3)
    by_hand(study, 35)
    values = [v.value for v in study.trials()]
    assert min(values) < 0.3  # of 100,000 random points 0.2 % are


def test_same_seed_same_points(client):
    points = []
    for name in ("one", "two"):
        study = client.create_study(name, SPACE, "minimize loss", seed=11)
        by_hand(study, 14)
        points.append([v.params for v in study.trials()])
    assert points[0] == points[1]


def test_batches_and_fixed(client):
    study = client.create_study("batch", SPACE, "maximize score", seed=1)
    for _ in range(3):
        trials = study.ask(n=6, fixed={"layers": 2, "lr": 0.01})
        assert all(t.params["layers"] == 2 and t.params["lr"] == 0.01 for t in trials)
        assert len({repr(t.params) for t in trials}) == 6
        for t in trials:
            t.tell(-loss(t.params))
    assert study.best.value == max(v.value for v in study.trials())
    with pytest.raises(krige.InvalidArgument) as caught:
        study.ask(fixed={"depth": 2})
    assert "depth" in str(caught.value)
    with pytest.raises(krige.InvalidArgument):
        study.ask(fixed={"layers": True})


def test_errors_name_what_the_user_named(client):
    study = client.create_study("named", SPACE, "minimize loss")
    point = study.ask().params
    study.tell_point(point, 1.0)
    wrong = {**point, "lr": 5.0}
    for call, field in (
            (lambda: client.create_study("n", {**SPACE, "z": krige.Float(1, 0)}, "minimize y"),
             "space.z.high"),
            (lambda: client.create_study("n", SPACE, "minimize y", lease=0), "lease"),
            (lambda: study.ask(fixed={"layers": 1, "lr": 5.0}), "fixed.lr"),
            (lambda: study.predict([point] * 1025 + [wrong]), "points[1025].lr"),
            (lambda: study.tell_point(wrong, 1.0), "params.lr"),
            (lambda: study.ask().tell({"los": 1.0}), "value.los")):
        with pytest.raises(krige.InvalidArgument) as caught:
            call()
        assert caught.value.field == field and str(caught.value).startswith(field)


def test_ends_of_trials(client):
    study = client.create_study("ends", SPACE, "minimize loss")
    a, b, c, d, e = study.ask(n=5)
    a.tell(1.0)
    a.tell(1.0)
    with pytest.raises((krige.Conflict, krige.StaleLease)):
        a.tell(2.0)
    b.fail("out of memory")
    c.prune()
    d.tell(math.nan)
    with pytest.raises(RuntimeError):
        with e:
            raise RuntimeError("diverged")
    number = study.tell_point(a.params, 0.5)
    views = study.trials()
    assert [v.state for v in views] == ["COMPLETE", "FAILED", "PRUNED", "FAILED", "FAILED",
                                        "COMPLETE"]
    assert [v.reason for v in views[1:5]][0::2] == ["out of memory", "nonfinite"]
    assert views[4].reason == "RuntimeError: diverged"
    assert views[number].told and study.best.number == number
    assert [v.number for v in study.trials(["FAILED", "PRUNED"])] == [1, 2, 3, 4]
    with pytest.raises(krige.InvalidArgument):
        study.ask().tell({"cost": 1.0})


@pytest.mark.parametrize("changes", [
    dict(space={"x": krige.Int(1, 81, fidelity=True)}),
    dict(cost="seconds"),
    dict(objective=["minimize a", "minimize b"]),
    dict(noise=-1),
    dict(space={}), dict(space={"x": krige.Float(1, 0)}), dict(space={"x": krige.Float(1, 1)}),
    dict(space={"x": krige.Float(0, 1, log=True)}), dict(space={"x": krige.Float(0, math.inf)}),
    dict(space={"x": krige.Float(0, 1, step=-1)}), dict(space={"x": krige.Categorical([])}),
    dict(space={"x": krige.Categorical(["a", "a"])}), dict(budget=0), dict(lease=0.0),
    dict(name=""), dict(name="x" * 257), dict(name="a\nb")], ids=str)
def test_refused_by_name(client, changes):
    arguments = {"name": "refused", "space": SPACE, "objective": "minimize loss", **changes}
    with pytest.raises(krige.InvalidArgument) as caught:
        client.create_study(**arguments)
    assert caught.value.field and len(str(caught.value)) > 20
    assert client.studies() == []


def test_studies(client):
    for i in range(3):
        client.create_study(f"s{i}", SPACE, "minimize loss", budget=10, seed=i)
    assert [s.name for s in client.studies()] == ["s0", "s1", "s2"]
    with pytest.raises(krige.AlreadyExists):
        client.create_study("s1", SPACE, "minimize loss")
    same = client.create_study("s1", SPACE, "minimize loss", budget=10, seed=1, if_exists="attach")
    same.ask()
    assert client.study("s1").info().counts == {"RUNNING": 1}
    with pytest.raises(krige.Conflict):
        client.create_study("s1", SPACE, "maximize loss", if_exists="attach")
    fresh = client.create_study("s1", SPACE, "maximize loss", if_exists="replace")
    assert fresh.info().counts == {} and client.study("s1").metrics == {"loss": "maximize"}
    fresh.pause()
    assert fresh.info().state == "PAUSED" and fresh.info().reason
    with pytest.raises(krige.NotNow):
        fresh.ask(timeout=0.3)
    fresh.resume()
    fresh.ask()
    fresh.set(budget=1)
    with pytest.raises(krige.StudyFinished):
        fresh.ask()
    fresh.finish()
    with pytest.raises(krige.StudyFinished):
        fresh.ask()
    fresh.delete()
    with pytest.raises(krige.NotFound):
        client.study("s1")
    assert client.undelete("s1", id=fresh.id).metrics == {"loss": "maximize"}


def test_status(client):
    client.create_study("s", SPACE, "minimize loss").ask()
    status = client.status()
    assert status.studies == 1 and status.trials == {"RUNNING": 1} and status.durable
    assert status.commits >= 2 and status.rss_bytes > 1 << 20 and status.sqlite_version
    assert client.limits["message_bytes"] == 1 << 20 and client.version
    assert client.ping() < 1


def test_leases(client):
    study = client.create_study("leases", SPACE, "minimize loss", lease=0.5)
    held, dropped = study.ask(n=2)
    number = dropped.number
    del dropped
    gc.collect()
    end = time.monotonic() + 10
    while study.trials()[number].state != "EXPIRED":
        assert time.monotonic() < end
        time.sleep(0.05)
    time.sleep(0.7)
    assert study.trials()[held.number].state == "RUNNING"
    held.tell(1.0)
    assert study.trials()[held.number].late is False


def test_pages(client):
    """More trials than one reply can hold."""
    space = {f"a parameter with a long name, number {i}": krige.Float(0, 1) for i in range(40)}
    study = client.create_study("long", space, "minimize y")
    point = dict.fromkeys(space, 0.5)
    for i in range(520):
        study.tell_point(point, i)
    assert [v.value for v in study.trials()] == [float(i) for i in range(520)]


def test_threads(client):
    study = client.create_study("threads", SPACE, "minimize loss", budget=40)
    study.optimize(lambda t: loss(t.params), n_jobs=4, progress=False)
    views = study.trials()
    assert len(views) == 40 and {v.state for v in views} == {"COMPLETE"}
    assert len({repr(v.params) for v in views}) == 40


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_fork(client):
    study = client.create_study("fork", SPACE, "minimize loss")
    trial = study.ask()
    children = []
    for _ in range(3):
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                by_hand(study, 3)
                code = 0
            finally:
                os._exit(code)
        children.append(pid)
    by_hand(study, 3)
    for pid in children:
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    trial.tell(1.0)
    assert [v.number for v in study.trials("COMPLETE")] == list(range(13))


def test_restart_keeps_everything(client, daemon):
    study = client.create_study("kept", SPACE, "minimize loss", budget=20, seed=5)
    by_hand(study, 10)
    running = study.ask()
    before = study.trials(), study.info(), study.best
    assert daemon.stop() == 0
    daemon.start()
    assert (study.trials(), study.info(), study.best) == before
    running.tell(0.25)
    by_hand(study, 9)
    assert study.info().counts == {"COMPLETE": 20}


def test_killed_in_the_middle(client, daemon):
    """kill -9 five times during a run: every told value is there, once, and the run ends."""
    study = client.create_study("killed", SPACE, "minimize loss", budget=60)
    told, lock = {}, threading.Lock()

    def work():
        while True:
            try:
                trial = study.ask()
            except krige.StudyFinished:
                return
            value = loss(trial.params)
            trial.tell(value)
            with lock:
                assert trial.number not in told
                told[trial.number] = (dict(trial.params), value)
    threads = [threading.Thread(target=work) for _ in range(3)]
    for t in threads:
        t.start()
    for goal in (5, 15, 25, 35, 45):
        while len(told) < goal and any(t.is_alive() for t in threads):
            time.sleep(0.002)
        daemon.kill()
        daemon.start()
    for t in threads:
        t.join(60)
    stored = {v.number: (dict(v.params), v.value) for v in study.trials("COMPLETE")}
    assert stored == told and len(told) == 60


def test_optimize_with_a_daemon_that_is_killed(client, daemon):
    study = client.create_study("optimized", SPACE, "minimize loss", budget=12)

    def fn(trial):
        if trial.number in (3, 8):
            daemon.kill()
            threading.Timer(0.3, daemon.start).start()
        return loss(trial.params)
    study.optimize(fn, progress=False)
    assert study.info().counts == {"COMPLETE": 12}


def test_connect_starts_a_daemon(folder, kriged_bin, monkeypatch):
    monkeypatch.setenv("KRIGED_BIN", kriged_bin)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    monkeypatch.setenv("KRIGE_HOME", str(folder / "data"))
    monkeypatch.delenv("KRIGE_ENDPOINT", raising=False)
    with krige.connect() as client, krige.connect() as other:
        pid = int((folder / "data" / "kriged.db.lock").read_text())
        try:
            client.create_study("s", SPACE, "minimize loss")
            assert [s.name for s in other.studies()] == ["s"]
            assert (folder / "data" / "kriged.db").exists()
            monkeypatch.setenv("KRIGE_ENDPOINT", client.endpoint)
            with krige.connect() as third:
                assert third.ping() < 1
            os.kill(pid, signal.SIGKILL)
            assert [s.name for s in client.studies()] == ["s"]  # of the next one
            assert (folder / "data" / "kriged.log").read_text().count("kriged: ready") == 2
        finally:
            os.kill(int((folder / "data" / "kriged.db.lock").read_text()), signal.SIGTERM)
