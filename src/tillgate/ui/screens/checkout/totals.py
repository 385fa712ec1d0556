"""What the cart comes to: sold, rented, deposit, fee and tax apart."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from tillgate.domain.orders import LineType
from tillgate.domain.vendor_split import Totals
from tillgate.i18n import mark, tr
from tillgate.labels import GROUPS
from tillgate.ui.screens.checkout.desk import CheckoutDesk
from tillgate.ui.widgets.labels import plain_label, set_text

_ROWS: Final = (
    ("sale", GROUPS[LineType.SALE]),
    ("rental", GROUPS[LineType.RENTAL]),
    ("deposit", GROUPS[LineType.DEPOSIT]),
    ("fee", mark("Service fees")),
    ("tax", GROUPS[LineType.TAX]),
)


class TotalsView(QWidget):
    """Only the parts that there are, each with its amount at the right, and the total below."""

    def __init__(self, desk: CheckoutDesk) -> None:
        super().__init__()
        self._desk = desk
        grid = QGridLayout(self)
        grid.setContentsMargins(14, 10, 18, 4)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(3)
        grid.setColumnStretch(0, 1)
        self._parts = {}
        for at, (name, title) in enumerate(_ROWS):
            label, amount = plain_label(tr(title), tone="muted"), plain_label()
            self._parts[name] = (label, amount)
            grid.addWidget(label, at, 0)
            grid.addWidget(amount, at, 1, Qt.AlignmentFlag.AlignRight)
        self._total = plain_label(role="heading")
        grid.addWidget(plain_label(tr("Total"), "title"), len(_ROWS), 0)
        grid.addWidget(self._total, len(_ROWS), 1, Qt.AlignmentFlag.AlignRight)

    def show_totals(self, totals: Totals) -> None:
        """Show other amounts."""
        for name, (label, amount) in self._parts.items():
            money = getattr(totals, name)
            set_text(amount, self._desk.money(money))
            label.setVisible(bool(money))
            amount.setVisible(bool(money))
        set_text(self._total, self._desk.money(totals.total))
        self.setAccessibleName(tr("Total {amount}", amount=self._total.text()))

    @property
    def shown(self) -> dict[str, str]:
        """The parts shown and their amounts."""
        return {label.text(): amount.text() for label, amount in self._parts.values() if not label.isHidden()}
