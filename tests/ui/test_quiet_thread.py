"""The Qt thread does no I/O: sign-in, a whole sale, the list of payments and a refund in the application's window."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from tests.ui.pages.hands import CTRL
from tests.ui.pages.person import Person, at_the_window
from tests.ui.quiet_thread import Witness, witness
from tillgate.app.demo_people import CASHIER, MANAGER


@pytest.fixture
def person(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Person]:
    monkeypatch.setenv("BROWSER", "true %s")
    with at_the_window(qtbot, tmp_path / "till") as found:
        yield found


@pytest.fixture
def seen(person: Person, monkeypatch: pytest.MonkeyPatch) -> Iterator[Witness]:
    with witness(monkeypatch) as found:
        person.settled()
        yield found


def test_nothing_waits_for_disk_or_network_on_the_qt_thread(person: Person, seen: Witness) -> None:
    with seen.watching():
        person.sign_in(CASHIER)
        person.sell()
        person.press(Qt.Key.Key_L, CTRL)
        person.until(lambda: person.till.session is None)
        person.sign_in(MANAGER)
        person.refund()
    assert seen.heard > 50, "the witness is deaf"
    assert seen.seen == []
