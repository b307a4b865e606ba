"""Study.optimize: ask, evaluate and tell, in this thread, in several, or in an executor.

`Run` decides (whether one more trial is asked for, what becomes of one whose function has
ended); the drivers below, and `aio._optimize`, call the function in their ways.
"""
from __future__ import annotations

import asyncio
import concurrent.futures
import math
import threading
import time
import warnings
from typing import (TYPE_CHECKING, Any, Callable, Dict, Generic, List, Optional, Tuple, Type,
                    TypeVar, Union)

from . import _outcome, _scalar
from ._client import TIMEOUT
from ._exchange import Steps
from ._outcome import Outcome, describe
from ._progress import Progress
from ._trial import End
from .errors import (BudgetSpent, Conflict, Error, InvalidArgument, SpaceExhausted, StaleLease,
                     StudyFinished)

if TYPE_CHECKING:
    from ._study import StudyCore
    from ._trial import TrialCore
    from .study import Study
    from .trial import Trial

Catch = Union[Type[BaseException], Tuple[Type[BaseException], ...]]
Fn = Callable[["Trial"], Optional[Outcome]]

# Seconds in which an interrupted run gives its trials back.
FAREWELL = 2.0

_Study = TypeVar("_Study", bound="StudyCore[Any]")
_Trial = TypeVar("_Trial", bound="TrialCore[Any]")


class Run(Generic[_Study, _Trial]):
    """State of one optimize call, shared by its threads or tasks."""

    progress: Progress

    def __init__(self, study: _Study, fn: Any, n_trials: Optional[int],
                 n_jobs: Optional[int], executor: Any, catch: Catch,
                 max_failures: Optional[int], progress: Optional[bool],
                 worker: Optional[str]) -> None:
        if not callable(fn):
            raise InvalidArgument(f"fn: {fn!r} must be a function of a trial", field="fn")
        if not _are_exceptions(catch):
            raise InvalidArgument(f"catch: {catch!r} must be an exception class or a tuple of "
                                  "them", field="catch")
        if executor is not None and not hasattr(executor, "submit"):
            raise InvalidArgument(f"executor: {executor!r} must be a concurrent.futures.Executor, "
                                  "or have its submit", field="executor")
        if max_failures is not None:
            max_failures = _scalar.integer(max_failures, "max_failures", 1)
        if n_trials is not None:
            n_trials = _scalar.integer(n_trials, "n_trials", 0)
        if n_jobs is None:
            n_jobs = int(getattr(executor, "_max_workers", 1)) or 1
        self.n_jobs = _scalar.integer(n_jobs, "n_jobs", 1)
        self.study, self.catch = study, catch
        self.fn: Callable[..., Any] = fn
        self.executor: Any = executor
        self.worker, self.wanted = worker, progress
        self.lock = threading.Lock()
        self.left = n_trials
        self.max_failures, self.failures = max_failures, 0
        self.held: Dict[int, _Trial] = {}
        self.stopped = False
        self.interrupted = False
        self.error: Optional[BaseException] = None

    def begin(self, info: Any) -> Progress:
        """The progress, from what the study is at the start."""
        total = self.left
        if info.budget is not None:
            left = max(0, info.budget - info.reserved)
            total = left if total is None else min(total, left)
        best = info.best
        self.progress = Progress(
            self.wanted, self.study.name, total,
            self.study.metrics.get(self.study._objective) == "maximize",
            None if best is None else best.value, None if best is None else best.number)
        return self.progress

    def take(self) -> bool:
        """Whether one more trial may be asked for; counts it."""
        with self.lock:
            if self.stopped or self.left == 0:
                return False
            if self.left is not None:
                self.left -= 1
            return True

    def hold(self, trial: _Trial) -> bool:
        """A trial has been given; whether it is still wanted."""
        with self.lock:
            self.held[trial.number] = trial
            return not self.interrupted

    def let_go(self, trial: _Trial) -> None:
        with self.lock:
            self.held.pop(trial.number, None)

    def untake(self) -> None:
        """Nothing could be given out. A trial that fails elsewhere gives its place back."""
        with self.lock:
            if self.left is not None:
                self.left += 1

    def end(self, error: BaseException) -> None:
        """End the run for an error, which optimize raises: of several the first."""
        with self.lock:
            self.stopped = True
            if self.error is None:
                self.error = error

    def interrupt(self) -> List[_Trial]:
        """End the run at once; the trials to give back."""
        with self.lock:
            self.stopped = self.interrupted = True
            return list(self.held.values())

    # ---- what becomes of a trial ----

    def returned(self, trial: _Trial, outcome: Any) -> Steps[Optional[BaseException]]:
        """The function has returned. What ends the run for it, if anything."""
        if self.interrupted:
            return None
        if outcome is None and not trial.done:
            fault = yield from self.raised(trial, InvalidArgument(
                "the function returned None and did not tell, fail or prune the trial: return "
                "its value", field="fn"))
            return fault
        try:
            if outcome is not None:
                yield from trial._tell(outcome, TIMEOUT)
        except (StaleLease, Conflict) as error:
            self.lost(trial, error)
            return None
        except InvalidArgument as error:
            if not trial.done:
                yield from trial._fail("FAILED", describe(error), TIMEOUT)
            return error
        self.progress.ended(trial.number, self.objective(outcome), "")
        if not trial._failed:
            with self.lock:
                self.failures = 0
        elif self.too_many():
            return InvalidArgument(
                f"the function gave no result {self.failures} times in a row: the last trial, "
                f"{trial.number}, failed without an exception", field="fn")
        return None

    def raised(self, trial: _Trial, error: BaseException) -> Steps[Optional[BaseException]]:
        """The function has raised, or was interrupted. What ends the run for it, if anything."""
        if self.interrupted:
            return None
        if isinstance(error, (StaleLease, Conflict)) and not trial.done and trial.stop_reason:
            self.lost(trial, error)
            return None
        if not trial.done:
            if is_interrupt(error):
                yield from self.give_back(trial, error, time.monotonic() + FAREWELL)
            else:
                try:
                    yield from trial._fail("FAILED", describe(error), TIMEOUT)
                except (StaleLease, Conflict):
                    pass  # a copy of it, in another process, has ended it
        self.progress.ended(trial.number, None, describe(error))
        return error if not isinstance(error, self.catch) or self.too_many() else None

    def lost(self, trial: _Trial, error: BaseException) -> None:
        """Its lease ran out, or it was called off: that is no fault of the function."""
        if not self.interrupted:
            warnings.warn(f"trial {trial.number}: {error}", RuntimeWarning, stacklevel=2)
            self.progress.ended(trial.number, None, "lost")

    def give_back(self, trial: _Trial, error: BaseException, end: float) -> Steps[None]:
        """Release a trial on the way out, if the daemon answers by `end`."""
        if not trial.done:
            try:
                yield from trial._release(describe(error), max(0.1, end - time.monotonic()))
            except Error:
                pass  # its lease runs out

    def too_many(self) -> bool:
        """Count a failed trial; whether the run ends for it."""
        with self.lock:
            self.failures += 1
            return self.max_failures is not None and self.failures >= self.max_failures

    def objective(self, outcome: Any) -> Optional[float]:
        """The number that is shown; None if there is none."""
        number = _outcome.first_number(outcome, self.study._objective)
        return number if number is not None and math.isfinite(number) else None


def is_interrupt(error: BaseException) -> bool:
    """Whether the evaluation was broken off, so that it says nothing about the point."""
    return not isinstance(error, Exception) or isinstance(error, (
        concurrent.futures.CancelledError, asyncio.CancelledError,
        concurrent.futures.BrokenExecutor))


def _are_exceptions(catch: Any) -> bool:
    return all(isinstance(c, type) and issubclass(c, BaseException)
               for c in (catch if isinstance(catch, tuple) else (catch,)))


def evaluate(fn: Fn, trial: Trial) -> Tuple[Optional[Outcome], Optional[End]]:
    """What an executor runs: the outcome, and what this copy of the trial has said."""
    outcome = fn(trial)
    return outcome, trial._end


# ---- with threads ----

def run(study: Study, fn: Fn, n_trials: Optional[int], n_jobs: Optional[int],
        executor: Optional[concurrent.futures.Executor], catch: Catch,
        max_failures: Optional[int], progress: Optional[bool], worker: Optional[str]) -> None:
    driver = _Threads(study, fn, n_trials, n_jobs, executor, catch, max_failures, progress, worker)
    with driver.begin(study.info()):
        if executor is not None:
            driver.work_in_executor()
        elif driver.n_jobs == 1:
            driver.work()
        else:
            driver.work_in_threads()
    if driver.error is not None:
        raise driver.error


class _Threads(Run["Study", "Trial"]):
    def ask(self) -> Optional[Trial]:
        """One more trial; None when there are no more."""
        if not self.take():
            return None
        try:
            return self.study.ask(worker=self.worker)
        except (StudyFinished, SpaceExhausted) as end:
            self.untake()
            if not isinstance(end, BudgetSpent):
                self.progress.over(str(end))
            return None

    def settle(self, steps: Steps[Optional[BaseException]]) -> None:
        fault = self.study._client._run(steps)
        if fault is not None:
            raise fault

    def give_all_back(self, error: BaseException) -> None:
        end = time.monotonic() + FAREWELL
        for trial in self.interrupt():
            self.study._client._run(self.give_back(trial, error, end))

    def work_in_threads(self) -> None:
        threads: List[threading.Thread] = [
            threading.Thread(target=self.work, name=f"krige-optimize-{i}", daemon=True)
            for i in range(self.n_jobs)]
        try:
            for thread in threads:
                thread.start()
            for thread in threads:
                while thread.is_alive():
                    thread.join(0.2)
        except BaseException as error:
            self.give_all_back(error)
            raise

    def work(self) -> None:
        """Trials until there are no more. Errors end the run and are kept in self.error."""
        try:
            trial = self.ask()
            while trial is not None:
                try:
                    if self.hold(trial):
                        self.evaluate(trial)
                    else:
                        trial.release("interrupted", timeout=FAREWELL)
                finally:
                    self.let_go(trial)
                trial = self.ask()
        except BaseException as error:
            self.end(error)

    def evaluate(self, trial: Trial) -> None:
        try:
            outcome = self.fn(trial)
        except BaseException as error:
            self.settle(self.raised(trial, error))
        else:
            self.settle(self.returned(trial, outcome))

    def work_in_executor(self) -> None:
        """Keep n_jobs calls in the executor, until there are no more trials."""
        futures: Dict[Any, Trial] = {}
        try:
            while self.fill(futures):
                done, _ = concurrent.futures.wait(
                    futures, return_when=concurrent.futures.FIRST_COMPLETED)
                for future in done:
                    self.finish(futures.pop(future), future)
        except BaseException as error:
            for future in futures:
                future.cancel()
            self.give_all_back(error)
            raise

    def fill(self, futures: Dict[Any, Trial]) -> bool:
        """Ask for as many trials as there are free jobs; whether any run."""
        try:
            while len(futures) < self.n_jobs:
                trial = self.ask()
                if trial is None:
                    break
                self.hold(trial)
                futures[self.submit(trial)] = trial
        except Exception as error:
            self.end(error)
        return bool(futures)

    def submit(self, trial: Trial) -> Any:
        try:
            return self.executor.submit(evaluate, self.fn, trial)
        except Exception as error:
            self.study._client._run(self.give_back(trial, error, time.monotonic() + FAREWELL))
            raise

    def finish(self, trial: Trial, future: Any) -> None:
        """A call has ended. Ctrl-C, here or in the executor, is raised; an error ends the run."""
        try:
            outcome, end = future.result()
        except BaseException as error:
            steps = self.raised(trial, error)
        else:
            trial._adopt(end)
            steps = self.returned(trial, outcome)
        try:
            self.settle(steps)
        except Exception as error:
            self.end(error)
        finally:
            self.let_go(trial)
