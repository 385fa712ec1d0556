"""What is so at Razorpay: addresses, limits, shapes of ids, rules of keys."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from tillgate.domain.errors import Invalid
from tillgate.domain.payment import Mode
from tillgate.domain.secret import Secret
from tillgate.ports import CancelWay, Capabilities
from tillgate.providers import rules
from tillgate.providers.rules import hosts_at

NAME: Final = "razorpay"
BASE_URL: Final = "https://api.razorpay.com"
# Links are shown under Razorpay's short domain.
CHECKOUT_HOSTS: Final = frozenset({"rzp.io"})

LINK: Final = "link"
ORDER: Final = "order"
METHODS: Final = {LINK: CancelWay.CLOSES, ORDER: CancelWay.LOCAL_ONLY}
SMALLEST_MINOR: Final = {"INR": 100}

LONGEST_DESCRIPTION: Final = 2048
LONGEST_NOTE: Final = 255
LONGEST_NAME: Final = 50
# A link must live 15 minutes when it arrives; the sixteenth covers the way there.
SOONEST_EXPIRY: Final = timedelta(minutes=16)
LATEST_EXPIRY: Final = timedelta(days=180)
PAGE: Final = 100
# A payment is up to 3 KiB, and an answer may have 256.
PAYMENTS_PAGE: Final = 50
MOST_PAGES: Final = 200

LINK_ID: Final = re.compile("plink_[A-Za-z0-9]{1,40}")
ORDER_ID: Final = re.compile("order_[A-Za-z0-9]{1,40}")
PAYMENT_ID: Final = re.compile("pay_[A-Za-z0-9]{1,40}")
REFUND_ID: Final = re.compile("rfnd_[A-Za-z0-9]{1,40}")
CURRENCY: Final = re.compile("[A-Z]{3}")
WORD: Final = re.compile("[a-z0-9_]{1,40}")

REFERENCE_NOTE: Final = "reference"
REFUND_KEY_NOTE: Final = "refund_key"
REASON_NOTE: Final = "reason"

_KEY_ID: Final = re.compile("rzp_(test|live)_[A-Za-z0-9]{1,64}")
_KEY_SECRET: Final = re.compile("[!-~]{8,128}")


def check_credentials(key_id: str, key_secret: Secret, mode: Mode) -> None:
    """Raises Invalid unless the key has Razorpay's form and is one of this mode."""
    found = _KEY_ID.fullmatch(key_id)
    if found is None:
        raise Invalid("razorpay_key_id", field="key_id")
    if (found[1] == "live") is not (mode is Mode.LIVE):
        raise Invalid("razorpay_key_mode", field="key_id", mode=mode.value)
    if not _KEY_SECRET.fullmatch(key_secret.reveal()):
        raise Invalid("razorpay_key_secret", field="key_secret")


def check_address(base_url: str, mode: Mode) -> None:
    """Live keys go to Razorpay and nowhere else, and training never leaves this computer. Raises Invalid."""
    rules.check_address(base_url, mode, BASE_URL)


def capabilities(base_url: str, create_deadline_ms: int, status_deadline_ms: int) -> Capabilities:
    """What Razorpay can do; how long a refund key is honoured is not documented."""
    return Capabilities(
        methods=METHODS,
        default_method=LINK,
        smallest_minor=SMALLEST_MINOR,
        partial_refund=True,
        idem_ttl_s=None,
        create_deadline_ms=create_deadline_ms,
        status_deadline_ms=status_deadline_ms,
        checkout_hosts=hosts_at(base_url, CHECKOUT_HOSTS),
    )


def checkout_script(base_url: str) -> tuple[str, tuple[str, ...]]:
    """Where standard checkout's script is, and the origins that it loads from."""
    if base_url == BASE_URL:
        return "https://checkout.razorpay.com/v1/checkout.js", ("https://checkout.razorpay.com", BASE_URL)
    return f"{base_url}/v1/checkout.js", ("/".join(base_url.split("/")[:3]),)


def checked_id(value: str | None, pattern: re.Pattern[str]) -> str:
    """An id that may stand in a path. Raises Bug: ids are stored only after they were checked."""
    return rules.checked_id(value, pattern, NAME)
