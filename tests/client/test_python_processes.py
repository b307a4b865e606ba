"""Trials in other processes: executors, forks, pickles."""
import concurrent.futures
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import threading
import time

import krige
import pytest

SPACE = {"x": krige.Float(0, 1), "n": krige.Int(1, 5)}


@pytest.fixture
def client(fake):
    with krige.connect(fake.endpoint) as client:
        yield client


@pytest.fixture
def study(client):
    return client.create_study("s", SPACE, "minimize y")


def states(study):
    return [view.state for view in study.trials()]


# What runs elsewhere has a name that pickle finds.

def report_and_return(trial):
    assert trial.report(1, 0.5) is False
    return trial.params["x"], 0.1


def end_it_there(trial):
    if trial.number == 0:
        trial.tell(7.0)
    elif trial.number == 1:
        trial.prune("slow")
    elif trial.number == 2:
        trial.fail("broken")
        raise ValueError("after the end")
    else:
        raise ArithmeticError(f"trial {trial.number}")


def interrupt(trial):
    if trial.number == 1:
        raise KeyboardInterrupt
    time.sleep(0.2)
    return 1.0


def die(trial):
    os._exit(3)


def pid_of(trial):
    trial.report(1, os.getpid())
    return 1.0


POOLS = {
    "threads": lambda: concurrent.futures.ThreadPoolExecutor(3),
    "fork": lambda: concurrent.futures.ProcessPoolExecutor(
        2, multiprocessing.get_context("fork")),
    "spawn": lambda: concurrent.futures.ProcessPoolExecutor(
        2, multiprocessing.get_context("spawn")),
}


@pytest.fixture(params=POOLS)
def pool(request, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.path.dirname(__file__))
    with POOLS[request.param]() as pool:
        yield pool


pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


def test_optimize_in_an_executor(study, fake, pool):
    study.optimize(report_and_return, 7, executor=pool, progress=False)
    views = study.trials()
    assert [v.state for v in views] == ["COMPLETE"] * 7
    assert all(v.value == v.params["x"] and v.sems == {"y": 0.1} for v in views)
    assert all(len(v.progress) == 1 for v in views)
    with pytest.raises(ArithmeticError, match="trial 9"):
        fake.studies[b"s"].update(next=0, trials=[])
        study.optimize(end_it_there, executor=pool, n_jobs=1, progress=False,
                       catch=(ValueError, ArithmeticError), max_failures=8)
    views = study.trials()
    assert [v.state for v in views] == ["COMPLETE", "PRUNED"] + ["FAILED"] * 8
    assert views[0].value == 7.0 and views[2].reason == "broken"
    assert views[3].reason == "ArithmeticError: trial 3"


def test_an_executor_gets_as_many_trials_as_it_has_workers(study):
    began, go = threading.Semaphore(0), threading.Event()

    def fn(trial):
        began.release()
        assert go.wait(5)
        return 1.0

    def watch():
        for _ in range(3):
            assert began.acquire(timeout=5)
        time.sleep(0.05)
        counts.update(study.info().counts)
        go.set()
    counts = {}
    watcher = threading.Thread(target=watch)
    watcher.start()
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        study.optimize(fn, 5, executor=pool, progress=False)
    watcher.join()
    assert counts == {"RUNNING": 3} and states(study) == ["COMPLETE"] * 5


def test_budget_that_comes_back_goes_to_the_executor(client):
    study = client.create_study("b", SPACE, "minimize y", budget=4)

    def fn(trial):
        time.sleep(0.02 * (trial.number % 3))
        if trial.number == 3:
            raise ValueError
        return 1.0
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        study.optimize(fn, 9, executor=pool, catch=ValueError, progress=False)
    assert study.info().counts == {"COMPLETE": 4, "FAILED": 1}


@pytest.mark.parametrize("kind", ["threads", "fork"])
def test_interrupts_release_what_runs(study, kind):
    with POOLS[kind]() as pool:
        with pytest.raises(KeyboardInterrupt):
            study.optimize(interrupt, 9, executor=pool, n_jobs=2, progress=False)
    assert set(states(study)) <= {"COMPLETE", "QUEUED"} and states(study)[1] == "QUEUED"


def test_a_worker_that_dies(study):
    with POOLS["fork"]() as pool:
        with pytest.raises(concurrent.futures.BrokenExecutor):
            study.optimize(die, executor=pool, progress=False)
    assert set(states(study)) == {"QUEUED"}
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        pass
    with pytest.raises(RuntimeError, match="shutdown"):
        study.optimize(die, executor=pool, progress=False)
    assert set(states(study)) == {"QUEUED"}


def test_a_function_without_a_name(study):
    with POOLS["fork"]() as pool:
        with pytest.raises((pickle.PicklingError, AttributeError)):
            study.optimize(lambda trial: 1.0, 3, executor=pool, progress=False)
    assert set(states(study)) <= {"FAILED", "QUEUED"}


# ---- pickles ----

CHILD = """
import pickle, sys
import krige
with open(sys.argv[1], "rb") as file:
    trial = pickle.load(file)
assert not trial.report(1, 0.5)
trial.tell({"y": trial.params["x"]})
"""


def test_a_trial_told_by_another_program(study, fake, folder):
    trial = study.ask(worker="parent")
    (folder / "trial").write_bytes(pickle.dumps(trial))
    subprocess.run([sys.executable, "-c", CHILD, str(folder / "trial")], check=True)
    view = study.best
    assert view.number == trial.number and view.value == trial.params["x"]
    with pytest.raises(krige.StaleLease):
        trial.tell(5.0)
    tokens = {bytes(r.lease.token) for m, r in fake.requests if m == "Report"}
    assert len(tokens) == 1 and len(tokens.pop()) == 16


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


def test_a_forked_child_has_a_connection_of_its_own(study, fake):
    fake.lease_ms = 200
    trial = study.ask()

    def work():
        mine = study.ask()
        time.sleep(0.2)  # renewed by a thread of the child
        assert trial.report(1, 0.5) is False
        mine.tell(1.0)
    assert in_child(work) == 0
    assert states(study) == ["RUNNING", "COMPLETE"]
    numbers = [sorted(lease.number for lease in r.leases)
               for m, r in fake.requests if m == "Heartbeat"]
    assert [0] in numbers and [1] in numbers and [0, 1] not in numbers
    trial.tell(2.0)


def test_forks_while_other_threads_call(study):
    stop = threading.Event()

    def work():
        while not stop.is_set():
            study.ask().tell(1.0)
    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(5):
            assert in_child(lambda: study.ask().tell(0.5)) == 0
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    views = study.trials("COMPLETE")
    assert len(views) == len(study.trials()) and sum(v.value == 0.5 for v in views) == 5


def test_multiprocessing_pool(study, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.path.dirname(__file__))
    trials = study.ask(n=4)
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        values = pool.map(pid_of, trials)
    for trial, value in zip(trials, values):
        trial.tell(value)
    pids = {v.progress[0].value for v in study.trials("COMPLETE")}
    assert len(pids) in (1, 2) and os.getpid() not in pids


def test_ctrl_c(fake):
    """A real signal, in a real program: everything that runs is given back."""
    program = """
import os, sys, time, krige
study = krige.connect(sys.argv[1]).create_study("c", {"x": krige.Float(0, 1)}, "minimize y")
def fn(trial):
    os.write(1, b"begun\\n")
    time.sleep(60)
study.optimize(fn, n_jobs=int(sys.argv[2]), progress=False)
"""
    for jobs in (1, 3):
        fake.studies.clear()
        child = subprocess.Popen([sys.executable, "-c", program, fake.endpoint, str(jobs)],
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(jobs):
            assert child.stdout.readline() == "begun\n"
        child.send_signal(signal.SIGINT)
        _, words = child.communicate(timeout=10)
        assert words.rstrip().endswith("KeyboardInterrupt")
        assert [(t.state, t.reason) for t in fake.studies[b"c"]["trials"]] == [
            (1, b"KeyboardInterrupt")] * jobs


def test_ctrl_c_in_an_ask(fake):
    """The trial that was on its way is given back, too."""
    program = """
import sys, krige
study = krige.connect(sys.argv[1]).create_study("c", {"x": krige.Float(0, 1)}, "minimize y")
print("begun", flush=True)
study.ask()
"""
    fake.script = [None, ("slow", 0.4)]
    child = subprocess.Popen([sys.executable, "-c", program, fake.endpoint],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert child.stdout.readline() == "begun\n"
    end = time.monotonic() + 5
    while not fake.studies[b"c"]["trials"]:
        assert time.monotonic() < end
        time.sleep(0.01)
    child.send_signal(signal.SIGINT)
    _, words = child.communicate(timeout=10)
    assert words.rstrip().endswith("KeyboardInterrupt")
    assert [t.state for t in fake.studies[b"c"]["trials"]] == [1]
