"""Fields, notices, dialogs and the small parts, as a person meets them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QImage, QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from tests.ui.pages.hands import press, type_text
from tillgate import i18n
from tillgate.domain.errors import Invalid, MoneyMoved, Unavailable
from tillgate.domain.money import Money
from tillgate.ui.theme import Tone
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.date_range import DateRangeField
from tillgate.ui.widgets.days import DayRange
from tillgate.ui.widgets.dialog import Confirm, Dialog
from tillgate.ui.widgets.fields import MoneyField, SearchField, Stepper, TextField
from tillgate.ui.widgets.labels import ElapsedLabel, ElidedLabel, plain_label
from tillgate.ui.widgets.notices import EmptyState, InlineNotice, NoticeAction, Toast
from tillgate.ui.widgets.qr_view import QUIET_MODULES, QrView
from tillgate.ui.widgets.side_pane import SidePane


def money_field(qtbot: QtBot, currency: str = "INR") -> MoneyField:
    field = MoneyField("Amount", currency)
    qtbot.addWidget(field)
    field.show()
    return field


@pytest.mark.parametrize(
    ("typed", "minor"), [("1,23,456.50", 12345650), (" 12 ", 1200), ("0.05", 5), ("999999999999", 99999999999900)]
)
def test_an_amount_is_read_exactly(qtbot: QtBot, typed: str, minor: int) -> None:
    field = money_field(qtbot)
    field.line.setText(typed)
    assert field.peek() == field.amount() == Money(minor, "INR")
    assert field.error == ""


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "This is not an amount."),
        ("1.2.3", "This is not an amount."),
        ("-5", "This is not an amount."),
        ("1e3", "This is not an amount."),
        ("0", "The amount is zero."),
        ("1.005", "INR has 2 decimals."),
        ("9" * 30, "This amount is too large."),
    ],
)
def test_what_is_no_amount_is_said_below_until_it_changes(qtbot: QtBot, typed: str, words: str) -> None:
    field = money_field(qtbot)
    field.line.setText(typed)
    assert field.peek() is None
    assert field.error == ""
    assert field.amount() is None
    assert words in field.error
    field.line.setText("5")
    assert field.error == ""


def test_an_amount_is_written_as_the_region_does(qtbot: QtBot) -> None:
    field = money_field(qtbot)
    field.line.setText("1234567")
    field.line.editingFinished.emit()
    assert field.line.text() == "12,34,567.00"
    i18n.use_language("es")
    other = money_field(qtbot, "COP")
    other.set_amount(Money(5_000_000, "COP"))
    assert other.line.text() == "50.000"
    assert other.amount() == Money(5_000_000, "COP")
    with pytest.raises(Invalid):
        other.set_amount(Money(1, "INR"))
    other.set_amount(None)
    assert other.line.text() == ""


def test_search_speaks_when_typing_rests_and_at_once_on_enter(qtbot: QtBot) -> None:
    field = SearchField("Search products", rest_ms=20)
    qtbot.addWidget(field)
    field.show()
    said: list[str] = []
    chosen: list[str] = []
    field.searched.connect(said.append)
    field.chosen.connect(chosen.append)
    type_text(field, "sar")
    assert said == []
    qtbot.waitUntil(lambda: said == ["sar"])
    type_text(field, "ee")
    press(field, Qt.Key.Key_Return)
    assert (said, chosen) == (["sar", "saree"], ["saree"])
    with qtbot.waitSignal(field.down):
        press(field, Qt.Key.Key_Down)
    press(field, Qt.Key.Key_Escape)
    assert field.text() == ""
    assert said[-1] == ""
    field.show_quietly("belt")
    qtbot.wait(40)
    assert said[-1] == ""


def test_any_script_can_be_typed(qtbot: QtBot) -> None:
    field = TextField("Name")
    qtbot.addWidget(field)
    event = QKeyEvent(QEvent.Type.KeyPress, 0, Qt.KeyboardModifier.NoModifier, "मीरा")
    QApplication.sendEvent(field.line, event)
    assert field.text == "मीरा"


def test_a_stepper_stays_between_its_ends(qtbot: QtBot) -> None:
    stepper = Stepper("Silk saree", most=3)
    qtbot.addWidget(stepper)
    said: list[int] = []
    refused: list[str] = []
    stepper.changed.connect(said.append)
    stepper.refused.connect(lambda: refused.append(stepper.line.text()))
    less, more = stepper.findChildren(Button)
    assert not less.isEnabled()
    more.click()
    more.click()
    assert not more.isEnabled()
    stepper.line.setText("")
    stepper.line.editingFinished.emit()
    assert stepper.value == 3
    for typed in ("0", "4", "1"):
        stepper.line.setText("")
        QTest.keyClicks(stepper.line, typed)
        stepper.line.editingFinished.emit()
    # What is beyond its ends is told, and changes nothing.
    assert (refused, stepper.line.text()) == (["3", "3"], "1")
    stepper.set_value(2)
    assert said == [2, 3, 1]
    assert more.accessibleName() == "One more of Silk saree"


def test_days_in_the_wrong_order_are_said(qtbot: QtBot) -> None:
    field = DateRangeField(date(2026, 11, 1), date(2026, 11, 21))
    qtbot.addWidget(field)
    assert field.value() == DayRange(date(2026, 11, 1), date(2026, 11, 21))
    field.set_value(DayRange(date(2026, 12, 1), None))
    assert field.value() is None
    assert "after" in " ".join(label.text() for label in field.findChildren(QLabel))


def test_a_notice_says_what_happened_to_the_money_and_what_to_do(qtbot: QtBot) -> None:
    notice = InlineNotice(closable=True)
    qtbot.addWidget(notice)
    checked: list[int] = []
    error = Unavailable("provider_silent", money_moved=MoneyMoved.UNKNOWN)
    notice.show_error(error, [NoticeAction("Check now", lambda: checked.append(1))])
    assert not notice.isHidden()
    assert notice.property("notice") == Tone.WAITING.value
    assert "Do not charge again." in notice.text
    notice.buttons[0].click()
    assert checked == [1]
    notice.say(Tone.SETTLED, "Saved.")
    assert notice.buttons == []
    with qtbot.waitSignal(notice.closed):
        notice.clear()
    assert notice.isHidden()


@pytest.mark.parametrize("closable", [True, False])
def test_tab_goes_through_a_notice_where_it_stands(qtbot: QtBot, closable: bool) -> None:
    page = QWidget()
    column = QVBoxLayout(page)
    above, notice, below = TextField("Above"), InlineNotice(closable=closable), TextField("Below")
    for widget in (above, notice, below):
        column.addWidget(widget)
    qtbot.addWidget(page)
    page.show()
    qtbot.waitUntil(page.isActiveWindow)
    for verbs in (["Older"], ["Check now", "Show the payment"]):
        notice.say(Tone.WAITING, "Not known yet.", actions=[NoticeAction(verb, lambda: None) for verb in verbs])
        above.setFocus()
        closing = [each for each in notice.findChildren(Button) if each.accessibleName() == "Close this notice"]
        wanted = [above.line, *notice.buttons, *(closing if closable else []), below.line]
        passed: list[QWidget | None] = []
        for _ in wanted:
            passed.append(QApplication.focusWidget())
            press(passed[-1] or page, Qt.Key.Key_Tab)
        assert passed == wanted


def test_a_notice_wraps_its_words(qtbot: QtBot) -> None:
    page = QWidget()
    column = QVBoxLayout(page)
    notice = InlineNotice()
    column.addWidget(notice)
    column.addStretch(1)
    qtbot.addWidget(page)
    notice.say(Tone.FAILED, "A long sentence about something that went wrong. " * 6)
    page.resize(420, 600)
    page.show()
    wrapped = notice.height()
    page.resize(1_000, 600)
    qtbot.waitUntil(lambda: notice.height() < wrapped)
    assert wrapped < 250


def test_what_was_done_can_be_undone_for_a_while(qtbot: QtBot) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    page.resize(500, 300)
    page.show()
    toast, undone = Toast(page), []
    toast.show_text("Removed “Silk saree”", lambda: undone.append(1))
    assert toast.isVisible()
    page.resize(700, 400)
    assert toast.geometry().bottom() < 400
    toast.findChildren(Button)[0].click()
    assert undone == [1]
    assert not toast.isVisible()
    toast.show_text("Saved")
    assert toast.findChildren(Button)[0].isHidden()


def test_a_confirmation_needs_more_than_an_enter_that_was_on_its_way(qtbot: QtBot) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    page.show()
    done: list[str] = []

    def ask() -> Confirm:
        made = Confirm(
            page, "Refund ₹25.00?", "To card", verb="Refund ₹25.00 to card", on_accept=lambda: done.append("yes")
        )
        with qtbot.waitActive(made):
            made.open()
        return made

    press(QApplication.focusWidget() or ask(), Qt.Key.Key_Return)
    assert done == []
    second = ask()
    press(second, Qt.Key.Key_Escape)
    assert done == []
    ask().go.click()
    assert done == ["yes"]


def test_a_dialog_stays_until_its_work_is_done(qtbot: QtBot) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    page.show()
    presses: list[int] = []
    dialog = Dialog(page, "New customer", verb="Save the customer", on_accept=lambda: presses.append(1))
    field = TextField("Name")
    dialog.add(field)
    with qtbot.waitActive(dialog):
        dialog.open()
    field.setFocus()
    type_text(field.line, "Asha")
    press(field.line, Qt.Key.Key_Return)
    assert presses == [1]
    dialog.set_working(True)
    press(field.line, Qt.Key.Key_Return)
    assert presses == [1]
    dialog.show_error(Unavailable("database_busy"))
    assert dialog.go.isEnabled()
    assert "No money moved." in dialog.notice.text
    dialog.reject()


def test_a_pane_shows_one_body_and_closes_by_escape(qtbot: QtBot) -> None:
    page = QWidget()
    column = QVBoxLayout(page)
    pane = SidePane()
    column.addWidget(pane)
    qtbot.addWidget(page)
    page.show()
    assert pane.isHidden()
    body = plain_label("all about it")
    pane.show_body("Payment 7", body)
    assert pane.body is body
    with qtbot.waitSignal(pane.closed):
        press(pane, Qt.Key.Key_Escape)
    assert pane.body is None


def test_elapsed_time_counts_from_an_instant(qtbot: QtBot) -> None:
    now = [datetime(2026, 11, 21, 12, 0, tzinfo=UTC)]
    label = ElapsedLabel(lambda: now[0])
    qtbot.addWidget(label)
    label.start(now[0] - timedelta(seconds=75))
    assert label.text() == "1:15"
    now[0] += timedelta(hours=1)
    qtbot.waitUntil(lambda: label.text() == "1:01:15")
    label.stop()
    assert not label.running
    label.start()
    assert label.text() == "0:00"


def test_a_cut_text_is_whole_in_its_tooltip(qtbot: QtBot) -> None:
    label = ElidedLabel("<Kanchipuram> silk saree with a very long name")
    qtbot.addWidget(label)
    label.resize(80, 20)
    label.show()
    assert label.toolTip().startswith("<p>&lt;Kanchipuram&gt;")
    label.grab()
    label.resize(900, 20)
    assert label.toolTip() == ""


def test_an_icon_button_has_a_name(qtbot: QtBot) -> None:
    button = Button(tone=ButtonTone.ICON, icon="x", name="Close <it>")
    qtbot.addWidget(button)
    assert button.accessibleName() == "Close <it>"
    assert button.toolTip() == "<p>Close &lt;it&gt;</p>"
    pay = Button("Pay & print", tone=ButtonTone.PRIMARY, icon="banknote", hint="F9", big=True)
    qtbot.addWidget(pay)
    bare = Button("Pay & print", tone=ButtonTone.PRIMARY, icon="banknote", big=True)
    qtbot.addWidget(bare)
    assert pay.sizeHint().width() > bare.sizeHint().width()
    pay.grab()


def test_an_empty_state_offers_the_way_out(qtbot: QtBot) -> None:
    pressed: list[int] = []
    empty = EmptyState(
        "package", "No orders yet", "Sell something.", NoticeAction("Start a sale", lambda: pressed.append(1))
    )
    qtbot.addWidget(empty)
    assert empty.button is not None
    empty.button.click()
    assert pressed == [1]


def modules_of(image: QImage, count: int) -> list[list[bool]]:
    """Read a painted code back: one sample in the middle of each module."""
    module = image.width() // (count + 2 * QUIET_MODULES)
    corner = (image.width() - module * count) // 2
    middle = [corner + index * module + module // 2 for index in range(count)]
    return [[image.pixelColor(x, y).lightness() < 128 for x in middle] for y in middle]


@pytest.mark.parametrize("side", [120, 241])
def test_a_qr_code_is_painted_whole_with_its_quiet_zone(qtbot: QtBot, side: int) -> None:
    view = QrView("Payment link", side)
    qtbot.addWidget(view)
    view.resize(side, side)
    assert not view.modules
    view.show_text("https://rzp.io/i/" + "a" * 30)
    image = view.grab().toImage()
    rows = [list(map(bool, row)) for row in view.modules]
    assert modules_of(image, len(rows)) == rows
    colours = {image.pixelColor(x, y).name() for x in range(side) for y in range(side)}
    assert colours == {"#000000", "#ffffff"}
    edge = image.width() // (len(rows) + 2 * QUIET_MODULES) * QUIET_MODULES
    assert all(image.pixelColor(x, y).name() == "#ffffff" for x in range(edge) for y in range(side))
