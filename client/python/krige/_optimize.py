"""Study.optimize: ask, evaluate and tell, in this thread or in several."""
from __future__ import annotations

import math
import threading
import time
import warnings
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping, Optional, Tuple, Type, Union

from . import _scalar
from ._progress import Progress
from .errors import Conflict, Error, InvalidArgument, SpaceExhausted, StaleLease, StudyFinished
from .trial import Outcome, Trial, describe

if TYPE_CHECKING:
    from .study import Study

Catch = Union[Type[BaseException], Tuple[Type[BaseException], ...]]

# Seconds in which an interrupted run gives its trials back.
_FAREWELL = 2.0


def run(study: Study, fn: Callable[[Trial], Optional[Outcome]], n_trials: Optional[int],
        n_jobs: int, catch: Catch, max_failures: Optional[int], progress: Optional[bool],
        worker: Optional[str]) -> None:
    if not callable(fn):
        raise InvalidArgument(f"fn: {fn!r} must be a function of a trial", field="fn")
    if not _are_exceptions(catch):
        raise InvalidArgument(f"catch: {catch!r} must be an exception class or a tuple of them",
                              field="catch")
    if max_failures is not None:
        max_failures = _scalar.integer(max_failures, "max_failures", 1)
    if n_trials is not None:
        n_trials = _scalar.integer(n_trials, "n_trials", 0)
    n_jobs = _scalar.integer(n_jobs, "n_jobs", 1)
    loop = _Loop(study, fn, n_trials, catch, max_failures, worker)
    info = study.info()
    total = n_trials
    if info.budget is not None:
        left = max(0, info.budget - info.reserved)
        total = left if total is None else min(total, left)
    best = None if info.best is None else info.best.value
    with Progress(progress, study.name, total, loop.maximize, best,
                  None if info.best is None else info.best.number) as loop.progress:
        if n_jobs == 1:
            loop.work()
        else:
            loop.work_in_threads(n_jobs)
    if loop.error is not None:
        raise loop.error


def _are_exceptions(catch: Any) -> bool:
    return all(isinstance(c, type) and issubclass(c, BaseException)
               for c in (catch if isinstance(catch, tuple) else (catch,)))


class _Loop:
    """State of one optimize call, shared by its threads."""

    progress: Progress

    def __init__(self, study: Study, fn: Callable[[Trial], Optional[Outcome]],
                 n_trials: Optional[int], catch: Catch, max_failures: Optional[int],
                 worker: Optional[str]) -> None:
        self.study, self.fn, self.catch, self.worker = study, fn, catch, worker
        self.metric, role = next(iter(study.metrics.items()))
        self.maximize = role == "maximize"
        self.lock = threading.Lock()
        self.left = n_trials
        self.max_failures, self.failures = max_failures, 0
        self.held: Dict[int, Trial] = {}
        self.stopped = False
        self.interrupted = False
        self.error: Optional[BaseException] = None

    def work_in_threads(self, n_jobs: int) -> None:
        threads: List[threading.Thread] = [
            threading.Thread(target=self.work, name=f"krige-optimize-{i}", daemon=True)
            for i in range(n_jobs)]
        try:
            for thread in threads:
                thread.start()
            for thread in threads:
                while thread.is_alive():
                    thread.join(0.2)
        except BaseException as error:
            with self.lock:
                self.stopped = self.interrupted = True
                held = list(self.held.values())
            end = time.monotonic() + _FAREWELL
            for trial in held:
                self.give_up(trial, error, end)
            raise

    def work(self) -> None:
        """Trials until there are no more. Errors end the run and are kept in self.error."""
        try:
            while self.take():
                trial = self.study.ask(worker=self.worker)
                with self.lock:
                    self.held[trial.number] = trial
                    late = self.interrupted
                try:
                    if late:
                        trial.fail("KeyboardInterrupt", timeout=_FAREWELL)
                    else:
                        self.evaluate(trial)
                finally:
                    with self.lock:
                        self.held.pop(trial.number, None)
        except (StudyFinished, SpaceExhausted):
            pass  # for this thread: a trial that fails in another gives its place back
        except BaseException as error:
            with self.lock:
                self.stopped = True
                if self.error is None:
                    self.error = error

    def take(self) -> bool:
        """Whether one more trial may be asked for; counts it."""
        with self.lock:
            if self.stopped or self.left == 0:
                return False
            if self.left is not None:
                self.left -= 1
            return True

    def evaluate(self, trial: Trial) -> None:
        try:
            outcome = self.fn(trial)
            if outcome is None and not trial.done:
                raise InvalidArgument("the function returned None and did not tell, fail or "
                                      "prune the trial: return its value", field="fn")
        except BaseException as error:
            if self.interrupted:
                return
            if not trial.done:
                if isinstance(error, Exception):
                    trial.fail(describe(error))
                else:
                    self.give_up(trial, error, time.monotonic() + _FAREWELL)
            self.progress.ended(trial.number, None, describe(error))
            if not isinstance(error, self.catch) or self.too_many():
                raise
            return
        if self.interrupted:
            return
        try:
            if outcome is not None:
                trial.tell(outcome)
        except (StaleLease, Conflict) as error:
            if self.interrupted:
                return
            warnings.warn(f"trial {trial.number}: {error}", RuntimeWarning, stacklevel=2)
            self.progress.ended(trial.number, None, "lost")
            return
        except InvalidArgument as error:
            if not trial.done:
                trial.fail(describe(error))
            raise
        self.progress.ended(trial.number, self.objective(outcome), "")
        if trial._failed:
            if self.too_many():
                raise InvalidArgument(
                    f"the function gave no result {self.failures} times in a row: the last trial, "
                    f"{trial.number}, failed without an exception", field="fn")
        else:
            with self.lock:
                self.failures = 0

    def too_many(self) -> bool:
        """Count a failed trial; whether the run ends for it."""
        with self.lock:
            self.failures += 1
            return self.max_failures is not None and self.failures >= self.max_failures

    def give_up(self, trial: Trial, error: BaseException, end: float) -> None:
        """Fail a trial on the way out, if the daemon answers by `end`."""
        if not trial.done:
            try:
                trial.fail(describe(error), timeout=max(0.1, end - time.monotonic()))
            except Error:
                pass  # its lease runs out

    def objective(self, outcome: Any) -> Optional[float]:
        """The number that is shown; None if there is none."""
        if isinstance(outcome, Mapping):
            outcome = outcome.get(self.metric)
        if isinstance(outcome, (tuple, list)):
            outcome = outcome[0]
        if outcome is None or not math.isfinite(float(outcome)):
            return None
        return float(outcome)
