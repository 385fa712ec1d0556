"""Every window test: the kit's look, lanes that end, and no warning from Qt."""

from __future__ import annotations

import contextlib
import gc
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.ui.pages.desk import Desk, open_desk
from tillgate import i18n
from tillgate.ui import input_filter, theme
from tillgate.ui.tasks import Tasks
from tillgate.ui.theme import Scheme, Theme

HERE = Path(__file__).parent
PATIENCE_MS: Final = 60_000
SOON_MS: Final = 25


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A warning from Qt fails the test; the offscreen platform's word about size hints is none."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.qt_log_level_fail("WARNING"))
            item.add_marker(pytest.mark.qt_log_ignore("does not support propagateSizeHints"))


@pytest.fixture(autouse=True)
def no_window_is_left() -> Iterator[None]:
    """A window that outlives its test would take the next one's keys."""
    yield
    gc.collect()
    assert not [window for window in QApplication.topLevelWidgets() if window.isVisible()]


class _Kept(logging.Handler):
    """Keeps what our own log was told."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture(autouse=True)
def warned() -> Iterator[list[logging.LogRecord]]:
    """A warning in our own log fails the test; one that expects some looks at them here and takes them out."""
    kept = _Kept()
    log = logging.getLogger("tillgate")
    log.addHandler(kept)
    yield kept.records
    log.removeHandler(kept)
    assert [record.getMessage() for record in kept.records] == []


class PatientBot(QtBot):
    """Waits for what comes, however busy the machine is: a wait that ends in time costs nothing."""

    # The base class names them.
    def waitUntil(self, callback: Callable[[], bool | None], *, timeout: int = PATIENCE_MS) -> None:  # noqa: N802
        """As the base class, for longer; it looks every 10 ms, and what comes soon is seen at once."""
        for _ in range(SOON_MS):
            with contextlib.suppress(AssertionError):
                if callback() in (None, True):
                    return
            self.wait(1)
        super().waitUntil(callback, timeout=timeout)

    def waitSignal(self, signal: Any, *, timeout: int = PATIENCE_MS, **more: Any) -> Any:  # noqa: N802
        """As the base class, for longer."""
        return super().waitSignal(signal, timeout=timeout, **more)


@pytest.fixture
def qtbot(qapp: QApplication, request: pytest.FixtureRequest) -> QtBot:
    """The plugin's, with more patience."""
    return PatientBot(request)


@pytest.fixture(autouse=True)
def look(qapp: QApplication) -> Iterator[Theme]:
    """The light theme, and English, whatever the test before chose."""
    worn = theme.install(qapp, Scheme.LIGHT)
    i18n.use_language("en")
    yield worn
    worn.choose(Scheme.LIGHT)
    i18n.use_language("en")


@pytest.fixture
def deaf_ms() -> int:
    """How long a new screen takes no keys: that it does is proved in test_shell.py, and not waited for again."""
    return 1


@pytest.fixture(autouse=True)
def soon_awake(deaf_ms: int) -> Iterator[None]:
    """Windows made in this test take keys again after `deaf_ms`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(input_filter, "QUARANTINE_MS", deaf_ms)
        yield


@pytest.fixture
def tasks(qapp: QApplication) -> Iterator[Tasks]:
    """A real lane of two threads, and one for what takes long."""
    with (
        ThreadPoolExecutor(2, thread_name_prefix="work") as lane,
        ThreadPoolExecutor(4, thread_name_prefix="long") as long_lane,
    ):
        made = Tasks(lane, long_lane=long_lane)
        yield made
        assert made.shutdown(10)
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        qapp.processEvents()


@pytest.fixture
def desk(qtbot: QtBot, tasks: Tasks, tmp_path: Path) -> Iterator[Desk]:
    """A till with people, for screens over real services."""
    with open_desk(qtbot, tasks, tmp_path) as opened:
        yield opened
