"""Orders: made by the till, paid on the checkout, never cancelled."""

from __future__ import annotations

from typing import Any

from tillgate.sandbox.ledger import Books
from tillgate.sandbox.razorpay.account import DuplicateReceipt, RazorpayAccount, new_id
from tillgate.sandbox.razorpay.errors import ApiError, bad_request
from tillgate.sandbox.razorpay.fields import Fields, check_amount
from tillgate.sandbox.razorpay.records import Link, Order, Payment

_OLDEST_DAYS = 180


def create(account: RazorpayAccount, books: Books, body: dict[str, Any]) -> Order:
    """POST /v1/orders. Every field is checked, and what is not a field is refused."""
    replays = account.settings.duplicate_receipt is DuplicateReceipt.REPLAY
    fields = Fields(body)
    amount = fields.integer("amount", required=True) or 0
    currency = fields.currency()
    unique = fields.flag("unique_receipt") if replays else False
    order = Order(
        id=new_id("order_"),
        status="created",
        amount=amount,
        currency=currency,
        created_at=books.now,
        reference=fields.text("receipt", 40),
        notes=fields.notes(),
        partial_payment=fields.flag("partial_payment"),
        first_payment_min_amount=fields.integer("first_payment_min_amount"),
        auto_capture=_capture_choice(fields),
    )
    fields.end()
    check_amount(fields, amount, currency)
    return _store(account, books, order, unique)


def _store(account: RazorpayAccount, books: Books, order: Order, unique: bool) -> Order:
    if order.reference:
        held = books.claim("receipt", order.reference, order.id)
        if held is not None and unique:
            return books.load(Order, held.id)
        if held is not None and account.settings.duplicate_receipt is not DuplicateReceipt.CREATE:
            raise bad_request("Order receipt should be unique.", field="receipt", metadata={"order_id": held.id})
    books.add(order)
    return order


def _capture_choice(fields: Fields) -> bool | None:
    choice: bool | None = None
    if fields.has("payment_capture"):
        choice = _legacy_capture(fields)
    if fields.has("payment"):
        payment = fields.within("payment")
        named = payment.choice("capture", ("automatic", "manual"))
        choice = None if named is None else named == "automatic"
        options = payment.within("capture_options")
        automatic_minutes = options.integer("automatic_expiry_period")
        manual_minutes = options.integer("manual_expiry_period")
        options.choice("refund_speed", ("normal", "optimum"))
        options.end()
        payment.end()
        _check_expiry(options, automatic_minutes, manual_minutes)
    return choice


def _legacy_capture(fields: Fields) -> bool:
    flag = fields.integer("payment_capture")
    if flag not in {0, 1}:
        raise fields.refuse("The selected payment_capture is invalid.", "payment_capture")
    return flag == 1


def _check_expiry(options: Fields, automatic_minutes: int | None, manual_minutes: int | None) -> None:
    if automatic_minutes is not None and automatic_minutes < 12:
        raise options.refuse("The automatic_expiry_period must be at least 12.", "automatic_expiry_period")
    if manual_minutes is not None and not (automatic_minutes or 0) <= manual_minutes <= 7200:
        raise options.refuse("The manual_expiry_period is invalid.", "manual_expiry_period")


def for_link(books: Books, link: Link) -> Order:
    """The order behind a payment link, made when the customer first presses."""
    if link.order_id is not None:
        return books.load(Order, link.order_id)
    order = Order(
        id=new_id("order_"),
        status="created",
        amount=link.amount,
        currency=link.currency,
        created_at=books.now,
        reference=link.reference,
        parent_id=link.id,
        partial_payment=link.accept_partial,
    )
    books.add(order)
    link.order_id = order.id
    books.save(link, "opened")
    return order


def check_age(books: Books, order: Order) -> None:
    """Old orders are only in reports."""
    if books.now - order.created_at > _OLDEST_DAYS * 24 * 3600:
        raise _too_old()


def _too_old() -> ApiError:
    return bad_request("Order older than 180 days, please use reports.")


def update_notes(books: Books, order: Order, body: dict[str, Any]) -> Order:
    """PATCH: notes only."""
    fields = Fields(body)
    order.notes = fields.notes()
    fields.end()
    books.save(order, "updated")
    return order


def is_authorized(books: Books, order: Order) -> bool:
    """The list's filter: whether some payment of it was ever authorised."""
    good = {"authorized", "captured", "refunded"}
    return any(payment.status in good for payment in books.list_all(Payment, parent_id=order.id))
