"""Renews the leases of the trials that this process holds.

One background thread for each client, started with the first trial. It knows
trials by weak reference: a Trial that nobody holds any more is given up, and
its lease runs out. A forked child renews only what it asked for itself.
"""
from __future__ import annotations

import os
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Tuple

from . import _schema
from .errors import Error, NotFound

if TYPE_CHECKING:
    from .client import Client
    from .trial import Trial

_IDLE = 3600.0
_LAST_RETRY = 5.0

_Key = Tuple[str, int]


class _Held:
    """A lease; the thread's own copy of what it must say."""

    def __init__(self, trial: Trial, lease: Any) -> None:
        self.trial = weakref.ref(trial)
        self.lease = _schema.message("Lease")(
            number=lease.number, attempt=lease.attempt, token=lease.token)
        self.granted(lease)

    def granted(self, lease: Any) -> None:
        self.term = lease.remaining_ms / 1000.0
        self.due = time.monotonic() + self.term / 3


class Leases:
    def __init__(self, client: Client) -> None:
        self._client = weakref.ref(client)
        self.forget()
        _keepers.add(self)

    def forget(self) -> None:
        """Know no trial and no thread (after a fork)."""
        self._changed = threading.Condition()
        self._held: Dict[_Key, _Held] = {}
        self._thread: Optional[threading.Thread] = None
        self._wake = 0.0
        self._closed = False

    def hold(self, study: str, trial: Trial, lease: Any) -> None:
        held = _Held(trial, lease)
        with self._changed:
            self._held[study, trial.number] = held
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._run, name="krige-leases", daemon=True)
                self._thread.start()
            elif held.due < self._wake:
                self._changed.notify()

    def drop(self, study: str, trial: Trial) -> None:
        with self._changed:
            held = self._held.get((study, trial.number))
            if held is not None and held.trial() is trial:
                del self._held[study, trial.number]

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._held.clear()
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._closed:
                    now = time.monotonic()
                    self._held = {k: h for k, h in self._held.items() if h.trial() is not None}
                    self._wake = min((h.due for h in self._held.values()), default=now + _IDLE)
                    if self._wake <= now:
                        break
                    self._changed.wait(self._wake - now)
                if self._closed:
                    return
                due: Dict[str, List[_Held]] = {}
                for (study, _), held in self._held.items():
                    if held.due <= now + held.term / 12:
                        due.setdefault(study, []).append(held)
            for study, some in due.items():
                for i in range(0, len(some), _schema.BATCH):
                    self._renew(study, some[i:i + _schema.BATCH])

    def _renew(self, study: str, some: List[_Held]) -> None:
        client = self._client()
        if client is None:
            return
        term = min(held.term for held in some)
        request = _schema.HEARTBEAT.request(study=study.encode())
        request.leases.extend(held.lease for held in some)
        try:
            reply = client._call(_schema.HEARTBEAT, request, max(0.1, min(10.0, term / 3)))
        except NotFound:
            self._lose(study, {held.lease.number for held in some})
            return
        except Error:
            for held in some:
                held.due = time.monotonic() + min(_LAST_RETRY, held.term / 6)
            return
        renewed = {lease.number: lease for lease in reply.leases}
        for held in some:
            if held.lease.number in renewed:
                held.granted(renewed[held.lease.number])
        self._lose(study, {held.lease.number for held in some} - set(renewed))

    def _lose(self, study: str, numbers: Any) -> None:
        with self._changed:
            for number in numbers:
                self._held.pop((study, number), None)


_keepers: "weakref.WeakSet[Leases]" = weakref.WeakSet()


def _after_fork() -> None:
    for keeper in list(_keepers):
        keeper.forget()


os.register_at_fork(after_in_child=_after_fork)
