"""Messages of the daemon to the plain values of views.py."""
from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, Dict, Optional, Tuple

from . import _scalar, _schema
from ._exchange import read_error
from ._scalar import Value
from .space import read_space
from .views import (Calibration, Explanation, MetricModel, Model, Outlook, Progress, Pull, Status,
                    StudyView, StudyWhy, TrialView, WarmStart, Why)


def text(data: bytes) -> str:
    return str(data, "utf-8", "replace")


def _time(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000.0, timezone.utc)


def _counts(messages: Any) -> Dict[str, int]:
    names = _schema.TRIAL_STATE_NAMES
    return {names.get(m.state, str(m.state)): int(m.count) for m in messages if m.count}


def read_named(named: Any) -> Dict[str, Value]:
    """Params or labels."""
    return {text(p.name): _scalar.get(p.value) for p in named}


def read_why(trial: Any) -> Optional[Why]:
    why = trial.why
    if not why.HasField("rule"):
        return None
    return Why(_schema.RULES.get(why.rule, "?"), _schema.FRESHNESS.get(why.freshness, ""),
               _optional(why, "mean"), _optional(why, "sd"), _optional(why, "log_acq"),
               _optional(why, "p_feasible"),
               text(why.acquisition) if why.HasField("acquisition") else None,
               _optional(why, "acq"),
               role=_schema.WHY_ROLES.get(why.role, "?") if why.HasField("role") else None,
               pulls=tuple(Pull(int(p.number), p.weight, p.pull, p.distance) for p in why.pulls),
               levers={text(lever.name): lever.lengthscale for lever in why.levers},
               **{name: _optional(why, name) for name in (
                   "observations", "incumbent", "best", "p_gain", "expected_gain", "model_mean",
                   "noise_sd", "rank", "optima")})


def _optional(message: Any, name: str) -> Any:
    return getattr(message, name) if message.HasField(name) else None


def objective_of(spec: Any) -> str:
    """The metric whose value is a trial's `value`."""
    roles = _schema.ROLES["MINIMIZE"], _schema.ROLES["MAXIMIZE"]
    return next((text(m.name) for m in spec.metrics if m.role in roles), "")


def read_trial(trial: Any, objective: str) -> TrialView:
    values = {text(v.name): float(v.value) for v in trial.values}
    return TrialView(
        number=int(trial.number),
        state=_schema.TRIAL_STATE_NAMES.get(trial.state, str(trial.state)),
        params=read_named(trial.params),
        values=values,
        value=values.get(objective),
        reason=text(trial.reason) or None,
        worker=text(trial.worker) or None,
        attempt=int(trial.attempt),
        created=_time(trial.created_ms),
        finished=_time(trial.finished_ms) if trial.finished_ms else None,
        why=read_why(trial),
        late=bool(trial.late),
        told=bool(trial.told),
        sems={text(v.name): float(v.sem) for v in trial.values if v.HasField("sem")},
        labels=read_named(trial.labels),
        note=text(trial.note) or None,
        excluded=bool(trial.excluded),
        feasible=_optional(trial, "feasible"),
        progress=tuple(Progress(int(p.step), float(p.value), _time(p.time_ms))
                       for p in trial.progress))


def read_metrics(spec: Any) -> Dict[str, str]:
    roles = {number: name.lower() for name, number in _schema.ROLES.items()}
    return {text(m.name): roles.get(m.role, "?") for m in spec.metrics}


def _read_outlook(outlook: Any) -> Outlook:
    return Outlook(int(outlook.number), outlook.expected_gain, outlook.gain, outlook.p_gain)


def read_study(study: Any) -> StudyView:
    spec = study.spec
    return StudyView(
        name=text(study.name),
        state=_schema.STUDY_STATE_NAMES.get(study.state, str(study.state)),
        space=dict(read_space(spec)),
        metrics=read_metrics(spec),
        budget=_optional(spec, "budget"),
        lease=float(spec.lease_s),
        seed=int(spec.seed),
        counts=_counts(study.counts),
        reserved=int(study.reserved),
        best=read_trial(study.best, objective_of(spec)) if study.HasField("best") else None,
        created=_time(study.created_ms),
        reason=text(study.reason) or None,
        id=int(study.id),
        constraints={text(m.name): (_optional(m, "lower"), _optional(m, "upper"))
                     for m in spec.metrics if m.role == _schema.ROLES["CONSTRAINT"]},
        parameter_constraints=tuple(text(t) for t in spec.parameter_constraints),
        forbidden=tuple(text(t) for t in spec.forbidden),
        noise=_optional(spec, "noise_sd"),
        acquisition=text(spec.acquisition) or "auto",
        acquisition_level=_optional(spec, "acquisition_level"),
        acquisition_beta=_optional(spec, "acquisition_beta"),
        warm_start=tuple(WarmStart(text(w.name), int(w.id), int(w.taken), int(w.unfit),
                                   int(w.unused)) for w in study.warm_start),
        on_expiry="requeue" if spec.on_expiry == _schema.ON_EXPIRY["REQUEUE"] else "expire",
        retry_limit=_optional(spec, "retry_limit"),
        stop={name.name: value for name, value in spec.stop.ListFields()},
        outlook=_read_outlook(study.outlook) if study.HasField("outlook") else None,
        prepared=_schema.PREPARED.get(study.prepared) if study.HasField("prepared") else None,
        labels=read_named(spec.labels),
        version=int(study.spec_version) or 1,
        seq=int(study.seq))


def read_study_why(why: Any) -> StudyWhy:
    expiry = _optional(why, "expiry_ms")
    return StudyWhy(
        next=_schema.NEXT.get(why.next, "?"),
        next_number=_optional(why, "next_number"),
        error=read_error(why.error) if why.HasField("error") else None,
        waiting=int(why.waiting),
        computing=bool(why.computing),
        queued=int(why.queued),
        running=int(why.running),
        left=_optional(why, "left"),
        expiry=None if expiry is None else expiry / 1000.0,
        expiry_number=_optional(why, "expiry_number"),
        sentences=tuple(text(s) for s in why.sentences),
        prepared=_schema.PREPARED.get(why.prepared) if why.HasField("prepared") else None)


def read_explanation(reply: Any, objective: str) -> Explanation:
    related = [read_trial(trial, objective) for trial in reply.related]
    return Explanation(
        trial=read_trial(reply.trial, objective),
        related={trial.number: trial for trial in related},
        surprise=_optional(reply, "surprise"),
        sentences=tuple(text(s) for s in reply.sentences))


def _read_calibration(c: Any) -> Calibration:
    return Calibration(
        results=int(c.results), log_density=c.log_density, crps=c.crps,
        mean_square_z=c.mean_square_z,
        coverage={0.5: c.coverage50, 0.8: c.coverage80, 0.95: c.coverage95},
        outliers=int(c.outliers), worst_z=c.worst_z,
        worst_number=_optional(c, "worst_number"))


def _read_metric_model(model: Any, parameters: Tuple[str, ...]) -> MetricModel:
    return MetricModel(
        kernel=text(model.kernel),
        lengthscales=dict(zip(parameters, model.lengthscales)),
        outputscale=model.outputscale,
        noise_sd=model.noise_sd,
        mean=model.mean,
        observations=int(model.observations),
        fitted=int(model.fitted),
        log_posterior=_optional(model, "log_posterior"),
        jitter=model.jitter,
        transform=text(model.transform),
        calibration=_read_calibration(model.calibration) if model.HasField("calibration")
        else None)


def read_model(reply: Any) -> Model:
    parameters = tuple(text(name) for name in reply.parameters)
    models = {text(m.name) if m.HasField("name") else None: _read_metric_model(m, parameters)
              for m in reply.models}
    return Model(
        metrics={name: m for name, m in models.items() if name is not None},
        success=models.get(None),
        reason=text(reply.reason) if reply.HasField("reason") else None,
        results=int(reply.results),
        sentences=tuple(text(s) for s in reply.sentences))


def read_status(status: Any) -> Status:
    return Status(
        version=text(status.version),
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
        blas_core=text(status.blas_core),
        sqlite_version=text(status.sqlite_version),
        rss_bytes=int(status.rss_bytes),
        db_bytes=int(status.db_bytes),
        wal_bytes=int(status.wal_bytes),
        threads=int(status.threads))
