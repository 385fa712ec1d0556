"""Every reason that stands between a cart and its payment, line by line; kept for 30 s, never past a change."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import delete, insert, update

from tests.factories.clock import FakeClock
from tests.factories.people import signed_in
from tests.factories.shop import Counter
from tillgate.domain.cart_checks import FindingCode
from tillgate.domain.errors import Unavailable
from tillgate.domain.money import Money
from tillgate.domain.staff import Role
from tillgate.services import carts
from tillgate.services.cart_validation import ValidationResult, validate_for_checkout
from tillgate.services.cart_view import CartView
from tillgate.services.catalogue_drafts import PeriodDraft
from tillgate.services.catalogue_edits import save_period
from tillgate.store.models import cart_line, customer, order_item, product, rental_day, variant, vendor

Code = FindingCode


def check(counter: Counter, view: CartView, *, email_wanted: bool = False) -> ValidationResult:
    return validate_for_checkout(
        counter.till, counter.cashier, view.id, provider=counter.provider.name, email_wanted=email_wanted
    )


def set_line(counter: Counter, **values: object) -> None:
    """What the services would not let through."""
    with counter.till.db.write(counter.till.system) as uow:
        uow.execute(update(cart_line).values(**values))


def drop_period(counter: Counter) -> None:
    save_period(counter.till, counter.manager, PeriodDraft(counter.variant("CAM-1"), "Day", 1, 249_900, active=False))


def forget_address(counter: Counter) -> None:
    with counter.till.db.write(counter.till.system) as uow:
        uow.execute(update(customer).values(email=""))


Spoil = Callable[[Counter], None]
# What is rung up, what happens then, what is found, and whether it is the line's own finding.
CASES: list[tuple[tuple[str, ...], Spoil, FindingCode, bool]] = [
    (("GIT-1",), lambda c: c.change(variant, "GIT-1", stock=0), Code.OUT_OF_STOCK, True),
    (("GIT-1",), lambda c: c.change(variant, "GIT-1", active=0), Code.NOT_OFFERED, True),
    (("GIT-1",), lambda c: c.change(product, "GIT", active=0), Code.NOT_OFFERED, True),
    (("GIT-1",), lambda c: c.change(vendor, "BOOK", active=0), Code.NOT_OFFERED, True),
    (("GIT-1",), lambda c: c.change(variant, "GIT-1", price_minor=19_901), Code.PRICE_CHANGED, True),
    (("CAM-1",), lambda c: c.change(variant, "CAM-1", deposit_minor=1), Code.DEPOSIT_CHANGED, True),
    (("GIT-1",), lambda c: c.change(product, "GIT", tax_bp=500, tax_name="GST 5%"), Code.TAX_CHANGED, True),
    (("GIT-1",), lambda c: c.change(vendor, "BOOK", fee_flat_minor=1_001), Code.FEE_CHANGED, False),
    (("GIT-1",), lambda c: c.change(product, "GIT", currency="USD"), Code.CURRENCY_MISMATCH, True),
    (("CHR-1",), lambda c: set_line(c, quantity=3), Code.QUANTITY_OUT_OF_RANGE, True),
    (("CAM-1",), lambda c: c.change(variant, "CAM-1", stock=0), Code.RENTAL_TAKEN, True),
    (("CAM-1",), drop_period, Code.PERIOD_GONE, True),
    (("CAM-1",), lambda c: set_line(c, start_on=c.till.store_day(c.till.clock.now()) - timedelta(days=1)),
     Code.START_IN_PAST, True),
    (("CAM-1",), lambda c: set_line(c, start_on=c.till.store_day(c.till.clock.now()) + timedelta(days=367)),
     Code.START_TOO_FAR, True),
    (("CRD-1",), lambda _counter: None, Code.AMOUNT_BELOW_MINIMUM, False),
]  # fmt: skip


@pytest.mark.parametrize(("codes", "spoil", "code", "by_line"), CASES, ids=[str(case[2]) for case in CASES])
def test_each_reason_is_found_and_named(
    corner: Counter, codes: tuple[str, ...], spoil: Spoil, code: FindingCode, by_line: bool
) -> None:
    view = corner.ring_up(*codes)
    spoil(corner)
    result = check(corner, view)
    assert [finding.code for finding in result.findings] == [code]
    assert not result.ok
    assert result.of_line(view.lines[0].id if by_line else 0) == (result.findings if by_line else ())
    assert result.of_cart == (() if by_line else result.findings)


def test_a_cart_as_it_should_be_has_nothing_against_it(counter: Counter) -> None:
    assert check(counter, counter.ring_up("CAM-1", "CHR-1", "GIT-1", "CRD-1"), email_wanted=True).ok


def test_nothing_is_nothing_to_pay(corner: Counter) -> None:
    view = carts.open_cart(corner.till, corner.cashier)
    assert [finding.code for finding in check(corner, view).findings] == [Code.CART_EMPTY]


def test_a_walk_in_buys_but_does_not_rent(corner: Counter) -> None:
    view = corner.ring_up("GIT-1", customer=False)
    assert check(corner, view).ok
    assert [each.code for each in check(corner, view, email_wanted=True).findings] == [Code.EMAIL_MISSING]
    view = corner.ring_up("CAM-1", customer=False)
    assert [each.code for each in check(corner, view, email_wanted=True).findings] == [Code.CUSTOMER_MISSING]
    view = carts.set_customer(corner.till, corner.cashier, view.id, corner.customer_id)
    forget_address(corner)
    assert check(corner, view).ok
    assert [each.code for each in check(corner, view, email_wanted=True).findings] == [Code.EMAIL_MISSING]


def test_lines_share_what_is_left(counter: Counter) -> None:
    """Two lines of one variant: the second one gets what the first leaves over, and says how little that is."""
    view = counter.ring_up("GIT-1")
    carts.set_quantity(counter.till, counter.cashier, view.id, view.lines[0].id, 8)
    counter.change(variant, "GIT-1", price_minor=20_000)
    counter.ring_up("GIT-1")
    view = carts.reprice(counter.till, counter.cashier, view.id)
    view = carts.set_quantity(counter.till, counter.cashier, view.id, view.lines[1].id, 3)
    (finding,) = check(counter, view).findings
    assert (finding.code, finding.line_id) == (Code.OUT_OF_STOCK, view.lines[1].id)
    assert finding.values == {"name": "Gitanjali", "left": 2, "wanted": 3}


def test_one_day_that_is_let_out_blocks_the_whole_period(counter: Counter) -> None:
    paid = counter.sell("CAM-1")
    assert paid.settled_at is not None
    till, cashier = counter.till, counter.cashier
    view = counter.ring_up("CAM-1")
    carts.set_rental(till, cashier, view.id, view.lines[0].id, period_id=counter.period("CAM-1", 3))
    view = carts.set_quantity(till, cashier, view.id, view.lines[0].id, 2)
    (finding,) = check(counter, view).findings
    start = view.lines[0].start_on
    assert start is not None
    values = {"name": "Canon EOS R5 Camera", "left": 1, "wanted": 2, "start_on": start}
    assert (finding.code, finding.values) == (Code.RENTAL_TAKEN, values | {"end_on": start + timedelta(days=2)})
    view = carts.set_rental(till, cashier, view.id, view.lines[0].id, start_on=start + timedelta(days=1))
    assert check(counter, view).ok


def test_two_rentals_in_one_cart_never_share_a_unit(corner: Counter) -> None:
    """Both units are in the first line: the second finds none for its first day."""
    view = corner.ring_up("CAM-1", "CAM-1")
    start = view.lines[0].start_on
    assert start is not None
    view = carts.add_variant(
        corner.till, corner.cashier, view.id, corner.variant("CAM-1"), period_id=corner.period("CAM-1", 3)
    )
    assert [(each.code, each.line_id) for each in check(corner, view).findings] == [
        (Code.RENTAL_TAKEN, view.lines[1].id)
    ]


def test_a_result_is_kept_for_thirty_seconds_until_the_cart_changes(corner: Counter, clock: FakeClock) -> None:
    view = corner.ring_up("GIT-1")
    first = check(corner, view)
    corner.change(variant, "GIT-1", stock=0)
    clock.advance(29.9)
    assert check(corner, view) is first
    assert not check(corner, view, email_wanted=True).ok
    clock.advance(0.1)
    assert [each.code for each in check(corner, view).findings] == [Code.OUT_OF_STOCK]
    corner.change(variant, "GIT-1", stock=1)
    assert not check(corner, view).ok
    assert check(corner, corner.ring_up("CRD-1")).ok


def test_a_provider_that_is_off_is_said_so(corner: Counter) -> None:
    view = corner.ring_up("GIT-1")
    with pytest.raises(Unavailable, match="provider_off"):
        validate_for_checkout(corner.till, signed_in(corner.till, Role.CASHIER), view.id, provider="wompi")
    with_none = validate_for_checkout(corner.till, corner.cashier, corner.ring_up("CRD-1").id)
    assert with_none.ok


def test_amounts_in_findings_are_money(corner: Counter) -> None:
    view = corner.ring_up("CRD-1")
    (finding,) = check(corner, view).findings
    assert finding.values == {"smallest": Money(100, "INR"), "total": Money(37, "INR")}


def test_days_that_are_given_back_are_free_again(corner: Counter) -> None:
    corner.sell("CAM-1")
    item = corner.rows(order_item)[0]
    with corner.till.db.write(corner.till.system) as uow:
        uow.execute(insert(rental_day), [
            {"variant_id": item.variant_id, "unit": 2, "day": item.start_on, "order_item_id": item.id}
        ])  # fmt: skip
    view = corner.ring_up("CAM-1")
    assert not check(corner, view).ok
    with corner.till.db.write(corner.till.system) as uow:
        uow.execute(delete(rental_day))
    assert check(corner, carts.set_quantity(corner.till, corner.cashier, view.id, view.lines[0].id, 2)).ok
