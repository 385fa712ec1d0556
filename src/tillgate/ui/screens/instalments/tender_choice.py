"""How the first payment is made: through Razorpay, or from the wallet with what is in it."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from tillgate.domain.instalments import PayBy
from tillgate.domain.money import Money
from tillgate.i18n import tr
from tillgate.labels import provider_name
from tillgate.ui.screens.instalments.desk import InstalmentDesk
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.labels import plain_label, set_text, set_tone


class TenderChoice(QWidget):
    """`changed` when the other way to pay is chosen."""

    changed = Signal()

    def __init__(self, desk: InstalmentDesk) -> None:
        super().__init__()
        self._desk = desk
        self.value = PayBy.RAZORPAY
        self.buttons = {
            PayBy.RAZORPAY: Button(provider_name("razorpay"), tone=ButtonTone.CHIP, icon="credit-card"),
            PayBy.WALLET: Button(tr("Wallet"), tone=ButtonTone.CHIP, icon="wallet"),
        }
        self.said = plain_label(role="caption", wrap=True)
        row = QHBoxLayout()
        row.setSpacing(8)
        for way, button in self.buttons.items():
            button.setCheckable(True)
            button.clicked.connect(partial(self.choose, way))
            row.addWidget(button, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        # Above, since two chips with their keys fill the line in other languages.
        column.addWidget(plain_label(tr("First payment"), "label"))
        column.addLayout(row)
        column.addWidget(self.said)
        self.choose(PayBy.RAZORPAY)

    def choose(self, way: PayBy) -> None:
        """Choose one of the two."""
        self.value = way
        for each, button in self.buttons.items():
            button.setChecked(each is way)
        self.changed.emit()

    def show_balance(self, balance: Money | None, wanted: Money) -> None:
        """What is in the customer's wallet, None while nobody is chosen, and whether it is enough."""
        short = balance is not None and self.value is PayBy.WALLET and balance < wanted
        text = ""
        if balance is not None:
            money = self._desk.office.money
            text = tr("The wallet has {amount}.", amount=money(balance))
            if short:
                text = tr("The wallet has {available}, and {required} is needed.", available=money(balance),
                          required=money(wanted))  # fmt: skip
        set_text(self.said, text)
        set_tone(self.said, "failed" if short else "muted")
        self.said.setVisible(bool(text))
