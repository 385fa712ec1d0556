"""A refund that the provider tells with another amount than was asked: a manager takes in what the provider says.

The refund that was asked is over, its amount free again; what the provider gave back is written down beside it as a
refund of its own, in the books by the provider's word only. No amount in any row changes (product.md, Money).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tillgate.domain.checkout_facts import RefundFacts, RefundStatus
from tillgate.domain.errors import Invalid, MoneyMoved, Refused
from tillgate.domain.exceptions import CaptureDisposition
from tillgate.domain.money import Money, read_money
from tillgate.services.giving_back import dispose
from tillgate.services.payment_rows import load_capture, load_payment
from tillgate.services.refund_rows import OPEN_REFUNDS, OTHER_AMOUNT, lock_refund, record_outside, refund_failed
from tillgate.services.till import Till
from tillgate.services.wallet_settling import put_back
from tillgate.store.unit_of_work import UnitOfWork

OTHER_CURRENCY: Final = "currency_of_nothing"


def told_amount(evidence: Mapping[str, str]) -> Money | None:
    """The amount that the provider tells, from an exception's evidence; None where there is none."""
    try:
        return read_money(evidence.get("provider", ""))
    except Invalid:
        return None


def accept_told(
    uow: UnitOfWork, till: Till, refund_id: int, evidence: Mapping[str, str], reason: str, *, settling: int
) -> None:
    """Let the books follow the provider, whatever that leaves: a part to give back yet, or more gone than was asked.

    `settling` is the exception that it answers, `evidence` what that says.

    Raises Refused("refund_over") where the refund has ended since, Refused("currency_of_nothing") for an amount in a
    currency that the money was not in.
    """
    found = lock_refund(uow, refund_id)
    if found.state not in OPEN_REFUNDS or found.message != OTHER_AMOUNT:
        raise Refused("refund_over", refund=refund_id, money_moved=MoneyMoved.YES)
    told = told_amount(evidence)
    if told is None or told.currency != found.currency:
        raise Refused(OTHER_CURRENCY, refund=refund_id, money_moved=MoneyMoved.YES)
    source = load_capture(uow.connection, found.capture_id, lock=True)
    status = RefundStatus(evidence["provider_says"])
    facts = RefundFacts(evidence["provider_ref"], source.provider_ref, status, told, None)
    if source.main and source.payment_id is not None:
        # Into the wallet of a top-up first: what really went back is taken from there.
        put_back(uow, load_payment(uow.connection, source.payment_id), found)
    made = record_outside(
        uow, till, source, facts, instead=found, again=found.id if found.again_of is not None else None
    )
    refund_failed(uow, till, lock_refund(uow, refund_id), OTHER_AMOUNT, settling=settling)
    source = load_capture(uow.connection, source.id)
    if not source.left and status is RefundStatus.DONE:
        dispose(uow, source, CaptureDisposition.REFUNDED)
    uow.record(
        "refund.accepted",
        f"payment:{found.payment_id}",
        refund=refund_id,
        instead=made,
        asked=found.amount_minor,
        told=told.minor,
        currency=told.currency,
        provider_ref=facts.provider_ref,
        reason=reason,
    )
