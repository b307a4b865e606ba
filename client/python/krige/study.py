"""A study: ask for points, tell their values."""
from __future__ import annotations

import concurrent.futures
import math
import time
from typing import (TYPE_CHECKING, Any, Callable, Dict, Iterable, List, Mapping, Optional,
                    Sequence, Tuple, Type, Union, overload)

from . import _optimize, _scalar, _schema, views
from ._scalar import Value
from .errors import InvalidArgument, NotSupported
from .trial import Outcome, Trial, put_values
from .views import StudyView, TrialView

if TYPE_CHECKING:
    from .client import Client


class Study:
    """One optimization problem at a daemon. Any thread may use it.

    name     its name
    id       tells it from deleted studies of the same name
    space    its parameters by name
    metrics  "minimize" or "maximize" by metric
    """

    def __init__(self, client: Client, message: Any) -> None:
        view = views.read_study(message)
        self._client = client
        self._wire_name = bytes(message.name)
        self._kinds: Dict[str, int] = {
            str(p.name, "utf-8"): int(p.kind) for p in message.spec.parameters}
        self.name = view.name
        self.id = int(message.id)
        self.space = view.space
        self.metrics = view.metrics

    # ---- trials ----

    @overload
    def ask(self, *, fixed: Optional[Mapping[str, Value]] = None, worker: Optional[str] = None,
            timeout: float = 60.0, deadline: Optional[float] = None) -> Trial: ...

    @overload
    def ask(self, n: int, *, fixed: Optional[Mapping[str, Value]] = None,
            worker: Optional[str] = None, timeout: float = 60.0,
            deadline: Optional[float] = None) -> List[Trial]: ...

    def ask(self, n: Optional[int] = None, *, fixed: Optional[Mapping[str, Value]] = None,
            worker: Optional[str] = None, timeout: float = 60.0,
            deadline: Optional[float] = None) -> Union[Trial, List[Trial]]:
        """A Trial to evaluate, or with n a list of up to n that know of each other.

        fixed     values that the point must have
        worker    a name for who evaluates: after a crash, the same name gets its
                  running trials again
        timeout   seconds to wait for an answer
        deadline  seconds for the computation: then the best point so far is given
        Raises StudyFinished at the end of the budget, SpaceExhausted when every
        point has been given out.
        """
        request = _schema.SUGGEST.request(study=self._wire_name)
        if n is not None:
            request.count = _scalar.integer(n, "n", 1, _schema.BATCH)
        if fixed is not None:
            self._put_params(request.fixed, fixed, "fixed")
        if worker is not None:
            request.meta.worker_id = _scalar.text(worker, "worker")
        if deadline is not None:
            request.meta.deadline_ms = _milliseconds(deadline, "deadline")
        reply = self._client._call(_schema.SUGGEST, request, timeout)
        trials = [Trial(self, message) for message in reply.trials]
        return trials if n is not None else trials[0]

    def tell_point(self, params: Mapping[str, Value], value: Outcome, *,
                   timeout: float = 60.0) -> int:
        """Hand in a point that was not asked for, with its result; its trial number."""
        request = _schema.ADD_TRIALS.request(study=self._wire_name)
        point = request.points.add()
        self._put_params(point.params, params, "params")
        put_values(point.values, value)
        return int(self._client._call(_schema.ADD_TRIALS, request, timeout).first_number)

    def enqueue(self, params: Mapping[str, Value]) -> None:
        """Have a point suggested next. Not in this version: NotSupported."""
        raise NotSupported("enqueue: not in this version; ask(fixed={...}) gives a chosen point",
                           field="enqueue")

    def trials(self, state: Union[None, str, Iterable[str]] = None, *,
               timeout: float = 60.0) -> List[TrialView]:
        """All trials by number, or those in a state ("COMPLETE") or several."""
        request = _schema.LIST_TRIALS.request(study=self._wire_name)
        if state is None:
            state = ()
        several = isinstance(state, Iterable) and not isinstance(state, str)
        for name in state if several else (state,):
            if not isinstance(name, str) or name not in _schema.TRIAL_STATES:
                raise InvalidArgument(f"state: {name!r} must be one of "
                                      + ", ".join(_schema.TRIAL_STATES), field="state")
            request.states.append(_schema.TRIAL_STATES[name])
        found: List[TrialView] = []
        while True:
            reply = self._client._call(_schema.LIST_TRIALS, request, timeout)
            found.extend(map(views.read_trial, reply.trials))
            if not reply.HasField("next_number"):
                return found
            request.from_number = reply.next_number

    @property
    def best(self) -> Optional[TrialView]:
        """The trial to use; None before any result."""
        reply = self._client._call(_schema.BEST, _schema.BEST.request(study=self._wire_name))
        return views.read_trial(reply.trial) if reply.HasField("trial") else None

    def predict(self, points: Sequence[Mapping[str, Value]], *,
                timeout: float = 60.0) -> List[Dict[str, Tuple[float, float]]]:
        """What the model expects at some points: {"metric": (mean, sd)} for each.

        Any number of points: many go to the daemon in parts. Raises NotNow before there
        are results.
        """
        if not isinstance(points, Iterable) or isinstance(points, (str, bytes, Mapping)):
            raise InvalidArgument(f"points: {points!r} must be a list of dicts of values by "
                                  "parameter", field="points")
        end = time.monotonic() + _scalar.seconds(timeout, "timeout")
        found: List[Dict[str, Tuple[float, float]]] = []
        for request in self._predict_requests(points):
            reply = self._client._call(_schema.PREDICT, request, max(0.0, end - time.monotonic()),
                                       first=len(found))
            found.extend({str(m.name, "utf-8"): (float(m.mean), float(m.sd)) for m in p.metrics}
                         for p in reply.predictions)
        return found

    def _predict_requests(self, points: Iterable[Mapping[str, Value]]) -> List[Any]:
        """Requests for all points, each within the limits of a message; at least one."""
        requests = [_schema.PREDICT.request(study=self._wire_name)]
        size = 0
        for i, params in enumerate(points):
            point = _schema.message("Point")()
            self._put_params(point.params, params, f"points[{i}]")
            bytes_ = point.ByteSize()
            if len(requests[-1].points) == _schema.BATCH or (
                    size > 0 and size + bytes_ > _schema.MESSAGE_BYTES // 2):
                requests.append(_schema.PREDICT.request(study=self._wire_name))
                size = 0
            requests[-1].points.append(point)
            size += bytes_
        return requests

    def optimize(self, fn: Callable[[Trial], Optional[Outcome]], n_trials: Optional[int] = None,
                 *, n_jobs: int = 1, executor: Optional[concurrent.futures.Executor] = None,
                 catch: Union[Type[BaseException], Tuple[Type[BaseException], ...]] = (),
                 max_failures: Optional[int] = 5, progress: Optional[bool] = None,
                 worker: Optional[str] = None) -> None:
        """Ask, call fn(trial), tell what it returns; until the end of the budget.

        fn        returns a value as for Trial.tell, or None when it has told, failed
                  or pruned the trial itself
        n_trials  at most so many in this call, failed ones included
        n_jobs    threads that call fn at once
        catch     exceptions of fn that only fail their trial; any other fails it as
                  well, ends the run and is raised
        max_failures  failed trials in a row after which the run ends: the exception of
                  the last one is raised (InvalidArgument if there is none, as after
                  NaN). None: no limit
        progress  True or False, or None for a bar on a terminal and plain lines elsewhere,
                  both on stderr
        """
        if executor is not None:
            raise NotSupported("executor: not in this version; n_jobs= uses threads, and several "
                               "processes may optimize one study", field="executor")
        _optimize.run(self, fn, n_trials, n_jobs, catch, max_failures, progress, worker)

    # ---- the study itself ----

    def info(self) -> StudyView:
        """State, budget, counts and best of the study, now."""
        request = _schema.GET_STUDY.request(study=self._wire_name)
        return views.read_study(self._client._call(_schema.GET_STUDY, request).study)

    def pause(self) -> None:
        """Give out no more trials until resume; results are still taken."""
        self._update(action=_schema.ACTIONS["PAUSE"])

    def resume(self) -> None:
        """Give out trials again."""
        self._update(action=_schema.ACTIONS["RESUME"])

    def finish(self) -> None:
        """Give out no more trials; ask raises StudyFinished."""
        self._update(action=_schema.ACTIONS["FINISH"])

    def set_budget(self, budget: Optional[int]) -> None:
        """Change the number of trials; None takes the limit away."""
        if budget is None:
            self._update(no_budget=True)
        else:
            self._update(budget=_scalar.integer(budget, "budget", 0))

    def delete(self) -> None:
        """Delete the study; Client.undelete brings it back."""
        self._client._call(_schema.DELETE_STUDY,
                           _schema.DELETE_STUDY.request(study=self._wire_name))

    def _update(self, **fields: Any) -> None:
        self._client._call(_schema.UPDATE_STUDY,
                           _schema.UPDATE_STUDY.request(study=self._wire_name, **fields))

    def _put_params(self, named: Any, params: Mapping[str, Value], field: str) -> None:
        if not isinstance(params, Mapping):
            raise InvalidArgument(f"{field}: {params!r} must be a dict of values by parameter",
                                  field=field)
        for name, value in params.items():
            self._put_param(named.add(), name, value, field)

    def _put_param(self, named: Any, name: str, value: Any, field: str) -> None:
        named.name = _scalar.text(name, field)
        _scalar.put_for(named.value, self._kinds.get(name, 0), value, f"{field}.{name}")

    def __repr__(self) -> str:
        return f"<krige.Study {self.name!r} at {self._client.endpoint}>"


def _milliseconds(value: Any, field: str) -> int:
    seconds = _scalar.seconds(value, field)
    if not math.isfinite(seconds) or seconds > 1e9:
        raise InvalidArgument(f"{field}: {seconds:g} must be a number of seconds up to 1e9, or "
                              "None for no deadline", field=field)
    return max(1, round(seconds * 1000))
