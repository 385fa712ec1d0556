"""The payments screen over real services: what it shows, refunds past a manager, and that it keeps up by itself."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import update

from tests.factories.clock import FakeClock
from tests.factories.history import Shop
from tests.factories.people import PIN
from tests.ui.back_office.conftest import OpenOffice
from tests.ui.pages.access import nameless
from tests.ui.pages.back_office import OfficeWindow
from tests.ui.pages.back_office_panes import PaymentPage, button, cells, column_of
from tillgate.domain.money import Money
from tillgate.domain.payment import PaymentState, RefundState
from tillgate.domain.staff import CONFIRMATION_LASTS, Role
from tillgate.services import settle
from tillgate.services.attempt_lease import claim
from tillgate.services.cancel import cancel
from tillgate.services.payment_views import PaymentView, count_waiting, read_view
from tillgate.services.settle import settle_attempts
from tillgate.services.sweep import sweep
from tillgate.store.models import payment_attempt, variant
from tillgate.ui.dialogs.approval import ApprovalDialog, ConfirmDialog
from tillgate.ui.screens.checkout.stages import Stage, stage_of
from tillgate.ui.widgets.data_table import Query
from tillgate.ui.widgets.dialog import Confirm

RUPEE = 100


def view_of(shop: Shop, payment_id: int) -> PaymentView:
    with shop.till.db.read() as connection:
        return read_view(connection, payment_id)


def test_a_manager_gives_a_part_back_and_watches_it_arrive(office: OpenOffice, shop: Shop) -> None:
    paid = shop.sell()
    window = office(shop.manager)
    page = PaymentPage(window, paid.id)
    assert page.offers() == {"Refund…", "Save receipt"}
    dialog = page.refund()
    whole = window.office.money(paid.amount)
    assert dialog.go.text() == f"Refund {whole}"
    assert (dialog.goods.isVisible(), dialog.goods.isChecked()) == (True, True)
    dialog.take_part(Money(50 * RUPEE, "INR"))
    assert dialog.go.text() == "Refund ₹50.00"
    assert not dialog.goods.isVisible(), "of a part nothing comes back"
    dialog.reason.set_text("One of them was broken")
    dialog.go.click()
    window.settle()
    assert page.notice.startswith("The refund of ₹50.00 is on its way.")
    assert page.state == "Refund under way"
    shop.work()
    # Nobody pressed anything: the commits were told.
    window.until(lambda: page.state == "Partly refunded")
    window.until(lambda: cells(window.payments().table)["refunded"] == "₹50.00")
    assert {"Given back", "One of them was broken", f"By {shop.manager.name}"} <= set(page.texts) | {
        each.accessibleName() for each in page.one.findChildren(type(page.one.pane.status))
    }
    assert "A part of the money went back." in page.story
    assert shop.provider.taken_minor() == paid.amount_minor - 50 * RUPEE


def test_details_have_their_place_as_soon_as_they_are_shown(office: OpenOffice, shop: Shop) -> None:
    paid = shop.sell()
    shop.work()
    window = office(shop.manager)
    page = PaymentPage(window, paid.id)
    details = page.one.pane.details
    assert details is not None
    body = page.one.pane._body
    page.one.pane.show_details(replace(details, customer_name="Somebody Else"))
    again = page.one.pane._body
    assert again is not None
    assert again is not body
    assert again.height() >= again.heightForWidth(again.width()) > 480


def test_beside_its_details_a_list_still_says_which_payment_it_is_and_how_it_stands(
    office: OpenOffice, shop: Shop
) -> None:
    paid = shop.sell()
    window = office(shop.manager)
    window.shell.resize(1024, 768)
    PaymentPage(window, paid.id)
    table = window.payments().table
    window.until(lambda: table.view.horizontalScrollBar().maximum() == 0)
    columns = {column.key: index for index, column in enumerate(table.model.columns)}
    for key in ("id", "state", "amount"):
        assert not table.view.isColumnHidden(columns[key])
        assert table.view.columnWidth(columns[key]) >= table.model.columns[columns[key]].width


def test_a_view_is_there_again_for_the_same_person(office: OpenOffice, shop: Shop) -> None:
    def views(window: OfficeWindow) -> list[str]:
        return [each.text() for each in window.payments(go=True).table.bar.views.menu().actions()]

    window = office(shop.manager)
    table = window.payments(go=True).table
    table.set_query(Query(text="Asha"))
    table.bar.save_asked.emit("Only Asha")
    window.until(lambda: "Only Asha" in views(window))
    again = office(shop.manager)
    again.until(lambda: "Only Asha" in views(again))
    again.payments().table.bar.views.menu().actions()[0].trigger()
    again.settle()
    assert again.payments().table.query.text == "Asha"
    other = office(shop.cashier)
    other.settle()
    assert "Only Asha" not in views(other)


def test_a_cashier_refunds_past_a_manager(office: OpenOffice, shop: Shop) -> None:
    paid = shop.sell()
    window = office(shop.cashier)
    page = PaymentPage(window, paid.id)
    dialog = page.refund()
    assert dialog.go.text() == f"Ask a manager: refund {window.office.money(paid.amount)}"
    dialog.reason.set_text("Charged by mistake")
    dialog.go.click()
    window.settle()
    assert not view_of(shop, paid.id).refunds
    approval = page.dialog(ApprovalDialog)
    assert approval.reason.text == "Charged by mistake"
    window.settle()
    approval.credential.entry.line.setText(PIN[Role.MANAGER])
    approval.go.click()
    window.until(lambda: bool(view_of(shop, paid.id).refunds))
    [refund] = view_of(shop, paid.id).refunds
    assert (refund.requested_by, refund.approved_by) == (shop.cashier.staff_id, shop.manager.staff_id)
    assert (refund.amount, refund.return_goods) == (paid.amount, 1)
    window.until(lambda: f"By {shop.cashier.name}, approved by {shop.manager.name}" in page.texts)
    assert any(line.startswith("A manager approved") and "Charged by mistake" in line for line in page.story)
    done = replace(view_of(shop, paid.id).payment, state=PaymentState.REFUNDED)
    assert stage_of(replace(view_of(shop, paid.id), payment=done)) is Stage.RETURNED, "the sale was made all the same"


def test_without_approval_nothing_goes_back(office: OpenOffice, shop: Shop) -> None:
    paid = shop.sell()
    window = office(shop.cashier)
    page = PaymentPage(window, paid.id)
    dialog = page.refund()
    dialog.reason.set_text("Returned")
    dialog.go.click()
    window.settle()
    page.dialog(ApprovalDialog).reject()
    window.settle()
    assert dialog.isVisible()
    assert dialog.go.isEnabled()
    dialog.reject()
    shop.work()
    assert shop.provider.taken_minor() == paid.amount_minor
    assert page.state == "Paid"


def test_a_manager_proves_it_is_still_them(office: OpenOffice, shop: Shop, clock: FakeClock) -> None:
    paid = shop.sell()
    clock.advance(CONFIRMATION_LASTS.total_seconds())
    window = office(shop.manager)
    page = PaymentPage(window, paid.id)
    dialog = page.refund()
    button(dialog, "Returned").click()
    dialog.go.click()
    window.settle()
    confirmation = page.dialog(ConfirmDialog)
    confirmation.entry.line.setText(PIN[Role.MANAGER])
    confirmation.go.click()
    window.until(lambda: bool(view_of(shop, paid.id).refunds))
    [refund] = view_of(shop, paid.id).refunds
    assert (refund.reason, refund.approved_by) == ("Returned", None)


def test_a_refund_that_can_not_be_is_refused_in_place(office: OpenOffice, shop: Shop) -> None:
    paid = shop.sell()
    window = office(shop.manager)
    page = PaymentPage(window, paid.id)
    dialog = page.refund()
    dialog.go.click()
    assert dialog.reason.error == "A reason is needed."
    dialog.reason.set_text("4111 1111 1111 1111")
    dialog.take_part(paid.amount + Money(1, "INR"))
    dialog.go.click()
    assert "left to refund" in dialog.amount.error
    dialog.take_part(Money(100, "INR"))
    dialog.go.click()
    window.settle()
    assert dialog.isVisible()
    assert "card" in dialog.reason.error
    dialog.reject()
    assert not view_of(shop, paid.id).refunds


def test_money_on_exceptions_is_settled_there(office: OpenOffice, shop: Shop) -> None:
    begun = shop.begin()
    cancel(shop.till, shop.cashier, begun.id)
    shop.provider.pay(shop.reference(begun))
    assert sweep(shop.till, shop.provider)
    page = PaymentPage(office(shop.manager), begun.id)
    assert page.state == "Late"
    assert page.alert.startswith("On Exceptions: Late money")
    assert page.offers() == set()
    button(page.one.pane.alert, "Show on Exceptions").click()
    page.office.settle()
    assert page.office.shell.current_key == "exceptions"
    assert column_of(page.office.exceptions().table, "payment") == [f"#{begun.id}"]


def test_check_now_and_cancel_say_what_came_of_it(office: OpenOffice, shop: Shop) -> None:
    begun = shop.begin()
    window = office(shop.cashier)
    page = PaymentPage(window, begun.id)
    assert page.offers() == {"Check now", "Cancel payment"}
    page.press("Check now")
    assert page.notice == "Razorpay has no money for it yet."
    page.press("Cancel payment")
    question = page.dialog(Confirm)
    assert question.focusWidget() is question.back
    question.go.click()
    window.until(lambda: page.state == "Cancelled")
    assert page.notice.startswith("The payment is cancelled.")
    assert page.offers() == set()

    again = shop.begin()
    page = PaymentPage(window, again.id)
    shop.provider.pay(shop.reference(again))
    page.press("Cancel payment")
    page.dialog(Confirm).go.click()
    window.until(lambda: page.state == "Paid")
    assert page.notice.startswith("It was paid a moment before.")


@pytest.mark.parametrize("fault", ["unknown", "not_sent", "rate_limited", "misconfigured"])
def test_a_check_that_is_not_answered_says_nothing_of_the_money(
    office: OpenOffice, shop: Shop, clock: FakeClock, fault: str
) -> None:
    begun = shop.begin()
    page = PaymentPage(office(shop.cashier), begun.id)
    shop.provider.faults = {"fetch": [fault]}
    clock.advance(1)
    page.press("Check now")
    assert page.notice.startswith("Razorpay did not say whether it was paid.")
    assert "It is not known yet whether money moved." in page.notice
    page.press("Check now")
    assert page.notice == "Razorpay has no money for it yet."


def test_a_check_without_the_provider_says_nothing_of_the_money(
    office: OpenOffice, shop: Shop, clock: FakeClock
) -> None:
    begun = shop.begin()
    clock.advance(1)
    shop.till = replace(shop.till, providers={})
    page = PaymentPage(office(shop.cashier), begun.id)
    page.press("Check now")
    assert page.notice.startswith("Razorpay did not say whether it was paid.")


def test_a_cancel_after_the_money_says_what_became_of_the_sale(office: OpenOffice, shop: Shop) -> None:
    begun = shop.begin()
    page = PaymentPage(office(shop.cashier), begun.id)
    with shop.till.db.write(shop.till.system) as uow:
        uow.execute(update(variant).values(stock=0))
    shop.provider.pay(shop.reference(begun))
    page.press("Cancel payment")
    page.dialog(Confirm).go.click()
    page.office.until(lambda: page.notice.startswith("It was paid a moment before."))
    assert "It arrived, but the orders could not be made." in page.notice
    assert "stands" not in page.notice


def test_the_list_says_what_a_check_found(office: OpenOffice, shop: Shop, clock: FakeClock) -> None:
    begun = shop.begin()
    window = office(shop.cashier)
    page = PaymentPage(window, begun.id)
    shop.provider.faults = {"fetch": ["unknown"]}
    clock.advance(1)
    page.press("Check now")
    window.until(lambda: cells(window.payments().table)["state"] == "Checking")
    page.press("Check now")
    window.until(lambda: cells(window.payments().table)["state"] == "Waiting for payment")


def test_a_check_never_denies_money_that_is_there(office: OpenOffice, shop: Shop) -> None:
    begun = shop.begin()
    page = PaymentPage(office(shop.cashier), begun.id)
    shop.provider.pay(shop.reference(begun), minor=RUPEE)
    page.press("Check now")
    assert page.state == "Does not match"
    assert page.notice == ""


@pytest.mark.parametrize("heard", ["not_found", "not_believed", "held"])
def test_a_check_that_proved_nothing_says_so(
    office: OpenOffice, shop: Shop, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, heard: str
) -> None:
    monkeypatch.setattr(settle, "WAIT_FOR_LEASE_S", 0)
    begun = shop.begin()
    page = PaymentPage(office(shop.cashier), begun.id)
    if heard == "held":
        # Another till is asking just now, and is not done.
        attempt = view_of(shop, begun.id).attempt
        assert attempt is not None
        assert claim(shop.till, payment_attempt, attempt.id)
    elif heard == "not_found":
        shop.provider.faults = {"fetch": ["not_found"]}
    else:
        shop.provider.twist = lambda facts: replace(facts, account="another")
    clock.advance(1)
    page.press("Check now")
    page.office.until(lambda: page.notice.startswith("Razorpay did not say whether it was paid."))


def test_an_unheard_cancel_says_not_to_charge_again(office: OpenOffice, shop: Shop) -> None:
    begun = shop.begin()
    window = office(shop.cashier)
    page = PaymentPage(window, begun.id)
    shop.provider.faults = {"cancel": ["unknown"], "fetch": ["unknown", "unknown"]}
    page.press("Cancel payment")
    page.dialog(Confirm).go.click()
    window.until(lambda: "Do not charge again." in page.notice)
    assert view_of(shop, begun.id).payment.state is PaymentState.PENDING


def test_the_list_and_the_open_payment_keep_up_by_themselves(office: OpenOffice, shop: Shop) -> None:
    begun = shop.begin()
    window = office(shop.cashier)
    page = PaymentPage(window, begun.id)
    assert cells(window.payments().table)["state"] == page.state == "Waiting for payment"
    shop.provider.pay(shop.reference(begun))
    shop.clock.advance(60)
    assert settle_attempts(shop.till)
    window.until(lambda: cells(window.payments().table)["state"] == page.state == "Paid")
    assert page.offers() == {"Refund…", "Save receipt"}


def test_the_status_bars_count_opens_just_those(office: OpenOffice, shop: Shop) -> None:
    shop.sell()
    paid = shop.sell()
    shop.refund(paid, paid.amount_minor, "Returned")
    waiting = shop.begin()
    window = office(shop.cashier)
    window.shell.go("orders")
    window.shell.strip.pending_pressed.emit()
    window.settle()
    table = window.payments().table
    assert window.shell.current_key == "payments"
    assert column_of(table, "id") == [f"#{waiting.id}", f"#{paid.id}"]
    assert table.model.rowCount() == count_waiting(shop.till)


def test_a_scanned_paper_finds_its_payment(office: OpenOffice, shop: Shop) -> None:
    paid = shop.sell()
    shop.work()
    window = office(shop.cashier)
    screen = window.payments(go=True)
    for code in (
        shop.reference(paid),
        "ORD-T1-000001",
        "TRN-T1-000001",
        view_of(shop, paid.id).captures[0].provider_ref,
    ):
        assert screen.scan(code), code
        window.settle()
        assert column_of(screen.table, "id") == [f"#{paid.id}"], code
    assert not screen.scan("8901234567894")


def test_mails_go_once_more_and_papers_are_saved(office: OpenOffice, shop: Shop) -> None:
    paid = shop.sell()
    shop.work()
    window = office(shop.cashier)
    page = PaymentPage(window, paid.id)
    sent = len([line for line in page.texts if line == "Receipt to the customer"])
    page.press("Send again: Receipt to the customer")
    window.until(lambda: len([line for line in page.texts if line == "Receipt to the customer"]) == sent + 1)
    assert page.notice == "It is sent in a moment."
    page.press("Print receipt")
    assert (page.notice, window.printed) == ("The receipt was sent to the printer.", [paid.id])
    page.press("Save receipt")
    assert page.notice.startswith(f"Saved as receipt-{paid.id}.pdf.")
    button(page.one.pane.notice, "Open the file").click()
    assert [path.name for path in window.opened] == [f"receipt-{paid.id}.pdf"]
    page.press("Save invoice TRN-T1-000001")
    assert page.notice.startswith("Saved as invoice-1.pdf.")


def test_hostile_texts_are_shown_as_they_are(office: OpenOffice, shop: Shop) -> None:
    hostile = "<b>Bold</b>\u202e<img src=x onerror=1>"
    shown = "<b>Bold</b><img src=x onerror=1>"
    paid = shop.sell()
    with shop.till.db.write(shop.till.system) as uow:
        uow.connection.exec_driver_sql("UPDATE payment SET payer_name = ? WHERE id = ?", (hostile, paid.id))
        uow.record("refund.failed", f"payment:{paid.id}", reason=hostile)
        uow.record("unheard.of", f"payment:{paid.id}", reason=hostile)
        uow.record("order.created", f"payment:{paid.id}", number="{x}", items="many", total="much")
    window = office(shop.manager)
    page = PaymentPage(window, paid.id)
    assert shown in page.texts
    assert cells(window.payments().table)["customer"] == shown
    assert f"The refund was refused: {shown}" in page.story
    assert "unheard.of" in page.story
    assert "Order {x} was made: , …." in page.story


def test_every_control_has_a_name_and_exports_are_for_managers(office: OpenOffice, shop: Shop) -> None:
    paid = shop.sell()
    shop.refund(paid, 100, "Returned")
    shop.work()
    window = office(shop.manager)
    page = PaymentPage(window, paid.id)
    button(page.one, "Technical details").click()
    assert "Open the checkout" in page.texts
    assert nameless(window.shell) == []
    dialog = page.refund()
    assert nameless(dialog) == []
    dialog.reject()
    assert window.payments().table.bar.export.isVisible()
    assert not office(shop.cashier).payments(go=True).table.bar.export.isVisible()


def test_a_payment_that_is_gone_from_the_list_is_still_opened_from_elsewhere(office: OpenOffice, shop: Shop) -> None:
    first, second = shop.sell(), shop.sell()
    window = office(shop.manager)
    window.payments(go=True).show_query(Query(text=f"#{second.id}"))
    window.settle()
    page = PaymentPage(window, first.id)
    assert page.state == "Paid"
    assert window.payments().go_back()
    assert not window.payments().go_back()


@pytest.mark.parametrize("fault", ["declined", "unknown"])
def test_a_refund_under_way_shows_its_steps(office: OpenOffice, shop: Shop, fault: str) -> None:
    paid = shop.sell()
    shop.refund(paid, 100, "Returned")
    shop.provider.faults["refund"] = [fault]
    shop.work()
    page = PaymentPage(office(shop.manager), paid.id)
    refund = view_of(shop, paid.id).refunds[0]
    if fault == "declined":
        assert refund.state is RefundState.FAILED
        assert page.alert.startswith("On Exceptions: Refund refused")
        assert "Razorpay says: refund declined" in page.texts
    else:
        assert refund.state is RefundState.PENDING
        assert page.state == "Refund under way"
