"""A customer of the store, by whatever a form calls them: searched as one types, or written down anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from tillgate.domain.errors import TillgateError
from tillgate.services.customers import CustomerRecord, search_customers
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.checkout.choice_list import Choice, ChoiceList
from tillgate.ui.screens.checkout.customer_dialog import CustomerSearch
from tillgate.ui.screens.customers.customer_dialog import CustomerForm
from tillgate.ui.text import shown
from tillgate.ui.widgets.buttons import Button
from tillgate.ui.widgets.labels import ElidedLabel, plain_label, set_text
from tillgate.ui.widgets.notices import announce

_LIST_HEIGHT: Final = 120


@dataclass(frozen=True, slots=True)
class PersonWords:
    """What the form calls them, translated."""

    title: str
    search: str
    found: str
    other: str
    new: str
    nobody: str
    unread: str


class PersonField(QWidget):
    """`chosen` when it is known who; `value` is then the customer's number. Arrows and Enter choose from the list."""

    chosen = Signal()

    def __init__(self, office: BackOffice, words: PersonWords) -> None:
        super().__init__()
        self._office, self._words = office, words
        self.value: int | None = None
        self._shown_for: str | None = None
        self._looking = False
        self._enter_for: str | None = None
        self.search = CustomerSearch(words.search)
        self.list = ChoiceList(words.found)
        self.list.setFixedHeight(_LIST_HEIGHT)
        self.who = ElidedLabel(role="strong")
        self.other = Button(words.other, icon="search", on_click=self._ask_again)
        self.new = Button(words.new, icon="user-plus", on_click=self._write_down)
        # Enter is for the list and for the form.
        for button in (self.other, self.new):
            button.setAutoDefault(False)
        self._title = plain_label(words.title, "label")
        self._title.setBuddy(self.search)
        self._error = plain_label(role="caption", tone="failed", wrap=True)
        self._lay_out()
        self.search.textChanged.connect(self._find)
        self.search.stepped.connect(self.list.step)
        self.list.picked.connect(self.pick)
        self.setFocusProxy(self.search)
        self._show()
        self._find("")

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.search, 1)
        row.addWidget(self.who, 1)
        row.addWidget(self.other)
        row.addWidget(self.new)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self._title)
        column.addLayout(row)
        column.addWidget(self.list)
        column.addWidget(self._error)

    def show_person(self, customer_id: int, name: str, phone: str) -> None:
        """Who it is."""
        self.value = customer_id
        self.who.show_text("  ·  ".join(filter(None, (name, phone))))
        self.who.setAccessibleName(self._words.title)
        self.who.setAccessibleDescription(name)
        self.show_error("")
        self._show()
        self.chosen.emit()

    def forget(self) -> None:
        """Nobody is chosen, and nothing is typed."""
        self.value = None
        self.search.clear()
        self.show_error("")
        self._show()

    @Slot()
    def pick(self) -> bool:
        """Choose the marked one; False where the search has not come so far, or nobody is marked."""
        typed = self.search.text().strip()
        if self._shown_for != typed:
            # Enter was quicker than the search.
            self._enter_for = typed
            return False
        marked = self.list.marked
        if marked is None:
            return False
        found: CustomerRecord = marked.value
        self.show_person(found.id, found.name, found.phone)
        return True

    def show_error(self, text: str) -> None:
        """Say below the field what is wrong, aloud too; "" takes it back."""
        set_text(self._error, text)
        self._error.setVisible(bool(text))
        self.search.setAccessibleDescription(text)
        if text:
            announce(self.search, text)

    @property
    def error(self) -> str:
        """The error shown, or ""."""
        return self.search.accessibleDescription()

    def _show(self) -> None:
        known = self.value is not None
        self.search.setHidden(known)
        self.list.setHidden(known or not self.list.choices)
        self.new.setHidden(known)
        self.who.setVisible(known)
        self.other.setVisible(known)
        self._error.setVisible(bool(self.error))

    @Slot()
    def _ask_again(self) -> None:
        self.value = None
        self._show()
        self.search.setFocus()
        self.search.selectAll()

    @Slot(str)
    def _find(self, _text: str) -> None:
        self._enter_for = None
        self.show_error("")
        if not self._looking:
            self._look()

    def _look(self) -> None:
        self._looking = True
        text = self.search.text().strip()
        work = partial(search_customers, self._office.till, self._office.actor, text)
        self._office.tasks.run(self, work, partial(self._found, text), self._not_found, label="customers")

    def _found(self, text: str, people: Sequence[CustomerRecord]) -> None:
        self._looking = False
        self._shown_for = text
        self.list.show_choices([_choice(each) for each in people])
        self._show()
        if text != self.search.text().strip():
            self._look()
            return
        if self._enter_for == text:
            self.pick()
        elif text and not people:
            self.show_error(self._words.nobody)

    def _not_found(self, _error: TillgateError) -> None:
        self._looking = False
        self.show_error(self._words.unread)

    @Slot()
    def _write_down(self) -> None:
        dialog = CustomerForm(self.window(), self._office, title=self._words.new)
        typed = self.search.text().strip()
        field = (
            dialog.email if "@" in typed else dialog.phone if typed[:1].isdigit() or typed[:1] == "+" else dialog.name
        )
        field.set_text(typed)
        dialog.saved.connect(self._written)
        dialog.open()

    @Slot(object)
    def _written(self, made: CustomerRecord) -> None:
        self.show_person(made.id, made.name, made.phone)


def _choice(found: CustomerRecord) -> Choice:
    contact = "  ·  ".join(shown(part, 120) for part in (found.phone, found.email) if part)
    return Choice(found, shown(found.name, 120), contact)
