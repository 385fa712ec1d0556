"""A manager's approval: one person's, for one action, subject and amount, once, for a minute."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import Engine, insert, select, update
from sqlalchemy.exc import DBAPIError

from tests.factories.clock import FakeClock
from tests.factories.people import PIN, add_person, signed_in
from tests.factories.tills import audit_rows, make_till, second_engine
from tillgate.domain.errors import Bug, Invalid, NotAllowed
from tillgate.domain.money import Money
from tillgate.domain.staff import Action, Actor, Role, system_actor
from tillgate.services.access import approve, authorize
from tillgate.services.pin_hash import Pins
from tillgate.services.till import Till
from tillgate.store.models import approval, staff

MEERA = "Meera"
PAYMENT = "payment:17"
AMOUNT = Money(2_500, "INR")


@pytest.fixture
def approver(till: Till) -> int:
    return add_person(till, MEERA, Role.MANAGER)


@pytest.fixture
def token(till: Till, cashier: Actor, pins: Pins, approver: int) -> str:
    return ask(till, cashier, pins)


def ask(till: Till, actor: Actor, pins: Pins, name: str = MEERA, **changes: object) -> str:
    asked: dict[str, object] = {"action": Action.REFUND, "subject": PAYMENT, "amount": AMOUNT}
    asked |= {"reason": "Damaged on arrival"} | changes
    pin = PIN[Role.MANAGER]
    return approve(till, actor, pins, name, pin, **asked)  # type: ignore[arg-type]


def spend(till: Till, actor: Actor, token: str | None, **changes: object) -> int | None:
    meant: dict[str, object] = {"subject": PAYMENT, "amount": AMOUNT} | changes
    with till.db.write(actor) as uow:
        return authorize(uow, actor, Action.REFUND, approval_token=token, **meant)  # type: ignore[arg-type]


def code_of(work: Callable[[], object]) -> str:
    with pytest.raises(NotAllowed) as caught:
        work()
    return caught.value.code


def test_an_approval_works_once_and_says_who(till: Till, cashier: Actor, approver: int, token: str) -> None:
    assert code_of(lambda: spend(till, cashier, None)) == "approval_needed"
    assert spend(till, cashier, token) == approver
    assert code_of(lambda: spend(till, cashier, token)) == "approval_used"
    told = [entry for entry in audit_rows(till) if entry[1].startswith("approv")]
    assert [(actor, event, subject, data["approver"]) for actor, event, subject, data in told] == [
        (cashier.label, "approved", PAYMENT, approver),
        (cashier.label, "approval_used", PAYMENT, approver),
    ]


def test_only_its_hash_is_kept(till: Till, token: str) -> None:
    with till.db.read() as connection:
        row = connection.execute(select(approval)).one()
    assert row.token_sha256 == hashlib.sha256(token.encode()).hexdigest()
    assert token not in str(row._mapping)
    assert token not in str(audit_rows(till))


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "payment:18"},
        {"amount": Money(2_501, "INR")},
        {"amount": Money(2_500, "USD")},
        {"amount": None},
    ],
)
def test_it_is_bound_to_what_was_approved(till: Till, cashier: Actor, token: str, changes: dict[str, object]) -> None:
    assert code_of(lambda: spend(till, cashier, token, **changes)) == "approval_other"
    spend(till, cashier, token)


def test_it_is_bound_to_who_asked(till: Till, token: str) -> None:
    other = signed_in(till, Role.CASHIER)
    assert code_of(lambda: spend(till, other, token)) == "approval_other"


def test_it_is_over_after_a_minute_and_before_it_was_given(
    till: Till, clock: FakeClock, cashier: Actor, token: str
) -> None:
    clock.set_back(1)
    assert code_of(lambda: spend(till, cashier, token)) == "approval_expired"
    clock.advance(1 + 60)
    assert code_of(lambda: spend(till, cashier, token)) == "approval_expired"
    clock.set_back(0.001)
    spend(till, cashier, token)


def test_it_comes_and_goes_with_the_action(till: Till, cashier: Actor, token: str) -> None:
    with pytest.raises(RuntimeError), till.db.write(cashier) as uow:
        authorize(uow, cashier, Action.REFUND, subject=PAYMENT, amount=AMOUNT, approval_token=token)
        raise RuntimeError
    spend(till, cashier, token)


def test_it_is_never_spent_outside_the_action_s_transaction(till: Till, cashier: Actor, token: str) -> None:
    with pytest.raises(Bug):
        authorize(till, cashier, Action.REFUND, subject=PAYMENT, amount=AMOUNT, approval_token=token)


def test_a_made_up_one_is_refused(till: Till, cashier: Actor, token: str) -> None:
    assert code_of(lambda: spend(till, cashier, token[:-1] + "!")) == "approval_invalid"


@pytest.mark.parametrize("changed", [{"active": 0}, {"role": Role.CASHIER}])
def test_it_falls_with_its_approver(till: Till, cashier: Actor, token: str, changed: dict[str, object]) -> None:
    with till.db.write(till.system) as uow:
        uow.execute(update(staff).where(staff.c.name == MEERA).values(changed))
    assert code_of(lambda: spend(till, cashier, token)) == "approval_invalid"


def test_nobody_approves_for_themselves(till: Till, pins: Pins) -> None:
    manager = signed_in(till, Role.MANAGER, MEERA)
    assert code_of(lambda: ask(till, manager, pins)) == "approval_by_self"
    with pytest.raises(DBAPIError, match="approval_not_self"), till.db.write(till.system) as uow:
        row = {"token_sha256": "x", "action": "refund", "subject": PAYMENT, "reason": "", "approved_at": uow.now}
        row |= {"requested_by": manager.staff_id, "approved_by": manager.staff_id, "expires_at": uow.now}
        uow.execute(insert(approval).values(row))


def test_a_cashier_approves_nothing(till: Till, cashier: Actor, pins: Pins) -> None:
    add_person(till, "Ravi", Role.CASHIER, PIN[Role.MANAGER])
    assert code_of(lambda: ask(till, cashier, pins, "Ravi")) == "approval_by_cashier"


def test_what_no_approval_helps_with(till: Till, cashier: Actor, pins: Pins, approver: int) -> None:
    assert code_of(lambda: ask(till, cashier, pins, action=Action.EDIT_KEYS)) == "not_allowed"
    assert code_of(lambda: authorize(till, cashier, Action.EDIT_KEYS)) == "not_allowed"
    assert code_of(lambda: authorize(till, system_actor(till.id), Action.SELL)) == "session_over"


def test_a_reason_is_needed_and_holds_no_card(till: Till, cashier: Actor, pins: Pins, approver: int) -> None:
    for reason, code in ((" ", "note_short"), ("card 4111 1111 1111 1111", "note_card_number")):
        with pytest.raises(Invalid, match=code):
            ask(till, cashier, pins, reason=reason)


def test_wrong_pins_of_an_approver_count(till: Till, cashier: Actor, approver: int, pins: Pins) -> None:
    for _ in range(4):
        with pytest.raises(NotAllowed) as caught:
            approve(
                till, cashier, pins, MEERA, "846075", action=Action.REFUND, subject=PAYMENT, amount=AMOUNT, reason="Why"
            )
    assert caught.value.values == {"wait_s": 2}
    assert code_of(lambda: ask(till, cashier, pins)) == "pin_wait"


def test_of_two_processes_one_spends_it(
    till: Till, engine: Engine, clock: FakeClock, cashier: Actor, token: str
) -> None:
    engines = [second_engine(engine) for _ in range(4)]
    tills = [make_till(one, clock) for one in engines]
    together = Barrier(len(tills))

    def race(racing: Till) -> str:
        together.wait()
        try:
            racing.db.transact(
                cashier,
                lambda uow: authorize(
                    uow, cashier, Action.REFUND, subject=PAYMENT, amount=AMOUNT, approval_token=token
                ),
            )
        except NotAllowed as refused:
            return refused.code
        return "spent"

    with ThreadPoolExecutor(len(tills)) as lane:
        ended = sorted(lane.map(race, tills))
    assert ended == ["approval_used"] * 3 + ["spent"]
    for one in engines:
        one.dispose()
