"""A manager unlocks somebody at the sign-in screen, without signing in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from tillgate.domain.errors import TillgateError
from tillgate.i18n import tr
from tillgate.ui.dialogs.manager_pin import ManagerPin
from tillgate.ui.tasks import Tasks
from tillgate.ui.theme import Tone
from tillgate.ui.widgets.dialog import Dialog
from tillgate.ui.widgets.labels import plain_label


class UnlockDialog(Dialog):
    """`unlocked` once a manager's PIN was right: `unlock` takes their name and PIN and the name of who is locked."""

    unlocked = Signal()

    def __init__(
        self,
        parent: QWidget,
        tasks: Tasks,
        unlock: Callable[[str, str, str], None],
        *,
        locked: str,
        managers: Sequence[str],
    ) -> None:
        super().__init__(
            parent,
            tr("Unlock {name}", name=locked),
            tr("The wrong tries are in the audit. After unlocking, {name} can try again at once.", name=locked),
            verb=tr("Unlock"),
            on_accept=self._unlock,
            icon="lock-open",
        )
        self._tasks, self._unlock_person, self._locked = tasks, unlock, locked
        self.credential = ManagerPin(managers)
        self.credential.submitted.connect(self._unlock)
        if managers:
            self.add(self.credential)
            self.credential.setFocus()
        else:
            text = tr("No other manager can sign in. The owner of this computer can run: tillgate unlock")
            self.add(plain_label(text, wrap=True, selectable=True))
            self.credential.hide()
            self.go.hide()

    def scan(self, code: str) -> bool:
        """Nothing can be sold yet."""
        del code
        self.notice.say(Tone.WAITING, tr("Unlock first, then scan."))
        return True

    def _unlock(self) -> None:
        if not self.credential.ready:
            self.credential.setFocus()
            return
        self.set_working(True)
        self.credential.entry.set_working(True)
        name, pin = self.credential.name, self.credential.pin
        work = partial(self._unlock_person, name, pin, self._locked)
        self._tasks.run(self, work, self._done, self._refused)

    def _done(self, _nothing: None) -> None:
        self.unlocked.emit()
        self.accept()

    def _refused(self, error: TillgateError) -> None:
        self.set_working(False)
        self.credential.entry.set_working(False)
        if not self.credential.refuse(error):
            self.show_error(error)
