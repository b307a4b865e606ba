"""Study.optimize: ask, evaluate and tell, in this thread or in several."""
from __future__ import annotations

import math
import threading
import warnings
from typing import TYPE_CHECKING, Any, Callable, List, Mapping, Optional, Tuple, Type, Union

from . import _scalar
from ._progress import Progress
from .errors import Conflict, InvalidArgument, SpaceExhausted, StaleLease, StudyFinished
from .trial import Outcome, Trial, describe

if TYPE_CHECKING:
    from .study import Study

Catch = Union[Type[BaseException], Tuple[Type[BaseException], ...]]


def run(study: Study, fn: Callable[[Trial], Optional[Outcome]], n_trials: Optional[int],
        n_jobs: int, catch: Catch, progress: Optional[bool], worker: Optional[str]) -> None:
    if n_trials is not None:
        n_trials = _scalar.integer(n_trials, "n_trials", 0)
    n_jobs = _scalar.integer(n_jobs, "n_jobs", 1)
    loop = _Loop(study, fn, n_trials, catch, worker)
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


class _Loop:
    """State of one optimize call, shared by its threads."""

    progress: Progress

    def __init__(self, study: Study, fn: Callable[[Trial], Optional[Outcome]],
                 n_trials: Optional[int], catch: Catch, worker: Optional[str]) -> None:
        self.study, self.fn, self.catch, self.worker = study, fn, catch, worker
        self.metric, role = next(iter(study.metrics.items()))
        self.maximize = role == "maximize"
        self.lock = threading.Lock()
        self.left = n_trials
        self.stopped = False
        self.error: Optional[BaseException] = None

    def work_in_threads(self, n_jobs: int) -> None:
        threads: List[threading.Thread] = [
            threading.Thread(target=self.work, name=f"krige-optimize-{i}", daemon=True)
            for i in range(n_jobs)]
        for thread in threads:
            thread.start()
        try:
            for thread in threads:
                while thread.is_alive():
                    thread.join(0.2)
        except BaseException:
            self.stopped = True
            raise

    def work(self) -> None:
        """Trials until there are no more. Errors end the run and are kept in self.error."""
        try:
            while self.take():
                trial = self.study.ask(worker=self.worker)
                self.evaluate(trial)
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
            if not trial.done:
                trial.fail(describe(error))
            self.progress.ended(trial.number, None, describe(error))
            if not isinstance(error, self.catch):
                raise
            return
        try:
            if outcome is not None:
                trial.tell(outcome)
        except (StaleLease, Conflict) as error:
            warnings.warn(f"trial {trial.number}: {error}", RuntimeWarning, stacklevel=2)
            self.progress.ended(trial.number, None, "lost")
            return
        except InvalidArgument as error:
            if not trial.done:
                trial.fail(describe(error))
            raise
        self.progress.ended(trial.number, self.objective(outcome), "")

    def objective(self, outcome: Any) -> Optional[float]:
        """The number that is shown; None if there is none."""
        if isinstance(outcome, Mapping):
            outcome = outcome.get(self.metric)
        if isinstance(outcome, (tuple, list)):
            outcome = outcome[0]
        if outcome is None or not math.isfinite(float(outcome)):
            return None
        return float(outcome)
