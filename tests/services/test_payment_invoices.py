"""Payment invoices: a phone is asked once, what came is verified in the ruled order, and used for one order."""

from __future__ import annotations

import io
import re

import pytest
from pypdf import PdfReader

from tests.factories.clock import FakeClock
from tests.factories.postman import Postman
from tests.factories.prompting import Kiosk, open_kiosk
from tillgate.domain.checkout_facts import CheckoutStatus
from tillgate.domain.documents import PromptPaid, ReceiptDocument
from tillgate.domain.errors import Invalid, NotAllowed, Refused
from tillgate.domain.exceptions import ExceptionAction, ExceptionKind
from tillgate.domain.invoice_checks import Check, Reason, Verdict
from tillgate.domain.ledger import PREPAID
from tillgate.domain.money import Money, total
from tillgate.domain.payment import Fulfilment, PaymentState
from tillgate.domain.payment_invoice import InvoiceStatus
from tillgate.printing.pdf import invoice_pdf, receipt_pdf
from tillgate.services.book_checks import check_books
from tillgate.services.checkout import new_key, put_up_for_payment
from tillgate.services.exceptions import list_exceptions, settle_exception
from tillgate.services.invoice_cleanup import CleanUp, run_cleanup
from tillgate.services.invoice_verification import accept_surplus, document_of
from tillgate.services.invoices import make_due, make_invoices
from tillgate.services.notices import MailWork
from tillgate.services.outbox import run_due
from tillgate.services.papers import invoice_document, receipt_document
from tillgate.services.refunds import request_refund
from tillgate.services.settle import check_now
from tillgate.services.till import Till
from tillgate.store.ledger import unbalanced
from tillgate.store.models import capture, invoice_verification, ledger_entry, payment, sales_order


@pytest.fixture
def kiosk(till: Till) -> Kiosk:
    return open_kiosk(till)


def prepaid(kiosk: Kiosk) -> int:
    """What the books keep for orders to come; a debt, so below nothing."""
    entries = [row for row in kiosk.rows(ledger_entry) if row.account == PREPAID]
    return sum(row.amount_minor for row in entries)


def text_of(content: bytes) -> str:
    return " ".join(" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(content)).pages)


def receipt_of(kiosk: Kiosk, payment_id: int) -> ReceiptDocument:
    """The receipt as the customer gets it: it says what came, and its sums make that; its orders' papers too."""
    with kiosk.till.db.write(kiosk.till.system) as uow:
        made = make_invoices(uow, kiosk.till, payment_id)
    with kiosk.till.db.read() as connection:
        receipt = receipt_document(kiosk.till, connection, payment_id)
        invoices = [invoice_document(connection, each) for each in made]
    (money,) = (row for row in kiosk.rows(capture) if row.payment_id == payment_id)
    assert receipt.total.minor == money.amount_minor
    shown = re.findall(r"(−?)KSh ([\d,]+\.\d\d)", text_of(receipt_pdf(receipt, "en")))
    *parts, whole = (int(f"{'-' if sign else ''}{digits}".replace(",", "").replace(".", "")) for sign, digits in shown)
    assert sum(parts) == whole == money.amount_minor
    for each in invoices:
        assert total((line.total for line in each.lines), "KES") == each.total
        assert each.prompt == receipt.prompt
        assert "Beyond the orders: Payment fees KSh" in text_of(invoice_pdf(each, "en"))
    assert invoices
    return receipt


def test_a_prompt_is_verified_and_makes_an_order_as_the_document_has_it(kiosk: Kiosk) -> None:
    asked = kiosk.ask()
    shown = asked.document["data"]
    assert shown == {
        "invoiceId": asked.invoice.provider_id, "originalAmount": 1000, "serviceFee": 2, "intaSendFee": 30,
        "totalAmount": 1032,
    }  # fmt: skip
    assert (asked.invoice.state, asked.invoice.phone) == (InvoiceStatus.PENDING, "254712345678")
    early = kiosk.verify(asked.invoice.number)
    assert (early.success, early.reason) == (False, Reason.NOT_COMPLETED)
    kiosk.answer(asked)
    # Verifying asks the provider by itself; either id finds it, however it was typed.
    good = kiosk.verify(f" {asked.invoice.provider_id}\n")
    assert good.success
    told = document_of(good)
    assert (told["success"], told["message"]) == (True, "Payment verified successfully")
    data = told["data"]
    assert isinstance(data, dict)
    assert (data["invoiceId"], data["paymentState"], data["amount"], data["currency"]) == (
        asked.invoice.provider_id,
        "COMPLETE",
        1032,
        "KES",
    )
    cart = kiosk.cart()
    sold = kiosk.sell(cart, asked.invoice.number.lower())
    assert (sold.invoice.state, sold.invoice.order_id, sold.existing) == (InvoiceStatus.USED, sold.order_ids[0], False)
    assert kiosk.sell(cart, asked.invoice.number) == sold.__class__(
        sold.invoice, sold.payment, sold.order_ids, sold.orders, existing=True
    )
    again = kiosk.verify(asked.invoice.number)
    refused = document_of(again)
    assert refused["error"] == "Invoice already used for another order"
    assert refused["customerMessage"] == "Payment verification failed: Invoice already used for another order"
    details = refused["details"]
    assert isinstance(details, dict)
    assert (details["isUsed"], details["associatedOrder"]) == (True, sold.orders[0])
    with pytest.raises(Refused, match="invoice_not_good"):
        kiosk.sell(kiosk.cart(), asked.invoice.number)
    reasons = [row.reason for row in kiosk.rows(invoice_verification)]
    assert reasons == [Reason.NOT_COMPLETED, None, Reason.ALREADY_USED, Reason.ALREADY_USED]
    assert len(kiosk.rows(sales_order)) == 1
    with kiosk.till.db.read() as connection:
        assert not unbalanced(connection)


def test_one_prompt_for_a_phone_and_one_invoice_for_a_press(kiosk: Kiosk) -> None:
    first = kiosk.ask(key="prompt-1234567890")
    same = kiosk.ask(key="prompt-1234567890", phone="+254 712-345-678")
    assert (same.existing, same.invoice.id, same.payment.id) == (True, first.invoice.id, first.payment.id)
    with pytest.raises(Refused, match="key_reused"):
        kiosk.ask(20_000, key="prompt-1234567890")
    with pytest.raises(Refused, match="prompt_open"):
        kiosk.ask()
    kiosk.ask(phone="0110 000 001")
    assert kiosk.provider.sends("create") == 2
    for phone in ("0612345678", "071234567", "07123456789", "٠٧١٢٣٤٥٦٧٨", "", "+1 712345678"):
        with pytest.raises(Invalid, match="mpesa_phone"):
            kiosk.ask(phone=phone)


def test_what_can_not_be_sent_leaves_the_phone_free(kiosk: Kiosk) -> None:
    with pytest.raises(Invalid, match="method_unsupported"):
        kiosk.ask(method="fax")
    with pytest.raises(Invalid, match="method_unsupported"):
        kiosk.ask(method="fax")


def test_an_unknown_outcome_is_looked_up_and_never_sent_again(kiosk: Kiosk) -> None:
    kiosk.provider.faults["create"] = ["unknown"]
    asked = kiosk.ask()
    assert asked.invoice.state is InvoiceStatus.CREATED
    for _ in range(40):
        kiosk.clock.advance(5)
        kiosk.settle()
    assert kiosk.provider.sends("create") == 0
    assert kiosk.invoice(asked.invoice.id).state is InvoiceStatus.FAILED
    # What did arrive is found by its name, without a second prompt.
    kiosk.provider.faults["create"] = ["+unknown"]
    lost = kiosk.ask()
    kiosk.clock.advance(5)
    kiosk.settle()
    assert kiosk.invoice(lost.invoice.id).state is InvoiceStatus.PENDING
    assert len(kiosk.provider.bodies) == 2


@pytest.mark.parametrize(
    ("minor", "off"), [(100_000, 0), (99_903, 1), (99_902, 1), (90_000, 103), (100_097, -1), (101_000, -10)]
)
def test_the_typed_amount_and_its_fees_must_match_what_was_paid(kiosk: Kiosk, minor: int, off: int) -> None:
    """KES 1 either way is let through; beyond it a shortfall is final, and a surplus is for a manager."""
    found = kiosk.paid()
    result = kiosk.verify(found.number, minor)
    assert result.success is (abs(off) <= 1), result.checked.off
    assert result.surplus == (Money(off * 100, "KES") if off > 1 else None)
    if off < -1:
        with pytest.raises(Refused, match="no_surplus"):
            accept_surplus(kiosk.till, kiosk.manager, found.number, Money(minor, "KES"), "a friend")


def test_a_manager_accepts_a_surplus_and_a_cashier_does_not(kiosk: Kiosk) -> None:
    kiosk.reprice(90_000)
    found, owed = kiosk.paid(), Money(90_000, "KES")
    cart = kiosk.cart()
    with pytest.raises(Refused, match="invoice_not_good") as refused:
        kiosk.sell(cart, found.number)
    assert refused.value.values["reason"] == Reason.AMOUNT_MISMATCH
    with pytest.raises(NotAllowed):
        accept_surplus(kiosk.till, kiosk.cashier, found.number, owed, "they said so")
    accepted = accept_surplus(kiosk.till, kiosk.manager, found.number, owed, "the price was marked down")
    assert accepted.success
    sold = kiosk.sell(cart, found.number)
    assert sold.invoice.state is InvoiceStatus.USED
    with kiosk.till.db.read() as connection:
        assert not unbalanced(connection)
    receipt = receipt_of(kiosk, sold.payment.id)
    assert receipt.prompt == PromptPaid(found.number, Money(2_900, "KES"), Money(10_300, "KES"))
    assert receipt.total == Money(103_200, "KES")


def test_a_shilling_off_at_the_provider_is_within_the_tolerance(kiosk: Kiosk) -> None:
    found = kiosk.paid(minor=100_000)
    asked = kiosk.ask()
    kiosk.answer(asked, minor=103_100)
    assert kiosk.verify(asked.invoice.number).success
    sold = kiosk.sell(kiosk.cart(), asked.invoice.number)
    assert sold.invoice.state is InvoiceStatus.USED
    assert receipt_of(kiosk, sold.payment.id).prompt == PromptPaid(
        asked.invoice.number, Money(3_200, "KES"), Money(-100, "KES")
    )
    short = kiosk.ask()
    kiosk.answer(short, minor=103_099)
    result = kiosk.verify(short.invoice.number)
    assert (result.success, result.reason) == (False, Reason.AMOUNT_MISMATCH)
    assert result.surplus is None
    assert [each.kind for each in list_exceptions(kiosk.till, kiosk.manager)] == [ExceptionKind.UNDERPAID]
    assert kiosk.verify(found.number).success


def test_time_is_over_to_the_second_and_what_lay_goes_to_exceptions(kiosk: Kiosk, clock: FakeClock) -> None:
    found = kiosk.paid()
    clock.advance(30 * 60)
    assert kiosk.verify(found.number).success
    assert run_cleanup(kiosk.till) == CleanUp()
    clock.advance(1)
    assert kiosk.verify(found.number).reason is Reason.EXPIRED
    assert run_cleanup(kiosk.till) == CleanUp()
    (listed,) = list_exceptions(kiosk.till, kiosk.manager)
    assert (listed.kind, listed.evidence["invoice"]) == (ExceptionKind.LATE, found.number)
    kiosk.sign_in_again()
    settle_exception(kiosk.till, kiosk.manager, listed.id, ExceptionAction.APPLY, "the customer waited")
    assert kiosk.verify(found.number).success
    assert kiosk.sell(kiosk.cart(), found.number).invoice.state is InvoiceStatus.USED
    with kiosk.till.db.read() as connection:
        assert not unbalanced(connection)


def test_money_that_lay_is_given_back_once_and_is_of_no_use_then(kiosk: Kiosk, clock: FakeClock) -> None:
    found = kiosk.paid()
    clock.advance(30 * 60 + 1)
    assert run_cleanup(kiosk.till) == CleanUp(referred=1)
    assert kiosk.invoice(found.id).state is InvoiceStatus.COMPLETE
    kiosk.sign_in_again()
    (listed,) = list_exceptions(kiosk.till, kiosk.manager)
    settle_exception(kiosk.till, kiosk.manager, listed.id, ExceptionAction.REFUND, "they left")
    kiosk.settle()
    assert kiosk.provider.taken_minor() == 0
    assert not kiosk.verify(found.number).success
    with pytest.raises(Refused, match="invoice_not_good"):
        kiosk.sell(kiosk.cart(), found.number)
    with kiosk.till.db.read() as connection:
        assert not unbalanced(connection)


@pytest.mark.parametrize("action", [ExceptionAction.APPLY, ExceptionAction.REFUND, ExceptionAction.CREDIT])
def test_what_is_kept_for_an_order_to_come_is_let_go_with_the_money(
    kiosk: Kiosk, clock: FakeClock, action: ExceptionAction
) -> None:
    asked = kiosk.ask(customer_id=kiosk.customer_id)
    kiosk.answer(asked)
    check_now(kiosk.till, kiosk.cashier, asked.payment.id)
    clock.advance(30 * 60 + 1)
    assert run_cleanup(kiosk.till) == CleanUp(referred=1)
    assert prepaid(kiosk) == -103_200
    kiosk.sign_in_again()
    (listed,) = list_exceptions(kiosk.till, kiosk.manager)
    settle_exception(kiosk.till, kiosk.manager, listed.id, action, "as they wished")
    kiosk.settle()
    if action is ExceptionAction.APPLY:
        assert prepaid(kiosk) == -103_200
        kiosk.sell(kiosk.cart(), asked.invoice.number)
    else:
        with pytest.raises(Refused, match="invoice_not_good"):
            kiosk.sell(kiosk.cart(), asked.invoice.number)
    assert prepaid(kiosk) == 0
    assert check_books(kiosk.till, kiosk.manager).ok


def test_too_much_from_the_provider_is_for_a_manager_to_accept(kiosk: Kiosk) -> None:
    asked, cart = kiosk.ask(payer_email="wanjiru@example.com"), kiosk.cart()
    kiosk.answer(asked, minor=110_000)
    told = kiosk.verify(asked.invoice.number)
    assert (told.reason, told.surplus) == (Reason.AMOUNT_MISMATCH, Money(6_800, "KES"))
    with pytest.raises(Refused, match="invoice_not_good"):
        kiosk.sell(cart, asked.invoice.number)
    (listed,) = list_exceptions(kiosk.till, kiosk.manager)
    assert listed.kind is ExceptionKind.OVERPAID
    with pytest.raises(Refused, match="invoice_undecided"):
        accept_surplus(kiosk.till, kiosk.manager, asked.invoice.number, Money(100_000, "KES"), "before it is settled")
    settle_exception(kiosk.till, kiosk.manager, listed.id, ExceptionAction.APPLY, "they typed too much")
    kiosk.settle()
    assert kiosk.provider.taken_minor() == 110_000
    sold = kiosk.sell(cart, asked.invoice.number)
    assert sold.invoice.state is InvoiceStatus.USED
    assert receipt_of(kiosk, sold.payment.id).prompt == PromptPaid(
        asked.invoice.number, Money(3_200, "KES"), Money(6_800, "KES")
    )
    postman = Postman()
    run_due(kiosk.till, {"invoice": make_due, "mail": MailWork(postman, postman)}, limit=20)
    (letter,) = (each.text for each in postman.sent if "We received" in each.text)
    for said in ("KSh 1,100.00 on", ": KSh 1,000.00", "- Payment fees: KSh 32.00", "- Surplus: KSh 68.00"):
        assert said in letter.replace("\u00a0", " "), said
    assert prepaid(kiosk) == 0
    assert check_books(kiosk.till, kiosk.manager).ok


def test_an_invoice_whose_money_goes_back_in_part_makes_no_order(kiosk: Kiosk) -> None:
    found = kiosk.paid()
    assert found.payment_id is not None
    request_refund(kiosk.till, kiosk.manager, found.payment_id, Money(100, "KES"), "a shilling")
    with pytest.raises(Refused, match="invoice_not_good"):
        kiosk.sell(kiosk.cart(), found.number)
    kiosk.settle()
    assert prepaid(kiosk) == -103_100
    assert check_books(kiosk.till, kiosk.manager).ok


def test_the_provider_is_asked_before_an_invoice_is_called_expired(kiosk: Kiosk, clock: FakeClock) -> None:
    silent, paid, unpaid = (kiosk.ask(phone=f"071234567{n}") for n in range(3))
    kiosk.answer(paid)
    clock.advance(30 * 60 + 1)
    kiosk.provider.faults["fetch"] = ["unknown"]
    done = run_cleanup(kiosk.till)
    assert done == CleanUp(expired=1, paid=1, referred=1, unheard=1)
    states = [kiosk.invoice(each.invoice.id).state for each in (silent, paid, unpaid)]
    assert states == [InvoiceStatus.PENDING, InvoiceStatus.COMPLETE, InvoiceStatus.EXPIRED]
    assert run_cleanup(kiosk.till) == CleanUp(expired=1)
    # Money that comes all the same is late: flagged, on Exceptions, and of no use until a manager lets it in.
    kiosk.answer(unpaid)
    clock.advance(3_600)
    kiosk.settle()
    late = kiosk.invoice(unpaid.invoice.id)
    assert (late.state, late.late) == (InvoiceStatus.COMPLETE, 1)
    kiosk.sign_in_again()
    assert kiosk.verify(late.number).reason is Reason.EXPIRED
    listed = list_exceptions(kiosk.till, kiosk.manager)
    assert {each.kind for each in listed} == {ExceptionKind.LATE}
    mine = next(each for each in listed if each.payment_id == unpaid.payment.id)
    settle_exception(kiosk.till, kiosk.manager, mine.id, ExceptionAction.APPLY, "they paid in the end")
    assert kiosk.sell(kiosk.cart(), late.number).payment.fulfilment is Fulfilment.DONE
    with kiosk.till.db.read() as connection:
        assert not unbalanced(connection)


def test_a_sale_with_an_invoice_is_given_back_as_any_sale_is(kiosk: Kiosk) -> None:
    found = kiosk.paid()
    sold = kiosk.sell(kiosk.cart(), found.number)
    request_refund(kiosk.till, kiosk.manager, sold.payment.id, Money(103_200, "KES"), "it broke")
    kiosk.settle()
    (order,) = kiosk.rows(sales_order)
    assert order.state == "CANCELLED"
    (owner,) = kiosk.rows(payment)
    assert owner.state is PaymentState.REFUNDED
    assert kiosk.invoice(found.id).state is InvoiceStatus.USED
    with kiosk.till.db.read() as connection:
        assert not unbalanced(connection)


def test_a_cart_with_a_checkout_of_its_own_is_not_sold_twice(kiosk: Kiosk) -> None:
    found, cart = kiosk.paid(), kiosk.cart()
    put_up_for_payment(kiosk.till, kiosk.cashier, cart, key=new_key(), provider="intasend", method="stk")
    with pytest.raises(Refused, match="already_being_paid"):
        kiosk.sell(cart, found.number)
    assert kiosk.invoice(found.id).state is InvoiceStatus.COMPLETE


def test_ids_that_nobody_has_are_answered_and_written_down(kiosk: Kiosk) -> None:
    for ref in ("", "  ", "PI-", "%", "' OR 1=1 --", "\x00", "x" * 5_000, "PI-\u202eABC", "０１２"):
        result = kiosk.verify(ref)
        assert (result.reason, result.success) == (Reason.NOT_FOUND, False)
        assert {row.verdict for row in result.checked.rows if row.check is not Check.FOUND} == {Verdict.NOT_CHECKED}
    assert len(kiosk.rows(invoice_verification)) == 9
    assert kiosk.verify("PI-", currency="USD").reason is Reason.NOT_FOUND
    assert kiosk.verify(kiosk.paid().number, currency="USD").reason is Reason.CURRENCY_MISMATCH


def test_a_provider_that_says_nothing_fails_no_check(kiosk: Kiosk) -> None:
    """What it was not heard about reads "not checked"; nothing is known to be complete, so nothing is sold."""
    asked = kiosk.ask()
    kiosk.answer(asked)
    kiosk.clock.advance(1)
    kiosk.provider.faults["fetch"] = ["unknown"]
    result = kiosk.verify(asked.invoice.number)
    assert [row.verdict for row in result.checked.rows] == [*[Verdict.PASSED] * 4, *[Verdict.NOT_CHECKED] * 3]
    assert (result.success, result.reason) == (False, Reason.NOT_COMPLETED)
    assert document_of(result)["error"] == "Payment not completed"
    kiosk.provider.faults["fetch"] = ["unknown"]
    with pytest.raises(Refused, match="invoice_not_good"):
        kiosk.sell(kiosk.cart(), asked.invoice.number)
    assert kiosk.verify(asked.invoice.number).success
    reasons = [row.reason for row in kiosk.rows(invoice_verification)]
    assert reasons == [Reason.NOT_COMPLETED, Reason.NOT_COMPLETED, None]


def test_check_now_hears_of_a_declined_prompt(kiosk: Kiosk) -> None:
    asked = kiosk.ask()
    kiosk.provider.end(kiosk.reference(asked.payment.id), CheckoutStatus.FAILED)
    check_now(kiosk.till, kiosk.cashier, asked.payment.id)
    assert kiosk.invoice(asked.invoice.id).state is InvoiceStatus.FAILED
    assert kiosk.verify(asked.invoice.number).reason is Reason.PAYMENT_FAILED
    # The phone is free for another prompt.
    assert kiosk.ask().invoice.state is InvoiceStatus.PENDING
