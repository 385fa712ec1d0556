"""Signing in by keyboard and by touch, what a wrong PIN costs, and how a locked person gets in again."""

from __future__ import annotations

import threading
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from tests.factories.people import PIN, quick_pins
from tests.ui.pages.access import nameless
from tests.ui.pages.desk import ASHA, MEERA, RAVI, Desk, everything_shown, open_desk
from tests.ui.pages.hands import click, press, type_text
from tillgate.domain.payment import Mode
from tillgate.domain.staff import Role
from tillgate.services.sign_in import Session, list_people, sign_in, unlock_in_place
from tillgate.ui.dialogs.unlock import UnlockDialog
from tillgate.ui.screen import ShellState
from tillgate.ui.screens.sign_in import SignInDesk, SignInScreen
from tillgate.ui.shell import Shell
from tillgate.ui.tasks import Tasks
from tillgate.ui.widgets.pin_entry import PinEntry

RIGHT = PIN[Role.CASHIER]


class SignInPage:
    """The screen as its user has it."""

    def __init__(self, desk: Desk, *, last: str = "", demo_pins: dict[str, str] | None = None) -> None:
        self.desk = desk
        self.came: list[Session] = []
        asked = SignInDesk(
            store="Rang Mahal",
            till_id=desk.till.id,
            mode=desk.till.mode,
            list_people=partial(list_people, desk.till),
            sign_in=partial(sign_in, desk.till, desk.pins),
            unlock=partial(unlock_in_place, desk.till, desk.pins),
        )
        self.screen = SignInScreen(asked, desk.tasks, demo_pins=demo_pins, last=last)
        self.screen.signed_in.connect(self.came.append)
        desk.show(self.screen)
        self.screen.entered()

    @property
    def entry(self) -> PinEntry:
        return self.screen.view.pin

    def choose(self, name: str) -> None:
        click(next(tile for tile in self.screen.view.tiles.tiles if tile.person.name == name))

    def type_pin(self, pin: str) -> None:
        type_text(self.entry.line, pin)
        press(self.entry.line, Qt.Key.Key_Return)
        self.desk.settled()

    def focused(self, widget: QWidget) -> None:
        """The next key goes there, once the window system has handed the focus over."""
        if QApplication.activeWindow() is None:
            # The offscreen platform hands it to nobody when a dialog closes.
            self.screen.window().activateWindow()
        self.desk.qtbot.waitUntil(lambda: QApplication.focusWidget() is widget)

    @property
    def unlocking(self) -> UnlockDialog:
        found = self.screen.findChild(UnlockDialog)
        assert found is not None
        return found

    def miss(self, times: int) -> None:
        """Wrong tries, each as soon as it is allowed."""
        for _ in range(times):
            self.desk.clock.advance(60)
            self.entry.hold(0)
            self.type_pin("0000")


class LockedTill(SignInPage):
    """The same in the window, with a scanner at it."""

    def __init__(self, desk: Desk, *, last: str = "") -> None:
        super().__init__(desk, last=last)
        self.now_ms = 1_000
        self.shell = Shell([], self._door, desk.tasks)
        self.shell.scanner._time_ms = lambda _event: self.now_ms
        self.shell.show_state(ShellState(store="Rang Mahal", till=desk.till.id, mode=desk.till.mode))
        desk.show(self.shell)
        desk.qtbot.waitUntil(lambda: not self.shell._quarantine.active)

    def _door(self) -> SignInScreen:
        self.screen.setParent(None)
        return self.screen

    def key(self, key: str, after_ms: int) -> None:
        self.now_ms += after_ms
        target = QApplication.focusWidget()
        assert target is not None
        if key == "\n":
            press(target, Qt.Key.Key_Return)
        else:
            type_text(target, key)

    def keys(self, text: str, every_ms: int) -> None:
        for character in text:
            self.key(character, every_ms)


@pytest.fixture
def page(desk: Desk) -> SignInPage:
    return SignInPage(desk)


def test_signing_in_without_a_mouse(page: SignInPage) -> None:
    first = page.screen.view.tiles.tiles[0]
    assert QApplication.focusWidget() is first
    press(first, Qt.Key.Key_Right)
    press(page.screen.view.tiles.tiles[1], Qt.Key.Key_Return)
    assert page.screen.view.tiles.tiles[1].person.name == MEERA
    assert QApplication.focusWidget() is page.entry.line
    page.type_pin(PIN[Role.MANAGER])
    (session,) = page.came
    assert (session.actor.name, session.actor.role) == (MEERA, Role.MANAGER)
    assert PIN[Role.MANAGER] not in everything_shown(page.screen)


def test_signing_in_by_touch(page: SignInPage) -> None:
    page.choose(ASHA)
    for digit in "40691":
        click(next(key for key in page.entry.pad.findChildren(type(page.entry.pad.enter)) if key.text() == digit))
    click(
        next(key for key in page.entry.pad.findChildren(type(page.entry.pad.enter)) if "Delete" in key.accessibleName())
    )
    assert page.entry.text == "4069"
    click(page.entry.pad.enter)
    page.desk.settled()
    assert [session.actor.name for session in page.came] == [ASHA]


def test_a_digit_typed_on_a_tile_is_the_pin_s_first(page: SignInPage) -> None:
    page.choose(ASHA)
    page.screen.go_back()
    tile = QApplication.focusWidget()
    assert tile is not None
    type_text(tile, "4")
    type_text(page.entry.line, "069")
    press(page.entry.line, Qt.Key.Key_Enter)
    page.desk.settled()
    assert [session.actor.name for session in page.came] == [ASHA]


def test_whoever_locked_the_till_only_types_the_pin(desk: Desk) -> None:
    page = SignInPage(desk, last=RAVI)
    assert QApplication.focusWidget() is page.entry.line
    page.type_pin(RIGHT)
    assert [session.actor.name for session in page.came] == [RAVI]


def test_a_scan_while_the_till_is_locked_is_no_try(desk: Desk) -> None:
    till = LockedTill(desk, last=RAVI)
    assert QApplication.focusWidget() is till.entry.line
    till.keys("40", 120)
    for _ in range(12):
        till.now_ms += 900
        till.keys("8901030865278\n", 8)
        desk.settled()
    assert till.entry.text == "40"
    assert "Unlock first, then scan." in till.screen.view.notice.text
    assert till.came == []
    (ravi,) = (person for person in list_people(desk.till) if person.name == RAVI)
    assert (ravi.locked, ravi.wait_s) == (False, 0)
    till.keys("69\n", 120)
    desk.settled()
    assert [session.actor.name for session in till.came] == [RAVI]
    assert till.screen.view.notice.text == ""


def test_a_scan_on_a_tile_or_in_the_unlock_dialog_chooses_and_types_nothing(desk: Desk) -> None:
    till = LockedTill(desk)
    assert QApplication.focusWidget() is till.screen.view.tiles.tiles[0]
    till.keys("4017 12\n", 8)
    assert (till.entry.text, till.screen._chosen) == ("", None)
    assert "Unlock first, then scan." in till.screen.view.notice.text
    till.choose(ASHA)
    till.miss(10)
    click(till.screen.view.unlock)
    dialog = till.shell.findChild(UnlockDialog)
    assert dialog is not None
    dialog.credential.entry.line.setFocus()
    till.now_ms += 900
    till.keys("8901030865278\n", 8)
    desk.settled()
    assert dialog.credential.entry.text == ""
    assert dialog.notice.text == "Unlock first, then scan."
    dialog.reject()


def test_a_wrong_pin_is_said_and_forgotten(page: SignInPage) -> None:
    page.choose(ASHA)
    page.type_pin("0000")
    assert page.entry.said == "This PIN is not right."
    assert page.entry.text == ""
    assert QApplication.focusWidget() is page.entry.line
    type_text(page.entry.line, "4")
    assert page.entry.said == ""


def test_a_wait_is_counted_down_and_nothing_is_asked_meanwhile(page: SignInPage) -> None:
    page.choose(ASHA)
    page.miss(5)
    assert page.entry.said == "This PIN is not right.\nWait 5 seconds."
    assert not page.entry.pad.enter.isEnabled()
    page.type_pin(RIGHT)
    assert page.came == []
    assert page.desk.tasks.pending == 0


def test_a_locked_person_is_unlocked_by_a_manager_in_place(page: SignInPage) -> None:
    page.choose(ASHA)
    page.miss(10)
    view = page.screen.view
    assert view.unlock.isVisible()
    assert not page.entry.isVisible()
    assert "is locked after ten wrong tries" in everything_shown(page.screen)
    page.desk.clock.advance(60)
    click(view.unlock)
    dialog = page.screen.findChild(UnlockDialog)
    assert dialog is not None
    assert nameless(dialog) == []
    type_text(dialog.credential.entry.line, "846075")
    press(dialog.credential.entry.line, Qt.Key.Key_Return)
    page.desk.settled()
    assert dialog.credential.entry.said == "This PIN is not right.\nWait 60 seconds."
    page.desk.clock.advance(60)
    dialog.credential.entry.hold(0)
    type_text(dialog.credential.entry.line, PIN[Role.MANAGER])
    press(dialog.credential.entry.line, Qt.Key.Key_Return)
    page.desk.settled(page.entry.isVisible)
    assert not any(person.locked for person in list_people(page.desk.till))
    assert page.screen.view.tiles.tiles[0].isChecked()
    page.focused(page.entry.line)
    page.type_pin(RIGHT)
    assert [session.actor.name for session in page.came] == [ASHA]


def test_whoever_is_locked_is_unlocked_without_a_mouse(page: SignInPage) -> None:
    def keyed(*keys: Qt.Key) -> None:
        for key in keys:
            target = QApplication.focusWidget()
            assert target is not None
            press(target, key)
        page.desk.settled()

    keyed(Qt.Key.Key_Return)
    page.miss(10)
    page.focused(page.screen.view.unlock)
    page.desk.clock.advance(60)
    keyed(Qt.Key.Key_Return)
    page.focused(page.unlocking.credential.entry.line)
    keyed(Qt.Key.Key_Escape)
    page.focused(page.screen.view.unlock)
    keyed(Qt.Key.Key_Return)
    page.focused(page.unlocking.credential.entry.line)
    keyed(*map(Qt.Key, PIN[Role.MANAGER].encode()), Qt.Key.Key_Return)
    page.desk.settled(page.entry.isVisible)
    page.focused(page.entry.line)
    keyed(*map(Qt.Key, RIGHT.encode()), Qt.Key.Key_Return)
    assert [session.actor.name for session in page.came] == [ASHA]


def test_training_shows_the_demo_pins_and_nothing_else_does(
    desk: Desk, qtbot: QtBot, tasks: Tasks, tmp_path: Path
) -> None:
    with open_desk(qtbot, tasks, tmp_path / "training", mode=Mode.TRAINING) as training:
        page = SignInPage(training, demo_pins={ASHA: RIGHT})
        assert f"PIN {RIGHT}" in everything_shown(page.screen)
        assert nameless(page.screen) == []
    assert "PIN 4069" not in everything_shown(SignInPage(desk).screen)


def test_no_pin_is_compared_on_the_window_s_thread(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[str] = []
    pins = quick_pins()
    matches = pins.matches

    def watched(kept: str, pin: str) -> bool:
        threads.append(threading.current_thread().name)
        return matches(kept, pin)

    monkeypatch.setattr(pins, "matches", watched)
    desk.pins = pins
    page = SignInPage(desk, last=ASHA)
    page.type_pin(RIGHT)
    assert len(threads) == 1
    assert threads[0] != threading.main_thread().name


def test_enter_twice_is_one_try(page: SignInPage) -> None:
    page.choose(ASHA)
    type_text(page.entry.line, RIGHT)
    press(page.entry.line, Qt.Key.Key_Return)
    press(page.entry.line, Qt.Key.Key_Return)
    page.desk.settled()
    assert len(page.came) == 1


def test_a_wait_ends_by_its_own_clock(qtbot: QtBot) -> None:
    now = [100.0]
    entry = PinEntry("PIN", clock=lambda: now[0])
    qtbot.addWidget(entry)
    entry.show()
    submitted: list[str] = []
    entry.submitted.connect(lambda: submitted.append(entry.text))
    entry.hold(2, "Why")
    type_text(entry.line, "4069")
    press(entry.line, Qt.Key.Key_Return)
    assert entry.said == "Why\nWait 2 seconds."
    now[0] += 1.2
    qtbot.waitUntil(lambda: entry.said == "Why\nWait 1 second.")
    now[0] += 1
    qtbot.waitUntil(lambda: not entry.held)
    assert entry.said == ""
    press(entry.line, Qt.Key.Key_Return)
    assert submitted == ["4069"]


def test_what_is_typed_is_shown_only_while_asked_for(qtbot: QtBot) -> None:
    entry = PinEntry("PIN")
    qtbot.addWidget(entry)
    type_text(entry.line, "4069")
    assert entry.line.displayText() != "4069"
    (eye,) = entry.line.actions()
    eye.trigger()
    assert entry.line.displayText() == "4069"
    entry.clear()
    type_text(entry.line, "4069")
    assert entry.line.displayText() != "4069"
    assert not any("4069" in label.text() for label in entry.findChildren(QLabel))
