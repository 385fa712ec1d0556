"""The list of payments: what is found, in which order, and that pages and sums agree with the rows themselves."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event

from tests.factories.clock import FakeClock
from tests.factories.instalments import Bazaar, inr
from tests.factories.payments import Desk
from tests.factories.people import signed_in
from tests.factories.sold import sold
from tests.factories.tills import make_till
from tillgate.domain.errors import Bug
from tillgate.domain.money import Money
from tillgate.domain.payment import PaymentState
from tillgate.domain.staff import Role
from tillgate.domain.wallet import WALLET
from tillgate.ports import Payer
from tillgate.services import payment_search
from tillgate.services.cancel import cancel, switch
from tillgate.services.customers import CustomerDraft, create_customer
from tillgate.services.daily_collections import Collect, CollectOrder, collect, new_collection_key, quote_collection
from tillgate.services.invoices import make_invoice
from tillgate.services.payment_lists import (
    GROUPS,
    Group,
    PaymentQuery,
    PaymentRow,
    list_payments,
    list_providers,
    payment_key,
    summarize_payments,
)
from tillgate.services.payments import StartPayment, start
from tillgate.services.refunds import request_refund


def found(desk: Desk, query: PaymentQuery) -> list[PaymentRow]:
    """All pages of a list, two rows at a time, checked against its own summary."""
    rows: list[PaymentRow] = []
    while True:
        after = payment_key(query, rows[-1]) if rows else None
        page = list_payments(desk.till, desk.manager, query, after=after, limit=2)
        rows += page
        if len(page) < 2:
            break
    summary = summarize_payments(desk.till, desk.manager, query)
    assert summary.count == len(rows)
    kept = Money(sum(row.captured.minor - row.refunded.minor for row in rows), "INR")
    assert summary.totals == ({"INR": kept} if any(row.captured for row in rows) else {})
    return rows


def ids(desk: Desk, query: PaymentQuery) -> list[int]:
    return [row.id for row in found(desk, query)]


def by_text(desk: Desk, text: str) -> list[int]:
    return ids(desk, PaymentQuery(text=text))


def test_pages_follow_one_another_in_every_order(desk: Desk, clock: FakeClock) -> None:
    made = []
    for number, minor in enumerate((500, 300, 300, 900, 300, 700, 100)):
        made.append((desk.start(thing=number, minor=minor).id, minor))
        if number % 2:
            clock.advance(1)
    oldest = [number for number, _ in made]
    assert ids(desk, PaymentQuery()) == oldest[::-1]
    assert ids(desk, PaymentQuery(descending=False)) == oldest
    cheapest = [number for number, _ in sorted(made, key=lambda pair: (pair[1], pair[0]))]
    assert ids(desk, PaymentQuery(sort="amount", descending=False)) == cheapest
    assert ids(desk, PaymentQuery(sort="amount")) == cheapest[::-1]
    jumped = list_payments(desk.till, desk.manager, PaymentQuery(), skip=3, limit=2)
    assert [row.id for row in jumped] == oldest[::-1][3:5]
    with pytest.raises(Bug):
        list_payments(desk.till, desk.manager, PaymentQuery(sort="payer_name; DROP TABLE payment"))


def test_states_lateness_and_providers_narrow_it(desk: Desk) -> None:
    waiting = desk.start(thing=1).id
    paid = desk.paid(thing=2).id
    ended = desk.start(thing=3).id
    cancel(desk.till, desk.cashier, ended)
    late = desk.start(thing=4).id
    cancel(desk.till, desk.cashier, late)
    desk.provider.pay(desk.reference(late))
    desk.sweep()
    going_back = desk.paid(thing=5).id
    desk.provider.faults["refund"] = ["unknown"] * 9
    request_refund(desk.till, desk.manager, going_back, Money(10_000, "INR"), "Returned")
    back = desk.paid(thing=6).id
    request_refund(desk.till, desk.manager, back, Money(4_000, "INR"), "One was broken")
    desk.provider.faults.clear()
    desk.settle()

    def narrowed(group: Group) -> set[int]:
        return set(ids(desk, PaymentQuery(states=GROUPS[group])))

    assert narrowed(Group.WAITING) == {waiting}
    assert narrowed(Group.NOT_PAID) == {ended}
    assert narrowed(Group.TAKEN) == {paid, late, going_back, back}
    assert narrowed(Group.GIVEN_BACK) == {going_back, back}
    assert waiting in narrowed(Group.UNDER_WAY)
    assert ids(desk, PaymentQuery(late=True)) == [late]
    assert ids(desk, PaymentQuery(late=True, states=frozenset({PaymentState.CANCELLED}))) == []
    assert ids(desk, PaymentQuery(provider="razorpay")) == [back, going_back, late, ended, paid, waiting]
    assert ids(desk, PaymentQuery(provider="stripe")) == []
    assert list_providers(desk.till, desk.cashier) == ("razorpay",)


def test_a_row_says_what_stands_elsewhere(desk: Desk) -> None:
    owner, _orders = sold(desk.till)
    partly = desk.paid(thing=2)
    request_refund(desk.till, desk.manager, partly.id, Money(2_500, "INR"), "Returned")
    late = desk.start(thing=3).id
    cancel(desk.till, desk.cashier, late)
    desk.provider.pay(desk.reference(late))
    desk.sweep()
    desk.provider.faults["create"] = ["+unknown"]
    unsure = desk.start(thing=4)
    rows = {row.id: row for row in found(desk, PaymentQuery())}
    assert len(rows[owner.id].orders) == 3
    assert rows[owner.id].payer_name == "Asha Rao"
    assert (rows[partly.id].refunded, rows[partly.id].method) == (Money(2_500, "INR"), "link")
    assert rows[partly.id].reference == desk.reference(partly.id)
    assert (rows[late].late, rows[late].exceptions, rows[partly.id].exceptions) == (True, 1, 0)
    assert [row.id for row in rows.values() if row.unsure] == [unsure.id]


def test_the_sum_is_what_came_less_what_went_back(desk: Desk) -> None:
    def kept(query: PaymentQuery | None = None) -> list[Money]:
        return list(summarize_payments(desk.till, desk.manager, query or PaymentQuery()).totals.values())

    waiting = desk.start(thing=1, minor=70_000)
    assert kept() == []
    paid = desk.paid(thing=2).amount
    assert kept() == [paid]
    partly = desk.paid(thing=3)
    request_refund(desk.till, desk.manager, partly.id, Money(2_500, "INR"), "Returned")
    assert kept() == [paid + partly.amount - Money(2_500, "INR")]
    assert kept(PaymentQuery(states=GROUPS[Group.WAITING])) == []
    assert kept(PaymentQuery(text=f"#{partly.id}")) == [partly.amount - Money(2_500, "INR")]
    cancel(desk.till, desk.cashier, waiting.id)
    desk.provider.pay(desk.reference(waiting.id))
    desk.sweep()
    late = Money(70_000, "INR")
    assert kept() == [paid + partly.amount - Money(2_500, "INR") + late], "late money is the store's to settle"


def test_days_are_the_stores(desk: Desk, clock: FakeClock) -> None:
    # Midnight of the store, on a till whose sessions last 12 h: an hour before it, and an hour after.
    local = clock.now().astimezone(desk.till.zone)
    clock.advance(((22 - local.hour) % 24) * 3600)
    desk.cashier = signed_in(desk.till, Role.CASHIER)
    desk.manager = signed_in(desk.till, Role.MANAGER)
    today = desk.till.store_day(clock.now())
    first = desk.start(thing=1).id
    clock.advance(4 * 3600)
    second = desk.start(thing=2).id
    tomorrow = today + timedelta(days=1)
    assert desk.till.store_day(clock.now()) == tomorrow

    def between(begin: date | None, end: date | None) -> list[int]:
        return ids(desk, PaymentQuery(first_day=begin, last_day=end, descending=False))

    assert between(today, today) == [first]
    assert between(tomorrow, tomorrow) == [second]
    assert between(today, tomorrow) == between(today, None) == between(None, tomorrow) == [first, second]
    assert between(None, today - timedelta(days=1)) == []


def test_it_is_found_by_what_is_on_the_papers(desk: Desk) -> None:
    owner, orders = sold(desk.till, email="asha@example.com")
    invoice = make_invoice(desk.till, orders[1])
    other = desk.paid(thing=7)
    capture = desk.view(other.id).captures[0].provider_ref
    attempt = desk.view(other.id).attempt
    assert attempt is not None
    assert attempt.provider_id is not None
    request_refund(desk.till, desk.manager, other.id, Money(100, "INR"), "Returned")
    desk.settle()
    back = desk.view(other.id).refunds[0].provider_ref
    assert back is not None
    order_number = next(row for row in found(desk, PaymentQuery()) if row.id == owner.id).orders[1]
    assert invoice
    for text in (str(other.id), f"#{other.id}", attempt.reference.lower(), attempt.provider_id, capture, back):
        assert by_text(desk, f" {text} ") == [other.id], text
    for text in (order_number, order_number.lower(), "TRN-T1-1", "trn-t1-000001"):
        assert by_text(desk, text) == [owner.id], text
    for text in ("pay_", attempt.reference[:20], "ORD-", "99999999999999999999999", "%", "_", "' OR 1=1 --", '"*'):
        assert by_text(desk, text) == [], text


def test_it_is_found_by_the_instalment_orders_that_it_was_for(bazaar: Bazaar) -> None:
    """By an order's number or by its bulk order's: the first payment, and those of days since."""
    placed = bazaar.paid()
    bazaar.fill_wallet(inr(10_000))
    phone, pods = placed.orders[0], placed.orders[1]
    asked = (CollectOrder(pods.id, 1),)
    quote = quote_collection(bazaar.till, bazaar.cashier, asked)
    press = Collect(new_collection_key(), asked, quote.amount, WALLET)
    later = collect(bazaar.till, bazaar.cashier, press).payment.id
    first = bazaar.payment(placed).id
    for text, expected in (
        (placed.bulk.number, [later, first]),
        (phone.number, [first]),
        (pods.number, [later, first]),
    ):
        for typed in (text, f" {text.lower()} "):
            rows = list_payments(bazaar.till, bazaar.manager, PaymentQuery(text=typed))
            assert [row.id for row in rows] == expected, typed


def test_it_is_found_by_who_paid(desk: Desk) -> None:
    customer = create_customer(desk.till, desk.cashier, CustomerDraft("Meera Joshi", "meera@example.com", "9845012345"))
    mine = start(
        desk.till,
        desk.cashier,
        _for(desk, 1, Payer("Meera J", "old@example.com", "+919845012345"), customer.id),
    ).payment.id
    other = start(
        desk.till, desk.cashier, _for(desk, 2, Payer("मीरा शाह", "x@example.org", "+254712345678"))
    ).payment.id
    walk_in = desk.start(thing=3).id
    for text in ("meera", "Joshi", "me jo", "meera@", "old@example.com", "98450 12345", "+91 98450-12345", "Meera J"):
        assert by_text(desk, text) == [mine], text
    for text in ("मीरा", "x@example", "+254 712", "254712345678"):
        assert by_text(desk, text) == [other], text
    assert by_text(desk, "m") == []
    assert walk_in in ids(desk, PaymentQuery())


def test_what_nearly_everybody_goes_by_is_found_on_a_walk(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    made = [
        start(desk.till, desk.cashier, _for(desk, number, Payer(f"Asha {number}", "", ""))).payment.id
        for number in range(5)
    ]
    other = desk.start(thing=9).id
    few = (by_text(desk, "asha"), by_text(desk, "asha 3"), by_text(desk, str(other)))
    states = PaymentQuery(states=GROUPS[Group.WAITING], sort="amount")
    sorted_few = ids(desk, states)
    monkeypatch.setattr(payment_search, "FEW", 1)
    assert (by_text(desk, "asha"), by_text(desk, "asha 3"), by_text(desk, str(other))) == few
    assert few == (made[::-1], [made[3]], [other])
    assert ids(desk, states) == sorted_few


def test_a_payment_moved_to_another_checkout_goes_by_the_new_provider(desk: Desk) -> None:
    begun = desk.start(thing=1).id
    switch(desk.till, desk.cashier, begun, "razorpay", "order")
    [row] = found(desk, PaymentQuery(provider="razorpay"))
    assert (row.id, row.method) == (begun, "order")


def _for(desk: Desk, thing: int, payer: Payer, customer_id: int | None = None) -> StartPayment:
    return replace(desk.command(thing=thing), payer=payer, customer_id=customer_id)


def test_a_number_is_found_without_reading_through_all_that_was_paid_for(sqlite_only: Engine, clock: FakeClock) -> None:
    """SQLite has no statistics of a shop: what it plans for an empty one is what a full one gets."""
    till = make_till(sqlite_only, clock)
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, text: str, values: Any, *_: Any) -> None:
        asked.append((text, values))

    manager = signed_in(till, Role.MANAGER)
    event.listen(sqlite_only, "before_cursor_execute", note)
    for typed in ("ORD-20260101-AB12", "BULK-20260101-AB12", "INV-T1-000001", "INV-2026-01-01"):
        list_payments(till, manager, PaymentQuery(text=typed))
    event.remove(sqlite_only, "before_cursor_execute", note)
    with sqlite_only.connect() as connection:
        plans = [
            connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values).all()
            for text, values in asked
            if "FROM allocation" in text
        ]
    steps = {step.detail for plan in plans for step in plan if "ix_allocation_thing" in step.detail}
    assert steps == {"SEARCH allocation USING INDEX ix_allocation_thing (thing_kind=? AND thing_id=?)"}
