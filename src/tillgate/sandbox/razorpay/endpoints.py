"""The endpoints of /v1: each a function of the books and a call, giving the answer's JSON object."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from tillgate.sandbox.faults import Verb
from tillgate.sandbox.ledger import Books, Record
from tillgate.sandbox.razorpay import links, orders, payments, refunds
from tillgate.sandbox.razorpay.account import RazorpayAccount
from tillgate.sandbox.razorpay.calls import Call
from tillgate.sandbox.razorpay.errors import bad_request, unknown_id
from tillgate.sandbox.razorpay.records import Link, Order, Payment, Refund, collection

R = TypeVar("R", bound=Record)
Act = Callable[[RazorpayAccount, Books, Call], dict[str, Any]]

_PREFIXES: dict[type[Record], str] = {Order: "order_", Payment: "pay_", Link: "plink_", Refund: "rfnd_"}


@dataclass(frozen=True)
class Endpoint:
    """A method and path, what the fault menu calls it, and what it does."""

    method: str
    path: str
    verb: Verb
    noun: str
    act: Act


def _load(books: Books, record_type: type[R], record_id: str) -> R:
    prefix = _PREFIXES[record_type]
    if not re.fullmatch(prefix + "[A-Za-z0-9]{14}", record_id):
        raise _malformed(record_type, record_id.removeprefix(prefix))
    record = books.find(record_type, record_id)
    if record is None:
        raise unknown_id()
    return record


def _malformed(record_type: type[Record], stripped: str) -> Exception:
    if record_type is Link:
        return bad_request(f"invalid input [strippedId] = [{stripped}]")
    return bad_request(f"{stripped} is not a valid id")


def create_order(account: RazorpayAccount, books: Books, call: Call) -> dict[str, Any]:
    """POST /v1/orders"""
    return orders.create(account, books, call.body).wire()


def fetch_order(account: RazorpayAccount, books: Books, call: Call) -> dict[str, Any]:
    """GET /v1/orders/{id}"""
    del account
    order = _load(books, Order, call.path["id"])
    expand = call.query.text("expand[]")
    call.query.end()
    orders.check_age(books, order)
    return _order_wire(books, order, expand)


def _order_wire(books: Books, order: Order, expand: str | None) -> dict[str, Any]:
    if expand is None:
        return order.wire()
    if expand != "payments":
        raise bad_request("The selected expand is invalid.", field="expand")
    tries = [payment.wire() for payment in books.list_all(Payment, parent_id=order.id)]
    return {**order.wire(), "payments": collection(tries)}


def list_orders(account: RazorpayAccount, books: Books, call: Call) -> dict[str, Any]:
    """GET /v1/orders, by receipt and whether authorised"""
    del account
    receipt = call.query.text("receipt")
    authorized = call.query.integer("authorized", -1, 0, 1)
    expand = call.query.text("expand[]")
    page = call.query.page()
    call.query.end()
    found = books.list_all(Order, reference=receipt, from_=page.from_, to=page.to)
    if authorized >= 0:
        found = [order for order in found if orders.is_authorized(books, order) == bool(authorized)]
    chosen = found[page.skip : page.skip + page.count]
    return collection([_order_wire(books, order, expand) for order in chosen])


def list_order_payments(account: RazorpayAccount, books: Books, call: Call) -> dict[str, Any]:
    """GET /v1/orders/{id}/payments: every try, the failed ones too"""
    del account
    order = _load(books, Order, call.path["id"])
    call.query.end()
    return collection([payment.wire() for payment in books.list_all(Payment, parent_id=order.id)])


def update_order(account: RazorpayAccount, books: Books, call: Call) -> dict[str, Any]:
    """PATCH /v1/orders/{id}"""
    del account
    return orders.update_notes(books, _load(books, Order, call.path["id"]), call.body).wire()


def fetch_payment(account: RazorpayAccount, books: Books, call: Call) -> dict[str, Any]:
    """GET /v1/payments/{id}"""
    del account
    call.query.text("expand[]")  # the card is always in
    call.query.end()
    return _load(books, Payment, call.path["id"]).wire()


def list_payments(account: RazorpayAccount, books: Books, call: Call) -> dict[str, Any]:
    """GET /v1/payments"""
    del account
    page = call.query.page()
    call.query.end()
    found = books.list_all(Payment, from_=page.from_, to=page.to, count=page.count, skip=page.skip)
    return collection([payment.wire() for payment in found])


def capture_payment(account: RazorpayAccount, books: Books, call: Call) -> dict[str, Any]:
    """POST /v1/payments/{id}/capture"""
    del account
    return payments.capture(books, _load(books, Payment, call.path["id"]), call.body).wire()


def update_payment(account: RazorpayAccount, books: Books, call: Call) -> dict[str, Any]:
    """PATCH /v1/payments/{id}"""
    del account
    return payments.update_notes(books, _load(books, Payment, call.path["id"]), call.body).wire()


def create_link(account: RazorpayAccount, books: Books, call: Call) -> dict[str, Any]:
    """POST /v1/payment_links"""
    return links.wire(account, books, links.create(books, call.body))


def fetch_link(account: RazorpayAccount, books: Books, call: Call) -> dict[str, Any]:
    """GET /v1/payment_links/{id}"""
    call.query.end()
    return links.wire(account, books, _load(books, Link, call.path["id"]))


def list_links(account: RazorpayAccount, books: Books, call: Call) -> dict[str, Any]:
    """GET /v1/payment_links, by reference_id or payment_id; its envelope is its own"""
    reference = call.query.text("reference_id")
    payment_id = call.query.text("payment_id")
    page = call.query.page()
    call.query.end()
    if payment_id is not None:
        payment = books.find(Payment, payment_id)
        link = books.find(Link, payment.link_id) if payment is not None and payment.link_id else None
        found = [link] if link is not None and reference in {None, link.reference} else []
    else:
        found = books.list_all(
            Link, reference=reference, from_=page.from_, to=page.to, count=page.count, skip=page.skip
        )
    return {"payment_links": [links.wire(account, books, link) for link in found]}


def update_link(account: RazorpayAccount, books: Books, call: Call) -> dict[str, Any]:
    """PATCH /v1/payment_links/{id}"""
    return links.wire(account, books, links.update(books, _load(books, Link, call.path["id"]), call.body))


def cancel_link(account: RazorpayAccount, books: Books, call: Call) -> dict[str, Any]:
    """POST /v1/payment_links/{id}/cancel"""
    return links.wire(account, books, links.cancel(books, _load(books, Link, call.path["id"])))


def notify_link(account: RazorpayAccount, books: Books, call: Call) -> dict[str, Any]:
    """POST /v1/payment_links/{id}/notify_by/{medium}"""
    del account
    links.notify(books, _load(books, Link, call.path["id"]), call.path["medium"])
    return {"success": True}


def create_refund(account: RazorpayAccount, books: Books, call: Call) -> dict[str, Any]:
    """POST /v1/payments/{id}/refund"""
    payment = _load(books, Payment, call.path["id"])
    return refunds.create(account, books, payment, call.body, key=call.key, fault=call.fault).wire()


def fetch_refund(account: RazorpayAccount, books: Books, call: Call) -> dict[str, Any]:
    """GET /v1/refunds/{id} and /v1/payments/{payment_id}/refunds/{id}"""
    del account
    call.query.end()
    refund = _load(books, Refund, call.path["id"])
    if call.path.get("payment_id", refund.parent_id) != refund.parent_id:
        raise unknown_id()
    return refund.wire()


def list_refunds(account: RazorpayAccount, books: Books, call: Call) -> dict[str, Any]:
    """GET /v1/refunds and /v1/payments/{id}/refunds"""
    del account
    page = call.query.page()
    call.query.end()
    payment = _load(books, Payment, call.path["id"]) if "id" in call.path else None
    found = books.list_all(
        Refund,
        parent_id=payment.id if payment else None,
        from_=page.from_,
        to=page.to,
        count=page.count,
        skip=page.skip,
    )
    return collection([refund.wire() for refund in found])


def update_refund(account: RazorpayAccount, books: Books, call: Call) -> dict[str, Any]:
    """PATCH /v1/refunds/{id}"""
    del account
    return refunds.update_notes(books, _load(books, Refund, call.path["id"]), call.body).wire()


ENDPOINTS = (
    Endpoint("POST", "/orders", Verb.CREATE, "order", create_order),
    Endpoint("GET", "/orders", Verb.LOOKUP, "order", list_orders),
    Endpoint("GET", "/orders/{id}", Verb.FETCH, "order", fetch_order),
    Endpoint("PATCH", "/orders/{id}", Verb.UPDATE, "order", update_order),
    Endpoint("GET", "/orders/{id}/payments", Verb.LOOKUP, "payment", list_order_payments),
    Endpoint("GET", "/payments", Verb.LOOKUP, "payment", list_payments),
    Endpoint("GET", "/payments/{id}", Verb.FETCH, "payment", fetch_payment),
    Endpoint("PATCH", "/payments/{id}", Verb.UPDATE, "payment", update_payment),
    Endpoint("POST", "/payments/{id}/capture", Verb.CAPTURE, "payment", capture_payment),
    Endpoint("POST", "/payments/{id}/refund", Verb.REFUND, "refund", create_refund),
    Endpoint("GET", "/payments/{id}/refunds", Verb.LOOKUP, "refund", list_refunds),
    Endpoint("GET", "/payments/{payment_id}/refunds/{id}", Verb.FETCH, "refund", fetch_refund),
    Endpoint("GET", "/refunds", Verb.LOOKUP, "refund", list_refunds),
    Endpoint("GET", "/refunds/{id}", Verb.FETCH, "refund", fetch_refund),
    Endpoint("PATCH", "/refunds/{id}", Verb.UPDATE, "refund", update_refund),
    Endpoint("POST", "/payment_links", Verb.CREATE, "payment_link", create_link),
    Endpoint("GET", "/payment_links", Verb.LOOKUP, "payment_link", list_links),
    Endpoint("GET", "/payment_links/{id}", Verb.FETCH, "payment_link", fetch_link),
    Endpoint("PATCH", "/payment_links/{id}", Verb.UPDATE, "payment_link", update_link),
    Endpoint("POST", "/payment_links/{id}/cancel", Verb.CANCEL, "payment_link", cancel_link),
    Endpoint("POST", "/payment_links/{id}/notify_by/{medium}", Verb.UPDATE, "payment_link", notify_link),
)
