"""The rail of screens at the left: an icon and a word each, a count where something waits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QToolButton, QVBoxLayout, QWidget

from tillgate.domain.staff import GRANTS, Role
from tillgate.i18n import tr
from tillgate.ui import theme
from tillgate.ui.guard import guarded
from tillgate.ui.icons import icon
from tillgate.ui.screen import ScreenSpec
from tillgate.ui.widgets.labels import as_tooltip

WIDTH = 92
# As tall as there is room for all, and never too small for a finger.
_TALLEST, _LEAST = 62, 48
_GAP = 2
_AROUND = 8
_EDGE = 3


class RailButton(QToolButton):
    """One screen of the rail."""

    def __init__(self, spec: ScreenSpec, hint: str) -> None:
        super().__init__()
        self._spec, self._hint, self._count = spec, hint, 0
        self.setIconSize(QSize(22, 22))
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        self.setFixedSize(WIDTH - 2 * _EDGE, _TALLEST)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.mark(False)
        self.speak()

    def speak(self) -> None:
        """Name it in the language of now."""
        title = tr(self._spec.title)
        self.setText(title)
        named = tr("{screen} ({key})", screen=title, key=self._hint) if self._hint else title
        self.setToolTip(as_tooltip(named))
        self._name()

    def mark(self, current: bool) -> None:
        """Show it as the screen in front."""
        told = "true" if current else ""
        # A style costs a millisecond, and most of what is shown anew is as it was.
        if self.property("current") == told:
            return
        self.setProperty("current", told)
        self.setAccessibleDescription(tr("Shown now") if current else "")
        theme.restyle(self)
        self.setIcon(icon(self._spec.icon, "accent_text" if current else "muted"))

    @property
    def current(self) -> bool:
        """Whether its screen is in front."""
        return bool(self.property("current"))

    def show_count(self, count: int) -> None:
        """Show how many things wait there; 0 shows nothing."""
        if count != self._count:
            self._count = count
            self._name()
            self.update()

    def _name(self) -> None:
        title, count = tr(self._spec.title), self._count
        self.setAccessibleName(tr("{screen}, {count} waiting", screen=title, count=count) if count else title)

    @guarded()
    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._count:
            return
        text = str(self._count) if self._count < 100 else "99+"
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = theme.font("caption")
        font.setPixelSize(11)
        width = max(18.0, QFontMetricsF(font).horizontalAdvance(text) + 9)
        pill = QRectF(self.width() / 2 + 4, 5, width, 18)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.current().colour("failed"))
        painter.drawRoundedRect(pill, 9, 9)
        painter.setPen(theme.current().colour("on_failed"))
        painter.setFont(font)
        painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, text)
        painter.end()


class Rail(QFrame):
    """`asked(key)` when a screen is pressed; only screens that the role may see are there."""

    asked = Signal(str)

    def __init__(self, screens: Sequence[ScreenSpec], hints: Mapping[str, str]) -> None:
        super().__init__()
        self.setProperty("rail", "true")
        self.setAccessibleName(tr("Screens"))
        self.setFixedWidth(WIDTH)
        self._specs = {spec.key: spec for spec in screens}
        self.buttons = {spec.key: RailButton(spec, hints.get(spec.key, "")) for spec in screens}
        page = QWidget()
        page.setProperty("page", "true")
        column = QVBoxLayout(page)
        column.setContentsMargins(_EDGE - 1, _AROUND, _EDGE - 1, _AROUND)
        column.setSpacing(_GAP)
        for key, button in self.buttons.items():
            column.addWidget(button)
            button.clicked.connect(lambda _checked=False, key=key: self.asked.emit(key))
        column.addStretch(1)
        scroll = self._scroll = QScrollArea()
        scroll.setWidget(page)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # It would hide the ends of the words: a low window's rail goes by wheel, by Tab and with the menu Go to.
        scroll.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll)

    def show_state(self, role: Role | None, current: str, counts: Mapping[str, int]) -> None:
        """Show what a role may see, where it is, and what waits."""
        for key, button in self.buttons.items():
            button.setVisible(may_see(role, self._specs[key]))
            button.mark(key == current)
            button.show_count(counts.get(key, 0))
        self._fit()
        if current in self.buttons:
            self._scroll.ensureWidgetVisible(self.buttons[current], 0, 0)

    @guarded()
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Every screen in sight, where the window is tall enough for that."""
        seen = [button for button in self.buttons.values() if not button.isHidden()]
        room = self.height() - 2 * _AROUND - _GAP * (len(seen) - 1)
        height = min(_TALLEST, max(_LEAST, room // max(1, len(seen))))
        for button in seen:
            if button.height() != height:
                button.setFixedHeight(height)


def may_see(role: Role | None, spec: ScreenSpec) -> bool:
    """Whether a role is shown a screen; the services decide what it may do there."""
    return role is not None and (spec.needs is None or spec.needs in GRANTS[role])
