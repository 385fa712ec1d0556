"""A shop whose customers have wallets: top-ups through a bank in memory, payments for orders written by hand."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from secrets import randbelow, token_hex
from typing import Any

from sqlalchemy import Table, insert, select, update

from tests.factories.fake_provider import FakeProvider
from tests.factories.people import signed_in
from tillgate.domain.coupons import CouponKind, CouponTerms
from tillgate.domain.errors import Refused
from tillgate.domain.instalments import BulkState, InstalmentOrderState, PayBy
from tillgate.domain.ledger import INSTALMENTS, UNAPPLIED, pair
from tillgate.domain.money import Money
from tillgate.domain.payment import Purpose
from tillgate.domain.staff import Actor, Role
from tillgate.domain.wallet import WALLET
from tillgate.services import wallet_settling
from tillgate.services.book_checks import inspect_books
from tillgate.services.coupon_edits import create_coupon
from tillgate.services.coupons import CouponRecord
from tillgate.services.customers import CustomerDraft, create_customer
from tillgate.services.looks import Check
from tillgate.services.payment_views import PaymentView, read_view
from tillgate.services.payments import StartPayment, Thing
from tillgate.services.records import PaymentRecord
from tillgate.services.refunds import settle_refunds
from tillgate.services.sample_shop import load_shop
from tillgate.services.settle import check_now
from tillgate.services.till import Fulfilling, Till
from tillgate.services.wallet_payments import WalletPart
from tillgate.services.wallet_rows import balance_of, list_balances
from tillgate.services.wallets import TopUp, Withdrawal, new_wallet_key, top_up
from tillgate.store.ledger import balance, post
from tillgate.store.models import bulk_order, instalment_order, variant, wallet_transaction
from tillgate.store.unit_of_work import UnitOfWork, refuse_inside_transaction

THING = "instalment"
SHOP: dict[str, Any] = {
    "currency": "INR",
    "vendors": [
        {
            "code": "EPI", "name": "EPI Store", "email": "", "phone": "", "address": "", "tax_number": "",
            "brand_color": "#112233", "brand_mark": "EP", "auto_approve": 1, "fee_flat_minor": 0, "fee_bp": 0,
        }
    ],
    "products": [
        {
            "vendor": "EPI", "code": code, "name": name, "category": category, "image": "books.svg", "kind": "sale",
            "tax_bp": 0, "tax_name": "",
            "variants": [{"code": f"{code}-1", "barcode": bar, "name": "", "price_minor": price, "stock": 1000}],
        }
        for code, name, category, bar, price in (
            ("PHONE", "Phone", "Phones", "8900000000005", 8_000_000),
            ("PODS", "Pods", "Sound", "8900000000012", 500_000),
        )
    ],
    "customers": [],
}  # fmt: skip


def rupees(amount: int) -> Money:
    return Money(amount * 100, "INR")


@dataclass(slots=True)
class Purse:
    """`made` lists payments whose things were made; `refuse` is the code that making is refused with."""

    till: Till
    bank: FakeProvider
    cashier: Actor
    manager: Actor
    customer: int
    other: int
    made: list[int] = field(default_factory=list)
    refuse: str = ""

    def balance(self, customer: int | None = None, currency: str = "INR") -> Money:
        with self.till.db.read() as connection:
            return balance_of(connection, customer or self.customer, currency)

    def fill(self, amount: Money, customer: int | None = None) -> PaymentRecord:
        """A top-up whose checkout the customer paid."""
        begun = self.begin(amount, customer)
        return self.paid(begun)

    def begin(self, amount: Money, customer: int | None = None, key: str = "") -> PaymentRecord:
        press = TopUp(key or new_wallet_key(), customer or self.customer, amount, self.bank.name, "link")
        return top_up(self.till, self.cashier, press).payment

    def paid(self, begun: PaymentRecord) -> PaymentRecord:
        attempt = self.view(begun.id).attempt
        assert attempt is not None
        self.bank.pay(attempt.reference)
        return check_now(self.till, self.cashier, begun.id)

    def view(self, payment_id: int) -> PaymentView:
        with self.till.db.read() as connection:
            return read_view(connection, payment_id)

    def command(self, *amounts: Money, customer: int | None = None, key: str = "") -> StartPayment:
        """A press of Pay with the wallet for things that nobody pays yet."""
        things = tuple(Thing(THING, 1 + randbelow(1 << 40), amount) for amount in amounts)
        total = Money(sum(each.minor for each in amounts), amounts[0].currency)
        return StartPayment(
            key=key or new_wallet_key(),
            purpose=Purpose.INSTALMENTS,
            amount=total,
            things=things,
            description="Instalments",
            provider=WALLET,
            method=WALLET,
            customer_id=customer or self.customer,
        )

    def parts(self, *amounts: Money) -> tuple[WalletPart, ...]:
        """Each for an order of its own."""
        return tuple(WalletPart(self.order(), amount) for amount in amounts)

    def order(self, *, referrer: int | None = None, rate_bp: int = 1_000, total: int = 4_500_000) -> int:
        """An order that waits for its first payment; its number in the table."""
        with self.till.db.write(self.till.system) as uow:
            goods = uow.execute(select(variant).where(variant.c.code == "PHONE-1")).one()
            number = token_hex(6).upper()
            bulk = {
                **dict.fromkeys(("delivery_name", "delivery_phone", "address_line1", "address_line2", "city"), "here"),
                **dict.fromkeys(("region", "pincode", "country", "landmark"), "here"),
                "number": f"BULK-{number}", "key": number, "request_sha256": "", "customer_id": self.customer,
                "currency": "INR", "pay_by": PayBy.WALLET, "provider": WALLET, "state": BulkState.PENDING,
                "item_count": 1, "failed_items": "[]", "first_total_minor": 1, "day": uow.now.date(),
                "till_id": "T1", "created_at": uow.now, "expires_at": uow.now + timedelta(minutes=30),
            }  # fmt: skip
            made = uow.execute(insert(bulk_order).values(bulk)).inserted_primary_key[0]
            row = {
                "number": f"ORD-{number}", "bulk_order_id": made, "position": 0, "customer_id": self.customer,
                "product_id": goods.product_id, "variant_id": goods.id, "product_name": "Phone", "picture": "",
                "currency": "INR", "unit_minor": total, "quantity": 1, "total_days": 100, "total_minor": total,
                "state": InstalmentOrderState.PENDING, "referrer_id": referrer, "commission_bp": rate_bp,
            }  # fmt: skip
            order = insert(instalment_order).values(row | {"created_at": uow.now})
            return int(uow.execute(order).inserted_primary_key[0])

    def set_paid(self, uow: UnitOfWork, order: int, paid: int, returned: int = 0) -> None:
        """As instalments that were paid, or went back, leave it."""
        state = InstalmentOrderState.ACTIVE if paid else InstalmentOrderState.PENDING
        values = {"paid_minor": paid, "paid_count": int(paid > 0), "returned_minor": returned, "state": state}
        uow.execute(update(instalment_order).where(instalment_order.c.id == order).values(values))

    def coupon(self, **terms: Any) -> CouponRecord:
        """A coupon of a hundred rupees, unless said otherwise."""
        today = self.till.store_day(self.till.clock.now())
        usual: dict[str, Any] = {
            "code": f"C{token_hex(4)}", "kind": CouponKind.FLAT, "value": 10_000, "currency": "INR",
            "valid_from": today, "valid_until": today + timedelta(days=30),
        }  # fmt: skip
        return create_coupon(self.till, self.manager, CouponTerms(**(usual | terms)))

    def rows(self, table: Table) -> list[Any]:
        with self.till.db.read() as connection:
            return list(connection.execute(select(table).order_by(*table.primary_key.columns)))

    def books(self, *accounts: str) -> list[int]:
        """What these accounts of the ledger come to."""
        with self.till.db.read() as connection:
            return [balance(connection, account, "INR").minor for account in accounts]

    def moves(self) -> list[tuple[str, int, int]]:
        """What moved wallets: kind, amount, balance after."""
        return [(row.kind.value, row.amount_minor, row.balance_after_minor) for row in self.rows(wallet_transaction)]

    def withdrawal(self, amount: Money) -> Withdrawal:
        return Withdrawal(new_wallet_key(), self.customer, amount, "asked for it")

    def settle(self) -> None:
        settle_refunds(self.till)

    def faults(self) -> list[str]:
        """What the integrity check finds in the books."""
        report = inspect_books(self.till)
        wanted = (Check.LEDGER, Check.SUMS, Check.WALLETS)
        return [f"{fault}" for each in report.results if each.check in wanted for fault in each.faults]

    def in_all_wallets(self) -> dict[int, int]:
        """By customer, in rupees' minor units."""
        with self.till.db.read() as connection:
            people = (self.customer, self.other)
            return {each: sum(money.minor for money in list_balances(connection, each)) for each in people}

    def till_of(self, till_id: str) -> Purse:
        """Another till of the same shop, with a cashier of its own."""
        other = replace(self.till, id=till_id, worker=f"{till_id}:tests")
        people = (signed_in(other, role, f"{role.value} of {till_id}") for role in (Role.CASHIER, Role.MANAGER))
        cashier, manager = people
        return replace(self, till=other, cashier=cashier, manager=manager)

    def fulfilling(self) -> dict[Purpose, Fulfilling]:
        return {
            Purpose.WALLET_TOP_UP: wallet_settling.FULFILLING,
            Purpose.INSTALMENTS: Fulfilling(self._make, lambda *_: None),
        }

    def _make(self, uow: UnitOfWork, owner: PaymentRecord) -> None:
        if self.refuse:
            raise Refused(self.refuse)
        entries = pair(UNAPPLIED, INSTALMENTS, owner.amount)
        post(uow.connection, "instalments", f"made:{owner.id}", payment_id=owner.id, now=uow.now, entries=entries)
        self.made.append(owner.id)


def open_purse(till: Till) -> Purse:
    """The shop at this till; its bank is never called inside a transaction."""
    bank = FakeProvider(before=lambda _verb: refuse_inside_transaction())
    people = (signed_in(till, role, f"{role.value} {token_hex(4)}") for role in (Role.CASHIER, Role.MANAGER))
    cashier, manager = people
    with till.db.write(till.system) as uow:
        load_shop(uow, SHOP)
    drafts = (CustomerDraft("Asha Rao", "asha@example.com", "9876543210"), CustomerDraft("Ravi Nair"))
    customer, other = (create_customer(till, cashier, draft).id for draft in drafts)
    purse = Purse(till, bank, cashier, manager, customer, other)
    purse.till = replace(till, providers={bank.name: bank}, fulfilling=purse.fulfilling())
    return purse
