"""Stock that instalment orders hold: reserved when they are made, given back when they end unpaid (ruling 13)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import bindparam, func, select, update

from tillgate.domain.errors import Refused
from tillgate.domain.instalments import OUT_OF_STOCK
from tillgate.services.instalment_rows import InstalmentOrderRecord
from tillgate.store.models import stock_move, variant
from tillgate.store.statements import Statement, insert_row
from tillgate.store.unit_of_work import UnitOfWork

RESERVED: Final = "reserved"
RELEASED: Final = "released"
_TAKE: Final = Statement(
    update(variant)
    .where(variant.c.id == bindparam("variant"), variant.c.stock >= bindparam("pieces"))
    .values(stock=variant.c.stock - bindparam("pieces"))
)


def lock_variants(uow: UnitOfWork, ids: Iterable[int]) -> None:
    """In the order of their ids, so that two tills never wait for each other; on SQLite whoever writes is alone."""
    if uow.connection.dialect.name == "sqlite":
        return
    uow.execute(
        select(variant.c.id)
        .where(variant.c.id.in_(sorted(set(ids))))
        .order_by(variant.c.id)
        .with_for_update(key_share=True)
    )


def take_pieces(uow: UnitOfWork, order_id: int, variant_id: int, pieces: int, name: str) -> None:
    """Reserve pieces of a variant for an order. Raises Refused("product_out_of_stock") naming how many are left."""
    if _TAKE.count(uow.connection, variant=variant_id, pieces=pieces) != 1:
        left = uow.execute(select(variant.c.stock).where(variant.c.id == variant_id)).scalar_one()
        raise Refused(OUT_OF_STOCK, name=name, left=int(left))
    _note(uow, order_id, variant_id, -pieces, RESERVED)


def take_again(uow: UnitOfWork, orders: Sequence[InstalmentOrderRecord]) -> None:
    """Reserve for orders that had ended and are paid after all. Raises as `take_pieces`."""
    lock_variants(uow, (each.variant_id for each in orders))
    for each in orders:
        take_pieces(uow, each.id, each.variant_id, each.quantity, each.product_name)


def give_back_pieces(uow: UnitOfWork, orders: Sequence[InstalmentOrderRecord]) -> None:
    """What orders, which the caller holds, have reserved yet is for sale again; what came back before counts once."""
    lock_variants(uow, (each.variant_id for each in orders))
    held = _held_by(uow, [each.id for each in orders])
    for each in orders:
        pieces = held.get(each.id, 0)
        if pieces:
            stock = {"stock": variant.c.stock + pieces}
            uow.execute(update(variant).where(variant.c.id == each.variant_id).values(stock))
            _note(uow, each.id, each.variant_id, pieces, RELEASED)


def _held_by(uow: UnitOfWork, order_ids: Sequence[int]) -> dict[int, int]:
    table = stock_move.c
    query = select(table.instalment_order_id, -func.sum(table.quantity)).group_by(table.instalment_order_id)
    rows = uow.execute(query.where(table.instalment_order_id.in_(order_ids)))
    return {int(order_id): int(pieces) for order_id, pieces in rows}


def _note(uow: UnitOfWork, order_id: int, variant_id: int, pieces: int, reason: str) -> None:
    row = {"variant_id": variant_id, "quantity": pieces, "reason": reason, "instalment_order_id": order_id}
    insert_row(uow.connection, stock_move, row)
