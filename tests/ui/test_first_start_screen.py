"""The first start: a store, a manager and keys, by keyboard, in the chosen language, with and without a keyring."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QMainWindow
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from tests.ui.pages.access import nameless
from tests.ui.pages.desk import Desk, everything_shown, open_desk
from tests.ui.pages.hands import click, press, type_text
from tillgate import i18n
from tillgate.domain.payment import Mode
from tillgate.domain.settings import STORE_CURRENCY, STORE_LANGUAGE, STORE_NAME
from tillgate.domain.staff import Action, Role
from tillgate.services.access import authorize
from tillgate.services.sign_in import Session
from tillgate.services.staff import has_staff
from tillgate.ui.screens.settings.keys_form import KeysForm
from tillgate.ui.screens.wizard import FirstStartScreen
from tillgate.ui.screens.wizard.pages import DonePage, KeysPage
from tillgate.ui.screens.wizard.screen import Step
from tillgate.ui.tasks import Tasks
from tillgate.ui.widgets.dialog import Confirm
from tillgate.ui.widgets.status_badge import StatusBadge

PASSPHRASE = "three blue kettles"


class FirstStartPage:
    """The wizard as the owner of a store has it."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.done: list[Session] = []
        self.screen = FirstStartScreen(desk.till, desk.pins, desk.tasks, desk.places)
        self.screen.finished.connect(self.done.append)
        self.wants_catalogue: list[bool] = []
        self.screen.catalogue_asked.connect(lambda: self.wants_catalogue.append(True))
        desk.show(self.screen)
        self.screen.entered()

    def go_on(self, to: Step) -> None:
        click(self.screen.view.next)
        self.desk.settled(lambda: self.screen.step is to)
        assert nameless(self.screen) == []

    def name_store(self, name: str = "Rang Mahal") -> None:
        field = self.screen.store.fields[STORE_NAME.name].typed
        assert field is not None
        field.set_text(name)

    def name_manager(self, pin: str = PASSPHRASE) -> None:
        self.screen.manager.name.set_text("Meera Shah")
        for field in (self.screen.manager.pin, self.screen.manager.again):
            field.set_text(pin)

    def keys(self) -> KeysForm:
        form = self.screen.view.findChild(KeysForm)
        assert form is not None
        self.desk.settled()
        return form


@pytest.fixture
def empty(qtbot: QtBot, tasks: Tasks, tmp_path: Path) -> Iterator[Desk]:
    """A till for real use with nobody in it."""
    with open_desk(qtbot, tasks, tmp_path, mode=Mode.LIVE, people=False) as desk:
        yield desk


@pytest.fixture
def page(empty: Desk) -> FirstStartPage:
    return FirstStartPage(empty)


def test_a_store_opens_from_end_to_end(page: FirstStartPage) -> None:
    assert [badge.status.text for badge in page.screen.findChildren(StatusBadge)] == ["Live keys: real money"]
    first = page.screen.store.fields[STORE_NAME.name].typed
    assert first is not None
    assert QApplication.focusWidget() is first.line
    type_text(first.line, "Rang Mahal")
    page.go_on(Step.MANAGER)
    type_text(page.screen.manager.name.line, "Meera Shah")
    press(page.screen.manager.name.line, Qt.Key.Key_Return)
    type_text(page.screen.manager.pin.line, PASSPHRASE)
    press(page.screen.manager.pin.line, Qt.Key.Key_Return)
    type_text(page.screen.manager.again.line, PASSPHRASE)
    press(page.screen.manager.again.line, Qt.Key.Key_Return)
    page.desk.settled(lambda: page.screen.step is Step.KEYS)
    form = page.keys()
    assert QApplication.focusWidget() is form.key_id.line
    type_text(form.key_id.line, "rzp_live_4f8kQ2mWc7")
    type_text(form.key_secret.line, "a canary of a secret")
    click(form.test)
    page.desk.settled()
    assert form.notice.text.startswith("Razorpay knows these keys.")
    click(form.save)
    page.desk.settled(lambda: page.screen.view.next.text() == "Go on")
    page.go_on(Step.DONE)
    assert "Kept in the keyring." in everything_shown(page.screen)
    assert "a canary" not in everything_shown(page.screen)
    assert "something to sell" in everything_shown(page.screen)
    assert QApplication.focusWidget() is page.screen.view.next
    click(page.screen.view.next)
    assert page.wants_catalogue == [True]
    (session,) = page.done
    assert session.actor.role is Role.MANAGER
    authorize(page.desk.till, session.actor, Action.SELL)
    assert page.desk.till.settings()[STORE_NAME] == "Rang Mahal"
    assert page.desk.secrets.kept["razorpay.live.key_id"] == "rzp_live_4f8kQ2mWc7"


@pytest.mark.parametrize(
    ("currency", "first", "second"), [("INR", "Razorpay", "Stripe"), ("PHP", "Stripe", "Razorpay")]
)
def test_the_likeliest_provider_is_asked_first_and_the_other_is_a_press_away(
    page: FirstStartPage, currency: str, first: str, second: str
) -> None:
    page.name_store()
    chosen = page.screen.store.fields[STORE_CURRENCY.name].choice
    assert chosen is not None
    chosen.setEditText(currency)
    page.go_on(Step.MANAGER)
    page.name_manager()
    page.go_on(Step.KEYS)
    titles = {"Razorpay": {"Key id", "Key secret"}, "Stripe": {"Publishable key", "Secret key"}}

    def shown() -> set[str]:
        texts = {label.text() for label in page.screen.findChildren(QLabel) if label.isVisible()}
        return texts & (titles[first] | titles[second])

    assert shown() == titles[first]
    keys = page.screen.view.findChild(KeysPage)
    assert keys is not None
    click(keys.others[second])
    assert shown() == titles[second]
    assert nameless(page.screen) == []


def test_keys_that_were_typed_are_not_thrown_away_without_a_word(page: FirstStartPage) -> None:
    page.name_store()
    page.go_on(Step.MANAGER)
    page.name_manager()
    page.go_on(Step.KEYS)
    form = page.keys()
    keys = page.screen.view.findChild(KeysPage)
    assert keys is not None
    type_text(form.key_secret.line, "a canary of a secret")
    click(keys.others["Stripe"])
    click(page.screen.view.next)
    asked = page.screen.findChild(Confirm)
    assert asked is not None
    assert "Go on without the keys of Razorpay?" in everything_shown(asked)
    press(asked.back, Qt.Key.Key_Return)
    assert page.screen.step is Step.KEYS
    assert form.isVisible()
    assert form.key_secret.text == "a canary of a secret"
    page.desk.qtbot.waitUntil(lambda: page.screen.findChild(Confirm) is None)
    click(page.screen.view.next)
    again = page.screen.findChild(Confirm)
    assert again is not None
    click(again.go)
    page.desk.settled(lambda: page.screen.step is Step.DONE)
    assert "a canary" not in everything_shown(page.screen)
    assert page.desk.secrets.kept == {}


def test_nothing_is_made_until_all_of_it_is_right(page: FirstStartPage) -> None:
    click(page.screen.view.next)
    name = page.screen.store.fields[STORE_NAME.name].typed
    assert name is not None
    assert name.error == "A name is missing. Type one."
    page.name_store()
    currency = page.screen.store.fields[STORE_CURRENCY.name].choice
    assert currency is not None
    for typed in ("rupees", "ZZZ"):
        currency.setEditText(typed)
        click(page.screen.view.next)
        page.desk.settled()
        assert f"“{typed}” is not a currency" in everything_shown(page.screen.store.fields[STORE_CURRENCY.name])
    currency.setEditText("KES")
    page.go_on(Step.MANAGER)
    page.name_manager("123456")
    click(page.screen.view.next)
    page.desk.settled()
    assert page.screen.manager.pin.error.startswith("Easy to guess")
    page.screen.manager.again.set_text("123457")
    click(page.screen.view.next)
    assert page.screen.manager.again.error.startswith("The two are not the same.")
    assert not has_staff(page.desk.till)
    page.screen.go_back()
    assert page.screen.step is Step.STORE
    assert name.text == "Rang Mahal"


def test_without_a_keyring_it_goes_on_with_the_provider_off(empty: Desk) -> None:
    empty.secrets.closed = "keyring_absent"
    page = FirstStartPage(empty)
    page.name_store()
    page.go_on(Step.MANAGER)
    page.name_manager()
    click(page.screen.view.next)
    empty.settled(lambda: page.screen.step is Step.KEYS)
    assert "GNOME Keyring" in page.keys().notice.text
    assert page.screen.view.next.text() == "Go on without keys"
    assert not page.screen.go_back()
    page.go_on(Step.DONE)
    assert "Later, under Settings, Provider keys." in everything_shown(page.screen)
    done = page.screen.view.findChild(DonePage)
    assert done is not None
    click(done.checkout)
    assert len(page.done) == 1
    assert page.wants_catalogue == []


def test_enter_goes_on_from_wherever_the_store_page_is_typed_in(page: FirstStartPage) -> None:
    name = page.screen.store.fields[STORE_NAME.name].typed
    currency = page.screen.store.fields[STORE_CURRENCY.name].choice
    assert name is not None
    assert currency is not None
    press(name.line, Qt.Key.Key_Return)
    assert name.error == "A name is missing. Type one."
    type_text(name.line, "Rang Mahal")
    press(name.line, Qt.Key.Key_Return)
    page.desk.settled(lambda: page.screen.step is Step.MANAGER)
    click(page.screen.view.back)
    currency.setFocus()
    press(currency, Qt.Key.Key_Return)
    page.desk.settled(lambda: page.screen.step is Step.MANAGER)


def test_tab_reaches_the_fields_and_the_way_on_before_the_way_back(page: FirstStartPage) -> None:
    page.name_store()
    page.go_on(Step.MANAGER)
    manager, view = page.screen.manager, page.screen.view
    seen = []
    for _ in range(5):
        focus = QApplication.focusWidget()
        assert focus is not None
        seen.append(focus)
        press(focus, Qt.Key.Key_Tab)
    assert seen == [manager.name.line, manager.pin.line, manager.again.line, view.next, view.back]


def test_the_window_keeps_its_menus_when_the_first_start_is_over(qtbot: QtBot, empty: Desk) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    menu = window.menuBar().addMenu("Till")
    menu.addAction("Lock")
    screen = FirstStartScreen(empty.till, empty.pins, empty.tasks, empty.places)
    window.setCentralWidget(screen)
    window.show()
    screen.view.show_page(Step.MANAGER, screen.manager)
    with qtbot.waitSignal(screen.destroyed):
        screen.deleteLater()
    assert isValid(menu)


def test_a_test_key_is_refused_in_the_live_till(page: FirstStartPage) -> None:
    page.name_store()
    page.go_on(Step.MANAGER)
    page.name_manager()
    click(page.screen.view.next)
    page.desk.settled(lambda: page.screen.step is Step.KEYS)
    form = page.keys()
    form.key_id.set_text("rzp_test_4f8kQ2mWc7")
    form.key_secret.set_text("secret of the test account")
    click(form.save)
    page.desk.settled()
    assert form.key_id.error.startswith("This is a key of another mode.")
    assert page.desk.secrets.kept == {}


def test_the_language_is_spoken_at_once_and_nothing_typed_is_lost(page: FirstStartPage) -> None:
    page.name_store("Rang Mahal")
    before = page.screen.view
    language = page.screen.store.fields[STORE_LANGUAGE.name].choice
    assert language is not None
    language.setCurrentIndex(language.findData("es"))
    page.desk.settled(lambda: page.screen.view is not before)
    assert i18n.active_language() == "es"
    assert page.screen.store.values[STORE_NAME.name] == "Rang Mahal"
    assert page.screen.store.values[STORE_LANGUAGE.name] == "es"


def test_pressing_twice_makes_one_manager(page: FirstStartPage) -> None:
    page.name_store()
    page.go_on(Step.MANAGER)
    page.name_manager()
    for _ in range(3):
        press(page.screen.manager.again.line, Qt.Key.Key_Return)
    page.desk.settled(lambda: page.screen.step is Step.KEYS)
    assert "already" not in everything_shown(page.screen)
