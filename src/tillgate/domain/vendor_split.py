"""A cart split by vendor: what each line, each vendor's order and the whole comes to (product.md, rulings 2 and 3).

The whole is the sum of the vendors' orders, and an order the sum of its lines and its fee, to the minor unit.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tillgate.domain.cart import Content, Fee, Line
from tillgate.domain.catalogue import ProductKind
from tillgate.domain.money import Money, percent_of, zero
from tillgate.domain.tax import tax_on


@dataclass(frozen=True, slots=True)
class LineAmounts:
    """What one line comes to. The deposit is given back some day and bears no tax."""

    items: Money
    deposit: Money
    tax: Money

    @property
    def total(self) -> Money:
        """All that is paid for the line."""
        return self.items + self.deposit + self.tax


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums of a vendor's order or of the whole cart."""

    sale: Money
    rental: Money
    deposit: Money
    fee: Money
    tax: Money

    @property
    def items(self) -> Money:
        """What is sold and what is rented, without deposits."""
        return self.sale + self.rental

    @property
    def total(self) -> Money:
        """What is paid."""
        return self.sale + self.rental + self.deposit + self.fee + self.tax

    def __add__(self, other: Totals) -> Totals:
        return Totals(
            self.sale + other.sale,
            self.rental + other.rental,
            self.deposit + other.deposit,
            self.fee + other.fee,
            self.tax + other.tax,
        )


@dataclass(frozen=True, slots=True)
class VendorPart:
    """One vendor's part of a cart: what becomes its order."""

    vendor_id: int
    lines: tuple[Line, ...]
    totals: Totals


@dataclass(frozen=True, slots=True)
class Split:
    """The whole cart: its parts in the order of vendors' ids, and each line's amounts by the line's id."""

    parts: tuple[VendorPart, ...]
    totals: Totals
    amounts: dict[int, LineAmounts]


def amounts_of(line: Line) -> LineAmounts:
    """Price and deposit by quantity; the tax rounded once for the line."""
    items = line.terms.price * line.quantity
    return LineAmounts(items, line.terms.deposit * line.quantity, tax_on(items, line.terms.tax_bp))


def fee_on(items: Money, fee: Fee) -> Money:
    """The service fee of one vendor's order."""
    return fee.flat + percent_of(items, fee.rate_bp)


def split_by_vendor(content: Content) -> Split:
    """Every line goes to its vendor's part, in the cart's order; lines have distinct ids."""
    amounts = {line.id: amounts_of(line) for line in content.lines}
    by_vendor: dict[int, list[Line]] = {}
    for line in content.lines:
        by_vendor.setdefault(line.vendor_id, []).append(line)
    parts = tuple(
        VendorPart(vendor_id, tuple(lines), _totals(lines, amounts, content.fee(vendor_id), content.currency))
        for vendor_id, lines in sorted(by_vendor.items())
    )
    nothing = zero(content.currency)
    whole = Totals(nothing, nothing, nothing, nothing, nothing)
    for part in parts:
        whole = whole + part.totals
    return Split(parts, whole, amounts)


def _totals(lines: Iterable[Line], amounts: dict[int, LineAmounts], fee: Fee, currency: str) -> Totals:
    sale = rental = deposit = tax = zero(currency)
    for line in lines:
        found = amounts[line.id]
        deposit, tax = deposit + found.deposit, tax + found.tax
        if line.kind is ProductKind.RENTAL:
            rental = rental + found.items
        else:
            sale = sale + found.items
    return Totals(sale, rental, deposit, fee_on(sale + rental, fee), tax)
