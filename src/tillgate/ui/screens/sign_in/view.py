"""The widgets of the sign-in screen: people at the left, the PIN of the chosen one at the right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from tillgate.domain.payment import Mode
from tillgate.domain.staff import Person
from tillgate.i18n import mark, tr
from tillgate.ui.screens.sign_in.tiles import ROLE_WORDS, PeopleTiles
from tillgate.ui.theme import Density, Tone, set_density
from tillgate.ui.widgets.avatar import Avatar
from tillgate.ui.widgets.buttons import Button
from tillgate.ui.widgets.labels import IconLabel, line, plain_label, set_text
from tillgate.ui.widgets.notices import EmptyState, InlineNotice
from tillgate.ui.widgets.pin_entry import PinEntry
from tillgate.ui.widgets.status_badge import Status, StatusBadge

_CARD_WIDTH: Final = 888
_CARD_HEIGHT: Final = 560
_PIN_WIDTH: Final = 320
_MODES: Final = {
    Mode.TRAINING: Status(Tone.TRAINING, "graduation-cap", mark("Training: no real money")),
    Mode.TEST: Status(Tone.WAITING, "flask-conical", mark("Test keys: no real money")),
    Mode.LIVE: Status(Tone.SETTLED, "circle-check", mark("Live")),
}


class SignInView(QWidget):
    """Builds and shows; what a press means is the screen's business."""

    def __init__(self, store: str, till_id: str, mode: Mode) -> None:
        super().__init__()
        self.tiles = PeopleTiles()
        self.pin = PinEntry(tr("PIN or passphrase"))
        self.notice = InlineNotice()
        self.unlock = Button(tr("Unlock with a manager’s PIN"), icon="lock-open")
        self._avatar = Avatar(side=72)
        self._name = _centred("heading")
        self._role = _centred("caption")
        self._locked_text = _centred("body")
        outer = QVBoxLayout(self)
        outer.setContentsMargins(24, 16, 24, 16)
        outer.addStretch(1)
        outer.addWidget(self._heading(store, till_id, mode), 0, Qt.AlignmentFlag.AlignHCenter)
        outer.addSpacing(12)
        outer.addWidget(self._card(), 20)
        outer.addWidget(self.notice)
        outer.addStretch(1)
        set_density(self, Density.TOUCH)

    # What is shown

    def show_people(self, people: Sequence[Person], demo_pins: dict[str, str]) -> None:
        """Show who can sign in; a single person needs no tiles."""
        self.tiles.show_people(people, demo_pins)
        several = len(people) > 1
        self._left.setVisible(several)
        self._between.setVisible(several)
        self._card_frame.setFixedWidth(_CARD_WIDTH if several else _PIN_WIDTH + 2 * 56)

    def show_nobody(self) -> None:
        """Ask for a choice."""
        self._right.setCurrentWidget(self._empty)

    def show_person(self, person: Person) -> None:
        """Ask for a person's PIN, or say that a manager has to unlock them."""
        self.tiles.mark(person)
        self._avatar.show_name(person.name)
        set_text(self._name, person.name)
        role = tr(ROLE_WORDS[person.role])
        set_text(self._role, role if person.locked else tr("{role} · PIN or passphrase, then Enter", role=role))
        self.pin.clear()
        self.pin.setVisible(not person.locked)
        self._locked.setVisible(person.locked)
        set_text(self._locked_text, tr("{name} is locked after ten wrong tries.", name=person.name))
        self._right.setCurrentWidget(self._asking)
        if person.locked:
            self.unlock.setFocus()
        else:
            self.pin.hold(person.wait_s)
            self.pin.setFocus()

    # Building

    def _heading(self, store: str, till_id: str, mode: Mode) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        title = plain_label(store or tr("Tillgate"), "amount")
        title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        row = QHBoxLayout()
        row.setSpacing(10)
        row.addStretch(1)
        row.addWidget(plain_label(tr("Till {till}", till=till_id), "body", tone="muted"))
        if mode is not Mode.LIVE:
            row.addWidget(StatusBadge(_MODES[mode]))
        row.addStretch(1)
        column.addWidget(title)
        column.addLayout(row)
        return page

    def _card(self) -> QWidget:
        self._card_frame = QFrame()
        self._card_frame.setProperty("surface", "raised")
        self._card_frame.setFixedWidth(_CARD_WIDTH)
        row = QHBoxLayout(self._card_frame)
        row.setContentsMargins(24, 20, 24, 20)
        row.setSpacing(24)
        self._left = self._people()
        self._between = line(vertical=True)
        row.addWidget(self._left, 1)
        row.addWidget(self._between)
        row.addWidget(self._pin_side())
        page = QWidget()
        page.setMaximumHeight(_CARD_HEIGHT)
        centre = QHBoxLayout(page)
        centre.setContentsMargins(0, 0, 0, 0)
        centre.addStretch(1)
        centre.addWidget(self._card_frame)
        centre.addStretch(1)
        return page

    def _people(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addWidget(plain_label(tr("Who is at the till?"), "title"))
        column.addWidget(self.tiles, 1)
        return page

    def _pin_side(self) -> QWidget:
        self._right = QStackedWidget()
        self._right.setFixedWidth(_PIN_WIDTH)
        self._right.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self._empty = EmptyState("user", tr("Choose your name"), tr("Then type your PIN and press Enter."))
        self._asking = QWidget()
        column = QVBoxLayout(self._asking)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addStretch(1)
        column.addWidget(self._avatar, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self._name)
        column.addWidget(self._role)
        column.addSpacing(10)
        column.addWidget(self.pin)
        self._locked = self._locked_box()
        column.addWidget(self._locked)
        column.addStretch(1)
        self._right.addWidget(self._empty)
        self._right.addWidget(self._asking)
        return self._right

    def _locked_box(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 12, 0, 12)
        column.setSpacing(14)
        column.addWidget(IconLabel("lock", "failed", 32), 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self._locked_text)
        column.addWidget(self.unlock)
        return page


def _centred(role: str) -> QLabel:
    made = plain_label(role=role, wrap=True)
    made.setAlignment(Qt.AlignmentFlag.AlignHCenter)
    return made
