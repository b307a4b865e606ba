"""A study: ask for points, tell their values."""
from __future__ import annotations

import concurrent.futures
from typing import (TYPE_CHECKING, Any, Callable, Dict, Iterable, Iterator, List, Mapping, Optional,
                    Sequence, Tuple, Type, Union, overload)

from . import _export, _optimize
from ._client import TIMEOUT
from ._outcome import Outcome
from ._scalar import Value
from ._study import KEEP, For, Keep, Pages, Params, StudyCore
from ._trial import TrialRef
from .errors import Error
from .trial import Trial
from .views import Explanation, Model, StudyView, StudyWhy, TrialView

if TYPE_CHECKING:
    import pandas

    from .client import Client

# Seconds in which the trials of an interrupted ask are given back.
_FAREWELL = 2.0


class Trials(Sequence[TrialView], Pages):
    """Trials by number: a sequence that is read from the daemon as far as it is used.

    seq  event of the study up to which it is complete: `since` for the next look
    """

    def __init__(self, study: Study, request: Any, timeout: float) -> None:
        Pages.__init__(self, study, request, timeout)
        self._client = study._client
        self._read: List[TrialView] = self._client._run(self._page())

    def _read_on(self) -> bool:
        """Read a page more, if there is one."""
        if self._more:
            self._read.extend(self._client._run(self._page()))
            return True
        return False

    def _read_all(self) -> List[TrialView]:
        while self._read_on():
            pass
        return self._read

    def __iter__(self) -> Iterator[TrialView]:
        i = 0
        while i < len(self._read) or self._read_on():
            yield from self._read[i:]
            i = len(self._read)

    def __len__(self) -> int:
        return len(self._read_all())

    @overload
    def __getitem__(self, index: int) -> TrialView: ...

    @overload
    def __getitem__(self, index: slice) -> List[TrialView]: ...

    def __getitem__(self, index: Union[int, slice]) -> Union[TrialView, List[TrialView]]:
        return self._read_all()[index]

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Trials):
            return self._read_all() == other._read_all()
        return self._read_all() == other

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<krige.Trials: {len(self._read)}{' or more' if self._more else ''}>"


class Study(StudyCore["Client"]):
    __doc__ = (StudyCore.__doc__ or "") + """
    Any thread may use it. What pickle makes of it elsewhere connects at its first call.
    """

    # ---- trials ----

    @overload
    def ask(self, n: None = None, *, fixed: Optional[Params] = None, worker: Optional[str] = None,
            wait: float = 0.0, timeout: float = TIMEOUT,
            deadline: Optional[float] = None) -> Trial: ...

    @overload
    def ask(self, n: int, *, fixed: Optional[Params] = None, worker: Optional[str] = None,
            wait: float = 0.0, timeout: float = TIMEOUT,
            deadline: Optional[float] = None) -> List[Trial]: ...

    def ask(self, n: Optional[int] = None, *, fixed: Optional[Params] = None,
            worker: Optional[str] = None, wait: float = 0.0, timeout: float = TIMEOUT,
            deadline: Optional[float] = None) -> Union[Trial, List[Trial]]:
        """A Trial to evaluate, or with n a list of up to n that know of each other.

        fixed     values that the point must have
        worker    a name for who evaluates: after a crash, the same name gets its
                  running trials again
        wait      seconds to wait for a trial when none can be given now: the study is
                  paused, or trials that run have taken the last places of the budget
        timeout   seconds to wait for an answer, beside those
        deadline  seconds for the computation: then the best point so far is given;
                  None: three quarters of timeout
        Raises StudyFinished at the end of the budget, SpaceExhausted when every
        point has been given out, NotNow when the study is paused.

        >>> trial = study.ask(worker="gpu-3")
        >>> sorted(trial.params)
        ['lr', 'opt']
        >>> [t.params["opt"] for t in study.ask(n=2, fixed={"opt": "sgd"})]
        ['sgd', 'sgd']
        """
        request = self._suggest(n, fixed, worker, wait, deadline)
        try:
            messages = self._client._run(self._ask(request, timeout))
        except Exception:
            raise
        except BaseException:  # Ctrl-C: what it would have given is not left to expire
            try:
                self._client._run(self._take_back(request, _FAREWELL))
            except Error:
                pass
            raise
        trials = [Trial(self, message) for message in messages]
        return trials if n is not None else trials[0]

    def tell_point(self, params: Params, value: Outcome, *, labels: Optional[Params] = None,
                   note: Optional[str] = None, timeout: float = TIMEOUT) -> int:
        """Hand in a point that was not asked for, with its result; its trial number.

        >>> number = study.tell_point({"lr": 1e-3, "opt": "adam"}, 0.42, note="from the paper")
        >>> study.trial(number).note
        'from the paper'
        """
        return self._client._run(self._tell_point(params, value, labels, note, timeout))

    @overload
    def enqueue(self, points: Params, *, labels: Optional[Params] = None,
                note: Optional[str] = None, timeout: float = TIMEOUT) -> int: ...

    @overload
    def enqueue(self, points: Sequence[Params], *, labels: Optional[Params] = None,
                note: Optional[str] = None, timeout: float = TIMEOUT) -> List[int]: ...

    def enqueue(self, points: Union[Params, Sequence[Params]], *,
                labels: Optional[Params] = None, note: Optional[str] = None,
                timeout: float = TIMEOUT) -> Union[int, List[int]]:
        """Have a point, or several, given out before others; their trial numbers.

        What a point leaves out is suggested when it is given out.

        >>> number = study.enqueue({"lr": 0.01})
        >>> trial = study.ask()
        >>> trial.number == number, trial.params["lr"]
        (True, 0.01)
        """
        numbers = self._client._run(self._enqueue(points, labels, note, timeout))
        return numbers[0] if isinstance(points, Mapping) else numbers

    def trial(self, trial: TrialRef, *, timeout: float = TIMEOUT) -> TrialView:
        """A trial by number (or a Trial, or an earlier view), as it is now."""
        return self._client._run(self._trial(trial, timeout))

    def trials(self, state: Union[None, str, Iterable[str]] = None, *, since: int = 0,
               timeout: float = TIMEOUT) -> Trials:
        """All trials by number, or those in a state ("COMPLETE") or several.

        since    only those that changed after this event: the `seq` of an earlier look

        >>> seen = study.trials()
        >>> number = study.tell_point({"lr": 0.02, "opt": "sgd"}, 0.5)
        >>> [view.number for view in study.trials(since=seen.seq)] == [number]
        True
        """
        return Trials(self, self._list(state, since), timeout)

    def cancel(self, trial: TrialRef, reason: str = "", *, timeout: float = TIMEOUT) -> TrialView:
        """Call off a trial that is queued, running or expired; its worker is told to stop.

        >>> study.cancel(study.ask(), "not needed").state
        'CANCELLED'
        """
        return self._client._run(self._cancel(trial, reason, timeout))

    def requeue(self, trial: TrialRef, reason: str = "", *, timeout: float = TIMEOUT) -> TrialView:
        """Have a trial without a result given out again, under its number.

        >>> trial = study.ask()
        >>> trial.fail("the machine was at fault")
        >>> study.requeue(trial).state
        'QUEUED'
        """
        return self._client._run(self._requeue(trial, reason, timeout))

    def edit(self, trial: TrialRef, value: Optional[Outcome] = None, *,
             excluded: Optional[bool] = None, note: Optional[str] = None,
             labels: Optional[Params] = None, remove_labels: Sequence[str] = (),
             timeout: float = TIMEOUT) -> TrialView:
        """Correct a trial; what is not given stays.

        value          the right result of a COMPLETE trial, as for Trial.tell
        excluded       True: the model does not see the trial, False: it does again
        note           "" for none
        labels         set beside those that are there; `remove_labels` takes some away

        >>> number = study.tell_point({"lr": 0.05, "opt": "sgd"}, 7.3)
        >>> study.edit(number, 0.73, note="a slip of the pen").value
        0.73
        """
        return self._client._run(self._edit(trial, value, excluded, note, labels, remove_labels,
                                            timeout))

    def exclude(self, trial: TrialRef, note: Optional[str] = None, *,
                timeout: float = TIMEOUT) -> TrialView:
        """Hide an ended trial from the model, and from best.

        >>> number = study.tell_point({"lr": 0.06, "opt": "sgd"}, 0.01)
        >>> study.exclude(number, "wrong data set").excluded
        True
        >>> study.include(number).excluded
        False
        """
        return self._client._run(self._edit(trial, None, True, note, None, (), timeout))

    def include(self, trial: TrialRef, note: Optional[str] = None, *,
                timeout: float = TIMEOUT) -> TrialView:
        """Have the model see a trial again."""
        return self._client._run(self._edit(trial, None, False, note, None, (), timeout))

    def note(self, trial: TrialRef, text: str, *, timeout: float = TIMEOUT) -> TrialView:
        """Set the note of a trial; "" for none."""
        return self._client._run(self._edit(trial, None, None, text, None, (), timeout))

    def delete_trial(self, trial: TrialRef, *, timeout: float = TIMEOUT) -> None:
        """Forget an ended or queued trial. Its number is not given again."""
        self._client._run(self._delete_trial(trial, timeout))

    @property
    def best(self) -> Optional[TrialView]:
        """The trial to use: of the feasible ones, the best; None before any."""
        return self._client._run(self._best())

    def predict(self, points: Sequence[Params], *,
                timeout: float = TIMEOUT) -> List[Dict[str, Tuple[float, float]]]:
        """What the model expects at some points: {"metric": (mean, sd)} for each.

        Any number of points: many go to the daemon in parts. Raises NotNow before there
        are results.

        >>> _ = study.tell_point({"lr": 0.02, "opt": "sgd"}, 0.5)
        >>> (prediction,) = study.predict([{"lr": 0.01, "opt": "adam"}])
        >>> mean, sd = prediction["loss"]
        """
        return self._client._run(self._predict(points, timeout))

    def model(self, *, timeout: float = TIMEOUT) -> Model:
        """What the models have learnt, and how well they predict, as they were last fitted
        for a suggestion: print it. Without one, `reason` says why.

        >>> model = study.model()
        >>> all(metric.lengthscales["lr"] > 0 for metric in model.metrics.values())
        True
        """
        return self._client._run(self._model(timeout))

    def explain(self, number: Optional[int] = None, *, timeout: float = TIMEOUT) -> Explanation:
        """Why a trial was suggested (None: the newest), and what came of it: print it.

        >>> trial = study.ask()
        >>> explanation = study.explain(trial.number)
        >>> explanation.trial.why == trial.why
        True
        >>> trial.tell(0.4)
        """
        return self._client._run(self._explain(number, timeout))

    def optimize(self, fn: Callable[[Trial], Optional[Outcome]], n_trials: Optional[int] = None,
                 *, n_jobs: Optional[int] = None,
                 executor: Optional[concurrent.futures.Executor] = None,
                 catch: Union[Type[BaseException], Tuple[Type[BaseException], ...]] = (),
                 max_failures: Optional[int] = 5, progress: Optional[bool] = None,
                 worker: Optional[str] = None) -> None:
        """Ask, call fn(trial), tell what it returns; until the end of the budget.

        fn        returns a value as for Trial.tell, or None when it has told, failed
                  or pruned the trial itself
        n_trials  at most so many in this call, failed ones included
        n_jobs    calls of fn at once, in threads (1), or in the executor (its workers)
        executor  where fn is called: any of concurrent.futures' kind. For processes, fn
                  must be a function that pickle can name; the Trial that it gets may report
        catch     exceptions of fn that only fail their trial; any other fails it as
                  well, ends the run and is raised
        max_failures  failed trials in a row after which the run ends: the exception of
                  the last one is raised (InvalidArgument if there is none, as after
                  NaN). None: no limit
        progress  True or False, or None for a bar on a terminal and plain lines elsewhere,
                  both on stderr
        Ctrl-C releases the trials that run: whoever asks next gets them.

        >>> study.optimize(lambda trial: trial.params["lr"] ** 2, n_trials=3, progress=False)
        """
        _optimize.run(self, fn, n_trials, n_jobs, executor, catch, max_failures, progress, worker)

    # ---- tables ----

    def to_dicts(self, state: Union[None, str, Iterable[str]] = None) -> List[Dict[str, Any]]:
        """The trials as JSON has them: TrialView.to_dict of each."""
        return [view.to_dict() for view in self.trials(state)]

    def to_dataframe(self, state: Union[None, str, Iterable[str]] = None) -> pandas.DataFrame:
        """The trials as a pandas.DataFrame, one a row.

        Columns: number, state (categorical), params.NAME, values.NAME, sems.NAME, reason,
        worker, attempt, created and finished (UTC), late, told, excluded, feasible, note,
        labels.NAME.
        """
        _export.need_pandas()
        return _export.to_dataframe(self, self.trials(state))

    # ---- the study itself ----

    def info(self, *, timeout: float = TIMEOUT) -> StudyView:
        """Settings, state, counts and best of the study, now."""
        return self._client._run(self._info(timeout))

    @property
    def labels(self) -> Mapping[str, Value]:
        """Labels of the study, now.

        >>> study.set(labels={"team": "vision"}).labels
        {'team': 'vision'}
        >>> study.labels
        {'team': 'vision'}
        """
        return self._client._run(self._labels())

    def why(self, *, timeout: float = TIMEOUT) -> StudyWhy:
        """What the study waits for, and what it would do next: print it."""
        return self._client._run(self._why(timeout))

    def wait(self, for_: For = "complete", *, timeout: Optional[float] = None) -> StudyView:
        """Wait, without polling, until something holds; the study as it is then.

        for_     "complete" (nothing more is given out and nothing runs), "idle" (nothing
                 runs or is queued), a bound on the best value, the number of trials, or
                 that of those in a state ("best<0.1", "trials>=50", "complete>=40"), or a
                 function of a StudyView
        timeout  seconds, after which Timeout is raised; None: for ever

        >>> _ = study.tell_point({"lr": 0.02, "opt": "sgd"}, 0.5)
        >>> study.wait("complete>=1", timeout=10).counts["COMPLETE"] >= 1
        True
        """
        return self._client._run(self._wait(for_, timeout))

    def pause(self, *, timeout: float = TIMEOUT) -> None:
        """Give out no more trials until resume; results are still taken."""
        self._client._run(self._act("PAUSE", timeout))

    def resume(self, *, timeout: float = TIMEOUT) -> None:
        """Give out trials again."""
        self._client._run(self._act("RESUME", timeout))

    def finish(self, *, timeout: float = TIMEOUT) -> None:
        """Give out no more trials; ask raises StudyFinished."""
        self._client._run(self._act("FINISH", timeout))

    def set(self, *, budget: Union[None, int, Keep] = KEEP, lease: Optional[float] = None,
            on_expiry: Optional[str] = None, retry_limit: Optional[int] = None,
            stop: Optional[Mapping[str, float]] = None,
            acquisition: Optional[str] = None, acquisition_level: Optional[float] = None,
            acquisition_beta: Optional[float] = None,
            labels: Optional[Params] = None, remove_labels: Sequence[str] = (),
            expected_version: Optional[int] = None, timeout: float = TIMEOUT) -> StudyView:
        """Change settings; what is not given stays.

        budget     None takes the limit away
        lease      of trials given out from now on
        stop       all rules anew, as in create_study; {}: none. A study that its rules have
                   ended goes on
        acquisition  of suggestions from now on, as in create_study, with acquisition_level and
                   acquisition_beta; these alone are for the one that it has
        labels     set beside those that are there; `remove_labels` takes some away
        expected_version  Conflict unless this is still the `version` of the settings

        >>> study.set(budget=500, on_expiry="requeue", retry_limit=3).budget
        500
        """
        return self._client._run(self._set(
            budget, lease, on_expiry, retry_limit, stop,
            (acquisition, acquisition_level, acquisition_beta), labels, remove_labels,
            expected_version, timeout))

    def clone(self, name: str, *, trials: bool = True, timeout: float = TIMEOUT) -> Study:
        """A new study with the same settings, and the results of this one as told points.

        >>> study.clone("with another name").name
        'with another name'
        """
        return Study(self._client, self._client._run(self._clone(name, trials, timeout)))

    def delete(self, *, timeout: float = TIMEOUT) -> None:
        """Delete the study; undelete brings it back."""
        self._client._run(self._delete(timeout))

    def undelete(self, *, timeout: float = TIMEOUT) -> None:
        """Bring this study back."""
        self._client._run(self._undelete(timeout))
