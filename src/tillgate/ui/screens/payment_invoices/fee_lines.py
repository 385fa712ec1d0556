"""What a phone is asked for, line by line: the amount, its fees, the rounding, and the sum."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel

from tillgate.domain.payment_invoice import FeeBreakdown
from tillgate.i18n import tr
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.widgets.labels import plain_label, set_text

_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class FeeLines(QFrame):
    """Empty until there is a breakdown; `fees` is the one that is shown."""

    def __init__(self, office: BackOffice) -> None:
        super().__init__()
        self._office = office
        self.fees: FeeBreakdown | None = None
        self.setProperty("surface", "sunken")
        grid = QGridLayout(self)
        grid.setContentsMargins(14, 10, 14, 10)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(0, 1)
        names = {
            "amount": (tr("Amount"), "body"),
            "service": (tr("Service fee"), "body"),
            "provider": (tr("Provider’s fee"), "body"),
            "rounding": (tr("Rounded up to whole shillings"), "body"),
            "total": (tr("The phone is asked for"), "strong"),
        }
        self.values: dict[str, QLabel] = {}
        self._names: dict[str, QLabel] = {}
        for row, (key, (name, role)) in enumerate(names.items()):
            self._names[key] = plain_label(name, role, tone="" if key == "total" else "muted", wrap=True)
            self.values[key] = plain_label("", role)
            grid.addWidget(self._names[key], row, 0)
            grid.addWidget(self.values[key], row, 1, _RIGHT)
        self.show_fees(None)

    def show_fees(self, fees: FeeBreakdown | None) -> None:
        """Show a breakdown, or none."""
        self.fees = fees
        self.setVisible(fees is not None)
        if fees is None:
            self.setAccessibleName("")
            return
        amounts = {"amount": fees.amount, "service": fees.service_fee, "provider": fees.provider_fee,
                   "rounding": fees.rounding, "total": fees.total}  # fmt: skip
        for key, amount in amounts.items():
            set_text(self.values[key], self._office.money(amount))
        for label in (self._names["rounding"], self.values["rounding"]):
            label.setVisible(bool(fees.rounding))
        self.setAccessibleName(
            tr(
                "{amount}, service fee {service}, provider’s fee {provider}: the phone is asked for {total}",
                amount=self.values["amount"].text(),
                service=self.values["service"].text(),
                provider=self.values["provider"].text(),
                total=self.values["total"].text(),
            )
        )
