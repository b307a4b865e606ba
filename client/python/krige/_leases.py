"""Which leases are held, when they are to be renewed, what the daemon says of them.

A Trial is known by weak reference: one that nobody holds any more is given up, and its
lease runs out. `Leases` renews in a thread, `aio._leases` in a task.
"""
from __future__ import annotations

import atexit
import os
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Optional, Tuple

from . import _schema
from ._exchange import Steps
from .errors import Error, NotFound

if TYPE_CHECKING:
    from ._client import ClientCore
    from ._trial import TrialCore
    from .client import Client

_IDLE = 3600.0
_LAST_RETRY = 5.0
_SHORTEST = 0.05

# Study and number; two handles on one trial (a copy) are renewed as one each.
_Key = Tuple[bytes, int, int]


class _Held:
    """A lease; the keeper's own copy of what it must say."""

    def __init__(self, trial: TrialCore[Any], fresh: bool) -> None:
        lease = trial._message.lease
        self.trial = weakref.ref(trial)
        self.study = trial._study._wire_name
        self.lease = _schema.message("Lease")(
            number=lease.number, attempt=lease.attempt, token=lease.token)
        self.granted(lease.remaining_ms)
        if not fresh:
            self.due = time.monotonic()

    def granted(self, remaining_ms: int) -> None:
        self.term = max(_SHORTEST, remaining_ms / 1000.0)
        self.due = time.monotonic() + self.term / 3


class Batch(NamedTuple):
    """Leases of one study that are renewed by one message."""

    study: bytes
    held: List[_Held]

    @property
    def timeout(self) -> float:
        return max(0.1, min(10.0, min(held.term for held in self.held) / 3))


class Book:
    """The leases that are held. Any thread may use it."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._held: Dict[_Key, _Held] = {}

    def hold(self, trial: TrialCore[Any], fresh: bool) -> float:
        """Renew the trial's lease from now on; when for the first time."""
        held = _Held(trial, fresh)
        with self.lock:
            self._held[_key(trial)] = held
        return held.due

    def renewed(self, trial: TrialCore[Any], remaining_ms: int) -> None:
        with self.lock:
            held = self._held.get(_key(trial))
            if held is not None:
                held.granted(remaining_ms)

    def drop(self, trial: TrialCore[Any]) -> None:
        with self.lock:
            self._held.pop(_key(trial), None)

    def clear(self) -> None:
        with self.lock:
            self._held.clear()

    def wake(self) -> Optional[float]:
        """When the next lease is to be renewed; None if none is held."""
        with self.lock:
            self._held = {k: h for k, h in self._held.items() if h.trial() is not None}
            return min((h.due for h in self._held.values()), default=None)

    def due(self) -> List[Batch]:
        """What to renew now, and what soon would be, in as few messages as can be."""
        now = time.monotonic()
        studies: Dict[bytes, List[_Held]] = {}
        with self.lock:
            for held in self._held.values():
                if held.due <= now + held.term / 12:
                    studies.setdefault(held.study, []).append(held)
        return [Batch(study, some[i:i + _schema.BATCH]) for study, some in studies.items()
                for i in range(0, len(some), _schema.BATCH)]

    def renew(self, client: ClientCore, batch: Batch) -> Steps[None]:
        """Send the heartbeat, and tell the trials what comes of it. Raises nothing."""
        request = _schema.HEARTBEAT.request(study=batch.study)
        request.leases.extend({h.lease.token: h.lease for h in batch.held}.values())
        try:
            reply = yield from client._call(_schema.HEARTBEAT, request, batch.timeout)
        except NotFound:
            self._lose(batch.held)
            return
        except Error:
            for held in batch.held:
                held.due = time.monotonic() + min(_LAST_RETRY, held.term / 6)
            return
        renewed = {lease.number: lease.remaining_ms for lease in reply.leases}
        for held in batch.held:
            if held.lease.number in renewed:
                held.granted(renewed[held.lease.number])
        stops = {stop.number: _schema.STOP_REASONS.get(stop.reason, "FINISHED")
                 for stop in reply.stops}
        for held in batch.held:
            trial = held.trial()
            if trial is not None and held.lease.number in stops:
                trial._stop(stops[held.lease.number])
        self._lose([h for h in batch.held if h.lease.number not in renewed])

    def _lose(self, lost: List[_Held]) -> None:
        for held in lost:
            trial = held.trial()
            if trial is not None:
                self.drop(trial)
                if not trial.done and trial.stop_reason is None:
                    trial._stop("LOST")


def _key(trial: TrialCore[Any]) -> _Key:
    return trial._study._wire_name, trial.number, id(trial)


class Keeper:
    """Has a book, and renews what is in it."""

    book: Book

    def hold(self, trial: TrialCore[Any], fresh: bool) -> None:
        """Renew the trial's lease while somebody holds it; at once if it is not fresh."""
        raise NotImplementedError

    def start(self) -> None:
        """Work, if there is anything to do and anybody to do it."""
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError


class Leases(Keeper):
    """Renews leases in one background thread, started with the first trial.

    A forked child renews only what it asked for itself.
    """

    def __init__(self, client: Client) -> None:
        self._client = weakref.ref(client)
        self.forget()
        _keepers.add(self)

    def forget(self) -> None:
        """Know no trial and no thread (after a fork)."""
        self.book = Book()
        self._changed = threading.Condition(self.book.lock)
        self._thread: Optional[threading.Thread] = None
        self._wake = 0.0
        self._closed = False

    def hold(self, trial: TrialCore[Any], fresh: bool) -> None:
        with self._changed:
            if self._closed:
                return
            if self.book.hold(trial, fresh) < self._wake:
                self._changed.notify()
            self.start()

    def start(self) -> None:
        with self._changed:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="krige-leases", daemon=True)
                self._thread.start()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self.book.clear()
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._closed:
                    now = time.monotonic()
                    wake = self.book.wake()
                    self._wake = now + _IDLE if wake is None else wake
                    if self._wake <= now:
                        break
                    self._changed.wait(self._wake - now)
                if self._closed:
                    return
            for batch in self.book.due():
                self._renew(batch)

    def _renew(self, batch: Batch) -> None:
        """In a function of its own, so that the thread keeps no client while it waits."""
        client = self._client()
        if client is not None:
            client._run(self.book.renew(client, batch))


_keepers: "weakref.WeakSet[Leases]" = weakref.WeakSet()


def _after_fork() -> None:
    for keeper in list(_keepers):
        keeper.forget()


def _at_exit() -> None:
    for keeper in list(_keepers):
        keeper.close()


os.register_at_fork(after_in_child=_after_fork)
atexit.register(_at_exit)
