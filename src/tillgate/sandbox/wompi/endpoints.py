"""The endpoints of /v1: each a function of the books and a call, giving what stands in `data`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from tillgate.sandbox.faults import Fault, Verb
from tillgate.sandbox.ledger import Books
from tillgate.sandbox.wompi import links, transactions
from tillgate.sandbox.wompi.account import WompiAccount
from tillgate.sandbox.wompi.amounts import CURRENCY
from tillgate.sandbox.wompi.errors import invalid, missing
from tillgate.sandbox.wompi.fields import Fields
from tillgate.sandbox.wompi.records import Link, Transaction, moment

_MOST = 200


@dataclass(frozen=True)
class Call:
    """What an endpoint needs of a request."""

    path: Mapping[str, str]
    query: Mapping[str, str]
    body: dict[str, Any]
    fault: Fault | None = None


Act = Callable[[WompiAccount, Books, Call], Any]


@dataclass(frozen=True)
class Endpoint:
    """A method and path, what the fault menu calls it, and what it does. `key` is the key that it asks for: private,
    any of the two, or none; a key that was sent must be known whether it is asked for or not [A].
    """

    method: str
    path: str
    verb: Verb
    noun: str
    act: Act
    private: bool
    status: int = 200


def fetch_merchant(account: WompiAccount, books: Books, call: Call) -> Any:
    """GET /v1/merchants/{public_key}"""
    del books
    if call.path["id"] != account.key_id:
        raise missing()
    return {
        "id": 1292,
        "name": "Tienda de prueba",
        "legal_name": "Tienda de prueba S.A.S.",
        "contact_name": "Persona de prueba",
        "email": "tienda@example.com",
        "public_key": account.key_id,
        "accepted_currencies": [CURRENCY],
        "accepted_payment_methods": list(transactions.METHODS),
        "fraud_javascript_key": None,
        "active": True,
    }


def create_link(account: WompiAccount, books: Books, call: Call) -> Any:
    """POST /v1/payment_links"""
    return links.create(account, books, Fields(call.body)).wire()


def fetch_link(account: WompiAccount, books: Books, call: Call) -> Any:
    """GET /v1/payment_links/{id}; it says nothing of payments"""
    del account
    return _link(books, call).wire()


def change_link(account: WompiAccount, books: Books, call: Call) -> Any:
    """PATCH /v1/payment_links/{id}"""
    del account
    return links.change(books, _link(books, call), Fields(call.body)).wire()


def fetch_transaction(account: WompiAccount, books: Books, call: Call) -> Any:
    """GET /v1/transactions/{id}"""
    return _told(account, _transaction(books, call))


def list_transactions(account: WompiAccount, books: Books, call: Call) -> Any:
    """GET /v1/transactions: by reference, or by days and pages; not by link"""
    query = call.query
    reference = query.get("reference")
    found = books.list_all(Transaction, reference=reference, status=query.get("status"))
    if reference is None:
        first, last = (_day(query, name) for name in ("from_date", "until_date"))
        found = [one for one in found if first <= moment(one.made_ms)[:10] <= last]
    for name in ("id", "payment_method_type", "customer_email"):
        if name in query:
            field = {"payment_method_type": "method", "customer_email": "email"}.get(name, name)
            found = [one for one in found if getattr(one, field) == query[name]]
    found.sort(key=lambda one: one.made_ms, reverse=query.get("order", "DESC") != "ASC")
    size = _whole(query, "page_size", _MOST, most=_MOST, required=reference is None)
    skip = (_whole(query, "page", 1, most=2**31, required=reference is None) - 1) * size
    return [_told(account, one) for one in found[skip : skip + size]]


def void(account: WompiAccount, books: Books, call: Call) -> Any:
    """POST /v1/transactions/{id}/void. `status` tells of the void; the transaction's own stands deeper."""
    voided = transactions.void(books, _transaction(books, call), call.fault)
    return {"status": "APPROVED", "status_message": None, "transaction": _told(account, voided)}


def _told(account: WompiAccount, one: Transaction) -> dict[str, Any]:
    merchant = {"name": "Tienda de prueba", "legal_name": "Tienda de prueba S.A.S.", "public_key": account.key_id}
    return {**one.wire(), "merchant": merchant}


def _link(books: Books, call: Call) -> Link:
    found = books.find(Link, call.path["id"])
    if found is None:
        raise missing()
    return found


def _transaction(books: Books, call: Call) -> Transaction:
    found = books.find(Transaction, call.path["id"])
    if found is None:
        raise missing()
    return found


def _day(query: Mapping[str, str], name: str) -> str:
    text = query.get(name, "")
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise invalid(name, "Debe tener el formato YYYY-MM-DD") from None


def _whole(query: Mapping[str, str], name: str, usual: int, *, most: int, required: bool) -> int:
    text = query.get(name)
    if text is None and not required:
        return usual
    if text is None or not (text.isascii() and text.isdigit()) or not 1 <= int(text[:20]) <= most:
        raise invalid(name, f"Debe ser un número entre 1 y {most}")
    return int(text)


ENDPOINTS = (
    Endpoint("GET", "/merchants/{id}", Verb.FETCH, "merchant", fetch_merchant, private=False),
    Endpoint("POST", "/payment_links", Verb.CREATE, "payment_link", create_link, private=True, status=201),
    Endpoint("GET", "/payment_links/{id}", Verb.FETCH, "payment_link", fetch_link, private=False),
    Endpoint("PATCH", "/payment_links/{id}", Verb.CANCEL, "payment_link", change_link, private=True),
    Endpoint("GET", "/transactions", Verb.LOOKUP, "transaction", list_transactions, private=True),
    Endpoint("GET", "/transactions/{id}", Verb.FETCH, "transaction", fetch_transaction, private=False),
    Endpoint("POST", "/transactions/{id}/void", Verb.REFUND, "transaction", void, private=True, status=201),
)
