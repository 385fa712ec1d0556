"""A depot with the document's device, and the batch screen over it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests.factories.clock import FakeClock
from tests.factories.depot import Depot, open_depot
from tests.factories.tills import make_till, new_sqlite, quick_sqlite
from tests.ui.pages.batch import BatchPage
from tillgate.ui.tasks import Tasks


@pytest.fixture
def depot(tmp_path: Path) -> Iterator[Depot]:
    engine = quick_sqlite(new_sqlite(tmp_path))
    yield open_depot(make_till(engine, FakeClock()))
    engine.dispose()


@pytest.fixture
def page(qtbot: QtBot, tasks: Tasks, depot: Depot, tmp_path: Path) -> Iterator[BatchPage]:
    """The cashier's screen: BIKE001 owes 60,000, 45,000 and 50,000 pesos, oldest first."""
    made = BatchPage(qtbot, tasks, depot, tmp_path)
    yield made
    made.settled()
