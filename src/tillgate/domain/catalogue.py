"""What a shop sells and rents out."""

from __future__ import annotations

from enum import StrEnum


class ProductKind(StrEnum):
    """Sold for good, or rented out by the day."""

    SALE = "sale"
    RENTAL = "rental"
