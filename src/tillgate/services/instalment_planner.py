"""Compare plans before anything is ordered: what each number of days comes to (screens.md, Instalments)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from sqlalchemy import Connection

from tillgate.domain.commission import commission_of
from tillgate.domain.errors import Refused
from tillgate.domain.instalments import LONGEST_PLAN, FailedItem, ItemAsk, due_on
from tillgate.domain.money import Money, zero
from tillgate.domain.settings import COMMISSION_BP
from tillgate.domain.staff import Action, Actor
from tillgate.services.access import authorize
from tillgate.services.bulk_items import Offer, PricedItem, find_offer, price_item
from tillgate.services.commissions import referrer_of
from tillgate.services.till import Till

# What is compared where nobody names days: those that may be.
USUAL_DAYS: Final = (30, 50, 60, 90, 100, 120, 150, 180, 200, 270, LONGEST_PLAN)
# Nobody's coupon limits, nobody's referrer.
_NOBODY: Final = 0


@dataclass(frozen=True, slots=True)
class PlanOption:
    """One plan, or why there is none of so many days. `daily` is the first day's amount, which no later one exceeds;
    the `last` day is that of the last instalment if the first is paid today; `commission` what a referrer earns."""

    days: int
    daily: Money | None = None
    total: Money | None = None
    discount: Money | None = None
    last: date | None = None
    commission: Money | None = None
    refused: FailedItem | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """An item's plans side by side; `offer` None and a reason where nothing can be offered at all."""

    offer: Offer | None
    options: tuple[PlanOption, ...]
    refused: FailedItem | None = None


def compare_plans(
    till: Till, actor: Actor, item: ItemAsk, *, customer_id: int | None = None, days: Sequence[int] = ()
) -> Comparison:
    """What an item costs on plans of so many days; without `days` on those that are usual and allowed.

    A customer's own coupon limits and referrer count where one is given. Nothing is refused with an error: what is
    wrong with the item, or with one of its plans, is in the answer.
    """
    authorize(till, actor, Action.SELL)
    today = till.store_day(till.clock.now())
    with till.db.read() as connection:
        try:
            offer = find_offer(connection, item)
        except Refused as error:
            return Comparison(None, (), FailedItem(0, error.code, error.values))
        earns = customer_id is not None and referrer_of(connection, customer_id) is not None
        rate = till.settings()[COMMISSION_BP] if earns else 0
        asked = [
            _option(connection, replace(item, total_days=each), customer_id or _NOBODY, today, rate)
            for each in days or USUAL_DAYS
        ]
    allowed = tuple(each for each in asked if each.refused is None)
    if days or allowed:
        return Comparison(offer, tuple(asked) if days else allowed)
    return Comparison(offer, (), asked[0].refused)


def _option(connection: Connection, item: ItemAsk, customer_id: int, today: date, rate_bp: int) -> PlanOption:
    days = item.total_days if type(item.total_days) is int else 0
    try:
        found = price_item(connection, item, customer_id, today)
    except Refused as error:
        return PlanOption(days, refused=FailedItem(0, error.code, error.values))
    return _priced(found, today, rate_bp)


def _priced(found: PricedItem, today: date, rate_bp: int) -> PlanOption:
    plan = found.plan
    return PlanOption(
        days=plan.days,
        daily=plan.daily,
        total=plan.total,
        discount=found.discount,
        last=due_on(today, plan.days),
        commission=commission_of(plan.total, rate_bp) if rate_bp else zero(plan.total.currency),
    )
