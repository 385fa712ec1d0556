"""Hand a paper to the printer's queue, and say that it went there."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from PySide6.QtCore import QObject

from tillgate.ui.tasks import Tasks
from tillgate.ui.theme import Tone
from tillgate.ui.widgets.notices import InlineNotice

T = TypeVar("T")


def print_paper(
    tasks: Tasks, owner: QObject, printing: Callable[[T], None] | None, what: T, notice: InlineNotice, *, told: str
) -> None:
    """Print what `printing` takes, if there is a printer, and say what is `told`. A queue that does not answer holds
    up nobody who sells meanwhile."""
    if printing is None:
        return

    def done(_nothing: None) -> None:
        notice.say(Tone.SETTLED, told)

    tasks.run(owner, partial(printing, what), done, notice.show_error, label="paper", takes_long=True)
