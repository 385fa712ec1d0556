"""The window by keyboard: screens, lock, scans from anywhere, and keys that were meant for another screen."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QMenu
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from tests.ui.pages.hands import ALT, CTRL, Paints, press
from tests.ui.pages.shell import CASHIER, MANAGER, NOW, OUT, PlainScreen, ShellPage
from tillgate import i18n
from tillgate.domain.errors import NotAllowed, Unavailable
from tillgate.domain.payment import Mode
from tillgate.ui.input_filter import QUARANTINE_MS
from tillgate.ui.screen import Connection, Screen
from tillgate.ui.tasks import Tasks
from tillgate.ui.theme import Scheme, Theme


def test_nobody_sees_anything_before_signing_in(qtbot: QtBot, tasks: Tasks) -> None:
    page = ShellPage(qtbot, tasks)
    assert page.shell.locked
    assert not page.shell.rail.isVisible()
    assert not page.shell.menuBar().isVisible()
    page.press(Qt.Key.Key_2, ALT)
    page.press(Qt.Key.Key_F9)
    assert page.shell.current_key == ""
    assert not page.shell.go("payments")
    assert page.done == []
    assert page.shell._built == {}


def test_screens_are_made_when_first_shown_and_reached_by_key(qtbot: QtBot, tasks: Tasks) -> None:
    page = ShellPage(qtbot, tasks, CASHIER)
    assert page.shell.current_key == "checkout"
    assert list(page.shell._built) == ["checkout"]
    assert QApplication.focusWidget() is page.screen("checkout").line
    with qtbot.waitSignal(page.shell.screen_shown):
        page.press(Qt.Key.Key_2, ALT)
    assert page.shell.current_key == "payments"
    assert page.screen("checkout").told == ["entered", "left"]
    assert page.shell.rail.buttons["payments"].current


def test_a_role_sees_what_it_may(qtbot: QtBot, tasks: Tasks) -> None:
    page = ShellPage(qtbot, tasks, CASHIER)
    assert not page.shell.rail.buttons["metrics"].isVisible()
    page.press(Qt.Key.Key_3, ALT)
    assert page.shell.current_key == "checkout"
    qtbot.waitUntil(lambda: "Hold the sale" in page.menu_texts)
    assert "Metrics" not in page.menu_texts
    page.show(OUT)
    page.show(MANAGER)
    assert page.shell.rail.buttons["metrics"].isVisible()
    qtbot.waitUntil(lambda: "Metrics" in page.menu_texts)


@pytest.mark.parametrize("deaf_ms", [QUARANTINE_MS])
def test_keys_pressed_for_the_screen_before_do_nothing(qtbot: QtBot, tasks: Tasks) -> None:
    page = ShellPage(qtbot, tasks, CASHIER)
    page.shell.go("payments")
    page.shell.go("checkout")
    for _ in range(5):
        page.press(Qt.Key.Key_F9)
    assert page.done == []
    page.awake()
    qtbot.wait(70)
    page.press(Qt.Key.Key_F9)
    assert page.done == ["pay"]


def test_locking_closes_dialogs_and_the_same_person_finds_all_as_it_was(qtbot: QtBot, tasks: Tasks) -> None:
    page = ShellPage(qtbot, tasks, CASHIER)
    page.press(Qt.Key.Key_2, ALT)
    page.awake()
    page.screen("payments").line.setText("half typed")
    page.shell.open_help()
    assert len(page.open_dialogs) == 1
    with qtbot.waitSignal(page.shell.lock_asked) as asked:
        press(page.open_dialogs[0], Qt.Key.Key_L, CTRL)
    assert asked.args == ["lock"]
    page.show(OUT)
    assert page.open_dialogs == []
    assert page.doors == 1
    page.show(CASHIER)
    assert page.shell.current_key == "payments"
    assert page.screen("payments").line.text() == "half typed"
    page.show(OUT)
    page.show(MANAGER)
    assert page.shell.current_key == "checkout"
    assert page.screen("payments").line.text() == ""


def test_the_till_locks_when_nobody_is_there_however_long_that_is(qtbot: QtBot, tasks: Tasks) -> None:
    page = ShellPage(qtbot, tasks, CASHIER)
    with qtbot.waitSignal(page.shell.lock_asked) as asked:
        page.shell.lock_after(0.001)
    assert asked.args == ["idle"]


def test_the_frame_speaks_another_language_at_once(qtbot: QtBot, tasks: Tasks) -> None:
    page = ShellPage(qtbot, tasks, CASHIER)
    before = i18n.active_language()
    i18n.use_language("es")
    try:
        page.shell.speak()
        assert page.shell.rail.buttons["payments"].text() == "Pagos"
        assert page.shell.commands.action("till.lock").text() == "Bloquear la caja"
        assert "Caja" in [menu.title() for menu in page.shell.menuBar().findChildren(QMenu)]
    finally:
        i18n.use_language(before)


def test_a_menu_that_is_opened_at_once_has_what_belongs_to_the_screen(qtbot: QtBot, tasks: Tasks) -> None:
    page = ShellPage(qtbot, tasks, CASHIER)
    assert "Sale" in page.menu_titles
    page.shell.go("payments")
    assert "Sale" not in page.menu_titles
    page.shell.go("checkout")
    assert "Sale" in page.menu_titles
    assert page.open_menu("Sale") == ["Hold the sale", "Pay"]


def test_another_screen_paints_nothing_anew_that_is_as_it_was(qtbot: QtBot, tasks: Tasks) -> None:
    page = ShellPage(qtbot, tasks, MANAGER)
    shell, buttons = page.shell, page.shell.rail.buttons
    shown = Paints(buttons["metrics"])
    shell.go("metrics")
    qtbot.waitUntil(lambda: shown.count > 0)
    same, other = Paints(buttons["checkout"]), Paints(buttons["payments"])
    strip = [Paints(part) for part in (shell.strip.mode, shell.strip.connection.icon, shell.strip.person)]
    shell.go("payments")
    qtbot.waitUntil(lambda: other.count > 0)
    assert same.count == 0
    assert [part.count for part in strip] == [0, 0, 0]


def test_a_screen_is_made_where_it_will_stand(qtbot: QtBot, tasks: Tasks) -> None:
    page = ShellPage(qtbot, tasks, CASHIER)
    made: list[Screen] = []

    def factory() -> Screen:
        made.append(PlainScreen("Outer"))
        # One within it is not the shell's to place.
        made.append(PlainScreen("Inner"))
        return made[0]

    assert Screen.make_in(page.shell, factory) is made[0]
    assert [screen.parentWidget() for screen in made] == [page.shell, None]

    def broken() -> Screen:
        made.append(PlainScreen("Half made"))
        raise Unavailable("database_busy")

    with pytest.raises(Unavailable):
        Screen.make_in(page.shell, broken)
    qtbot.waitUntil(lambda: not isValid(made[-1]))
    assert isValid(made[0])
    assert PlainScreen("After").parentWidget() is None


def test_no_menu_stays_open_over_a_locked_till(qtbot: QtBot, tasks: Tasks, monkeypatch: pytest.MonkeyPatch) -> None:
    page = ShellPage(qtbot, tasks, CASHIER)
    open_now = [QMenu(page.shell), QMenu(page.shell)]
    for menu in open_now:
        monkeypatch.setattr(menu, "close", lambda: bool(open_now.pop()))
    monkeypatch.setattr(QApplication, "activePopupWidget", lambda: open_now[-1] if open_now else None)
    page.show(OUT)
    assert open_now == []


def test_a_shortcut_is_a_sign_of_life(qtbot: QtBot, tasks: Tasks, monkeypatch: pytest.MonkeyPatch) -> None:
    page = ShellPage(qtbot, tasks, CASHIER)
    signs: list[str] = []
    monkeypatch.setattr(page.shell._idle, "noticed", lambda: signs.append("seen"))
    page.press(Qt.Key.Key_F9)
    assert page.done == ["pay"]
    assert signs


def test_a_scan_goes_to_the_screen_or_to_the_one_that_sells(qtbot: QtBot, tasks: Tasks) -> None:
    page = ShellPage(qtbot, tasks, CASHIER)
    page.shell.scanner.begun.emit()
    page.shell.scanner.scanned.emit("8901")
    assert page.screen("checkout").told == ["entered", "scan begun", "scan 8901"]
    page.shell.go("payments")
    page.shell.scanner.scanned.emit("4711")
    assert page.shell.current_key == "checkout"
    assert page.screen("checkout").told[-1] == "scan 4711"
    page.shell.open_help()
    page.shell.scanner.begun.emit()
    page.shell.scanner.scanned.emit("5678")
    assert page.screen("checkout").told[-1] == "scan 4711"
    page.show(OUT)
    page.shell.scanner.scanned.emit("1234")
    assert page.screen("checkout").told[-1] == "scan 4711"


def test_escape_goes_one_level_back_and_f1_lists_the_keys(qtbot: QtBot, tasks: Tasks) -> None:
    page = ShellPage(qtbot, tasks, CASHIER)
    page.press(Qt.Key.Key_Escape)
    assert page.screen("checkout").told[-1] == "back"
    page.shell.commands.set_enabled("sale.hold", False)
    page.press(Qt.Key.Key_F1)
    (shown,) = page.open_dialogs
    texts = [label.text() for label in shown.findChildren(type(page.shell.strip.till.label))]
    assert texts.index("Hold the sale") < texts.index("Lock the till")
    assert "F4" in texts, "a key that does nothing now is told too"
    (held,) = [each for each in shown.findChildren(QLabel) if each.text() == "Hold the sale"]
    assert (held.property("tone"), held.accessibleName()) == ("muted", "Hold the sale, not possible now")
    (lock,) = [each for each in shown.findChildren(QLabel) if each.text() == "Lock the till"]
    assert (lock.property("tone"), lock.accessibleName()) == ("", "")


def test_the_strip_says_what_matters(qtbot: QtBot, tasks: Tasks) -> None:
    page = ShellPage(qtbot, tasks, CASHIER)
    strip = page.shell.strip
    assert strip.mode.status.text == "TRAINING"
    assert strip.person.text() == "Asha Verma"
    assert not strip.shift.isVisible()
    assert not strip.printer.isVisible()
    assert not strip.pending.isVisible()
    opened = NOW - timedelta(hours=25, minutes=5)
    page.show(replace(CASHIER, mode=Mode.LIVE, shift_opened_at=opened, connection=Connection.OFFLINE, pending=2))
    assert strip.mode.status.text == "LIVE"
    assert strip.shift.label.text() == "Shift 25 h 5 min"
    assert strip.shift.label.property("tone") == "waiting"
    assert strip.connection.label.text() == "Offline"
    assert strip.pending.text() == "2 payments pending"
    strip.pending.click()
    assert page.shell.current_key == "payments"
    with qtbot.waitSignal(page.shell.lock_asked):
        strip.person.click()


def test_a_till_without_a_provider_says_so_and_leads_a_manager_to_the_settings(qtbot: QtBot, tasks: Tasks) -> None:
    page = ShellPage(qtbot, tasks, replace(CASHIER, connection=Connection.NO_PROVIDER))
    strip = page.shell.strip
    assert strip.connection.label.text() == "No provider set up"
    assert strip.connection.isVisible()
    assert not strip.set_up.isVisible()
    page.show(OUT)
    page.show(replace(MANAGER, connection=Connection.NO_PROVIDER))
    assert strip.set_up.text() == "No provider set up"
    assert not strip.connection.isVisible()
    strip.set_up.click()
    assert page.shell.current_key == "metrics"
    assert page.screen("metrics").told[-1] == "setup"
    page.show(replace(MANAGER, connection=Connection.UNCLEAR))
    assert not strip.set_up.isVisible()
    assert strip.connection.label.text() == "No clear answer from the provider"


def test_training_wears_an_orange_frame(qtbot: QtBot, tasks: Tasks, look: Theme) -> None:
    page = ShellPage(qtbot, tasks, CASHIER)
    page.shell.toast.hide()
    edges = [(1, 300), (1_022, 300), (500, 1), (500, 766)]
    image = page.shell.grab().toImage()
    assert {image.pixelColor(*edge).name() for edge in edges} == {look.colour("training").name()}
    page.show(replace(CASHIER, mode=Mode.LIVE))
    image = page.shell.grab().toImage()
    assert look.colour("training").name() not in {image.pixelColor(*edge).name() for edge in edges}


def test_what_waits_is_counted_on_the_rail(qtbot: QtBot, tasks: Tasks) -> None:
    page = ShellPage(qtbot, tasks, CASHIER)
    page.show(replace(CASHIER, badges={"payments": 120}))
    assert page.shell.rail.buttons["payments"].accessibleName() == "Payments, 120 waiting"
    page.shell.grab()


def test_a_failure_nobody_else_shows_is_shown_over_the_screen(qtbot: QtBot, tasks: Tasks) -> None:
    page = ShellPage(qtbot, tasks, CASHIER)
    tasks.failure.emit(Unavailable("database_busy"), "saving")
    assert "No money moved." in page.shell.notice.text
    page.show(OUT)
    assert page.shell.notice.text == ""


def test_what_a_hidden_screen_was_refused_while_locked_is_not_told_to_the_next(qtbot: QtBot, tasks: Tasks) -> None:
    page = ShellPage(qtbot, tasks, CASHIER)
    page.show(OUT)
    tasks.failure.emit(NotAllowed("session_over"), "held")
    page.show(CASHIER)
    assert page.shell.notice.text == ""


def test_colours_are_chosen_by_command(qtbot: QtBot, tasks: Tasks, look: Theme) -> None:
    page = ShellPage(qtbot, tasks, CASHIER)
    before = page.shell.grab().toImage().pixelColor(600, 400)
    with qtbot.waitSignal(page.shell.scheme_chosen) as chosen:
        page.shell.commands.action("view.dark").trigger()
    assert chosen.args == [Scheme.DARK]
    assert look.dark
    after = page.shell.grab().toImage().pixelColor(600, 400)
    assert after.lightness() < 60 < before.lightness()
