"""Takes the steps of conversations (`_exchange`) with blocking sockets.

Every attempt takes a DEALER socket out of a pool, so that a call that waits (a
suggest during a fit) keeps no other waiting. A socket on which no reply came is
closed, and the next attempt opens a new one.

A forked child starts with an empty pool.
"""
from __future__ import annotations

import math
import os
import threading
import time
import weakref
from typing import Any, List

import zmq

from . import _endpoint
from ._exchange import Attempt, Pause, Step, Steps, T
from .errors import ConnectionFailed, Error

_POOL = 64


def open_socket(context: Any, endpoint: str) -> Any:
    """A new DEALER socket to an endpoint, with its keys, of the kind that the context makes."""
    at = _endpoint.of(endpoint)
    try:
        socket: Any = context.socket(zmq.DEALER)
    except zmq.ZMQError as error:
        raise ConnectionFailed(f"no socket for another call: {error.strerror}; let fewer threads "
                               "call at once, or use krige.aio") from None
    socket.linger = 0
    try:
        if at.keys:
            at.keys.apply(socket)
        socket.connect(endpoint)
    except zmq.ZMQError as error:
        socket.close(0)
        raise ConnectionFailed(f"endpoint: {endpoint!r}: {error.strerror}",
                               field="endpoint") from None
    return socket


class Transport:
    """Conversations with one endpoint. Any number of threads may have one at once."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = _endpoint.of(endpoint)
        self.closed = False
        self.forget()
        _transports.add(self)

    def forget(self) -> None:
        """Leave the sockets (to the parent of a forked process) and start afresh."""
        self._lock = threading.Lock()
        self._idle: List[Any] = []

    def close(self) -> None:
        with self._lock:
            self.closed = True
            idle, self._idle = self._idle, []
        for socket in idle:
            socket.close(0)

    def run(self, steps: Steps[T]) -> T:
        """Take all steps; what they end with."""
        try:
            step = next(steps)
            while True:
                try:
                    answer = self._take_step(step)
                except Error as error:
                    step = steps.throw(error)
                else:
                    step = steps.send(answer)
        except StopIteration as end:
            result: T = end.value
            return result

    def _take_step(self, step: Step) -> Any:
        if isinstance(step, Attempt):
            return self._attempt(step)
        if isinstance(step, Pause):
            return time.sleep(step.seconds)
        return _endpoint.look(step.endpoint)

    def _attempt(self, attempt: Attempt) -> Any:
        socket = self._take()
        sound = False
        try:
            socket.send_multipart(attempt.frames)
            reply = _receive(socket, attempt)
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
            if self.closed:
                raise ConnectionFailed("this client is closed")
            if self._idle:
                return self._idle.pop()
        return open_socket(zmq.Context.instance(), self.endpoint)

    def _give(self, socket: Any) -> None:
        with self._lock:
            if not self.closed and len(self._idle) < _POOL:
                self._idle.append(socket)
                return
        socket.close(0)


def _receive(socket: Any, attempt: Attempt) -> Any:
    while True:
        left = attempt.end - time.monotonic()
        if left <= 0:
            return None
        socket.rcvtimeo = math.ceil(left * 1000)
        try:
            reply = attempt.read(socket.recv_multipart())
        except zmq.Again:
            continue
        if reply is not None:
            return reply


_transports: "weakref.WeakSet[Transport]" = weakref.WeakSet()


def _after_fork() -> None:
    for transport in list(_transports):
        transport.forget()


os.register_at_fork(after_in_child=_after_fork)
