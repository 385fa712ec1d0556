"""A shop in Nairobi that asks phones to pay: carts in KES, and a provider in memory that sends prompts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from secrets import token_hex
from typing import Any

from sqlalchemy import Table, select, update

from tests.factories.clock import FakeClock
from tests.factories.fake_provider import CAPABILITIES, FakeProvider
from tests.factories.people import signed_in
from tillgate.domain.money import Money
from tillgate.domain.payment import Purpose
from tillgate.domain.settings import STORE_CURRENCY, STORE_ZONE, Settings
from tillgate.domain.staff import Actor, Role
from tillgate.ports import CancelWay
from tillgate.services import carts, invoice_settling, orders
from tillgate.services.customers import CustomerDraft, create_customer
from tillgate.services.invoice_rows import PaymentInvoiceRecord, load_invoice
from tillgate.services.invoice_verification import Sold, Verification, sell_with_invoice, verify_invoice
from tillgate.services.payment_views import read_view
from tillgate.services.prompts import AskPhone, Prompted, ask_phone, new_prompt_key
from tillgate.services.refunds import settle_refunds
from tillgate.services.sample_shop import load_shop
from tillgate.services.settle import check_now, settle_attempts, settle_fulfilments
from tillgate.services.till import Till
from tillgate.store.models import variant
from tillgate.store.unit_of_work import refuse_inside_transaction

PHONE = "0712 345 678"
SETTINGS = Settings({STORE_CURRENCY.name: "KES", STORE_ZONE.name: "Africa/Nairobi"})
# The one thing that is sold costs 1,000 shillings, as in the document.
SHOP: dict[str, Any] = {
    "currency": "KES",
    "vendors": [
        {
            "code": "DUKA", "name": "Duka", "email": "duka@example.org", "phone": "", "address": "", "tax_number": "",
            "brand_color": "#112233", "brand_mark": "DK", "auto_approve": 1, "fee_flat_minor": 0, "fee_bp": 0,
        }
    ],
    "products": [
        {
            "vendor": "DUKA", "code": "RAD", "name": "Radio", "category": "things", "image": "books.svg",
            "kind": "sale", "tax_bp": 0, "tax_name": "",
            "variants": [
                {"code": "RAD-1", "barcode": "8900000000005", "name": "", "price_minor": 100_000, "stock": 100_000}
            ],
        }
    ],
    "customers": [],
}  # fmt: skip


@dataclass(slots=True)
class Kiosk:
    """A till of the shop. Its provider, named as IntaSend, takes KES and is never called inside a transaction."""

    till: Till
    # None where the bank is behind the wire.
    bank: FakeProvider | None
    cashier: Actor
    manager: Actor
    customer_id: int

    @property
    def provider(self) -> FakeProvider:
        assert self.bank is not None
        return self.bank

    @property
    def clock(self) -> FakeClock:
        assert isinstance(self.till.clock, FakeClock)
        return self.till.clock

    def ask(self, minor: int = 100_000, phone: str = PHONE, **changes: Any) -> Prompted:
        press = AskPhone(new_prompt_key(), phone, Money(minor, "KES"))
        return ask_phone(self.till, self.cashier, replace(press, **changes))

    def reference(self, payment_id: int) -> str:
        with self.till.db.read() as connection:
            attempt = read_view(connection, payment_id).attempt
        assert attempt is not None
        return attempt.reference

    def answer(self, asked: Prompted, **how: Any) -> str:
        """The customer types the PIN; the till has not heard of it yet."""
        return self.provider.pay(self.reference(asked.payment.id), **how)

    def paid(self, minor: int = 100_000, phone: str = PHONE, **how: Any) -> PaymentInvoiceRecord:
        """An invoice that was paid, and the till knows."""
        asked = self.ask(minor, phone)
        self.answer(asked, **how)
        check_now(self.till, self.cashier, asked.payment.id)
        return self.invoice(asked.invoice.id)

    def invoice(self, invoice_id: int) -> PaymentInvoiceRecord:
        with self.till.db.read() as connection:
            return load_invoice(connection, invoice_id)

    def verify(self, ref: str, minor: int = 100_000, currency: str = "KES") -> Verification:
        return verify_invoice(self.till, self.cashier, ref, Money(minor, currency))

    def cart(self, pieces: int = 1) -> int:
        """The open cart with so many radios."""
        cart = carts.open_cart(self.till, self.cashier)
        with self.till.db.read() as connection:
            radio = int(connection.execute(select(variant.c.id).where(variant.c.code == "RAD-1")).scalar_one())
        for _ in range(pieces):
            cart = carts.add_variant(self.till, self.cashier, cart.id, radio)
        return cart.id

    def sell(self, cart_id: int, ref: str) -> Sold:
        return sell_with_invoice(self.till, self.cashier, cart_id, ref)

    def settle(self) -> None:
        settle_fulfilments(self.till)
        settle_attempts(self.till)
        settle_refunds(self.till)

    def rows(self, table: Table) -> list[Any]:
        with self.till.db.read() as connection:
            return list(connection.execute(select(table).order_by(*table.primary_key.columns)))

    def reprice(self, minor: int) -> None:
        """Another price for what is sold."""
        with self.till.db.write(self.till.system) as uow:
            uow.execute(update(variant).where(variant.c.code == "RAD-1").values(price_minor=minor))

    def sign_in_again(self) -> None:
        """A new day, new sessions."""
        self.cashier, self.manager = signed_in(self.till, Role.CASHIER), signed_in(self.till, Role.MANAGER)

    def till_of(self, till_id: str) -> Kiosk:
        """Another till of the same shop and bank, with a cashier of its own."""
        other = replace(self.till, id=till_id, worker=f"{till_id}:tests")
        return replace(self, till=other, cashier=signed_in(other, Role.CASHIER, f"Cashier of {till_id}"))


def open_kiosk(till: Till, provider: FakeProvider | None = None) -> Kiosk:
    """The shop at this till."""
    bank = provider or new_bank()
    fulfilling = {Purpose.CHECKOUT: orders.FULFILLING, Purpose.PAYMENT_INVOICE: invoice_settling.FULFILLING}
    till = replace(till, providers={bank.name: bank}, fulfilling=fulfilling, settings=lambda: SETTINGS)
    with till.db.write(till.system) as uow:
        load_shop(uow, SHOP)
    people = (signed_in(till, role, f"{role.value} {token_hex(4)}") for role in (Role.CASHIER, Role.MANAGER))
    cashier, manager = people
    customer = create_customer(till, cashier, CustomerDraft("Wanjiru Kamau", "wanjiru@example.com", "0712345678"))
    return Kiosk(till, bank, cashier, manager, customer.id)


def new_bank() -> FakeProvider:
    """A provider that asks phones for KES from one shilling on, and can't take a prompt back."""
    capabilities = replace(
        CAPABILITIES,
        methods={"stk": CancelWay.LOCAL_ONLY},
        smallest_minor={"KES": 100},
        default_method="stk",
        sent_once=frozenset({"stk"}),
    )
    return FakeProvider(name="intasend", capabilities=capabilities, before=lambda _verb: refuse_inside_transaction())
