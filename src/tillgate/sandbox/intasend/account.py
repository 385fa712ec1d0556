"""An IntaSend test account: its keys and its settings."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

from tillgate.domain.errors import Invalid
from tillgate.sandbox.account import Account
from tillgate.sandbox.faults import INTASEND

PROVIDER = INTASEND
_PUBLISHABLE, _SECRET = "ISPubKey_test_", "ISSecretKey_test_"


@dataclass(frozen=True)
class IntaSendKeys:
    """The keys of the test environment: publishable and secret."""

    key_id: str
    key_secret: str

    def __post_init__(self) -> None:
        if not self.key_id.startswith(_PUBLISHABLE) or not self.key_secret.startswith(_SECRET):
            raise Invalid("sandbox_intasend_key", field="key_id")

    @classmethod
    def generate(cls) -> IntaSendKeys:
        """Fresh keys."""
        return cls(f"{_PUBLISHABLE}{uuid4()}", f"{_SECRET}{uuid4()}")

    def __repr__(self) -> str:
        return f"IntaSendKeys({self.key_id!r}, '***')"


@dataclass(frozen=True)
class IntaSendSettings:
    """How the account behaves.

    A prompt is on the phone for `prompt_seconds`; a chargeback is completed `refund_seconds` after it was asked for, at
    once where they are zero. Invoices are listed `page_size` to a page; `bare_lists` gives every list as an array, and
    `texts` gives amounts as texts, as some answers have them.
    """

    prompt_seconds: float = 60.0
    refund_seconds: float = 5.0
    page_size: int = 20
    bare_lists: bool = False
    texts: bool = False


class IntaSendAccount(Account[IntaSendKeys, IntaSendSettings]):
    """The account behind a base URL."""

    provider = PROVIDER
    keys_of = IntaSendKeys
    settings_of = IntaSendSettings

    @property
    def phones_url(self) -> str:
        """The page of the prompts that wait on phones."""
        return f"{self.base_url}/phone/"

    def checkout_url(self, checkout_id: str) -> str:
        """A hosted checkout's page."""
        return f"{self.base_url}/checkout/{checkout_id}/express/"
