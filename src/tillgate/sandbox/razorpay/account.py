"""A Razorpay test account: its keys and its settings."""

from __future__ import annotations

import asyncio
import json
import secrets
import string
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from tillgate.domain.errors import Invalid
from tillgate.sandbox.faults import FaultMenu
from tillgate.sandbox.ledger import Books, Ledger

PROVIDER = "razorpay"

_ALPHANUMERIC = string.ascii_letters + string.digits


def new_id(prefix: str) -> str:
    """An id as Razorpay makes them: a prefix and 14 case-sensitive letters and digits."""
    return prefix + "".join(secrets.choice(_ALPHANUMERIC) for _ in range(14))


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
        secret = "".join(secrets.choice(_ALPHANUMERIC) for _ in range(24))
        return cls(new_id("rzp_test_"), secret)

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


class RazorpayAccount:
    """The account behind a base URL: keys, settings, and its books in the ledger.

    Keys and settings stay with the ledger's file; given ones replace what is stored. `settle` does what the
    provider does on its own when its time has come; it runs before every transaction.
    """

    def __init__(
        self,
        ledger: Ledger,
        faults: FaultMenu,
        settle: Callable[[RazorpayAccount, Books], None],
        keys: RazorpayKeys | None = None,
        settings: RazorpaySettings | None = None,
    ) -> None:
        self.ledger = ledger
        self.faults = faults
        self._settle = settle
        self.keys = keys or _stored_keys(ledger) or RazorpayKeys.generate()
        ledger.set_setting("razorpay_keys", json.dumps([self.keys.key_id, self.keys.key_secret]))
        self.settings = settings or _stored_settings(ledger)
        self.configure()
        self.origin = ""
        self.closing = asyncio.Event()

    @property
    def key_id(self) -> str:
        """The key's id, the user name of Basic auth."""
        return self.keys.key_id

    @property
    def key_secret(self) -> str:
        """The key's secret."""
        return self.keys.key_secret

    @property
    def base_url(self) -> str:
        """What a client puts before /v1/...: `razorpay.Client(base_url=...)`."""
        return f"{self.origin}/razorpay"

    @property
    def checkout_js_url(self) -> str:
        """The script that defines Razorpay(options)."""
        return f"{self.base_url}/v1/checkout.js"

    def configure(self, **changes: Any) -> None:
        """Change settings by name, at once and for later runs."""
        self.settings = replace(self.settings, **changes)
        self.ledger.set_setting("razorpay_settings", json.dumps(asdict(self.settings)))

    def short_url(self, code: str) -> str:
        """A payment link's page."""
        return f"{self.base_url}/rzp/{code}"

    @contextmanager
    def transaction(self) -> Iterator[Books]:
        """The books, after everything that was due; what was due stays done if the caller's part is refused."""
        self.settle_due()
        with self.ledger.transaction(PROVIDER) as books:
            yield books

    def settle_due(self) -> None:
        """Do what the provider does on its own by now."""
        with self.ledger.transaction(PROVIDER) as books:
            self._settle(self, books)


def _stored_keys(ledger: Ledger) -> RazorpayKeys | None:
    stored = ledger.find_setting("razorpay_keys")
    return None if stored is None else RazorpayKeys(*json.loads(stored))


def _stored_settings(ledger: Ledger) -> RazorpaySettings:
    stored = json.loads(ledger.find_setting("razorpay_settings") or "{}")
    if "duplicate_receipt" in stored:
        stored["duplicate_receipt"] = DuplicateReceipt(stored["duplicate_receipt"])
    return RazorpaySettings(**stored)
