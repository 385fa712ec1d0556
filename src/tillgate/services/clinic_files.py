"""A clinic's file for the owner of the machine at its command line, as resources/sample/clinic.json is one but for its
fees: what is missing is added, what is there stays as it is; all of it, or nothing. Rows are checked as drafts are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from sqlalchemy import Column, select

from tillgate.domain.errors import Invalid
from tillgate.domain.tax_rules import TaxEffect, TaxRule, check_rule
from tillgate.services.catalogue_files import misread
from tillgate.services.clinics import ClinicDraft, PractitionerDraft, clinic_row, guarded, practitioner_row, put
from tillgate.services.customers import CustomerDraft, customer_row
from tillgate.services.tax_rules import insert_rule
from tillgate.services.till import Till
from tillgate.store.models import clinic, customer, practitioner, tax_rule
from tillgate.store.statements import insert_row
from tillgate.store.unit_of_work import UnitOfWork

_TEXT, _WHOLE = (str,), (int,)
_FIELDS: Final[dict[str, dict[str, tuple[type, ...]]]] = {
    "clinic": {
        **dict.fromkeys(("code", "name", "country", "currency", "address", "email", "phone", "tax_number"), _TEXT),
        **dict.fromkeys(("brand_color", "brand_mark"), _TEXT),
    },
    "practitioners": dict.fromkeys(("code", "name", "specialty"), _TEXT),
    "patients": dict.fromkeys(("name", "email", "phone", "note"), _TEXT),
    "tax_rules": {**dict.fromkeys(("name", "effect", "valid_from", "valid_until"), _TEXT), "rate_ppm": _WHOLE},
}
_NEEDED: Final = {
    "clinic": ("code", "name", "country", "currency"),
    "practitioners": ("code", "name"),
    "patients": ("name", "phone"),
    "tax_rules": ("name", "rate_ppm", "effect", "valid_from"),
}


@dataclass(frozen=True, slots=True)
class ClinicAdded:
    """What a file added; nothing where it was there already."""

    clinics: int
    practitioners: int
    patients: int
    tax_rules: int


def is_clinic(content: bytes) -> bool:
    """Whether a file is a clinic's rather than a catalogue's."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and "clinic" in found


def import_clinic(till: Till, content: bytes) -> ClinicAdded:
    """Add what is missing of a clinic. Fees are not read: they are recorded at the desk.

    Raises Invalid with the field for the first row that is wrong, Refused("code_taken" | "tax_overlaps").
    """
    given = json.loads(content)
    for part in given:
        if part not in _FIELDS:
            raise Invalid("field_unknown", field=part[:40])
    about = _checked("clinic", [given["clinic"]])[0]
    rows = {part: _checked(part, given.get(part, [])) for part in ("practitioners", "patients", "tax_rules")}
    head = clinic_row(ClinicDraft(**about))
    people = [customer_row(till, CustomerDraft(**each)) for each in rows["patients"]]
    rules = [check_rule(_rule(each, head["country"])) for each in rows["tax_rules"]]
    doctors = [practitioner_row(PractitionerDraft(0, **each)) for each in rows["practitioners"]]

    def work(uow: UnitOfWork) -> ClinicAdded:
        known = _ids(uow, clinic.c.code)
        clinic_id = known.get(head["code"]) or put(uow, clinic, head)
        there = _ids(uow, practitioner.c.code)
        new = [{**each, "clinic_id": clinic_id} for each in doctors if each["code"] not in there]
        for each in new:
            put(uow, practitioner, each)
        patients = _add_patients(uow, people)
        return ClinicAdded(int(head["code"] not in known), len(new), patients, _add_rules(uow, rules))

    return guarded(lambda: till.db.transact(till.system, work))


def _checked(part: str, rows: object) -> list[dict[str, Any]]:
    if not isinstance(rows, list):
        raise Invalid("file_not_shop", reason=part)
    for row in rows:
        problem = misread(row, _FIELDS[part], _NEEDED[part])
        if problem is not None:
            raise problem
    return rows


def _rule(row: Mapping[str, Any], country: str) -> TaxRule:
    if row["effect"] not in set(TaxEffect):
        raise Invalid("field_malformed", field="effect", text=row["effect"][:40])
    begins = _day(row["valid_from"], "valid_from")
    rule = TaxRule(row["name"], row["rate_ppm"], TaxEffect(row["effect"]), country, begins)
    return replace(rule, valid_until=_day(row["valid_until"], "valid_until")) if row.get("valid_until") else rule


def _day(text: str, field: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Invalid("field_malformed", field=field, text=text[:40]) from error


def _ids(uow: UnitOfWork, key: Column[Any]) -> dict[str, int]:
    return {row[0]: int(row[1]) for row in uow.execute(select(key, key.table.c["id"]))}


def _add_patients(uow: UnitOfWork, people: list[dict[str, Any]]) -> int:
    known = _ids(uow, customer.c.phone)
    new = {each["phone"]: each for each in people if each["phone"] not in known}.values()
    for each in new:
        number = insert_row(uow.connection, customer, each | {"created_at": uow.now})
        uow.record("customer.created", f"customer:{number}", fields=[name for name in each if each[name]])
    return len(new)


def _add_rules(uow: UnitOfWork, rules: list[TaxRule]) -> int:
    keys = (tax_rule.c.country, tax_rule.c.name)
    known = {tuple(row) for row in uow.execute(select(*keys))}
    new = [rule for rule in rules if (rule.country, rule.name) not in known]
    for rule in new:
        insert_rule(uow, rule)
    return len(new)
