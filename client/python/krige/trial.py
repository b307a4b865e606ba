"""A trial that this process holds."""
from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Mapping, Optional, Sequence, Type

from ._client import TIMEOUT
from ._outcome import Outcome, describe
from ._scalar import Value
from ._trial import TrialCore
from .errors import Conflict, StaleLease

if TYPE_CHECKING:
    from .study import Study
    from .views import TrialView


class Trial(TrialCore["Study"]):
    __doc__ = TrialCore.__doc__

    def tell(self, value: Outcome, *, timeout: float = TIMEOUT) -> None:
        """Give the result; it is durable when this returns, and repeating it is harmless.

        value  a number, (mean, standard error), a list of repeated measurements, or such
               a value for each metric by name. NaN or an infinity makes the trial FAILED.

        >>> trial = study.ask()
        >>> trial.tell(0.37)
        >>> study.ask().tell((0.4, 0.02))
        >>> study.ask().tell({"loss": [0.41, 0.39, 0.44]})
        """
        self._study._client._run(self._tell(value, timeout))

    def report(self, step: int, value: float, *, timeout: float = TIMEOUT) -> bool:
        """Give an intermediate value of the objective; True: stop this trial.

        `stop_reason` says why. Steps must grow. Renews the lease as well.

        >>> trial = study.ask()
        >>> for step in range(3):
        ...     if trial.report(step, value=1 / (step + 1)):
        ...         trial.prune()
        ...         break
        ... else:
        ...     trial.tell(0.2)
        """
        return self._study._client._run(self._report(step, value, timeout))

    def fail(self, reason: str = "", *, timeout: float = TIMEOUT) -> None:
        """Say that the point could not be evaluated. The model learns where that happens.

        >>> study.ask().fail("out of memory")
        """
        self._study._client._run(self._fail("FAILED", reason, timeout))

    def prune(self, reason: str = "", *, timeout: float = TIMEOUT) -> None:
        """Say that the evaluation was stopped early."""
        self._study._client._run(self._fail("PRUNED", reason, timeout))

    def infeasible(self, reason: str = "", *, timeout: float = TIMEOUT) -> None:
        """Say that the point cannot be evaluated by its nature, however often it is tried.

        >>> study.ask().infeasible("the mesh intersects itself")
        """
        self._study._client._run(self._fail("INFEASIBLE", reason, timeout))

    def release(self, reason: str = "", *, timeout: float = TIMEOUT) -> None:
        """Give the trial back: whoever asks next gets it, under its number.

        >>> study.ask().release("this machine goes down")
        >>> study.ask().attempt
        2
        """
        self._study._client._run(self._release(reason, timeout))

    def edit(self, *, note: Optional[str] = None, labels: Optional[Mapping[str, Value]] = None,
             remove_labels: Sequence[str] = (), timeout: float = TIMEOUT) -> TrialView:
        """Set the note ("": none) and labels of the trial.

        >>> study.ask().edit(labels={"host": "gpu-3"}).labels
        {'host': 'gpu-3'}
        """
        return self._study._client._run(self._edit(note, labels, remove_labels, timeout))

    def __enter__(self) -> Trial:
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        if error is None or self.done:
            return
        try:
            if isinstance(error, Exception):
                self.fail(describe(error))
            else:
                self.release(describe(error))
        except (StaleLease, Conflict):
            pass  # it was not ours any more; the block's own error says more
