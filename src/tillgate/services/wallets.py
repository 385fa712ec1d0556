"""What people do with a customer's wallet: look into it, top it up through a checkout, take money out of it.

It pays in `wallet_payments`, its statement is in `wallet_lists`, commissions come from `commissions`.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sqlalchemy import Connection, select

from tillgate.domain.errors import Refused
from tillgate.domain.ledger import CASH
from tillgate.domain.money import Money
from tillgate.domain.notes import check_note
from tillgate.domain.payment import Purpose
from tillgate.domain.settings import STORE_CURRENCY
from tillgate.domain.staff import Action, Actor
from tillgate.domain.wallet import TOP_UP_THING, WalletKind, check_press_key, check_wallet_amount
from tillgate.i18n import tr
from tillgate.ports import Payer
from tillgate.services import payments
from tillgate.services.access import authorize
from tillgate.services.commissions import owed_to, referrer_of
from tillgate.services.customers import CustomerRecord, load_customer_in
from tillgate.services.payments import Started, StartPayment, Thing
from tillgate.services.till import Till
from tillgate.services.wallet_rows import (
    WalletMove,
    WalletTransaction,
    find_move,
    list_balances,
    move_wallet,
    pressed_once,
)
from tillgate.store.models import wallet_top_up
from tillgate.store.statements import insert_row
from tillgate.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class TopUp:
    """A press of Top up. `key` was made when the form opened: a second press with it is the same payment."""

    key: str
    customer_id: int
    amount: Money
    provider: str
    method: str


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A press of Pay out in cash. `key` was made when the form opened."""

    key: str
    customer_id: int
    amount: Money
    reason: str

    @property
    def subject(self) -> str:
        """What a manager approves."""
        return f"wallet:{self.customer_id}"


@dataclass(frozen=True, slots=True)
class WalletView:
    """A customer's wallet: what is in it by currency, and what they are owed as a referrer, in the store's currency and
    those. `referrer` is who brought them."""

    customer: CustomerRecord
    balances: tuple[Money, ...]
    commissions: tuple[Money, ...]
    referrer: CustomerRecord | None


def new_wallet_key() -> str:
    """A key for one press, made when its form opens."""
    return f"wallet-{secrets.token_hex(16)}"


def view_wallet(till: Till, actor: Actor, customer_id: int) -> WalletView:
    """What is in a wallet now. Raises NotFound("customer_unknown")."""
    authorize(till, actor, Action.VIEW_PAYMENTS)
    with till.db.read() as connection:
        customer = load_customer_in(connection, customer_id)
        balances = list_balances(connection, customer_id)
        currencies = sorted({till.settings()[STORE_CURRENCY], *(each.currency for each in balances)})
        commissions = tuple(owed_to(connection, customer_id, each) for each in currencies)
        brought_by = referrer_of(connection, customer_id)
        referrer = load_customer_in(connection, brought_by) if brought_by is not None else None
        return WalletView(customer, balances, commissions, referrer)


def top_up(till: Till, actor: Actor, press: TopUp) -> Started:
    """Collect money for a wallet through a provider's checkout; it is in the wallet when the payment is captured.

    On the work lane, up to 20 s. Raises NotFound("customer_unknown"), Refused("customer_inactive" | "key_reused"),
    Invalid("amount_zero" | "key_malformed") and all that `payments.start` raises.
    """
    authorize(till, actor, Action.TAKE_PAYMENT)
    check_press_key(press.key)
    check_wallet_amount(press.amount)
    with till.db.read() as connection:
        customer = load_customer_in(connection, press.customer_id)
    number = _write_down(till, actor, press, customer)
    return payments.start(
        till,
        actor,
        StartPayment(
            key=press.key,
            purpose=Purpose.WALLET_TOP_UP,
            amount=press.amount,
            things=(Thing(TOP_UP_THING, number, press.amount),),
            description=tr("Wallet of {name}", name=customer.name),
            provider=press.provider,
            method=press.method,
            customer_id=customer.id,
            payer=Payer(customer.name, customer.email, customer.phone),
        ),
    )


def withdraw(till: Till, actor: Actor, press: Withdrawal, *, approval_token: str | None = None) -> WalletTransaction:
    """Pay a customer's money out in cash; the same key gives the first answer. Needs a manager or an approval.

    Raises NotAllowed, NotFound("customer_unknown"), Refused("insufficient_balance" | "key_reused"),
    Invalid("amount_zero" | "key_malformed") and those of `check_note`.
    """
    if approval_token is None:
        authorize(till, actor, Action.WITHDRAW)
    key = f"withdrawal:{check_press_key(press.key)}"
    reason = check_note(press.reason, field="reason")
    amount = check_wallet_amount(press.amount)

    def work(uow: UnitOfWork) -> WalletTransaction:
        before = _made_before(uow.connection, press, key)
        if before is not None:
            return before
        approver = authorize(
            uow, actor, Action.WITHDRAW, subject=press.subject, amount=amount, approval_token=approval_token
        )
        load_customer_in(uow.connection, press.customer_id)
        move = WalletMove(press.customer_id, WalletKind.WITHDRAWAL, -amount, CASH, "withdrawal", key, reason=reason)
        made = move_wallet(uow, move)
        values = {"amount": amount.minor, "currency": amount.currency, "reason": reason, "approver": approver}
        uow.record("wallet.withdrawn", press.subject, **values)
        return made

    return pressed_once(till, actor, work, lambda connection: _made_before(connection, press, key))


def _made_before(connection: Connection, press: Withdrawal, key: str) -> WalletTransaction | None:
    made = find_move(connection, key)
    if made is not None and (made.customer_id != press.customer_id or made.amount != -press.amount):
        raise Refused("key_reused")
    return made


def _write_down(till: Till, actor: Actor, press: TopUp, customer: CustomerRecord) -> int:
    def work(uow: UnitOfWork) -> int:
        before = _pressed_before(uow.connection, press)
        if before is not None:
            return before
        if not customer.active:
            raise Refused("customer_inactive", customer=customer.id)
        row = {
            "key": press.key,
            "customer_id": customer.id,
            "amount_minor": press.amount.minor,
            "currency": press.amount.currency,
            "created_by": uow.actor.staff_id,
            "till_id": till.id,
            "created_at": uow.now,
        }
        return insert_row(uow.connection, wallet_top_up, row)

    return pressed_once(till, actor, work, lambda connection: _pressed_before(connection, press))


def _pressed_before(connection: Connection, press: TopUp) -> int | None:
    table = wallet_top_up.c
    row = connection.execute(select(wallet_top_up).where(table.key == press.key)).one_or_none()
    if row is None:
        return None
    if (row.customer_id, row.amount_minor, row.currency) != (
        press.customer_id,
        press.amount.minor,
        press.amount.currency,
    ):
        raise Refused("key_reused")
    return int(row.id)
