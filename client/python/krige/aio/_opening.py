"""What connect and ask give: a coroutine, and a context manager round its result."""
from __future__ import annotations

from types import TracebackType
from typing import Any, AsyncContextManager, Coroutine, Generator, Optional, Type, TypeVar

T = TypeVar("T", bound=AsyncContextManager[Any])


class Opening(Coroutine[Any, Any, T]):
    """`x = await opening`, or `async with opening as x`."""

    def __init__(self, inner: Coroutine[Any, Any, T]) -> None:
        self._inner = inner

    def send(self, value: Any) -> Any:
        return self._inner.send(value)

    def throw(self, *error: Any) -> Any:
        return self._inner.throw(*error)

    def close(self) -> None:
        self._inner.close()

    def __await__(self) -> Generator[Any, Any, T]:
        return self._inner.__await__()

    async def __aenter__(self) -> T:
        self._opened = await self._inner
        await self._opened.__aenter__()
        return self._opened

    async def __aexit__(self, kind: Optional[Type[BaseException]],
                        error: Optional[BaseException], trace: Optional[TracebackType]) -> None:
        await self._opened.__aexit__(kind, error, trace)
