"""A try to pay: begun by the customer, approved or declined, captured by itself or by the till.

A failed try leaves the session open. A slow one (a bank debit) completes the session before its money is there.
"""

from __future__ import annotations

from dataclasses import dataclass

from tillgate.sandbox.ledger import Books
from tillgate.sandbox.stripe.account import StripeAccount, new_id
from tillgate.sandbox.stripe.errors import invalid
from tillgate.sandbox.stripe.fields import Fields
from tillgate.sandbox.stripe.records import BANK_DEBIT, Charge, Intent, Session

APPROVE, RELEASE = "charge_approved", "charge_released"
CAPTURE_WINDOW_MS = 7 * 24 * 3600 * 1000


@dataclass(frozen=True)
class Tender:
    """What the customer hands over: minor units, and how."""

    amount: int
    currency: str
    method: str
    last4: str


@dataclass(frozen=True)
class Decline:
    """Why a bank says no: the card error's code, the bank's own, and the sentence for people."""

    code: str
    decline_code: str
    message: str


def intent_of(account: StripeAccount, books: Books, session: Session) -> Intent:
    """The session's payment intent, made with the first try."""
    if session.intent_id is not None:
        return books.load(Intent, session.intent_id)
    intent = Intent(
        id=new_id("pi_"),
        status="requires_payment_method",
        amount=session.amount,
        currency=session.currency,
        created_at=books.now,
        parent_id=session.id,
        manual_capture=session.manual_capture or account.settings.manual_capture,
        description=session.intent_description,
        metadata=session.intent_metadata,
    )
    books.add(intent)
    session.intent_id = intent.id
    books.save(session, "tried")
    return intent


def begin(books: Books, intent: Intent, tender: Tender) -> Charge:
    """A try that has no answer yet."""
    charge = Charge(
        id=new_id("py_" if tender.method == BANK_DEBIT else "ch_"),
        status="pending",
        amount=tender.amount,
        currency=tender.currency,
        created_at=books.now,
        parent_id=intent.id,
        method=tender.method,
        last4=tender.last4,
        metadata=intent.metadata,
    )
    books.add(charge)
    intent.status = "processing"
    intent.latest_charge = charge.id
    intent.last_payment_error = None
    books.save(intent, "processing")
    return charge


def approve(books: Books, charge: Charge) -> None:
    """The bank says yes: captured at once unless the till is to do it."""
    if charge.status != "pending":
        return
    intent, session = _owners(books, charge)
    charge.status = "succeeded"
    books.save(charge, "approved")
    _complete(books, session)
    if intent.manual_capture:
        intent.status = "requires_capture"
        intent.amount_capturable = charge.amount
        books.save(intent, "authorized")
        books.plan(books.now_ms + CAPTURE_WINDOW_MS, RELEASE, charge.id)
    else:
        _capture(books, intent, session, charge)


def decline(books: Books, charge: Charge, why: Decline) -> None:
    """The bank says no: a session that is open stays so."""
    if charge.status != "pending":
        return
    intent, _ = _owners(books, charge)
    charge.status = "failed"
    charge.failure_code = why.code
    charge.failure_message = why.message
    charge.decline_code = why.decline_code
    books.save(charge, "failed")
    intent.status = "requires_payment_method"
    intent.last_payment_error = {
        "charge": charge.id,
        "code": why.code,
        "decline_code": why.decline_code,
        "doc_url": f"https://stripe.com/docs/error-codes/{why.code.replace('_', '-')}",
        "message": why.message,
        "type": "card_error",
    }
    books.save(intent, "failed")


def wait(books: Books, charge: Charge, at_ms: int) -> None:
    """A slow way to pay: the customer is done, the money comes at a time."""
    _, session = _owners(books, charge)
    _complete(books, session)
    books.plan(at_ms, APPROVE, charge.id)


def capture(books: Books, intent: Intent, fields: Fields) -> Intent:
    """POST /v1/payment_intents/{id}/capture; all of it, or part."""
    amount = fields.integer("amount_to_capture")
    fields.words("expand")
    fields.end()
    if intent.status != "requires_capture":
        raise not_capturable(intent)
    charge = books.load(Charge, intent.latest_charge or "")
    if amount is not None and not 0 < amount <= charge.amount:
        raise invalid(
            f"The provided amount_to_capture ({amount}) is greater than the capturable amount ({charge.amount}).",
            "amount_to_capture",
            "amount_too_large",
            stored=True,
        )
    _capture(books, intent, books.load(Session, intent.parent_id or ""), charge, amount)
    return intent


def not_capturable(intent: Intent) -> Exception:
    """Nothing waits to be captured."""
    return invalid(
        f"This PaymentIntent could not be captured because it has a status of {intent.status}. Only a PaymentIntent"
        " with one of the following statuses may be captured: requires_capture.",
        code="payment_intent_unexpected_state",
        stored=True,
    )


def release(books: Books, charge: Charge) -> None:
    """Nobody captured it in time: the bank lets go of the money."""
    if charge.captured or charge.refunded:
        return
    charge.amount_refunded = charge.amount
    books.save(charge, "released")
    intent, _ = _owners(books, charge)
    intent.status = "canceled"
    intent.canceled_at = books.now
    intent.amount_capturable = 0
    books.save(intent, "canceled")


def capture_again(books: Books, charge: Charge) -> None:
    """A second charge for the same session, which a fault of the menu brings about."""
    charge.status = "succeeded"
    books.save(charge, "approved")
    intent, session = _owners(books, charge)
    _capture(books, intent, session, charge)


def _capture(books: Books, intent: Intent, session: Session, charge: Charge, amount: int | None = None) -> None:
    charge.captured = True
    charge.amount_captured = charge.amount if amount is None else amount
    charge.captured_at = books.now
    books.save(charge, "captured")
    intent.status = "succeeded"
    intent.amount_capturable = 0
    intent.amount_received = charge.amount_captured
    intent.latest_charge = charge.id
    books.save(intent, "succeeded")
    session.payment_status = "paid"
    books.save(session, "paid")


def _complete(books: Books, session: Session) -> None:
    session.status = "complete"
    books.save(session, "completed")


def _owners(books: Books, charge: Charge) -> tuple[Intent, Session]:
    intent = books.load(Intent, charge.parent_id or "")
    return intent, books.load(Session, intent.parent_id or "")
