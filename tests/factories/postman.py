"""Mails that are kept instead of sent, and what a reader sees of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

from tillgate.domain.documents import BatchSlip, FeeInvoice, InvoiceDocument, ReceiptDocument, VerificationSlip
from tillgate.ports import EmailMessage
from tillgate.store.unit_of_work import in_transaction


@dataclass
class Postman:
    """A notifier that keeps what it is given, and a renderer that says what it rendered."""

    sent: list[EmailMessage] = field(default_factory=list)
    tried: list[EmailMessage] = field(default_factory=list)
    failure: Exception | None = None

    def send(self, message: EmailMessage) -> None:
        assert not in_transaction()
        self.tried.append(message)
        if self.failure is not None:
            raise self.failure
        self.sent.append(message)

    def invoice_pdf(self, document: InvoiceDocument, language: str) -> bytes:
        assert not in_transaction()
        return f"%PDF {document.number} {language}".encode()

    def fee_invoice_pdf(self, document: FeeInvoice, language: str) -> bytes:
        assert not in_transaction()
        return f"%PDF {document.number} {document.state} {language}".encode()

    def receipt_pdf(self, document: ReceiptDocument, language: str) -> bytes:
        raise AssertionError("no receipt goes by mail")

    def batch_slip_pdf(self, document: BatchSlip, language: str) -> bytes:
        raise NotImplementedError("no mail carries a batch's slip")

    def verification_slip_pdf(self, document: VerificationSlip, language: str) -> bytes:
        raise NotImplementedError("no mail carries a verification's slip")

    def to(self, address: str) -> EmailMessage:
        (found,) = [message for message in self.sent if message.to == address]
        return found


class Page(HTMLParser):
    """A page's text and tags; it must close what it opens."""

    VOID = frozenset({"meta", "br"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.said: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.said.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.said).split())
