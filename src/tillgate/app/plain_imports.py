"""Importing as Python itself does it.

PySide6 puts a look before every import: it reads the source of each module, whoever wrote it, to learn whether it may
choose a `__feature__`, and keeps all these lines. That is a third of the time of a start and 25 MB; the till chooses
no feature.
"""

from __future__ import annotations

import builtins
import linecache
import sys
from types import ModuleType
from typing import cast

import PySide6.QtCore  # noqa: F401 - it is this import that puts the look there


def import_plainly() -> None:
    """Take the look away again, and the lines; before the till's own modules are imported, or it was paid for."""
    # httpx would load a whole framework for a command line of its own that nobody calls here.
    sys.modules.setdefault("httpx._main", cast(ModuleType, None))
    builtins.__import__ = getattr(builtins, "__orig_import__", builtins.__import__)
    linecache.clearcache()
