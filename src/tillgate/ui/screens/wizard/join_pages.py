"""The pages of a first start that becomes a till of a store which is there already."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Signal

from tillgate.domain.errors import TillgateError
from tillgate.domain.secret import Secret
from tillgate.i18n import tr
from tillgate.services.tills import JoinRequest
from tillgate.ui.screens.form_dialog import sentence
from tillgate.ui.screens.wizard.pages import PageFrame
from tillgate.ui.widgets.fields import TextField

# What the service names, and the field that it is about.
_ABOUT: Final = {
    "offer_none": "code", "offer_over": "code", "offer_code_wrong": "code",
    "database_login_refused": "password", "database_absent": "database", "database_unreachable": "database",
    "database_empty": "database", "database_password_given": "database", "database_url_malformed": "database",
    "till_taken": "till", "till_name_malformed": "till",
}  # fmt: skip


class JoinPage(PageFrame):
    """The store's database, this till's name, and the code that a manager reads out at another till."""

    submitted = Signal()

    def __init__(self) -> None:
        super().__init__(
            tr("Join a store"),
            tr("A manager makes a code at another till of the store, under Settings, Tills of the store. It is good "
               "for a quarter of an hour."),
        )  # fmt: skip
        self.verb = tr("Join the store")
        self.database = TextField(tr("Database of the store"), placeholder="postgresql://user@host/name", limit=300)
        self.password = TextField(tr("Password of the database, if it has one"), secret=True, limit=200)
        self.till = TextField(tr("Name of this till"), placeholder=tr("For instance T2"), limit=8)
        self.code = TextField(tr("Code from the other till"), limit=40)
        self.fields = {"database": self.database, "password": self.password, "till": self.till, "code": self.code}
        for field in self.fields.values():
            self.body.addWidget(field)
        for field, following in zip(tuple(self.fields.values())[:-1], tuple(self.fields.values())[1:], strict=True):
            field.submitted.connect(following.setFocus)
        self.code.submitted.connect(self.submitted)
        self.setFocusProxy(self.database)

    @property
    def request(self) -> JoinRequest:
        """What was typed."""
        return JoinRequest(
            self.database.text, Secret(self.password.line.text()), self.till.text.upper(), Secret(self.code.text)
        )

    def ready(self) -> bool:
        """Whether everything needed was typed; the first field that was not has the focus."""
        empty = next((field for field in (self.database, self.till, self.code) if not field.text), None)
        if empty is not None:
            empty.show_error(tr("Fill this in."))
            empty.setFocus()
        return empty is None

    def refuse(self, error: TillgateError) -> bool:
        """Show an error at its field; False where it belongs to none."""
        field = self.fields.get(_ABOUT.get(error.code, ""))
        if field is not None:
            field.show_error(sentence(error))
            field.setFocus()
        return field is not None

    def forget(self) -> None:
        """What nobody needs any more."""
        self.password.clear()
        self.code.clear()


class JoinedPage(PageFrame):
    """It is done; the next start opens the store."""

    def __init__(self, till: str) -> None:
        super().__init__(
            tr("This computer is till {till} of the store now", till=till.upper()),
            tr("Close Tillgate and start it again: it opens the store, and its people sign in here too."),
        )
        self.verb = tr("Close Tillgate")
