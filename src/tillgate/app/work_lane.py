"""The lane for what a person waits for. It is there before the till is open: the sign-in screen has work for it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Final

WORKERS: Final = 4


def work_lane() -> ThreadPoolExecutor:
    """A new lane; the till's `Lanes` end it."""
    return ThreadPoolExecutor(WORKERS, thread_name_prefix="work")
