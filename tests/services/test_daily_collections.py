"""Daily instalments: what is due, collected once whatever any clock says, ahead, together; and cancelling an order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from tests.factories.clock import FakeClock
from tests.factories.instalments import AIRPODS, IPHONE, ITEMS, SETTINGS, Bazaar, inr, open_bazaar
from tests.factories.postman import Postman
from tests.factories.tills import make_till
from tillgate.domain.errors import Invalid, NotAllowed, Refused, TillgateError
from tillgate.domain.instalments import InstalmentOrderState, InstalmentState, ItemAsk
from tillgate.domain.ledger import INSTALMENTS, wallet
from tillgate.domain.money import Money
from tillgate.domain.payment import PaymentState
from tillgate.domain.settings import INSTALMENT_KEEP_PERCENT, INSTALMENT_REMINDERS, RAZORPAY_METHOD, Settings
from tillgate.domain.wallet import WALLET
from tillgate.formats import format_money
from tillgate.services.cancel import cancel
from tillgate.services.commissions import owed_to
from tillgate.services.daily_collections import (
    MOST_TOGETHER,
    Collect,
    CollectOrder,
    collect,
    new_collection_key,
    quote_collection,
)
from tillgate.services.instalment_cancelling import Cancellation, CancelOrder, cancel_order, quote_cancellation
from tillgate.services.instalment_dues import DuesQuery, When, dues_key, list_dues, list_schedule, sum_dues
from tillgate.services.instalment_planner import compare_plans
from tillgate.services.instalment_reminders import run_reminders
from tillgate.services.notices import MailWork
from tillgate.services.outbox import run_due
from tillgate.services.payment_rows import list_attempts
from tillgate.services.payment_views import read_view
from tillgate.services.payments import Started
from tillgate.services.settle import check_now
from tillgate.services.till import Till
from tillgate.services.wallet_rows import balance_of
from tillgate.store.ledger import balance
from tillgate.store.models import allocation, payment, wallet_transaction

DAY = 86_400.0
_S, _I = InstalmentOrderState, InstalmentState


@pytest.fixture
def bazaar(till: Till) -> Bazaar:
    return open_bazaar(till)


@pytest.fixture
def stall(sqlite_only: Engine, clock: FakeClock) -> Bazaar:
    """On SQLite alone, for what is decided above the database."""
    return open_bazaar(make_till(sqlite_only, clock))


def days_later(shop: Bazaar, days: float = 1) -> None:
    shop.clock.advance(days * DAY)
    shop.sign_in_again()


def wanted(ids: Sequence[int], count: int | None = None) -> tuple[CollectOrder, ...]:
    return tuple(CollectOrder(order_id, count) for order_id in ids)


def pressed(shop: Bazaar, orders: tuple[CollectOrder, ...], provider: str = "razorpay") -> Collect:
    amount = quote_collection(shop.till, shop.cashier, orders).amount
    return Collect(new_collection_key(), orders, amount, provider)


def collected(shop: Bazaar, orders: tuple[CollectOrder, ...], provider: str = "razorpay") -> Started:
    """What a press came to; through the provider the customer has paid."""
    begun = collect(shop.till, shop.cashier, pressed(shop, orders, provider))
    if provider != WALLET:
        pay(shop, begun)
    return begun


def pay(shop: Bazaar, begun: Started) -> None:
    with shop.till.db.read() as connection:
        attempt = read_view(connection, begun.payment.id).attempt
    assert attempt is not None
    shop.provider.pay(attempt.reference)
    check_now(shop.till, shop.cashier, begun.payment.id)


def order_ids(shop: Bazaar, *items: ItemAsk) -> list[int]:
    """The orders of a bulk order whose first payment came."""
    return [each.id for each in shop.paid(*items).orders]


def paid_numbers(shop: Bazaar, order_id: int) -> list[int]:
    return [each.number for each in shop.schedule(order_id) if each.state is _I.PAID]


def ledger(shop: Bazaar, account: str) -> Money:
    with shop.till.db.read() as connection:
        return balance(connection, account, "INR")


def in_wallet(shop: Bazaar) -> Money:
    with shop.till.db.read() as connection:
        return balance_of(connection, shop.customer_id, "INR")


def test_what_is_due_follows_the_store_day_and_one_payment_collects_it(bazaar: Bazaar) -> None:
    ids = order_ids(bazaar)
    assert list_dues(bazaar.till, bazaar.cashier, DuesQuery()) == ()
    with pytest.raises(Refused, match="nothing_due"):
        quote_collection(bazaar.till, bazaar.cashier, wanted(ids))
    days_later(bazaar)
    due = list_dues(bazaar.till, bazaar.cashier, DuesQuery())
    assert [(row.order_id, row.due, row.due_days) for row in due] == [
        (ids[0], inr(800), 1), (ids[1], inr(400), 1), (ids[2], inr(100), 1),
    ]  # fmt: skip
    press = pressed(bazaar, wanted(ids))
    begun = collect(bazaar.till, bazaar.cashier, press)
    assert {row.paying for row in list_dues(bazaar.till, bazaar.cashier, DuesQuery())} == {begun.payment.id}
    with pytest.raises(Refused, match="already_being_paid"):
        collect(bazaar.till, bazaar.cashier, replace(press, key=new_collection_key()))
    assert collect(bazaar.till, bazaar.cashier, press) == Started(begun.payment, existing=True)
    # The wallet's button is another press: nobody is told that it paid what waits at Razorpay.
    for other in ({"orders": press.orders[:1]}, {"provider": WALLET}):
        with pytest.raises(Refused, match="key_reused"):
            collect(bazaar.till, bazaar.cashier, replace(press, **other))
    with bazaar.till.db.read() as connection:
        (attempt,) = list_attempts(connection, begun.payment.id)
    assert attempt.method == SETTINGS[RAZORPAY_METHOD] == "order"
    pay(bazaar, begun)
    assert [paid_numbers(bazaar, order_id) for order_id in ids] == [[1, 2]] * 3
    assert list_dues(bazaar.till, bazaar.cashier, DuesQuery()) == ()
    # The same press after a restart, or a week later, is the same payment.
    days_later(bazaar, 7)
    assert collect(bazaar.till, bazaar.cashier, press).payment.id == begun.payment.id
    assert ledger(bazaar, INSTALMENTS) == -inr(2_600)


def test_overdue_today_and_upcoming_are_told_apart_and_paged(bazaar: Bazaar) -> None:
    ids = order_ids(bazaar)
    days_later(bazaar, 2)
    collected(bazaar, wanted(ids[2:]))
    days_later(bazaar)
    till, actor = bazaar.till, bazaar.cashier
    # Two days and today of two orders; today alone of the third.
    assert sum_dues(till, actor, DuesQuery()).orders == 3
    assert sum_dues(till, actor, DuesQuery()).overdue == inr(2 * 1_200)
    assert sum_dues(till, actor, DuesQuery(When.TODAY)).today == inr(1_300)
    assert sum_dues(till, actor, DuesQuery(When.OVERDUE)).orders == 2
    assert sum_dues(till, actor, DuesQuery(When.UPCOMING)).upcoming == inr(7 * 1_300)
    assert [row.order_id for row in list_dues(till, actor, DuesQuery(When.OVERDUE))] == ids[:2]
    assert {row.order_id for row in list_dues(till, actor, DuesQuery(When.TODAY))} == set(ids)
    assert {row.upcoming for row in list_dues(till, actor, DuesQuery(When.UPCOMING))} == {
        inr(5_600), inr(2_800), inr(700),
    }  # fmt: skip
    first = list_dues(till, actor, DuesQuery(), limit=1)
    rest = list_dues(till, actor, DuesQuery(), after=dues_key(first[0]))
    assert [row.order_id for row in (*first, *rest)] == ids
    number = first[0].bulk_number.lower()
    assert len(list_dues(till, actor, DuesQuery(text=number))) == 3
    assert len(list_dues(till, actor, DuesQuery(text=first[0].number))) == 1
    assert len(list_dues(till, actor, DuesQuery(text="john"))) == 3
    assert list_dues(till, actor, DuesQuery(text="nobody\0 \ud800")) == ()
    assert list_dues(till, actor, DuesQuery(customer_id=bazaar.referrer_id)) == ()
    calendar = list_schedule(till, actor, ids)
    assert sum(each.amount.minor for each in calendar) == 165_000_00
    assert [each.due_on for each in calendar if each.overdue] == sorted(
        each.due_on for each in calendar if each.overdue
    )


def test_a_wallet_pays_at_once_or_nothing_happens(bazaar: Bazaar) -> None:
    ids = order_ids(bazaar)
    days_later(bazaar)
    bazaar.fill_wallet(inr(1_299))
    before = bazaar.count(payment), bazaar.count(allocation), bazaar.count(wallet_transaction)
    with pytest.raises(Refused) as short:
        collected(bazaar, wanted(ids), WALLET)
    assert (short.value.values["required"], short.value.values["available"]) == (inr(1_300), inr(1_299))
    assert before == (bazaar.count(payment), bazaar.count(allocation), bazaar.count(wallet_transaction))
    bazaar.fill_wallet(inr(1))
    press = pressed(bazaar, wanted(ids), WALLET)
    made = collect(bazaar.till, bazaar.cashier, press)
    assert made.payment.state is PaymentState.CAPTURED
    assert collect(bazaar.till, bazaar.cashier, press).payment.id == made.payment.id
    with pytest.raises(Refused, match="key_reused"):
        collect(bazaar.till, bazaar.cashier, replace(press, provider="razorpay"))
    assert in_wallet(bazaar) == ledger(bazaar, wallet(bazaar.customer_id)) == inr(0)
    moves = [row for row in bazaar.rows(wallet_transaction) if row.payment_id == made.payment.id]
    assert sorted(-row.amount_minor for row in moves) == [100_00, 400_00, 800_00]
    assert [paid_numbers(bazaar, order_id) for order_id in ids] == [[1, 2]] * 3


def test_paying_ahead_completes_an_order_and_then_takes_nothing_more(bazaar: Bazaar) -> None:
    (order_id,) = order_ids(bazaar, ItemAsk(AIRPODS, 50, 1))
    collected(bazaar, wanted([order_id], 48))
    assert bazaar.order(order_id).state is _S.ACTIVE
    days_later(bazaar, 10)
    assert list_dues(bazaar.till, bazaar.cashier, DuesQuery()) == ()
    collected(bazaar, wanted([order_id], 1))
    done = bazaar.order(order_id)
    assert (done.state, done.paid, done.remaining) == (_S.COMPLETED, inr(5_000), inr(0))
    with pytest.raises(Refused, match="instalment_order_over"):
        quote_collection(bazaar.till, bazaar.cashier, wanted([order_id], 1))


def test_what_nobody_may_collect_is_refused_and_leaves_nothing(stall: Bazaar) -> None:
    ids = order_ids(stall)
    other = order_ids(stall, ItemAsk(AIRPODS, 50, 1))
    waiting = stall.place(ItemAsk(AIRPODS, 50, 1)).orders[0].id
    theirs = stall.paid(ItemAsk(AIRPODS, 50, 1), customer_id=stall.referrer_id).orders[0].id
    days_later(stall)
    refusals: list[tuple[str, tuple[CollectOrder, ...]]] = [
        ("nothing_selected", ()),
        ("order_twice", (*wanted(ids), CollectOrder(ids[0]))),
        ("count_out_of_range", wanted(other, 0)),
        ("count_out_of_range", wanted(other, 50)),
        ("count_out_of_range", (CollectOrder(other[0], True),)),
        ("instalment_order_unknown", wanted([10**9])),
        ("instalment_order_over", wanted([waiting], 1)),
        ("other_customer", wanted([other[0], theirs])),
        ("too_many_instalments", (*wanted(ids[:2], 99), *wanted(order_ids(stall, *ITEMS[1:2] * 2), 150))),
    ]
    before = stall.count(payment)
    for code, orders in refusals:
        with pytest.raises(Refused, match=code):
            quote_collection(stall.till, stall.cashier, orders)
    good = pressed(stall, wanted(ids))
    for code, press in {
        "collection_changed": replace(good, amount=inr(1_299)),
        "key_malformed": replace(good, key="short"),
        "provider_off": replace(good, provider="stripe"),
        "method_unsupported": replace(good, method="cheque"),
    }.items():
        with pytest.raises(TillgateError, match=code):
            collect(stall.till, stall.cashier, press)
    assert stall.count(payment) == before
    assert MOST_TOGETHER == 400


def test_an_open_link_that_ends_frees_its_days(bazaar: Bazaar) -> None:
    ids = order_ids(bazaar)
    days_later(bazaar)
    begun = collect(bazaar.till, bazaar.cashier, pressed(bazaar, wanted(ids)))
    with pytest.raises(Refused, match="instalment_being_paid"):
        quote_cancellation(bazaar.till, bazaar.manager, ids[0])
    cancel(bazaar.till, bazaar.cashier, begun.payment.id)
    collected(bazaar, wanted(ids))
    assert [paid_numbers(bazaar, order_id) for order_id in ids] == [[1, 2]] * 3


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(st.integers(-4, 9), st.sampled_from([None, 1, 2, 5]), st.sampled_from(["razorpay", WALLET])),
        min_size=1,
        max_size=6,
    )
)
def test_clocks_that_jump_neither_collect_twice_nor_leave_a_day_out(
    stall: Bazaar, steps: list[tuple[int, int | None, str]]
) -> None:
    (order_id,) = order_ids(stall, ItemAsk(AIRPODS, 50, 1))
    stall.fill_wallet(inr(5_000))
    start = ledger(stall, INSTALMENTS)
    for jump, count, provider in steps:
        stall.clock.jump(jump * DAY)
        stall.sign_in_again()
        try:
            collected(stall, wanted([order_id], count), provider)
        except Refused as refused:
            assert refused.code in {"nothing_due", "count_out_of_range", "instalment_order_over"}
        order, numbers = stall.order(order_id), paid_numbers(stall, order_id)
        assert numbers == list(range(1, len(numbers) + 1))
        assert (order.paid, order.paid_count) == (inr(100) * len(numbers), len(numbers))
        assert start - ledger(stall, INSTALMENTS) == inr(100) * (len(numbers) - 1)


def cancelled(shop: Bazaar, order_id: int, **changes: Any) -> Cancellation:
    quote = quote_cancellation(shop.till, shop.manager, order_id)
    press = replace(CancelOrder(order_id, quote.back, "the customer moved away"), **changes)
    cancel_order(shop.till, shop.manager, press)
    return quote


def test_a_cancelled_order_gives_back_what_was_paid_and_takes_nothing_from_its_siblings(bazaar: Bazaar) -> None:
    ids = order_ids(bazaar)
    days_later(bazaar)
    collected(bazaar, wanted(ids))
    stock = bazaar.stock()
    quote = cancelled(bazaar, ids[0], goods_are_back=True)
    assert (quote.paid, quote.kept, quote.back, quote.days_left) == (inr(1_600), inr(0), inr(1_600), 98)
    assert in_wallet(bazaar) == inr(1_600)
    assert -ledger(bazaar, wallet(bazaar.customer_id)) == inr(1_600)
    assert bazaar.stock() == stock + 2
    ended = bazaar.order(ids[0])
    assert (ended.state, ended.paid, ended.returned, ended.remaining) == (_S.CANCELLED, inr(1_600), inr(1_600), inr(0))
    assert {each.state for each in bazaar.schedule(ids[0])} == {_I.PAID, _I.CANCELLED}
    assert [bazaar.order(order_id).paid for order_id in ids[1:]] == [inr(800), inr(200)]
    with bazaar.till.db.read() as connection:
        assert owed_to(connection, bazaar.referrer_id, "INR") == inr(100)
    days_later(bazaar)
    assert {row.order_id for row in list_dues(bazaar.till, bazaar.cashier, DuesQuery())} == set(ids[1:])
    with pytest.raises(Refused, match="instalment_order_over"):
        cancelled(bazaar, ids[0])
    # Its siblings live on, and can be cancelled as well: then nothing is left with the store.
    for order_id in ids[1:]:
        cancelled(bazaar, order_id, into_wallet=False)
        with pytest.raises(Refused, match="instalment_order_over"):
            cancelled(bazaar, order_id)
        bazaar.settle_later()
    assert bazaar.provider.sends("refund") == 4
    assert {row.state for row in bazaar.rows(payment)} == {PaymentState.REFUNDED}
    with bazaar.till.db.read() as connection:
        assert owed_to(connection, bazaar.referrer_id, "INR") == inr(0)


def test_the_store_keeps_what_its_rule_says(bazaar: Bazaar) -> None:
    shop = replace(
        bazaar,
        till=replace(bazaar.till, settings=lambda: Settings({**SETTINGS.stored, INSTALMENT_KEEP_PERCENT.name: "25"})),
    )
    (order_id,) = order_ids(shop, ItemAsk(AIRPODS, 50, 1))
    days_later(shop)
    collected(shop, wanted([order_id]))
    quote = cancelled(shop, order_id)
    assert (quote.kept, quote.back) == (inr(50), inr(150))
    # The newest payment went back whole, of the first one half stays.
    assert [share.amount for share in quote.shares] == [inr(100), inr(50)]
    assert in_wallet(shop) == inr(150)
    with shop.till.db.read() as connection:
        assert owed_to(connection, shop.referrer_id, "INR") == inr(5)


def test_what_the_store_keeps_of_an_order_stays_with_that_order(bazaar: Bazaar) -> None:
    """Two of one payment, cancelled in either order: what goes back for one is never taken from the other's."""
    kept = Settings({**SETTINGS.stored, INSTALMENT_KEEP_PERCENT.name: "25"})
    shop = replace(bazaar, till=replace(bazaar.till, settings=lambda: kept))
    for turn in (1, -1):
        ids = order_ids(shop, ItemAsk(AIRPODS, 50, 1), ItemAsk(AIRPODS, 25, 1))
        for order_id in ids[::turn]:
            days_later(shop)
            cancelled(shop, order_id)
        assert [shop.order(order_id).returned_minor for order_id in ids] == [7_500, 15_000]
    with shop.till.db.read() as connection:
        assert owed_to(connection, shop.referrer_id, "INR") == Money(1_500, "INR")


def test_cancelling_is_a_managers_and_for_what_was_shown(stall: Bazaar) -> None:
    (order_id,) = order_ids(stall, ItemAsk(AIRPODS, 50, 1))
    press = CancelOrder(order_id, inr(100), "the customer moved away")
    with pytest.raises(NotAllowed, match="approval_needed"):
        cancel_order(stall.till, stall.cashier, press)
    with pytest.raises(Refused, match="cancellation_changed"):
        cancel_order(stall.till, stall.manager, replace(press, back=inr(99)))
    with pytest.raises(Invalid):
        cancel_order(stall.till, stall.manager, replace(press, reason="  "))
    waiting = stall.place(ItemAsk(AIRPODS, 50, 1)).orders[0].id
    with pytest.raises(Refused, match="instalment_order_over"):
        quote_cancellation(stall.till, stall.manager, waiting)
    assert stall.order(order_id).state is _S.ACTIVE
    assert in_wallet(stall) == inr(0)


def test_plans_are_compared_before_anything_is_ordered(stall: Bazaar) -> None:
    found = compare_plans(
        stall.till, stall.cashier, ItemAsk(IPHONE, 0, 2, "VAR-001", "SAVE10"), customer_id=stall.customer_id
    )
    assert found.offer is not None
    by_days = {each.days: each for each in found.options}
    assert (by_days[100].daily, by_days[100].total, by_days[100].discount) == (inr(800), inr(80_000), inr(10_000))
    assert by_days[100].last == stall.till.store_day(stall.clock.now()) + timedelta(days=99)
    assert by_days[100].commission == inr(8_000)
    assert 365 in by_days
    short = compare_plans(stall.till, stall.cashier, ItemAsk(AIRPODS, 0), days=(50, 101, 0))
    assert [each.refused.code if each.refused else None for each in short.options] == [
        None, "plan_too_long", "days_malformed",
    ]  # fmt: skip
    assert short.options[0].commission == inr(0)
    gone = compare_plans(stall.till, stall.cashier, ItemAsk("xyz123", 0))
    assert (gone.offer, gone.options, gone.refused and gone.refused.code) == (None, (), "product_not_found")
    late = compare_plans(stall.till, stall.cashier, ItemAsk(AIRPODS, 0, 1, "", "NOSUCH"))
    assert (late.options, late.refused and late.refused.code) == ((), "coupon_unknown")
    assert stall.count(payment) == 0


def test_a_customer_is_reminded_once_a_day_of_what_is_due_then(stall: Bazaar) -> None:
    reminding = Settings({**SETTINGS.stored, INSTALMENT_REMINDERS.name: "yes"})
    shop, postman = replace(stall, till=replace(stall.till, settings=lambda: reminding)), Postman()

    def posted() -> list[str]:
        """The subjects of what is sent now."""
        postman.sent.clear()
        run_due(shop.till, {"mail": MailWork(postman, postman)})
        return [mail.subject for mail in postman.sent]

    ids = order_ids(shop)
    posted()
    assert run_reminders(shop.till) == 0
    days_later(shop)
    while shop.clock.now().astimezone(shop.till.zone).hour != 7:
        shop.clock.advance(3_600)
    shop.sign_in_again()
    assert run_reminders(shop.till) == 0
    shop.clock.advance(3_600)
    assert run_reminders(stall.till) == 0
    assert [run_reminders(shop.till) for _ in range(3)] == [1, 0, 0]
    due = sum_dues(shop.till, shop.cashier, DuesQuery()).due
    assert posted() == [f"[TRAINING] Instalments due: {format_money(due, 'en')}"]
    letter = postman.sent[0]
    assert all(shop.order(order_id).number in letter.text for order_id in ids)
    # What was paid before the mail went is not asked for, and a day that is over is not told of.
    days_later(shop)
    assert run_reminders(shop.till) == 1
    collected(shop, wanted(ids))
    assert [subject for subject in posted() if "due" in subject] == []
    days_later(shop)
    assert run_reminders(shop.till) == 1
    days_later(shop)
    assert posted() == []
    assert run_reminders(shop.till) == 1
