"""One request, one reply, over a network that may fail: what to send when, without a socket.

A conversation is a generator of steps (send this and wait for its answer, sleep, look
whether anybody is there) that ends with its result. `_transport` takes the steps with
blocking sockets, `aio._transport` within an event loop: both clients share all that is
decided here.

When no reply comes, the same bytes go out again: the daemon knows a repeated request id,
answers it as before and changes nothing twice. A reply that is not the awaited one (late,
doubled) is dropped by its correlation id.
"""
from __future__ import annotations

import os
import time
from typing import Any, Generator, List, NamedTuple, Optional, Tuple, TypeVar, Union

from google.protobuf.message import DecodeError

from . import _frame, _scalar, _schema
from ._schema import Method
from .errors import (ConnectionFailed, Error, Internal, NotNow, Overloaded, Timeout, TooLarge,
                     Unavailable, VersionMismatch, from_wire)

# Until a request is sent again: doubled each time. The daemon joins a repeat to
# the request that it is still working on.
FIRST_PATIENCE = 1.0
LAST_PATIENCE = 8.0
# Between tries when the daemon says "later" without saying when.
_FIRST_PAUSE = 0.05
_LAST_PAUSE = 2.0


class Attempt:
    """Step: send `frames` on a sound socket, give `read` what comes; until the time `end`.

    Its answer is the first thing but None that `read` returns, or None when nothing came
    by `end` (a time of time.monotonic). What `read` raises is thrown into the conversation.
    """

    def __init__(self, method: Method, body: bytes, end: float) -> None:
        self._method = method
        self.correlation = os.urandom(16)
        self.frames: Tuple[bytes, bytes] = (_frame.pack(method.number, self.correlation), body)
        self.end = end

    def read(self, frames: List[bytes]) -> Optional[Any]:
        """The reply in these frames, None if they are not the awaited ones; raises Error."""
        if frames and not frames[0]:
            del frames[0]
        header = _frame.unpack(frames[0]) if len(frames) == 2 else None
        if header is None or header.correlation != self.correlation:
            return None
        if header.flags & _frame.ERROR:
            raise _error(frames[1])
        if header.version != _schema.PROTOCOL:
            raise version_mismatch(header.version)
        try:
            return self._method.reply.FromString(frames[1])
        except DecodeError:
            raise Internal(f"the reply to {self._method.name} cannot be read") from None


def version_mismatch(daemon: int) -> VersionMismatch:
    """What to do when the daemon speaks another protocol."""
    remedy = ("the daemon is older; stop it, install the version of this client, start it again"
              if daemon < _schema.PROTOCOL else
              "the daemon is newer; install its version of the client")
    return VersionMismatch(f"kriged speaks protocol {daemon}, this client {_schema.PROTOCOL}: "
                           f"{remedy}")


class Pause(NamedTuple):
    """Step: do nothing for so long."""

    seconds: float


class Probe(NamedTuple):
    """Step: whether something accepts connections at the endpoint; it may raise why it lets
    nobody in (`_endpoint.look`)."""

    endpoint: str


T = TypeVar("T")
Step = Union[Attempt, Pause, Probe]
# Several calls and what is made of their replies.
Steps = Generator[Step, Any, T]


def exchange(endpoint: str, method: Method, request: Any, timeout: float,
             patience: float = 0.0) -> Steps[Any]:
    """The reply to a request.

    Waits out UNAVAILABLE and OVERLOADED, and NOT_NOW of a suggest that does not wait with the
    daemon, and sends again when no reply comes, all within `timeout` seconds. Raises an Error
    otherwise.
    patience  seconds that the daemon was asked to wait before it answers a read
    """
    if method.mutates and not request.meta.request_id:
        request.meta.request_id = os.urandom(16)
    body = request.SerializeToString()
    if len(body) > _schema.MESSAGE_BYTES:
        raise TooLarge(f"the request has {len(body)} bytes: at most {_schema.MESSAGE_BYTES} "
                       "are allowed, send less at once")
    timeout = _scalar.seconds(timeout, "timeout")
    end = time.monotonic() + timeout
    pause = _FIRST_PAUSE
    while True:
        try:
            reply = yield from _deliver(endpoint, method, body, end, timeout, patience)
            return reply
        except (NotNow, Overloaded, Unavailable) as error:
            wait = pause if error.retry_after is None else error.retry_after
            if time.monotonic() + wait >= end or (
                    isinstance(error, NotNow) and (
                        method is not _schema.SUGGEST or request.wait_ms)):
                raise
        yield Pause(wait)
        pause = min(2 * pause, _LAST_PAUSE)


def _deliver(endpoint: str, method: Method, body: bytes, end: float, timeout: float,
             patience: float) -> Steps[Any]:
    until_next = FIRST_PATIENCE
    while True:
        reply = yield Attempt(method, body, min(end, time.monotonic() + until_next + patience))
        if reply is not None:
            return reply
        there = yield Probe(endpoint)
        if time.monotonic() >= end:
            break
        until_next = min(2 * until_next, LAST_PATIENCE)
    if not there:
        raise ConnectionFailed(f"no kriged answers at {endpoint}")
    raise Timeout(f"kriged at {endpoint} gave no answer to {method.name} in {timeout:g} s")


def _error(body: bytes) -> Error:
    try:
        error = _schema.message("Error").FromString(body)
    except DecodeError:
        return Internal("kriged refused the request, and its reason cannot be read")
    return read_error(error)


def read_error(error: Any) -> Error:
    """The exception for an Error message of the wire."""
    retry_after: Optional[float] = None
    if error.HasField("retry_after_ms"):
        retry_after = error.retry_after_ms / 1000.0
    return from_wire(error.code, error.message.decode("utf-8", "replace"),
                     error.field.decode("utf-8", "replace") or None, retry_after)
