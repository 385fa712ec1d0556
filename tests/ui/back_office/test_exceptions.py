"""The exceptions screen over real services: each choice says what it does to the money, and does it."""

from __future__ import annotations

import string
from dataclasses import replace

import pytest
from sqlalchemy import update

from tests.factories.history import Shop
from tests.ui.back_office.conftest import OpenOffice
from tests.ui.pages.access import nameless
from tests.ui.pages.back_office_panes import ExceptionPage, cells, column_of, shown_texts
from tillgate.domain.exceptions import ALLOWED, ExceptionAction, ExceptionKind
from tillgate.domain.money import Money
from tillgate.domain.payment import Fulfilment, PaymentState
from tillgate.services.cancel import cancel
from tillgate.services.exception_lists import Choice, ExceptionDetails, ExceptionRow
from tillgate.services.payment_rows import load_payment
from tillgate.services.records import PaymentRecord
from tillgate.services.sweep import sweep
from tillgate.store.models import refund
from tillgate.ui.screens.exceptions.rows import CLOSED, STANDING
from tillgate.ui.screens.exceptions.words import KIND_WORDS, effect, evidence, hindrance, verb, what_happened
from tillgate.ui.widgets.data_table import Query

_A, _K = ExceptionAction, ExceptionKind


def late(shop: Shop, *, known: bool = True) -> PaymentRecord:
    begun = shop.begin(known=known)
    cancel(shop.till, shop.cashier, begun.id)
    shop.provider.pay(shop.reference(begun))
    assert sweep(shop.till, shop.provider)
    return begun


def refused_part(shop: Shop) -> PaymentRecord:
    paid = shop.sell()
    shop.refund(paid, 2_500, "Returned")
    shop.provider.faults["refund"] = ["declined"]
    shop.work()
    return paid


def found(shop: Shop, payment_id: int) -> PaymentRecord:
    with shop.till.db.read() as connection:
        return load_payment(connection, payment_id)


def test_late_money_is_applied(office: OpenOffice, shop: Shop) -> None:
    begun = late(shop)
    window = office(shop.manager)
    page = ExceptionPage(window)
    amount = window.office.money(begun.amount)
    assert page.verbs == {f"Apply {amount}": True, f"Refund {amount}": True, f"Credit {amount}": True, "Close it": True}
    assert page.says(_A.APPLY) == f"The orders are made now, and {amount} is used for them."
    page.settle(_A.APPLY, "The customer waited here")
    assert window.exceptions().notice.text == f"{amount} is used for the sale. The orders are made."
    window.until(lambda: page.table.model.rowCount() == 0)
    assert page.table.empty.title == "Nothing to settle"
    assert found(shop, begun.id).fulfilment is Fulfilment.DONE


def test_late_money_is_refunded(office: OpenOffice, shop: Shop) -> None:
    begun = late(shop)
    window = office(shop.manager)
    page = ExceptionPage(window)
    amount = window.office.money(begun.amount)
    assert page.says(_A.REFUND).startswith(f"{amount} goes back to the customer through Razorpay.")
    page.settle(_A.REFUND, "They went elsewhere")
    shop.work()
    assert shop.provider.taken_minor() == 0
    assert found(shop, begun.id).state is PaymentState.REFUNDED


def test_a_surplus_is_credited_to_whoever_paid(office: OpenOffice, shop: Shop) -> None:
    begun = shop.begin()
    shop.pay(begun, minor=begun.amount_minor + 2_500)
    window = office(shop.manager)
    page = ExceptionPage(window)
    came = window.office.money(begun.amount + Money(2_500, "INR"))
    assert "The surplus of ₹25.00 goes back to the customer." in page.says(_A.APPLY)
    name = found(shop, begun.id).payer_name
    assert page.says(_A.CREDIT) == f"{came} goes to the wallet of {name}. Nothing goes back through Razorpay."
    page.settle(_A.CREDIT, "They come back tomorrow")
    assert window.exceptions().notice.text == f"{came} is in the customer’s wallet."
    assert shop.provider.taken_minor() == begun.amount_minor + 2_500


def test_a_refused_refund_is_tried_again(office: OpenOffice, shop: Shop) -> None:
    paid = refused_part(shop)
    page = ExceptionPage(office(shop.manager))
    assert page.says(_A.RETRY) == "Razorpay is asked once more to give ₹25.00 back to the customer."
    assert page.verbs["Try again: ₹25.00"]
    assert page.verbs["Credit ₹25.00"]
    page.settle(_A.RETRY, "The bank is back")
    shop.work()
    assert shop.provider.taken_minor() == paid.amount_minor - 2_500
    assert found(shop, paid.id).state is PaymentState.PARTIALLY_REFUNDED


def test_a_refund_that_is_told_otherwise_is_taken_in(office: OpenOffice, shop: Shop) -> None:
    paid = shop.sell()
    shop.refund(paid, 2_500, "Returned")
    shop.provider.faults["refund"] = ["+unknown"]
    shop.work()
    (key, facts), *_ = shop.provider.refunds.items()
    shop.provider.refunds[key] = replace(facts, amount=Money(4_000, "INR"))
    with shop.till.db.write(shop.till.system) as uow:
        uow.execute(update(refund).values(next_at=uow.now))
    shop.work()
    window = office(shop.manager)
    page = ExceptionPage(window)
    assert page.verbs == {"Take in ₹40.00": True, "Try again: ₹25.00": True, "Close it": False}
    assert page.says(_A.CLOSE).startswith("It can’t be closed before it is settled")
    assert "₹40.00 went back, instead of what was asked" in page.says(_A.ACCEPT)
    page.settle(_A.ACCEPT, "As on their dashboard")
    assert window.exceptions().notice.text == "₹40.00 is in the books as given back."
    assert found(shop, paid.id).state is PaymentState.PARTIALLY_REFUNDED
    window.until(lambda: page.table.model.rowCount() == 0)


def test_what_is_closed_says_how_and_why(office: OpenOffice, shop: Shop) -> None:
    begun = late(shop)
    window = office(shop.manager)
    page = ExceptionPage(window)
    assert page.says(_A.CLOSE).startswith(f"{window.office.money(begun.amount)} stays with the store as it is")
    page.settle(_A.CLOSE, "Paid back in cash")
    page = ExceptionPage(window, Query().with_filter(STANDING, CLOSED))
    assert cells(page.table)["settled"] == f"Closed by {shop.manager.name}"
    assert {"Closed", shop.manager.name, "Paid back in cash"} <= set(shown_texts(page.one))
    assert page.verbs == {}


def test_a_choice_wants_a_reason_and_may_be_left(office: OpenOffice, shop: Shop) -> None:
    late(shop)
    page = ExceptionPage(office(shop.manager))
    dialog = page.settle(_A.REFUND, "")
    assert dialog.reason.error == "A reason is needed."
    dialog.reason.set_text("4111111111111111")
    dialog.go.click()
    page.office.settle()
    assert "card" in dialog.reason.error
    dialog.back.click()
    shop.work()
    assert shop.provider.taken_minor() > 0
    assert page.table.model.rowCount() == 1


def test_what_somebody_else_settled_first_is_refused(office: OpenOffice, shop: Shop) -> None:
    late(shop)
    first, second = ExceptionPage(office(shop.manager)), ExceptionPage(office(shop.manager))
    second.one.pane.buttons[_A.REFUND].click()
    dialog = second.office.dialog()
    first.settle(_A.CLOSE, "Mine")
    dialog.reason.set_text("Mine too")  # type: ignore[attr-defined]
    dialog.go.click()  # type: ignore[attr-defined]
    second.office.settle()
    assert "settled already" in dialog.notice.text  # type: ignore[attr-defined]
    shop.work()
    assert shop.provider.taken_minor() > 0


def test_what_can_not_be_done_says_why(office: OpenOffice, shop: Shop) -> None:
    late(shop, known=False)
    page = ExceptionPage(office(shop.manager))
    credit = page.one.pane.buttons[_A.CREDIT]
    assert not credit.isEnabled()
    assert page.says(_A.CREDIT) == "The payment has no customer whose wallet it could go to."
    assert page.one.pane.buttons[_A.REFUND].isEnabled()


def test_the_evidence_is_a_table_in_plain_words(office: OpenOffice, shop: Shop) -> None:
    begun = shop.begin()
    shop.pay(begun, minor=begun.amount_minor - 100)
    window = office(shop.manager)
    page = ExceptionPage(window)
    told = dict(page.one.pane.facts.rows)
    assert told["Asked for"] == window.office.money(begun.amount)
    assert told["Came"] == window.office.money(begun.amount - Money(100, "INR"))
    assert told["Our reference"] == shop.reference(begun)
    assert told["Checkout"] == "Open"
    assert told["Through"] == "Razorpay"
    assert nameless(window.shell) == []


def test_cashiers_have_no_exceptions_and_managers_a_count(office: OpenOffice, shop: Shop) -> None:
    late(shop)
    assert not office(shop.cashier).shell.go("exceptions")
    window = office(shop.manager)
    assert window.shell.state.badges == {"exceptions": 1}
    page = ExceptionPage(window)
    page.one.pane.payment.click()
    window.settle()
    assert window.shell.current_key == "payments"
    shop.free_cart()
    late(shop)
    window.shell.go("exceptions")
    window.until(lambda: len(column_of(window.exceptions().table, "kind")) == 2)


_HINDERED = ("money_of_nobody", "customer_needed", "already_in_wallet")


@pytest.mark.parametrize("kind", list(ExceptionKind))
def test_every_kind_and_choice_has_words(office: OpenOffice, shop: Shop, kind: ExceptionKind) -> None:
    desk = office(shop.manager).office
    amount = Money(12_345, "INR")
    hostile = {"provider_says": "<b>no</b>\u202e", "unheard_of": "INR twelve", "seen": "yesterday", "checkout": "OPEN"}
    row = ExceptionRow(
        1, kind, 1, amount, "Asha", "razorpay", hostile, desk.now(), None, "", None, ""
    )  # fmt: skip
    details = ExceptionDetails(row, (), None, "Asha", "")
    told = [what_happened(desk, row), KIND_WORDS[kind].status.text]
    for action in ALLOWED[kind]:
        for choice in (Choice(action, amount), Choice(action)):
            told += [verb(desk, choice), effect(desk, details, choice)]
    told += [hindrance(Choice(_A.CREDIT, amount, hindered=code)) for code in _HINDERED]
    assert all(text and not list(_fields(text)) for text in told), told
    assert evidence(desk, row) == [
        ("Checkout", "Open"),
        ("Provider’s words", "<b>no</b>"),
        ("Seen", "yesterday"),
        ("Unheard of", "INR twelve"),
    ]


def _fields(text: str) -> list[str]:
    """Placeholders that were left unfilled."""
    return [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
