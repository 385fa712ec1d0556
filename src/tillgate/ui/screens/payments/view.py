"""The widgets of the payments: a heading over the list, and the pane with one payment's whole story."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from tillgate.domain.documents import PaidBy
from tillgate.domain.exceptions import ExceptionKind
from tillgate.domain.money import Money
from tillgate.domain.payment import PaymentState
from tillgate.domain.staff import Action
from tillgate.i18n import active_language, tr, words_of
from tillgate.labels import paid_through
from tillgate.services.outbox import OutboxRecord
from tillgate.services.payment_details import PaymentDetails
from tillgate.services.payment_lists import PaymentRow
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.checkout.amounts import BigAmount
from tillgate.ui.screens.checkout.stage_words import WORDS, Words, provider_of, reason_of
from tillgate.ui.screens.checkout.stages import Stage, stage_of
from tillgate.ui.screens.exceptions.words import KIND_WORDS
from tillgate.ui.screens.payments.parts import (
    Timeline,
    capture_card,
    order_card,
    refund_card,
    technical,
    work_row,
)
from tillgate.ui.screens.payments.rows import row_status
from tillgate.ui.screens.payments.story import story_lines
from tillgate.ui.theme import Tone
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.facts import Disclosure, Facts, Section
from tillgate.ui.widgets.flow import FlowLayout
from tillgate.ui.widgets.labels import plain_label, set_text
from tillgate.ui.widgets.notices import InlineNotice, NoticeAction
from tillgate.ui.widgets.side_pane import lay_out_now
from tillgate.ui.widgets.status_badge import LATE, StatusBadge, payment_status

# The stages whose words are about a sale at the till; of a payment in the books the state says enough.
_QUIET = frozenset({Stage.PAID, Stage.CREATING})
# A manager has to settle it: the notice about Exceptions says what happened.
_UNSETTLED = frozenset({Stage.MISMATCHED, Stage.LATE, Stage.REFUND_STUCK})


class PaymentsView(QWidget):
    """A heading and room for the list."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(20, 18, 20, 14)
        self.column.setSpacing(12)
        self.column.addWidget(plain_label(tr("Payments"), "heading"))


@dataclass(frozen=True, slots=True)
class PaneActions:
    """What a press in the pane does."""

    check: Callable[[], object]
    cancel: Callable[[], object]
    refund: Callable[[], object]
    print_receipt: Callable[[], object]
    receipt: Callable[[], object]
    invoice: Callable[[int], object]
    credit_note: Callable[[int], object]
    again: Callable[[OutboxRecord], object]
    exceptions: Callable[[], object]


class PaymentPane(QWidget):
    """One payment. The row's own facts stand at once; the rest comes with `show_details`."""

    def __init__(self, office: BackOffice, row: PaymentRow, actions: PaneActions) -> None:
        super().__init__()
        self._office, self._actions = office, actions
        self.details: PaymentDetails | None = None
        self.amount = BigAmount("amount")
        self.amount.show_text(office.money(row.amount))
        self.status = StatusBadge(row_status(row))
        self.late = StatusBadge(LATE)
        self.late.setVisible(row.late and not row.exceptions)
        self.told = plain_label(role="body", wrap=True)
        self.notice = InlineNotice(closable=True)
        self.alert = InlineNotice()
        self.check = Button(tr("Check now"), icon="refresh-cw", on_click=actions.check)
        self.cancel = Button(tr("Cancel payment"), icon="ban", on_click=actions.cancel)
        self.refund = Button(tr("Refund…"), tone=ButtonTone.DESTRUCTIVE, icon="undo-2", on_click=actions.refund)
        self.print = Button(tr("Print receipt"), icon="printer", on_click=actions.print_receipt)
        self.receipt = Button(tr("Save receipt"), icon="download", on_click=actions.receipt)
        # By the commands that press them.
        self.verbs = {
            "check": self.check,
            "cancel": self.cancel,
            "print_receipt": self.print,
            "receipt": self.receipt,
            "refund": self.refund,
        }
        for verb, button in self.verbs.items():
            button.show_hint(office.hint(f"payments.{verb}"))
        self.timeline: Timeline | None = None
        self._body: QWidget | None = None
        self._technical_open = False
        self._lay_out()

    def _lay_out(self) -> None:
        badges = QVBoxLayout()
        badges.setSpacing(4)
        for badge in (self.status, self.late):
            badges.addWidget(badge, 0, Qt.AlignmentFlag.AlignRight)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.amount, 1)
        head.addLayout(badges)
        verbs = FlowLayout()
        for button in self.verbs.values():
            button.hide()
            verbs.addWidget(button)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(12)
        self._column.addLayout(head)
        self.told.hide()
        for widget in (self.told, self.notice, self.alert):
            self._column.addWidget(widget)
        self._column.addLayout(verbs)
        self._column.addStretch(1)

    def show_details(self, details: PaymentDetails) -> None:
        """Show the payment as it was read."""
        if details == self.details:
            return
        self.details = details
        self._show_head(details)
        self._show_alert(details)
        self._show_verbs(details)
        if self._body is not None:
            self._body.hide()
            self._body.deleteLater()
        self._body = self._make_body(details)
        self._column.insertWidget(self._column.count() - 1, self._body)
        self._body.show()
        lay_out_now()

    def _show_head(self, details: PaymentDetails) -> None:
        view = details.view
        stage = stage_of(view)
        words = WORDS[stage]
        unsettled = stage in _UNSETTLED
        self.status.show_status(words.status if unsettled else payment_status(view.payment.state, unsure=view.checking))
        self.late.setVisible(bool(view.payment.late) and stage is not Stage.LATE)
        told = "" if stage in _QUIET or unsettled else self._told(words, details)
        set_text(self.told, told)
        self.told.setVisible(bool(told))

    def _told(self, words: Words, details: PaymentDetails) -> str:
        view = details.view
        amount = self._office.money(view.payment.amount)
        reason = reason_of(view)
        back = sum(each.refunded_minor for each in view.captures if each.main)
        values = {
            "provider": provider_of(view),
            "amount": amount,
            "refund": self._office.money(Money(back, view.payment.currency)),
        }
        sentences = (tr(words.what, **values), reason, tr(words.money, **values) if words.money else "")
        return " ".join(filter(None, sentences))

    def _show_alert(self, details: PaymentDetails) -> None:
        opened = [each for each in details.exceptions if each.closed_at is None]
        if not opened:
            self.alert.clear()
            return
        kinds = ", ".join(dict.fromkeys(KIND_WORDS[each.kind].status.text for each in opened))
        office, stage = self._office, stage_of(details.view)
        told = self._told(WORDS[stage], details) if stage in _UNSETTLED else tr("A manager settles it there.")
        go = NoticeAction(tr("Show on Exceptions"), self._actions.exceptions, "arrow-right")
        can_go = office.show_exceptions is not None and office.may(Action.VIEW_EXCEPTIONS)
        text = tr("On Exceptions: {kinds}", kinds=kinds)
        self.alert.say(Tone.WAITING, text, told, [go] if can_go else [])

    def _show_verbs(self, details: PaymentDetails) -> None:
        view = details.view
        self.check.setVisible(view.waiting)
        self.cancel.setVisible(view.waiting)
        self.print.setVisible(details.has_receipt and self._office.print_receipt is not None)
        self.receipt.setVisible(details.has_receipt and self._office.save_receipt is not None)
        self.refund.setVisible(_may_refund(details))

    def _make_body(self, details: PaymentDetails) -> QWidget:
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(16)
        for section in self._sections(details):
            column.addWidget(section)
        return body

    def _sections(self, details: PaymentDetails) -> Sequence[QWidget]:
        office, view = self._office, details.view
        made: list[QWidget] = [self._facts(details)]
        if view.refunds:
            cards = [refund_card(office, details, each) for each in reversed(view.refunds)]
            made.append(_section(tr("Refunds"), cards))
        if len(view.captures) > 1 or (view.captures and not view.captures[0].main):
            made.append(_section(tr("Money that came"), [capture_card(office, each) for each in view.captures]))
        if details.orders:
            cards = [
                order_card(office, each, self._actions.invoice, self._actions.credit_note) for each in details.orders
            ]
            made.append(_section(tr("Orders"), cards))
        if details.work:
            rows = [work_row(office, each, self._actions.again) for each in details.work]
            made.append(_section(tr("Mails and papers"), rows, spacing=4))
        self.timeline = Timeline(office, story_lines(office, details))
        made.append(_section(tr("What happened"), [self.timeline]))
        made.append(Disclosure(tr("Technical details"), partial(technical, office, details)))
        return made

    def _facts(self, details: PaymentDetails) -> Facts:
        office, view = self._office, details.view
        owner = view.payment
        main = next((each for each in view.captures if each.main), None)
        provider = main.provider if main else (view.attempt.provider if view.attempt else "")
        paid = PaidBy(provider, main.method if main else None, main.provider_ref if main else "", owner.captured_at)
        attempt = view.attempt
        return Facts(
            [
                (tr("Customer"), owner.payer_name or details.customer_name or tr("Walk-in")),
                (tr("Phone"), owner.payer_phone),
                (tr("E-mail"), owner.payer_email),
                (tr("Through"), paid_through(words_of(active_language()), paid)),
                (tr("Provider’s number"), paid.reference),
                (tr("M-Pesa receipt"), main.receipt or "" if main else ""),
                (tr("Our reference"), attempt.reference if attempt else ""),
                (tr("Started"), office.instant(owner.created_at)),
                (tr("Paid"), office.instant(owner.captured_at) if owner.captured_at else ""),
                (tr("Taken by"), details.people.get(f"staff:{owner.created_by}", "")),
                (tr("Till"), owner.till_id),
            ]
        )


def _section(title: str, parts: Sequence[QWidget], *, spacing: int = 8) -> Section:
    made = Section(title, spacing=spacing)
    for part in parts:
        made.add(part)
    return made


def _may_refund(details: PaymentDetails) -> bool:
    """Money that stands on Exceptions is given back there, with what holds it."""
    held = {ExceptionKind.LATE, ExceptionKind.REFUND_FAILED}
    state = details.view.payment.state
    able = state in (PaymentState.CAPTURED, PaymentState.PARTIALLY_REFUNDED, PaymentState.REFUND_PENDING)
    return able and details.refundable is not None and held.isdisjoint(details.view.open_exceptions)
