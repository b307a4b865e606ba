"""What the clients for threads and for asyncio share: session, names of fields, requests.

A verb of a client is a conversation (`_exchange.Steps`) that the methods below describe.
`client.Client` and `aio.Client` take its steps, each in its way.
"""
from __future__ import annotations

from typing import Any, List, Mapping, Optional, Tuple

from . import _endpoint, _messages, _names, _scalar, _schema, views
from ._exchange import Steps, exchange, version_mismatch
from ._leases import Keeper
from ._spec import put_spec
from .errors import (ConnectionFailed, Error, InvalidArgument, Timeout, Unauthenticated,
                     VersionMismatch)
from .version import __version__

TIMEOUT = 60.0


class ClientCore:
    """A daemon, seen from here.

    endpoint  where the daemon is
    version   its version
    features  what it can do beyond the first protocol
    limits    its limits, by name
    """

    _leases: Keeper

    def __init__(self, endpoint: str) -> None:
        self.endpoint = _endpoint.of(endpoint)
        self._session = b""
        self.version = ""
        self.features: Tuple[str, ...] = ()
        self.limits: Mapping[str, int] = {}

    def _greet(self, timeout: float) -> Steps[None]:
        """The first words; ConnectionFailed with a remedy when nobody answers."""
        try:
            yield from self._hello(timeout)
        except (Timeout, ConnectionFailed) as error:
            raise ConnectionFailed(
                f"{error}; start it with: kriged --db FILE --endpoint {self.endpoint}",
                field="endpoint") from None

    def _hello(self, timeout: float) -> Steps[None]:
        request = _schema.HELLO.request(client=f"krige-python {__version__}".encode(),
                                        protocol=_schema.PROTOCOL)
        reply = yield from exchange(self.endpoint, _schema.HELLO, request, timeout)
        if reply.protocol != _schema.PROTOCOL:
            raise version_mismatch(reply.protocol)
        self.version = str(reply.version, "utf-8")
        self.features = tuple(str(name, "utf-8") for name in reply.features)
        self.limits = {field.name: int(value) for field, value in reply.limits.ListFields()}
        self._session = bytes(reply.session)

    def _call(self, method: _schema.Method, request: Any, timeout: float = TIMEOUT, *,
              first: int = 0, patience: float = 0.0) -> Steps[Any]:
        """One call within this session.

        first     the user's number of the first point of the request
        patience  seconds that the daemon is asked to wait before it answers
        """
        fresh = not self._session
        while True:
            if not self._session:
                yield from self._greet(timeout)
            request.meta.session = self._session
            try:
                reply = yield from exchange(self.endpoint, method, request, timeout, patience)
                return reply
            except Unauthenticated as error:
                # The daemon has other keys than when it gave the token: greet it again, once.
                if fresh or error.field != "meta.session":
                    raise
                self._session, fresh = b"", True
            except VersionMismatch as error:
                if self.version == __version__:
                    raise
                raise VersionMismatch(
                    f"{error} (the daemon at {self.endpoint} is version {self.version}, this "
                    f"client {__version__}; restart the daemon with the newer of the two)") from None
            except Error as error:
                _names.rename(error, request, first)
                raise

    # ---- verbs; those of studies give the Study message ----

    def _create_study(self, name: str, if_exists: str, timeout: float,
                      **settings: Any) -> Steps[Any]:
        request = _schema.CREATE_STUDY.request(name=_scalar.text(name, "name"))
        choice = _schema.IF_EXISTS.get(str(if_exists).upper())
        if choice is None:
            raise InvalidArgument(f"if_exists: {if_exists!r} must be 'fail', 'attach' or "
                                  "'replace'", field="if_exists")
        request.if_exists = choice
        put_spec(request.spec, **settings)
        reply = yield from self._call(_schema.CREATE_STUDY, request, timeout)
        return reply.study

    def _get_study(self, name: bytes, timeout: float = TIMEOUT) -> Steps[Any]:
        request = _schema.GET_STUDY.request(study=name)
        reply = yield from self._call(_schema.GET_STUDY, request, timeout)
        return reply.study

    def _list_studies(self, timeout: float) -> Steps[List[Any]]:
        request = _schema.LIST_STUDIES.request()
        found: List[Any] = []
        while True:
            reply = yield from self._call(_schema.LIST_STUDIES, request, timeout)
            found.extend(reply.studies)
            if not reply.more or not reply.studies:
                return found
            request.after_id = reply.studies[-1].id

    def _undelete(self, name: bytes, id: Optional[int], timeout: float) -> Steps[Any]:
        request = _schema.DELETE_STUDY.request(study=name, undelete=True)
        if id is not None:
            request.id = _scalar.integer(id, "id", 0)
        reply = yield from self._call(_schema.DELETE_STUDY, request, timeout)
        return reply.study

    def _status(self, timeout: float) -> Steps[views.Status]:
        reply = yield from self._call(_schema.STATUS, _schema.STATUS.request(), timeout)
        return _messages.read_status(reply)

    def _ping(self, timeout: float) -> Steps[None]:
        yield from self._call(_schema.PING, _schema.PING.request(), timeout)

    def __repr__(self) -> str:
        return f"<{views.public(self)} of {self.endpoint}>"
