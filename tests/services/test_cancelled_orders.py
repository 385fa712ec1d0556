"""Instalment orders that were cancelled, and what happens to their payments afterwards: pieces, money, and in which
order."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.factories.instalments import AIRPODS, Bazaar, inr, sound
from tests.services.test_daily_collections import cancelled, days_later, in_wallet, order_ids
from tillgate.domain.checkout_facts import RefundStatus
from tillgate.domain.errors import Refused
from tillgate.domain.exceptions import ExceptionAction
from tillgate.domain.instalments import CancelReason, InstalmentOrderState, ItemAsk
from tillgate.domain.payment import PaymentState
from tillgate.domain.settings import INSTALMENT_KEEP_PERCENT, Settings
from tillgate.services.exceptions import list_exceptions, settle_exception
from tillgate.services.instalment_cancelling import quote_cancellation
from tillgate.services.refunds import request_refund
from tillgate.store.models import payment, stock_move

TWO = (ItemAsk(AIRPODS, 50, 1), ItemAsk(AIRPODS, 50, 1))
_PODS = "AIRPODS-PRO"


def keeping(shop: Bazaar, percent: int) -> Bazaar:
    """The same shop, which keeps so much of what was paid."""
    stored = {**shop.till.settings().stored, INSTALMENT_KEEP_PERCENT.name: str(percent)}
    return replace(shop, till=replace(shop.till, settings=lambda: Settings(stored)))


@pytest.mark.parametrize("at_once", [False, True])
def test_the_pieces_of_a_cancelled_order_come_back_with_its_money_once(bazaar: Bazaar, *, at_once: bool) -> None:
    """Cancelled while the customer still had them, or brought them along; its sibling lives until all goes back."""
    shop = keeping(bazaar, 50)
    before = shop.stock(_PODS)
    first, second = order_ids(shop, *TWO)
    cancelled(shop, first, goods_are_back=at_once)
    assert shop.stock(_PODS) == before - 2 + at_once
    (paid,) = shop.rows(payment)
    back = request_refund(shop.till, shop.manager, paid.id, inr(150), "all of it", return_goods=True)
    assert back.return_goods
    shop.settle_later()
    assert [row.state for row in shop.rows(payment)] == [PaymentState.REFUNDED]
    assert shop.stock(_PODS) == before
    assert {shop.order(number).state for number in (first, second)} == {InstalmentOrderState.CANCELLED}
    moves = [row.quantity for row in shop.rows(stock_move) if row.instalment_order_id is not None]
    assert sorted(moves) == [-1, -1, 1, 1]
    sound(shop)


def test_pieces_stay_out_where_nobody_says_that_they_are_back(stall: Bazaar) -> None:
    shop = keeping(stall, 50)
    before = shop.stock(_PODS)
    first, _ = order_ids(shop, *TWO)
    # A word of the till's own, written by a person.
    cancelled(shop, first, reason=CancelReason.UNPAID.value)
    (paid,) = shop.rows(payment)
    request_refund(shop.till, shop.manager, paid.id, inr(150), "all of it")
    shop.settle_later()
    assert shop.stock(_PODS) == before - 2
    sound(shop)


@pytest.mark.parametrize("turn", [1, -1])
def test_a_clock_that_goes_back_turns_no_cancellations_around(bazaar: Bazaar, turn: int) -> None:
    """What goes back for an order is taken from it, however the till's clock stood when the other one was cancelled."""
    shop = keeping(bazaar, 25)
    for back_by in (0, 86_400, 3 * 86_400):
        ids = order_ids(shop, ItemAsk(AIRPODS, 50, 1), ItemAsk(AIRPODS, 25, 1))
        for order_id in ids[::turn]:
            shop.clock.jump(-back_by)
            shop.sign_in_again()
            cancelled(shop, order_id)
        assert [shop.order(order_id).returned_minor for order_id in ids] == [7_500, 15_000]
        ends = [ended for order_id in ids[::turn] if (ended := shop.order(order_id).cancelled_at) is not None]
        assert ends == sorted(set(ends)) and len(ends) == 2
        days_later(shop, 7)
    sound(shop)


def test_a_refund_that_failed_is_settled_before_another_order_is_cancelled(bazaar: Bazaar) -> None:
    """Of the same payment, and over as much: the one is not the other sent again."""
    first, second = order_ids(bazaar, *TWO)
    bazaar.provider.refund_status = RefundStatus.FAILED
    cancelled(bazaar, first, into_wallet=False)
    bazaar.settle_later()
    (failed,) = list_exceptions(bazaar.till, bazaar.manager)
    for _ in range(2):
        with pytest.raises(Refused, match="refund_failed_open"):
            quote_cancellation(bazaar.till, bazaar.manager, second)
    bazaar.provider.refund_status = RefundStatus.DONE
    settle_exception(bazaar.till, bazaar.manager, failed.id, ExceptionAction.RETRY, "once more")
    with pytest.raises(Refused, match="refund_on_its_way"):
        quote_cancellation(bazaar.till, bazaar.manager, second)
    bazaar.settle_later()
    cancelled(bazaar, second)
    assert [bazaar.order(number).returned_minor for number in (first, second)] == [10_000, 10_000]
    assert (bazaar.provider.taken_minor(), in_wallet(bazaar)) == (10_000, inr(100))
    sound(bazaar)
