"""The widgets of the figures: days to look at, cards, charts, and tables by provider and by error."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from tillgate.i18n import mark, tr
from tillgate.ui.screens.metrics.cards import CardGrid, FigureCard, indented
from tillgate.ui.screens.metrics.charts import Bars, Paint, Swatch
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.days import PRESET_TITLES, Preset
from tillgate.ui.widgets.labels import ElidedLabel, line, plain_label, set_text
from tillgate.ui.widgets.notices import InlineNotice

PRESETS = (Preset.TODAY, Preset.LAST_7, Preset.LAST_30)
CUSTOM = mark("Choose days…")
PAID, UNPAID, WAITING = Paint("accent"), Paint("outline"), Paint("accent", 90)


class MetricsView(QWidget):
    """Everything that the screen fills."""

    def __init__(self) -> None:
        super().__init__()
        self.chips = {preset: self._chip(tr(PRESET_TITLES[preset])) for preset in PRESETS}
        self.custom = self._chip(tr(CUSTOM))
        self.custom.show_icon("calendar", "muted")
        self.export = Button(tone=ButtonTone.ICON, icon="download", name=tr("Export as CSV (Ctrl+E)"))
        self.notice = InlineNotice(closable=True)
        self.range = plain_label(tone="muted")
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
        self._lay_out()

    @staticmethod
    def _chip(text: str) -> Button:
        chip = Button(text, tone=ButtonTone.CHIP)
        chip.setCheckable(True)
        return chip

    @property
    def cards(self) -> list[FigureCard]:
        """All figures."""
        first = [self.success, self.money, self.refunds, self.errors]
        return [*first, self.verification, self.orders, self.invoices, self.started, self.presses]

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(plain_label(tr("Figures"), "heading"))
        head.addSpacing(8)
        head.addWidget(self.range, 1)
        for chip in (*self.chips.values(), self.custom):
            head.addWidget(chip)
        head.addWidget(self.export)
        page = QWidget()
        page.setProperty("page", "true")
        body = QVBoxLayout(page)
        body.setContentsMargins(20, 0, 20, 18)
        body.setSpacing(12)
        body.addWidget(CardGrid(self.cards))
        keys = ((PAID, tr("Paid")), (UNPAID, tr("Not paid")), (WAITING, tr("Waiting")))
        days = _chart_card(tr("Payments by day"), self.by_day, keys)
        hours = _chart_card(tr("Payments by hour of the day"), self.by_hour, keys)
        body.addWidget(CardGrid([days, hours], least=400, most=2))
        body.addWidget(CardGrid([self.providers, self.error_types], least=400, most=2))
        body.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.viewport().setAutoFillBackground(False)
        scroll.setWidget(page)
        top = QVBoxLayout()
        top.setContentsMargins(20, 18, 20, 0)
        top.setSpacing(12)
        top.addLayout(head)
        top.addWidget(self.notice)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addLayout(top)
        column.addWidget(scroll, 1)

    def show_days(self, chosen: Preset | None, text: str) -> None:
        """Mark the days in use."""
        for preset, chip in self.chips.items():
            chip.setChecked(preset is chosen)
        self.custom.setChecked(chosen is None)
        set_text(self.range, text)


def _chart_card(title: str, chart: Bars, keys: Sequence[tuple[Paint, str]]) -> QFrame:
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


class TableCard(QFrame):
    """A short table on a card: a name that opens something, and figures at the right."""

    def __init__(self, title: str, empty: str) -> None:
        super().__init__()
        self.setProperty("surface", "raised")
        self.setAccessibleName(title)
        self._empty = empty
        self.rows: list[tuple[str, ...]] = []
        self.openers: dict[str, Button] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(10, 12, 16, 12)
        self._column.setSpacing(6)
        self._column.addWidget(indented(plain_label(title, "label")))
        self._body = QWidget()
        self._column.addWidget(self._body)
        self._column.addStretch(1)

    def show_rows(
        self, heads: Sequence[str], rows: Sequence[tuple[str, ...]], open_row: Callable[[int], object]
    ) -> None:
        """Show other rows; the first cell of each is a button that opens it."""
        self.rows, self.openers = list(rows), {}
        self._body.hide()
        self._body.deleteLater()
        self._body = QWidget()
        grid = QGridLayout(self._body)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(0, 1)
        if not rows:
            grid.addWidget(indented(plain_label(self._empty, tone="muted")), 0, 0)
        else:
            for column, head in enumerate(heads):
                side = Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft
                label = plain_label(head, "caption")
                grid.addWidget(label if column else indented(label), 0, column, side)
            rule = QHBoxLayout()
            rule.setContentsMargins(6, 2, 0, 2)
            rule.addWidget(line())
            grid.addLayout(rule, 1, 0, 1, len(heads))
        for number, row in enumerate(rows):
            self._add(grid, number, row, open_row)
        self._column.insertWidget(1, self._body)

    def _add(self, grid: QGridLayout, number: int, row: tuple[str, ...], open_row: Callable[[int], object]) -> None:
        opener = Button(row[0], tone=ButtonTone.LINK, on_click=lambda: open_row(number))
        self.openers[row[0]] = opener
        grid.addWidget(opener, number + 2, 0, Qt.AlignmentFlag.AlignLeft)
        for column, text in enumerate(row[1:], 1):
            grid.addWidget(ElidedLabel(text), number + 2, column, Qt.AlignmentFlag.AlignRight)
