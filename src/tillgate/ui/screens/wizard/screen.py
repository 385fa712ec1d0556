"""The first start for real use: a store, its manager, its keys; after it the till is open, and never comes again."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from functools import partial
from typing import Final

from PySide6.QtCore import QLocale, QTimer, QTimeZone, Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from tillgate.domain.errors import TillgateError
from tillgate.domain.provider_keys import KEY_FORMS, KeyForm
from tillgate.domain.settings import STORE_CURRENCY, STORE_LANGUAGE, STORE_NAME, STORE_ZONE
from tillgate.i18n import LANGUAGES, tr, use_language
from tillgate.services.first_start import open_store
from tillgate.services.pin_hash import Pins
from tillgate.services.settings import check_settings
from tillgate.services.sign_in import Session
from tillgate.services.till import Till
from tillgate.ui.dialogs.approval import Door
from tillgate.ui.screen import Screen
from tillgate.ui.screens.settings.keys_form import KeysForm
from tillgate.ui.screens.settings.places import Places
from tillgate.ui.screens.wizard.join_pages import JoinedPage, JoinPage
from tillgate.ui.screens.wizard.pages import DonePage, KeysPage, ManagerPage, StorePage
from tillgate.ui.screens.wizard.view import FirstStartView
from tillgate.ui.tasks import Tasks
from tillgate.ui.widgets.dialog import Confirm


class Step(IntEnum):
    """The order of the pages."""

    STORE = 0
    MANAGER = 1
    KEYS = 2
    DONE = 3


_OF_CURRENCY: Final = {"INR": "razorpay", "COP": "wompi", "KES": "intasend"}
# Where a step back is no longer possible: the manager is there.
_MADE: Final = Step.KEYS


class FirstStartScreen(Screen):
    """`finished(Session)` when the till shall open; the manager is signed in. `catalogue_asked` follows it where the
    catalogue shall be in front.
    """

    finished = Signal(object)
    catalogue_asked = Signal()

    def __init__(self, till: Till, pins: Pins, tasks: Tasks, places: Places) -> None:
        super().__init__()
        self._till, self._pins, self._tasks, self._places = till, pins, tasks, places
        self._session: Session | None = None
        self._has_keys = False
        self._keys: KeysPage | None = None
        # What the way on does where it is not the next step.
        self._act: Callable[[], None] | None = None
        self._values = guesses()
        use_language(self._values[STORE_LANGUAGE.name])
        self.step = Step.STORE
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self.view: FirstStartView
        self.store: StorePage
        self.manager: ManagerPage
        self._build()

    def entered(self) -> None:
        """The focus goes to the first field."""
        self.store.setFocus()

    def go_back(self) -> bool:
        """Esc: one step back, while nothing is made yet."""
        return self._back()

    # Building

    def _build(self) -> None:
        """Made anew when another language is chosen; what was typed stays."""
        titles = [tr("Your store"), tr("Manager"), tr("Payments"), tr("Ready")]
        self.view = FirstStartView(titles, self._till.mode)
        self.store = StorePage(self._values)
        self.store.language_chosen.connect(lambda _language: QTimer.singleShot(0, self, self._speak))
        self.manager = ManagerPage()
        self.store.join.setVisible(self._places.join is not None)
        self.store.join.clicked.connect(self._to_join)
        self.joining = JoinPage()
        self.joining.submitted.connect(self._next)
        self.store.submitted.connect(self._next)
        self.manager.submitted.connect(self._next)
        self.view.next.clicked.connect(self._next)
        self.view.back.clicked.connect(self._back)
        self._column.addWidget(self.view)
        self._show(Step.STORE, self.store)

    @Slot()
    def _speak(self) -> None:
        self._values = self.store.values
        use_language(self._values[STORE_LANGUAGE.name])
        self._column.removeWidget(self.view)
        self.view.hide()
        self.view.deleteLater()
        self._build()
        self.store.fields[STORE_LANGUAGE.name].setFocus()

    def _show(self, step: Step, page: QWidget) -> None:
        self.step = step
        self.view.set_working(False)
        joining = isinstance(page, JoinPage | JoinedPage)
        self.view.back.setVisible(Step.STORE < step < _MADE or isinstance(page, JoinPage))
        self._act = self._join if isinstance(page, JoinPage) else self._close if joining else None
        self.view.next.show_text(page.verb if isinstance(page, JoinPage | JoinedPage) else self._verb(step))
        self.view.show_page(step, page)

    def _verb(self, step: Step) -> str:
        if step is Step.MANAGER:
            return tr("Open the store")
        if step is Step.KEYS:
            return tr("Go on") if self._has_keys else tr("Go on without keys")
        return tr("Go to the catalogue") if step is Step.DONE else tr("Go on")

    # Going through

    @Slot()
    def _next(self) -> None:
        if not self.view.next.isEnabled():
            return
        if self._act is not None:
            self._act()
            return
        {
            Step.STORE: self._check_store,
            Step.MANAGER: self._open_store,
            Step.KEYS: self._leave_keys,
            Step.DONE: self._finish,
        }[self.step]()

    def _back(self) -> bool:
        if self.step is not Step.MANAGER and self._act != self._join:
            return False
        self._show(Step.STORE, self.store)
        return True

    # Joining a store instead

    @Slot()
    def _to_join(self) -> None:
        self._show(Step.STORE, self.joining)

    def _join(self) -> None:
        join = self._places.join
        if join is not None and self.joining.ready():
            self.joining.notice.clear()
            self.view.set_working(True)
            self._tasks.run(self, partial(join, self.joining.request), self._joined, self._join_refused)

    def _joined(self, _none: object) -> None:
        self.joining.forget()
        self._show(Step.DONE, JoinedPage(self.joining.till.text))
        self.view.next.setFocus()

    def _join_refused(self, error: TillgateError) -> None:
        self.view.set_working(False)
        if not self.joining.refuse(error):
            self.joining.notice.show_error(error)

    def _close(self) -> None:
        self._places.close()

    def _check_store(self) -> None:
        if self.store.ready():
            self.view.set_working(True)
            self._values = self.store.values
            work = partial(check_settings, self._values)
            self._tasks.run(self, work, lambda _: self._show(Step.MANAGER, self.manager), self._store_refused)

    def _store_refused(self, error: TillgateError) -> None:
        self._show(Step.STORE, self.store)
        if not self.store.refuse(error):
            self.store.notice.show_error(error)

    def _open_store(self) -> None:
        if not self.manager.ready():
            return
        self.manager.notice.clear()
        self.view.set_working(True)
        work = partial(
            open_store,
            self._till,
            self._pins,
            manager=self.manager.name.text,
            pin=self.manager.pin.line.text(),
            options=self._values,
        )
        self._tasks.run(self, work, self._opened, self._manager_refused)

    def _manager_refused(self, error: TillgateError) -> None:
        self.view.set_working(False)
        if not self.manager.refuse(error):
            self.manager.notice.show_error(error)

    def _opened(self, session: Session) -> None:
        self._session = session
        self.manager.pin.clear()
        self.manager.again.clear()
        self._places.settings_changed()
        door = Door(self._till, self._pins, session.actor, self._tasks)
        forms: dict[str, KeysForm] = {}
        for kind in self._likely_keys():
            form = KeysForm(door, self._places.secrets, self._places.open_provider, kind)
            form.saved.connect(self._keys_saved)
            forms[kind.title] = form
        self._keys = KeysPage(forms)
        self._show(Step.KEYS, self._keys)
        self._keys.setFocus()

    def _likely_keys(self) -> tuple[KeyForm, ...]:
        """The provider of the store's currency first, Stripe where it has none."""
        first = _OF_CURRENCY.get(self._values[STORE_CURRENCY.name], "stripe")
        return tuple(sorted(KEY_FORMS.values(), key=lambda form: form.provider != first))

    def _keys_saved(self) -> None:
        self._has_keys = True
        self.view.next.show_text(self._verb(Step.KEYS))
        self._tasks.run(self, self._places.keys_changed)

    def _leave_keys(self) -> None:
        """What was typed is not thrown away without a word."""
        typed = self._keys.typed if self._keys is not None else ""
        if self._keys is None or not typed:
            self._show_done()
            return
        self._keys.show_form(typed)
        Confirm(
            self,
            tr("Go on without the keys of {provider}?", provider=typed),
            tr("What is typed is not saved in the keyring yet. Going on forgets it; keys can be typed in later, under "
               "Settings, Provider keys."),
            verb=tr("Go on and forget them"),
            on_accept=self._show_done,
        ).open()  # fmt: skip

    def _show_done(self) -> None:
        name = self._values[STORE_NAME.name]
        keys = tr("Kept in the keyring.") if self._has_keys else tr("Later, under Settings, Provider keys.")
        person = self._session.actor.name if self._session else ""
        facts = [
            (True, name, self._values[STORE_ZONE.name]),
            (True, person, tr("Manager, signed in")),
            (self._has_keys, tr("Provider keys"), keys),
            (False, tr("Catalogue"), tr("Empty still.")),
        ]
        page = DonePage(facts)
        page.checkout.clicked.connect(lambda: self._finish(catalogue=False))
        self._show(Step.DONE, page)
        self.view.next.setFocus()

    def _finish(self, *, catalogue: bool = True) -> None:
        if self._session is not None:
            self.finished.emit(self._session)
            if catalogue:
                self.catalogue_asked.emit()


def guesses() -> dict[str, str]:
    """What this computer says of itself: its time zone and language, where the till knows them."""
    zone = bytes(QTimeZone.systemTimeZoneId().data()).decode("ascii", "replace")
    language = QLocale.system().name().partition("_")[0]
    found = {STORE_LANGUAGE.name: language if language in LANGUAGES else "en"}
    if "/" in zone and not zone.startswith("Etc/"):
        found[STORE_ZONE.name] = zone
    return {STORE_ZONE.name: STORE_ZONE.default, **found}
