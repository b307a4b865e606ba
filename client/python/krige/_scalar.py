"""Python values and the wire's scalars: 1, 1.0, "1", True and None are five values."""
from __future__ import annotations

import math
from typing import Any, Iterable, Union

from ._schema import KINDS
from .errors import InvalidArgument

Value = Union[None, bool, int, float, str]

_INT_MIN, _INT_MAX = -(1 << 63), (1 << 63) - 1


def is_bool(value: Any) -> bool:
    return isinstance(value, bool) or type(value).__name__ in ("bool_", "bool") \
        and type(value).__module__ == "numpy"


def number(value: Any, field: str) -> float:
    """A real number from anything with __float__ or __index__, but no bool, text or complex."""
    if not is_bool(value) and not isinstance(value, (str, bytes)) and not _is_complex(value):
        try:
            return float(value)
        except (TypeError, ValueError, OverflowError):
            pass
    raise InvalidArgument(f"{field}: {value!r} is not a number", field=field)


def _is_complex(value: Any) -> bool:
    """Also NumPy's, whose float() only warns."""
    return isinstance(value, complex) or getattr(getattr(value, "dtype", None), "kind", "") == "c"


def seconds(value: Any, field: str) -> float:
    """A time to wait."""
    if value is None:
        raise InvalidArgument(f"{field}: None must be a number of seconds", field=field)
    found = number(value, field)
    if math.isnan(found) or found < 0:
        raise InvalidArgument(f"{field}: {found:g} must be at least 0 seconds", field=field)
    return found


def integer(value: Any, field: str, low: int = _INT_MIN, high: int = _INT_MAX) -> int:
    """An integer from anything with __index__, but no bool."""
    if not is_bool(value) and hasattr(value, "__index__"):
        found = int(value.__index__())
        if low <= found <= high:
            return found
        raise InvalidArgument(f"{field}: {found} is outside [{low}, {high}]", field=field)
    raise InvalidArgument(f"{field}: {value!r} is not an integer", field=field)


def text(value: Any, field: str) -> bytes:
    if not isinstance(value, str):
        raise InvalidArgument(f"{field}: {value!r} is not a string", field=field)
    try:
        return value.encode("utf-8")
    except UnicodeEncodeError:
        raise InvalidArgument(f"{field}: {value!r} is not valid Unicode", field=field) from None


def texts(value: Any, field: str) -> Iterable[Any]:
    """The texts of a list that may be absent."""
    if value is None:
        return ()
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        raise InvalidArgument(f"{field}: {value!r} must be a list of strings", field=field)
    return value


def put(scalar: Any, value: Any, field: str) -> None:
    """Fill a Scalar by the type of the value."""
    if value is None:
        scalar.null_value = True
    elif is_bool(value):
        scalar.bool_value = bool(value)
    elif isinstance(value, str):
        scalar.string_value = text(value, field)
    elif hasattr(value, "__index__"):
        scalar.int_value = integer(value, field)
    elif isinstance(value, float) or hasattr(value, "__float__"):
        scalar.real_value = number(value, field)
    else:
        raise InvalidArgument(
            f"{field}: {value!r} must be None, a bool, an int, a float or a string", field=field)


def put_for(scalar: Any, kind: int, value: Any, field: str) -> None:
    """Fill a Scalar for a parameter of this kind: 1 is 1.0 for a Float, 2.0 is 2 for an Int."""
    if kind == KINDS["FLOAT"] and not is_bool(value) and hasattr(value, "__float__"):
        scalar.real_value = number(value, field)
    elif kind == KINDS["INT"] and isinstance(value, float) and value.is_integer():
        scalar.int_value = integer(int(value), field)
    else:
        put(scalar, value, field)


def get(scalar: Any) -> Value:
    """The value of a Scalar."""
    kind = scalar.WhichOneof("kind")
    if kind is None or kind == "null_value":
        return None
    if kind == "string_value":
        return str(scalar.string_value, "utf-8", "replace")
    value: Value = getattr(scalar, kind)
    return value
