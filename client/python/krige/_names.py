"""The daemon's paths of fields, as the user of this client named them.

The daemon knows positions in the request ("spec.parameters[1].high"), the user
names ("space.x.high"). The request says which is which.
"""
from __future__ import annotations

import re
from typing import Any, Tuple

from ._schema import ROLES
from .errors import Error

_POINT = re.compile(r"points\[(\d+)\]")
_INDEXED = re.compile(r"\[(\d+)\]")
_SPEC = {"parameters": "space", "metrics": "objective", "noise_sd": "noise", "lease_s": "lease"}
_PLAIN = {"lease_s": "lease", "wait_ms": "wait", "meta.deadline_ms": "deadline",
          "meta.worker_id": "worker", "since_seq": "since", "no_budget": "budget"}
_POINTS = ("AddTrialsRequest", "PredictRequest", "EnqueueRequest")


def rename(error: Error, request: Any, first: int = 0) -> None:
    """Have an error that answers `request` say the user's name of the field at fault.

    first  position, in the user's list, of the first point of the request
    """
    if error.field is None:
        return
    ours = _typed(error.field, request, first)
    words = str(error)
    if words.startswith(error.field):
        error.args = (ours + words[len(error.field):],)
    error.field = ours


def _typed(field: str, request: Any, first: int) -> str:
    kind = request.DESCRIPTOR.name
    if kind == "CreateStudyRequest" and field.startswith("spec."):
        return _of_spec(field[len("spec."):], request.spec)
    if field.startswith("fixed["):
        return _of_params("fixed", field[len("fixed"):], request.fixed)
    if field.startswith("observations[0].values"):
        return _of_values(field[len("observations[0].values"):], request.observations[0].values)
    if field.startswith("observations[0]."):
        return field[len("observations[0]."):]
    if field.startswith("labels"):
        return _of_params("labels", field[len("labels"):], request.labels)
    if field.startswith("values"):
        return _of_values(field[len("values"):], request.values)
    point = _POINT.match(field)
    if point is None or kind not in _POINTS or int(point[1]) >= len(request.points):
        return _PLAIN.get(field, field)
    return _of_point(int(point[1]), field[point.end():], kind, request, first)


def _of_point(i: int, rest: str, kind: str, request: Any, first: int) -> str:
    if rest.startswith(".values"):
        return _of_values(rest[len(".values"):], request.points[i].values)
    if rest.startswith(".labels"):
        return _of_params("labels", rest[len(".labels"):], request.points[i].labels)
    if rest == ".note":
        return "note"
    owner = "params" if kind == "AddTrialsRequest" else f"points[{first + i}]"
    if rest.startswith(".params"):
        return _of_params(owner, rest[len(".params"):], request.points[i].params)
    return owner + rest


def _of_spec(path: str, spec: Any) -> str:
    name, i, rest = _split(path)
    if i < 0 or i >= len(getattr(spec, name, ())):
        return _SPEC.get(name, name) + path[len(name):]
    if name == "labels":
        return _of_params(name, path[len(name):], spec.labels)
    if name == "parameters":
        return f"space.{_text(spec.parameters[i].name)}{rest}"
    if name == "metrics":
        tail = "" if rest in (".role", ".name") else rest
        return _of_metric(i, spec.metrics) + tail
    return f"{name}[{i}]{rest}"


def _of_metric(i: int, metrics: Any) -> str:
    """The argument that a metric of a spec came from."""
    role = metrics[i].role
    if role == ROLES["COST"]:
        return "cost"
    if role == ROLES["CONSTRAINT"]:
        return f"constraints.{_text(metrics[i].name)}"
    several = sum(m.role not in (ROLES["COST"], ROLES["CONSTRAINT"]) for m in metrics) > 1
    return f"objective[{i}]" if several else "objective"


def _of_params(owner: str, rest: str, params: Any) -> str:
    """".lr" or "[0].value" of some named values."""
    _, i, tail = _split(rest)
    if 0 <= i < len(params):
        tail = "" if tail in (".value", ".name") else tail
        return f"{owner}.{_text(params[i].name)}{tail}"
    return owner + rest


def _of_values(rest: str, values: Any) -> str:
    _, i, tail = _split(rest)
    if not 0 <= i < len(values):
        return "value" + rest
    name = _text(values[i].name)
    return ("value." + name if name else "value") + ("" if tail in (".value", ".name") else tail)


def _split(path: str) -> Tuple[str, int, str]:
    """"a[3].b" as ("a", 3, ".b"); -1 without an index right behind the name."""
    end = min((path.find(c) for c in ".[" if c in path), default=len(path))
    index = _INDEXED.match(path, end)
    if index is None:
        return path[:end], -1, path[end:]
    return path[:end], int(index[1]), path[index.end():]


def _text(name: bytes) -> str:
    return str(name, "utf-8", "replace")
