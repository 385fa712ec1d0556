"""Rows of reliability.md 1.4 that no other test has: hostile timing of returns, no port, keys that are refused."""

from __future__ import annotations

import hashlib
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from tests.factories.clock import FakeClock
from tests.factories.payments import Desk
from tillgate.domain.checkout_facts import CheckoutStatus, TryStatus
from tillgate.domain.payment import Fulfilment, PaymentState
from tillgate.services.payment_views import view_payment
from tillgate.services.returns import settle_returns, store_return
from tillgate.services.settle import check_attempt, check_now
from tillgate.services.till import ReturnAddress
from tillgate.store.models import return_inbox
from tillgate.web.loopback import Loopback


def stored(desk: Desk) -> int:
    with desk.till.db.read() as connection:
        return len(connection.execute(return_inbox.select()).all())


def test_row_17_many_returns_at_once_are_one_payment(desk: Desk) -> None:
    desk.till = replace(
        desk.till, new_return=lambda _method, token: ReturnAddress(token, f"http://127.0.0.1:9/cb/{token}")
    )
    begun = desk.start()
    token = desk.provider.bodies[0].partition("/cb/")[2][:43]
    attempt = desk.view(begun.id).attempt
    assert attempt is not None
    desk.provider.pay(attempt.reference)
    fields = {"razorpay_signature": desk.provider.sign(attempt.ref)}
    with ThreadPoolExecutor(6) as pool:
        kept = list(pool.map(lambda _number: store_return(desk.till, token, fields), range(12)))
        looks = [pool.submit(settle_returns, desk.till) for _ in range(6)]
        assert [look.exception() for look in looks] == [None] * 6
    settle_returns(desk.till)
    assert kept == [True] * 12
    assert stored(desk) == 1
    done = desk.payment(begun.id)
    assert (done.state, done.fulfilment, desk.made) == (PaymentState.CAPTURED, Fulfilment.DONE, [begun.id])
    assert desk.ledger_is_even()


def test_row_18_a_return_of_nobodys_token_is_kept_nowhere_and_the_sale_goes_on(desk: Desk) -> None:
    begun = desk.start()
    assert not store_return(desk.till, "A" * 43, {"razorpay_signature": "x"})
    assert stored(desk) == 0
    desk.provider.pay(desk.reference(begun.id))
    assert check_now(desk.till, desk.cashier, begun.id).state is PaymentState.CAPTURED


@pytest.mark.parametrize("said", [CheckoutStatus.EXPIRED, CheckoutStatus.CANCELLED, CheckoutStatus.FAILED])
def test_row_19_what_was_captured_is_never_taken_back_by_older_news(
    desk: Desk, clock: FakeClock, said: CheckoutStatus
) -> None:
    paid = desk.paid()
    seen = desk.view(paid.id).attempt
    assert seen is not None
    stale = replace(desk.provider.checkouts[seen.provider_id or ""], status=said, tries=())
    desk.provider.twist = lambda _facts: stale
    clock.advance(5)
    check_attempt(desk.till, seen.id, "late_news")
    desk.settle()
    done = desk.payment(paid.id)
    assert (done.state, done.fulfilment, desk.made) == (PaymentState.CAPTURED, Fulfilment.DONE, [paid.id])


def test_row_20_a_return_swapped_for_another_orders_changes_neither(desk: Desk) -> None:
    first, second = desk.start(thing=1), desk.start(thing=2)
    theirs = desk.view(second.id).attempt
    assert theirs is not None
    desk.provider.pay(theirs.reference)
    desk.come_back(first.id, {"razorpay_signature": desk.provider.sign(theirs.ref)})
    desk.settle()
    assert desk.payment(first.id).state in (PaymentState.FAILED, PaymentState.PENDING)
    assert first.id not in desk.made
    assert check_now(desk.till, desk.cashier, second.id).state is PaymentState.CAPTURED
    assert desk.made == [second.id]


def test_row_38_without_a_port_the_sale_completes_by_polling(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(*_given: object, **_named: object) -> socket.socket:
        raise OSError("no port can be had")

    monkeypatch.setattr("tillgate.web.loopback._listen", none_left)
    loopback = Loopback(lambda: None)
    assert loopback.open() is None
    desk.till = replace(
        desk.till,
        new_return=lambda method, token: loopback.address(method, token, own_page=frozenset(), come_back=True),
    )
    begun = desk.start()
    assert '"return_url": null' in desk.provider.bodies[0]
    assert view_payment(desk.till, desk.cashier, begun.id).url == "https://pay.example/1"
    desk.provider.pay(desk.reference(begun.id))
    assert check_now(desk.till, desk.cashier, begun.id).state is PaymentState.CAPTURED


def test_row_43_keys_refused_in_mid_flight_leave_it_unknown_and_new_ones_of_the_account_settle_it(
    desk: Desk, clock: FakeClock
) -> None:
    begun = desk.start()
    desk.provider.faults |= {"fetch": ["misconfigured"] * 20, "find": ["misconfigured"] * 20}
    for _ in range(5):
        clock.advance(120)
        desk.settle()
    assert desk.payment(begun.id).state is PaymentState.PENDING
    desk.provider.faults.clear()
    # The same account answers to the key that replaced the old one.
    desk.provider.account = "rzp_test_rotated"
    facts = {name: replace(each, account="rzp_test_rotated") for name, each in desk.provider.checkouts.items()}
    desk.provider.checkouts = facts
    desk.provider.pay(desk.reference(begun.id))
    assert check_now(desk.till, desk.cashier, begun.id).state is PaymentState.CAPTURED
    assert desk.provider.sends("create") == 1


@pytest.mark.parametrize("first", [TryStatus.FAILED, TryStatus.AUTHORIZED])
def test_row_19_tries_out_of_order_end_in_the_one_that_took_money(desk: Desk, first: TryStatus) -> None:
    begun = desk.start()
    reference = desk.reference(begun.id)
    desk.provider.pay(reference)
    check_now(desk.till, desk.cashier, begun.id)
    desk.provider.pay(reference, status=first)
    desk.sweep()
    assert desk.payment(begun.id).state is PaymentState.CAPTURED
    assert desk.made == [begun.id]


def test_a_token_is_a_hash_at_rest(desk: Desk) -> None:
    desk.till = replace(
        desk.till, new_return=lambda _method, token: ReturnAddress(token, f"http://127.0.0.1:9/cb/{token}")
    )
    desk.start()
    token = desk.provider.bodies[0].partition("/cb/")[2][:43]
    with desk.till.db.read() as connection:
        rows = connection.exec_driver_sql("SELECT return_token_sha256, parameters FROM payment_attempt").all()
    assert [row[0] for row in rows] == [hashlib.sha256(token.encode()).hexdigest()]
    assert token not in rows[0][1]
