"""The Python client against a daemon that misbehaves on order."""
import gc
import io
import math
import os
import threading
import time

import krige
import pytest
from krige import _exchange

SPACE = {"x": krige.Float(0, 1), "n": krige.Int(1, 5), "c": krige.Categorical(["a", 1, 1.0, None])}


@pytest.fixture
def client(fake):
    with krige.connect(fake.endpoint) as client:
        yield client


@pytest.fixture
def study(client):
    return client.create_study("s", SPACE, "minimize y")


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(_exchange, "FIRST_PATIENCE", 0.05)


# ---- the ordinary ----

def test_one_trial(study, fake):
    trial = study.ask(worker="w1")
    assert trial.number == 0 and trial.worker == "w1" and trial.attempt == 1
    assert type(trial.params["x"]) is float and type(trial.params["n"]) is int
    assert trial.why.rule == "initial" and str(trial.why) == "initial"
    assert not trial.done
    trial.tell(0.5)
    assert trial.done
    best = study.best
    assert (best.number, best.state, best.value, best.values) == (0, "COMPLETE", 0.5, {"y": 0.5})
    assert best.params == trial.params and best.worker == "w1"
    assert best.created.timestamp() == 1.0 and best.finished.timestamp() == 2.0
    assert best.created.tzinfo is not None
    assert [name for name, _ in fake.requests] == ["CreateStudy", "Suggest", "Observe", "Best"]


def test_batch_and_pages(study):
    trials = study.ask(n=8)
    assert [t.number for t in trials] == list(range(8))
    assert [t.number for t in study.ask(n=1)] == [8]
    trials[1].tell(1)
    trials[2].fail("broken")
    trials[3].prune()
    views = study.trials()
    assert [v.number for v in views] == list(range(9))
    assert [v.number for v in study.trials("COMPLETE")] == [1]
    assert [v.number for v in study.trials(["FAILED", "PRUNED"])] == [2, 3]
    assert views[2].reason == "broken" and views[2].value is None and views[2].values == {}
    assert views[0].finished is None
    with pytest.raises(krige.InvalidArgument, match="RUNNING"):
        study.trials("DONE")


def test_none_before_any_result(study):
    assert study.best is None and study.trials() == []


def test_fixed_and_points_are_typed_by_the_space(study, fake):
    with pytest.raises(krige.NotNow):  # at once, not after the time-out
        study.predict([{"x": 1, "n": 1, "c": "a"}])
    study.ask(fixed={"x": 1, "n": 2.0, "c": 1.0})
    fixed = {p.name: p.value.WhichOneof("kind") for p in fake.requests[-1][1].fixed}
    assert fixed == {b"x": "real_value", b"n": "int_value", b"c": "real_value"}
    assert study.tell_point({"x": 0, "n": 2, "c": None}, {"y": 4}) == 1
    assert study.best.told and study.best.params == {"x": 0.0, "n": 2, "c": None}
    assert study.predict([{"x": 1, "n": 1, "c": "a"}]) == [{"y": (1.0, 1.0)}]


def test_deadline_and_count_go_out(study, fake):
    study.ask(deadline=0.25)
    assert fake.requests[-1][1].meta.deadline_ms == 250
    study.ask()  # cut in time for the caller, who waits for 60 s
    assert fake.requests[-1][1].meta.deadline_ms == 45000
    study.ask(timeout=2)
    assert fake.requests[-1][1].meta.deadline_ms == 1500
    for wrong in (0, 1025, True, "2"):
        with pytest.raises(krige.InvalidArgument):
            study.ask(n=wrong)


def test_nan_fails_the_trial(study):
    study.ask().tell(math.nan)
    study.ask().tell(-math.inf)
    assert [(v.state, v.reason) for v in study.trials()] == [("FAILED", "nonfinite")] * 2


def test_same_tell_is_harmless_another_is_not(study, fake):
    trial = study.ask()
    trial.tell(1.0)
    trial.tell(1.0)
    ids = [r.meta.request_id for name, r in fake.requests if name == "Observe"]
    assert len(ids) == 2 and ids[0] == ids[1]
    with pytest.raises(krige.StaleLease):
        trial.tell(2.0)
    with pytest.raises(krige.StaleLease):
        trial.fail("late regret")
    assert study.best.value == 1.0


def test_context_manager(study):
    with pytest.raises(KeyError):
        with study.ask():
            raise KeyError("lr")
    with study.ask() as trial:
        trial.tell(2)
    with pytest.raises(ValueError):
        with study.ask() as trial:
            trial.tell(3)
            raise ValueError("after the tell")
    assert [(v.state, v.reason) for v in study.trials()] == [
        ("FAILED", "KeyError: 'lr'"), ("COMPLETE", None), ("COMPLETE", None)]


def test_what_is_not_built_is_refused_by_name(client):
    for field, arguments in (
            ("when", dict(space={"x": krige.Float(0, 1, when="c == 1")})),
            ("fidelity", dict(space={"x": krige.Int(1, 9, fidelity=True)})),
            ("kind", dict(space={"x": krige.Ordinal([1, 2])})),
            ("kind", dict(space={"x": krige.Bool()})),
            ("kind", dict(space={"x": krige.Fixed(1)})),
            ("cost", dict(cost="seconds")),
            ("parameter_constraints", dict(parameter_constraints=["x <= 1"]))):
        with pytest.raises(krige.InvalidArgument) as caught:
            client.create_study("later", **{"space": SPACE, "objective": "minimize y",
                                            **arguments})
        assert field in caught.value.field


def test_studies(client, study):
    for name in "tuv":
        client.create_study(name, SPACE, "maximize y", budget=2)
    assert [s.name for s in client.studies()] == ["s", "t", "u", "v"]
    assert client.study("t").metrics == {"y": "maximize"}
    assert client.study("s").space["c"] == krige.Categorical(("a", 1, 1.0, None))
    with pytest.raises(krige.NotFound):
        client.study("none")
    with pytest.raises(krige.AlreadyExists):
        client.create_study("t", SPACE, "maximize y", budget=2)
    client.create_study("t", SPACE, "maximize y", budget=2, if_exists="attach")
    with pytest.raises(krige.Conflict):
        client.create_study("t", SPACE, "maximize y", budget=3, if_exists="attach")
    with pytest.raises(krige.InvalidArgument):
        client.create_study("t", SPACE, "maximize y", if_exists="maybe")


def test_life_of_a_study(client, fake):
    study = client.create_study("t", SPACE, "maximize y", budget=2)
    study.pause()
    assert study.info().state == "PAUSED"
    with pytest.raises(krige.NotNow):
        study.ask(timeout=0.2)
    study.resume()
    assert len(study.ask(n=5)) == 2
    with pytest.raises(krige.StudyFinished) as caught:
        study.ask()
    assert caught.value.code == "BUDGET_SPENT"
    study.set(budget=3)
    study.ask()
    study.set(budget=None)
    study.ask()
    study.finish()
    with pytest.raises(krige.StudyFinished) as caught:
        study.ask()
    assert caught.value.code == "STUDY_FINISHED"
    study.delete()
    with pytest.raises(krige.NotFound):
        study.best
    assert client.undelete("t").info().counts == {"RUNNING": 4}


def test_status_and_ping(client):
    status = client.status()
    assert (status.version, status.uptime, status.durable) == ("0-fake", 1.5, False)
    assert 0 < client.ping() < 1
    assert client.version == "0-fake" and client.limits["batch"] == 1024


# ---- messages lost, doubled, late ----

@pytest.mark.parametrize("fault", ["drop", "mute"])
def test_lost_messages_are_sent_again_with_the_same_id(study, fake, impatient, fault):
    fake.script = [fault, fault]
    trial = study.ask()
    assert trial.number == 0 and len(fake.studies[b"s"]["trials"]) == 1
    sent = [r for name, r in fake.requests if name == "Suggest"]
    assert len(sent) == 3 and len({bytes(r.meta.request_id) for r in sent}) == 1
    fake.script = [fault]
    trial.tell(1.0)
    assert [t.state for t in study.trials()] == ["COMPLETE"]


@pytest.mark.parametrize("fault", ["twice", "stale", "garbage"])
def test_replies_that_are_not_ours_are_dropped(study, fake, fault):
    fake.script = [fault] * 6
    trials = [study.ask() for _ in range(3)]
    assert [t.number for t in trials] == [0, 1, 2]
    for t in trials:
        t.tell(t.number)
    assert [v.value for v in study.trials()] == [0.0, 1.0, 2.0]
    assert fake.count("Suggest") == 3


def test_slow_replies(study, fake, impatient):
    fake.script = [("slow", 0.3)]
    assert study.ask().number == 0
    assert len(fake.studies[b"s"]["trials"]) == 1


def test_timeout(study, fake):
    fake.script = ["drop"] * 100
    start = time.monotonic()
    with pytest.raises(krige.Timeout, match="Suggest"):
        study.ask(timeout=0.2)
    assert time.monotonic() - start > 0.15
    wait_for(lambda: fake.count("Suggest") == 1)
    fake.script = []
    assert study.ask().number == 0


def test_daemon_gone(study, fake):
    fake.close()
    os.path.exists(fake.endpoint[6:]) and os.unlink(fake.endpoint[6:])
    with pytest.raises(krige.ConnectionFailed):
        study.ask(timeout=0.2)


def test_daemon_back_on_the_same_data(study, fake, impatient):
    from fake_kriged import FakeKriged
    trial = study.ask()
    fake.close()
    heir = FakeKriged(fake.endpoint)
    try:
        heir.studies = fake.studies
        trial.tell(1.5)
        assert study.best.value == 1.5
    finally:
        heir.close()


@pytest.mark.parametrize("code, kind", [(9, krige.NotNow), (10, krige.Overloaded),
                                        (11, krige.Unavailable)])
def test_later_is_waited_out(study, fake, code, kind):
    fake.script = [("error", code, 50), ("error", code, 50)]
    start = time.monotonic()
    assert study.ask().number == 0
    assert time.monotonic() - start > 0.09
    ids = {bytes(r.meta.request_id) for name, r in fake.requests if name == "Suggest"}
    assert len(ids) == 1
    fake.script = [("error", code, 60000)]
    with pytest.raises(kind) as caught:
        study.ask(timeout=5)
    assert caught.value.retry_after == 60.0


def test_errors_leave_the_socket_usable(study, fake):
    for code in (1, 2, 4, 5, 6, 15, 16, 17, 18):
        fake.script = [("error", code, 0)]
        with pytest.raises(krige.Error, match="told to") as caught:
            study.ask()
        assert caught.value.code != ""
    assert study.ask().number == 0


def test_too_large_is_not_sent(study, fake):
    before = len(fake.requests)
    with pytest.raises(krige.Error) as caught:
        study.ask(fixed={"c": "x" * (1 << 20)})
    assert caught.value.code == "TOO_LARGE" and len(fake.requests) == before


# ---- leases ----

def wait_for(condition, seconds=5.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_leases_are_renewed_while_held(study, fake):
    fake.lease_ms = 300
    trial, other = study.ask(n=2)
    wait_for(lambda: fake.count("Heartbeat") >= 3)
    first = next(r for name, r in fake.requests if name == "Heartbeat")
    assert sorted(lease.number for lease in first.leases) == [0, 1]
    assert all(len(lease.token) == 16 for lease in first.leases)
    del other
    gc.collect()
    time.sleep(0.15)
    seen = len(fake.requests)
    wait_for(lambda: len(fake.requests) > seen)
    assert [lease.number for lease in fake.requests[-1][1].leases] == [0]
    trial.tell(1)
    time.sleep(0.05)
    seen = fake.count("Heartbeat")
    time.sleep(0.3)
    assert fake.count("Heartbeat") == seen


def test_renewal_goes_on_after_errors_and_stops_when_lost(study, fake):
    fake.lease_ms = 200
    trial = study.ask()
    fake.script = [("error", 18, 0), ("error", 18, 0)]
    wait_for(lambda: fake.count("Heartbeat") >= 4)
    fake.studies[b"s"]["trials"][0].state = 7  # EXPIRED behind our back
    time.sleep(0.15)
    seen = fake.count("Heartbeat")
    time.sleep(0.3)
    assert fake.count("Heartbeat") <= seen + 1
    assert not trial.done


def test_renewal_does_not_wait_for_a_slow_call(study, fake, client):
    """A call that waits uses another socket: the fake answers in turn, so only the order shows."""
    fake.lease_ms = 150
    trial = study.ask()
    done = []
    fake.script = [("slow", 0.2)]
    thread = threading.Thread(target=lambda: done.append(study.ask()))
    thread.start()
    time.sleep(0.01)
    trial.tell(1)
    thread.join()
    assert done[0].number == 1


def test_a_client_that_is_dropped_leaves_nothing_behind(fake):
    fake.lease_ms = 200
    before = threading.active_count()
    client = krige.connect(fake.endpoint)
    trial = client.create_study("s", SPACE, "minimize y").ask()
    assert threading.active_count() == before + 1
    del client, trial
    gc.collect()
    wait_for(lambda: threading.active_count() == before)


def test_closed_client(client, study):
    client.close()
    with pytest.raises(krige.ConnectionFailed, match="closed"):
        study.ask()


# ---- threads, forks ----

def test_threads_share_a_client(study):
    seen, lock = [], threading.Lock()

    def work():
        for _ in range(20):
            trial = study.ask()
            with lock:
                seen.append(trial.number)
            trial.tell(trial.number)
    threads = [threading.Thread(target=work) for _ in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert sorted(seen) == list(range(160))
    assert len(study.trials("COMPLETE")) == 160


def test_told_from_another_thread(study):
    trial = study.ask()
    thread = threading.Thread(target=trial.tell, args=(3.0,))
    thread.start()
    thread.join()
    assert study.best.value == 3.0


def in_child(work):
    """The exit code of work() in a forked child."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_fork(study, fake):
    """The child reconnects; the parent's sockets go on working; renewal stays the parent's."""
    fake.lease_ms = 300
    trial = study.ask()

    def work():
        assert study.ask().number == 1
        trial.tell(7.0)
    assert in_child(work) == 0
    assert study.best.value == 7.0
    assert study.ask().number == 2
    for _ in range(3):
        assert in_child(lambda: study.trials()) == 0
        study.trials()


# ---- optimize ----

def test_optimize(study, capsys):
    study.optimize(lambda t: (t.params["x"] - 0.5) ** 2, n_trials=12)
    assert len(study.trials("COMPLETE")) == 12
    err = capsys.readouterr().err.splitlines()
    assert err[0].startswith("s 1/12: trial 0 ") and err[-1].startswith("s 12/12: trial 11 ")
    best = study.best
    assert err[-1].endswith(f"best {best.value:.6g} (trial {best.number})")


def test_optimize_in_threads_to_the_end_of_the_budget(client, capsys):
    study = client.create_study("t", SPACE, "maximize y", budget=30)
    study.tell_point({"x": 0.0, "n": 1, "c": 1}, 99)
    running, peak, lock = [0], [0], threading.Lock()

    def fn(trial):
        with lock:
            running[0] += 1
            peak[0] = max(peak[0], running[0])
        time.sleep(0.01)
        with lock:
            running[0] -= 1
        return {"y": trial.params["x"]}
    study.optimize(fn, n_jobs=4)
    assert len(study.trials()) == 31 and peak[0] == 4  # a told point takes no place
    assert "best 99 (trial 0)" in capsys.readouterr().err
    study.optimize(fn)  # nothing is left: returns
    assert len(study.trials()) == 31


def test_optimize_fills_the_budget_when_trials_fail(client):
    """A trial that fails gives its place back, also to a thread that found the budget spent."""
    study = client.create_study("t", SPACE, "minimize y", budget=4)

    def fn(trial):
        time.sleep(0.05 * trial.number)
        if trial.number == 3:
            raise ValueError
        return 1.0
    study.optimize(fn, n_jobs=4, catch=ValueError, progress=False)
    assert study.info().counts == {"COMPLETE": 4, "FAILED": 1}


def test_optimize_exceptions(study):
    def fn(trial):
        if trial.number == 2:
            raise ZeroDivisionError("by zero")
        return 1.0
    study.optimize(fn, 4, catch=(ZeroDivisionError,), progress=False)
    assert [v.state for v in study.trials()] == ["COMPLETE", "COMPLETE", "FAILED", "COMPLETE"]
    assert study.trials()[2].reason == "ZeroDivisionError: by zero"
    for jobs in (1, 3):
        with pytest.raises(KeyError):
            study.optimize(lambda t: {}[t.number], 10, n_jobs=jobs, progress=False)
    states = [v.state for v in study.trials()]
    assert "RUNNING" not in states and states.count("FAILED") <= 1 + 1 + 3


def test_optimize_results_that_are_none(study):
    study.optimize(lambda t: t.prune("slow"), 1)
    study.optimize(lambda t: t.tell(1.0), 1)
    with pytest.raises(krige.InvalidArgument, match="return its value"):
        study.optimize(lambda t: None, 3)
    with pytest.raises(krige.InvalidArgument, match="not a number"):
        study.optimize(lambda t: "0.3", 3)
    assert [v.state for v in study.trials()] == ["PRUNED", "COMPLETE", "FAILED", "FAILED"]


def test_optimize_goes_on_after_a_lost_trial(study, fake):
    fake.script = [None, None, ("error", 5, 0)]  # GetStudy, Suggest, Observe: STALE_LEASE
    with pytest.warns(RuntimeWarning, match="trial 0"):
        study.optimize(lambda t: 1.0, 3, progress=False)
    assert len(study.trials("COMPLETE")) == 2


def test_interrupt(study):
    def fn(trial):
        if trial.number == 1:
            raise KeyboardInterrupt
        return 1.0
    with pytest.raises(KeyboardInterrupt):
        study.optimize(fn, 5, progress=False)
    assert [v.state for v in study.trials()] == ["COMPLETE", "QUEUED"]
    assert study.trials()[1].reason == "KeyboardInterrupt"


@pytest.mark.filterwarnings("error")
def test_interrupt_gives_back_the_trials_of_all_threads(study, monkeypatch):
    """Ctrl-C reaches the main thread, which waits for the others."""
    begun, release = threading.Barrier(4), threading.Event()

    def fn(trial):
        begun.wait(5)
        release.wait(5)
        return 1.0
    join = threading.Thread.join

    def interrupted(thread, timeout=None):
        if thread.name.startswith("krige-optimize"):
            begun.wait(5)
            raise KeyboardInterrupt
        join(thread, timeout)
    monkeypatch.setattr(threading.Thread, "join", interrupted)
    with pytest.raises(KeyboardInterrupt):
        study.optimize(fn, 9, n_jobs=3, progress=False)
    ends = [("QUEUED", "KeyboardInterrupt")] * 3
    assert [(v.state, v.reason) for v in study.trials()] == ends
    release.set()
    wait_for(lambda: not any(t.name.startswith("krige-optimize") for t in threading.enumerate()))
    assert [(v.state, v.reason) for v in study.trials()] == ends


@pytest.mark.parametrize("jobs", [1, 3])
def test_optimize_ends_when_all_trials_fail(study, jobs):
    def fn(trial):
        raise ValueError("always")
    with pytest.raises(ValueError, match="always"):
        study.optimize(fn, catch=Exception, n_jobs=jobs, progress=False)
    assert 5 <= study.info().counts["FAILED"] < 5 + jobs


def test_max_failures_counts_in_a_row(study):
    def fn(trial):
        if trial.number % 3:
            raise ValueError(f"trial {trial.number}")
        return 1.0
    study.optimize(fn, 9, catch=Exception, max_failures=3, progress=False)
    assert study.info().counts == {"COMPLETE": 3, "FAILED": 6}
    with pytest.raises(ValueError, match="trial 11"):
        study.optimize(fn, 9, catch=Exception, max_failures=2, progress=False)
    study.optimize(lambda t: {}[0], 9, catch=KeyError, max_failures=None, progress=False)
    for nothing in (lambda t: math.nan, lambda t: t.fail("oom")):
        with pytest.raises(krige.InvalidArgument, match="5 times in a row"):
            study.optimize(nothing, progress=False)
    for wrong in (0, -1, "5", True):
        with pytest.raises(krige.InvalidArgument) as caught:
            study.optimize(fn, max_failures=wrong)
        assert caught.value.field == "max_failures"


def test_arguments_of_the_wrong_type(study, fake):
    point = {"x": 1, "n": 1, "c": "a"}
    before = len(fake.requests)
    for call, field in (
            (lambda: study.ask(timeout="x"), "timeout"),
            (lambda: study.ask(timeout=None), "timeout"),
            (lambda: study.ask(timeout=math.nan), "timeout"),
            (lambda: study.ask(deadline=math.inf), "deadline"),
            (lambda: study.ask(deadline=math.nan), "deadline"),
            (lambda: study.ask(fixed=3), "fixed"), (lambda: study.ask(fixed=[("x", 1)]), "fixed"),
            (lambda: study.tell_point(None, 1), "params"),
            (lambda: study.predict(None), "points"), (lambda: study.predict(point), "points"),
            (lambda: study.predict([3]), "points[0]"),
            (lambda: study.predict([point], timeout=None), "timeout"),
            (lambda: study.trials(3), "state"), (lambda: study.trials([[]]), "state"),
            (lambda: study.trials(since=-1), "since"), (lambda: study.ask(wait=-1), "wait"),
            (lambda: study.ask(wait=math.inf), "wait"), (lambda: study.cancel("0"), "trial"),
            (lambda: study.cancel(True), "trial"), (lambda: study.edit(0, "1.0"), "value"),
            (lambda: study.edit(0, excluded=1), "excluded"),
            (lambda: study.edit(0, labels=3), "labels"),
            (lambda: study.edit(0, remove_labels="ab"), "remove_labels"),
            (lambda: study.note(0, 3), "note"),
            (lambda: study.enqueue(3), "points"), (lambda: study.enqueue([3]), "points[0]"),
            (lambda: study.set(budget=-1), "budget"), (lambda: study.set(budget="9"), "budget"),
            (lambda: study.set(on_expiry="later"), "on_expiry"),
            (lambda: study.wait("done"), "for_"), (lambda: study.wait("best<x"), "for_"),
            (lambda: study.wait("best<-"), "for_"), (lambda: study.wait(3), "for_"),
            (lambda: study.clone(3), "name"),
            (lambda: study.optimize(abs, executor=3), "executor"),
            (lambda: study.optimize(abs, n_jobs=0), "n_jobs"),
            (lambda: study.optimize(None), "fn"), (lambda: study.optimize(3), "fn"),
            (lambda: study.optimize(abs, catch="x"), "catch"),
            (lambda: study.optimize(abs, catch=3), "catch"),
            (lambda: study.optimize(abs, catch=(ValueError, int)), "catch")):
        with pytest.raises(krige.InvalidArgument) as caught:
            call()
        assert caught.value.field == field and field in str(caught.value)
    assert len(fake.requests) == before


def test_predict_goes_out_in_parts(study, fake):
    study.tell_point({"x": 0, "n": 2, "c": None}, 1)
    points = [{"x": i / 4, "n": 1, "c": "a"} for i in range(2500)]
    assert [p["y"][0] for p in study.predict(points)] == [i / 4 for i in range(2500)]
    assert [len(r.points) for name, r in fake.requests if name == "Predict"] == [1024, 1024, 452]
    del fake.requests[:]
    long = [{"x": 0.5, "n": 1, "c": "a" * 100000}] * 12
    assert len(study.predict(long)) == 12 and fake.count("Predict") == 3


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_bar_on_a_terminal(study, monkeypatch):
    screen = Terminal()
    monkeypatch.setattr("sys.stderr", screen)
    monkeypatch.setenv("COLUMNS", "100")
    study.optimize(lambda t: -t.number, 4)
    frames = screen.getvalue().split("\r\x1b[K")
    assert len(frames) == 5 and frames[-1].endswith("\n")
    assert "[########################] 4/4  best -3 (trial 3)" in frames[-1]
    assert frames[2].startswith("s [############............] 2/4") and "left" in frames[2]
    assert all(len(f.rstrip("\n")) < 100 for f in frames)


def test_progress_off(study, capsys):
    study.optimize(lambda t: 1.0, 3, progress=False)
    assert capsys.readouterr().err == ""


def test_calls_are_one_round_trip(study, fake):
    before = len(fake.requests)
    for _ in range(5):
        study.ask().tell(1.0)
    assert [name for name, _ in fake.requests[before:]] == ["Suggest", "Observe"] * 5


def test_meta_is_whole(study, fake):
    study.ask()
    meta = fake.requests[-1][1].meta
    assert len(meta.request_id) == 16 and bytes(meta.session) in fake.sessions
    assert not meta.HasField("worker_id")


def test_a_daemon_of_another_version_is_named(client, fake):
    """It lacks a method: the error says what both are, and what to do."""
    fake.script = [("error", 17, 0)]
    with pytest.raises(krige.VersionMismatch,
                       match=rf"is version 0-fake, this client {krige.__version__}; restart"):
        client.studies()
