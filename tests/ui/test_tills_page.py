"""The tills of the store: a code is shown once with its time, known of elsewhere without it, and taken back."""

from __future__ import annotations

import secrets
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from tests.factories.people import PIN
from tests.ui.pages.access import nameless
from tests.ui.pages.desk import MEERA, Desk, everything_shown
from tests.ui.pages.hands import click
from tillgate.domain.secret import Secret
from tillgate.domain.staff import CONFIRMATION_LASTS, Role
from tillgate.services.secret_offers import OFFER_LASTS, find_offer, take_secret
from tillgate.ui.dialogs.approval import ConfirmDialog
from tillgate.ui.screens.settings import SettingsScreen
from tillgate.ui.screens.settings.tills_page import TillsPage

INDIA = ZoneInfo("Asia/Kolkata")
STORE = Secret(secrets.token_hex(32))


class Shown:
    """The page as a manager has it."""

    def __init__(self, desk: Desk, *, shared: bool = True) -> None:
        self.desk, self.door = desk, desk.door(MEERA)
        places = replace(desk.places, store_secret=STORE if shared else None)
        self.screen = SettingsScreen(self.door, places, INDIA)
        desk.show(self.screen)
        self.screen.view.go("tills")
        page = self.screen.view.page("tills")
        assert isinstance(page, TillsPage)
        self.page = page
        desk.settled(lambda: bool(page.tills))


@pytest.fixture
def shown(desk: Desk) -> Shown:
    return Shown(desk)


def test_a_code_is_shown_once_and_good_for_its_time(shown: Shown, desk: Desk) -> None:
    page, card = shown.page, shown.page.card
    assert [each.accessibleName().partition(",")[0] for each in page.tills] == ["Till T1"]
    assert not card.isVisible()
    click(page.add)
    desk.settled(card.isVisible)
    assert nameless(shown.screen) == []
    code = card.code.text()
    assert len(code.replace("-", "")) == 25
    assert card.left.text() == "Good for 15:00 more"
    desk.clock.advance(61)
    card._tick()
    assert card.left.text() == "Good for 13:59 more"
    # Another look, as every quarter of a minute, leaves it there.
    page.look()
    desk.settled()
    assert card.code.text() == code
    # Whoever opens the page anew sees that there is one, and never the code.
    other = Shown(desk)
    desk.settled(other.page.card.isVisible)
    assert other.page.card.title.text() == "A code for a new till is open"
    assert code not in everything_shown(other.screen)
    assert not other.page.card.copy.isVisible()
    assert STORE.reveal() not in everything_shown(shown.screen)
    assert take_secret(desk.till.db.engine, desk.clock.now(), Secret(code), "T2") == STORE
    page.look()
    desk.settled(lambda: not card.isVisible())
    assert card.code.text() == ""


def test_the_code_goes_when_it_is_over_or_taken_back(shown: Shown, desk: Desk) -> None:
    page, card = shown.page, shown.page.card
    click(page.add)
    desk.settled(card.isVisible)
    click(card.revoke)
    desk.settled(lambda: page.notice.text == "The code is worth nothing any more.")
    assert not card.isVisible()
    assert find_offer(desk.till, shown.door.actor) is None
    click(page.add)
    desk.settled(card.isVisible)
    desk.clock.advance(OFFER_LASTS.total_seconds())
    card._tick()
    assert not card.isVisible()


def test_a_code_asks_for_a_fresh_proof(shown: Shown, desk: Desk) -> None:
    desk.clock.advance(CONFIRMATION_LASTS.total_seconds() + 1)
    click(shown.page.add)
    desk.settled(lambda: bool(shown.page.findChildren(ConfirmDialog)))
    (dialog,) = shown.page.findChildren(ConfirmDialog)
    dialog.entry.line.setText(PIN[Role.MANAGER])
    click(dialog.go)
    desk.settled(shown.page.card.isVisible)


def test_where_the_books_are_a_file_it_says_why_there_is_one_till(desk: Desk) -> None:
    page = Shown(desk, shared=False).page
    assert not page.add.isVisible()
    assert "which is the store’s one till" in page.why.text()
