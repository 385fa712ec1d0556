"""The one place that hands a paper to the computer's printer: as an argument, to the system's own print queue.

The queue keeps what a printer that is off or out of paper did not take; the till's books never wait for it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from tillgate.domain.errors import Unavailable

T = TypeVar("T")
# The command only puts the paper into the queue; it does not wait for the printer.
PATIENCE_S: Final = 15.0
_LONGEST_REASON: Final = 120


def print_saved(saving: Callable[[T], Path]) -> Callable[[T], None] | None:
    """The same paper, saved and then put into the queue; None where this computer has none."""
    if sys.platform != "win32" and shutil.which("lp") is None:
        return None

    def printing(what: T) -> None:
        print_file(saving(what))

    return printing


def print_file(path: Path) -> None:
    """Put a PDF into the queue of the default printer. Raises Unavailable("printer_refused")."""
    try:
        if sys.platform == "win32":
            os.startfile(path, "print")  # noqa: S606 - a file that the till wrote itself
        else:
            _queue(path)
    except (OSError, subprocess.SubprocessError) as error:
        raise Unavailable("printer_refused", error=_reason(str(error))) from error


def _queue(path: Path) -> None:
    command = shutil.which("lp") or "lp"
    told = subprocess.run(  # noqa: S603 - no shell; the file's name is the till's own
        [command, "-t", path.stem, "--", str(path)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=PATIENCE_S,
        check=False,
    )
    if told.returncode:
        raise Unavailable("printer_refused", error=_reason(told.stderr))


def _reason(told: str) -> str:
    """What the system said, in one line, without the full stop that the sentence around it has."""
    line = " ".join(told.split())
    return "".join(char for char in line if char.isprintable())[:_LONGEST_REASON].rstrip(". ")
