"""Why wallets and commissions move, in words."""

from __future__ import annotations

from typing import Final

from tillgate.domain.commission import CommissionKind
from tillgate.domain.wallet import WalletKind
from tillgate.i18n import mark

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
