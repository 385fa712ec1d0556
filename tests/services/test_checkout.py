"""Putting a cart up for payment: exactly its total, once, and never a cart that changed or is not ready."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories.shop import Counter
from tillgate import failpoints
from tillgate.domain.cart_checks import FindingCode
from tillgate.domain.checkout_facts import CheckoutStatus
from tillgate.domain.errors import Refused, Stale, TillgateError
from tillgate.domain.money import Money
from tillgate.domain.payment import PaymentState
from tillgate.domain.settings import STORE_NAME, Settings
from tillgate.services import carts
from tillgate.services.cart_validation import validate_for_checkout
from tillgate.services.checkout import new_key, put_up_for_payment
from tillgate.services.settle import check_now
from tillgate.store.models import allocation, cart, payment, variant

CODES = ("CAM-1", "CHR-1", "GIT-1", "CRD-1", "VAR-001")


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(codes=st.lists(st.sampled_from(CODES), min_size=1, max_size=5))
def test_property_16_the_payment_carries_exactly_the_carts_total(corner: Counter, codes: list[str]) -> None:
    for code in CODES:
        corner.change(variant, code, stock=20)
    view = corner.ring_up("GIT-1", *codes)
    begun = corner.put_up(view)
    assert (begun.amount, begun.customer_id) == (view.totals.total, corner.customer_id)
    (line,) = [row for row in corner.rows(allocation) if row.payment_id == begun.id]
    assert (line.thing_kind, line.thing_id, line.amount_minor) == ("cart", view.id, begun.amount_minor)
    attempt = corner.provider.checkouts[max(corner.provider.checkouts)]
    assert attempt.amount == begun.amount
    # The customer goes: the cart may be changed again, and the next example starts from nothing.
    corner.provider.end(attempt.reference, CheckoutStatus.CANCELLED)
    assert check_now(corner.till, corner.cashier, begun.id).state is PaymentState.CANCELLED
    carts.clear(corner.till, corner.cashier, view.id)


def test_a_cart_that_is_not_ready_is_not_put_up(counter: Counter) -> None:
    view = counter.ring_up("GIT-1")
    counter.change(variant, "GIT-1", stock=0)
    with pytest.raises(Refused, match="cart_not_ready") as refusal:
        counter.put_up(view)
    findings = refusal.value.values["findings"]
    assert isinstance(findings, tuple)
    (finding,) = findings
    assert (finding.code, finding.line_id) == (FindingCode.OUT_OF_STOCK, view.lines[0].id)
    assert counter.rows(payment) == []


def test_what_is_kept_of_a_check_never_lets_a_cart_through(corner: Counter) -> None:
    view = corner.ring_up("GIT-1")
    validate_for_checkout(corner.till, corner.cashier, view.id, provider=corner.provider.name)
    corner.change(variant, "GIT-1", stock=0)
    with pytest.raises(Refused, match="cart_not_ready"):
        corner.put_up(view)
    assert corner.rows(payment) == []


def test_a_cart_that_changes_on_the_way_is_not_put_up(corner: Counter) -> None:
    """Somebody adds a line after the total was taken and before the intent is written."""
    view, key = corner.ring_up("GIT-1"), new_key()

    def meanwhile(place: str) -> None:
        if place == "start.before_intent":
            corner.ring_up("CRD-1")

    failpoints.arm(meanwhile)
    try:
        with pytest.raises(Stale, match="cart_changed"):
            corner.put_up(view, key)
    finally:
        failpoints.arm(None)
    assert corner.rows(payment) == []
    assert corner.put_up(view, key).amount_minor == view.totals.total.minor + 37


def test_pressing_twice_is_one_payment_also_after_it_was_paid(counter: Counter) -> None:
    view, key = counter.ring_up("GIT-1"), new_key()
    begun = counter.put_up(view, key)
    assert counter.put_up(view, key).id == begun.id
    counter.pay(begun)
    again = put_up_for_payment(
        counter.till, counter.cashier, view.id, key=key, provider=counter.provider.name, method="link"
    )
    assert (again.payment.id, again.existing, again.payment.state) == (begun.id, True, PaymentState.CAPTURED)
    with pytest.raises(Refused, match="key_reused"):
        put_up_for_payment(
            counter.till, counter.cashier, view.id, key=key, provider=counter.provider.name, method="order"
        )
    with pytest.raises(Refused, match="key_reused"):
        counter.put_up(counter.ring_up("CRD-1", "VAR-001"), key)
    assert counter.provider.sends("create") == 1


def test_another_press_finds_the_payment_that_lives(counter: Counter) -> None:
    view = counter.ring_up("GIT-1")
    begun = counter.put_up(view)
    with pytest.raises(Refused, match="already_being_paid") as refusal:
        counter.put_up(view)
    assert refusal.value.values["payment"] == begun.id


def test_two_presses_at_once_make_one_payment(counter: Counter) -> None:
    view = counter.ring_up("GIT-1")

    def press(_number: int) -> object:
        try:
            return counter.put_up(view).id
        except TillgateError as refusal:
            return refusal.code

    with ThreadPoolExecutor(4) as pool:
        ended = list(pool.map(press, range(4)))
    (begun,) = counter.rows(payment)
    assert sorted(ended, key=str) == sorted([begun.id, *["already_being_paid"] * 3], key=str)


def test_only_this_tills_open_cart_is_put_up(corner: Counter) -> None:
    view = corner.ring_up("GIT-1")
    carts.hold(corner.till, corner.cashier, view.id)
    with pytest.raises(Refused, match="cart_not_open"):
        corner.put_up(view)
    assert corner.rows(payment) == []


def test_the_payer_is_the_customer_and_the_text_says_what_for(corner: Counter) -> None:
    named = replace(corner.till, settings=lambda: Settings({STORE_NAME.name: "Corner"}))
    view = corner.ring_up("GIT-1", "GIT-1", "CAM-1")
    press = put_up_for_payment(
        named, corner.cashier, view.id, key=new_key(), provider=corner.provider.name, method="link"
    )
    made = press.payment
    assert (made.payer_name, made.payer_email, made.payer_phone) == ("Asha Rao", "asha@example.com", "+919845012345")
    assert made.description == "3 items from Corner"


def test_a_cart_can_be_put_up_again_once_its_payment_ended(counter: Counter) -> None:
    view = counter.ring_up("GIT-1")
    first = counter.put_up(view)
    counter.provider.end(next(iter(counter.provider.checkouts.values())).reference, CheckoutStatus.EXPIRED)
    assert check_now(counter.till, counter.cashier, first.id).state is PaymentState.EXPIRED
    assert not carts.view_cart(counter.till, counter.cashier, view.id).locked
    again = counter.put_up(counter.ring_up("CRD-1"))
    assert again.amount == view.totals.total + Money(37, "INR")
    assert [row.state.value for row in counter.rows(cart)] == ["open"]
