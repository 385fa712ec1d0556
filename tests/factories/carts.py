"""Carts as values: hypothesis strategies for lines, fees and whole contents."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from hypothesis import strategies as st

from tillgate.domain.cart import Content, Fee, Line, Rental, Terms, add_line
from tillgate.domain.catalogue import ProductKind
from tillgate.domain.money import Money

INR: Final = "INR"
TODAY: Final = date(2026, 11, 16)
money = st.integers(0, 10**9).map(lambda minor: Money(minor, INR))
rates = st.sampled_from([0, 500, 1200, 1800, 2800]) | st.integers(0, 10_000)
terms = st.builds(Terms, price=money, deposit=money, tax_bp=rates, tax_name=st.just("GST"))
fees = st.builds(Fee, flat=money, rate_bp=st.integers(0, 2_000))
rentals = st.builds(
    Rental,
    period_id=st.integers(1, 3),
    days=st.integers(1, 10),
    start_on=st.integers(0, 30).map(lambda days: TODAY + timedelta(days=days)),
)


@st.composite
def lines(draw: st.DrawFn, variants: int = 12, vendors: int = 4) -> Line:
    """A line; a variant always has the same vendor and kind."""
    variant_id = draw(st.integers(1, variants))
    rented = variant_id % 2 == 0
    return Line(
        id=0,
        position=0,
        variant_id=variant_id,
        vendor_id=variant_id % vendors + 1,
        kind=ProductKind.RENTAL if rented else ProductKind.SALE,
        quantity=draw(st.integers(1, 60)),
        terms=draw(terms),
        rental=draw(rentals) if rented else None,
    )


@st.composite
def contents(draw: st.DrawFn, smallest: int = 0) -> Content:
    """A cart as ringing up makes it, its lines numbered."""
    vendor_fees = {vendor: draw(fees) for vendor in range(1, 5)}
    content = Content(INR)
    for line in draw(st.lists(lines(), min_size=smallest, max_size=12)):
        content = numbered(add_line(content, line, vendor_fees[line.vendor_id]))
    return content


def numbered(content: Content) -> Content:
    """Give new lines their numbers, as storing does."""
    lines = tuple(line if line.id else _with_id(line) for line in content.lines)
    return Content(content.currency, content.customer_id, lines, content.fees)


def _with_id(line: Line) -> Line:
    return Line(
        line.position + 100, line.position, line.variant_id, line.vendor_id, line.kind, line.quantity, line.terms,
        line.rental,
    )  # fmt: skip
