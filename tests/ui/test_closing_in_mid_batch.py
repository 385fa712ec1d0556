"""The window is closed while a batch is at work: that ends with the invoice it is at, and the next start offers it."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot
from sqlalchemy import func, select

from tests.ui.pages.person import at_the_window
from tillgate.app import bootstrap
from tillgate.app.demo_people import CASHIER
from tillgate.domain.batch import BatchState, ItemState
from tillgate.ports import Answer
from tillgate.services.batch_rows import stop_own
from tillgate.services.till import Till
from tillgate.store.models import payment, payment_batch, payment_batch_item
from tillgate.ui.screens.batch import BatchScreen
from tillgate.ui.shell import Shell


def test_a_window_closed_in_mid_batch_leaves_it_stopped_and_it_is_resumed(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROWSER", "true %s")
    with at_the_window(qtbot, tmp_path / "till") as person:
        person.sign_in(CASHIER)
        screen = _batch(person.till.shell)
        screen.start.finder.take("BIKE001")
        person.until(lambda: screen.start.details)
        reached, closing = threading.Event(), threading.Event()
        wompi = person.till.shop.till.providers["wompi"]
        create, asked = wompi.create, list[str]()

        def held(method: str, parameters: str) -> Answer:
            asked.append(parameters)
            if len(asked) == 2:
                reached.set()
                assert closing.wait(60), "the till closed without a word to its batch"
            return create(method, parameters)

        def stopped(till: Till) -> None:
            """What the till does as it closes; the provider answers only then."""
            stop_own(till)
            closing.set()

        monkeypatch.setattr(wompi, "create", held)
        monkeypatch.setattr(bootstrap, "stop_own", stopped)
        screen.start.press()
        person.until(reached.is_set)
    with at_the_window(qtbot, tmp_path / "till") as person:
        assert person.number(select(func.count()).where(payment_batch.c.state == BatchState.STOPPED)) == 1
        assert person.number(select(func.count()).where(payment_batch_item.c.state == ItemState.TAKEN)) == 2
        assert person.count(payment) == 2
        person.sign_in(CASHIER)
        screen = _batch(person.till.shell)
        person.until(lambda: screen.notice.text.startswith("1 batch was not gone through.\nBIKE001"))
        screen.notice.buttons[0].click()
        person.until(lambda: screen.running.can("resume"))
        screen.running.do("resume")
        person.until(lambda: [row.badge.status.text for row in screen.running.rows] == ["Link open"] * 3)
        assert person.count(payment) == 3
        person.settled()


def _batch(shell: Shell) -> BatchScreen:
    assert shell.go("batch")
    screen = shell.page("batch")
    assert isinstance(screen, BatchScreen)
    return screen
