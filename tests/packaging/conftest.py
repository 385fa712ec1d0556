"""The scripts of `packaging/`, which are no package."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

Script = Callable[[str], ModuleType]
FOLDER = Path(__file__).parents[2] / "packaging"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Script:
    """Imports `packaging/<name>.py`, which may import its neighbours."""
    monkeypatch.syspath_prepend(str(FOLDER))
    return importlib.import_module
