"""Every money state that can be reached has an owner: work with a time in its row, or a person by the list."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Final

import pytest
from sqlalchemy import Engine, select, update

from tests.factories.clock import FakeClock
from tests.factories.payments import Desk, open_desk
from tests.factories.people import signed_in
from tests.factories.tills import make_till
from tests.services.test_exception_lists import SCENES
from tests.services.test_given_back_elsewhere import give_back_outside, held, left
from tillgate.domain.checkout_facts import CheckoutFacts, RefundFacts, RefundStatus, TryStatus
from tillgate.domain.errors import NotAllowed, Refused
from tillgate.domain.exceptions import ExceptionAction, ExceptionKind
from tillgate.domain.money import Money
from tillgate.domain.payment import PaymentState, RefundState
from tillgate.domain.staff import Role
from tillgate.services.exception_lists import load_exception_details
from tillgate.services.exceptions import ExceptionRecord, settle_exception
from tillgate.services.owners import list_forgotten
from tillgate.services.refunds import request_refund
from tillgate.services.settle import check_now
from tillgate.store.models import audit, money_exception

_A, _K = ExceptionAction, ExceptionKind
DAY: Final = 86_400


def told(desk: Desk, minor: int, *, asked: int = 10_000, status: RefundStatus = RefundStatus.DONE) -> int:
    """A payment whose refund the provider answers with another amount."""
    clock = desk.till.clock
    assert isinstance(clock, FakeClock)
    paid = desk.paid()
    desk.provider.faults["refund"] = ["+unknown"]
    request_refund(desk.till, desk.manager, paid.id, Money(asked, "INR"), "broken")
    desk.settle()
    say(desk, minor, status)
    clock.advance(6)
    desk.settle()
    return paid.id


def say(desk: Desk, minor: int, status: RefundStatus = RefundStatus.DONE) -> None:
    key, known = next(iter(desk.provider.refunds.items()))
    desk.provider.refunds[key] = replace(known, amount=Money(minor, "INR"), status=status)


def forgotten(desk: Desk) -> list[object]:
    with desk.till.db.read() as connection:
        return list(list_forgotten(connection))


def states(desk: Desk, payment_id: int) -> list[tuple[int, RefundState]]:
    return [(each.amount_minor, each.state) for each in desk.view(payment_id).refunds]


def _alone(scene: Callable[[Desk], None], desk: Desk, _clock: FakeClock) -> None:
    scene(desk)


def settle(desk: Desk, found: ExceptionRecord, action: ExceptionAction) -> ExceptionRecord:
    return settle_exception(desk.till, signed_in(desk.till, Role.MANAGER), found.id, action, "looked at it")


@pytest.mark.parametrize(("minor", "asked"), [(4_000, 10_000), (4_000, 3_000), (10_000, 3_000)])
@pytest.mark.parametrize("pending", [False, True])
def test_a_manager_takes_in_the_amount_that_the_provider_tells(
    desk: Desk, minor: int, asked: int, pending: bool
) -> None:
    clock = desk.till.clock
    assert isinstance(clock, FakeClock)
    paid = told(desk, minor, asked=asked, status=RefundStatus.PENDING if pending else RefundStatus.DONE)
    [found] = desk.exceptions()
    assert (found.kind, found.actions) == (_K.CONFLICT, (_A.ACCEPT, _A.RETRY, _A.CLOSE))
    choices = {each.action: each for each in load_exception_details(desk.till, desk.manager, found.id).choices}
    assert choices[_A.ACCEPT].amount == Money(minor, "INR")
    assert choices[_A.CLOSE].hindered == "would_be_forgotten"
    with pytest.raises(Refused, match="would_be_forgotten"):
        settle(desk, found, _A.CLOSE)
    closed = settle(desk, found, _A.ACCEPT)
    assert (closed.action, closed.reason, closed.closed_by is None) == ("accept", "looked at it", False)
    if pending:
        assert desk.payment(paid).state is PaymentState.REFUND_PENDING
        say(desk, minor)
        clock.advance(60)
        desk.settle()
    assert states(desk, paid) == [(asked, RefundState.FAILED), (minor, RefundState.DONE)]
    assert desk.payment(paid).state is (PaymentState.PARTIALLY_REFUNDED if minor < 10_000 else PaymentState.REFUNDED)
    assert (left(desk, paid), held(desk)) == (10_000 - minor, 10_000 - minor)
    assert (desk.exceptions(), forgotten(desk)) == ([], [])
    desk.sweep()
    assert (held(desk), desk.exceptions()) == (10_000 - minor, [])
    with desk.till.db.read() as connection:
        taken = connection.execute(select(audit.c.data).where(audit.c.event == "refund.accepted")).scalar_one()
    assert f'"asked":{asked}' in taken.replace(" ", "")
    assert desk.ledger_is_even()


def test_taking_it_in_wants_a_fresh_proof(desk: Desk, clock: FakeClock) -> None:
    told(desk, 4_000)
    [found] = desk.exceptions()
    clock.advance(600)
    with pytest.raises(NotAllowed, match="confirm_needed"):
        settle_exception(desk.till, desk.manager, found.id, _A.ACCEPT, "nobody looks")


def test_what_is_told_otherwise_again_is_another_question(desk: Desk, clock: FakeClock) -> None:
    paid = told(desk, 4_000)
    [first] = desk.exceptions()
    say(desk, 5_000)
    clock.advance(60)
    desk.settle()
    [second] = desk.exceptions()
    with pytest.raises(Refused, match="exception_closed"):
        settle(desk, first, _A.ACCEPT)
    settle(desk, second, _A.RETRY)
    desk.settle()
    [third] = desk.exceptions()
    assert third.evidence["provider"] == "INR 50.00"
    say(desk, 10_000)
    clock.advance(60)
    desk.settle()
    assert desk.exceptions() == []
    assert desk.payment(paid).state is PaymentState.REFUNDED


def test_an_amount_in_another_currency_is_never_taken_in(desk: Desk, clock: FakeClock) -> None:
    paid = told(desk, 4_000)
    key, known = next(iter(desk.provider.refunds.items()))
    desk.provider.refunds[key] = replace(known, amount=Money(10_000, "USD"))
    clock.advance(60)
    desk.settle()
    [found] = desk.exceptions()
    [choice] = [
        each for each in load_exception_details(desk.till, desk.manager, found.id).choices if each.action is _A.ACCEPT
    ]
    assert (choice.amount, choice.hindered) == (None, "currency_of_nothing")
    with pytest.raises(Refused, match="currency_of_nothing"):
        settle(desk, found, _A.ACCEPT)
    assert desk.payment(paid).state is PaymentState.REFUND_PENDING


def test_a_parked_refund_stays_on_the_list_until_it_ends(desk: Desk, clock: FakeClock) -> None:
    paid = stuck(desk, clock)
    for _ in range(2):
        [found] = desk.exceptions()
        assert found.kind is _K.REFUND_STUCK
        with pytest.raises(Refused, match="would_be_forgotten"):
            settle(desk, found, _A.CLOSE)
        settle(desk, found, _A.RETRY)
        assert desk.exceptions() == []
        desk.settle()
        assert forgotten(desk) == []
    say(desk, 10_000)
    clock.advance(DAY)
    desk.settle()
    assert (desk.exceptions(), desk.payment(paid).state) == ([], PaymentState.REFUNDED)


def test_one_that_was_forgotten_before_stands_on_the_list_again(desk: Desk, clock: FakeClock) -> None:
    """An earlier version let the exception be closed."""
    stuck(desk, clock)
    with desk.till.db.write(desk.till.system) as uow:
        uow.execute(update(money_exception).values(closed_at=clock.now(), action="close", reason="done with it"))
    assert [str(each) for each in forgotten(desk)] != []
    clock.advance(DAY)
    desk.settle()
    assert [each.kind for each in desk.exceptions()] == [_K.REFUND_STUCK]
    assert forgotten(desk) == []


def test_a_refund_that_had_failed_and_is_done_after_all_is_news(desk: Desk) -> None:
    paid = desk.paid()
    desk.provider.faults["refund"] = ["declined"]
    request_refund(desk.till, desk.manager, paid.id, Money(4_000, "INR"), "broken")
    desk.settle()
    (failed,) = desk.view(paid.id).refunds
    (money,) = desk.view(paid.id).captures
    done = RefundFacts("rfnd_late", money.provider_ref, RefundStatus.DONE, failed.amount, failed.key)
    desk.provider.refunds[failed.key] = done
    for _ in range(2):
        desk.sweep()
        assert states(desk, paid.id) == [(4_000, RefundState.FAILED), (4_000, RefundState.DONE)]
    assert (left(desk, paid.id), held(desk)) == (6_000, 6_000)
    assert [each.kind for each in desk.exceptions()] == [_K.CONFLICT]


def came_back(desk: Desk, minor: int = 4_000) -> int:
    """A refund that was done, and that a bank sent back two weeks later."""
    clock = desk.till.clock
    assert isinstance(clock, FakeClock)
    paid = desk.paid()
    request_refund(desk.till, desk.manager, paid.id, Money(minor, "INR"), "broken")
    desk.settle()
    desk.provider.capabilities = replace(desk.provider.capabilities, refunds_return_within=timedelta(days=30))
    clock.advance(14 * DAY)
    send_back(desk)
    return paid.id


def send_back(desk: Desk) -> None:
    """The newest refund fails; the daily sweeps tell it, once."""
    clock = desk.till.clock
    assert isinstance(clock, FakeClock)
    bank, kept, before = desk.provider, desk.provider.refunds, desk.provider.before
    key, known = list(kept.items())[-1]
    kept[key] = replace(known, status=RefundStatus.FAILED, reason="the account is closed")
    # Asked for in the last days it is too old.
    bank.before = lambda verb: setattr(bank, "refunds", {} if verb == "list_recent" else kept)
    for _ in range(4):
        desk.sweep()
        clock.advance(DAY)
    bank.before, bank.refunds = before, kept


@pytest.mark.parametrize("minor", [4_000, 10_000])
def test_a_refund_that_was_done_and_came_back_is_sent_again(desk: Desk, minor: int) -> None:
    paid = came_back(desk, minor)
    whole = minor == 10_000
    [told] = desk.exceptions()
    assert (told.kind, told.payment_id, told.actions) == (_K.REFUND_FAILED, paid, (_A.RETRY, _A.CREDIT, _A.CLOSE))
    assert told.evidence["refund_returned"] == f"INR {minor // 100}.00"
    assert told.evidence["provider_says"] == "the account is closed"
    assert states(desk, paid) == [(minor, RefundState.FAILED)]
    assert desk.payment(paid).state is (PaymentState.REFUNDED if whole else PaymentState.CAPTURED)
    assert (left(desk, paid), held(desk), forgotten(desk)) == (10_000, 10_000, [])
    if not whole:
        with pytest.raises(Refused, match="refund_failed_open"):
            request_refund(desk.till, signed_in(desk.till, Role.MANAGER), paid, Money(minor, "INR"), "again")
    settle(desk, told, _A.RETRY)
    desk.settle()
    # So that it is too old to be listed as of the last days.
    clock = desk.till.clock
    assert isinstance(clock, FakeClock)
    clock.advance(7 * DAY)
    assert states(desk, paid) == [(minor, RefundState.FAILED), (minor, RefundState.DONE)]
    assert desk.payment(paid).state is (PaymentState.REFUNDED if whole else PaymentState.PARTIALLY_REFUNDED)
    assert (left(desk, paid), held(desk)) == (10_000 - minor, 10_000 - minor)
    send_back(desk)
    [again] = desk.exceptions()
    assert (again.kind, again.id > told.id) == (_K.REFUND_FAILED, True)
    settle(desk, again, _A.RETRY)
    desk.settle()
    assert (left(desk, paid), desk.exceptions(), forgotten(desk)) == (10_000 - minor, [], [])
    assert desk.ledger_is_even()


def test_what_came_back_and_went_again_on_the_providers_pages_is_no_other_refund(desk: Desk) -> None:
    paid = came_back(desk)
    give_back_outside(desk, 4_000)
    for _ in range(2):
        desk.sweep()
    assert states(desk, paid) == [(4_000, RefundState.FAILED), (4_000, RefundState.DONE)]
    assert [each.kind for each in desk.exceptions()] == [_K.CONFLICT]
    assert (left(desk, paid), held(desk), forgotten(desk)) == (6_000, 6_000, [])


def test_where_done_is_the_end_nobody_is_asked_after_the_window(desk: Desk, clock: FakeClock) -> None:
    request_refund(desk.till, desk.manager, desk.paid().id, Money(4_000, "INR"), "broken")
    desk.settle()
    clock.advance(14 * DAY)
    asked: list[str] = []
    desk.provider.before = asked.append
    for _ in range(3):
        desk.sweep()
        clock.advance(DAY)
    assert "list_recent" in asked
    assert "find_refunds" not in asked


def test_a_checkout_that_nobody_answers_for_ends_with_the_managers_word(desk: Desk, clock: FakeClock) -> None:
    begun = silent(desk, clock)
    [found] = desk.exceptions()
    settle(desk, found, _A.RETRY)
    desk.settle()
    [found] = desk.exceptions()
    assert found.kind is _K.UNANSWERED
    settle(desk, found, _A.CLOSE)
    ended = desk.payment(begun)
    assert (ended.state, ended.ended_reason) == (PaymentState.CANCELLED, "settled_by_manager")
    desk.cashier = signed_in(desk.till, Role.CASHIER)
    assert desk.start().state is PaymentState.PENDING
    desk.provider.faults.clear()
    desk.provider.pay(desk.view(begun).attempts[0].reference)
    clock.advance(600)
    desk.settle()
    assert [each.kind for each in desk.exceptions()] == [_K.LATE]


def test_money_of_a_wrong_answer_is_a_persons_whatever_comes_later(desk: Desk, clock: FakeClock) -> None:
    begun = mismatched(desk)
    [found] = desk.exceptions()
    assert found.kind is _K.MISMATCH
    with pytest.raises(Refused, match="not_verified"):
        settle(desk, found, _A.APPLY)
    hear_the_truth(desk, clock)
    assert (desk.made, desk.payment(begun).state) == ([], PaymentState.PENDING)
    [found] = desk.exceptions()
    assert found.evidence["agreed"] == str(clock.now())
    choices = load_exception_details(desk.till, signed_in(desk.till, Role.MANAGER), found.id).choices
    assert [(each.action, each.hindered) for each in choices] == [(_A.APPLY, ""), (_A.REFUND, ""), (_A.CLOSE, "")]
    settle(desk, found, _A.APPLY)
    assert (desk.made, desk.payment(begun).state) == ([begun], PaymentState.CAPTURED)
    assert (desk.exceptions(), forgotten(desk)) == ([], [])


def test_money_that_is_told_with_another_amount_later_is_a_contradiction(desk: Desk, clock: FakeClock) -> None:
    begun = desk.start()
    desk.provider.pay(desk.reference(begun.id), minor=9_000)
    check_now(desk.till, desk.cashier, begun.id)
    (name, facts) = next(iter(desk.provider.checkouts.items()))
    paid = replace(facts.tries[0], amount=Money(10_000, "INR"))
    desk.provider.checkouts[name] = replace(facts, tries=(paid,))
    for _ in range(2):
        clock.advance(60)
        desk.settle()
    kinds = {each.kind: each for each in desk.exceptions()}
    assert set(kinds) == {_K.UNDERPAID, _K.CONFLICT}
    settle(desk, kinds[_K.CONFLICT], _A.CLOSE)
    settle(desk, kinds[_K.UNDERPAID], _A.REFUND)
    assert forgotten(desk) == []


def stuck(desk: Desk, clock: FakeClock) -> int:
    paid = desk.paid()
    desk.provider.refund_status = RefundStatus.PENDING
    request_refund(desk.till, desk.manager, paid.id, Money(10_000, "INR"), "broken")
    for _ in range(9):
        desk.settle()
        clock.advance(DAY)
    return paid.id


def silent(desk: Desk, clock: FakeClock) -> int:
    begun = desk.start()
    desk.provider.faults["fetch"] = ["unknown"] * 99
    for _ in range(9):
        clock.advance(DAY)
        desk.settle()
    return begun.id


def mismatched(desk: Desk) -> int:
    """The provider answers once with a checkout of another amount."""

    def lie(facts: CheckoutFacts) -> CheckoutFacts:
        return replace(facts, amount=Money(1, "INR"))

    begun = desk.start()
    desk.provider.pay(desk.reference(begun.id))
    desk.provider.twist = lie
    check_now(desk.till, desk.cashier, begun.id)
    return begun.id


def hear_the_truth(desk: Desk, clock: FakeClock) -> None:
    desk.provider.twist = lambda facts: facts
    clock.advance(60)
    desk.settle()


def refused_twice(desk: Desk) -> None:
    """Orders can't be made, and the money can't go back."""
    desk.refuse = "stock_short"
    desk.provider.faults["refund"] = ["declined"]
    desk.paid()
    desk.settle()


def given_back_elsewhere(desk: Desk) -> None:
    desk.paid()
    give_back_outside(desk, 4_000)
    desk.sweep()


def gone_before_it_was_seen(desk: Desk) -> None:
    begun = desk.start()
    desk.provider.pay(desk.reference(begun.id), status=TryStatus.REFUNDED)
    check_now(desk.till, desk.cashier, begun.id)


WALKS: Final[dict[str, Callable[[Desk, FakeClock], object]]] = {
    **{f"{kind}{at}": partial(_alone, scene) for kind, scenes in SCENES.items() for at, scene in enumerate(scenes)},
    "told": lambda desk, _clock: told(desk, 4_000),
    "told_pending": lambda desk, _clock: told(desk, 4_000, status=RefundStatus.PENDING),
    "stuck": stuck,
    "silent": silent,
    "mismatched": lambda desk, _clock: mismatched(desk),
    "refused_twice": lambda desk, _clock: refused_twice(desk),
    "elsewhere": lambda desk, _clock: given_back_elsewhere(desk),
    "came_back": lambda desk, _clock: came_back(desk),
    "came_back_whole": lambda desk, _clock: came_back(desk, 10_000),
    "gone_before": lambda desk, _clock: gone_before_it_was_seen(desk),
}


@pytest.mark.parametrize("first", range(len(ExceptionAction)))
@pytest.mark.parametrize("walk", WALKS)
def test_whatever_a_manager_does_nothing_is_forgotten(
    sqlite_only: Engine, clock: FakeClock, walk: str, first: int
) -> None:
    """From every trouble there is, through every action, over days: each step leaves an owner, and even books."""
    till = make_till(sqlite_only, clock)
    desk = open_desk(till, signed_in(till, Role.CASHIER), signed_in(till, Role.MANAGER))
    WALKS[walk](desk, clock)
    assert forgotten(desk) == []
    for step in range(4):
        for found in desk.exceptions():
            action = list(ExceptionAction)[(first + step) % len(ExceptionAction)]
            with suppress(Refused):
                settle(desk, found, action)
            assert forgotten(desk) == [], (walk, found.kind, action)
        desk.provider.twist = lambda facts: facts
        clock.advance(3 * DAY)
        desk.settle()
        assert forgotten(desk) == [], (walk, step)
    assert desk.ledger_is_even()
