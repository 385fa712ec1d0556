"""Consultations: open fees by patient, every fee, who holds them, their taxes, and the page on which one is paid."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from tillgate.domain.staff import Action
from tillgate.i18n import mark, tr
from tillgate.services.consultation_lists import ConsultationDetails
from tillgate.services.open_fees import Known, find_known
from tillgate.ui.screen import Screen
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.checkout.desk import CheckoutDesk
from tillgate.ui.screens.consultations.clinic_lists import ClinicList, PractitionerList
from tillgate.ui.screens.consultations.desk_list import DeskList
from tillgate.ui.screens.consultations.keys import ADD, DESK, LISTS, ONE, PAYING, SCREEN
from tillgate.ui.screens.consultations.open_list import OpenFeesList
from tillgate.ui.screens.consultations.pay_page import PayPage
from tillgate.ui.screens.consultations.tax_list import TaxList
from tillgate.ui.screens.consultations.visit_list import VisitList
from tillgate.ui.screens.list_commands import ListCommands, commands_of
from tillgate.ui.theme import Tone
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.data_table import DataTable, Query
from tillgate.ui.widgets.flow import FlowLayout
from tillgate.ui.widgets.labels import plain_label
from tillgate.ui.widgets.notices import InlineNotice

# The chip of a list, and what its Ins adds.
_CHIPS: Final = {
    "open": (mark("Open fees"), mark("New fee")),
    "visits": (mark("All consultations"), mark("New fee")),
    "practitioners": (mark("Practitioners"), mark("New practitioner")),
    "clinics": (mark("Clinics"), mark("New clinic")),
    "taxes": (mark("Tax rules"), mark("New tax rule")),
}


class ConsultationsScreen(Screen):
    """Opens with who owes what. `desk` is what the payment needs, as at the checkout."""

    def __init__(self, office: BackOffice, desk: CheckoutDesk) -> None:
        super().__init__()
        self._office = office
        office.commands.add_all(commands_of(SCREEN, PAYING, self._do))
        office.commands.add_all(commands_of(SCREEN, DESK, self._turn))
        self.notice = InlineNotice(closable=True)
        self.open_fees = OpenFeesList(office, self.notice, self._pay, self.show_visit)
        self.visits = VisitList(office, self.notice, self._pay)
        self.lists: dict[str, DeskList] = {"open": self.open_fees, "visits": self.visits}
        if office.may(Action.EDIT_CATALOGUE):
            self.lists |= {
                "practitioners": PractitionerList(office, self.notice),
                "clinics": ClinicList(office, self.notice),
                "taxes": TaxList(office, self.notice),
            }
        self.front: DeskList = self.open_fees
        self.commands = ListCommands(self, office.commands, SCREEN, self.front.table, ONE)
        self.page = PayPage(office, desk)
        self.page.left.connect(self._to_list)
        self.chips: dict[str, Button] = {}
        self.adds: dict[str, Button] = {}
        self._lay_out()
        for each in self.lists.values():
            each.turned.connect(partial(self._turned, each))
        self.show_list("open")

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(plain_label(tr("Consultations"), "heading"), 1)
        # A row of their own: the button of a page, wide or not there, moves none of them.
        chips = FlowLayout()
        self._pages = QStackedWidget()
        for key, page in self.lists.items():
            title, added = _CHIPS[key]
            chip = Button(tr(title), tone=ButtonTone.CHIP, on_click=partial(self.show_list, key))
            chip.setCheckable(True)
            self.chips[key] = chip
            chips.addWidget(chip)
            self._pages.addWidget(page)
            add = self._office.commands.button(f"{SCREEN}.{ADD}", tone=ButtonTone.PRIMARY, text=tr(added))
            self.adds[key] = add
        for add in self.adds.values():
            head.addWidget(add)
            head.addStrut(add.sizeHint().height())
        self._list = QWidget()
        column = QVBoxLayout(self._list)
        column.setContentsMargins(20, 18, 20, 14)
        column.setSpacing(12)
        column.addLayout(head)
        column.addLayout(chips)
        column.addWidget(self.notice)
        column.addWidget(self._pages, 1)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._list)
        self._stack.addWidget(self.page)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._stack)

    # What the shell tells

    def entered(self) -> None:
        """The focus goes to what is in front."""
        if self.paying:
            self.page.entered()
        else:
            self.front.table.setFocus()

    def left(self) -> None:
        """Another screen is in front: what ends here now is told above it."""
        self.page.tell_front(shown=False)

    def go_back(self) -> bool:
        """Esc: from the payment to the list, which changes nothing of it; then close the details."""
        if self.paying:
            self.page.leave()
            return True
        was_open = not self.front.table.pane.isHidden()
        self.front.table.pane.close_pane()
        return was_open

    def scan(self, code: str) -> bool:
        """A visit's, an invoice's or a patient's number shows whose it is; nothing while a fee is being paid."""
        if not self.paying:
            text = code.strip()
            work = partial(find_known, self._office.till, self._office.actor, text)
            self._office.tasks.run(self, work, partial(self._show_known, text), self.notice.show_error, label="scan")
        return True

    @property
    def paying(self) -> bool:
        """Whether the page of one payment is in front."""
        return self._stack.currentWidget() is self.page

    @property
    def table(self) -> DataTable:
        """The list in front."""
        return self.front.table

    # The lists

    def show_list(self, key: str) -> None:
        """Show one of the lists."""
        self.front = self.lists[key]
        self._pages.setCurrentWidget(self.front)
        for each, chip in self.chips.items():
            chip.setChecked(each == key)
            self.adds[each].setVisible(each == key and self._office.may(Action.SELL))
        self.commands.turn_to(self.front.table, self.front.verbs)
        if self.isVisible():
            self.front.table.setFocus()

    def show_visit(self, code: str, number: int) -> None:
        """Show one consultation."""
        self.notice.clear()
        self.show_list("visits")
        self.visits.show_visit(code, number)

    def _show_known(self, text: str, known: Known | None) -> None:
        if self.paying:
            return
        if known is None:
            self.notice.say(
                Tone.WAITING,
                tr("{code} is no visit, invoice or patient here.", code=text[:40]),
                tr("Search for the patient’s name instead."),
            )
        elif known.consultation_id is not None:
            self.show_visit(known.code, known.consultation_id)
        else:
            self.notice.clear()
            self.show_list("open")
            self.open_fees.show_row(Query(text), known.patient_id)

    def _turn(self, verb: str) -> None:
        turns: dict[str, Callable[[], object]] = {each.key: partial(self.show_list, each.key) for each in LISTS}
        if not self.paying:
            {**turns, ADD: self.front.add}[verb]()

    def _turned(self, page: DeskList) -> None:
        if page is self.front and not self.paying:
            self.commands.follow(page.verbs)

    # Pay

    def _do(self, verb: str) -> None:
        self.page.do(verb)

    def _pay(self, details: ConsultationDetails) -> None:
        self.notice.clear()
        self._stack.setCurrentWidget(self.page)
        self.commands.follow({"pay": self.page.ask.pay})
        self.page.open_fee(details)

    def _to_list(self) -> None:
        self._stack.setCurrentWidget(self._list)
        self.open_fees.came_back()
        self.commands.follow(self.front.verbs)
        self.front.table.refresh()
        self.front.table.setFocus()
