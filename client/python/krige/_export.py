"""Trials as a table of pandas."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Sequence

from . import _schema
from .space import Bool, Float, Int, Parameter

if TYPE_CHECKING:
    import pandas

    from ._study import StudyCore
    from .views import TrialView


def need_pandas() -> Any:
    try:
        import pandas
    except ImportError:
        raise ImportError("to_dataframe needs pandas, which is not installed: "
                          "pip install pandas; to_dicts() does without") from None
    return pandas


def to_dataframe(study: StudyCore[Any], trials: Sequence[TrialView]) -> pandas.DataFrame:
    """One trial a row; Study.to_dataframe says which columns."""
    pd = need_pandas()
    columns: Dict[str, Any] = {
        "number": pd.Series([t.number for t in trials], dtype="int64"),
        "state": pd.Series(pd.Categorical([t.state for t in trials],
                                          categories=list(_schema.TRIAL_STATES)))}
    for name, parameter in study.space.items():
        columns[f"params.{name}"] = _param(pd, parameter, [t.params.get(name) for t in trials])
    for name in study.metrics:
        columns[f"values.{name}"] = pd.Series([t.values.get(name) for t in trials],
                                              dtype="float64")
    for name in study.metrics:
        if any(name in t.sems for t in trials):
            columns[f"sems.{name}"] = pd.Series([t.sems.get(name) for t in trials],
                                                dtype="float64")
    for name in ("reason", "worker"):
        columns[name] = pd.Series([getattr(t, name) for t in trials], dtype="object")
    columns["attempt"] = pd.Series([t.attempt for t in trials], dtype="int64")
    for name in ("created", "finished"):
        times = pd.Series([getattr(t, name) for t in trials], dtype="object")
        columns[name] = pd.to_datetime(times, utc=True).astype("datetime64[ns, UTC]")
    for name in ("late", "told", "excluded"):
        columns[name] = pd.Series([getattr(t, name) for t in trials], dtype="bool")
    columns["feasible"] = pd.Series([t.feasible for t in trials], dtype="boolean")
    columns["note"] = pd.Series([t.note for t in trials], dtype="object")
    for name in dict.fromkeys(name for t in trials for name in t.labels):
        columns[f"labels.{name}"] = _mixed(pd, [t.labels.get(name) for t in trials])
    frame: pandas.DataFrame = pd.DataFrame(columns)
    return frame


def _param(pd: Any, parameter: Parameter, values: List[Any]) -> Any:
    """A column by the kind of the parameter; an inactive one is missing there."""
    if isinstance(parameter, Float):
        return pd.Series(values, dtype="float64")
    missing = any(value is None for value in values)
    if isinstance(parameter, Int):
        return pd.Series(values, dtype="Int64" if missing else "int64")
    if isinstance(parameter, Bool):
        return pd.Series(values, dtype="boolean" if missing else "bool")
    return _mixed(pd, values)


def _mixed(pd: Any, values: List[Any]) -> Any:
    """Objects, unless all are of one type: 1, 1.0 and True are three values."""
    types = {type(value) for value in values}
    plain = len(types) == 1 and types <= {bool, int, float}
    return pd.Series(values) if plain else pd.Series(values, dtype="object")
