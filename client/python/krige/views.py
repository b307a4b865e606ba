"""What the daemon says of trials and studies, as plain values."""
from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, Dict, Mapping, Optional, Tuple

from . import _html
from ._scalar import Value
from .errors import Error
from .space import Parameter


@dataclass(frozen=True)
class Pull:
    """What a result does to the prediction at a point.

    number    the trial
    weight    its factor in the prediction
    pull      by how much it moves the prediction, in units of the objective
    distance  from the point, in lengthscales of the model
    """

    number: int
    weight: float
    pull: float
    distance: float


@dataclass(frozen=True)
class Why:
    """Why a point was suggested.

    rule        "initial" (initial design), "model" (maximum of the acquisition),
                "fill" (space-filling: no model could be had, or the best outcomes are
                equal) or "enqueued" (given by a user)
    freshness   "fresh", "partial" (cut at the deadline) or "fallback" (cut before
                there was a model)
    mean, sd    what the model expected of the objective, if there was one
    log_acq     log of the acquisition, where its values have one
    p_feasible  predicted probability that it succeeds and meets the constraints
    acquisition what was maximized: "log_ei", ...
    acq         its value, where it has no logarithm: units of the model, or nats

    Of points by the model, as the model was then (print it, or `study.explain`):

    role           "explore" (maximum of the acquisition) or "exploit" (of the predicted mean)
    observations   results that were known
    incumbent      the best trial; None: none met the constraints
    best           its value; under noise what the model predicts there
    p_gain         probability that the point is better, and feasible
    expected_gain  expected improvement, in units of the objective
    model_mean     what the model predicts far from all results
    noise_sd       deviation of a measurement
    rank, optima   its place among the local maxima of the acquisition that were found, and
                   how many these were
    pulls          the results that make the prediction, largest first
    levers         the most sensitive parameters, with their lengthscales
    """

    rule: str
    freshness: str
    mean: Optional[float] = None
    sd: Optional[float] = None
    log_acq: Optional[float] = None
    p_feasible: Optional[float] = None
    acquisition: Optional[str] = None
    acq: Optional[float] = None
    role: Optional[str] = None
    observations: Optional[int] = None
    incumbent: Optional[int] = None
    best: Optional[float] = None
    p_gain: Optional[float] = None
    expected_gain: Optional[float] = None
    model_mean: Optional[float] = None
    noise_sd: Optional[float] = None
    rank: Optional[int] = None
    optima: Optional[int] = None
    pulls: Tuple[Pull, ...] = ()
    levers: Mapping[str, float] = field(default_factory=dict)

    def to_dict(self) -> Dict[str, Any]:
        """The same as JSON has it."""
        return {**vars(self), "pulls": [dict(vars(pull)) for pull in self.pulls],
                "levers": dict(self.levers)}

    def __str__(self) -> str:
        text = self.rule
        if self.freshness not in ("fresh", ""):
            text += f" ({self.freshness})"
        if self.mean is not None and self.sd is not None:
            text += f", expected {self.mean:.6g} +- {self.sd:.3g}"
        if self.p_feasible is not None:
            text += f", feasible with {self.p_feasible:.2g}"
        if self.role is not None:
            text += f", {self.role}s"
        if self.p_gain is not None:
            text += f", better with {self.p_gain:.2g} (by {self.expected_gain:.2g} expected)"
        return text

    def _repr_html_(self) -> str:
        return _html.table("Why", vars(self))


@dataclass(frozen=True)
class Progress:
    """An intermediate value that a trial has reported."""

    step: int
    value: float
    time: datetime


@dataclass(frozen=True)
class TrialView:
    """A trial as it stood when it was read.

    value     the objective, None without a result
    values    every metric by name
    sems      standard errors of the values that were told with one
    reason    why it failed, was pruned, ... or None
    attempt   how often it was given out
    late      its result came after its lease had run out
    told      it was handed in, not suggested
    excluded  the model does not see it
    feasible  whether it meets the outcome constraints; None without constraints or result
    progress  what it has reported
    """

    number: int
    state: str
    params: Mapping[str, Value]
    values: Mapping[str, float]
    value: Optional[float]
    reason: Optional[str]
    worker: Optional[str]
    attempt: int
    created: datetime
    finished: Optional[datetime]
    why: Optional[Why] = None
    late: bool = False
    told: bool = False
    sems: Mapping[str, float] = field(default_factory=dict)
    labels: Mapping[str, Value] = field(default_factory=dict)
    note: Optional[str] = None
    excluded: bool = False
    feasible: Optional[bool] = None
    progress: Tuple[Progress, ...] = ()

    def to_dict(self) -> Dict[str, Any]:
        """The same as JSON has it: times are texts in UTC, what is empty stays."""
        found = dict(vars(self))
        for name in ("params", "values", "sems", "labels"):
            found[name] = dict(found[name])
        found["created"] = iso(self.created)
        found["finished"] = None if self.finished is None else iso(self.finished)
        found["why"] = None if self.why is None else self.why.to_dict()
        found["progress"] = [{"step": p.step, "value": p.value, "time": iso(p.time)}
                             for p in self.progress]
        return found

    def _repr_html_(self) -> str:
        return _html.table(f"Trial {self.number}", {
            "state": self.state, **{f"params.{k}": v for k, v in self.params.items()},
            **{f"values.{k}": v for k, v in self.values.items()},
            **{f"labels.{k}": v for k, v in self.labels.items()},
            "reason": self.reason, "worker": self.worker, "note": self.note, "why": self.why,
            "finished": self.finished})


@dataclass(frozen=True)
class WarmStart:
    """What a study took of another one when it was created.

    taken   results that were copied
    unfit   results outside of the space, or of points that broke an outcome constraint
    unused  results beyond those that are kept: the best, the newest and some that fill the space
    """

    name: str
    id: int
    taken: int
    unfit: int
    unused: int


@dataclass(frozen=True)
class StudyView:
    """A study as it stood when it was read.

    metrics      "minimize", "maximize" or "constraint" by metric
    constraints  (lower, upper) by constrained metric; None where there is no bound
    noise        known standard deviation of the measurements; None: learnt
    acquisition  what suggestions maximize; acquisition_level and acquisition_beta as given
    warm_start   what was taken of other studies
    on_expiry    "expire" or "requeue"
    counts       trials by state
    stop         rules by which the study ends, as given to create_study
    outlook      what the newest suggestion by the model expects, or None
    prepared     the next suggestion, before it is asked for: "computing", "ready" (an ask
                 gets it at once) or None
    reserved     trials of the budget that are taken
    reason       why it gives out nothing now, or None
    version      1 at first, one more with each change of the settings
    seq          its newest event
    """

    name: str
    state: str
    space: Mapping[str, Parameter]
    metrics: Mapping[str, str]
    budget: Optional[int]
    lease: float
    seed: int
    counts: Mapping[str, int]
    reserved: int
    best: Optional[TrialView]
    created: datetime
    reason: Optional[str]
    id: int = 0
    constraints: Mapping[str, Tuple[Optional[float], Optional[float]]] = field(
        default_factory=dict)
    parameter_constraints: Tuple[str, ...] = ()
    forbidden: Tuple[str, ...] = ()
    noise: Optional[float] = None
    acquisition: str = "auto"
    acquisition_level: Optional[float] = None
    acquisition_beta: Optional[float] = None
    warm_start: Tuple[WarmStart, ...] = ()
    on_expiry: str = "expire"
    retry_limit: Optional[int] = None
    stop: Mapping[str, float] = field(default_factory=dict)
    outlook: Optional[Outlook] = None
    prepared: Optional[str] = None
    labels: Mapping[str, Value] = field(default_factory=dict)
    version: int = 1
    seq: int = 0

    def _repr_html_(self) -> str:
        return _html.table(f"Study {self.name}", {
            "state": self.state, "reason": self.reason, **study_rows(self),
            "budget": self.budget, "taken": self.reserved,
            **{f"trials {state}": n for state, n in self.counts.items()},
            **{f"labels.{k}": v for k, v in self.labels.items()},
            "best": None if self.best is None else f"{self.best.value:.6g} "
                    f"(trial {self.best.number})"})


@dataclass(frozen=True)
class StudyWhy:
    """What a study waits for, and what it would do next. str() has it in sentences.

    next           "nothing" (`error` says why), "queued" (`next_number`), "initial" or "model"
    waiting        trials that asks wait for
    computing      whether a suggestion is being computed for somebody
    prepared       the next one: "computing", "ready" (an ask gets it at once) or None
    queued         trials that wait to be given out
    running        trials without a result
    left           places of the budget; None: no limit
    expiry         seconds until the next lease runs out (of trial `expiry_number`), or None
    """

    next: str
    next_number: Optional[int]
    error: Optional[Error]
    waiting: int
    computing: bool
    queued: int
    running: int
    left: Optional[int]
    expiry: Optional[float]
    expiry_number: Optional[int]
    sentences: Tuple[str, ...] = ()
    prepared: Optional[str] = None

    def __str__(self) -> str:
        return "\n".join(self.sentences)

    def _repr_html_(self) -> str:
        return _html.paragraphs(self.sentences)


@dataclass(frozen=True)
class Outlook:
    """What the newest suggestion by the model expects of its most promising point.

    number         its trial
    expected_gain  expected improvement on the best, in units of the objective
    gain           an improvement that counts, by the stop rules; 0 without
    p_gain         probability of a larger one, of success, and that constraints are met
    """

    number: int
    expected_gain: float
    gain: float
    p_gain: float


@dataclass(frozen=True)
class Explanation:
    """Why a trial was suggested, and what came of it. str() has it in sentences.

    trial     the trial, with its `why`
    related   by number: the best trial of then, and those that make the prediction
    surprise  how far the value lies from the prediction, in predicted deviations with those
              of the measurement; None without either
    """

    trial: TrialView
    related: Mapping[int, TrialView]
    surprise: Optional[float]
    sentences: Tuple[str, ...] = ()

    def __str__(self) -> str:
        return "\n".join(self.sentences)

    def _repr_html_(self) -> str:
        return _html.paragraphs(self.sentences)


@dataclass(frozen=True)
class Calibration:
    """How well a model predicts each result from all of the others; z is the error over the
    predicted standard deviation.

    results        that were left out, one at a time
    log_density    mean ln p(result), in units of the model: -1.42 is that of knowing mean and
                   deviation only
    crps           mean continuous ranked probability score: the smaller, the better
    mean_square_z  mean of z^2; above 1 the model is too sure of itself
    coverage       parts of the results inside the central intervals of 0.5, 0.8 and 0.95
    outliers       results with z beyond 4
    worst_z        the z farthest from 0, of trial `worst_number`
    """

    results: int
    log_density: float
    crps: float
    mean_square_z: float
    coverage: Mapping[float, float]
    outliers: int
    worst_z: float
    worst_number: Optional[int]


@dataclass(frozen=True)
class MetricModel:
    """The model of one metric, as it was last fitted.

    lengthscales   by parameter, as parts of its range (of the logarithm, where it is searched
                   so): the smaller, the more the metric changes with it
    outputscale    prior variance, in squared units of the model
    noise_sd       of one measurement (of the objective: where it is best), in its units
    mean           what is predicted far from all results, in units of the metric
    observations   results that it is made of
    fitted         results that its hyperparameters were fitted to
    log_posterior  of the hyperparameters; None: an earlier fit stands
    jitter         added to variances so that the covariance could be factored
    transform      what was done to results before the model saw them, in words
    calibration    None: of success, of a single point, and when a deadline left no time for it
    """

    kernel: str
    lengthscales: Mapping[str, float]
    outputscale: float
    noise_sd: float
    mean: float
    observations: int
    fitted: int
    log_posterior: Optional[float]
    jitter: float
    transform: str
    calibration: Optional[Calibration]

    def _repr_html_(self) -> str:
        return _html.table("Model", {
            **{f"lengthscales.{k}": v for k, v in self.lengthscales.items()},
            **{k: v for k, v in vars(self).items() if k not in ("lengthscales", "calibration")},
            **({} if self.calibration is None else vars(self.calibration))})


@dataclass(frozen=True)
class Model:
    """The models of a study. str() has in sentences how well they predict.

    metrics  by name: the objective and the outcome constraints; empty before there is one
    success  that of where evaluations succeed (1; -1 where they fail); None: none has failed
    reason   why there is no model; None: there is
    results  that the study has now: maybe more than a model was made of
    """

    metrics: Mapping[str, MetricModel]
    success: Optional[MetricModel]
    reason: Optional[str]
    results: int
    sentences: Tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.metrics)

    def __str__(self) -> str:
        return self.reason if self.reason is not None else "\n".join(self.sentences)

    def _repr_html_(self) -> str:
        if self.reason is not None:
            return _html.paragraphs((self.reason,))
        return _html.table("Models", {
            f"{name}.{parameter}": lengthscale for name, metric in self.metrics.items()
            for parameter, lengthscale in metric.lengthscales.items()}) \
            + _html.paragraphs(self.sentences)


@dataclass(frozen=True)
class Status:
    """The daemon as a whole; `uptime` in seconds."""

    version: str
    uptime: float
    studies: int
    trials: Mapping[str, int]
    waiting_suggests: int
    running_jobs: int
    requests: int
    commits: int
    committed_events: int
    failed_commits: int
    durable: bool
    blas_core: str
    sqlite_version: str
    rss_bytes: int
    db_bytes: int
    wal_bytes: int
    threads: int

    def _repr_html_(self) -> str:
        return _html.table(f"kriged {self.version}", vars(self))


def iso(time: datetime) -> str:
    """2026-01-31T12:00:00.000Z"""
    return time.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.") \
        + f"{time.microsecond // 1000:03}Z"


def study_rows(study: Any) -> Dict[str, Any]:
    """What does not change about a study, for tables."""
    return {"metrics": ", ".join(f"{role} {name}" for name, role in study.metrics.items()),
            **{f"space.{name}": parameter for name, parameter in study.space.items()}}


def public(value: object) -> str:
    """krige.Client, krige.aio.Client: the name that the user knows."""
    module = type(value).__module__
    return f"{'krige.aio' if module.startswith('krige.aio') else 'krige'}.{type(value).__name__}"
