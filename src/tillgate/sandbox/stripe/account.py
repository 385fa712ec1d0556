"""A Stripe test account: its keys and its settings."""

from __future__ import annotations

import asyncio
import json
import secrets
import string
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any

from tillgate.domain.errors import Invalid
from tillgate.sandbox.faults import STRIPE, FaultMenu
from tillgate.sandbox.ledger import Books, Ledger

PROVIDER = STRIPE

_ALPHANUMERIC = string.ascii_letters + string.digits


def new_id(prefix: str, length: int = 24) -> str:
    """An id as Stripe makes them: a prefix and letters and digits."""
    return prefix + "".join(secrets.choice(_ALPHANUMERIC) for _ in range(length))


@dataclass(frozen=True)
class StripeKeys:
    """The keys of test mode: the publishable one (pk_test_), and the secret one (sk_test_ or rk_test_)."""

    key_id: str
    key_secret: str

    def __post_init__(self) -> None:
        if not self.key_id.startswith("pk_test_") or not self.key_secret.startswith(("sk_test_", "rk_test_")):
            raise Invalid("sandbox_stripe_key", field="key_id")

    @classmethod
    def generate(cls) -> StripeKeys:
        """Fresh keys."""
        return cls(new_id("pk_test_51", 40), new_id("sk_test_51", 40))

    def __repr__(self) -> str:
        return f"StripeKeys({self.key_id!r}, '***')"


@dataclass(frozen=True)
class StripeSettings:
    """How the account behaves.

    `manual_capture` plays every session as if it had asked for capture_method=manual. `refund_seconds` is how long a
    refund stays pending (0: created as succeeded).
    """

    manual_capture: bool = False
    refund_seconds: float = 0.0


class StripeAccount:
    """The account behind a base URL: keys, settings, and its books in the ledger.

    Keys and settings stay with the ledger's file; given ones replace what is stored. `settle` does what Stripe does on
    its own when its time has come; it runs before every transaction. `closing` is set when the server stops.
    """

    def __init__(
        self,
        ledger: Ledger,
        faults: FaultMenu,
        settle: Callable[[StripeAccount, Books], None],
        closing: asyncio.Event,
        *,
        keys: StripeKeys | None = None,
        settings: StripeSettings | None = None,
    ) -> None:
        self.ledger = ledger
        self.faults = faults
        self._settle = settle
        self.closing = closing
        self.keys = keys or _stored_keys(ledger) or StripeKeys.generate()
        ledger.set_setting("stripe_keys", json.dumps([self.keys.key_id, self.keys.key_secret]))
        self.settings = settings or StripeSettings(**json.loads(ledger.find_setting("stripe_settings") or "{}"))
        self.configure()
        self.origin = ""

    @property
    def key_id(self) -> str:
        """The publishable key."""
        return self.keys.key_id

    @property
    def key_secret(self) -> str:
        """The secret key, the bearer of every call."""
        return self.keys.key_secret

    @property
    def base_url(self) -> str:
        """What a client puts before /v1/...: `stripe.StripeClient(key, base_addresses={"api": base_url})`."""
        return f"{self.origin}/stripe"

    def configure(self, **changes: Any) -> None:
        """Change settings by name, at once and for later runs."""
        self.settings = replace(self.settings, **changes)
        self.ledger.set_setting("stripe_settings", json.dumps(asdict(self.settings)))

    def page_url(self, session_id: str) -> str:
        """A session's hosted page."""
        return f"{self.base_url}/c/pay/{session_id}"

    @contextmanager
    def transaction(self) -> Iterator[Books]:
        """The books, after everything that was due; what was due stays done if the caller's part is refused."""
        self.settle_due()
        with self.ledger.transaction(PROVIDER) as books:
            yield books

    def settle_due(self) -> None:
        """Do what Stripe does on its own by now."""
        with self.ledger.transaction(PROVIDER) as books:
            self._settle(self, books)


def _stored_keys(ledger: Ledger) -> StripeKeys | None:
    stored = ledger.find_setting("stripe_keys")
    return None if stored is None else StripeKeys(*json.loads(stored))
