"""A clinic with open fees, and the consultations screen over it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests.factories.clinic import Clinic, open_clinic
from tests.factories.clock import FakeClock
from tests.factories.tills import make_till, new_sqlite, quick_sqlite
from tests.ui.pages.consultations import FeePage
from tillgate.ui.tasks import Tasks


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    engine = quick_sqlite(new_sqlite(tmp_path))
    yield open_clinic(make_till(engine, FakeClock()))
    engine.dispose()


@pytest.fixture
def page(qtbot: QtBot, tasks: Tasks, clinic: Clinic, tmp_path: Path) -> Iterator[FeePage]:
    """The screen with one open fee of 5,000, its patient's."""
    clinic.consultation()
    made = FeePage(qtbot, tasks, clinic, tmp_path)
    yield made
    made.settled()


@pytest.fixture
def desk_page(qtbot: QtBot, tasks: Tasks, clinic: Clinic, tmp_path: Path) -> Iterator[FeePage]:
    """The same screen for a manager, nothing owed yet."""
    made = FeePage(qtbot, tasks, clinic, tmp_path, clinic.manager)
    yield made
    made.settled()
