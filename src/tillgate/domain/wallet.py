"""A customer's wallet: what the store owes them, moved by kinds that say why (product.md, Money)."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from tillgate.domain.errors import Invalid
from tillgate.domain.money import Money

# How payments, captures and refunds name it where others have a provider; and its one method.
WALLET: Final = "wallet"
# What a top-up's payment is for.
TOP_UP_THING: Final = "wallet_top_up"
_KEY: Final = re.compile(r"[!-~]{8,100}")


class WalletKind(StrEnum):
    """Why money went into a wallet or out of it."""

    TOP_UP = "TOP_UP"
    PAYMENT = "PAYMENT"
    REFUND = "REFUND"
    WITHDRAWAL = "WITHDRAWAL"
    COMMISSION = "COMMISSION"
    CREDIT = "CREDIT"
    # A top-up's money that goes back where it came from, and that comes back when this fails.
    TOP_UP_RETURNED = "TOP_UP_RETURNED"


# Of these the customer is told by mail.
TOLD: Final = frozenset({WalletKind.TOP_UP, WalletKind.REFUND, WalletKind.CREDIT})


def check_wallet_amount(amount: Money) -> Money:
    """What a person asks to be moved. Raises Invalid("amount_zero") for nothing or less."""
    if amount.minor <= 0:
        raise Invalid("amount_zero", field="amount")
    return amount


def check_press_key(key: str) -> str:
    """The key of one press, made when its form opened. Raises Invalid("key_malformed")."""
    if not _KEY.fullmatch(key):
        raise Invalid("key_malformed", field="key")
    return key
