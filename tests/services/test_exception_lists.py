"""The Exceptions list: what it says may be done is what can be done, with just the money it names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from tests.factories.clock import FakeClock
from tests.factories.payments import Desk
from tests.factories.people import signed_in
from tillgate.domain.errors import NotFound, Refused
from tillgate.domain.exceptions import ExceptionAction, ExceptionKind
from tillgate.domain.money import Money
from tillgate.domain.staff import Role
from tillgate.ports import CheckoutRequest, Payer
from tillgate.services.cancel import cancel
from tillgate.services.customers import CustomerDraft, create_customer
from tillgate.services.exception_lists import (
    Choice,
    ExceptionQuery,
    count_rows,
    exception_key,
    list_rows,
    load_exception_details,
)
from tillgate.services.exceptions import settle_exception
from tillgate.services.payments import start
from tillgate.services.refunds import request_refund
from tillgate.services.settle import check_now
from tillgate.store.models import ledger_entry

_A, _K = ExceptionAction, ExceptionKind
INR = 10_000


def begin(desk: Desk, thing: int, *, known: bool) -> int:
    """A waiting payment, of a known customer or of a walk-in."""
    customer_id = None
    if known:
        customer_id = create_customer(desk.till, desk.cashier, CustomerDraft(f"Meera {thing}", "", "")).id
    return start(desk.till, desk.cashier, replace(desk.command(thing=thing), customer_id=customer_id)).payment.id


def late(desk: Desk, *, known: bool = True) -> None:
    payment_id = begin(desk, 1, known=known)
    cancel(desk.till, desk.cashier, payment_id)
    desk.provider.pay(desk.reference(payment_id))
    desk.sweep()


def late_and_sold_again(desk: Desk) -> None:
    payment_id = begin(desk, 1, known=True)
    cancel(desk.till, desk.cashier, payment_id)
    begin(desk, 1, known=True)
    desk.provider.pay(desk.reference(payment_id))
    desk.sweep()


def overpaid(desk: Desk) -> None:
    payment_id = begin(desk, 1, known=True)
    desk.provider.pay(desk.reference(payment_id), minor=INR + 1_500)
    check_now(desk.till, desk.cashier, payment_id)


def underpaid_by_a_walk_in(desk: Desk) -> None:
    payment_id = begin(desk, 1, known=False)
    desk.provider.pay(desk.reference(payment_id), minor=INR - 1_500)
    check_now(desk.till, desk.cashier, payment_id)


def doubled(desk: Desk) -> None:
    payment_id = begin(desk, 1, known=True)
    desk.provider.pay(desk.reference(payment_id))
    desk.provider.pay(desk.reference(payment_id))
    check_now(desk.till, desk.cashier, payment_id)


def of_nobody(desk: Desk) -> None:
    stray = CheckoutRequest("STRAY" * 6, "link", Money(INR, "INR"), "", Payer(), None, desk.till.clock.now())
    desk.provider.create("link", desk.provider.parameters(stray))
    desk.provider.pay(stray.reference)
    desk.sweep()


def part_refused(desk: Desk) -> None:
    payment_id = begin(desk, 1, known=True)
    desk.provider.pay(desk.reference(payment_id))
    check_now(desk.till, desk.cashier, payment_id)
    request_refund(desk.till, desk.manager, payment_id, Money(2_000, "INR"), "Returned")
    desk.provider.faults["refund"] = ["declined"]
    desk.settle()


SCENES: dict[ExceptionKind, list[Callable[[Desk], None]]] = {
    _K.LATE: [late, lambda desk: late(desk, known=False), late_and_sold_again],
    _K.OVERPAID: [overpaid],
    _K.UNDERPAID: [underpaid_by_a_walk_in],
    _K.DOUBLE: [doubled],
    _K.UNKNOWN_MONEY: [of_nobody],
    _K.REFUND_FAILED: [part_refused],
}
CASES = [(kind, number) for kind, scenes in SCENES.items() for number in range(len(scenes))]


def only(desk: Desk) -> int:
    [row] = list_rows(desk.till, desk.manager, ExceptionQuery())
    return row.id


def owed_to_customers(desk: Desk) -> int:
    """All wallets together, in minor units."""
    with desk.till.db.read() as connection:
        query = select(func.sum(ledger_entry.c.amount_minor)).where(ledger_entry.c.account.startswith("wallet:"))
        return -int(connection.execute(query).scalar_one() or 0)


@pytest.mark.parametrize(("kind", "number"), CASES)
def test_each_choice_does_what_it_says(desk: Desk, kind: ExceptionKind, number: int) -> None:
    SCENES[kind][number](desk)
    details = load_exception_details(desk.till, desk.manager, only(desk))
    assert details.row.kind is kind
    for choice in details.choices:
        if choice.hindered:
            with pytest.raises(Refused) as refused:
                settle_exception(desk.till, desk.manager, details.row.id, choice.action, "Looked at")
            assert refused.value.code == choice.hindered, choice
    doable = [choice for choice in details.choices if not choice.hindered]
    assert doable[-1].action is _A.CLOSE
    _do(desk, details.row.id, doable[number % len(doable)])


@pytest.mark.parametrize(("kind", "number"), CASES)
def test_money_goes_where_the_last_choice_but_one_says(desk: Desk, kind: ExceptionKind, number: int) -> None:
    SCENES[kind][number](desk)
    details = load_exception_details(desk.till, desk.manager, only(desk))
    doable = [choice for choice in details.choices if not choice.hindered]
    _do(desk, details.row.id, doable[-2])


def _do(desk: Desk, exception_id: int, choice: Choice) -> None:
    """Do it, and compare what the provider and the ledger hold with what the choice promised."""
    taken, owed, made = desk.provider.taken_minor(), owed_to_customers(desk), len(desk.made)
    settle_exception(desk.till, desk.manager, exception_id, choice.action, "Looked at")
    desk.settle()
    assert choice.amount is not None or choice.action is _A.CLOSE
    amount = choice.amount.minor if choice.amount is not None else 0
    back = taken - desk.provider.taken_minor()
    credited = owed_to_customers(desk) - owed
    assert back == {
        _A.REFUND: amount,
        _A.RETRY: amount,
        _A.APPLY: choice.surplus.minor if choice.surplus else 0,
    }.get(choice.action, 0)
    assert credited == (amount if choice.action is _A.CREDIT else 0)
    assert len(desk.made) - made == (1 if choice.action is _A.APPLY else 0)
    assert desk.ledger_is_even()
    assert count_rows(desk.till, desk.manager, ExceptionQuery()) == 0
    [closed] = list_rows(desk.till, desk.manager, ExceptionQuery(closed=True))
    assert (closed.action, closed.reason, closed.closed_by) == (choice.action, "Looked at", desk.manager.name)
    assert load_exception_details(desk.till, desk.manager, exception_id).choices == ()


def test_a_failed_part_is_credited_and_no_more(desk: Desk) -> None:
    part_refused(desk)
    credit = next(
        choice
        for choice in load_exception_details(desk.till, desk.manager, only(desk)).choices
        if choice.action is _A.CREDIT
    )
    assert credit.amount == Money(2_000, "INR")
    settle_exception(desk.till, desk.manager, only(desk), _A.CREDIT, "They come back next week")
    assert owed_to_customers(desk) == 2_000
    [payment_id] = desk.made
    with pytest.raises(Refused):
        request_refund(desk.till, desk.manager, payment_id, Money(INR, "INR"), "All of it")
    request_refund(desk.till, desk.manager, payment_id, Money(INR - 2_000, "INR"), "The rest")
    desk.settle()
    assert desk.provider.taken_minor() == 2_000
    assert desk.ledger_is_even()


def test_it_is_paged_searched_and_narrowed(desk: Desk, clock: FakeClock) -> None:
    for thing in range(1, 4):
        payment_id = begin(desk, thing, known=thing == 2)
        cancel(desk.till, desk.cashier, payment_id)
        desk.provider.pay(desk.reference(payment_id))
        clock.advance(60)
    desk.sweep()
    of_nobody(desk)
    manager = signed_in(desk.till, Role.MANAGER)
    first = list_rows(desk.till, manager, ExceptionQuery(), limit=3)
    rest = list_rows(desk.till, manager, ExceptionQuery(), after=exception_key(first[-1]), limit=3)
    every = [*first, *rest]
    assert [row.id for row in every] == sorted((row.id for row in every), reverse=True)
    assert len(every) == count_rows(desk.till, manager, ExceptionQuery()) == 4

    def texts(text: str) -> list[tuple[ExceptionKind, int | None]]:
        found = list_rows(desk.till, manager, ExceptionQuery(text=text))
        assert len(found) == count_rows(desk.till, manager, ExceptionQuery(text=text))
        return [(row.kind, row.payment_id) for row in found]

    assert texts("2") == [(_K.LATE, 2)]
    assert texts("meera") == [(_K.LATE, 2)]
    nobody = next(row for row in every if row.payment_id is None)
    assert texts(nobody.evidence["provider_ref"]) == [(_K.UNKNOWN_MONEY, None)]
    assert nobody.amount == Money(INR, "INR")
    only_late = ExceptionQuery(kind=_K.LATE, descending=False)
    assert [row.payment_id for row in list_rows(desk.till, manager, only_late)] == [1, 2, 3]
    with pytest.raises(NotFound):
        load_exception_details(desk.till, manager, 99)
