"""Edits of a cart as values."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories.carts import INR, TODAY, contents, fees, lines, numbered, rentals, terms
from tillgate.domain import cart
from tillgate.domain.cart import HIGHEST_QUANTITY, Content, Fee, Line, Rental, Terms
from tillgate.domain.catalogue import ProductKind
from tillgate.domain.errors import Invalid, NotFound, Refused
from tillgate.domain.money import Money

NOTHING = Fee(Money(0, INR), 0)
PIECE = Line(0, 0, 1, 1, ProductKind.SALE, 1, Terms(Money(9_900, INR), Money(0, INR), 1800, "GST 18%"))


@given(contents(), lines(), fees)
def test_ringing_up_adds_exactly_the_quantity(content: Content, line: Line, fee: Fee) -> None:
    grown = cart.add_line(content, line, fee)

    def pieces(held: Content) -> int:
        return sum(each.quantity for each in held.lines if each.variant_id == line.variant_id)

    assert pieces(grown) == pieces(content) + line.quantity
    assert len(grown.lines) - len(content.lines) in (0, 1)
    assert len({each.position for each in grown.lines}) == len(grown.lines)
    assert set(grown.fees) == {each.vendor_id for each in grown.lines}
    assert {vendor: grown.fees[vendor] for vendor in content.fees} == content.fees


@given(contents(smallest=1), st.data())
def test_taking_out_a_line_leaves_the_rest_as_it_was(content: Content, data: st.DataObject) -> None:
    gone = data.draw(st.sampled_from(content.lines))
    left = cart.remove_line(content, gone.id)
    assert left.lines == tuple(line for line in content.lines if line.id != gone.id)
    assert set(left.fees) == {line.vendor_id for line in left.lines}


@given(contents(smallest=1), st.data())
def test_new_terms_change_prices_and_nothing_else(content: Content, data: st.DataObject) -> None:
    line = data.draw(st.sampled_from(content.lines))
    now = data.draw(terms)
    priced = cart.reprice(content, {line.id: now}, {line.vendor_id: NOTHING})
    assert priced.line(line.id) == replace(line, terms=now)
    assert [each for each in priced.lines if each.id != line.id] == [e for e in content.lines if e.id != line.id]
    assert priced.fee(line.vendor_id) == NOTHING


def test_the_same_piece_grows_its_line_and_another_price_starts_a_new_one() -> None:
    content = numbered(cart.add_line(Content(INR), PIECE, NOTHING))
    assert [line.quantity for line in cart.add_line(content, PIECE, NOTHING).lines] == [2]
    dearer = replace(PIECE, terms=replace(PIECE.terms, price=Money(9_901, INR)))
    assert [line.quantity for line in cart.add_line(content, dearer, NOTHING).lines] == [1, 1]


@given(rentals, rentals)
def test_other_days_are_another_line(first: Rental, second: Rental) -> None:
    rented = replace(PIECE, kind=ProductKind.RENTAL, rental=first)
    content = numbered(cart.add_line(Content(INR), rented, NOTHING))
    grown = cart.add_line(content, replace(rented, rental=second), NOTHING)
    assert len(grown.lines) == (1 if first == second else 2)


@pytest.mark.parametrize("quantity", [0, -1, HIGHEST_QUANTITY + 1, True, 1.0])
def test_a_quantity_is_a_whole_number_within_bounds(quantity: int) -> None:
    content = numbered(cart.add_line(Content(INR), PIECE, NOTHING))
    with pytest.raises(Invalid, match="quantity_out_of_range"):
        cart.set_quantity(content, content.lines[0].id, quantity)


def test_a_line_never_grows_past_its_bound() -> None:
    content = numbered(cart.add_line(Content(INR), replace(PIECE, quantity=HIGHEST_QUANTITY), NOTHING))
    with pytest.raises(Invalid, match="quantity_out_of_range"):
        cart.add_line(content, PIECE, NOTHING)


def test_a_cart_holds_so_many_lines() -> None:
    content = Content(INR)
    for variant in range(cart.MOST_LINES):
        content = numbered(cart.add_line(content, replace(PIECE, variant_id=variant), NOTHING))
    with pytest.raises(Refused, match="cart_full"):
        cart.add_line(content, replace(PIECE, variant_id=-1), NOTHING)


def test_another_currency_stays_out() -> None:
    dollars = Terms(Money(100, "USD"), Money(0, "USD"), 0, "")
    with pytest.raises(Refused, match="currency_mismatch"):
        cart.add_line(Content(INR), replace(PIECE, terms=dollars), Fee(Money(0, "USD"), 0))


def test_what_is_sold_has_no_dates_and_what_is_gone_no_line() -> None:
    content = numbered(cart.add_line(Content(INR), PIECE, NOTHING))
    with pytest.raises(Refused, match="line_not_rental"):
        cart.set_rental(content, content.lines[0].id, Rental(1, 1, TODAY), PIECE.terms)
    with pytest.raises(NotFound, match="line_unknown"):
        cart.remove_line(content, 7)


def test_a_rental_moves_to_other_days() -> None:
    rented = replace(PIECE, kind=ProductKind.RENTAL, rental=Rental(1, 1, TODAY))
    content = numbered(cart.add_line(Content(INR), rented, NOTHING))
    later = Rental(2, 7, TODAY + timedelta(days=2))
    moved = cart.set_rental(content, content.lines[0].id, later, PIECE.terms)
    assert moved.lines[0].rental == later
    assert later.span.last == TODAY + timedelta(days=8)
