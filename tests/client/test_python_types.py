"""Types of the Python client: mypy --strict over it, and over programs that use it."""
import os
import pathlib
import subprocess
import sys

import pytest

pytest.importorskip("mypy", reason="mypy is not installed in this environment")
CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
CLIENT = CHECKOUT / "client" / "python"

# What a type checker must see, and, where an ignore is used, what it must refuse.
PROGRAM = '''
import asyncio
import concurrent.futures
from typing import Dict, List, Mapping, Optional, Tuple

import krige
from krige import aio


def train(trial: krige.Trial) -> float:
    lr = trial.params["lr"]
    assert isinstance(lr, float)
    stop: bool = trial.report(1, lr)
    return lr


def blocking() -> None:
    with krige.connect() as client:
        study: krige.Study = client.create_study(
            "s", {"lr": krige.Float(0, 1)}, "minimize y", noise=None, labels={"a": 1})
        one: krige.Trial = study.ask()
        many: List[krige.Trial] = study.ask(n=3)
        one.tell((0.5, 0.1))
        one.tell({"y": [0.1, 0.2], "t": 3})
        number: int = study.enqueue({"lr": 0.1})
        numbers: List[int] = study.enqueue([{"lr": 0.1}])
        best: Optional[krige.TrialView] = study.best
        predicted: List[Dict[str, Tuple[float, float]]] = study.predict([{"lr": 0.5}])
        lengthscales: Mapping[str, float] = study.model().metrics["y"].lengthscales
        study.set(budget=None).version
        for view in study.trials(state=["COMPLETE"]):
            view.number + 1
        study.optimize(train, executor=concurrent.futures.ThreadPoolExecutor())
        study.ask(m=3)  # type: ignore[call-overload]
        study.ask(n="3")  # type: ignore[call-overload]
        study.set(budget="9")  # type: ignore[arg-type]
        one.report("1", 0.5)  # type: ignore[arg-type]
        one.telll(0.5)  # type: ignore[attr-defined]
        study.cancel("0")  # type: ignore[arg-type]


async def waiting() -> None:
    async with aio.connect() as client:
        study: aio.Study = await client.study("s")
        one: aio.Trial = await study.ask()
        many: List[aio.Trial] = await study.ask(n=3)
        async with study.ask() as trial:
            await trial.tell(trial.number)
        best: Optional[aio.TrialView] = await study.best
        views: List[aio.TrialView] = await study.trials()
        async for view in study.trials():
            view.number + 1
        study.ask().tell(0.5)  # type: ignore[attr-defined]
        task: "asyncio.Task[aio.Trial]" = asyncio.create_task(study.ask())
'''


def check(*arguments, where=CLIENT):
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--cache-dir", str(CHECKOUT / "build" / "mypy"),
         *arguments], cwd=where, env={**os.environ, "MYPYPATH": str(CLIENT)},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout


def test_the_client_is_typed():
    check()


def test_programs_see_the_types(tmp_path):
    (tmp_path / "program.py").write_text(PROGRAM)
    check("--strict", "--config-file", str(CLIENT / "pyproject.toml"), "program.py",
          where=tmp_path)


def test_typed_is_said():
    assert (CLIENT / "krige" / "py.typed").exists()
