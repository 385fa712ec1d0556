"""What is so at Wompi: addresses, limits, shapes of ids, rules of keys."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from tillgate.domain.errors import Invalid
from tillgate.domain.payment import Mode
from tillgate.domain.secret import Secret
from tillgate.ports import CancelWay, Capabilities
from tillgate.providers import rules

NAME: Final = "wompi"
LIVE_URL: Final = "https://production.wompi.co"
TEST_URL: Final = "https://sandbox.wompi.co"
# One host for both; the key or the link's id tells which it is.
CHECKOUT_URL: Final = "https://checkout.wompi.co"
CHECKOUT_HOSTS: Final = frozenset({"checkout.wompi.co"})

LINK: Final = "link"
WEB: Final = "web"
CURRENCY: Final = "COP"
# What the API takes of any amount, in centavos. What a store takes is its own setting: Wompi publishes neither bound.
SMALLEST_MINOR: Final = {CURRENCY: 1}
LARGEST_MINOR: Final = {CURRENCY: 1_000_000_000_000}

LONGEST_NAME: Final = 60  # [A]
LONGEST_DESCRIPTION: Final = 250  # [A]
# The place of our reference: a link has no other that is documented for it.
LONGEST_SKU: Final = 36
SOONEST_EXPIRY: Final = timedelta(minutes=2)  # [A]
LATEST_EXPIRY: Final = timedelta(days=365)  # [A]
# A payer who began in time has three minutes for another try; the rest covers the bank's answer.
LINGERS: Final = timedelta(minutes=5)
# How far a search reaches before and behind what is looked for: it takes days, and of which zone is not said.
SEARCH_MARGIN: Final = timedelta(days=1)
# After its end a link's late payment is looked for no longer than this.
LATEST_PAYMENT: Final = timedelta(days=7)
LOOK_BACK: Final = timedelta(days=2)
# An answer may have 256 KiB; a transaction with its merchant and customer is up to 4.
PAGE: Final = 50
MOST_PAGES: Final = 200

LINK_ID: Final = re.compile("[A-Za-z0-9_-]{3,40}")
TRANSACTION_ID: Final = re.compile("[A-Za-z0-9_-]{3,64}")
TEST_LINK: Final = "test_"  # [F]
WORD: Final = re.compile("[A-Za-z0-9_]{1,40}")
CODE: Final = re.compile("[A-Z]{3}")
CARD: Final = "card"

_KEY_ID: Final = re.compile("pub_(test|prod)_[A-Za-z0-9_]{8,120}")
_KEY_SECRET: Final = re.compile("prv_(test|prod)_[A-Za-z0-9_]{8,120}")
_INTEGRITY: Final = re.compile("(test|prod)_integrity_[A-Za-z0-9_]{3,120}")


def check_credentials(key_id: str, key_secret: Secret, integrity: Secret | None, mode: Mode) -> None:
    """Raises Invalid unless every key has Wompi's form and all are of this mode."""
    forms = [
        ("key_id", key_id, _KEY_ID, "wompi_public_key"),
        ("key_secret", key_secret.reveal(), _KEY_SECRET, "wompi_private_key"),
    ]
    if integrity is not None:
        forms.append(("integrity", integrity.reveal(), _INTEGRITY, "wompi_integrity_secret"))
    for field, key, form, code in forms:
        found = form.fullmatch(key)
        if found is None:
            raise Invalid(code, field=field)
        if (found[1] == "prod") is not (mode is Mode.LIVE):
            raise Invalid("wompi_key_mode", field=field, mode=mode.value)


def address_of(mode: Mode, base_url: str | None) -> str:
    """Where this mode's keys are known; another one, the sandbox's, on this computer alone. Raises Invalid."""
    own = LIVE_URL if mode is Mode.LIVE else TEST_URL
    found = own if base_url is None else base_url
    rules.check_address(found, mode, LIVE_URL)
    if found != own and not rules.is_local(found):
        raise Invalid("provider_base_url", field="base_url", mode=mode.value)
    return found


def checkout_address(base_url: str) -> str:
    """What stands before /l/ and /p/."""
    return base_url if rules.is_local(base_url) else CHECKOUT_URL


def methods_of(integrity: Secret | None) -> Mapping[str, CancelWay]:
    """Web Checkout needs the secret that its addresses are signed with; nothing ends it but its own time."""
    link = {LINK: CancelWay.CLOSES}
    return link if integrity is None else {**link, WEB: CancelWay.LOCAL_ONLY}


def capabilities(
    base_url: str, integrity: Secret | None, create_deadline_ms: int, status_deadline_ms: int
) -> Capabilities:
    """What Wompi can do: a whole card payment is voided or nothing is given back, and there are no refund keys."""
    return Capabilities(
        methods=methods_of(integrity),
        default_method=LINK,
        smallest_minor=SMALLEST_MINOR,
        partial_refund=False,
        idem_ttl_s=None,
        create_deadline_ms=create_deadline_ms,
        status_deadline_ms=status_deadline_ms,
        checkout_hosts=rules.hosts_at(base_url, CHECKOUT_HOSTS),
    )


def checked_id(value: str | None, pattern: re.Pattern[str]) -> str:
    """An id that may stand in a path. Raises Bug: ids are stored only after they were checked."""
    return rules.checked_id(value, pattern, NAME)
