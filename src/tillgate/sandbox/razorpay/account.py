"""A Razorpay test account: its keys and its settings."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from tillgate.domain.errors import Invalid
from tillgate.sandbox.account import Account, random_word
from tillgate.sandbox.faults import RAZORPAY, FaultMenu
from tillgate.sandbox.ledger import Books, Ledger

PROVIDER = RAZORPAY


def new_id(prefix: str) -> str:
    """An id as Razorpay makes them: a prefix and 14 case-sensitive letters and digits."""
    return prefix + random_word(14)


@dataclass(frozen=True)
class RazorpayKeys:
    """A test key: its id starts with rzp_test_."""

    key_id: str
    key_secret: str

    def __post_init__(self) -> None:
        if not self.key_id.startswith("rzp_test_") or not self.key_secret:
            raise Invalid("sandbox_razorpay_key", field="key_id", key_id=self.key_id)

    @classmethod
    def generate(cls) -> RazorpayKeys:
        """A fresh key."""
        return cls(new_id("rzp_test_"), random_word(24))

    def __repr__(self) -> str:
        return f"RazorpayKeys({self.key_id!r}, '***')"


class DuplicateReceipt(StrEnum):
    """What an account does with an order receipt that was used before; all three are documented."""

    REPLAY = "replay"  # gives back the same order, when the body asks for unique_receipt
    REFUSE = "refuse"
    CREATE = "create"  # a second order


@dataclass(frozen=True)
class RazorpaySettings:
    """How the account behaves.

    `auto_capture` False leaves payments authorised until the till captures them. `refund_seconds` is how long a
    refund stays pending (0: created as processed). `idempotency_conflict_status` is 409 or 400: the documents
    give both for a refund key used again with another body. `empty_payments_as_null`: a link without captured
    payments says null, or [].
    """

    auto_capture: bool = True
    duplicate_receipt: DuplicateReceipt = DuplicateReceipt.REFUSE
    refund_seconds: float = 0.0
    idempotency_conflict_status: int = 409
    empty_payments_as_null: bool = True

    def __post_init__(self) -> None:
        # Stored as its word.
        object.__setattr__(self, "duplicate_receipt", DuplicateReceipt(self.duplicate_receipt))


class RazorpayAccount(Account[RazorpayKeys, RazorpaySettings]):
    """The account behind a base URL."""

    provider = PROVIDER
    keys_of = RazorpayKeys
    settings_of = RazorpaySettings

    def __init__(
        self,
        ledger: Ledger,
        faults: FaultMenu,
        settle: Callable[[RazorpayAccount, Books], None],
        closing: asyncio.Event,
        *,
        keys: RazorpayKeys | None = None,
        settings: RazorpaySettings | None = None,
    ) -> None:
        super().__init__(ledger, faults, partial(settle, self), closing, keys=keys, settings=settings)

    @property
    def checkout_js_url(self) -> str:
        """The script that defines Razorpay(options)."""
        return f"{self.base_url}/v1/checkout.js"

    def short_url(self, code: str) -> str:
        """A payment link's page."""
        return f"{self.base_url}/rzp/{code}"
