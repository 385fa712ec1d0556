"""One type of error: what it means, and on which days it happened."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial

from PySide6.QtWidgets import QFrame, QGridLayout, QScrollArea, QWidget

from tillgate.formats import format_count, format_day
from tillgate.i18n import ntr, tr
from tillgate.services.metric_reads import ErrorFigures
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.metrics.words import error_words
from tillgate.ui.theme import Density
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.dialog import Dialog
from tillgate.ui.widgets.labels import plain_label


class ErrorDialog(Dialog):
    """A day opens the payments of that day."""

    def __init__(
        self, parent: QWidget, office: BackOffice, found: ErrorFigures, show_day: Callable[[date], object] | None
    ) -> None:
        title, means = error_words(found.label)
        super().__init__(parent, title, means, verb=tr("Close"), density=Density.COMPACT, width=420)
        self.back.hide()
        self._show_day = show_day
        page = QWidget()
        page.setProperty("page", "true")
        grid = QGridLayout(page)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setColumnStretch(0, 1)
        self.days: dict[date, Button] = {}
        for row, day in enumerate(sorted(found.days, reverse=True)):
            written = format_day(day, office.language)
            name = tr("Payments of {day}", day=written)
            button = Button(name, tone=ButtonTone.LINK, on_click=partial(self._open, day))
            button.setEnabled(show_day is not None)
            self.days[day] = button
            grid.addWidget(button, row, 0)
            count = found.days[day]
            times = ntr("{number} time", "{number} times", count, number=format_count(count, office.language))
            grid.addWidget(plain_label(times), row, 1)
        grid.setRowStretch(len(self.days), 1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.viewport().setAutoFillBackground(False)
        scroll.setWidget(page)
        scroll.setFixedHeight(min(280, 36 * max(1, len(self.days)) + 4))
        self.add(scroll)
        if found.label.isascii():
            self.add(plain_label(tr("In the log: {code}", code=found.label), "caption", selectable=True))

    def _open(self, day: date) -> None:
        self.accept()
        if self._show_day is not None:
            self._show_day(day)
