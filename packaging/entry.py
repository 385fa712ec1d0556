"""Where the packaged application starts."""

from __future__ import annotations

import os
import sys
from collections.abc import MutableMapping

LIBRARY_PATH = "LD_LIBRARY_PATH"


def restore_library_path(environment: MutableMapping[str, str]) -> None:
    """Give the programs that we start, a browser above all, the system's libraries and not ours.

    PyInstaller's starter sets the variable and keeps the user's own beside it. The dynamic linker read it when this
    process began, so our libraries are still found.
    """
    original = environment.pop(f"{LIBRARY_PATH}_ORIG", None)
    if original is None:
        environment.pop(LIBRARY_PATH, None)
    else:
        environment[LIBRARY_PATH] = original


if __name__ == "__main__":
    restore_library_path(os.environ)
    from tillgate.app.cli import main

    sys.exit(main())
