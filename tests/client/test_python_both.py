"""Every verb of krige and krige.aio against the real daemon."""
import asyncio
import concurrent.futures
import inspect
import math
import multiprocessing
import pathlib
import pickle
import tempfile
import threading
import time
import uuid

import krige
import pytest
from krige import aio

SPACE = {"lr": krige.Float(1e-4, 1e-1, log=True), "layers": krige.Int(1, 4),
         "opt": krige.Categorical(["sgd", None, 1, True]), "size": krige.Ordinal([16, 32, 64]),
         "fast": krige.Bool(), "kind": krige.Fixed("a"),
         "momentum": krige.Float(0, 0.9, when="opt == 'sgd'")}
POINT = {"lr": 0.01, "layers": 2, "opt": None, "size": 32, "fast": True,
         "kind": "a"}


@pytest.fixture(scope="module")
def daemon_of_all():
    from real_kriged import Daemon, find_kriged
    with tempfile.TemporaryDirectory(prefix="krige-") as folder:
        daemon = Daemon(pathlib.Path(folder), find_kriged())
        yield daemon
        assert daemon.stop() == 0
        daemon.log.close()


async def now(value):
    return await value if inspect.isawaitable(value) else value


@pytest.fixture(params=[krige, aio], ids=["krige", "krige.aio"])
def both(request, daemon_of_all):
    """Runs an async function with a fresh study; `now` awaits what is to be awaited."""
    def run(function, objective="minimize loss", **settings):
        async def main():
            client = await now(request.param.connect(daemon_of_all.endpoint))
            try:
                await function(await now(client.create_study(
                    uuid.uuid4().hex, SPACE, objective, seed=4, **settings)))
            finally:
                await now(client.close())
        asyncio.run(main())
    return run


async def states(study):
    return [view.state for view in await now(study.trials())]


def test_ends(both):
    async def main(study):
        a, b, c, d, e = await now(study.ask(n=5, worker="w"))
        assert a.params["kind"] == "a" and ("momentum" in a.params) == (a.params["opt"] == "sgd")
        await now(a.tell({"loss": [1.0, 2.0, 3.0], "latency": (8, 0.5)}))
        await now(b.fail("broken"))
        await now(c.prune("slow"))
        await now(d.infeasible("no mesh"))
        await now(e.release("called away"))
        assert await states(study) == ["COMPLETE", "FAILED", "PRUNED", "INFEASIBLE", "QUEUED"]
        view = await now(study.trial(a))
        assert view.values == {"loss": 2.0, "latency": 8.0} and view.feasible and view.value == 2
        assert view.sems == {"loss": pytest.approx(1 / math.sqrt(3)), "latency": 0.5}
        again = await now(study.ask(worker="other"))
        assert (again.number, again.attempt, again.params) == (4, 2, e.params)
        await now(e.tell({"loss": 0.5, "latency": 20}))  # the first to tell is right
        with pytest.raises(krige.StaleLease):
            await now(again.tell({"loss": 0.75, "latency": 20}))
        view = await now(study.trial(4))
        assert view.late and view.feasible is False
        assert (await now(study.best)).number == 0  # of the feasible ones
        await now(a.tell({"loss": [1.0, 2.0, 3.0], "latency": (8, 0.5)}))
        with pytest.raises(krige.InvalidArgument):
            await now((await now(study.ask())).tell({"loss": 1.0}))
    both(main, constraints=["latency <= 10"])


def test_report(both):
    async def main(study):
        trial, other = await now(study.ask(n=2))
        assert await now(trial.report(1, 0.5)) is False
        assert await now(trial.report(1, 0.5)) is False  # a repeat
        assert await now(trial.report(step=5, value=0.25)) is False
        for wrong in (5, 4):
            with pytest.raises(krige.Conflict):
                await now(trial.report(wrong, 0.125))
        with pytest.raises(krige.InvalidArgument):
            await now(trial.report(6, math.nan))
        view = await now(study.trial(trial))
        assert [(p.step, p.value) for p in view.progress] == [(1, 0.5), (5, 0.25)]
        await now(study.pause())
        assert await now(trial.report(7, 0.1)) and trial.stop_reason == "PAUSED"
        await now(study.resume())
        await now(study.cancel(other, "why not"))
        assert await now(other.report(1, 0.5)) and other.stop_reason == "CANCELLED"
        await now(other.prune())
        await now(study.finish())
        assert await now(trial.report(8, 0.1)) and trial.stop_reason == "FINISHED"
        await now(trial.prune())
        assert await states(study) == ["PRUNED", "CANCELLED"]
    both(main)


def test_the_renewal_tells(both):
    async def main(study):
        trial, other = await now(study.ask(n=2))
        await now(study.cancel(other))
        await now(study.pause())
        end = time.monotonic() + 10
        while not (trial.stop_reason and other.stop_reason):
            assert time.monotonic() < end
            await asyncio.sleep(0.02)
        assert trial.stop_reason == "PAUSED" and other.stop_reason in ("CANCELLED", "LOST")
        await now(other.prune())  # nothing is left to be pruned, which is no fault
        assert other.done and await states(study) == ["RUNNING", "CANCELLED"]
    both(main, lease=0.6)


def test_expiry_requeues(both):
    async def main(study):
        data = pickle.dumps(await now(study.ask()))
        end = time.monotonic() + 10
        while (await states(study)) != ["QUEUED"]:
            assert time.monotonic() < end
            await asyncio.sleep(0.05)
        trial = await now(study.ask())
        assert (trial.number, trial.attempt) == (0, 2)
        old = pickle.loads(data)
        await now(old.tell(3.0))
        assert await now(study.trial(0)) == await now(study.trial(old))
        assert (await now(study.trial(0))).late
    both(main, lease=0.3, on_expiry="requeue", retry_limit=3)


def test_points_of_the_user(both):
    async def main(study):
        assert await now(study.enqueue({"lr": 0.02, "opt": "sgd"}, labels={"by": "hand"},
                                       note="try")) == 0
        assert await now(study.enqueue([POINT, {"layers": 3}])) == [1, 2]
        assert await states(study) == ["QUEUED"] * 3
        first, second, third = await now(study.ask(n=3))
        assert first.params["lr"] == 0.02 and 0 <= first.params["momentum"] <= 0.9
        assert first.labels == {"by": "hand"} and second.why.rule == "enqueued"
        assert second.params == POINT and third.params["layers"] == 3
        number = await now(study.tell_point({**POINT, "opt": 1}, (0.5, 0.1), note="paper",
                                            labels={"doi": None}))
        view = await now(study.trial(number))
        assert (view.told, view.note, view.labels, view.sems) == (
            True, "paper", {"doi": None}, {"loss": 0.1})
        assert type(view.params["opt"]) is int
        await now(second.tell(1.0))
        (guess,) = await now(study.predict([POINT]))
        assert list(guess) == ["loss"] and guess["loss"][1] > 0
        model = await now(study.model())
        assert not model and model.metrics == {} and model.results == 2
        assert "initial design" in str(model) and "initial design" in model._repr_html_()
        for wrong, field in (({"lr": 5.0}, "lr"), ({"opt": 1.0}, "opt"), ({"depth": 1}, "depth"),
                             ({"opt": 1, "momentum": 0.5}, "momentum")):
            with pytest.raises(krige.InvalidArgument) as caught:
                await now(study.enqueue([POINT, wrong]))
            assert field in caught.value.field and caught.value.field.startswith("points[1]")
    both(main)


def test_corrections(both):
    async def main(study):
        trial, running, queued = await now(study.ask(n=3))
        await now(trial.tell(5.0))
        await now(queued.release())
        await now(study.tell_point(POINT, 3.0))
        assert (await now(study.edit(trial, (2.0, 0.5)))).sems == {"loss": 0.5}
        assert (await now(study.best)).number == 0
        assert (await now(study.exclude(0, "bad"))).excluded
        assert (await now(study.best)).number == 3
        view = await now(study.include(0))
        assert not view.excluded and view.note == "bad" and (await now(study.best)).number == 0
        assert (await now(study.note(running, "mine"))).note == "mine"
        assert (await now(study.note(running, ""))).note is None
        view = await now(running.edit(labels={"a": 1, "b": None}))
        assert view.labels == running.labels == {"a": 1, "b": None}
        assert (await now(study.edit(1, remove_labels=["a"]))).labels == {"b": None}
        for call in (lambda: study.edit(running, 1.0), lambda: study.exclude(running),
                     lambda: study.delete_trial(running), lambda: study.requeue(trial),
                     lambda: study.cancel(trial), lambda: study.edit(queued, 1.0)):
            with pytest.raises(krige.Conflict):
                await now(call())
        assert (await now(study.cancel(queued))).state == "CANCELLED"
        assert (await now(study.requeue(queued))).state == "QUEUED"
        await now(study.delete_trial(queued))
        await now(study.delete_trial(trial))
        with pytest.raises(krige.NotFound):
            await now(study.trial(0))
        assert [v.number for v in await now(study.trials())] == [1, 3]
        assert (await now(study.info())).counts == {"RUNNING": 1, "COMPLETE": 1}
    both(main)


def test_settings(both):
    async def main(study):
        before = await now(study.info())
        assert (before.version, before.on_expiry, before.noise) == (1, "expire", 0.25)
        view = await now(study.set(budget=4, lease=30, on_expiry="requeue", retry_limit=5,
                                   labels={"team": "a", "n": 1}, expected_version=1))
        assert (view.budget, view.lease, view.on_expiry, view.retry_limit, view.version) == (
            4, 30.0, "requeue", 5, 2)
        assert await now(study.labels) == {"team": "a", "n": 1}
        assert (await now(study.set(remove_labels=["n"]))).labels == {"team": "a"}
        with pytest.raises(krige.Conflict):
            await now(study.set(budget=9, expected_version=1))
        trials = await now(study.ask(n=4))
        with pytest.raises(krige.BudgetSpent):
            await now(study.ask())
        await now(study.set(budget=2))
        assert await now(trials[3].report(1, 1.0)) and trials[3].stop_reason == "BUDGET"
        assert (await now(study.set(budget=None))).budget is None
        assert (await now(study.ask())).number == 4
    both(main, noise=0.25)


def test_waits(both):
    def later(call, *arguments):
        """From a thread with a client of its own."""
        def run():
            time.sleep(0.15)
            with krige.connect(study_of["endpoint"]) as client:
                call(client.study(study_of["name"]), *arguments)
        thread = threading.Thread(target=run)
        thread.start()
        return thread
    study_of = {}

    async def main(study):
        study_of.update(endpoint=study._client.endpoint, name=study.name)
        trial = await now(study.ask())
        with pytest.raises(krige.StudyFinished):
            await now(study.ask(wait=0.05))
        thread = later(lambda s: s.set(budget=2))
        second = await now(study.ask(wait=30))
        thread.join()
        assert second.number == 1
        with pytest.raises(krige.Timeout):
            await now(study.wait("complete>=1", timeout=0.1))
        thread = later(lambda s: s.tell_point(POINT, 0.5))
        assert (await now(study.wait("best<1", timeout=30))).best.value == 0.5
        thread.join()
        await now(trial.tell(2.0))
        thread = later(lambda s: s.cancel(1))
        await now(study.finish())
        assert (await now(study.wait("complete", timeout=30))).counts["CANCELLED"] == 1
        thread.join()
        seen = study.trials()
        await now(seen) if inspect.isawaitable(seen) else len(seen)
        await now(study.note(0, "x"))
        assert [v.number for v in await now(study.trials(since=seen.seq))] == [0]
    both(main, budget=1)


def test_why(both):
    async def main(study):
        why = await now(study.why())
        assert why.next == "initial" and str(why) and why.error is None and why.left == 3
        await now(study.enqueue(POINT))
        why = await now(study.why())
        assert (why.next, why.next_number, why.queued) == ("queued", 0, 1)
        trial = await now(study.ask())
        why = await now(study.why())
        assert why.running == 1 and why.expiry_number == trial.number and 0 < why.expiry <= 600
        await now(study.pause())
        why = await now(study.why())
        assert why.next == "nothing" and isinstance(why.error, krige.NotNow)
        assert "paused" in str(why) and "<p>" in why._repr_html_()
    both(main, budget=3)


def test_clone_delete_undelete(both):
    async def main(study):
        for i in range(3):
            await now(study.tell_point({**POINT, "lr": 0.01 * (i + 1)}, (i, 0.5), labels={"i": i}))
        await now(study.exclude(1))
        copied = await now(study.clone(study.name + " 2"))
        views = list(await now(copied.trials()))
        assert [(v.value, v.sems, v.labels) for v in views] == [
            (0, {"loss": 0.5}, {"i": 0}), (2, {"loss": 0.5}, {"i": 2})]
        assert copied.space == study.space and (await now(copied.info())).noise is None
        await now(study.delete())
        with pytest.raises(krige.NotFound):
            await now(study.info())
        await now(study.undelete())
        assert (await now(study.best)).value == 0
    both(main)


def test_fields_are_those_of_the_user(both):
    async def main(study):
        trial = await now(study.ask())
        for call, field in ((lambda: trial.tell({"los": 1.0}), "value.los"),
                            (lambda: trial.tell((1.0, -1.0)), "value.sem"),
                            (lambda: study.tell_point({**POINT, "lr": 9.0}, 1), "params.lr"),
                            (lambda: study.set(lease=0), "lease"),
                            (lambda: study.set(labels={"a": "x" * 5000}), "labels.a"),
                            (lambda: study.edit(0, labels={"a": "x" * 5000}), "labels.a"),
                            (lambda: study.edit(0, note="x" * 5000), "note"),
                            (lambda: study.ask(fixed={"opt": 7}), "fixed.opt")):
            with pytest.raises(krige.InvalidArgument) as caught:
                await now(call())
            assert caught.value.field == field, str(caught.value)
    both(main)


def test_optimize(both):
    async def main(study):
        def fn(trial):
            if trial.params["layers"] == 4:
                raise ValueError("too deep")
            return math.log10(trial.params["lr"]) ** 2 + trial.params["layers"]
        await now(study.optimize(fn, n_jobs=2, catch=ValueError, max_failures=None,
                                 progress=False, n_trials=16))
        info = await now(study.info())
        assert sum(info.counts.values()) == 16 and info.best.params["layers"] < 4
        rows = await now(study.to_dicts("COMPLETE"))
        assert {row["state"] for row in rows} == {"COMPLETE"}
        pytest.importorskip("pandas")
        frame = await now(study.to_dataframe())
        assert str(frame["params.fast"].dtype) == "bool" and len(frame) == 16
        assert frame["params.momentum"].isna().sum() == (frame["params.opt"] != "sgd").sum()
    both(main)


def test_a_cancelled_ask_leaves_nothing_running(daemon_of_all):
    async def main():
        async with aio.connect(daemon_of_all.endpoint) as client:
            study = await client.create_study(uuid.uuid4().hex, SPACE, "minimize loss", budget=2)
            for _ in range(5):
                tasks = [asyncio.create_task(study.ask(wait=0.5)) for _ in range(4)]
                await asyncio.sleep(0.001)
                for task in tasks:
                    task.cancel()
                for trial in await asyncio.gather(*tasks, return_exceptions=True):
                    if isinstance(trial, aio.Trial):  # it was there before
                        await trial.release()
        async with aio.connect(daemon_of_all.endpoint) as client:
            study = await client.study(study.name)
            assert "RUNNING" not in (await study.info()).counts
            assert [t.number for t in await study.ask(n=2)] == [0, 1]
    asyncio.run(main())


def test_a_worker_gets_its_trials_again(both, daemon_of_all):
    async def main(study):
        first, second = await now(study.ask(n=2, worker="gpu-3"))
        with krige.connect(daemon_of_all.endpoint) as after_the_crash:
            same = after_the_crash.study(study.name).ask(n=2, worker="gpu-3")
            assert [(t.number, t.attempt, t.params) for t in same] == [
                (0, 2, first.params), (1, 2, second.params)]
            assert after_the_crash.study(study.name).ask(worker="gpu-3").number == 2  # once
            same[0].tell(1.0)
            with pytest.raises(krige.StaleLease):
                await now(first.tell(2.0))
            await now(second.tell(3.0))  # late, and the only result
            with pytest.raises(krige.StaleLease):
                same[1].tell(4.0)
        assert [v.value for v in await now(study.trials("COMPLETE"))] == [1.0, 3.0]
    both(main)


def in_another_process(trial):
    for step in range(3):
        if trial.report(step, trial.params["lr"]):
            trial.prune()
            return None
    trial.edit(labels={"step": step})
    return trial.params["lr"], 0.1


def test_processes(both, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(pathlib.Path(__file__).parent))

    async def main(study):
        spawn = multiprocessing.get_context("spawn")
        with concurrent.futures.ProcessPoolExecutor(2, spawn) as pool:
            await now(study.optimize(in_another_process, executor=pool, progress=False))
        views = list(await now(study.trials()))
        assert len(views) == 6 and {v.state for v in views} == {"COMPLETE"}
        assert all(v.sems == {"loss": 0.1} and len(v.progress) == 3 for v in views)
        assert all(v.value == v.params["lr"] and v.labels == {"step": 2} for v in views)
    both(main, budget=6)


def test_thousands_of_tasks(daemon_of_all):
    """More than a process may have sockets; those that wait keep nobody waiting."""
    async def main():
        async with aio.connect(daemon_of_all.endpoint) as client:
            study = await client.create_study(uuid.uuid4().hex, SPACE, "minimize loss", budget=1)
            trial = await study.ask()
            waiting = [asyncio.create_task(study.ask(wait=20)) for _ in range(300)]
            await asyncio.gather(*(client.ping() for _ in range(2000)))
            await study.set(budget=301)
            trials = await asyncio.gather(*waiting)
            assert sorted(t.number for t in [trial, *trials]) == list(range(301))
            await asyncio.gather(*(t.tell(float(t.number)) for t in [trial, *trials]))
            assert (await study.best).value == 0.0
    asyncio.run(main())
