"""Which providers there are, and how one is opened from what the keyring and the settings hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from tillgate.domain.errors import Invalid
from tillgate.domain.payment import Mode
from tillgate.domain.provider_keys import INTEGRITY
from tillgate.domain.secret import Secret
from tillgate.ports import PaymentProvider
from tillgate.providers.http import nothing_held
from tillgate.providers.intasend import IntaSend
from tillgate.providers.razorpay import Razorpay
from tillgate.providers.razorpay.facts import BASE_URL as RAZORPAY_URL
from tillgate.providers.stripe import Stripe
from tillgate.providers.stripe.facts import BASE_URL as STRIPE_URL
from tillgate.providers.wompi import Wompi


@dataclass(frozen=True, slots=True)
class Credentials:
    """One account's key. `previous_secret` is the one being changed over, while both are honoured; `others` are the
    further secrets that some accounts have, by name.
    """

    key_id: str
    key_secret: Secret
    previous_secret: Secret | None = None
    others: Mapping[str, Secret] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where a provider is opened: the mode, another address (the sandbox's), and the guard against transactions."""

    mode: Mode
    base_url: str | None = None
    before_send: Callable[[], None] = nothing_held


def _open_razorpay(credentials: Credentials, place: Surroundings) -> PaymentProvider:
    return Razorpay(
        credentials.key_id,
        credentials.key_secret,
        mode=place.mode,
        previous_secret=credentials.previous_secret,
        base_url=RAZORPAY_URL if place.base_url is None else place.base_url,
        before_send=place.before_send,
    )


def _open_stripe(credentials: Credentials, place: Surroundings) -> PaymentProvider:
    # A key that is being changed over needs no place: nothing is signed with it.
    return Stripe(
        credentials.key_id,
        credentials.key_secret,
        mode=place.mode,
        base_url=STRIPE_URL if place.base_url is None else place.base_url,
        before_send=place.before_send,
    )


def _open_wompi(credentials: Credentials, place: Surroundings) -> PaymentProvider:
    return Wompi(
        credentials.key_id,
        credentials.key_secret,
        mode=place.mode,
        integrity=credentials.others.get(INTEGRITY),
        base_url=place.base_url,
        before_send=place.before_send,
    )


def _open_intasend(credentials: Credentials, place: Surroundings) -> PaymentProvider:
    return IntaSend(
        credentials.key_id,
        credentials.key_secret,
        mode=place.mode,
        base_url=place.base_url,
        before_send=place.before_send,
    )


PROVIDERS: Final[Mapping[str, Callable[[Credentials, Surroundings], PaymentProvider]]] = {
    Razorpay.name: _open_razorpay,
    Stripe.name: _open_stripe,
    Wompi.name: _open_wompi,
    IntaSend.name: _open_intasend,
}


def open_provider(name: str, credentials: Credentials, place: Surroundings) -> PaymentProvider:
    """The provider, ready to be called. Raises Invalid for an unknown name, and for keys of another mode or form."""
    opener = PROVIDERS.get(name)
    if opener is None:
        raise Invalid("provider_unknown", field="provider", provider=name)
    return opener(credentials, place)
