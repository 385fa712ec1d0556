"""Invoices and receipts: what they say, over several pages, in other scripts, and always the same bytes."""

from __future__ import annotations

import io
import logging
import os
import re
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256

import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.printing.papers import KAVERI, LINES, MEHTA, inr, invoice, line, receipt
from tillgate.domain.documents import Branding, Party
from tillgate.domain.money import LARGEST_MINOR
from tillgate.domain.orders import LineType
from tillgate.domain.payment import Mode
from tillgate.formats import format_money
from tillgate.ports import DocumentRenderer
from tillgate.printing import pdf
from tillgate.printing.paper import printable

RENDERER: DocumentRenderer = pdf  # the module keeps the port's promise
DIGESTS = """
from hashlib import sha256
from tests.printing.papers import invoice, receipt
from tillgate.printing import pdf
print(sha256(pdf.invoice_pdf(invoice(), "en")).hexdigest(), sha256(pdf.receipt_pdf(receipt(), "en")).hexdigest())
"""

# A refund is on credit notes only.
INVOICED = [kind for kind in LineType if kind is not LineType.REFUND]


def pages(content: bytes) -> list[str]:
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages]


def test_an_invoice_says_who_what_how_much_and_how_it_was_paid() -> None:
    (text,) = pages(RENDERER.invoice_pdf(invoice(mode=Mode.LIVE), "en"))
    for said in (
        *("Kaveri Camera Rentals", "14 Residency Road", "orders@kaveri.example", "29ABCDE1234F1Z5", "KC"),
        *("TRN-T1-000042", "22 Nov 2026", "Asha Rao", "asha@example.com", "ORD-20261121-7F3K"),
        *("SanDisk Extreme Pro 128 GB", "₹1,899.00", "₹3,798.00", "Rented", "₹6,450.00", "Deposit: Sony A7 IV body"),
        *("Refundable deposits", "Service fee", "GST 18%", "₹1,844.64", "₹32,141.64"),
        *("Paid through Razorpay · UPI", "pay_NkQ3bX9vZ1aBcD", "1:45", "Our payment 17"),
        *("Sold at Nilgiri Camera House", "Page 1 of 1", "Deposits are given back"),
    ):
        assert said in text, said
    assert "TRAINING" not in text
    assert "not a valid document" not in text


def test_a_credit_note_says_which_invoice_it_takes_back() -> None:
    taken = tuple(replace(each, unit_price=-each.unit_price, total=-each.total) for each in LINES)
    whole = invoice(mode=Mode.LIVE)
    note = replace(whole, number="CRN-T1-000007", lines=taken, total=-whole.total, reverses=whole.number)
    (text,) = pages(RENDERER.invoice_pdf(note, "en"))
    for said in ("Credit note", "CRN-T1-000007", f"Reverses invoice {whole.number}.", format_money(note.total, "en")):
        assert said in text, said
    for unsaid in ("Invoice date", "Paid through", "Deposits are given back"):
        assert unsaid not in text


@pytest.mark.parametrize(("mode", "word"), [(Mode.TRAINING, "TRAINING"), (Mode.TEST, "TEST")])
def test_what_is_not_real_says_so_on_every_page(mode: Mode, word: str) -> None:
    lines = tuple(line(LineType.SALE, f"Tripod {number}", 1, 100) for number in range(32))
    for text in pages(RENDERER.invoice_pdf(invoice(lines, mode=mode), "en")):
        assert word in text
        assert "no money moved" in text
    (roll,) = pages(RENDERER.receipt_pdf(receipt(mode=mode), "en"))
    assert word in roll


def test_a_long_table_goes_on_over_the_page_with_its_head_and_group_repeated() -> None:
    lines = tuple(
        line(kind, f"{kind.value} item {number} {'of a very long kind ' * (number % 11)}", number + 1, 1_000 + number)
        for kind in INVOICED
        for number in range(14)
    )
    found = pages(RENDERER.invoice_pdf(invoice(lines), "en"))
    assert len(found) == 5
    for number, text in enumerate(found, 1):
        assert f"Page {number} of 5" in text
        assert "Kaveri Camera Rentals" in text
        head = re.search(r"Description Quantity Unit price Amount\n(Sold|Rented|Refundable|Service|Tax)", text)
        assert (head is not None) == (re.search(r" item \d", text) is not None)
    everything = "\n".join(found)
    for entry in lines:
        name = re.match(r"\w+ item \d+", entry.description)
        assert name is not None
        assert len(re.findall(rf"{name[0]}\b", everything)) == 1
    # The total stands together with what it sums and how it was paid, on the last page only.
    assert [("Total" in text, "Paid through" in text) for text in found] == [(False, False)] * 4 + [(True, True)]


def test_devanagari_is_shaped_and_nothing_is_missing(caplog: pytest.LogCaptureFixture) -> None:
    content = RENDERER.invoice_pdf(invoice(vendor=MEHTA, customer=Party("क्षत्रिय वर्मा")), "en")
    fonts = {
        font.get_object()["/BaseFont"].partition("+")[2]
        for page in pypdf.PdfReader(io.BytesIO(content)).pages
        for font in page["/Resources"]["/Font"].values()  # type: ignore[index]
    }
    assert {"Inter", "InterSemiBold", "NotoSansDevanagari", "NotoSansDevanagariSemiBold"} <= fonts, fonts
    (text,) = pages(content)
    assert "मेहता" in text
    assert "\u25a1" not in text
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_what_no_typeface_has_becomes_a_box_and_what_hides_text_goes_away() -> None:
    drawable = set(range(0x20, 0x250)) | {0x25A1}
    assert printable("Café\u202e\u2066 東京 \x00\x1b[31m\tTea\r\nCup\u200b", drawable) == "Café □□ [31m Tea Cup"
    (text,) = pages(RENDERER.invoice_pdf(invoice(customer=Party("東京 \U0001f3a5 \u202eDrawde")), "en"))
    assert "□□ □ Drawde" in text


def test_a_receipt_lists_every_order_and_can_be_found_again() -> None:
    document = receipt(mode=Mode.LIVE)
    (text,) = pages(RENDERER.receipt_pdf(document, "en"))
    for said in (
        *("Nilgiri Camera House", "22 Nov 2026, 1:45", "Payment 17, till T1", "Asha Rao"),
        *("Kaveri Camera Rentals", "ORD-20261121-7F3K", "TRN-T1-000042", "21 Nov 2026 to 23 Nov 2026"),
        *("2 at ₹1,899.00 each", "₹20,000.00", "ORD-20261121-9QXA", "Subtotal", "₹31,019.46", "Razorpay · UPI"),
    ):
        assert said in text, said
    assert "COPY" not in text
    assert "COPY" in pages(RENDERER.receipt_pdf(receipt(copy=True), "en"))[0]
    assert document.lookup == "ORD-20261121-7F3K ORD-20261121-9QXA"
    assert replace(document, orders=()).lookup == "PAYMENT-17"


def test_a_receipt_is_as_long_as_it_needs_to_be() -> None:
    short, long = (
        pypdf.PdfReader(io.BytesIO(RENDERER.receipt_pdf(document, "en"))).pages[0].mediabox
        for document in (replace(receipt(), orders=receipt().orders[1:]), receipt())
    )
    assert round(short.width / 72 * 25.4) == round(long.width / 72 * 25.4) == 80
    assert 100 < short.height / 72 * 25.4 < long.height / 72 * 25.4 < 260


def test_the_same_document_gives_the_same_bytes_in_another_process() -> None:
    ours = [sha256(pdf.invoice_pdf(invoice(), "en")).hexdigest(), sha256(pdf.receipt_pdf(receipt(), "en")).hexdigest()]
    environment = os.environ | {"PYTHONHASHSEED": "4242", "TZ": "America/Bogota", "PYTHONPATH": "."}
    other = subprocess.run([sys.executable, "-c", DIGESTS], capture_output=True, text=True, check=True, env=environment)
    assert other.stdout.split() == ours
    assert sha256(pdf.invoice_pdf(invoice(mode=Mode.TEST), "en")).hexdigest() != ours[0]


def test_money_of_any_length_stays_in_its_column() -> None:
    big = (line(LineType.SALE, "Everything", 1, LARGEST_MINOR),)
    document = invoice(big, mode=Mode.LIVE)
    (text,) = pages(RENDERER.invoice_pdf(document, "en"))
    largest = format_money(document.total, "en")
    assert text.count(largest) == 4
    (text,) = pages(RENDERER.receipt_pdf(replace(receipt(), total=document.total), "en"))
    assert largest in text


@settings(max_examples=6)
@given(st.text(max_size=120), st.text(max_size=40))
def test_any_text_can_be_printed(description: str, name: str) -> None:
    document = invoice((line(LineType.SALE, description, 1, 100),), vendor=Branding(name), customer=Party(name))
    assert RENDERER.invoice_pdf(document, "en").startswith(b"%PDF-1.")


def test_branding_reads_on_its_colour_whatever_it_is() -> None:
    assert (KAVERI.color, KAVERI.ink, KAVERI.initials) == ("#0F766E", "#FFFFFF", "KC")
    assert (MEHTA.color, MEHTA.ink, MEHTA.initials) == ("#FDE047", "#0F172A", "मस")
    assert Branding("Solo").initials == "S"
    assert Branding("  (--) ").initials == ""
    for bad in ("", "red", "#12345", "#GGGGGG", "0F766E0", "#+1-2+3"):
        assert Branding("X", brand_color=bad).color == "#334155"


def test_totals_by_type_sum_to_the_invoice() -> None:
    document = invoice()
    assert [kind for kind, _ in document.totals] == INVOICED
    assert (
        sum(amount.minor for _, amount in document.totals)
        == document.total.minor
        == sum(entry.total.minor for entry in LINES)
    )
    assert dict(document.totals)[LineType.RENTAL] == inr(645_000)


@pytest.mark.parametrize("count", (25, 28))
def test_the_closing_never_stands_alone_under_an_empty_table(count: int) -> None:
    found = pages(
        RENDERER.invoice_pdf(invoice(tuple(line(LineType.SALE, "Cable", 1, 100) for _ in range(count))), "en")
    )
    assert sum(len(re.findall(r"\bCable\b", text)) for text in found) == count
    assert ["Unit price" in text for text in found] == ["Cable" in text for text in found]


@pytest.mark.parametrize(("language", "said"), [("es", "PRÁCTICA"), ("id", "Deposit yang dikembalikan")])
def test_longer_words_of_other_languages_are_not_cut(language: str, said: str) -> None:
    (text,) = pages(RENDERER.invoice_pdf(invoice(), language))
    assert said in text
    assert "\u2026" not in text
    assert "₹32.141,64" in text
