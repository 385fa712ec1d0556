"""A cart has one live way of being paid: a checkout, or a phone that is asked for it; and what is refused is written
down."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.exc import IntegrityError

from tests.factories.clock import FakeClock
from tests.factories.prompting import Kiosk, open_kiosk
from tests.factories.tills import make_till
from tillgate.domain.checkout_facts import CheckoutStatus
from tillgate.domain.errors import Refused
from tillgate.domain.exceptions import ExceptionAction, ExceptionKind
from tillgate.domain.invoice_checks import Reason
from tillgate.domain.payment import PaymentState
from tillgate.domain.payment_invoice import InvoiceStatus
from tillgate.services import cart_holds, checkout, payments
from tillgate.services.cart_content import load_cart_row
from tillgate.services.cart_view import CART_THING
from tillgate.services.exceptions import list_exceptions, settle_exception
from tillgate.services.invoice_cleanup import run_cleanup
from tillgate.services.invoice_lists import VerificationQuery, count_verifications, list_verifications
from tillgate.services.invoice_radar import Signal, scan_invoices
from tillgate.services.prompts import Prompted
from tillgate.services.records import PaymentRecord
from tillgate.services.refunds import request_refund
from tillgate.services.settle import check_now
from tillgate.services.till import Till
from tillgate.store.models import allocation, invoice_verification, payment_invoice

OTHER = "0733 000 111"


@pytest.fixture
def kiosk(till: Till) -> Kiosk:
    return open_kiosk(till)


@pytest.fixture
def booth(sqlite_only: Engine, clock: FakeClock) -> Kiosk:
    """On SQLite alone, for what is decided above the database."""
    return open_kiosk(make_till(sqlite_only, clock))


def put_up(kiosk: Kiosk, cart_id: int) -> PaymentRecord:
    """Pay pressed at the checkout."""
    return checkout.put_up_for_payment(
        kiosk.till, kiosk.cashier, cart_id, key=checkout.new_key(), provider="intasend", method="stk"
    ).payment


def refusal(press: Callable[[], object]) -> str:
    """Why a press was refused."""
    with pytest.raises(Refused) as refused:
        press()
    return refused.value.code


def ended(kiosk: Kiosk, asked: Prompted, _cart: int) -> None:
    kiosk.provider.end(kiosk.reference(asked.payment.id), CheckoutStatus.EXPIRED)
    check_now(kiosk.till, kiosk.cashier, asked.payment.id)


def given_back(kiosk: Kiosk, asked: Prompted, _cart: int) -> None:
    kiosk.answer(asked)
    check_now(kiosk.till, kiosk.cashier, asked.payment.id)
    assert refusal(lambda: put_up(kiosk, _cart)) == "cart_prompted"
    request_refund(kiosk.till, kiosk.manager, asked.payment.id, asked.invoice.expected, "they left")


def lay_too_long(kiosk: Kiosk, asked: Prompted, _cart: int) -> None:
    kiosk.answer(asked)
    check_now(kiosk.till, kiosk.cashier, asked.payment.id)
    kiosk.clock.advance(31 * 60)
    assert run_cleanup(kiosk.till).referred == 1
    kiosk.sign_in_again()


@pytest.mark.parametrize("over", [ended, given_back, lay_too_long])
def test_a_cart_that_a_phone_is_asked_for_is_paid_in_no_other_way_until_that_is_over(
    kiosk: Kiosk, over: Callable[[Kiosk, Prompted, int], None]
) -> None:
    cart = kiosk.cart()
    asked = kiosk.ask(cart_id=cart)
    assert refusal(lambda: put_up(kiosk, cart)) == "cart_prompted"
    assert refusal(lambda: kiosk.ask(phone=OTHER, cart_id=cart)) == "cart_prompted"
    over(kiosk, asked, cart)
    assert kiosk.invoice(asked.invoice.id).held_cart_id is None
    assert put_up(kiosk, cart).state is PaymentState.PENDING
    assert refusal(lambda: kiosk.ask(phone=OTHER, cart_id=cart)) == "already_being_paid"
    assert len(kiosk.rows(payment_invoice)) == 1


def test_a_cart_is_sold_with_the_invoice_that_was_asked_for_it_and_with_no_other(kiosk: Kiosk) -> None:
    other, cart = kiosk.paid(phone=OTHER), kiosk.cart()
    asked = kiosk.ask(cart_id=cart)
    assert refusal(lambda: kiosk.sell(cart, other.number)) == "cart_prompted"
    kiosk.answer(asked)
    check_now(kiosk.till, kiosk.cashier, asked.payment.id)
    assert refusal(lambda: kiosk.sell(cart, other.number)) == "cart_prompted"
    sold = kiosk.sell(cart, asked.invoice.number)
    assert (sold.invoice.state, sold.invoice.held_cart_id) == (InvoiceStatus.USED, None)
    assert refusal(lambda: kiosk.ask(cart_id=cart)) == "cart_not_open"


def test_a_press_that_was_cut_off_holds_up_no_cart(booth: Kiosk, monkeypatch: pytest.MonkeyPatch) -> None:
    cart = booth.cart()

    def die(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(payments, "start", die)
        with pytest.raises(KeyboardInterrupt):
            booth.ask(cart_id=cart)
    assert refusal(lambda: put_up(booth, cart)) == "cart_prompted"
    booth.clock.advance(cart_holds.CUT_OFF_AFTER.total_seconds())
    assert put_up(booth, cart).state is PaymentState.PENDING
    assert [row.state for row in booth.rows(payment_invoice)] == [InvoiceStatus.EXPIRED]


def test_late_money_of_a_checkout_is_kept_while_a_phone_is_asked_for_its_cart(kiosk: Kiosk) -> None:
    cart = kiosk.cart()
    first = put_up(kiosk, cart)
    reference = kiosk.reference(first.id)
    kiosk.provider.end(reference, CheckoutStatus.EXPIRED)
    check_now(kiosk.till, kiosk.cashier, first.id)
    asked = kiosk.ask(cart_id=cart)
    kiosk.provider.pay(reference)
    kiosk.clock.advance(300)
    kiosk.settle()
    (late,) = list_exceptions(kiosk.till, kiosk.manager)
    assert (late.kind, late.payment_id) == (ExceptionKind.LATE, first.id)
    kiosk.sign_in_again()
    press = (kiosk.till, kiosk.manager, late.id, ExceptionAction.APPLY, "it is for the radio")
    assert refusal(lambda: settle_exception(*press)) == "paid_otherwise"
    ended(kiosk, asked, cart)
    settle_exception(*press)
    assert list_exceptions(kiosk.till, kiosk.manager) == []


@pytest.mark.parametrize("guarded", [True, False])
def test_of_a_checkout_and_a_prompt_at_once_one_is_begun(
    kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch, *, guarded: bool
) -> None:
    """By the services, which hold the cart; and by the database alone, were they to forget."""
    cart, together = kiosk.cart(), threading.Barrier(2)
    if not guarded:
        monkeypatch.setattr(
            cart_holds, "load_cart_row", lambda connection, number, **_: load_cart_row(connection, number)
        )
        for forgotten in ("cart_holds.refuse_live_thing", "cart_holds.refuse_held", "checkout.refuse_held"):
            monkeypatch.setattr(f"tillgate.services.{forgotten}", lambda *_, **__: None)

    def press(begin: Callable[[], object]) -> str:
        together.wait(30)
        try:
            begin()
        except Refused as refused:
            return refused.code
        except IntegrityError as error:
            return "by the database" if "cart_" in str(error.orig) else str(error.orig)
        return "begun"

    ways = (lambda: put_up(kiosk, cart), lambda: kiosk.ask(cart_id=cart))
    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(press, ways))
    assert said in ([["begun", "cart_prompted"], ["already_being_paid", "begun"]] if guarded else [
        ["begun", "by the database"],
    ])  # fmt: skip
    live = [row for row in kiosk.rows(allocation) if row.thing_kind == CART_THING and row.live]
    held = [row for row in kiosk.rows(payment_invoice) if row.held_cart_id is not None]
    assert len(live) + len(held) == 1


def test_the_database_lets_no_invoice_take_another_cart(kiosk: Kiosk) -> None:
    kiosk.ask(cart_id=kiosk.cart())
    with pytest.raises(IntegrityError, match="payment_invoice_reheld"), kiosk.till.db.write(kiosk.till.system) as uow:
        uow.execute(payment_invoice.update().values(held_cart_id=99))


def test_a_sale_that_is_refused_for_its_invoice_is_a_verification_on_record(kiosk: Kiosk) -> None:
    """A used code that is shown again and again stands out, at whichever button it is shown."""
    used = kiosk.paid()
    kiosk.sell(kiosk.cart(), used.number)
    cart = kiosk.cart()
    for ref in (used.number, used.number.lower(), "PI-NOBODYS"):
        assert refusal(partial(kiosk.sell, cart, ref)) == "invoice_not_good"
    rows = [(row.invoice_id, row.reason, row.amount_minor, row.verified_by) for row in kiosk.rows(invoice_verification)]
    again = (used.id, Reason.ALREADY_USED, 100_000, kiosk.cashier.staff_id)
    assert rows == [again, again, (None, Reason.NOT_FOUND, 100_000, kiosk.cashier.staff_id)]
    since = kiosk.clock.now() - timedelta(hours=1)
    (found,) = (each for each in scan_invoices(kiosk.till, kiosk.manager, since) if each.signal is Signal.USED_AGAIN)
    assert (found.numbers, found.count) == ((used.number,), 2)


def test_a_verification_is_found_by_what_was_typed_without_reading_the_log(booth: Kiosk) -> None:
    known = booth.paid()
    for ref in (known.number, known.number.lower(), "WHO-KNOWS", "WHO-KNOWS"):
        booth.verify(ref)
    asked: list[tuple[str, Any]] = []
    engine = booth.till.db.engine
    event.listen(engine, "before_cursor_execute", lambda _c, _k, text, values, _x, _m: asked.append((text, values)))
    for ref, many in (("who-knows", 0), ("WHO-KNOWS", 2), (known.number.lower(), 2)):
        query = VerificationQuery(text=ref)
        assert len(list_verifications(booth.till, booth.manager, query)) == many
        assert count_verifications(booth.till, booth.manager, query) == many
    logged = [(text, values) for text, values in asked if "FROM invoice_verification" in text]
    with engine.connect() as connection:
        plans = [connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values).all() for text, values in logged]
    assert len(plans) == 6
    steps = [step.detail for plan in plans for step in plan]
    assert any("ix_invoice_verification_asked" in each for each in steps)
    assert [each for each in steps if each.startswith("SCAN") and "known" not in each and "first" not in each] == []
