"""What must hold after every step, told from the bank's truth and the carts as they were, never from the services."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, Final, Self

from sqlalchemy import Select, Table, select

from tests.stateful.world import World
from tillgate.domain.checkout_facts import CheckoutStatus, RefundStatus
from tillgate.domain.exceptions import CaptureDisposition
from tillgate.domain.ledger import UNAPPLIED, clearing
from tillgate.domain.orders import OrderState
from tillgate.domain.payment import DEAD, WAITING, Fulfilment, PaymentState, RefundState
from tillgate.domain.wallet import WALLET
from tillgate.services.owners import list_forgotten
from tillgate.store import models
from tillgate.store.audit import verify_chain

OPEN_REFUNDS: Final = (RefundState.PENDING, RefundState.SENT, RefundState.PARKED)
COUNTED: Final = (*OPEN_REFUNDS, RefundState.DONE)
_D: Final = CaptureDisposition
# What may have become of money that something was made for: it is used, or the customer has it again.
_OF_THE_SETTLED: Final = (_D.APPLIED, _D.REFUNDED, _D.CREDITED)


@dataclass
class Books:
    """Every row of the tables that tell about money, by table."""

    payment: list[Any]
    allocation: list[Any]
    payment_attempt: list[Any]
    capture: list[Any]
    refund: list[Any]
    money_exception: list[Any]
    sales_order: list[Any]
    order_item: list[Any]
    sales_invoice: list[Any]
    sales_invoice_line: list[Any]
    sales_credit_note: list[Any]
    sales_credit_note_line: list[Any]
    ledger_tx: list[Any]
    ledger_entry: list[Any]
    number_series: list[Any]
    variant: list[Any]
    rental_day: list[Any]
    stock_move: list[Any]
    outbox: list[Any]

    @classmethod
    def read(cls, world: World) -> Self:
        """All of it at one moment."""
        with world.tills["T1"].db.read() as connection:
            tables = (getattr(models, each.name) for each in fields(cls))
            found = [connection.execute(_whole(table)).all() for table in tables]
            fault = verify_chain(connection, world.tills["T1"].db.audit_key)
        assert fault is None, f"the audit chain is broken: {fault}"
        return cls(*map(list, found))

    def at_bank(self, rows: list[Any]) -> list[Any]:
        """Captures or refunds without those of wallets, of which the bank knows nothing."""
        return [each for each in rows if each.provider != WALLET]

    def attempts_of(self, payment_id: int) -> list[Any]:
        return [each for each in self.payment_attempt if each.payment_id == payment_id]

    def main_capture(self, payment_id: int) -> Any | None:
        return next((each for each in self.capture if each.payment_id == payment_id and each.main), None)

    def refunds_of(self, capture_id: int) -> list[Any]:
        return [each for each in self.refund if each.capture_id == capture_id]

    def done_of(self, capture_id: int) -> list[Any]:
        """Those that went through."""
        return [each for each in self.refunds_of(capture_id) if each.state is RefundState.DONE]

    def unapplied(self, capture: Any) -> int:
        """What of a capture nothing was made for yet."""
        owner = next((each for each in self.payment if each.id == capture.payment_id), None)
        if owner is not None and capture.main and owner.fulfilment is Fulfilment.DONE:
            return 0
        gone = sum(each.amount_minor for each in self.done_of(capture.id))
        return int(capture.amount_minor - gone - self.credited(capture))

    def credited(self, capture: Any) -> int:
        """What of a capture was put into a wallet."""
        return self._booked({f"credit:{capture.id}"}) + self.credited_instead(capture)

    def credited_instead(self, capture: Any) -> int:
        """The part of it that stands for refunds that failed."""
        return self._booked({f"credit:refund:{each.id}" for each in self.refunds_of(capture.id)})

    def _booked(self, keys: set[str]) -> int:
        mine = {each.id for each in self.ledger_tx if each.dedupe_key in keys}
        return sum(e.amount_minor for e in self.ledger_entry if e.tx_id in mine and e.amount_minor > 0)

    def balance(self, account: str, currency: str) -> int:
        return sum(e.amount_minor for e in self.ledger_entry if (e.account, e.currency) == (account, currency))


@cache
def _whole(table: Table) -> Select[Any]:
    """A table from its first row to its last; made once, since it is read after every step."""
    return select(table).order_by(*table.primary_key.columns)


Oracle = Callable[[World, Books], None]


def nothing_went_wrong_unseen(world: World, _books: Books) -> None:
    """What a timer catches and logs is a fault of ours all the same."""
    assert world.errors == [], f"logged: {world.errors}"


def money_is_in_the_books_as_it_came(world: World, books: Books) -> None:
    """Every capture is a provider payment that took this very money, through a checkout of this very attempt."""
    tries = world.bank.tries()
    holder = {t.provider_ref: c for c in world.bank.checkouts.values() for t in c.tries}
    references = {each.id: each.reference for each in books.payment_attempt}
    assert len({each.provider_ref for each in books.capture}) == len(books.capture)
    for each in books.at_bank(books.capture):
        found = tries[each.provider_ref]
        assert found.took_money, f"{each.provider_ref} took nothing"
        assert (each.amount_minor, each.currency) == (found.amount.minor, found.amount.currency)
        if each.attempt_id is not None:
            assert references[each.attempt_id] == holder[each.provider_ref].reference


def no_more_goes_back_than_came(world: World, books: Books) -> None:
    """In our books and at the bank, to the minor unit; and every refund there is one of ours."""
    for each in books.capture:
        counted = sum(r.amount_minor for r in books.refunds_of(each.id) if r.state in COUNTED)
        assert each.refunded_minor == counted + books.credited(each)
        assert each.refunded_minor <= each.amount_minor
    for each in books.at_bank(books.capture):
        assert world.bank.refunded(each.provider_ref) <= world.bank.taken(each.provider_ref)
    ours = {each.key: each for each in books.refund}
    for key, facts in world.bank.refunds.items():
        assert ours[key].amount_minor == facts.amount.minor
    for refund in books.at_bank(books.refund):
        at_bank = world.bank.refunds.get(refund.key)
        if refund.state is RefundState.DONE:
            assert at_bank is not None
            assert at_bank.status is RefundStatus.DONE
        if refund.state is RefundState.FAILED:
            assert at_bank is None or at_bank.status is RefundStatus.FAILED, "a refund that goes on was given up"


def a_thing_is_collected_for_once(_world: World, books: Books) -> None:
    """One live payment a thing, one live checkout a payment."""
    live = Counter((each.thing_kind, each.thing_id) for each in books.allocation if each.live)
    assert all(count == 1 for count in live.values()), live
    held = defaultdict(set)
    for each in books.allocation:
        held[each.payment_id].add(each.live)
    for each in books.payment:
        checkouts = sum(a.live for a in books.attempts_of(each.id))
        assert checkouts <= 1
        if each.state in WAITING:
            assert checkouts == 1, f"payment {each.id} waits for nothing"
            assert held[each.id] == {1}
        if each.state in DEAD:
            assert held[each.id] == {0}


def the_bank_has_no_checkout_that_we_gave_up(world: World, books: Books) -> None:
    """Written down before it was sent; never two of one reference; and what we call over can't be paid any more."""
    by_reference = {each.reference: each for each in books.payment_attempt}
    seen = Counter(each.reference for each in world.bank.checkouts.values())
    assert all(count == 1 for count in seen.values()), f"opened twice: {seen}"
    for checkout in world.bank.checkouts.values():
        attempt = by_reference[checkout.reference]
        assert checkout.amount.minor == attempt.amount_minor
        given_up = attempt.ended_reason == "settled_by_manager" and attempt.next_check_at is not None
        if not attempt.live and attempt.method == "link" and not given_up:
            assert checkout.status is not CheckoutStatus.OPEN, f"attempt {attempt.id} is over, its link is open"
        if attempt.ended_at is not None and world.latest() - attempt.ended_at < world.WATCHED:
            assert attempt.next_check_at is not None, f"attempt {attempt.id} is not watched"


def a_payment_is_the_sum_of_its_parts(_world: World, books: Books) -> None:
    """Property 16, payment intent creation: written down whole, before anything is sent."""
    parts: dict[int, int] = defaultdict(int)
    for each in books.allocation:
        parts[each.payment_id] += each.amount_minor
    for each in books.payment:
        assert parts[each.id] == each.amount_minor
        for attempt in books.attempts_of(each.id):
            assert json.loads(attempt.parameters)["amount"] == attempt.amount_minor == each.amount_minor


def a_payment_is_for_exactly_the_cart(world: World, books: Books) -> None:
    """The same property: for the total of the cart as the cashier saw it."""
    for each in books.payment:
        promise = world.promised.get(each.id)
        if promise is not None:
            total = promise.cart.totals.total
            assert (each.amount_minor, each.currency) == (total.minor, total.currency)
            assert each.customer_id == (promise.cart.customer.id if promise.cart.customer else None)


def an_order_is_what_is_made(_world: World, books: Books) -> None:
    """A payment that is settled has its orders, and no other has any."""
    paid_for = {each.payment_id for each in books.sales_order}
    assert paid_for == {each.id for each in books.payment if each.fulfilment is Fulfilment.DONE}


def nothing_is_made_without_verified_money(world: World, books: Books) -> None:
    """Properties 17 and 18: what the bank took under our reference, in this account and mode, for at least this amount,
    in this currency, and as an answer said in which all of that was right.
    """
    holder = {t.provider_ref: c for c in world.bank.checkouts.values() for t in c.tries}
    for each in books.payment:
        if each.fulfilment is not Fulfilment.DONE or each.provider == WALLET:
            continue
        money = books.main_capture(each.id)
        assert money is not None, f"payment {each.id} is settled without money"
        assert money.provider_ref in world.bank.told, f"{money.provider_ref} was believed from a wrong answer"
        checkout = holder[money.provider_ref]
        asked = next((a for a in books.attempts_of(each.id) if a.reference == checkout.reference), None)
        assert asked is not None, f"{money.provider_ref} was paid for another payment"
        assert (asked.account, each.mode) == (checkout.account, checkout.mode)
        assert world.bank.taken(money.provider_ref) >= each.amount_minor
        assert money.currency == each.currency
        assert (checkout.amount.minor, checkout.amount.currency) == (each.amount_minor, each.currency)
        assert money.disposition in _OF_THE_SETTLED, f"{money.provider_ref} is {money.disposition}"


def orders_split_the_cart_by_vendor(world: World, books: Books) -> None:
    """Property 19: one order a vendor, every line in its vendor's order, sums to the minor unit."""
    for payment_id, promise in world.promised.items():
        orders = [each for each in books.sales_order if each.payment_id == payment_id]
        if not orders:
            continue
        assert [each.vendor_id for each in orders] == [part.vendor_id for part in promise.cart.vendors]
        assert sum(each.total_minor for each in orders) == promise.cart.totals.total.minor
        for order, part in zip(orders, promise.cart.vendors, strict=True):
            items = [each for each in books.order_item if each.order_id == order.id]
            lines = [line for line in promise.cart.lines if line.vendor_id == part.vendor_id]
            assert [(i.variant_id, i.quantity) for i in items] == [(line.variant_id, line.quantity) for line in lines]
            assert order.total_minor == part.totals.total.minor


def an_order_has_one_invoice_that_names_it(_world: World, books: Books) -> None:
    """Properties 35, one invoice an order, and 37, invoice, order and payment name each other."""
    orders = {each.id: each for each in books.sales_order}
    assert len({each.order_id for each in books.sales_invoice}) == len(books.sales_invoice)
    for each in books.sales_invoice:
        order = orders[each.order_id]
        lines = [line for line in books.sales_invoice_line if line.invoice_id == each.id]
        assert (each.payment_id, each.vendor_id) == (order.payment_id, order.vendor_id)
        assert (each.total_minor, each.currency) == (order.total_minor, order.currency)
        assert sum(line.total_minor for line in lines) == order.total_minor


def what_went_back_is_reversed(_world: World, books: Books) -> None:
    """Credit notes never exceed what went back nor their invoice; all of it back cancels the orders."""
    noted: dict[int, int] = defaultdict(int)
    credited: dict[int, int] = defaultdict(int)
    for each in books.sales_credit_note:
        noted[each.invoice_id] += each.amount_minor
        credited[each.payment_id] += each.amount_minor
        assert sum(x.total_minor for x in books.sales_credit_note_line if x.note_id == each.id) == -each.amount_minor
    assert all(noted[each.id] <= each.total_minor for each in books.sales_invoice)
    for each in books.payment:
        orders = [order for order in books.sales_order if order.payment_id == each.id]
        assert all((order.state is OrderState.CANCELLED) == (each.state is PaymentState.REFUNDED) for order in orders)
        money = books.main_capture(each.id)
        invoiced = {invoice.order_id for invoice in books.sales_invoice}
        if not orders or money is None or not {order.id for order in orders} <= invoiced:
            assert not credited[each.id]
            continue
        gone = sum(r.amount_minor for r in books.refunds_of(money.id) if r.state is RefundState.DONE)
        gone += books.credited_instead(money)
        owed = gone - max(0, money.amount_minor - each.amount_minor)
        assert credited[each.id] == min(max(0, owed), sum(order.total_minor for order in orders))


def numbers_have_no_gaps(_world: World, books: Books) -> None:
    """Every number that a series gave stands on a paper."""
    given: dict[str, list[int]] = defaultdict(list)
    for each in books.sales_order:
        given[f"order:{each.till_id}"].append(int(each.number.rpartition("-")[2]))
    for each in books.sales_invoice:
        _, till_id, number = each.number.split("-")
        given[f"invoice:training:{till_id}"].append(int(number))
    for each in books.sales_credit_note:
        till_id, number = each.number.removeprefix("TRN-CRN-").split("-")
        given[f"credit:training:{till_id}"].append(int(number))
    for series in books.number_series:
        assert sorted(given[series.name]) == list(range(1, series.next)), series.name
    assert given.keys() <= {series.name for series in books.number_series}


def stock_is_what_was_there_less_what_was_sold(world: World, books: Books) -> None:
    """Pieces and units; none below nothing, none out twice."""
    moved: dict[int, int] = defaultdict(int)
    for each in books.stock_move:
        moved[each.variant_id] += each.quantity
    for each in books.variant:
        assert each.stock == world.delivered[each.id] + moved[each.id] >= 0
    units = {each.id: each.stock for each in books.variant}
    for day in books.rental_day:
        assert 1 <= day.unit <= max(units[day.variant_id], world.most_units[day.variant_id])


def the_ledger_says_where_the_money_is(world: World, books: Books) -> None:
    """Every transaction even; what the provider holds; what is nobody's yet."""
    sums: dict[tuple[int, str], int] = defaultdict(int)
    for entry in books.ledger_entry:
        sums[entry.tx_id, entry.currency] += entry.amount_minor
    assert not any(sums.values())
    held: dict[str, int] = defaultdict(int)
    unapplied: dict[str, int] = defaultdict(int)
    for each in books.capture:
        unapplied[each.currency] += books.unapplied(each)
    for each in books.at_bank(books.capture):
        gone = books.at_bank(books.done_of(each.id))
        held[each.currency] += each.amount_minor - sum(back.amount_minor for back in gone)
    for currency, amount in held.items():
        assert books.balance(clearing(world.bank.name), currency) == amount
    for currency, amount in unapplied.items():
        assert books.balance(UNAPPLIED, currency) == -amount


def everything_open_is_looked_at_again(world: World, books: Books) -> None:
    """Nothing waits for nobody: a time stands in a row, or the work is a person's."""
    with world.tills["T1"].db.read() as connection:
        assert list_forgotten(connection) == []
    on_list = {each.attempt_id for each in books.money_exception if each.closed_at is None}
    for each in books.payment_attempt:
        if each.live and any(p.id == each.payment_id and p.state in WAITING for p in books.payment):
            assert each.next_check_at is not None or each.id in on_list, f"attempt {each.id} is forgotten"
    for each in books.payment:
        if each.fulfilment is Fulfilment.PENDING:
            assert each.fulfil_at is not None
        if each.state is PaymentState.REFUND_PENDING:
            mine = [r for r in books.refund if r.payment_id == each.id]
            assert any(r.state in OPEN_REFUNDS and r.next_at is not None for r in mine)


def what_could_not_be_made_says_why(world: World, books: Books) -> None:
    """A conflict names itself; "orders failed" is for failures of ours."""
    for each in books.payment:
        if each.fulfilment is Fulfilment.REFUSED and not world.broke_making:
            assert each.ended_reason != "orders_failed", f"payment {each.id}"


# What holds of any payment, whatever is sold.
MONEY: Final[tuple[Oracle, ...]] = (
    nothing_went_wrong_unseen,
    money_is_in_the_books_as_it_came,
    no_more_goes_back_than_came,
    a_thing_is_collected_for_once,
    the_bank_has_no_checkout_that_we_gave_up,
    a_payment_is_the_sum_of_its_parts,
    nothing_is_made_without_verified_money,
    the_ledger_says_where_the_money_is,
    everything_open_is_looked_at_again,
    what_could_not_be_made_says_why,
)
ORACLES: Final[tuple[Oracle, ...]] = (
    *MONEY,
    a_payment_is_for_exactly_the_cart,
    an_order_is_what_is_made,
    orders_split_the_cart_by_vendor,
    an_order_has_one_invoice_that_names_it,
    what_went_back_is_reversed,
    numbers_have_no_gaps,
    stock_is_what_was_there_less_what_was_sold,
)


def check(world: World) -> None:
    """Every oracle."""
    books = Books.read(world)
    for oracle in ORACLES:
        oracle(world, books)


def check_settled(world: World) -> None:
    """When all is well again and days have passed: every paisa is used, given back, or on somebody's list."""
    books = Books.read(world)
    money_has_come_to_rest(world, books)
    made = {each.order_id for each in books.sales_invoice}
    assert {each.id for each in books.sales_order} == made, "an order has no invoice"


def money_has_come_to_rest(world: World, books: Books) -> None:
    """The same, whatever is sold."""
    listed = {each.capture_id for each in books.money_exception if each.closed_at is None}
    settled_by_hand = {each.capture_id for each in books.money_exception if each.closed_at is not None}
    known = {each.provider_ref: each for each in books.capture}
    for ref, found in world.bank.tries().items():
        assert not found.took_money or ref in known, f"{ref} is in nobody's books"
    for each in books.capture:
        owner = next((p for p in books.payment if p.id == each.payment_id), None)
        applied = owner is not None and owner.fulfilment is Fulfilment.DONE and each.main
        gone = each.refunded_minor == each.amount_minor
        assert applied or gone or each.id in listed | settled_by_hand, f"{each.provider_ref} is unexplained"
    for each in books.refund:
        assert each.state in (RefundState.DONE, RefundState.FAILED), f"refund {each.id} is {each.state}"
        if each.state is RefundState.FAILED:
            assert any(e.refund_id == each.id for e in books.money_exception)
    for each in books.payment:
        assert each.state is not PaymentState.REFUND_PENDING
        assert each.fulfilment is not Fulfilment.PENDING
        if each.state in WAITING:
            _still_waits_for_the_customer(world, books, each)
    assert all(each.done_at is not None for each in books.outbox)


def _still_waits_for_the_customer(world: World, books: Books, payment: Any) -> None:
    live = next(each for each in books.attempts_of(payment.id) if each.live)
    at_bank = [c for c in world.bank.checkouts.values() if c.reference == live.reference]
    assert at_bank, f"payment {payment.id} waits for a checkout that the bank does not have"
    money = [t for t in at_bank[0].tries if t.took_money]
    listed = {each.capture_id for each in books.money_exception if each.closed_at is None}
    on_list = [c for c in books.capture if c.attempt_id == live.id and c.id in listed]
    assert at_bank[0].status is CheckoutStatus.OPEN or (money and on_list), f"payment {payment.id} is stuck"
