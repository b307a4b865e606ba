"""A trial that this process holds, on asyncio."""
from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Mapping, Optional, Sequence, Type

from .. import trial as blocking
from .._client import TIMEOUT
from .._outcome import Outcome, describe
from .._scalar import Value
from .._trial import TrialCore
from ..errors import Conflict, StaleLease
from ._docs import documented_as

if TYPE_CHECKING:
    from ..views import TrialView
    from .study import Study


@documented_as(blocking.Trial)
class Trial(TrialCore["Study"]):
    __doc__ = TrialCore.__doc__

    async def tell(self, value: Outcome, *, timeout: float = TIMEOUT) -> None:
        await self._study._client._run(self._tell(value, timeout))

    async def report(self, step: int, value: float, *, timeout: float = TIMEOUT) -> bool:
        return await self._study._client._run(self._report(step, value, timeout))

    async def fail(self, reason: str = "", *, timeout: float = TIMEOUT) -> None:
        await self._study._client._run(self._fail("FAILED", reason, timeout))

    async def prune(self, reason: str = "", *, timeout: float = TIMEOUT) -> None:
        await self._study._client._run(self._fail("PRUNED", reason, timeout))

    async def infeasible(self, reason: str = "", *, timeout: float = TIMEOUT) -> None:
        await self._study._client._run(self._fail("INFEASIBLE", reason, timeout))

    async def release(self, reason: str = "", *, timeout: float = TIMEOUT) -> None:
        await self._study._client._run(self._release(reason, timeout))

    async def edit(self, *, note: Optional[str] = None,
                   labels: Optional[Mapping[str, Value]] = None, remove_labels: Sequence[str] = (),
                   timeout: float = TIMEOUT) -> TrialView:
        return await self._study._client._run(self._edit(note, labels, remove_labels, timeout))

    async def __aenter__(self) -> Trial:
        return self

    async def __aexit__(self, kind: Optional[Type[BaseException]],
                        error: Optional[BaseException], trace: Optional[TracebackType]) -> None:
        if error is None or self.done:
            return
        try:
            if isinstance(error, Exception):
                await self.fail(describe(error))
            else:
                await self.release(describe(error))
        except (StaleLease, Conflict):
            pass  # it was not ours any more; the block's own error says more
