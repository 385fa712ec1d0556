"""A batch: the document's answer, and every way in which an invoice of it can go another way."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

import pytest

from tests.factories.bad_batches import BAD, BadBatch
from tests.factories.clock import FakeClock
from tests.factories.depot import AMOUNTS, EMAIL, Depot
from tests.factories.fake_provider import FakeProvider
from tests.factories.people import signed_in
from tests.factories.tills import audit_rows
from tillgate import failpoints
from tillgate.domain.batch import BatchState, ItemState, Shown, SkipReason, StopReason
from tillgate.domain.checkout_facts import CheckoutStatus
from tillgate.domain.devices import DeviceStatus
from tillgate.domain.errors import Invalid, NotAllowed, Refused, TillgateError, Unavailable
from tillgate.domain.money import Money
from tillgate.domain.payment import Mode, PaymentState
from tillgate.domain.settings import WOMPI_LARGEST, WOMPI_METHOD, Settings
from tillgate.domain.staff import Role
from tillgate.ports import CancelWay, CheckoutRequest
from tillgate.services import batch_payment
from tillgate.services.batch_payment import retry_item, skip_item, stop_batch
from tillgate.services.batch_rows import stop_own
from tillgate.services.batch_views import document_of, list_batches
from tillgate.services.daily_invoices import run_daily
from tillgate.services.settle import check_now
from tillgate.services.sign_in import sign_out
from tillgate.store.models import device_invoice, payment, payment_attempt, payment_batch
from tillgate.ui.message_text import message_for


def test_the_documents_answer_oldest_first(depot: Depot, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="tillgate.batch"):
        view = depot.pay()
    said = document_of(view)
    assert (said["success"], said["data"].pop("skipped"), said["data"].pop("waiting")) == (True, [], 0)
    results = said["data"].pop("results")
    assert said["data"] == {"errors": [], "totalProcessed": 3, "successCount": 3, "errorCount": 0}
    assert [each["invoice"]["amount"] for each in results] == [6_000_000, 4_500_000, 5_000_000]
    for number, (each, item) in enumerate(zip(results, view.items, strict=True), 1):
        assert each == {
            "success": True,
            "invoice": {"invoiceId": item.invoice_number, "amount": AMOUNTS[number - 1]},
            "payment": {"paymentReference": depot.reference(item), "status": "PENDING"},
            "checkoutUrl": f"https://pay.example/{number}",
        }
    lines = [each.message for each in caplog.records]
    assert lines[0] == "creating a batch payment for 3 invoices, one after another"
    assert [line[:4] for line in lines[1:-1]] == ["1/3 ", "1/3 ", "2/3 ", "2/3 ", "3/3 ", "3/3 "]
    assert lines[-1] == "batch payment ends: 3 successful, 0 failed, 0 skipped, 0 left"
    owners = depot.rows(payment)
    assert {(each.payer_email, each.purpose.value, each.provider) for each in owners} == {
        (EMAIL, "device_invoice", "wompi")
    }
    assert [each[1] for each in audit_rows(depot.till) if each[1].startswith("batch.")] == [
        *("batch.started", "batch.item_taken", "batch.item_taken", "batch.item_taken", "batch.done"),
    ]
    assert (view.progress, view.batch.state, view.settled) == ((3, 3), BatchState.DONE, False)


def test_fewer_open_invoices_than_asked_for_are_paid_as_they_are(here: Depot) -> None:
    assert len(here.pay(count=10).items) == 3


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
def test_bad_input_has_its_own_message_and_makes_nothing(here: Depot, bad: BadBatch) -> None:
    bad.arrange(here)
    with pytest.raises(TillgateError) as refused:
        here.pay(**bad.changes)
    words = message_for(refused.value)
    assert (words.what, words.next) == (bad.said, bad.next)
    assert words.money in {"", "No money moved."}
    assert (here.rows(payment_batch), here.rows(payment), here.provider.sent) == ([], [], [])


@pytest.mark.parametrize(
    ("changes", "code"), [({"method": "session"}, "method_unsupported"), ({"key": "short"}, "key_malformed")]
)
def test_what_no_screen_sends_is_refused_too(here: Depot, changes: dict[str, Any], code: str) -> None:
    with pytest.raises(Invalid, match=code):
        here.pay(**changes)
    assert (here.rows(payment_batch), here.rows(payment), here.provider.sent) == ([], [], [])


def test_a_provider_of_another_mode_takes_nothing(here: Depot) -> None:
    live = replace(here.till, mode=Mode.LIVE)
    with pytest.raises(Invalid, match="provider_keys_mixed"):
        replace(here, till=live, cashier=signed_in(live, Role.CASHIER)).pay()
    assert here.rows(payment_batch) == []


def test_the_stores_way_to_pay_and_its_bounds_count(here: Depot) -> None:
    settings = Settings({WOMPI_METHOD.name: "web", WOMPI_LARGEST.name: "50000"})
    methods = {"link": CancelWay.CLOSES, "web": CancelWay.LOCAL_ONLY}
    here.provider.capabilities = replace(here.provider.capabilities, methods=methods)
    here.till = replace(here.till, settings=lambda: settings)
    view = here.pay()
    assert [each.shown for each in view.items] == [Shown.FAILED, Shown.LINK_OPEN, Shown.LINK_OPEN]
    problem = view.items[0].problem
    assert problem is not None
    assert (problem.code, problem.values["largest"]) == ("amount_above_maximum", Money(5_000_000, "COP"))
    assert here.provider.sends("create") == 2
    assert {each.method for each in here.rows(payment_attempt)} == {"web"}


def test_an_intent_that_fails_takes_nothing_of_its_step_along(depot: Depot, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second invoice's payment is written and taken back: what the first came to is kept, and said once."""
    usual = FakeProvider.parameters

    def parameters(provider: FakeProvider, request: CheckoutRequest) -> str:
        if request.amount.minor == AMOUNTS[1]:
            raise Unavailable("provider_off", provider=provider.name)
        return usual(provider, request)

    monkeypatch.setattr(FakeProvider, "parameters", parameters)
    view = depot.pay()
    assert [each.shown for each in view.items] == [Shown.LINK_OPEN, Shown.FAILED, Shown.LINK_OPEN]
    assert len(depot.rows(payment)) == len(depot.rows(payment_attempt)) == depot.provider.sends("create") == 2
    told = [each[1] for each in audit_rows(depot.till) if each[1].startswith("batch.item_")]
    assert told == ["batch.item_taken", "batch.item_failed", "batch.item_taken"]


def test_an_answer_that_could_not_be_written_is_asked_for_again(
    here: Depot, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither with the next one's beginning nor alone: who resumes looks the link up, and makes no second one."""

    def busy(*_given: object) -> None:
        raise Unavailable("database_busy")

    number = here.start()
    with monkeypatch.context() as broken:
        broken.setattr("tillgate.services.batch_steps.take_create_answer", busy)
        broken.setattr("tillgate.services.batch_steps.apply_create_answer", busy)
        with pytest.raises(Unavailable, match="database_busy"):
            here.run(number)
    assert here.view(number).interrupted
    clock.advance(61)
    assert [each.shown for each in here.run(number).items] == [Shown.LINK_OPEN] * 3
    assert here.provider.sends("create") == 3


def test_the_answer_is_the_tills_own_news_whoever_pressed(here: Depot) -> None:
    here.pay(count=2)
    by = {event: actor for actor, event, _, _ in audit_rows(here.till)}
    assert (by["payment.moved"], by["payment.created"]) == (here.till.system.label, here.cashier.label)


def test_a_second_press_with_the_same_key_is_the_same_batch(depot: Depot) -> None:
    command = depot.command()
    first = depot.start(key=command.key)
    assert depot.start(key=command.key) == first
    depot.run(first)
    again = depot.run(first)
    assert (again.batch.state, len(depot.rows(payment)), depot.provider.sends("create")) == (BatchState.DONE, 3, 3)


def test_paid_ones_are_passed_over_and_open_links_reused_and_said_so(depot: Depot) -> None:
    first = depot.pay()
    depot.customer_pays(first.items[0])
    depot.owe(7_000_000, first=first.items[2].day.replace(day=20))
    second = depot.pay(count=3)
    assert [(each.reused, each.shown) for each in second.items] == [
        (True, Shown.LINK_OPEN),
        (True, Shown.LINK_OPEN),
        (False, Shown.LINK_OPEN),
    ]
    assert [each.payment_id for each in second.items[:2]] == [each.payment_id for each in first.items[1:]]
    assert [each.get("reused") for each in document_of(second)["data"]["results"]] == [True, True, None]
    assert second.items[0].taken_by == depot.cashier.name


def test_one_found_paid_meanwhile_is_listed_as_skipped(depot: Depot) -> None:
    """The customer paid the open link of an earlier batch, and nobody has heard of it yet."""
    before = depot.pay(count=1)
    depot.provider.pay(depot.reference(before.items[0]))
    view = depot.pay()
    assert [each.shown for each in view.items] == [Shown.SKIPPED, Shown.LINK_OPEN, Shown.LINK_OPEN]
    assert view.items[0].skipped is SkipReason.PAID
    data = document_of(view)["data"]
    assert data["skipped"] == [{"invoiceId": view.items[0].invoice_number, "reason": "paid"}]
    assert (data["totalProcessed"], data["successCount"], data["errorCount"]) == (2, 2, 0)
    assert depot.view(before.batch.id).items[0].shown is Shown.PAID


def test_a_link_that_ended_gets_a_new_one(depot: Depot) -> None:
    before = depot.pay(count=1)
    depot.provider.end(depot.reference(before.items[0]), CheckoutStatus.EXPIRED)
    view = depot.pay(count=1)
    assert (view.items[0].reused, view.items[0].shown) == (False, Shown.LINK_OPEN)
    assert depot.view(before.batch.id).items[0].shown is Shown.ENDED


@pytest.mark.parametrize("position", [1, 2, 3])
@pytest.mark.parametrize(
    ("fault", "shown"),
    [
        ("declined", Shown.FAILED),
        ("unknown", Shown.CHECKING),
        ("+unknown", Shown.CHECKING),
        ("not_sent", Shown.CHECKING),
    ],
)
def test_one_that_fails_is_reported_and_the_rest_go_on(
    here: Depot, clock: FakeClock, position: int, fault: str, shown: Shown
) -> None:
    here.provider.faults["create"] = [*[""] * (position - 1), fault]
    view = here.pay()
    assert [each.shown for each in view.items] == [
        shown if each.position == position else Shown.LINK_OPEN for each in view.items
    ]
    data = document_of(view)["data"]
    (failing,) = [each for each in data["results"] if not each["success"]]
    assert data["errors"] == [{"invoiceId": failing["invoice"]["invoiceId"], "error": failing["error"]}]
    assert (data["totalProcessed"], data["successCount"], data["errorCount"]) == (3, 2, 1)
    # Whether it was opened is found out by the core, and the row fills in; no second link where the first lives.
    failed = view.items[position - 1]
    if failed.payment_id is not None and shown is Shown.CHECKING:
        for _ in range(4):
            clock.advance(6)
            check_now(here.till, here.cashier, failed.payment_id)
        assert here.view(view.batch.id).items[position - 1].shown is Shown.LINK_OPEN
        assert len(here.provider.checkouts) == 3


def test_keys_that_the_provider_refuses_stop_the_batch(here: Depot) -> None:
    here.provider.faults["create"] = ["", "misconfigured"]
    view = here.pay()
    assert [each.shown for each in view.items] == [Shown.LINK_OPEN, Shown.FAILED, Shown.WAITING]
    assert (view.batch.state, view.batch.reason) == (BatchState.STOPPED, StopReason.KEYS_REFUSED)
    assert here.run(view.batch.id).items[2].shown is Shown.LINK_OPEN
    retried = retry_item(here.till, here.cashier, view.items[1].id)
    assert retried.items[1].shown is Shown.WAITING
    assert [each.shown for each in here.run(view.batch.id).items] == [Shown.LINK_OPEN] * 3
    assert here.provider.sends("create") == 3


def test_it_stops_after_the_one_it_is_at_and_is_resumed(depot: Depot) -> None:
    number = depot.start()

    def stop(verb: str) -> None:
        if verb == "create" and depot.provider.count == 0:
            stop_batch(depot.till, depot.cashier, number)

    before, depot.provider.before = depot.provider.before, stop
    stopped = depot.run(number)
    depot.provider.before = before
    assert [each.shown for each in stopped.items] == [Shown.LINK_OPEN, Shown.WAITING, Shown.WAITING]
    assert (stopped.batch.state, stopped.progress, stopped.may_resume) == (BatchState.STOPPED, (1, 3), True)
    assert [each.id for each in list_batches(depot.till, depot.cashier, unfinished=True)] == [number]
    resumed = depot.run(number)
    assert [each.shown for each in resumed.items] == [Shown.LINK_OPEN] * 3
    assert depot.provider.sends("create") == 3
    assert list_batches(depot.till, depot.cashier, unfinished=True) == ()


def test_a_batch_that_nobody_runs_stops_at_once(here: Depot) -> None:
    number = here.start()
    assert here.view(number).interrupted
    assert stop_batch(here.till, here.cashier, number).batch.state is BatchState.STOPPED
    assert here.provider.sent == []


def test_one_is_skipped_by_hand_and_may_be_tried_after_all(here: Depot) -> None:
    number = here.start()
    first = here.view(number).items[0]
    skip_item(here.till, here.cashier, first.id)
    view = here.run(number)
    assert [each.shown for each in view.items] == [Shown.SKIPPED, Shown.LINK_OPEN, Shown.LINK_OPEN]
    for item, code in ((view.items[1], "batch_item_begun"), (first, "batch_item_begun")):
        with pytest.raises(Refused, match=code):
            skip_item(here.till, here.cashier, item.id)
    with pytest.raises(Refused, match="batch_item_not_over"):
        retry_item(here.till, here.cashier, view.items[1].id)
    retry_item(here.till, here.cashier, first.id)
    assert here.run(number).items[0].shown is Shown.LINK_OPEN


class Killed(BaseException):
    """Ends the process where it is."""


PLACES = (
    *("batch.after_step", "batch.inside_intent", "start.after_intent", "start.before_sent_mark"),
    *("start.after_sent_mark", "start.after_answer", "batch.after_item", "apply.inside"),
)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("at", [1, 3])
def test_after_a_kill_it_goes_on_where_it_stood_without_a_second_link(
    here: Depot, clock: FakeClock, place: str, at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, left = here.start(), at

    def die(name: str) -> None:
        nonlocal left
        left -= name == place
        if name == place and not left:
            raise Killed

    # A process that is gone gives nothing back.
    monkeypatch.setattr("tillgate.services.batch_payment._Run.give_up", lambda _run: None)
    monkeypatch.setattr(failpoints, "_armed", die)
    with pytest.raises(Killed):
        here.run(number)
    monkeypatch.setattr(failpoints, "_armed", None)
    with pytest.raises(Refused, match="batch_at_work"):
        here.run(number)
    clock.advance(61)
    assert here.view(number).interrupted
    view = here.run(number)
    for _ in range(3):
        clock.advance(6)
        here.settle()
    view = here.view(number)
    assert [each.shown for each in view.items] == [Shown.LINK_OPEN] * 3
    opened = [each.reference for each in here.provider.checkouts.values()]
    assert sorted(opened) == sorted(each.reference for each in view.items)
    live = [each for each in here.rows(payment) if each.state is PaymentState.PENDING]
    assert len(live) == 3


def test_a_stop_while_only_a_half_taken_up_one_is_left_leaves_it_to_be_resumed(
    here: Depot, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, steps = here.start(), 3

    def die(name: str) -> None:
        nonlocal steps
        steps -= name == "batch.after_step"
        if not steps:
            raise Killed

    with monkeypatch.context() as dying:
        dying.setattr("tillgate.services.batch_payment._Run.give_up", lambda _run: None)
        dying.setattr(failpoints, "_armed", die)
        with pytest.raises(Killed):
            here.run(number)
    clock.advance(61)
    go_on = batch_payment._Run.next

    def stop_before(run: batch_payment._Run) -> object:
        stop_batch(here.till, here.cashier, number)
        return go_on(run)

    with monkeypatch.context() as stopping:
        stopping.setattr(batch_payment._Run, "next", stop_before)
        stopped = here.run(number)
    assert (stopped.batch.state, stopped.items[2].state) == (BatchState.STOPPED, ItemState.WORKING)
    assert stopped.may_resume
    assert [each.shown for each in here.run(number).items] == [Shown.LINK_OPEN] * 3
    assert here.provider.sends("create") == 3


def test_a_session_that_ends_interrupts_it_and_nothing_is_lost(here: Depot) -> None:
    number = here.start()

    def leave(verb: str) -> None:
        if verb == "create" and here.provider.count == 0:
            sign_out(here.till, here.cashier)

    here.provider.before = leave
    with pytest.raises(NotAllowed, match="session_over"):
        here.run(number)
    here.cashier = signed_in(here.till, Role.CASHIER)
    view = here.view(number)
    assert (view.interrupted, view.items[0].shown, view.items[1].state) == (True, Shown.LINK_OPEN, ItemState.WAITING)
    assert [each.shown for each in here.run(number).items] == [Shown.LINK_OPEN] * 3
    assert here.provider.sends("create") == 3


@pytest.mark.parametrize("hours", [15, 49, -15, -49])
def test_a_clock_that_is_set_in_mid_batch_makes_no_second_link(here: Depot, clock: FakeClock, hours: int) -> None:
    """Past midnight, or back before it, while the second link is being opened; another till resumes it meanwhile."""
    here.device("BIKE007", status=DeviceStatus.ACTIVE)
    run_daily(here.till)
    number, other, fates = here.start(), here.till_of("T2"), list[str]()

    def jump(verb: str) -> None:
        if verb != "create" or here.provider.count != 1 or fates:
            return
        fates.append("set")
        clock.jump(hours * 3_600)
        other.sign_in_again()
        try:
            other.run(number)
        except Refused as error:
            fates.append(error.code)
        run_daily(here.till)

    here.provider.before = jump
    try:
        here.run(number)
    except Refused as error:
        fates.append(error.code)
    here.sign_in_again()
    for seconds in (61, 6, 6, 6):
        clock.advance(seconds)
        here.settle()
    if here.view(number).may_resume:
        here.run(number)
    assert [each.shown for each in here.view(number).items] == [Shown.LINK_OPEN] * 3, fates
    assert len(here.rows(payment)) == len(here.provider.checkouts) == here.provider.sends("create") == 3, fates
    days = [each.day for each in here.rows(device_invoice) if each.device_id == here.devices["BIKE007"]]
    assert len(days) == len(set(days)), fates


def test_the_batches_of_a_till_that_closes_stop_after_the_one_they_are_at(depot: Depot) -> None:
    number = depot.start(count=3)
    other = depot.till_of("T2")
    closed: list[str] = []

    def close(verb: str) -> None:
        if verb == "create" and not closed:
            closed.append(verb)
            stop_own(other.till)
            assert not depot.view(number).batch.stop_asked, "another till's batches go on"
            stop_own(depot.till)
            assert depot.view(number).batch.stop_asked

    depot.provider.before = close
    stopped = depot.run(number)
    assert (stopped.batch.state, stopped.totals.waiting) == (BatchState.STOPPED, 2)
    stop_own(depot.till)
    assert depot.run(number).batch.state is BatchState.DONE
