"""Memory that was needed for a moment goes back to the system: glibc keeps it otherwise."""

from __future__ import annotations

import ctypes
import sys


def give_back() -> bool:
    """Return what is free to the system, where the C library can be asked to; whether any was."""
    if not sys.platform.startswith("linux"):
        return False
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return trim is not None and bool(trim(0))
