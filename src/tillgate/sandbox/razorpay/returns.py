"""The way back to the till: signed values in the browser's hands, and the faults of that way."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit, urlunsplit

from tillgate.sandbox.faults import Fault, FaultKind, Verb
from tillgate.sandbox.knock import knock_later
from tillgate.sandbox.razorpay.account import PROVIDER, RazorpayAccount
from tillgate.sandbox.razorpay.records import Link, Payment
from tillgate.sandbox.razorpay.signatures import link_signature, order_signature


def link_return_url(account: RazorpayAccount, link: Link, payment: Payment) -> str | None:
    """The link's callback_url with the five signed values, or None when it has none.

    A DUPLICATE_RETURN fault sends further requests there from here, beside the browser's; loopback only.
    """
    if not link.callback_url:
        return None
    fault = account.faults.take(PROVIDER, Verb.RETURN, "payment_link", payment.id)
    reference = link.reference or ""
    signed = link_signature(account.key_secret, link.id, reference, link.status, payment.id)
    values = {
        "razorpay_payment_id": payment.id,
        "razorpay_payment_link_id": link.id,
        "razorpay_payment_link_reference_id": reference,
        "razorpay_payment_link_status": link.status,
        **_signature_value(fault, signed),
    }
    parts = urlsplit(link.callback_url)
    query = "&".join(filter(None, [parts.query, urlencode(values)]))
    url = urlunsplit(parts._replace(query=query))
    if fault is not None and fault.kind is FaultKind.DUPLICATE_RETURN:
        knock_later(url, fault.times)
    return url


def order_response(account: RazorpayAccount, payment: Payment) -> tuple[dict[str, str], int]:
    """What checkout.js hands to the page, and how often."""
    fault = account.faults.take(PROVIDER, Verb.RETURN, "order", payment.id)
    order_id = payment.parent_id or ""
    signed = order_signature(account.key_secret, order_id, payment.id)
    values = {
        "razorpay_payment_id": payment.id,
        "razorpay_order_id": order_id,
        **_signature_value(fault, signed),
    }
    extra = fault.times if fault is not None and fault.kind is FaultKind.DUPLICATE_RETURN else 0
    return values, 1 + extra


def _signature_value(fault: Fault | None, signed: str) -> dict[str, str]:
    if fault is None or fault.kind is not FaultKind.BAD_SIGNATURE:
        return {"razorpay_signature": signed}
    if fault.text == "absent":
        return {}
    return {"razorpay_signature": signed[:-1] + ("0" if signed[-1] != "0" else "1")}
