"""A small shop of three vendors, and a till with a customer and a fake provider to sell it at."""

from __future__ import annotations

from dataclasses import dataclass, replace
from secrets import token_hex
from typing import Any, Final

from sqlalchemy import Table, select, update

from tests.factories.fake_provider import FakeProvider
from tests.factories.people import signed_in
from tillgate.domain.payment import Purpose
from tillgate.domain.staff import Actor, Role
from tillgate.services import carts
from tillgate.services.cart_view import CartView
from tillgate.services.checkout import new_key, put_up_for_payment
from tillgate.services.customers import CustomerDraft, create_customer
from tillgate.services.orders import FULFILLING
from tillgate.services.payment_views import read_view
from tillgate.services.records import PaymentRecord
from tillgate.services.sample_shop import load_shop
from tillgate.services.settle import check_now
from tillgate.services.till import Till
from tillgate.store.models import rental_period, variant
from tillgate.store.unit_of_work import refuse_inside_transaction


def _vendor(code: str, name: str, *, approves: bool, flat: int, rate: int) -> dict[str, Any]:
    return {
        "code": code, "name": name, "email": f"{code.lower()}@example.org", "phone": "", "address": "",
        "tax_number": "", "brand_color": "#112233", "brand_mark": code[:2], "auto_approve": int(approves),
        "fee_flat_minor": flat, "fee_bp": rate,
    }  # fmt: skip


def _product(seller: str, code: str, name: str, kind: str, tax: int, *variants: dict[str, Any]) -> dict[str, Any]:
    return {
        "vendor": seller, "code": code, "name": name, "category": "things", "image": "books.svg", "kind": kind,
        "tax_bp": tax, "tax_name": f"GST {tax // 100}%" if tax else "", "variants": variants,
    }  # fmt: skip


def _sold(code: str, barcode: str, price: int, stock: int, name: str = "") -> dict[str, Any]:
    return {"code": code, "barcode": barcode, "name": name, "price_minor": price, "stock": stock}


def _let(code: str, barcode: str, a_day: int, units: int, **others: int) -> dict[str, Any]:
    periods = [
        {"name": "Day", "days": 1, "price_minor": a_day},
        {"name": "Weekend", "days": 3, "price_minor": 2 * a_day},
        {"name": "Week", "days": 7, "price_minor": 4 * a_day},
    ]
    return {"code": code, "barcode": barcode, "name": "", "stock": units, "periods": periods, **others}


CAMERA: Final = _let("CAM-1", "4006381333931", 249_900, 2, deposit_minor=400_000)
CHAIR: Final = _let("CHR-1", "96385074", 4_500, 9, deposit_minor=10_000, smallest_quantity=4)
PHONE: Final = _sold("PHN-1", "8900000000005", 8_000_000, 1, "256 GB")
RENEWED: Final = _sold("VAR-001", "8900000000012", 4_500_000, 5, "Renewed")
SHOP: Final[dict[str, Any]] = {
    "currency": "INR",
    "vendors": [
        _vendor("LENS", "Lens Rentals", approves=True, flat=0, rate=200),
        _vendor("BOOK", "Book House", approves=False, flat=1_000, rate=0),
        _vendor("SHOP", "Corner Shop", approves=False, flat=0, rate=0),
    ],
    "products": [
        _product("LENS", "CAM", "Canon EOS R5 Camera", "rental", 1800, CAMERA),
        _product("LENS", "CHR", "Chiavari Chair", "rental", 1800, CHAIR),
        _product("BOOK", "GIT", "Gitanjali", "sale", 0, _sold("GIT-1", "036000291452", 19_900, 10)),
        _product("SHOP", "PHN", "iPhone 15 Pro", "sale", 1800, PHONE, RENEWED),
        _product("SHOP", "CRD", "SD Card", "sale", 1200, _sold("CRD-1", "8900000000029", 33, 50)),
    ],
    "customers": [],
}


@dataclass(slots=True)
class Counter:
    """A till with the small shop, its people, one customer, and a provider that pays when told."""

    till: Till
    provider: FakeProvider
    cashier: Actor
    manager: Actor
    customer_id: int

    def variant(self, code: str) -> int:
        return self.number(variant, code)

    def number(self, table: Table, code: str) -> int:
        with self.till.db.read() as connection:
            return int(connection.execute(select(table.c.id).where(table.c.code == code)).scalar_one())

    def period(self, code: str, days: int) -> int:
        chosen = (rental_period.c.variant_id == self.variant(code)) & (rental_period.c.days == days)
        with self.till.db.read() as connection:
            return int(connection.execute(select(rental_period.c.id).where(chosen)).scalar_one())

    def stock(self, code: str) -> int:
        with self.till.db.read() as connection:
            return int(connection.execute(select(variant.c.stock).where(variant.c.code == code)).scalar_one())

    def rows(self, table: Table) -> list[Any]:
        with self.till.db.read() as connection:
            return list(connection.execute(select(table).order_by(*table.primary_key.columns)).all())

    def change(self, table: Table, code: str, **values: object) -> None:
        """Change a row as a manager elsewhere might, by its code."""
        with self.till.db.write(self.till.system) as uow:
            assert uow.execute(update(table).where(table.c.code == code).values(**values)).rowcount == 1

    def ring_up(self, *codes: str, customer: bool = True) -> CartView:
        """The open cart with one more of each variant."""
        cart = carts.open_cart(self.till, self.cashier)
        if customer and cart.customer is None:
            cart = carts.set_customer(self.till, self.cashier, cart.id, self.customer_id)
        for code in codes:
            cart = carts.add_variant(self.till, self.cashier, cart.id, self.variant(code))
        return cart

    def put_up(self, cart: CartView, key: str = "") -> PaymentRecord:
        press = put_up_for_payment(
            self.till, self.cashier, cart.id, key=key or new_key(), provider=self.provider.name, method="link"
        )
        return press.payment

    def pay(self, begun: PaymentRecord) -> PaymentRecord:
        """The customer pays on the hosted page, and the till hears of it."""
        with self.till.db.read() as connection:
            attempt = read_view(connection, begun.id).attempt
        assert attempt is not None
        self.provider.pay(attempt.reference)
        return check_now(self.till, self.cashier, begun.id)

    def sell(self, *codes: str) -> PaymentRecord:
        return self.pay(self.put_up(self.ring_up(*codes)))


def open_counter(till: Till, *, customer_email: str = "asha@example.com", number: int = 0) -> Counter:
    """The small shop at this till; its provider refuses to be called inside a transaction.

    Tills of one shop have different numbers, so that their providers name things differently.
    """
    provider = FakeProvider(before=lambda _verb: refuse_inside_transaction(), count=1_000 * number)
    till = replace(till, providers={provider.name: provider}, fulfilling={Purpose.CHECKOUT: FULFILLING})
    with till.db.write(till.system) as uow:
        load_shop(uow, SHOP)
    cashier, manager = (signed_in(till, role, f"{role.value} {token_hex(4)}") for role in (Role.CASHIER, Role.MANAGER))
    customer = create_customer(till, cashier, CustomerDraft("Asha Rao", customer_email, "98450 12345"))
    return Counter(till, provider, cashier, manager, customer.id)
