"""Whose cart it is: search as you type, or write a new customer down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from tillgate.domain.changes import Changes, Kind
from tillgate.domain.errors import Invalid, TillgateError
from tillgate.i18n import tr
from tillgate.services.customers import CustomerDraft, CustomerRecord, create_customer, search_customers
from tillgate.ui.guard import guarded
from tillgate.ui.message_text import message_for
from tillgate.ui.screens.checkout.choice_list import Choice, ChoiceList
from tillgate.ui.screens.checkout.desk import ORIGIN, CheckoutDesk
from tillgate.ui.text import shown
from tillgate.ui.widgets.buttons import Button
from tillgate.ui.widgets.dialog import Dialog
from tillgate.ui.widgets.fields import SearchField, TextField
from tillgate.ui.widgets.labels import plain_label

_DIALLED: Final = frozenset("+0123456789")


class CustomerDialog(Dialog):
    """`chosen(customer_id)` is called once; None for a walk-in."""

    def __init__(
        self, parent: QWidget, desk: CheckoutDesk, chosen: Callable[[int | None], object], *, named: bool
    ) -> None:
        super().__init__(parent, tr("Customer"), verb=tr("Choose"), on_accept=self._accept, width=520)
        self._desk, self._chosen = desk, chosen
        self._shown_for: str | None = None
        self._wanted: str | None = None
        self._accepted_for: str | None = None
        self.search = CustomerSearch(tr("Name, phone or e-mail"))
        self.list = ChoiceList(tr("Customers found"))
        # As tall while it finds little, so that the dialog does not jump under the hand.
        self.list.setMinimumHeight(352)
        self._none = plain_label(tr("Nobody found. Write a new customer down below."), tone="muted", wrap=True)
        self.new = Button(tr("New customer"), icon="user-plus", on_click=self._write_down)
        self.walk_in = Button(tr("No customer"), icon="user", on_click=lambda: self._done(None))
        self.walk_in.setVisible(named)
        self.name = TextField(tr("Name"), limit=120)
        self.phone = TextField(tr("Phone"), limit=40)
        self.email = TextField(tr("E-mail"), limit=254)
        self._lay_out()
        self.search.textChanged.connect(self._find)
        self.search.stepped.connect(self.list.step)
        self.list.picked.connect(self._accept)
        self._find("")
        self.search.setFocus()

    def _lay_out(self) -> None:
        finding, writing = QWidget(), QWidget()
        found = QVBoxLayout(finding)
        found.setContentsMargins(0, 0, 0, 0)
        found.setSpacing(10)
        found.addWidget(self.search)
        found.addWidget(self._none)
        found.addWidget(self.list, 1)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.new)
        row.addWidget(self.walk_in)
        row.addStretch(1)
        found.addLayout(row)
        fields = QVBoxLayout(writing)
        fields.setContentsMargins(0, 0, 0, 0)
        fields.setSpacing(12)
        for field in (self.name, self.phone, self.email):
            fields.addWidget(field)
        fields.addStretch(1)
        pages = QWidget()
        self._pages = QStackedLayout(pages)
        self._pages.addWidget(finding)
        self._pages.addWidget(writing)
        self.add(pages)

    # Finding

    @Slot(str)
    def _find(self, text: str) -> None:
        self._accepted_for = None
        first = self._wanted is None
        self._wanted = text.strip()
        if first:
            self._look()

    def _look(self) -> None:
        text = self._wanted or ""
        till, actor = self._desk.till, self._desk.actor
        self._desk.tasks.run(
            self,
            lambda: search_customers(till, actor, text),
            lambda found: self._show(text, found),
            self._not_found,
            label="customers",
        )

    def _show(self, text: str, found: Sequence[CustomerRecord]) -> None:
        self._shown_for = text
        self.list.show_choices([_choice_of(each) for each in found])
        self.list.setVisible(bool(found))
        self._none.setVisible(not found)
        if self._wanted != text:
            self._look()
            return
        self._wanted = None
        if self._accepted_for == text:
            self._accept()

    def _not_found(self, error: TillgateError) -> None:
        self._wanted = None
        self.show_error(error)

    @Slot()
    def _accept(self) -> None:
        typed = self.search.text().strip()
        if self._pages.currentIndex() == 1:
            self._save()
        elif self._shown_for != typed:
            # Enter was quicker than the search.
            self._accepted_for = typed
        elif self.list.marked is not None:
            self._done(self.list.marked.value)

    def _done(self, customer_id: int | None) -> None:
        self.accept()
        self._chosen(customer_id)

    # Writing down

    def _write_down(self) -> None:
        typed = self.search.text().strip()
        field = self.email if "@" in typed else self.phone if typed[:1] in _DIALLED else self.name
        field.set_text(typed)
        self._pages.setCurrentIndex(1)
        self.go.show_text(tr("Save and choose"))
        self.name.setFocus()

    def _save(self) -> None:
        draft = CustomerDraft(self.name.text, self.email.text, self.phone.text)
        till, actor = self._desk.till, self._desk.actor
        self.notice.clear()
        self.set_working(True)
        self._desk.tasks.run(
            self, lambda: create_customer(till, actor, draft), self._saved, self._not_saved, label="customer"
        )

    def _saved(self, customer: CustomerRecord) -> None:
        self._desk.tasks.broadcast(Changes.of(Kind.CUSTOMER, origin=ORIGIN))
        self._done(customer.id)

    def _not_saved(self, error: TillgateError) -> None:
        self.set_working(False)
        fields = {"name": self.name, "phone": self.phone, "email": self.email}
        field = fields.get(str(error.values.get("field"))) if isinstance(error, Invalid) else None
        if field is None:
            self.show_error(error)
            return
        words = message_for(error)
        field.show_error("\n".join(part for part in (words.what, words.next) if part))
        field.setFocus()


class CustomerSearch(SearchField):
    """`stepped(int)` for the arrow keys, which move the mark in the list below."""

    stepped = Signal(int)

    def __init__(self, placeholder: str) -> None:
        super().__init__(placeholder, rest_ms=0)

    @guarded(False)
    def event(self, event: QEvent) -> bool:
        # While it is empty, nothing of its own can be undone.
        if (
            event.type() is QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and not self.text()
            and event.matches(QKeySequence.StandardKey.Undo)
        ):
            event.ignore()
            return True
        return super().event(event)

    @guarded()
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in {Qt.Key.Key_Up, Qt.Key.Key_Down}:
            self.stepped.emit(1 if event.key() == Qt.Key.Key_Down else -1)
            return
        super().keyPressEvent(event)


def _choice_of(customer: CustomerRecord) -> Choice:
    contact = "  ·  ".join(shown(part, 120) for part in (customer.phone, customer.email) if part)
    return Choice(customer.id, shown(customer.name, 120), contact)
