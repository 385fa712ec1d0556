"""Invoices of devices from a CSV file: every row is checked and shown before anything is written, and then all of it
is, or nothing (product.md, ruling 7). The check is done again inside the transaction that writes.

Columns: device, number, date, amount, and currency where a row may say which. An amount is written 50000 or 50000.00;
one that can be read in two ways, as 50.000, is refused (`catalogue_files.read_amount`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, Row, select

from tillgate.domain.catalogue import HIGHEST_PRICE_MINOR, check_code
from tillgate.domain.devices import InvoiceOrigin, parse_number
from tillgate.domain.errors import Invalid, NotFound, Refused, Stale, TillgateError
from tillgate.domain.money import Money
from tillgate.domain.staff import Action, Actor
from tillgate.services.access import authorize
from tillgate.services.catalogue_files import read_amount, read_table
from tillgate.services.catalogue_import import Fate
from tillgate.services.device_rows import DeviceRecord, load_device, write_invoice
from tillgate.services.till import Till
from tillgate.store.models import device, device_invoice
from tillgate.store.unit_of_work import UnitOfWork

COLUMNS: Final = ("device", "number", "date", "amount", "currency")
_NEEDED: Final = COLUMNS[:4]
_OLDEST: Final = date(2000, 1, 1)
_CHUNK: Final = 500


@dataclass(frozen=True, slots=True)
class CheckedInvoice:
    """A row of a file and its fate. `number` is its line; NEW is written, KEPT is there already, exactly so."""

    number: int
    invoice: str
    device: str
    day: date | None
    amount: Money | None
    fate: Fate
    problem: TillgateError | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class InvoiceFileCheck:
    """A file as it was checked: what `import_invoices` takes."""

    content: bytes
    rows: tuple[CheckedInvoice, ...]

    def count(self, fate: Fate) -> int:
        """How many rows have a fate."""
        return sum(row.fate is fate for row in self.rows)


def is_invoice_table(content: bytes) -> bool:
    """Whether a file begins as a table of invoices does."""
    head = content[:200].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return head.startswith((b"device", b'"device')) and b"number" in head


def check_invoices(till: Till, actor: Actor, content: bytes) -> InvoiceFileCheck:
    """What importing a file would do, row by row. Raises Invalid where it is no such table at all."""
    authorize(till, actor, Action.EDIT_CATALOGUE)
    table = read_table(content, COLUMNS, _NEEDED)
    today = till.store_day(till.clock.now())
    with till.db.read() as connection:
        return InvoiceFileCheck(content, _planned(connection, table, today))


def import_invoices(till: Till, actor: Actor, check: InvoiceFileCheck) -> InvoiceFileCheck:
    """Do what the check showed, in one transaction; the check.

    Raises Refused("file_has_errors") where a row is bad, and Stale("file_outdated") where something changed since.
    """
    authorize(till, actor, Action.EDIT_CATALOGUE)
    if bad := check.count(Fate.BAD):
        raise Refused("file_has_errors", count=bad)
    return till.db.transact(actor, lambda uow: _import(uow, till, check))


def import_invoices_for_owner(till: Till, content: bytes) -> InvoiceFileCheck:
    """For the owner of the machine, at its command line. Nothing is written where a row of the check is bad."""
    table = read_table(content, COLUMNS, _NEEDED)

    def work(uow: UnitOfWork) -> InvoiceFileCheck:
        check = InvoiceFileCheck(content, _planned(uow.connection, table, till.store_day(uow.now)))
        return check if check.count(Fate.BAD) else _import(uow, till, check)

    return till.db.transact(till.system, work)


def _import(uow: UnitOfWork, till: Till, check: InvoiceFileCheck) -> InvoiceFileCheck:
    table = read_table(check.content, COLUMNS, _NEEDED)
    rows = _planned(uow.connection, table, till.store_day(uow.now))
    if rows != check.rows:
        raise Stale("file_outdated")
    owners = _devices(uow.connection, [row.device for row in rows])
    for row in rows:
        if row.fate is Fate.NEW and row.day is not None and row.amount is not None:
            owner = load_device(uow.connection, owners[row.device].id, lock=True)
            write_invoice(uow, owner, row.day, row.amount, InvoiceOrigin.IMPORTED, number=row.invoice)
    counts = Counter(row.fate.value for row in rows)
    uow.record("device.invoices_imported", "devices", rows=len(rows), **counts)
    return check


def _planned(
    connection: Connection, table: list[tuple[int, dict[str, str]]], today: date
) -> tuple[CheckedInvoice, ...]:
    planner = _Planner(connection, [cells for _number, cells in table], today)
    return tuple(planner.plan(number, cells) for number, cells in table)


class _Planner:
    """Compares a file's rows with what is there, and with the rows before them."""

    def __init__(self, connection: Connection, rows: list[dict[str, str]], today: date) -> None:
        self._today = today
        self._devices = _devices(connection, [row["device"].strip().upper() for row in rows])
        ids = [each.id for each in self._devices.values()]
        there = _invoices(connection, [row["number"].strip() for row in rows], ids)
        self._numbers: dict[str, Row[Any]] = {each.number: each for each in there}
        self._owed = {(each.device_id, each.day, each.amount_minor): each.number for each in there}
        self._lines: dict[str, int] = {}

    def plan(self, number: int, cells: Mapping[str, str]) -> CheckedInvoice:
        """A row with its fate."""
        shown = {name: cells[name].strip()[:60] for name in _NEEDED}
        try:
            owner, invoice, day, amount = self._read(cells)
            fate = self._fate(number, owner, invoice, day, amount)
        except (Invalid, Refused) as error:
            return CheckedInvoice(number, shown["number"], shown["device"], None, None, Fate.BAD, error)
        return CheckedInvoice(number, invoice, owner.code, day, amount, fate)

    def _read(self, cells: Mapping[str, str]) -> tuple[DeviceRecord, str, date, Money]:
        if problem := cells.get(""):
            raise Invalid("field_unknown", field=problem[:40])
        for name in _NEEDED:
            if not cells[name].strip():
                raise Invalid("field_missing", field=name)
        code = check_code(cells["device"], field="device")
        owner = self._devices.get(code)
        if owner is None:
            raise NotFound("device_unknown", field="device", device=code)
        currency = cells.get("currency", "").strip() or owner.currency
        if currency != owner.currency:
            raise Invalid("currency_mismatch", field="currency", expected=owner.currency, found=currency[:3])
        day = self._day(cells["date"].strip())
        minor = read_amount(cells["amount"].strip(), owner.currency, "amount")
        if not 0 < minor <= HIGHEST_PRICE_MINOR:
            raise Invalid("device_rate", field="amount", highest=Money(HIGHEST_PRICE_MINOR, owner.currency))
        invoice = parse_number(cells["number"])
        for name, said, meant in (("device", invoice.device, code), ("date", invoice.day, day)):
            if said != meant:
                raise Invalid("device_invoice_other", field=name, number=str(invoice))
        return owner, str(invoice), day, Money(minor, owner.currency)

    def _day(self, text: str) -> date:
        try:
            day = date.fromisoformat(text)
        except ValueError as error:
            raise Invalid("field_malformed", field="date", text=text[:40]) from error
        if not _OLDEST <= day <= self._today:
            raise Invalid("device_invoice_day", field="date", day=day.isoformat())
        return day

    def _fate(self, number: int, owner: DeviceRecord, invoice: str, day: date, amount: Money) -> Fate:
        if invoice in self._lines:
            raise Invalid("code_twice", field="number", other=self._lines[invoice])
        self._lines[invoice] = number
        old = self._numbers.get(invoice)
        if old is not None:
            for name, said in (("device", old.device_id == owner.id), ("amount", old.amount_minor == amount.minor)):
                if not said:
                    raise Invalid("device_invoice_differs", field=name, number=invoice)
            return Fate.KEPT
        key = (owner.id, day, amount.minor)
        if key in self._owed:
            raise Invalid("device_invoice_twice", field="amount", device=owner.code, day=day.isoformat())
        self._owed[key] = invoice
        return Fate.NEW


def _devices(connection: Connection, codes: list[str]) -> dict[str, DeviceRecord]:
    wanted = sorted({code for code in codes if code})
    found: dict[str, DeviceRecord] = {}
    for begin in range(0, len(wanted), _CHUNK):
        query = select(device.c.id, device.c.code).where(device.c.code.in_(wanted[begin : begin + _CHUNK]))
        for row in connection.execute(query).all():
            found[row.code] = load_device(connection, row.id)
    return found


def _invoices(connection: Connection, numbers: list[str], device_ids: list[int]) -> list[Row[Any]]:
    """Every invoice of the devices that the file names, and those whose numbers it names."""
    columns = [device_invoice.c[name] for name in ("number", "device_id", "day", "amount_minor")]
    found: dict[str, Row[Any]] = {}
    for column, wanted in ((device_invoice.c.number, numbers), (device_invoice.c.device_id, device_ids)):
        for begin in range(0, len(wanted), _CHUNK):
            chunk = wanted[begin : begin + _CHUNK]
            found |= {row.number: row for row in connection.execute(select(*columns).where(column.in_(chunk)))}
    return list(found.values())
