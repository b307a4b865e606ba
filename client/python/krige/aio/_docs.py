"""The words of the client for threads, for methods that do the same here."""
from __future__ import annotations

from typing import Callable, Type, TypeVar

C = TypeVar("C", bound=type)


def documented_as(other: Type[object]) -> Callable[[C], C]:
    """Give the methods of a class that have no docstring those of another's."""
    def document(cls: C) -> C:
        for name, mine in vars(cls).items():
            theirs = getattr(other, name, None)
            if not name.startswith("_") and getattr(mine, "__doc__", None) is None \
                    and theirs is not None:
                mine.__doc__ = theirs.__doc__
        return cls
    return document
