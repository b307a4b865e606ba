"""Takes the steps of conversations (`krige._exchange`) within an event loop.

Calls share a DEALER socket (a line), so that thousands of tasks may wait at once; each
gets the reply with its correlation id. A line on which one reply did not come takes no new
calls: those go over a new one, and it is closed with the last reply that it waits for.
Lines belong to one loop; in another one, or in a forked child, they start afresh.
"""
from __future__ import annotations

import asyncio
import os
import time
from typing import Any, Dict, List, Optional, Tuple

import zmq.asyncio

from .. import _endpoint, _frame
from .._exchange import Attempt, Pause, Step, Steps, T
from .._transport import open_socket
from ..errors import ConnectionFailed, Error


# Frames that came for an attempt; None at its end.
_Replies = asyncio.Queue[Optional[List[bytes]]]


class Transport:
    """Conversations with one endpoint, any number at once, of tasks of one loop."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = _endpoint.of(endpoint)
        self.closed = False
        self._line: Optional[_Line] = None
        self._place: Tuple[Optional[asyncio.AbstractEventLoop], int] = None, os.getpid()

    def close(self) -> None:
        self.closed = True
        if self._line is not None and self._place[1] == os.getpid():
            self._line.close()
        self._line = None

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
        line = self._take()
        try:
            return await line.ask(attempt)
        finally:
            if line.failed and self._line is line:
                self._line = None

    def _take(self) -> _Line:
        if self.closed:
            raise ConnectionFailed("this client is closed")
        place = asyncio.get_running_loop(), os.getpid()
        if self._line is None or self._place != place:
            if self._line is not None and self._place[1] == place[1]:
                self._line.close()
            self._place = place
            self._line = _Line(open_socket(zmq.asyncio.Context.instance(), self.endpoint))
        return self._line


class _Line:
    """A socket, and who waits for what comes over it."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self._waiting: Dict[bytes, _Replies] = {}
        self._reader = asyncio.get_running_loop().create_task(_read(socket, self._waiting))
        self.failed = False

    async def ask(self, attempt: Attempt) -> Any:
        """What `attempt.read` makes of the replies; None when none came in time."""
        loop = asyncio.get_running_loop()
        replies: _Replies = asyncio.Queue()
        self._waiting[attempt.correlation] = replies
        alarm = loop.call_later(max(0.0, attempt.end - time.monotonic()), replies.put_nowait, None)
        try:
            await self._socket.send_multipart(attempt.frames)
            frames = await replies.get()
            while frames is not None:
                reply = attempt.read(frames)
                if reply is not None:
                    return reply
                frames = await replies.get()
            self.failed = True
            return None
        finally:
            alarm.cancel()
            del self._waiting[attempt.correlation]
            if self.failed and not self._waiting:
                self.close()

    def close(self) -> None:
        self.failed = True
        for replies in self._waiting.values():
            replies.put_nowait(None)
        try:
            self._reader.cancel()
            self._socket.close(0)
        except RuntimeError:
            pass  # its loop is closed, and has forgotten it


async def _read(socket: Any, waiting: Dict[bytes, _Replies]) -> None:
    """Give what comes to whom it is for; drop what nobody waits for."""
    while True:
        frames = await socket.recv_multipart()
        header = _frame.unpack(frames[-2]) if len(frames) > 1 else None
        if header is not None and header.correlation in waiting:
            waiting[header.correlation].put_nowait(frames)
