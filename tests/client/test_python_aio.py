"""krige.aio: what it shares with krige, tried with both, and what only tasks can do."""
import asyncio
import concurrent.futures
import copy
import gc
import inspect
import math
import os
import pickle
import random
import re
import threading
import time
import warnings

import krige
import pytest
from krige import _exchange, aio

SPACE = {"x": krige.Float(0, 1), "n": krige.Int(1, 5), "c": krige.Categorical(["a", 1, None])}


# ---- one interface ----

def public(cls):
    return {name for name in dir(cls) if not name.startswith("_")}


def shape(member):
    """Parameters with their defaults and types; the result differs."""
    if isinstance(member, property):
        return "property"
    return [(p.name, p.kind, p.default, re.sub(r"blocking\w*\.", "", str(p.annotation)))
            for p in inspect.signature(member).parameters.values()]


@pytest.mark.parametrize("name", ["Client", "Study", "Trial"])
def test_same_names_and_signatures(name):
    ours, theirs = getattr(krige, name), getattr(aio, name)
    assert public(ours) == public(theirs)
    for member in public(ours):
        a, b = (inspect.getattr_static(cls, member) for cls in (ours, theirs))
        if (name, member) == ("Study", "optimize"):
            assert [x[:3] for x in shape(a)] == [x[:3] for x in shape(b)]
        elif callable(a) or isinstance(a, property):
            assert shape(a) == shape(b), member
        assert b.__doc__ and (b.__doc__ == a.__doc__ or member == "optimize"), member


def test_same_module():
    assert sorted(krige.__all__) == sorted(aio.__all__)
    for name in krige.__all__:
        assert (getattr(krige, name) is getattr(aio, name)) == (
            name not in ("Client", "Study", "Trial", "Trials", "connect")), name
    assert shape(krige.connect) == shape(aio.connect)


# ---- both, against a daemon that misbehaves ----

async def now(value):
    return await value if inspect.isawaitable(value) else value


@pytest.fixture(params=[krige, aio], ids=["krige", "krige.aio"])
def both(request, fake):
    """Runs an async function with a study; `now` awaits what is to be awaited."""
    def run(function):
        async def main():
            client = await now(request.param.connect(fake.endpoint))
            try:
                await function(await now(client.create_study("s", SPACE, "minimize y")))
            finally:
                await now(client.close())
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            asyncio.run(main())
            gc.collect()
    return run


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(_exchange, "FIRST_PATIENCE", 0.02)
    monkeypatch.setattr(_exchange, "LAST_PATIENCE", 0.04)


@pytest.mark.parametrize("script", [
    ["drop", "mute"], ["mute"], ["twice"], ["stale"], ["garbage"], [("slow", 0.06)]], ids=str)
def test_every_change_is_made_once(both, fake, impatient, script):
    """Lost, doubled, late and foreign replies, on each verb in turn."""
    async def main(study):
        async def verbs():
            trial = await now(study.ask())
            yield trial
            yield await now(trial.report(1, 0.5))
            yield await now(trial.edit(note="n"))
            yield await now(trial.tell(1.0))
            yield await now(study.enqueue({"x": 0.5}))
            yield await now(study.cancel(1))
            yield await now(study.requeue(1))
            yield await now(study.exclude(0))
            yield await now(study.tell_point({"x": 0, "n": 1, "c": "a"}, 2.0))
            yield await now(study.delete_trial(2))
            yield await now(study.set(budget=9))
            yield await now(study.best)
        fake.script = list(script)
        done = 0
        async for _ in verbs():
            done += 1
            fake.script = list(script)
        fake.script = []
        assert done == 12
        views = list(await now(study.trials()))
        assert [(v.number, v.state) for v in views] == [(0, "COMPLETE"), (1, "QUEUED")]
        assert [p.value for p in views[0].progress] == [0.5] and views[0].note == "n"
        info = await now(study.info())
        assert info.version == 2 and fake.studies[b"s"]["next"] == 3
    both(main)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_random_faults(both, fake, impatient, seed):
    """Whatever the network does, a run of n trials leaves n trials, with the values told."""
    print("seed", seed)
    chance = random.Random(seed)
    told = {}

    async def main(study):
        fake.script = [chance.choice([
            None, None, "drop", "mute", "twice", "stale", "garbage", ("slow", 0.03),
            ("error", 11, 1), ("error", 10, 1)]) for _ in range(60)]
        for i in range(8):
            trial = await now(study.ask())
            for step in range(chance.randrange(3)):
                await now(trial.report(step, float(step)))
            told[trial.number] = i / 7
            await now(trial.tell(told[trial.number]))
        fake.script = []
        views = list(await now(study.trials()))
        assert {v.number: v.value for v in views} == told == {i: i / 7 for i in range(8)}
        assert all([p.step for p in v.progress] == list(range(len(v.progress))) for v in views)
    both(main)


def test_timeout_and_absence(both, fake):
    async def main(study):
        fake.script = ["drop"] * 100
        with pytest.raises(krige.Timeout, match="Suggest"):
            await now(study.ask(timeout=0.1))
        fake.script = []
        trial = await now(study.ask())
        fake.close()
        if os.path.exists(fake.endpoint[6:]):
            os.unlink(fake.endpoint[6:])
        with pytest.raises(krige.ConnectionFailed):
            await now(trial.tell(1.0, timeout=0.1))
    both(main)


@pytest.mark.parametrize("code, kind", [(9, krige.NotNow), (10, krige.Overloaded),
                                        (11, krige.Unavailable)])
def test_later_is_waited_out(both, fake, code, kind):
    async def main(study):
        fake.script = [("error", code, 50)] * 2
        assert (await now(study.ask())).number == 0
        fake.script = [("error", code, 60000)]
        with pytest.raises(kind) as caught:
            await now(study.ask(timeout=5))
        assert caught.value.retry_after == 60.0
    both(main)


def test_every_code_has_a_class(both, fake):
    async def main(study):
        seen = set()
        for code in range(1, 19):
            fake.script = [("error", code, 60000)]
            with pytest.raises(krige.Error, match="told to") as caught:
                await now(study.ask())
            assert type(caught.value) is not krige.Error
            seen.add((caught.value.code, type(caught.value)))
        assert len(seen) == len({kind for _, kind in seen}) == 18
        assert (await now(study.ask())).number == 0
    both(main)


def test_renewal(both, fake):
    async def main(study):
        fake.lease_ms = 200
        stopped, lost, fine, dropped = await now(study.ask(n=4))
        fake.stops[0] = 2
        fake.studies[b"s"]["trials"][1].state = 7
        del dropped
        gc.collect()
        end = time.monotonic() + 5
        while not (stopped.stop_reason and lost.stop_reason):
            assert time.monotonic() < end
            await asyncio.sleep(0.01)
        assert (stopped.stop_reason, lost.stop_reason, fine.stop_reason) == (
            "PAUSED", "LOST", None)
        beats = [{lease.number for lease in r.leases} for m, r in fake.requests if m == "Heartbeat"]
        assert beats[-1] <= {0, 1, 2}
        await now(stopped.prune())
        await now(fine.tell(1.0))
        await asyncio.sleep(0.1)
        seen = fake.count("Heartbeat")
        await asyncio.sleep(0.25)
        assert fake.count("Heartbeat") == seen
    both(main)


def test_copies(both, fake):
    async def main(study):
        trial = await now(study.ask())
        for other in (copy.deepcopy(trial), pickle.loads(pickle.dumps(trial))):
            assert type(other) is type(trial) and other._study._client is study._client
        await now(other.tell(0.5))
        assert other.done and (await now(study.best)).value == 0.5
    both(main)


def test_tables(both):
    async def main(study):
        await now((await now(study.ask())).tell(0.5))
        (row,) = await now(study.to_dicts())
        assert row["values"] == {"y": 0.5}
        pytest.importorskip("pandas")
        assert list((await now(study.to_dataframe()))["values.y"]) == [0.5]
        assert "krige" in repr(study) and "<table>" in study._repr_html_()
    both(main)


# ---- tasks ----

def with_study(fake, function, **settings):
    async def main():
        async with aio.connect(fake.endpoint) as client:
            return await function(await client.create_study("s", SPACE, "minimize y", **settings))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = asyncio.run(main())
        gc.collect()
    return result


def states(fake):
    return [int(t.state) for t in fake.studies[b"s"]["trials"]]


def test_connect_and_ask_are_context_managers(fake):
    async def main(study):
        async with study.ask() as trial:
            await trial.tell(1.0)
        with pytest.raises(KeyError):
            async with study.ask():
                raise KeyError("lr")
        async with study.ask() as trial:
            await study.cancel(trial)
            assert await trial.report(1, 0.5)
            await trial.prune()
        tasks = [asyncio.create_task(study.ask()) for _ in range(5)]  # they are coroutines
        assert {t.number for t in await asyncio.gather(*tasks)} == {3, 4, 5, 6, 7}
        assert [t.number for t in await study.ask(n=2)] == [8, 9]
        seen = study.trials()
        assert [v.number async for v in seen] == [v.number for v in await seen] == list(range(10))
        assert seen.seq > 0 and await study.trials(since=seen.seq) == []
        assert [v.state for v in await study.trials(["COMPLETE", "FAILED", "CANCELLED"])] == [
            "COMPLETE", "FAILED", "CANCELLED"]
    with_study(fake, main)


def test_calls_do_not_wait_for_each_other(fake):
    async def main(study):
        await study.set(budget=1)
        trial = await study.ask()
        waiting = [asyncio.create_task(study.ask(wait=30)) for _ in range(3)]
        await asyncio.sleep(0.1)
        await trial.fail()
        done, pending = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        (given,) = done
        assert given.result().number == 1
        await study.set(budget=3)
        assert {t.result().number for t in (await asyncio.wait(pending))[0]} == {2, 3}
    with_study(fake, main)


@pytest.mark.parametrize("script", [[], ["drop"], ["mute"], [("slow", 0.15)]], ids=str)
def test_a_cancelled_ask_gives_back_what_it_got(fake, impatient, script):
    async def main(study):
        fake.script = list(script)
        ask = asyncio.create_task(study.ask(n=3))
        while fake.count("Suggest") == 0:
            await asyncio.sleep(0)
        ask.cancel()
        with pytest.raises(asyncio.CancelledError):
            await ask
    with_study(fake, main)  # closing waits for it
    assert states(fake) in ([1, 1, 1], []) and fake.count("Observe") == 0
    ids = {bytes(r.meta.request_id) for m, r in fake.requests if m == "Suggest"}
    assert len(ids) <= 1


def test_an_ask_that_never_left_is_not_made(fake):
    async def main(study):
        ask = asyncio.create_task(study.ask())
        ask.cancel()
        with pytest.raises(asyncio.CancelledError):
            await ask
        await asyncio.sleep(0.05)
    with_study(fake, main)
    assert fake.count("Suggest") == 0


def test_a_cancelled_wait_gives_back_what_comes_later(fake):
    async def main(study):
        trial = await study.ask()
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(study.ask(wait=20), 0.1)
        await trial.fail()
        await asyncio.sleep(0.1)
    with_study(fake, main, budget=1)
    assert states(fake) == [5, 1]


def test_a_cancelled_evaluation_releases(fake):
    async def main(study):
        async def work():
            async with study.ask():
                await asyncio.sleep(60)
        task = asyncio.create_task(work())
        while not states(fake):
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    with_study(fake, main)
    assert states(fake) == [1]


def test_a_client_in_one_loop_after_another(fake):
    client = aio.Client(fake.endpoint)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for i in range(3):
            async def main(i=i):
                study = await client.create_study("s", SPACE, "minimize y", if_exists="attach")
                assert (await study.ask()).number == i
            asyncio.run(main())
        asyncio.run(client.close())
        with pytest.raises(krige.ConnectionFailed, match="closed"):
            asyncio.run(client.ping())
        del client
        gc.collect()


def test_a_dropped_client_leaves_no_task(fake):
    async def main():
        fake.lease_ms = 150
        client = await aio.connect(fake.endpoint)
        trial = await (await client.create_study("s", SPACE, "minimize y")).ask()
        assert len(asyncio.all_tasks()) == 3  # this one, the renewal, the reader of the socket
        del client, trial
        gc.collect()
        end = time.monotonic() + 5
        while len(asyncio.all_tasks()) > 1:
            assert time.monotonic() < end
            await asyncio.sleep(0.01)
    asyncio.run(main())


def test_a_trial_unpickled_outside_a_loop(fake):
    async def start(study):
        return pickle.dumps(await study.ask())
    fake.lease_ms = 150
    trial = pickle.loads(with_study(fake, start))

    async def end():
        assert await trial.report(1, 0.5) is False
        await asyncio.sleep(0.2)
        await trial.tell(0.25)
        await trial._study._client.close()
    asyncio.run(end())
    assert fake.count("Heartbeat") >= 1 and states(fake) == [3]


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_has_a_connection_of_its_own(fake):
    async def ask(client):
        study = await client.create_study("s", SPACE, "minimize y", if_exists="attach")
        return await study.ask()
    client = aio.Client(fake.endpoint)
    trial = asyncio.run(ask(client))
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            asyncio.run(ask(client))
            asyncio.run(trial.tell(1.0))
            code = 0
        finally:
            os._exit(code)
    assert os.waitpid(pid, 0)[1] == 0
    assert asyncio.run(ask(client)).number == 2 and states(fake) == [3, 2, 2]
    asyncio.run(client.close())


# ---- optimize ----

def test_optimize(fake, capsys):
    async def main(study):
        running = peak = 0

        async def fn(trial):
            nonlocal running, peak
            running += 1
            peak = max(peak, running)
            await asyncio.sleep(0.01)
            running -= 1
            return trial.params["x"]
        await study.optimize(fn, n_jobs=4)
        assert peak == 4 and (await study.info()).counts == {"COMPLETE": 20}
        await study.set(budget=22)
        await study.optimize(lambda trial: 0.5, progress=False)  # a plain function
    with_study(fake, main, budget=20)
    assert states(fake) == [3] * 22
    assert capsys.readouterr().err.splitlines()[-1].startswith("s 20/20: trial ")


def test_optimize_errors(fake):
    async def main(study):
        async def fn(trial):
            if trial.number == 2:
                raise ZeroDivisionError("by zero")
            return math.nan if trial.number == 3 else 1.0
        await study.optimize(fn, 5, catch=ZeroDivisionError, progress=False)
        with pytest.raises(KeyError):
            await study.optimize(lambda trial: {}[0], 9, n_jobs=2, progress=False)
        with pytest.raises(krige.InvalidArgument, match="return its value"):
            await study.optimize(lambda trial: None, 1, progress=False)
        for wrong in (None, 3):
            with pytest.raises(krige.InvalidArgument):
                await study.optimize(wrong)
    with_study(fake, main)
    assert states(fake)[:5] == [3, 3, 5, 5, 3] and 2 not in states(fake)


def test_optimize_cancelled(fake):
    async def main(study):
        async def fn(trial):
            if trial.number < 3:
                return 1.0
            await asyncio.sleep(60)
        task = asyncio.create_task(study.optimize(fn, n_jobs=2, progress=False))
        while len(states(fake)) < 5:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    with_study(fake, main)
    assert states(fake) == [3, 3, 3, 1, 1]


def test_optimize_in_an_executor(fake):
    seen = set()

    def fn(trial):
        assert type(trial) is krige.Trial and not trial.report(1, 0.5)
        seen.add(threading.current_thread().name.split("_")[0])
        if trial.number == 1:
            trial.infeasible("no")
            return None
        return trial.number

    async def main(study):
        with concurrent.futures.ThreadPoolExecutor(3, "pool") as pool:
            await study.optimize(fn, 6, executor=pool, progress=False)
    with_study(fake, main)
    assert seen == {"pool"} and sorted(states(fake)) == [3] * 5 + [6]
