"""Units of a variant that are let: none is taken away while somebody has it, or will (product.md, ruling 2)."""

from __future__ import annotations

from datetime import date
from typing import Final

from sqlalchemy import func, select

from tillgate.domain.errors import Refused
from tillgate.services.till import Till
from tillgate.store.models import rental_day
from tillgate.store.unit_of_work import UnitOfWork

# How many days a refusal names; there may be more.
_NAMED: Final = 5


def refuse_if_booked(uow: UnitOfWork, till: Till, variant_id: int, units: int) -> None:
    """Refuse to leave only so many units of a variant, whose row the caller has locked.

    Units are numbered from 1 and the highest are taken away. Raises Refused("units_booked") with the days, from the
    store's today on, on which one of those is let.
    """
    gone = (
        rental_day.c.variant_id == variant_id,
        rental_day.c.unit > units,
        rental_day.c.day >= till.store_day(uow.now),
    )
    days: list[date] = list(uow.execute(select(rental_day.c.day).where(*gone).distinct().order_by("day")).scalars())
    if not days:
        return
    least = int(uow.execute(select(func.max(rental_day.c.unit)).where(*gone)).scalar_one())
    raise Refused(
        "units_booked", field="by", variant=variant_id, least=least, count=len(days), days=tuple(days[:_NAMED])
    )
