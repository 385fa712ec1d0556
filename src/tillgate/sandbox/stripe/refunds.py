"""Refunds: what may go back, and how it ends."""

from __future__ import annotations

from tillgate.sandbox.faults import Fault, FaultKind
from tillgate.sandbox.ledger import Books
from tillgate.sandbox.stripe import currencies
from tillgate.sandbox.stripe.account import StripeAccount, new_id
from tillgate.sandbox.stripe.errors import invalid, missing
from tillgate.sandbox.stripe.fields import Fields
from tillgate.sandbox.stripe.records import Charge, Intent, Refund

PROCESS, FAIL = "refund_succeeded", "refund_failed"
_REASONS = ("duplicate", "fraudulent", "requested_by_customer")


def create(
    account: StripeAccount, books: Books, fields: Fields, *, key: str | None = None, fault: Fault | None = None
) -> Refund:
    """POST /v1/refunds: a charge in full or in part."""
    charge = _charge_of(books, fields)
    amount = fields.integer("amount")
    reason = fields.choice("reason", _REASONS)
    metadata = fields.metadata()
    fields.words("expand")
    fields.end()
    if fault is not None and fault.kind is FaultKind.REFUND_REFUSED:
        raise invalid(
            "Insufficient funds in Stripe account. In test mode, you can add funds to your available balance by"
            " creating a charge with 4000000000000077.",
            code="balance_insufficient",
            stored=True,
        )
    refund = Refund(
        id=new_id("re_"),
        status="pending",
        amount=_amount(charge, amount),
        currency=charge.currency,
        created_at=books.now,
        reference=key,
        parent_id=charge.id,
        intent_id=charge.parent_id,
        reason=reason,
        metadata=metadata,
    )
    books.add(refund)
    _take_from(books, charge, refund.amount)
    _plan(account, books, refund, fault)
    return refund


def _charge_of(books: Books, fields: Fields) -> Charge:
    charge_id, intent_id = fields.text("charge"), fields.text("payment_intent")
    if (charge_id is None) == (intent_id is None):
        raise invalid(
            "One of the following params should be provided for this request: payment_intent or charge.",
            code="parameter_missing",
        )
    if intent_id is not None:
        intent = books.find(Intent, intent_id)
        if intent is None:
            raise missing("payment_intent", intent_id, "payment_intent")
        charge_id = intent.latest_charge
    charge = books.find(Charge, charge_id or "")
    if charge is None:
        raise missing("charge", charge_id or "", "charge")
    return charge


def _amount(charge: Charge, amount: int | None) -> int:
    if charge.status != "succeeded" or not charge.captured:
        raise invalid(f"Charge {charge.id} has not been captured and can't be refunded.", stored=True)
    left = charge.amount_captured - charge.amount_refunded
    if left <= 0:
        raise invalid(f"Charge {charge.id} has already been refunded.", code="charge_already_refunded", stored=True)
    if amount is None:
        return left
    if amount < 1:
        raise invalid("Invalid positive integer", "amount", "parameter_invalid_integer")
    if amount > left:
        asked, there = currencies.shown(amount, charge.currency), currencies.shown(left, charge.currency)
        raise invalid(
            f"Refund amount ({asked}) is greater than unrefunded amount on charge ({there})", "amount", stored=True
        )
    return amount


def _plan(account: StripeAccount, books: Books, refund: Refund, fault: Fault | None) -> None:
    if fault is not None and fault.kind in {FaultKind.REFUND_PENDING, FaultKind.REFUND_FAILS}:
        action = FAIL if fault.kind is FaultKind.REFUND_FAILS else PROCESS
        books.plan(books.now_ms + int((fault.seconds or 0) * 1000), action, refund.id)
    elif account.settings.refund_seconds > 0:
        books.plan(books.now_ms + int(account.settings.refund_seconds * 1000), PROCESS, refund.id)
    else:
        process(books, refund)


def process(books: Books, refund: Refund) -> None:
    """Handed to the bank."""
    if refund.status == "pending":
        refund.status = "succeeded"
        books.save(refund, "succeeded")


def fail(books: Books, refund: Refund) -> None:
    """The bank took nothing; the money is the charge's again."""
    if refund.status == "pending":
        refund.status = "failed"
        refund.failure_reason = "expired_or_canceled_card"
        books.save(refund, "failed")
        _take_from(books, books.load(Charge, refund.parent_id or ""), -refund.amount)


def _take_from(books: Books, charge: Charge, amount: int) -> None:
    charge.amount_refunded += amount
    books.save(charge, "refunded" if amount > 0 else "refund_returned")
