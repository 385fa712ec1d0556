"""Files of a catalogue, read into rows: CSV as the catalogue's own export writes it, and shops as shop.json is one.

Nothing is looked up and nothing decided here: a row holds what it says, by the names of the drafts' fields.
"""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from tillgate.domain.catalogue import ProductKind
from tillgate.domain.errors import Invalid
from tillgate.domain.money import exponent_of, parse_money
from tillgate.domain.percent import parse_percent
from tillgate.services.catalogue_drafts import PeriodTerms

MOST_ROWS: Final = 5_000
MOST_BYTES: Final = 8 * 1024 * 1024
_LONGEST_CELL: Final = 2_000
# What an export writes an apostrophe before, so that no spreadsheet takes it for a formula.
_FORMULAS: Final = ("=", "+", "-", "@")
# The columns of the CSV, in the order of the export; the first three must be there.
COLUMNS: Final = (
    "vendor", "product", "name", "kind", "category", "description", "tax_name", "tax_percent", "image",
    "product_active", "variant", "variant_name", "barcode", "price", "deposit", "periods", "stock",
    "smallest_quantity", "variant_active",
)  # fmt: skip
_NEEDED: Final = ("vendor", "product", "name")
_YES, _NO = frozenset({"yes", "true", "1"}), frozenset({"no", "false", "0"})


class Part(StrEnum):
    """What a row of a file is about. A product's row is one variant with its product."""

    VENDOR = "vendor"
    PRODUCT = "product"
    CUSTOMER = "customer"


@dataclass(frozen=True, slots=True)
class Given:
    """A row as it was read: `values` by field, or the `problem` that kept it from being read.

    `code` (of a customer the phone number) and `name` are for showing. A product's row says in `variant` what it says
    of its variant, and in `vendor` its vendor's code; a row of a table has its cells in `values`, not yet read.
    """

    number: int
    part: Part
    code: str
    name: str
    values: Mapping[str, Any]
    variant: Mapping[str, Any]
    vendor: str = ""
    problem: Invalid | None = None


@dataclass(frozen=True, slots=True)
class GivenFile:
    """A file's rows. `updates` where rows change what is there already; otherwise that stays as it is.

    `currency` is the shop's, or "" where the file does not say.
    """

    rows: tuple[Given, ...]
    updates: bool
    currency: str = ""


def load_content(path: Path) -> bytes:
    """A catalogue's bytes, and never more than it may have. Raises Invalid("file_unreadable" | "file_too_large")."""
    try:
        if path.exists() and not path.is_file():
            raise Invalid("file_unreadable", name=path.name, reason=os.strerror(errno.EINVAL))
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise Invalid("file_unreadable", name=path.name, reason=error.strerror or "") from error
    if len(content) > MOST_BYTES:
        raise Invalid("file_too_large", most=MOST_ROWS)
    return content


def read_file(content: bytes) -> GivenFile:
    """Read a file of either form, told apart by its first character. Raises Invalid where it is neither."""
    text = _text_of(content)
    found = _read_shop(text) if text.lstrip()[0] in "{[" else _read_table(text)
    if not found.rows:
        raise Invalid("file_empty")
    if len(found.rows) > MOST_ROWS:
        raise Invalid("file_too_large", most=MOST_ROWS)
    return found


def _text_of(content: bytes) -> str:
    if len(content) > MOST_BYTES:
        raise Invalid("file_too_large", most=MOST_ROWS)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid("file_not_text") from error
    if not text.strip() or "\0" in text:
        raise Invalid("file_empty" if not text.strip() else "file_not_text")
    return text


# CSV


def read_table(content: bytes, columns: Sequence[str], needed: Sequence[str]) -> list[tuple[int, dict[str, str]]]:
    """The rows of any table with these columns: the line of each, and its cells by column; a cell too many stands under
    "". Raises Invalid where it is no such table, or has no rows or too many.
    """
    heads, lines = _lines(_text_of(content), columns, needed)
    rows = []
    for number, cells in lines:
        given = dict.fromkeys(heads, "") | dict(zip(heads, (cell[:_LONGEST_CELL] for cell in cells), strict=False))
        rows.append((number, given | ({"": cells[len(heads)] or " "} if len(cells) > len(heads) else {})))
    if not rows:
        raise Invalid("file_empty")
    if len(rows) > MOST_ROWS:
        raise Invalid("file_too_large", most=MOST_ROWS)
    return rows


def _read_table(text: str) -> GivenFile:
    heads, lines = _lines(text, COLUMNS, _NEEDED)
    return GivenFile(tuple(_table_row(number, heads, cells) for number, cells in lines), updates=True)


def _lines(text: str, columns: Sequence[str], needed: Sequence[str]) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The heads of a table and its lines that are not empty."""
    first = text.splitlines()[0]
    mark = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    try:
        lines = [(reader.line_num, [_plain(cell) for cell in cells]) for cells in reader]
    except csv.Error as error:
        raise Invalid("file_not_csv", reason=str(error)) from error
    heads = [head.strip().lower() for head in lines[0][1]]
    for name in needed:
        if name not in heads:
            raise Invalid("field_missing", field=name)
    for head in heads:
        if head not in columns:
            raise Invalid("field_unknown", field=head[:40])
        if heads.count(head) > 1:
            raise Invalid("file_not_csv", reason=head)
    return heads, [(number, cells) for number, cells in lines[1:] if any(cells)]


def _plain(cell: str) -> str:
    text = cell.strip()
    return text[1:] if text.startswith("'") and text[1:].lstrip().startswith(_FORMULAS) else text


def _table_row(number: int, heads: list[str], cells: list[str]) -> Given:
    given = dict.fromkeys(heads, "") | dict(zip(heads, cells, strict=False))
    problem = None
    if len(cells) > len(heads):
        problem = Invalid("field_unknown", field=cells[len(heads)][:40])
    elif long := next((head for head in given if len(given[head]) > _LONGEST_CELL), None):
        problem = Invalid("text_unreadable", field=long, longest=_LONGEST_CELL)
    product = given.get("product", "")[:40]
    return Given(
        number,
        Part.PRODUCT,
        (given.get("variant") or product)[:40],
        " ".join(each[:120] for each in (given.get("name", ""), given.get("variant_name", "")) if each),
        given,
        {},
        vendor=given.get("vendor", "").upper(),
        problem=problem,
    )


def table_values(row: Mapping[str, str], currency: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a row of a table says of its product and of its variant, for the columns that are there. Raises Invalid."""
    product = {name: reads(row[head], head) for head, (name, reads) in _PRODUCT_CELLS.items() if head in row}
    variant: dict[str, Any] = {"code": row["variant"]} if row.get("variant") else {}
    variant |= {name: reads(row[head], head) for head, (name, reads) in _VARIANT_CELLS.items() if row.get(head)}
    for head in ("variant_name", "barcode"):
        if head in row:
            variant[_VARIANT_CELLS[head][0]] = row[head]
    for head in ("price", "deposit"):
        if row.get(head):
            variant[f"{head}_minor"] = read_amount(row[head], currency, head)
    if row.get("periods"):
        variant["periods"] = tuple(_period(each.strip(), currency) for each in row["periods"].split("|"))
    return product, variant


def _word(text: str, _field: str) -> str:
    return text


def _kind(text: str, field: str) -> ProductKind:
    if text.lower() not in set(ProductKind):
        raise Invalid("field_malformed", field=field, text=text[:40])
    return ProductKind(text.lower())


def _truth(text: str, field: str) -> bool:
    if text.lower() in _YES | _NO:
        return text.lower() in _YES
    raise Invalid("field_malformed", field=field, text=text[:40])


def _whole(text: str, field: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        raise Invalid("number_malformed", field=field, text=text[:20])
    return int(text)


def _rate(text: str, field: str) -> int:
    return parse_percent(text or "0", field=field)


def read_amount(text: str, currency: str, field: str) -> int:
    """An amount's minor units, with a decimal point or comma. Raises Invalid with the field.

    The last of two marks is the decimal one, and one that comes twice groups. A single mark before three digits, as in
    50.000 or 50,000, is "amount_ambiguous": it is for thousands here and for decimals there, and nobody knows who wrote
    the file. Not so where the currency leaves one reading: JPY has no decimals, and KWD has three after a point.
    """
    try:
        decimal_mark, group_mark = _marks(text.strip(), currency)
        read = parse_money(text, currency, decimal_mark=decimal_mark, group_marks=group_mark, allow_zero=True)
        return read.minor
    except Invalid as error:
        raise Invalid(error.code, money_moved=None, **{**error.values, "field": field}) from error


def _marks(text: str, currency: str) -> tuple[str, str]:
    """The decimal mark and the group mark of an amount as it is written."""
    last = max(".,", key=text.rfind)
    other = {".": ",", ",": "."}[last]
    if other in text:
        return last, other
    if text.count(last) > 1:
        return other, last
    if not re.fullmatch(r"[1-9][0-9]{0,2}[.,][0-9]{3}", text):
        return last, other
    digits = exponent_of(currency)
    if digits == 0:
        return other, last
    if digits == 3 and last == ".":
        return last, other
    raise Invalid("amount_ambiguous", text=text)


def _period(text: str, currency: str) -> PeriodTerms:
    parts = text.split(":", 2)
    if len(parts) != 3 or not parts[0].isdecimal() or not parts[0].isascii() or len(parts[0]) > 4:
        raise Invalid("period_malformed", field="periods", text=text[:40])
    return PeriodTerms(parts[2].strip(), int(parts[0]), read_amount(parts[1].strip(), currency, "periods"))


_Cells = dict[str, tuple[str, Callable[[str, str], Any]]]
_PRODUCT_CELLS: Final[_Cells] = {
    "product": ("code", _word),
    "name": ("name", _word),
    "kind": ("kind", lambda text, field: _kind(text or ProductKind.SALE, field)),
    "category": ("category", _word),
    "description": ("description", _word),
    "tax_name": ("tax_name", _word),
    "tax_percent": ("tax_bp", _rate),
    "image": ("image", _word),
    "product_active": ("active", lambda text, field: _truth(text or "yes", field)),
}
# An empty cell says nothing of a variant, but for its name and barcode.
_VARIANT_CELLS: Final[_Cells] = {
    "variant_name": ("name", _word),
    "barcode": ("barcode", _word),
    "stock": ("stock", _whole),
    "smallest_quantity": ("smallest_quantity", _whole),
    "variant_active": ("active", _truth),
}


# A shop as shop.json is one

_TEXT, _WHOLE, _FLAG = (str,), (int,), (int, bool)
_UNPAIRED: Final = re.compile(r"\\u[dD][89a-fA-F]")
_VENDOR: Final[dict[str, tuple[type, ...]]] = {
    **dict.fromkeys(("code", "name", "email", "phone", "address", "tax_number", "brand_color", "brand_mark"), _TEXT),
    **dict.fromkeys(("fee_flat_minor", "fee_bp"), _WHOLE),
    "auto_approve": _FLAG,
    "active": _FLAG,
}
_PRODUCT: Final[dict[str, tuple[type, ...]]] = {
    **dict.fromkeys(("code", "name", "description", "category", "image", "kind", "tax_name", "vendor"), _TEXT),
    "tax_bp": _WHOLE,
    "active": _FLAG,
}
_VARIANT: Final[dict[str, tuple[type, ...]]] = {
    **dict.fromkeys(("code", "name", "barcode"), _TEXT),
    **dict.fromkeys(("price_minor", "deposit_minor", "stock", "smallest_quantity"), _WHOLE),
    "active": _FLAG,
    "periods": (list,),
}
_CUSTOMER: Final[dict[str, tuple[type, ...]]] = {
    **dict.fromkeys(("name", "email", "phone", "note"), _TEXT),
    "active": _FLAG,
}
_PERIOD: Final[dict[str, tuple[type, ...]]] = {"name": _TEXT, "days": _WHOLE, "price_minor": _WHOLE}


def _read_shop(text: str) -> GivenFile:
    try:
        shop = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Invalid("file_not_shop", reason=str(error)[:80]) from error
    if _UNPAIRED.search(text) and not _is_text(shop):
        raise Invalid("file_not_text")
    if not isinstance(shop, dict) or not isinstance(shop.get("currency"), str):
        raise Invalid("file_not_shop", reason="currency")
    for part in ("vendors", "products", "customers"):
        if not isinstance(shop.get(part, []), list):
            raise Invalid("file_not_shop", reason=part)
    rows = [
        *(_shop_row(Part.VENDOR, each, _VENDOR) for each in shop.get("vendors", [])),
        *(row for each in shop.get("products", []) for row in _shop_products(each)),
        *(_shop_row(Part.CUSTOMER, each, _CUSTOMER) for each in shop.get("customers", [])),
    ]
    numbered = (_numbered(number, row) for number, row in enumerate(rows, 1))
    return GivenFile(tuple(numbered), updates=False, currency=shop["currency"])


def _is_text(shop: object) -> bool:
    """Whether all of it can be kept and shown: an escape can name half of a character."""
    try:
        json.dumps(shop, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _numbered(number: int, row: Given) -> Given:
    return Given(number, row.part, row.code, row.name, row.values, row.variant, row.vendor, row.problem)


def _shop_row(part: Part, row: object, known: Mapping[str, tuple[type, ...]]) -> Given:
    problem = misread(row, known, ("name",) if part is Part.CUSTOMER else ("code", "name"))
    said = row if isinstance(row, dict) else {}
    code = str(said.get("phone" if part is Part.CUSTOMER else "code", ""))[:40]
    return Given(0, part, code, str(said.get("name", ""))[:120], said if problem is None else {}, {}, "", problem)


def _shop_products(row: object) -> Iterator[Given]:
    said = dict(row) if isinstance(row, dict) else {}
    variants = said.pop("variants", None)
    problem = misread(said if isinstance(row, dict) else row, _PRODUCT, ("code", "name", "kind", "vendor"))
    if problem is None and said["kind"] not in set(ProductKind):
        problem = Invalid("field_malformed", field="kind", text=said["kind"][:40])
    if problem is None and not (isinstance(variants, list) and variants):
        problem = Invalid("field_missing", field="variants")
    name, vendor = str(said.get("name", ""))[:120], str(said.get("vendor", "")).upper()
    if problem is not None or not isinstance(variants, list):
        yield Given(0, Part.PRODUCT, str(said.get("code", ""))[:40], name, {}, {}, vendor, problem)
        return
    values = {key: value for key, value in said.items() if key != "vendor"} | {"kind": ProductKind(said["kind"])}
    for each in variants:
        wrong = misread(each, _VARIANT, ("code",)) or next(
            (bad for period in each.get("periods", ()) if (bad := misread(period, _PERIOD, tuple(_PERIOD)))), None
        )
        given = dict(each) if wrong is None else {}
        if "periods" in given:
            given["periods"] = tuple(PeriodTerms(**period) for period in given["periods"])
        code = str(each.get("code", ""))[:40] if isinstance(each, dict) else ""
        yield Given(0, Part.PRODUCT, code, name, values, given, vendor, wrong)


def misread(row: object, known: Mapping[str, tuple[type, ...]], needed: tuple[str, ...]) -> Invalid | None:
    """What is wrong with the form of a row."""
    if not isinstance(row, dict):
        return Invalid("field_malformed", field="row", text=str(row)[:40])
    for field in needed:
        if row.get(field) in (None, ""):
            return Invalid("field_missing", field=field)
    for field, value in row.items():
        if field not in known:
            return Invalid("field_unknown", field=str(field)[:40])
        if type(value) not in known[field] or (known[field] is _FLAG and value not in {0, 1}):
            return Invalid("field_malformed", field=field, text=str(value)[:40])
    return None
