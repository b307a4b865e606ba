"""Progress of Study.optimize on stderr: one line redrawn on a terminal, lines elsewhere."""
from __future__ import annotations

import shutil
import sys
import threading
import time
from types import TracebackType
from typing import Optional, Type

_WIDTH = 24
_EVERY = 2.0  # seconds between plain lines, unless there is a new best


class Progress:
    def __init__(self, wanted: Optional[bool], name: str, total: Optional[int], maximize: bool,
                 best: Optional[float], best_number: Optional[int]) -> None:
        self._stream = sys.stderr
        self._on = wanted is not False and self._stream is not None
        self._bar = self._on and sys.stderr.isatty()
        self._name, self._total, self._maximize = name, total, maximize
        self._best, self._best_number = best, best_number
        self._lock = threading.Lock()
        self._start = time.monotonic()
        self._shown = float("-inf")
        self._done = self._failed = 0
        self._pending = ""
        self._over = ""

    def ended(self, number: int, value: Optional[float], reason: str) -> None:
        """A trial has ended: with a value, or without one for a reason."""
        with self._lock:
            self._done += 1
            better = value is not None and (self._best is None or (
                value > self._best if self._maximize else value < self._best))
            if better:
                self._best, self._best_number = value, number
            if value is None:
                self._failed += 1
            if not self._on:
                return
            if self._bar:
                self._draw()
            else:
                self._line(number, value, reason, better)

    def over(self, why: str) -> None:
        """The study has nothing more to give out."""
        with self._lock:
            self._over = why

    def _summary(self) -> str:
        if self._best is None:
            return "no result yet"
        return f"best {self._best:.6g} (trial {self._best_number})"

    def _line(self, number: int, value: Optional[float], reason: str, better: bool) -> None:
        what = f"{value:.6g}" if value is not None else reason or "no value"
        of = f"/{self._total}" if self._total is not None else ""
        text = f"{self._name} {self._done}{of}: trial {number} {what}; {self._summary()}"
        now = time.monotonic()
        if better or now - self._shown >= _EVERY:
            self._shown, self._pending = now, ""
            print(text, file=self._stream, flush=True)
        else:
            self._pending = text

    def _draw(self) -> None:
        elapsed = time.monotonic() - self._start
        text = f"{self._name} "
        if self._total:
            share = min(1.0, self._done / self._total)
            filled = int(share * _WIDTH)
            text += f"[{'#' * filled}{'.' * (_WIDTH - filled)}] {self._done}/{self._total}"
        else:
            text += f"{self._done} trials"
        text += f"  {self._summary()}"
        if self._failed:
            text += f"  {self._failed} without value"
        if self._total and self._done:
            text += f"  {_clock(elapsed / self._done * max(0, self._total - self._done))} left"
        columns = shutil.get_terminal_size().columns
        self._stream.write("\r\x1b[K" + text[:max(1, columns - 1)])
        self._stream.flush()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        with self._lock:
            if self._bar and self._done:
                self._stream.write("\n")
                self._stream.flush()
            elif self._pending:
                print(self._pending, file=self._stream, flush=True)
            if self._on and self._over and error is None:
                print(f"{self._name}: {self._over}", file=self._stream, flush=True)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds + 0.5), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
