"""The lane for what a person waits for. It is there before the till is open: the sign-in screen has work for it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Final

WORKERS: Final = 4
# A batch has one for its run and one for its pages; so many of them at once that nobody waits in practice.
LONG_WORKERS: Final = 16


class WorkLane(ThreadPoolExecutor):
    """`long` is for what may take minutes: a batch at a slow provider leaves the lane free to stop it, and to sell."""

    def __init__(self) -> None:
        super().__init__(WORKERS, thread_name_prefix="work")
        self.long = ThreadPoolExecutor(LONG_WORKERS, thread_name_prefix="long")

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """As the base class, both lanes."""
        super().shutdown(wait, cancel_futures=cancel_futures)
        self.long.shutdown(wait, cancel_futures=cancel_futures)


def work_lane() -> WorkLane:
    """A new lane; the till's `Lanes` end it."""
    return WorkLane()
