"""Errors: one class for each thing that a caller may want to handle."""
from __future__ import annotations

from typing import Dict, Optional, Tuple, Type


class Error(Exception):
    """Anything that kriged or this client refuses or fails to do.

    code         name of the status ("STALE_LEASE"), the same in every language
    field        the field of the request at fault, or None
    retry_after  seconds after which it may work, or None
    """

    code = "INTERNAL"

    def __init__(self, message: str, *, code: Optional[str] = None, field: Optional[str] = None,
                 retry_after: Optional[float] = None) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code
        self.field = field
        self.retry_after = retry_after

    def __reduce__(self) -> Tuple[object, ...]:
        return _rebuild, (type(self), str(self), self.code, self.field, self.retry_after)


def _rebuild(cls: Type[Error], message: str, code: str, field: Optional[str],
             retry_after: Optional[float]) -> Error:
    return cls(message, code=code, field=field, retry_after=retry_after)


class InvalidArgument(Error):
    """A field of the request is not valid; `field` names it."""

    code = "INVALID_ARGUMENT"


class NotSupported(InvalidArgument):
    """This version does not have it yet."""


class NotFound(Error):
    """There is no such study or trial."""

    code = "NOT_FOUND"


class AlreadyExists(Error):
    """A study of this name exists."""

    code = "ALREADY_EXISTS"


class Conflict(Error):
    """The request contradicts what is stored."""

    code = "CONFLICT"


class StaleLease(Error):
    """The trial is no longer this worker's, and has got its result elsewhere."""

    code = "STALE_LEASE"


class StudyFinished(Error):
    """The study is finished, or its budget is spent (BudgetSpent)."""

    code = "STUDY_FINISHED"


class BudgetSpent(StudyFinished):
    """All places of the budget are taken. A trial that fails or expires gives one back."""

    code = "BUDGET_SPENT"


class SpaceExhausted(Error):
    """Every point of the space has been given out."""

    code = "SPACE_EXHAUSTED"


class NotNow(Error):
    """Nothing can be given out now (a paused study, for instance)."""

    code = "NOT_NOW"


class Overloaded(Error):
    """Too much is waiting."""

    code = "OVERLOADED"


class Unavailable(Error):
    """The change could not be made durable (a full disk, for instance)."""

    code = "UNAVAILABLE"


class Timeout(Error):
    """The daemon did not answer in the time given."""

    code = "DEADLINE"


class ConnectionFailed(Error):
    """No daemon can be reached at the endpoint."""

    code = "UNAVAILABLE"


class Unauthenticated(Error):
    """The daemon does not know the caller's key."""

    code = "UNAUTHENTICATED"


class Forbidden(Error):
    """The caller's role does not allow it."""

    code = "FORBIDDEN"


class NotOwner(Error):
    """Another daemon owns the study."""

    code = "NOT_OWNER"


class TooLarge(Error):
    """Over a limit of the wire: send less at once."""

    code = "TOO_LARGE"


class VersionMismatch(Error):
    """Daemon and client do not speak the same version of the protocol."""

    code = "VERSION"


class Internal(Error):
    """The daemon is at fault."""

    code = "INTERNAL"


# Number on the wire -> name and class.
_STATUSES: Dict[int, Tuple[str, Type[Error]]] = {
    1: ("INVALID_ARGUMENT", InvalidArgument),
    2: ("NOT_FOUND", NotFound),
    3: ("ALREADY_EXISTS", AlreadyExists),
    4: ("CONFLICT", Conflict),
    5: ("STALE_LEASE", StaleLease),
    6: ("STUDY_FINISHED", StudyFinished),
    7: ("BUDGET_SPENT", BudgetSpent),
    8: ("SPACE_EXHAUSTED", SpaceExhausted),
    9: ("NOT_NOW", NotNow),
    10: ("OVERLOADED", Overloaded),
    11: ("UNAVAILABLE", Unavailable),
    12: ("DEADLINE", Timeout),
    13: ("UNAUTHENTICATED", Unauthenticated),
    14: ("FORBIDDEN", Forbidden),
    15: ("NOT_OWNER", NotOwner),
    16: ("TOO_LARGE", TooLarge),
    17: ("VERSION", VersionMismatch),
    18: ("INTERNAL", Internal),
}


def from_wire(code: int, message: str, field: Optional[str],
              retry_after: Optional[float]) -> Error:
    """The exception for an Error message of the wire."""
    name, cls = _STATUSES.get(code, ("INTERNAL", Internal))
    return cls(message or name, code=name, field=field, retry_after=retry_after)
