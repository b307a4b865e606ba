"""One request, one reply, over sockets that may fail.

Every call takes a DEALER socket out of a pool, so that a call that waits (a
suggest during a fit) keeps no other waiting. When no reply comes, the socket
is closed and the same bytes go out on a new one: the daemon knows a repeated
request id, answers it as before and changes nothing twice. A reply that is not
the awaited one (late, doubled) is dropped by its correlation id.

A forked child starts with an empty pool.
"""
from __future__ import annotations

import math
import os
import socket as sockets
import threading
import time
import weakref
from typing import Any, List, Optional

import zmq
from google.protobuf.message import DecodeError

from . import _frame, _scalar, _schema
from ._schema import Method
from .errors import (ConnectionFailed, Error, Internal, InvalidArgument, NotNow, Overloaded,
                     Timeout, Unavailable, VersionMismatch, from_wire)

# Until a request is sent again: doubled each time. The daemon joins a repeat to
# the request that it is still working on.
_FIRST_PATIENCE = 1.0
_LAST_PATIENCE = 8.0
# Between tries when the daemon says "later" without saying when.
_FIRST_PAUSE = 0.05
_LAST_PAUSE = 2.0
_POOL = 64
# Of the path of a socket (sockaddr_un, without the NUL).
_PATH_BYTES = 107


def reachable(endpoint: str) -> bool:
    """Whether something accepts connections at an ipc or tcp endpoint."""
    kind, _, address = endpoint.partition("://")
    try:
        if kind == "ipc":
            with sockets.socket(sockets.AF_UNIX) as s:
                s.settimeout(1.0)
                s.connect(address)
        else:
            host, _, port = address.rpartition(":")
            sockets.create_connection((host.strip("[]"), int(port)), 1.0).close()
    except (OSError, ValueError):
        return False
    return True


def _check(endpoint: Any) -> None:
    """InvalidArgument unless a daemon can listen at this."""
    size = len(_scalar.text(endpoint, "endpoint"))
    kind, _, address = endpoint.partition("://")
    if kind == "ipc" and address and "\0" not in address:
        size -= len("ipc://")
        if size <= _PATH_BYTES:
            return
        wrong = f"its path has {size} bytes: give a path of at most {_PATH_BYTES}"
    elif kind == "tcp":
        host, _, port = address.rpartition(":")
        if host and port.isascii() and port.isdigit() and 1 <= int(port) <= 65535:
            return
        wrong = "must be tcp://HOST:PORT with a port from 1 to 65535"
    else:
        wrong = "must be ipc://PATH or tcp://HOST:PORT"
    raise InvalidArgument(f"endpoint: {endpoint!r}: {wrong}", field="endpoint")


class Transport:
    """Calls to one endpoint. Any number of threads may call at once."""

    def __init__(self, endpoint: str) -> None:
        _check(endpoint)
        self.endpoint = endpoint
        self._closed = False
        self.forget()
        _transports.add(self)

    def forget(self) -> None:
        """Leave the sockets (to the parent of a forked process) and start afresh."""
        self._lock = threading.Lock()
        self._idle: List[Any] = []

    def close(self) -> None:
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for socket in idle:
            socket.close(0)

    def call(self, method: Method, request: Any, timeout: float) -> Any:
        """The reply to a request.

        Waits out UNAVAILABLE and OVERLOADED, and NOT_NOW of a suggest, and sends again
        when no reply comes, all within `timeout` seconds. Raises an Error otherwise.
        """
        if method.mutates and not request.meta.request_id:
            request.meta.request_id = os.urandom(16)
        body = request.SerializeToString()
        if len(body) > _schema.MESSAGE_BYTES:
            raise Error(f"the request has {len(body)} bytes: at most {_schema.MESSAGE_BYTES} "
                        "are allowed, send less at once", code="TOO_LARGE")
        timeout = _scalar.seconds(timeout, "timeout")
        end = time.monotonic() + timeout
        pause = _FIRST_PAUSE
        while True:
            try:
                return self._deliver(method, body, end, timeout)
            except (NotNow, Overloaded, Unavailable) as error:
                wait = pause if error.retry_after is None else error.retry_after
                if time.monotonic() + wait >= end or (
                        isinstance(error, NotNow) and method is not _schema.SUGGEST):
                    raise
            time.sleep(wait)
            pause = min(2 * pause, _LAST_PAUSE)

    def _deliver(self, method: Method, body: bytes, end: float, timeout: float) -> Any:
        patience = _FIRST_PATIENCE
        while True:
            now = time.monotonic()
            reply = self._attempt(method, body, min(end, now + patience))
            if reply is not None:
                return reply
            if time.monotonic() >= end:
                break
            patience = min(2 * patience, _LAST_PATIENCE)
        if not reachable(self.endpoint):
            raise ConnectionFailed(f"no kriged answers at {self.endpoint}")
        raise Timeout(f"kriged at {self.endpoint} gave no answer to {method.name} "
                      f"in {timeout:g} s")

    def _attempt(self, method: Method, body: bytes, end: float) -> Any:
        """One sending; None when no reply came by `end`."""
        correlation = os.urandom(16)
        socket = self._take()
        sound = False
        try:
            socket.send_multipart((_frame.pack(method.number, correlation), body))
            reply = _receive(socket, method, correlation, end)
            sound = reply is not None
            return reply
        except Error:
            sound = True
            raise
        finally:
            if sound:
                self._give(socket)
            else:
                socket.close(0)

    def _take(self) -> Any:
        with self._lock:
            if self._closed:
                raise ConnectionFailed("this client is closed")
            if self._idle:
                return self._idle.pop()
        socket: Any = zmq.Context.instance().socket(zmq.DEALER)
        socket.linger = 0
        try:
            socket.connect(self.endpoint)
        except zmq.ZMQError as error:
            socket.close(0)
            raise ConnectionFailed(f"endpoint: {self.endpoint!r}: {error.strerror}",
                                   field="endpoint") from None
        return socket

    def _give(self, socket: Any) -> None:
        with self._lock:
            if not self._closed and len(self._idle) < _POOL:
                self._idle.append(socket)
                return
        socket.close(0)


def _receive(socket: Any, method: Method, correlation: bytes, end: float) -> Any:
    while True:
        left = end - time.monotonic()
        if left <= 0:
            return None
        socket.rcvtimeo = math.ceil(left * 1000)
        try:
            frames = socket.recv_multipart()
        except zmq.Again:
            continue
        if frames and not frames[0]:
            del frames[0]
        header = _frame.unpack(frames[0]) if len(frames) == 2 else None
        if header is None or header.correlation != correlation:
            continue
        if header.flags & _frame.ERROR:
            raise _error(frames[1])
        if header.version != _schema.PROTOCOL:
            raise VersionMismatch(f"kriged speaks protocol {header.version}, this client "
                                  f"{_schema.PROTOCOL}")
        try:
            return method.reply.FromString(frames[1])
        except DecodeError:
            raise Internal(f"the reply to {method.name} cannot be read") from None


def _error(body: bytes) -> Error:
    try:
        error = _schema.message("Error").FromString(body)
    except DecodeError:
        return Internal("kriged refused the request, and its reason cannot be read")
    retry_after: Optional[float] = None
    if error.HasField("retry_after_ms"):
        retry_after = error.retry_after_ms / 1000.0
    return from_wire(error.code, error.message.decode("utf-8", "replace"),
                     error.field.decode("utf-8", "replace") or None, retry_after)


_transports: "weakref.WeakSet[Transport]" = weakref.WeakSet()


def _after_fork() -> None:
    for transport in list(_transports):
        transport.forget()


os.register_at_fork(after_in_child=_after_fork)
