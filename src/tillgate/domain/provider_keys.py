"""The keys of a provider's account, and how a provider's test and live keys are told apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from tillgate.domain.errors import Invalid
from tillgate.domain.payment import Mode
from tillgate.domain.secret import Secret


@dataclass(frozen=True, slots=True)
class ProviderKeys:
    """One account's key. `previous_secret` is the one being changed over: what it signed is still accepted.

    `others` are the secrets that only some uses of the account need, by the names of `KeyForm.others`.
    """

    key_id: str
    key_secret: Secret
    previous_secret: Secret | None = None
    others: Mapping[str, Secret] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OtherKey:
    """One more secret of an account, which may be missing. Its texts are English source texts."""

    name: str
    title: str
    explains: str


@dataclass(frozen=True, slots=True)
class KeyForm:
    """How a provider writes its keys: what a test key and a live key begin with, and what its dashboard calls them.

    `id_title` and `secret_title` are English source texts, translated where they are shown.
    """

    provider: str
    title: str
    test_prefix: str
    live_prefix: str
    id_title: str
    secret_title: str
    others: tuple[OtherKey, ...] = ()

    def mode_of(self, key_id: str) -> Mode | None:
        """TEST or LIVE by the key's beginning, or None where it has neither."""
        if key_id.startswith(self.live_prefix):
            return Mode.LIVE
        return Mode.TEST if key_id.startswith(self.test_prefix) else None


RAZORPAY_KEYS: Final = KeyForm("razorpay", "Razorpay", "rzp_test_", "rzp_live_", "Key id", "Key secret")
# The publishable key names the account and tells the mode; the secret one, or a restricted one, is what asks.
STRIPE_KEYS: Final = KeyForm("stripe", "Stripe", "pk_test_", "pk_live_", "Publishable key", "Secret key")
INTEGRITY: Final = "integrity"
WOMPI_KEYS: Final = KeyForm(
    "wompi",
    "Wompi",
    "pub_test_",
    "pub_prod_",
    "Public key",
    "Private key",
    (OtherKey(INTEGRITY, "Integrity secret", "Signs Web Checkouts; without it there are payment links only."),),
)
INTASEND_KEYS: Final = KeyForm(
    "intasend", "IntaSend", "ISPubKey_test_", "ISPubKey_live_", "Publishable key", "Secret key"
)
KEY_FORMS: Final = {form.provider: form for form in (RAZORPAY_KEYS, STRIPE_KEYS, WOMPI_KEYS, INTASEND_KEYS)}


def check_mode(provider: str, key_id: str, mode: Mode) -> KeyForm:
    """Refuse a key of another mode before it goes anywhere.

    Raises Invalid("provider_unknown"), ("key_form") for a key that has neither beginning, or ("key_mode").
    """
    form = KEY_FORMS.get(provider)
    if form is None:
        raise Invalid("provider_unknown", field="provider", provider=provider)
    found = form.mode_of(key_id)
    if found is None:
        raise Invalid("key_form", field="key_id", test=form.test_prefix, live=form.live_prefix)
    if (found is Mode.LIVE) is not (mode is Mode.LIVE):
        raise Invalid("key_mode", field="key_id", mode=mode.value, found=found.value)
    return form
