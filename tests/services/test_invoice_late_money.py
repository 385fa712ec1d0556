"""Money of a payment invoice that nobody waits for any more: on Exceptions, with each way that a manager has."""

from __future__ import annotations

import pytest

from tests.factories.clock import FakeClock
from tests.factories.prompting import Kiosk, open_kiosk
from tillgate.domain.exceptions import ExceptionAction, ExceptionKind
from tillgate.domain.invoice_checks import Reason
from tillgate.domain.payment_invoice import InvoiceStatus
from tillgate.services.book_checks import inspect_books
from tillgate.services.cancel import Ended, cancel
from tillgate.services.exceptions import list_exceptions, settle_exception
from tillgate.services.sweep import sweep
from tillgate.services.till import Till
from tillgate.store.models import capture, sales_order


@pytest.fixture
def kiosk(till: Till) -> Kiosk:
    return open_kiosk(till)


def later(kiosk: Kiosk, clock: FakeClock) -> None:
    """The timer looks after what ended, too."""
    clock.advance(3_600)
    kiosk.settle()
    kiosk.sign_in_again()


@pytest.mark.parametrize("way", [ExceptionAction.APPLY, ExceptionAction.REFUND, ExceptionAction.CREDIT])
def test_a_prompt_that_was_given_up_and_is_paid_all_the_same(
    kiosk: Kiosk, clock: FakeClock, way: ExceptionAction
) -> None:
    asked = kiosk.ask(customer_id=kiosk.customer_id)
    assert cancel(kiosk.till, kiosk.cashier, asked.payment.id).ended is Ended.CANCELLED
    assert kiosk.invoice(asked.invoice.id).state is InvoiceStatus.FAILED
    kiosk.answer(asked)
    later(kiosk, clock)
    late = kiosk.invoice(asked.invoice.id)
    assert (late.state, late.late) == (InvoiceStatus.COMPLETE, 1)
    assert kiosk.verify(late.number).reason is Reason.EXPIRED
    (waiting,) = list_exceptions(kiosk.till, kiosk.manager)
    assert waiting.kind is ExceptionKind.LATE
    settle_exception(kiosk.till, kiosk.manager, waiting.id, way, "the customer came back")
    kiosk.settle()
    assert list_exceptions(kiosk.till, kiosk.manager) == []
    found = kiosk.verify(late.number)
    assert found.success is (way is ExceptionAction.APPLY)
    assert kiosk.provider.taken_minor() == (0 if way is ExceptionAction.REFUND else 103_200)
    assert inspect_books(kiosk.till).ok


def test_a_used_one_that_is_paid_once_more_keeps_its_order(kiosk: Kiosk, clock: FakeClock) -> None:
    asked = kiosk.ask()
    kiosk.answer(asked)
    sold = kiosk.sell(kiosk.cart(), asked.invoice.number)
    kiosk.answer(asked)
    later(kiosk, clock)
    assert sweep(kiosk.till, kiosk.provider)
    (waiting,) = list_exceptions(kiosk.till, kiosk.manager)
    assert (waiting.kind, waiting.payment_id) == (ExceptionKind.DOUBLE, sold.payment.id)
    settle_exception(kiosk.till, kiosk.manager, waiting.id, ExceptionAction.REFUND, "paid twice")
    kiosk.settle()
    assert [(row.main, row.refunded_minor) for row in kiosk.rows(capture)] == [(1, 0), (0, 103_200)]
    used = kiosk.verify(asked.invoice.number)
    assert (used.reason, used.orders) == (Reason.ALREADY_USED, sold.orders)
    assert [row.state for row in kiosk.rows(sales_order)] == ["AUTO_APPROVED"]
    assert kiosk.invoice(asked.invoice.id).state is InvoiceStatus.USED
    assert inspect_books(kiosk.till).ok
