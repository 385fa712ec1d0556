"""Importing a catalogue: every row is checked and shown before anything is written, and then all of it is, or nothing.

The check is done again inside the transaction that writes; where it comes out otherwise, nothing is written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from functools import partial
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Table, func, select

from tillgate.domain.catalogue import ProductKind, check_code
from tillgate.domain.errors import Invalid, Refused, Stale, TillgateError
from tillgate.domain.settings import STORE_CURRENCY
from tillgate.domain.staff import Action, Actor
from tillgate.services.access import authorize
from tillgate.services.catalogue_drafts import (
    PeriodTerms,
    ProductDraft,
    VariantDraft,
    VendorDraft,
    check_offer,
    period_rows,
    product_row,
    variant_row,
    vendor_row,
)
from tillgate.services.catalogue_edits import guarded, put, put_variant
from tillgate.services.catalogue_files import Given, GivenFile, Part, read_file, table_values
from tillgate.services.customers import CustomerDraft, customer_row
from tillgate.services.pictures import check_picture
from tillgate.services.till import Till
from tillgate.store.catalogue_reads import list_periods_of, list_variants_of
from tillgate.store.models import customer, product, variant, vendor
from tillgate.store.statements import insert_row
from tillgate.store.unit_of_work import UnitOfWork

_CHUNK: Final = 500
_Write = Callable[[UnitOfWork], object]


class Fate(StrEnum):
    """What becomes of a row."""

    NEW = "new"
    CHANGED = "changed"
    KEPT = "kept"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class CheckedRow:
    """A row of a file and its fate. `number` is its line in a table, its place in a shop; `changes` names fields."""

    number: int
    part: Part
    code: str
    name: str
    fate: Fate
    changes: tuple[str, ...] = ()
    problem: TillgateError | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class FileCheck:
    """A file as it was checked: what `import_file` takes."""

    content: bytes
    rows: tuple[CheckedRow, ...]

    def count(self, fate: Fate, part: Part | None = None) -> int:
        """How many rows have a fate."""
        return sum(row.fate is fate and part in {None, row.part} for row in self.rows)


def check_file(till: Till, actor: Actor, content: bytes) -> FileCheck:
    """What importing a file would do, row by row. Raises Invalid where it is not a catalogue's file at all."""
    authorize(till, actor, Action.EDIT_CATALOGUE)
    given = read_file(content)
    with till.db.read() as connection:
        return FileCheck(content, tuple(row for row, _write in _Planner(till, connection, given).planned()))


def import_file(till: Till, actor: Actor, check: FileCheck) -> FileCheck:
    """Do what the check showed, in one transaction; the check.

    Raises Refused("file_has_errors") where a row is bad, and Stale("file_outdated") where the catalogue changed since.
    """
    authorize(till, actor, Action.EDIT_CATALOGUE)
    if bad := check.count(Fate.BAD):
        raise Refused("file_has_errors", count=bad)
    given = read_file(check.content)

    def work(uow: UnitOfWork) -> FileCheck:
        planned = _Planner(till, uow.connection, given).planned()
        if tuple(row for row, _write in planned) != check.rows:
            raise Stale("file_outdated")
        _write_all(uow, planned)
        return check

    return guarded(lambda: till.db.transact(actor, work))


def import_for_owner(till: Till, content: bytes) -> FileCheck:
    """For the owner of the machine, at its command line: what is missing of a shop, as shop.json is one.

    Nothing is written where a row of the check that comes back is bad. Raises Invalid where it is no such file.
    """
    given = read_file(content)
    if given.updates:
        raise Invalid("file_not_shop", reason="csv")

    def work(uow: UnitOfWork) -> FileCheck:
        planned = _Planner(till, uow.connection, given).planned()
        check = FileCheck(content, tuple(row for row, _write in planned))
        if not check.count(Fate.BAD):
            _write_all(uow, planned)
        return check

    return guarded(lambda: till.db.transact(till.system, work))


def _write_all(uow: UnitOfWork, planned: list[tuple[CheckedRow, _Write | None]]) -> None:
    for _row, write in planned:
        if write is not None:
            write(uow)
    counts = Counter(row.fate.value for row, _write in planned)
    uow.record("catalogue.imported", "catalogue", rows=len(planned), **counts)


@dataclass(frozen=True, slots=True)
class _Goods:
    """A checked row of a product: its vendor's code, the rows to write, and the variant that is there."""

    seller: str
    product: Mapping[str, Any]
    variant: Mapping[str, Any]
    periods: list[dict[str, Any]] | None
    old: Row[Any] | None


class _Planner:
    """Compares a file's rows with what is there, and with the rows before them."""

    def __init__(self, till: Till, connection: Connection, given: GivenFile) -> None:
        self._till, self._connection, self._given = till, connection, given
        self._currency = given.currency or till.settings()[STORE_CURRENCY]
        goods = [row for row in given.rows if row.part is Part.PRODUCT]
        self._vendors = {row.code: row for row in connection.execute(select(vendor))}
        self._products = _by(connection, product, "code", [_code(_said(row, "product", "code")) for row in goods])
        self._variants = _by(connection, variant, "code", [_code(row.code) for row in goods])
        self._of_product = _variants_of(connection, [each.id for each in self._products.values()])
        self._variants |= {each.code: each for rows in self._of_product.values() for each in rows}
        self._barcodes = _by(connection, variant, "barcode", [_said(row, "barcode", "barcode") for row in goods])
        self._periods: dict[int, list[PeriodTerms]] = {}
        for row in list_periods_of(connection, [each.id for each in self._variants.values()]):
            if row.active:
                terms = PeriodTerms(row.name, row.days, row.price_minor)
                self._periods.setdefault(row.variant_id, []).append(terms)
        self._currencies = {row.code: row.currency for row in self._vendors.values()}
        # What the rows before said: where, and of a product its draft too.
        self._seen: dict[tuple[str, str], int] = {}
        self._said_of: dict[str, tuple[int, ProductDraft]] = {}
        self._made: dict[tuple[str, str], int] = {}

    def planned(self) -> list[tuple[CheckedRow, _Write | None]]:
        """Each row with its fate, and what to write."""
        return [self._plan(row) for row in self._given.rows]

    def _plan(self, row: Given) -> tuple[CheckedRow, _Write | None]:
        if row.problem is not None:
            return _bad(row, row.problem), None
        try:
            if row.part is Part.VENDOR:
                return self._vendor(row)
            return self._customer(row) if row.part is Part.CUSTOMER else self._product(row)
        except (Invalid, Refused) as error:
            return _bad(row, error), None

    def _vendor(self, row: Given) -> tuple[CheckedRow, _Write | None]:
        draft = VendorDraft(currency=self._currency, **row.values)
        made = vendor_row(draft)
        code = made["code"]
        self._once("vendor", code, row, "code_twice")
        self._currencies.setdefault(code, self._currency)
        if code in self._vendors:
            return _checked(row, Fate.KEPT), None
        return _checked(row, Fate.NEW), lambda uow: self._keep("vendor", code, put(uow, vendor, made, None, 0))

    def _customer(self, row: Given) -> tuple[CheckedRow, _Write | None]:
        made = customer_row(self._till, CustomerDraft(**row.values))
        if self._is_there(row, made):
            return _checked(row, Fate.KEPT), None

        def write(uow: UnitOfWork) -> None:
            number = insert_row(uow.connection, customer, made | {"created_at": uow.now})
            uow.record("customer.created", f"customer:{number}", fields=[name for name in made if made[name]])

        return _checked(row, Fate.NEW), write

    def _is_there(self, row: Given, made: Mapping[str, Any]) -> bool:
        """Whether a customer is here already: by phone number, else by e-mail, else by a name that has neither.

        Two rows, or a row and somebody who is here, that may be one person or two are for a person to tell apart.
        """
        phone, email, name = made["phone"], made["email"].lower(), made["name"].lower()
        if phone:
            self._once("customer", phone, row, "code_twice")
            return self._any_customer(customer.c.phone == phone)
        if email:
            self._once("customer", email, row, "customer_twice")
            return self._any_customer(func.lower(customer.c.email) == email)
        self._once("customer", name, row, "customer_twice")
        same_name = (customer.c.name == made["name"]) | (func.lower(customer.c.name) == name)
        if self._any_customer(same_name & ((customer.c.phone != "") | (customer.c.email != ""))):
            raise Refused("customer_unclear", name=made["name"])
        return self._any_customer(same_name)

    def _any_customer(self, which: ColumnElement[bool]) -> bool:
        return self._connection.execute(select(customer.c.id).where(which).limit(1)).first() is not None

    def _product(self, row: Given) -> tuple[CheckedRow, _Write | None]:
        currency = self._currencies.get(row.vendor)
        if currency is None:
            raise Invalid("vendor_code_unknown", field="vendor", text=row.vendor[:40])
        if self._given.currency not in {"", currency}:
            raise Invalid("currency_mismatch", expected=currency, found=self._given.currency)
        says, says_of_variant = (
            table_values(row.values, currency) if self._given.updates else (dict(row.values), dict(row.variant))
        )
        old = self._products.get(check_code(says["code"], field="product"))
        says_of_variant = {"code": self._only_variant(old, says["code"]), **says_of_variant}
        old_piece = self._variants.get(check_code(says_of_variant["code"], field="variant"))
        draft = self._product_draft(row, says, old, currency)
        piece = self._variant_draft(says_of_variant, old_piece)
        if not self._given.updates and old_piece is not None:
            return _checked(row, Fate.KEPT), None
        self._check_piece(row, old, old_piece, piece)
        made, variant_made = product_row(draft), variant_row(piece)
        check_picture(self._connection, made["image"])
        periods = period_rows(piece.periods) if piece.periods is not None else None
        offered = piece if old_piece is not None else replace(piece, periods=piece.periods or ())
        check_offer(draft.kind, offered)
        changes = self._changes(old, made, old_piece, variant_made, piece)
        self._said_of.setdefault(made["code"], (row.number, draft))
        if old_piece is not None and not changes:
            return _checked(row, Fate.KEPT), None

        goods = _Goods(row.vendor, made, variant_made, periods, old_piece)
        return _checked(row, Fate.NEW if old_piece is None else Fate.CHANGED, changes), partial(
            self._write_product, goods
        )

    def _only_variant(self, old: Row[Any] | None, code: str) -> str:
        """The variant meant by a row that names none: the product's only one, or the first of a new product."""
        there = self._of_product.get(old.id, []) if old is not None else []
        if len(there) > 1:
            return ""
        return str(there[0].code) if there else code

    def _product_draft(self, row: Given, says: Mapping[str, Any], old: Row[Any] | None, currency: str) -> ProductDraft:
        """What is there with what the row says of it; of a product in use by this file, all rows say the same."""
        before = {f.name: getattr(old, f.name) for f in fields(ProductDraft)} if old is not None else {}
        defaults = {"vendor_id": 0, "kind": ProductKind.SALE, "currency": currency}
        given = dict(says)
        if not self._given.updates and old is not None:
            given = {"code": old.code}
        draft = ProductDraft(**{**defaults, **before, **given})
        draft = replace(draft, kind=ProductKind(draft.kind), active=bool(draft.active))
        seller = self._vendors.get(row.vendor)
        if old is not None and (draft.kind != old.kind or seller is None or seller.id != old.vendor_id):
            raise Refused("product_fixed", field="kind" if draft.kind != old.kind else "vendor")
        first = self._said_of.get(draft.code.strip().upper())
        if first is not None:
            other, said = first
            differs = [f.name for f in fields(draft) if getattr(draft, f.name) != getattr(said, f.name)]
            if differs:
                raise Refused("rows_differ", other=other, field=differs[0])
        return draft

    def _variant_draft(self, says: Mapping[str, Any], old: Row[Any] | None) -> VariantDraft:
        before: dict[str, Any] = {"product_id": 0}
        if old is not None:
            names = [f.name for f in fields(VariantDraft) if f.name != "periods"]
            before = {name: getattr(old, name) for name in names}
            before |= {"barcode": old.barcode or "", "active": bool(old.active)}
        kept = {name: value for name, value in says.items() if old is None or name != "stock"}
        return VariantDraft(**{**before, **{name: value if value is not None else "" for name, value in kept.items()}})

    def _check_piece(self, row: Given, old: Row[Any] | None, old_piece: Row[Any] | None, piece: VariantDraft) -> None:
        code = check_code(piece.code, field="variant")
        self._once("variant", code, row, "code_twice")
        if old_piece is not None and (old is None or old_piece.product_id != old.id):
            raise Refused("code_taken", field="variant")
        barcode = piece.barcode.strip()
        if barcode:
            self._once("barcode", barcode, row, "barcode_twice")
            owner = self._barcodes.get(barcode)
            if owner is not None and (old_piece is None or owner.id != old_piece.id):
                raise Refused("barcode_taken", field="barcode")

    def _changes(
        self,
        old: Row[Any] | None,
        made: Mapping[str, Any],
        old_piece: Row[Any] | None,
        variant_made: Mapping[str, Any],
        piece: VariantDraft,
    ) -> tuple[str, ...]:
        found = []
        if old is not None:
            found = [name for name, value in made.items() if name != "vendor_id" and getattr(old, name) != value]
        if old_piece is not None:
            left = ("product_id", "stock")
            changed = [
                name for name, value in variant_made.items() if name not in left and getattr(old_piece, name) != value
            ]
            found += [name if name.endswith("_minor") or name == "barcode" else f"variant_{name}" for name in changed]
            if piece.periods is not None and sorted(piece.periods, key=_days) != self._periods.get(old_piece.id, []):
                found.append("periods")
        return tuple(found)

    def _write_product(self, goods: _Goods, uow: UnitOfWork) -> None:
        code = goods.product["code"]
        known = self._made.get(("product", code))
        if known is None:
            there = self._vendors.get(goods.seller)
            vendor_id = there.id if there is not None else self._made["vendor", goods.seller]
            known = self._put_product(uow, {**goods.product, "vendor_id": vendor_id}, self._products.get(code))
            self._keep("product", code, known)
        piece_id, version = (goods.old.id, goods.old.version) if goods.old is not None else (None, 0)
        put_variant(uow, {**goods.variant, "product_id": known}, goods.periods, piece_id, version)

    def _put_product(self, uow: UnitOfWork, row: Mapping[str, Any], old: Row[Any] | None) -> int:
        if old is None:
            return put(uow, product, row, None, 0)
        if all(getattr(old, name) == value for name, value in row.items()):
            return int(old.id)
        return put(uow, product, row, old.id, old.version)

    def _once(self, kind: str, code: str, row: Given, problem: str) -> None:
        first = self._seen.setdefault((kind, code), row.number)
        if first != row.number:
            raise Refused(problem, other=first)

    def _keep(self, kind: str, code: str, number: int) -> None:
        self._made[kind, code] = number


def _days(terms: PeriodTerms) -> int:
    return terms.days


def _said(row: Given, cell: str, key: str) -> str:
    """What a row says, of a table or of a shop, before it is checked."""
    for place in (row.values, row.variant) if cell == "product" else (row.variant, row.values):
        said = place.get(cell if cell in place else key)
        if isinstance(said, str) and said:
            return said
    return ""


def _code(text: str) -> str:
    return text.strip().upper()


def _by(connection: Connection, table: Table, name: str, wanted: Iterable[str]) -> dict[str, Row[Any]]:
    """The rows of a table whose column has one of these values, by the value."""
    values = sorted({each for each in wanted if each})
    found: dict[str, Row[Any]] = {}
    for start in range(0, len(values), _CHUNK):
        query = select(table).where(table.c[name].in_(values[start : start + _CHUNK]))
        found |= {getattr(row, name): row for row in connection.execute(query)}
    return found


def _variants_of(connection: Connection, product_ids: list[int]) -> dict[int, list[Row[Any]]]:
    found: dict[int, list[Row[Any]]] = {}
    for start in range(0, len(product_ids), _CHUNK):
        for row in list_variants_of(connection, product_ids[start : start + _CHUNK]):
            found.setdefault(row.product_id, []).append(row)
    return found


def _checked(row: Given, fate: Fate, changes: tuple[str, ...] = ()) -> CheckedRow:
    return CheckedRow(row.number, row.part, row.code, row.name, fate, changes)


def _bad(row: Given, problem: TillgateError) -> CheckedRow:
    return CheckedRow(row.number, row.part, row.code, row.name, Fate.BAD, (), problem)
