"""The parts of a payment's details: money, orders, mails, story and the talk with the provider."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from tillgate.domain.exceptions import CaptureDisposition
from tillgate.domain.payment import AttemptState, RefundState
from tillgate.i18n import mark, tr
from tillgate.labels import provider_name
from tillgate.services.credit_notes import CreditNoteRecord
from tillgate.services.outbox import OutboxRecord, WorkState
from tillgate.services.payment_details import OrderLine, PaymentDetails
from tillgate.services.records import AttemptRecord, CaptureRecord, RefundRecord
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.checkout.order_cards import ORDER_STATUS
from tillgate.ui.screens.payments.story import OUTCOMES, Line
from tillgate.ui.screens.work_words import work_status, work_title
from tillgate.ui.theme import Tone
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.facts import Facts
from tillgate.ui.widgets.labels import ElidedLabel, IconLabel, plain_label
from tillgate.ui.widgets.status_badge import Status, StatusBadge

REFUND_STATUS: Final[dict[RefundState, Status]] = {
    RefundState.PENDING: Status(Tone.WAITING, "clock", mark("To be sent")),
    RefundState.SENT: Status(Tone.WAITING, "undo-2", mark("On its way")),
    RefundState.DONE: Status(Tone.SETTLED, "circle-check", mark("Given back")),
    RefundState.FAILED: Status(Tone.FAILED, "circle-x", mark("Refused")),
    RefundState.PARKED: Status(Tone.WAITING, "triangle-alert", mark("No answer")),
}
CAPTURE_STATUS: Final[dict[CaptureDisposition, Status]] = {
    CaptureDisposition.APPLIED: Status(Tone.SETTLED, "circle-check", mark("Used")),
    CaptureDisposition.ON_EXCEPTIONS: Status(Tone.WAITING, "triangle-alert", mark("On Exceptions")),
    CaptureDisposition.REFUNDING: Status(Tone.WAITING, "undo-2", mark("Going back")),
    CaptureDisposition.REFUNDED: Status(Tone.NEUTRAL, "corner-up-left", mark("Given back")),
    CaptureDisposition.CREDITED: Status(Tone.NEUTRAL, "wallet", mark("Credited")),
    CaptureDisposition.CLOSED: Status(Tone.DRAFT, "archive", mark("Left as it is")),
}
_CALLS: Final = {
    "create": mark("Open the checkout"),
    "fetch": mark("Look at the checkout"),
    "cancel": mark("Cancel the checkout"),
    "capture": mark("Take the money"),
    "refund": mark("Refund"),
}
_ATTEMPTS: Final = {
    AttemptState.PLANNED: mark("Not sent"),
    AttemptState.OPEN: mark("Open"),
    AttemptState.PROCESSING: mark("Being paid"),
    AttemptState.CAPTURED: mark("Paid"),
    AttemptState.FAILED: mark("Failed"),
    AttemptState.EXPIRED: mark("Expired"),
    AttemptState.CANCELLED: mark("Cancelled"),
}
_TONES: Final = {Tone.NEUTRAL: "muted", Tone.DRAFT: "faint", Tone.ACCENT: "accent_text"}


def card(*, spacing: int = 4) -> tuple[QFrame, QVBoxLayout]:
    """A box for one thing among several."""
    box = QFrame()
    box.setProperty("surface", "sunken")
    column = QVBoxLayout(box)
    column.setContentsMargins(12, 10, 12, 10)
    column.setSpacing(spacing)
    return box, column


def headed(title: str, amount: str, status: Status) -> QGridLayout:
    """A card's first lines: how much and how it stands, then what it is."""
    grid = QGridLayout()
    grid.setHorizontalSpacing(8)
    grid.setVerticalSpacing(2)
    grid.setColumnStretch(0, 1)
    grid.addWidget(plain_label(amount, "strong"), 0, 0)
    grid.addWidget(StatusBadge(status), 0, 1)
    grid.addWidget(ElidedLabel(title, tone="muted"), 1, 0, 1, 2)
    return grid


def capture_card(office: BackOffice, found: CaptureRecord) -> QWidget:
    """Money that came."""
    box, column = card()
    amount = office.money(found.amount)
    status = CAPTURE_STATUS[found.disposition]
    column.addLayout(headed(tr("came in"), amount, status))
    column.addWidget(plain_label(found.provider_ref, "caption", selectable=True))
    if found.receipt:
        receipt = tr("M-Pesa receipt {number}", number=found.receipt)
        column.addWidget(plain_label(receipt, "caption", selectable=True))
    column.addWidget(plain_label(office.instant(found.seen_at), "caption"))
    box.setAccessibleName(tr("{amount} came in. {status}", amount=amount, status=status.text))
    return box


def refund_card(office: BackOffice, details: PaymentDetails, found: RefundRecord) -> QWidget:
    """Money that goes back: why, by whom, and its steps."""
    box, column = card()
    amount = office.money(found.amount)
    status = REFUND_STATUS[found.state]
    column.addLayout(headed(tr("to the customer"), amount, status))
    column.addWidget(plain_label(_refund_reason(found), wrap=True))
    column.addWidget(plain_label(_asked_by(details, found), "caption", wrap=True))
    steps = [tr("Asked {at}", at=office.instant(found.created_at))]
    if found.sent_at is not None:
        steps.append(tr("sent {at}", at=office.instant(found.sent_at)))
    if found.ended_at is not None:
        done = found.state is RefundState.DONE
        at = office.instant(found.ended_at)
        steps.append(tr("given back {at}", at=at) if done else tr("ended {at}", at=at))
    column.addWidget(plain_label(" · ".join(steps), "caption", wrap=True))
    if found.provider_ref:
        column.addWidget(plain_label(found.provider_ref, "caption", selectable=True))
    if found.message:
        words = tr("{provider} says: {words}", provider=provider_name(found.provider), words=found.message)
        column.addWidget(plain_label(words, "caption", tone="waiting", wrap=True))
    box.setAccessibleName(tr("Refund of {amount}. {status}", amount=amount, status=status.text))
    return box


def _refund_reason(found: RefundRecord) -> str:
    if found.automatic:
        return tr("The orders could not be made.")
    if found.outside:
        return tr("Made on the provider’s own pages.")
    return tr("What came above the price.") if found.reason == "surplus" else found.reason


def _asked_by(details: PaymentDetails, found: RefundRecord) -> str:
    if found.requested_by is None:
        return tr("By the till itself")
    asked = details.people.get(f"staff:{found.requested_by}", "…")
    if found.approved_by is None:
        return tr("By {name}", name=asked)
    approver = details.people.get(f"staff:{found.approved_by}", "…")
    return tr("By {name}, approved by {manager}", name=asked, manager=approver)


def order_card(
    office: BackOffice, order: OrderLine, save: Callable[[int], object], save_note: Callable[[int], object]
) -> QWidget:
    """An order, its invoice and the credit notes that reverse it."""
    box, column = card()
    status = ORDER_STATUS[order.state]
    column.addLayout(headed(order.number, office.money(order.total), status))
    column.addWidget(ElidedLabel(order.vendor_name, "caption"))
    box.setAccessibleName(tr("Order {number}, {vendor}", number=order.number, vendor=order.vendor_name))
    if order.invoice_number is None:
        column.addWidget(plain_label(tr("The invoice is being made."), "caption"))
        return box
    shown, name = (
        tr("Invoice {number}", number=order.invoice_number),
        tr("Save invoice {number}", number=order.invoice_number),
    )
    saving = (
        partial(save, order.invoice_id) if office.save_invoice is not None and order.invoice_id is not None else None
    )
    column.addLayout(_paper_row(shown, name, saving))
    for note in order.credit_notes:
        column.addLayout(note_row(office, note, save_note))
    return box


def note_row(office: BackOffice, note: CreditNoteRecord, save: Callable[[int], object]) -> QHBoxLayout:
    """A credit note: its number, what it takes back, and saving it."""
    shown = tr("Credit note {number}, {amount}", number=note.number, amount=office.money(-note.amount))
    name = tr("Save credit note {number}", number=note.number)
    return _paper_row(shown, name, partial(save, note.id) if office.save_credit_note is not None else None)


def _paper_row(shown: str, name: str, saving: Callable[[], object] | None) -> QHBoxLayout:
    row = QHBoxLayout()
    row.addWidget(plain_label(shown, "caption", selectable=True), 1)
    if saving is not None:
        row.addWidget(Button(tone=ButtonTone.ICON, icon="download", name=name, on_click=saving))
    return row


def work_row(office: BackOffice, work: OutboxRecord, again: Callable[[OutboxRecord], object]) -> QWidget:
    """A mail or the invoices: what, how far, and doing it once more."""
    row = QWidget()
    line = QHBoxLayout(row)
    line.setContentsMargins(0, 0, 0, 0)
    line.setSpacing(8)
    state = work.state(office.now())
    title = work_title(work.dedupe_key)
    line.addWidget(ElidedLabel(title), 1)
    line.addWidget(StatusBadge(work_status(work, office.now())))
    verbs = {WorkState.DONE: tr("Send again"), WorkState.PARKED: tr("Try now"), WorkState.WAITING: tr("Try now")}
    repeatable = work.kind == "mail" or state is not WorkState.DONE
    button = Button(tone=ButtonTone.ICON, icon="send", name=tr("{verb}: {what}", verb=verbs.get(state, ""), what=title))
    button.clicked.connect(lambda _checked=False: again(work))
    button.setEnabled(repeatable and state in verbs)
    line.addWidget(button)
    return row


class Timeline(QWidget):
    """The story, a line an event, the newest first."""

    def __init__(self, office: BackOffice, lines: Sequence[Line]) -> None:
        super().__init__()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(1, 1)
        self.texts = [each.text for each in lines]
        for number, each in enumerate(lines):
            row = 2 * number
            icon = IconLabel(each.icon, _TONES.get(each.tone, each.tone.value), 16)
            grid.addWidget(icon, row, 0, 1, 1, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(plain_label(each.text, wrap=True), row, 1)
            told = tr("{at}, {who}", at=office.instant(each.at, seconds=True), who=each.who)
            caption = plain_label(told, "caption")
            caption.setContentsMargins(0, 0, 0, 8)
            grid.addWidget(caption, row + 1, 1)


def technical(office: BackOffice, details: PaymentDetails) -> QWidget:
    """For whoever looks into it: checkouts with their references, and every call to a provider."""
    page = QWidget()
    column = QVBoxLayout(page)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(14)
    for attempt in details.view.attempts:
        column.addWidget(_attempt(office, attempt))
    grid = QGridLayout()
    grid.setHorizontalSpacing(10)
    grid.setVerticalSpacing(4)
    grid.setColumnStretch(1, 1)
    for row, call in enumerate(details.calls):
        what = tr(_CALLS[call.kind]) if call.kind in _CALLS else call.kind
        outcome = tr(OUTCOMES[call.outcome]) if call.outcome in OUTCOMES else call.outcome
        facts = [outcome, str(call.http_status or ""), f"{call.elapsed_ms} ms" if call.elapsed_ms else ""]
        grid.addWidget(plain_label(office.instant(call.at, seconds=True), "caption"), row, 0)
        grid.addWidget(ElidedLabel(what, "caption"), row, 1)
        answer = plain_label(" · ".join(filter(None, facts)), "caption", selectable=True)
        grid.addWidget(answer, row, 2, Qt.AlignmentFlag.AlignRight)
    column.addLayout(grid)
    return page


def _attempt(office: BackOffice, attempt: AttemptRecord) -> QWidget:
    return Facts(
        [
            (tr("Checkout"), " · ".join((provider_name(attempt.provider), attempt.method))),
            (tr("State"), tr(_ATTEMPTS[attempt.state])),
            (tr("Reference"), attempt.reference),
            (tr("Provider’s number"), attempt.provider_id or ""),
            (tr("Account"), attempt.account),
            (tr("Address"), attempt.url or ""),
            (tr("Opened"), office.instant(attempt.created_at, seconds=True)),
            (tr("Open until"), office.instant(attempt.expires_at) if attempt.expires_at else ""),
            (tr("Ended"), office.instant(attempt.ended_at, seconds=True) if attempt.ended_at else ""),
            (tr("Looked up"), str(attempt.checks) if attempt.checks else ""),
        ]
    )
