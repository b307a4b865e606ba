"""krige: client of kriged, Bayesian optimization as a service.

    import krige

    client = krige.connect()
    study = client.create_study(
        "parabola", {"x": krige.Float(-5, 5)}, "minimize y", budget=20, if_exists="attach")
    study.optimize(lambda trial: (trial.params["x"] - 1) ** 2)
    print(study.best.params)
"""
from .client import Client, connect
from .errors import (AlreadyExists, Conflict, ConnectionFailed, Error, Internal, InvalidArgument,
                     NotFound, NotNow, NotSupported, Overloaded, SpaceExhausted, StaleLease,
                     StudyFinished, Timeout, Unavailable, VersionMismatch)
from .space import Bool, Categorical, Fixed, Float, Int, Ordinal, Parameter
from .study import Study
from .trial import Trial
from .version import __version__
from .views import Status, StudyView, TrialView, Why

__all__ = [
    "AlreadyExists", "Bool", "Categorical", "Client", "Conflict", "ConnectionFailed", "Error",
    "Fixed", "Float", "Int", "Internal", "InvalidArgument", "NotFound", "NotNow", "NotSupported",
    "Ordinal", "Overloaded", "Parameter", "SpaceExhausted", "StaleLease", "Status", "Study",
    "StudyFinished", "StudyView", "Timeout", "Trial", "TrialView", "Unavailable",
    "VersionMismatch", "Why", "__version__", "connect",
]
