"""Takes the steps of conversations (`krige._exchange`) within an event loop.

As in `krige._transport`, each attempt has a DEALER socket out of a pool to itself. The
sockets belong to one loop; in another one, or in a forked child, the pool starts afresh.
"""
from __future__ import annotations

import asyncio
import math
import os
import time
from typing import Any, List, Optional

import zmq.asyncio

from .. import _endpoint
from .._exchange import Attempt, Pause, Step, Steps, T
from .._transport import POOL, open_socket
from ..errors import ConnectionFailed, Error


class Transport:
    """Conversations with one endpoint, any number at once, of tasks of one loop."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = _endpoint.of(endpoint)
        self.closed = False
        self._idle: List[Any] = []
        self._loop: Optional[asyncio.AbstractEventLoop] = None
        self._process = os.getpid()

    def close(self) -> None:
        self.closed = True
        idle, self._idle = self._idle, []
        for socket in idle:
            _close(socket)

    async def run(self, steps: Steps[T]) -> T:
        """Take all steps; what they end with."""
        try:
            step = next(steps)
            while True:
                try:
                    answer = await self._take_step(step)
                except Error as error:
                    step = steps.throw(error)
                else:
                    step = steps.send(answer)
        except StopIteration as end:
            result: T = end.value
            return result

    async def _take_step(self, step: Step) -> Any:
        if isinstance(step, Attempt):
            return await self._attempt(step)
        if isinstance(step, Pause):
            return await asyncio.sleep(step.seconds)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(None, _endpoint.look, step.endpoint)

    async def _attempt(self, attempt: Attempt) -> Any:
        socket = self._take()
        sound = False
        try:
            await socket.send_multipart(attempt.frames)
            reply = await _receive(socket, attempt)
            sound = reply is not None
            return reply
        except Error:
            sound = True
            raise
        finally:
            if sound and not self.closed and len(self._idle) < POOL:
                self._idle.append(socket)
            else:
                _close(socket)

    def _take(self) -> Any:
        if self.closed:
            raise ConnectionFailed("this client is closed")
        loop = asyncio.get_running_loop()
        if self._loop is not loop or self._process != os.getpid():
            if self._process == os.getpid():
                for socket in self._idle:
                    _close(socket)
            self._loop, self._process, self._idle = loop, os.getpid(), []
        if self._idle:
            return self._idle.pop()
        return open_socket(zmq.asyncio.Context.instance(), self.endpoint)


def _close(socket: Any) -> None:
    try:
        socket.close(0)
    except RuntimeError:
        pass  # its loop is closed, and has forgotten it


async def _receive(socket: Any, attempt: Attempt) -> Any:
    while True:
        left = attempt.end - time.monotonic()
        if left <= 0:
            return None
        if await socket.poll(math.ceil(left * 1000)):
            reply = attempt.read(await socket.recv_multipart())
            if reply is not None:
                return reply
