"""The keys of a connection (CURVE): the daemon's public key, and this client's pair.

A file of a key has one line `public KEY` or `secret KEY` beside comments, as `krige keygen`
makes it; a key is its 40 characters of Z85.
"""
from __future__ import annotations

import os
import stat
import string
from typing import Any, NamedTuple, Optional

import zmq

from .errors import ConnectionFailed, Error, InvalidArgument, Unauthenticated

_Z85 = frozenset(string.ascii_letters + string.digits + ".-:+=^!/*?&<>()[]{}@%$#")
# One side of a connection has keys and the other has none.
_MISMATCH = 0x11000002
# A handshake cut short is looked at again: the cause may then show.
_MOST_CUTS = 2


class Keys(NamedTuple):
    server: bytes
    public: bytes
    secret: bytes

    def __repr__(self) -> str:
        return f"<keys for the daemon {self.server.decode()}>"

    def apply(self, socket: Any) -> None:
        socket.curve_serverkey = self.server
        socket.curve_publickey = self.public
        socket.curve_secretkey = self.secret


def load(server_key: Optional[str], key_file: Optional[str]) -> Optional[Keys]:
    """The keys of these options; None when neither is given.

    server_key  the 40 characters of the daemon's public key, or a file that has them
    key_file    the file of this client's secret key
    """
    if not server_key and not key_file:
        return None
    if not key_file:
        raise InvalidArgument("server_key: a server key is given, and no key of this client: set "
                              "key_file or KRIGE_KEY_FILE to the FILE.secret that `krige keygen "
                              "FILE` makes", field="key_file")
    if not server_key:
        raise InvalidArgument("key_file: a key file is given, and no server key: set server_key "
                              "or KRIGE_SERVER_KEY to the daemon's public key, which its log names",
                              field="server_key")
    if not zmq.has("curve"):
        raise InvalidArgument("key_file: this pyzmq has no CURVE: keys cannot be used with it",
                              field="key_file")
    server_key, key_file = os.fspath(server_key), os.fspath(key_file)
    if os.path.exists(server_key):
        server = _read(server_key, "public", "server_key")
    elif _is_key(server_key):
        server = server_key
    else:
        raise InvalidArgument(f"server_key: {server_key!r} is neither the 40 characters of a key "
                              "nor the name of a file", field="server_key")
    secret = _read(key_file, "secret", "key_file").encode()
    try:
        return Keys(server.encode(), zmq.curve_public(secret), secret)
    except (zmq.ZMQError, ValueError):
        raise InvalidArgument(f"key_file: {key_file!r} has no key that libzmq takes",
                              field="key_file") from None


def _is_key(text: str) -> bool:
    return len(text) == 40 and _Z85.issuperset(text)


def _read(path: str, kind: str, field: str) -> str:
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            mode = os.fstat(file.fileno())
            if kind == "secret" and (stat.S_IMODE(mode.st_mode) & 0o077
                                     or mode.st_uid not in (0, os.geteuid())):
                raise InvalidArgument(
                    f"{field}: {path!r} is open to others (mode {stat.S_IMODE(mode.st_mode):04o}): "
                    "a secret key is its owner's alone: chmod 600, and a new key if somebody may "
                    "have read it", field=field)
            lines = [line.split() for line in file.read(4096).splitlines()
                     if line.strip() and not line.startswith("#")]
    except OSError as error:
        raise InvalidArgument(f"{field}: {path!r}: {error.strerror}", field=field) from None
    if len(lines) == 1 and len(lines[0]) == 2 and _is_key(lines[0][1]):
        if lines[0][0] == kind:
            return lines[0][1]
        if lines[0][0] in ("public", "secret"):
            raise InvalidArgument(
                f"{field}: {path!r} has a {lines[0][0]} key, and a {kind} one is wanted: `krige "
                "keygen` writes the secret key into FILE.secret and the public one into FILE",
                field=field)
    raise InvalidArgument(f"{field}: {path!r} has no line '{kind} KEY'; `krige keygen` makes such "
                          "files", field=field)


def refusal(endpoint: str, keys: Optional[Keys], timeout: float = 2.0) -> Optional[Error]:
    """Why a daemon that listens there does not let us in; None when it does, or says nothing."""
    made: Any = zmq.Context.instance().socket(zmq.DEALER)
    with made as socket:
        socket.linger = 0
        if keys:
            keys.apply(socket)
        monitor: Any = socket.get_monitor_socket(
            zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_HANDSHAKE_FAILED_AUTH
            | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL)
        try:
            socket.connect(endpoint)
            return _watch(monitor, endpoint, keys, timeout)
        finally:
            socket.disable_monitor()
            monitor.close(0)


def _watch(monitor: Any, endpoint: str, keys: Optional[Keys], timeout: float) -> Optional[Error]:
    from zmq.utils.monitor import recv_monitor_message
    cuts = 0
    while monitor.poll(int(timeout * 1000)):
        event = recv_monitor_message(monitor)
        if event["event"] == zmq.EVENT_HANDSHAKE_SUCCEEDED:
            return None
        if event["event"] == zmq.EVENT_HANDSHAKE_FAILED_AUTH and keys:
            return Unauthenticated(
                f"the daemon at {endpoint} does not know this client's key: its allow-list needs a "
                f"line '{keys.public.decode()} worker NAME', and then it a SIGHUP")
        if (event["event"] == zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
                and event["value"] == _MISMATCH):
            return _mismatch(endpoint, keys)
        cuts += 1
        if cuts == _MOST_CUTS:
            return _cut(endpoint, keys)
    return None


def _mismatch(endpoint: str, keys: Optional[Keys]) -> Error:
    if keys:
        return Unauthenticated(
            f"the daemon at {endpoint} has no keys, and this client was given some: leave out "
            "server_key and key_file, unset KRIGE_SERVER_KEY and KRIGE_KEY_FILE, or name the "
            "daemon that they are for")
    return Unauthenticated(
        f"the daemon at {endpoint} lets in only who has a key: set KRIGE_SERVER_KEY to its public "
        "key and KRIGE_KEY_FILE to the secret key that `krige keygen` makes")


def _cut(endpoint: str, keys: Optional[Keys]) -> Error:
    if keys:
        return Unauthenticated(
            f"the daemon at {endpoint} broke the handshake off: server_key (KRIGE_SERVER_KEY) is "
            "most likely not its key, which its log names (public_key=), or it has no keys")
    return ConnectionFailed(
        f"whoever listens at {endpoint} closes the connection at once; it may want keys "
        "(KRIGE_SERVER_KEY, KRIGE_KEY_FILE), have no room for one more, or be no kriged",
        field="endpoint")
