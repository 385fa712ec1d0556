"""The sample clinic for training and the demo: practitioners, patients, tax rules and open fees, in PHP.

A clinic has a currency and a country of its own, so that it stands in a database beside a shop that sells in INR.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Column, Table, insert, select

from tillgate.domain.consultation import ConsultationState
from tillgate.domain.tax_rules import TaxEffect, TaxRule, check_rule
from tillgate.paths import resource
from tillgate.services.tax_rules import insert_rule
from tillgate.services.till import Till
from tillgate.store.models import clinic, consultation, customer, practitioner, tax_rule
from tillgate.store.statements import insert_row
from tillgate.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class ClinicCounts:
    """What a load added; nothing where it was there already."""

    practitioners: int
    patients: int
    consultations: int
    tax_rules: int


def load_sample_clinic(till: Till) -> ClinicCounts:
    """Add what is missing of the sample clinic, in one transaction; what is there stays as it is."""
    given = json.loads(resource("sample", "clinic.json").read_text(encoding="utf-8"))
    return till.db.transact(till.system, lambda uow: load_clinic(uow, given))


def load_clinic(uow: UnitOfWork, given: Mapping[str, Any]) -> ClinicCounts:
    """The same for a clinic given as in clinic.json, inside a transaction. Raises Invalid for a bad tax rule."""
    about: dict[str, Any] = dict(given["clinic"])
    _add(uow, clinic.c.code, [about])
    clinic_id = _ids(uow, clinic.c.code)[about["code"]]
    practitioners = _add(uow, practitioner.c.code, [{**row, "clinic_id": clinic_id} for row in given["practitioners"]])
    people = [{**row, "note": "", "created_at": uow.now} for row in given["patients"]]
    patients = _add(uow, customer.c.phone, people)
    rules = _add_rules(uow, str(about["country"]), given["tax_rules"])
    visits = _add_visits(uow, clinic_id, str(about["currency"]), given["consultations"])
    counts = ClinicCounts(practitioners, patients, visits, rules)
    if practitioners or patients or visits or rules:
        uow.record("sample.loaded", "sample", practitioners=practitioners, consultations=visits, customers=patients)
    return counts


def _add(uow: UnitOfWork, key: Column[Any], rows: Sequence[dict[str, Any]]) -> int:
    known = _ids(uow, key)
    new = [row for row in rows if row[key.name] not in known]
    if new:
        uow.execute(insert(key.table), new)
    return len(new)


def _ids(uow: UnitOfWork, key: Column[Any]) -> dict[str, int]:
    table = key.table
    if not isinstance(table, Table):
        raise TypeError("a column of a table")
    return {row[0]: int(row[1]) for row in uow.execute(select(key, table.c.id))}


def _add_rules(uow: UnitOfWork, country: str, rows: Sequence[Mapping[str, Any]]) -> int:
    known = {row.name for row in uow.execute(select(tax_rule.c.name).where(tax_rule.c.country == country))}
    new = [row for row in rows if row["name"] not in known]
    for row in new:
        begins = date.fromisoformat(row["valid_from"])
        rule = TaxRule(row["name"], row["rate_ppm"], TaxEffect(row["effect"]), country, begins)
        insert_rule(uow, check_rule(rule))
    return len(new)


def _add_visits(uow: UnitOfWork, clinic_id: int, currency: str, rows: Sequence[Mapping[str, Any]]) -> int:
    known = _ids(uow, consultation.c.code)
    practitioners, patients = _ids(uow, practitioner.c.code), _ids(uow, customer.c.phone)
    new = [row for row in rows if row["code"] not in known]
    for row in new:
        made = {
            "code": row["code"],
            "clinic_id": clinic_id,
            "practitioner_id": practitioners[row["practitioner"]],
            "patient_id": patients[row["patient"]],
            "fee_minor": row["fee_minor"],
            "currency": currency,
            "state": ConsultationState.OPEN,
            "held_at": uow.now - timedelta(minutes=row["minutes_ago"]),
            "created_at": uow.now,
        }
        insert_row(uow.connection, consultation, made)
    return len(new)
