"""How a payment ended is news at its till until somebody there has seen it, and after each change anew."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import update

from tests.factories.clock import FakeClock
from tests.factories.people import signed_in
from tests.factories.shop import Counter
from tillgate.domain.checkout_facts import CheckoutStatus, RefundStatus, TryStatus
from tillgate.domain.exceptions import ExceptionAction, ExceptionKind
from tillgate.domain.orders import CartState
from tillgate.domain.payment import WAITING, Fulfilment, PaymentState
from tillgate.domain.payment_end import End, end_of
from tillgate.domain.staff import Role
from tillgate.services import carts
from tillgate.services.exceptions import list_exceptions, settle_exception
from tillgate.services.payment_news import PaymentNews, acknowledge, list_news
from tillgate.services.payment_views import list_story, read_view, view_payment
from tillgate.services.records import PaymentRecord
from tillgate.services.refunds import request_refund, settle_refunds
from tillgate.services.settle import check_now, settle_attempts
from tillgate.store.models import declined_try, payment_attempt, variant


def news_of(counter: Counter) -> list[tuple[End, int]]:
    return [(news.end, news.orders) for news in list_news(counter.till, counter.cashier)]


def see_all(counter: Counter) -> None:
    found = list_news(counter.till, counter.cashier)
    assert acknowledge(counter.till, counter.cashier, [(news.payment_id, news.end) for news in found]) == len(found)
    assert list_news(counter.till, counter.cashier) == ()


def reference(counter: Counter, begun: PaymentRecord) -> str:
    with counter.till.db.read() as connection:
        attempt = read_view(connection, begun.id).attempt
    assert attempt is not None
    return attempt.reference


def later(counter: Counter, clock: FakeClock, seconds: float) -> None:
    clock.advance(seconds)
    settle_attempts(counter.till)
    settle_refunds(counter.till)


def test_what_was_paid_is_news_until_seen_by_anybody_of_the_till(counter: Counter, clock: FakeClock) -> None:
    begun = counter.put_up(counter.ring_up("GIT-1", "CAM-1"))
    assert list_news(counter.till, counter.cashier) == ()
    counter.pay(begun)
    (news,) = list_news(counter.till, counter.manager)
    assert news == PaymentNews(
        begun.id, End.PAID, begun.amount, clock.now(), "Asha Rao", "", 2, news.cart_id, CartState.SOLD, money_came=True
    )
    assert acknowledge(counter.till, counter.cashier, [(begun.id, End.PAID)]) == 1
    assert acknowledge(counter.till, counter.cashier, [(begun.id, End.PAID)]) == 0
    assert list_news(counter.till, counter.manager) == ()
    story, _ = list_story(counter.till, counter.manager, begun.id)
    assert [(each.actor, each.data) for each in story if each.event == "payment.seen"] == [
        (counter.cashier.label, {"end": "paid"})
    ]


def test_a_till_hears_of_its_own_payments_only(counter: Counter) -> None:
    counter.sell("GIT-1")
    other = replace(counter.till, id="T2")
    assert list_news(other, signed_in(other, Role.CASHIER)) == ()
    assert news_of(counter) == [(End.PAID, 1)]


@pytest.mark.parametrize(
    ("status", "end"), [(CheckoutStatus.EXPIRED, End.EXPIRED), (CheckoutStatus.CANCELLED, End.CANCELLED)]
)
def test_money_that_comes_after_an_end_that_was_seen_is_news_again(
    counter: Counter, clock: FakeClock, status: CheckoutStatus, end: End
) -> None:
    begun = counter.put_up(counter.ring_up("GIT-1"))
    counter.provider.end(reference(counter, begun), status)
    later(counter, clock, 4)
    assert news_of(counter) == [(end, 0)]
    see_all(counter)
    counter.provider.pay(reference(counter, begun))
    later(counter, clock, 120)
    assert news_of(counter) == [(End.LATE, 0)]
    # What was on the screen a moment ago is not what happened since.
    assert acknowledge(counter.till, counter.cashier, [(begun.id, end)]) == 0
    assert news_of(counter) == [(End.LATE, 0)]
    see_all(counter)
    (found,) = list_exceptions(counter.till, counter.manager)
    settle_exception(counter.till, counter.manager, found.id, ExceptionAction.APPLY, "she paid in time")
    assert view_payment(counter.till, counter.cashier, begun.id).payment.state is PaymentState.CAPTURED
    assert list_news(counter.till, counter.cashier) == ()


def test_a_refund_by_itself_is_told_when_it_begins_and_when_it_is_done(counter: Counter, clock: FakeClock) -> None:
    counter.provider.refund_status = RefundStatus.PENDING
    begun = counter.put_up(counter.ring_up("PHN-1"))
    counter.change(variant, "PHN-1", stock=0)
    counter.pay(begun)
    later(counter, clock, 4)
    assert news_of(counter) == [(End.REFUNDING, 0)]
    see_all(counter)
    key, facts = next(iter(counter.provider.refunds.items()))
    counter.provider.refunds[key] = replace(facts, status=RefundStatus.DONE)
    later(counter, clock, 600)
    (news,) = list_news(counter.till, counter.cashier)
    assert (news.end, news.at) == (End.REFUNDED, clock.now())


def test_a_refund_that_stops_needs_a_manager_whatever_was_seen_before(counter: Counter, clock: FakeClock) -> None:
    begun = counter.put_up(counter.ring_up("PHN-1"))
    counter.change(variant, "PHN-1", stock=0)
    counter.provider.faults["refund"] = ["not_sent"]
    counter.pay(begun)
    assert news_of(counter) == [(End.REFUNDING, 0)]
    see_all(counter)
    counter.provider.faults["refund"] = ["declined"]
    later(counter, clock, 600)
    assert news_of(counter) == [(End.REFUND_STUCK, 0)]


def test_a_payment_that_failed_once_strange_money_was_settled_tells_of_that_money(
    counter: Counter, clock: FakeClock
) -> None:
    begun = counter.put_up(counter.ring_up("GIT-1"))
    counter.provider.pay(reference(counter, begun), minor=100)
    later(counter, clock, 4)
    (found,) = list_exceptions(counter.till, counter.manager)
    settle_exception(counter.till, counter.manager, found.id, ExceptionAction.REFUND, "too little")
    later(counter, clock, 4)
    counter.provider.end(reference(counter, begun), CheckoutStatus.EXPIRED)
    later(counter, clock, 60)
    (news,) = list_news(counter.till, counter.cashier)
    assert news.money_came


@pytest.mark.parametrize("minor", [100, 99_999_999])
def test_money_that_does_not_match_is_news_while_its_payment_waits(
    counter: Counter, clock: FakeClock, minor: int
) -> None:
    begun = counter.put_up(counter.ring_up("GIT-1"))
    counter.provider.pay(reference(counter, begun), minor=minor)
    later(counter, clock, 4)
    assert view_payment(counter.till, counter.cashier, begun.id).waiting
    assert news_of(counter) == [(End.MISMATCHED, 0)]
    see_all(counter)


def test_money_that_came_twice_is_news_of_a_sale_that_was_seen(counter: Counter, clock: FakeClock) -> None:
    begun = counter.sell("GIT-1")
    see_all(counter)
    with counter.till.db.write(counter.till.system) as uow:
        uow.execute(update(payment_attempt).values(next_check_at=clock.now()))
    counter.provider.pay(reference(counter, begun))
    later(counter, clock, 4)
    assert news_of(counter) == [(End.DOUBLE, 1)]
    see_all(counter)


def test_what_a_manager_gives_back_of_a_made_sale_is_no_news(counter: Counter, clock: FakeClock) -> None:
    begun = counter.sell("GIT-1")
    see_all(counter)
    request_refund(counter.till, counter.manager, begun.id, begun.amount, "brought back")
    later(counter, clock, 4)
    assert view_payment(counter.till, counter.cashier, begun.id).payment.state is PaymentState.REFUNDED
    assert list_news(counter.till, counter.cashier) == ()


def test_every_state_has_an_end_or_is_under_way() -> None:
    for state in PaymentState:
        for fulfilment in Fulfilment:
            late = state is PaymentState.CAPTURED and fulfilment is Fulfilment.NONE
            waits = state in WAITING or (state is PaymentState.CAPTURED and fulfilment is Fulfilment.PENDING)
            assert (end_of(state, fulfilment, ()) is None) is (waits or late), (state, fulfilment)
            assert late is (end_of(state, fulfilment, {ExceptionKind.LATE}) is End.LATE), (state, fulfilment)


@pytest.mark.parametrize("action", [ExceptionAction.CREDIT, ExceptionAction.CLOSE])
def test_late_money_that_a_manager_settled_is_no_news(
    counter: Counter, clock: FakeClock, action: ExceptionAction
) -> None:
    begun = counter.put_up(counter.ring_up("GIT-1"))
    counter.provider.end(reference(counter, begun), CheckoutStatus.EXPIRED)
    later(counter, clock, 4)
    counter.provider.pay(reference(counter, begun))
    later(counter, clock, 120)
    assert news_of(counter) == [(End.LATE, 0)]
    (found,) = list_exceptions(counter.till, counter.manager)
    settle_exception(counter.till, counter.manager, found.id, action, "she comes back tomorrow")
    assert list_news(counter.till, counter.cashier) == ()


def test_a_declined_try_is_kept_once_and_shown_while_the_checkout_is_open(counter: Counter, clock: FakeClock) -> None:
    begun = counter.put_up(counter.ring_up("GIT-1"))
    name = reference(counter, begun)
    for _ in range(2):
        ref = counter.provider.pay(name, status=TryStatus.FAILED)
        explain(counter, name, ref, "Not enough money on the account.")
        later(counter, clock, 4)
        later(counter, clock, 4)
    view = view_payment(counter.till, counter.cashier, begun.id)
    assert [each.reason for each in view.declined] == ["Not enough money on the account."] * 2
    assert len(counter.rows(declined_try)) == 2
    story, _ = list_story(counter.till, counter.cashier, begun.id)
    assert len([each for each in story if each.event == "payment.declined"]) == 2
    # Razorpay can decline, and then take the money of the same try.
    counter.provider._set_tries(next(iter(counter.provider.checkouts.values())), ref, TryStatus.CAPTURED)
    assert check_now(counter.till, counter.cashier, begun.id).state is PaymentState.CAPTURED
    assert view_payment(counter.till, counter.cashier, begun.id).declined == ()


def explain(counter: Counter, name: str, ref: str, reason: str) -> None:
    found = next(each for each in counter.provider.checkouts.values() if each.reference == name)
    tries = tuple(replace(each, reason=reason) if each.provider_ref == ref else each for each in found.tries)
    counter.provider.checkouts[found.provider_id] = replace(found, tries=tries)


def test_a_customer_who_wants_no_mail_is_not_written_to(counter: Counter) -> None:
    cart = counter.ring_up("GIT-1")
    assert cart.mail_to == "asha@example.com"
    cart = carts.set_mail_wanted(counter.till, counter.cashier, cart.id, wanted=False)
    assert (cart.mail_wanted, cart.mail_to) == (False, "")
    assert counter.put_up(cart).payer_email == ""


def test_another_customer_of_the_cart_is_asked_anew(counter: Counter) -> None:
    cart = counter.ring_up("GIT-1")
    carts.set_mail_wanted(counter.till, counter.cashier, cart.id, wanted=False)
    carts.set_customer(counter.till, counter.cashier, cart.id, None)
    again = carts.set_customer(counter.till, counter.cashier, cart.id, counter.customer_id)
    assert again.mail_to == "asha@example.com"
