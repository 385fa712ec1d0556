"""A manager's changes to the catalogue, each checked, audited and refused if somebody else was quicker."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Table, insert, select, update
from sqlalchemy.exc import IntegrityError

from tillgate.domain.catalogue import (
    HIGHEST_PRICE_MINOR,
    LONGEST_PERIOD_DAYS,
    MOST_BASIS_POINTS,
    MOST_STOCK,
    ProductKind,
    check_barcode,
    check_code,
    check_title,
    check_within,
)
from tillgate.domain.errors import Invalid, NotFound, Refused, Stale
from tillgate.domain.money import check_currency
from tillgate.domain.notes import check_note
from tillgate.domain.staff import Action, Actor
from tillgate.services.access import authorize
from tillgate.services.contacts import check_email, check_phone
from tillgate.services.till import Till
from tillgate.store.models import product, rental_period, stock_move, variant, vendor
from tillgate.store.statements import insert_row
from tillgate.store.unit_of_work import UnitOfWork

_COLOUR: Final = re.compile(r"#[0-9A-Fa-f]{6}")
_CODES: Final = {"barcode": "barcode_taken", "days": "period_taken"}


@dataclass(frozen=True, slots=True)
class VendorDraft:
    """A vendor as it should be."""

    code: str
    name: str
    currency: str
    email: str = ""
    phone: str = ""
    address: str = ""
    tax_number: str = ""
    brand_color: str = ""
    brand_mark: str = ""
    auto_approve: bool = False
    fee_flat_minor: int = 0
    fee_bp: int = 0
    active: bool = True


@dataclass(frozen=True, slots=True)
class ProductDraft:
    """A product as it should be. Its vendor, kind and currency stay what they were when it was made."""

    vendor_id: int
    code: str
    name: str
    kind: ProductKind
    currency: str
    description: str = ""
    category: str = ""
    image: str = ""
    tax_bp: int = 0
    tax_name: str = ""
    active: bool = True


@dataclass(frozen=True, slots=True)
class VariantDraft:
    """A variant as it should be; `stock` counts when it is made, later `change_stock` does."""

    product_id: int
    code: str
    name: str = ""
    barcode: str = ""
    price_minor: int = 0
    deposit_minor: int = 0
    stock: int = 0
    smallest_quantity: int = 1
    active: bool = True


@dataclass(frozen=True, slots=True)
class PeriodDraft:
    """A rental period as it should be; there is one for a number of days."""

    variant_id: int
    name: str
    days: int
    price_minor: int
    active: bool = True


def save_vendor(till: Till, actor: Actor, draft: VendorDraft, *, vendor_id: int | None = None, version: int = 0) -> int:
    """Make a vendor, or change the one of `vendor_id` as it was at `version`. Raises Invalid, Stale, Refused."""
    authorize(till, actor, Action.EDIT_CATALOGUE)
    row = {
        "code": check_code(draft.code),
        "name": check_title(draft.name),
        "currency": check_currency(draft.currency),
        "email": check_email(draft.email),
        "phone": check_phone(draft.phone, draft.currency),
        "address": check_title(draft.address, field="address", needed=False, longest=300),
        "tax_number": check_title(draft.tax_number, field="tax_number", needed=False, longest=40),
        "brand_color": _colour(draft.brand_color),
        "brand_mark": check_title(draft.brand_mark, field="brand_mark", needed=False, longest=3),
        "auto_approve": int(draft.auto_approve),
        "fee_flat_minor": _minor(draft.fee_flat_minor, "fee_flat_minor"),
        "fee_bp": check_within(draft.fee_bp, field="fee_bp", lowest=0, highest=MOST_BASIS_POINTS),
        "active": int(draft.active),
    }
    return _save(till, actor, vendor, row, row_id=vendor_id, version=version, fixed=("currency",))


def save_product(
    till: Till, actor: Actor, draft: ProductDraft, *, product_id: int | None = None, version: int = 0
) -> int:
    """Make a product, or change the one of `product_id` as it was at `version`. Raises Invalid, Stale, Refused."""
    authorize(till, actor, Action.EDIT_CATALOGUE)
    row = {
        "vendor_id": draft.vendor_id,
        "code": check_code(draft.code),
        "name": check_title(draft.name),
        "description": check_title(draft.description, field="description", needed=False, longest=500),
        "category": check_title(draft.category, field="category", needed=False, longest=40),
        "image": check_title(draft.image, field="image", needed=False, longest=80),
        "kind": draft.kind,
        "currency": check_currency(draft.currency),
        "tax_bp": check_within(draft.tax_bp, field="tax_bp", lowest=0, highest=MOST_BASIS_POINTS),
        "tax_name": check_title(draft.tax_name, field="tax_name", needed=draft.tax_bp > 0, longest=40),
        "active": int(draft.active),
    }
    return _save(till, actor, product, row, row_id=product_id, version=version, fixed=("vendor_id", "kind", "currency"))


def save_variant(
    till: Till, actor: Actor, draft: VariantDraft, *, variant_id: int | None = None, version: int = 0
) -> int:
    """Make a variant with its first stock, or change the one of `variant_id`. Raises Invalid, Stale, Refused."""
    authorize(till, actor, Action.EDIT_CATALOGUE)
    row = {
        "product_id": draft.product_id,
        "code": check_code(draft.code),
        "barcode": check_barcode(draft.barcode),
        "name": check_title(draft.name, needed=False),
        "price_minor": _minor(draft.price_minor, "price_minor"),
        "deposit_minor": _minor(draft.deposit_minor, "deposit_minor"),
        "stock": check_within(draft.stock, field="stock", lowest=0, highest=MOST_STOCK),
        "smallest_quantity": check_within(draft.smallest_quantity, field="smallest_quantity", lowest=1, highest=999),
        "active": int(draft.active),
    }
    return _save(till, actor, variant, row, row_id=variant_id, version=version, fixed=("product_id", "stock"))


def save_period(till: Till, actor: Actor, draft: PeriodDraft) -> int:
    """Make the variant's period of these days, or change the one there is. Raises Invalid, NotFound."""
    authorize(till, actor, Action.EDIT_CATALOGUE)
    row = {
        "name": check_title(draft.name, longest=40),
        "price_minor": check_within(draft.price_minor, field="price_minor", lowest=1, highest=HIGHEST_PRICE_MINOR),
        "active": int(draft.active),
    }
    days = check_within(draft.days, field="days", lowest=1, highest=LONGEST_PERIOD_DAYS)

    def work(uow: UnitOfWork) -> int:
        key = {"variant_id": draft.variant_id, "days": days}
        kept = (rental_period.c.variant_id == draft.variant_id) & (rental_period.c.days == days)
        changed = uow.execute(update(rental_period).where(kept).values(**row).returning(rental_period.c.id)).first()
        found = int(changed.id) if changed else insert_row(uow.connection, rental_period, key | row)
        uow.record("catalogue.period", f"variant:{draft.variant_id}", **key, **row)
        return found

    return _guarded(till, actor, work)


def change_stock(till: Till, actor: Actor, variant_id: int, by: int, reason: str) -> int:
    """Add pieces or units, or take some away, with the reason; the stock then.

    Raises Invalid, NotFound, Refused("stock_too_low") where that would leave less than none.
    """
    authorize(till, actor, Action.EDIT_CATALOGUE)
    check_within(by, field="by", lowest=-MOST_STOCK, highest=MOST_STOCK)
    words = check_note(reason, field="reason")
    if by == 0:
        raise Invalid("number_out_of_range", field="by", lowest=1, highest=MOST_STOCK)

    def work(uow: UnitOfWork) -> int:
        kept = select(variant.c.stock).where(variant.c.id == variant_id).with_for_update()
        stock = uow.execute(kept).scalar_one_or_none()
        if stock is None:
            raise NotFound("variant_unknown", variant=variant_id)
        if not 0 <= stock + by <= MOST_STOCK:
            raise Refused("stock_too_low", variant=variant_id, stock=stock, by=by)
        uow.execute(update(variant).where(variant.c.id == variant_id).values(stock=stock + by))
        uow.execute(insert(stock_move).values(variant_id=variant_id, quantity=by, reason=words))
        uow.record("catalogue.stock", f"variant:{variant_id}", by=by, stock=stock + by, reason=words)
        return int(stock) + by

    return till.db.transact(actor, work)


def _save(
    till: Till,
    actor: Actor,
    table: Table,
    row: dict[str, Any],
    *,
    row_id: int | None,
    version: int,
    fixed: tuple[str, ...],
) -> int:
    def work(uow: UnitOfWork) -> int:
        found = row_id
        if found is None:
            found = insert_row(uow.connection, table, row)
            if table is variant and row["stock"]:
                uow.execute(insert(stock_move).values(variant_id=found, quantity=row["stock"], reason="first stock"))
        else:
            _change(uow, table, {name: value for name, value in row.items() if name not in fixed}, found, version)
        uow.record(f"catalogue.{table.name}", f"{table.name}:{found}", made=row_id is None, **_plain(row))
        return found

    return _guarded(till, actor, work)


def _change(uow: UnitOfWork, table: Table, row: dict[str, Any], row_id: int, version: int) -> None:
    same = (table.c.id == row_id) & (table.c.version == version)
    if uow.execute(update(table).where(same).values(version=version + 1, **row)).rowcount == 1:
        return
    if uow.execute(select(table.c.id).where(table.c.id == row_id)).first() is None:
        raise NotFound(f"{table.name}_unknown", id=row_id)
    raise Stale(f"{table.name}_changed", id=row_id)


def _guarded(till: Till, actor: Actor, work: Any) -> int:
    """Codes are unique, and what is referred to exists: the database says so, and this says it to the user."""
    try:
        return int(till.db.transact(actor, work))
    except IntegrityError as error:
        reason = str(error.orig).lower()
        if "foreign" in reason:
            raise NotFound("catalogue_link_unknown") from error
        taken = next((code for name, code in _CODES.items() if name in reason), "code_taken")
        raise Refused(taken) from error


def _minor(value: int, field: str) -> int:
    return check_within(value, field=field, lowest=0, highest=HIGHEST_PRICE_MINOR)


def _colour(text: str) -> str:
    if text and not _COLOUR.fullmatch(text):
        raise Invalid("colour_malformed", field="brand_color", text=text[:20])
    return text.upper()


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """What the audit keeps: no addresses of people."""
    return {name: value for name, value in row.items() if name not in ("email", "phone", "address")}
