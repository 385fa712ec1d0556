"""Windows with the catalogue, over a small shop or over none yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests.factories.clock import FakeClock
from tests.factories.people import signed_in
from tests.factories.shop import Counter, open_counter
from tests.factories.tills import make_till, new_sqlite, quick_sqlite
from tests.ui.pages.catalogue import CatalogueWindow
from tillgate.domain.staff import Actor, Role
from tillgate.services.till import Till
from tillgate.ui.tasks import Tasks

OpenWindow = Callable[[Till, Actor], CatalogueWindow]


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Till]:
    """Nothing to sell yet."""
    engine = quick_sqlite(new_sqlite(tmp_path))
    yield make_till(engine, FakeClock())
    engine.dispose()


@pytest.fixture
def counter(till: Till) -> Counter:
    """The small shop."""
    return open_counter(till)


@pytest.fixture
def open_window(qtbot: QtBot, tasks: Tasks, tmp_path: Path) -> Iterator[OpenWindow]:
    """Opens the window for somebody."""
    opened: list[CatalogueWindow] = []

    def opening(till: Till, actor: Actor) -> CatalogueWindow:
        opened.append(CatalogueWindow(qtbot, tasks, till, actor, tmp_path))
        return opened[-1]

    yield opening
    for window in opened:
        window.settled()


@pytest.fixture
def empty(open_window: OpenWindow, till: Till) -> CatalogueWindow:
    """A manager's window, nothing to sell yet."""
    return open_window(till, signed_in(till, Role.MANAGER))


@pytest.fixture
def window(open_window: OpenWindow, counter: Counter) -> CatalogueWindow:
    """A manager's window over the small shop."""
    return open_window(counter.till, counter.manager)
