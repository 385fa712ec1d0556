"""The store's customers: found, written down, changed, and their payments."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from tillgate.domain.changes import Kind
from tillgate.domain.staff import Action
from tillgate.i18n import mark, tr
from tillgate.services.customers import CustomerRecord, count_customers, list_customers
from tillgate.ui.screen import Screen
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.catalogue.words import IN_USE
from tillgate.ui.screens.customers.customer_dialog import CustomerForm
from tillgate.ui.screens.list_commands import ListCommands, Verb, commands_of
from tillgate.ui.theme import Tone
from tillgate.ui.widgets.avatar import Avatar
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.data_table import (
    Column,
    DataTable,
    EmptyText,
    KeysetSource,
    Query,
    Sort,
    Summary,
    instant_column,
    status_column,
    text_column,
)
from tillgate.ui.widgets.facts import Facts
from tillgate.ui.widgets.flow import FlowLayout
from tillgate.ui.widgets.labels import plain_label
from tillgate.ui.widgets.notices import InlineNotice, NoticeAction
from tillgate.ui.widgets.status_badge import StatusBadge

SCREEN: Final = "customers"
NEW: Final = Verb("new", mark("New customer"), "user-plus", "Ins", Action.EDIT_CUSTOMERS)
VERBS: Final = (
    Verb("change", mark("Change the customer"), "pencil", "Ctrl+S", Action.EDIT_CUSTOMERS),
    Verb("payments", mark("Show the customer’s payments"), "credit-card", "Ctrl+P"),
)


class CustomersScreen(Screen):
    """The list by name; `show_query` opens it from elsewhere."""

    def __init__(self, office: BackOffice) -> None:
        super().__init__()
        self._office = office
        self._wanted: int | None = None
        office.commands.add_all(commands_of(SCREEN, (NEW,), lambda _verb: self.add_customer()))
        add = NoticeAction(tr("Write a customer down"), self.add_customer, "user-plus")
        source: KeysetSource[CustomerRecord, tuple[Any, ...]] = KeysetSource(
            self._fetch, self._sum, lambda _query, row: (row.name, row.id)
        )
        self.table = DataTable(
            tr("Customers"),
            columns=_columns(),
            source=source,
            tasks=office.tasks,
            zone=office.zone,
            key=lambda row: row.id,
            details=self._details,
            detail_title=lambda row: row.name,
            empty=EmptyText(
                "users",
                tr("No customers yet"),
                tr("A customer is needed for rentals and mails; everybody else is a walk-in."),
                add,
            ),
            sort=Sort("name"),
            refresh_on={Kind.CUSTOMER},
            export_name="customers",
            exportable=office.may(Action.EXPORT),
            before_export=office.before_export(self, "customers"),
            own_keys=False,
        )
        self.commands = ListCommands(self, office.commands, SCREEN, self.table, VERBS)
        self.notice = InlineNotice(closable=True)
        self.add = office.commands.button(f"{SCREEN}.{NEW.key}", tone=ButtonTone.PRIMARY)
        self.table.loaded.connect(self._open_wanted)
        self._lay_out()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(plain_label(tr("Customers"), "heading"))
        head.addStretch(1)
        head.addWidget(self.add)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 14)
        column.setSpacing(12)
        column.addLayout(head)
        column.addWidget(self.notice)
        column.addWidget(self.table, 1)

    def entered(self) -> None:
        """The focus goes to the list."""
        self.table.setFocus()

    def go_back(self) -> bool:
        """Esc: close the details."""
        was_open = not self.table.pane.isHidden()
        self.table.pane.close_pane()
        return was_open

    def show_query(self, query: Query) -> None:
        """Show the customers of a query."""
        self.table.set_query(query if query.sort else Query(query.text, Sort("name"), query.filters))

    def add_customer(self) -> None:
        """Ask for a new customer."""
        self._open(CustomerForm(self, self._office))

    def _fetch(self, query: Query, after: tuple[Any, ...] | None, skip: int, limit: int) -> tuple[CustomerRecord, ...]:
        down = query.sort.descending if query.sort is not None else False
        till, actor = self._office.till, self._office.actor
        return list_customers(till, actor, query.text, after=after, skip=skip, limit=limit, descending=down)

    def _sum(self, query: Query) -> Summary:
        return Summary(count_customers(self._office.till, self._office.actor, query.text))

    def _details(self, row: CustomerRecord) -> QWidget:
        made = CustomerPane(self._office, row, partial(self._change, row), partial(self._show_payments, row))
        self.commands.follow(made.verbs)
        return made

    def _change(self, row: CustomerRecord) -> None:
        self._open(CustomerForm(self, self._office, row))

    def _open(self, dialog: CustomerForm) -> None:
        self.notice.clear()
        dialog.saved.connect(self._saved)
        dialog.open()

    def _saved(self, saved: CustomerRecord) -> None:
        self.notice.say(Tone.SETTLED, tr("{name} is saved.", name=saved.name))
        self._wanted = saved.id
        self.show_query(Query(text=saved.name))

    @Slot()
    def _open_wanted(self) -> None:
        if self._wanted is not None and self.table.select_key(self._wanted):
            self._wanted = None

    def _show_payments(self, row: CustomerRecord) -> None:
        if self._office.show_payments is not None:
            # What tells people apart best; the list of payments knows all three.
            self._office.show_payments(Query(text=row.phone or row.email or row.name))


class CustomerPane(QWidget):
    """One customer."""

    def __init__(self, office: BackOffice, row: CustomerRecord, change: partial[None], payments: partial[None]) -> None:
        super().__init__()
        self.change = Button(tr("Change"), icon="pencil", on_click=change)
        self.payments = Button(tr("Show payments"), icon="credit-card", on_click=payments)
        self.change.setVisible(office.may(Action.EDIT_CUSTOMERS))
        self.payments.setVisible(office.show_payments is not None)
        self.verbs = {"change": self.change, "payments": self.payments}
        buttons = FlowLayout()
        for verb, button in self.verbs.items():
            button.show_hint(office.hint(f"{SCREEN}.{verb}"))
            buttons.addWidget(button)
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(Avatar(row.name, 48))
        head.addStretch(1)
        head.addWidget(StatusBadge(IN_USE[bool(row.active)]))
        facts = Facts(
            [
                (tr("Phone"), row.phone),
                (tr("E-mail"), row.email),
                (tr("Note"), row.note),
                (tr("Since"), office.instant(row.created_at)),
            ]
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(14)
        column.addLayout(head)
        column.addLayout(buttons)
        column.addWidget(facts)
        column.addStretch(1)


def _columns() -> list[Column[CustomerRecord]]:
    return [
        text_column("name", tr("Name"), lambda row: row.name, stretch=True, strong=True),
        text_column("phone", tr("Phone"), lambda row: row.phone, sortable=False, width=160),
        text_column("email", tr("E-mail"), lambda row: row.email, sortable=False, width=200, stretch=True, minor=True),
        status_column("active", tr("State"), lambda row: IN_USE[bool(row.active)], sortable=False, width=130),
        instant_column("created_at", tr("Since"), lambda row: row.created_at, sortable=False, minor=True),
    ]
