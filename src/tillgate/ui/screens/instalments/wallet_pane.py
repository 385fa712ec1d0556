"""One customer's money with the store: what is in the wallet, what moved last, what they are owed as a referrer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from tillgate.domain.changes import Kind
from tillgate.domain.money import Money
from tillgate.domain.staff import Action
from tillgate.i18n import tr
from tillgate.services.customers import CustomerRecord
from tillgate.services.payments import Started
from tillgate.services.wallet_lists import StatementQuery, StatementRow, list_wallet_transactions
from tillgate.services.wallet_rows import WalletTransaction
from tillgate.services.wallets import WalletView, view_wallet
from tillgate.ui.screens.instalments.customer_links import CustomerLinks
from tillgate.ui.screens.instalments.desk import Bill, BillLine
from tillgate.ui.screens.instalments.desk_list import DeskList
from tillgate.ui.screens.instalments.wallet_dialogs import CommissionDialog, PayOutDialog, ReferrerDialog, TopUpDialog
from tillgate.ui.screens.instalments.wallet_statement import CommissionStatement, WalletStatement
from tillgate.ui.screens.instalments.wallet_words import MOVES
from tillgate.ui.theme import Tone
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.facts import Facts, Section
from tillgate.ui.widgets.flow import FlowLayout
from tillgate.ui.widgets.labels import plain_label
from tillgate.ui.widgets.notices import InlineNotice
from tillgate.ui.widgets.side_pane import lay_out_now

# The statement has all of them.
_LATEST: Final = 4


@dataclass(frozen=True, slots=True)
class _Read:
    view: WalletView
    latest: tuple[StatementRow, ...]


class WalletPane(QWidget):
    """Reads the wallet, and again whenever something moves it."""

    def __init__(self, owner: DeskList, customer: CustomerRecord) -> None:
        super().__init__()
        self._owner, self._office, self.customer = owner, owner.office, customer
        self.view: WalletView | None = None
        self.notice = InlineNotice(closable=True)
        self._body: QWidget | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(12)
        self._column.addWidget(self.notice)
        self._column.addStretch(1)
        owner.show_verbs({})
        self._office.tasks.watch(self, {Kind.WALLET, Kind.CUSTOMER}, lambda _changes: self.reload())
        self.reload()

    @Slot()
    def reload(self) -> None:
        """Read it again."""
        till, actor, number = self._office.till, self._office.actor, self.customer.id

        def work() -> _Read:
            latest = list_wallet_transactions(till, actor, number, StatementQuery(), limit=_LATEST)
            return _Read(view_wallet(till, actor, number), tuple(latest))

        self._office.tasks.run(self, work, self._show, self.notice.show_error, label="wallet")

    def _show(self, found: _Read) -> None:
        self.view = found.view
        if self._body is not None:
            self._body.hide()
            self._body.deleteLater()
        self._body = body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        verbs: dict[str, Button] = {}
        for part in (
            self._purse(found.view, verbs),
            self._moves(found.latest),
            self._earnings(found.view),
            self._referral(found.view),
        ):
            column.addWidget(part)
        self._column.insertWidget(self._column.count() - 1, body)
        self._owner.show_verbs(verbs)
        body.show()
        lay_out_now()

    def _purse(self, view: WalletView, verbs: dict[str, Button]) -> QWidget:
        made = QWidget()
        column = QVBoxLayout(made)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for balance in view.balances:
            column.addWidget(plain_label(self._office.money(balance), "amount", selectable=True))
        if not view.balances:
            column.addWidget(plain_label(tr("Nothing was ever in this wallet."), tone="muted", wrap=True))
        column.addWidget(Facts([(tr("Phone"), view.customer.phone), (tr("E-mail"), view.customer.email)]))
        column.addWidget(CustomerLinks(self._owner.desk, "wallets", view.customer.name, view.customer.phone))
        buttons = FlowLayout()
        if self._office.may(Action.TAKE_PAYMENT):
            top_up = Button(tr("Top up"), tone=ButtonTone.PRIMARY, icon="plus", on_click=self._top_up)
            top_up.setEnabled(bool(view.customer.active))
            verbs["top_up"] = top_up
            buttons.addWidget(top_up)
            for balance in view.balances:
                if balance.minor > 0:
                    several = len(view.balances) > 1
                    text = tr("Pay out {currency}", currency=balance.currency) if several else tr("Pay out")
                    button = Button(text, icon="banknote", on_click=partial(self._pay_out, balance))
                    verbs.setdefault("pay_out", button)
                    buttons.addWidget(button)
        verbs["statement"] = Button(tr("Statement"), icon="list", on_click=self._open_statement)
        buttons.addWidget(verbs["statement"])
        column.addLayout(buttons)
        return made

    def _moves(self, latest: tuple[StatementRow, ...]) -> QWidget:
        section = Section(tr("Latest moves"), spacing=8)
        if not latest:
            section.add(plain_label(tr("Nothing moved yet."), tone="muted"))
        for row in latest:
            section.add(self._move(row))
        return section

    def _move(self, row: StatementRow) -> QGridLayout:
        grid = QGridLayout()
        grid.setVerticalSpacing(0)
        grid.setColumnStretch(0, 1)
        grid.addWidget(plain_label(tr(MOVES[row.kind]), wrap=True), 0, 0)
        grid.addWidget(plain_label(self._office.money(row.move.amount), "strong"), 0, 1)
        at = self._office.instant(row.move.created_at)
        grid.addWidget(plain_label(" · ".join(filter(None, (at, row.order))), "caption", tone="muted"), 1, 0, 1, 2)
        return grid

    def _earnings(self, view: WalletView) -> QWidget:
        section = Section(tr("As a referrer"), spacing=8)
        section.add(Facts([(tr("Owed"), self._office.money(each)) for each in view.commissions]))
        buttons = FlowLayout()
        if self._office.may(Action.PAY_COMMISSION):
            for owed in view.commissions:
                if owed.minor > 0:
                    text = tr("Pay {amount} into the wallet", amount=self._office.money(owed))
                    buttons.addWidget(Button(text, icon="wallet", on_click=partial(self._pay_commission, owed)))
        statement = tr("Commission statement")
        buttons.addWidget(Button(statement, tone=ButtonTone.QUIET, icon="list", on_click=self._open_commissions))
        section.add(buttons)
        return section

    def _referral(self, view: WalletView) -> QWidget:
        section = Section(tr("Brought by"), spacing=8)
        known = view.referrer
        section.add(plain_label(known.name if known is not None else tr("Nobody"), wrap=True))
        if self._office.may(Action.SET_REFERRER):
            buttons = FlowLayout()
            buttons.addWidget(Button(tr("Change the referrer"), icon="pencil", on_click=self._change_referrer))
            section.add(buttons)
        return section

    # What the buttons do

    def _top_up(self) -> None:
        ask_top_up(self._owner, self.customer)

    def _pay_out(self, balance: Money) -> None:
        dialog = PayOutDialog(self, self._office, self.customer, balance)
        self._owner.open_form(dialog, self._said(tr("{amount} is paid out. Hand it over in cash.")))

    def _pay_commission(self, owed: Money) -> None:
        dialog = CommissionDialog(self, self._office, self.customer, owed)
        self._owner.open_form(dialog, self._said(tr("{amount} of commission is in the wallet.")))

    def _said(self, words: str) -> Callable[[object], None]:
        def say(moved: object) -> None:
            if isinstance(moved, WalletTransaction):
                amount = moved.amount if moved.amount_minor > 0 else -moved.amount
                self._tell(words.format(amount=self._office.money(amount)))

        return say

    def _tell(self, text: str) -> None:
        # The details stay: they hear themselves of what moved.
        self._owner.notice.say(Tone.SETTLED, text)

    def _change_referrer(self) -> None:
        view = self.view
        if view is not None:
            dialog = ReferrerDialog(self, self._office, self.customer, view.referrer)
            said = tr("Who brought {name} is saved.", name=self.customer.name)
            self._owner.open_form(dialog, lambda _id: self._tell(said))

    def _open_statement(self) -> None:
        self._owner.open_dialog(WalletStatement(self, self._owner.desk, self.customer))

    def _open_commissions(self) -> None:
        self._owner.open_dialog(CommissionStatement(self, self._owner.desk, self.customer))


def ask_top_up(owner: DeskList, customer: CustomerRecord | None = None) -> None:
    """Ask how much, and whose wallet; then show the payment of it."""
    dialog = TopUpDialog(owner, owner.office, owner.desk.checkout.provider(), customer)

    def begun(started: object) -> None:
        if isinstance(started, Started):
            amount = started.payment.amount
            name = customer.name if customer is not None else dialog.customer.who.text()
            bill = Bill(tr("Top-up of a wallet"), (BillLine(tr("Into the wallet"), amount=amount),), name)
            owner.desk.pay(started.payment.id, bill, again=partial(ask_top_up, owner, customer))

    owner.open_form(dialog, begun)
