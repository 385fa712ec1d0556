"""Who brought a customer, what that earns them, and its way into their wallet (product.md, ruling 14).

A commission is what the store owes until a manager pays it out. It follows what is paid of an order, up and down: a
refund takes back what is owed, below nothing if it was paid out already, and later earnings set that off.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, bindparam, delete, select, update

from tillgate.domain.commission import CommissionKind, commission_of
from tillgate.domain.errors import NotFound, Refused
from tillgate.domain.ledger import COMMISSION_COST, commission, pair
from tillgate.domain.money import Money, zero
from tillgate.domain.notes import check_note
from tillgate.domain.settings import STORE_CURRENCY
from tillgate.domain.staff import Action, Actor
from tillgate.domain.wallet import WalletKind, check_press_key, check_wallet_amount
from tillgate.services.access import authorize
from tillgate.services.customers import load_customer_in
from tillgate.services.till import Till
from tillgate.services.wallet_rows import (
    WalletMove,
    WalletTransaction,
    find_move,
    lock_wallet,
    move_wallet,
    pressed_once,
)
from tillgate.store.ledger import balance, post
from tillgate.store.models import commission_entry, instalment_order, referral
from tillgate.store.statements import Statement, insert_row
from tillgate.store.unit_of_work import UnitOfWork

_REFERRER: Final = Statement(select(referral.c.referrer_id).where(referral.c.customer_id == bindparam("customer")))
_O: Final = instalment_order.c
_ORDER: Final = Statement(
    select(_O.referrer_id, _O.commission_bp, _O.paid_minor, _O.returned_minor, _O.commission_minor, _O.currency)
    .where(_O.id == bindparam("order"))
    .with_for_update()
)


@dataclass(frozen=True, slots=True)
class PayOut:
    """A press of Pay out. `key` was made when the form opened: a second press with it is the same. `amount` None is all
    that is owed."""

    key: str
    referrer_id: int
    reason: str
    amount: Money | None = None


def referrer_of(connection: Connection, customer_id: int) -> int | None:
    """Who brought a customer."""
    row = _REFERRER.first(connection, customer=customer_id)
    return int(row[0]) if row else None


def set_referrer(till: Till, actor: Actor, customer_id: int, referrer_id: int | None) -> int | None:
    """Say who brought a customer, or that nobody did; orders that are there keep their own.

    Raises NotFound("customer_unknown"), Refused("referrer_is_oneself" | "customer_inactive").
    """
    authorize(till, actor, Action.SET_REFERRER)
    if referrer_id == customer_id:
        raise Refused("referrer_is_oneself", customer=customer_id)

    def work(uow: UnitOfWork) -> int | None:
        load_customer_in(uow.connection, customer_id)
        if referrer_id is not None and not load_customer_in(uow.connection, referrer_id).active:
            raise Refused("customer_inactive", customer=referrer_id)
        if referrer_of(uow.connection, customer_id) == referrer_id:
            return referrer_id
        uow.execute(delete(referral).where(referral.c.customer_id == customer_id))
        if referrer_id is not None:
            row = {"customer_id": customer_id, "referrer_id": referrer_id, "set_by": actor.staff_id, "set_at": uow.now}
            uow.execute(referral.insert().values(row))
        uow.record("referrer.set", f"customer:{customer_id}", referrer=referrer_id)
        return referrer_id

    return till.db.transact(actor, work)


def settle_commission(uow: UnitOfWork, order_id: int, *, payment_id: int | None, reference: str) -> Money:
    """Let an order's commission follow what is paid of it; the difference, which is nothing where it does already.

    Called in the transaction that changes what is paid; `reference` names that change for the ledger.
    Raises NotFound("instalment_order_unknown").
    """
    row = _ORDER.first(uow.connection, order=order_id)
    if row is None:
        raise NotFound("instalment_order_unknown", order=order_id)
    referrer, rate_bp, paid, returned, credited, currency = row
    if referrer is None:
        return zero(currency)
    change = commission_of(Money(paid - returned, currency), rate_bp) - Money(credited, currency)
    if change:
        _book(uow, referrer, change, f"commission:{order_id}:{reference}", order_id=order_id, payment_id=payment_id)
        uow.execute(
            update(instalment_order)
            .where(_O.id == order_id)
            .values(commission_minor=_O.commission_minor + change.minor)
        )
    return change


def owed_to(connection: Connection, referrer_id: int, currency: str) -> Money:
    """What a referrer is owed; below nothing where more was paid out than is earned now."""
    return -balance(connection, commission(referrer_id), currency)


def pay_commission(till: Till, actor: Actor, press: PayOut) -> WalletTransaction:
    """Put what a referrer is owed into their wallet; the same key gives the first answer. A manager's press.

    Raises NotFound("customer_unknown"), Refused("commission_nothing" | "commission_exceeds" | "key_reused"),
    Invalid("key_malformed" | "amount_zero") and those of `check_note`.
    """
    authorize(till, actor, Action.PAY_COMMISSION)
    key = f"payout:{check_press_key(press.key)}"
    reason = check_note(press.reason, field="reason")
    currency = _currency(till, press)

    def work(uow: UnitOfWork) -> WalletTransaction:
        authorize(uow, actor, Action.PAY_COMMISSION)
        load_customer_in(uow.connection, press.referrer_id)
        # Whoever pays the same referrer at the same moment waits here, and sees what is left.
        lock_wallet(uow, press.referrer_id, currency)
        before = _paid_before(uow.connection, press, key)
        return before if before is not None else _pay(uow, press, key, reason, currency)

    return pressed_once(till, actor, work, lambda connection: _paid_before(connection, press, key))


def _currency(till: Till, press: PayOut) -> str:
    """Nothing is no amount: only a press that names none is for all that is owed."""
    return till.settings()[STORE_CURRENCY] if press.amount is None else check_wallet_amount(press.amount).currency


def _paid_before(connection: Connection, press: PayOut, key: str) -> WalletTransaction | None:
    made = find_move(connection, key)
    if made is not None and (made.customer_id != press.referrer_id or (press.amount or made.amount) != made.amount):
        raise Refused("key_reused")
    return made


def _pay(uow: UnitOfWork, press: PayOut, key: str, reason: str, currency: str) -> WalletTransaction:
    owed = owed_to(uow.connection, press.referrer_id, currency)
    if owed.minor <= 0:
        raise Refused("commission_nothing", owed=owed)
    amount = press.amount or owed
    if amount > owed:
        raise Refused("commission_exceeds", asked=amount, left=owed)
    against = commission(press.referrer_id)
    move = WalletMove(press.referrer_id, WalletKind.COMMISSION, amount, against, "commission_paid", key, reason=reason)
    made = move_wallet(uow, move)
    _note(uow, press.referrer_id, CommissionKind.PAID_OUT, -amount, made.ledger_tx_id, reason=reason)
    uow.record("commission.paid", f"wallet:{press.referrer_id}", amount=amount.minor, currency=currency, reason=reason)
    return made


def _book(uow: UnitOfWork, referrer_id: int, change: Money, key: str, *, order_id: int, payment_id: int | None) -> None:
    account = commission(referrer_id)
    earned = change.minor > 0
    entries = pair(COMMISSION_COST, account, change) if earned else pair(account, COMMISSION_COST, -change)
    tx = post(uow.connection, "commission", key, payment_id=payment_id, now=uow.now, entries=entries)
    kind = CommissionKind.EARNED if earned else CommissionKind.TAKEN_BACK
    _note(uow, referrer_id, kind, change, tx, order_id=order_id, payment_id=payment_id)
    event = "commission.earned" if earned else "commission.taken_back"
    subject = f"payment:{payment_id}" if payment_id is not None else f"wallet:{referrer_id}"
    uow.record(event, subject, referrer=referrer_id, order=order_id, amount=abs(change.minor), currency=change.currency)


def _note(
    uow: UnitOfWork,
    referrer_id: int,
    kind: CommissionKind,
    amount: Money,
    tx: int,
    *,
    order_id: int | None = None,
    payment_id: int | None = None,
    reason: str = "",
) -> None:
    row = {
        "referrer_id": referrer_id,
        "kind": kind,
        "amount_minor": amount.minor,
        "currency": amount.currency,
        "ledger_tx_id": tx,
        "order_id": order_id,
        "payment_id": payment_id,
        "staff_id": uow.actor.staff_id,
        "till_id": uow.actor.till_id,
        "reason": reason,
        "created_at": uow.now,
    }
    insert_row(uow.connection, commission_entry, row)
