"""The mail server's password: typed, kept in the keyring, never shown."""

from __future__ import annotations

from functools import partial

from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from tillgate.domain.errors import TillgateError
from tillgate.domain.secret import Secret
from tillgate.domain.staff import Action
from tillgate.i18n import tr
from tillgate.ports import SecretStore
from tillgate.services.provider_keys import save_mail_password
from tillgate.ui.dialogs.approval import Asked, Door, ask_permission
from tillgate.ui.theme import Tone
from tillgate.ui.widgets.buttons import Button
from tillgate.ui.widgets.fields import TextField
from tillgate.ui.widgets.labels import plain_label
from tillgate.ui.widgets.notices import InlineNotice


class MailPassword(QFrame):
    """A field and two buttons; an empty field forgets the password."""

    def __init__(self, door: Door, secrets: SecretStore) -> None:
        super().__init__()
        self._door, self._secrets = door, secrets
        self.setProperty("surface", "raised")
        self.password = TextField(tr("Mail password"), secret=True)
        self.notice = InlineNotice()
        self.save = Button(tr("Save in the keyring"), icon="save", on_click=self._save)
        self.forget = Button(tr("Forget the password"), icon="trash-2", on_click=self._forget)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.save)
        row.addWidget(self.forget)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 18)
        column.setSpacing(10)
        column.addWidget(plain_label(tr("Password of the mail server"), "title"))
        column.addWidget(self.password)
        column.addWidget(self.notice)
        column.addLayout(row)
        self.password.changed.connect(self._show_buttons)
        self.password.submitted.connect(self._save)
        self._show_buttons()

    def _show_buttons(self) -> None:
        self.save.setEnabled(bool(self.password.text))

    def _save(self, _token: str | None = None) -> None:
        if self.password.text:
            self._keep(Secret(self.password.line.text()))

    def _forget(self) -> None:
        self._keep(Secret(""))

    def _keep(self, password: Secret) -> None:
        self.save.setEnabled(False)
        said = tr("Kept.") if password else tr("Forgotten.")
        work = partial(save_mail_password, self._door.till, self._door.actor, self._secrets, password)
        self._door.tasks.run(self, work, lambda _: self._kept(said), partial(self._refused, password))

    def _kept(self, said: str) -> None:
        self.password.clear()
        self.notice.say(Tone.SETTLED, said)
        self._show_buttons()

    def _refused(self, password: Secret, error: TillgateError) -> None:
        self._show_buttons()
        again = partial(self._again, password)
        if not ask_permission(self, self._door, Asked(Action.EDIT_KEYS), error, again):
            self.notice.show_error(error)

    def _again(self, password: Secret, _token: str | None) -> None:
        self._keep(password)
