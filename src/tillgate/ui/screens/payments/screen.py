"""Payments: the list, and one payment's whole story with what may be done about it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from tillgate.domain.changes import Changes, Kind
from tillgate.domain.errors import MoneyMoved, TillgateError
from tillgate.domain.payment import Fulfilment, PaymentState, RefundState
from tillgate.domain.staff import Action
from tillgate.i18n import mark, tr
from tillgate.labels import provider_name
from tillgate.services.cancel import CancelResult, Ended, cancel
from tillgate.services.outbox import OutboxRecord, WorkState, retry_now, send_again
from tillgate.services.payment_details import PaymentDetails, load_details
from tillgate.services.payment_lists import Group, PaymentRow, list_payments, payment_key, summarize_payments
from tillgate.services.records import RefundRecord
from tillgate.services.settle import look_now
from tillgate.ui.message_text import MessageText, money_words
from tillgate.ui.one_at_a_time import OneAtATime
from tillgate.ui.screen import Screen
from tillgate.ui.screens.back_office import BackOffice, PaperSaver
from tillgate.ui.screens.checkout.stage_words import WORDS
from tillgate.ui.screens.checkout.stages import Stage
from tillgate.ui.screens.list_commands import ListCommands, Verb
from tillgate.ui.screens.payments.refund_dialog import RefundDialog
from tillgate.ui.screens.payments.rows import (
    CREATED,
    group_query,
    payment_columns,
    payment_filters,
    payment_query,
    table_summary,
)
from tillgate.ui.screens.payments.view import PaneActions, PaymentPane, PaymentsView
from tillgate.ui.theme import Tone
from tillgate.ui.widgets.data_table import DataTable, EmptyText, KeysetSource, Query, Sort, Summary
from tillgate.ui.widgets.dialog import Confirm

_RELOAD_MS: Final = 120
_SHOWN_KINDS: Final = frozenset({Kind.PAYMENT, Kind.REFUND, Kind.ORDER, Kind.INVOICE, Kind.EXCEPTION, Kind.OUTBOX})
# What stands on papers as a code: our reference, order and invoice numbers, the provider's ids.
_PAPER: Final = re.compile(r"TG[0-9A-F]{30}|[A-Z]{3}-[A-Z0-9]+-\d{1,9}|(pay|plink|order|rfnd)_\w{6,}", re.IGNORECASE)
_CHECKED: Final[dict[PaymentState, str]] = {
    PaymentState.CREATED: mark("{provider} has no money for it yet."),
    PaymentState.PENDING: mark("{provider} has no money for it yet."),
    PaymentState.PROCESSING: mark("{provider} says that the customer is paying."),
    PaymentState.CAPTURED: mark("{provider} has the money."),
}
# What became of a payment that was made just before it was to be cancelled.
_AFTERWARDS: Final = {
    Fulfilment.DONE: mark("The sale stands."),
    Fulfilment.REFUSED: WORDS[Stage.REFUNDING].what,
}
SCREEN: Final = "payments"
VERBS: Final = (
    Verb("check", mark("Check the payment now"), "refresh-cw", "Ctrl+R"),
    Verb("cancel", mark("Cancel the payment"), "ban", "Ctrl+Shift+X", Action.CANCEL_PAYMENT),
    Verb("print_receipt", mark("Print the receipt"), "printer", "Ctrl+Shift+P"),
    Verb("receipt", mark("Save the receipt"), "download", "Ctrl+S"),
    Verb("refund", mark("Refund the payment"), "undo-2", "F8"),
)


class PaymentsScreen(Screen):
    """`show_query`, `show_payment` and `show_pending` open it from elsewhere."""

    def __init__(self, office: BackOffice, providers: Sequence[str] = ()) -> None:
        super().__init__()
        self._office = office
        self.view = PaymentsView(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.view)
        source: KeysetSource[PaymentRow, tuple[Any, ...]] = KeysetSource(self._fetch, self._sum, self._key)
        self.table = DataTable(
            tr("Payments"),
            columns=payment_columns(),
            source=source,
            tasks=office.tasks,
            zone=office.zone,
            key=lambda row: row.id,
            filters=payment_filters(providers or tuple(office.till.providers)),
            details=self._details,
            detail_title=lambda row: tr("Payment {number}", number=row.id),
            empty=EmptyText(
                "credit-card", tr("No payments yet"), tr("A payment appears here as soon as somebody presses Pay.")
            ),
            sort=Sort(CREATED, descending=True),
            refresh_on={Kind.PAYMENT, Kind.REFUND, Kind.EXCEPTION},
            saved=office.views,
            export_name="payments",
            exportable=office.may(Action.EXPORT),
            before_export=office.before_export(self, "payments"),
            own_keys=False,
            parent=self.view,
        )
        self.commands = ListCommands(self, office.commands, SCREEN, self.table, VERBS)
        self._wanted: int | None = None
        self.table.loaded.connect(self._open_wanted)
        self.view.column.addWidget(self.table, 1)

    # From elsewhere

    def entered(self) -> None:
        """The focus goes to the list."""
        self.table.setFocus()

    def go_back(self) -> bool:
        """Esc: close the details."""
        was_open = not self.table.pane.isHidden()
        self.table.pane.close_pane()
        return was_open

    def scan(self, code: str) -> bool:
        """A receipt's or an invoice's code finds its payment; anything else is for the sale."""
        if _PAPER.fullmatch(code.strip()) is None:
            return False
        self.show_query(Query(text=code.strip()))
        return True

    def show_query(self, query: Query) -> None:
        """Show the payments of a query, the newest first unless it says otherwise."""
        self.table.set_query(query if query.sort else Query(query.text, Sort(CREATED, descending=True), query.filters))

    def show_pending(self) -> None:
        """Show what the status bar counts: payments and refunds whose money is not certain yet."""
        self.show_query(group_query(Group.UNDER_WAY))

    def show_payment(self, payment_id: int) -> None:
        """Show one payment with its details open."""
        self._wanted = payment_id
        self.show_query(Query(text=f"#{payment_id}"))

    @Slot()
    def _open_wanted(self) -> None:
        if self._wanted is not None and self.table.select_key(self._wanted):
            self._wanted = None

    # The list

    def _fetch(self, query: Query, after: tuple[Any, ...] | None, skip: int, limit: int) -> tuple[PaymentRow, ...]:
        office = self._office
        return list_payments(office.till, office.actor, payment_query(query), after=after, skip=skip, limit=limit)

    def _sum(self, query: Query) -> Summary:
        office = self._office
        return table_summary(office, summarize_payments(office.till, office.actor, payment_query(query)))

    @staticmethod
    def _key(query: Query, row: PaymentRow) -> tuple[Any, ...]:
        return payment_key(payment_query(query), row)

    def _details(self, row: PaymentRow) -> QWidget:
        made = OnePayment(self._office, row)
        self.commands.follow(made.pane.verbs)
        return made


class OnePayment(QWidget):
    """The details of a payment: read on the lane, again whenever something about payments changes."""

    def __init__(self, office: BackOffice, row: PaymentRow) -> None:
        super().__init__()
        self._office, self._id = office, row.id
        # The refund that the notice speaks of, while it is on its way.
        self._refund_told: int | None = None
        actions = PaneActions(
            check=self._check,
            cancel=self._ask_cancel,
            refund=self._ask_refund,
            print_receipt=self._print_receipt,
            receipt=self._save_receipt,
            invoice=self._save_invoice,
            credit_note=self._save_credit_note,
            again=self._again,
            exceptions=self._show_exceptions,
        )
        self.pane = PaymentPane(office, row, actions)
        self._papers = PaperSaver(office, self, self.pane.notice)
        self._guard = OneAtATime(office.tasks, self, self.pane.check, self.pane.cancel)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.pane)
        self._reload_timer = QTimer(self)
        self._reload_timer.setSingleShot(True)
        self._reload_timer.setInterval(_RELOAD_MS)
        self._reload_timer.timeout.connect(self.reload)
        office.tasks.watch(self, _SHOWN_KINDS, lambda _changes: self._reload_timer.start())
        self.reload()

    @Slot()
    def reload(self) -> None:
        """Read it again."""
        work: Callable[[], PaymentDetails] = partial(load_details, self._office.till, self._office.actor, self._id)
        self._office.tasks.run(self, work, self._show_details, self.pane.notice.show_error, label="payment")

    def _show_details(self, details: PaymentDetails) -> None:
        self.pane.show_details(details)
        self._end_refund_told(details)

    # What may be done

    def _check(self) -> None:
        self.pane.notice.say(Tone.ACCENT, tr("Asking {provider} …", provider=self._provider()))
        self._guard.run(self._check_and_look, self._checked, self._failed, label="check")

    def _check_and_look(self) -> tuple[PaymentDetails, bool]:
        """How it stands now, and whether the provider was heard of it, and believed, since the press."""
        office = self._office
        _, heard = look_now(office.till, office.actor, self._id)
        return load_details(office.till, office.actor, self._id), heard

    def _checked(self, found: tuple[PaymentDetails, bool]) -> None:
        details, heard = found
        # What is heard of a payment that stays as it is, no commit tells the lists.
        self._office.tasks.broadcast(Changes.of(Kind.PAYMENT))
        self._show_details(details)
        view, state = details.view, details.view.payment.state
        words = _CHECKED.get(state)
        if words is None or (view.waiting and view.captures):
            # What came and was not used for it stands above, with the way to Exceptions.
            self.pane.notice.clear()
        elif view.waiting and not heard and not view.unsent:
            what = tr("{provider} did not say whether it was paid.", provider=self._provider())
            text = MessageText(what, money_words(MoneyMoved.UNKNOWN), tr("The till keeps asking."))
            self.pane.notice.show_text(Tone.WAITING, text)
        else:
            tone = Tone.SETTLED if state is PaymentState.CAPTURED else Tone.ACCENT
            self.pane.notice.say(tone, tr(words, provider=self._provider()))

    def _ask_cancel(self) -> None:
        details = self.pane.details
        if details is not None:
            amount = self._office.money(details.view.payment.amount)
            Confirm(
                self,
                tr("Cancel the payment of {amount}?", amount=amount),
                tr(
                    "The checkout is closed at {provider}, and the customer can’t pay it any more.",
                    provider=self._provider(),
                ),
                verb=tr("Cancel the payment"),
                on_accept=self._cancel,
                icon="ban",
            ).open()

    def _cancel(self) -> None:
        work: Callable[[], CancelResult] = partial(cancel, self._office.till, self._office.actor, self._id)
        self._guard.run(work, self._cancelled, self._failed, label="cancel")

    def _cancelled(self, result: CancelResult) -> None:
        provider = self._provider()
        notice = self.pane.notice
        match result.ended:
            case Ended.CANCELLED:
                notice.say(Tone.SETTLED, tr("The payment is cancelled."), self._untouched())
            case Ended.PAID:
                made = result.payment.fulfilment is Fulfilment.DONE
                words = _AFTERWARDS.get(result.payment.fulfilment, WORDS[Stage.FINISHING].what)
                notice.say(Tone.SETTLED if made else Tone.WAITING, tr("It was paid a moment before."), tr(words))
            case Ended.CHECKING:
                notice.say(
                    Tone.WAITING,
                    tr("{provider} has not confirmed it yet.", provider=provider),
                    tr("The till keeps asking. Do not charge again."),
                )
        self.reload()

    def _ask_refund(self) -> None:
        details = self.pane.details
        if details is not None:
            dialog = RefundDialog(self, self._office, details, self._provider())
            dialog.refunded.connect(self._refunded)
            dialog.open()

    def _refunded(self, made: RefundRecord) -> None:
        self._refund_told = made.id
        self.pane.notice.say(
            Tone.SETTLED,
            tr("The refund of {amount} is on its way.", amount=self._office.money(made.amount)),
            tr("The till sends it by itself and keeps on until it is done."),
        )
        self.reload()

    def _end_refund_told(self, details: PaymentDetails) -> None:
        """What was said of a refund on its way ends with it."""
        made = next((each for each in details.view.refunds if each.id == self._refund_told), None)
        if made is None or made.state in (RefundState.PENDING, RefundState.SENT):
            return
        self._refund_told = None
        if made.state is RefundState.DONE:
            amount = self._office.money(made.amount)
            self.pane.notice.say(Tone.SETTLED, tr("The refund of {amount} is done.", amount=amount))
        else:
            self.pane.notice.clear()

    def _again(self, work: OutboxRecord) -> None:
        office = self._office
        doing = send_again if work.state(office.now()) is WorkState.DONE else retry_now
        office.tasks.run(
            self, partial(doing, office.till, office.actor, work.id), self._sent, self._failed, label="mail"
        )

    def _sent(self, _result: object) -> None:
        self.pane.notice.say(Tone.SETTLED, tr("It is sent in a moment."))
        self.reload()

    def _print_receipt(self) -> None:
        self._papers.print(self._office.print_receipt, self._id, tr("The receipt was sent to the printer."))

    def _save_receipt(self) -> None:
        self._papers.save(self._office.save_receipt, self._id)

    def _save_invoice(self, invoice_id: int) -> None:
        self._papers.save(self._office.save_invoice, invoice_id)

    def _save_credit_note(self, note_id: int) -> None:
        self._papers.save(self._office.save_credit_note, note_id)

    def _show_exceptions(self) -> None:
        if self._office.show_exceptions is not None:
            self._office.show_exceptions(Query(text=f"#{self._id}"))

    def _failed(self, error: TillgateError) -> None:
        self.pane.notice.show_error(error)
        self.reload()

    def _untouched(self) -> str:
        details = self.pane.details
        return "" if details is not None and details.view.captures else tr("No money moved.")

    def _provider(self) -> str:
        details = self.pane.details
        attempt = details.view.attempt if details is not None else None
        return provider_name(attempt.provider) if attempt is not None else tr("the provider")
