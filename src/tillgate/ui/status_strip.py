"""The strip at the bottom: till, who is at it, shift, mode, connection, money still pending, printer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QStatusBar, QWidget

from tillgate.domain.payment import Mode
from tillgate.i18n import mark, ntr, tr
from tillgate.ui.screen import Connection, ShellState
from tillgate.ui.theme import Tone
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.labels import IconLabel, plain_label, set_text, set_tone
from tillgate.ui.widgets.status_badge import Status, StatusBadge

MODE_STATUS: Final = {
    Mode.TRAINING: Status(Tone.TRAINING, "graduation-cap", mark("TRAINING")),
    Mode.TEST: Status(Tone.ACCENT, "flask-conical", mark("TEST")),
    Mode.LIVE: Status(Tone.SETTLED, "shield-check", mark("LIVE")),
}
_CONNECTION: Final = {
    Connection.UNKNOWN: ("loader-circle", "muted", mark("Checking the connection")),
    Connection.ONLINE: ("wifi", "settled", mark("Online")),
    Connection.OFFLINE: ("wifi-off", "waiting", mark("Offline")),
    Connection.UNCLEAR: ("circle-help", "waiting", mark("No clear answer from the provider")),
    Connection.NO_PROVIDER: ("key-round", "waiting", mark("No provider set up")),
}
_LONG_SHIFT: Final = timedelta(days=1)
_AGE_MS: Final = 60_000


class _Part(QWidget):
    """An icon and a text side by side."""

    def __init__(self, icon: str) -> None:
        super().__init__()
        self.icon = IconLabel(icon, "muted", 16)
        self.label = plain_label(role="caption")
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 8, 0)
        row.setSpacing(6)
        row.addWidget(self.icon)
        row.addWidget(self.label)

    def show_text(self, text: str, tone: str = "muted", icon: str = "") -> None:
        set_text(self.label, text)
        set_tone(self.label, tone)
        if icon:
            self.icon.show_icon(icon, tone)


class StatusStrip(QStatusBar):
    """`person_pressed` to lock or switch, `pending_pressed` to look at money that is not certain yet, `setup_pressed`
    to set up a provider, offered to whoever may (`show_setup`)."""

    person_pressed = Signal()
    pending_pressed = Signal()
    setup_pressed = Signal()

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        super().__init__()
        self._now = now
        self._opened_at: datetime | None = None
        self.setSizeGripEnabled(False)
        self.setAccessibleName(tr("Status"))
        self.mode = StatusBadge(MODE_STATUS[Mode.TRAINING])
        self.till = _Part("monitor")
        self.shift = _Part("timer")
        self.connection = _Part("wifi")
        self.printer = _Part("printer")
        self.busy = _Part("loader-circle")
        self.busy.show_text(tr("Working…"))
        self.person = Button(tone=ButtonTone.BAR, icon="user", on_click=self.person_pressed.emit)
        self.pending = Button(tone=ButtonTone.BAR, on_click=self.pending_pressed.emit)
        self.pending.show_icon("clock", "waiting")
        self.set_up = Button(tone=ButtonTone.BAR, on_click=self.setup_pressed.emit)
        self.set_up.show_icon("key-round", "waiting")
        self.set_up.setToolTip(tr("Open the settings to set one up"))
        for left in (self.mode, self.till, self.person, self.shift, self.busy):
            self.addWidget(left)
        for right in (self.pending, self.printer, self.connection, self.set_up):
            self.addPermanentWidget(right)
        self.show_busy(False)
        self._timer = QTimer(self)
        self._timer.setInterval(_AGE_MS)
        self._timer.timeout.connect(self._show_shift)
        self._timer.start()

    def show_state(self, state: ShellState, *, may_set_up: bool = False) -> None:
        """Show it all; whoever may set a provider up gets a way to it."""
        self.mode.show_status(MODE_STATUS[state.mode])
        self.till.show_text(tr("{store}, till {till}", store=state.store, till=state.till))
        self.person.setVisible(state.role is not None)
        self.person.show_text(state.person)
        named = tr("{person}: lock or switch", person=state.person)
        self.person.setAccessibleName(named)
        self.person.setToolTip(tr("Lock or switch (Ctrl+L)"))
        self._opened_at = state.shift_opened_at
        self._show_shift()
        icon, tone, words = _CONNECTION[state.connection]
        self.connection.show_text(tr(words), tone, icon)
        self.set_up.show_text(tr(words))
        offered = may_set_up and state.connection is Connection.NO_PROVIDER
        self.set_up.setVisible(offered)
        self.connection.setVisible(not offered)
        self.pending.setVisible(state.pending > 0 and state.role is not None)
        self.pending.show_text(ntr("{count} payment pending", "{count} payments pending", state.pending))
        self.printer.setVisible(state.printer is not None)
        self.printer.show_text(state.printer or "")

    @Slot(bool)
    def show_busy(self, busy: bool) -> None:
        """Say that something takes longer than 300 ms."""
        self.busy.setVisible(busy)

    @Slot()
    def _show_shift(self) -> None:
        opened = self._opened_at
        self.shift.setVisible(opened is not None)
        if opened is not None:
            age = max(timedelta(0), self._now() - opened)
            minutes = int(age.total_seconds()) // 60
            text = tr("Shift {hours} h {minutes} min", hours=minutes // 60, minutes=minutes % 60)
            self.shift.show_text(text, "waiting" if age >= _LONG_SHIFT else "muted", "timer")
