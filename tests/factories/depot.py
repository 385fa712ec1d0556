"""A depot of rented devices: their customers, invoices in COP that nobody has paid, and a provider in memory."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Table, select

from tests.factories.clock import FakeClock
from tests.factories.fake_provider import CAPABILITIES, FakeProvider
from tests.factories.people import signed_in
from tillgate.domain.devices import DeviceStatus, InvoiceOrigin
from tillgate.domain.money import Money
from tillgate.domain.payment import Purpose
from tillgate.domain.staff import Actor, Role
from tillgate.ports import CancelWay
from tillgate.services import device_settling
from tillgate.services.batch_payment import StartBatch, new_batch_key, pay_batch, run_batch, start_batch
from tillgate.services.batch_views import BatchView, ItemView, view_batch
from tillgate.services.customers import CustomerDraft, create_customer
from tillgate.services.device_rows import load_device, write_invoice
from tillgate.services.devices import DeviceDraft, save_device
from tillgate.services.payment_views import read_view
from tillgate.services.refunds import settle_refunds
from tillgate.services.settle import check_now, settle_attempts, settle_fulfilments
from tillgate.services.till import Till
from tillgate.store.models import device_invoice
from tillgate.store.unit_of_work import refuse_inside_transaction

EMAIL = "payer@example.com"
# The document's, in the order of ruling 6.
AMOUNTS = (6_000_000, 4_500_000, 5_000_000)
FIRST_DAY = date(2026, 1, 2)
RATE = Money(5_000_000, "COP")
_TICKS = 100


@dataclass(slots=True)
class Depot:
    """A till of the depot. Its provider, named as Wompi, takes COP and is never called inside a transaction."""

    till: Till
    provider: FakeProvider
    cashier: Actor
    manager: Actor
    customer_id: int
    devices: dict[str, int] = field(default_factory=dict)

    @property
    def clock(self) -> FakeClock:
        """The till's clock, to let time pass."""
        assert isinstance(self.till.clock, FakeClock)
        return self.till.clock

    def sign_in_again(self) -> None:
        """A new day, new sessions."""
        self.cashier, self.manager = signed_in(self.till, Role.CASHIER), signed_in(self.till, Role.MANAGER)

    def draft(self, code: str = "BIKE007", **changes: Any) -> DeviceDraft:
        """An active device of the customer, but for the changes."""
        return replace(DeviceDraft(code, "Bicycle", self.customer_id, RATE), **changes)

    def device(
        self, code: str = "BIKE001", *, status: DeviceStatus = DeviceStatus.PAUSED, rate: int = 5_000_000
    ) -> int:
        """A device, its number; paused unless asked for otherwise, so that the daily run leaves it alone."""
        draft = DeviceDraft(code, f"Bicycle {code}", self.customer_id, Money(rate, "COP"), status)
        self.devices[code] = save_device(self.till, self.manager, draft)
        return self.devices[code]

    def owe(self, *amounts: int, code: str = "BIKE001", first: date = FIRST_DAY) -> list[int]:
        """Invoices of a device, one a day from the first on; their ids."""
        with self.till.db.write(self.till.system) as uow:
            here = load_device(uow.connection, self.devices[code])
            return [
                write_invoice(uow, here, first + timedelta(days=n), Money(minor, "COP"), InvoiceOrigin.IMPORTED)
                for n, minor in enumerate(amounts)
            ]

    def command(self, **changes: Any) -> StartBatch:
        """A press that is right, but for the changes."""
        return replace(StartBatch(new_batch_key(), "BIKE001", 3, EMAIL), **changes)

    def pay(self, **changes: Any) -> BatchView:
        return pay_batch(self.till, self.cashier, self.command(**changes))

    def start(self, **changes: Any) -> int:
        return start_batch(self.till, self.cashier, self.command(**changes))

    def run(self, batch_id: int) -> BatchView:
        return run_batch(self.till, self.cashier, batch_id)

    def view(self, batch_id: int) -> BatchView:
        return view_batch(self.till, self.cashier, batch_id)

    def reference(self, item: ItemView) -> str:
        assert item.payment_id is not None
        with self.till.db.read() as connection:
            attempt = read_view(connection, item.payment_id).attempt
        assert attempt is not None
        return attempt.reference

    def customer_pays(self, item: ItemView) -> None:
        """The customer pays on the link's page, and the till hears of it."""
        assert item.payment_id is not None
        self.provider.pay(self.reference(item))
        check_now(self.till, self.cashier, item.payment_id)

    def settle(self) -> None:
        """What the timer does, tick after tick, until nothing is due: it takes up fifty at a time."""
        settle_fulfilments(self.till)
        for _ in range(_TICKS):
            if not settle_attempts(self.till):
                break
        settle_refunds(self.till)

    def rows(self, table: Table) -> list[Any]:
        with self.till.db.read() as connection:
            return list(connection.execute(select(table).order_by(*table.primary_key.columns)))

    def invoice(self, invoice_id: int) -> Any:
        return next(each for each in self.rows(device_invoice) if each.id == invoice_id)

    def till_of(self, till_id: str) -> Depot:
        """Another till of the same depot and bank, with a cashier of its own."""
        other = replace(self.till, id=till_id, worker=f"{till_id}:tests")
        return replace(self, till=other, cashier=signed_in(other, Role.CASHIER, f"Cashier of {till_id}"))


def open_depot(till: Till, provider: FakeProvider | None = None, *amounts: int) -> Depot:
    """The depot at this till, with BIKE001 and its invoices: the document's three if none are given."""
    bank = provider or new_bank()
    till = replace(till, providers={bank.name: bank}, fulfilling={Purpose.DEVICE_INVOICE: device_settling.FULFILLING})
    cashier, manager = signed_in(till, Role.CASHIER), signed_in(till, Role.MANAGER)
    owner = create_customer(till, manager, CustomerDraft("Luz Mercado", "luz@example.com", "+573105550144"))
    depot = Depot(till, bank, cashier, manager, owner.id)
    depot.device()
    depot.owe(*(amounts or AMOUNTS))
    return depot


def new_bank() -> FakeProvider:
    """A provider that takes COP from 1,500 pesos on."""
    capabilities = replace(
        CAPABILITIES, methods={"link": CancelWay.CLOSES}, smallest_minor={"COP": 150_000}, default_method="link"
    )
    return FakeProvider(name="wompi", capabilities=capabilities, before=lambda _verb: refuse_inside_transaction())
