"""What a start loads: no module's source, and no database's dialect that it does not use."""

from __future__ import annotations

import builtins
import importlib
import linecache
import subprocess
import sys
from pathlib import Path

import pytest

from tillgate.app.plain_imports import import_plainly


def import_anew(folder: Path, name: str) -> str:
    """Write a module, import it, and give the path of its source."""
    path = folder / f"{name}.py"
    path.write_text("WORD = 'PySide6'\n")
    try:
        assert __import__(name).WORD == "PySide6"
    finally:
        sys.modules.pop(name, None)
    return str(path)


def test_no_modules_source_is_read_or_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(builtins, "__import__", vars(builtins).get("__feature_import__", builtins.__import__))
    looked_at = import_anew(tmp_path, "tillgate_looked_at")
    assert looked_at in linecache.cache, "PySide6 looks no more: import_plainly can go"
    import_plainly()
    assert import_anew(tmp_path, "tillgate_left_alone") not in linecache.cache
    importlib.invalidate_caches()


def test_a_till_with_its_own_file_loads_no_dialect_of_a_server() -> None:
    look = "import sys, tillgate.app.bootstrap; sys.exit('sqlalchemy.dialects.postgresql' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", look], check=False, timeout=120).returncode == 0
