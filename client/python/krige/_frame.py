"""The 24-byte header in front of every message (proto/frame.h)."""
from __future__ import annotations

import struct
from typing import NamedTuple, Optional

from ._schema import PROTOCOL

REPLY = 1
ERROR = 2
MORE = 4

_MAGIC = b"KRGE"
_HEADER = struct.Struct("<4sBBH16s")


class Header(NamedTuple):
    version: int
    flags: int
    method: int
    correlation: bytes


def pack(method: int, correlation: bytes, flags: int = 0) -> bytes:
    return _HEADER.pack(_MAGIC, PROTOCOL, flags, method, correlation)


def unpack(data: bytes) -> Optional[Header]:
    """The header, or None if these are not the bytes of one."""
    if len(data) != _HEADER.size or data[:4] != _MAGIC:
        return None
    return Header(*_HEADER.unpack(data)[1:])
