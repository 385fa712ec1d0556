"""A customer of the store, by whatever a form calls them: searched as one types, or written down anew."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import Slot

from tillgate.i18n import tr
from tillgate.services.customers import CustomerRecord, search_customers
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.checkout.choice_list import Choice
from tillgate.ui.screens.customers.customer_dialog import CustomerForm
from tillgate.ui.screens.finder_field import FieldWords, FinderField
from tillgate.ui.text import shown
from tillgate.ui.widgets.buttons import Button


@dataclass(frozen=True, slots=True)
class PersonWords(FieldWords):
    """What the form calls them; `new` writes one down."""

    new: str


class PersonField(FinderField):
    """`value` is the customer's number, once `chosen`. Everybody is offered from the start."""

    def __init__(self, office: BackOffice, words: PersonWords) -> None:
        self._office, self._words = office, words
        find = partial(search_customers, office.till, office.actor)
        super().__init__(office.tasks, words, find, _choice, label="customers")
        self.new = Button(words.new, icon="user-plus", on_click=self._write_down)
        self.new.setAutoDefault(False)
        self._head.addWidget(self.new)
        self.show_state()
        self.look()

    def show_person(self, customer_id: int, name: str, phone: str) -> None:
        """Who it is."""
        self.show_value(customer_id, name, "  ·  ".join(filter(None, (name, phone))))

    @Slot(object)
    def take(self, found: CustomerRecord) -> None:
        """Who was chosen from the list, or is written down now."""
        self.show_person(found.id, found.name, found.phone)

    def show_state(self) -> None:
        """Nobody is written down while somebody is known."""
        super().show_state()
        self.new.setHidden(self.value is not None)

    @Slot()
    def _write_down(self) -> None:
        dialog = CustomerForm(self.window(), self._office, title=self._words.new)
        typed = self.search.text().strip()
        field = (
            dialog.email if "@" in typed else dialog.phone if typed[:1].isdigit() or typed[:1] == "+" else dialog.name
        )
        field.set_text(typed)
        dialog.saved.connect(self.take)
        dialog.open()


class CustomerField(PersonField):
    """Where they are called the customer."""

    def __init__(self, office: BackOffice, title: str = "") -> None:
        words = PersonWords(
            title=title or tr("Customer"),
            search=tr("Customer’s name, phone or e-mail"),
            found=tr("Customers found"),
            other=tr("Another customer"),
            new=tr("New customer"),
            nobody=tr("Nobody found. Write a new customer down."),
            unread=tr("The customers can’t be read just now. Type again in a moment."),
        )
        super().__init__(office, words)

    def ready(self, missing: str) -> bool:
        """Whether it is known who; else whoever is marked is chosen, or what is missing is said."""
        if self.value is not None:
            return True
        if not self.pick() and self.list.isHidden():
            self.show_error(missing)
        return False


def _choice(found: CustomerRecord) -> Choice:
    contact = "  ·  ".join(shown(part, 120) for part in (found.phone, found.email) if part)
    return Choice(found, shown(found.name, 120), contact)
