"""A sale that goes back: credit notes against its invoices, orders cancelled, days free again, pieces in stock."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final

import pytest
from sqlalchemy import insert, update
from sqlalchemy.exc import DBAPIError

from tests.factories.clock import FakeClock
from tests.factories.people import signed_in
from tests.factories.shop import Counter
from tillgate.domain.checkout_facts import RefundFacts, RefundStatus
from tillgate.domain.errors import Refused
from tillgate.domain.exceptions import ExceptionAction
from tillgate.domain.ledger import wallet
from tillgate.domain.money import Money
from tillgate.domain.orders import LineType, OrderState
from tillgate.domain.payment import PaymentState
from tillgate.domain.staff import Role
from tillgate.printing import pdf
from tillgate.services import carts
from tillgate.services.book_checks import inspect_books
from tillgate.services.credit_notes import credit_due
from tillgate.services.exceptions import list_exceptions, settle_exception
from tillgate.services.invoices import make_invoices
from tillgate.services.order_reads import load_order
from tillgate.services.outside_refunds import take_outside
from tillgate.services.papers import credit_note_document, render_credit_note
from tillgate.services.payment_details import load_details
from tillgate.services.records import PaymentRecord
from tillgate.services.refunds import request_refund, settle_refunds
from tillgate.services.sweep import sweep
from tillgate.store.ledger import balance, unbalanced
from tillgate.store.models import (
    capture,
    number_series,
    refund,
    rental_day,
    sales_credit_note,
    sales_credit_note_line,
    sales_invoice,
    sales_invoice_line,
    sales_order,
    stock_move,
)

ENDED: Final = "order.cancelled"


def invoiced(counter: Counter, *codes: str) -> PaymentRecord:
    paid = counter.sell(*codes)
    counter.till.db.transact(counter.till.system, lambda uow: make_invoices(uow, counter.till, paid.id))
    return paid


def give_back(counter: Counter, paid: PaymentRecord, minor: int, *, goods: bool = False) -> None:
    amount = Money(minor, paid.currency)
    request_refund(counter.till, counter.manager, paid.id, amount, "brought back", return_goods=goods)
    settle_refunds(counter.till)


def sell_days(counter: Counter, first: date) -> PaymentRecord:
    """A camera for three days."""
    cart = counter.ring_up("CAM-1")
    period = counter.period("CAM-1", 3)
    line = cart.lines[-1]
    cart = carts.set_rental(counter.till, counter.cashier, cart.id, line.id, period_id=period, start_on=first)
    return counter.pay(counter.put_up(cart))


def states(counter: Counter) -> set[OrderState]:
    return {row.state for row in counter.rows(sales_order)}


def amounts(counter: Counter) -> list[int]:
    return [row.amount_minor for row in counter.rows(sales_credit_note)]


def line_facts(rows: list[Any], sign: int) -> list[tuple[object, ...]]:
    return [(r.type, r.description, r.quantity, sign * r.unit_price_minor, sign * r.total_minor) for r in rows]


def test_all_of_a_sale_is_reversed_with_it(counter: Counter) -> None:
    stock = counter.stock("GIT-1")
    paid = invoiced(counter, "CAM-1", "GIT-1")
    today = counter.till.store_day(counter.till.clock.now())
    begun = [row for row in counter.rows(rental_day) if row.day <= today]
    give_back(counter, paid, paid.amount_minor, goods=True)
    assert states(counter) == {OrderState.CANCELLED}
    assert {row.cancel_reason for row in counter.rows(sales_order)} == {"refunded"}
    assert counter.rows(rental_day) == begun
    assert counter.stock("GIT-1") == stock
    assert [(row.quantity, row.reason) for row in counter.rows(stock_move) if row.order_item_id] == [
        (-1, "sold"), (1, "returned"),
    ]  # fmt: skip
    notes = counter.rows(sales_credit_note)
    assert [note.number for note in notes] == ["TRN-CRN-T1-000001", "TRN-CRN-T1-000002"]
    assert [note.amount_minor for note in notes] == [row.total_minor for row in counter.rows(sales_invoice)]
    lines = counter.rows(sales_credit_note_line)
    assert line_facts(lines, -1) == line_facts(counter.rows(sales_invoice_line), 1)
    details = load_details(counter.till, counter.manager, paid.id)
    assert [note.number for order in details.orders for note in order.credit_notes] == [n.number for n in notes]
    told = [event.event for event in details.events]
    assert (told.count("invoice.credited"), told.count("order.cancelled")) == (2, 2)


def test_papers_are_dated_in_the_order_of_their_numbers_though_the_clock_goes_back(
    counter: Counter, clock: FakeClock
) -> None:
    first = invoiced(counter, "GIT-1")
    give_back(counter, first, 100)
    clock.set_back(240)
    second = invoiced(counter, "GIT-1")
    give_back(counter, second, 100)
    clock.advance(250)
    third = invoiced(counter, "GIT-1")
    give_back(counter, third, 100)
    invoices, notes = counter.rows(sales_invoice), counter.rows(sales_credit_note)
    dated = [(row.number, row.created_at) for row in invoices], [(row.number, row.issued_at) for row in notes]
    assert all(each == sorted(each, key=lambda row: row[1]) and len(each) == 3 for each in dated), dated
    assert all(row.finalized_at == row.created_at for row in invoices)
    assert invoices[0].created_at == invoices[1].created_at < invoices[2].created_at == clock.now()


def test_goods_that_are_not_back_are_not_in_stock(counter: Counter) -> None:
    stock = counter.stock("GIT-1")
    paid = invoiced(counter, "GIT-1")
    give_back(counter, paid, paid.amount_minor)
    assert (states(counter), counter.stock("GIT-1")) == ({OrderState.CANCELLED}, stock - 1)


def test_parts_are_split_over_what_is_not_yet_reversed(counter: Counter) -> None:
    paid = invoiced(counter, "CAM-1", "GIT-1", "VAR-001")
    totals = [row.total_minor for row in counter.rows(sales_invoice)]
    give_back(counter, paid, 1_001, goods=True)
    assert sum(amounts(counter)) == 1_001
    assert states(counter) == {OrderState.AUTO_APPROVED, OrderState.PENDING_VENDOR_APPROVAL}
    assert [row.return_goods for row in counter.rows(refund)] == [0]
    lines = counter.rows(sales_credit_note_line)
    assert {(row.type, row.description, row.quantity) for row in lines} == {(LineType.REFUND, "Refund", 1)}
    give_back(counter, paid, paid.amount_minor - 1_001)
    credited = {row.id: 0 for row in counter.rows(sales_invoice)}
    for note in counter.rows(sales_credit_note):
        credited[note.invoice_id] += note.amount_minor
    assert list(credited.values()) == totals
    assert states(counter) == {OrderState.CANCELLED}
    series = {row.name: row.next for row in counter.rows(number_series)}
    assert series["credit:training:T1"] == len(counter.rows(sales_credit_note)) + 1


def test_an_invoice_that_is_made_later_is_reversed_then_and_once(counter: Counter) -> None:
    paid = counter.sell("GIT-1", "VAR-001")
    give_back(counter, paid, 500)
    give_back(counter, paid, paid.amount_minor - 500)
    assert (amounts(counter), states(counter)) == ([], {OrderState.CANCELLED})
    for _ in range(2):
        counter.till.db.transact(counter.till.system, lambda uow: make_invoices(uow, counter.till, paid.id))
        counter.till.db.transact(counter.till.system, lambda uow: credit_due(uow, paid.id))
    first, second = (row.id for row in counter.rows(refund))
    by_refund = dict.fromkeys((first, second), 0)
    for note in counter.rows(sales_credit_note):
        by_refund[note.refund_id] += note.amount_minor
    assert by_refund == {first: 500, second: paid.amount_minor - 500}


def test_a_refund_on_the_providers_pages_reverses_the_sale(counter: Counter) -> None:
    stock = counter.stock("GIT-1")
    paid = invoiced(counter, "GIT-1")
    (money,) = counter.rows(capture)
    facts = RefundFacts(
        provider_ref="rfnd_outside",
        payment_ref=money.provider_ref,
        amount=paid.amount,
        status=RefundStatus.DONE,
        key=None,
    )
    for _ in range(2):
        counter.till.db.transact(
            counter.till.system, lambda uow: take_outside(uow, counter.till, money.provider, [facts])
        )
    assert (amounts(counter), states(counter)) == ([paid.amount_minor], {OrderState.CANCELLED})
    assert counter.stock("GIT-1") == stock - 1


def made_good(counter: Counter, action: ExceptionAction) -> None:
    """The bank sends the refund back, and a manager decides."""
    (key,) = counter.provider.refunds
    counter.provider.refunds[key] = replace(counter.provider.refunds[key], status=RefundStatus.FAILED)
    sweep(counter.till, counter.provider)
    manager = signed_in(counter.till, Role.MANAGER)
    (found,) = list_exceptions(counter.till, manager)
    settle_exception(counter.till, manager, found.id, action, "the account was closed")
    settle_refunds(counter.till)
    assert list_exceptions(counter.till, manager) == []


@pytest.mark.parametrize("action", [ExceptionAction.RETRY, ExceptionAction.CREDIT])
def test_a_refund_that_came_back_and_is_made_good_reverses_the_sale_once(
    counter: Counter, action: ExceptionAction
) -> None:
    paid = invoiced(counter, "GIT-1")
    give_back(counter, paid, paid.amount_minor, goods=True)
    before = (amounts(counter), states(counter), counter.stock("GIT-1"))
    assert before[:2] == ([paid.amount_minor], {OrderState.CANCELLED})
    made_good(counter, action)
    assert len(counter.rows(refund)) == (2 if action is ExceptionAction.RETRY else 1)
    counter.till.db.transact(counter.till.system, lambda uow: credit_due(uow, paid.id))
    assert (amounts(counter), states(counter), counter.stock("GIT-1")) == before
    assert inspect_books(counter.till).ok


@pytest.mark.parametrize("action", [ExceptionAction.RETRY, ExceptionAction.CREDIT, ExceptionAction.CLOSE])
def test_after_one_that_came_back_the_rest_is_credited_and_no_more(counter: Counter, action: ExceptionAction) -> None:
    paid = invoiced(counter, "GIT-1")
    give_back(counter, paid, 500)
    made_good(counter, action)
    (money,) = counter.rows(capture)
    give_back(counter, paid, money.amount_minor - money.refunded_minor)
    assert amounts(counter) == [500, paid.amount_minor - 500]
    assert states(counter) == {OrderState.CANCELLED}


def test_days_that_have_not_begun_can_be_let_again(counter: Counter, clock: FakeClock) -> None:
    today = counter.till.store_day(clock.now())
    sold = [sell_days(counter, today) for _ in range(2)]
    days = {today + timedelta(days=shift) for shift in range(3)}
    assert {row.day for row in counter.rows(rental_day)} == days
    with pytest.raises(Refused):
        sell_days(counter, today + timedelta(days=1))
    carts.clear(counter.till, counter.cashier, carts.open_cart(counter.till, counter.cashier).id)
    give_back(counter, sold[0], sold[0].amount_minor)
    mine = [row.day for row in counter.rows(rental_day) if row.unit == 1]
    assert mine == [today], "the day that has begun stays taken"
    (event,) = [e for e in load_details(counter.till, counter.manager, sold[0].id).events if e.event == ENDED]
    told: dict[str, Any] = dict(event.data)
    freed = sorted(days - {today})
    assert [text.partition(" ")[2] for text in told["days"]] == [day.isoformat() for day in freed]
    sell_days(counter, today + timedelta(days=1))
    assert {row.day for row in counter.rows(rental_day) if row.unit == 1} == {*days, today + timedelta(days=3)}


def test_the_database_refuses_what_no_refund_asked_for(counter: Counter) -> None:
    paid = invoiced(counter, "GIT-1")
    give_back(counter, paid, 100)
    (note,) = counter.rows(sales_credit_note)
    again = dict(note._mapping) | {"number": "CRN-X-1", "amount_minor": paid.amount_minor}
    del again["id"]
    cancelled = {"state": OrderState.CANCELLED, "cancelled_at": counter.till.clock.now()}
    refused = (
        insert(sales_credit_note).values(again | {"refund_id": note.refund_id}),
        insert(sales_credit_note_line).values(
            note_id=note.id, position=2, description="", quantity=1, unit_price_minor=-1, total_minor=-1, type="refund"
        ),
        update(sales_order).values(cancelled),
        update(sales_credit_note).values(amount_minor=1),
    )
    for statement in refused:
        with pytest.raises(DBAPIError), counter.till.db.write(counter.till.system) as uow:
            uow.execute(statement)
    assert counter.rows(sales_credit_note) == [note]


def test_the_paper_names_the_invoice_it_reverses(counter: Counter) -> None:
    paid = invoiced(counter, "GIT-1")
    give_back(counter, paid, paid.amount_minor)
    (note,) = counter.rows(sales_credit_note)
    (invoice,) = counter.rows(sales_invoice)
    with counter.till.db.read() as reading:
        document = credit_note_document(reading, note.id)
    assert (document.number, document.reverses) == (note.number, invoice.number)
    assert document.total == -paid.amount
    assert sum(line.total.minor for line in document.lines) == -paid.amount_minor
    content = render_credit_note(counter.till, counter.cashier, pdf, note.id)
    assert content == render_credit_note(counter.till, counter.cashier, pdf, note.id)
    assert content.startswith(b"%PDF-1.")
    found = load_order(counter.till, counter.cashier, note.order_id)
    assert ([each.number for each in found.credit_notes], found.order.payment_state) == (
        [note.number], PaymentState.REFUNDED,
    )  # fmt: skip


@pytest.mark.parametrize("goods", [False, True])
def test_a_credit_in_place_of_a_refund_that_failed_reverses_the_sale(counter: Counter, goods: bool) -> None:
    """What the refund was for is owed to the wallet: by credit notes, and once nothing is left orders are cancelled."""
    stock = counter.stock("GIT-1")
    paid = invoiced(counter, "GIT-1", "VAR-001")
    counter.provider.faults["refund"] = ["declined"] * 2
    give_back(counter, paid, 500)
    credit(counter)
    assert (sum(amounts(counter)), OrderState.CANCELLED in states(counter)) == (500, False)
    give_back(counter, paid, paid.amount_minor - 500, goods=goods)
    credit(counter)
    assert sum(amounts(counter)) == paid.amount_minor
    by_invoice = {row.id: row.total_minor for row in counter.rows(sales_invoice)}
    for note in counter.rows(sales_credit_note):
        by_invoice[note.invoice_id] -= note.amount_minor
    assert set(by_invoice.values()) == {0}
    assert (states(counter), counter.stock("GIT-1")) == ({OrderState.CANCELLED}, stock - (not goods))
    details = load_details(counter.till, counter.manager, paid.id)
    assert details.view.payment.state is PaymentState.REFUNDED
    with counter.till.db.read() as reading:
        owed = balance(reading, wallet(counter.customer_id), paid.currency)
        assert (owed, unbalanced(reading)) == (-paid.amount, [])
    counter.till.db.transact(counter.till.system, lambda uow: credit_due(uow, paid.id))
    assert sum(amounts(counter)) == paid.amount_minor


def credit(counter: Counter) -> None:
    (found,) = list_exceptions(counter.till, counter.manager)
    settle_exception(counter.till, counter.manager, found.id, ExceptionAction.CREDIT, "as wished")
