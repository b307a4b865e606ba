"""krige: client of kriged, Bayesian optimization as a service.

    import krige

    client = krige.connect()
    study = client.create_study(
        "parabola", {"x": krige.Float(-5, 5)}, "minimize y", budget=20, if_exists="attach")
    study.optimize(lambda trial: (trial.params["x"] - 1) ** 2)
    print(study.best.params)
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .client import Client, connect
from .errors import (AlreadyExists, BudgetSpent, Conflict, ConnectionFailed, Error, Forbidden,
                     Internal, InvalidArgument, NotFound, NotNow, NotOwner, NotSupported,
                     Overloaded, SpaceExhausted, StaleLease, StudyFinished, Timeout, TooLarge,
                     Unauthenticated, Unavailable, VersionMismatch)
from .space import (Bool, Categorical, Fixed, Float, Int, Normal, Ordinal, Parameter,
                    Weights)
from .study import Study, Trials
from .trial import Trial
from .version import __version__
from .views import (Calibration, Explanation, MetricModel, Model, Outlook, Progress, Pull,
                    Status, StudyView, StudyWhy, TrialView, WarmStart, Why)

__all__ = [
    "AlreadyExists", "Bool", "BudgetSpent", "Calibration", "Categorical", "Client", "Conflict",
    "ConnectionFailed", "Error", "Explanation", "Fixed", "Float", "Forbidden", "Int",
    "Internal", "InvalidArgument", "MetricModel", "Model", "Normal", "NotFound", "NotNow",
    "NotOwner", "NotSupported", "Ordinal", "Outlook", "Overloaded", "Parameter", "Progress",
    "Pull", "SpaceExhausted", "StaleLease", "Status", "Study", "StudyFinished", "StudyView",
    "StudyWhy", "Timeout", "TooLarge", "Trial", "TrialView", "Trials", "Unauthenticated",
    "Unavailable", "VersionMismatch", "WarmStart", "Weights", "Why", "__version__", "connect",
]

if TYPE_CHECKING:
    from . import aio


def __getattr__(name: str) -> Any:
    """krige.aio, which is imported when it is used."""
    if name == "aio":
        import importlib
        return importlib.import_module(".aio", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
