"""What referrers earn: the floor of a tenth of what stays paid, credited once, taken back, paid out once."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from tests.factories.purse import Purse, rupees
from tillgate.domain.commission import CommissionKind, commission_of
from tillgate.domain.errors import NotFound, Refused, TillgateError
from tillgate.domain.ledger import COMMISSION_COST
from tillgate.domain.money import Money
from tillgate.domain.wallet import WalletKind
from tillgate.services.commissions import (
    PayOut,
    owed_to,
    pay_commission,
    referrer_of,
    set_referrer,
    settle_commission,
)
from tillgate.services.customers import CustomerDraft, load_customer, update_customer
from tillgate.services.wallet_lists import (
    StatementQuery,
    commission_key,
    count_referrers,
    list_commissions,
    list_referrers,
    referrer_key,
    sum_commissions,
)
from tillgate.services.wallets import new_wallet_key, view_wallet
from tillgate.store.ledger import balance
from tillgate.store.models import commission_entry

PATIENCE_S = 60.0


def pay(purse: Purse, order: int, paid: int, reference: str, returned: int = 0) -> Money:
    """What is paid of an order, as a payment or a refund leaves it."""
    with purse.till.db.write(purse.till.system) as uow:
        purse.set_paid(uow, order, paid, returned)
        return settle_commission(uow, order, payment_id=None, reference=reference)


def owed(purse: Purse) -> int:
    with purse.till.db.read() as connection:
        return owed_to(connection, purse.other, "INR").minor


def press(purse: Purse, amount: Money | None = None, key: str = "") -> PayOut:
    return PayOut(key or new_wallet_key(), purse.other, "end of the month", amount)


def entries(purse: Purse) -> list[tuple[CommissionKind, int]]:
    return [(row.kind, row.amount_minor) for row in purse.rows(commission_entry)]


def test_a_referrer_earns_is_paid_and_owes_what_was_taken_back(purse: Purse) -> None:
    order, mine = purse.order(referrer=purse.other), purse.order()
    assert pay(purse, order, 130_000, "payment:1") == Money(13_000, "INR")
    assert pay(purse, order, 130_000, "payment:1") == Money(0, "INR")
    assert pay(purse, mine, 130_000, "payment:1") == Money(0, "INR")
    assert pay(purse, order, 130_005, "payment:2") == Money(0, "INR")
    assert pay(purse, order, 130_010, "payment:3") == Money(1, "INR")
    with pytest.raises(Refused, match="commission_exceeds") as refused:
        pay_commission(purse.till, purse.manager, press(purse, Money(13_002, "INR")))
    assert refused.value.values["left"] == Money(13_001, "INR")
    part = press(purse, Money(5_000, "INR"))
    made = pay_commission(purse.till, purse.manager, part)
    assert (made.kind, made.amount.minor) == (WalletKind.COMMISSION, 5_000)
    assert pay_commission(purse.till, purse.manager, part) == made
    with pytest.raises(Refused, match="key_reused"):
        pay_commission(purse.till, purse.manager, replace(part, amount=Money(5_001, "INR")))
    pay_commission(purse.till, purse.manager, press(purse))
    assert (purse.balance(purse.other).minor, owed(purse)) == (13_001, 0)
    # A refund after it was paid out: it is owed back, and set off; the wallet is not touched.
    assert pay(purse, order, 130_010, "refund:1", returned=100_000) == Money(-10_000, "INR")
    assert (owed(purse), purse.balance(purse.other).minor) == (-10_000, 13_001)
    with pytest.raises(Refused, match="commission_nothing"):
        pay_commission(purse.till, purse.manager, press(purse))
    pay(purse, order, 330_010, "payment:4", returned=100_000)
    assert owed(purse) == 10_000
    assert [kind for kind, _ in entries(purse)] == [
        *(CommissionKind.EARNED, CommissionKind.EARNED, CommissionKind.PAID_OUT, CommissionKind.PAID_OUT),
        *(CommissionKind.TAKEN_BACK, CommissionKind.EARNED),
    ]
    with purse.till.db.read() as connection:
        assert balance(connection, COMMISSION_COST, "INR").minor == 23_001
    assert purse.faults() == []
    with purse.till.db.write(purse.till.system) as uow:
        uow.execute(text(f"UPDATE instalment_order SET commission_minor = 1 WHERE id = {order}"))  # noqa: S608
    assert [fault for fault in purse.faults() if "commission_order" in fault]


def test_nobody_earns_from_themselves_and_only_a_manager_says_who_does(pocket: Purse) -> None:
    till, manager = pocket.till, pocket.manager
    with pytest.raises(Refused, match="referrer_is_oneself"):
        set_referrer(till, manager, pocket.customer, pocket.customer)
    for pair in ((999, pocket.other), (pocket.customer, 999)):
        with pytest.raises(NotFound, match="customer_unknown"):
            set_referrer(till, manager, *pair)
    for referrer in (pocket.other, pocket.other, None, pocket.other):
        assert set_referrer(till, manager, pocket.customer, referrer) == referrer
        with till.db.read() as connection:
            assert referrer_of(connection, pocket.customer) == referrer
    brought = view_wallet(till, pocket.cashier, pocket.customer).referrer
    assert brought is not None
    assert brought.id == pocket.other
    gone = load_customer(till, pocket.cashier, pocket.other)
    update_customer(till, pocket.cashier, gone.id, CustomerDraft(gone.name, active=False), gone.version)
    set_referrer(till, manager, pocket.customer, None)
    with pytest.raises(Refused, match="customer_inactive"):
        set_referrer(till, manager, pocket.customer, gone.id)
    with pytest.raises(NotFound, match="instalment_order_unknown"), till.db.write(till.system) as uow:
        settle_commission(uow, 999, payment_id=None, reference="payment:1")


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"key": "x"}, "key_malformed"),
        ({"amount": Money(-1, "INR")}, "amount_zero"),
        ({"amount": Money(0, "INR")}, "amount_zero"),
        ({"amount": Money(1, "USD")}, "commission_nothing"),
        ({"reason": ""}, "note_short"),
        ({"referrer_id": 999}, "customer_unknown"),
    ],
)
def test_a_payout_that_makes_no_sense(pocket: Purse, change: dict[str, object], error: str) -> None:
    pay(pocket, pocket.order(referrer=pocket.other), 1_000, "payment:1")
    with pytest.raises(TillgateError, match=error):
        pay_commission(pocket.till, pocket.manager, replace(press(pocket), **change))  # type: ignore[arg-type]
    assert (owed(pocket), pocket.balance(pocket.other).minor) == (100, 0)


def test_managers_that_pay_out_at_once_pay_once(purse: Purse) -> None:
    pay(purse, purse.order(referrer=purse.other), 100_000, "payment:1")
    tills = [purse.till_of(f"T{number + 2}") for number in range(4)]
    same = press(purse)
    together, said = threading.Barrier(4), []

    def run(mine: Purse, wanted: PayOut) -> None:
        together.wait(PATIENCE_S)
        try:
            said.append(str(pay_commission(mine.till, mine.manager, wanted).id))
        except Refused as refused:
            said.append(refused.code)

    # Two of one press, and two of their own.
    wanted = (same, same, press(purse), press(purse))
    runners = [threading.Thread(target=run, args=each) for each in zip(tills, wanted, strict=True)]
    for each in runners:
        each.start()
    for each in runners:
        each.join(PATIENCE_S)
    paid = {each for each in said if each != "commission_nothing"}
    assert (len(said), len(paid), purse.balance(purse.other).minor, owed(purse)) == (4, 1, 10_000, 0)
    assert purse.faults() == []


@settings(max_examples=settings().max_examples // 4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    story=st.lists(st.tuples(st.integers(0, 1), st.integers(1, 4_500_000), st.integers(0, 100)), max_size=10),
    rate_bp=st.integers(0, 10_000),
)
def test_whatever_is_paid_and_given_back_the_commission_is_the_floor_of_it(
    pocket: Purse, story: list[tuple[int, int, int]], rate_bp: int
) -> None:
    begun = owed(pocket)
    orders = [pocket.order(referrer=pocket.other, rate_bp=rate_bp) for _ in range(2)]
    kept = [0, 0]
    for step, (which, paid, back) in enumerate(story):
        kept[which] = paid - paid * back // 100
        pay(pocket, orders[which], paid, f"step:{step}", returned=paid - kept[which])
    due = sum(commission_of(Money(each, "INR"), rate_bp).minor for each in kept)
    assert owed(pocket) - begun == due
    assert pocket.faults() == []


def test_a_referrers_statement(pocket: Purse) -> None:
    pocket.fill(rupees(1))
    set_referrer(pocket.till, pocket.manager, pocket.customer, pocket.other)
    orders = [pocket.order(referrer=pocket.other) for _ in range(3)]
    for number, order in enumerate(orders, 1):
        pay(pocket, order, number * 1_000, "payment:1")
    pay(pocket, orders[0], 1_000, "refund:1", returned=1_000)
    pay_commission(pocket.till, pocket.manager, press(pocket, Money(50, "INR")))
    till, cashier, every = pocket.till, pocket.cashier, StatementQuery()

    def listed(query: StatementQuery = every, **rest: object) -> list[int]:
        rows = list_commissions(till, cashier, pocket.other, query, **rest)  # type: ignore[arg-type]
        return [row.amount.minor for row in rows]

    assert listed() == [-50, -100, 300, 200, 100]
    first = list_commissions(till, cashier, pocket.other, every, limit=2)
    assert (first[0].customer, first[0].reason, first[1].customer) == ("", "end of the month", "Asha Rao")
    assert listed(after=commission_key(first[-1])) == [300, 200, 100]
    assert listed(replace(every, text=first[1].order)) == [-100, 100]
    assert listed(replace(every, kinds=frozenset({"PAID_OUT"}))) == [-50]
    (flow,) = sum_commissions(till, cashier, pocket.other, every)
    assert (flow.count, flow.came.minor, flow.went.minor) == (5, 600, -150)
    (row,) = list_referrers(till, cashier, "INR")
    assert (row.customer.id, row.referred, row.earned.minor, row.paid_out.minor, row.owed.minor) == (
        *(pocket.other, 1),
        *(500, 50, 450),
    )
    assert list_referrers(till, cashier, "INR", after=referrer_key(row)) == []
    assert (count_referrers(till, cashier, "ravi"), count_referrers(till, cashier, "asha")) == (1, 0)
