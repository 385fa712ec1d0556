"""A first start that joins a store: what was typed goes to the service, and what it refuses is said at the field."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from tests.ui.pages.access import nameless
from tests.ui.pages.desk import Desk, everything_shown, open_desk
from tests.ui.pages.hands import click, press, type_text
from tillgate.domain.errors import Refused, TillgateError, Unavailable
from tillgate.services.staff import has_staff
from tillgate.services.tills import JoinRequest
from tillgate.ui.screens.wizard import FirstStartScreen
from tillgate.ui.screens.wizard.screen import Step
from tillgate.ui.tasks import Tasks

CODE, PASSWORD = "0123A-BCDEF-45678-GHJKM-9NPQR", "a canary of a password"


@dataclass
class Store:
    """Answers a join as the application would."""

    refusals: list[TillgateError] = field(default_factory=list)
    joined: list[JoinRequest] = field(default_factory=list)
    closed: int = 0

    def join(self, wanted: JoinRequest) -> None:
        if self.refusals:
            raise self.refusals.pop(0)
        self.joined.append(wanted)

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def empty(qtbot: QtBot, tasks: Tasks, tmp_path: Path) -> Iterator[Desk]:
    with open_desk(qtbot, tasks, tmp_path / "shop", people=False) as desk:
        yield desk


def opened(desk: Desk, store: Store) -> FirstStartScreen:
    places = replace(desk.places, join=store.join, close=store.close)
    screen = FirstStartScreen(desk.till, desk.pins, desk.tasks, places)
    desk.show(screen)
    screen.entered()
    return screen


def test_a_new_computer_joins_by_keyboard(empty: Desk) -> None:
    store = Store([Refused("offer_code_wrong", left=4), Unavailable("database_unreachable", host="db", port=5432)])
    screen = opened(empty, store)
    click(screen.store.join)
    page = screen.joining
    assert nameless(screen) == []
    click(screen.view.next)
    assert page.database.error == "Fill this in."
    for line, text in (
        (page.database, "postgresql://till@db/store"),
        (page.password, PASSWORD),
        (page.till, "t2"),
        (page.code, CODE),
    ):
        assert screen.window().focusWidget() is line.line
        type_text(line.line, text)
        press(line.line, Qt.Key.Key_Return)
    empty.settled(lambda: bool(page.code.error))
    click(screen.view.next)
    empty.settled(lambda: bool(page.database.error))
    assert store.joined == []
    click(screen.view.next)
    empty.settled(lambda: screen.step is Step.DONE)
    (wanted,) = store.joined
    assert (wanted.database, wanted.till) == ("postgresql://till@db/store", "T2")
    assert (wanted.password.reveal(), wanted.code.reveal()) == (PASSWORD, CODE)
    assert PASSWORD not in everything_shown(screen)
    assert CODE not in everything_shown(screen)
    assert not has_staff(empty.till)
    click(screen.view.next)
    assert store.closed == 1


def test_the_way_back_leads_to_a_store_of_ones_own(empty: Desk) -> None:
    screen = opened(empty, Store())
    click(screen.store.join)
    click(screen.view.back)
    assert screen.view.next.text() == "Go on"
    assert not screen.view.back.isVisible()
    click(screen.store.join)
    assert screen.go_back()
    assert not screen.go_back()


def test_where_it_can_t_be_it_is_not_offered(empty: Desk) -> None:
    screen = FirstStartScreen(empty.till, empty.pins, empty.tasks, empty.places)
    empty.show(screen)
    assert not screen.store.join.isVisible()
