"""Files that come in while the till may die: a shop's and a clinic's are in whole, or not at all."""

from __future__ import annotations

import json
import secrets
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final, Protocol

from tests.crash.shop import Shop
from tests.factories.clinic import CLINIC
from tests.factories.shop import SHOP
from tillgate.services.catalogue_import import Fate, import_for_owner
from tillgate.services.clinic_files import import_clinic

TABLES: Final = ("vendor", "product", "clinic", "practitioner")
_MARK: Final = "IN"
_PRODUCTS: Final = 6
_PRACTITIONERS: Final = 3


class Books(Protocol):
    """Every row of ours by table."""

    rows: dict[str, list[Any]]


def import_files(shop: Shop) -> None:
    """A vendor with its products and their stock, then a clinic with its practitioners; each twice."""
    tag = f"{_MARK}{secrets.token_hex(3).upper()}"
    first = SHOP["products"][2]
    products = [
        {**first, "vendor": tag, "code": f"{tag}-{n}", "variants": [_variant(first, f"{tag}-{n}-A")]}
        for n in range(_PRODUCTS)
    ]
    goods = {**SHOP, "vendors": [{**SHOP["vendors"][0], "code": tag}], "products": products}
    people = [{**CLINIC["practitioners"][0], "code": f"{tag}-{n}"} for n in range(_PRACTITIONERS)]
    head = {**CLINIC["clinic"], "code": tag, "currency": "INR", "phone": ""}
    clinic = {"clinic": head, "practitioners": people, "tax_rules": []}
    for _ in range(2):
        check = import_for_owner(shop.till, json.dumps(goods).encode())
        assert not check.count(Fate.BAD), check.rows
        import_clinic(shop.till, json.dumps(clinic).encode())


def _variant(of: dict[str, Any], code: str) -> dict[str, Any]:
    return {**of["variants"][0], "code": code, "barcode": ""}


def files_are_in_whole(story: Books) -> Iterator[str]:
    """All products of a vendor that came in, each with its first stock, and everybody of a clinic."""
    yield from _short(story, "vendor", "product", _PRODUCTS)
    yield from _short(story, "clinic", "practitioner", _PRACTITIONERS)
    stocked = Counter(each.variant_id for each in story.rows["stock_move"] if each.order_item_id is None)
    came = [each for each in story.rows["variant"] if each.code.startswith(_MARK)]
    yield from (f"{each.code} has {stocked[each.id]} first stocks" for each in came if stocked[each.id] != 1)


def _short(story: Books, whole: str, part: str, count: int) -> Iterator[str]:
    found = Counter(each.code.partition("-")[0] for each in story.rows[part] if each.code.startswith(_MARK))
    heads = {each.code for each in story.rows[whole] if each.code.startswith(_MARK)}
    for each in heads | found.keys():
        if each not in heads or found[each] != count:
            yield f"of {each} there are {found[each]} of {count}, and the {whole} is {each in heads}"
