"""Instalment orders: plans, schedules, numbers, states, and what is wrong with an item (seed 001; rulings 10 to 15)."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final

from tillgate.domain.errors import Invalid, Refused
from tillgate.domain.money import Money, split_evenly

# How a payment names what it is for: one allocation for each instalment.
INSTALMENT_THING: Final = "instalment"
# The rules speak of rupees: limits, least daily amount.
CURRENCY: Final = "INR"
MOST_ITEMS: Final = 10
MOST_QUANTITY: Final = 10
LEAST_DAILY: Final = Money(50_00, CURRENCY)
LONGEST_PLAN: Final = 365
# Up to an order total, so many days at most (ruling 11).
_PLAN_LIMITS: Final = ((Money(10_000_00, CURRENCY), 100), (Money(50_000_00, CURRENCY), 180))
# Without 0, 1, I, L, O and U, which are misread or read as words.
_ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_BULK: Final = re.compile(r"BULK-[0-9]{8}-[0-9A-Z]{4}")
_ORDER: Final = re.compile(r"ORD-[0-9]{8}-[0-9A-Z]{4}")


class PayBy(StrEnum):
    """The document's payment methods: one for all items."""

    RAZORPAY = "RAZORPAY"
    WALLET = "WALLET"


class BulkState(StrEnum):
    """Where a bulk order's first payment stands; its orders have a life of their own from then on."""

    PENDING = "PENDING"
    ACTIVE = "ACTIVE"
    CANCELLED = "CANCELLED"


class InstalmentOrderState(StrEnum):
    """The document's words."""

    PENDING = "PENDING"
    ACTIVE = "ACTIVE"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"


class InstalmentState(StrEnum):
    """One day's amount of an order."""

    DUE = "DUE"
    PAID = "PAID"
    CANCELLED = "CANCELLED"


class CancelReason(StrEnum):
    """Why an order ended, where no person wrote down why."""

    UNPAID = "unpaid"
    NOT_STARTED = "not_started"
    REFUNDED = "refunded"


_B, _O, _I = BulkState, InstalmentOrderState, InstalmentState
BULK_MOVES: Final[dict[BulkState, frozenset[BulkState]]] = {
    _B.PENDING: frozenset({_B.ACTIVE, _B.CANCELLED}),
    _B.ACTIVE: frozenset(),
    # Late money that a manager applies.
    _B.CANCELLED: frozenset({_B.ACTIVE}),
}
ORDER_MOVES: Final[dict[InstalmentOrderState, frozenset[InstalmentOrderState]]] = {
    _O.PENDING: frozenset({_O.ACTIVE, _O.CANCELLED}),
    _O.ACTIVE: frozenset({_O.COMPLETED, _O.CANCELLED}),
    # What was paid went back, so that it is due again.
    _O.COMPLETED: frozenset({_O.ACTIVE, _O.CANCELLED}),
    _O.CANCELLED: frozenset({_O.ACTIVE}),
}
INSTALMENT_MOVES: Final[dict[InstalmentState, frozenset[InstalmentState]]] = {
    _I.DUE: frozenset({_I.PAID, _I.CANCELLED}),
    _I.PAID: frozenset({_I.DUE, _I.CANCELLED}),
    _I.CANCELLED: frozenset({_I.DUE}),
}


@dataclass(frozen=True, slots=True)
class ItemAsk:
    """One item of a bulk order as it was asked for; nothing of it is believed yet.

    `product` and `variant` are codes, or numbers as text; `quantity` and `total_days` are as the request has them.
    `total` is what the person saw that it comes to, less its coupon; None where nobody saw it.
    """

    product: str
    total_days: object
    quantity: object = 1
    variant: str = ""
    coupon: str = ""
    total: Money | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """An order's total in so many daily amounts, which sum to it to the paisa."""

    total: Money
    days: int

    @property
    def amounts(self) -> tuple[Money, ...]:
        """One for each day; the first ones carry the extra paisa (ruling 11)."""
        return split_evenly(self.total, self.days)

    @property
    def dearer_days(self) -> int:
        """How many of the first days carry a paisa more than `least`."""
        return self.total.minor % self.days

    @property
    def daily(self) -> Money:
        """The first day's amount, which no later one exceeds."""
        return Money(self.least.minor + bool(self.dearer_days), self.total.currency)

    @property
    def least(self) -> Money:
        """The last day's amount, which no earlier one falls short of."""
        return Money(self.total.minor // self.days, self.total.currency)


def due_on(first_day: date, number: int) -> date:
    """The store day of the instalment of a number, from 1: the first at order time, then one each day (ruling 15)."""
    return first_day + timedelta(days=number - 1)


def longest_plan(total: Money) -> int:
    """How many days an order of this total may take (ruling 11)."""
    return next((days for limit, days in _PLAN_LIMITS if total <= limit), LONGEST_PLAN)


def check_quantity(given: object) -> int:
    """A whole number from 1 to 10. Raises Refused("item_quantity_out_of_range")."""
    if type(given) is not int or not 1 <= given <= MOST_QUANTITY:
        raise Refused("item_quantity_out_of_range", least=1, most=MOST_QUANTITY)
    return given


def check_days(given: object) -> int:
    """A whole number from 1 on. Raises Refused("days_malformed")."""
    if type(given) is not int or given < 1:
        raise Refused("days_malformed")
    return given


def check_plan(total: Money, days: int) -> Plan:
    """Raises Refused("plan_too_long") naming the most, Refused("daily_below_minimum") naming what it came to, and
    Refused("instalment_currency") for what is not priced in rupees."""
    if total.currency != CURRENCY:
        raise Refused("instalment_currency", currency=total.currency, expected=CURRENCY)
    most = longest_plan(total)
    # First, since with too many days the daily amount is too small for that reason alone.
    if days > most:
        raise Refused("plan_too_long", days=days, most=most, total=total)
    made = Plan(total, days)
    if made.least < LEAST_DAILY:
        raise Refused("daily_below_minimum", least=LEAST_DAILY, daily=made.least)
    return made


def new_bulk_number(day: date) -> str:
    """BULK-20260102-A1B2, of a store day; unique by retry (ruling 12)."""
    return _number("BULK", day)


def new_order_number(day: date) -> str:
    """ORD-20260102-X1Y2, of a store day; unique by retry (ruling 12)."""
    return _number("ORD", day)


def clean_bulk_number(text: str) -> str | None:
    """A bulk order's number as typed or pasted; None for what can't be one."""
    return _cleaned(text, _BULK)


def clean_order_number(text: str) -> str | None:
    """An instalment order's number as typed or pasted; None for what can't be one."""
    return _cleaned(text, _ORDER)


def _number(prefix: str, day: date) -> str:
    return f"{prefix}-{day:%Y%m%d}-{''.join(secrets.choice(_ALPHABET) for _ in range(4))}"


def _cleaned(text: str, form: re.Pattern[str]) -> str | None:
    number = text.strip().upper()
    return number if form.fullmatch(number) else None


@dataclass(frozen=True, slots=True)
class DeliveryAddress:
    """Where a bulk order goes, checked; `line2` and `landmark` may be empty."""

    name: str
    phone: str
    line1: str
    city: str
    region: str
    pincode: str
    country: str
    line2: str = ""
    landmark: str = ""


# The document's names of the fields, and the most letters of each; optional ones below.
ADDRESS_FIELDS: Final = {
    "name": ("name", 60),
    "phone": ("phoneNumber", 20),
    "line1": ("addressLine1", 120),
    "line2": ("addressLine2", 120),
    "city": ("city", 60),
    "region": ("state", 60),
    "pincode": ("pincode", 12),
    "country": ("country", 60),
    "landmark": ("landmark", 120),
}
_OPTIONAL: Final = frozenset({"line2", "landmark"})
_INDIAN_PINCODE: Final = re.compile(r"[1-9][0-9]{2} ?[0-9]{3}")
_PINCODE: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z -]{1,10}[0-9A-Za-z]")
_PHONE: Final = re.compile(r"\+?[0-9](?:[ -]?[0-9]){7,14}")
_INDIA: Final = frozenset({"india", "in", "bharat"})


def check_address(given: DeliveryAddress) -> DeliveryAddress:
    """The address with its white space collapsed.

    Raises Invalid("delivery_missing" | "delivery_malformed" | "delivery_too_long") with the document's
    name of the field.
    """
    clean = {name: " ".join(getattr(given, name).split()) for name in ADDRESS_FIELDS}
    for name, (field, longest) in ADDRESS_FIELDS.items():
        text = clean[name]
        if not text and name not in _OPTIONAL:
            raise Invalid("delivery_missing", field=field)
        if len(text) > longest:
            raise Invalid("delivery_too_long", field=field, longest=longest)
        if not text.isprintable():
            raise Invalid("delivery_malformed", field=field)
    pincode = _INDIAN_PINCODE if clean["country"].casefold() in _INDIA else _PINCODE
    for name, form in {"phone": _PHONE, "pincode": pincode}.items():
        if not form.fullmatch(clean[name]) or not clean[name].isascii():
            raise Invalid("delivery_malformed", field=ADDRESS_FIELDS[name][0])
    return DeliveryAddress(**clean)


@dataclass(frozen=True, slots=True)
class FailedItem:
    """An item that was left out: its place from 0, why, and what fills the words."""

    index: int
    code: str
    values: Mapping[str, Any]

    @property
    def reason(self) -> str:
        """As the document writes it: "Item 3: Product 'xyz123' not found"."""
        return f"Item {self.index + 1}: {describe_failure(self.code, self.values)}"


def rupees(amount: Money) -> str:
    """An amount as the document's messages write it: ₹50, or ₹33.34 where it is not whole."""
    whole = amount.decimal.to_integral_value()
    return f"₹{int(whole) if whole == amount.decimal else amount.decimal}"


def _said(text: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda values: text.format_map({k: rupees(v) if isinstance(v, Money) else v for k, v in values.items()})


# The documents are English, whatever the till's language is.
_REASONS: Final[dict[str, Callable[[Mapping[str, Any]], str]]] = {
    "product_not_found": _said("Product '{product}' not found"),
    "variant_not_found": _said("Variant '{variant}' not found"),
    "product_not_offered": _said("Product '{name}' is not available"),
    "product_out_of_stock": _said("Product '{name}' is out of stock. Available: {left}"),
    "item_quantity_out_of_range": _said("Quantity must be a whole number from {least} to {most}"),
    "quantity_below_least": _said("Quantity must be at least {least}"),
    "days_malformed": _said("Total days must be a whole number of at least 1"),
    "plan_too_long": _said("Total days must be at most {most} for this price"),
    "daily_below_minimum": _said("Daily amount below minimum {least}"),
    "total_changed": _said("Product '{name}' comes to {now} now, not {asked}"),
    "instalment_currency": _said("Product is not priced in {expected}"),
    "amount_too_large": _said("The amount is too large"),
    "coupon_unknown": _said("Coupon '{coupon}' not found"),
    "coupon_over": _said("Coupon '{coupon}' is not valid now"),
    "coupon_used_up": _said("Coupon '{coupon}' is used up"),
    "coupon_used_by_customer": _said("Coupon '{coupon}' was used already"),
    "coupon_other_product": _said("Coupon '{coupon}' is for another product"),
    "coupon_minimum": _said("Coupon '{coupon}' needs an order of at least {minimum}"),
    "coupon_currency": _said("Coupon '{coupon}' is for another currency"),
    "coupon_withdrawn": _said("Coupon '{coupon}' is not valid now"),
    "coupon_changed": _said("Coupon '{coupon}' is not valid now"),
    "coupon_below_daily": _said("Daily amount below minimum {least}"),
}
OUT_OF_STOCK: Final = "product_out_of_stock"
NOT_FOUND: Final = frozenset({"product_not_found", "variant_not_found"})


def describe_failure(code: str, values: Mapping[str, Any]) -> str:
    """What is wrong with an item, in the document's words."""
    return _REASONS[code](values)
