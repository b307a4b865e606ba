"""What the Trials for threads and for asyncio share."""
from __future__ import annotations

import os
from typing import (TYPE_CHECKING, Any, Generic, Mapping, Optional, Sequence, Tuple, TypeVar,
                    Union)

from . import _html, _messages, _outcome, _scalar, _schema, views
from ._exchange import Steps
from ._outcome import Outcome
from ._scalar import Value
from .errors import Conflict, StaleLease

if TYPE_CHECKING:
    from ._leases import Keeper
    from ._study import StudyCore
    from .views import TrialView

# What a study's verbs take for a trial: its number, a view of it, or itself.
TrialRef = Union[int, "TrialView", "TrialCore[Any]"]

# Words of an end (method and message), the request id that carried them, trial FAILED or not.
End = Tuple[bytes, bytes, bool]


S = TypeVar("S", bound="StudyCore[Any]")


class TrialCore(Generic[S]):
    """A point to evaluate.

    number       from 0 in its study
    params       the point
    why          why this point was suggested
    worker       the name given to ask, or None
    attempt      how often the trial was given out
    labels       of the trial when it was given out
    stop_reason  why to stop, once report or the renewal of the lease has said so:
                 "CANCELLED", "PAUSED", "FINISHED", "BUDGET", or "LOST" when the lease
                 is no longer this trial's

    While a Trial is held, its lease is renewed in the background; a Trial that is
    dropped without a word expires. As a context manager it fails the trial when the block
    raises, and releases it when the block is interrupted.

    A copy, or what pickle makes of it in another process, is a second handle on the same
    lease: either may report and tell, and each renews the lease while it is held. The
    connection is made anew, at the first call.
    """

    def __init__(self, study: S, message: Any, end: Optional[End] = None,
                 fresh: bool = True) -> None:
        self._study = study
        self._message = message
        self._end = end
        self._said = None if end is None else end[:2]
        self.number = int(message.number)
        self.params: Mapping[str, Value] = _messages.read_named(message.params)
        self.why = _messages.read_why(message)
        self.worker = _messages.text(message.worker) or None
        self.attempt = int(message.attempt)
        self.labels: Mapping[str, Value] = _messages.read_named(message.labels)
        self.stop_reason: Optional[str] = None
        if end is None and self._lease is not None:
            self._leases.hold(self, fresh)

    @property
    def done(self) -> bool:
        """Whether this object has told, failed, pruned or released the trial."""
        return self._end is not None

    @property
    def _leases(self) -> Keeper:
        keeper: Keeper = self._study._client._leases
        return keeper

    @property
    def _failed(self) -> bool:
        return self._end is not None and self._end[2]

    @property
    def _lease(self) -> Any:
        return self._message.lease if self._message.HasField("lease") else None

    def _put_lease(self, lease: Any) -> None:
        if self._lease is not None:
            mine = self._lease
            lease.number, lease.attempt, lease.token = mine.number, mine.attempt, mine.token

    # ---- verbs ----

    def _tell(self, value: Outcome, timeout: float) -> Steps[None]:
        request = _schema.OBSERVE.request(study=self._study._wire_name)
        observation = request.observations.add()
        observation.number = self.number
        _outcome.put_values(observation.values, value)
        self._put_lease(observation.lease)
        yield from self._finish(_schema.OBSERVE, request, timeout)

    def _fail(self, state: str, reason: str, timeout: float) -> Steps[None]:
        request = _schema.FAIL_TRIAL.request(
            study=self._study._wire_name, number=self.number, state=_schema.TRIAL_STATES[state],
            reason=_outcome.clip(reason))
        self._put_lease(request.lease)
        yield from self._give_up(_schema.FAIL_TRIAL, request, timeout)

    def _release(self, reason: str, timeout: float) -> Steps[None]:
        request = _schema.RELEASE.request(
            study=self._study._wire_name, number=self.number, reason=_outcome.clip(reason))
        self._put_lease(request.lease)
        yield from self._give_up(_schema.RELEASE, request, timeout)

    def _give_up(self, method: _schema.Method, request: Any, timeout: float) -> Steps[None]:
        """End the trial without a result. One that was called off has nothing left to end."""
        if self.stop_reason != "CANCELLED":
            try:
                yield from self._finish(method, request, timeout)
                return
            except (Conflict, StaleLease):
                if self.stop_reason != "LOST":
                    raise
        if self._end is None:
            self._end = b"", b"", False
        self._leases.book.drop(self)

    def _finish(self, method: _schema.Method, request: Any, timeout: float) -> Steps[None]:
        """Send the end of the trial. The same words again, after a Timeout for instance, have
        the same request id."""
        words = bytes([method.number]) + request.SerializeToString()
        said = self._said
        identity = said[1] if said is not None and said[0] == words else os.urandom(16)
        self._said = words, identity
        request.meta.request_id = identity
        reply = yield from self._study._call(method, request, timeout)
        failed = any(t.state == _schema.TRIAL_STATES["FAILED"] for t in reply.trials)
        self._end = words, identity, failed
        self._leases.book.drop(self)

    def _report(self, step: int, value: float, timeout: float) -> Steps[bool]:
        request = _schema.REPORT.request(
            study=self._study._wire_name, number=self.number, step=_scalar.integer(step, "step"),
            value=_scalar.number(value, "value"))
        self._put_lease(request.lease)
        try:
            reply = yield from self._study._call(_schema.REPORT, request, timeout)
        except StaleLease:
            self._stop("LOST")
            raise
        if reply.remaining_ms:
            self._leases.book.renewed(self, reply.remaining_ms)
        if reply.stop:
            self._stop(_schema.STOP_REASONS.get(reply.reason, "FINISHED"))
        return bool(reply.stop)

    def _edit(self, note: Optional[str], labels: Optional[Mapping[str, Value]],
              remove_labels: Sequence[str], timeout: float) -> Steps[TrialView]:
        view = yield from self._study._edit(self, None, None, note, labels, remove_labels,
                                            timeout)
        self.labels = view.labels
        return view

    def _stop(self, reason: str) -> None:
        """What report or the renewal of the lease has heard."""
        self.stop_reason = reason

    def _adopt(self, end: Optional[End]) -> None:
        """Know that a copy has ended the trial."""
        if end is not None and self._end is None:
            self._end = end
            self._leases.book.drop(self)

    # ---- as a value ----

    def __reduce__(self) -> Tuple[Any, ...]:
        return _rebuild, (type(self), self._study, self._message.SerializeToString(), self._end)

    def __repr__(self) -> str:
        return (f"<{views.public(self)} {self.number} of {self._study.name!r}: "
                f"{self.params!r}>")

    def _repr_html_(self) -> str:
        return _html.table(f"Trial {self.number} of {self._study.name}", {
            **{f"params.{name}": value for name, value in self.params.items()},
            "why": self.why, "worker": self.worker, "attempt": self.attempt,
            "stop": self.stop_reason, "done": self.done})


def _rebuild(cls: Any, study: Any, data: bytes, end: Optional[End]) -> Any:
    return cls(study, _schema.Trial.FromString(data), end, fresh=False)
