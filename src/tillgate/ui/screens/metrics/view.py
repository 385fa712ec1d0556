"""The widgets of the figures of payments: cards, charts, and tables by provider and by error."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from tillgate.i18n import tr
from tillgate.ui.screens.metrics.cards import CardGrid, FigureCard
from tillgate.ui.screens.metrics.charts import Bars, Paint, Swatch
from tillgate.ui.screens.metrics.table_card import TableCard
from tillgate.ui.widgets.labels import plain_label
from tillgate.ui.widgets.scrolling import scrolled

PAID, UNPAID, WAITING = Paint("accent"), Paint("outline"), Paint("accent", 90)


class PaymentsView(QWidget):
    """Everything that the figures of payments fill."""

    def __init__(self) -> None:
        super().__init__()
        self.success = FigureCard(tr("Payment success"))
        self.money = FigureCard(tr("Money that came"), colour="settled")
        self.refunds = FigureCard(tr("Refund rate"), colour="waiting")
        self.errors = FigureCard(tr("Errors"), colour="failed")
        self.verification = FigureCard(tr("Verification time"))
        self.orders = FigureCard(tr("Order creation time"))
        self.invoices = FigureCard(tr("Invoice time"))
        self.started = FigureCard(tr("Payments started"))
        self.presses = FigureCard(tr("Repeated presses of Pay"))
        self.by_day = Bars(tr("Payments by day"), (PAID, UNPAID, WAITING))
        self.by_hour = Bars(tr("Payments by hour"), (PAID, UNPAID, WAITING))
        self.providers = TableCard(tr("By provider"), tr("No payments in these days."))
        self.error_types = TableCard(tr("Errors by type"), tr("No errors in these days."))
        keys = ((PAID, tr("Paid")), (UNPAID, tr("Not paid")), (WAITING, tr("Waiting")))
        days = chart_card(tr("Payments by day"), self.by_day, keys)
        hours = chart_card(tr("Payments by hour of the day"), self.by_hour, keys)
        tables = CardGrid([self.providers, self.error_types], least=400, most=2)
        scroll_over(self, [CardGrid(self.cards), CardGrid([days, hours], least=400, most=2), tables])

    @property
    def cards(self) -> list[FigureCard]:
        """All figures."""
        first = [self.success, self.money, self.refunds, self.errors]
        return [*first, self.verification, self.orders, self.invoices, self.started, self.presses]


def scroll_over(page: QWidget, parts: Sequence[QWidget]) -> None:
    """Lay parts out one below the other, on a ground that scrolls."""
    ground = QWidget()
    body = QVBoxLayout(ground)
    body.setContentsMargins(20, 0, 20, 18)
    body.setSpacing(12)
    for part in parts:
        body.addWidget(part)
    body.addStretch(1)
    column = QVBoxLayout(page)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(scrolled(ground))


def chart_card(title: str, chart: Bars, keys: Sequence[tuple[Paint, str]]) -> QFrame:
    """A chart on a card, with what its colours mean."""
    box = QFrame()
    box.setProperty("surface", "raised")
    head = QHBoxLayout()
    head.setSpacing(6)
    head.addWidget(plain_label(title, "label"))
    head.addStretch(1)
    for colour, word in keys:
        head.addWidget(Swatch(colour))
        head.addWidget(plain_label(word, "caption"))
    column = QVBoxLayout(box)
    column.setContentsMargins(16, 12, 16, 10)
    column.setSpacing(8)
    column.addLayout(head)
    column.addWidget(chart)
    return box
