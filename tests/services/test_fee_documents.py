"""A consultation's papers and mails: what they say in each state, to whom, and to nobody who wants none."""

from __future__ import annotations

import io
from dataclasses import replace

import pypdf
import pytest
from sqlalchemy import Engine, select, update

from tests.factories.clinic import FEE, Clinic, open_clinic
from tests.factories.clock import FakeClock
from tests.factories.people import signed_in
from tests.factories.postman import Page, Postman
from tests.factories.tills import make_till
from tillgate.domain.checkout_facts import CheckoutStatus
from tillgate.domain.consultation import ConsultationInvoiceState, ConsultationState
from tillgate.domain.documents import FeeInvoice
from tillgate.domain.errors import NotFound, Refused
from tillgate.domain.money import Money
from tillgate.domain.payment import Mode
from tillgate.domain.settings import Settings
from tillgate.domain.staff import Role
from tillgate.domain.tax_rules import TaxEffect, TaxLine
from tillgate.i18n import LANGUAGES
from tillgate.printing import pdf
from tillgate.services.consultation_lists import load_consultation
from tillgate.services.consultation_rows import load_consultation_invoice
from tillgate.services.fee_documents import fee_invoice, fee_receipt, render_fee_invoice, render_fee_receipt
from tillgate.services.notices import TEMPLATES, MailWork
from tillgate.services.outbox import run_due
from tillgate.services.refunds import drive_refund, request_refund
from tillgate.services.settle import check_now
from tillgate.services.till import Till
from tillgate.store.models import clinic as clinic_table
from tillgate.store.models import consultation, consultation_invoice, outbox, payment

STORE = {"store.name": "Bayani Group", "store.admin_email": "admin@example.com"}


def with_store(till: Till, **settings: str) -> Clinic:
    return open_clinic(replace(till, settings=lambda: Settings(STORE | settings)))


@pytest.fixture
def clinic(till: Till) -> Clinic:
    return with_store(till)


@pytest.fixture
def here(sqlite_only: Engine, clock: FakeClock) -> Clinic:
    """On SQLite alone: papers are drawn above the database."""
    return with_store(make_till(sqlite_only, clock))


def give_back(clinic: Clinic, payment_id: int, minor: int) -> None:
    manager = signed_in(clinic.till, Role.MANAGER)
    made = request_refund(clinic.till, manager, payment_id, Money(minor, "PHP"), "the doctor was ill")
    drive_refund(clinic.till, made.id)


def post(clinic: Clinic) -> Postman:
    """Every mail that waits, delivered."""
    postman = Postman()
    run_due(clinic.till, {"mail": MailWork(postman, postman)}, limit=50)
    return postman


def document(clinic: Clinic, number: int) -> FeeInvoice:
    """The invoice that counts, or the newest void one."""
    found = load_consultation(clinic.till, clinic.cashier, number)
    invoice = found.invoice or found.void_invoices[-1]
    with clinic.till.db.read() as reading:
        return fee_invoice(reading, load_consultation_invoice(reading, invoice.id))


def paper(clinic: Clinic, number: int) -> str:
    found = load_consultation(clinic.till, clinic.cashier, number)
    invoice = found.invoice or found.void_invoices[-1]
    return text_of(render_fee_invoice(clinic.till, clinic.cashier, pdf, invoice.id))


def text_of(content: bytes) -> str:
    (page,) = pypdf.PdfReader(io.BytesIO(content)).pages
    return " ".join(page.extract_text().split())


def test_an_invoice_says_where_it_stands_from_its_first_moment_to_its_credit_note(here: Clinic) -> None:
    number = here.consultation()
    begun = here.pay(here.press(number)).payment
    waits = paper(here, number)
    for said in (
        *("Bayani Clinic", "1 Street", "Tax number 009", "BC", "Jose Dela Cruz", "jose@example.com"),
        *("INV-20261116090000-000001", "Consultation with Dr. Santos, General medicine", "Nov 16, 2026"),
        *("Taxes, for information: the total does not change", "VAT 12% of", "PPh 15% of", "600.00", "750.00"),
        *("5,000.00", "Not paid yet", "is still to be paid", "TRAINING", "no money moved", "Sold at Bayani Group"),
    ):
        assert said in waits, said
    here.provider.pay(here.reference(begun.id))
    check_now(here.till, here.cashier, begun.id)
    paid = paper(here, number)
    assert "Paid through Stripe" in paid
    assert "still to be paid" not in paid
    give_back(here, begun.id, 200_000)
    assert "Paid, given back in part" in paper(here, number)
    give_back(here, begun.id, 300_000)
    back = paper(here, number)
    for said in ("Paid and given back", "CRN-20261116090000-000001", "CRN-20261116090000-000002", "Left of this"):
        assert said in back, said
    assert "VOID" not in paid + back


def test_an_invoice_of_an_ended_payment_has_void_across_it(here: Clinic) -> None:
    number = here.consultation()
    begun = here.pay(here.press(number)).payment
    here.provider.end(here.reference(begun.id), CheckoutStatus.EXPIRED)
    check_now(here.till, here.cashier, begun.id)
    void = paper(here, number)
    for said in ("VOID", "TRAINING", "Nothing is owed on this invoice", "INV-20261116090000-000001"):
        assert said in void, said
    with pytest.raises(Refused, match="receipt_not_paid"):
        render_fee_receipt(here.till, here.cashier, pdf, begun.id)


def test_a_receipt_has_the_fee_its_taxes_and_the_invoices_number_in_its_code(here: Clinic) -> None:
    number = here.consultation()
    paid = here.paid(number)
    roll = text_of(render_fee_receipt(here.till, here.cashier, pdf, paid.id))
    for said in (
        *("Bayani Group", "Bayani Clinic", "Jose Dela Cruz", "INV-20261116090000-000001", "5,000.00", "Stripe"),
        *("VAT 12% for information:", "600.00", "PPh 15% for information:", "750.00", "TRAINING"),
    ):
        assert said in roll, said
    assert "COPY" in text_of(render_fee_receipt(here.till, here.cashier, pdf, paid.id, copy=True))
    with here.till.db.read() as reading:
        assert fee_receipt(here.till, reading, paid.id).lookup == "INV-20261116090000-000001"
    give_back(here, paid.id, FEE.minor)
    assert "CRN-" in text_of(render_fee_receipt(here.till, here.cashier, pdf, paid.id))


def test_taxes_that_change_the_total_stand_above_it(here: Clinic) -> None:
    number = here.consultation()
    here.paid(number)
    amounts = {TaxEffect.INCLUDED: 1_111, TaxEffect.ADDED: 2_222, TaxEffect.WITHHELD: 3_333}
    taxes = tuple(
        TaxLine(effect.value.title(), 10_000, effect, FEE, Money(minor, "PHP")) for effect, minor in amounts.items()
    )
    live = replace(document(here, number), taxes=taxes, mode=Mode.LIVE, description="x" * 900)
    shown = text_of(pdf.fee_invoice_pdf(live, "en"))
    for said in ("Included 1%: Included in the fee", "Added 1%: Added", "Withheld 1%: Withheld by", "11.11", "22.22"):
        assert said in shown, said
    assert "\u2212" in shown[shown.index("33.33") - 3 : shown.index("33.33")]
    assert "TRAINING" not in shown
    assert "for information" not in shown
    assert pdf.fee_invoice_pdf(live, "en") == pdf.fee_invoice_pdf(live, "en")


def test_a_tax_whose_name_says_its_rate_is_written_as_it_is(here: Clinic) -> None:
    number = here.consultation()
    here.paid(number)
    taxes = tuple(TaxLine("VAT 12 %", 120_000, effect, FEE, Money(1_111, "PHP")) for effect in TaxEffect)
    shown = text_of(pdf.fee_invoice_pdf(replace(document(here, number), taxes=taxes), "en"))
    assert "VAT 12 %: Included in the fee" in shown
    assert "VAT 12 % of" in shown
    assert "12%" not in shown


def test_what_was_written_down_stays_whoever_moves(clinic: Clinic) -> None:
    number = clinic.consultation()
    clinic.paid(number)
    before = document(clinic, number)
    with clinic.till.db.write(clinic.till.system) as uow:
        uow.execute(update(clinic_table).values(name="Another Clinic", address="Elsewhere"))
    assert document(clinic, number) == before
    assert (before.clinic.name, before.left, before.reversed) == ("Bayani Clinic", FEE, False)
    assert before.state is ConsultationInvoiceState.FINAL


def test_papers_of_nothing_are_not_found(here: Clinic) -> None:
    with pytest.raises(NotFound, match="invoice_unknown"):
        render_fee_invoice(here.till, here.cashier, pdf, 99)
    with pytest.raises(NotFound, match="payment_unknown"):
        render_fee_receipt(here.till, here.cashier, pdf, 99)


def test_a_paid_fee_is_confirmed_with_its_invoice_and_a_refund_with_its_credit_note(clinic: Clinic) -> None:
    paid = clinic.paid(clinic.consultation())
    (message,) = post(clinic).sent
    assert message.to == "jose@example.com"
    assert message.subject.startswith("[TRAINING] Consultation paid: ")
    page = Page(message.html)
    for said in ("Hello Jose Dela Cruz,", "Dr. Santos, General medicine", "INV-20261116090000-000001 is attached"):
        assert said in " ".join(message.text.split()), said
        assert said in page.text, said
    assert "order" not in message.text
    (attached,) = message.attachments
    assert attached.filename == "INV-20261116090000-000001.pdf"
    assert attached.content == b"%PDF INV-20261116090000-000001 final en"
    # Heard again, it is not sent again.
    check_now(clinic.till, clinic.cashier, paid.id)
    clinic.settle()
    assert post(clinic).sent == []
    give_back(clinic, paid.id, 200_000)
    (back,) = post(clinic).sent
    assert "2,000.00 for this consultation went back" in back.text.replace("\u00a0", " ")
    assert "Credit note CRN-20261116090000-000001 reverses it on invoice INV-" in back.text
    assert "order" not in back.text
    assert [each.filename for each in back.attachments] == ["INV-20261116090000-000001.pdf"]


def test_a_fee_that_could_not_be_taken_says_so_to_the_patient_and_the_office(clinic: Clinic) -> None:
    number = clinic.consultation()
    begun = clinic.pay(clinic.press(number)).payment
    with clinic.till.db.write(clinic.till.system) as uow:
        uow.execute(update(consultation).values(state=ConsultationState.CANCELLED))
    clinic.provider.pay(clinic.reference(begun.id))
    check_now(clinic.till, clinic.cashier, begun.id)
    clinic.settle()
    sent = post(clinic).sent
    assert [(each.to, len(each.attachments)) for each in sent] == [
        ("jose@example.com", 0),
        ("admin@example.com", 0),
        ("jose@example.com", 0),
    ]
    started, office, done = (" ".join(each.text.split()) for each in sent)
    assert "it was not owed for this consultation any more" in started
    assert "its consultation was paid or closed by then" in office
    assert "consultation_closed" in office
    assert "Credit note" not in done
    assert not [each for each in sent if "order" in each.text + each.html.partition("<body")[2].replace("border", "")]


@pytest.mark.parametrize("wanted", [True, False])
def test_whoever_has_no_address_or_wants_no_mail_gets_none(clinic: Clinic, wanted: bool) -> None:
    number = clinic.consultation(patient=int(wanted))
    begun = clinic.pay(clinic.press(number, mail_wanted=wanted)).payment
    clinic.provider.pay(clinic.reference(begun.id))
    check_now(clinic.till, clinic.cashier, begun.id)
    assert clinic.rows(outbox) == []
    assert [row.payer_email for row in clinic.rows(payment)] == [""]


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_every_letter_and_paper_about_a_fee_speaks_every_language(
    sqlite_only: Engine, clock: FakeClock, language: str
) -> None:
    clinic = with_store(make_till(sqlite_only, clock), **{"store.language": language})
    number = clinic.consultation()
    paid = clinic.paid(number)
    give_back(clinic, paid.id, FEE.minor)
    with clinic.till.db.write(clinic.till.system) as uow:
        for template in ("fee_refund_started", "admin_fee_refund_started"):
            payload = f'{{"template": "{template}", "payment_id": {paid.id}, "reason": "why"}}'
            row = {"kind": "mail", "dedupe_key": template, "payload": payload, "payment_id": paid.id}
            uow.execute(outbox.insert().values(row | {"created_at": uow.now, "next_at": uow.now}))
    sent = post(clinic).sent
    assert len(sent) == len([name for name in TEMPLATES if "fee_" in name])
    for message in sent:
        assert f'<html lang="{language}">' in message.html
        assert "{" not in message.text + message.subject
        assert "\n\n\n" not in message.text
        Page(message.html)
    with clinic.till.db.read() as reading:
        invoice_id = reading.execute(select(consultation_invoice.c.id)).scalar_one()
    shown = text_of(render_fee_invoice(clinic.till, clinic.cashier, pdf, invoice_id))
    assert "\u2026" not in shown
    assert "\u25a1" not in shown
    assert ("the total does not change" in shown) is (language == "en")
