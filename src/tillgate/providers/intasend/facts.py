"""What is so at IntaSend: addresses, limits, shapes of ids, rules of keys."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from tillgate.domain.errors import Invalid
from tillgate.domain.mpesa import CURRENCY, LARGEST_SHILLINGS
from tillgate.domain.payment import Mode
from tillgate.domain.secret import Secret
from tillgate.ports import CancelWay, Capabilities
from tillgate.providers import rules

NAME: Final = "intasend"
LIVE_URL: Final = "https://payment.intasend.com"
TEST_URL: Final = "https://sandbox.intasend.com"
CHECKOUT_HOSTS: Final = frozenset({"payment.intasend.com", "sandbox.intasend.com"})
# The documented header; the SDKs send one with underscores, which proxies drop.
KEY_HEADER: Final = "X-IntaSend-Public-API-Key"

PROMPT: Final = "prompt"
CHECKOUT: Final = "checkout"
METHODS: Final = {PROMPT: CancelWay.LOCAL_ONLY, CHECKOUT: CancelWay.LOCAL_ONLY}
SMALLEST_MINOR: Final = {CURRENCY: 100}
LARGEST_MINOR: Final = {CURRENCY: LARGEST_SHILLINGS * 100}
# Behind our reference in the api_ref of a hosted checkout, so that whoever reads the list can tell it from a prompt.
# No reference has a dot.
HOSTED_MARK: Final = ".co"
LONGEST_NARRATIVE: Final = 22
LONGEST_COMMENT: Final = 120  # [A]

# How long a prompt that nobody hears of may still be paid; a phone shows it for about a minute.
PROMPT_LIVES: Final = timedelta(minutes=5)
# How old a prompt of unknown outcome must be before its absence from the list says anything: the phone's minute, the
# answer's way, and a margin.
SILENT_FOR: Final = timedelta(seconds=120)
# IntaSend's clock and the till's.
CLOCKS_APART: Final = timedelta(minutes=10)
LOOK_BACK: Final = timedelta(days=7)
MOST_PAGES: Final = 200

INVOICE_ID: Final = re.compile("[A-Za-z0-9_-]{3,40}")
CHARGEBACK_ID: Final = re.compile("[A-Za-z0-9_-]{1,64}")
CHECKOUT_ID: Final = re.compile("[A-Za-z0-9-]{3,64}")
WORD: Final = re.compile("[A-Za-z0-9_ -]{1,40}")
CODE: Final = re.compile("[A-Z]{3}")
# Ten letters and digits today; nobody promises that.
RECEIPT: Final = re.compile("[A-Z0-9]{6,20}")

_KEY_ID: Final = re.compile("ISPubKey_(test|live)_[A-Za-z0-9_-]{8,120}")
_KEY_SECRET: Final = re.compile("ISSecretKey_(test|live)_[A-Za-z0-9_-]{8,120}")


def check_credentials(key_id: str, key_secret: Secret, mode: Mode) -> None:
    """Raises Invalid unless both keys have IntaSend's form and are of this mode."""
    forms = (
        ("key_id", key_id, _KEY_ID, "intasend_publishable_key"),
        ("key_secret", key_secret.reveal(), _KEY_SECRET, "intasend_secret_key"),
    )
    for field, key, form, code in forms:
        found = form.fullmatch(key)
        if found is None:
            raise Invalid(code, field=field)
        if (found[1] == "live") is not (mode is Mode.LIVE):
            raise Invalid("intasend_key_mode", field=field, mode=mode.value)


def address_of(mode: Mode, base_url: str | None) -> str:
    """Where this mode's keys are known; another one, the sandbox's, on this computer alone. Raises Invalid."""
    own = LIVE_URL if mode is Mode.LIVE else TEST_URL
    found = own if base_url is None else base_url
    rules.check_address(found, mode, LIVE_URL)
    if found != own and not rules.is_local(found):
        raise Invalid("provider_base_url", field="base_url", mode=mode.value)
    return found


def capabilities(base_url: str, create_deadline_ms: int, status_deadline_ms: int) -> Capabilities:
    """What IntaSend can do: nothing that was sent can be taken back, and a refund bears no key of ours, so that only
    the whole of a payment is asked back.
    """
    return Capabilities(
        methods=METHODS,
        default_method=PROMPT,
        smallest_minor=SMALLEST_MINOR,
        partial_refund=False,
        idem_ttl_s=None,
        create_deadline_ms=create_deadline_ms,
        status_deadline_ms=status_deadline_ms,
        checkout_hosts=rules.hosts_at(base_url, CHECKOUT_HOSTS),
        sent_once=frozenset({PROMPT}),
    )


def checked_id(value: str | None, pattern: re.Pattern[str]) -> str:
    """An id that may be sent. Raises Bug: ids are stored only after they were checked."""
    return rules.checked_id(value, pattern, NAME)
