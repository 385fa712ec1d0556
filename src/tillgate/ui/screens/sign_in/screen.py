"""Signing in: choose a name, type a PIN, press Enter. A wrong one waits, a locked person needs a manager."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QVBoxLayout

from tillgate.domain.changes import Kind
from tillgate.domain.errors import TillgateError
from tillgate.domain.staff import Person, Role
from tillgate.i18n import tr
from tillgate.ui.dialogs.unlock import UnlockDialog
from tillgate.ui.guard import guarded
from tillgate.ui.screen import Screen
from tillgate.ui.screens.sign_in.desk import SignInDesk
from tillgate.ui.screens.sign_in.view import SignInView
from tillgate.ui.tasks import Tasks
from tillgate.ui.theme import Tone
from tillgate.ui.widgets.notices import announce

if TYPE_CHECKING:
    from tillgate.services.sign_in import Session


class SignInScreen(Screen):
    """`signed_in(Session)` once somebody proved who they are. `last` names whose PIN is asked for at first.

    `demo_pins` are name -> PIN, shown on the tiles in training mode. `people` are shown at once where they are known.
    """

    signed_in = Signal(object)
    asks_pin = True

    def __init__(
        self,
        desk: SignInDesk,
        tasks: Tasks,
        *,
        people: Sequence[Person] | None = None,
        demo_pins: Mapping[str, str] | None = None,
        last: str = "",
    ) -> None:
        super().__init__()
        self._desk, self._tasks = desk, tasks
        self._demo_pins = dict(demo_pins or {})
        self._last = last
        self._people: list[Person] = []
        self._chosen: Person | None = None
        self.view = SignInView(desk.store, desk.till_id, desk.mode)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.view)
        self.view.tiles.chosen.connect(self._choose)
        self.view.tiles.typed.connect(self._type_on)
        self.view.pin.submitted.connect(self._submit)
        self.view.unlock.clicked.connect(self._unlock)
        tasks.watch(self, {Kind.STAFF}, lambda _changes: self._load())
        self.view.show_nobody()
        if people is None:
            self._load()
        else:
            self._show(people)

    def entered(self) -> None:
        """The focus goes where the next key belongs."""
        if self._chosen is not None:
            self.view.pin.setFocus()
        else:
            self.view.tiles.focus_chosen()

    def go_back(self) -> bool:
        """Esc: choose somebody else."""
        self.view.pin.clear()
        self.view.tiles.focus_chosen()
        return len(self._people) > 1

    def scan(self, code: str) -> bool:
        """Nothing can be sold yet: said, and no try at a PIN."""
        del code
        self.view.notice.say(Tone.WAITING, tr("Unlock first, then scan."))
        return True

    @guarded()
    def keyPressEvent(self, event: QKeyEvent) -> None:
        # The window's own Esc rests while nobody is signed in.
        if event.key() == Qt.Key.Key_Escape:
            self.go_back()
            return
        super().keyPressEvent(event)

    # People

    def _load(self) -> None:
        self._tasks.run(self, self._desk.list_people, self._show, self.view.notice.show_error)

    def _show(self, people: Sequence[Person]) -> None:
        self._people = list(people)
        self.view.show_people(people, self._demo_pins)
        wanted = self._chosen.name if self._chosen is not None else self._last
        again = next((person for person in people if person.name == wanted), None)
        if again is None and len(people) == 1:
            again = people[0]
        if again is not None:
            self._choose(again)
        else:
            self._chosen = None
            self.view.show_nobody()
            self.entered()

    @Slot(object)
    def _choose(self, person: Person) -> None:
        self._chosen = person
        self.view.notice.clear()
        self.view.show_person(person)

    @Slot(str)
    def _type_on(self, digit: str) -> None:
        if self._chosen is not None and not self._chosen.locked:
            self.view.pin.setFocus()
            self.view.pin.line.insert(digit)

    # Proving

    @Slot()
    def _submit(self) -> None:
        if self._chosen is None:
            return
        self.view.notice.clear()
        self.view.pin.set_working(True)
        name, pin = self._chosen.name, self.view.pin.text
        work = partial(self._desk.sign_in, name, pin)
        self._tasks.run(self, work, self._welcome, self._refused)

    def _welcome(self, session: Session) -> None:
        self.view.pin.set_working(False)
        self.view.pin.clear()
        announce(self, tr("Welcome, {name}.", name=session.actor.name))
        self.signed_in.emit(session)

    def _refused(self, error: TillgateError) -> None:
        self.view.pin.set_working(False)
        self.view.pin.clear()
        if error.code == "staff_locked":
            self._load()
        elif error.code in {"pin_wrong", "pin_wait"}:
            self.view.pin.refuse(error)
        else:
            self.view.notice.show_error(error)
        self.view.pin.setFocus()

    @Slot()
    def _unlock(self) -> None:
        if self._chosen is None:
            return
        managers = [person.name for person in self._people if person.role is Role.MANAGER and not person.locked]
        dialog = UnlockDialog(self, self._tasks, self._desk.unlock, locked=self._chosen.name, managers=managers)
        dialog.unlocked.connect(self._load)
        dialog.open()
