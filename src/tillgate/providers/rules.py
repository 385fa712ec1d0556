"""What holds for every provider: deadlines, addresses, the shapes of our own names, and bodies that can be compared."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from tillgate.domain.checkout_facts import TryStatus
from tillgate.domain.errors import Bug, Invalid
from tillgate.domain.money import Money
from tillgate.domain.payment import Mode

# Totals in milliseconds: for what changes something, for looking, and for the sweep of the last days.
CREATE_DEADLINE_MS: Final = 20_000
STATUS_DEADLINE_MS: Final = 10_000
SWEEP_DEADLINE_MS: Final = 60_000

LOOPBACK: Final = "127.0.0.1"
LONGEST_URL: Final = 2048

REFERENCE: Final = re.compile("[A-Za-z0-9_-]{1,40}")
REFUND_KEY: Final = re.compile("[A-Za-z0-9_-]{10,40}")
EMAIL: Final = re.compile(r"[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+")

HOLDS_MONEY: Final = frozenset({TryStatus.AUTHORIZED, TryStatus.CAPTURED, TryStatus.REFUNDED})


def is_local(base_url: str) -> bool:
    """Whether it is the sandbox's address, on this computer."""
    return base_url.startswith(f"http://{LOOPBACK}:")


def check_address(base_url: str, mode: Mode, live: str) -> None:
    """Live keys go to the provider and nowhere else, and training never leaves this computer. Raises Invalid."""
    if (mode is Mode.LIVE and base_url != live) or (mode is Mode.TRAINING and not is_local(base_url)):
        raise Invalid("provider_base_url", field="base_url", mode=mode.value)


def hosts_at(base_url: str, hosts: frozenset[str]) -> frozenset[str]:
    """The hosts that a checkout may have there."""
    return frozenset({LOOPBACK}) if is_local(base_url) else hosts


def checked_id(value: str | None, pattern: re.Pattern[str], provider: str) -> str:
    """An id that may stand in a path. Raises Bug: ids are stored only after they were checked."""
    if value is None or not pattern.fullmatch(value):
        raise Bug("provider_id_malformed", provider=provider)
    return value


def canonical(body: Mapping[str, object]) -> str:
    """JSON with sorted keys and no spaces: the same content is the same bytes."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def check_amount(amount: Money, smallest_minor: Mapping[str, int]) -> None:
    """Raises Invalid for a currency that the provider does not take, and for less than it takes."""
    smallest = smallest_minor.get(amount.currency)
    if smallest is None:
        raise Invalid("currency_not_supported", field="currency", currency=amount.currency)
    if amount.minor < smallest:
        raise Invalid("amount_too_small", field="amount", smallest=Money(smallest, amount.currency))


def check_reference(reference: str) -> None:
    """Raises Invalid for a name that is none of ours."""
    if not REFERENCE.fullmatch(reference):
        raise Invalid("reference_malformed", field="reference")


def expiry_within(expires_at: datetime, now: datetime, soonest: timedelta, latest: timedelta) -> datetime:
    """When it ends, brought into what the provider allows. Raises Invalid for what is over already."""
    if expires_at <= now:
        raise Invalid("expiry_in_the_past", field="expires_at")
    return min(max(expires_at, now + soonest), now + latest)


def checked_return_url(url: str, allowed: str = "!-~") -> str:
    """An address that a browser may come back to, of `allowed` characters alone. Raises Invalid."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise Invalid("return_url_refused", field="return_url") from None
    good = parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc
    if not good or len(url) > LONGEST_URL or not re.fullmatch(f"[{allowed}]+", url):
        raise Invalid("return_url_refused", field="return_url")
    return url
