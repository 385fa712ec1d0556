"""Why wallets and commissions move, in words, and whom their forms ask for."""

from __future__ import annotations

from typing import Final

from tillgate.domain.commission import CommissionKind
from tillgate.domain.wallet import WalletKind
from tillgate.i18n import mark, tr
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.person_field import PersonField, PersonWords

MOVES: Final[dict[WalletKind, str]] = {
    WalletKind.TOP_UP: mark("Top-up"),
    WalletKind.PAYMENT: mark("Payment"),
    WalletKind.REFUND: mark("Money given back"),
    WalletKind.WITHDRAWAL: mark("Paid out in cash"),
    WalletKind.COMMISSION: mark("Commission"),
    WalletKind.CREDIT: mark("Credit from Exceptions"),
    WalletKind.TOP_UP_RETURNED: mark("Top-up given back"),
}
EARNINGS: Final[dict[CommissionKind, str]] = {
    CommissionKind.EARNED: mark("Earned"),
    CommissionKind.TAKEN_BACK: mark("Taken back"),
    CommissionKind.PAID_OUT: mark("Paid into the wallet"),
}


class CustomerField(PersonField):
    """`value` is the customer's number, once `chosen`."""

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
