"""A manager's changes to the catalogue, each checked, audited and refused if somebody else was quicker."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar

from sqlalchemy import Table, insert, select, update
from sqlalchemy.exc import IntegrityError

from tillgate.domain.catalogue import MOST_STOCK, ProductKind, check_within
from tillgate.domain.errors import Invalid, NotFound, Refused, Stale
from tillgate.domain.notes import check_note
from tillgate.domain.staff import Action, Actor
from tillgate.services.access import authorize
from tillgate.services.catalogue_drafts import (
    PeriodDraft,
    ProductDraft,
    VariantDraft,
    VendorDraft,
    check_offer,
    period_row,
    period_rows,
    product_row,
    variant_row,
    vendor_row,
)
from tillgate.services.pictures import check_picture
from tillgate.services.till import Till
from tillgate.services.unit_bookings import refuse_if_booked
from tillgate.store.models import product, rental_period, stock_move, variant, vendor
from tillgate.store.statements import insert_row, update_rows
from tillgate.store.unit_of_work import UnitOfWork

T = TypeVar("T")

# What stays as it was when the row was made.
_FIXED: Final = {
    "vendor": frozenset({"currency"}),
    "product": frozenset({"vendor_id", "kind", "currency"}),
    "variant": frozenset({"product_id", "stock"}),
}
_FIRST_STOCK: Final = "first stock"


def save_vendor(till: Till, actor: Actor, draft: VendorDraft, *, vendor_id: int | None = None, version: int = 0) -> int:
    """Make a vendor, or change the one of `vendor_id` as it was at `version`. Raises Invalid, Stale, Refused."""
    authorize(till, actor, Action.EDIT_CATALOGUE)
    row = vendor_row(draft)
    return guarded(lambda: till.db.transact(actor, lambda uow: put(uow, vendor, row, vendor_id, version)))


def create_product(till: Till, actor: Actor, draft: ProductDraft, piece: VariantDraft) -> int:
    """Make a product with its first variant, both or neither; the product's number. Raises Invalid, Refused."""
    authorize(till, actor, Action.EDIT_CATALOGUE)
    row = product_row(draft)
    check_offer(draft.kind, piece)
    variant_row(piece)
    periods = period_rows(piece.periods or ())

    def work(uow: UnitOfWork) -> int:
        made = put(uow, product, row, None, 0)
        put_variant(uow, variant_row(replace(piece, product_id=made)), periods, None, 0)
        return made

    return guarded(lambda: till.db.transact(actor, work))


def save_product(
    till: Till, actor: Actor, draft: ProductDraft, *, product_id: int | None = None, version: int = 0
) -> int:
    """Make a product, or change the one of `product_id` as it was at `version`. Raises Invalid, Stale, Refused."""
    authorize(till, actor, Action.EDIT_CATALOGUE)
    row = product_row(draft)
    return guarded(lambda: till.db.transact(actor, lambda uow: put(uow, product, row, product_id, version)))


def save_variant(
    till: Till, actor: Actor, draft: VariantDraft, *, variant_id: int | None = None, version: int = 0
) -> int:
    """Make a variant with its first stock, or change the one of `variant_id`, its periods with it.

    Raises Invalid, Stale, Refused.
    """
    authorize(till, actor, Action.EDIT_CATALOGUE)
    row = variant_row(draft)
    periods = period_rows(draft.periods) if draft.periods is not None else None

    def work(uow: UnitOfWork) -> int:
        kind = uow.execute(select(product.c.kind).where(product.c.id == draft.product_id)).scalar_one_or_none()
        if kind is None:
            raise NotFound("catalogue_link_unknown")
        check_offer(ProductKind(kind), draft)
        return put_variant(uow, row, periods, variant_id, version)

    return guarded(lambda: till.db.transact(actor, work))


def save_period(till: Till, actor: Actor, draft: PeriodDraft) -> int:
    """Make the variant's period of these days, or change the one there is. Raises Invalid, NotFound."""
    authorize(till, actor, Action.EDIT_CATALOGUE)
    row = period_row(draft.name, draft.days, draft.price_minor, active=draft.active)

    def work(uow: UnitOfWork) -> int:
        _put_period(uow, draft.variant_id, row)
        kept = (rental_period.c.variant_id == draft.variant_id) & (rental_period.c.days == draft.days)
        return int(uow.execute(select(rental_period.c.id).where(kept)).scalar_one())

    return guarded(lambda: till.db.transact(actor, work))


def change_stock(till: Till, actor: Actor, variant_id: int, by: int, reason: str) -> int:
    """Add pieces or units, or take some away, with the reason; the stock then.

    Raises Invalid, NotFound, Refused("stock_too_low") where that would leave less than none, and
    Refused("units_booked") where a unit would go that is let.
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
        if stock + by > MOST_STOCK:
            raise Invalid("number_out_of_range", field="by", lowest=-stock, highest=MOST_STOCK - stock)
        if stock + by < 0:
            raise Refused("stock_too_low", field="by", variant=variant_id, stock=stock, by=-by)
        if by < 0:
            refuse_if_booked(uow, till, variant_id, stock + by)
        uow.execute(update(variant).where(variant.c.id == variant_id).values(stock=stock + by))
        uow.execute(insert(stock_move).values(variant_id=variant_id, quantity=by, reason=words))
        uow.record("catalogue.stock", f"variant:{variant_id}", by=by, stock=stock + by, reason=words)
        return int(stock) + by

    return till.db.transact(actor, work)


# Inside a transaction; the rows are checked


def put(uow: UnitOfWork, table: Table, row: Mapping[str, Any], row_id: int | None, version: int) -> int:
    """Insert a row, or change the one as it was at `version`; audited. Raises NotFound, Stale, Invalid."""
    if table is product:
        check_picture(uow.connection, row["image"])
    found = row_id
    if found is None:
        found = insert_row(uow.connection, table, row)
    else:
        changed = {name: value for name, value in row.items() if name not in _FIXED[table.name]}
        _change(uow, table, changed, found, version)
    uow.record(f"catalogue.{table.name}", f"{table.name}:{found}", made=row_id is None, **_plain(row))
    return found


def put_variant(
    uow: UnitOfWork,
    row: Mapping[str, Any],
    periods: Sequence[Mapping[str, Any]] | None,
    variant_id: int | None,
    version: int,
) -> int:
    """The same for a variant with its first stock and, unless None, all of its periods."""
    found = put(uow, variant, row, variant_id, version)
    if variant_id is None and row["stock"]:
        first = {"variant_id": found, "quantity": row["stock"], "reason": _FIRST_STOCK}
        insert_row(uow.connection, stock_move, first)
    if periods is not None and variant_id is not None:
        others = (rental_period.c.variant_id == found) & rental_period.c.days.not_in([row["days"] for row in periods])
        uow.execute(update(rental_period).where(others, rental_period.c.active == 1).values(active=0))
    for each in periods or ():
        _put_period(uow, found, each)
    return found


def guarded(work: Callable[[], T]) -> T:
    """Codes are unique, and what is referred to exists: the database says so, and this says it to the user."""
    try:
        return work()
    except IntegrityError as error:
        reason = str(error.orig).lower()
        if "foreign" in reason:
            raise NotFound("catalogue_link_unknown") from error
        if "barcode" in reason:
            raise Refused("barcode_taken", field="barcode") from error
        # A product and its first variant may be made together: the form needs to know whose code it was.
        field = "variant_code" if "variant" in reason else "code"
        raise Refused("code_taken", field=field) from error


def _put_period(uow: UnitOfWork, variant_id: int, row: Mapping[str, Any]) -> None:
    key = {"variant_id": variant_id, "days": row["days"]}
    if update_rows(uow.connection, rental_period, key, row) == 0:
        insert_row(uow.connection, rental_period, {"variant_id": variant_id, **row})
    uow.record("catalogue.period", f"variant:{variant_id}", **row)


def _change(uow: UnitOfWork, table: Table, row: Mapping[str, Any], row_id: int, version: int) -> None:
    same = {"id": row_id, "version": version}
    if update_rows(uow.connection, table, same, {**row, "version": version + 1}) == 1:
        return
    if uow.execute(select(table.c.id).where(table.c.id == row_id)).first() is None:
        raise NotFound(f"{table.name}_unknown", id=row_id)
    raise Stale(f"{table.name}_changed", id=row_id)


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """What the audit keeps: no addresses of people."""
    return {name: value for name, value in row.items() if name not in ("email", "phone", "address")}
