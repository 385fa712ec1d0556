"""Property 19, vendor-wise splitting: every item in exactly one order, and nothing lost or invented to the paisa."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from tests.factories.carts import INR, contents, fees, lines, money, rates
from tillgate.domain.cart import Content, Fee, Line
from tillgate.domain.catalogue import ProductKind
from tillgate.domain.money import Money, total
from tillgate.domain.tax import tax_on
from tillgate.domain.vendor_split import amounts_of, fee_on, split_by_vendor


@given(contents())
def test_every_line_goes_to_its_own_vendor_and_to_no_other(content: Content) -> None:
    split = split_by_vendor(content)
    found = [line for part in split.parts for line in part.lines]
    assert sorted(line.id for line in found) == sorted(line.id for line in content.lines)
    assert all(line.vendor_id == part.vendor_id for part in split.parts for line in part.lines)
    assert [part.vendor_id for part in split.parts] == sorted({line.vendor_id for line in content.lines})
    for part in split.parts:
        assert list(part.lines) == [line for line in content.lines if line.vendor_id == part.vendor_id]


@given(contents())
def test_orders_sum_to_the_cart_and_lines_to_their_order(content: Content) -> None:
    split = split_by_vendor(content)
    assert total((part.totals.total for part in split.parts), INR) == split.totals.total
    for part in split.parts:
        lines_total = total((split.amounts[line.id].total for line in part.lines), INR)
        assert part.totals.total == lines_total + part.totals.fee
        assert part.totals.items == total((split.amounts[line.id].items for line in part.lines), INR)
    whole = split.totals
    assert whole.total == whole.items + whole.deposit + whole.fee + whole.tax


@given(contents())
def test_each_kind_of_money_is_counted_where_it_belongs(content: Content) -> None:
    totals = split_by_vendor(content).totals

    def summed(kind: ProductKind) -> int:
        return sum(line.terms.price.minor * line.quantity for line in content.lines if line.kind is kind)

    assert totals.sale.minor == summed(ProductKind.SALE)
    assert totals.rental.minor == summed(ProductKind.RENTAL)
    assert totals.deposit.minor == sum(line.terms.deposit.minor * line.quantity for line in content.lines)


@given(money, rates)
def test_tax_is_rounded_once_and_halves_go_up(price: Money, rate_bp: int) -> None:
    exact = Fraction(price.minor * rate_bp, 10_000)
    off = tax_on(price, rate_bp).minor - exact
    assert -Fraction(1, 2) < off <= Fraction(1, 2)


@given(lines())
def test_a_deposit_bears_no_tax(line: Line) -> None:
    amounts = amounts_of(line)
    assert amounts.tax == tax_on(line.terms.price * line.quantity, line.terms.tax_bp)


@given(money, fees, st.integers(0, 10_000))
def test_a_fee_is_its_flat_part_and_its_rate_of_the_items(items: Money, fee: Fee, more: int) -> None:
    assert fee_on(items, Fee(fee.flat, 0)) == fee.flat
    assert fee_on(items + Money(more, INR), fee) >= fee_on(items, fee) >= fee.flat
