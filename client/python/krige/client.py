"""The connection to a daemon."""
from __future__ import annotations

import sys
import time
import weakref
from types import TracebackType
from typing import Any, List, Mapping, Optional, Sequence, Tuple, Type, Union

from . import _endpoint, _scalar
from ._client import TIMEOUT, ClientCore
from ._endpoint import Endpoint
from ._exchange import Steps, T
from ._leases import Keeper, Leases
from ._scalar import Value
from ._transport import Transport
from .errors import Error
from .space import Parameter
from .study import Study
from .views import Status


def connect(endpoint: Optional[str] = None, *, server_key: Optional[str] = None,
            key_file: Optional[str] = None, timeout: float = 10.0) -> Client:
    """A client of the daemon at an endpoint ("ipc:///run/kriged.sock", "tcp://host:7171").

    endpoint    None: KRIGE_ENDPOINT if it is set, else the daemon of this user, else a new
                one, which ends by itself after ten idle minutes, keeps its data, and is
                started again by the next call
    server_key  the daemon's public key (40 characters), or a file that has it; None:
                KRIGE_SERVER_KEY
    key_file    file with this client's secret key, made by `krige keygen`; None:
                KRIGE_KEY_FILE. Without both, nothing is encrypted
    Raises ConnectionFailed when nobody answers within `timeout` seconds, Unauthenticated
    when the keys are not those that the daemon wants, InvalidArgument when the endpoint or
    a key is none.
    """
    timeout = _scalar.seconds(timeout, "timeout")
    return Client(_endpoint.find(endpoint, server_key, key_file, timeout), timeout=timeout)


class Client(ClientCore):
    __doc__ = (ClientCore.__doc__ or "") + """
    Threads may share it; it survives a fork.
    """

    def __init__(self, endpoint: str, *, timeout: float = 10.0) -> None:
        self._open(endpoint)
        try:
            self._run(self._greet(timeout))
        except Error:
            self._transport.close()
            raise

    def _open(self, endpoint: str) -> None:
        super().__init__(endpoint)
        self._transport = Transport(self.endpoint)
        self._leases: Keeper = Leases(self)
        _clients[self.endpoint, self.endpoint.keys] = self

    def _run(self, steps: Steps[T]) -> T:
        return self._transport.run(steps)

    def create_study(self, name: str, space: Mapping[str, Parameter],
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
        """Make a study.

        space        parameters by name: Float, Int, Categorical, Ordinal, Bool, Fixed
        objective    "minimize NAME" or "maximize NAME"
        constraints  outcomes that a point must have: ["latency <= 10", "recall >= 0.9"]
        parameter_constraints
                     linear, obeyed by every point: ["layers * 0.5 + momentum <= 4"]
        forbidden    combinations that no point has: ["opt == 'sgd' and layers > 6"]
        noise        standard deviation of the measurements; 0: none; None: learnt
        acquisition  what suggestions maximize: "auto" (None), "log_ei", "noisy_ei", "pi", "ucb",
                     "thompson", "kg", "mes", "gibbon", "jes", "mean", "integrated_variance" (to
                     learn the function everywhere) or "straddle" (to find where it crosses
                     acquisition_level)
        acquisition_beta
                     "ucb", "straddle": squared weight of the standard deviation
        warm_start   names of other studies with the same parameters (their ranges may differ):
                     every other point of the initial design is one of their best. What was
                     taken is in info().warm_start
        budget       trials that are given out at most; None for no limit
        lease        seconds after which a trial without a sign of life expires (600)
        on_expiry    "expire", or "requeue": the trial is given out again, under its number
        retry_limit  how often at most (2)
        stop         rules by which the study ends: {"no_progress": 30} (trials, with
                     "min_progress" or "min_progress_relative"), {"target": 0.1}, or {"p_gain":
                     0.01, "gain": 1e-3}: when so much improvement (or "gain_relative", a part
                     of the best value) is less likely than that
        labels       values by name, yours to choose
        seed         makes the suggestions repeatable; None: chosen by the daemon
        if_exists    "fail", "attach" (a different spec is a Conflict) or "replace"
                     (the old one is deleted, and can be undeleted)
        cost         the metric that measures what an evaluation costs, and objectives beyond
                     the first are for later versions: refused by name (InvalidArgument)

        >>> made = client.create_study(
        ...     "mnist",
        ...     space={"lr": krige.Float(1e-5, 1e-1, log=True),
        ...            "opt": krige.Categorical(["sgd", "adam", None]),
        ...            "momentum": krige.Float(0, 0.99, when="opt == 'sgd'")},
        ...     objective="minimize loss", constraints=["latency <= 10"], budget=200, seed=7)
        >>> made.ask(fixed={"opt": "adam"}).params.keys() == {"lr", "opt"}
        True
        """
        return Study(self, self._run(self._create_study(
            name, if_exists, timeout, space=space, objective=objective, constraints=constraints,
            parameter_constraints=parameter_constraints, forbidden=forbidden, cost=cost,
            noise=noise, acquisition=acquisition, acquisition_level=acquisition_level,
            acquisition_beta=acquisition_beta, warm_start=warm_start, budget=budget, lease=lease,
            on_expiry=on_expiry, retry_limit=retry_limit, stop=stop, labels=labels, seed=seed)))

    def study(self, name: str, *, timeout: float = TIMEOUT) -> Study:
        """A study that exists; NotFound otherwise.

        >>> client.study(study.name).id == study.id
        True
        """
        return Study(self, self._run(self._get_study(_scalar.text(name, "name"), timeout)))

    def studies(self, *, timeout: float = TIMEOUT) -> List[Study]:
        """All studies, oldest first."""
        return [Study(self, message) for message in self._run(self._list_studies(timeout))]

    def undelete(self, name: str, *, id: Optional[int] = None, timeout: float = TIMEOUT) -> Study:
        """Bring back a deleted study; its Study.id says which, if several had the name.

        >>> study.delete()
        >>> client.undelete(study.name).id == study.id
        True
        """
        return Study(self, self._run(self._undelete(_scalar.text(name, "name"), id, timeout)))

    def status(self, *, timeout: float = TIMEOUT) -> Status:
        """Counters of the daemon."""
        return self._run(self._status(timeout))

    def ping(self, *, timeout: float = 10.0) -> float:
        """Seconds to the daemon and back."""
        start = time.perf_counter()
        self._run(self._ping(timeout))
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
        # At the end of the interpreter the thread of the leases may be gone with its lock.
        if hasattr(self, "_leases") and not sys.is_finalizing():
            self.close()

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
    if client is None or client._transport.closed:
        client = Client.__new__(Client)
        client._open(endpoint)
    return client
