"""A trial that this process holds."""
from __future__ import annotations

import os
from types import TracebackType
from typing import TYPE_CHECKING, Any, Mapping, Optional, Tuple, Type, Union

from . import _scalar, _schema, views
from ._scalar import Value
from .errors import InvalidArgument, NotSupported

if TYPE_CHECKING:
    from .study import Study

# What can be told: the objective, metrics by name, or (mean, standard error).
Outcome = Union[float, Tuple[float, float], Mapping[str, Any]]


class Trial:
    """A point to evaluate.

    number   from 0 in its study
    params   the point
    why      why this point was suggested
    worker   the name given to ask, or None
    attempt  how often the trial was given out

    While a Trial is held, a background thread renews its lease; a Trial that is
    dropped without a word expires. Any thread may tell, fail or prune it. As a
    context manager it fails the trial when the block raises.
    """

    def __init__(self, study: Study, message: Any) -> None:
        self._study = study
        self._lease = message.lease if message.HasField("lease") else None
        self._sent: Optional[Tuple[bytes, bytes]] = None
        self._failed = False
        self.number = int(message.number)
        self.params = views.read_params(message)
        self.why = views.read_why(message)
        self.worker = str(message.worker, "utf-8") or None
        self.attempt = int(message.attempt)
        if self._lease is not None:
            study._client._leases.hold(study.name, self, self._lease)

    @property
    def done(self) -> bool:
        """Whether this object has told, failed or pruned the trial."""
        return self._sent is not None

    def tell(self, value: Outcome, *, timeout: float = 60.0) -> None:
        """Give the result: a number, or {"metric": number}.

        NaN or an infinity makes the trial FAILED. The result is durable when this
        returns. Repeating it is harmless.
        """
        request = _schema.OBSERVE.request(study=self._study._wire_name)
        observation = request.observations.add()
        observation.number = self.number
        put_values(observation.values, value)
        if self._lease is not None:
            _put_lease(observation.lease, self._lease)
        self._finish(_schema.OBSERVE, request, timeout)

    def fail(self, reason: str = "", *, timeout: float = 60.0) -> None:
        """Say that the point could not be evaluated."""
        self._end("FAILED", reason, timeout)

    def prune(self, reason: str = "", *, timeout: float = 60.0) -> None:
        """Say that the evaluation was stopped early."""
        self._end("PRUNED", reason, timeout)

    def report(self, step: int, value: float) -> bool:
        """Give an intermediate value. This version has no early stopping: NotSupported."""
        raise NotSupported("report: this version takes no intermediate values", field="report")

    def _end(self, state: str, reason: str, timeout: float) -> None:
        request = _schema.FAIL_TRIAL.request(
            study=self._study._wire_name, number=self.number, state=_schema.TRIAL_STATES[state],
            reason=_clip(reason))
        if self._lease is not None:
            _put_lease(request.lease, self._lease)
        self._finish(_schema.FAIL_TRIAL, request, timeout)

    def _finish(self, method: _schema.Method, request: Any, timeout: float) -> None:
        """Send the end of the trial. The same words again have the same request id."""
        words = bytes([method.number]) + request.SerializeToString()
        sent = self._sent
        if sent is not None and sent[0] == words:
            request.meta.request_id = sent[1]
        else:
            request.meta.request_id = os.urandom(16)
        identity = bytes(request.meta.request_id)
        client = self._study._client
        reply = client._call(method, request, timeout)
        self._sent = words, identity
        self._failed = any(t.state == _schema.TRIAL_STATES["FAILED"] for t in reply.trials)
        client._leases.drop(self._study.name, self)

    def __enter__(self) -> Trial:
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        if error is not None and not self.done:
            self.fail(describe(error))

    def __repr__(self) -> str:
        return f"<krige.Trial {self.number} of {self._study.name!r}: {self.params!r}>"


def describe(error: BaseException) -> str:
    """The reason of a trial that ended with an exception."""
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def put_values(values: Any, outcome: Any) -> None:
    """Fill MetricValues from an outcome."""
    if isinstance(outcome, Mapping):
        for name, value in outcome.items():
            message = values.add()
            message.name = _scalar.text(name, "value")
            _put_value(message, value, f"value.{name}")
    else:
        _put_value(values.add(), outcome, "value")


def _put_value(message: Any, value: Any, field: str) -> None:
    if isinstance(value, (tuple, list)):
        if len(value) != 2:
            raise InvalidArgument(f"{field}: {value!r} must be a number or (mean, sem)",
                                  field=field)
        message.sem = _scalar.number(value[1], field + ".sem")
        value = value[0]
    message.value = _scalar.number(value, field)


def _put_lease(message: Any, lease: Any) -> None:
    message.number, message.attempt, message.token = lease.number, lease.attempt, lease.token


def _clip(reason: str) -> bytes:
    """At most 4096 bytes of valid UTF-8 without NUL, as the wire wants it."""
    data = str(reason).replace("\0", "").encode("utf-8", "replace")[:4096]
    return data.decode("utf-8", "ignore").encode()
