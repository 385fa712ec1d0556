"""A counter with a small shop, and the checkout screen over it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests.factories.clock import FakeClock
from tests.factories.shop import Counter, open_counter
from tests.factories.tills import make_till, new_sqlite, quick_sqlite
from tests.ui.pages.checkout import CheckoutPage
from tillgate.ui.tasks import Tasks


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def counter(tmp_path: Path, clock: FakeClock) -> Iterator[Counter]:
    engine = quick_sqlite(new_sqlite(tmp_path))
    yield open_counter(make_till(engine, clock))
    engine.dispose()


@pytest.fixture
def page(qtbot: QtBot, tasks: Tasks, counter: Counter) -> CheckoutPage:
    """The screen with an empty cart; ask for `tasks` before it is torn down."""
    return CheckoutPage(qtbot, tasks, counter)
