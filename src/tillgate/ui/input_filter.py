"""The one filter over the application's events: it feeds the scanner, the idle clock and the quarantine of keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QTimer, Signal, Slot
from PySide6.QtGui import QKeyEvent, QMouseEvent, QTouchEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget

from tillgate.ui.guard import guarded
from tillgate.ui.scanner import Scanner, key_time_ms

_KEYS: Final = frozenset({QEvent.Type.KeyPress, QEvent.Type.ShortcutOverride})
# A key that is a shortcut comes as an override alone, never as a press.
_SIGNS_OF_LIFE: Final = frozenset(
    {
        QEvent.Type.KeyPress,
        QEvent.Type.ShortcutOverride,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.MouseMove,
        QEvent.Type.Wheel,
        QEvent.Type.TouchBegin,
    }
)
# What these can be. Asking an event for its type makes an enum of it: too dear for the thousands that are none.
_INPUT: Final = frozenset({QKeyEvent, QMouseEvent, QWheelEvent, QTouchEvent})
# Nobody answers a new screen faster than this; whoever typed did not see it.
QUARANTINE_MS: Final = 120
_BURST_MS: Final = 60


class KeyQuarantine:
    """Swallows keys that were pressed for the screen before (erpnext#12645: the sale submitted itself).

    From `begin` on, keys go nowhere for 120 ms, and a burst that reaches over the end is swallowed whole.
    """

    def __init__(self, time_ms: Callable[[QKeyEvent], int] = key_time_ms) -> None:
        self._time_ms = time_ms
        self._waiting = False
        self._until_ms = 0
        self._timer = QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(QUARANTINE_MS)
        self._timer.timeout.connect(self._over)

    def begin(self) -> None:
        """A screen has just changed; call it when the new one stands."""
        self._waiting = True
        self._until_ms = 0
        self._timer.start()

    @property
    def active(self) -> bool:
        """Whether keys are swallowed."""
        return self._waiting

    def _over(self) -> None:
        self._waiting = False

    def take(self, event: QKeyEvent) -> bool:
        """True when the key goes no further."""
        now = self._time_ms(event)
        if self._waiting or now < self._until_ms:
            self._until_ms = now + _BURST_MS
            if event.type() is QEvent.Type.ShortcutOverride:
                event.accept()
            return True
        return False


class IdleClock(QObject):
    """`idle` after some minutes without a key or the mouse."""

    idle = Signal()

    def __init__(self, minutes: float, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(round(minutes * 60_000))
        self._timer.timeout.connect(self.idle)

    def run(self, running: bool) -> None:
        """Start counting, or stop while nobody is signed in."""
        if running:
            self._timer.start()
        else:
            self._timer.stop()

    def set_minutes(self, minutes: float) -> None:
        """Change the setting."""
        self._timer.setInterval(round(minutes * 60_000))

    @Slot()
    def noticed(self) -> None:
        """Somebody is there."""
        if self._timer.isActive():
            self._timer.start()


class InputFilter(QObject):
    """Sees every event before its widget does; cheap for all that is not a key or a sign of life.

    `over_dialogs` may take a key while a dialog keeps the window's own shortcuts from working. A window that is closed
    hears nothing, however long it lives on.
    """

    def __init__(
        self,
        scanner: Scanner,
        quarantine: KeyQuarantine,
        idle: IdleClock,
        window: QWidget,
        over_dialogs: Callable[[QKeyEvent], bool] = lambda _event: False,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._over_dialogs = over_dialogs
        self._scanner, self._quarantine, self._idle = scanner, quarantine, idle
        self._begin()

    def _begin(self) -> None:
        app = QCoreApplication.instance()
        if app is not None:
            app.installEventFilter(self)

    @contextmanager
    def resting(self) -> Iterator[None]:
        """For what makes widgets and lets nobody press anything meanwhile: of the thousand events that a screen's
        making sends none is input, and to look at each takes a fifth of the time."""
        app = QCoreApplication.instance()
        if app is not None:
            app.removeEventFilter(self)
        try:
            yield
        finally:
            self._begin()

    @guarded(False)
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if type(event) not in _INPUT:
            return False
        kind = event.type()
        if kind in _SIGNS_OF_LIFE:
            self._idle.noticed()
        if kind in _KEYS and isinstance(event, QKeyEvent) and watched.isWidgetType() and self._window.isVisible():
            return self._quarantine.take(event) or self._dialog_key(event) or self._scanner.take(watched, event)
        return kind is QEvent.Type.KeyRelease and isinstance(event, QKeyEvent) and self._scanner.take_release(event)

    def _dialog_key(self, event: QKeyEvent) -> bool:
        pressed = event.type() is QEvent.Type.KeyPress and QApplication.activeModalWidget() is not None
        return pressed and self._over_dialogs(event)


class FirstKey(QObject):
    """Waits at the widget with the focus for the first key of all, and lets the filter over everything begin with it.

    For the first object that such a filter sees PySide makes the types of all that Qt has: 3 MB and 22 ms that a till
    does without while nobody is there. `begin` makes it.
    """

    def __init__(self, begin: Callable[[], InputFilter], parent: QObject) -> None:
        super().__init__(parent)
        self._begin = begin
        self._made: InputFilter | None = None
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._watch)
        self._watch(None, QApplication.focusWidget())

    @Slot(QWidget, QWidget)
    def _watch(self, _old: QWidget | None, now: QWidget | None) -> None:
        if now is not None and self._made is None:
            now.installEventFilter(self)

    @guarded(False)
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if self._made is not None or type(event) is not QKeyEvent or event.type() not in _KEYS:
            return False
        self._made = self._begin()
        return self._made.eventFilter(watched, event)
