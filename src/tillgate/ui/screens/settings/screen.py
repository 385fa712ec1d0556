"""Settings: the store's options, provider keys, security, the integrity check and the audit."""

from __future__ import annotations

from datetime import tzinfo
from functools import partial

from PySide6.QtWidgets import QVBoxLayout, QWidget

from tillgate.domain.changes import Changes, Kind
from tillgate.domain.settings import Section
from tillgate.i18n import mark, tr
from tillgate.ui.dialogs.approval import Door
from tillgate.ui.screen import Screen
from tillgate.ui.screens.settings.audit_page import AuditPage
from tillgate.ui.screens.settings.integrity_page import IntegrityPage
from tillgate.ui.screens.settings.keyboard_page import KeyboardPage
from tillgate.ui.screens.settings.keys_form import KeysForm
from tillgate.ui.screens.settings.mail_password import MailPassword
from tillgate.ui.screens.settings.options_page import OptionsPage
from tillgate.ui.screens.settings.places import Places
from tillgate.ui.screens.settings.security_page import SecurityPage
from tillgate.ui.screens.settings.tills_page import TillsPage
from tillgate.ui.screens.settings.view import Page, SettingsView
from tillgate.ui.widgets.labels import plain_label

ORIGIN = "settings"


class SettingsScreen(Screen):
    """One page at a time, each made when it is first shown."""

    def __init__(self, door: Door, places: Places, zone: tzinfo) -> None:
        super().__init__()
        self._door, self._places = door, places
        keyboard = (
            [Page("keyboard", mark("Keyboard"), "keyboard", partial(KeyboardPage, door, places.commands))]
            if places.commands is not None
            else []
        )
        self.view = SettingsView(
            [
                Page("store", mark("Store"), "store", partial(self._options, Section.STORE, mark("Store"))),
                Page(
                    "payments",
                    mark("Payments"),
                    "credit-card",
                    partial(self._options, Section.PAYMENTS, mark("Payments")),
                ),
                Page("keys", mark("Provider keys"), "key-round", self._keys),
                Page("mail", mark("Mail"), "mail", self._mail),
                Page("till", mark("This till"), "monitor", partial(self._options, Section.TILL, mark("This till"))),
                Page("tills", mark("Tills of the store"), "layout-grid", partial(TillsPage, door, places, zone)),
                *keyboard,
                Page("security", mark("Security"), "shield-check", partial(SecurityPage, door, places)),
                Page("integrity", mark("Integrity check"), "badge-check", partial(IntegrityPage, door, places, zone)),
                Page("audit", mark("Audit"), "history", partial(AuditPage, door, zone), fills=True),
            ]
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.view)
        self.view.go("store")

    def entered(self) -> None:
        """The focus goes to the list of pages."""
        self.view.list.setFocus()

    def show_setup(self) -> None:
        """Where a provider's keys are entered."""
        self.view.go("keys")

    def go_back(self) -> bool:
        """Esc: from a page to the list of pages."""
        inside = not self.view.list.hasFocus()
        self.view.list.setFocus()
        return inside

    def _options(self, section: Section, title: str) -> OptionsPage:
        page = OptionsPage(self._door, section, tr(title))
        page.saved.connect(self._saved)
        return page

    def _mail(self) -> OptionsPage:
        page = OptionsPage(self._door, Section.MAIL, tr("Mail"), [MailPassword(self._door, self._places.secrets)])
        page.saved.connect(self._saved)
        return page

    def _keys(self) -> QWidget:
        page = QWidget()
        page.setMaximumWidth(640)
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(16)
        column.addWidget(plain_label(tr("Provider keys"), "heading"))
        for form in self._places.forms:
            keys = KeysForm(self._door, self._places.secrets, self._places.open_provider, form)
            keys.saved.connect(self._keys_saved)
            column.addWidget(keys)
        column.addStretch(1)
        return page

    def _keys_saved(self) -> None:
        # Opening a provider asks the keyring, which may wait for a person.
        self._door.tasks.run(self, self._places.keys_changed, lambda _: self._saved())

    def _saved(self, _settings: object = None) -> None:
        self._places.settings_changed()
        self._door.tasks.broadcast(Changes.of(Kind.SETTING, origin=ORIGIN))
