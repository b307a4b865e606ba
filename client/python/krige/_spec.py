"""The settings of a study, as StudySpec of the wire: metrics, constraints, noise, leases."""
from __future__ import annotations

import math
from typing import Any, Dict, Iterable, Mapping, Optional, Sequence, Tuple, Union

from . import _scalar
from ._scalar import Value
from ._schema import ON_EXPIRY, ROLES
from .errors import InvalidArgument
from .space import Parameter, put_space

_BOUNDS = (("<=", "upper"), (">=", "lower"))


def put_spec(spec: Any, *, space: Mapping[str, Parameter], objective: Union[str, Sequence[str]],
             constraints: Optional[Sequence[str]],
             parameter_constraints: Optional[Sequence[str]],
             forbidden: Optional[Sequence[str]], cost: Optional[str],
             noise: Optional[float], acquisition: Optional[str],
             acquisition_level: Optional[float], acquisition_beta: Optional[float],
             warm_start: Optional[Sequence[str]],
             budget: Optional[int], lease: Optional[float],
             on_expiry: Optional[str], retry_limit: Optional[int],
             stop: Optional[Mapping[str, float]],
             labels: Optional[Mapping[str, Value]], seed: Optional[int]) -> None:
    """Fill a StudySpec. What this daemon does not know it refuses by name."""
    put_space(spec, space, parameter_constraints, forbidden)
    several = isinstance(objective, Iterable) and not isinstance(objective, (str, bytes))
    for text in objective if several else [objective]:
        _put_objective(spec.metrics.add(), text)
    _put_constraints(spec.metrics, constraints)
    if cost is not None:
        metric = spec.metrics.add()
        metric.name, metric.role = _scalar.text(cost, "cost"), ROLES["COST"]
    if noise is not None:
        spec.noise_sd = _scalar.number(noise, "noise")
    put_acquisition(spec, acquisition, acquisition_level, acquisition_beta)
    for i, text in enumerate(_scalar.texts(warm_start, "warm_start")):
        spec.warm_start.append(_scalar.text(text, f"warm_start[{i}]"))
    if budget is not None:
        spec.budget = _scalar.integer(budget, "budget", 0)
    put_leases(spec, lease, on_expiry, retry_limit)
    if stop is not None:
        put_stop(spec.stop, stop)
    if labels is not None:
        put_labels(spec.labels, labels)
    if seed is not None:
        spec.seed = _scalar.integer(seed, "seed", 0, (1 << 64) - 1)


# Its name, level and beta.
Acquisition = Tuple[Optional[str], Optional[float], Optional[float]]


def put_acquisition(message: Any, name: Optional[str], level: Optional[float],
                    beta: Optional[float]) -> None:
    if name is not None:
        message.acquisition = _scalar.text(name, "acquisition")
    if level is not None:
        message.acquisition_level = _scalar.number(level, "acquisition_level")
    if beta is not None:
        message.acquisition_beta = _scalar.number(beta, "acquisition_beta")


STOP_RULES = ("no_progress", "min_progress", "min_progress_relative", "target", "p_gain", "gain",
              "gain_relative")


def put_stop(message: Any, stop: Any) -> None:
    """Fill StopRules: all of them, none of an empty dict."""
    if not isinstance(stop, Mapping):
        raise InvalidArgument(f"stop: {stop!r} must be a dict of rules", field="stop")
    message.SetInParent()
    for name, value in stop.items():
        field = f"stop.{name}"
        if name not in STOP_RULES:
            raise InvalidArgument(f"{field} is no rule; there are {', '.join(STOP_RULES)}",
                                  field=field)
        setattr(message, name, _scalar.integer(value, field, 0) if name == "no_progress"
                else _scalar.number(value, field))


def put_leases(message: Any, lease: Optional[float], on_expiry: Optional[str],
               retry_limit: Optional[int]) -> None:
    """What becomes of trials whose worker is silent: of a StudySpec or an UpdateStudyRequest."""
    if lease is not None:
        message.lease_s = _scalar.number(lease, "lease")
    if on_expiry is not None:
        choice = ON_EXPIRY.get(str(on_expiry).upper())
        if choice is None:
            raise InvalidArgument(f"on_expiry: {on_expiry!r} must be 'expire' or 'requeue'",
                                  field="on_expiry")
        message.on_expiry = choice
    if retry_limit is not None:
        message.retry_limit = _scalar.integer(retry_limit, "retry_limit", 0, (1 << 32) - 1)


def put_labels(named: Any, labels: Any, field: str = "labels") -> None:
    """Fill NamedScalars with labels: any names, values by their own type."""
    if not isinstance(labels, Mapping):
        raise InvalidArgument(f"{field}: {labels!r} must be a dict of values by name",
                              field=field)
    for name, value in labels.items():
        label = named.add()
        label.name = _scalar.text(name, field)
        _scalar.put(label.value, value, f"{field}.{name}")


def _put_objective(metric: Any, text: Any) -> None:
    way, _, name = text.partition(" ") if isinstance(text, str) else ("", "", "")
    if way not in ("minimize", "maximize") or not name:
        raise InvalidArgument(
            f"objective: {text!r} must be 'minimize NAME' or 'maximize NAME'", field="objective")
    metric.role = ROLES[way.upper()]
    metric.name = _scalar.text(name, "objective")


def _put_constraints(metrics: Any, constraints: Any) -> None:
    """A metric for each name; its bounds may come from two texts."""
    found: Dict[bytes, Any] = {}
    for i, text in enumerate(_scalar.texts(constraints, "constraints")):
        field = f"constraints[{i}]"
        name, bound, limit = _read_constraint(text, field)
        if name not in found:
            found[name] = metrics.add()
            found[name].name, found[name].role = name, ROLES["CONSTRAINT"]
        elif found[name].HasField(bound):
            raise InvalidArgument(f"{field}: {text!r} is the second {bound} bound of this metric: "
                                  "give one", field=field)
        setattr(found[name], bound, limit)


def _read_constraint(text: Any, field: str) -> Tuple[bytes, str, float]:
    """Metric, "upper" or "lower", and the limit of a text like "latency <= 10"."""
    for sign, bound in _BOUNDS:
        if isinstance(text, str) and text.count(sign) == 1:
            name, _, limit = (part.strip() for part in text.partition(sign))
            try:
                value = float(limit)
            except ValueError:
                break
            if name and math.isfinite(value):
                return _scalar.text(name, field), bound, value
    raise InvalidArgument(f"{field}: {text!r} must be 'NAME <= NUMBER' or 'NAME >= NUMBER'",
                          field=field)
