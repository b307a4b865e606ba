"""Parameters of a search space.

Bounds are inclusive. Choices are told apart by type: 1, 1.0, "1", True and None
are five values.
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any, List, Mapping, Optional, Sequence, Tuple, Union

from . import _scalar
from ._scalar import Value
from ._schema import KINDS, PRIORS
from .errors import InvalidArgument


@dataclass(frozen=True)
class Normal:
    """The best value is believed to be about `mean`, two times in three within a deviation:
    krige.Normal(0.5, sd=0.1), and of a parameter on a log scale krige.Normal(3e-4, factor=3).
    A good belief saves trials; a wrong one costs some, and fades as results come in."""

    mean: float
    sd: Optional[float] = None
    factor: Optional[float] = None

    def _put(self, message: Any, parameter: "Parameter", field: str) -> None:
        if (self.sd is None) == (self.factor is None):
            raise InvalidArgument(f"{field}: {self!r} must have one of sd= and, on a log scale, "
                                  "factor=", field=field)
        kind = "NORMAL" if self.factor is None else "LOG_NORMAL"
        spread = self.sd if self.factor is None else self.factor
        message.kind = PRIORS[kind]
        message.numbers.append(_scalar.number(self.mean, field + ".mean"))
        message.numbers.append(
            _scalar.number(spread, field + (".sd" if self.factor is None else ".factor")))


@dataclass(frozen=True)
class Weights:
    """How likely each choice is to be the best, in any unit: a list in the order of the
    choices (of a Bool: False, True), or a dict by choice, where the others weigh 0."""

    weights: Union[Sequence[float], Mapping[Value, float]]

    def _put(self, message: Any, parameter: "Parameter", field: str) -> None:
        weights = self.weights
        if isinstance(weights, Mapping):
            weights = _by_choice(weights, parameter._choices(), field)
        elif isinstance(weights, (str, bytes)) or not hasattr(weights, "__iter__"):
            raise InvalidArgument(f"{field}: {weights!r} must be a list of weights, or a dict by "
                                  "choice", field=field)
        message.kind = PRIORS["WEIGHTS"]
        for i, weight in enumerate(weights):
            message.numbers.append(_scalar.number(weight, f"{field}[{i}]"))


Prior = Union[Normal, Weights]


def _by_choice(weights: Mapping[Value, float], choices: Sequence[Value],
               field: str) -> List[float]:
    known = [(type(choice), choice) for choice in choices]
    for choice in weights:
        if (type(choice), choice) not in known:
            raise InvalidArgument(f"{field}: {choice!r} is not one of the choices "
                                  f"{list(choices)!r}", field=field)
    given = {(type(choice), choice): weight for choice, weight in weights.items()}
    return [given.get(choice, 0.0) for choice in known]


class Parameter:
    """One dimension of a space.

    when      a condition under which the parameter is there: "opt == 'sgd' and layers > 2".
              A trial's params lack it otherwise
    fidelity  True, or the target value of a fidelity (not in this version)
    prior     where its best value is believed to be: a krige.Normal of a Float or Int,
              krige.Weights of the choices of the others
    """

    when: Optional[str]
    fidelity: Union[bool, int, float]
    prior: Optional[Prior] = None

    def _choices(self) -> Sequence[Value]:
        return ()

    def _put(self, message: Any, field: str) -> None:
        raise NotImplementedError

    def _put_roles(self, message: Any, field: str) -> None:
        if self.when is not None:
            message.when = _scalar.text(self.when, field + ".when")
        if self.fidelity is not False:
            message.fidelity = True
            if self.fidelity is not True:
                _scalar.put(message.target, self.fidelity, field + ".fidelity")
        if self.prior is not None:
            if not isinstance(self.prior, (Normal, Weights)):
                raise InvalidArgument(f"{field}.prior: {self.prior!r} must be a krige.Normal or "
                                      "krige.Weights", field=field + ".prior")
            self.prior._put(message.prior, self, field + ".prior")


@dataclass(frozen=True)
class Float(Parameter):
    """A real number in [low, high], on a log scale or on a grid of `step` if asked."""

    low: float
    high: float
    log: bool = False
    step: Optional[float] = None
    when: Optional[str] = None
    fidelity: Union[bool, int, float] = False
    prior: Optional[Normal] = None

    def _put(self, message: Any, field: str) -> None:
        message.kind = KINDS["FLOAT"]
        message.low = _scalar.number(self.low, field + ".low")
        message.high = _scalar.number(self.high, field + ".high")
        _put_log(message, self.log, field + ".log")
        if self.step is not None:
            message.step = _scalar.number(self.step, field + ".step")
        self._put_roles(message, field)


@dataclass(frozen=True)
class Int(Parameter):
    """An integer in [low, high], on a log scale or on a grid of `step` if asked."""

    low: int
    high: int
    log: bool = False
    step: Optional[int] = None
    when: Optional[str] = None
    fidelity: Union[bool, int, float] = False
    prior: Optional[Normal] = None

    def _put(self, message: Any, field: str) -> None:
        message.kind = KINDS["INT"]
        message.low = _whole(self.low, field + ".low")
        message.high = _whole(self.high, field + ".high")
        _put_log(message, self.log, field + ".log")
        if self.step is not None:
            message.step = _whole(self.step, field + ".step")
        self._put_roles(message, field)


@dataclass(frozen=True)
class Categorical(Parameter):
    """One of several values without an order: None, bool, int, float or str."""

    choices: Sequence[Value]
    when: Optional[str] = None
    fidelity: Union[bool, int, float] = False
    prior: Optional[Weights] = None

    def _choices(self) -> Sequence[Value]:
        return self.choices

    def _put(self, message: Any, field: str) -> None:
        message.kind = KINDS["CATEGORICAL"]
        _put_choices(message, self.choices, field + ".choices")
        self._put_roles(message, field)


@dataclass(frozen=True)
class Ordinal(Parameter):
    """One of several values in an order, as given: [16, 32, 64], ["low", "mid", "high"]."""

    values: Sequence[Value]
    when: Optional[str] = None
    fidelity: Union[bool, int, float] = False
    prior: Optional[Weights] = None

    def _choices(self) -> Sequence[Value]:
        return self.values

    def _put(self, message: Any, field: str) -> None:
        message.kind = KINDS["ORDINAL"]
        _put_choices(message, self.values, field + ".values")
        self._put_roles(message, field)


@dataclass(frozen=True)
class Bool(Parameter):
    """True or False."""

    when: Optional[str] = None
    fidelity: Union[bool, int, float] = False
    prior: Optional[Weights] = None

    def _choices(self) -> Sequence[Value]:
        return (False, True)

    def _put(self, message: Any, field: str) -> None:
        message.kind = KINDS["BOOL"]
        self._put_roles(message, field)


@dataclass(frozen=True)
class Fixed(Parameter):
    """Always this value: written into every trial, never searched."""

    value: Value
    when: Optional[str] = None
    fidelity: Union[bool, int, float] = False

    def _put(self, message: Any, field: str) -> None:
        message.kind = KINDS["FIXED"]
        _put_choices(message, [self.value], field + ".value")
        self._put_roles(message, field)


def _whole(value: Any, field: str) -> float:
    """An integer as the wire's double, which holds integers exactly up to 2^53."""
    return float(_scalar.integer(value, field, -(1 << 53), 1 << 53))


def _put_log(message: Any, log: Any, field: str) -> None:
    if not _scalar.is_bool(log):
        raise InvalidArgument(f"{field}: {log!r} must be True or False; a grid is asked for "
                              "with step=", field=field)
    if log:
        message.log = True


def _put_choices(message: Any, choices: Any, field: str) -> None:
    if isinstance(choices, (str, bytes)) or not hasattr(choices, "__iter__"):
        raise InvalidArgument(f"{field}: {choices!r} is not a list of values", field=field)
    if isinstance(choices, (set, frozenset)):
        raise InvalidArgument(f"{field}: {choices!r} has no order, so the study would differ from "
                              "run to run: give a list", field=field)
    message.choices.SetInParent()
    for i, choice in enumerate(choices):
        _scalar.put(message.choices.items.add(), choice, f"{field}[{i}]")


def put_space(spec: Any, space: Mapping[str, Parameter],
              parameter_constraints: Optional[Sequence[str]] = (),
              forbidden: Optional[Sequence[str]] = ()) -> None:
    """Fill the parameters of a StudySpec, and what binds them to each other."""
    if not isinstance(space, Mapping):
        raise InvalidArgument(f"space: {space!r} must be a dict of parameters by name, as in "
                              "{'x': krige.Float(0, 1)}", field="space")
    for name, parameter in space.items():
        field = f"space.{name}"
        if not isinstance(parameter, Parameter):
            raise InvalidArgument(
                f"{field}: {parameter!r} must be a krige.Float, Int, Categorical, ...",
                field=field)
        message = spec.parameters.add()
        message.name = _scalar.text(name, "space")
        parameter._put(message, field)
    for i, text in enumerate(_scalar.texts(parameter_constraints, "parameter_constraints")):
        spec.parameter_constraints.append(_scalar.text(text, f"parameter_constraints[{i}]"))
    for i, text in enumerate(_scalar.texts(forbidden, "forbidden")):
        spec.forbidden.append(_scalar.text(text, f"forbidden[{i}]"))


def _normal(message: Any) -> Optional[Normal]:
    numbers = list(message.prior.numbers)
    if len(numbers) != 2:
        return None
    if message.prior.kind == PRIORS["LOG_NORMAL"]:
        return Normal(numbers[0], factor=numbers[1])
    return Normal(numbers[0], sd=numbers[1])


def _weights(message: Any) -> Optional[Weights]:
    return Weights(tuple(message.prior.numbers)) if message.HasField("prior") else None


def read_space(spec: Any) -> Tuple[Tuple[str, Parameter], ...]:
    """The parameters of a StudySpec, in order."""
    found: List[Tuple[str, Parameter]] = []
    names = {number: name for name, number in KINDS.items()}
    for message in spec.parameters:
        kind = names.get(message.kind, "")
        step = message.step if message.HasField("step") else None
        choices = tuple(_scalar.get(item) for item in message.choices.items)
        when = str(message.when, "utf-8") if message.HasField("when") else None
        parameter: Parameter
        if kind == "INT":
            parameter = Int(int(message.low), int(message.high), message.log,
                            None if step is None else int(step), when=when, prior=_normal(message))
        elif kind == "CATEGORICAL":
            parameter = Categorical(choices, when=when, prior=_weights(message))
        elif kind == "ORDINAL":
            parameter = Ordinal(choices, when=when, prior=_weights(message))
        elif kind == "BOOL":
            parameter = Bool(when=when, prior=_weights(message))
        elif kind == "FIXED":
            parameter = Fixed(choices[0] if choices else None, when=when)
        else:
            parameter = Float(message.low, message.high, message.log, step, when=when,
                              prior=_normal(message))
        found.append((str(message.name, "utf-8"), parameter))
    return tuple(found)
