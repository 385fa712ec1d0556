"""Refunds that were made on the provider's own pages: told to a person, and off what may still be given back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import select

from tillgate.domain.checkout_facts import RefundFacts, RefundStatus
from tillgate.domain.exceptions import ExceptionKind
from tillgate.domain.payment import Fulfilment, RefundState
from tillgate.services.exception_rows import open_exception
from tillgate.services.giving_back import answer_same_refund
from tillgate.services.payment_rows import find_capture, load_capture, load_payment
from tillgate.services.records import CaptureRecord
from tillgate.services.refund_rows import OPEN_REFUNDS, record_outside
from tillgate.services.returned_refunds import is_called, take_returned
from tillgate.services.till import Till
from tillgate.store.models import ledger_tx, refund
from tillgate.store.unit_of_work import UnitOfWork

_REASON: Final = "refunded_outside"


def take_outside(uow: UnitOfWork, till: Till, provider: str, heard: Iterable[RefundFacts]) -> None:
    """Take in what a provider says of refunds of our money that the till never asked for; heard twice it is nothing."""
    for facts in heard:
        source = find_capture(uow.connection, provider, facts.payment_ref)
        if source is None:
            continue
        if facts.status is RefundStatus.FAILED:
            take_returned(uow, till, source, facts)
        elif not _is_known(uow, source, facts):
            _take(uow, till, source, facts)


def _take(uow: UnitOfWork, till: Till, source: CaptureRecord, facts: RefundFacts) -> None:
    owner = load_payment(uow.connection, source.payment_id, lock=True) if source.payment_id is not None else None
    source = load_capture(uow.connection, source.id, lock=True)
    open_exception(
        uow,
        ExceptionKind.CONFLICT,
        f"refund-outside:{source.provider}:{facts.provider_ref}",
        payment_id=source.payment_id,
        capture_id=source.id,
        evidence={
            "refunded_outside": str(facts.amount),
            "provider_ref": facts.payment_ref,
            "refund_ref": facts.provider_ref,
        },
    )
    # While its orders are still to be written the payment stays as it is; the next hearing takes the refund in.
    writing = owner is not None and owner.fulfilment is Fulfilment.PENDING
    if writing or _came_given_back(uow, source) or facts.amount.currency != source.currency:
        return
    again = answer_same_refund(uow, source, facts.amount, _REASON)
    record_outside(uow, till, source, facts, again=again)


def _is_known(uow: UnitOfWork, source: CaptureRecord, found: RefundFacts) -> bool:
    """By the provider's name for it or our key; where the key is not told, one like it may be on its way.

    One that had failed and is done after all is news: that money is not there any more.
    """
    ours = refund.c.key == found.key
    if found.key is None:
        on_its_way = refund.c.provider_ref.is_(None) & refund.c.state.in_(OPEN_REFUNDS)
        ours = on_its_way & (refund.c.amount_minor == found.amount.minor)
    same = ours | is_called(found.provider_ref)
    states = uow.execute(select(refund.c.state).where(refund.c.capture_id == source.id, same)).scalars()
    known = set(states)
    return bool(known) and not (known == {RefundState.FAILED} and found.status is RefundStatus.DONE)


def _came_given_back(uow: UnitOfWork, source: CaptureRecord) -> bool:
    """Money that had gone back before the till ever saw it is in the books as that already."""
    query = select(ledger_tx.c.id).where(ledger_tx.c.dedupe_key == f"given_back:{source.id}")
    return uow.execute(query).first() is not None
