"""The connection to a daemon, on asyncio."""
from __future__ import annotations

import asyncio
import time
import weakref
from types import TracebackType
from typing import Any, List, Mapping, Optional, Sequence, Set, Tuple, Type, Union

from .. import _endpoint, _scalar
from .. import client as blocking
from .._client import TIMEOUT, ClientCore
from .._endpoint import Endpoint
from .._exchange import Steps, T
from .._leases import Keeper
from .._scalar import Value
from ..errors import Error
from ..space import Parameter
from ..views import Status
from ._docs import documented_as
from ._leases import Leases
from ._opening import Opening
from ._transport import Transport
from .study import Study

# Seconds in which close gives back the trials of cancelled asks.
_FAREWELL = 2.0


def connect(endpoint: Optional[str] = None, *, server_key: Optional[str] = None,
            key_file: Optional[str] = None, timeout: float = 10.0) -> Opening[Client]:
    return Opening(_connect(endpoint, server_key, key_file, timeout))


connect.__doc__ = (blocking.connect.__doc__ or "") + """
    `client = await connect()`, or `async with connect() as client`.
    """


async def _connect(endpoint: Optional[str], server_key: Optional[str], key_file: Optional[str],
                   timeout: float) -> Client:
    timeout = _scalar.seconds(timeout, "timeout")
    client = Client(await asyncio.get_running_loop().run_in_executor(
        None, _endpoint.find, endpoint, server_key, key_file, timeout))
    try:
        await client._run(client._greet(timeout))
    except Error:
        client._transport.close()
        raise
    return client


@documented_as(blocking.Client)
class Client(ClientCore):
    __doc__ = (ClientCore.__doc__ or "") + """
    Tasks of one event loop may share it. `connect` makes one that has been greeted;
    made by its name, it connects at its first call.
    """

    def __init__(self, endpoint: str) -> None:
        super().__init__(endpoint)
        self._transport = Transport(self.endpoint)
        self._leases: Keeper = Leases(self)
        self._farewells: "Set[asyncio.Task[None]]" = set()
        _clients[self.endpoint, self.endpoint.keys] = self

    async def _run(self, steps: Steps[T]) -> T:
        self._leases.start()
        return await self._transport.run(steps)

    def _say_later(self, steps: Steps[None]) -> None:
        """Take these steps in a task of their own; close waits for it a while."""
        async def farewell() -> None:
            try:
                await self._run(steps)
            except Error:
                pass  # the lease runs out
        task = asyncio.get_running_loop().create_task(farewell())
        self._farewells.add(task)
        task.add_done_callback(self._farewells.discard)

    async def create_study(self, name: str, space: Mapping[str, Parameter],
                           objective: Union[str, Sequence[str]], *,
                           constraints: Optional[Sequence[str]] = (),
                           parameter_constraints: Optional[Sequence[str]] = (),
                           forbidden: Optional[Sequence[str]] = (),
                           cost: Optional[str] = None, noise: Optional[float] = None,
                           acquisition: Optional[str] = None,
                           acquisition_level: Optional[float] = None,
                           acquisition_beta: Optional[float] = None,
                           warm_start: Optional[Sequence[str]] = (),
                           budget: Optional[int] = None, lease: Optional[float] = None,
                           on_expiry: Optional[str] = None, retry_limit: Optional[int] = None,
                           stop: Optional[Mapping[str, float]] = None,
                           labels: Optional[Mapping[str, Value]] = None,
                           seed: Optional[int] = None, if_exists: str = "fail",
                           timeout: float = TIMEOUT) -> Study:
        return Study(self, await self._run(self._create_study(
            name, if_exists, timeout, space=space, objective=objective, constraints=constraints,
            parameter_constraints=parameter_constraints, forbidden=forbidden, cost=cost,
            noise=noise, acquisition=acquisition, acquisition_level=acquisition_level,
            acquisition_beta=acquisition_beta, warm_start=warm_start, budget=budget, lease=lease,
            on_expiry=on_expiry, retry_limit=retry_limit, stop=stop, labels=labels, seed=seed)))

    async def study(self, name: str, *, timeout: float = TIMEOUT) -> Study:
        return Study(self, await self._run(self._get_study(_scalar.text(name, "name"), timeout)))

    async def studies(self, *, timeout: float = TIMEOUT) -> List[Study]:
        return [Study(self, message) for message in await self._run(self._list_studies(timeout))]

    async def undelete(self, name: str, *, id: Optional[int] = None,
                       timeout: float = TIMEOUT) -> Study:
        return Study(self, await self._run(
            self._undelete(_scalar.text(name, "name"), id, timeout)))

    async def status(self, *, timeout: float = TIMEOUT) -> Status:
        return await self._run(self._status(timeout))

    async def ping(self, *, timeout: float = 10.0) -> float:
        start = time.perf_counter()
        await self._run(self._ping(timeout))
        return time.perf_counter() - start

    async def close(self) -> None:
        if self._farewells:
            _, late = await asyncio.wait(self._farewells, timeout=_FAREWELL)
            for task in late:
                task.cancel()
        self._leases.close()
        self._transport.close()

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(self, kind: Optional[Type[BaseException]],
                        error: Optional[BaseException], trace: Optional[TracebackType]) -> None:
        await self.close()

    def __del__(self) -> None:
        if hasattr(self, "_leases"):
            self._leases.close()
            self._transport.close()

    def __copy__(self) -> Client:
        return self

    def __deepcopy__(self, memo: Any) -> Client:
        return self

    def __reduce__(self) -> Tuple[Any, ...]:
        return _reopen, (self.endpoint,)


# Clients by endpoint, for what pickle brings here: it uses one that is there.
_clients: "weakref.WeakValueDictionary[Any, Client]" = weakref.WeakValueDictionary()


def _reopen(endpoint: Endpoint) -> Client:
    """A client of this endpoint, which connects at its first call."""
    client = _clients.get((endpoint, endpoint.keys))
    return Client(endpoint) if client is None or client._transport.closed else client
