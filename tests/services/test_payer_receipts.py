"""The number that the payer's phone was sent: kept once, shown on papers, found again; without it nothing is spoilt."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from pypdf import PdfReader
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError

from tests.factories.prompting import Kiosk, open_kiosk
from tillgate.printing import pdf
from tillgate.services.invoice_lists import InvoiceQuery, find_prompt, list_payment_invoices
from tillgate.services.invoice_slips import render_invoice_slip
from tillgate.services.papers import render_receipt
from tillgate.services.payment_details import load_details
from tillgate.services.settle import check_now
from tillgate.services.sweep import sweep
from tillgate.services.till import Till
from tillgate.store.models import capture


@pytest.fixture
def kiosk(till: Till) -> Kiosk:
    return open_kiosk(till)


def text_of(content: bytes) -> str:
    return " ".join(" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(content)).pages)


def events(kiosk: Kiosk, payment_id: int) -> dict[str, dict[str, object]]:
    details = load_details(kiosk.till, kiosk.manager, payment_id)
    return {each.event: each.data for each in details.events}


def test_it_is_kept_with_the_money_and_finds_the_invoice(kiosk: Kiosk) -> None:
    other, found = kiosk.paid(phone="0733 000 001", receipt="QGH0000001"), kiosk.paid(receipt="QGH7X2K9LM")
    assert find_prompt(kiosk.till, kiosk.cashier, " qgh7x2k9lm").receipt == "QGH7X2K9LM"
    result = kiosk.verify("qgh7x2k9lm\n")
    assert result.success and result.invoice is not None
    assert (result.invoice.id, result.receipt) == (found.id, "QGH7X2K9LM")
    assert "M-Pesa receipt QGH7X2K9LM" in text_of(render_invoice_slip(kiosk.till, kiosk.cashier, pdf, result))
    for typed, rows in (("Qgh7x2k9LM", [found.id]), ("QGH0000001", [other.id]), ("QGH7X2K9L", []), ("GH7X2K9LM", [])):
        listed = list_payment_invoices(kiosk.till, kiosk.cashier, InvoiceQuery(text=typed))
        assert [row.invoice.id for row in listed] == rows
    # An order can be made with it, and then it tells which one.
    order = kiosk.sell(kiosk.cart(), "QGH7X2K9LM").orders[0]
    assert kiosk.verify("QGH7X2K9LM").orders == (order,)
    assert found.payment_id is not None
    receipt = text_of(render_receipt(kiosk.till, kiosk.cashier, pdf, found.payment_id))
    assert "M-Pesa receipt QGH7X2K9LM" in receipt
    assert events(kiosk, found.payment_id)["payment.money"]["receipt"] == "QGH7X2K9LM"
    with pytest.raises(DBAPIError, match="capture_set_once"), kiosk.till.db.write(kiosk.till.system) as uow:
        uow.execute(update(capture).values(receipt="QGH9999999"))


def test_money_without_it_counts_and_gets_it_once_somebody_tells(kiosk: Kiosk) -> None:
    found = kiosk.paid()
    assert found.payment_id is not None
    result = kiosk.verify(found.number)
    assert (result.success, result.receipt) == (True, "")
    assert "receipt" not in text_of(render_invoice_slip(kiosk.till, kiosk.cashier, pdf, result))
    assert "receipt" not in events(kiosk, found.payment_id)["payment.money"]
    for told, kept in ((None, None), ("QGH7X2K9LM", "QGH7X2K9LM"), ("QGH0000002", "QGH7X2K9LM"), (None, "QGH7X2K9LM")):
        for key, facts in kiosk.provider.checkouts.items():
            tries = tuple(replace(each, receipt=told) for each in facts.tries)
            kiosk.provider.checkouts[key] = replace(facts, tries=tries)
        assert sweep(kiosk.till, kiosk.provider)
        (money,) = kiosk.rows(capture)
        assert money.receipt == kept
    assert kiosk.verify("QGH7X2K9LM").success
    assert events(kiosk, found.payment_id)["payment.receipt"]["receipt"] == "QGH7X2K9LM"
    assert check_now(kiosk.till, kiosk.cashier, found.payment_id).captured_at is not None
