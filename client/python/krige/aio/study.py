"""A study, on asyncio: ask for points, tell their values."""
from __future__ import annotations

import asyncio
import concurrent.futures
from typing import (TYPE_CHECKING, Any, AsyncIterator, Callable, Coroutine, Dict,
                    Generator, Iterable, List, Mapping, Optional, Sequence, Tuple, Type, Union,
                    overload)

from .. import _export
from .. import study as blocking
from .._client import TIMEOUT
from .._outcome import Outcome
from .._scalar import Value
from .._study import KEEP, For, Keep, Pages, Params, StudyCore
from .._trial import TrialRef
from ..views import Explanation, Model, StudyView, StudyWhy, TrialView
from . import _optimize
from ._docs import documented_as
from ._opening import Opening
from .trial import Trial

if TYPE_CHECKING:
    import pandas

    from .client import Client

# Seconds in which the trials of a cancelled ask are given back.
_TAKE_BACK = 10.0


class Trials(Pages):
    """Trials by number: `async for view in trials`, or all as a list by `await trials`.

    seq  event of the study up to which it is complete: `since` for the next look
    """

    _study: Study

    async def __aiter__(self) -> AsyncIterator[TrialView]:
        request = type(self._request)()
        request.CopyFrom(self._request)
        pages = Pages(self._study, request, self._timeout)
        while pages._more:
            for view in await self._study._client._run(pages._page()):
                yield view
            self.seq = pages.seq

    def __await__(self) -> Generator[Any, Any, List[TrialView]]:
        return self._list().__await__()

    async def _list(self) -> List[TrialView]:
        return [view async for view in self]


@documented_as(blocking.Study)
class Study(StudyCore["Client"]):
    __doc__ = (StudyCore.__doc__ or "") + """
    Tasks of its client's loop may use it. What pickle makes of it elsewhere connects at its
    first call.
    """

    # ---- trials ----

    @overload
    def ask(self, n: None = None, *, fixed: Optional[Params] = None, worker: Optional[str] = None,
            wait: float = 0.0, timeout: float = TIMEOUT,
            deadline: Optional[float] = None) -> Opening[Trial]: ...

    @overload
    def ask(self, n: int, *, fixed: Optional[Params] = None, worker: Optional[str] = None,
            wait: float = 0.0, timeout: float = TIMEOUT,
            deadline: Optional[float] = None) -> Coroutine[Any, Any, List[Trial]]: ...

    def ask(self, n: Optional[int] = None, *, fixed: Optional[Params] = None,
            worker: Optional[str] = None, wait: float = 0.0, timeout: float = TIMEOUT,
            deadline: Optional[float] = None
            ) -> Union[Opening[Trial], Coroutine[Any, Any, List[Trial]]]:
        request = self._suggest(n, fixed, worker, wait, deadline)
        return self._give(request, timeout) if n is not None else Opening(
            self._give_one(request, timeout))

    async def _give_one(self, request: Any, timeout: float) -> Trial:
        return (await self._give(request, timeout))[0]

    async def _give(self, request: Any, timeout: float) -> List[Trial]:
        try:
            messages = await self._client._run(self._ask(request, timeout))
        except asyncio.CancelledError:
            self._client._say_later(self._take_back(request, _TAKE_BACK))
            raise
        return [Trial(self, message) for message in messages]

    async def tell_point(self, params: Params, value: Outcome, *, labels: Optional[Params] = None,
                         note: Optional[str] = None, timeout: float = TIMEOUT) -> int:
        return await self._client._run(self._tell_point(params, value, labels, note, timeout))

    @overload
    async def enqueue(self, points: Params, *, labels: Optional[Params] = None,
                      note: Optional[str] = None, timeout: float = TIMEOUT) -> int: ...

    @overload
    async def enqueue(self, points: Sequence[Params], *, labels: Optional[Params] = None,
                      note: Optional[str] = None, timeout: float = TIMEOUT) -> List[int]: ...

    async def enqueue(self, points: Union[Params, Sequence[Params]], *,
                      labels: Optional[Params] = None, note: Optional[str] = None,
                      timeout: float = TIMEOUT) -> Union[int, List[int]]:
        numbers = await self._client._run(self._enqueue(points, labels, note, timeout))
        return numbers[0] if isinstance(points, Mapping) else numbers

    async def trial(self, trial: TrialRef, *, timeout: float = TIMEOUT) -> TrialView:
        return await self._client._run(self._trial(trial, timeout))

    def trials(self, state: Union[None, str, Iterable[str]] = None, *, since: int = 0,
               timeout: float = TIMEOUT) -> Trials:
        return Trials(self, self._list(state, since), timeout)

    async def cancel(self, trial: TrialRef, reason: str = "", *,
                     timeout: float = TIMEOUT) -> TrialView:
        return await self._client._run(self._cancel(trial, reason, timeout))

    async def requeue(self, trial: TrialRef, reason: str = "", *,
                      timeout: float = TIMEOUT) -> TrialView:
        return await self._client._run(self._requeue(trial, reason, timeout))

    async def edit(self, trial: TrialRef, value: Optional[Outcome] = None, *,
                   excluded: Optional[bool] = None, note: Optional[str] = None,
                   labels: Optional[Params] = None, remove_labels: Sequence[str] = (),
                   timeout: float = TIMEOUT) -> TrialView:
        return await self._client._run(self._edit(trial, value, excluded, note, labels,
                                                  remove_labels, timeout))

    async def exclude(self, trial: TrialRef, note: Optional[str] = None, *,
                      timeout: float = TIMEOUT) -> TrialView:
        return await self._client._run(self._edit(trial, None, True, note, None, (), timeout))

    async def include(self, trial: TrialRef, note: Optional[str] = None, *,
                      timeout: float = TIMEOUT) -> TrialView:
        return await self._client._run(self._edit(trial, None, False, note, None, (), timeout))

    async def note(self, trial: TrialRef, text: str, *, timeout: float = TIMEOUT) -> TrialView:
        return await self._client._run(self._edit(trial, None, None, text, None, (), timeout))

    async def delete_trial(self, trial: TrialRef, *, timeout: float = TIMEOUT) -> None:
        await self._client._run(self._delete_trial(trial, timeout))

    @property
    async def best(self) -> Optional[TrialView]:
        return await self._client._run(self._best())

    async def predict(self, points: Sequence[Params], *,
                      timeout: float = TIMEOUT) -> List[Dict[str, Tuple[float, float]]]:
        return await self._client._run(self._predict(points, timeout))

    async def explain(self, number: Optional[int] = None, *,
                      timeout: float = TIMEOUT) -> Explanation:
        return await self._client._run(self._explain(number, timeout))

    async def model(self, *, timeout: float = TIMEOUT) -> Model:
        return await self._client._run(self._model(timeout))

    async def optimize(
            self, fn: Callable[[Any], Any], n_trials: Optional[int] = None, *,
            n_jobs: Optional[int] = None,
            executor: Optional[concurrent.futures.Executor] = None,
            catch: Union[Type[BaseException], Tuple[Type[BaseException], ...]] = (),
            max_failures: Optional[int] = 5, progress: Optional[bool] = None,
            worker: Optional[str] = None) -> None:
        """Ask, call fn(trial), tell what it returns; until the end of the budget.

        fn        an async function of a Trial; a plain one holds up the event loop. With
                  `executor`, a plain function of a krige.Trial, which is called there
        n_jobs    tasks that await fn at once (1), or calls at once in the executor
        The other arguments are those of krige.Study.optimize. Cancelled, it releases the
        trials that run.
        """
        await _optimize.run(self, fn, n_trials, n_jobs, executor, catch, max_failures, progress,
                            worker)

    # ---- tables ----

    async def to_dicts(self, state: Union[None, str, Iterable[str]] = None) -> List[Dict[str, Any]]:
        return [view.to_dict() async for view in self.trials(state)]

    async def to_dataframe(self, state: Union[None, str, Iterable[str]] = None) -> pandas.DataFrame:
        _export.need_pandas()
        return _export.to_dataframe(self, await self.trials(state))

    # ---- the study itself ----

    async def info(self, *, timeout: float = TIMEOUT) -> StudyView:
        return await self._client._run(self._info(timeout))

    @property
    async def labels(self) -> Mapping[str, Value]:
        return await self._client._run(self._labels())

    async def why(self, *, timeout: float = TIMEOUT) -> StudyWhy:
        return await self._client._run(self._why(timeout))

    async def wait(self, for_: For = "complete", *, timeout: Optional[float] = None) -> StudyView:
        return await self._client._run(self._wait(for_, timeout))

    async def pause(self, *, timeout: float = TIMEOUT) -> None:
        await self._client._run(self._act("PAUSE", timeout))

    async def resume(self, *, timeout: float = TIMEOUT) -> None:
        await self._client._run(self._act("RESUME", timeout))

    async def finish(self, *, timeout: float = TIMEOUT) -> None:
        await self._client._run(self._act("FINISH", timeout))

    async def set(self, *, budget: Union[None, int, Keep] = KEEP, lease: Optional[float] = None,
                  on_expiry: Optional[str] = None, retry_limit: Optional[int] = None,
                  stop: Optional[Mapping[str, float]] = None,
                  acquisition: Optional[str] = None, acquisition_level: Optional[float] = None,
                  acquisition_beta: Optional[float] = None,
                  labels: Optional[Params] = None, remove_labels: Sequence[str] = (),
                  expected_version: Optional[int] = None, timeout: float = TIMEOUT) -> StudyView:
        return await self._client._run(self._set(
            budget, lease, on_expiry, retry_limit, stop,
            (acquisition, acquisition_level, acquisition_beta), labels, remove_labels,
            expected_version, timeout))

    async def clone(self, name: str, *, trials: bool = True, timeout: float = TIMEOUT) -> Study:
        return Study(self._client, await self._client._run(self._clone(name, trials, timeout)))

    async def delete(self, *, timeout: float = TIMEOUT) -> None:
        await self._client._run(self._delete(timeout))

    async def undelete(self, *, timeout: float = TIMEOUT) -> None:
        await self._client._run(self._undelete(timeout))
