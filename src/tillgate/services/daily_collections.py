"""Collect daily instalments: of several orders of a customer in one payment, what is due or further ahead.

An order's instalments are paid oldest first and without a gap, so that a day is neither collected twice nor left out,
whatever any clock says: what is collected are rows, each of which one live payment may hold (product.md, Payment), and
the day only says how many of them are proposed.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Final

from sqlalchemy import Connection, select

from tillgate.domain.errors import Invalid, MoneyMoved, Refused, Unavailable
from tillgate.domain.instalments import CURRENCY, INSTALMENT_THING, InstalmentOrderState, InstalmentState
from tillgate.domain.money import Money, total
from tillgate.domain.payment import Purpose
from tillgate.domain.settings import RAZORPAY_METHOD
from tillgate.domain.staff import Action, Actor
from tillgate.domain.wallet import WALLET, check_press_key
from tillgate.ports import Payer
from tillgate.services import payments
from tillgate.services.access import authorize
from tillgate.services.bulk_orders import DEFAULT_PROVIDER
from tillgate.services.instalment_rows import (
    InstalmentOrderRecord,
    InstalmentRecord,
    instalments_of_payment,
    list_instalments,
    load_bulk,
    load_order,
)
from tillgate.services.payment_rows import find_payment_by_key, list_attempts
from tillgate.services.payments import Started, StartPayment, Thing
from tillgate.services.till import Till
from tillgate.services.wallet_payments import WalletPart, pay_from_wallet
from tillgate.store.models import customer
from tillgate.store.unit_of_work import UnitOfWork

# Instalments of one payment: a year of one order, or weeks of many.
MOST_TOGETHER: Final = 400


@dataclass(frozen=True, slots=True)
class CollectOrder:
    """How many of an order's unpaid instalments to collect, oldest first; None: those due until today."""

    order_id: int
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """What of an order is collected."""

    order: InstalmentOrderRecord
    instalments: tuple[InstalmentRecord, ...]

    @property
    def amount(self) -> Money:
        """Their sum."""
        return total((Money(each.amount_minor, self.order.currency) for each in self.instalments), self.order.currency)

    @property
    def days(self) -> int:
        """How many they are."""
        return len(self.instalments)

    @property
    def first(self) -> date:
        """The store day of the first one."""
        return self.instalments[0].due_on

    @property
    def last(self) -> date:
        """The store day of the last one."""
        return self.instalments[-1].due_on


@dataclass(frozen=True, slots=True)
class Quote:
    """What a collection would come to; all orders are one customer's."""

    customer_id: int
    lines: tuple[Line, ...]

    @property
    def amount(self) -> Money:
        """What is to be paid."""
        return total((line.amount for line in self.lines), CURRENCY)

    @property
    def instalment_ids(self) -> tuple[int, ...]:
        """Exactly what is collected."""
        return tuple(each.id for line in self.lines for each in line.instalments)


@dataclass(frozen=True, slots=True)
class Collect:
    """A press of Collect. `key` was made with the quote; `amount` is what the person saw.

    `provider` WALLET takes it from the customer's wallet; else `method` None is what the settings say of Razorpay, and
    another provider's usual one.
    """

    key: str
    orders: tuple[CollectOrder, ...]
    amount: Money
    provider: str
    method: str | None = None


def new_collection_key() -> str:
    """A key for one press, made when the quote is shown and kept until that payment ends."""
    return f"collect-{secrets.token_hex(16)}"


def quote_collection(till: Till, actor: Actor, orders: Sequence[CollectOrder]) -> Quote:
    """What would be collected now. Raises as `collect` where nothing could be."""
    authorize(till, actor, Action.TAKE_PAYMENT)
    with till.db.read() as connection:
        return _quote(till, connection, orders)


def collect(till: Till, actor: Actor, press: Collect) -> Started:
    """Put instalments up for payment, in one payment. With a wallet they are paid when this returns; else the checkout
    is shown and followed as any other. The same key gives the first answer.

    Raises Invalid("key_malformed" | "nothing_selected" | "order_twice" | "count_out_of_range" |
    "too_many_instalments"), NotFound("instalment_order_unknown"), Refused("instalment_order_over" | "nothing_due" |
    "other_customer" | "collection_changed") and all that `payments.start` or `pay_from_wallet` raises: nothing is
    left behind.
    """
    with till.db.read() as connection:
        authorize(till, actor, Action.TAKE_PAYMENT, on=connection)
        check_press_key(press.key)
        existing = _replay(connection, press)
        if existing is not None:
            return existing
        quote = _quote(till, connection, press.orders)
        payer = _payer(connection, quote.customer_id)
    if press.amount != quote.amount:
        raise Refused("collection_changed", asked=press.amount, due=quote.amount)
    command = _command(till, press, quote, payer)
    if press.provider == WALLET:
        parts = [WalletPart(line.order.id, line.amount) for line in quote.lines]
        return pay_from_wallet(till, actor, command, parts)
    return payments.start(till, actor, command)


def _replay(connection: Connection, press: Collect) -> Started | None:
    """A press that was answered before is answered again, whatever is due by now."""
    found = find_payment_by_key(connection, press.key)
    if found is None:
        return None
    made = found[0]
    same = (made.purpose, made.amount) == (Purpose.INSTALMENTS, press.amount)
    # A wallet's payment has no checkout.
    ways = {each.provider for each in list_attempts(connection, made.id)} or {WALLET}
    orders = {each.order_id for each in instalments_of_payment(connection, made.id)}
    if not same or press.provider not in ways or orders != {each.order_id for each in press.orders}:
        raise Refused("key_reused", payment=made.id)
    return Started(made, existing=True)


def _command(till: Till, press: Collect, quote: Quote, payer: Payer) -> StartPayment:
    return StartPayment(
        key=press.key,
        purpose=Purpose.INSTALMENTS,
        amount=quote.amount,
        things=tuple(
            Thing(INSTALMENT_THING, each.id, Money(each.amount_minor, line.order.currency))
            for line in quote.lines
            for each in line.instalments
        ),
        description=_describe(quote),
        provider=press.provider,
        method=_method(till, press),
        customer_id=quote.customer_id,
        payer=payer,
        guard=partial(_guard, quote),
    )


def _method(till: Till, press: Collect) -> str:
    if press.provider == WALLET:
        return WALLET
    if press.provider not in till.providers:
        raise Unavailable("provider_off", provider=press.provider)
    usual = till.providers[press.provider].capabilities.default_method
    return press.method or (till.settings()[RAZORPAY_METHOD] if press.provider == DEFAULT_PROVIDER else usual)


def _describe(quote: Quote) -> str:
    numbers = ", ".join(line.order.number for line in quote.lines[:3])
    return f"{numbers}…" if len(quote.lines) > 3 else numbers


def _guard(quote: Quote, uow: UnitOfWork) -> None:
    """The same orders, locked after their bulk orders as everywhere, still owe exactly this, from the oldest on."""
    for bulk_id in sorted({line.order.bulk_order_id for line in quote.lines}):
        load_bulk(uow.connection, bulk_id, lock=True)
    for line in sorted(quote.lines, key=lambda each: each.order.id):
        order = load_order(uow.connection, line.order.id, lock=True)
        _refuse_over(order)
        ids = [each.id for each in _unpaid(uow.connection, order.id)[: line.days]]
        if ids != [each.id for each in line.instalments]:
            raise Refused("collection_changed", number=order.number)


def _quote(till: Till, connection: Connection, orders: Sequence[CollectOrder]) -> Quote:
    if not orders:
        raise Invalid("nothing_selected", field="orders")
    if len({each.order_id for each in orders}) != len(orders):
        raise Invalid("order_twice", field="orders")
    today = till.store_day(till.clock.now())
    lines = tuple(_line(connection, each, today) for each in orders)
    if len({line.order.customer_id for line in lines}) > 1:
        raise Refused("other_customer")
    together = sum(line.days for line in lines)
    if together > MOST_TOGETHER:
        raise Invalid("too_many_instalments", field="orders", most=MOST_TOGETHER, asked=together)
    return Quote(lines[0].order.customer_id, lines)


def _line(connection: Connection, wanted: CollectOrder, today: date) -> Line:
    order = load_order(connection, wanted.order_id)
    _refuse_over(order)
    unpaid = _unpaid(connection, order.id)
    if wanted.count is None:
        chosen = [each for each in unpaid if each.due_on <= today]
        if not chosen:
            raise Refused("nothing_due", order=order.number, next=unpaid[0].due_on)
    else:
        if type(wanted.count) is not int or not 1 <= wanted.count <= len(unpaid):
            raise Invalid("count_out_of_range", field="count", least=1, most=len(unpaid), order=order.number)
        chosen = unpaid[: wanted.count]
    return Line(order, tuple(chosen))


def _unpaid(connection: Connection, order_id: int) -> list[InstalmentRecord]:
    return [each for each in list_instalments(connection, order_id) if each.state is InstalmentState.DUE]


def _refuse_over(order: InstalmentOrderRecord) -> None:
    if order.state is not InstalmentOrderState.ACTIVE:
        moved = MoneyMoved.YES if order.paid_minor else MoneyMoved.NO
        raise Refused("instalment_order_over", money_moved=moved, number=order.number, state=order.state.value)


def _payer(connection: Connection, customer_id: int) -> Payer:
    named = select(customer.c.name, customer.c.email, customer.c.phone).where(customer.c.id == customer_id)
    row = connection.execute(named).one()
    return Payer(row.name, row.email, row.phone)
