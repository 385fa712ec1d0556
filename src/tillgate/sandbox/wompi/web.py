"""Web Checkout: an address that the caller signs and nobody makes. Whatever does not fit together is an error page."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

from tillgate.sandbox.wompi.account import WompiAccount
from tillgate.sandbox.wompi.amounts import CURRENCY
from tillgate.sandbox.wompi.errors import ApiError
from tillgate.sandbox.wompi.fields import is_address, unix_ms
from tillgate.sandbox.wompi.links import check_amount
from tillgate.sandbox.wompi.transactions import Payable

_LONGEST_REFERENCE = 255


class BadCheckout(Exception):
    """An address that Wompi shows an error for: which part of it, and in words."""

    def __init__(self, part: str, said: str) -> None:
        super().__init__(part)
        self.part = part
        self.said = said


def read_checkout(account: WompiAccount, query: Mapping[str, str]) -> Payable:
    """What an address asks for. Raises BadCheckout."""
    if query.get("public-key") != account.key_id:
        raise BadCheckout("public-key", "La llave pública no es válida.")
    amount = _amount(account, query)
    reference = query.get("reference", "")
    if not 0 < len(reference) <= _LONGEST_REFERENCE or not reference.isprintable():
        raise BadCheckout("reference", "La referencia no es válida.")
    expires_at = query.get("expiration-time", "")
    expires_ms = unix_ms(expires_at) if expires_at else None
    if expires_at and expires_ms is None:
        raise BadCheckout("expiration-time", "La fecha de expiración no es válida.")
    signed = integrity(account.keys.integrity, reference, amount, query.get("currency", ""), expires_at)
    if not hmac.compare_digest(signed.encode(), query.get("signature:integrity", "").encode("utf-8", "replace")):
        raise BadCheckout("signature", "La firma es inválida.")
    back = query.get("redirect-url")
    if back is not None and not is_address(back):
        raise BadCheckout("redirect-url", "La URL de redirección no es válida.")
    return Payable(
        id=reference,
        amount=amount,
        currency=CURRENCY,
        description="Web Checkout",
        reference=reference,
        redirect_url=back,
        web=True,
        expires_ms=expires_ms,
        email=query.get("customer-data:email"),
        payer=query.get("customer-data:full-name"),
    )


def integrity(secret: str, reference: str, amount: int, currency: str, expires_at: str = "") -> str:
    """SHA-256 over the texts one behind the other, the secret last."""
    return hashlib.sha256(f"{reference}{amount}{currency}{expires_at}{secret}".encode()).hexdigest()


def _amount(account: WompiAccount, query: Mapping[str, str]) -> int:
    if query.get("currency") != CURRENCY:
        raise BadCheckout("currency", "La moneda debe ser COP.")
    text = query.get("amount-in-cents", "")
    if not (text.isascii() and text.isdigit()) or len(text) > 15:
        raise BadCheckout("amount-in-cents", "El monto no es válido.")
    try:
        check_amount(account, int(text))
    except ApiError:
        raise BadCheckout("amount-in-cents", "El monto no está permitido.") from None
    return int(text)
