"""Every verb of a Study and a Trial, against the fake: what goes out, what comes back."""
import copy
import math
import pickle
import threading
import time

import krige
import pytest

SPACE = {"x": krige.Float(0, 1), "n": krige.Int(1, 5), "c": krige.Categorical(["a", 1, None])}
POINT = {"x": 0.5, "n": 2, "c": "a"}


@pytest.fixture
def client(fake):
    with krige.connect(fake.endpoint) as client:
        yield client


@pytest.fixture
def study(client):
    return client.create_study("s", SPACE, "minimize y", constraints=["t <= 9", "t >= 1"])


def states(study):
    return [view.state for view in study.trials()]


def last(fake, name):
    return next(request for method, request in reversed(fake.requests) if method == name)


# ---- trials that are held ----

def test_report(study, fake):
    trial = study.ask()
    assert trial.report(1, 0.5) is False and trial.report(step=2, value=0.4) is False
    assert trial.stop_reason is None
    sent = last(fake, "Report")
    assert (sent.step, sent.value, sent.lease.attempt) == (2, 0.4, 1)
    assert len(sent.lease.token) == 16
    assert [(p.step, p.value) for p in study.trial(trial).progress] == [(1, 0.5), (2, 0.4)]
    with pytest.raises(krige.Conflict):
        trial.report(2, 0.3)
    for step, value, field in ((1.5, 0, "step"), ("1", 0, "step"), (3, None, "value")):
        with pytest.raises(krige.InvalidArgument) as caught:
            trial.report(step, value)
        assert caught.value.field == field


@pytest.mark.parametrize("number, reason", [(2, "PAUSED"), (3, "FINISHED"), (4, "BUDGET")])
def test_report_says_stop(study, fake, number, reason):
    trial = study.ask()
    fake.stops[0] = number
    assert trial.report(1, 0.5) is True and trial.stop_reason == reason
    trial.prune()
    assert states(study) == ["PRUNED"]


@pytest.mark.parametrize("end", [lambda t: t.prune(), lambda t: t.fail("x"), lambda t: t.release()])
def test_a_cancelled_trial_has_nothing_left_to_end(study, fake, end):
    trial = study.ask()
    study.cancel(trial.number, "a better idea")
    assert trial.report(1, 0.5) and trial.stop_reason == "CANCELLED" and not trial.done
    end(trial)
    assert trial.done and states(study) == ["CANCELLED"]
    with pytest.raises(krige.StaleLease):
        trial.tell(1)


def test_ends(study):
    a, b, c = study.ask(n=3)
    a.infeasible("no mesh")
    b.release("going home")
    c.tell({"y": [1.0, 2.0, 3.0], "t": (4.0, 0.5)})
    view = study.trial(c)
    assert view.values == {"y": 2.0, "t": 4.0} and view.value == 2.0
    assert view.sems == {"y": pytest.approx(1 / math.sqrt(3)), "t": 0.5}
    assert states(study) == ["INFEASIBLE", "QUEUED", "COMPLETE"] and a.done and b.done
    again = study.ask()
    assert (again.number, again.attempt, again.params) == (b.number, 2, b.params)
    with pytest.raises(krige.StaleLease):
        b.tell(1.0)
    again.tell(1.0)


def test_after_a_timeout_the_same_words_are_the_same_request(study, fake):
    trial = study.ask()
    fake.script = ["mute"] * 9
    with pytest.raises(krige.Timeout):
        trial.release(timeout=0.1)
    assert not trial.done
    fake.script = []
    assert study.ask().number == 0  # it was given back, and somebody else has it
    trial.release()
    assert trial.done and states(study) == ["RUNNING"]


def test_a_trial_has_labels_and_a_note(study):
    trial = study.ask()
    view = trial.edit(note="first", labels={"host": "a", "gpus": 2})
    assert view.note == "first" and view.labels == trial.labels == {"host": "a", "gpus": 2}
    view = trial.edit(labels={"host": "b"}, remove_labels=["gpus"])
    assert view.note == "first" and view.labels == {"host": "b"}
    assert trial.edit(note="").note is None


def test_interrupts_release_and_exceptions_fail(study):
    with pytest.raises(KeyboardInterrupt):
        with study.ask():
            raise KeyboardInterrupt
    with pytest.raises(ZeroDivisionError):
        with study.ask() as trial:
            study.cancel(trial)
            1 / 0  # noqa: B018 - and the fail that follows finds nothing to fail
    assert states(study) == ["CANCELLED"] and trial.attempt == 2


# ---- leases ----

def wait_for(condition, seconds=5.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_the_renewal_tells_the_trial(study, fake):
    fake.lease_ms = 150
    stopped, lost, fine = study.ask(n=3)
    fake.stops[0] = 2
    fake.studies[b"s"]["trials"][1].state = 7
    wait_for(lambda: stopped.stop_reason and lost.stop_reason)
    assert (stopped.stop_reason, lost.stop_reason, fine.stop_reason) == ("PAUSED", "LOST", None)
    numbers = {lease.number for lease in last(fake, "Heartbeat").leases}
    wait_for(lambda: {lease.number for lease in last(fake, "Heartbeat").leases} == {0, 2})
    assert numbers <= {0, 1, 2}


def test_a_report_renews(study, fake):
    fake.lease_ms = 300
    trial = study.ask()
    for step in range(12):
        trial.report(step, 0.5)
        time.sleep(0.04)
    assert fake.count("Heartbeat") == 0


def test_one_thread_and_one_message_for_all_trials(client, fake):
    fake.lease_ms = 300
    before = threading.active_count()
    studies = [client.create_study(name, SPACE, "minimize y") for name in "ab"]
    held = [study.ask(n=20) for study in studies]
    assert threading.active_count() == before + 1
    wait_for(lambda: fake.count("Heartbeat") >= 2)
    assert sorted(len(r.leases) for m, r in fake.requests if m == "Heartbeat")[:2] == [20, 20]
    assert len(held) == 2


# ---- copies and pickles ----

def test_a_copy_is_another_handle_on_the_lease(study, fake):
    trial = study.ask(worker="w")
    for other in (copy.copy(trial), copy.deepcopy(trial), pickle.loads(pickle.dumps(trial))):
        assert (other.number, other.params, other.worker, other.attempt, other.why) == (
            trial.number, trial.params, "w", 1, trial.why)
        assert other._study._client is study._client
    assert other.report(1, 0.5) is False
    other.tell(0.25)
    assert other.done and not trial.done and study.best.value == 0.25
    told = pickle.loads(pickle.dumps(other))
    assert told.done
    told.tell(0.25)  # the same words, the same request id
    ids = {bytes(r.meta.request_id) for m, r in fake.requests if m == "Observe"}
    assert len(ids) == 1


def test_a_study_and_a_client_travel_too(client, study, fake):
    data = pickle.dumps((client, study))
    client.close()
    other, same = pickle.loads(data)
    with other:
        assert other is not client and other.endpoint == client.endpoint and other.version == ""
        assert fake.count("GetStudy") == 0  # nothing is asked before it is used
        assert same.ask().number == 0 and other.version == "0-fake"
        assert fake.count("GetStudy") == 1
        same.trials()
        assert fake.count("GetStudy") == 1


def test_unpickled_under_another_daemon(study, fake, folder):
    from fake_kriged import FakeKriged
    trial = study.ask()
    data = pickle.dumps(trial)
    del trial
    study._client.close()
    fake.close()
    heir = FakeKriged(fake.endpoint)
    try:
        other = pickle.loads(data)
        with pytest.raises(krige.NotFound, match="pickled under another daemon"):
            other.tell(1.0)
        with krige.connect(heir.endpoint) as client:
            client.create_study("s", SPACE, "minimize y", seed=5).ask()
            with pytest.raises(krige.Conflict, match="another one of this name"):
                other.report(1, 1.0)
        assert heir.count("Observe") == heir.count("Report") == 0
    finally:
        heir.close()


def test_an_unpickled_trial_keeps_its_lease(study, fake):
    fake.lease_ms = 200
    data = pickle.dumps(study.ask())
    study._client.close()
    trial = pickle.loads(data)
    wait_for(lambda: fake.count("Heartbeat") >= 2)
    assert last(fake, "Heartbeat").leases[0].number == trial.number


# ---- what a study does with its trials ----

def test_enqueue(study):
    assert study.enqueue({"x": 0.25}) == 0
    assert study.enqueue([POINT, {}], labels={"by": "hand"}, note="try these") == [1, 2]
    assert study.enqueue([]) == []
    assert states(study) == ["QUEUED"] * 3 and study.trial(1).labels == {"by": "hand"}
    given = study.ask(n=4)
    assert [t.number for t in given] == [0, 1, 2, 3]
    assert given[0].params["x"] == 0.25 and set(given[0].params) == set(SPACE)
    assert given[1].params == POINT and given[1].labels == {"by": "hand"}
    with pytest.raises(krige.InvalidArgument):
        study.enqueue({"x": [1]})


def test_enqueue_goes_out_in_parts(study, fake):
    assert study.enqueue([{"x": 0.5}] * 1500) == list(range(1500))
    assert [len(r.points) for m, r in fake.requests if m == "Enqueue"] == [1024, 476]


def test_trials_by_number_view_or_itself(study):
    trial, other = study.ask(n=2)
    trial.tell(3.0)
    view = study.trial(trial)
    for ref in (0, view, trial):
        assert study.note(ref, "seen").note == "seen"
        assert study.exclude(ref, "bad day").excluded and study.best is None
        assert study.trial(ref).note == "bad day"
        assert not study.include(ref).excluded and study.best.number == 0
        assert study.edit(ref, (2.0, 0.25)).sems == {"y": 0.25} and study.best.value == 2.0
    assert study.edit(0, labels={"a": None}).labels == {"a": None}
    assert study.edit(0, remove_labels=["a"]).labels == {}
    for call in (lambda: study.edit(other, 1.0), lambda: study.exclude(other),
                 lambda: study.delete_trial(other), lambda: study.requeue(trial),
                 lambda: study.cancel(trial)):
        with pytest.raises(krige.Conflict):
            call()
    assert study.cancel(other).state == "CANCELLED"
    assert study.requeue(other).state == "QUEUED"
    study.delete_trial(view)
    with pytest.raises(krige.NotFound):
        study.trial(0)
    assert [v.number for v in study.trials()] == [1]


def test_what_changed_since(study):
    study.ask(n=8)
    seen = study.trials()
    assert [v.number for v in seen] == list(range(8)) and seen.seq > 0
    study.cancel(3)
    study.ask()
    assert [v.number for v in study.trials(since=seen.seq)] == [3, 8]


def test_trials_are_read_as_far_as_they_are_used(study, fake):
    study.ask(n=10)
    trials = study.trials()
    assert fake.count("ListTrials") == 1 and repr(trials) == "<krige.Trials: 3 or more>"
    for view in trials:
        if view.number == 4:
            break
    assert fake.count("ListTrials") == 2
    assert len(trials) == 10 and trials[-1].number == 9 and trials[2:4][1].number == 3
    assert fake.count("ListTrials") == 4 and trials == study.trials() and trials != []
    assert [v.number for v in trials] == [v.number for v in trials] == list(range(10))


# ---- the study itself ----

def test_settings(study, fake):
    view = study.set(budget=5, lease=30, on_expiry="requeue", retry_limit=4,
                     labels={"team": "a", "n": 1}, expected_version=1)
    assert (view.budget, view.lease, view.on_expiry, view.retry_limit, view.version) == (
        5, 30.0, "requeue", 4, 2)
    assert study.labels == {"team": "a", "n": 1}
    assert study.set(remove_labels=["n"]).labels == {"team": "a"} and study.info().budget == 5
    assert study.set(budget=None).budget is None
    assert not last(fake, "UpdateStudy").HasField("lease_s")
    with pytest.raises(krige.Conflict):
        study.set(budget=9, expected_version=1)
    assert study.constraints == {"t": (1.0, 9.0)} == study.info().constraints
    assert study.metrics == {"y": "minimize", "t": "constraint"}


def test_labels_and_the_rest_at_creation(client):
    study = client.create_study("m", SPACE, "maximize y", noise=0.1, on_expiry="requeue",
                                retry_limit=1, labels={"kind": True})
    view = study.info()
    assert (view.noise, view.on_expiry, view.retry_limit, view.labels) == (
        0.1, "requeue", 1, {"kind": True})


def test_why(study):
    assert str(study.why()) == "The next point is one of the initial design."
    assert study.why().next == "initial" and study.why().error is None
    study.pause()
    why = study.why()
    assert why.next == "nothing" and isinstance(why.error, krige.NotNow) and why.left is None
    assert why._repr_html_() == "<p>It is paused &lt;by hand&gt;.</p>"


def test_ask_waits_with_the_daemon(study, fake):
    study.set(budget=1)
    trial = study.ask()
    with pytest.raises(krige.BudgetSpent):
        study.ask()
    with pytest.raises(krige.StudyFinished):
        study.ask(wait=0.05)
    threading.Timer(0.1, trial.fail).start()
    assert study.ask(wait=30).number == 1
    assert fake.count("Suggest") == 4 and last(fake, "Suggest").wait_ms == 20000
    study.pause()
    start = time.monotonic()
    with pytest.raises(krige.NotNow):
        study.ask(wait=0.2, timeout=30)
    assert 0.15 < time.monotonic() - start < 10


def test_a_long_wait_is_made_of_short_ones(study, fake, monkeypatch):
    monkeypatch.setattr("krige._study._LONG_POLL", 0.1)
    study.set(budget=1)
    trial = study.ask()
    threading.Timer(0.35, trial.fail).start()
    assert study.ask(wait=30).number == 1
    waits = [r for m, r in fake.requests if m == "Suggest"][1:]
    assert 2 <= len(waits) <= 5 and all(r.wait_ms <= 100 for r in waits)
    assert len({bytes(r.meta.request_id) for r in waits}) == len(waits)
    with pytest.raises(krige.BudgetSpent):
        study.ask(wait=0.25)


def test_wait(study, fake):
    with pytest.raises(krige.Timeout, match="trials>=1"):
        study.wait("trials>=1", timeout=0.1)
    assert study.wait("idle", timeout=5).counts == {}
    trials = study.ask(n=3)
    assert study.wait("trials>2", timeout=5) == study.wait("running >= 3", timeout=5)
    before = fake.count("GetStudy")
    threading.Timer(0.05, trials[0].tell, [3.0]).start()
    assert study.wait(" complete >= 1 ", timeout=30).counts["COMPLETE"] == 1
    assert fake.count("GetStudy") - before <= 3
    threading.Timer(0.05, trials[1].tell, [0.5]).start()
    assert study.wait("best<1", timeout=30).best.value == 0.5
    assert study.wait(lambda view: view.counts["RUNNING"] == 1).best.value == 0.5
    threading.Timer(0.05, trials[2].fail).start()
    study.finish()
    assert study.wait(timeout=30).counts.get("RUNNING", 0) == 0


def test_clone(study):
    for i in range(7):
        study.tell_point({**POINT, "x": i / 10}, {"y": (i, 0.5), "t": 2}, labels={"i": i})
    study.exclude(3)
    study.ask()
    copied = study.clone("copy")
    assert copied.name == "copy" and copied.space == study.space
    assert copied.constraints == study.constraints
    views = copied.trials()
    assert [v.labels["i"] for v in views] == [0, 1, 2, 4, 5, 6]
    assert views[1].sems == {"y": 0.5} and views[1].values == {"y": 1, "t": 2}
    assert study.clone("empty", trials=False).trials() == []
    with pytest.raises(krige.AlreadyExists):
        study.clone("copy")


def test_delete_and_undelete(client, study):
    study.tell_point(POINT, 1.0)
    study.delete()
    with pytest.raises(krige.NotFound):
        study.info()
    study.undelete()
    assert study.best.value == 1.0


# ---- for people ----

EVIL = "<script>alert('x')</script>"


def test_html_is_escaped(client):
    study = client.create_study(EVIL, {EVIL: krige.Categorical([EVIL, "b"])}, "minimize y",
                                labels={EVIL: EVIL})
    trial = study.ask(worker=EVIL)
    trial.edit(note=EVIL, labels={EVIL: EVIL})
    trial.tell(0.5)
    study.ask().fail(EVIL)
    for shown in (study, trial, study.best, study.trial(1), study.info(), study.why(),
                  study.best.why, client.status()):
        text = shown._repr_html_()
        assert "<script" not in text and text.startswith("<")
    assert "&lt;script&gt;" in study._repr_html_() and "0.5" in study.best._repr_html_()


def test_plain_repr(client, study):
    trial = study.ask(fixed=POINT)
    assert repr(client) == f"<krige.Client of {client.endpoint}>"
    assert repr(study) == f"<krige.Study 's' at {client.endpoint}>"
    assert repr(trial) == f"<krige.Trial 0 of 's': {POINT!r}>"


def test_to_dicts(study):
    import json
    study.ask(fixed=POINT).tell({"y": 1.5, "t": 2.0})
    study.ask()
    done, running = study.to_dicts()
    assert json.loads(json.dumps(done)) == done
    assert (done["number"], done["state"], done["params"], done["values"]) == (
        0, "COMPLETE", POINT, {"y": 1.5, "t": 2.0})
    assert done["created"] == "1970-01-01T00:00:01.000Z" and running["finished"] is None
    assert [d["number"] for d in study.to_dicts("RUNNING")] == [1]


def test_to_dataframe(study):
    pd = pytest.importorskip("pandas")
    study.ask(fixed=POINT).tell({"y": (1.5, 0.1), "t": 2.0})
    study.ask(fixed={"c": None}).fail("broken")
    study.tell_point({"x": 0.25, "n": 3, "c": 1}, 2.5, labels={"by": "hand"})
    frame = study.to_dataframe()
    assert list(frame.columns) == [
        "number", "state", "params.x", "params.n", "params.c", "values.y", "values.t", "sems.y",
        "reason", "worker", "attempt", "created", "finished", "late", "told", "excluded",
        "feasible", "note", "labels.by"]
    types = {name: str(kind) for name, kind in frame.dtypes.items()}
    assert types["state"] == "category" and list(frame.state) == ["COMPLETE", "FAILED", "COMPLETE"]
    assert list(frame.state.cat.categories)[:2] == ["QUEUED", "RUNNING"]
    assert types["params.x"] == types["values.y"] == "float64" and types["params.n"] == "int64"
    assert types["created"] == types["finished"] == "datetime64[ns, UTC]"
    assert frame.created[0] == pd.Timestamp("1970-01-01T00:00:01Z")
    assert list(frame["params.c"]) == ["a", None, 1] and types["told"] == "bool"
    assert frame["values.y"][0] == 1.5 and math.isnan(frame["values.y"][1])
    assert frame["labels.by"][2] == "hand" and frame["labels.by"][0] is None
    empty = study.to_dataframe("EXPIRED")
    assert len(empty) == 0 and str(empty.created.dtype) == "datetime64[ns, UTC]"
    assert list(study.to_dataframe(["FAILED"]).number) == [1]


def test_to_dataframe_without_pandas(study, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    with pytest.raises(ImportError, match="pip install pandas"):
        study.to_dataframe()
