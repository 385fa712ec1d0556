"""What a start loads: no module's source, no enums before the first paint, and no dialect that it does not use."""

from __future__ import annotations

import builtins
import importlib
import linecache
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

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


def test_the_first_paint_waits_for_none_of_the_enums_of_qt_and_still_knows_a_dark_desktop() -> None:
    """PySide makes the enums of `Qt` and `QStyle` when the name is first taken: 20 ms, a fifth of a bare start."""
    look = """
        from PySide6 import QtCore, QtWidgets
        from PySide6.QtGui import QColor, QPalette
        from tillgate.app.main import Application, theme
        from tillgate.app.opening import OpeningWindow
        from tillgate.domain.payment import Mode

        qt = QtWidgets.QApplication(["tillgate", *theme.ARGUMENTS])
        dark = QPalette()
        dark.setColor(QPalette.ColorRole.Window, QColor("#202020"))
        dark.setColor(QPalette.ColorRole.Text, QColor("#f0f0f0"))
        qt.setPalette(dark)
        worn = theme.install(qt)
        assert worn.dark
        front = OpeningWindow(Mode.LIVE)
        painted = []
        front.painted.connect(lambda: painted.append(True))
        front.show()
        while not painted:
            qt.processEvents()
        made = [name for module in (QtCore, QtWidgets) for name in ("Qt", "QStyle") if name in vars(module)]
        assert not made, made
        # The desktop itself says otherwise, once it is asked.
        worn.choose(theme.Scheme.SYSTEM)
        assert "Qt" in vars(QtCore), "PySide makes them at once: naming by properties can go"
        assert not worn.dark
        """
    subprocess.run([sys.executable, "-c", dedent(look)], check=True, timeout=120)


def test_no_framework_for_a_command_line_that_nobody_calls() -> None:
    look = dedent("""
        import sys
        from tillgate.app.plain_imports import import_plainly
        import_plainly()
        import tillgate.app.bootstrap
        assert 'httpx' in sys.modules
        sys.exit('click' in sys.modules)
    """)
    assert subprocess.run([sys.executable, "-c", look], check=False).returncode == 0
