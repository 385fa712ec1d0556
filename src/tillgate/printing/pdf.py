"""Documents as PDF files; this module is a DocumentRenderer."""

from __future__ import annotations

from tillgate.domain.documents import BatchSlip, FeeInvoice, InvoiceDocument, ReceiptDocument, VerificationSlip
from tillgate.i18n import words_of
from tillgate.printing.batch_roll import BatchRoll
from tillgate.printing.fee_sheet import FeeSheet
from tillgate.printing.invoice_sheet import InvoiceSheet
from tillgate.printing.receipt_roll import ReceiptRoll
from tillgate.printing.verification_roll import VerificationRoll


def invoice_pdf(document: InvoiceDocument, language: str) -> bytes:
    """A sales invoice on A4."""
    return InvoiceSheet(document, words_of(language)).draw()


def fee_invoice_pdf(document: FeeInvoice, language: str) -> bytes:
    """A consultation's invoice on A4."""
    return FeeSheet(document, words_of(language)).draw()


def receipt_pdf(document: ReceiptDocument, language: str) -> bytes:
    """A receipt on an 80 mm roll, as long as it needs to be."""
    return ReceiptRoll(document, words_of(language)).draw()


def batch_slip_pdf(document: BatchSlip, language: str) -> bytes:
    """A batch's summary on an 80 mm roll."""
    return BatchRoll(document, words_of(language)).draw()


def verification_slip_pdf(document: VerificationSlip, language: str) -> bytes:
    """A verification of a payment invoice on an 80 mm roll."""
    return VerificationRoll(document, words_of(language)).draw()
