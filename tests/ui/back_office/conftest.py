"""The sample shop with nothing sold yet, and windows of its back office."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests.factories.clock import FakeClock
from tests.factories.history import Shop, open_sample_shop
from tests.factories.tills import make_till, new_sqlite, quick_sqlite
from tests.ui.pages.back_office import OfficeWindow
from tillgate.app.news import changes_of
from tillgate.domain.staff import Actor
from tillgate.store.audit import AuditEntry
from tillgate.ui.tasks import Tasks

OpenOffice = Callable[[Actor], OfficeWindow]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def shop(tmp_path: Path, clock: FakeClock, tasks: Tasks) -> Iterator[Shop]:
    """Each commit is told to the screens, as the application does."""
    engine = quick_sqlite(new_sqlite(tmp_path))
    opened = open_sample_shop(make_till(engine, clock), clock)
    opened.new_shift()

    def tell(entries: list[AuditEntry]) -> None:
        changes = changes_of(entries)
        if changes is not None:
            tasks.broadcast(changes)

    opened.till.db.on_committed = tell
    yield opened
    engine.dispose()


@pytest.fixture
def office(qtbot: QtBot, shop: Shop, tasks: Tasks, tmp_path: Path) -> Iterator[OpenOffice]:
    """Opens the window for somebody."""
    opened: list[OfficeWindow] = []

    def open_office(actor: Actor) -> OfficeWindow:
        window = OfficeWindow(shop.till, actor, tasks, folder=tmp_path)
        qtbot.addWidget(window.shell)
        window.shell.show()
        opened.append(window)
        return window

    yield open_office
    for window in opened:
        window.settle()
