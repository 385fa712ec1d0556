"""What happens to a batch while it runs, and between the choice of a device and Start."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial

import pytest

from tests.factories.depot import Depot
from tests.ui.pages.access import nameless
from tests.ui.pages.batch import BatchPage
from tillgate.domain.batch import BatchState
from tillgate.domain.checkout_facts import CheckoutStatus, TryStatus
from tillgate.domain.devices import DeviceStatus
from tillgate.domain.money import Money
from tillgate.services.batch_payment import start_batch
from tillgate.services.device_invoices import cancel_invoice
from tillgate.services.devices import DeviceDraft, save_device
from tillgate.services.settle import check_now
from tillgate.store.models import device_invoice, payment, payment_batch


class Gate:
    """Holds the provider up from its nth link on until it is opened."""

    def __init__(self, depot: Depot, at: int) -> None:
        self._at, self._seen = at, 0
        self._inner, self._open = depot.provider.before, threading.Event()
        depot.provider.before = self._call
        self.reached = threading.Event()

    def _call(self, verb: str) -> None:
        self._inner(verb)
        if verb == "create":
            self._seen += 1
            if self._seen >= self._at:
                self.reached.set()
                assert self._open.wait(30)

    def open(self) -> None:
        """Let it answer."""
        self._open.set()


@pytest.fixture
def gate(depot: Depot) -> Iterator[Gate]:
    made = Gate(depot, 2)
    yield made
    made.open()


def test_it_is_stopped_at_the_second_of_three_and_resumed(page: BatchPage, gate: Gate) -> None:
    page.choose()
    page.command("start")
    page.qtbot.waitUntil(lambda: page.states == ["Link open", "Creating the link", "Waits its turn"], timeout=30_000)
    running = page.screen.running
    assert (running.progress.text(), running.badge.status.text) == ("2/3", "Running")
    assert nameless(page.screen) == []
    page.command("stop")
    page.qtbot.waitUntil(lambda: running.buttons["stop"].text() == "Stopping…", timeout=30_000)
    assert not running.buttons["stop"].isEnabled()
    gate.open()
    page.settled(lambda: running.badge.status.text == "Stopped")
    assert page.states == ["Link open", "Link open", "Waits its turn"]
    assert "The batch was stopped." in page.said
    assert len(page.depot.provider.bodies) == 2
    page.command("resume")
    page.settled(lambda: page.states == ["Link open"] * 3)
    assert len(page.depot.rows(payment)) == 3
    page.settled(lambda: len(set(page.opened)) == 3)
    assert len(page.opened) == 3


def test_batches_that_wait_for_a_slow_provider_keep_nobody_from_stopping_them(page: BatchPage, gate: Gate) -> None:
    """Each has its run and its pages; the till's own lane is free for what a person presses."""
    page.depot.device("BIKE002")
    page.depot.owe(5_000_000, 5_000_000, code="BIKE002")

    def creating(code: str) -> bool:
        view = page.view
        return view is not None and view.device.code == code and "Creating the link" in page.states

    for code in ("BIKE001", "BIKE002"):
        page.screen.pay_device(code)
        page.qtbot.waitUntil(lambda: page.screen.start.details is not None, timeout=30_000)
        page.screen.start.press()
        page.qtbot.waitUntil(partial(creating, code), timeout=30_000)
    page.command("stop")
    page.qtbot.waitUntil(lambda: page.screen.running.buttons["stop"].text() == "Stopping…", timeout=30_000)
    gate.open()
    page.settled(lambda: page.screen.running.badge.status.text == "Stopped")
    assert [page.depot.view(number).batch.state for number in (1, 2)] == [BatchState.DONE, BatchState.STOPPED]


def test_a_browser_that_hangs_holds_up_neither_the_batch_nor_the_till(page: BatchPage) -> None:
    page.closed = threading.Event()
    page.choose()
    page.begin()
    page.qtbot.waitUntil(lambda: page.states == ["Link open"] * 3 and len(page.opened) == 1, timeout=30_000)
    # The till's own lane has two threads here.
    for _ in range(2):
        page.command("open_page")
    page.qtbot.waitUntil(lambda: len(page.opened) == 3, timeout=30_000)
    for item in page.depot.view(1).items:
        page.depot.customer_pays(item)
    page.qtbot.waitUntil(lambda: page.states == ["Paid"] * 3, timeout=30_000)
    page.command("slip")
    page.qtbot.waitUntil(lambda: page.saved == [1], timeout=30_000)
    page.command("print_slip")
    page.qtbot.waitUntil(lambda: page.saved == [1, -1], timeout=30_000)
    page.closed.set()
    page.settled()


def test_what_is_locked_in_the_middle_is_offered_to_who_comes_next(page: BatchPage, gate: Gate) -> None:
    page.choose()
    page.begin()
    page.qtbot.waitUntil(gate.reached.is_set, timeout=30_000)
    page.lock()
    gate.open()
    page.settled()
    page.come_back()
    page.settled(lambda: page.screen.notice.text != "")
    assert page.screen.notice.text.startswith("1 batch was not gone through.\nBIKE001")
    page.screen.notice.buttons[0].click()
    page.settled(lambda: page.states == ["Link open", "Link open", "Waits its turn"])
    page.command("resume")
    page.settled(lambda: page.states == ["Link open"] * 3)
    assert len(page.depot.rows(payment)) == len(page.depot.provider.checkouts) == 3


def test_a_link_that_ended_is_tried_again_with_another(page: BatchPage) -> None:
    page.run("2")
    first = page.rows[0].item
    page.depot.provider.end(page.depot.reference(first), CheckoutStatus.EXPIRED)
    assert first.payment_id is not None
    check_now(page.depot.till, page.depot.cashier, first.payment_id)
    page.settled(lambda: page.states == ["Link ended unpaid", "Link open"])
    page.rows[0].buttons["retry"].click()
    page.settled(lambda: page.states == ["Link open", "Link open"])
    assert page.rows[0].item.url not in {None, first.url}
    page.settled(lambda: len(page.opened) == 3)


def test_a_link_that_was_declined_is_paid_by_its_next_try(page: BatchPage) -> None:
    page.run("1")
    reference = page.depot.reference(page.rows[0].item)
    page.depot.provider.pay(reference, status=TryStatus.FAILED)
    page.command("check_now")
    page.settled(lambda: page.depot.provider.sends("fetch") == 1)
    assert page.states == ["Link open"]
    page.depot.provider.pay(reference)
    page.command("check_now")
    page.settled(lambda: page.states == ["Paid"])


def test_what_changed_between_the_choice_and_start_counts(page: BatchPage) -> None:
    """The device was retired and the oldest invoice cancelled while a list was in front, or at another till."""
    depot, start = page.depot, page.screen.start
    page.choose()
    page.screen.show_page("invoices")
    page.settled()
    oldest = depot.rows(device_invoice)[0].id
    cancel_invoice(depot.till, depot.manager, oldest, "twice")
    draft = DeviceDraft("BIKE001", "Bicycle", depot.customer_id, Money(5_000_000, "COP"), DeviceStatus.RETIRED)
    save_device(depot.till, depot.manager, draft, device_id=depot.devices["BIKE001"], version=1)
    page.settled()
    page.screen.show_page("pay")
    page.settled(lambda: [row.row.invoice.amount_minor for row in start.rows.rows] == [4_500_000, 5_000_000])
    assert start.badge.status.text == "Retired"
    page.begin("10")
    page.settled(lambda: page.states == ["Link open", "Link open"])


def test_all_of_it_was_closed_before_start(page: BatchPage) -> None:
    depot, start = page.depot, page.screen.start
    page.choose()
    told, depot.till.db.on_committed = depot.till.db.on_committed, lambda _entries: None
    for each in depot.rows(device_invoice):
        cancel_invoice(depot.till, depot.manager, each.id, "sold")
    depot.till.db.on_committed = told
    page.begin()
    page.settled(lambda: start.notice.text != "")
    assert start.notice.text.startswith("BIKE001 has no open invoice")
    assert depot.rows(payment_batch) == []
    page.settled(lambda: not start.nothing.isHidden())


def test_another_till_at_the_same_device_is_told_whose_link_it_is(page: BatchPage) -> None:
    page.choose()
    other = page.depot.till_of("T2")
    other.pay(count=2)
    page.begin("3")
    page.settled(lambda: page.states == ["Open link reused", "Open link reused", "Link open"])
    assert "Cashier of T2" in page.rows[0].note.text()
    assert len(page.depot.rows(payment)) == len(page.depot.provider.checkouts) == 3


def test_a_batch_of_another_till_is_looked_at_while_it_runs_there(page: BatchPage, gate: Gate) -> None:
    depot = page.depot
    other = depot.till_of("T2")
    number = start_batch(other.till, other.cashier, other.command())
    there = threading.Thread(target=other.run, args=(number,))
    there.start()
    try:
        page.qtbot.waitUntil(gate.reached.is_set, timeout=30_000)
        page.screen.show_batch(number)
        page.qtbot.waitUntil(lambda: page.states == ["Link open", "Creating the link", "Waits its turn"])
        assert page.screen.running.buttons["resume"].isHidden()
        page.screen.run.resume()
        page.qtbot.waitUntil(lambda: page.said != "", timeout=30_000)
    finally:
        gate.open()
        there.join()
    page.settled(lambda: page.states == ["Link open"] * 3)
    assert depot.view(number).batch.state is BatchState.DONE
    assert len(depot.provider.checkouts) == 3
