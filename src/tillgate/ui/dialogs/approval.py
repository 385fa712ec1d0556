"""A manager's approval in place: who asks for what and for how much, the manager's own PIN, and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFormLayout, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from tillgate.domain.errors import Invalid, Refused, TillgateError
from tillgate.domain.money import Money
from tillgate.domain.staff import Action, Actor, Person, Role
from tillgate.formats import format_money
from tillgate.i18n import active_language, mark, tr
from tillgate.services.access import allow_export, approve
from tillgate.services.pin_hash import Pins
from tillgate.services.sign_in import confirm, list_people
from tillgate.services.till import Till
from tillgate.ui.dialogs.manager_pin import ManagerPin
from tillgate.ui.message_text import message_for
from tillgate.ui.tasks import Tasks
from tillgate.ui.widgets.dialog import Dialog
from tillgate.ui.widgets.fields import TextField
from tillgate.ui.widgets.labels import plain_label
from tillgate.ui.widgets.pin_entry import PinEntry

_WIDTH: Final = 760
# What an action is called, for the person who approves or confirms it.
ACTION_WORDS: Final[Mapping[Action, str]] = {
    Action.REFUND: mark("Give money back"),
    Action.EDIT_STAFF: mark("Change the people of the store"),
    Action.EDIT_SETTINGS: mark("Change settings"),
    Action.EDIT_KEYS: mark("Change keys"),
    Action.EXPORT: mark("Export"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What permission is asked for. `title` says it in the user's words, for instance "Refund PAY-17"."""

    action: Action
    subject: str = ""
    amount: Money | None = None
    title: str = ""
    reason: str = ""

    @property
    def shown(self) -> str:
        """The title, or what the action is called."""
        return self.title or tr(ACTION_WORDS.get(self.action, mark("Something that only a manager may do")))

    @property
    def money(self) -> str:
        """The amount as people read it, "" for none."""
        return format_money(self.amount, active_language()) if self.amount is not None else ""


@dataclass(frozen=True, slots=True)
class Door:
    """What asking needs: the till, the store's PINs, who is signed in, and the lanes."""

    till: Till
    pins: Pins
    actor: Actor
    tasks: Tasks


class ApprovalDialog(Dialog):
    """`approved(str)` with the token that the service takes, good for a minute."""

    approved = Signal(str)

    def __init__(self, parent: QWidget, door: Door, asked: Asked) -> None:
        verb = tr("Approve {amount}", amount=asked.money) if asked.amount else tr("Approve")
        title = tr("A manager approves")
        super().__init__(parent, title, verb=verb, on_accept=self._approve, icon="shield-check", width=_WIDTH)
        self._door, self._asked = door, asked
        self.reason = TextField(tr("Why"), placeholder=tr("For instance: damaged on arrival"))
        self.reason.set_text(asked.reason)
        self.credential = ManagerPin([])
        # Side by side: one above the other they are too tall for a small screen, the buttons below it.
        what, who = QVBoxLayout(), QHBoxLayout()
        what.setSpacing(12)
        what.addWidget(self._summary())
        what.addWidget(self.reason)
        what.addStretch(1)
        who.setSpacing(24)
        who.addLayout(what, 1)
        who.addWidget(self.credential, 1)
        self.body.addLayout(who)
        self.credential.submitted.connect(self._approve)
        self.reason.submitted.connect(self.credential.setFocus)
        door.tasks.run(self, partial(list_people, door.till), self._offer, self.show_error)
        (self.credential if asked.reason else self.reason).setFocus()

    def _summary(self) -> QWidget:
        box = QFrame()
        box.setProperty("surface", "sunken")
        form = QFormLayout(box)
        form.setContentsMargins(14, 12, 14, 12)
        form.setHorizontalSpacing(18)
        form.setVerticalSpacing(6)
        rows = [(tr("What"), self._asked.shown, "strong"), (tr("Asked by"), self._door.actor.name, "strong")]
        if self._asked.amount is not None:
            rows.insert(0, (tr("Amount"), self._asked.money, "amount"))
        for title, text, role in rows:
            form.addRow(plain_label(title, tone="muted"), plain_label(text, role, wrap=True))
        return box

    def _offer(self, people: list[Person]) -> None:
        able = [p for p in people if p.role is Role.MANAGER and not p.locked and p.id != self._door.actor.staff_id]
        self.credential.show_managers([person.name for person in able])
        if not able:
            self.notice.show_error(Refused("approver_missing"))
            self.set_working(True)

    def _approve(self) -> None:
        if not self.reason.text:
            self.reason.show_error(message_for(Invalid("note_short", field="reason", shortest=3)).what)
            self.reason.setFocus()
        elif not self.credential.ready:
            self.credential.setFocus()
        else:
            self._work(True)
            work = partial(
                approve,
                self._door.till,
                self._door.actor,
                self._door.pins,
                self.credential.name,
                self.credential.pin,
                action=self._asked.action,
                subject=self._asked.subject,
                amount=self._asked.amount,
                reason=self.reason.text,
            )
            self._door.tasks.run(self, work, self._done, self._refused)

    def _done(self, token: str) -> None:
        self.accept()
        self.approved.emit(token)

    def _refused(self, error: TillgateError) -> None:
        self._work(False)
        if error.values.get("field") == "reason":
            self.reason.show_error(message_for(error).what)
            self.reason.setFocus()
        elif not self.credential.refuse(error):
            self.show_error(error)

    def _work(self, working: bool) -> None:
        self.notice.clear()
        self.set_working(working)
        self.credential.entry.set_working(working)


class ConfirmDialog(Dialog):
    """Whoever is signed in proves it once more. `confirmed` when it is so."""

    confirmed = Signal()

    def __init__(self, parent: QWidget, door: Door, asked: Asked) -> None:
        super().__init__(
            parent,
            tr("Is it still you, {name}?", name=door.actor.name),
            tr("{what}: this wants your PIN or passphrase again.", what=asked.shown),
            verb=tr("Go on"),
            on_accept=self._confirm,
            icon="shield-check",
        )
        self._door = door
        self.entry = PinEntry(tr("PIN or passphrase"), dense=True)
        self.entry.submitted.connect(self._confirm)
        self.add(self.entry)
        self.entry.setFocus()

    def _confirm(self) -> None:
        if not self.entry.text or self.entry.held:
            self.entry.setFocus()
            return
        self.set_working(True)
        self.entry.set_working(True)
        work = partial(confirm, self._door.till, self._door.actor, self._door.pins, self.entry.text)
        self._door.tasks.run(self, work, self._done, self._refused)

    def _done(self, _nothing: None) -> None:
        self.accept()
        self.confirmed.emit()

    def _refused(self, error: TillgateError) -> None:
        self.set_working(False)
        self.entry.set_working(False)
        self.entry.clear()
        if error.code in {"pin_wrong", "pin_wait"}:
            self.entry.refuse(error)
            self.entry.setFocus()
        else:
            self.show_error(error)


def export_gate(parent: QWidget, door: Door, what: str) -> Callable[[Callable[[], object]], None]:
    """For `DataTable(before_export=…)`: lets a list be written to a file once the service allows it."""

    def before(go: Callable[[], object]) -> None:
        def ask(_token: str | None = None) -> None:
            work = partial(allow_export, door.till, door.actor, what)
            door.tasks.run(parent, work, allowed, refused)

        def allowed(_nothing: None) -> None:
            go()

        def refused(error: TillgateError) -> None:
            if not ask_permission(parent, door, Asked(Action.EXPORT), error, ask):
                door.tasks.failure.emit(error, "")

        ask()

    return before


def ask_permission(
    parent: QWidget, door: Door, asked: Asked, error: TillgateError, again: Callable[[str | None], object]
) -> bool:
    """Answer a refusal that a manager's approval or a fresh proof can lift: open the dialog, then call `again` with
    the token (None after a proof). False for any other error, which the caller shows."""
    if error.code == "approval_needed":
        approval = ApprovalDialog(parent, door, asked)
        approval.approved.connect(again)
        approval.open()
        return True
    if error.code == "confirm_needed":
        confirmation = ConfirmDialog(parent, door, asked)
        confirmation.confirmed.connect(lambda: again(None))
        confirmation.open()
        return True
    return False
