"""What the application has to say: inline notices, empty states, and the bar that offers to undo."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QEvent, QMargins, QObject, QPoint, QRect, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QAbstractButton, QFrame, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from tillgate.domain.errors import MoneyMoved, TillgateError
from tillgate.i18n import tr
from tillgate.ui.guard import guarded
from tillgate.ui.message_text import MessageText, message_for
from tillgate.ui.theme import Tone, restyle
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.labels import IconLabel, plain_label, set_text

_ICONS: Final = {
    Tone.ACCENT: "info",
    Tone.SETTLED: "circle-check",
    Tone.WAITING: "triangle-alert",
    Tone.FAILED: "circle-alert",
}
_TOAST_MS: Final = 6_000
_TOAST_EDGE: Final = 16
_TOAST_STEP: Final = 12


@dataclass(frozen=True, slots=True)
class NoticeAction:
    """A button of a notice: a verb, what it does, and its icon."""

    text: str
    on_click: Callable[[], object]
    icon: str = ""
    tone: ButtonTone = ButtonTone.SECONDARY


def announce(source: QObject, text: str) -> None:
    """Let a screen reader say a text now, wherever the focus is."""
    QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(source, text))


class InlineNotice(QFrame):
    """A box in the page that says what happened, whether money moved and what to do next. Hidden while empty."""

    closed = Signal()

    def __init__(self, *, closable: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon = IconLabel("info", "accent_text", 20)
        self._what = plain_label(role="strong", wrap=True)
        self._money = plain_label(wrap=True)
        self._next = plain_label(wrap=True, tone="muted")
        self._buttons = QWidget()
        self._actions = QHBoxLayout(self._buttons)
        self._actions.setContentsMargins(0, 6, 0, 0)
        self._actions.setSpacing(8)
        texts = QVBoxLayout()
        texts.setSpacing(3)
        for label in (self._what, self._money, self._next):
            texts.addWidget(label)
        texts.addWidget(self._buttons)
        self._row = outer = QHBoxLayout(self)
        outer.setContentsMargins(14, 12, 12, 12)
        outer.setSpacing(12)
        outer.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        outer.addLayout(texts, 1)
        # Also where nobody closes it: the buttons stand before it in the order of Tab.
        self._close = Button(tone=ButtonTone.ICON, icon="x", name=tr("Close this notice"), on_click=self.clear)
        outer.addWidget(self._close, 0, Qt.AlignmentFlag.AlignTop)
        self._close.setHidden(not closable)
        self.clear()

    def show_text(self, tone: Tone, text: MessageText, actions: Sequence[NoticeAction] = ()) -> None:
        """Show three sentences and buttons, and announce them."""
        role = "accent_text" if tone is Tone.ACCENT else tone.value
        self._icon.show_icon(_ICONS.get(tone, "info"), role)
        for label, sentence in ((self._what, text.what), (self._money, text.money), (self._next, text.next)):
            set_text(label, sentence)
            label.setVisible(bool(sentence))
        self._set_actions(actions)
        # Beside more than one sentence it stands at the first.
        alone = not (text.money or text.next or actions)
        self._row.setAlignment(self._icon, Qt.AlignmentFlag.AlignVCenter if alone else Qt.AlignmentFlag.AlignTop)
        self.setProperty("notice", tone.value)
        restyle(self)
        self.setAccessibleName(text.spoken)
        self.setVisible(True)
        announce(self, text.spoken)

    def say(self, tone: Tone, what: str, then: str = "", actions: Sequence[NoticeAction] = ()) -> None:
        """Show a plain message that is not about money."""
        self.show_text(tone, MessageText(what, "", then), actions)

    def show_error(self, error: TillgateError, actions: Sequence[NoticeAction] = ()) -> None:
        """Show an error in its own words: amber while the money is unsure, red otherwise."""
        tone = Tone.WAITING if error.money_moved is MoneyMoved.UNKNOWN else Tone.FAILED
        self.show_text(tone, message_for(error), actions)

    @property
    def buttons(self) -> list[Button]:
        """The buttons that are offered, in order."""
        shown = (child for child in self._buttons.children() if isinstance(child, Button))
        return [button for button in shown if not button.isHidden()]

    @property
    def text(self) -> str:
        """All that is shown, a sentence a line; empty while hidden."""
        return self.accessibleName()

    @Slot()
    def clear(self) -> None:
        """Hide it."""
        was = bool(self.accessibleName())
        self.setVisible(False)
        self.setAccessibleName("")
        self._set_actions(())
        if was:
            self.closed.emit()

    def _set_actions(self, actions: Sequence[NoticeAction]) -> None:
        while (item := self._actions.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        before = self._close
        for action in actions:
            button = Button(action.text, tone=action.tone, icon=action.icon, on_click=action.on_click)
            self._actions.addWidget(button)
            # What is made later comes last in the window: a button goes where it is seen.
            self.setTabOrder(before, button)
            before = button
        if before is not self._close:
            self.setTabOrder(before, self._close)
        self._actions.addStretch(1)
        self._buttons.setVisible(bool(actions))


class EmptyState(QWidget):
    """Why there is nothing here, and what to do about it."""

    def __init__(
        self, icon: str, title: str, text: str, action: NoticeAction | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._icon = IconLabel(icon, "faint", 40)
        self._title = plain_label(title, "title")
        self._text = plain_label(text, tone="muted", wrap=True)
        column = QVBoxLayout(self)
        column.setSpacing(8)
        column.addStretch(1)
        column.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignHCenter)
        for label in (self._title, self._text):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._text.setMaximumWidth(420)
        # Stretches, not an alignment: an aligned label wraps at a width of its own choice.
        middle = QHBoxLayout()
        middle.addStretch(1)
        middle.addWidget(self._text, 100)
        middle.addStretch(1)
        column.addWidget(self._title)
        column.addLayout(middle)
        self.button: Button | None = None
        if action is not None:
            self.button = Button(action.text, tone=action.tone, icon=action.icon, on_click=action.on_click)
            column.addSpacing(8)
            column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(2)

    def show_text(self, title: str, text: str, icon: str = "") -> None:
        """Say something else."""
        set_text(self._title, title)
        set_text(self._text, text)
        if icon:
            self._icon.show_icon(icon, "faint")

    @property
    def title(self) -> str:
        """What it says."""
        return self._title.text()


class Toast(QFrame):
    """A bar low in its parent, clear of its buttons, for six seconds: what was done, and a way back ("Undo")."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._around = parent
        self.setProperty("toast", "true")
        self._text = plain_label()
        self._undo = Button(tr("Undo"), tone=ButtonTone.LINK, icon="undo-2", on_click=self._take_back)
        self._undo.show_icon("undo-2", "on_tooltip_accent")
        self._back: Callable[[], object] | None = None
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 8, 12, 8)
        row.setSpacing(16)
        row.addWidget(self._text)
        row.addWidget(self._undo)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_TOAST_MS)
        self._timer.timeout.connect(self.hide)
        parent.installEventFilter(self)
        self.hide()

    def show_text(self, text: str, undo: Callable[[], object] | None = None) -> None:
        """Say what was done; with `undo`, offer to take it back."""
        set_text(self._text, text)
        self._back = undo
        self._undo.setVisible(undo is not None)
        self.show()
        self._place()
        self.raise_()
        self._timer.start()
        announce(self, text)

    @property
    def text(self) -> str:
        """What is said."""
        return self._text.text()

    @Slot()
    def _take_back(self) -> None:
        self.hide()
        if self._back is not None:
            self._back()

    def _place(self) -> None:
        """The lowest place that covers nothing that can be pressed or typed into: the middle, else a side."""
        self.adjustSize()
        around = self._around
        width, height = min(self.width(), around.width() - 2 * _TOAST_EDGE), self.height()
        taken = self._taken()
        columns = ((around.width() - width) // 2, _TOAST_EDGE, around.width() - width - _TOAST_EDGE)
        rows = range(around.height() - height - _TOAST_EDGE, 0, -_TOAST_STEP)
        places = (QRect(left, top, width, height) for top in rows for left in columns)
        free = (place for place in places if not any(place.intersects(each) for each in taken))
        self.setGeometry(next(free, QRect(columns[0], max(0, rows.start), width, height)))

    def _taken(self) -> list[QRect]:
        """Where buttons and fields are, as seen from the parent."""
        around, edge = self._around, QMargins(4, 4, 4, 4)
        found = [*around.findChildren(QAbstractButton), *around.findChildren(QLineEdit)]
        return [
            QRect(each.mapTo(around, QPoint(0, 0)), each.size()).marginsAdded(edge)
            for each in found
            if each.isVisible() and each.window() is around.window() and not self.isAncestorOf(each)
        ]

    @guarded(False)
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Resize and self.isVisible():
            self._place()
        return False
