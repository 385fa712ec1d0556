"""Figures: payments, and payment invoices by phone, over some days; every number opens its rows."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Final

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from tillgate.domain.changes import Kind
from tillgate.domain.errors import Invalid
from tillgate.domain.staff import Action
from tillgate.formats import format_day
from tillgate.i18n import mark, tr
from tillgate.services.metric_reads import MOST_DAYS
from tillgate.ui.screen import Screen
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.list_commands import EXPORT, SEARCH, Verb, commands_of
from tillgate.ui.screens.metrics.head import FiguresHead
from tillgate.ui.screens.metrics.invoices_page import InvoicesPage
from tillgate.ui.screens.metrics.page import FiguresPage
from tillgate.ui.screens.metrics.payments_page import PaymentsPage
from tillgate.ui.screens.metrics.rows_page import Rows, RowsPage
from tillgate.ui.widgets.data_table import DayRange, Preset, preset_range
from tillgate.ui.widgets.data_table.exporting import AskPath, Exporting
from tillgate.ui.widgets.date_range import DateRangeField
from tillgate.ui.widgets.dialog import Dialog
from tillgate.ui.widgets.notices import InlineNotice

# A busy till changes something every second; the figures are looked at, not watched.
_REFRESH_MS: Final = 2_000
_CHANGES: Final = frozenset({Kind.PAYMENT, Kind.REFUND, Kind.ORDER, Kind.INVOICE, Kind.EXCEPTION})
SCREEN: Final = "metrics"
PAYMENTS: Final = "payments"
INVOICES: Final = "invoices"
_PAGES: Final = {PAYMENTS: mark("Payments"), INVOICES: mark("Payment invoices")}
VERBS: Final = (
    Verb("refresh", mark("Read the figures again"), "refresh-cw", "Ctrl+R"),
    Verb(PAYMENTS, mark("Show the figures of payments"), "credit-card", "Ctrl+1"),
    Verb(INVOICES, mark("Show the figures of payment invoices"), "smartphone", "Ctrl+2"),
    Verb(SEARCH, mark("Search the rows of a figure"), "search", "Ctrl+F"),
    Verb(EXPORT, mark("Export the figures as CSV"), "download", "Ctrl+E", Action.EXPORT),
)


class MetricsScreen(Screen):
    """The last seven days of payments at first. It reads only while it is in front."""

    def __init__(self, office: BackOffice, *, ask_path: AskPath | None = None) -> None:
        super().__init__()
        self._office, self._ask_path = office, ask_path
        self._days = preset_range(Preset.LAST_7, office.today())
        self._front = False
        self._chosen = PAYMENTS
        self.notice = InlineNotice(closable=True)
        self.head = FiguresHead(_PAGES)
        self.payments = PaymentsPage(office, self.notice)
        self.invoices = InvoicesPage(office, self.notice, self._open_rows)
        self._pages: dict[str, FiguresPage] = {PAYMENTS: self.payments, INVOICES: self.invoices}
        # Made when rows are first asked for.
        self.rows: RowsPage | None = None
        self._exports = {key: self._exporting(page) for key, page in self._pages.items()}
        office.commands.add_all(commands_of(SCREEN, VERBS, self._do))
        self._lay_out()
        self._connect()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_REFRESH_MS)
        self._timer.timeout.connect(self.refresh)
        office.tasks.watch(self, _CHANGES, lambda _changes: self._changed())
        self._show_heads()

    def _lay_out(self) -> None:
        self._figures = QWidget()
        top = QVBoxLayout()
        top.setContentsMargins(20, 18, 20, 0)
        top.setSpacing(10)
        top.addWidget(self.head)
        top.addWidget(self.notice)
        self._stack = QStackedWidget()
        for page in self._pages.values():
            self._stack.addWidget(page)
        column = QVBoxLayout(self._figures)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addLayout(top)
        column.addWidget(self._stack, 1)
        self._whole = QStackedWidget()
        self._whole.addWidget(self._figures)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._whole)

    def _connect(self) -> None:
        for key, chip in self.head.pages.items():
            chip.clicked.connect(partial(self._press_page, key))
        for preset, chip in self.head.chips.items():
            chip.clicked.connect(partial(self._choose, preset))
        self.head.custom.clicked.connect(self._ask_days)
        self.head.export.clicked.connect(self._export)
        self.head.export.setVisible(self._office.may(Action.EXPORT))

    def _exporting(self, page: FiguresPage) -> Exporting:
        return Exporting(
            self,
            self.notice,
            self._office.tasks,
            page.exporting,
            file_name=page.file_name,
            before=self._office.before_export(self, "figures"),
            ask_path=self._ask_path,
        )

    def _do(self, verb: str) -> None:
        if verb in self._pages:
            self.show_page(verb)
        elif self.rows is not None and self.in_rows:
            self.rows.do(verb)
        elif verb == EXPORT:
            self._export()
        elif verb != SEARCH:
            self.refresh()

    # When to read

    def entered(self) -> None:
        """Read the figures as they are now; the days move with the calendar."""
        self._front = True
        if self._days.preset is not None:
            self._days = preset_range(self._days.preset, self._office.today())
        self._take_focus()
        self.refresh()

    def left(self) -> None:
        """Nothing is read while nobody looks."""
        self._front = False
        self._timer.stop()

    def go_back(self) -> bool:
        """Esc: from the rows to the figures that opened them."""
        if self.rows is None or not self.in_rows:
            return False
        if not self.rows.go_back():
            self._close_rows()
        return True

    def _changed(self) -> None:
        if self._front and not self._timer.isActive():
            self._timer.start()

    @Slot()
    def refresh(self) -> None:
        """Read the figures of the days in use; rows that are in front read themselves."""
        self._show_heads()
        if not self.in_rows:
            self._pages[self._chosen].read(*self._range(), self._days)

    def show_days(self, days: DayRange) -> None:
        """Look at other days."""
        self._days = days
        self.refresh()

    def show_page(self, key: str) -> None:
        """Show the figures of payments, or of payment invoices, over the same days."""
        self._chosen = key
        self._stack.setCurrentWidget(self._pages[key])
        self._whole.setCurrentWidget(self._figures)
        if self._front:
            self._take_focus()
        self.refresh()

    def _press_page(self, key: str, _checked: bool = False) -> None:
        self.show_page(key)

    def _show_heads(self) -> None:
        self.head.show_page(self._chosen)
        self.head.show_days(self._days.preset, self._days_text())

    def _take_focus(self) -> None:
        if self.rows is not None and self.in_rows:
            self.rows.take_focus()
        else:
            (self.head.chips[self._days.preset] if self._days.preset else self.head.custom).setFocus()

    def _range(self) -> tuple[date, date]:
        today = self._office.today()
        return self._days.first or today, self._days.last or today

    def _choose(self, preset: Preset, _checked: bool = False) -> None:
        self.show_days(preset_range(preset, self._office.today()))

    @Slot()
    def _ask_days(self) -> None:
        self._show_heads()
        field = DateRangeField(*self._range())

        def accept() -> None:
            days = field.value()
            if days is None or days.first is None or days.last is None:
                return
            if (days.last - days.first).days >= MOST_DAYS:
                dialog.show_error(Invalid("days_too_many", field="days", most=MOST_DAYS))
                return
            dialog.accept()
            self.show_days(days)

        dialog = Dialog(self, tr("Days to look at"), verb=tr("Show these days"), on_accept=accept, icon="calendar")
        dialog.add(field)
        dialog.open()

    def _days_text(self) -> str:
        first, last = (format_day(day, self._office.language) for day in self._range())
        return first if first == last else tr("{first} to {last}", first=first, last=last)

    # The rows of a figure

    @property
    def in_rows(self) -> bool:
        """Whether the rows of a figure are in front."""
        return self.rows is not None and self._whole.currentWidget() is self.rows

    def _open_rows(self, rows: Rows) -> None:
        if self.rows is None:
            self.rows = RowsPage(self._office, self._close_rows, self._ask_path)
            self._whole.addWidget(self.rows)
        self._whole.setCurrentWidget(self.rows)
        self.rows.show_rows(rows)

    def _close_rows(self) -> None:
        self._whole.setCurrentWidget(self._figures)
        self._take_focus()
        self.refresh()

    # The export

    @Slot()
    def _export(self) -> None:
        if self._pages[self._chosen].is_read and not self.head.export.isHidden():
            self._exports[self._chosen].start()
