"""What can be told as a result."""
from __future__ import annotations

from typing import Any, List, Mapping, Sequence, Tuple, Union

from . import _scalar
from .errors import InvalidArgument

# Of one metric: a number, (mean, standard error), or a list of repeated measurements.
Measured = Union[float, Tuple[float, float], List[float], Sequence[float]]
# Of a trial: the objective, or every metric by name.
Outcome = Union[Measured, Mapping[str, Measured]]


def put_values(values: Any, outcome: Any) -> None:
    """Fill MetricValues from an Outcome."""
    if isinstance(outcome, Mapping):
        if not outcome:
            raise InvalidArgument("value: {} must have a number for each metric", field="value")
        for name, value in outcome.items():
            message = values.add()
            message.name = _scalar.text(name, "value")
            _put_value(message, value, f"value.{name}")
    else:
        _put_value(values.add(), outcome, "value")


def _put_value(message: Any, value: Any, field: str) -> None:
    if isinstance(value, tuple):
        if len(value) != 2:
            raise InvalidArgument(
                f"{field}: {value!r} must be (mean, sem); repeated measurements are a list",
                field=field)
        message.value = _scalar.number(value[0], field)
        message.sem = _scalar.number(value[1], field + ".sem")
    elif isinstance(value, list) or getattr(value, "ndim", 0) == 1:
        _put_replicates(message, value, field)
    else:
        message.value = _scalar.number(value, field)


def _put_replicates(message: Any, value: Any, field: str) -> None:
    numbers = [_scalar.number(v, f"{field}[{i}]") for i, v in enumerate(value)]
    if not numbers:
        raise InvalidArgument(f"{field}: an empty list must have at least one number",
                              field=field)
    if len(numbers) == 1:
        message.value = numbers[0]
    else:
        message.replicates.extend(numbers)


def first_number(outcome: Any, metric: str) -> Any:
    """The number that stands for an outcome in progress lines; None if there is none."""
    if isinstance(outcome, Mapping):
        outcome = outcome.get(metric)
    if isinstance(outcome, tuple):
        outcome = outcome[0]
    elif isinstance(outcome, list) or getattr(outcome, "ndim", 0) == 1:
        outcome = sum(float(v) for v in outcome) / len(outcome)
    return None if outcome is None else float(outcome)


def clip(text: str) -> bytes:
    """At most 4096 bytes of valid UTF-8 without NUL, as the wire wants a reason."""
    data = str(text).replace("\0", "").encode("utf-8", "replace")[:4096]
    return data.decode("utf-8", "ignore").encode()


def describe(error: BaseException) -> str:
    """The reason of a trial that ended with an exception."""
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
