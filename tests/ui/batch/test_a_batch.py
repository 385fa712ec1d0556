"""A device's invoices are paid one after another: the whole of it in the window."""

from __future__ import annotations

from functools import partial
from itertools import combinations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from tests.ui.pages.access import nameless
from tests.ui.pages.batch import BatchPage
from tests.ui.pages.hands import CTRL, SHIFT, click, type_text
from tillgate.domain.batch import BatchState, ItemState
from tillgate.domain.devices import DeviceStatus
from tillgate.domain.payment import PaymentState
from tillgate.domain.payment_end import End
from tillgate.services.batch_payment import start_batch
from tillgate.store.models import payment, payment_batch
from tillgate.ui.screens.batch import device_finder
from tillgate.ui.widgets.qr_view import LEAST

KEY = Qt.Key
_DIRECTLY = Qt.FindChildOption.FindDirectChildrenOnly


def test_a_batch_is_paid_by_keyboard_alone(page: BatchPage) -> None:
    start = page.screen.start
    assert page.shell.focusWidget() is start.finder.search
    # As slowly as a person: what comes faster and ends with Enter is a scan.
    QTest.keyClicks(start.finder.search, "bike", delay=120)
    page.settled(lambda: start.finder.shown_for == "bike")
    page.key(KEY.Key_Return)
    page.settled(lambda: start.details is not None)
    assert (start.count.text, start.email.text) == ("3", "luz@example.com")
    assert nameless(page.screen) == []
    type_text(start.count.line, "2")
    assert [row.row.invoice.amount_minor for row in start.rows.rows if row.chosen] == [6_000_000, 4_500_000]
    assert start.start.text() == "Start COP\N{NO-BREAK SPACE}105,000"
    page.key(KEY.Key_F9)
    page.settled(lambda: page.states == ["Link open", "Link open"])
    page.settled(lambda: len(page.opened) == 2)
    assert nameless(page.screen) == []
    assert page.shell.focusWidget() is page.rows[0]
    page.key(KEY.Key_Down)
    assert page.screen.running.picked == page.rows[1].item
    assert page.screen.running.code.link.text() == page.rows[1].item.url
    page.key(KEY.Key_C, CTRL | SHIFT)
    assert QGuiApplication.clipboard().text() == page.rows[1].item.url
    first, second = (row.item.payment_id for row in page.rows)
    assert page.fronts[-1] == {first: None, second: None}
    for item in page.depot.view(1).items:
        page.depot.customer_pays(item)
    page.settled(lambda: page.states == ["Paid", "Paid"])
    assert "2 paid" in page.said
    # What the rows tell, no bar tells; once they are left, it may again.
    assert page.fronts[-1] == {first: End.PAID, second: End.PAID}
    page.key(KEY.Key_P, CTRL)
    page.settled(lambda: page.saved == [1])
    page.key(KEY.Key_F4)
    page.settled(lambda: start.details is None)
    assert page.shell.focusWidget() is start.finder.search
    assert page.fronts[-1] == {}


WRONG = (
    ("0", None, "A batch pays 1 to 10 invoices."),
    ("11", None, "A batch pays 1 to 10 invoices."),
    ("3x", None, "“3x” is not a number of invoices."),
    ("", None, "“” is not a number of invoices."),
    ("3", "", "The customer’s e-mail is missing."),
    ("3", "luz@", "This is not an e-mail address."),
)


def test_what_is_wrong_is_said_at_its_field_and_nothing_is_created(page: BatchPage) -> None:
    page.choose()
    start = page.screen.start
    for count, email, said in WRONG:
        page.begin(count, email)
        page.settled()
        assert (start.count if email is None else start.email).error.startswith(said)
        assert not page.screen.shows_batch
        assert page.depot.rows(payment_batch) == []
        assert page.depot.rows(payment) == []
    page.begin("2", "luz@example.com")
    page.settled(lambda: page.screen.shows_batch)


def test_a_device_that_there_is_not_and_one_that_owes_nothing(page: BatchPage) -> None:
    finder = page.screen.start.finder
    finder.take("BIKE999")
    page.settled(lambda: finder.notice.text.startswith("There is no device BIKE999."))
    page.depot.device("BIKE002")
    page.choose("bike002")
    assert not page.screen.start.nothing.isHidden()
    start = page.screen.start
    assert not start.start.isEnabled()
    start.count.setFocus()
    page.key(KEY.Key_Return)
    page.key(KEY.Key_F9)
    page.settled()
    assert (start.notice.text, start.start.text()) == ("", "Start")


def test_devices_that_owe_something_are_offered_first(page: BatchPage, monkeypatch: pytest.MonkeyPatch) -> None:
    def codes(text: str) -> list[str]:
        finder.search.show_quietly(text)
        finder._typed(text)
        page.settled(lambda: finder.shown_for == text)
        return [each.value for each in finder.list.choices]

    finder = page.screen.start.finder
    page.depot.device("BIKE000", status=DeviceStatus.RETIRED)
    page.depot.device("BIKE002")
    assert codes("") == codes("bike") == ["BIKE001", "BIKE000", "BIKE002"]
    monkeypatch.setattr(device_finder, "_MOST", 1)
    assert codes("") == ["BIKE001"]
    assert codes("bike000") == ["BIKE000"]


def test_without_keys_nothing_is_created_and_the_way_to_them_is_shown(page: BatchPage) -> None:
    page.choose()
    providers = page.depot.till.providers
    assert isinstance(providers, dict)
    provider = providers.pop("wompi")
    page.begin()
    page.settled(lambda: page.screen.start.notice.text != "")
    assert page.depot.rows(payment_batch) == []
    providers["wompi"] = provider
    page.screen.start.press()
    page.settled(lambda: page.states == ["Link open"] * 3)


def test_a_double_click_and_a_held_key_are_one_batch(page: BatchPage) -> None:
    page.choose()
    button = page.screen.start.start
    click(button)
    assert not button.isEnabled()
    click(button)
    for _ in range(5):
        page.key(KEY.Key_F9)
    page.settled(lambda: page.states == ["Link open"] * 3)
    assert len(page.depot.rows(payment_batch)) == 1
    assert len(page.depot.rows(payment)) == 3
    page.settled(lambda: len(page.opened) == 3)
    assert len(set(page.opened)) == 3


def test_one_that_fails_is_said_on_its_row_and_tried_again(page: BatchPage) -> None:
    page.depot.provider.faults["create"] = ["", "declined"]
    page.run()
    assert page.states == ["Link open", "Failed", "Link open"]
    assert page.rows[1].note.text()
    assert not page.rows[1].buttons["retry"].isHidden()
    page.rows[1].buttons["retry"].click()
    page.settled(lambda: page.states == ["Link open"] * 3)


def test_one_is_skipped_and_the_rest_resumed(page: BatchPage) -> None:
    number = start_batch(page.depot.till, page.actor, page.depot.command())
    page.open_again()
    page.settled(lambda: page.screen.notice.text != "")
    assert page.screen.notice.text.startswith("1 batch was not gone through.\nBIKE001")
    page.screen.notice.buttons[0].click()
    page.settled(lambda: len(page.rows) == 3)
    assert page.screen.running.badge.status.text == "Interrupted"
    page.rows[1].buttons["skip"].click()
    page.settled(lambda: page.states[1] == "Skipped by you")
    assert page.opened == []
    page.screen.running.buttons["resume"].click()
    page.settled(lambda: page.states == ["Link open", "Skipped by you", "Link open"])
    view = page.depot.view(number)
    assert view.batch.state is BatchState.DONE
    assert [each.state for each in view.items] == [ItemState.TAKEN, ItemState.SKIPPED, ItemState.TAKEN]


def test_without_a_browser_the_code_and_the_link_stand(page: BatchPage) -> None:
    page.browser = False
    page.run("2")
    page.settled(lambda: "could not be opened" in page.said)
    assert len(page.opened) == 1
    assert page.screen.running.code.qr.view.modules
    assert page.screen.running.code.link.text() == page.rows[0].item.url


def test_the_code_shrinks_with_its_room_and_nothing_is_printed_over_it(page: BatchPage) -> None:
    page.run("1")
    code = page.screen.running.code
    bar = QWidget()
    page.shell.put_above(bar, lambda: None)
    bar.show()
    sides, whole = [], page.screen.height()
    for height in (1, 90, 180, 300):
        bar.setFixedHeight(height)
        page.settled(partial(_has_height, page, whole - height))
        places = [each.geometry() for each in code.findChildren(QWidget, options=_DIRECTLY) if each.isVisible()]
        assert not any(one.intersects(other) for one, other in combinations(places, 2)), height
        assert code.qr.rect().contains(code.qr.view.geometry())
        sides.append(code.qr.view.width())
    assert sides == sorted(sides, reverse=True)
    assert sides[0] > sides[-1] == LEAST


def _has_height(page: BatchPage, height: int) -> bool:
    return page.screen.height() == height


def test_an_open_link_is_reused_and_a_paid_one_skipped(page: BatchPage) -> None:
    first = page.depot.pay(count=2)
    page.choose()
    page.depot.customer_pays(first.items[0])
    page.begin("2")
    page.settled(lambda: len(page.rows) == 2 and page.screen.run.view is not None and not page.screen.run.view.at_work)
    assert "Open link reused" in page.states
    assert len(page.depot.rows(payment)) == 3
    live = [each for each in page.depot.rows(payment) if each.state is PaymentState.PENDING]
    assert len(live) == 2
