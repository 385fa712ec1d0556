"""What changed and who did it: said once after a transaction, heard by every screen that shows it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The things a screen may show and want to show afresh."""

    CART = "cart"
    PAYMENT = "payment"
    REFUND = "refund"
    ORDER = "order"
    INVOICE = "invoice"
    EXCEPTION = "exception"
    CATALOGUE = "catalogue"
    CUSTOMER = "customer"
    STAFF = "staff"
    SHIFT = "shift"
    DEVICE = "device"
    BATCH = "batch"
    OUTBOX = "outbox"
    SETTING = "setting"
    WALLET = "wallet"
    COUPON = "coupon"
    INSTALMENT = "instalment"


@dataclass(frozen=True, slots=True)
class Changes:
    """The kinds of things that changed; `origin` names the screen or lane that changed them."""

    kinds: frozenset[Kind]
    origin: str = ""

    @classmethod
    def of(cls, *kinds: Kind, origin: str = "") -> Changes:
        """Changes of some kinds."""
        return cls(frozenset(kinds), origin)

    def touches(self, *kinds: Kind) -> bool:
        """Whether any of these kinds changed."""
        return not self.kinds.isdisjoint(kinds)

    def __or__(self, other: Changes) -> Changes:
        return Changes(self.kinds | other.kinds, self.origin or other.origin)
