"""Instalments: bulk orders, what is due of them, wallets and coupons; and the page on which any of it is paid."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import cast

from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from tillgate.i18n import tr
from tillgate.ui.screen import Screen
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.checkout.desk import CheckoutDesk
from tillgate.ui.screens.checkout.papers import Papers
from tillgate.ui.screens.instalments.desk import Bill, InstalmentDesk
from tillgate.ui.screens.instalments.desk_list import DeskList, Page
from tillgate.ui.screens.instalments.keys import ADD, DESK, ONE, ORDER, PAY, PAYING, SCREEN
from tillgate.ui.screens.instalments.keys import PAGES as TURNS
from tillgate.ui.screens.instalments.new_order_page import NewOrderPage
from tillgate.ui.screens.instalments.pages import PAGES, PageSpec
from tillgate.ui.screens.instalments.pay_page import PayPage
from tillgate.ui.screens.list_commands import ListCommands, commands_of
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.flow import FlowLayout
from tillgate.ui.widgets.labels import plain_label
from tillgate.ui.widgets.notices import InlineNotice


class InstalmentsScreen(Screen):
    """Opens with its first page. `desk` is what the payment needs, as at the checkout."""

    def __init__(self, office: BackOffice, desk: CheckoutDesk, *, pages: Sequence[PageSpec] = PAGES) -> None:
        super().__init__()
        self._office = office
        office.commands.add_all(commands_of(SCREEN, (*TURNS, *DESK, *ORDER, *PAYING), self._do))
        self.notice = InlineNotice(closable=True)
        self.page = PayPage(office, desk)
        self.page.left.connect(self._to_pages)
        papers = Papers(desk, self.notice, self)
        given = InstalmentDesk(office, desk, self.notice, papers, self.pay, self.show_page, self.show_number)
        self._specs = [each for each in pages if office.may(each.needs)]
        self.pages: dict[str, Page] = {each.key: each.factory(given) for each in self._specs}
        tables = [each for each in self.pages.values() if isinstance(each, DeskList)]
        self._list_commands = ListCommands(self, office.commands, SCREEN, tables[0].table, ONE) if tables else None
        self.front = self._specs[0].key
        self.chips: dict[str, Button] = {}
        self.add = office.commands.button(f"{SCREEN}.{ADD}", tone=ButtonTone.PRIMARY)
        self._lay_out()
        for key, page in self.pages.items():
            page.turned.connect(partial(self._turned, key))
            for verb, button in page.verbs.items():
                button.show_hint(office.hint(f"{SCREEN}.{verb}"))
        self.show_page(self.front)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(plain_label(tr("Instalments"), "heading"), 1)
        # A row of their own: the button of a page, wide or not there, moves none of them.
        chips = FlowLayout()
        head.addWidget(self.add)
        head.addStrut(self.add.sizeHint().height())
        self._pages = QStackedWidget()
        for spec in self._specs:
            chip = Button(tr(spec.chip), tone=ButtonTone.CHIP, on_click=partial(self.show_page, spec.key))
            chip.setCheckable(True)
            self.chips[spec.key] = chip
            chips.addWidget(chip)
            self._pages.addWidget(cast(QWidget, self.pages[spec.key]))
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
            self.pages[self.front].entered()

    def left(self) -> None:
        """Another screen is in front: what ends here now is told above it."""
        self.page.tell_front(shown=False)

    def go_back(self) -> bool:
        """Esc: from the payment to the page before, which changes nothing of it; else within the page."""
        if self.paying:
            self.page.leave()
            return True
        return self.pages[self.front].go_back()

    def scan(self, code: str) -> bool:
        """For the page in front; nothing while a payment is."""
        if not self.paying:
            self.pages[self.front].scan(code)
        return True

    @property
    def paying(self) -> bool:
        """Whether the page of one payment is in front."""
        return self._stack.currentWidget() is self.page

    # The pages

    def show_page(self, key: str) -> None:
        """Show one of the pages that there are for this role."""
        if key not in self.pages:
            return
        self.front = key
        page = self.pages[key]
        self._pages.setCurrentWidget(cast(QWidget, page))
        for each, chip in self.chips.items():
            chip.setChecked(each == key)
        self.add.show_text(tr(page.adds) if page.adds else "")
        if self._list_commands is not None and isinstance(page, DeskList):
            self._list_commands.turn_to(page.table, page.verbs)
        elif self._list_commands is not None:
            self._list_commands.follow(page.verbs)
        self._show_commands()
        if self.isVisible() and not self.paying:
            page.entered()

    def show_number(self, key: str, code: str) -> None:
        """Show one of the pages, and in it what bears a number."""
        if key in self.pages:
            self.show_page(key)
            self.pages[key].scan(code)

    def pay(
        self, payment_id: int, bill: Bill, *, again: Callable[[], object] | None = None, opens: bool = True
    ) -> None:
        """Show a payment that was begun, with what it is for; as `desk.PayNow`."""
        self.notice.clear()
        self._stack.setCurrentWidget(self.page)
        if self._list_commands is not None:
            self._list_commands.follow({})
        self.page.open(payment_id, bill, again=again, opens=opens)
        self._show_commands()

    def _to_pages(self) -> None:
        self._stack.setCurrentWidget(self._list)
        page = self.pages[self.front]
        if isinstance(page, DeskList):
            page.table.refresh()
        self.show_page(self.front)

    # Commands

    def _do(self, verb: str) -> None:
        page = self.pages[self.front]
        acts: dict[str, Callable[[], object]] = {each.key: partial(self.show_page, each.key) for each in TURNS}
        acts |= {PAY: page.pay, ADD: page.add}
        if isinstance(page, NewOrderPage):
            acts |= {each.key: partial(page.do, each.key) for each in ORDER}
        if not self.paying and verb in acts:
            acts[verb]()
        elif self.paying:
            self.page.do(verb)

    def _turned(self, key: str) -> None:
        if key != self.front or self.paying:
            return
        page = self.pages[key]
        if self._list_commands is not None:
            self._list_commands.follow(page.verbs)
        self._show_commands()

    def _show_commands(self) -> None:
        page, free = self.pages[self.front], not self.paying
        can = {each.key: free and each.key in self.pages for each in TURNS}
        can |= {PAY: free and page.pays, ADD: free and bool(page.adds)}
        can |= {each.key: free and isinstance(page, NewOrderPage) for each in ORDER}
        for verb, able in can.items():
            self._office.commands.set_enabled(f"{SCREEN}.{verb}", able)
        self.add.setVisible(bool(page.adds))
