"""What the integrity check asks of stock: what is there is the sum of what came and went (reliability.md, oracles)."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from tillgate.services.looks import Fault, Found
from tillgate.store.models import stock_move, variant


def look_at_stock(connection: Connection) -> Found:
    """Every variant has as many pieces, or units for rent, as its moves come to. A sound till has no fault."""
    moves = (
        select(stock_move.c.variant_id, func.sum(stock_move.c.quantity).label("moved"))
        .group_by(stock_move.c.variant_id)
        .subquery()
    )
    moved = func.coalesce(moves.c.moved, 0)
    query = (
        select(variant.c.code, variant.c.stock, moved.label("moved"))
        .join(moves, moves.c.variant_id == variant.c.id, isouter=True)
        .where(variant.c.stock != moved)
        .order_by(variant.c.id)
    )
    count = connection.execute(select(func.count()).select_from(variant)).scalar_one()
    faults = [
        Fault(f"variant:{row.code}", "stock_sum", {"kept": row.stock, "moved": int(row.moved)})
        for row in connection.execute(query)
    ]
    return int(count), faults
