"""Every press of Start that creates nothing, and what is said of it: by the service and on the screen alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.factories.depot import Depot
from tillgate.domain.errors import Invalid, Refused


@dataclass(frozen=True)
class BadBatch:
    """`changes` are fields of the press; `arrange` is done before; `leads_to_keys` where a manager can put it right."""

    name: str
    said: str
    next: str = ""
    changes: dict[str, Any] = field(default_factory=dict)
    arrange: Callable[[Depot], object] = lambda _depot: None
    leads_to_keys: bool = False


def without_keys(depot: Depot, refused: Refused | None = None) -> None:
    """The till has no provider; `refused` is why, where there are keys."""
    assert isinstance(depot.till.providers, dict)
    assert isinstance(depot.till.refused_keys, dict)
    depot.till.providers.clear()
    if refused is not None:
        depot.till.refused_keys["wompi"] = refused


def _keys(*refused: Refused) -> Callable[[Depot], object]:
    return lambda depot: without_keys(depot, *refused)


_TYPE = "Type a number within that."
_MIXED = "Test and live keys of Wompi are mixed at this till, so nothing can be paid through it."
_CORRECT = "A manager corrects them under Settings: a test till has test keys only, a live till live keys only."
BAD = [
    BadBatch("unknown device", "There is no device BIKE999.", "Look in the list of devices.", {"device": "BIKE999"}),
    BadBatch("count 0", "A batch pays 1 to 10 invoices.", _TYPE, {"count": "0"}),
    BadBatch("count 11", "A batch pays 1 to 10 invoices.", _TYPE, {"count": "11"}),
    BadBatch("count below 0", "A batch pays 1 to 10 invoices.", _TYPE, {"count": "-1"}),
    BadBatch("3x", "“3x” is not a number of invoices.", "Type a number from 1 to 10.", {"count": "3x"}),
    BadBatch("no count", "“” is not a number of invoices.", "Type a number from 1 to 10.", {"count": ""}),
    BadBatch("Arabic digit", "“٣” is not a number of invoices.", "Type a number from 1 to 10.", {"count": "٣"}),
    BadBatch(
        "half an e-mail", "This is not an e-mail address.", "Write it as name@example.com.", {"email": "customer@"}
    ),
    BadBatch(
        "e-mail of two lines",
        "This is not an e-mail address.",
        "Write it as name@example.com.",
        {"email": "a@example.com\r\nBcc: b@example.com"},
    ),
    BadBatch(
        "no e-mail",
        "The customer’s e-mail is missing.",
        "Type the address that gets the confirmations.",
        {"email": " "},
    ),
    BadBatch(
        "nothing owed",
        "BIKE002 has no open invoice: there is nothing to pay.",
        changes={"device": "BIKE002"},
        arrange=lambda depot: depot.device("BIKE002"),
    ),
    BadBatch(
        "no keys",
        "Wompi has no keys at this till, so nothing can be paid through it.",
        "A manager enters them under Settings.",
        arrange=_keys(),
        leads_to_keys=True,
    ),
    BadBatch(
        "test and live keys",
        _MIXED,
        _CORRECT,
        arrange=_keys(Invalid("wompi_key_mode", field="key_secret", mode="test")),
        leads_to_keys=True,
    ),
    BadBatch(
        "keys of another mode",
        _MIXED,
        _CORRECT,
        arrange=_keys(Invalid("key_mode", field="key_id", mode="training", found="live")),
        leads_to_keys=True,
    ),
    BadBatch(
        "half a key",
        "Wompi’s keys at this till are not as Wompi writes them, so nothing can be paid through it.",
        "A manager copies them from Wompi’s dashboard again, under Settings.",
        arrange=_keys(Invalid("wompi_private_key", field="key_secret")),
        leads_to_keys=True,
    ),
]
