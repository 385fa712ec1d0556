"""A customer's wallet: every way in and out of it, and that no money is made or lost on the way."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.factories.postman import Page, Postman
from tests.factories.purse import THING, Purse, rupees
from tillgate.domain.documents import PaidBy
from tillgate.domain.errors import Invalid, NotAllowed, Refused, TillgateError
from tillgate.domain.ledger import CASH, INSTALMENTS, REFUNDS, UNAPPLIED, pair
from tillgate.domain.money import Money
from tillgate.domain.payment import Fulfilment, PaymentState, RefundState
from tillgate.domain.settings import Settings
from tillgate.domain.staff import Action
from tillgate.domain.wallet import WALLET, WalletKind
from tillgate.formats import format_money
from tillgate.i18n import words_of
from tillgate.labels import paid_through
from tillgate.services.access import approve
from tillgate.services.notices import MailWork
from tillgate.services.outbox import run_due
from tillgate.services.payments import StartPayment, Thing, start
from tillgate.services.pin_hash import Pins
from tillgate.services.refunds import request_refund
from tillgate.services.settle import check_now
from tillgate.services.wallet_lists import (
    StatementQuery,
    count_wallets,
    list_wallet_transactions,
    list_wallets,
    statement_key,
    sum_wallet_transactions,
    wallet_key,
)
from tillgate.services.wallet_payments import WalletPart, pay_from_wallet
from tillgate.services.wallets import Withdrawal, new_wallet_key, view_wallet, withdraw
from tillgate.store.ledger import post
from tillgate.store.models import allocation, capture, outbox, payment, wallet_transaction

_WAYS = ("top_up", "pay", "withdraw", "give_back", "top_up_back")


def mails(purse: Purse) -> list[str]:
    return [row.dedupe_key.split(":")[1] for row in purse.rows(outbox) if row.kind == "mail"]


def test_money_goes_in_pays_for_two_orders_and_comes_back(purse: Purse) -> None:
    topped = purse.fill(rupees(1_000))
    assert (topped.state, topped.fulfilment, topped.customer_id) == (
        PaymentState.CAPTURED,
        Fulfilment.DONE,
        purse.customer,
    )
    amounts = (rupees(300), rupees(150))
    parts = purse.parts(*amounts)
    command = purse.command(*amounts)
    paid = pay_from_wallet(purse.till, purse.cashier, command, parts)
    assert not paid.existing
    assert (paid.payment.state, paid.payment.fulfilment) == (PaymentState.CAPTURED, Fulfilment.DONE)
    # The same press again, and nothing moves.
    again = pay_from_wallet(purse.till, purse.cashier, command, parts)
    assert (again.existing, again.payment.id, purse.made) == (True, paid.payment.id, [paid.payment.id])
    assert [(row.order_id, row.amount_minor) for row in purse.rows(wallet_transaction)[1:]] == [
        (part.order_id, -part.amount.minor) for part in parts
    ]
    assert purse.balance() == rupees(550)
    assert purse.books(UNAPPLIED, INSTALMENTS) == [0, -45_000]
    view = purse.view(paid.payment.id)
    assert (view.attempts, view.url, [each.provider for each in view.captures]) == ((), None, [WALLET])

    part = request_refund(purse.till, purse.manager, paid.payment.id, rupees(100), "sent back")
    assert (part.state, part.provider, part.next_at) == (RefundState.DONE, WALLET, None)
    assert purse.view(paid.payment.id).payment.state is PaymentState.PARTIALLY_REFUNDED
    request_refund(purse.till, purse.manager, paid.payment.id, rupees(350), "the rest")
    assert purse.view(paid.payment.id).payment.state is PaymentState.REFUNDED
    with pytest.raises(Refused, match="payment_not_refundable"):
        request_refund(purse.till, purse.manager, paid.payment.id, rupees(1), "once more")
    assert purse.balance() == rupees(1_000)
    assert purse.books(UNAPPLIED, REFUNDS) == [0, 45_000]
    assert purse.bank.sends("refund") == 0
    assert mails(purse).count("wallet_credited") == 3
    assert "refund_done" not in mails(purse)
    assert purse.faults() == []


def test_what_is_not_there_is_not_spent_and_nothing_is_left_behind(purse: Purse) -> None:
    purse.fill(rupees(100))
    tables = (payment, allocation, capture, wallet_transaction)
    before = [len(purse.rows(table)) for table in tables]
    parts = purse.parts(rupees(60), rupees(60))
    with pytest.raises(Refused) as short:
        pay_from_wallet(purse.till, purse.cashier, purse.command(rupees(60), rupees(60)), parts)
    assert short.value.code == "insufficient_balance"
    assert (short.value.values["required"], short.value.values["available"]) == (rupees(120), rupees(100))
    purse.refuse = "instalment_paid"
    purse.till = replace(purse.till, fulfilling=purse.fulfilling())
    with pytest.raises(Refused, match="instalment_paid"):
        pay_from_wallet(purse.till, purse.cashier, purse.command(rupees(60)), parts[:1])
    with pytest.raises(Refused, match="insufficient_balance"):
        withdraw(purse.till, purse.manager, purse.withdrawal(rupees(101)))
    with pytest.raises(Refused, match="insufficient_balance"):
        withdraw(purse.till, purse.manager, replace(purse.withdrawal(rupees(1)), customer_id=purse.other))
    assert [len(purse.rows(table)) for table in tables] == before
    assert (purse.balance(), purse.made, purse.faults()) == (rupees(100), [], [])


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"key": "short"}, "key_malformed"),
        ({"provider": "razorpay"}, "method_unsupported"),
        ({"method": "link"}, "method_unsupported"),
        ({"customer_id": None}, "wallet_needs_customer"),
        ({"amount": rupees(61)}, "allocation_mismatch"),
        ({"things": ()}, "allocation_mismatch"),
        ({"things": (Thing(THING, 1, rupees(0)), Thing(THING, 2, rupees(60)))}, "allocation_mismatch"),
    ],
)
def test_a_press_that_makes_no_sense(pocket: Purse, change: dict[str, object], error: str) -> None:
    pocket.fill(rupees(100))
    command = replace(pocket.command(rupees(60)), **change)  # type: ignore[arg-type]
    with pytest.raises(TillgateError, match=error):
        pay_from_wallet(pocket.till, pocket.cashier, command, (WalletPart(None, rupees(60)),))
    for parts in ((), (WalletPart(None, rupees(59)),), (WalletPart(None, rupees(61)), WalletPart(None, rupees(-1)))):
        with pytest.raises(Invalid, match="allocation_mismatch"):
            pay_from_wallet(pocket.till, pocket.cashier, pocket.command(rupees(60)), parts)
    assert (pocket.balance(), pocket.made) == (rupees(100), [])


def test_one_thing_is_paid_once_whoever_pays(pocket: Purse) -> None:
    pocket.fill(rupees(100))
    first = pocket.command(rupees(60))
    part = (WalletPart(None, rupees(60)),)
    pay_from_wallet(pocket.till, pocket.cashier, first, part)
    with pytest.raises(Refused, match="already_being_paid"):
        pay_from_wallet(pocket.till, pocket.cashier, replace(first, key=new_wallet_key()), part)
    with pytest.raises(Refused, match="key_reused"):
        pay_from_wallet(pocket.till, pocket.cashier, replace(first, customer_id=pocket.other), part)
    assert (pocket.balance(), len(pocket.made)) == (rupees(40), 1)


def test_a_manager_pays_out_and_a_cashier_needs_one(pocket: Purse, pins: Pins) -> None:
    pocket.fill(rupees(500))
    press = pocket.withdrawal(rupees(200))
    with pytest.raises(NotAllowed, match="approval_needed"):
        withdraw(pocket.till, pocket.cashier, press)
    made = withdraw(pocket.till, pocket.manager, press)
    assert (made.kind, made.amount, made.reason) == (WalletKind.WITHDRAWAL, rupees(-200), "asked for it")
    # A second press, or the same one heard twice, pays out nothing more.
    assert withdraw(pocket.till, pocket.manager, press) == made
    for other in (replace(press, amount=rupees(201)), replace(press, customer_id=pocket.other)):
        with pytest.raises(Refused, match="key_reused"):
            withdraw(pocket.till, pocket.manager, other)
    second = pocket.withdrawal(rupees(100))
    token = _approval(pocket, pins, second)
    with pytest.raises(NotAllowed, match="approval_other"):
        withdraw(pocket.till, pocket.cashier, replace(second, amount=rupees(99)), approval_token=token)
    withdraw(pocket.till, pocket.cashier, second, approval_token=token)
    third = pocket.withdrawal(rupees(100))
    with pytest.raises(NotAllowed, match="approval_used"):
        withdraw(pocket.till, pocket.cashier, third, approval_token=token)
    assert (pocket.balance(), pocket.books(CASH), pocket.faults()) == (rupees(200), [-30_000], [])


def _approval(purse: Purse, pins: Pins, press: Withdrawal) -> str:
    name, pin = purse.manager.name, "739164"
    about = {"action": Action.WITHDRAW, "subject": press.subject, "amount": press.amount, "reason": "customer asked"}
    return approve(purse.till, purse.cashier, pins, name, pin, **about)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"amount": rupees(0)}, "amount_zero"),
        ({"amount": rupees(-1)}, "amount_zero"),
        ({"key": "a b c d e"}, "key_malformed"),
        ({"key": "é" * 10}, "key_malformed"),
        ({"reason": " "}, "note_short"),
        ({"reason": "card 4111 1111 1111 1111"}, "note_card_number"),
        ({"customer_id": 999}, "customer_unknown"),
    ],
)
def test_a_withdrawal_that_makes_no_sense(pocket: Purse, change: dict[str, object], error: str) -> None:
    pocket.fill(rupees(100))
    with pytest.raises(TillgateError, match=error):
        withdraw(pocket.till, pocket.manager, replace(pocket.withdrawal(rupees(1)), **change))  # type: ignore[arg-type]
    assert pocket.balance() == rupees(100)


def test_what_a_provider_took_may_go_into_the_wallet_instead(purse: Purse) -> None:
    """A payment that Razorpay took is refunded into the wallet: nothing is sent, and it is told as a refund."""
    begun = start(purse.till, purse.cashier, _elsewhere(purse, rupees(300))).payment
    paid = purse.paid(begun)
    assert paid.fulfilment is Fulfilment.DONE
    done = request_refund(purse.till, purse.manager, paid.id, rupees(300), "kept for later", into_wallet=True)
    assert (done.state, done.provider, purse.bank.sends("refund")) == (RefundState.DONE, WALLET, 0)
    assert purse.view(paid.id).payment.state is PaymentState.REFUNDED
    assert (purse.balance(), purse.moves()) == (rupees(300), [("REFUND", 30_000, 30_000)])
    assert purse.faults() == []


@pytest.mark.parametrize("language", ["en", "es", "id"])
def test_whoever_gets_money_into_their_wallet_is_told(pocket: Purse, language: str) -> None:
    """At the address that they have; who has none is not written to, and that holds up nothing."""
    pocket.till = replace(pocket.till, settings=lambda: Settings({"store.name": "EPI", "store.language": language}))
    paid = pocket.paid(start(pocket.till, pocket.cashier, _elsewhere(pocket, rupees(40))).payment)
    request_refund(pocket.till, pocket.manager, paid.id, rupees(40), "kept for later", into_wallet=True)
    pocket.fill(rupees(1_000))
    pocket.fill(rupees(1_000), pocket.other)
    postman = Postman()
    run_due(pocket.till, {"mail": MailWork(postman, postman)})
    refunded, topped = (message for message in postman.sent if message.to == "asha@example.com")
    assert len(postman.sent) == 2
    words = words_of(language)
    balance_now = format_money(rupees(1_040), language)
    for message, text_of, amount in (
        (refunded, "We put a refund of {amount} into your wallet at {store}.", rupees(40)),
        (topped, "We received {amount} for your wallet at {store}.", rupees(1_000)),
    ):
        told = words.tr(text_of, amount=format_money(amount, language), store="EPI")
        assert told in message.text
        assert told in Page(message.html).text
        assert "{" not in message.text + message.subject
        assert "\n\n\n" not in message.text
    assert words.tr("In your wallet now: {balance}", balance=balance_now) in topped.text
    assert words.tr("Hello {name},", name="Asha Rao") in topped.text
    assert paid_through(words, PaidBy(WALLET, WALLET, "WP1", None)) == words.tr("Wallet")


def _elsewhere(purse: Purse, amount: Money) -> StartPayment:
    """The same things, paid through a provider."""
    return replace(purse.command(amount), provider=purse.bank.name, method="link")


def test_a_statement_is_searched_summed_and_paged(pocket: Purse) -> None:
    pocket.fill(rupees(1_000))
    amounts = (rupees(10), rupees(20), rupees(30))
    parts = pocket.parts(*amounts)
    paid = pay_from_wallet(pocket.till, pocket.cashier, pocket.command(*amounts), parts)
    withdraw(pocket.till, pocket.manager, pocket.withdrawal(rupees(40)))
    every = StatementQuery()

    def listed(query: StatementQuery = every, **rest: object) -> list[int]:
        rows = list_wallet_transactions(pocket.till, pocket.cashier, pocket.customer, query, **rest)  # type: ignore[arg-type]
        return [row.move.amount_minor // 100 for row in rows]

    assert listed() == [-40, -30, -20, -10, 1_000]
    rows = list_wallet_transactions(pocket.till, pocket.cashier, pocket.customer, every, limit=2)
    assert listed(after=statement_key(rows[-1]), limit=2) == [-20, -10]
    assert listed(replace(every, descending=False), skip=1, limit=2) == [-10, -20]
    assert listed(replace(every, text="ASKED")) == [-40]
    assert listed(replace(every, text=rows[1].order)) == [-30]
    assert listed(replace(every, text=f"#{paid.payment.id}")) == [-30, -20, -10]
    assert listed(replace(every, text="9" * 40)) == []
    assert listed(replace(every, kinds=frozenset({"PAYMENT", "TOP_UP"}))) == [-30, -20, -10, 1_000]
    assert listed(replace(every, currency="USD")) == []
    today = pocket.till.store_day(pocket.till.clock.now())
    assert len(listed(replace(every, first=today, last=today))) == 5
    assert listed(replace(every, last=today.replace(year=2020))) == []
    (flow,) = sum_wallet_transactions(pocket.till, pocket.cashier, pocket.customer, every)
    assert (flow.count, flow.came, flow.went) == (5, rupees(1_000), rupees(-100))
    (row,) = list_wallets(pocket.till, pocket.cashier, "asha")
    assert (row.balance, count_wallets(pocket.till, pocket.cashier)) == (rupees(900), 1)
    assert list_wallets(pocket.till, pocket.cashier, "ravi") == []
    # Whoever never had a wallet is found for a first top-up.
    (first,) = list_wallets(pocket.till, pocket.cashier, "ravi", everybody=True)
    assert (first.customer.id, first.balance, first.changed_at) == (pocket.other, rupees(0), None)
    whole = list_wallets(pocket.till, pocket.cashier, everybody=True)
    assert len(whole) == count_wallets(pocket.till, pocket.cashier, everybody=True) > 1
    assert row in whole
    assert whole[1:] == list_wallets(pocket.till, pocket.cashier, everybody=True, after=wallet_key(whole[0]))
    view = view_wallet(pocket.till, pocket.cashier, pocket.customer)
    assert (view.balances, view.referrer) == ((rupees(900),), None)


@settings(max_examples=settings().max_examples // 4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(story=st.lists(st.tuples(st.sampled_from(_WAYS), st.integers(100, 90_000), st.booleans()), max_size=12))
def test_whatever_happens_balances_are_the_ledger_and_it_sums_to_nothing(
    pocket: Purse, story: list[tuple[str, int, bool]]
) -> None:
    """Also where most of it is refused; what came into wallets and did not leave is in them."""
    before = pocket.in_all_wallets()
    expected = dict(before)
    taken: list[tuple[str, int, int, int]] = []
    for way, minor, whose in story:
        customer = pocket.customer if whose else pocket.other
        amount = Money(minor, "INR")
        try:
            change = _happens(pocket, way, amount, customer, taken)
        except Refused as refused:
            assert refused.code in {"insufficient_balance", "refund_exceeds", "payment_not_refundable"}
            continue
        for who, by in change.items():
            expected[who] += by
    assert pocket.in_all_wallets() == expected
    assert all(minor >= 0 for minor in expected.values())
    assert pocket.faults() == []


def _happens(
    purse: Purse, way: str, amount: Money, customer: int, taken: list[tuple[str, int, int, int]]
) -> dict[int, int]:
    if way == "top_up":
        made = purse.fill(amount, customer)
        taken.append(("top_up_back", made.id, customer, -1))
        return {customer: amount.minor}
    if way == "pay":
        part = (WalletPart(None, amount),)
        paid = pay_from_wallet(purse.till, purse.cashier, purse.command(amount, customer=customer), part)
        taken.append(("give_back", paid.payment.id, customer, 1))
        return {customer: -amount.minor}
    if way == "withdraw":
        withdraw(purse.till, purse.manager, replace(purse.withdrawal(amount), customer_id=customer))
        return {customer: -amount.minor}
    meant = [each for each in taken if each[0] == way]
    if not meant:
        return {}
    _, number, whose, sign = meant[amount.minor % len(meant)]
    request_refund(purse.till, purse.manager, number, amount, "given back")
    purse.settle()
    return {whose: sign * amount.minor}


def test_the_database_lets_no_balance_stand_beside_its_moves(purse: Purse) -> None:
    """Whatever the code does: none below nothing, and no move that says another balance than there is."""
    purse.fill(rupees(100))
    with purse.till.db.write(purse.till.system) as uow:
        entries = pair(UNAPPLIED, CASH, rupees(1))
        tx = post(uow.connection, "other", "other:1", payment_id=None, now=uow.now, entries=entries)
    columns = (
        "customer_id, kind, amount_minor, currency, balance_after_minor, ledger_tx_id, till_id, reason, created_at"
    )
    copied = f"INSERT INTO wallet_transaction ({columns}) SELECT customer_id, kind, 5, currency, 5, "
    for statement in (
        f"{copied} {tx}, till_id, reason, created_at FROM wallet_transaction",
        "UPDATE wallet_balance SET balance_minor = -1",
        "UPDATE wallet_transaction SET amount_minor = 1",
        "DELETE FROM wallet_balance",
    ):
        with pytest.raises(DBAPIError, match="wallet_"), purse.till.db.write(purse.till.system) as uow:
            uow.execute(text(statement))
    with purse.till.db.write(purse.till.system) as uow:
        uow.execute(text("UPDATE wallet_balance SET balance_minor = balance_minor + 1"))
    assert [fault for fault in purse.faults() if "wallet_sum" in fault]


def test_a_check_of_a_wallet_payment_asks_nobody(pocket: Purse) -> None:
    pocket.fill(rupees(100))
    paid = pay_from_wallet(
        pocket.till, pocket.cashier, pocket.command(rupees(10)), (WalletPart(None, rupees(10)),)
    ).payment
    sends = pocket.bank.sends("fetch")
    assert check_now(pocket.till, pocket.cashier, paid.id).state is PaymentState.CAPTURED
    assert pocket.bank.sends("fetch") == sends
