"""What the daemon says of trials and studies, as plain values."""
from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Dict, Mapping, Optional

from . import _scalar, _schema
from ._scalar import Value
from .space import Parameter, read_space


@dataclass(frozen=True)
class Why:
    """Why a point was suggested.

    rule       "initial" (initial design), "model" (maximum of the acquisition) or
               "fill" (space-filling last resort)
    freshness  "fresh", "partial" (cut at the deadline) or "fallback" (cut before
               there was a model)
    mean, sd   what the model expected of the objective, if there was one
    log_acq    log of the expected improvement
    """

    rule: str
    freshness: str
    mean: Optional[float] = None
    sd: Optional[float] = None
    log_acq: Optional[float] = None

    def __str__(self) -> str:
        text = self.rule
        if self.freshness not in ("fresh", ""):
            text += f" ({self.freshness})"
        if self.mean is not None and self.sd is not None:
            text += f", expected {self.mean:.6g} +- {self.sd:.3g}"
        return text


@dataclass(frozen=True)
class TrialView:
    """A trial as it stood when it was read.

    value    the objective, None without a result
    values   every metric by name
    reason   why it failed, was pruned, ... or None
    attempt  how often it was given out
    late     its result came after its lease had run out
    told     it was handed in, not suggested
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


@dataclass(frozen=True)
class StudyView:
    """A study as it stood when it was read.

    counts    trials by state
    reserved  trials of the budget that are taken
    reason    why it gives out nothing now, or None
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


def _text(data: bytes) -> str:
    return str(data, "utf-8", "replace")


def _time(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000.0, timezone.utc)


def _counts(messages: Any) -> Dict[str, int]:
    names = _schema.TRIAL_STATE_NAMES
    return {names.get(m.state, str(m.state)): int(m.count) for m in messages if m.count}


def read_params(trial: Any) -> Dict[str, Value]:
    return {_text(p.name): _scalar.get(p.value) for p in trial.params}


def read_why(trial: Any) -> Optional[Why]:
    why = trial.why
    if not why.HasField("rule"):
        return None
    return Why(_schema.RULES.get(why.rule, "?"), _schema.FRESHNESS.get(why.freshness, ""),
               why.mean if why.HasField("mean") else None,
               why.sd if why.HasField("sd") else None,
               why.log_acq if why.HasField("log_acq") else None)


def read_trial(trial: Any) -> TrialView:
    values = {_text(v.name): float(v.value) for v in trial.values}
    return TrialView(
        number=int(trial.number),
        state=_schema.TRIAL_STATE_NAMES.get(trial.state, str(trial.state)),
        params=read_params(trial),
        values=values,
        value=float(trial.values[0].value) if trial.values else None,
        reason=_text(trial.reason) or None,
        worker=_text(trial.worker) or None,
        attempt=int(trial.attempt),
        created=_time(trial.created_ms),
        finished=_time(trial.finished_ms) if trial.finished_ms else None,
        why=read_why(trial),
        late=bool(trial.late),
        told=bool(trial.told))


def read_study(study: Any) -> StudyView:
    roles = {number: name.lower() for name, number in _schema.ROLES.items()}
    return StudyView(
        name=_text(study.name),
        state=_schema.STUDY_STATE_NAMES.get(study.state, str(study.state)),
        space=dict(read_space(study.spec)),
        metrics={_text(m.name): roles.get(m.role, "?") for m in study.spec.metrics},
        budget=int(study.spec.budget) if study.spec.HasField("budget") else None,
        lease=float(study.spec.lease_s),
        seed=int(study.spec.seed),
        counts=_counts(study.counts),
        reserved=int(study.reserved),
        best=read_trial(study.best) if study.HasField("best") else None,
        created=_time(study.created_ms),
        reason=_text(study.reason) or None)


def read_status(status: Any) -> Status:
    return Status(
        version=_text(status.version),
        uptime=status.uptime_ms / 1000.0,
        studies=int(status.studies),
        trials=_counts(status.trials),
        waiting_suggests=int(status.waiting_suggests),
        running_jobs=int(status.running_jobs),
        requests=int(status.requests),
        commits=int(status.commits),
        committed_events=int(status.committed_events),
        failed_commits=int(status.failed_commits),
        durable=bool(status.durable),
        blas_core=_text(status.blas_core),
        sqlite_version=_text(status.sqlite_version),
        rss_bytes=int(status.rss_bytes),
        db_bytes=int(status.db_bytes),
        wal_bytes=int(status.wal_bytes),
        threads=int(status.threads))
