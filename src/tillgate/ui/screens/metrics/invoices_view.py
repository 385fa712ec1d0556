"""The widgets of the figures of payment invoices."""

from __future__ import annotations

from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from tillgate.i18n import tr
from tillgate.ui.screens.metrics.cards import CardGrid, FigureCard
from tillgate.ui.screens.metrics.charts import Bars, Paint
from tillgate.ui.screens.metrics.radar_card import RadarCard
from tillgate.ui.screens.metrics.table_card import TableCard
from tillgate.ui.screens.metrics.view import chart_card, scroll_over
from tillgate.ui.widgets.notices import EmptyState

USED, UNUSED, ASKED, UNPAID = Paint("accent"), Paint("settled"), Paint("waiting"), Paint("outline")


class InvoicesView(QWidget):
    """Everything that they fill; nothing but the reason where there are none."""

    def __init__(self, radar: RadarCard) -> None:
        super().__init__()
        self.radar = radar
        self.made = FigureCard(tr("Phones asked"))
        self.paid = FigureCard(tr("Paid"), colour="settled")
        self.conversion = FigureCard(tr("Asked that paid"))
        self.wait = FigureCard(tr("Time to pay"))
        self.used = FigureCard(tr("Used for orders"))
        self.unused = FigureCard(tr("Paid, not used"), colour="waiting")
        self.unpaid = FigureCard(tr("Not paid"), colour="failed")
        self.late = FigureCard(tr("Paid late"), colour="waiting")
        self.by_day = Bars(tr("Payment invoices by day"), (USED, UNUSED, ASKED, UNPAID))
        self.statuses = TableCard(tr("By status"), "")
        self.cashiers = TableCard(tr("By cashier"), "")
        self.providers = TableCard(tr("By provider"), "")
        words = (tr("Used"), tr("Paid, not used"), tr("Being asked"), tr("Not paid"))
        keys = tuple(zip((USED, UNUSED, ASKED, UNPAID), words, strict=True))
        days = chart_card(tr("Payment invoices by day"), self.by_day, keys)
        self._whole = QWidget()
        tables = CardGrid([self.statuses, self.cashiers, self.providers], least=400, most=3)
        scroll_over(self._whole, [CardGrid(self.cards), days, radar, tables])
        self.empty = EmptyState("smartphone", "", "")
        self._stack = QStackedWidget()
        self._stack.addWidget(self._whole)
        self._stack.addWidget(self.empty)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._stack)

    @property
    def cards(self) -> list[FigureCard]:
        """All figures."""
        first = [self.made, self.paid, self.conversion, self.wait]
        return [*first, self.used, self.unused, self.unpaid, self.late]

    @property
    def is_empty(self) -> bool:
        """Whether the reason is shown."""
        return self._stack.currentWidget() is self.empty

    def show_figures(self) -> None:
        """There is something to show."""
        self._stack.setCurrentWidget(self._whole)

    def show_nothing(self, title: str, text: str) -> None:
        """There is none, and why."""
        self.empty.show_text(title, text)
        self._stack.setCurrentWidget(self.empty)
