"""States as people see them: a colour, an icon and a word, always the three together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from tillgate.domain.payment import PaymentState
from tillgate.i18n import mark, tr
from tillgate.ui import theme
from tillgate.ui.guard import guarded
from tillgate.ui.icons import pixmap
from tillgate.ui.text import shown
from tillgate.ui.theme import Tone

_HEIGHT: Final = 24
_PAD: Final = 9
_ICON: Final = 14
_GAP: Final = 5


@dataclass(frozen=True, slots=True)
class Status:
    """A state to show; `word` is marked English source text, translated when shown."""

    tone: Tone
    icon: str
    word: str

    @property
    def text(self) -> str:
        """The word in the user's language."""
        return shown(tr(self.word), 60)


PAYMENT_STATUS: Final[dict[PaymentState, Status]] = {
    PaymentState.CREATED: Status(Tone.DRAFT, "circle-dashed", mark("Created")),
    PaymentState.PENDING: Status(Tone.WAITING, "clock", mark("Waiting for payment")),
    PaymentState.PROCESSING: Status(Tone.WAITING, "loader-circle", mark("Processing")),
    PaymentState.CAPTURED: Status(Tone.SETTLED, "circle-check", mark("Paid")),
    PaymentState.FAILED: Status(Tone.FAILED, "circle-x", mark("Failed")),
    PaymentState.EXPIRED: Status(Tone.DRAFT, "hourglass", mark("Expired")),
    PaymentState.CANCELLED: Status(Tone.DRAFT, "ban", mark("Cancelled")),
    PaymentState.REFUND_PENDING: Status(Tone.WAITING, "undo-2", mark("Refund under way")),
    PaymentState.REFUNDED: Status(Tone.NEUTRAL, "corner-up-left", mark("Refunded")),
    PaymentState.PARTIALLY_REFUNDED: Status(Tone.SETTLED, "corner-up-left", mark("Partly refunded")),
}
CHECKING: Final = Status(Tone.WAITING, "refresh-cw", mark("Checking"))
LATE: Final = Status(Tone.WAITING, "triangle-alert", mark("Late"))


def payment_status(state: PaymentState, *, unsure: bool = False) -> Status:
    """How a payment is shown; `unsure` while a call's outcome is unknown and the provider has not been heard."""
    return CHECKING if unsure else PAYMENT_STATUS[state]


@cache
def _badge_font() -> QFont:
    made = theme.font("caption")
    made.setWeight(QFont.Weight.Medium)
    return made


@cache
def _metrics() -> QFontMetricsF:
    return QFontMetricsF(_badge_font())


def badge_size(status: Status) -> QSize:
    """The room a badge needs."""
    width = _metrics().horizontalAdvance(status.text)
    return QSize(round(width + 0.5) + _ICON + _GAP + 2 * _PAD, _HEIGHT)


def paint_badge(painter: QPainter, area: QRectF, status: Status, ratio: float) -> None:
    """Paint a badge at the left of an area, centred vertically; a table's delegate and the widget share it."""
    ink, fill = theme.current().tone(status.tone)
    wanted = badge_size(status)
    width = min(float(wanted.width()), area.width())
    pill = QRectF(area.x(), area.y() + (area.height() - _HEIGHT) / 2, width, _HEIGHT)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(fill)
    painter.drawRoundedRect(pill, _HEIGHT / 2, _HEIGHT / 2)
    drawn = pixmap(status.icon, ink, _ICON, ratio)
    painter.drawPixmap(round(pill.x() + _PAD), round(pill.y() + (_HEIGHT - _ICON) / 2), drawn)
    painter.setPen(ink)
    painter.setFont(_badge_font())
    room = pill.adjusted(_PAD + _ICON + _GAP, 0, -_PAD + 1, 0)
    text = _metrics().elidedText(status.text, Qt.TextElideMode.ElideRight, room.width())
    painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
    painter.restore()


class StatusBadge(QWidget):
    """A pill with a state's icon and word in its colour."""

    def __init__(self, status: Status) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._status = status
        self.show_status(status)

    @property
    def status(self) -> Status:
        """What is shown."""
        return self._status

    def show_status(self, status: Status) -> None:
        """Show another state; screen readers hear the word."""
        if (status, status.text) == (self._status, self.accessibleName()):
            return
        self._status = status
        self.setAccessibleName(status.text)
        self.updateGeometry()
        self.update()

    @guarded(QSize)
    def sizeHint(self) -> QSize:
        return badge_size(self._status)

    @guarded()
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint_badge(painter, QRectF(self.rect()), self._status, self.devicePixelRatioF())
        painter.end()
