"""A kiosk in Nairobi, and invoice verification over it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests.factories.clock import FakeClock
from tests.factories.prompting import Kiosk, open_kiosk
from tests.factories.tills import make_till, new_sqlite, quick_sqlite
from tests.ui.pages.payment_invoices import InvoicePage
from tillgate.ui.tasks import Tasks


@pytest.fixture
def kiosk(tmp_path: Path) -> Iterator[Kiosk]:
    engine = quick_sqlite(new_sqlite(tmp_path))
    yield open_kiosk(make_till(engine, FakeClock()))
    engine.dispose()


@pytest.fixture
def page(qtbot: QtBot, tasks: Tasks, kiosk: Kiosk, tmp_path: Path) -> Iterator[InvoicePage]:
    """The cashier's screen; the one thing that is sold costs 1,000 shillings, as in the document."""
    made = InvoicePage(qtbot, tasks, kiosk, tmp_path)
    yield made
    made.settled()
