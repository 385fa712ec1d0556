"""What stands between a cart and its payment: every reason, line by line (product.md, ruling 4)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

from tillgate.domain.cart import HIGHEST_QUANTITY, Content, Fee, Line, Terms
from tillgate.domain.money import Money
from tillgate.domain.rental import FURTHEST_AHEAD, Wanted, allot_units
from tillgate.domain.vendor_split import split_by_vendor


class FindingCode(StrEnum):
    """Why a cart can't be paid as it is."""

    CART_EMPTY = "cart_empty"
    NOT_OFFERED = "not_offered"
    CURRENCY_MISMATCH = "currency_mismatch"
    QUANTITY_OUT_OF_RANGE = "quantity_out_of_range"
    OUT_OF_STOCK = "out_of_stock"
    RENTAL_TAKEN = "rental_taken"
    PERIOD_GONE = "period_gone"
    START_IN_PAST = "start_in_past"
    START_TOO_FAR = "start_too_far"
    PRICE_CHANGED = "price_changed"
    DEPOSIT_CHANGED = "deposit_changed"
    TAX_CHANGED = "tax_changed"
    FEE_CHANGED = "fee_changed"
    CUSTOMER_MISSING = "customer_missing"
    EMAIL_MISSING = "email_missing"
    AMOUNT_BELOW_MINIMUM = "amount_below_minimum"


# Once the money is there these alone make orders impossible; the customer pays the prices that were charged.
REFUSING: Final = frozenset(
    {
        FindingCode.CART_EMPTY,
        FindingCode.NOT_OFFERED,
        FindingCode.CURRENCY_MISMATCH,
        FindingCode.OUT_OF_STOCK,
        FindingCode.RENTAL_TAKEN,
    }
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason; `line_id` is None where the whole cart is meant. `values` fill the message's placeholders."""

    code: FindingCode
    line_id: int | None = None
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Offer:
    """What the shop offers today for a variant. `terms` is of the line's period for a rental, None if that is gone.

    `taken` holds, for a rental's units, the days they are let out.
    """

    name: str
    active: bool
    currency: str
    terms: Terms | None
    fee: Fee
    stock: int
    smallest_quantity: int
    taken: Mapping[int, Collection[date]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Needs:
    """What the cart is checked for: the store's day, whose it is, and what the way to pay asks for."""

    today: date
    email_wanted: bool = False
    customer_email: str = ""
    smallest: Money | None = None


def check_cart(content: Content, offers: Mapping[int, Offer], needs: Needs) -> tuple[Finding, ...]:
    """Everything that is found, the whole cart first, then line by line. `offers` is by line id."""
    return (*_whole(content, offers, needs), *check_availability(content, offers), *_lines(content, offers, needs))


def check_availability(content: Content, offers: Mapping[int, Offer]) -> tuple[Finding, ...]:
    """Only what makes orders impossible: nothing to order, not offered any more, or not enough left."""
    if not content.lines:
        return (Finding(FindingCode.CART_EMPTY),)
    findings = []
    for line in content.lines:
        offer = offers[line.id]
        if not offer.active:
            findings.append(Finding(FindingCode.NOT_OFFERED, line.id, {"name": offer.name}))
        if offer.currency != content.currency:
            values = {"name": offer.name, "expected": content.currency, "found": offer.currency}
            findings.append(Finding(FindingCode.CURRENCY_MISMATCH, line.id, values))
    return (*findings, *_short_stock(content, offers), *_short_units(content, offers))


def allotted(content: Content, offers: Mapping[int, Offer]) -> dict[int, tuple[int, ...]]:
    """The units each rental line gets, by line id; fewer than its quantity where there are not enough."""
    wishes: dict[int, list[Wanted[int]]] = {}
    for line in content.lines:
        if line.rental is not None:
            wish = Wanted(line.id, line.quantity, line.rental.span)
            wishes.setdefault(line.variant_id, []).append(wish)
    given: dict[int, tuple[int, ...]] = {}
    for wanted in wishes.values():
        offer = offers[wanted[0].key]
        given |= allot_units(offer.stock, offer.taken, wanted)
    return given


def _short_stock(content: Content, offers: Mapping[int, Offer]) -> Iterator[Finding]:
    left: dict[int, int] = {}
    for line in content.lines:
        if line.rental is not None:
            continue
        offer = offers[line.id]
        here = left.setdefault(line.variant_id, offer.stock)
        left[line.variant_id] = here - line.quantity
        if here < line.quantity:
            values = {"name": offer.name, "left": max(here, 0), "wanted": line.quantity}
            yield Finding(FindingCode.OUT_OF_STOCK, line.id, values)


def _short_units(content: Content, offers: Mapping[int, Offer]) -> Iterator[Finding]:
    given = allotted(content, offers)
    for line in content.lines:
        if line.rental is None or len(given[line.id]) == line.quantity:
            continue
        span = line.rental.span
        values = {"name": offers[line.id].name, "left": len(given[line.id]), "wanted": line.quantity}
        yield Finding(FindingCode.RENTAL_TAKEN, line.id, values | {"start_on": span.first, "end_on": span.last})


def _whole(content: Content, offers: Mapping[int, Offer], needs: Needs) -> Iterator[Finding]:
    rented = any(line.rental is not None for line in content.lines)
    if rented and content.customer_id is None:
        yield Finding(FindingCode.CUSTOMER_MISSING)
    elif needs.email_wanted and not needs.customer_email:
        yield Finding(FindingCode.EMAIL_MISSING)
    fees = {line.vendor_id: offers[line.id].fee for line in content.lines}
    for vendor_id, fee in sorted(fees.items()):
        if fee != content.fee(vendor_id) and fee.flat.currency == content.currency:
            yield Finding(FindingCode.FEE_CHANGED, None, {"vendor": vendor_id})
    total = split_by_vendor(content).totals.total
    smallest = needs.smallest
    if content.lines and smallest is not None and smallest.currency == total.currency and total < smallest:
        yield Finding(FindingCode.AMOUNT_BELOW_MINIMUM, None, {"smallest": smallest, "total": total})


def _lines(content: Content, offers: Mapping[int, Offer], needs: Needs) -> Iterator[Finding]:
    for line in content.lines:
        offer = offers[line.id]
        if not offer.smallest_quantity <= line.quantity <= HIGHEST_QUANTITY:
            values = {"name": offer.name, "lowest": offer.smallest_quantity, "highest": HIGHEST_QUANTITY}
            yield Finding(FindingCode.QUANTITY_OUT_OF_RANGE, line.id, values)
        yield from _dates(line, offer, needs.today)
        if offer.terms is not None and offer.currency == content.currency:
            yield from _terms(line, offer.name, offer.terms)


def _dates(line: Line, offer: Offer, today: date) -> Iterator[Finding]:
    if line.rental is None:
        return
    if offer.terms is None:
        yield Finding(FindingCode.PERIOD_GONE, line.id, {"name": offer.name})
    values = {"name": offer.name, "start_on": line.rental.start_on}
    if line.rental.start_on < today:
        yield Finding(FindingCode.START_IN_PAST, line.id, values)
    elif line.rental.start_on - today > FURTHEST_AHEAD:
        yield Finding(FindingCode.START_TOO_FAR, line.id, values | {"furthest": today + FURTHEST_AHEAD})


def _terms(line: Line, name: str, now: Terms) -> Iterator[Finding]:
    rung = line.terms
    if rung.price != now.price:
        yield Finding(FindingCode.PRICE_CHANGED, line.id, {"name": name, "rung_up": rung.price, "now": now.price})
    if rung.deposit != now.deposit:
        values = {"name": name, "rung_up": rung.deposit, "now": now.deposit}
        yield Finding(FindingCode.DEPOSIT_CHANGED, line.id, values)
    if (rung.tax_bp, rung.tax_name) != (now.tax_bp, now.tax_name):
        yield Finding(FindingCode.TAX_CHANGED, line.id, {"name": name, "rung_up": rung.tax_name, "now": now.tax_name})
