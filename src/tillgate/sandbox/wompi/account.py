"""A Wompi test merchant: its keys and its settings."""

from __future__ import annotations

from dataclasses import dataclass

from tillgate.domain.errors import Invalid
from tillgate.sandbox.account import Account, random_word
from tillgate.sandbox.faults import WOMPI

PROVIDER = WOMPI


@dataclass(frozen=True)
class WompiKeys:
    """The keys of the test environment: public, private, the integrity secret and the one of events."""

    key_id: str
    key_secret: str
    integrity: str
    events: str

    def __post_init__(self) -> None:
        begins = {"pub_test_": self.key_id, "prv_test_": self.key_secret}
        begins |= {"test_integrity_": self.integrity, "test_events_": self.events}
        if not all(key.startswith(prefix) for prefix, key in begins.items()):
            raise Invalid("sandbox_wompi_key", field="key_id")

    @classmethod
    def generate(cls) -> WompiKeys:
        """Fresh keys."""
        prefixes = ("pub_test_", "prv_test_", "test_integrity_", "test_events_")
        return cls(*(prefix + random_word(32) for prefix in prefixes))

    def __repr__(self) -> str:
        return f"WompiKeys({self.key_id!r}, '***')"


@dataclass(frozen=True)
class WompiSettings:
    """How the merchant behaves.

    The amounts, in centavos, are what Wompi's plug-in and an orchestrator name; its documents name none. `empty_void`
    answers a void without a body, as the OpenAPI has it; else with one, as the real sandbox does.
    """

    smallest_minor: int = 150_000
    largest_minor: int = 9_900_000_000
    empty_void: bool = False


class WompiAccount(Account[WompiKeys, WompiSettings]):
    """The merchant behind a base URL."""

    provider = PROVIDER
    keys_of = WompiKeys
    settings_of = WompiSettings

    def link_url(self, link_id: str) -> str:
        """A payment link's page."""
        return f"{self.base_url}/l/{link_id}"
