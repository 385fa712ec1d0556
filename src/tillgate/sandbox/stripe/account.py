"""A Stripe test account: its keys and its settings."""

from __future__ import annotations

from dataclasses import dataclass

from tillgate.domain.errors import Invalid
from tillgate.sandbox.account import Account, random_word
from tillgate.sandbox.faults import STRIPE

PROVIDER = STRIPE
# What a call that names none gets.
DEFAULT_VERSION = "2026-10-28.endive"


def new_id(prefix: str, length: int = 24) -> str:
    """An id as Stripe makes them: a prefix and letters and digits."""
    return prefix + random_word(length)


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


class StripeAccount(Account[StripeKeys, StripeSettings]):
    """The account behind a base URL (`stripe.StripeClient(key, base_addresses={"api": base_url})`)."""

    provider = PROVIDER
    keys_of = StripeKeys
    settings_of = StripeSettings

    def page_url(self, session_id: str) -> str:
        """A session's hosted page."""
        return f"{self.base_url}/c/pay/{session_id}"
