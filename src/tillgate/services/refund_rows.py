"""Plan a refund and write down how it ended; never above what was captured (reliability.md 1.3, rule 9)."""

from __future__ import annotations

import secrets
from typing import Final

from sqlalchemy import Connection, func, select, update

from tillgate.domain.checkout_facts import RefundFacts, RefundStatus
from tillgate.domain.errors import NotFound, Refused, Stale
from tillgate.domain.exceptions import CaptureDisposition, ExceptionKind
from tillgate.domain.ledger import REFUNDS, UNAPPLIED, clearing, pair
from tillgate.domain.money import Money
from tillgate.domain.payment import Fulfilment, PaymentState, RefundState
from tillgate.domain.wallet import WALLET
from tillgate.services.exception_rows import close_about_refund, open_again, open_exception, was_answered_by
from tillgate.services.payment_rows import change_payment, hold_money, load_capture, load_payment, move_payment
from tillgate.services.records import (
    AGAIN,
    OUTSIDE,
    SEVERAL,
    CaptureRecord,
    PaymentRecord,
    RefundRecord,
    columns,
    record,
)
from tillgate.services.till import Till
from tillgate.services.wallet_settling import put_back, refund_into_wallet, take_for_outside, take_for_refund
from tillgate.store.ledger import post
from tillgate.store.models import capture, ledger_tx, refund
from tillgate.store.outbox_rows import enqueue
from tillgate.store.statements import insert_row
from tillgate.store.unit_of_work import UnitOfWork

_REFUND: Final = columns(RefundRecord, refund)
# What asks about a refund on its way: answered by its end.
_ON_ITS_WAY: Final = (ExceptionKind.REFUND_STUCK, ExceptionKind.CONFLICT)
OPEN_REFUNDS: Final = (RefundState.PENDING, RefundState.SENT, RefundState.PARKED)
# Money that a person, or the till, decided about as a whole: what comes back of it asks for a decision again.
_NOTHING_STAYS: Final = (CaptureDisposition.REFUNDING, CaptureDisposition.REFUNDED, CaptureDisposition.CREDITED)
# A refund that the provider tells with another amount than was asked; it stays so until a person takes that in.
OTHER_AMOUNT: Final = "other_amount"


def load_refund(connection: Connection, refund_id: int, *, lock: bool = False) -> RefundRecord:
    """Raises NotFound("refund_unknown")."""
    query = select(*_REFUND).where(refund.c.id == refund_id)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise NotFound("refund_unknown", refund=refund_id)
    return record(RefundRecord, row)


def lock_refund(uow: UnitOfWork, refund_id: int) -> RefundRecord:
    """A refund, locked after its money."""
    found = load_refund(uow.connection, refund_id)
    hold_money(uow.connection, found.payment_id, found.capture_id)
    return load_refund(uow.connection, refund_id, lock=True)


def list_refunds(connection: Connection, payment_id: int) -> list[RefundRecord]:
    """All refunds of a payment's money, oldest first."""
    query = select(*_REFUND).where(refund.c.payment_id == payment_id).order_by(refund.c.id)
    return [record(RefundRecord, row) for row in connection.execute(query)]


def change_refund(uow: UnitOfWork, found: RefundRecord, **values: object) -> None:
    """Change a refund as it was read. Raises Stale if it changed since."""
    changed = uow.execute(
        update(refund)
        .where(refund.c.id == found.id, refund.c.version == found.version)
        .values(version=found.version + 1, **values)
    ).rowcount
    if changed != 1:
        raise Stale("refund_changed", refund=found.id)


def plan_refund(
    uow: UnitOfWork,
    till: Till,
    source: CaptureRecord,
    amount: Money,
    reason: str,
    *,
    automatic: bool = False,
    approved_by: int | None = None,
    return_goods: bool = False,
    into_wallet: bool = False,
    again: RefundRecord | None = None,
) -> RefundRecord:
    """Reserve the amount on its capture and write the refund down with its key; it is driven to its end later.

    `return_goods` says that what was sold is back, and counts where nothing of the money stays. What came out of a
    wallet, or shall go into it (`into_wallet`), is there when this ends, and the refund is done. `again` is one that
    had failed and is made good.

    Raises Refused("refund_exceeds") if less is left than asked, Refused("customer_needed") where nobody's wallet is
    meant, and those of `take_for_refund` for a top-up.
    """
    if amount.minor <= 0:
        raise Refused("refund_exceeds", asked=amount, left=source.left)
    reserved = uow.execute(
        update(capture)
        .where(
            capture.c.id == source.id,
            capture.c.currency == amount.currency,
            capture.c.refunded_minor + amount.minor <= capture.c.amount_minor,
        )
        .values(refunded_minor=capture.c.refunded_minor + amount.minor, version=capture.c.version + 1)
    ).rowcount
    if not reserved:
        raise Refused("refund_exceeds", asked=amount, left=source.left)
    row = {
        "capture_id": source.id,
        "payment_id": source.payment_id,
        "amount_minor": amount.minor,
        "currency": amount.currency,
        "state": RefundState.PENDING,
        "key": _new_key(uow, again),
        "provider": WALLET if into_wallet else source.provider,
        "reason": reason,
        "automatic": int(automatic),
        "requested_by": uow.actor.staff_id,
        "approved_by": approved_by,
        "return_goods": int(return_goods and amount == source.left),
        "created_at": uow.now,
        "next_at": uow.now,
    }
    refund_id = insert_row(uow.connection, refund, row)
    owner = _owner(uow, source)
    if owner is not None and owner.state in (PaymentState.CAPTURED, PaymentState.PARTIALLY_REFUNDED):
        move_payment(uow, owner, PaymentState.REFUND_PENDING)
    uow.record(
        "refund.requested",
        f"payment:{source.payment_id}",
        refund=refund_id,
        amount=amount.minor,
        currency=amount.currency,
        automatic=automatic,
        reason=reason,
    )
    planned = load_refund(uow.connection, refund_id)
    if owner is not None and planned.again_of is None:
        take_for_refund(uow, owner, planned)
    return _credited(uow, till, source, planned) if planned.provider == WALLET else planned


def _credited(uow: UnitOfWork, till: Till, source: CaptureRecord, planned: RefundRecord) -> RefundRecord:
    """A refund into a wallet needs nobody's word: it is done in the transaction that plans it."""
    facts = RefundFacts(f"WR{planned.id}", source.provider_ref, RefundStatus.DONE, planned.amount, planned.key)
    return apply_refund_facts(uow, till, planned.id, facts)


def _new_key(uow: UnitOfWork, again: RefundRecord | None) -> str:
    if again is not None and is_reversed(uow.connection, again):
        return f"rf-{secrets.token_hex(10)}{AGAIN}{again.id}"
    return f"rf-{secrets.token_hex(16)}"


def record_outside(
    uow: UnitOfWork,
    till: Till,
    source: CaptureRecord,
    facts: RefundFacts,
    *,
    instead: RefundRecord | None = None,
    again: int | None = None,
) -> int:
    """Write down a refund that was made on the provider's own pages: what it took is not there to give any more.

    The caller holds the payment and its money. What went back beyond what was left, as beside a refund of ours that
    the provider is still to refuse, is kept as the capture's excess. `instead` is the refund of ours that it stands for
    (services/refund_told.py), `again` the number of one that had come back and was made good there.

    The refund's number.
    """
    fits = min(facts.amount.minor, source.left.minor)
    spent = {
        "refunded_minor": source.refunded_minor + fits,
        "excess_minor": source.excess_minor + facts.amount.minor - fits,
        "version": source.version + 1,
    }
    uow.execute(update(capture).where(capture.c.id == source.id).values(spent))
    row = {
        "capture_id": source.id,
        "payment_id": source.payment_id,
        "amount_minor": facts.amount.minor,
        "currency": facts.amount.currency,
        "state": RefundState.SENT,
        "key": _outside_key(uow, facts.provider_ref) + (f"{AGAIN}{again}" if again is not None else ""),
        "provider": source.provider,
        "provider_ref": facts.provider_ref if _is_unnamed(uow, source.provider, facts.provider_ref) else None,
        "reason": instead.reason if instead is not None else "refunded_outside",
        "automatic": instead.automatic if instead is not None else 0,
        "requested_by": instead.requested_by if instead is not None else None,
        "approved_by": instead.approved_by if instead is not None else None,
        "return_goods": int(instead is not None and bool(instead.return_goods) and facts.amount >= instead.amount),
        "created_at": uow.now,
        "sent_at": uow.now,
        "next_at": uow.now,
    }
    refund_id = insert_row(uow.connection, refund, row)
    owner = _owner(uow, source)
    if owner is not None and owner.state in (PaymentState.CAPTURED, PaymentState.PARTIALLY_REFUNDED):
        move_payment(uow, owner, PaymentState.REFUND_PENDING)
    uow.record(
        "refund.outside",
        f"payment:{source.payment_id}",
        refund=refund_id,
        amount=facts.amount.minor,
        currency=facts.amount.currency,
        provider_ref=facts.provider_ref,
    )
    if owner is not None and facts.status is not RefundStatus.FAILED:
        take_for_outside(uow, owner, load_refund(uow.connection, refund_id))
    apply_refund_facts(uow, till, refund_id, facts)
    return refund_id


def _outside_key(uow: UnitOfWork, provider_ref: str) -> str:
    """The provider's name for it; with a number where a refund of that name was told with another amount before."""
    query = select(func.count()).where(refund.c.key.startswith(f"{OUTSIDE}{provider_ref}", autoescape=True))
    before = int(uow.execute(query).scalar_one())
    return f"{OUTSIDE}{provider_ref}{SEVERAL}{before}" if before else f"{OUTSIDE}{provider_ref}"


def _is_unnamed(uow: UnitOfWork, provider: str, provider_ref: str) -> bool:
    named = select(refund.c.id).where(refund.c.provider == provider, refund.c.provider_ref == provider_ref)
    return uow.execute(named).first() is None


def apply_refund_facts(uow: UnitOfWork, till: Till, refund_id: int, facts: RefundFacts) -> RefundRecord:
    """Move a refund by the provider's word; a second hearing changes nothing."""
    found = lock_refund(uow, refund_id)
    if found.state in (RefundState.DONE, RefundState.FAILED):
        return found
    if facts.amount != found.amount and facts.status is not RefundStatus.FAILED:
        _told_otherwise(uow, found, facts)
    elif facts.status is RefundStatus.DONE:
        _done(uow, till, found, facts)
    elif facts.status is RefundStatus.FAILED:
        refund_failed(uow, till, found, facts.reason or "", provider_ref=facts.provider_ref)
    else:
        _on_its_way(uow, found, facts)
    return load_refund(uow.connection, refund_id)


def _on_its_way(uow: UnitOfWork, found: RefundRecord, facts: RefundFacts) -> None:
    values = _name(found, facts.provider_ref)
    if found.message == OTHER_AMOUNT:
        # Told as asked after all.
        values |= {"message": None}
        close_about_refund(uow, found.id, (ExceptionKind.CONFLICT,), "told_as_asked")
    if values or found.state is not RefundState.SENT:
        change_refund(uow, found, state=RefundState.SENT, sent_at=found.sent_at or uow.now, **values)


def _name(found: RefundRecord, provider_ref: str | None) -> dict[str, object]:
    """The provider's name for it, where it has none yet; of one made elsewhere its key has it."""
    return {"provider_ref": provider_ref} if provider_ref and not (found.provider_ref or found.outside) else {}


def _told_otherwise(uow: UnitOfWork, found: RefundRecord, facts: RefundFacts) -> None:
    """The provider has a refund of ours with another amount: nothing is believed, a person decides.

    Each telling is an entry of its own, so that nobody takes in another amount than the one that was read.
    """
    told = f"refund-amount:{found.id}:{facts.provider_ref}:{facts.amount}:{facts.status.value}"
    number = open_again(
        uow,
        ExceptionKind.CONFLICT,
        told,
        payment_id=found.payment_id,
        capture_id=found.capture_id,
        refund_id=found.id,
        evidence={
            "asked": str(found.amount),
            "provider": str(facts.amount),
            "provider_ref": facts.provider_ref,
            "provider_says": facts.status.value,
        },
    )
    close_about_refund(uow, found.id, (ExceptionKind.CONFLICT,), OTHER_AMOUNT, besides=number)
    if found.message != OTHER_AMOUNT:
        change_refund(uow, found, message=OTHER_AMOUNT)


def _done(uow: UnitOfWork, till: Till, found: RefundRecord, facts: RefundFacts) -> None:
    change_refund(
        uow,
        found,
        state=RefundState.DONE,
        sent_at=found.sent_at or uow.now,
        ended_at=uow.now,
        next_at=None,
        message=None,
        **_name(found, facts.provider_ref),
    )
    close_about_refund(uow, found.id, _ON_ITS_WAY, "refund_done")
    source = load_capture(uow.connection, found.capture_id, lock=True)
    owner = _owner(uow, source)
    fulfilled = owner is not None and owner.fulfilment is Fulfilment.DONE
    if not source.left and not _pending(uow, source.id):
        uow.execute(update(capture).where(capture.c.id == source.id).values(disposition=CaptureDisposition.REFUNDED))
    uow.record("refund.done", f"payment:{found.payment_id}", refund=found.id, provider_ref=facts.provider_ref)
    if found.payment_id is not None and found.provider != WALLET:
        template = till.fulfilling[load_payment(uow.connection, found.payment_id).purpose].refund_mail
        payload = {"template": template, "payment_id": found.payment_id, "refund_id": found.id}
        enqueue(uow, "mail", f"mail:{template}:{found.id}", payload, payment_id=found.payment_id)
    if owner is not None:
        settle_owner(uow, till, owner, source.id)
        _reverse(uow, till, owner, found)
    _book(uow, found, REFUNDS if fulfilled else UNAPPLIED)


def _book(uow: UnitOfWork, found: RefundRecord, from_account: str) -> None:
    """A wallet is the last thing that is locked, as it is where it pays."""
    if found.provider == WALLET and found.payment_id is not None:
        refund_into_wallet(uow, load_payment(uow.connection, found.payment_id), found, from_account)
        return
    post(
        uow.connection,
        "refund",
        f"refund:{found.id}",
        payment_id=found.payment_id,
        now=uow.now,
        entries=pair(from_account, clearing(found.provider), found.amount),
    )


def credited_instead(uow: UnitOfWork, till: Till, found: RefundRecord) -> None:
    """What a refund that failed was for is in the customer's wallet now: the sale is reversed as if it had gone back.

    The caller holds the payment and has booked the credit.
    """
    source = load_capture(uow.connection, found.capture_id)
    owner = _owner(uow, source)
    if owner is None or owner.fulfilment is not Fulfilment.DONE:
        return
    if owner.state in (PaymentState.CAPTURED, PaymentState.PARTIALLY_REFUNDED):
        owner = move_payment(uow, owner, PaymentState.REFUND_PENDING)
    settle_owner(uow, till, owner, source.id)
    if not is_reversed(uow.connection, found):
        _reverse(uow, till, owner, found)


def is_reversed(connection: Connection, found: RefundRecord) -> bool:
    """Whether a refund took back what was made of the sale: it was done once, or makes good one that was."""
    done = select(ledger_tx.c.id).where(ledger_tx.c.dedupe_key == f"refund:{found.id}")
    return found.again_of is not None or connection.execute(done).first() is not None


def freed_of(source: CaptureRecord, found: RefundRecord) -> dict[str, object]:
    """What is left of some money once a refund of it is none; what went back beyond that comes off first."""
    taken = min(source.excess_minor, found.amount_minor)
    return {
        "refunded_minor": source.refunded_minor - found.amount_minor + taken,
        "excess_minor": source.excess_minor - taken,
        "version": source.version + 1,
    }


def _reverse(uow: UnitOfWork, till: Till, owner: PaymentRecord, found: RefundRecord) -> None:
    if found.again_of is not None:
        return
    if (reverse := till.fulfilling[owner.purpose].gone_back) is not None:
        reverse(uow, load_payment(uow.connection, owner.id), found)


def refund_failed(
    uow: UnitOfWork,
    till: Till,
    found: RefundRecord,
    reason: str,
    *,
    provider_ref: str | None = None,
    settling: int | None = None,
) -> None:
    """The provider refused it for good: the amount is free again and a person must decide, unless one did already by
    settling the exception of the number `settling`.

    What went back elsewhere beyond what was left then comes off first, and of that nobody is asked again.
    """
    values = _name(found, provider_ref)
    change_refund(
        uow, found, state=RefundState.FAILED, ended_at=uow.now, next_at=None, message=reason or None, **values
    )
    close_about_refund(uow, found.id, _ON_ITS_WAY, "refund_failed", besides=settling)
    source = load_capture(uow.connection, found.capture_id, lock=True)
    uow.execute(update(capture).where(capture.c.id == source.id).values(freed_of(source, found)))
    owed = not found.outside or found.instead or source.disposition in _NOTHING_STAYS or was_answered_by(uow, found)
    if settling is None and owed:
        open_exception(
            uow,
            ExceptionKind.REFUND_FAILED,
            f"refund-failed:{found.id}",
            payment_id=found.payment_id,
            capture_id=found.capture_id,
            refund_id=found.id,
            evidence={"amount": str(found.amount), "provider_says": reason, "key": found.key},
        )
    uow.record("refund.failed", f"payment:{found.payment_id}", refund=found.id, reason=reason)
    owner = _owner(uow, load_capture(uow.connection, found.capture_id))
    if owner is not None:
        settle_owner(uow, till, owner, found.capture_id)
        put_back(uow, owner, found)


def _owner(uow: UnitOfWork, source: CaptureRecord) -> PaymentRecord | None:
    """The payment whose state follows this money: that of its main capture."""
    if source.payment_id is None or not source.main:
        return None
    return load_payment(uow.connection, source.payment_id, lock=True)


def _pending(uow: UnitOfWork, capture_id: int) -> bool:
    query = select(func.count()).where(refund.c.capture_id == capture_id, refund.c.state.in_(OPEN_REFUNDS))
    return bool(uow.execute(query).scalar_one())


def settle_owner(uow: UnitOfWork, till: Till, owner: PaymentRecord, capture_id: int) -> None:
    """When no refund is on its way any more, the payment is what the refunds made of it."""
    if owner.state is not PaymentState.REFUND_PENDING or _pending(uow, capture_id):
        return
    source = load_capture(uow.connection, capture_id)
    if not source.refunded_minor:
        moved = move_payment(uow, owner, PaymentState.CAPTURED)
    elif source.left:
        moved = move_payment(uow, owner, PaymentState.PARTIALLY_REFUNDED)
    else:
        moved = move_payment(uow, owner, PaymentState.REFUNDED)
        if (end := till.fulfilling[moved.purpose].gone_whole) is not None:
            end(uow, moved)
    change_payment(uow, moved, settled_at=uow.now)
