"""The frame of the first start: the steps at the left, the page at the right, the buttons below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from tillgate.domain.payment import Mode
from tillgate.i18n import tr
from tillgate.ui.screens.settings.keys_form import MODE_STATUS
from tillgate.ui.theme import Density, set_density
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.labels import IconLabel, line, plain_label, set_tone
from tillgate.ui.widgets.status_badge import StatusBadge

_WIDTH: Final = 900
_HEIGHT: Final = 640
_STEPS_WIDTH: Final = 220


class FirstStartView(QWidget):
    """Shows one page at a time and where in the row of steps it is."""

    def __init__(self, steps: Sequence[str], mode: Mode) -> None:
        super().__init__()
        self.back = Button(tr("Back"), tone=ButtonTone.QUIET, icon="arrow-left")
        self.next = Button(tr("Go on"), tone=ButtonTone.PRIMARY, icon="arrow-right")
        self._marks: list[IconLabel] = []
        self._titles = [plain_label(step, "large") for step in steps]
        self.card = QFrame()
        self.card.setProperty("surface", "raised")
        self.card.setMaximumSize(_WIDTH, _HEIGHT)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        row = QHBoxLayout(self.card)
        row.setContentsMargins(28, 26, 16, 22)
        row.setSpacing(28)
        row.addWidget(self._steps(mode))
        row.addWidget(line(vertical=True))
        row.addLayout(self._right(), 1)
        outer = QGridLayout(self)
        outer.setContentsMargins(16, 16, 16, 16)
        outer.addWidget(self.card, 1, 1)
        outer.setRowStretch(0, 1)
        outer.setRowStretch(1, 100)
        outer.setRowStretch(2, 1)
        outer.setColumnStretch(0, 1)
        outer.setColumnStretch(1, 100)
        outer.setColumnStretch(2, 1)
        set_density(self, Density.TOUCH)

    def show_page(self, number: int, page: QWidget) -> None:
        """Show a page as the step of a number."""
        page.setProperty("page", "true")
        page.setContentsMargins(0, 0, 12, 0)
        self._area.takeWidget()
        self._area.setWidget(page)
        for step, (mark, title) in enumerate(zip(self._marks, self._titles, strict=True)):
            done = step < number
            mark.show_icon(
                "circle-check" if done else "circle-dot" if step == number else "circle-dashed",
                "settled" if done else "accent" if step == number else "faint",
            )
            set_tone(title, "" if step == number else "muted")
            title.setAccessibleDescription(tr("done") if done else tr("now") if step == number else tr("later"))
        self._order_tabs(page)
        page.setFocus()

    def set_working(self, working: bool) -> None:
        """While a step is being done no other begins."""
        self.next.setEnabled(not working)
        self.back.setEnabled(not working)

    def _order_tabs(self, page: QWidget) -> None:
        """The fields, then the way on, then the way back."""
        # Not by nextInFocusChain: Shiboken makes what it returns, such as the menu bar, a child of the widget asked.
        stops = [each for each in page.findChildren(QWidget) if each.focusPolicy() & Qt.FocusPolicy.TabFocus]
        QWidget.setTabOrder(stops[-1] if stops else page, self.next)
        QWidget.setTabOrder(self.next, self.back)

    def _steps(self, mode: Mode) -> QWidget:
        page = QWidget()
        page.setFixedWidth(_STEPS_WIDTH)
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(16)
        column.addWidget(plain_label(tr("Welcome to Tillgate"), "title", wrap=True))
        badge = QHBoxLayout()
        badge.addWidget(StatusBadge(MODE_STATUS[mode]))
        badge.addStretch(1)
        column.addLayout(badge)
        column.addSpacing(8)
        for title in self._titles:
            mark = IconLabel("circle-dashed", "faint", 20)
            self._marks.append(mark)
            row = QHBoxLayout()
            row.setSpacing(12)
            row.addWidget(mark)
            row.addWidget(title, 1)
            column.addLayout(row)
        column.addStretch(1)
        return page

    def _right(self) -> QVBoxLayout:
        buttons = QHBoxLayout()
        buttons.setContentsMargins(0, 0, 12, 0)
        buttons.addWidget(self.back)
        buttons.addStretch(1)
        buttons.addWidget(self.next)
        column = QVBoxLayout()
        column.setSpacing(14)
        column.addWidget(self._area, 1)
        column.addLayout(buttons)
        return column
