"""Pay from a customer's wallet: the payment, its money and everything that it makes, in one transaction.

No provider is asked, so there is no checkout: the payment is captured where it is made, or nothing of it stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.exc import IntegrityError

from tillgate.domain.errors import Bug, Invalid, Refused
from tillgate.domain.exceptions import CaptureDisposition
from tillgate.domain.ledger import UNAPPLIED
from tillgate.domain.money import Money, total
from tillgate.domain.payment import Fulfilment, PaymentState
from tillgate.domain.staff import Action, Actor
from tillgate.domain.wallet import WALLET, WalletKind
from tillgate.services.access import authorize
from tillgate.services.metrics import observe
from tillgate.services.payment_rows import change_payment, load_payment, move_payment
from tillgate.services.payments import (
    Started,
    StartPayment,
    check_command,
    find_replay,
    insert_intent,
    refuse_live,
)
from tillgate.services.records import PaymentRecord
from tillgate.services.till import Till
from tillgate.services.wallet_rows import WalletMove, lock_wallet, move_wallet
from tillgate.services.wallet_settling import wallet_of
from tillgate.store.models import capture
from tillgate.store.statements import insert_row
from tillgate.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class WalletPart:
    """What one order takes: a wallet transaction of its own."""

    order_id: int | None
    amount: Money


def pay_from_wallet(till: Till, actor: Actor, command: StartPayment, parts: Sequence[WalletPart]) -> Started:
    """Collect from the customer's wallet. `command` names WALLET as its provider and its method, and the customer; the
    parts sum to its amount. The same key gives the first answer.

    Raises Refused("insufficient_balance") with `required` and `available`, Refused("key_reused" |
    "already_being_paid" | "wallet_needs_customer"), Invalid("key_malformed" | "allocation_mismatch" |
    "method_unsupported"), and whatever making the things raises: nothing of it stays then, and no money was taken.
    """
    with till.db.look() as connection:
        authorize(till, actor, Action.TAKE_PAYMENT, on=connection)
        existing = find_replay(connection, command)
    if existing is not None:
        return existing
    try:
        made = till.db.transact(actor, lambda uow: take_from_wallet(uow, till, command, parts))
    except (IntegrityError, Refused) as error:
        # Another till or thread won between our look and our write, perhaps by this very press: say what it made.
        with till.db.read() as connection:
            existing = find_replay(connection, command)
            if existing is None:
                if isinstance(error, IntegrityError):
                    refuse_live(connection, command)
                raise
            return existing
    return Started(made, existing=False)


def take_from_wallet(uow: UnitOfWork, till: Till, command: StartPayment, parts: Sequence[WalletPart]) -> PaymentRecord:
    """The same inside a transaction that is open already, and with no look for an earlier press."""
    _check(command, parts)
    begun = till.clock.monotonic()
    refuse_live(uow.connection, command)
    command.guard(uow)
    owner = insert_intent(uow, till, command)
    command.attach(uow, owner)
    customer = wallet_of(owner)
    _refuse_short(uow, customer, command.amount)
    for number, part in enumerate(parts, 1):
        key = f"wallet:{owner.id}:{number}"
        move = WalletMove(customer, WalletKind.PAYMENT, -part.amount, UNAPPLIED, "capture", key, payment_id=owner.id)
        move_wallet(uow, move.of_order(part.order_id, command.description))
    _insert_capture(uow, owner)
    owner = move_payment(uow, owner, PaymentState.CAPTURED, captured_at=uow.now, fulfilment=Fulfilment.PENDING)
    making = till.fulfilling.get(owner.purpose)
    if making is None:
        raise Bug("purpose_unknown", purpose=owner.purpose.value)
    making.make(uow, owner)
    observe(uow, till, "order_creation", owner.purpose.value, round((till.clock.monotonic() - begun) * 1000))
    return change_payment(uow, load_payment(uow.connection, owner.id), fulfilment=Fulfilment.DONE, settled_at=uow.now)


def _check(command: StartPayment, parts: Sequence[WalletPart]) -> None:
    check_command(command)
    if command.provider != WALLET or command.method != WALLET:
        raise Invalid("method_unsupported", field="method", method=command.method, provider=command.provider)
    if command.customer_id is None:
        raise Refused("wallet_needs_customer")
    amounts = [part.amount for part in parts]
    if any(each.minor <= 0 for each in amounts) or total(amounts, command.amount.currency) != command.amount:
        raise Invalid("allocation_mismatch", field="parts")


def _refuse_short(uow: UnitOfWork, customer_id: int, amount: Money) -> None:
    """Told of the whole amount, and nobody else spends it meanwhile."""
    available = lock_wallet(uow, customer_id, amount.currency)
    if available < amount:
        raise Refused("insufficient_balance", required=amount, available=available)


def _insert_capture(uow: UnitOfWork, owner: PaymentRecord) -> None:
    row = {
        "payment_id": owner.id,
        "provider": WALLET,
        "provider_ref": f"WP{owner.id}",
        "amount_minor": owner.amount_minor,
        "currency": owner.currency,
        "method": WALLET,
        "disposition": CaptureDisposition.APPLIED,
        "main": 1,
        "seen_at": uow.now,
    }
    capture_id = insert_row(uow.connection, capture, row)
    uow.record(
        "payment.money",
        owner.subject,
        capture=capture_id,
        provider_ref=row["provider_ref"],
        amount=owner.amount_minor,
        currency=owner.currency,
        verdict="matches",
    )
