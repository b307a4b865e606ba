"""Where a daemon is, and what it takes to get in there."""
from __future__ import annotations

import os
import socket as sockets
from typing import Any, Optional, Tuple

from . import _keys, _local, _scalar
from .errors import InvalidArgument

# Of the path of a socket (sockaddr_un, without the NUL).
_PATH_BYTES = 107


class Endpoint(str):
    """An endpoint with the keys for it.

    keys   None: nothing is encrypted
    local  nobody named it: it is that of this user's daemon, which is started again when it
           has left
    """

    keys: Optional[_keys.Keys]
    local: bool
    _options: Tuple[Optional[str], Optional[str]]

    def __reduce__(self) -> Tuple[Any, ...]:
        # Another process reads the key file itself: secrets are not sent.
        return _make, (str(self), self.local, *self._options)


def _make(text: str, local: bool, server_key: Optional[str], key_file: Optional[str]) -> Endpoint:
    made = Endpoint(text)
    made.local = local
    made._options = server_key, key_file
    made.keys = _keys.load(server_key, key_file)
    return made


def check(endpoint: Any) -> None:
    """InvalidArgument unless a daemon can listen at this."""
    size = len(_scalar.text(endpoint, "endpoint"))
    kind, _, address = endpoint.partition("://")
    if kind == "ipc" and address and "\0" not in address:
        size -= len("ipc://")
        if size <= _PATH_BYTES:
            return
        wrong = f"its path has {size} bytes: give a path of at most {_PATH_BYTES}"
    elif kind == "tcp":
        host, _, port = address.rpartition(":")
        if host and port.isascii() and port.isdigit() and 1 <= int(port) <= 65535:
            return
        wrong = "must be tcp://HOST:PORT with a port from 1 to 65535"
    else:
        wrong = "must be ipc://PATH or tcp://HOST:PORT"
    raise InvalidArgument(f"endpoint: {endpoint!r}: {wrong}", field="endpoint")


def of(endpoint: str, server_key: Optional[str] = None,
       key_file: Optional[str] = None) -> Endpoint:
    """A named endpoint; keys that are not given come from the environment."""
    if isinstance(endpoint, Endpoint):
        return endpoint
    check(endpoint)
    return _make(endpoint, False, server_key or os.environ.get("KRIGE_SERVER_KEY"),
                 key_file or os.environ.get("KRIGE_KEY_FILE"))


def find(endpoint: Optional[str], server_key: Optional[str], key_file: Optional[str],
         timeout: float) -> Endpoint:
    """This endpoint, else KRIGE_ENDPOINT, else that of this user's daemon, which then runs."""
    if endpoint is None:
        endpoint = os.environ.get("KRIGE_ENDPOINT") or None
    if endpoint is not None:
        return of(endpoint, server_key, key_file)
    # The environment's keys are for the daemon that the environment or the caller names.
    made = _make(_local.default_endpoint(), True, server_key, key_file)
    if not listens(made):
        _local.start(made, timeout)
    return made


def listens(endpoint: str) -> bool:
    """Whether something accepts connections there."""
    kind, _, address = endpoint.partition("://")
    try:
        if kind == "ipc":
            with sockets.socket(sockets.AF_UNIX) as s:
                s.settimeout(1.0)
                s.connect(address)
        else:
            host, _, port = address.rpartition(":")
            sockets.create_connection((host.strip("[]"), int(port)), 1.0).close()
    except (OSError, ValueError):
        return False
    return True


def look(endpoint: str) -> bool:
    """Whether a daemon may still answer there, after a request got no answer.

    This user's own daemon is started again when it has left. Raises Unauthenticated or
    ConnectionFailed when one is there that does not let us in.
    """
    at = of(endpoint)
    if not listens(at):
        if not at.local:
            return False
        _local.start(at, _local.START_TIMEOUT)
        return True
    refused = _keys.refusal(at, at.keys)
    if refused is not None:
        raise refused
    return True
