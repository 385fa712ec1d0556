"""The tills of the store, and the code by which a new one joins: shown once, with the time it has left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import partial
from typing import Final

from PySide6.QtCore import QTimer, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from tillgate.domain.errors import TillgateError
from tillgate.domain.staff import Action
from tillgate.formats import format_instant
from tillgate.i18n import active_language, mark, tr
from tillgate.services.secret_offers import Offer, OpenOffer, find_offer, offer_secret, revoke_offer
from tillgate.services.tills import TillRecord, list_tills
from tillgate.ui.dialogs.approval import Asked, Door, ask_permission
from tillgate.ui.screens.settings.places import Places
from tillgate.ui.theme import Tone
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.labels import IconLabel, elapsed_text, plain_label, set_text
from tillgate.ui.widgets.notices import InlineNotice, announce
from tillgate.ui.widgets.status_badge import Status, StatusBadge

_WIDTH: Final = 720
_LOOK_MS: Final = 15_000
_TICK_MS: Final = 1_000
_OPEN: Final = Status(Tone.SETTLED, "circle-check", mark("Running"))
_CLOSED: Final = Status(Tone.DRAFT, "circle-pause", mark("Not running"))


@dataclass(frozen=True, slots=True)
class _Seen:
    """One look."""

    tills: tuple[TillRecord, ...]
    offer: OpenOffer | None


class TillCard(QFrame):
    """One till: its name, its computer, when it was last heard of."""

    def __init__(self, known: TillRecord, zone: tzinfo) -> None:
        super().__init__()
        self.setProperty("surface", "raised")
        name = tr("Till {till}, this one", till=known.id) if known.mine else tr("Till {till}", till=known.id)
        self.badge = StatusBadge(_OPEN if known.open else _CLOSED)
        told = [tr("On {computer}", computer=known.computer) if known.computer else tr("On this computer")]
        if known.opened_at is not None and known.open:
            told.append(tr("opened {time}", time=format_instant(known.opened_at, active_language(), zone)))
        elif known.seen_at is not None:
            told.append(tr("last heard of {time}", time=format_instant(known.seen_at, active_language(), zone)))
        self.text = "  ·  ".join(told)
        grid = QGridLayout(self)
        grid.setContentsMargins(16, 12, 16, 12)
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(1, 1)
        grid.addWidget(IconLabel("monitor", "muted", 22), 0, 0, 2, 1)
        grid.addWidget(plain_label(name, "strong"), 0, 1)
        grid.addWidget(plain_label(self.text, "caption", wrap=True), 1, 1)
        grid.addWidget(self.badge, 0, 2, 2, 1)
        self.setAccessibleName(f"{name}, {self.text}")


class CodeCard(QFrame):
    """The code that is good now: in full where it was just made, else only that there is one."""

    def __init__(self, door: Door) -> None:
        super().__init__()
        self._door = door
        self._ends: datetime | None = None
        self.setProperty("surface", "raised")
        self.title = plain_label(role="title", wrap=True)
        self.code = plain_label(role="display", selectable=True)
        self.left = plain_label(role="strong", tone="waiting")
        self.how = plain_label(role="body", wrap=True)
        self.copy = Button(tr("Copy the code"), icon="copy", on_click=self._copy)
        self.revoke = Button(tr("Take the code back"), tone=ButtonTone.DESTRUCTIVE, icon="ban")
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        for button in (self.copy, self.revoke):
            buttons.addWidget(button)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 18)
        column.setSpacing(8)
        for widget in (self.title, self.code, self.left, self.how):
            column.addWidget(widget)
        column.addLayout(buttons)
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._tick)
        self.hide()

    def show_offer(self, offer: Offer) -> None:
        """The code itself, the one time that it is there."""
        set_text(self.title, tr("Code for the new till"))
        set_text(self.code, offer.code.reveal())
        how = tr(
            "Start Tillgate at the new computer, choose “Join a store that is there already”, and type this code in. "
            "It is shown this once; who has it can become a till of the store."
        )
        set_text(self.how, how)
        self._begin(offer.expires_at, whole=True)
        announce(self.code, self.code.text())

    def show_open(self, offer: OpenOffer | None) -> None:
        """Only that there is one; None where there is none, or it is used."""
        if offer is None:
            self.clear()
        elif self._ends != offer.expires_at:
            set_text(self.title, tr("A code for a new till is open"))
            set_text(self.how, tr("{person} made it at till {till}. It can’t be shown again; take it back and make "
                                  "another.", person=offer.offered_by, till=offer.offered_till))  # fmt: skip
            set_text(self.code, "")
            self._begin(offer.expires_at, whole=False)

    def clear(self) -> None:
        """There is no code."""
        self._timer.stop()
        self._ends = None
        set_text(self.code, "")
        self.hide()

    def _begin(self, ends: datetime, *, whole: bool) -> None:
        self._ends = ends
        self.code.setVisible(whole)
        self.copy.setVisible(whole)
        self.show()
        self._tick()
        self._timer.start()

    @Slot()
    def _tick(self) -> None:
        if self._ends is None:
            return
        seconds = int((self._ends - self._door.till.clock.now().astimezone(UTC)).total_seconds())
        if seconds <= 0:
            self.clear()
            return
        set_text(self.left, tr("Good for {time} more", time=elapsed_text(seconds)))

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.code.text())


class TillsPage(QWidget):
    """The list, read again while it is on the screen."""

    def __init__(self, door: Door, places: Places, zone: tzinfo) -> None:
        super().__init__()
        self._door, self._places, self._zone = door, places, zone
        self.notice = InlineNotice(closable=True)
        self.add = Button(tr("Add a till"), tone=ButtonTone.PRIMARY, icon="plus", on_click=self._add)
        self.card = CodeCard(door)
        self.card.revoke.clicked.connect(self._revoke)
        self.tills: list[TillCard] = []
        self._seen: tuple[TillRecord, ...] | None = None
        head = QHBoxLayout()
        head.addWidget(plain_label(tr("Tills of the store"), "heading"))
        head.addStretch(1)
        head.addWidget(self.add)
        self._list = QVBoxLayout()
        self._list.setSpacing(8)
        why = tr(
            "The books are a file on this computer, which is the store’s one till. For more tills the books belong in "
            "a PostgreSQL database that all of them reach, opened with “tillgate run --database …”."
        )
        self.why = plain_label(why, tone="muted", wrap=True)
        shared = places.store_secret is not None
        self.add.setVisible(shared)
        self.why.setVisible(not shared)
        self.setMaximumWidth(_WIDTH)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(14)
        column.addLayout(head)
        for widget in (self.notice, self.card, self.why):
            column.addWidget(widget)
        column.addLayout(self._list)
        column.addStretch(1)
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_MS)
        self._timer.timeout.connect(self._look_if_seen)
        self._timer.start()
        self.look()

    def look(self) -> None:
        """Read the tills and the code that is open."""
        till, actor = self._door.till, self._door.actor

        def read() -> _Seen:
            return _Seen(list_tills(till, actor), find_offer(till, actor))

        self._door.tasks.run(self, read, self._show, self.notice.show_error, label="tills")

    @Slot()
    def _look_if_seen(self) -> None:
        if self.isVisible():
            self.look()

    def _show(self, seen: _Seen) -> None:
        self.card.show_open(seen.offer)
        if seen.tills != self._seen:
            self._seen = seen.tills
            self._show_tills(seen.tills)

    def _show_tills(self, tills: Sequence[TillRecord]) -> None:
        for card in self.tills:
            card.hide()
            card.deleteLater()
        self.tills = [TillCard(each, self._zone) for each in tills]
        for card in self.tills:
            self._list.addWidget(card)

    def _add(self, _token: object = None) -> None:
        secret = self._places.store_secret
        if secret is not None:
            self._do(partial(offer_secret, self._door.till, self._door.actor, secret), self._offered, self._add)

    def _offered(self, offer: object) -> None:
        if isinstance(offer, Offer):
            self.notice.clear()
            self.card.show_offer(offer)

    def _revoke(self, _token: object = None) -> None:
        self._do(partial(revoke_offer, self._door.till, self._door.actor), self._revoked, self._revoke)

    def _revoked(self, done: object) -> None:
        self.card.clear()
        text = tr("The code is worth nothing any more.") if done else tr("The code was used or over already.")
        self.notice.say(Tone.SETTLED, text)
        self.look()

    def _do(
        self, work: Callable[[], object], done: Callable[[object], None], again: Callable[[str | None], None]
    ) -> None:
        self.add.setEnabled(False)

        def finished(value: object) -> None:
            self.add.setEnabled(True)
            done(value)

        def refused(error: TillgateError) -> None:
            self.add.setEnabled(True)
            if not ask_permission(self, self._door, Asked(Action.EDIT_KEYS), error, again):
                self.notice.show_error(error)

        self._door.tasks.run(self, work, finished, refused, label="tills")
