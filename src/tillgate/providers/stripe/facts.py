"""What is so at Stripe: addresses, the pinned version, limits, shapes of ids, rules of keys."""

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
from tillgate.providers.stripe.currencies import SMALLEST_MINOR

NAME: Final = "stripe"
BASE_URL: Final = "https://api.stripe.com"
# Without it the account's own default would decide the shape of every answer.
API_VERSION: Final = "2026-10-28.endive"
CHECKOUT_HOSTS: Final = frozenset({"checkout.stripe.com"})

SESSION: Final = "session"
METHODS: Final = {SESSION: CancelWay.CLOSES}
# Where a customer's phone ends up when the store names no page of its own; a hosted session must name one.
AFTERWARDS: Final = "https://stripe.com/"

LONGEST_DESCRIPTION: Final = 250
LONGEST_METADATA: Final = 500
# A session must live 30 minutes when it arrives; the rest covers the way there, and a body that is sent again.
SOONEST_EXPIRY: Final = timedelta(minutes=35)
LATEST_EXPIRY: Final = timedelta(hours=24) - timedelta(minutes=1)
# Keys are kept for 24 hours and then make something new.
IDEMPOTENCY_S: Final = 23 * 3600
# Sessions can't be asked for by reference. This far before an attempt was planned the list is read: the till's clock
# may be ahead; and this far back where that is not known, for none lives longer.
CLOCK_ERROR: Final = timedelta(hours=2)
LOOK_BACK: Final = timedelta(hours=25)
# An answer may have 256 KiB; a session or charge is up to 5 KiB.
SESSIONS_PAGE: Final = 40
CHARGES_PAGE: Final = 40
REFUNDS_PAGE: Final = 100
MOST_PAGES: Final = 200
# A bank that can't book a refund that succeeded sends it back, for up to this long; it is told as failed then. (At
# Razorpay "processed" is the end, a void at Wompi too.)
REFUNDS_RETURN_WITHIN: Final = timedelta(days=30)
# What 409 and 429 wait before the same request is sent again, and the longest that it waits at all.
PAUSES_S: Final = (0.5, 1.0)
LONGEST_PAUSE_S: Final = 2

SESSION_ID: Final = re.compile("cs_(?:test|live)_[A-Za-z0-9]{1,100}")
INTENT_ID: Final = re.compile("pi_[A-Za-z0-9]{1,60}")
CHARGE_ID: Final = re.compile("(?:ch|py)_[A-Za-z0-9]{1,60}")
REFUND_ID: Final = re.compile("(?:re|pyr)_[A-Za-z0-9]{1,60}")
CURRENCY: Final = re.compile("[a-z]{3}")
WORD: Final = re.compile("[a-z0-9_]{1,60}")

REFERENCE_FIELD: Final = "reference"
REFUND_KEY_FIELD: Final = "refund_key"
REASON_FIELD: Final = "reason"

_KEY_ID: Final = re.compile("pk_(test|live)_[A-Za-z0-9_]{8,250}")
# Secret keys, and restricted ones that may do what a till does.
_KEY_SECRET: Final = re.compile("(?:sk|rk)_(test|live)_[A-Za-z0-9_]{8,250}")


def check_credentials(key_id: str, key_secret: Secret, mode: Mode) -> None:
    """Raises Invalid unless both keys have Stripe's form and are of this mode."""
    public, private = _KEY_ID.fullmatch(key_id), _KEY_SECRET.fullmatch(key_secret.reveal())
    if public is None:
        raise Invalid("stripe_publishable_key", field="key_id")
    if private is None:
        raise Invalid("stripe_secret_key", field="key_secret")
    for field, found in (("key_id", public), ("key_secret", private)):
        if (found[1] == "live") is not (mode is Mode.LIVE):
            raise Invalid("stripe_key_mode", field=field, mode=mode.value)


def check_address(base_url: str, mode: Mode) -> None:
    """Live keys go to Stripe and nowhere else, and training never leaves this computer. Raises Invalid."""
    rules.check_address(base_url, mode, BASE_URL)


def capabilities(base_url: str, create_deadline_ms: int, status_deadline_ms: int) -> Capabilities:
    """What Stripe can do."""
    return Capabilities(
        methods=METHODS,
        default_method=SESSION,
        smallest_minor=SMALLEST_MINOR,
        partial_refund=True,
        idem_ttl_s=IDEMPOTENCY_S,
        create_deadline_ms=create_deadline_ms,
        status_deadline_ms=status_deadline_ms,
        checkout_hosts=hosts_at(base_url, CHECKOUT_HOSTS),
        refunds_return_within=REFUNDS_RETURN_WITHIN,
    )


def checked_id(value: str | None, pattern: re.Pattern[str]) -> str:
    """An id that may stand in a path. Raises Bug: ids are stored only after they were checked."""
    return rules.checked_id(value, pattern, NAME)
