"""Text and small marks: labels that never read markup, icons, key hints, lines, running times."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from PySide6.QtCore import QSize, Qt, QTimer, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QWidget

from tillgate.i18n import tr
from tillgate.ui import theme
from tillgate.ui.guard import guarded
from tillgate.ui.icons import pixmap
from tillgate.ui.text import shown

_MINUTE_S: Final = 60


def plain_label(
    text: str = "", role: str = "body", *, tone: str = "", wrap: bool = False, selectable: bool = False
) -> QLabel:
    """A label of the type scale that shows its text as it is: no markup, no links, no control characters."""
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setProperty("textRole", role)
    label.setProperty("tone", tone)
    label.setWordWrap(wrap)
    if wrap:
        label.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
    if selectable:
        by = Qt.TextInteractionFlag
        label.setTextInteractionFlags(by.TextSelectableByMouse | by.TextSelectableByKeyboard)
    set_text(label, text)
    return label


def set_text(label: QLabel, text: str) -> None:
    """Show a text in a plain label, cleaned as `plain_label` does."""
    cleaned = shown(text)
    if cleaned != label.text():
        label.setText(cleaned)


def set_tone(label: QLabel, tone: str) -> None:
    """Change the colour of a plain label: "muted", a tone's name, or "" for the text colour."""
    if label.property("tone") != tone:
        label.setProperty("tone", tone)
        theme.restyle(label)


def line(*, vertical: bool = False) -> QFrame:
    """A hairline between two areas."""
    made = QFrame()
    made.setProperty("line", "true")
    if vertical:
        made.setFixedWidth(1)
    else:
        made.setFixedHeight(1)
    return made


class ElidedLabel(QLabel):
    """One line of plain text that ends in an ellipsis where there is no room; the whole text is in its tooltip."""

    def __init__(self, text: str = "", role: str = "body", *, tone: str = "") -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("textRole", role)
        self.setProperty("tone", tone)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.show_text(text)

    def show_text(self, text: str) -> None:
        """Show another text."""
        set_text(self, text.replace("\n", " "))
        self._hint()

    @guarded(QSize)
    def minimumSizeHint(self) -> QSize:
        return QSize(min(48, super().minimumSizeHint().width()), super().minimumSizeHint().height())

    @guarded()
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.setFont(self.font())
        text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(self.rect(), int(self.alignment()), text)
        painter.end()

    @guarded()
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._hint()

    def _hint(self) -> None:
        cut = self.fontMetrics().horizontalAdvance(self.text()) > self.width()
        self.setToolTip(as_tooltip(self.text()) if cut else "")


class IconLabel(QWidget):
    """An icon of one colour token, decoration beside a text that says the same."""

    def __init__(self, name: str, role: str = "text", side: int | None = None) -> None:
        super().__init__()
        self._name, self._role = name, role
        self._side = side if side is not None else theme.size("icon")
        self.setFixedSize(self._side, self._side)

    def show_icon(self, name: str, role: str) -> None:
        """Show another icon."""
        if (name, role) != (self._name, self._role):
            self._name, self._role = name, role
            self.update()

    @guarded()
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        colour = theme.current().colour(self._role)
        painter.drawPixmap(0, 0, pixmap(self._name, colour, self._side, self.devicePixelRatioF()))
        painter.end()


class KeyHint(QLabel):
    """The key that does it, as printed on the keyboard: "F9"."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("key", "true")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)


class ElapsedLabel(QLabel):
    """How long something has been going on, counted each second from a UTC instant: "0:42", "1:03:09"."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC), *, role: str = "body") -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("textRole", role)
        self._now = now
        self._since: datetime | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(1_000)
        self._timer.timeout.connect(self._show)

    def start(self, since: datetime | None = None) -> None:
        """Count from an instant, by default from now."""
        self._since = since or self._now()
        self._show()
        self._timer.start()

    def stop(self) -> None:
        """Stop counting; the last time stays."""
        self._timer.stop()

    @property
    def running(self) -> bool:
        """Whether it counts."""
        return self._timer.isActive()

    @Slot()
    def _show(self) -> None:
        if self._since is None:
            return
        seconds = max(0, int((self._now() - self._since).total_seconds()))
        self.setText(elapsed_text(seconds))
        self.setAccessibleName(tr("Elapsed time {time}", time=self.text()))


def elapsed_text(seconds: int) -> str:
    """A duration as a clock shows it: "0:07", "12:40", "1:02:03"."""
    minutes, rest = divmod(seconds, _MINUTE_S)
    hours, minutes = divmod(minutes, _MINUTE_S)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def as_tooltip(text: str) -> str:
    """A text from outside, made safe for `setToolTip`, which guesses whether it is given markup."""
    # Escaped text inside a tag is markup for certain.
    escaped = shown(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"<p>{escaped}</p>"
