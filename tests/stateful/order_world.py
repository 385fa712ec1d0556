"""A shop that sells in instalments, with wallets, coupons and referrers, at two tills whose clocks may be wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any, ClassVar, Final

from tests.factories.clock import START
from tests.stateful.world import Broken, People, Template, World, new_shop
from tillgate.domain.errors import Invalid, Refused, Unavailable
from tillgate.domain.payment import Purpose
from tillgate.domain.settings import INSTALMENT_KEEP_PERCENT, INSTALMENT_REMINDERS, Settings
from tillgate.services import instalment_settling, wallet_settling
from tillgate.services.bulk_ends import run_expiry
from tillgate.services.bulk_orders import PlaceBulk
from tillgate.services.clock_watch import go_by_the_new_time
from tillgate.services.commissions import set_referrer
from tillgate.services.customers import CustomerDraft, create_customer
from tillgate.services.daily_collections import Collect
from tillgate.services.instalment_reminders import run_reminders
from tillgate.services.sample_instalments import load_instalments
from tillgate.services.till import Fulfilling, Till

# Variants: their product, what one costs, and how many there are.
KETTLE: Final = "KET-1"
LAMP: Final = "LMP-1"
PHONE: Final = "PHN-1"
PRICES: Final = {KETTLE: ("KET", 300_00, 4), LAMP: ("LMP", 333_33, 9), PHONE: ("PHN", 1_999_99, 3)}
# Coupons: kind, value, cap, how often in all, how often by one customer.
COUPONS: Final = {"FLAT40": ("FLAT", 40_00, None, 3, None), "TENTH": ("PERCENT", 1_000, 25_00, None, 1)}
_DAYS: Final = {"valid_from": "2026-01-01", "valid_until": "2036-12-31"}


def _sold(code: str, price: int, stock: int) -> dict[str, Any]:
    return {"code": code, "barcode": None, "name": "", "price_minor": price, "stock": stock}


_EPI: Final = {
    "code": "EPI", "name": "EPI Store", "email": "epi@example.com", "phone": "", "address": "", "tax_number": "",
    "brand_color": "#112233", "brand_mark": "EP", "auto_approve": 1, "fee_flat_minor": 0, "fee_bp": 0,
}  # fmt: skip
SHOP: Final[dict[str, Any]] = {
    "currency": "INR",
    "vendors": [_EPI],
    "products": [
        {
            "vendor": "EPI", "code": product, "name": product, "category": "things", "image": "books.svg",
            "kind": "sale", "tax_bp": 0, "tax_name": "", "variants": [_sold(variant, price, stock)],
        }
        for variant, (product, price, stock) in PRICES.items()
    ],
    "customers": [],
    "referrals": [],
    "coupons": [
        {
            "code": code, "kind": kind, "value": value, "cap_minor": cap, "total_limit": total,
            "per_customer_limit": each, **_DAYS,
        }
        for code, (kind, value, cap, total, each) in COUPONS.items()
    ],
}  # fmt: skip


@cache
def _bazaar() -> Template:
    return new_shop(_stock_up)


def _stock_up(till: Till, people: People) -> tuple[int, ...]:
    """Asha was brought by Ravi, Meera by Asha; Ravi buys too, and earns nobody anything."""
    with till.db.write(till.system) as uow:
        load_instalments(uow, SHOP)
    drafts = (("Ravi Kumar", "98450 00001"), ("Asha Rao", "98450 00002"), ("Meera Nair", "98450 00003"))
    made = [
        create_customer(till, people.cashier, CustomerDraft(name, f"{name[0].lower()}@example.com", phone)).id
        for name, phone in drafts
    ]
    for whose, referrer in zip(made[1:], made, strict=False):
        set_referrer(till, people.manager, whose, referrer)
    return tuple(made)


@dataclass(frozen=True)
class Ending:
    """What the manager who cancels an order was about to do."""

    kept: int
    goods_are_back: bool


@dataclass
class OrderWorld(World):
    """`presses` are those of Place order by their keys, `collected` those of Collect, whatever came of them; `endings`
    what was last wished for an order that should be cancelled. `behind` is by how much a till's clock was set back
    since its timer ran, `looked` how often the oracles looked."""

    presses: dict[str, PlaceBulk] = field(default_factory=dict)
    collected: list[Collect] = field(default_factory=list)
    endings: dict[int, Ending] = field(default_factory=dict)
    behind: dict[str, timedelta] = field(default_factory=dict)
    seen: datetime = START
    looked: int = 0

    refusals: ClassVar[tuple[type[Exception], ...]] = (Refused, Unavailable, Invalid, Broken)

    @classmethod
    def template(cls) -> Template:
        return _bazaar()

    def fulfilling(self) -> dict[Purpose, Fulfilling]:
        return {
            Purpose.INSTALMENTS: instalment_settling.FULFILLING,
            Purpose.WALLET_TOP_UP: wallet_settling.FULFILLING,
        }

    def rounds(self) -> tuple[Callable[[Till], object], ...]:
        return (*super().rounds(), run_reminders, run_expiry)

    # --- the manager's settings ---

    def keep(self, percent: int) -> None:
        """What the store keeps of a cancelled order from now on."""
        values = {INSTALMENT_KEEP_PERCENT.name: str(percent), INSTALMENT_REMINDERS.name: "yes"}
        self.options = Settings(values)

    # --- clocks ---

    def latest(self) -> datetime:
        self.seen = max(self.seen, self.clock.now())
        return self.seen

    def set_back(self, seconds: float) -> None:
        """Somebody sets the computers' clocks, never to before the shop was opened; the timers notice."""
        lost = min(timedelta(seconds=seconds), self.clock.now() - START)
        self.latest()
        self.clock.set_back(lost.total_seconds())
        for name in self.tills:
            self.behind[name] = self.behind.get(name, timedelta()) + lost

    def put_right(self) -> None:
        """The clocks show what they would if nobody had set them back."""
        self.clock.jump((self.latest() - self.clock.now()).total_seconds())

    def tick(self, name: str) -> None:
        behind = self.behind.pop(name, timedelta())
        if behind:
            self.attempt(name, lambda: go_by_the_new_time(self.tills[name], behind))
        super().tick(name)
