"""The document's shop that sells in instalments: its three products, its coupon, a customer with a referrer."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from secrets import token_hex
from typing import Any

import pytest
from sqlalchemy import Table, func, insert, select, update

from tests.factories.clock import FakeClock
from tests.factories.fake_provider import FakeProvider
from tests.factories.people import signed_in
from tillgate.domain.errors import TillgateError
from tillgate.domain.instalments import DeliveryAddress, FailedItem, ItemAsk, PayBy
from tillgate.domain.ledger import UNAPPLIED
from tillgate.domain.money import Money
from tillgate.domain.payment import Purpose
from tillgate.domain.settings import RAZORPAY_METHOD, STORE_CURRENCY, STORE_ZONE, Settings
from tillgate.domain.staff import Actor, Role
from tillgate.domain.wallet import WalletKind
from tillgate.paths import resource
from tillgate.services import instalment_settling, wallet_settling
from tillgate.services.book_checks import inspect_books
from tillgate.services.bulk_orders import PlaceBulk, Placed, load_placed, new_bulk_key, place_bulk_order
from tillgate.services.commissions import owed_to
from tillgate.services.instalment_rows import InstalmentOrderRecord, InstalmentRecord, list_instalments, load_order
from tillgate.services.owners import list_forgotten
from tillgate.services.payment_views import read_view
from tillgate.services.records import PaymentRecord
from tillgate.services.refunds import settle_refunds
from tillgate.services.sample_instalments import load_instalments
from tillgate.services.settle import check_now, settle_attempts, settle_fulfilments
from tillgate.services.till import Till
from tillgate.services.wallet_rows import WalletMove, move_wallet
from tillgate.store.ledger import unbalanced
from tillgate.store.models import (
    allocation,
    bulk_order,
    coupon,
    coupon_use,
    customer,
    instalment,
    instalment_order,
    payment,
    stock_move,
    variant,
    wallet_transaction,
)
from tillgate.store.unit_of_work import refuse_inside_transaction

SETTINGS = Settings({STORE_CURRENCY.name: "INR", STORE_ZONE.name: "Asia/Kolkata", RAZORPAY_METHOD.name: "order"})
IPHONE = "65a1b2c3d4e5f6g7h8i9j0k1"
AIRPODS = "75b2c3d4e5f6g7h8i9j0k2l3"
# The document's request.
ITEMS = (
    ItemAsk(IPHONE, 100, 2, "VAR-001", "SAVE10"),
    ItemAsk(IPHONE, 200, 1),
    ItemAsk(AIRPODS, 50, 1),
)
ADDRESS = DeliveryAddress(
    name="John Doe",
    phone="9876543210",
    line1="123 Main Street",
    line2="Apt 4B",
    city="Mumbai",
    region="Maharashtra",
    pincode="400001",
    country="India",
    landmark="Near Central Mall",
)


# What a press leaves behind.
LEFT = (bulk_order, instalment_order, instalment, coupon_use, payment, allocation, wallet_transaction)
# As JSON.
REQUEST: dict[str, Any] = {
    "items": [
        {"productId": IPHONE, "variantId": "VAR-001", "quantity": 2, "totalDays": 100, "couponCode": "SAVE10"},
        {"productId": IPHONE, "quantity": 1, "totalDays": 200},
        {"productId": AIRPODS, "totalDays": 50},
    ],
    "paymentMethod": "RAZORPAY",
    "deliveryAddress": {
        "name": "John Doe",
        "phoneNumber": "9876543210",
        "addressLine1": "123 Main Street",
        "addressLine2": "Apt 4B",
        "city": "Mumbai",
        "state": "Maharashtra",
        "pincode": "400001",
        "country": "India",
        "landmark": "Near Central Mall",
    },
}


def sample() -> dict[str, Any]:
    """What training has, and of its shop the document's products alone."""
    given: dict[str, Any] = _sample("instalments.json")
    shop = _sample("shop.json")
    products = [each for each in shop["products"] if each["code"] in (IPHONE.upper(), AIRPODS.upper())]
    vendors = [each for each in shop["vendors"] if each["code"] == products[0]["vendor"]]
    return given | {"vendors": vendors, "products": products}


def _sample(name: str) -> Any:
    return json.loads(resource("sample", name).read_text(encoding="utf-8"))


def sound(shop: Bazaar) -> None:
    """Nothing that the integrity check finds, and no money without an owner."""
    report = inspect_books(shop.till)
    assert report.ok, [each.faults for each in report.results if not each.ok]
    with shop.till.db.read() as connection:
        assert list_forgotten(connection) == []
        assert unbalanced(connection) == []


def owed(shop: Bazaar) -> Money:
    """What the referrer has earned."""
    with shop.till.db.read() as connection:
        return owed_to(connection, shop.referrer_id, "INR")


def refusal(shop: Bazaar, *items: ItemAsk, **changes: Any) -> TillgateError:
    """Why a press is refused; nothing of it stays."""
    before = [shop.count(table) for table in LEFT], shop.stock(), [row.used_count for row in shop.rows(coupon)]
    with pytest.raises(TillgateError) as caught:
        shop.place(*items, **changes)
    after = [shop.count(table) for table in LEFT], shop.stock(), [row.used_count for row in shop.rows(coupon)]
    assert after == before
    return caught.value


def only(error: TillgateError) -> FailedItem:
    """The one item, which failed."""
    assert error.code == "bulk_all_failed"
    failed: Any = error.values["failed"]
    (found,) = failed
    assert isinstance(found, FailedItem)
    return found


def inr(rupees: int) -> Money:
    """Whole rupees."""
    return Money(rupees * 100, "INR")


@dataclass(slots=True)
class Bazaar:
    """A till of that shop. Its provider is never called inside a transaction."""

    till: Till
    # None where the bank is behind the wire.
    bank: FakeProvider | None
    cashier: Actor
    manager: Actor
    customer_id: int
    referrer_id: int

    @property
    def provider(self) -> FakeProvider:
        assert self.bank is not None
        return self.bank

    @property
    def clock(self) -> FakeClock:
        assert isinstance(self.till.clock, FakeClock)
        return self.till.clock

    def press(self, *items: ItemAsk, **changes: Any) -> PlaceBulk:
        """A press of Place order; without items the document's three."""
        return replace(PlaceBulk(new_bulk_key(), self.customer_id, items or ITEMS, ADDRESS), **changes)

    def place(self, *items: ItemAsk, **changes: Any) -> Placed:
        return place_bulk_order(self.till, self.cashier, self.press(*items, **changes))

    def place_from_wallet(self, *items: ItemAsk, **changes: Any) -> Placed:
        return self.place(*items, pay_by=PayBy.WALLET.value, **changes)

    def now(self, placed: Placed) -> Placed:
        """The bulk order as it stands."""
        return load_placed(self.till, placed.bulk.id)

    def reference(self, placed: Placed) -> str:
        payment = self.now(placed).payment
        assert payment is not None
        with self.till.db.read() as connection:
            attempt = read_view(connection, payment.id).attempt
        assert attempt is not None
        return attempt.reference

    def paid(self, *items: ItemAsk, **changes: Any) -> Placed:
        """A bulk order whose first payment came, and the till knows."""
        placed = self.place(*items, **changes)
        self.provider.pay(self.reference(placed))
        return self.check(placed)

    def check(self, placed: Placed) -> Placed:
        """The cashier's Check now."""
        check_now(self.till, self.cashier, self.payment(placed).id)
        return self.now(placed)

    def settle(self) -> None:
        settle_fulfilments(self.till)
        settle_attempts(self.till)
        settle_refunds(self.till)

    def settle_later(self, seconds: float = 30.0) -> None:
        """The same once what is due is due."""
        self.clock.advance(seconds)
        self.settle()

    def order(self, order_id: int) -> InstalmentOrderRecord:
        with self.till.db.read() as connection:
            return load_order(connection, order_id)

    def schedule(self, order_id: int) -> list[InstalmentRecord]:
        with self.till.db.read() as connection:
            return list_instalments(connection, order_id)

    def payment(self, placed: Placed) -> PaymentRecord:
        found = self.now(placed).payment
        assert found is not None
        return found

    def stock(self, code: str = "VAR-001") -> int:
        with self.till.db.read() as connection:
            return int(connection.execute(select(variant.c.stock).where(variant.c.code == code)).scalar_one())

    def restock(self, pieces: int, code: str = "VAR-001") -> None:
        with self.till.db.write(self.till.system) as uow:
            found = uow.execute(select(variant.c.id, variant.c.stock).where(variant.c.code == code)).one()
            if found.stock != pieces:
                uow.execute(update(variant).where(variant.c.id == found.id).values(stock=pieces))
                by = {"variant_id": found.id, "quantity": pieces - found.stock, "reason": "counted"}
                uow.execute(insert(stock_move).values(by))

    def fill_wallet(self, amount: Money, customer_id: int | None = None) -> None:
        """Money in a wallet, as if it had been topped up."""
        whose = customer_id or self.customer_id
        with self.till.db.write(self.till.system) as uow:
            move_wallet(uow, WalletMove(whose, WalletKind.CREDIT, amount, UNAPPLIED, "credit", f"gift:{token_hex(8)}"))

    def rows(self, table: Table) -> list[Any]:
        with self.till.db.read() as connection:
            return list(connection.execute(select(table).order_by(*table.primary_key.columns)))

    def count(self, table: Table) -> int:
        with self.till.db.read() as connection:
            return int(connection.execute(select(func.count()).select_from(table)).scalar_one())

    def sign_in_again(self) -> None:
        """A new day, new sessions."""
        self.cashier, self.manager = signed_in(self.till, Role.CASHIER), signed_in(self.till, Role.MANAGER)

    def till_of(self, till_id: str) -> Bazaar:
        """Another till of the same shop and bank, with a cashier of its own."""
        other = replace(self.till, id=till_id, worker=f"{till_id}:tests")
        return replace(self, till=other, cashier=signed_in(other, Role.CASHIER, f"Cashier of {till_id}"))


def open_bazaar(till: Till, provider: FakeProvider | None = None) -> Bazaar:
    """The shop at this till."""
    bank = provider or FakeProvider(before=lambda _verb: refuse_inside_transaction())
    fulfilling = {
        Purpose.INSTALMENTS: instalment_settling.FULFILLING,
        Purpose.WALLET_TOP_UP: wallet_settling.FULFILLING,
    }
    till = replace(till, providers={bank.name: bank}, fulfilling=fulfilling, settings=lambda: SETTINGS)
    with till.db.write(till.system) as uow:
        load_instalments(uow, sample())
    people = (signed_in(till, role, f"{role.value} {token_hex(4)}") for role in (Role.CASHIER, Role.MANAGER))
    cashier, manager = people
    with till.db.read() as connection:
        ids = {row.name: int(row.id) for row in connection.execute(select(customer.c.name, customer.c.id))}
    return Bazaar(till, bank, cashier, manager, ids["John Doe"], ids["Meera Nair"])
