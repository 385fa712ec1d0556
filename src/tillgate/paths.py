"""Where the files that ship with the application are, in a checkout, an installed wheel or a frozen bundle."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path


@cache
def resources_root() -> Path:
    """The folder of icons, fonts, translations, templates and samples; FileNotFoundError if it is missing."""
    package = Path(__file__).parent
    bundle = Path(getattr(sys, "_MEIPASS", package))
    for candidate in (bundle / "resources", package / "_resources", package.parents[1] / "resources"):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError("the application's resources are missing")


def resource(*parts: str) -> Path:
    """The path of one shipped file or folder."""
    return resources_root().joinpath(*parts)
