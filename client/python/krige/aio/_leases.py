"""Renews the leases of held trials in one task, which lives while there are any."""
from __future__ import annotations

import asyncio
import os
import time
import weakref
from typing import TYPE_CHECKING, Any, Optional

from .._leases import Book, Keeper

if TYPE_CHECKING:
    from .._trial import TrialCore
    from .client import Client


class Leases(Keeper):
    def __init__(self, client: Client) -> None:
        self._client = weakref.ref(client)
        self._task: "Optional[asyncio.Task[None]]" = None
        self._closed = False
        self.forget()
        _keepers.add(self)

    def forget(self) -> None:
        """Know no trial (after a fork)."""
        self.book = Book()

    def hold(self, trial: TrialCore[Any], fresh: bool) -> None:
        if self._closed:
            return
        self.book.hold(trial, fresh)
        if self._works_in(_running_loop()):
            self._changed.set()
        else:
            self.start()

    def start(self) -> None:
        """Have a task in the loop that runs now. Of a trial that came by pickle, where none
        runs, the first call within one starts it."""
        loop = _running_loop()
        if loop is not None and not self._works_in(loop) and self.book.wake() is not None:
            self._changed = asyncio.Event()
            self._task = loop.create_task(_renew(self._client, self.book, self._changed))

    def close(self) -> None:
        self._closed = True
        self.book.clear()
        if self._task is not None and not self._task.get_loop().is_closed():
            self._task.cancel()

    def _works_in(self, loop: Optional[asyncio.AbstractEventLoop]) -> bool:
        return self._task is not None and not self._task.done() and self._task.get_loop() is loop


def _running_loop() -> Optional[asyncio.AbstractEventLoop]:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


async def _renew(client: "weakref.ref[Client]", book: Book, changed: asyncio.Event) -> None:
    """Knows the client weakly, so that one that is dropped goes away."""
    wake = book.wake()
    while wake is not None:
        changed.clear()
        left = wake - time.monotonic()
        if left > 0:
            await _first_of(changed, left)
        else:
            for batch in book.due():
                mine: Any = client()
                if mine is None:
                    return
                await mine._transport.run(book.renew(mine, batch))
                del mine
        wake = book.wake()


async def _first_of(changed: asyncio.Event, seconds: float) -> None:
    # Not wait_for: until Python 3.12 it may swallow a cancellation.
    alarm = asyncio.get_running_loop().call_later(seconds, changed.set)
    try:
        await changed.wait()
    finally:
        alarm.cancel()


_keepers: "weakref.WeakSet[Leases]" = weakref.WeakSet()


def _after_fork() -> None:
    for keeper in list(_keepers):
        keeper.forget()


os.register_at_fork(after_in_child=_after_fork)
