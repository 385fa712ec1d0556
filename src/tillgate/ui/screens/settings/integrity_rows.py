"""A check as a row on a card: its name and what it compares, what was looked at, the verdict, and what is wrong."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from tillgate.formats import format_duration
from tillgate.i18n import active_language, ntr, tr
from tillgate.services.book_checks import CheckResult
from tillgate.services.looks import Check, Fault
from tillgate.services.start_gates import Finding
from tillgate.ui.screens.settings.integrity_words import (
    CHECKS,
    GATE_STATUS,
    GATES,
    NOT_YET,
    SOUND,
    WRONG,
    fault_text,
    finding_text,
    more_text,
    subject_text,
)
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.data_table.exporting import number
from tillgate.ui.widgets.labels import line, plain_label, set_text
from tillgate.ui.widgets.status_badge import StatusBadge

# What opens a fault's subject; None where there is nothing to open.
Opener = Callable[[Fault], "Callable[[], object] | None"]
_INDENT = 8


class CheckCard(QFrame):
    """Rows under a title."""

    def __init__(self, title: str, says: str = "") -> None:
        super().__init__()
        self.setProperty("surface", "raised")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(20, 16, 20, 16)
        self._column.setSpacing(10)
        self._column.addWidget(plain_label(title, "title"))
        if says:
            self._column.addWidget(plain_label(says, tone="muted", wrap=True))

    def add(self, row: QWidget) -> None:
        """One more row, under a line."""
        self._column.addWidget(line())
        self._column.addWidget(row)


class CheckRow(QWidget):
    """One check of the books, before and after it was run."""

    def __init__(self, check: Check) -> None:
        super().__init__()
        title, compares = (tr(text) for text in CHECKS[check])
        self._title = title
        self.looked = plain_label(role="caption", tone="muted")
        self.badge = StatusBadge(NOT_YET)
        self.openers: list[Button] = []
        self.faults: list[str] = []
        self._found = QWidget()
        self._lines = QVBoxLayout(self._found)
        self._lines.setContentsMargins(0, 2, 0, 0)
        self._lines.setSpacing(0)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(_head(title, self.looked, self.badge))
        column.addWidget(plain_label(compares, tone="muted", wrap=True))
        column.addWidget(self._found)
        self._found.hide()

    def show_verdict(self, wrong: int | None) -> None:
        """What an earlier check came to, without its rows; None where there was none."""
        self.badge.show_status(NOT_YET if wrong is None else WRONG if wrong else SOUND)
        set_text(self.looked, ntr("{count} found wrong", "{count} found wrong", wrong) if wrong else "")

    def show_result(self, result: CheckResult, opener: Opener) -> None:
        """What was looked at and what is wrong."""
        self.badge.show_status(SOUND if result.ok else WRONG)
        looked = ntr("{number} looked at", "{number} looked at", result.compared, number=number(result.compared))
        set_text(self.looked, " · ".join((looked, format_duration(result.ms, active_language()))))
        self.openers, self.faults = [], []
        while (item := self._lines.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        for fault in result.faults:
            self._lines.addWidget(self._fault(fault, opener(fault)))
        if result.more:
            self._lines.addWidget(plain_label(more_text(result.more), tone="muted", wrap=True))
        self._found.setVisible(not result.ok)

    def _fault(self, fault: Fault, open_it: Callable[[], object] | None) -> QWidget:
        about, what = subject_text(fault), fault_text(fault)
        self.faults.append(f"{about}: {what}")
        box = QWidget()
        row = QHBoxLayout(box)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(_INDENT)
        if open_it is not None:
            button = Button(about, tone=ButtonTone.LINK, on_click=open_it)
            self.openers.append(button)
            row.addWidget(button)
        else:
            label = plain_label(about, "strong")
            label.setContentsMargins(_INDENT, 4, 0, 4)
            row.addWidget(label)
        row.addWidget(plain_label(what, wrap=True, selectable=True), 1)
        return box


class GateRow(QWidget):
    """What a look at the start found."""

    def __init__(self, finding: Finding) -> None:
        super().__init__()
        self.badge = StatusBadge(GATE_STATUS[finding.severity])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(_head(tr(GATES[finding.gate]), plain_label(), self.badge))
        if text := finding_text(finding):
            column.addWidget(plain_label(text, wrap=True, selectable=True))


def _head(title: str, looked: QWidget, badge: StatusBadge) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(12)
    row.addWidget(plain_label(title, "strong", wrap=True), 1)
    row.addWidget(looked, 0, Qt.AlignmentFlag.AlignVCenter)
    row.addWidget(badge, 0, Qt.AlignmentFlag.AlignVCenter)
    return row
