"""Place a bulk order: several products, each on a plan of its own, one first payment (seed 001; rulings 10 to 13).

The orders are written down first, whole, with their schedules, their stock and their coupons; then the first payment
goes through the core as any other. A wallet's is part of the same transaction.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, fields
from functools import partial
from operator import attrgetter
from typing import Final

from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from tillgate.domain.errors import Invalid, NotFound, Refused, TillgateError, Unavailable
from tillgate.domain.instalments import (
    INSTALMENT_THING,
    MOST_ITEMS,
    BulkState,
    CancelReason,
    DeliveryAddress,
    ItemAsk,
    PayBy,
    check_address,
)
from tillgate.domain.money import Money
from tillgate.domain.payment import Purpose
from tillgate.domain.settings import RAZORPAY_METHOD
from tillgate.domain.staff import Action, Actor
from tillgate.domain.wallet import WALLET, WalletKind
from tillgate.failpoints import fp
from tillgate.i18n import ntr
from tillgate.ports import Payer, PaymentProvider
from tillgate.services import payments
from tillgate.services.access import authorize
from tillgate.services.bulk_writing import NewBulk, write_bulk
from tillgate.services.contacts import check_phone
from tillgate.services.customers import CustomerRecord, load_customer_in
from tillgate.services.instalment_rows import (
    BulkRecord,
    InstalmentOrderRecord,
    InstalmentRecord,
    change_bulk,
    find_bulk_by_key,
    list_first_instalments,
    list_orders_of,
    load_bulk,
)
from tillgate.services.instalment_settling import cancel_unpaid
from tillgate.services.payment_rows import find_payment_by_key, list_attempts, load_payment
from tillgate.services.payments import StartPayment, Thing
from tillgate.services.records import AttemptRecord, PaymentRecord
from tillgate.services.till import Till
from tillgate.services.wallet_payments import WalletPart, take_from_wallet
from tillgate.store.models import wallet_transaction
from tillgate.store.unit_of_work import UnitOfWork

DEFAULT_PROVIDER: Final = "razorpay"
_ITEM: Final = attrgetter(*(each.name for each in fields(ItemAsk)))
_ADDRESS: Final = attrgetter(*(each.name for each in fields(DeliveryAddress)))


@dataclass(frozen=True, slots=True)
class PlaceBulk:
    """A press of Place order. `key` was made when the form opened: a second press with it is the same bulk order.

    `pay_by` is the document's word. `method` None is what the settings say of Razorpay. `mail_wanted` says that the
    customer gets letters.
    """

    key: str
    customer_id: int
    items: tuple[ItemAsk, ...]
    address: DeliveryAddress
    pay_by: str = PayBy.RAZORPAY.value
    method: str | None = None
    mail_wanted: bool = True

    @property
    def sha256(self) -> str:
        """What tells whether a replay has the same content."""
        items = [[repr(value) for value in _ITEM(each)] for each in self.items]
        content = [self.customer_id, items, list(_ADDRESS(self.address)), self.pay_by]
        return hashlib.sha256(json.dumps(content).encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class Placed:
    """A bulk order with its orders and their first instalments, in the order of the items. `payment` is the first one,
    None where none was begun yet, and `attempt` its checkout that counts; a wallet's has a transaction for each order
    instead. `existing` where an earlier press made it."""

    bulk: BulkRecord
    orders: tuple[InstalmentOrderRecord, ...]
    firsts: tuple[InstalmentRecord, ...]
    payment: PaymentRecord | None
    attempt: AttemptRecord | None = None
    wallet_transactions: tuple[int, ...] = ()
    existing: bool = False


@dataclass(frozen=True, slots=True)
class _Way:
    """How a first payment is made, and by whom."""

    key: str
    provider: str
    method: str
    payer: Payer


def new_bulk_key() -> str:
    """A key for one press of Place order, made when the form opens."""
    return f"bulk-{secrets.token_hex(16)}"


def place_bulk_order(till: Till, actor: Actor, press: PlaceBulk) -> Placed:
    """Write the orders down and begin their first payment; on the work lane, up to 20 s. A wallet pays at once.

    Items that can't be ordered are left out and named in `bulk.failed`. Raises Refused("bulk_all_failed") with
    `failed` where none can; Refused("insufficient_balance") with `required` and `available`; Refused("key_reused"),
    NotFound("customer_unknown"), Unavailable("provider_off"); Invalid("items_missing" | "items_too_many" |
    "pay_by_unknown" | "delivery_missing" | "delivery_malformed" | "delivery_too_long" | "key_malformed"): nothing is
    written then. What `payments.start` raises after that leaves the bulk order cancelled.
    """
    with till.db.look() as connection:
        authorize(till, actor, Action.TAKE_PAYMENT, on=connection)
    pay_by = _check_request(press)
    provider = _provider(till) if pay_by is PayBy.RAZORPAY else None
    bulk_id, existing = _write_down(till, actor, press, pay_by, provider)
    fp("bulk.after_orders")
    if provider is not None:
        _begin_payment(till, actor, bulk_id, press, provider)
    return load_placed(till, bulk_id, existing=existing)


def pay_bulk_order(
    till: Till, actor: Actor, bulk_id: int, *, key: str, method: str | None = None, mail_wanted: bool = True
) -> Placed:
    """Begin the first payment of a bulk order again, after the one before had ended; `key` is a new press's.

    Raises Refused("bulk_over") for one that waits no more, Refused("already_being_paid"), and all of `payments.start`.
    """
    authorize(till, actor, Action.TAKE_PAYMENT)
    provider = _provider(till)
    with till.db.read() as connection:
        bulk = load_bulk(connection, bulk_id)
        replay = find_payment_by_key(connection, key)
        payer = _payer(load_customer_in(connection, bulk.customer_id), mail_wanted=mail_wanted)
        firsts = list_first_instalments(connection, bulk_id)
    if replay is None and bulk.state is not BulkState.PENDING:
        raise Refused("bulk_over", number=bulk.number, state=bulk.state.value)
    way = _Way(key, provider.name, method or till.settings()[RAZORPAY_METHOD], payer)
    started = payments.start(till, actor, _command(bulk, firsts, way))
    return load_placed(till, bulk_id, existing=started.existing)


def load_placed(till: Till, bulk_id: int, *, existing: bool = True) -> Placed:
    """A bulk order as it stands. Raises NotFound("bulk_unknown")."""
    with till.db.read() as connection:
        return read_placed(connection, bulk_id, existing=existing)


def read_placed(connection: Connection, bulk_id: int, *, existing: bool = True) -> Placed:
    """The same through a connection that is open already."""
    bulk = load_bulk(connection, bulk_id)
    orders, firsts = tuple(list_orders_of(connection, bulk_id)), tuple(list_first_instalments(connection, bulk_id))
    if bulk.first_payment_id is None:
        return Placed(bulk, orders, firsts, None, existing=existing)
    payment = load_payment(connection, bulk.first_payment_id)
    attempts = list_attempts(connection, payment.id)
    counts = next((each for each in attempts if each.live), attempts[-1] if attempts else None)
    # What a wallet paid had no checkout.
    moves = () if attempts else _moves(connection, payment)
    return Placed(bulk, orders, firsts, payment, counts, moves, existing)


def _moves(connection: Connection, payment: PaymentRecord) -> tuple[int, ...]:
    moved = select(wallet_transaction.c.id).where(wallet_transaction.c.payment_id == payment.id)
    own = moved.where(wallet_transaction.c.kind == WalletKind.PAYMENT).order_by(wallet_transaction.c.id)
    return tuple(int(row.id) for row in connection.execute(own))


def _check_request(press: PlaceBulk) -> PayBy:
    """What is wrong with the request as a whole; nothing of it is written then (ruling 12)."""
    if not 8 <= len(press.key) <= 100 or not press.key.isascii():
        raise Invalid("key_malformed", field="key")
    if not press.items:
        raise Invalid("items_missing", field="items")
    if len(press.items) > MOST_ITEMS:
        raise Invalid("items_too_many", field="items", most=MOST_ITEMS, count=len(press.items))
    try:
        pay_by = PayBy(press.pay_by)
    except ValueError as error:
        raise Invalid("pay_by_unknown", field="paymentMethod", method=str(press.pay_by)[:40]) from error
    check_address(press.address)
    return pay_by


def _provider(till: Till) -> PaymentProvider:
    found = till.providers.get(DEFAULT_PROVIDER)
    if found is None:
        raise Unavailable("provider_off", provider=DEFAULT_PROVIDER)
    return found


def _write_down(
    till: Till, actor: Actor, press: PlaceBulk, pay_by: PayBy, provider: PaymentProvider | None
) -> tuple[int, bool]:
    """The bulk order's id, and whether an earlier press made it."""
    address = _address(press)

    def work(uow: UnitOfWork) -> tuple[int, bool]:
        again = _pressed_again(uow.connection, press)
        if again is not None:
            return again, True
        whose = load_customer_in(uow.connection, press.customer_id)
        if not whose.active:
            raise NotFound("customer_unknown", customer=press.customer_id)
        paid_at = WALLET if provider is None else provider.name
        wanted = NewBulk(press.key, press.sha256, whose.id, press.items, address, pay_by, paid_at)
        made = write_bulk(uow, till, wanted)
        if provider is None:
            _pay_from_wallet(uow, till, made, press, whose)
        fp("bulk.inside")
        return made.id, False

    try:
        return till.db.transact(actor, work)
    except IntegrityError as error:
        # Another till or thread won between our look and our write, by this very press: say what it made.
        with till.db.read() as connection:
            made = _pressed_again(connection, press)
            other = find_payment_by_key(connection, press.key)
        if made is None and other is not None:
            raise Refused("key_reused", payment=other[0].id) from error
        if made is None:
            raise
        return made, True


def _address(press: PlaceBulk) -> DeliveryAddress:
    """As it is kept. Raises Invalid in the document's words for a telephone number that there can't be."""
    clean = check_address(press.address)
    try:
        check_phone(clean.phone, "INR")
    except Invalid as error:
        raise Invalid("delivery_malformed", field="phoneNumber") from error
    return clean


def _pressed_again(connection: Connection, press: PlaceBulk) -> int | None:
    found = find_bulk_by_key(connection, press.key)
    if found is None:
        return None
    if found.request_sha256 != press.sha256:
        raise Refused("key_reused", bulk=found.number, payment=found.first_payment_id)
    return found.id


def _pay_from_wallet(uow: UnitOfWork, till: Till, bulk: BulkRecord, press: PlaceBulk, whose: CustomerRecord) -> None:
    payer = _payer(whose, mail_wanted=press.mail_wanted)
    firsts = list_first_instalments(uow.connection, bulk.id)
    command = _command(bulk, firsts, _Way(press.key, WALLET, WALLET, payer))
    parts = [WalletPart(each.order_id, Money(each.amount_minor, bulk.currency)) for each in firsts]
    take_from_wallet(uow, till, command, parts)


def _begin_payment(till: Till, actor: Actor, bulk_id: int, press: PlaceBulk, provider: PaymentProvider) -> None:
    """Nothing where the press made it before; a press that was cut off in between goes on here."""
    with till.db.read() as connection:
        bulk = load_bulk(connection, bulk_id)
        payer = _payer(load_customer_in(connection, bulk.customer_id), mail_wanted=press.mail_wanted)
        firsts = list_first_instalments(connection, bulk_id)
    if bulk.state is not BulkState.PENDING or bulk.first_payment_id is not None:
        return
    way = _Way(press.key, provider.name, press.method or till.settings()[RAZORPAY_METHOD], payer)
    try:
        payments.start(till, actor, _command(bulk, firsts, way))
    except TillgateError as error:
        if isinstance(error, (Refused, Unavailable)):
            till.db.transact(actor, lambda uow: cancel_unpaid(uow, bulk_id, None, CancelReason.NOT_STARTED.value))
        raise


def _payer(whose: CustomerRecord, *, mail_wanted: bool) -> Payer:
    return Payer(whose.name, whose.email if mail_wanted else "", whose.phone)


def _command(bulk: BulkRecord, firsts: list[InstalmentRecord], way: _Way) -> StartPayment:
    return StartPayment(
        key=way.key,
        purpose=Purpose.INSTALMENTS,
        amount=bulk.first_total,
        things=tuple(Thing(INSTALMENT_THING, each.id, Money(each.amount_minor, bulk.currency)) for each in firsts),
        description=ntr(
            "Bulk order {number}: {count} item", "Bulk order {number}: {count} items", len(firsts), number=bulk.number
        ),
        provider=way.provider,
        method=way.method,
        customer_id=bulk.customer_id,
        payer=way.payer,
        guard=partial(_still_waits, bulk.id),
        attach=partial(_attach, bulk.id),
    )


def _still_waits(bulk_id: int, uow: UnitOfWork) -> None:
    here = load_bulk(uow.connection, bulk_id, lock=True)
    if here.state is not BulkState.PENDING:
        raise Refused("bulk_over", number=here.number, state=here.state.value)


def _attach(bulk_id: int, uow: UnitOfWork, made: PaymentRecord) -> None:
    change_bulk(uow, load_bulk(uow.connection, bulk_id), first_payment_id=made.id)
    fp("bulk.inside_intent")
