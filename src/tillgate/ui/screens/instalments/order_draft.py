"""A bulk order as it is put together: its items with their plans, and what the press of Place order comes to."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from tillgate.domain.errors import Refused
from tillgate.domain.instalments import CURRENCY, BulkState, DeliveryAddress, FailedItem, ItemAsk
from tillgate.domain.money import Money, total
from tillgate.domain.staff import Actor
from tillgate.i18n import tr
from tillgate.services.bulk_ends import find_bulk_order
from tillgate.services.bulk_orders import PlaceBulk, Placed, place_bulk_order
from tillgate.services.catalogue import ProductView, VariantRecord, find_by_scan, load_product
from tillgate.services.instalment_planner import Comparison, PlanOption, compare_plans
from tillgate.services.till import Till
from tillgate.ui.message_text import message_for
from tillgate.ui.screens.instalments.order_words import CustomerFacts

# A press whose bulk order came to nothing is another one's; after so many nobody is helped by one more.
_MOST_TRIES: Final = 20


@dataclass(frozen=True, slots=True)
class DraftItem:
    """One item while it is chosen. `variant` "" is the product's first; `plan` is the chosen one, None before that;
    `failed` why it could not be ordered."""

    number: int
    product: ProductView
    variant: str
    quantity: int = 1
    coupon: str = ""
    plan: PlanOption | None = None
    failed: FailedItem | None = None

    @property
    def name(self) -> str:
        """What is ordered."""
        return self.product.product.name

    @property
    def variants(self) -> tuple[VariantRecord, ...]:
        """What it can be ordered as."""
        return tuple(each for each in self.product.variants if each.active)

    @property
    def variant_name(self) -> str:
        """Its variant, where there are several."""
        several = len(self.variants) > 1
        return next((each.name or each.code for each in self.variants if several and each.code == self.variant), "")

    @property
    def days(self) -> int:
        """The plan's days; 0 before one is chosen."""
        return self.plan.days if self.plan is not None else 0

    @property
    def daily(self) -> Money | None:
        """The first payment; None without a plan that can be."""
        return self.plan.daily if self.plan is not None else None

    @property
    def ask(self) -> ItemAsk:
        """As its plans are asked for."""
        return ItemAsk(self.product.product.code, self.days, self.quantity, self.variant, self.coupon)

    @property
    def order(self) -> ItemAsk:
        """As it is ordered: for what the screen says."""
        return replace(self.ask, total=self.plan.total if self.plan is not None else None)


@dataclass(frozen=True, slots=True)
class Before:
    """The order as it was before something was taken out of it."""

    key: str
    items: tuple[DraftItem, ...]
    facts: CustomerFacts | None
    address: DeliveryAddress


def find_scanned(till: Till, actor: Actor, code: str) -> tuple[ProductView, int] | None:
    """The product of a scanned code, with the number of its variant."""
    found = find_by_scan(till, actor, code)
    return (load_product(till, actor, found.product_id), found.id) if found is not None else None


def first_payment(items: Sequence[DraftItem]) -> Money:
    """What all of them come to on the first day."""
    return total((each.daily for each in items if each.daily is not None), CURRENCY)


def compare(till: Till, actor: Actor, item: DraftItem, customer_id: int | None, own_days: int) -> Comparison:
    """An item's plans, that of `own_days` among them; 0 is none."""
    found = compare_plans(till, actor, item.ask, customer_id=customer_id)
    if not own_days or any(each.days == own_days for each in found.options):
        return found
    own = compare_plans(till, actor, item.ask, customer_id=customer_id, days=(own_days,))
    options = sorted((*found.options, *own.options), key=lambda each: each.days)
    return replace(found, options=tuple(options), refused=found.refused or own.refused)


def reason(failed: FailedItem) -> str:
    """Why an item can't be ordered, in the user's language."""
    return message_for(Refused(failed.code, **dict(failed.values))).what


def place(till: Till, actor: Actor, press: PlaceBulk) -> Placed:
    """Place the order; where this press came to nothing before, as one that could not be begun, it is placed anew.

    The key of another try follows from that of the first: whoever does not learn the outcome, and presses again, comes
    by the same bulk order. Raises as `place_bulk_order`.
    """
    for _ in range(_MOST_TRIES):
        try:
            placed = place_bulk_order(till, actor, press)
        except Refused as error:
            if error.code != "key_reused":
                raise
            if find_bulk_order(till, actor, str(error.values["bulk"])).bulk.state is not BulkState.CANCELLED:
                raise
        else:
            if not placed.existing or placed.bulk.state is not BulkState.CANCELLED:
                return placed
        press = replace(press, key=f"bulk-{hashlib.sha256(press.key.encode()).hexdigest()[:32]}")
    raise Refused("bulk_over", number=placed.bulk.number, state=placed.bulk.state.value)


def failures_told(placed: Placed, items: Sequence[DraftItem]) -> list[str]:
    """The items that were left out, by name, each with its reason."""
    return [
        tr("{item}: {reason}", item=items[each.index].name, reason=reason(each))
        for each in placed.bulk.failed
        if each.index < len(items)
    ]
