"""Payment links: opened by the API, paid on their page, and closed by being made inactive."""

from __future__ import annotations

from typing import Any

from tillgate.sandbox.account import random_word
from tillgate.sandbox.ledger import Books
from tillgate.sandbox.wompi.account import WompiAccount
from tillgate.sandbox.wompi.amounts import CURRENCY, LARGEST
from tillgate.sandbox.wompi.errors import invalid
from tillgate.sandbox.wompi.fields import Fields, unix_ms
from tillgate.sandbox.wompi.records import Link

_LONGEST_SKU = 36
_MOST_REFERENCES, _LONGEST_LABEL = 2, 24


def create(account: WompiAccount, books: Books, fields: Fields) -> Link:
    """POST /v1/payment_links."""
    amount = fields.integer("amount_in_cents")
    if amount is not None:
        check_amount(account, amount)
    if (fields.text("currency", 3) or CURRENCY) != CURRENCY:
        raise invalid("currency", "Debe ser COP")
    expires_at = fields.text("expires_at", 40)
    link = Link(
        id=f"test_{random_word(8)}",
        status="active",
        amount=amount or 0,
        currency=CURRENCY,
        created_at=books.now,
        reference=fields.text("sku", _LONGEST_SKU),
        name=fields.text("name", required=True) or "",
        description=fields.text("description", 2000, required=True) or "",
        single_use=bool(fields.flag("single_use", required=True)),
        collect_shipping=bool(fields.flag("collect_shipping", required=True)),
        made_ms=books.now_ms,
        changed_ms=books.now_ms,
        merchant_key=account.key_id,
        expires_at=expires_at,
        expires_ms=None if expires_at is None else _expiry(books, expires_at),
        redirect_url=fields.address("redirect_url"),
        image_url=fields.address("image_url"),
        collect_customer_legal_id=fields.flag("collect_customer_legal_id"),
        customer_data=_customer_data(fields),
        taxes=fields.thing("taxes", list) or [],
    )
    fields.end()
    books.add(link)
    return link


def change(books: Books, link: Link, fields: Fields) -> Link:
    """PATCH /v1/payment_links/{id}: nothing but `active`."""
    active = bool(fields.flag("active", required=True))
    fields.end()
    if (link.status == "active") is not active:
        link.status = "active" if active else "inactive"
        link.changed_ms = books.now_ms
        books.save(link, link.status)
    return link


def check_amount(account: WompiAccount, amount: int) -> None:
    """Raises ApiError for less or more than is taken."""
    least, most = account.settings.smallest_minor, min(account.settings.largest_minor, LARGEST)
    if amount < least:
        raise invalid("amount_in_cents", f"El monto mínimo de una transacción es {least} centavos")
    if amount > most:
        raise invalid("amount_in_cents", f"El monto máximo de una transacción es {most} centavos")


def _expiry(books: Books, text: str) -> int:
    at_ms = unix_ms(text)
    if at_ms is None:
        raise invalid("expires_at", "No es una fecha ISO 8601 válida")
    if at_ms <= books.now_ms:
        raise invalid("expires_at", "Debe ser una fecha futura")
    return at_ms


def _customer_data(fields: Fields) -> dict[str, Any] | None:
    given = fields.thing("customer_data", dict)
    asked = (given or {}).get("customer_references", [])
    good = isinstance(asked, list) and len(asked) <= _MOST_REFERENCES
    if not good or any(not _is_label(one) for one in asked):
        raise invalid("customer_data", "No tiene la forma esperada")
    return dict(given) if given else None


def _is_label(one: object) -> bool:
    label = one.get("label") if isinstance(one, dict) else None
    return isinstance(label, str) and 0 < len(label) <= _LONGEST_LABEL
