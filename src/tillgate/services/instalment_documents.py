"""The document's requests and replies of bulk orders, exactly its shapes (seed 001; ruling 12).

JSON amounts are rupees, a whole number or an exact decimal one; `razorpayOrder.amount` is paise. A request is believed
in nothing: what is not there, or is of another kind, is what the services refuse.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from tillgate.domain.errors import Invalid, TillgateError, Unavailable
from tillgate.domain.instalments import (
    ADDRESS_FIELDS,
    DeliveryAddress,
    FailedItem,
    InstalmentOrderState,
    InstalmentState,
    ItemAsk,
    PayBy,
    describe_failure,
    rupees,
)
from tillgate.domain.money import Money
from tillgate.services.bulk_ends import VerifyBulk
from tillgate.services.bulk_lists import BulkDetails, BulkRow, PaymentLine
from tillgate.services.bulk_orders import PlaceBulk, Placed
from tillgate.services.instalment_rows import InstalmentOrderRecord, InstalmentRecord

Document = dict[str, Any]
_PLACED: Final = {
    PayBy.RAZORPAY: "Bulk order created. Please complete payment via Razorpay.",
    PayBy.WALLET: "Bulk order created and paid successfully via wallet.",
}
_DETAILS: Final = "Bulk order details retrieved successfully"
_LISTED: Final = "Bulk orders retrieved successfully"
_PAYMENT_STATUS: Final = {
    InstalmentState.DUE: "PENDING",
    InstalmentState.PAID: "COMPLETED",
    InstalmentState.CANCELLED: "CANCELLED",
}


@dataclass(frozen=True, slots=True)
class ErrorReply:
    """An error as the document answers it: the HTTP status and the body."""

    status: int
    body: Document


def read_order_request(body: object, *, customer_id: int, key: str) -> PlaceBulk:
    """The press that a request's JSON body asks for. Raises Invalid where it is no such body at all."""
    given = _object(body)
    items = given.get("items")
    if not isinstance(items, list):
        raise Invalid("items_missing", field="items")
    method = given.get("paymentMethod")
    return PlaceBulk(
        key=key,
        customer_id=customer_id,
        items=tuple(_item(each) for each in items),
        address=_address(given.get("deliveryAddress")),
        pay_by=method if isinstance(method, str) else "",
        # The document's browser opens Razorpay's checkout for an order.
        method="order",
    )


def read_verification(body: object) -> VerifyBulk:
    """What a request to verify says."""
    given = _object(body)
    names = ("bulkOrderId", "razorpayOrderId", "razorpayPaymentId", "razorpaySignature")
    return VerifyBulk(*(_text(given.get(name)) for name in names))


def placed_document(placed: Placed) -> Document:
    """The answer to a bulk order that was placed (seed 001, 1)."""
    bulk = placed.bulk
    data: Document = {
        "bulkOrderId": bulk.number,
        "success": True,
        "summary": {
            "totalItems": bulk.item_count,
            "successfulOrders": len(placed.orders),
            "failedItems": len(bulk.failed),
            "totalFirstPayment": plain(bulk.first_total),
            "paymentMethod": bulk.pay_by.value,
        },
        "orders": [_order(each) for each in placed.orders],
        "payments": [_payment(each, bulk.currency) for each in placed.firsts],
        "failedItems": _failed(bulk.failed),
    }
    if bulk.pay_by is PayBy.WALLET:
        data["walletTransactionIds"] = [str(number) for number in placed.wallet_transactions]
    elif placed.attempt is not None:
        data["razorpayOrder"] = {
            "id": placed.attempt.provider_id,
            "amount": bulk.first_total.minor,
            "currency": bulk.currency,
            "keyId": placed.attempt.account,
        }
    return _success(data | {"message": _PLACED[bulk.pay_by]}, _PLACED[bulk.pay_by])


def verified_document(placed: Placed) -> Document:
    """The answer to a verified payment (seed 001, 2)."""
    active = [each for each in placed.orders if each.activated_at is not None]
    message = f"Payment verified. {len(active)} orders are now ACTIVE."
    data = {
        "success": True,
        "bulkOrderId": placed.bulk.number,
        "ordersActivated": len(active),
        "totalOrdersInBulk": len(placed.orders),
        "orders": [
            {
                "orderId": each.number,
                "_id": str(each.id),
                "productName": each.product_name,
                "status": each.state.value,
                "dailyPaymentAmount": plain(each.daily),
            }
            for each in placed.orders
        ],
        "payments": [
            {
                "paymentId": str(each.id),
                "amount": plain(Money(each.amount_minor, placed.bulk.currency)),
                "status": _PAYMENT_STATUS[each.state],
            }
            for each in placed.firsts
        ],
        "message": message,
    }
    return _success(data, message)


def details_document(details: BulkDetails) -> Document:
    """The answer to a bulk order that is looked up (seed 001, 3)."""
    summary = details.summary
    data = {
        "bulkOrderId": details.placed.bulk.number,
        "summary": {
            "totalOrders": summary.orders,
            "totalAmount": plain(summary.total),
            "totalPaid": plain(summary.paid),
            "totalFirstPayment": plain(summary.first_total),
            "remainingAmount": plain(summary.remaining),
            "statusCounts": {state.value: summary.counts[state] for state in InstalmentOrderState},
        },
        "orders": [_order_details(each) for each in details.placed.orders],
        "payments": [_payment_details(each) for each in details.payments],
    }
    return _success(data, _DETAILS)


def bulks_document(rows: Iterable[BulkRow]) -> Document:
    """The answer to a customer's own bulk orders (seed 001, 4)."""
    shown = [
        {
            "bulkOrderId": row.bulk.number,
            "orders": [
                {
                    "orderId": each.number,
                    "productName": each.product_name,
                    "status": each.state.value,
                    "dailyPaymentAmount": plain(each.daily),
                    "totalDays": each.total_days,
                }
                for each in row.orders
            ],
            "totalOrders": len(row.orders),
            "totalFirstPayment": plain(row.bulk.first_total),
            "createdAt": _instant(row.bulk.created_at),
            "statuses": {state.value: count for state, count in row.summary.counts.items() if count},
        }
        for row in rows
    ]
    return _success({"bulkOrders": shown, "totalBulkOrders": len(shown)}, _LISTED)


def error_document(error: TillgateError) -> ErrorReply:
    """What went wrong, under the document's codes; a service that can't be reached now is 503."""
    if error.code == "bulk_all_failed":
        return _all_failed(error)
    if error.code == "insufficient_balance":
        return _short(error)
    code, status = _CODES.get(error.code, ("BULK_ORDER_ERROR", 400))
    if isinstance(error, Invalid) and error.code not in _CODES:
        code = "VALIDATION_ERROR"
    if isinstance(error, Unavailable):
        status = 503
    details = {name: _shown(value) for name, value in error.values.items()}
    return ErrorReply(status, _failure(code, _message(error), details))


def plain(amount: Money) -> int | Decimal:
    """Rupees: 1300, or an exact 33.34 where they are not whole; never a float."""
    exact = amount.decimal
    whole = exact.to_integral_value()
    return int(whole) if whole == exact else exact


def write_json(value: object) -> str:
    """A document as JSON text, decimals as numbers to the last digit."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(str(name))}: {write_json(each)}" for name, each in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(write_json(each) for each in value) + "]"
    return json.dumps(value, ensure_ascii=False)


_CODES: Final = {
    "bulk_unknown": ("BULK_ORDER_NOT_FOUND", 404),
    "customer_unknown": ("USER_NOT_FOUND", 404),
    "product_not_found": ("PRODUCT_NOT_FOUND", 404),
    "variant_not_found": ("PRODUCT_NOT_FOUND", 404),
    "product_not_offered": ("PRODUCT_OUT_OF_STOCK", 400),
    "product_out_of_stock": ("PRODUCT_OUT_OF_STOCK", 400),
    "key_reused": ("VALIDATION_ERROR", 400),
}
_MESSAGES: Final = {
    "items_missing": "At least one item is required",
    "items_too_many": "Maximum 10 items allowed per bulk order",
    "pay_by_unknown": "Payment method must be RAZORPAY or WALLET",
    "delivery_missing": "Delivery address: {field} is required",
    "delivery_malformed": "Delivery address: {field} is not valid",
    "delivery_too_long": "Delivery address: {field} is too long",
    "body_malformed": "The request body is not a JSON object",
    "bulk_unknown": "Bulk order not found",
    "customer_unknown": "User not found",
    "signature_bad": "Payment verification failed: invalid signature",
    "payment_not_verified": "Payment verification failed: the payment was not made",
    "payment_checking": "The payment is being checked. Please try again in a moment.",
    "return_not_ours": "Payment verification failed: this Razorpay order is not of this bulk order",
    "key_reused": "This request was made before with other content",
    "already_being_paid": "This bulk order is being paid already",
    "bulk_over": "This bulk order waits for no payment any more",
    "provider_off": "Razorpay is not available now",
}


def _message(error: TillgateError) -> str:
    said = _MESSAGES.get(error.code)
    if said is not None:
        return said.format_map({name: str(value) for name, value in error.values.items()})
    try:
        return describe_failure(error.code, error.values)
    except KeyError:
        return "The bulk order could not be processed"


def _success(data: Document, message: str) -> Document:
    return {"success": True, "data": data, "message": message}


def _failure(code: str, message: str, details: Document) -> Document:
    return {"success": False, "error": {"code": code, "message": message, "details": details}}


def _all_failed(error: TillgateError) -> ErrorReply:
    failed: Any = error.values["failed"]
    details = {
        "successfulOrders": [],
        "failedItems": _failed(failed),
        "successCount": 0,
        "failedCount": len(failed),
    }
    return ErrorReply(400, _failure("BULK_ORDER_ERROR", "All items failed validation", details))


def _short(error: TillgateError) -> ErrorReply:
    required: Any = error.values["required"]
    available: Any = error.values["available"]
    message = f"Insufficient wallet balance. Required: {rupees(required)}, Available: {rupees(available)}"
    failed = {"error": "INSUFFICIENT_BALANCE", "required": plain(required), "available": plain(available)}
    return ErrorReply(400, _failure("BULK_ORDER_ERROR", message, {"failedItems": [failed]}))


def _failed(items: Iterable[FailedItem]) -> list[Document]:
    return [{"index": each.index, "error": each.reason} for each in items]


def _order(order: InstalmentOrderRecord) -> Document:
    return {
        "orderId": order.number,
        "_id": str(order.id),
        "productName": order.product_name,
        "quantity": order.quantity,
        "totalDays": order.total_days,
        "dailyPaymentAmount": plain(order.daily),
        "productPrice": plain(order.total),
        "status": order.state.value,
    }


def _order_details(order: InstalmentOrderRecord) -> Document:
    return {
        "orderId": order.number,
        "_id": str(order.id),
        "productName": order.product_name,
        "productImage": order.picture,
        "quantity": order.quantity,
        "totalDays": order.total_days,
        "dailyPaymentAmount": plain(order.daily),
        "productPrice": plain(order.total),
        "totalPaidAmount": plain(order.paid),
        "remainingAmount": plain(order.remaining),
        "paidInstallments": order.paid_count,
        "status": order.state.value,
        "createdAt": _instant(order.created_at),
    }


def _payment(found: InstalmentRecord, currency: str) -> Document:
    amount = plain(Money(found.amount_minor, currency))
    return {"paymentId": str(found.id), "orderId": str(found.order_id), "amount": amount}


def _payment_details(line: PaymentLine) -> Document:
    found = line.instalment
    shown = _payment(found, line.amount.currency) | {"status": _PAYMENT_STATUS[found.state]}
    if line.provider_id:
        shown["razorpayOrderId"] = line.provider_id
    if found.paid_at is not None:
        shown["completedAt"] = _instant(found.paid_at)
    return shown


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _shown(value: object) -> object:
    if isinstance(value, Money):
        return plain(value)
    return value if isinstance(value, (str, int, bool)) or value is None else str(value)


def _object(body: object) -> Mapping[str, object]:
    if not isinstance(body, dict):
        raise Invalid("body_malformed", field="body")
    return body


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _item(given: object) -> ItemAsk:
    fields: Mapping[str, object] = given if isinstance(given, dict) else {}
    quantity = fields.get("quantity")
    return ItemAsk(
        product=_named(fields.get("productId")),
        total_days=fields.get("totalDays"),
        quantity=1 if quantity is None else quantity,
        variant=_named(fields.get("variantId")),
        coupon=_named(fields.get("couponCode")),
    )


def _named(value: object) -> str:
    """A code; what is of another kind is nobody's, and not the same as none."""
    return "" if value is None else value if isinstance(value, str) else f"not text: {value!r}"


def _address(given: object) -> DeliveryAddress:
    fields: Mapping[str, object] = given if isinstance(given, dict) else {}
    for named, _longest in ADDRESS_FIELDS.values():
        if fields.get(named) is not None and not isinstance(fields[named], str):
            raise Invalid("delivery_malformed", field=named)
    return DeliveryAddress(**{name: _text(fields.get(named)) for name, (named, _) in ADDRESS_FIELDS.items()})
