"""krige for asyncio: the same names and arguments; what asks the daemon is awaited.

    from krige import aio

    async with aio.connect() as client:
        study = await client.create_study(
            "parabola", {"x": aio.Float(-5, 5)}, "minimize y", budget=20, if_exists="attach")
        async with study.ask() as trial:
            await trial.tell((trial.params["x"] - 1) ** 2)
        async for view in study.trials("COMPLETE"):
            print(view.number, view.value)
        print(await study.best)
"""
from ..errors import (AlreadyExists, BudgetSpent, Conflict, ConnectionFailed, Error, Forbidden,
                      Internal, InvalidArgument, NotFound, NotNow, NotOwner, NotSupported,
                      Overloaded, SpaceExhausted, StaleLease, StudyFinished, Timeout, TooLarge,
                      Unauthenticated, Unavailable, VersionMismatch)
from ..space import (Bool, Categorical, Fixed, Float, Int, Normal, Ordinal, Parameter,
                     Weights)
from ..version import __version__
from ..views import (Calibration, Explanation, MetricModel, Model, Outlook, Progress, Pull,
                     Status, StudyView, StudyWhy, TrialView, WarmStart, Why)
from .client import Client, connect
from .study import Study, Trials
from .trial import Trial

__all__ = [
    "AlreadyExists", "Bool", "BudgetSpent", "Calibration", "Categorical", "Client", "Conflict",
    "ConnectionFailed", "Error", "Explanation", "Fixed", "Float", "Forbidden", "Int",
    "Internal", "InvalidArgument", "MetricModel", "Model", "Normal", "NotFound", "NotNow",
    "NotOwner", "NotSupported", "Ordinal", "Outlook", "Overloaded", "Parameter", "Progress",
    "Pull", "SpaceExhausted", "StaleLease", "Status", "Study", "StudyFinished", "StudyView",
    "StudyWhy", "Timeout", "TooLarge", "Trial", "TrialView", "Trials", "Unauthenticated",
    "Unavailable", "VersionMismatch", "WarmStart", "Weights", "Why", "__version__", "connect",
]
