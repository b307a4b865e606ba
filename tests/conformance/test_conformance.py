"""Runs the cases of cases/*.json through the driver of each client: see README.md."""
import concurrent.futures
import json
import os
import pathlib
import select
import shutil
import subprocess
import sys
import tempfile
import time

import pytest

HERE = pathlib.Path(__file__).resolve().parent
CHECKOUT = HERE.parents[1]
sys.path.insert(0, str(HERE))

from proxy import Proxy  # noqa: E402

BINARY = pathlib.Path(os.environ.get("KRIGED_BIN", CHECKOUT / "build/release/bin/kriged"))
DRIVERS = {
    "python": [sys.executable, str(HERE / "python_driver.py")],
    "c": [str(BINARY.parents[1] / "tests/conformance/c_driver")],
}
STEP_SECONDS = 60
AT_A_TIME = 5


def cases():
    found = []
    for path in sorted((HERE / "cases").glob("*.json")):
        for case in json.loads(path.read_text()):
            found.append(pytest.param(case, id=f"{path.stem}:{case['name']}"))
    return found


# ---- does an answer fit ------------------------------------------------------


def kind(value):
    if value is None:
        return "null"
    return {bool: "bool", int: "int", float: "real", str: "text"}.get(type(value), "list")


def same(a, b):
    return kind(a) == kind(b) and a == b


def misfit(expected, answer, where="answer"):
    """None, or what does not fit."""
    if isinstance(expected, dict):
        pattern = next(iter(expected), "")
        if pattern.startswith("$"):
            return misfit_pattern(pattern, expected[pattern], answer, where)
        if not isinstance(answer, dict):
            return f"{where} is {answer!r}, not an object"
        for key, part in expected.items():
            if part == {"$absent": True}:
                if key in answer:
                    return f"{where}.{key} is {answer[key]!r}; it should be absent"
                continue
            if key not in answer:
                return f"{where}.{key} is missing in {answer!r}"
            found = misfit(part, answer[key], f"{where}.{key}")
            if found:
                return found
        return None
    if isinstance(expected, list):
        if not isinstance(answer, list) or len(answer) != len(expected):
            return f"{where} is {answer!r}; it should be a list of {len(expected)}"
        return next(filter(None, (misfit(e, a, f"{where}[{i}]")
                                  for i, (e, a) in enumerate(zip(expected, answer)))), None)
    return None if same(expected, answer) else f"{where} is {answer!r}; it should be {expected!r}"


def misfit_pattern(pattern, argument, answer, where):
    if pattern == "$between":
        good = kind(answer) in ("int", "real") and argument[0] <= answer <= argument[1]
    elif pattern == "$in":
        good = any(same(answer, choice) for choice in argument)
    elif pattern == "$type":
        good = kind(answer) == argument
    elif pattern == "$len":
        good = isinstance(answer, list) and len(answer) == argument
    elif pattern == "$has":
        good = isinstance(answer, list) and all(
            any(misfit(part, element) is None for element in answer) for part in argument)
    else:
        raise ValueError(f"unknown pattern {pattern}")
    return None if good else f"{where} is {answer!r}; it should fit {pattern} {argument!r}"


def test_the_patterns_can_fail():
    assert misfit({"a": 1}, {"a": 1, "b": 2}) is None
    for expected, answer in [({"a": 1}, {"a": 1.0}), ({"a": 1}, {"a": True}), ({"a": None}, {}),
                             ({"a": {"$absent": True}}, {"a": None}), ([1], [1, 2]),
                             ({"$between": [0, 1]}, 2), ({"$in": [1, "1"]}, 1.0),
                             ({"$type": "real"}, 1), ({"$len": 2}, [1]),
                             ({"$has": [{"n": 1}]}, [{"n": 2}])]:
        assert misfit(expected, answer), (expected, answer)


# ---- what a case runs in -------------------------------------------------------


class Driver:
    def __init__(self, command, endpoint):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, bufsize=1)
        self.ask({"do": "open", "endpoint": endpoint, "attempt": 0.5, "retry": 20})

    def ask(self, step):
        self.process.stdin.write(json.dumps(step) + "\n")
        self.process.stdin.flush()
        ready, _, _ = select.select([self.process.stdout], [], [], STEP_SECONDS)
        assert ready, f"no answer to {step} within {STEP_SECONDS} s"
        line = self.process.stdout.readline()
        assert line, f"the driver ended at {step}"
        return json.loads(line)

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def close(self):
        self.process.stdin.close()
        assert self.process.wait(20) == 0, "the driver ended badly"
        self.process.stdout.close()


class World:
    def __init__(self, command, folder):
        self.command, self.folder = command, folder
        self.backend = f"ipc://{folder}/daemon.sock"
        self.drivers = {}
        self.start()
        self.proxy = Proxy(f"ipc://{folder}/proxy.sock", self.backend)

    def start(self):
        self.log = open(self.folder / "kriged.log", "a+")
        self.daemon = subprocess.Popen(
            [str(BINARY), "--db", str(self.folder / "kriged.db"), "--endpoint", self.backend],
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for line in self.daemon.stderr:
            self.log.write(line)
            if line.startswith("kriged: ready"):
                return
        raise RuntimeError("kriged did not start")

    def stop_daemon(self, kill):
        self.daemon.kill() if kill else self.daemon.terminate()
        self.daemon.wait(20)
        self.daemon.stderr.close()

    def driver(self, name):
        if name not in self.drivers:
            self.drivers[name] = Driver(self.command, self.proxy.endpoint)
        return self.drivers[name]

    def fault(self, step):
        what = step["fault"]
        if what in ("kill", "restart"):
            self.stop_daemon(what == "kill")
            self.start()
        elif what == "worker_dies":
            self.drivers.pop(step.get("by", "a")).kill()
        elif what == "sleep":
            time.sleep(step["seconds"])
        else:
            self.proxy.arm(what, step.get("count", 1))

    def close(self, good):
        for driver in self.drivers.values():
            driver.close() if good else driver.kill()
        self.proxy.close()
        self.stop_daemon(False)
        self.log.close()


def check(step, answer):
    expected = step.get("expect", {})
    if isinstance(expected, dict) and "error" in expected:
        assert "error" in answer, f"{step}\nwas not refused: {answer}"
        assert answer["error"] == expected["error"], f"{step}\n{answer}"
        if "field" in expected:
            assert answer["field"] == expected["field"], f"{step}\n{answer}"
        for text in expected.get("says", []):
            assert text in answer["message"], f"{step}\n{answer}"
        return
    assert "ok" in answer, f"{step}\nwas refused: {answer}"
    if "expect" in step:
        found = misfit(expected, answer["ok"])
        assert found is None, f"{step}\n{found}"


def play(case, client):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="krige-case-"))
    world, good = World(DRIVERS[client], folder), False
    try:
        for step in case["steps"]:
            if "fault" in step:
                world.fault(step)
                continue
            sent = {key: value for key, value in step.items() if key not in ("by", "expect")}
            check(step, world.driver(step.get("by", "a")).ask(sent))
        good = True
    finally:
        world.close(good)
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def playing(request):
    """The chosen cases under way, some at a time: most of a case is waiting."""
    chosen = [item.callspec.params for item in request.session.items
              if item.originalname == "test_case"]
    with concurrent.futures.ThreadPoolExecutor(AT_A_TIME) as pool:
        yield {(params["case"]["name"], params["case"]["about"], params["client"]):
               pool.submit(play, params["case"], params["client"]) for params in chosen}


@pytest.mark.parametrize("client", DRIVERS)
@pytest.mark.parametrize("case", cases())
def test_case(playing, case, client):
    playing[case["name"], case["about"], client].result()


def test_there_are_a_hundred_cases():
    names = [case.id for case in cases()]
    assert len(names) >= 100 and len(set(names)) == len(names)
