"""Refunds that were done and come back: a bank that can't book one sends it to the provider again, weeks later even.

The refund is failed then, and its money the store's again. What the sale lost with it stays lost, credit notes and
cancelled orders: the customer is owed the money, so a manager sends it again or puts it into their wallet.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import ColumnElement, or_, select, update

from tillgate.domain.checkout_facts import RefundFacts
from tillgate.domain.exceptions import RETURNED, CaptureDisposition, ExceptionKind
from tillgate.domain.ledger import REFUNDS, UNAPPLIED, clearing, pair
from tillgate.domain.payment import Fulfilment, PaymentState, RefundState
from tillgate.services.exception_rows import open_exception
from tillgate.services.giving_back import owed_again
from tillgate.services.payment_rows import load_capture, load_payment, move_payment
from tillgate.services.records import AGAIN, OUTSIDE, SEVERAL, CaptureRecord, RefundRecord
from tillgate.services.refund_rows import change_refund, freed_of, lock_refund, settle_owner
from tillgate.services.till import Till
from tillgate.store.ledger import post
from tillgate.store.models import capture, refund
from tillgate.store.unit_of_work import UnitOfWork

# Names in the ledger the money of a refund that came back.
CAME_BACK: Final = "refund_returned:"


def take_returned(uow: UnitOfWork, till: Till, source: CaptureRecord, facts: RefundFacts) -> None:
    """The provider says of a refund that it failed: news where it was done. What the till gave up itself is none."""
    same = (refund.c.key == facts.key) | is_called(facts.provider_ref)
    query = select(refund.c.id).where(refund.c.capture_id == source.id, same, refund.c.state == RefundState.DONE)
    done = uow.execute(query).scalar()
    if done is not None:
        _come_back(uow, till, lock_refund(uow, done), facts)


def is_called(provider_ref: str) -> ColumnElement[bool]:
    """Whether a refund is the one that its provider calls so; what was made or told there has the name in its key."""
    theirs = f"{OUTSIDE}{provider_ref}"
    more = (refund.c.key.startswith(f"{theirs}{mark}", autoescape=True) for mark in (AGAIN, SEVERAL))
    return or_(refund.c.provider_ref == provider_ref, refund.c.key == theirs, *more)


def _come_back(uow: UnitOfWork, till: Till, found: RefundRecord, facts: RefundFacts) -> None:
    owner = load_payment(uow.connection, found.payment_id) if found.payment_id is not None else None
    change_refund(uow, found, state=RefundState.FAILED, message=facts.reason or None)
    source = load_capture(uow.connection, found.capture_id, lock=True)
    values: dict[str, object] = freed_of(source, found)
    if source.disposition in (CaptureDisposition.REFUNDED, CaptureDisposition.REFUNDING):
        # Where less is owed than came back, the rest is what a wallet spent of it.
        whole = owed_again(uow.connection, found) == found.amount
        values["disposition"] = CaptureDisposition.REFUNDING if whole else CaptureDisposition.APPLIED
    uow.execute(update(capture).where(capture.c.id == source.id).values(values))
    used = owner is not None and bool(source.main) and owner.fulfilment is Fulfilment.DONE
    post(
        uow.connection,
        # The kind of what it takes back, so that the sums of what was given back hold.
        "refund",
        f"{CAME_BACK}{found.id}",
        payment_id=found.payment_id,
        now=uow.now,
        entries=pair(clearing(found.provider), REFUNDS if used else UNAPPLIED, found.amount),
    )
    evidence: dict[str, object] = {
        RETURNED: str(found.amount),
        "refund_ref": facts.provider_ref,
        "provider_ref": facts.payment_ref,
        "provider_says": facts.reason or "",
    }
    open_exception(
        uow,
        ExceptionKind.REFUND_FAILED,
        f"refund-failed:{found.id}",
        payment_id=found.payment_id,
        capture_id=found.capture_id,
        refund_id=found.id,
        evidence=evidence,
    )
    returned = {"amount": found.amount_minor, "currency": found.currency, "reason": facts.reason or ""}
    uow.record("refund.returned", f"payment:{found.payment_id}", refund=found.id, **returned)
    if owner is not None and source.main and owner.state is PaymentState.PARTIALLY_REFUNDED:
        settle_owner(uow, till, move_payment(uow, owner, PaymentState.REFUND_PENDING), source.id)
