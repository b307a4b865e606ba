"""What the Studies for threads and for asyncio share: the requests of every verb, and what
becomes of the replies."""
from __future__ import annotations

import math
import re
import time
from typing import (TYPE_CHECKING, Any, Callable, Dict, Generic, Iterable, List, Mapping,
                    Optional, Sequence, Tuple, TypeVar, Union)

from . import _html, _messages, _outcome, _scalar, _schema, _spec, views
from ._client import TIMEOUT
from ._exchange import Steps
from ._outcome import Outcome
from ._scalar import Value
from ._trial import TrialCore, TrialRef
from .errors import (BudgetSpent, Conflict, InvalidArgument, NotFound, NotNow, SpaceExhausted,
                     Timeout)
from .views import StudyView, TrialView

if TYPE_CHECKING:
    from ._client import ClientCore

Params = Mapping[str, Value]
# What Study.wait waits for: "complete", "idle", "best<0.1", "failed>=3" or a function.
For = Union[str, Callable[[StudyView], bool]]

# Seconds that one request of a long wait stays with the daemon.
_LONG_POLL = 20.0
# Part of the time for an answer after which a computation is cut, when the caller names none.
_FOR_COMPUTING = 0.75
_LONGEST_PATIENCE = 1e6
# Of points that one message may have.
_POINT_BYTES = _schema.MESSAGE_BYTES // 2


class Keep:
    """The type of KEEP."""

    def __repr__(self) -> str:
        return "KEEP"


# Stands for a setting that stays as it is, where None is a value.
KEEP = Keep()


C = TypeVar("C", bound="ClientCore")


class StudyCore(Generic[C]):
    """One optimization problem at a daemon.

    name         its name
    id           tells it from deleted studies of the same name
    space        its parameters by name
    metrics      "minimize", "maximize" or "constraint" by metric
    constraints  (lower, upper) by constrained metric
    """

    def __init__(self, client: C, message: Any, proven: bool = True) -> None:
        view = _messages.read_study(message)
        self._client = client
        self._message = message
        self._proven = proven
        self._wire_name = bytes(message.name)
        self._objective = _messages.objective_of(message.spec)
        self._kinds: Dict[str, int] = {
            _messages.text(p.name): int(p.kind) for p in message.spec.parameters}
        self.name = view.name
        self.id = view.id
        self.space = view.space
        self.metrics = view.metrics
        self.constraints = view.constraints

    # ---- calls ----

    def _call(self, method: _schema.Method, request: Any, timeout: float = TIMEOUT,
              **options: Any) -> Steps[Any]:
        if not self._proven:
            yield from self._prove(timeout)
        reply = yield from self._client._call(method, request, timeout, **options)
        return reply

    def _prove(self, timeout: float) -> Steps[None]:
        """Make sure, after unpickling, that this daemon has this study."""
        where = f"the daemon at {self._client.endpoint}"
        remedy = "it was pickled under another daemon or database: connect to that one, or " \
                 "attach with Client.study(name)"
        try:
            found = yield from self._client._get_study(self._wire_name, timeout)
        except NotFound:
            raise NotFound(f"study {self.name!r} is not at {where}: {remedy}",
                           field="study") from None
        mine = self._message
        if (found.id, found.created_ms, found.spec.seed) != (
                mine.id, mine.created_ms, mine.spec.seed):
            raise Conflict(f"study {self.name!r} at {where} is another one of this name: {remedy}",
                           field="study")
        self._proven = True

    def _view(self, message: Any) -> TrialView:
        return _messages.read_trial(message, self._objective)

    def _one(self, method: _schema.Method, request: Any, timeout: float) -> Steps[TrialView]:
        """A call whose reply is one trial."""
        reply = yield from self._call(method, request, timeout)
        return self._view(reply.trials[0])

    # ---- asking ----

    def _suggest(self, n: Optional[int], fixed: Optional[Params], worker: Optional[str],
                 wait: float, deadline: Optional[float]) -> Any:
        """The request of ask. Sent again, it gives the same trials."""
        request = _schema.SUGGEST.request(study=self._wire_name)
        if n is not None:
            request.count = _scalar.integer(n, "n", 1, _schema.BATCH)
        if fixed is not None:
            self._put_params(request.fixed, fixed, "fixed")
        if worker is not None:
            request.meta.worker_id = _scalar.text(worker, "worker")
        if wait != 0:
            request.wait_ms = _milliseconds(wait, "wait")
        if deadline is not None:
            request.meta.deadline_ms = _milliseconds(deadline, "deadline")
        return request

    def _ask(self, request: Any, timeout: float) -> Steps[List[Any]]:
        """The Trial messages that a Suggest gives.

        The daemon is told when the caller gives up: what is known by then is better than
        points that nobody takes. A long wait is made of short ones, so that the daemon does not keep a trial for a
        worker that is not there any more.
        """
        timeout = _scalar.seconds(timeout, "timeout")
        if not request.meta.HasField("deadline_ms") and timeout <= _LONGEST_PATIENCE:
            request.meta.deadline_ms = max(1, round(_FOR_COMPUTING * timeout * 1000))
        end = time.monotonic() + request.wait_ms / 1000.0
        while True:
            start = time.monotonic()
            wait = min(max(0.0, end - start), _LONG_POLL)
            if request.wait_ms:
                request.wait_ms = max(1, math.ceil(wait * 1000))
            try:
                reply = yield from self._call(_schema.SUGGEST, request, timeout + wait)
                return list(reply.trials)
            except (NotNow, BudgetSpent, SpaceExhausted):
                over = time.monotonic()
                if over >= end or over - start < 0.9 * wait:  # refused at once: for good
                    raise
            request.meta.ClearField("request_id")

    def _take_back(self, request: Any, timeout: float) -> Steps[None]:
        """Release what an ask has given, or would have, that was interrupted.

        Nothing when the request never left: it has no id then.
        """
        if not request.meta.request_id:
            return
        end = time.monotonic() + timeout
        trials = yield from self._ask(request, timeout)
        for trial in trials:
            release = _schema.RELEASE.request(study=self._wire_name, number=trial.number,
                                              lease=trial.lease, reason=b"the ask was interrupted")
            yield from self._call(_schema.RELEASE, release, max(0.1, end - time.monotonic()))

    # ---- points ----

    def _tell_point(self, params: Params, value: Outcome, labels: Optional[Params],
                    note: Optional[str], timeout: float) -> Steps[int]:
        request = _schema.ADD_TRIALS.request(study=self._wire_name)
        point = request.points.add()
        self._put_params(point.params, params, "params")
        _outcome.put_values(point.values, value)
        _put_remarks(point, labels, note)
        reply = yield from self._call(_schema.ADD_TRIALS, request, timeout)
        return int(reply.first_number)

    def _enqueue(self, points: Union[Params, Sequence[Params]], labels: Optional[Params],
                 note: Optional[str], timeout: float) -> Steps[List[int]]:
        several = [points] if isinstance(points, Mapping) else _points(points)
        requests = self._point_requests(_schema.ENQUEUE, several)
        end = time.monotonic() + _scalar.seconds(timeout, "timeout")
        numbers: List[int] = []
        for request in requests:
            for point in request.points:
                _put_remarks(point, labels, note)
            if request.points:
                reply = yield from self._call(_schema.ENQUEUE, request,
                                              max(0.0, end - time.monotonic()), first=len(numbers))
                numbers.extend(int(trial.number) for trial in reply.trials)
        return numbers

    def _predict(self, points: Sequence[Params],
                 timeout: float) -> Steps[List[Dict[str, Tuple[float, float]]]]:
        end = time.monotonic() + _scalar.seconds(timeout, "timeout")
        found: List[Dict[str, Tuple[float, float]]] = []
        for request in self._point_requests(_schema.PREDICT, _points(points)):
            reply = yield from self._call(_schema.PREDICT, request,
                                          max(0.0, end - time.monotonic()), first=len(found))
            found.extend({_messages.text(m.name): (float(m.mean), float(m.sd)) for m in p.metrics}
                         for p in reply.predictions)
        return found

    def _point_requests(self, method: _schema.Method, points: Iterable[Params]) -> List[Any]:
        """Requests for all points, each within the limits of a message; at least one."""
        requests = [method.request(study=self._wire_name)]
        size = 0
        for i, params in enumerate(points):
            point = _schema.Point()
            self._put_params(point.params, params, f"points[{i}]")
            bytes_ = point.ByteSize()
            if len(requests[-1].points) == _schema.BATCH or (
                    size > 0 and size + bytes_ > _POINT_BYTES):
                requests.append(method.request(study=self._wire_name))
                size = 0
            requests[-1].points.append(point)
            size += bytes_
        return requests

    def _put_params(self, named: Any, params: Params, field: str) -> None:
        if not isinstance(params, Mapping):
            raise InvalidArgument(f"{field}: {params!r} must be a dict of values by parameter",
                                  field=field)
        for name, value in params.items():
            param = named.add()
            param.name = _scalar.text(name, field)
            _scalar.put_for(param.value, self._kinds.get(name, 0), value, f"{field}.{name}")

    # ---- trials ----

    def _trial(self, trial: TrialRef, timeout: float) -> Steps[TrialView]:
        request = _schema.GET_TRIAL.request(study=self._wire_name, number=_number(trial))
        return self._one(_schema.GET_TRIAL, request, timeout)

    def _cancel(self, trial: TrialRef, reason: str, timeout: float) -> Steps[TrialView]:
        request = _schema.CANCEL_TRIAL.request(
            study=self._wire_name, number=_number(trial), reason=_outcome.clip(reason))
        return self._one(_schema.CANCEL_TRIAL, request, timeout)

    def _requeue(self, trial: TrialRef, reason: str, timeout: float) -> Steps[TrialView]:
        request = _schema.RELEASE.request(
            study=self._wire_name, number=_number(trial), reason=_outcome.clip(reason))
        return self._one(_schema.RELEASE, request, timeout)

    def _delete_trial(self, trial: TrialRef, timeout: float) -> Steps[None]:
        request = _schema.DELETE_TRIAL.request(study=self._wire_name, number=_number(trial))
        yield from self._call(_schema.DELETE_TRIAL, request, timeout)

    def _edit(self, trial: TrialRef, value: Optional[Outcome], excluded: Optional[bool],
              note: Optional[str], labels: Optional[Params], remove_labels: Sequence[str],
              timeout: float) -> Steps[TrialView]:
        request = _schema.EDIT_TRIAL.request(study=self._wire_name, number=_number(trial))
        if value is not None:
            _outcome.put_values(request.values, value)
        if excluded is not None:
            if not _scalar.is_bool(excluded):
                raise InvalidArgument(f"excluded: {excluded!r} must be True or False",
                                      field="excluded")
            request.excluded = bool(excluded)
        if note is not None:
            request.note = _scalar.text(note, "note")
        _put_labels(request, labels, remove_labels)
        view = yield from self._one(_schema.EDIT_TRIAL, request, timeout)
        return view

    def _list(self, state: Union[None, str, Iterable[str]], since: int) -> Any:
        """The request for a first page of trials."""
        request = _schema.LIST_TRIALS.request(study=self._wire_name)
        if state is None:
            state = ()
        several = isinstance(state, Iterable) and not isinstance(state, str)
        for name in state if several else (state,):
            if not isinstance(name, str) or name not in _schema.TRIAL_STATES:
                raise InvalidArgument(f"state: {name!r} must be one of "
                                      + ", ".join(_schema.TRIAL_STATES), field="state")
            request.states.append(_schema.TRIAL_STATES[name])
        if since != 0:
            request.since_seq = _scalar.integer(since, "since", 0)
        return request

    def _best(self, timeout: float = TIMEOUT) -> Steps[Optional[TrialView]]:
        request = _schema.BEST.request(study=self._wire_name)
        reply = yield from self._call(_schema.BEST, request, timeout)
        return self._view(reply.trial) if reply.HasField("trial") else None

    # ---- the study itself ----

    def _info(self, timeout: float = TIMEOUT) -> Steps[StudyView]:
        request = _schema.GET_STUDY.request(study=self._wire_name)
        reply = yield from self._call(_schema.GET_STUDY, request, timeout)
        return _messages.read_study(reply.study)

    def _labels(self) -> Steps[Mapping[str, Value]]:
        view = yield from self._info()
        return view.labels

    def _why(self, timeout: float) -> Steps[views.StudyWhy]:
        reply = yield from self._call(_schema.WHY, _schema.WHY.request(study=self._wire_name),
                                      timeout)
        return _messages.read_study_why(reply)

    def _explain(self, number: Any, timeout: float) -> Steps[views.Explanation]:
        request = _schema.EXPLAIN.request(study=self._wire_name)
        if number is not None:
            request.number = _number(number)
        reply = yield from self._call(_schema.EXPLAIN, request, timeout)
        return _messages.read_explanation(reply, self._objective)

    def _model(self, timeout: float) -> Steps[views.Model]:
        request = _schema.GET_MODEL.request(study=self._wire_name)
        reply = yield from self._call(_schema.GET_MODEL, request, timeout)
        return _messages.read_model(reply)

    def _wait(self, for_: For, timeout: Optional[float]) -> Steps[StudyView]:
        reached = _condition(for_)
        limit = math.inf if timeout is None else _scalar.seconds(timeout, "timeout")
        end = time.monotonic() + limit
        request = _schema.GET_STUDY.request(study=self._wire_name)
        while True:
            wait = request.wait_ms / 1000.0
            reply = yield from self._call(_schema.GET_STUDY, request, wait + TIMEOUT, patience=wait)
            view = _messages.read_study(reply.study)
            if reached(view):
                return view
            left = end - time.monotonic()
            if left <= 0:
                raise Timeout(f"study {self.name!r}: {for_!r} was not reached in {limit:g} s",
                              field="for_")
            request.since_seq = reply.study.seq
            request.wait_ms = max(1, math.ceil(min(left, _LONG_POLL) * 1000))

    def _act(self, action: str, timeout: float) -> Steps[None]:
        request = _schema.UPDATE_STUDY.request(study=self._wire_name,
                                               action=_schema.ACTIONS[action])
        yield from self._call(_schema.UPDATE_STUDY, request, timeout)

    def _set(self, budget: Union[None, int, Keep], lease: Optional[float],
             on_expiry: Optional[str], retry_limit: Optional[int],
             stop: Optional[Mapping[str, float]], acquisition: _spec.Acquisition,
             labels: Optional[Params], remove_labels: Sequence[str],
             expected_version: Optional[int], timeout: float) -> Steps[StudyView]:
        request = _schema.UPDATE_STUDY.request(study=self._wire_name)
        if budget is None:
            request.no_budget = True
        elif not isinstance(budget, Keep):
            request.budget = _scalar.integer(budget, "budget", 0)
        _spec.put_leases(request, lease, on_expiry, retry_limit)
        if stop is not None:
            _spec.put_stop(request.stop, stop)
        _spec.put_acquisition(request, *acquisition)
        _put_labels(request, labels, remove_labels)
        if expected_version is not None:
            request.expected_version = _scalar.integer(expected_version, "expected_version", 1)
        reply = yield from self._call(_schema.UPDATE_STUDY, request, timeout)
        return _messages.read_study(reply.study)

    def _delete(self, timeout: float) -> Steps[None]:
        request = _schema.DELETE_STUDY.request(study=self._wire_name, id=self.id)
        yield from self._call(_schema.DELETE_STUDY, request, timeout)

    def _undelete(self, timeout: float) -> Steps[None]:
        yield from self._client._undelete(self._wire_name, self.id, timeout)

    def _clone(self, name: str, trials: bool, timeout: float) -> Steps[Any]:
        """The Study message of a new study of the same settings, with the same results."""
        create = _schema.CREATE_STUDY.request(name=_scalar.text(name, "name"))
        request = _schema.GET_STUDY.request(study=self._wire_name)
        reply = yield from self._call(_schema.GET_STUDY, request, timeout)
        create.spec.CopyFrom(reply.study.spec)
        create.clone_of = self._wire_name
        created = yield from self._client._call(_schema.CREATE_STUDY, create, timeout)
        page = self._list("COMPLETE", 0)
        while trials:
            reply = yield from self._call(_schema.LIST_TRIALS, page, timeout)
            yield from self._copy(reply.trials, bytes(create.name), timeout)
            if not reply.HasField("next_number"):
                break
            page.from_number = reply.next_number
        return created.study

    def _copy(self, trials: Any, name: bytes, timeout: float) -> Steps[None]:
        add = _schema.ADD_TRIALS.request(study=name)
        for trial in trials:
            if not trial.excluded:
                add.points.add(params=trial.params, values=trial.values, labels=trial.labels,
                               note=trial.note or None)
            if len(add.points) == _schema.BATCH or add.ByteSize() > _POINT_BYTES:
                yield from self._client._call(_schema.ADD_TRIALS, add, timeout)
                add = _schema.ADD_TRIALS.request(study=name)
        if add.points:
            yield from self._client._call(_schema.ADD_TRIALS, add, timeout)

    # ---- as a value ----

    def __reduce__(self) -> Tuple[Any, ...]:
        return _rebuild, (type(self), self._client, self._message.SerializeToString())

    def __repr__(self) -> str:
        return f"<{views.public(self)} {self.name!r} at {self._client.endpoint}>"

    def _repr_html_(self) -> str:
        return _html.table(f"Study {self.name}", {
            "at": self._client.endpoint, **views.study_rows(self)})


class Pages:
    """The trials of a study, page by page.

    seq  event up to which they are known: `since` for the next look, once all are read
    """

    def __init__(self, study: StudyCore[Any], request: Any, timeout: float) -> None:
        self._study, self._request, self._timeout = study, request, timeout
        self._more = True
        self.seq = 0

    def _page(self) -> Steps[List[TrialView]]:
        reply = yield from self._study._call(_schema.LIST_TRIALS, self._request, self._timeout)
        # Of the first page: what changes while the others are read belongs to the next look.
        self.seq = self.seq or int(reply.seq)
        self._more = reply.HasField("next_number")
        if self._more:
            self._request.from_number = reply.next_number
        return [self._study._view(message) for message in reply.trials]


def _rebuild(cls: Any, client: Any, data: bytes) -> Any:
    return cls(client, _schema.Study.FromString(data), proven=False)


def _number(trial: Any) -> int:
    if isinstance(trial, (TrialView, TrialCore)):
        return trial.number
    return _scalar.integer(trial, "trial", 0)


def _points(points: Any) -> Iterable[Params]:
    if not isinstance(points, Iterable) or isinstance(points, (str, bytes, Mapping)):
        raise InvalidArgument(f"points: {points!r} must be a list of dicts of values by "
                              "parameter", field="points")
    return points


def _put_remarks(point: Any, labels: Optional[Params], note: Optional[str]) -> None:
    if labels is not None:
        _spec.put_labels(point.labels, labels)
    if note is not None:
        point.note = _scalar.text(note, "note")


def _put_labels(request: Any, labels: Optional[Params], remove: Sequence[str]) -> None:
    if labels is not None:
        _spec.put_labels(request.labels, labels)
    for name in _scalar.texts(remove, "remove_labels"):
        request.remove_labels.append(_scalar.text(name, "remove_labels"))


_NAMES = ("best", "trials", *(state.lower() for state in _schema.TRIAL_STATES))
_CONDITION = re.compile(rf"\s*({'|'.join(_NAMES)})\s*(<=|>=|<|>)\s*([-+0-9.eE]+)\s*")
_ORDERS: Dict[str, Callable[[float, float], bool]] = {
    "<": lambda a, b: a < b, "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b, ">=": lambda a, b: a >= b}


def _condition(for_: Any) -> Callable[[StudyView], bool]:
    if callable(for_):
        return lambda view: bool(for_(view))
    if for_ in ("complete", "idle"):
        return _is_complete if for_ == "complete" else _is_idle
    match = _CONDITION.fullmatch(for_) if isinstance(for_, str) else None
    try:
        limit = float(match[3]) if match else math.nan
    except ValueError:
        limit = math.nan
    if match is None or math.isnan(limit):
        raise InvalidArgument(
            f"for_: {for_!r} must be 'complete', 'idle', a bound on best, trials or a state, as "
            "'best<0.1' or 'complete>=50', or a function of a StudyView", field="for_")
    name, order = match[1], _ORDERS[match[2]]
    if name == "best":
        return lambda view: view.best is not None and view.best.value is not None \
            and order(view.best.value, limit)
    if name == "trials":
        return lambda view: order(sum(view.counts.values()), limit)
    return lambda view: order(view.counts.get(name.upper(), 0), limit)


def _is_idle(view: StudyView) -> bool:
    return not view.counts.get("RUNNING", 0) and not view.counts.get("QUEUED", 0)


def _is_complete(view: StudyView) -> bool:
    """Whether the study gives out nothing more, and nothing runs."""
    over = view.state == "FINISHED" or (view.budget is not None and view.reserved >= view.budget)
    return over and not view.counts.get("RUNNING", 0)


def _milliseconds(value: Any, field: str) -> int:
    seconds = _scalar.seconds(value, field)
    if not math.isfinite(seconds) or seconds > 1e9:
        raise InvalidArgument(f"{field}: {seconds:g} must be a number of seconds up to 1e9",
                              field=field)
    return max(1, round(seconds * 1000))
