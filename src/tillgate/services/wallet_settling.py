"""What a captured top-up makes, and what its refunds take out of the wallet again: in the payment's transaction."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, func, select

from tillgate.domain.errors import Bug, Refused
from tillgate.domain.exceptions import ExceptionKind
from tillgate.domain.ledger import REFUNDS, UNAPPLIED
from tillgate.domain.money import Money, zero
from tillgate.domain.payment import Fulfilment, Purpose
from tillgate.domain.wallet import WALLET, WalletKind
from tillgate.services.exception_rows import open_exception
from tillgate.services.payment_rows import find_main_capture
from tillgate.services.records import AGAIN, PaymentRecord, RefundRecord
from tillgate.services.till import Fulfilling
from tillgate.services.wallet_rows import WalletMove, find_move, lock_wallet, move_wallet
from tillgate.store.models import refund, wallet_transaction
from tillgate.store.outbox_rows import enqueue
from tillgate.store.unit_of_work import UnitOfWork


def settle_top_up(uow: UnitOfWork, payment: PaymentRecord) -> None:
    """The money is in the wallet, a surplus that a manager lets in too; nothing if that is done already."""
    key = f"top_up:{payment.id}"
    if find_move(uow.connection, key) is not None:
        return
    source = find_main_capture(uow.connection, payment.id)
    if source is None:
        raise Bug("capture_missing", payment=payment.id)
    customer = wallet_of(payment)
    move_wallet(
        uow,
        WalletMove(customer, WalletKind.TOP_UP, source.amount, UNAPPLIED, "top_up", key, payment_id=payment.id),
    )


def settling_refused(uow: UnitOfWork, payment: PaymentRecord, reason: str) -> None:
    """The money goes back: whoever paid and the administrator are told."""
    notices = {"refund_started": bool(payment.payer_email), "admin_refund_started": True}
    for template, wanted in notices.items():
        if wanted:
            payload = {"template": template, "payment_id": payment.id, "reason": reason}
            enqueue(uow, "mail", f"mail:{template}:{payment.id}", payload, payment_id=payment.id)


FULFILLING: Final = Fulfilling(settle_top_up, settling_refused, keeps_surplus=True)


def wallet_of(payment: PaymentRecord) -> int:
    """Whose wallet a payment's money goes to. Raises Refused("customer_needed")."""
    if payment.customer_id is None:
        raise Refused("customer_needed", payment=payment.id)
    return payment.customer_id


def refund_into_wallet(uow: UnitOfWork, owner: PaymentRecord, found: RefundRecord, from_account: str) -> None:
    """A refund's money is the customer's again, in their wallet."""
    move_wallet(
        uow,
        WalletMove(
            wallet_of(owner),
            WalletKind.REFUND,
            found.amount,
            from_account,
            "refund",
            f"refund:{found.id}",
            payment_id=owner.id,
            refund_id=found.id,
            reason=found.reason,
        ),
    )


def take_for_refund(uow: UnitOfWork, owner: PaymentRecord, found: RefundRecord) -> None:
    """A top-up's money that shall go back where it came from leaves the wallet first.

    Raises Refused("insufficient_balance") where it was spent, Refused("already_in_wallet") where it would go back into
    the wallet that it is in. Nothing for other payments, or where the money never was in the wallet.
    """
    if not in_wallet(owner.purpose, owner.fulfilment):
        return
    if found.provider == WALLET:
        raise Refused("already_in_wallet", payment=owner.id)
    _take(uow, owner, found, found.amount)


def take_for_outside(uow: UnitOfWork, owner: PaymentRecord, found: RefundRecord) -> None:
    """The same for money that somebody gave back on the provider's own pages: as far as it is still there. What was
    spent meanwhile is a person's to decide about.

    Where that makes good a refund that had come back, only what this took is counted: of more the rest is taken too, of
    less it is in the wallet again.
    """
    if not in_wallet(owner.purpose, owner.fulfilment):
        return
    wanted = found.amount
    if found.again_of is not None:
        wanted -= out_of_wallet(uow.connection, found.again_of, found.currency)
    if wanted.minor <= 0:
        if wanted:
            move_wallet(uow, _returned(owner, found, -wanted, f"top_up_kept:{found.id}"))
        return
    there = min(lock_wallet(uow, wallet_of(owner), found.currency), wanted)
    if there:
        _take(uow, owner, found, there)
    if there < wanted:
        evidence: dict[str, object] = {"refunded_outside": str(found.amount), "in_wallet": str(there)}
        key = f"wallet-short:{found.id}"
        open_exception(
            uow, ExceptionKind.CONFLICT, key, payment_id=owner.id, capture_id=found.capture_id, evidence=evidence
        )


def out_of_wallet(connection: Connection, refund_id: int, currency: str) -> Money:
    """What a top-up's refund took out of the wallet and nobody put back, with what the one took that it makes good."""
    key = str(connection.execute(select(refund.c.key).where(refund.c.id == refund_id)).scalar_one())
    _, again, first = key.rpartition(AGAIN)
    before = out_of_wallet(connection, int(first), currency) if again else zero(currency)
    return before + _taken_by(connection, refund_id, currency)


def _taken_by(connection: Connection, refund_id: int, currency: str) -> Money:
    table = wallet_transaction.c
    moved = select(func.coalesce(func.sum(table.amount_minor), 0)).where(table.refund_id == refund_id)
    return Money(-int(connection.execute(moved).scalar_one()), currency)


def put_back(uow: UnitOfWork, owner: PaymentRecord, found: RefundRecord) -> None:
    """The refund of a top-up failed: what it took is in the wallet again. Of one that makes good another, that left the
    wallet long ago, and a person decides again."""
    if not in_wallet(owner.purpose, owner.fulfilment):
        return
    owed = _taken_by(uow.connection, found.id, found.currency)
    if owed.minor > 0:
        move_wallet(uow, _returned(owner, found, owed, f"top_up_kept:{found.id}"))


def in_wallet(purpose: Purpose, fulfilment: Fulfilment) -> bool:
    """Whether a payment's money is what went into a wallet."""
    return purpose is Purpose.WALLET_TOP_UP and fulfilment is Fulfilment.DONE


def _take(uow: UnitOfWork, owner: PaymentRecord, found: RefundRecord, amount: Money) -> None:
    if amount.minor <= 0:
        raise Bug("wallet_moves_nothing", refund=found.id)
    move_wallet(uow, _returned(owner, found, -amount, f"top_up_returned:{found.id}"))


def _returned(owner: PaymentRecord, found: RefundRecord, amount: Money, key: str) -> WalletMove:
    return WalletMove(
        wallet_of(owner),
        WalletKind.TOP_UP_RETURNED,
        amount,
        REFUNDS,
        "top_up_returned",
        key,
        payment_id=owner.id,
        refund_id=found.id,
        reason=found.reason,
    )
