"""Two tills that work on one payment's money take turns; neither waits for what the other will never let go.

On PostgreSQL alone: writers of a SQLite file take turns anyway.
"""

from __future__ import annotations

import inspect
import pkgutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import pytest

from tests.factories.clock import FakeClock
from tests.factories.instalments import open_bazaar
from tests.factories.payments import Desk
from tests.factories.people import signed_in
from tests.services.test_every_owner import DAY, say, settle, told
from tests.services.test_exception_lists import of_nobody
from tillgate.domain.errors import Refused
from tillgate.domain.exceptions import ExceptionAction, ExceptionKind
from tillgate.domain.money import Money
from tillgate.domain.payment import PaymentState, RefundState
from tillgate.domain.staff import Role
from tillgate.domain.wallet import WALLET
from tillgate.services import outbox
from tillgate.services.apply import apply_facts
from tillgate.services.daily_collections import (
    Collect,
    CollectOrder,
    collect,
    new_collection_key,
    quote_collection,
)
from tillgate.services.exceptions import settle_exception
from tillgate.services.payment_rows import load_payment
from tillgate.services.refunds import drive_refund, request_refund
from tillgate.services.settle import check_attempt
from tillgate.services.till import Till
from tillgate.store.models import coupon
from tillgate.store.outbox_rows import enqueue

pytestmark = pytest.mark.parametrize("engine", ["postgres"], indirect=True)

_PART: Final = Money(1_000, "INR")
_A: Final = ExceptionAction
A = TypeVar("A")
B = TypeVar("B")


@dataclass(slots=True)
class Turns:
    """Two at once; `again` has a line for each transaction that was tried again, as a server makes one of two that lock
    each other do."""

    monkeypatch: pytest.MonkeyPatch
    again: list[str] = field(default_factory=list)

    def take(self, till: Till, where: str, first: Callable[[], A], second: Callable[[], B]) -> tuple[A, B]:
        """What both come to; `second` begins while `first` stands at the end of the function `where`, a name as
        "module:function", with what it has locked by then."""
        holds, slow = threading.Event(), pkgutil.resolve_name(where)
        locks = "lock" in inspect.signature(slow).parameters

        def slowly(*given: Any, **named: Any) -> Any:
            found = slow(*given, **named)
            if threading.current_thread().name.startswith("first") and (named.get("lock") or not locks):
                holds.set()
                threading.Event().wait(0.2)
            return found

        def again_after() -> float:
            self.again.append(threading.current_thread().name)
            return 0.0

        till.db.jitter = again_after
        with self.monkeypatch.context() as patch, ThreadPoolExecutor(1, "first") as pool:
            patch.setattr(where.replace(":", "."), slowly)
            begun = pool.submit(first)
            assert holds.wait(10)
            came = second()
            return begun.result(), came


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> Turns:
    return Turns(monkeypatch)


def outcome(press: Callable[[], object]) -> str:
    """Why it was refused, or nothing."""
    try:
        press()
    except Refused as refused:
        return refused.code
    return ""


def test_a_refund_that_ends_and_one_that_is_asked_for_do_not_lock_each_other(desk: Desk, turns: Turns) -> None:
    paid = desk.paid()
    first = request_refund(desk.till, desk.manager, paid.id, _PART, "broken")
    driven, second = turns.take(
        desk.till,
        "tillgate.services.refund_rows:load_capture",
        lambda: drive_refund(desk.till, first.id),
        lambda: request_refund(desk.till, desk.manager, paid.id, _PART, "this one too"),
    )
    assert (driven.state, second.state) == (RefundState.DONE, RefundState.PENDING)
    assert turns.again == []


@pytest.mark.parametrize("action", [_A.RETRY, _A.ACCEPT])
@pytest.mark.parametrize("ours", [True, False])
def test_a_refunds_outcome_and_a_managers_decision_about_it_do_not_lock_each_other(
    desk: Desk, turns: Turns, clock: FakeClock, action: ExceptionAction, *, ours: bool
) -> None:
    """What the provider tells at last answers the very question that the manager answers."""
    if ours:
        told(desk, 4_000)
    else:
        of_nobody(desk)
        desk.provider.faults["refund"] = ["+unknown"]
        settle(desk, desk.exceptions()[0], _A.REFUND)
        desk.settle()
        say(desk, 4_000)
        clock.advance(6)
        desk.settle()
    (asked,) = desk.exceptions()
    assert asked.refund_id is not None
    under_way, manager = asked.refund_id, signed_in(desk.till, Role.MANAGER)
    say(desk, 10_000)
    clock.advance(60)
    driven, code = turns.take(
        desk.till,
        "tillgate.services.refund_rows:load_refund",
        lambda: drive_refund(desk.till, under_way),
        lambda: outcome(lambda: settle_exception(desk.till, manager, asked.id, action, "looked at it")),
    )
    assert (driven.state, code, desk.exceptions()) == (RefundState.DONE, "exception_closed", [])
    assert turns.again == []


def test_nobody_heard_and_news_of_the_same_checkout_do_not_lock_each_other(
    desk: Desk, turns: Turns, clock: FakeClock
) -> None:
    """The look that finds no answer for days puts the payment on Exceptions; another till hears it at that moment."""
    begun = desk.start()
    attempt = desk.view(begun.id).attempt
    assert attempt is not None
    desk.provider.pay(attempt.reference)
    (facts,) = desk.provider.checkouts.values()
    clock.advance(8 * DAY)
    desk.provider.faults["fetch"] = ["unknown"]
    turns.take(
        desk.till,
        "tillgate.services.settle:load_attempt",
        lambda: check_attempt(desk.till, attempt.id, "timer"),
        lambda: apply_facts(desk.till, attempt.id, facts, "sweep"),
    )
    assert desk.payment(begun.id).state is PaymentState.CAPTURED
    assert turns.again == []


def test_a_mail_that_is_let_go_and_tried_again_at_once_is_one_or_the_other(desk: Desk, turns: Turns) -> None:
    paid = desk.paid()
    _parked_mail(desk, paid.id)
    (asked,) = desk.exceptions()
    assert asked.outbox_id is not None
    mail = asked.outbox_id
    _, code = turns.take(
        desk.till,
        "tillgate.services.outbox:load_work",
        lambda: outbox.cancel(desk.till, desk.manager, mail, "the customer is gone"),
        lambda: outcome(lambda: settle_exception(desk.till, desk.manager, asked.id, _A.RETRY, "corrected")),
    )
    assert (code, desk.exceptions()) == ("exception_closed", [])
    assert turns.again == []


def test_a_mail_that_is_given_up_and_withdrawn_at_once_do_not_lock_each_other(desk: Desk, turns: Turns) -> None:
    """What withdraws mails holds their payment, which the entry on Exceptions names."""
    paid = desk.paid()

    def withdraw() -> None:
        with desk.till.db.read() as connection:
            (mail,) = outbox.list_work(connection, paid.id)
        with desk.till.db.write(desk.till.system) as uow:
            load_payment(uow.connection, paid.id, lock=True)
            outbox.load_work(uow.connection, mail.id, lock=True)

    turns.take(desk.till, "tillgate.services.outbox:_settle", lambda: _parked_mail(desk, paid.id), withdraw)
    assert [each.kind for each in desk.exceptions()] == [ExceptionKind.NOTICE_PARKED]
    assert turns.again == []


def _parked_mail(desk: Desk, payment_id: int) -> None:
    def refuse(_till: Till, _row: outbox.OutboxRecord) -> str:
        raise Refused("mail_address_refused")

    with desk.till.db.write(desk.till.system) as uow:
        enqueue(uow, outbox.MAIL, "mail:one", {"template": "one"}, payment_id=payment_id)
    assert outbox.run_due(desk.till, {outbox.MAIL: refuse}) == 1


def test_a_bulk_order_that_is_placed_and_one_that_goes_back_do_not_lock_each_other(till: Till, turns: Turns) -> None:
    """Both want the same pieces and the same coupon, which the first does not hold yet."""
    shop = open_bazaar(till)
    placed = shop.paid()
    left = shop.stock()
    first = shop.payment(placed)

    def all_back() -> object:
        return request_refund(
            shop.till, shop.manager, first.id, first.amount, "all back", into_wallet=True, return_goods=True
        )

    second, _ = turns.take(shop.till, "tillgate.services.bulk_writing:lock_variants", shop.place, all_back)
    assert len(second.orders) == 3
    assert (shop.stock(), [row.used_count for row in shop.rows(coupon)]) == (left, [1])
    assert turns.again == []


def test_a_wallet_that_pays_a_day_and_a_refund_of_its_order_do_not_lock_each_other(till: Till, turns: Turns) -> None:
    shop = open_bazaar(till)
    placed = shop.paid()
    shop.fill_wallet(Money(100_000, "INR"))
    wanted = (CollectOrder(placed.orders[0].id, 1),)
    amount = quote_collection(shop.till, shop.cashier, wanted).amount
    press = Collect(new_collection_key(), wanted, amount, WALLET)
    first = shop.payment(placed).id
    collected, back = turns.take(
        shop.till,
        "tillgate.services.daily_collections:load_order",
        lambda: collect(shop.till, shop.cashier, press),
        lambda: request_refund(shop.till, shop.manager, first, _PART, "scratched", into_wallet=True),
    )
    assert (collected.payment.state, back.state) == (PaymentState.CAPTURED, RefundState.DONE)
    assert turns.again == []
