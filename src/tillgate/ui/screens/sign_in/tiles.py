"""Who can sign in, as tiles: a disc with initials, the name, the role, and in training the demo PIN."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from tillgate.domain.staff import Person, Role
from tillgate.i18n import mark, tr
from tillgate.ui.guard import guarded
from tillgate.ui.widgets.avatar import Avatar
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.labels import ElidedLabel, IconLabel, plain_label

ROLE_WORDS: Final = {Role.CASHIER: mark("Cashier"), Role.MANAGER: mark("Manager")}
_COLUMNS: Final = 2
_HEIGHT: Final = 76


class PersonTile(Button):
    """One person; checked while their PIN is asked for."""

    def __init__(self, person: Person, demo_pin: str) -> None:
        super().__init__(tone=ButtonTone.TILE)
        self.person = person
        self.setProperty("person", "true")
        self.setCheckable(True)
        self.setAccessibleName(self._spoken(demo_pin))
        name = ElidedLabel(person.name, "strong")
        under = tr("PIN {pin}", pin=demo_pin) if demo_pin else tr(ROLE_WORDS[person.role])
        texts = QVBoxLayout()
        texts.setSpacing(1)
        texts.addStretch(1)
        texts.addWidget(name)
        texts.addWidget(plain_label(under, "caption", tone="training" if demo_pin else ""))
        texts.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 12, 8)
        row.setSpacing(12)
        row.addWidget(Avatar(person.name, 44))
        row.addLayout(texts, 1)
        if person.locked:
            row.addWidget(IconLabel("lock", "failed", 18))
        for child in self.findChildren(QWidget):
            child.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def _spoken(self, demo_pin: str) -> str:
        values = {"name": self.person.name, "role": tr(ROLE_WORDS[self.person.role])}
        if self.person.locked:
            return tr("{name}, {role}, locked", **values)
        if demo_pin:
            return tr("{name}, {role}, PIN {pin}", pin=demo_pin, **values)
        return tr("{name}, {role}", **values)

    @guarded(QSize)
    def sizeHint(self) -> QSize:
        return QSize(196, _HEIGHT)

    @guarded(QSize)
    def minimumSizeHint(self) -> QSize:
        return QSize(150, _HEIGHT)


class PeopleTiles(QScrollArea):
    """The tiles, two in a row. `chosen(Person)` on a press, Enter or arrow; a digit goes on to the PIN by `typed`."""

    chosen = Signal(object)
    typed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(tr("People"))
        self.tiles: list[PersonTile] = []
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)

    def show_people(self, people: Sequence[Person], demo_pins: dict[str, str]) -> None:
        """Show other people; nobody is chosen."""
        for tile in self.tiles:
            self._group.removeButton(tile)
        page = QWidget()
        page.setProperty("page", "true")
        grid = QGridLayout(page)
        grid.setContentsMargins(4, 4, 8, 4)
        grid.setSpacing(10)
        self.tiles = [PersonTile(person, demo_pins.get(person.name, "")) for person in people]
        for number, tile in enumerate(self.tiles):
            self._group.addButton(tile)
            grid.addWidget(tile, number // _COLUMNS, number % _COLUMNS)
            tile.clicked.connect(lambda _checked=False, tile=tile: self.chosen.emit(tile.person))
        for column in range(_COLUMNS):
            grid.setColumnStretch(column, 1)
        grid.setRowStretch(grid.rowCount(), 1)
        self.setWidget(page)

    def mark(self, person: Person) -> None:
        """Show who was chosen, and where."""
        for tile in self.tiles:
            if tile.person.id == person.id:
                tile.setChecked(True)
                self.ensureWidgetVisible(tile)

    def focus_chosen(self) -> None:
        """Put the focus on the chosen tile, or on the first."""
        tile = next((tile for tile in self.tiles if tile.isChecked()), self.tiles[0] if self.tiles else None)
        if tile is not None:
            tile.setFocus()

    @guarded()
    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = _STEPS.get(Qt.Key(event.key()))
        if step is not None and self.tiles:
            focused = next((n for n, tile in enumerate(self.tiles) if tile.hasFocus()), 0)
            self.tiles[max(0, min(len(self.tiles) - 1, focused + step))].setFocus()
            return
        if event.text().isdigit():
            self.typed.emit(event.text())
            return
        super().keyPressEvent(event)


_STEPS: Final = {
    Qt.Key.Key_Left: -1,
    Qt.Key.Key_Right: 1,
    Qt.Key.Key_Up: -_COLUMNS,
    Qt.Key.Key_Down: _COLUMNS,
}
