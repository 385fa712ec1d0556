"""What customers, vendors and the administrator are told by mail, composed from ids when it is sent.

A payload is {"template", "payment_id"} with "order_id", "refund_id" or "reason" where the template needs it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection

from tillgate.domain.documents import Branding, FeeInvoice, InvoiceDocument, OrderLine, OrderSummary
from tillgate.domain.errors import Bug, Unavailable
from tillgate.domain.money import Money
from tillgate.domain.orders import LineType, OrderState
from tillgate.domain.settings import ADMIN_EMAIL, STORE_LANGUAGE, STORE_NAME
from tillgate.formats import format_money, written_day, written_instant
from tillgate.i18n import Words, mark, words_of
from tillgate.labels import GROUPS, mode_mark, mode_warning, paid_beyond, paid_through
from tillgate.ports import DocumentRenderer, EmailAttachment, EmailMessage, Notifier
from tillgate.services.consultation_rows import find_invoice_of
from tillgate.services.credit_notes import list_notes_of
from tillgate.services.customers import load_customer_in
from tillgate.services.device_rows import invoice_paid_by, load_device, load_device_invoice
from tillgate.services.fee_documents import fee_invoice
from tillgate.services.instalment_letters import due_context, instalment_context
from tillgate.services.invoices import find_invoice
from tillgate.services.link_notices import OVER, link_of
from tillgate.services.mail_pages import plain, render_mail
from tillgate.services.mail_subjects import subject_of
from tillgate.services.order_mails import WITHDRAWN, Told, told_of
from tillgate.services.outbox import CANCELLED, Later, OutboxRecord
from tillgate.services.papers import (
    came_on,
    credit_note_document,
    invoice_document,
    list_orders,
    load_order,
    paid_by,
    prompt_paid,
)
from tillgate.services.payment_rows import load_payment
from tillgate.services.payment_views import read_view
from tillgate.services.records import PaymentRecord, RefundRecord
from tillgate.services.refund_rows import list_refunds
from tillgate.services.till import Till
from tillgate.services.wallet_rows import load_move
from tillgate.store.unit_of_work import refuse_inside_transaction

# A confirmation takes its invoice along, but does not wait for it for ever.
INVOICE_WAIT: Final = timedelta(minutes=10)
_LOOK_AGAIN: Final = timedelta(seconds=5)
_WHILE_OFF: Final = timedelta(minutes=5)
NO_ADDRESS: Final = "no_address"
# Notes of a mail that is over and went to nobody.
UNSENT: Final = frozenset({NO_ADDRESS, OVER, WITHDRAWN, CANCELLED})
_STATES: Final = {
    OrderState.AUTO_APPROVED: mark("confirmed"),
    OrderState.PENDING_VENDOR_APPROVAL: mark("waiting for the seller’s approval"),
    OrderState.CANCELLED: mark("cancelled"),
}


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail that is composed but for the PDFs of its invoice and its credit notes."""

    template: str
    to: str
    context: Mapping[str, Any]
    invoice: InvoiceDocument | FeeInvoice | None = None
    notes: tuple[InvoiceDocument, ...] = ()


@dataclass(frozen=True, slots=True)
class MailWork:
    """Outbox work of kind "mail": composes one mail and hands it to the notifier."""

    notifier: Notifier
    renderer: DocumentRenderer

    def __call__(self, till: Till, row: OutboxRecord) -> str | Later:
        """Raises what the notifier raises; where mail is turned off the row waits, however long it takes."""
        with till.db.read() as reading:
            owner = load_payment(reading, int(row.payload["payment_id"]))
            letter = compose(till, reading, owner, row)
        if not isinstance(letter, Letter):
            return letter
        message = self._message(till, letter, _message_id(row, owner))
        refuse_inside_transaction()
        try:
            self.notifier.send(message)
        except Unavailable as error:
            if error.code == "mail_off":
                return Later(_WHILE_OFF, error.code)
            raise
        return ""

    def _message(self, till: Till, letter: Letter, message_id: str) -> EmailMessage:
        words = words_of(till.settings()[STORE_LANGUAGE])
        subject = subject_of(letter.template, letter.context, words)
        bodies = render_mail(letter.template, words, {**letter.context, "subject": subject})
        papers = (letter.invoice, *letter.notes)
        attachments = tuple(self._attached(paper) for paper in papers if paper is not None)
        return EmailMessage(message_id, letter.to, subject, bodies.text, bodies.html, attachments)

    def _attached(self, invoice: InvoiceDocument | FeeInvoice) -> EmailAttachment:
        if isinstance(invoice, FeeInvoice):
            content = self.renderer.fee_invoice_pdf(invoice, invoice.language)
        else:
            content = self.renderer.invoice_pdf(invoice, invoice.language)
        return EmailAttachment(f"{invoice.number}.pdf", "application/pdf", content)


def compose(till: Till, reading: Connection, owner: PaymentRecord, row: OutboxRecord) -> Letter | Later | str:
    """The letter, or Later while its invoice is not made yet, or a note where there is nobody to write to.

    Raises Bug("template_unknown").
    """
    template = str(row.payload["template"])
    maker = _MAKERS.get(template)
    if maker is None:
        raise Bug("template_unknown", template=template)
    return maker(_Desk(till, reading, owner, words_of(till.settings()[STORE_LANGUAGE])), template, row)


class _Desk:
    """What every letter about one payment has at hand."""

    def __init__(self, till: Till, reading: Connection, owner: PaymentRecord, words: Words) -> None:
        self.till = till
        self.reading = reading
        self.owner = owner
        self.words = words
        self.store = till.settings()[STORE_NAME] or "Tillgate"
        self.money: Callable[[Money], str] = partial(format_money, language=words.language)

    def context(self, brand: Branding | None = None) -> dict[str, Any]:
        """The values that every template has."""
        owner, words, tr = self.owner, self.words, self.words.tr
        paid = paid_by(self.reading, owner)
        when = paid.captured_at or owner.created_at
        prompt = prompt_paid(self.reading, owner)
        return {
            "brand": brand or Branding(self.store),
            "store": self.store,
            "till": owner.till_id,
            "mark": mode_mark(words, owner.mode),
            "warning": mode_warning(words, owner.mode),
            "payment_id": owner.id,
            "amount": came_on(self.reading, owner),
            "when": written_instant(when, words.language, owner.currency, self.till.zone),
            "paid_through": paid_through(words, paid),
            "reference": paid.reference,
            "greeting": tr("Hello {name},", name=plain(owner.payer_name)) if owner.payer_name else tr("Hello,"),
            "buyer": owner.payer_name or tr("Walk-in customer"),
            "buyer_contact": ", ".join(filter(None, (owner.payer_phone, owner.payer_email))),
            "money": self.money,
            "rented": self._rented,
            "state": lambda order: tr(_STATES[order.state]),
            "sums": self._sums,
            "beyond": paid_beyond(words, prompt) if prompt is not None else (),
        }

    def _rented(self, line: OrderLine) -> str:
        if line.start_on is None or line.end_on is None:
            return ""
        days = (line.start_on, line.end_on)
        first, last = (written_day(day, self.words.language, self.owner.currency) for day in days)
        if first == last:
            return self.words.tr("Rented on {day}", day=first)
        return self.words.tr("Rented from {first} to {last}", first=first, last=last)

    def _sums(self, order: OrderSummary) -> list[tuple[str, Money]]:
        sums = ((LineType.DEPOSIT, order.deposit), (LineType.FEE, order.fee), (LineType.TAX, order.tax))
        return [(self.words.tr(GROUPS[kind]), amount) for kind, amount in sums if amount]


def _to_customer(desk: _Desk, template: str, _row: OutboxRecord) -> Letter | str:
    if not desk.owner.payer_email:
        return NO_ADDRESS
    context = desk.context() | {"orders": list_orders(desk.reading, desk.owner.id)}
    return Letter(template, desk.owner.payer_email, context)


def _link(desk: _Desk, template: str, _row: OutboxRecord) -> Letter | str:
    """The address where to pay, unless it is over with that meanwhile."""
    view = read_view(desk.reading, desk.owner.id)
    attempt = link_of(view)
    if attempt is None:
        return OVER
    if not desk.owner.payer_email:
        return NO_ADDRESS
    return Letter(template, desk.owner.payer_email, desk.context() | {"url": view.url, "what": desk.owner.description})


def _to_admin(desk: _Desk, template: str, _row: OutboxRecord) -> Letter | str:
    address = desk.till.settings()[ADMIN_EMAIL]
    if not address:
        return NO_ADDRESS
    return Letter(template, address, desk.context() | {"orders": list_orders(desk.reading, desk.owner.id)})


def _order_context(desk: _Desk, row: OutboxRecord) -> dict[str, Any]:
    order = load_order(desk.reading, int(row.payload["order_id"]))
    contact = " \u00b7 ".join(filter(None, (order.vendor.name, order.vendor.phone, order.vendor.email)))
    approved = order.state is OrderState.AUTO_APPROVED
    return desk.context(order.vendor) | {"order": order, "approved": approved, "contact": contact}


def _confirmation(desk: _Desk, template: str, row: OutboxRecord) -> Letter | Later | str:
    if not desk.owner.payer_email:
        return NO_ADDRESS
    context = _order_context(desk, row)
    invoice = find_invoice(desk.reading, context["order"].id)
    if invoice is None and desk.till.clock.now() - row.created_at < INVOICE_WAIT:
        return Later(_LOOK_AGAIN, "waits_for_invoice")
    document = None if invoice is None else invoice_document(desk.reading, invoice.id)
    context["invoice_number"] = "" if invoice is None else invoice.number
    return Letter(template, desk.owner.payer_email, context, document)


def _to_vendor(desk: _Desk, template: str, row: OutboxRecord) -> Letter | str:
    context = _order_context(desk, row)
    if context["order"].state is OrderState.CANCELLED:
        return WITHDRAWN
    address = context["order"].vendor.email
    return Letter(template, address, context) if address else NO_ADDRESS


def _cancelled(desk: _Desk, template: str, row: OutboxRecord) -> Letter | Later | str:
    """To a vendor who knows of the order; nobody else needs it."""
    context = _order_context(desk, row)
    told = told_of(desk.reading, context["order"].id)
    if told is Told.NOT_YET:
        return Later(_LOOK_AGAIN, "waits_for_new_order")
    if told is Told.NO:
        return WITHDRAWN
    address = context["order"].vendor.email
    return Letter(template, address, context) if address else NO_ADDRESS


def _refund(desk: _Desk, template: str, row: OutboxRecord) -> Letter | str:
    admin = template.startswith("admin_")
    address = desk.till.settings()[ADMIN_EMAIL] if admin else desk.owner.payer_email
    if not address:
        return NO_ADDRESS
    meant = _meant_refund(desk, row)
    context = desk.context()
    context["refunded"] = meant.amount if meant else desk.owner.amount
    context["refund_reference"] = (meant.provider_ref if meant else None) or ""
    context["reason"] = str(row.payload.get("reason", ""))
    return Letter(template, address, context)


def _refund_done(desk: _Desk, template: str, row: OutboxRecord) -> Letter | Later | str:
    """With the credit notes that it made; they follow the invoices, which are waited for, but not for ever."""
    letter = _refund(desk, template, row)
    if isinstance(letter, str):
        return letter
    orders = list_orders(desk.reading, desk.owner.id)
    unmade = any(order.invoice_number is None for order in orders)
    if unmade and desk.till.clock.now() - row.created_at < INVOICE_WAIT:
        return Later(_LOOK_AGAIN, "waits_for_invoice")
    every = list_notes_of(desk.reading, [order.id for order in orders])
    notes = [note for note in every if note.refund_id == row.payload.get("refund_id")]
    papers = tuple(credit_note_document(desk.reading, note.id) for note in notes)
    return Letter(template, letter.to, {**letter.context, "notes": papers}, notes=papers)


def _meant_refund(desk: _Desk, row: OutboxRecord) -> RefundRecord | None:
    """The refund that the payload names, or else the one that the till started by itself."""
    wanted = row.payload.get("refund_id")
    refunds = list_refunds(desk.reading, desk.owner.id)
    return next((each for each in refunds if (each.id == wanted if wanted else each.automatic)), None)


def _fee_context(desk: _Desk, context: dict[str, Any]) -> FeeInvoice:
    """Adds what letters about a consultation's fee have; its invoice. Raises Bug("consultation_invoice_missing")."""
    record = find_invoice_of(desk.reading, desk.owner.id)
    if record is None:
        raise Bug("consultation_invoice_missing", payment=desk.owner.id)
    invoice = fee_invoice(desk.reading, record)
    clinic = invoice.clinic
    held_on = invoice.held_at.astimezone(invoice.zone).date()
    context |= {
        "brand": clinic,
        "contact": " \u00b7 ".join(filter(None, (clinic.name, clinic.phone, clinic.email))),
        "fee": invoice,
        "held_on": written_day(held_on, desk.words.language, desk.owner.currency),
    }
    return invoice


def _fee_paid(desk: _Desk, template: str, _row: OutboxRecord) -> Letter | str:
    if not desk.owner.payer_email:
        return NO_ADDRESS
    context = desk.context()
    invoice = _fee_context(desk, context)
    return Letter(template, desk.owner.payer_email, context, invoice)


def _fee_refund(desk: _Desk, template: str, row: OutboxRecord) -> Letter | str:
    letter = _refund(desk, template, row)
    if isinstance(letter, str):
        return letter
    context = dict(letter.context)
    invoice = _fee_context(desk, context)
    # A credit note goes along where there is one: money that never paid the fee has none.
    context["note"] = next((note for note in invoice.notes if note.refund_id == row.payload.get("refund_id")), None)
    return Letter(template, letter.to, context, invoice if context["note"] else None)


def _device_context(desk: _Desk) -> dict[str, Any]:
    """What letters about a device's invoice have. Raises Bug("device_invoice_missing")."""
    number = invoice_paid_by(desk.reading, desk.owner.id)
    if number is None:
        raise Bug("device_invoice_missing", payment=desk.owner.id)
    invoice = load_device_invoice(desk.reading, number)
    return {
        "invoice": invoice,
        "day": written_day(invoice.day, desk.words.language, invoice.currency),
        "device": load_device(desk.reading, invoice.device_id).name,
    }


def _device_paid(desk: _Desk, template: str, _row: OutboxRecord) -> Letter | str:
    if not desk.owner.payer_email:
        return NO_ADDRESS
    return Letter(template, desk.owner.payer_email, desk.context() | _device_context(desk))


def _device_refund(desk: _Desk, template: str, row: OutboxRecord) -> Letter | str:
    letter = _refund(desk, template, row)
    if isinstance(letter, str):
        return letter
    return Letter(template, letter.to, {**letter.context, **_device_context(desk)})


def _instalment_context(desk: _Desk) -> dict[str, Any]:
    language, currency = desk.words.language, desk.owner.currency
    return instalment_context(desk.reading, desk.owner, lambda day: written_day(day, language, currency))


def _instalments(desk: _Desk, template: str, _row: OutboxRecord) -> Letter | str:
    admin = template.startswith("admin_")
    address = desk.till.settings()[ADMIN_EMAIL] if admin else desk.owner.payer_email
    return Letter(template, address, desk.context() | _instalment_context(desk)) if address else NO_ADDRESS


def _reminder(desk: _Desk, template: str, row: OutboxRecord) -> Letter | str:
    """About what is due now; on another day than it was meant for it says nothing new."""
    today = desk.till.store_day(desk.till.clock.now())
    if row.payload["day"] != today.isoformat():
        return OVER
    whose = load_customer_in(desk.reading, int(row.payload["customer_id"]))
    language = desk.words.language
    due = due_context(desk.reading, whose.id, today, lambda day: written_day(day, language, desk.owner.currency))
    if not due["lines"]:
        return OVER
    greeting = desk.words.tr("Hello {name},", name=plain(whose.name))
    return Letter(template, whose.email, desk.context() | due | {"greeting": greeting}) if whose.email else NO_ADDRESS


def _instalments_refund(desk: _Desk, template: str, row: OutboxRecord) -> Letter | str:
    letter = _refund(desk, template, row)
    if isinstance(letter, str):
        return letter
    return Letter(template, letter.to, {**letter.context, **_instalment_context(desk)})


def _wallet_credited(desk: _Desk, template: str, row: OutboxRecord) -> Letter | str:
    """To whoever's wallet it is, at the address they have now."""
    made = load_move(desk.reading, int(row.payload["wallet_transaction_id"]))
    person = load_customer_in(desk.reading, made.customer_id)
    address = person.email or desk.owner.payer_email
    if not address:
        return NO_ADDRESS
    context = desk.context() | {
        "greeting": desk.words.tr("Hello {name},", name=plain(person.name)),
        "credited": made.amount,
        "balance": made.balance_after,
        "credited_for": made.kind.value,
    }
    return Letter(template, address, context)


_Maker = Callable[[_Desk, str, OutboxRecord], Letter | Later | str]
_MAKERS: Final[Mapping[str, _Maker]] = {
    "payment_link": _link,
    "payment_success": _to_customer,
    "order_confirmation": _confirmation,
    "new_order": _to_vendor,
    "order_cancelled": _cancelled,
    "admin_new_orders": _to_admin,
    "refund_started": _refund,
    "refund_done": _refund_done,
    "admin_refund_started": _refund,
    "fee_paid": _fee_paid,
    "fee_refund_started": _fee_refund,
    "fee_refunded": _fee_refund,
    "admin_fee_refund_started": _fee_refund,
    "wallet_credited": _wallet_credited,
    "instalment_orders": _instalments,
    "instalments_paid": _instalments,
    "instalments_due": _reminder,
    "admin_instalment_orders": _instalments,
    "instalments_refund_started": _instalments_refund,
    "instalments_refunded": _instalments_refund,
    "admin_instalments_refund_started": _instalments_refund,
    "device_paid": _device_paid,
    "device_refund_started": _device_refund,
    "device_refunded": _device_refund,
    "admin_device_refund_started": _device_refund,
}
TEMPLATES: Final = frozenset(_MAKERS)


def _message_id(row: OutboxRecord, owner: PaymentRecord) -> str:
    """The same for every try of a mail, and of no other store's: a repeat can be told."""
    own = hashlib.sha256(f"{row.dedupe_key}\n{owner.idem_key}".encode()).hexdigest()[:20]
    return f"<outbox-{row.id}-{own}@tillgate>"
