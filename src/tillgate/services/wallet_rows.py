"""The one function that moves money in or out of a customer's wallet, and reads of what is in it.

A move is the balance by a conditional update, the ledger's lines and the row of the statement, all in the transaction
of what it is for. However many tills spend at once, the balance never goes below nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, TypeVar

from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.exc import IntegrityError

from tillgate.domain.errors import Bug, Refused
from tillgate.domain.ledger import pair, wallet
from tillgate.domain.money import LARGEST_MINOR, Money, zero
from tillgate.domain.staff import Actor
from tillgate.domain.wallet import TOLD, WalletKind
from tillgate.services.records import columns, record
from tillgate.services.till import Till
from tillgate.store.ledger import post
from tillgate.store.models import ledger_tx, wallet_balance, wallet_transaction
from tillgate.store.outbox_rows import enqueue
from tillgate.store.statements import Statement, insert_row, insert_unless_there
from tillgate.store.unit_of_work import UnitOfWork

T = TypeVar("T")
_B: Final = wallet_balance.c
_mine: Final = (_B.customer_id == bindparam("customer")) & (_B.currency == bindparam("named"))
_moved: Final = _B.balance_minor + bindparam("change")
_MOVE: Final = Statement(
    update(wallet_balance)
    .where(_mine, _moved >= 0, _moved <= LARGEST_MINOR)
    .values(balance_minor=_moved, changed_at=bindparam("at"))
    .returning(_B.balance_minor)
)
_BALANCE: Final = Statement(select(_B.balance_minor).where(_mine))
_LOCK: Final = Statement(select(_B.balance_minor).where(_mine).with_for_update())


@dataclass(frozen=True, slots=True)
class WalletMove:
    """What moves: `amount` above zero goes into the wallet, and comes from the ledger account `against`; below zero it
    is the other way. `booked_as` is the ledger's word for it, `key` what makes it happen once."""

    customer_id: int
    kind: WalletKind
    amount: Money
    against: str
    booked_as: str
    key: str
    payment_id: int | None = None
    refund_id: int | None = None
    order_id: int | None = None
    reason: str = ""

    def of_order(self, order_id: int | None, reason: str) -> WalletMove:
        """The same for one order."""
        return replace(self, order_id=order_id, reason=reason)


@dataclass(frozen=True, slots=True)
class WalletTransaction:
    """A move as it is kept, with the balance that it made."""

    id: int
    customer_id: int
    kind: WalletKind
    amount_minor: int
    currency: str
    balance_after_minor: int
    ledger_tx_id: int
    payment_id: int | None
    refund_id: int | None
    order_id: int | None
    staff_id: int | None
    till_id: str
    reason: str
    created_at: datetime

    @property
    def amount(self) -> Money:
        """Above zero into the wallet, below zero out of it."""
        return Money(self.amount_minor, self.currency)

    @property
    def balance_after(self) -> Money:
        """What was in the wallet then."""
        return Money(self.balance_after_minor, self.currency)


_TRANSACTION: Final = columns(WalletTransaction, wallet_transaction)


def move_wallet(uow: UnitOfWork, move: WalletMove) -> WalletTransaction:
    """Move money in or out, once for its key; the customer is told of what was credited, where a payment is named.

    Raises Refused("insufficient_balance") with what is `required` and `available`, and changes nothing then.
    """
    if not move.amount:
        raise Bug("wallet_moves_nothing", key=move.key)
    balance = _change(uow, move)
    account = wallet(move.customer_id)
    into = move.amount.minor > 0
    entries = pair(move.against, account, move.amount) if into else pair(account, move.against, -move.amount)
    tx = post(uow.connection, move.booked_as, move.key, payment_id=move.payment_id, now=uow.now, entries=entries)
    row = {
        "customer_id": move.customer_id,
        "kind": move.kind,
        "amount_minor": move.amount.minor,
        "currency": move.amount.currency,
        "balance_after_minor": balance.minor,
        "ledger_tx_id": tx,
        "payment_id": move.payment_id,
        "refund_id": move.refund_id,
        "order_id": move.order_id,
        "staff_id": uow.actor.staff_id,
        "till_id": uow.actor.till_id,
        "reason": move.reason,
        "created_at": uow.now,
    }
    made = insert_row(uow.connection, wallet_transaction, row)
    uow.record(
        "wallet.moved",
        f"wallet:{move.customer_id}",
        kind=move.kind.value,
        amount=move.amount.minor,
        currency=move.amount.currency,
        balance=balance.minor,
        payment=move.payment_id,
        order=move.order_id,
    )
    if move.kind in TOLD and move.payment_id is not None:
        payload = {"template": "wallet_credited", "payment_id": move.payment_id, "wallet_transaction_id": made}
        enqueue(uow, "mail", f"mail:wallet_credited:{made}", payload, payment_id=move.payment_id)
    return load_move(uow.connection, made)


def balance_of(connection: Connection, customer_id: int, currency: str) -> Money:
    """What is in a wallet, in one currency."""
    row = _BALANCE.first(connection, customer=customer_id, named=currency)
    return Money(int(row[0]), currency) if row else zero(currency)


def lock_wallet(uow: UnitOfWork, customer_id: int, currency: str) -> Money:
    """The same, and nobody else moves it until this transaction ends."""
    _open(uow, customer_id, currency)
    row = _LOCK.first(uow.connection, customer=customer_id, named=currency)
    return Money(int(row[0]) if row else 0, currency)


def list_balances(connection: Connection, customer_id: int) -> tuple[Money, ...]:
    """What is in a wallet, by currency; one that was emptied stands there with nothing."""
    query = select(_B.balance_minor, _B.currency).where(_B.customer_id == customer_id).order_by(_B.currency)
    return tuple(Money(row.balance_minor, row.currency) for row in connection.execute(query))


def load_move(connection: Connection, transaction_id: int) -> WalletTransaction:
    """A move by its number. Raises Bug("wallet_transaction_missing")."""
    query = select(*_TRANSACTION).where(wallet_transaction.c.id == transaction_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise Bug("wallet_transaction_missing", transaction=transaction_id)
    return record(WalletTransaction, row)


def pressed_once(till: Till, who: Actor, work: Callable[[UnitOfWork], T], made: Callable[[Connection], T | None]) -> T:
    """What a press makes, in a transaction of its own; where the same press won in this moment, what that `made`."""
    try:
        return till.db.transact(who, work)
    except IntegrityError:
        with till.db.read() as connection:
            before = made(connection)
        if before is None:
            raise
        return before


def find_move(connection: Connection, key: str) -> WalletTransaction | None:
    """The move that a key made."""
    query = (
        select(*_TRANSACTION)
        .join(ledger_tx, ledger_tx.c.id == wallet_transaction.c.ledger_tx_id)
        .where(ledger_tx.c.dedupe_key == key)
    )
    row = connection.execute(query).one_or_none()
    return record(WalletTransaction, row) if row else None


def _change(uow: UnitOfWork, move: WalletMove) -> Money:
    amount = move.amount
    given = {"customer": move.customer_id, "named": amount.currency, "change": amount.minor, "at": uow.now}
    rows = _MOVE.rows(uow.connection, **given)
    if not rows and amount.minor > 0:
        _open(uow, move.customer_id, amount.currency)
        rows = _MOVE.rows(uow.connection, **given)
    if rows:
        return Money(int(rows[0][0]), amount.currency)
    available = balance_of(uow.connection, move.customer_id, amount.currency)
    # Raises Invalid("amount_too_large") where it is too much for any wallet.
    if (available + amount).minor >= 0:
        raise Bug("wallet_not_moved", key=move.key)
    raise Refused("insufficient_balance", required=-amount, available=available)


def _open(uow: UnitOfWork, customer_id: int, currency: str) -> None:
    row = {"customer_id": customer_id, "currency": currency, "balance_minor": 0, "changed_at": uow.now}
    uow.execute(insert_unless_there(uow.connection, wallet_balance, row))
