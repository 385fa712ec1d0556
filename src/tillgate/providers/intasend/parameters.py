"""What is sent: the body of a prompt and of a hosted checkout, kept as canonical JSON. Amounts are whole shillings."""

from __future__ import annotations

from typing import Final

from tillgate.domain.errors import Invalid
from tillgate.domain.money import Money
from tillgate.domain.mpesa import check_phone, shillings
from tillgate.ports import CheckoutRequest, Payer, RefundRequest
from tillgate.providers.intasend import facts
from tillgate.providers.redaction import one_line
from tillgate.providers.rules import (
    EMAIL,
    canonical,
    check_amount,
    check_reference,
    checked_return_url,
)

# The shop pays IntaSend's own fee, so that what is billed is what was asked for (product.md, ruling 16). The API
# spells it so.
_TARIFF: Final = "BUSINESS-PAYS"
_LONGEST_NAME: Final = 60
_VERSION: Final = "3.0.0"
_LONGEST_REASON: Final = 200


def checkout_body(request: CheckoutRequest, key_id: str) -> str:
    """What opens it, as canonical JSON. Raises Invalid for what IntaSend or M-Pesa would refuse."""
    if request.method not in facts.METHODS:
        raise Invalid("method_unknown", field="method", method=request.method)
    check_amount(request.amount, facts.SMALLEST_MINOR)
    amount = shillings(request.amount)
    largest = facts.LARGEST_MINOR[request.amount.currency]
    if request.amount.minor > largest:
        raise Invalid("amount_above_maximum", field="amount", largest=Money(largest, request.amount.currency))
    check_reference(request.reference)
    body: dict[str, object] = {
        "public_key": key_id,
        "currency": request.amount.currency,
        "amount": amount,
        "api_ref": request.reference,
        "mobile_tarrif": _TARIFF,
    }
    return canonical(body | (_prompt(request) if request.method == facts.PROMPT else _hosted(request)))


def _prompt(request: CheckoutRequest) -> dict[str, object]:
    said = one_line(request.description, facts.LONGEST_NARRATIVE)
    return {
        "method": "M-PESA",
        "phone_number": check_phone(request.payer.phone),
        "narrative": said or one_line(request.reference, facts.LONGEST_NARRATIVE),
        **_email(request.payer),
    }


def _hosted(request: CheckoutRequest) -> dict[str, object]:
    body: dict[str, object] = {
        "api_ref": f"{request.reference}{facts.HOSTED_MARK}",
        "card_tarrif": _TARIFF,
        "comment": one_line(request.description, facts.LONGEST_COMMENT) or request.reference,
        "version": _VERSION,
        **_email(request.payer),
    }
    first, _, last = one_line(request.payer.name, _LONGEST_NAME).partition(" ")
    body |= {name: word for name, word in (("first_name", first), ("last_name", last.strip())) if word}
    if request.return_url is not None:
        body["redirect_url"] = checked_return_url(request.return_url)
    try:
        body["phone_number"] = check_phone(request.payer.phone)
    except Invalid:
        # The page asks for it; a sale doesn't fail over a telephone number that only fills a field.
        return body
    return body


def _email(payer: Payer) -> dict[str, object]:
    email = payer.email.strip()
    return {"email": email} if EMAIL.fullmatch(email) else {}


def refund_body(request: RefundRequest) -> str:
    """A chargeback request for the whole of a payment. Its reason is free text; our key stands in the details."""
    return canonical(
        {
            "invoice": request.payment_ref,
            "amount": shillings(request.amount),
            "reason": one_line(request.reason, _LONGEST_REASON) or "Refund",
            "reason_details": f"Invoice {request.payment_ref}, refund {request.key}",
        }
    )
