"""The guard that every Qt virtual override wears.

On Python 3.11 an exception that C code raised (`int("z")`, `1 / 0`) and that leaves an override reached from a
Python-to-Qt call kills the process (PySide6 6.8-6.11). The guard reports it and answers with a default instead.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any, Final, ParamSpec, Protocol, TypeVar, cast, overload

P = ParamSpec("P")
R = TypeVar("R")
D = TypeVar("D")
D_co = TypeVar("D_co", covariant=True)

MARK: Final = "__tillgate_guarded__"


class _Guard(Protocol[D_co]):
    def __call__(self, override: Callable[P, R], /) -> Callable[P, R | D_co]: ...


@overload
def guarded() -> _Guard[None]: ...
@overload
def guarded(default: Callable[[], D]) -> _Guard[D]: ...
@overload
def guarded(default: D) -> _Guard[D]: ...


def guarded(default: object = None) -> _Guard[Any]:
    """Guard an override: an exception goes to `sys.excepthook` and the call answers `default`.

    A callable default is called for a fresh answer each time: `@guarded(QSize)`, `@guarded(False)`, `@guarded()`.
    """

    def wear(override: Callable[P, R]) -> Callable[P, R | Any]:
        @functools.wraps(override)
        def safe(*args: P.args, **kwargs: P.kwargs) -> R | Any:
            try:
                return override(*args, **kwargs)
            except Exception:  # noqa: BLE001 - nothing may leave a Qt override; the hook logs and shows it
                sys.excepthook(*sys.exc_info())
                return default() if callable(default) else default

        setattr(safe, MARK, True)
        return safe

    return cast("_Guard[Any]", wear)


def is_guarded(function: object) -> bool:
    """Whether a function wears the guard; the rule test asks."""
    return getattr(function, MARK, False) is True
