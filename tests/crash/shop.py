"""A shop in a folder that outlives the processes killed in it: its database, clock, mails, and the bank's address."""

from __future__ import annotations

import json
import mmap
import os
import secrets
import struct
import time
import urllib.request
from collections.abc import Callable
from copy import deepcopy
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, Table, func, select

from tests.factories.clinic import CLINIC
from tests.factories.instalments import sample
from tests.factories.people import signed_in
from tests.factories.shop import SHOP
from tests.factories.tills import AUDIT_KEY, new_sqlite
from tillgate.domain.documents import BatchSlip, FeeInvoice, InvoiceDocument, ReceiptDocument, VerificationSlip
from tillgate.domain.payment import Mode, Purpose
from tillgate.domain.secret import Secret
from tillgate.domain.settings import ADMIN_EMAIL, STORE_NAME, Settings
from tillgate.domain.staff import Actor, Role
from tillgate.notify.email import FolderNotifier, Sender
from tillgate.ports import PaymentProvider
from tillgate.providers.razorpay import Razorpay
from tillgate.providers.registry import Credentials, Surroundings, open_provider
from tillgate.services import (
    consultation_settling,
    device_settling,
    instalment_settling,
    invoices,
    notices,
    orders,
    outbox,
)
from tillgate.services.attempt_lease import release_left_behind
from tillgate.services.customers import CustomerDraft, create_customer
from tillgate.services.sample_clinic import load_clinic
from tillgate.services.sample_instalments import load_instalments
from tillgate.services.sample_shop import load_shop
from tillgate.services.start_gates import Severity, check_before_selling
from tillgate.services.till import ReturnAddress, Till
from tillgate.store import models
from tillgate.store.engine import postgres_engine, sqlite_engine
from tillgate.store.models import outbox as outbox_rows
from tillgate.store.models import payment_attempt, payment_batch, refund
from tillgate.store.unit_of_work import Database, UnitOfWork, refuse_inside_transaction

TILL_ID: Final = "T1"
RIVAL_ID: Final = "T2"
DATABASE: Final = "tillgate.db"
PEOPLE: Final = "people.json"
BANK: Final = "bank.json"
# Holds the address of a shop whose database is on a server.
STORE: Final = "store"
MAILS: Final = "mails"
FOR_YEARS: Final = timedelta(days=1000)
_PATIENCE_S: Final = 20.0
# How long a hasty till waits for the bank.
_HASTE_MS: Final = 350
# Statements as SQL text: a forked child finds those that the fork server has met.
_COMPILED: Final[dict[Any, Any]] = {}


class SharedClock:
    """The real clock plus seconds that till and bank share; `jump` saves waiting and outlives who jumped."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(struct.pack("d", 0.0))
        with path.open("r+b") as file:
            self._added = mmap.mmap(file.fileno(), 8)

    def _seconds(self) -> float:
        return float(struct.unpack("d", self._added[:8])[0])

    def time(self) -> float:
        """Unix seconds."""
        return time.time() + self._seconds()

    def now(self) -> datetime:
        """Now, in UTC."""
        return datetime.fromtimestamp(self.time(), UTC)

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic() + self._seconds()

    def jump(self, seconds: float) -> None:
        """Let time pass for everybody."""
        self._added[:8] = struct.pack("d", self._seconds() + seconds)


@dataclass(frozen=True)
class Bank:
    """The sandbox in its own process: its keys, and its control room for customers and oracles."""

    base_url: str
    key_id: str
    key_secret: str
    control_url: str
    token: str

    @classmethod
    def find(cls, folder: Path) -> Bank:
        """Where the bank of a shop listens."""
        return cls(**json.loads((folder / BANK).read_text()))

    def ask(self, path: str, **orders: object) -> Any:
        """A call of the control room: POST with `orders`, GET without."""
        body = json.dumps(orders).encode() if orders else None
        headers = {"X-Sandbox-Token": self.token, "Content-Type": "application/json"}
        request = urllib.request.Request(self.control_url + path, body, headers)  # noqa: S310 - loopback
        with urllib.request.urlopen(request, timeout=_PATIENCE_S) as answer:  # noqa: S310
            return json.loads(answer.read())


class PlainPaper:
    """Papers without type and lines: no kill is about them, and fonts take longer than the sale."""

    def invoice_pdf(self, document: InvoiceDocument, language: str) -> bytes:
        """As bytes that name the invoice."""
        return f"%PDF {document.number} {language}".encode()

    def fee_invoice_pdf(self, document: FeeInvoice, language: str) -> bytes:
        """As bytes that name the consultation's invoice."""
        return f"%PDF {document.number} {language}".encode()

    def receipt_pdf(self, document: ReceiptDocument, language: str) -> bytes:
        """As bytes that name the receipt."""
        return f"%PDF {document} {language}".encode()

    def batch_slip_pdf(self, document: BatchSlip, language: str) -> bytes:
        """As bytes that name the batch's summary."""
        return f"%PDF {document.batch_id} {language}".encode()

    def verification_slip_pdf(self, document: VerificationSlip, language: str) -> bytes:
        """As bytes that name the verification."""
        return f"%PDF {document.verification_id} {language}".encode()


@dataclass
class Shop:
    """A till of this process, opened as the application opens it, and the people at it."""

    folder: Path
    clock: SharedClock
    bank: Bank
    till: Till
    works: dict[str, outbox.Work]
    tokens: dict[str, str]

    def close(self) -> None:
        """End the till in order."""
        for provider in self.till.providers.values():
            provider.close()
        self.till.db.close()

    @cached_property
    def _people(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / PEOPLE).read_text())
        return found

    @property
    def cashier(self) -> Actor:
        """Who rings up."""
        return _actor(self._people["staff"][self.till.id][Role.CASHIER.value])

    @property
    def manager(self) -> Actor:
        """Who refunds."""
        return _actor(self._people["staff"][self.till.id][Role.MANAGER.value])

    @property
    def customer_id(self) -> int:
        """Who buys, and gets letters."""
        return int(self._people["customer_id"])

    @property
    def patient_id(self) -> int:
        """Who owes a consultation's fee."""
        return int(self._people["patient_id"])

    @property
    def practitioner_id(self) -> int:
        """Whose consultation it was."""
        return int(self._people["practitioner_id"])

    @property
    def variants(self) -> list[int]:
        """What is sold: one variant of each of the three vendors."""
        return [int(each) for each in self._people["variants"]]


def engine_of(folder: Path) -> Engine:
    """The shop's database: a file in its folder, or one on a server."""
    address = folder / STORE
    engine = postgres_engine(address.read_text()) if address.exists() else sqlite_engine(folder / DATABASE)
    return engine.execution_options(compiled_cache=_COMPILED)


def make_template(folder: Path) -> None:
    """A shop with stock for weeks, people signed in for years and a customer, to be copied for each shop."""
    clock = SharedClock(folder / "clock")
    if not (folder / STORE).exists():
        new_sqlite(folder, DATABASE)
    database = Database(engine_of(folder), clock, AUDIT_KEY)
    till = Till(TILL_ID, database, clock, Mode.TRAINING, f"{TILL_ID}:template", {}, {})
    shop = deepcopy(SHOP)
    for product in shop["products"]:
        for each in product["variants"]:
            each["stock"] = 400
    bazaar = sample()
    for product in bazaar["products"]:
        for each in product["variants"]:
            each["stock"] = 4_000
    with till.db.write(till.system) as uow:
        load_shop(uow, shop)
        load_clinic(uow, {**CLINIC, "clinic": {**CLINIC["clinic"], "currency": "INR"}})
        load_instalments(uow, bazaar)
        at_clinic = {"patient_id": one(uow, models.customer), "practitioner_id": one(uow, models.practitioner)}
        codes = ("CHR-1", "GIT-1", "CRD-1")
        ids = {row.code: row.id for row in uow.connection.exec_driver_sql("SELECT id, code FROM variant")}
    staff = {
        each.id: {
            role.value: asdict(signed_in(each, role, f"{role.value} {each.id}", lasts=FOR_YEARS)) for role in Role
        }
        for each in (till, replace(till, id=RIVAL_ID))
    }
    cashier = _actor(staff[TILL_ID][Role.CASHIER.value])
    customer = create_customer(till, cashier, CustomerDraft("Asha Rao", "asha@example.com", "98450 12345"))
    people = {"staff": staff, "customer_id": customer.id}
    (folder / PEOPLE).write_text(json.dumps(people | at_clinic | {"variants": [ids[code] for code in codes]}))
    database.close()


def _sign_in(till: Till) -> dict[str, Any]:
    """A cashier and a manager of a till, by role."""
    return {role.value: asdict(signed_in(till, role, f"{role.value} {till.id}", lasts=FOR_YEARS)) for role in Role}


def one(uow: UnitOfWork, table: Table) -> int:
    """The first row's number."""
    return int(uow.execute(select(func.min(table.c.id))).scalar_one())


def open_shop(folder: Path, till_id: str = TILL_ID, *, hasty: bool = False) -> Shop:
    """What a start of the application does, but for its windows and threads. Raises AssertionError at a gate."""
    clock = SharedClock(folder / "clock")
    bank = Bank.find(folder)
    database = Database(engine_of(folder), clock, AUDIT_KEY)
    settings = Settings({ADMIN_EMAIL.name: "owner@example.com", STORE_NAME.name: "Bazaar"})
    tokens: dict[str, str] = {}
    provider = _hasty(bank) if hasty else _patient(bank)
    till = Till(
        id=till_id,
        db=database,
        clock=clock,
        mode=Mode.TRAINING,
        worker=f"{till_id}:{os.getpid()}:{secrets.token_hex(4)}",
        providers={provider.name: provider},
        fulfilling={
            Purpose.CHECKOUT: orders.FULFILLING,
            Purpose.CONSULTATION: consultation_settling.FULFILLING,
            Purpose.DEVICE_INVOICE: device_settling.FULFILLING,
            Purpose.INSTALMENTS: instalment_settling.FULFILLING,
        },
        settings=lambda: settings,
        new_return=_keeping(tokens),
    )
    found = [each for each in check_before_selling(till, None) if each.severity is not Severity.OK]
    assert not found, f"the till does not start: {found}"
    release_left_behind(till, payment_attempt, refund, outbox_rows, payment_batch)
    notifier = FolderNotifier(folder / MAILS, Sender("training@tillgate.invalid", "Tillgate"), clock)
    works: dict[str, outbox.Work] = {"invoice": invoices.make_due, "mail": notices.MailWork(notifier, PlainPaper())}
    return Shop(folder, clock, bank, till, works, tokens)


def _patient(bank: Bank) -> PaymentProvider:
    """As the application opens it."""
    place = Surroundings(Mode.TRAINING, bank.base_url, refuse_inside_transaction)
    return open_provider("razorpay", Credentials(bank.key_id, Secret(bank.key_secret)), place)


def _hasty(bank: Bank) -> PaymentProvider:
    """The same with short deadlines."""
    return Razorpay(
        bank.key_id,
        Secret(bank.key_secret),
        mode=Mode.TRAINING,
        base_url=bank.base_url,
        before_send=refuse_inside_transaction,
        create_deadline_ms=_HASTE_MS,
        status_deadline_ms=_HASTE_MS,
    )


def _keeping(tokens: dict[str, str]) -> Callable[[str, str], ReturnAddress]:
    def address(method: str, token: str) -> ReturnAddress:
        tokens[method] = token
        # Nobody listens there: the driver carries the browser's return itself.
        return ReturnAddress(token, return_url=f"http://127.0.0.1:9/cb/{token}" if method == "link" else None)

    return address


def _actor(kept: dict[str, Any]) -> Actor:
    return Actor(**{**kept, "role": Role(kept["role"])})
