"""Who sells and who buys, as they were when an invoice was made."""

from __future__ import annotations

import json
from typing import Any, Final

from sqlalchemy import Row

from tillgate.domain.documents import Branding, Letterhead, Party
from tillgate.domain.settings import STORE_LANGUAGE, STORE_NAME, STORE_ZONE
from tillgate.services.till import Till
from tillgate.store.models import vendor

_BRANDING: Final = {
    "name": vendor.c.name,
    "address": vendor.c.address,
    "email": vendor.c.email,
    "phone": vendor.c.phone,
    "tax_number": vendor.c.tax_number,
    "brand_color": vendor.c.brand_color,
    "mark": vendor.c.brand_mark,
}
# The vendor's columns that a query selects for `branding_of`, in the order of a Branding's fields.
BRANDING: Final = [column.label(f"vendor_{name}") for name, column in _BRANDING.items()]


def branding_of(row: Row[Any]) -> Branding:
    """The vendor's branding from a row that has the columns BRANDING."""
    return Branding(**{name: getattr(row, f"vendor_{name}") for name in _BRANDING})


def write_letterhead(till: Till, seller: Branding, buyer: Party) -> str:
    """As JSON, with the store's name, zone and language of this moment."""
    settings = till.settings()
    head = {"store": settings[STORE_NAME], "zone": settings[STORE_ZONE], "language": settings[STORE_LANGUAGE]}
    parties = {"seller": _fields(seller), "buyer": _fields(buyer)}
    return json.dumps(head | parties, ensure_ascii=False, sort_keys=True)


def _fields(party: Branding | Party) -> dict[str, str]:
    return {name: getattr(party, name) for name in party.__slots__}


def read_letterhead(text: str) -> Letterhead:
    """From what `write_letterhead` wrote."""
    found = json.loads(text)
    seller, buyer = Branding(**found["seller"]), Party(**found["buyer"])
    return Letterhead(found["store"], found["zone"], found["language"], seller, buyer)
