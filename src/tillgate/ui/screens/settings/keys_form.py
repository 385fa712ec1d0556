"""A provider's keys: write-only, their ends shown, tried before and after they are kept in the keyring."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from itertools import pairwise
from typing import Final

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QFrame, QVBoxLayout

from tillgate.domain.errors import Invalid, TillgateError
from tillgate.domain.payment import Mode
from tillgate.domain.provider_keys import KeyForm
from tillgate.domain.secret import Secret
from tillgate.domain.staff import Action
from tillgate.i18n import mark, tr
from tillgate.ports import Outcome, SecretStore
from tillgate.services.provider_keys import (
    ConnectionTest,
    KeysShown,
    OpenProvider,
    forget_keys,
    save_keys,
    show_keys,
    try_kept_keys,
    try_keys,
)
from tillgate.ui.dialogs.approval import Asked, Door, ask_permission
from tillgate.ui.message_text import MessageText, message_for
from tillgate.ui.theme import Tone
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.dialog import Confirm
from tillgate.ui.widgets.fields import TextField
from tillgate.ui.widgets.flow import FlowLayout
from tillgate.ui.widgets.labels import plain_label, set_text
from tillgate.ui.widgets.notices import InlineNotice
from tillgate.ui.widgets.status_badge import Status, StatusBadge

_SET: Final = Status(Tone.SETTLED, "circle-check", mark("Kept in the keyring"))
_MISSING: Final = Status(Tone.DRAFT, "circle-dashed", mark("No keys yet"))
_CLOSED: Final = Status(Tone.WAITING, "lock", mark("Keyring closed"))
_ABSENT: Final = Status(Tone.WAITING, "circle-alert", mark("No keyring"))
_WAITING: Final = Status(Tone.DRAFT, "loader-circle", mark("Looking"))
MODE_STATUS: Final[Mapping[Mode, Status]] = {
    Mode.TRAINING: Status(Tone.TRAINING, "graduation-cap", mark("Training")),
    Mode.TEST: Status(Tone.WAITING, "flask-conical", mark("Test keys: no real money")),
    Mode.LIVE: Status(Tone.ACCENT, "circle-dot", mark("Live keys: real money")),
}
_OUTCOMES: Final[Mapping[Outcome, tuple[Tone, str, str]]] = {
    Outcome.SUCCESS: (Tone.SETTLED, mark("{provider} knows these keys."), ""),
    Outcome.MISCONFIGURED: (
        Tone.FAILED,
        mark("{provider} does not know these keys."),
        mark("Copy both again from the provider’s dashboard."),
    ),
    Outcome.NOT_SENT: (
        Tone.WAITING,
        mark("There is no way to {provider} just now; nothing was sent."),
        mark("Check the connection to the internet, then test again."),
    ),
    Outcome.RATE_LIMITED: (
        Tone.WAITING,
        mark("{provider} is asked too often just now."),
        mark("Wait a minute, then test again."),
    ),
}
# What the dashboards call the keys; a key's form names one of them.
KEY_TITLES: Final = (
    mark("Key id"),
    mark("Key secret"),
    mark("Publishable key"),
    mark("Secret key"),
    mark("Public key"),
    mark("Private key"),
    mark("Integrity secret"),
    mark("Signs Web Checkouts; without it there are payment links only."),
)
_UNCLEAR: Final = (Tone.WAITING, mark("{provider} gave no clear answer."), mark("Test again in a minute."))


class KeysForm(QFrame):
    """`saved` when keys were kept or forgotten, so that the application opens the provider anew."""

    saved = Signal()

    def __init__(self, door: Door, secrets: SecretStore, open_provider: OpenProvider, form: KeyForm) -> None:
        super().__init__()
        self._door, self._secrets, self._open, self._form = door, secrets, open_provider, form
        self._kept: KeysShown | None = None
        self.setProperty("surface", "raised")
        self.state = StatusBadge(_WAITING)
        self.ends = plain_label(role="caption", wrap=True)
        prefix = form.live_prefix if door.till.mode is Mode.LIVE else form.test_prefix
        self.key_id = TextField(tr(form.id_title), placeholder=f"{prefix}…")
        self.key_secret = TextField(tr(form.secret_title), secret=True)
        self.others = {
            other.name: TextField(tr(other.title), secret=True, placeholder=tr(other.explains)) for other in form.others
        }
        self.notice = InlineNotice()
        self.test = Button(tr("Test connection"), icon="wifi", on_click=self._test)
        self.save = Button(tr("Save in the keyring"), tone=ButtonTone.PRIMARY, icon="save", on_click=self._save)
        self.forget = Button(tr("Forget keys"), tone=ButtonTone.DESTRUCTIVE, icon="trash-2", on_click=self._ask_forget)
        self._lay_out()
        self.key_id.changed.connect(self._show_buttons)
        self.key_secret.changed.connect(self._show_buttons)
        self.key_id.submitted.connect(self.key_secret.setFocus)
        fields = [self.key_secret, *self.others.values()]
        for field, following in pairwise(fields):
            field.submitted.connect(following.setFocus)
        fields[-1].submitted.connect(self._test)
        self._show_buttons()
        self.load()

    def _lay_out(self) -> None:
        head = FlowLayout(spacing=10)
        head.addWidget(plain_label(self._form.title, "title"))
        head.addWidget(StatusBadge(MODE_STATUS[self._door.till.mode]))
        head.addWidget(self.state)
        buttons = FlowLayout()
        for button in (self.save, self.test, self.forget):
            buttons.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 18)
        column.setSpacing(12)
        column.addLayout(head)
        for widget in (self.ends, self.key_id, self.key_secret, *self.others.values(), self.notice):
            column.addWidget(widget)
        column.addLayout(buttons)

    @property
    def typed(self) -> bool:
        """Whether something stands in its fields that is kept nowhere."""
        fields = (self.key_id, self.key_secret, *self.others.values())
        return any(field.text for field in fields)

    # What is kept

    @Slot()
    def load(self) -> None:
        """Look again what the keyring holds."""
        work = partial(show_keys, self._door.till, self._door.actor, self._secrets)
        self._door.tasks.run(self, work, self._show, self._closed)

    def _show(self, every: list[KeysShown]) -> None:
        self._kept = next((keys for keys in every if keys.provider == self._form.provider), None)
        is_set = self._kept is not None and self._kept.is_set
        self.state.show_status(_SET if is_set else _MISSING)
        if self._kept is not None and is_set:
            ends = {"key": self._kept.key_id_last4, "secret": self._kept.key_secret_last4}
            set_text(self.ends, tr("They end in {key} and {secret}. Neither is shown again.", **ends))
            for other in self._form.others:
                last4 = self._kept.others_last4.get(other.name)
                hint = tr("Kept, ends in {secret}", secret=last4) if last4 else tr(other.explains)
                self.others[other.name].line.setPlaceholderText(hint)
        else:
            set_text(self.ends, tr("Keys are written into this computer’s keyring and nowhere else."))
        self._show_buttons()

    def _closed(self, error: TillgateError) -> None:
        self.state.show_status(_ABSENT if error.code == "keyring_absent" else _CLOSED)
        self.notice.show_error(error)

    def _show_buttons(self) -> None:
        typed = bool(self.key_id.text and self.key_secret.text)
        kept = self._kept is not None and self._kept.is_set
        self.save.setEnabled(typed)
        self.test.setEnabled(typed or kept)
        self.forget.setVisible(kept)

    # What is done

    def _test(self, _token: str | None = None) -> None:
        if not self.test.isEnabled():
            return
        door = self._door
        provider, key_id, secret = self._form.provider, self.key_id.text, Secret(self.key_secret.text)
        if key_id or secret:
            others = self._typed_others()
            typed = partial(try_keys, key_id=key_id, key_secret=secret, others=others)
            work = partial(typed, door.till, door.actor, self._open, provider)
        else:
            work = partial(try_kept_keys, door.till, door.actor, self._secrets, self._open, provider)
        self._busy(True)
        self.notice.say(Tone.ACCENT, tr("Asking {provider} …", provider=self._form.title))
        door.tasks.run(self, work, self._tested, partial(self._refused, self._test))

    def _tested(self, found: ConnectionTest) -> None:
        self._busy(False)
        tone, what, then = _OUTCOMES.get(found.outcome, _UNCLEAR)
        said = [tr(then)] if then else []
        if found.message and not found.works:
            said.append(tr("It said: {words}", words=found.message))
        what = tr(what, provider=self._form.title)
        self.notice.show_text(tone, MessageText(what, "", "\n".join(said)))

    def _save(self, _token: str | None = None) -> None:
        door = self._door
        work = partial(
            save_keys,
            door.till,
            door.actor,
            self._secrets,
            self._open,
            self._form.provider,
            key_id=self.key_id.text,
            key_secret=Secret(self.key_secret.text),
            others=self._typed_others(),
        )
        self._busy(True)
        door.tasks.run(self, work, lambda _: self._done(tr("Kept.")), partial(self._refused, self._save))

    def _typed_others(self) -> dict[str, Secret]:
        return {name: Secret(field.text) for name, field in self.others.items() if field.text}

    def _ask_forget(self) -> None:
        Confirm(
            self,
            tr("Forget the keys of {provider}?", provider=self._form.title),
            tr("Payments through it stop until keys are typed in again. Refunds that are under way wait."),
            verb=tr("Forget keys"),
            on_accept=self._forget,
            danger=True,
        ).open()

    def _forget(self, _token: str | None = None) -> None:
        door = self._door
        work = partial(forget_keys, door.till, door.actor, self._secrets, self._form.provider)
        self._busy(True)
        door.tasks.run(self, work, lambda _: self._done(tr("Forgotten.")), partial(self._refused, self._forget))

    def _done(self, said: str) -> None:
        self._busy(False)
        self.key_id.clear()
        for field in (self.key_secret, *self.others.values()):
            field.clear()
        self.notice.say(Tone.SETTLED, said)
        self.load()
        self.saved.emit()

    def _refused(self, again: Callable[[str | None], object], error: TillgateError) -> None:
        self._busy(False)
        self.notice.clear()
        fields = {"key_id": self.key_id, "key_secret": self.key_secret, **self.others}
        field = fields.get(str(error.values.get("field", "")))
        if isinstance(error, Invalid) and field is not None:
            words = message_for(error)
            field.show_error(" ".join(part for part in (words.what, words.next) if part))
            field.setFocus()
        elif not ask_permission(self, self._door, Asked(Action.EDIT_KEYS), error, again):
            self.notice.show_error(error)

    def _busy(self, busy: bool) -> None:
        for button in (self.test, self.save, self.forget):
            button.setEnabled(not busy)
        if not busy:
            self._show_buttons()
