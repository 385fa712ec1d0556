"""Top-ups of wallets: through a checkout like any payment, and back where they came from, out of the wallet first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.factories.clock import FakeClock
from tests.factories.purse import Purse, rupees
from tillgate.domain.checkout_facts import RefundFacts, RefundStatus
from tillgate.domain.errors import Invalid, NotFound, Refused
from tillgate.domain.exceptions import ExceptionAction
from tillgate.domain.ledger import CASH, REFUNDS, UNAPPLIED, clearing
from tillgate.domain.money import Money
from tillgate.domain.payment import PaymentState, RefundState
from tillgate.services.cancel import cancel
from tillgate.services.customers import CustomerDraft, load_customer, update_customer
from tillgate.services.exception_lists import load_exception_details
from tillgate.services.exceptions import list_exceptions, settle_exception
from tillgate.services.owners import Loose, list_forgotten
from tillgate.services.refunds import request_refund
from tillgate.services.settle import settle_attempts
from tillgate.services.sweep import sweep
from tillgate.services.wallets import TopUp, new_wallet_key, top_up, withdraw
from tillgate.store.models import outbox, refund, wallet_top_up

_WAYS = ("top_up", "pay", "withdraw", "give_back", "top_up_back")


def test_a_top_up_is_one_payment_however_often_it_is_pressed(pocket: Purse) -> None:
    key = new_wallet_key()
    begun = pocket.begin(rupees(250), key=key)
    assert pocket.begin(rupees(250), key=key).id == begun.id
    assert (pocket.balance(), len(pocket.rows(wallet_top_up))) == (rupees(0), 1)
    for press in (
        TopUp(key, pocket.customer, rupees(251), pocket.bank.name, "link"),
        TopUp(key, pocket.other, rupees(250), pocket.bank.name, "link"),
    ):
        with pytest.raises(Refused, match="key_reused"):
            top_up(pocket.till, pocket.cashier, press)
    pocket.paid(begun)
    assert pocket.begin(rupees(250), key=key).state is PaymentState.CAPTURED
    assert pocket.moves() == [("TOP_UP", 25_000, 25_000)]
    with pytest.raises(Invalid, match="amount_zero"):
        pocket.begin(rupees(0))
    with pytest.raises(NotFound, match="customer_unknown"):
        pocket.begin(rupees(5), 999)
    gone = load_customer(pocket.till, pocket.cashier, pocket.other)
    update_customer(pocket.till, pocket.cashier, gone.id, CustomerDraft(gone.name, active=False), gone.version)
    with pytest.raises(Refused, match="customer_inactive"):
        pocket.begin(rupees(5), pocket.other)


def test_a_top_up_that_goes_back_leaves_the_wallet_first(purse: Purse) -> None:
    topped = purse.fill(rupees(500))
    with pytest.raises(Refused, match="already_in_wallet"):
        request_refund(purse.till, purse.manager, topped.id, rupees(100), "into it", into_wallet=True)
    request_refund(purse.till, purse.manager, topped.id, rupees(200), "does not want it")
    # It can't be spent while it is on its way.
    assert purse.balance() == rupees(300)
    purse.settle()
    assert purse.view(topped.id).payment.state is PaymentState.PARTIALLY_REFUNDED
    withdraw(purse.till, purse.manager, purse.withdrawal(rupees(250)))
    with pytest.raises(Refused, match="insufficient_balance"):
        request_refund(purse.till, purse.manager, topped.id, rupees(51), "spent meanwhile")
    request_refund(purse.till, purse.manager, topped.id, rupees(50), "the rest")
    purse.settle()
    assert (purse.balance(), purse.faults()) == (rupees(0), [])
    assert purse.books(UNAPPLIED, REFUNDS, CASH) == [0, 0, -25_000]


def test_a_refund_of_a_top_up_that_fails_is_in_the_wallet_again(purse: Purse) -> None:
    topped = purse.fill(rupees(500))
    purse.bank.refund_status = RefundStatus.FAILED
    request_refund(purse.till, purse.manager, topped.id, rupees(200), "does not want it")
    purse.settle()
    assert purse.balance() == rupees(500)
    (failed,) = list_exceptions(purse.till, purse.manager)
    details = load_exception_details(purse.till, purse.manager, failed.id)
    hindered = {choice.action: choice.hindered for choice in details.choices}
    assert hindered[ExceptionAction.CREDIT] == "already_in_wallet"
    with pytest.raises(Refused, match="already_in_wallet"):
        settle_exception(purse.till, purse.manager, failed.id, ExceptionAction.CREDIT, "into the wallet")
    purse.bank.refund_status = RefundStatus.DONE
    settle_exception(purse.till, purse.manager, failed.id, ExceptionAction.RETRY, "again")
    assert purse.balance() == rupees(300)
    purse.settle()
    assert [row.state for row in purse.rows(refund)] == [RefundState.FAILED, RefundState.DONE]
    assert (purse.books(UNAPPLIED, REFUNDS), purse.faults()) == ([0, 0], [])


def test_a_top_up_given_back_elsewhere_leaves_the_wallet_as_far_as_it_is_there(purse: Purse) -> None:
    """On the provider's own pages: what was spent meanwhile is a person's to decide about, and no wallet owes."""
    purse.fill(rupees(500))
    withdraw(purse.till, purse.manager, purse.withdrawal(rupees(400)))
    for _ in range(2):
        _give_back_elsewhere(purse, "out", rupees(300))
    assert (purse.balance(), purse.moves()[-1]) == (rupees(0), ("TOP_UP_RETURNED", -10_000, 0))
    short = [each for each in list_exceptions(purse.till, purse.manager) if "in_wallet" in each.evidence]
    assert [each.evidence for each in short] == [{"refunded_outside": "INR 300.00", "in_wallet": "INR 100.00"}]
    assert (purse.books(UNAPPLIED, REFUNDS), purse.faults()) == ([0, 20_000], [])


def test_a_top_up_that_went_back_and_came_again_is_owed_to_its_wallet(purse: Purse) -> None:
    """It left the wallet when it went back, so it is not there: a manager puts it in, sent once more or not."""
    topped = purse.fill(rupees(500))
    request_refund(purse.till, purse.manager, topped.id, rupees(200), "does not want it")
    purse.settle()
    for tried in (ExceptionAction.RETRY, ExceptionAction.CREDIT):
        assert purse.balance() == rupees(300)
        _come_again(purse)
        (returned,) = list_exceptions(purse.till, purse.manager)
        choices = load_exception_details(purse.till, purse.manager, returned.id).choices
        assert {each.action: (each.amount, each.hindered) for each in choices}[tried] == (rupees(200), "")
        settle_exception(purse.till, purse.manager, returned.id, tried, "as the customer wishes")
        purse.settle()
    assert (purse.balance(), purse.moves()[-1]) == (rupees(500), ("CREDIT", 20_000, 50_000))
    assert (purse.books(UNAPPLIED, REFUNDS), purse.faults()) == ([0, 0], [])


@pytest.mark.parametrize("gone", [rupees(300), rupees(500)])
@pytest.mark.parametrize("action", [ExceptionAction.CREDIT, ExceptionAction.RETRY])
def test_of_a_top_up_given_back_elsewhere_that_came_again_a_wallet_is_owed_what_it_gave(
    purse: Purse, action: ExceptionAction, gone: Money
) -> None:
    """What was spent before it went back stays with the store, whichever way the rest goes to the customer."""
    purse.fill(rupees(500))
    withdraw(purse.till, purse.manager, purse.withdrawal(rupees(400)))
    _give_back_elsewhere(purse, "out", gone)
    assert purse.balance() == rupees(0)
    _come_again(purse)
    (returned,) = (each for each in list_exceptions(purse.till, purse.manager) if each.refund_id is not None)
    choices = load_exception_details(purse.till, purse.manager, returned.id).choices
    assert {each.action: (each.amount, each.hindered) for each in choices}[action] == (rupees(100), "")
    settle_exception(purse.till, purse.manager, returned.id, action, "as the customer wishes")
    purse.settle()
    sent = [(row.amount_minor, row.state) for row in purse.rows(refund)][1:]
    credited = action is ExceptionAction.CREDIT
    assert sent == ([] if credited else [(10_000, RefundState.DONE)])
    assert purse.balance() == rupees(100 if credited else 0)
    assert (purse.books(UNAPPLIED, REFUNDS, clearing("razorpay")), purse.faults()) == (
        [0, 0, 50_000 if credited else 40_000], [],
    )  # fmt: skip
    assert _forgotten(purse) == []


def test_of_a_top_up_that_took_nothing_and_came_again_nothing_is_sent(purse: Purse) -> None:
    purse.fill(rupees(500))
    withdraw(purse.till, purse.manager, purse.withdrawal(rupees(500)))
    _give_back_elsewhere(purse, "out", rupees(500))
    _come_again(purse)
    (returned,) = (each for each in list_exceptions(purse.till, purse.manager) if each.refund_id is not None)
    choices = load_exception_details(purse.till, purse.manager, returned.id).choices
    assert {each.action: each.hindered for each in choices}[ExceptionAction.RETRY] == "nothing_left"
    with pytest.raises(Refused, match="nothing_left"):
        settle_exception(purse.till, purse.manager, returned.id, ExceptionAction.RETRY, "once more")
    settle_exception(purse.till, purse.manager, returned.id, ExceptionAction.CLOSE, "it was spent")
    assert (purse.books(REFUNDS), purse.faults(), _forgotten(purse)) == ([0], [], [])


@pytest.mark.parametrize(("again", "left"), [(100, 150), (300, 0)])
def test_what_came_again_and_went_on_the_providers_pages_once_more_leaves_the_wallet_as_far_as_it_is_more(
    purse: Purse, again: int, left: int
) -> None:
    purse.fill(rupees(500))
    withdraw(purse.till, purse.manager, purse.withdrawal(rupees(400)))
    _give_back_elsewhere(purse, "out", rupees(300))
    _come_again(purse)
    purse.fill(rupees(150))
    _give_back_elsewhere(purse, "again", rupees(again))
    assert [each for each in list_exceptions(purse.till, purse.manager) if each.refund_id is not None] == []
    # Of the two hundred that the customer had spent as well, what is in the wallet now.
    assert (purse.balance(), purse.faults()) == (rupees(left), [])
    assert purse.books(REFUNDS) == [0 if again == 100 else 5_000]


def test_of_a_top_up_that_went_back_with_another_amount_the_rest_is_in_the_wallet_again(
    purse: Purse, clock: FakeClock
) -> None:
    topped = purse.fill(rupees(500))
    withdraw(purse.till, purse.manager, purse.withdrawal(rupees(300)))
    purse.bank.refund_status = RefundStatus.PENDING
    request_refund(purse.till, purse.manager, topped.id, rupees(200), "does not want it")
    purse.settle()
    for key, told in purse.bank.refunds.items():
        purse.bank.refunds[key] = replace(told, status=RefundStatus.DONE, amount=rupees(150))
    clock.advance(120)
    purse.settle()
    (other,) = list_exceptions(purse.till, purse.manager)
    settle_exception(purse.till, purse.manager, other.id, ExceptionAction.ACCEPT, "as the bank says")
    assert list_exceptions(purse.till, purse.manager) == []
    assert (purse.balance(), purse.books(UNAPPLIED, REFUNDS), purse.faults()) == (rupees(50), [0, 0], [])


def test_what_was_sent_again_and_is_told_with_another_amount_leaves_the_wallet_once(
    purse: Purse, clock: FakeClock
) -> None:
    topped = purse.fill(rupees(500))
    request_refund(purse.till, purse.manager, topped.id, rupees(200), "does not want it")
    purse.settle()
    _come_again(purse)
    (returned,) = list_exceptions(purse.till, purse.manager)
    settle_exception(purse.till, purse.manager, returned.id, ExceptionAction.RETRY, "once more")
    purse.bank.refund_status = RefundStatus.PENDING
    purse.settle()
    key = list(purse.bank.refunds)[-1]
    purse.bank.refunds[key] = replace(purse.bank.refunds[key], status=RefundStatus.DONE, amount=rupees(150))
    clock.advance(120)
    purse.settle()
    (other,) = list_exceptions(purse.till, purse.manager)
    settle_exception(purse.till, purse.manager, other.id, ExceptionAction.ACCEPT, "as the bank says")
    # Fifty of what came back did not go again.
    assert (purse.balance(), purse.books(UNAPPLIED, REFUNDS), purse.faults()) == (rupees(350), [0, 0], [])
    _come_again(purse)
    (returned,) = list_exceptions(purse.till, purse.manager)
    settle_exception(purse.till, purse.manager, returned.id, ExceptionAction.RETRY, "once more")
    purse.bank.refund_status = RefundStatus.DONE
    purse.settle()
    assert [row.amount_minor for row in purse.rows(refund)][-1] == 15_000
    assert (purse.balance(), purse.books(UNAPPLIED, REFUNDS), purse.faults()) == (rupees(350), [0, 0], [])


def _give_back_elsewhere(purse: Purse, name: str, amount: Money) -> None:
    """On the provider's own pages; of the first money that came."""
    ref = next(each.provider_ref for facts in purse.bank.checkouts.values() for each in facts.tries)
    purse.bank.refunds[name] = RefundFacts(f"rfnd_{name}", ref, RefundStatus.DONE, amount, None)
    assert sweep(purse.till, purse.bank)


def _forgotten(purse: Purse) -> list[Loose]:
    with purse.till.db.read() as connection:
        return list_forgotten(connection)


def _come_again(purse: Purse) -> None:
    """The customer's bank could not book what had gone back."""
    for key, told in purse.bank.refunds.items():
        purse.bank.refunds[key] = replace(told, status=RefundStatus.FAILED)
    assert sweep(purse.till, purse.bank)


def test_a_paid_top_up_that_had_ended_is_credited_or_applied_by_a_manager(purse: Purse, clock: FakeClock) -> None:
    for action, kind in ((ExceptionAction.CREDIT, "CREDIT"), (ExceptionAction.APPLY, "TOP_UP")):
        begun = purse.begin(rupees(100))
        reference = purse.view(begun.id).attempts[0].reference
        cancel(purse.till, purse.cashier, begun.id)
        purse.bank.pay(reference)
        clock.advance(120)
        settle_attempts(purse.till)
        (late,) = list_exceptions(purse.till, purse.manager)
        settle_exception(purse.till, purse.manager, late.id, action, "it is theirs")
        assert purse.moves()[-1][0] == kind
    assert (purse.balance(), purse.books(UNAPPLIED), purse.faults()) == (rupees(200), [0], [])
    told = [row for row in purse.rows(outbox) if "wallet_credited" in row.dedupe_key]
    assert len(told) == 2
