"""Exceptions: money and work that a manager settles, each with its evidence and what each choice does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from tillgate.domain.changes import Kind
from tillgate.domain.errors import TillgateError
from tillgate.domain.exceptions import ExceptionAction
from tillgate.domain.staff import Action
from tillgate.i18n import mark, tr
from tillgate.services.exception_lists import (
    Choice,
    ExceptionDetails,
    ExceptionRow,
    count_rows,
    exception_key,
    list_rows,
    load_exception_details,
)
from tillgate.ui.screen import Screen
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.exceptions.rows import OPENED, exception_columns, exception_filters, exception_query
from tillgate.ui.screens.exceptions.settle_dialog import SettleDialog
from tillgate.ui.screens.exceptions.view import PAYMENT, ExceptionPane, ExceptionsView
from tillgate.ui.screens.exceptions.words import KIND_WORDS
from tillgate.ui.screens.list_commands import ListCommands, Verb
from tillgate.ui.theme import Tone
from tillgate.ui.widgets.buttons import Button
from tillgate.ui.widgets.data_table import DataTable, EmptyText, KeysetSource, Query, Sort, Summary
from tillgate.ui.widgets.notices import InlineNotice

_RELOAD_MS: Final = 120
_CHANGES: Final = frozenset({Kind.EXCEPTION, Kind.PAYMENT, Kind.REFUND, Kind.OUTBOX})
_SAID: Final[dict[ExceptionAction, str]] = {
    ExceptionAction.APPLY: mark("{amount} is used for the sale. The orders are made."),
    ExceptionAction.REFUND: mark("{amount} is on its way back to the customer."),
    ExceptionAction.CREDIT: mark("{amount} is in the customer’s wallet."),
    ExceptionAction.RETRY: mark("It is tried again in a moment."),
    ExceptionAction.ACCEPT: mark("{amount} is in the books as given back."),
    ExceptionAction.CLOSE: mark("It is closed, with your reason."),
}
SCREEN: Final = "exceptions"
# The choices by the words of the domain.
VERBS: Final = (
    Verb(ExceptionAction.APPLY.value, mark("Apply the money to the sale"), "check", "Ctrl+Shift+A"),
    Verb(ExceptionAction.REFUND.value, mark("Refund the money"), "undo-2", "F8"),
    Verb(ExceptionAction.CREDIT.value, mark("Credit the money to the wallet"), "wallet", "Ctrl+Shift+W"),
    Verb(ExceptionAction.RETRY.value, mark("Try again"), "refresh-cw", "Ctrl+R"),
    Verb(ExceptionAction.ACCEPT.value, mark("Take in what the provider says"), "badge-check", "Ctrl+Shift+T"),
    Verb(ExceptionAction.CLOSE.value, mark("Close the exception"), "archive", "Ctrl+Shift+X"),
    Verb(PAYMENT, mark("Show the payment"), "credit-card", "Ctrl+P"),
)


class ExceptionsScreen(Screen):
    """`show_query` opens it from elsewhere."""

    def __init__(self, office: BackOffice) -> None:
        super().__init__()
        self._office = office
        self.view = ExceptionsView(self)
        self.notice = InlineNotice(closable=True, parent=self.view)
        source: KeysetSource[ExceptionRow, tuple[Any, ...]] = KeysetSource(
            self._fetch, self._sum, lambda _query, row: exception_key(row)
        )
        self.table = DataTable(
            tr("Exceptions"),
            columns=exception_columns(office),
            source=source,
            tasks=office.tasks,
            zone=office.zone,
            key=lambda row: row.id,
            filters=exception_filters(),
            details=lambda row: OneException(office, row, self._settled, self.commands.follow),
            detail_title=lambda row: KIND_WORDS[row.kind].status.text,
            empty=EmptyText(
                "circle-check",
                tr("Nothing to settle"),
                tr("Money that comes late, twice or wrong, and work that got stuck, would stand here."),
            ),
            sort=Sort(OPENED, descending=True),
            refresh_on=_CHANGES,
            saved=office.views,
            export_name="exceptions",
            exportable=office.may(Action.EXPORT),
            before_export=office.before_export(self, "exceptions"),
            own_keys=False,
            parent=self.view,
        )
        self.commands = ListCommands(self, office.commands, SCREEN, self.table, VERBS)
        self.view.column.addWidget(self.notice)
        self.view.column.addWidget(self.table, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.view)

    def entered(self) -> None:
        """The focus goes to the list."""
        self.table.setFocus()

    def left(self) -> None:
        """What was said is over."""
        self.notice.clear()

    def go_back(self) -> bool:
        """Esc: close the details."""
        was_open = not self.table.pane.isHidden()
        self.table.pane.close_pane()
        return was_open

    def show_query(self, query: Query) -> None:
        """Show the exceptions of a query, the newest first unless it says otherwise."""
        self.table.set_query(query if query.sort else Query(query.text, Sort(OPENED, descending=True), query.filters))

    def _fetch(self, query: Query, after: tuple[Any, ...] | None, skip: int, limit: int) -> tuple[ExceptionRow, ...]:
        office = self._office
        return list_rows(office.till, office.actor, exception_query(query), after=after, skip=skip, limit=limit)

    def _sum(self, query: Query) -> Summary:
        return Summary(count_rows(self._office.till, self._office.actor, exception_query(query)))

    def _settled(self, choice: Choice) -> None:
        amount = self._office.money(choice.amount) if choice.amount is not None else ""
        self.notice.say(Tone.SETTLED, tr(_SAID[choice.action], amount=amount))
        self.table.pane.close_pane()
        self.table.refresh()


class OneException(QWidget):
    """The details of an exception: read on the lane, again whenever something about it changes."""

    def __init__(
        self,
        office: BackOffice,
        row: ExceptionRow,
        settled: Callable[[Choice], object],
        follow: Callable[[Mapping[str, Button]], object],
    ) -> None:
        super().__init__()
        self._follow = follow
        self._office, self._row, self._settled = office, row, settled
        self.pane = ExceptionPane(office, row, self._ask, self._show_payment)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.pane)
        self._reload_timer = QTimer(self)
        self._reload_timer.setSingleShot(True)
        self._reload_timer.setInterval(_RELOAD_MS)
        self._reload_timer.timeout.connect(self.reload)
        office.tasks.watch(self, _CHANGES, lambda _changes: self._reload_timer.start())
        follow(self.pane.verbs)
        self.reload()

    @Slot()
    def reload(self) -> None:
        """Read it again."""
        work: Callable[[], ExceptionDetails] = partial(
            load_exception_details, self._office.till, self._office.actor, self._row.id
        )
        self._office.tasks.run(self, work, self._show, self._failed, label="exception")

    def _show(self, details: ExceptionDetails) -> None:
        self.pane.show_details(details)
        self._follow(self.pane.verbs)

    def _ask(self, choice: Choice) -> None:
        if self.pane.details is not None:
            dialog = SettleDialog(self, self._office, self.pane.details, choice)
            dialog.settled.connect(self._settled)
            dialog.finished.connect(lambda _result: self._reload_timer.start())
            dialog.open()

    def _show_payment(self) -> None:
        if self._office.show_payment is not None and self._row.payment_id is not None:
            self._office.show_payment(self._row.payment_id)

    def _failed(self, error: TillgateError) -> None:
        self.pane.notice.show_error(error)
