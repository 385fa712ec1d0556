"""Coupons: what they take off an order line, and every reason why they don't (product.md, rulings 10 and 11)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Final

from tillgate.domain.catalogue import check_title
from tillgate.domain.errors import Invalid, Refused
from tillgate.domain.money import LARGEST_MINOR, Money

_CODE: Final = re.compile(r"[A-Z0-9][A-Z0-9_-]{2,29}")
_WHOLE_BP: Final = 10_000
# As long as a product's.
LONGEST_CATEGORY: Final = 40
_LARGEST_LIMIT: Final = 1_000_000_000


class CouponKind(StrEnum):
    """How a coupon counts: an amount, or a share with or without a cap."""

    FLAT = "FLAT"
    PERCENT = "PERCENT"


class CouponUse(StrEnum):
    """One order's use of a coupon: held when the order is made, used when it is paid, else given back."""

    HELD = "HELD"
    USED = "USED"
    RELEASED = "RELEASED"


@dataclass(frozen=True, slots=True)
class CouponTerms:
    """What a coupon promises. `value` is minor units or basis points; `product_id` and `category` None mean any,
    limits None mean none; both days are the store's, and included."""

    code: str
    kind: CouponKind
    value: int
    currency: str
    valid_from: date
    valid_until: date
    cap_minor: int | None = None
    minimum_minor: int = 0
    per_customer_limit: int | None = None
    total_limit: int | None = None
    product_id: int | None = None
    category: str | None = None


@dataclass(frozen=True, slots=True)
class CouponAsk:
    """An order line that wants a coupon. `line` is unit price x quantity, before any discount; `least_daily` is what
    the order must come to a day."""

    customer_id: int
    product_id: int
    category: str
    line: Money
    total_days: int
    least_daily: Money


def clean_code(text: str) -> str:
    """A code as it is kept: "save10 " is SAVE10. Raises Invalid("coupon_code")."""
    code = text.strip().upper()
    if not _CODE.fullmatch(code):
        raise Invalid("coupon_code", field="code", text=text.strip()[:30])
    return code


def check_terms(terms: CouponTerms) -> CouponTerms:
    """Terms that can be kept, with their code cleaned.

    Raises Invalid("coupon_code" | "coupon_value" | "coupon_percent" | "coupon_cap" | "coupon_minimum_malformed" |
    "coupon_days" | "coupon_limit" | "text_unreadable") with the field.
    """
    code = clean_code(terms.code)
    highest = LARGEST_MINOR if terms.kind is CouponKind.FLAT else _WHOLE_BP
    if not 0 < terms.value <= highest:
        raise Invalid("coupon_value" if terms.kind is CouponKind.FLAT else "coupon_percent", field="value")
    if terms.cap_minor is not None and (terms.kind is CouponKind.FLAT or not 0 < terms.cap_minor <= LARGEST_MINOR):
        raise Invalid("coupon_cap", field="cap")
    if not 0 <= terms.minimum_minor <= LARGEST_MINOR:
        raise Invalid("coupon_minimum_malformed", field="minimum")
    if terms.valid_until < terms.valid_from:
        raise Invalid("coupon_days", field="valid_until")
    for field, limit in (("per_customer_limit", terms.per_customer_limit), ("total_limit", terms.total_limit)):
        if limit is not None and not 0 < limit <= _LARGEST_LIMIT:
            raise Invalid("coupon_limit", field=field)
    category = check_title(terms.category or "", field="category", needed=False, longest=LONGEST_CATEGORY) or None
    return replace(terms, code=code, category=category)


def discount_of(terms: CouponTerms, ask: CouponAsk, today: date) -> Money:
    """What the coupon takes off this line, in whole minor units, rounded down.

    Raises Refused("coupon_over" | "coupon_currency" | "coupon_other_product" | "coupon_minimum" | "coupon_below_daily")
    with the coupon and what it wants.
    """
    _check_scope(terms, ask, today)
    if terms.kind is CouponKind.FLAT:
        discount = terms.value
    else:
        discount = ask.line.minor * terms.value // _WHOLE_BP
        if terms.cap_minor is not None:
            discount = min(discount, terms.cap_minor)
    # A day's part is rounded down: no instalment may be less than the least.
    daily = Money((ask.line.minor - discount) // ask.total_days, ask.line.currency)
    if daily < ask.least_daily:
        raise Refused("coupon_below_daily", coupon=terms.code, least=ask.least_daily, daily=daily)
    return Money(discount, ask.line.currency)


def _check_scope(terms: CouponTerms, ask: CouponAsk, today: date) -> None:
    if not terms.valid_from <= today <= terms.valid_until:
        raise Refused("coupon_over", coupon=terms.code, valid_from=terms.valid_from, valid_until=terms.valid_until)
    if terms.currency != ask.line.currency:
        raise Refused("coupon_currency", coupon=terms.code, currency=terms.currency)
    other = terms.product_id is not None and terms.product_id != ask.product_id
    if other or (terms.category is not None and terms.category.casefold() != ask.category.casefold()):
        raise Refused("coupon_other_product", coupon=terms.code)
    if ask.line.minor < terms.minimum_minor:
        raise Refused("coupon_minimum", coupon=terms.code, minimum=Money(terms.minimum_minor, terms.currency))
