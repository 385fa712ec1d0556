"""The list widget as its user has it."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from tests.ui.pages.hands import CTRL, NONE, click, press
from tests.ui.pages.rows import Row, Rows, columns
from tillgate.domain.changes import Kind
from tillgate.domain.payment import PaymentState
from tillgate.ui.tasks import Tasks
from tillgate.ui.widgets.data_table import Choice, ChoiceFilter, DataTable, DayFilter, EmptyText, SavedViews
from tillgate.ui.widgets.labels import plain_label


class TablePage:
    """Opens a list over rows and reads it as it is painted."""

    def __init__(
        self,
        qtbot: QtBot,
        tasks: Tasks,
        source: Rows,
        *,
        export_to: Path | None = None,
        saved: SavedViews | None = None,
        wait: bool = True,
    ) -> None:
        self.qtbot = qtbot
        self.source = source
        paid = Choice(PaymentState.CAPTURED, "Paid")
        self.table = DataTable(
            "Payments",
            columns=columns(),
            source=source,
            tasks=tasks,
            zone=UTC,
            key=lambda row: row.number,
            empty=EmptyText("receipt", "No payments yet", "They appear here as they are taken."),
            filters=[ChoiceFilter("state", "State", [paid]), DayFilter("created", "Created")],
            details=self._details,
            detail_title=lambda row: f"PAY-{row.number:07}",
            refresh_on={Kind.PAYMENT},
            saved=saved,
            export_name="payments",
            ask_path=lambda _parent, name, then: then((export_to or Path()) / name),
        )
        self.table.resize(1_000, 640)
        qtbot.addWidget(self.table)
        self.table.show()
        if wait:
            qtbot.waitUntil(lambda: not self.table.model.waiting and self.count_text != "")

    @staticmethod
    def _details(row: Row) -> QLabel:
        return plain_label(row.name)

    @property
    def count_text(self) -> str:
        return self.table.count.text()

    def cell(self, row: int, column: int) -> str:
        """What a cell shows; "" while it is on its way."""
        model = self.table.model
        return str(model.data(model.index(row, column)))

    @property
    def chosen(self) -> list[int]:
        """The rows that are highlighted: at most one, and the keys are on it."""
        rows = [index.row() for index in self.table.view.selectionModel().selectedRows()]
        assert rows in ([], [self.table.view.currentIndex().row()])
        return rows

    def first_visible(self) -> int:
        return self.table.view.rowAt(0)

    def jump_to(self, row: int) -> None:
        """Drag the scroll bar so that a row is at the top."""
        view = self.table.view
        view.verticalScrollBar().setValue(row * view.rowHeight(0))
        view.viewport().repaint()

    def see(self, row: int) -> str:
        """Wait until a row is here and read its first cell."""
        self.qtbot.waitUntil(lambda: self.table.model.row(row) is not None)
        return self.cell(row, 0)

    def press(self, key: Qt.Key, widget: QWidget | None = None, *, ctrl: bool = False) -> None:
        press(widget or self.table.view, key, CTRL if ctrl else NONE)

    def press_header(self, column: int) -> None:
        header = self.table.view.horizontalHeader()
        left = header.sectionViewportPosition(column)
        click(header.viewport(), QPoint(left + 10, 10))

    def choose(self, key: str, text: str) -> None:
        """Choose an entry of a chip's menu."""
        menu = self.table.bar.chips[key].menu()
        menu.aboutToShow.emit()
        next(action for action in menu.actions() if action.text() == text).trigger()

    def settled(self) -> None:
        """Wait for the query that was asked last."""
        self.qtbot.waitUntil(lambda: not self.table.model.waiting)

    @property
    def detail(self) -> str:
        """The text in the side pane, "" while it is closed."""
        body = self.table.pane.body
        return body.text() if isinstance(body, QLabel) else ""
