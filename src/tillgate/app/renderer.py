"""The PDF renderer, loaded with the first paper: its library costs more than the rest of the start."""

from __future__ import annotations

from tillgate.domain.documents import BatchSlip, FeeInvoice, InvoiceDocument, ReceiptDocument, VerificationSlip


class Renderer:
    """A DocumentRenderer that loads `printing.pdf` when it is first needed."""

    def invoice_pdf(self, document: InvoiceDocument, language: str) -> bytes:
        """A sales invoice on A4."""
        from tillgate.printing import pdf  # noqa: PLC0415

        return pdf.invoice_pdf(document, language)

    def fee_invoice_pdf(self, document: FeeInvoice, language: str) -> bytes:
        """A consultation's invoice on A4."""
        from tillgate.printing import pdf  # noqa: PLC0415

        return pdf.fee_invoice_pdf(document, language)

    def receipt_pdf(self, document: ReceiptDocument, language: str) -> bytes:
        """A receipt on an 80 mm roll."""
        from tillgate.printing import pdf  # noqa: PLC0415

        return pdf.receipt_pdf(document, language)

    def batch_slip_pdf(self, document: BatchSlip, language: str) -> bytes:
        """A batch's summary on an 80 mm roll."""
        from tillgate.printing import pdf  # noqa: PLC0415

        return pdf.batch_slip_pdf(document, language)

    def verification_slip_pdf(self, document: VerificationSlip, language: str) -> bytes:
        """A verification of a payment invoice on an 80 mm roll."""
        from tillgate.printing import pdf  # noqa: PLC0415

        return pdf.verification_slip_pdf(document, language)
