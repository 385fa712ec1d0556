"""Clinics and their practitioners, kept by a manager: out of use instead of deleted. A patient is a customer
(services/customers.py), and tax rules have services of their own (services/tax_rules.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeVar

from sqlalchemy import Table, select
from sqlalchemy.exc import IntegrityError

from tillgate.domain.catalogue import check_code, check_title
from tillgate.domain.errors import Invalid, NotFound, Refused, Stale
from tillgate.domain.money import check_currency
from tillgate.domain.staff import Action, Actor
from tillgate.services.access import authorize
from tillgate.services.catalogue_drafts import check_colour
from tillgate.services.contacts import check_email, check_phone
from tillgate.services.records import columns, record
from tillgate.services.till import Till
from tillgate.store.models import clinic, practitioner
from tillgate.store.statements import insert_row, update_rows
from tillgate.store.unit_of_work import UnitOfWork

T = TypeVar("T")

_COUNTRY: Final = re.compile("[A-Z]{2}")
# What stays as it was when the row was made: fees, papers and tax rules hang on it.
_FIXED: Final = {"clinic": ("code", "country", "currency"), "practitioner": ("code", "clinic_id")}
# The audit, which is never erased, keeps no addresses.
_ADDRESSES: Final = ("email", "phone", "address")


@dataclass(frozen=True, slots=True)
class ClinicRecord:
    """A clinic: whom fees are owed to, in its currency, taxed by its country's rules."""

    id: int
    code: str
    name: str
    country: str
    currency: str
    address: str
    email: str
    phone: str
    tax_number: str
    brand_color: str
    brand_mark: str
    active: int
    version: int


@dataclass(frozen=True, slots=True)
class PractitionerRecord:
    """Somebody who holds consultations at a clinic."""

    id: int
    clinic_id: int
    code: str
    name: str
    specialty: str
    active: int
    version: int


@dataclass(frozen=True, slots=True)
class ClinicDraft:
    """A clinic as it should be. Its code, country and currency stay what they were when it was made."""

    code: str
    name: str
    country: str
    currency: str
    address: str = ""
    email: str = ""
    phone: str = ""
    tax_number: str = ""
    brand_color: str = ""
    brand_mark: str = ""
    active: bool = True


@dataclass(frozen=True, slots=True)
class PractitionerDraft:
    """A practitioner as they should be. Their clinic and code stay what they were."""

    clinic_id: int
    code: str
    name: str
    specialty: str = ""
    active: bool = True


_CLINIC: Final = columns(ClinicRecord, clinic)
_PRACTITIONER: Final = columns(PractitionerRecord, practitioner)


def list_clinics(till: Till, actor: Actor, *, out_of_use: bool = False) -> tuple[ClinicRecord, ...]:
    """Clinics by name; those out of use too where that is wanted."""
    authorize(till, actor, Action.SELL)
    query = select(*_CLINIC).order_by(clinic.c.name, clinic.c.id)
    with till.db.read() as connection:
        rows = connection.execute(query if out_of_use else query.where(clinic.c.active == 1))
        return tuple(record(ClinicRecord, row) for row in rows)


def list_practitioners(
    till: Till, actor: Actor, clinic_id: int | None = None, *, out_of_use: bool = False
) -> tuple[PractitionerRecord, ...]:
    """Practitioners by name, of one clinic or of all. Those in use are whom a fee can be recorded for: of a clinic that
    is in use itself."""
    authorize(till, actor, Action.SELL)
    query = select(*_PRACTITIONER).join(clinic, clinic.c.id == practitioner.c.clinic_id)
    if clinic_id is not None:
        query = query.where(practitioner.c.clinic_id == clinic_id)
    if not out_of_use:
        query = query.where(practitioner.c.active == 1, clinic.c.active == 1)
    with till.db.read() as connection:
        rows = connection.execute(query.order_by(practitioner.c.name, practitioner.c.id))
        return tuple(record(PractitionerRecord, row) for row in rows)


def save_clinic(till: Till, actor: Actor, draft: ClinicDraft, *, clinic_id: int | None = None, version: int = 0) -> int:
    """Make a clinic, or change the one of `clinic_id` as it was at `version`; its number. Needs a manager.

    Invoices made before keep the letterhead they have. Raises Invalid with the field, Refused("code_taken" |
    "clinic_fixed"), NotFound("clinic_unknown"), Stale("clinic_changed").
    """
    authorize(till, actor, Action.EDIT_CATALOGUE)
    row = clinic_row(draft)
    write = partial(put, table=clinic, row=row, row_id=clinic_id, version=version)
    return guarded(lambda: till.db.transact(actor, write))


def save_practitioner(
    till: Till, actor: Actor, draft: PractitionerDraft, *, practitioner_id: int | None = None, version: int = 0
) -> int:
    """Make a practitioner, or change the one of `practitioner_id` as they were at `version`; their number. Needs a
    manager.

    Raises Invalid with the field, Refused("code_taken" | "practitioner_fixed"), NotFound("clinic_unknown" |
    "practitioner_unknown"), Stale("practitioner_changed").
    """
    authorize(till, actor, Action.EDIT_CATALOGUE)
    row = practitioner_row(draft)
    write = partial(put, table=practitioner, row=row, row_id=practitioner_id, version=version)
    return guarded(lambda: till.db.transact(actor, write))


def clinic_row(draft: ClinicDraft) -> dict[str, Any]:
    """The row of a clinic. Raises Invalid with the field."""
    country = draft.country.strip().upper()
    if not _COUNTRY.fullmatch(country):
        raise Invalid("tax_country", field="country")
    return {
        "code": check_code(draft.code),
        "name": check_title(draft.name),
        "country": country,
        "currency": check_currency(draft.currency),
        "address": check_title(draft.address, field="address", needed=False, longest=300),
        "email": check_email(draft.email),
        "phone": check_phone(draft.phone, draft.currency),
        "tax_number": check_title(draft.tax_number, field="tax_number", needed=False, longest=40),
        "brand_color": check_colour(draft.brand_color),
        "brand_mark": check_title(draft.brand_mark, field="brand_mark", needed=False, longest=3),
        "active": int(draft.active),
    }


def practitioner_row(draft: PractitionerDraft) -> dict[str, Any]:
    """The row of a practitioner. Raises Invalid with the field."""
    return {
        "clinic_id": draft.clinic_id,
        "code": check_code(draft.code),
        "name": check_title(draft.name),
        "specialty": check_title(draft.specialty, field="specialty", needed=False),
        "active": int(draft.active),
    }


def guarded(work: Callable[[], T]) -> T:
    """Codes are unique, and a practitioner's clinic exists: the database says so, and this says it to the user."""
    try:
        return work()
    except IntegrityError as error:
        if "foreign" in str(error.orig).lower():
            raise NotFound("clinic_unknown") from error
        raise Refused("code_taken", field="code") from error


def put(uow: UnitOfWork, table: Table, row: Mapping[str, Any], row_id: int | None = None, version: int = 0) -> int:
    """Insert a checked row, or change the one as it was at `version`; audited."""
    found = insert_row(uow.connection, table, row) if row_id is None else _change(uow, table, row, row_id, version)
    said = {name: value for name, value in row.items() if name not in _ADDRESSES}
    uow.record(f"{table.name}.saved", f"{table.name}:{found}", made=row_id is None, **said)
    return found


def _change(uow: UnitOfWork, table: Table, row: Mapping[str, Any], row_id: int, version: int) -> int:
    fixed = _FIXED[table.name]
    before = uow.execute(select(table).where(table.c.id == row_id).with_for_update()).one_or_none()
    if before is None:
        raise NotFound(f"{table.name}_unknown", id=row_id)
    if before.version != version:
        raise Stale(f"{table.name}_changed", id=row_id)
    for name in fixed:
        if getattr(before, name) != row[name]:
            raise Refused(f"{table.name}_fixed", field=name)
    changed = {name: value for name, value in row.items() if name not in fixed}
    update_rows(uow.connection, table, {"id": row_id}, {**changed, "version": version + 1})
    return row_id
