"""A cart's content and its edits: pure, so that an edit can be undone by putting back what was there before.

Prices, deposits, taxes and fees stand as they were rung up; `reprice` takes new ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from tillgate.domain.catalogue import ProductKind
from tillgate.domain.errors import Invalid, NotFound, Refused
from tillgate.domain.money import Money
from tillgate.domain.rental import Span, span_of

MOST_LINES: Final = 200
HIGHEST_QUANTITY: Final = 999


@dataclass(frozen=True, slots=True)
class Terms:
    """What one piece costs: price, deposit held, and the tax on the price."""

    price: Money
    deposit: Money
    tax_bp: int
    tax_name: str


@dataclass(frozen=True, slots=True)
class Rental:
    """What makes a line a rental: the period, its length, and the first day."""

    period_id: int
    days: int
    start_on: date

    @property
    def span(self) -> Span:
        """The days rented."""
        return span_of(self.start_on, self.days)


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `id` is 0 until the line is stored, `position` until it stands in a cart. `rental` is None for what is
    sold."""

    id: int
    position: int
    variant_id: int
    vendor_id: int
    kind: ProductKind
    quantity: int
    terms: Terms
    rental: Rental | None = None


@dataclass(frozen=True, slots=True)
class Fee:
    """A vendor's service fee per order: a flat amount plus a rate on the items, in basis points."""

    flat: Money
    rate_bp: int


@dataclass(frozen=True, slots=True)
class Content:
    """All that edits change and undo brings back. Every vendor with a line has its fee."""

    currency: str
    customer_id: int | None = None
    lines: tuple[Line, ...] = ()
    fees: Mapping[int, Fee] = field(default_factory=dict)

    def line(self, line_id: int) -> Line:
        """Raises NotFound("line_unknown")."""
        for found in self.lines:
            if found.id == line_id:
                return found
        raise NotFound("line_unknown", line=line_id)

    def fee(self, vendor_id: int) -> Fee:
        """The fee of a vendor that has a line."""
        return self.fees[vendor_id]


def add_line(content: Content, new: Line, fee: Fee) -> Content:
    """Ring up a line; a line of the same variant, terms and rental grows instead.

    Raises Invalid for a bad quantity or a foreign currency, Refused("cart_full").
    """
    _check_currency(content, new.terms, fee)
    _check_quantity(new.quantity)
    for found in content.lines:
        if _alike(found, new):
            return set_quantity(content, found.id, found.quantity + new.quantity)
    if len(content.lines) >= MOST_LINES:
        raise Refused("cart_full", most=MOST_LINES)
    fees = {new.vendor_id: fee, **content.fees}
    last = max((line.position for line in content.lines), default=0)
    return replace(content, lines=(*content.lines, replace(new, position=last + 1)), fees=fees)


def set_quantity(content: Content, line_id: int, quantity: int) -> Content:
    """Raises Invalid("quantity_out_of_range"), NotFound("line_unknown")."""
    _check_quantity(quantity)
    return _put(content, replace(content.line(line_id), quantity=quantity))


def set_rental(content: Content, line_id: int, rental: Rental, terms: Terms) -> Content:
    """Another period or another first day, at the period's terms. Raises Refused("line_not_rental")."""
    found = content.line(line_id)
    if found.rental is None:
        raise Refused("line_not_rental", line=line_id)
    _check_currency(content, terms)
    return _put(content, replace(found, rental=rental, terms=terms))


def remove_line(content: Content, line_id: int) -> Content:
    """Raises NotFound("line_unknown")."""
    content.line(line_id)
    return _without_unused_fees(replace(content, lines=tuple(line for line in content.lines if line.id != line_id)))


def cleared(content: Content) -> Content:
    """Nothing and nobody."""
    return Content(content.currency)


def reprice(content: Content, terms: Mapping[int, Terms], fees: Mapping[int, Fee]) -> Content:
    """Take the terms given by line and the fees given by vendor; what is not given stays."""
    lines = tuple(replace(line, terms=terms.get(line.id, line.terms)) for line in content.lines)
    known = content.fees
    return replace(content, lines=lines, fees={vendor: fees.get(vendor, fee) for vendor, fee in known.items()})


def _alike(found: Line, new: Line) -> bool:
    return (found.variant_id, found.terms, found.rental) == (new.variant_id, new.terms, new.rental)


def _put(content: Content, line: Line) -> Content:
    return replace(content, lines=tuple(line if each.id == line.id else each for each in content.lines))


def _without_unused_fees(content: Content) -> Content:
    used = {line.vendor_id for line in content.lines}
    return replace(content, fees={vendor: fee for vendor, fee in content.fees.items() if vendor in used})


def _check_quantity(quantity: int) -> None:
    if type(quantity) is not int or not 1 <= quantity <= HIGHEST_QUANTITY:
        raise Invalid("quantity_out_of_range", field="quantity", lowest=1, highest=HIGHEST_QUANTITY)


def _check_currency(content: Content, terms: Terms, fee: Fee | None = None) -> None:
    found = {terms.price.currency, terms.deposit.currency} | ({fee.flat.currency} if fee else set())
    foreign = found - {content.currency}
    if foreign:
        raise Refused("currency_mismatch", expected=content.currency, found=min(foreign))
