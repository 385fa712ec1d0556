"""Buttons: a verb, an icon, and the key that does the same."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeyEvent, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QPushButton, QStyle, QStyleOptionButton, QStylePainter, QWidget

from tillgate.ui import theme
from tillgate.ui.guard import guarded
from tillgate.ui.icons import icon as themed_icon
from tillgate.ui.text import shown
from tillgate.ui.widgets.labels import KeyHint, as_tooltip

_HINT_GAP: Final = 10
_ICON_GAP: Final = 4


class ButtonTone(StrEnum):
    """What a button is for: one PRIMARY a screen, DESTRUCTIVE to offer it and DANGER to do it."""

    PRIMARY = "primary"
    SECONDARY = "secondary"
    QUIET = "quiet"
    DESTRUCTIVE = "destructive"
    DANGER = "danger"
    LINK = "link"
    ICON = "icon"
    CHIP = "chip"
    TILE = "tile"
    KEY = "key"
    BAR = "bar"


_ICON_ROLE: Final = {
    ButtonTone.PRIMARY: "on_accent",
    ButtonTone.DANGER: "on_failed",
    ButtonTone.DESTRUCTIVE: "failed",
    ButtonTone.LINK: "accent_text",
}


class Button(QPushButton):
    """A push button of the kit. An icon-only button needs `name`, which is spoken and shown as a tooltip."""

    def __init__(
        self,
        text: str = "",
        *,
        tone: ButtonTone = ButtonTone.SECONDARY,
        icon: str = "",
        hint: str = "",
        big: bool = False,
        name: str = "",
        on_click: Callable[[], object] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._tone = tone
        self._hint: KeyHint | None = None
        self.setProperty("tone", tone.value)
        if big:
            self.setProperty("big", "true")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        # Enter belongs to the button that has the focus, never to whichever was made first.
        self.setAutoDefault(False)
        self.show_text(text)
        self.show_icon(icon)
        self.show_hint(hint)
        if name:
            self.setAccessibleName(name)
            self.setToolTip(as_tooltip(name))
        if on_click is not None:
            self.clicked.connect(lambda _checked=False: on_click())

    @property
    def tone(self) -> ButtonTone:
        """What the button is for."""
        return self._tone

    def show_text(self, text: str) -> None:
        """Change the verb; an ampersand is shown as one."""
        self.setText(shown(text).replace("&", "&&"))
        self._size_icon()

    def show_icon(self, name: str, role: str = "") -> None:
        """Change the icon; "" shows none."""
        if name:
            self.setIcon(themed_icon(name, role or _ICON_ROLE.get(self._tone, "text"), disabled="faint"))
            self._size_icon()

    def _size_icon(self) -> None:
        small = self._tone is ButtonTone.BAR
        side = theme.size("icon_small" if small else "icon_big" if self.property("big") else "icon")
        # The icon is drawn at the left of its box: the rest of the box keeps it off the text.
        gap = _ICON_GAP if self.text() and self.layoutDirection() is Qt.LayoutDirection.LeftToRight else 0
        self.setIconSize(QSize(side + gap, side))

    def show_hint(self, key: str) -> None:
        """Show the key that does the same at the right edge; "" shows none."""
        if key == (self._hint.text() if self._hint is not None else ""):
            return
        if self._hint is not None:
            self._hint.hide()
            self._hint.deleteLater()
            self._hint = None
        if key:
            self._hint = KeyHint(key)
            self._hint.setParent(self)
            self._hint.show()
            self._place_hint()
        self.updateGeometry()

    def _hint_width(self) -> int:
        return self._hint.sizeHint().width() + _HINT_GAP if self._hint is not None else 0

    def _place_hint(self) -> None:
        if self._hint is not None:
            wanted = self._hint.sizeHint()
            inset = 18 if self.property("big") else 12
            left = self.width() - wanted.width() - inset
            self._hint.setGeometry(left, (self.height() - wanted.height()) // 2, wanted.width(), wanted.height())

    @guarded(QSize)
    def sizeHint(self) -> QSize:
        return super().sizeHint() + QSize(self._hint_width(), 0)

    @guarded(QSize)
    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    @guarded()
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            # Qt leaves Enter to the default button alone; a key that is held down presses once.
            if not event.isAutoRepeat():
                self.click()
            return
        super().keyPressEvent(event)

    @guarded()
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_hint()

    def begin_painting(self) -> tuple[QStylePainter, QStyleOptionButton]:
        """The button without what it says; whoever paints that ends the painter."""
        option = QStyleOptionButton()
        self.initStyleOption(option)
        painter = QStylePainter(self)
        painter.drawControl(QStyle.ControlElement.CE_PushButtonBevel, option)
        return painter, option

    @guarded()
    def paintEvent(self, event: QPaintEvent) -> None:
        if self._hint is None:
            super().paintEvent(event)
            return
        painter, option = self.begin_painting()
        inner = self.style().subElementRect(QStyle.SubElement.SE_PushButtonContents, option, self)
        option.rect = inner.adjusted(0, 0, -self._hint_width(), 0)
        painter.drawControl(QStyle.ControlElement.CE_PushButtonLabel, option)
        painter.end()
