"""The document's shop, and the instalments screen over it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests.factories.clock import FakeClock
from tests.factories.instalments import Bazaar, open_bazaar
from tests.factories.tills import make_till, new_sqlite, quick_sqlite
from tests.ui.pages.instalments import InstalmentsPage
from tillgate.ui.tasks import Tasks


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Bazaar]:
    engine = quick_sqlite(new_sqlite(tmp_path))
    yield open_bazaar(make_till(engine, FakeClock()))
    engine.dispose()


@pytest.fixture
def page(qtbot: QtBot, tasks: Tasks, shop: Bazaar) -> Iterator[InstalmentsPage]:
    """The cashier's screen."""
    made = InstalmentsPage(qtbot, tasks, shop)
    yield made
    made.settled()
