"""The endpoints of /api/v1: each a function of the books and a call, giving the body of its answer."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from tillgate.sandbox.faults import Fault, Verb
from tillgate.sandbox.intasend import fields, invoices
from tillgate.sandbox.intasend.account import IntaSendAccount
from tillgate.sandbox.intasend.errors import invalid, missing, wrong_key
from tillgate.sandbox.intasend.records import Chargeback, Checkout, Invoice, moment
from tillgate.sandbox.ledger import Books

_MOST_PAGES = 10**6


@dataclass(frozen=True)
class Call:
    """What an endpoint needs of a request; `keys` are the publishable ones that it names, in its headers."""

    path: Mapping[str, str]
    query: Mapping[str, str]
    body: dict[str, Any]
    keys: Sequence[str] = ()
    fault: Fault | None = None


Act = Callable[[IntaSendAccount, Books, Call], dict[str, Any]]


@dataclass(frozen=True)
class Endpoint:
    """A method and path, what the fault menu calls it, and what it does. `secret` is whether it asks for the secret
    key; the others ask for the publishable one, and a secret one that was sent must be known all the same [A].
    """

    method: str
    path: str
    verb: Verb
    noun: str
    act: Act
    secret: bool
    status: int = 200
    # Answered as a bare array, as the documents have it.
    bare: bool = False


def push(account: IntaSendAccount, books: Books, call: Call) -> dict[str, Any]:
    """POST payment/mpesa-stk-push/. A 200 says that the prompt is queued."""
    made = invoices.push(account, books, call.body)
    return {
        "id": made.push_id,
        "invoice": made.wire(texts=account.settings.texts),
        "customer": made.customer(),
        "payment_link": None,
        "customer_comment": None,
        "refundable": False,
        "created_at": moment(made.made_ms),
        "updated_at": moment(made.made_ms),
    }


def status(account: IntaSendAccount, books: Books, call: Call) -> dict[str, Any]:
    """POST payment/status/, by invoice, or by invoice, checkout and its signature."""
    found = books.find(Invoice, fields.text(call.body, "invoice_id", required=True))
    if found is None:
        raise missing()
    checkout_id, signature = call.body.get("checkout_id"), call.body.get("signature")
    if checkout_id is not None:
        checkout = books.find(Checkout, str(checkout_id))
        good = checkout is not None and hmac.compare_digest(checkout.signature.encode(), str(signature).encode())
        if checkout is None or found.parent_id != checkout.id or not good:
            raise invalid("signature", "Invalid signature.")
    meta = {
        "id": found.push_id,
        "customer": found.customer(),
        "payment_link": None,
        "customer_comment": None,
        "created_at": moment(found.made_ms),
        "updated_at": moment(found.changed_ms),
    }
    return {"invoice": found.wire(texts=account.settings.texts), "meta": meta}


def open_checkout(account: IntaSendAccount, books: Books, call: Call) -> dict[str, Any]:
    """POST checkout/"""
    made = invoices.open_checkout(books, call.body)
    return made.wire(account.checkout_url(made.id))


def list_invoices(account: IntaSendAccount, books: Books, call: Call) -> dict[str, Any]:
    """GET invoices/, newest first, by state; not by api_ref"""
    found = books.list_all(Invoice, status=call.query.get("state"))
    return _page(account, call, "invoices", [one.wire(texts=account.settings.texts) for one in found])


def fetch_invoice(account: IntaSendAccount, books: Books, call: Call) -> dict[str, Any]:
    """GET invoices/{id}/"""
    found = books.find(Invoice, call.path["id"])
    if found is None:
        raise missing()
    return found.wire(texts=account.settings.texts)


def ask_back(account: IntaSendAccount, books: Books, call: Call) -> dict[str, Any]:
    """POST chargebacks/"""
    return invoices.ask_back(account, books, call.body, call.fault).wire()


def list_chargebacks(account: IntaSendAccount, books: Books, call: Call) -> dict[str, Any]:
    """GET chargebacks/, all of them"""
    del account, call
    found = [one.wire() for one in books.list_all(Chargeback)]
    return {"count": len(found), "next": None, "previous": None, "results": found}


def fetch_chargeback(account: IntaSendAccount, books: Books, call: Call) -> dict[str, Any]:
    """GET chargebacks/{id}/"""
    del account
    found = books.find(Chargeback, call.path["id"])
    if found is None:
        raise missing()
    return found.wire()


def check_publishable(account: IntaSendAccount, call: Call) -> None:
    """The publishable key, in the body, in the documented header or in the SDKs' own. Raises ApiError 403."""
    named = [str(call.body["public_key"])] if call.body.get("public_key") else [key for key in call.keys if key]
    if not named or any(key != account.key_id for key in named):
        raise wrong_key()


def _page(account: IntaSendAccount, call: Call, name: str, found: list[dict[str, Any]]) -> dict[str, Any]:
    size = len(found) or 1 if account.settings.bare_lists else account.settings.page_size
    given = call.query.get("page", "1")
    page = int(given) if given.isascii() and given.isdigit() and int(given[:9]) < _MOST_PAGES else 0
    if page < 1 or (page > 1 and (page - 1) * size >= len(found)):
        raise missing()

    def address(number: int) -> str:
        return f"{account.base_url}/api/v1/{name}/?{urlencode({**call.query, 'page': number})}"

    return {
        "count": len(found),
        "next": address(page + 1) if page * size < len(found) else None,
        "previous": address(page - 1) if page > 1 else None,
        "results": found[(page - 1) * size : page * size],
    }


ENDPOINTS = (
    Endpoint("POST", "/payment/mpesa-stk-push/", Verb.CREATE, "invoice", push, secret=True),
    Endpoint("POST", "/payment/status/", Verb.FETCH, "invoice", status, secret=False),
    Endpoint("POST", "/checkout/", Verb.CREATE, "checkout", open_checkout, secret=False, status=201),
    Endpoint("GET", "/invoices/", Verb.LOOKUP, "invoice", list_invoices, secret=True),
    Endpoint("GET", "/invoices/{id}/", Verb.FETCH, "invoice", fetch_invoice, secret=True),
    Endpoint("POST", "/chargebacks/", Verb.REFUND, "chargeback", ask_back, secret=True, status=201),
    Endpoint("GET", "/chargebacks/", Verb.LOOKUP, "chargeback", list_chargebacks, secret=True, bare=True),
    Endpoint("GET", "/chargebacks/{id}/", Verb.FETCH, "chargeback", fetch_chargeback, secret=True),
)
