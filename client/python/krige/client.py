"""The connection to a daemon."""
from __future__ import annotations

import os
import time
from types import TracebackType
from typing import Any, List, Mapping, Optional, Sequence, Type, Union

from . import _local, _names, _scalar, _schema, views
from ._exchange import exchange
from ._leases import Leases
from ._scalar import Value
from ._spec import put_spec
from ._transport import Transport
from .errors import ConnectionFailed, Error, InvalidArgument, Timeout, VersionMismatch
from .space import Parameter
from .study import Study
from .views import Status
from .version import __version__


def connect(endpoint: Optional[str] = None, *, timeout: float = 10.0) -> Client:
    """A client of the daemon at an endpoint ("ipc:///run/kriged.sock", "tcp://host:7171").

    None: KRIGE_ENDPOINT if it is set, else the daemon of this user, else a new one,
    which ends by itself after ten idle minutes and keeps its data.
    Raises ConnectionFailed when nobody answers within `timeout` seconds, InvalidArgument
    when the endpoint is none.
    """
    timeout = _scalar.seconds(timeout, "timeout")
    if endpoint is None:
        endpoint = os.environ.get("KRIGE_ENDPOINT") or _local.find_or_start(timeout)
    return Client(endpoint, timeout=timeout)


class Client:
    """A daemon, seen from here. Threads may share it; it survives a fork.

    endpoint  where the daemon is
    version   its version
    features  what it can do beyond the first protocol
    limits    its limits, by name
    """

    def __init__(self, endpoint: str, *, timeout: float = 10.0) -> None:
        self.endpoint = endpoint
        self._transport = Transport(endpoint)
        self._leases = Leases(self)
        try:
            self._hello(timeout)
        except (Timeout, ConnectionFailed) as error:
            self._transport.close()
            raise ConnectionFailed(
                f"{error}; start it with: kriged --db FILE --endpoint {endpoint}",
                field="endpoint") from None

    def _hello(self, timeout: float) -> None:
        request = _schema.HELLO.request(client=f"krige-python {__version__}".encode(),
                                        protocol=_schema.PROTOCOL)
        reply = self._transport.run(exchange(self.endpoint, _schema.HELLO, request, timeout))
        if reply.protocol != _schema.PROTOCOL:
            raise VersionMismatch(f"kriged speaks protocol {reply.protocol}, this client "
                                  f"{_schema.PROTOCOL}")
        self._session = bytes(reply.session)
        self.version = str(reply.version, "utf-8")
        self.features = tuple(str(name, "utf-8") for name in reply.features)
        self.limits: Mapping[str, int] = {
            field.name: int(value) for field, value in reply.limits.ListFields()}

    def _call(self, method: _schema.Method, request: Any, timeout: float = 60.0,
              first: int = 0) -> Any:
        """One call within this session; `first` is the user's number of its first point."""
        request.meta.session = self._session
        try:
            return self._transport.run(exchange(self.endpoint, method, request, timeout))
        except Error as error:
            _names.rename(error, request, first)
            raise

    def create_study(self, name: str, space: Mapping[str, Parameter],
                     objective: Union[str, Sequence[str]], *,
                     constraints: Optional[Sequence[str]] = (),
                     parameter_constraints: Optional[Sequence[str]] = (),
                     cost: Optional[str] = None, noise: Optional[float] = None,
                     budget: Optional[int] = None, lease: Optional[float] = None,
                     on_expiry: Optional[str] = None, retry_limit: Optional[int] = None,
                     labels: Optional[Mapping[str, Value]] = None,
                     seed: Optional[int] = None, if_exists: str = "fail") -> Study:
        """Make a study.

        space        parameters by name: Float, Int, Categorical
        objective    "minimize NAME" or "maximize NAME"
        constraints  outcomes that a point must have: ["latency <= 10", "recall >= 0.9"]
        noise        standard deviation of the measurements; 0: none; None: learnt
        budget       trials that are given out at most; None for no limit
        lease        seconds after which a trial without a sign of life expires (600)
        on_expiry    "expire", or "requeue": the trial is given out again, under its number
        retry_limit  how often at most (2)
        labels       values by name, yours to choose
        seed         makes the suggestions repeatable; None: chosen by the daemon
        if_exists    "fail", "attach" (a different spec is a Conflict) or "replace"
                     (the old one is deleted, and can be undeleted)
        The remaining arguments are for later versions: a daemon that does not know
        them refuses them by name (InvalidArgument).
        """
        request = _schema.CREATE_STUDY.request(name=_scalar.text(name, "name"))
        choice = _schema.IF_EXISTS.get(str(if_exists).upper())
        if choice is None:
            raise InvalidArgument(f"if_exists: {if_exists!r} must be 'fail', 'attach' or "
                                  "'replace'", field="if_exists")
        request.if_exists = choice
        put_spec(request.spec, space=space, objective=objective, constraints=constraints,
                 parameter_constraints=parameter_constraints, cost=cost, noise=noise,
                 budget=budget, lease=lease, on_expiry=on_expiry, retry_limit=retry_limit,
                 labels=labels, seed=seed)
        return Study(self, self._call(_schema.CREATE_STUDY, request).study)

    def study(self, name: str) -> Study:
        """A study that exists; NotFound otherwise."""
        request = _schema.GET_STUDY.request(study=_scalar.text(name, "name"))
        return Study(self, self._call(_schema.GET_STUDY, request).study)

    def studies(self) -> List[Study]:
        """All studies, oldest first."""
        request = _schema.LIST_STUDIES.request()
        found: List[Study] = []
        while True:
            reply = self._call(_schema.LIST_STUDIES, request)
            found.extend(Study(self, message) for message in reply.studies)
            if not reply.more or not reply.studies:
                return found
            request.after_id = reply.studies[-1].id

    def undelete(self, name: str, *, id: Optional[int] = None) -> Study:
        """Bring back a deleted study; its Study.id says which, if several had the name."""
        request = _schema.DELETE_STUDY.request(study=_scalar.text(name, "name"), undelete=True)
        if id is not None:
            request.id = _scalar.integer(id, "id", 0)
        return Study(self, self._call(_schema.DELETE_STUDY, request).study)

    def status(self) -> Status:
        """Counters of the daemon."""
        return views.read_status(self._call(_schema.STATUS, _schema.STATUS.request()))

    def ping(self, *, timeout: float = 10.0) -> float:
        """Seconds to the daemon and back."""
        start = time.perf_counter()
        self._call(_schema.PING, _schema.PING.request(), timeout)
        return time.perf_counter() - start

    def close(self) -> None:
        """Close the connection; leases of held trials are not renewed any more."""
        self._leases.close()
        self._transport.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        self.close()

    def __del__(self) -> None:
        if hasattr(self, "_leases"):
            self.close()

    def __repr__(self) -> str:
        return f"<krige.Client of {self.endpoint}>"
