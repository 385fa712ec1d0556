"""Open fees by patient, and what a scanned or typed number means: a visit's, an invoice's or a patient's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, false, func, or_, select

from tillgate.domain.catalogue import search_words
from tillgate.domain.consultation import ConsultationState
from tillgate.domain.money import Money
from tillgate.domain.staff import Action, Actor
from tillgate.services.access import authorize
from tillgate.services.customers import cleaned
from tillgate.services.till import Till
from tillgate.store.keyset import Key, page
from tillgate.store.models import consultation, consultation_invoice, customer
from tillgate.store.search import matching

_OPEN: Final = consultation.c.state == ConsultationState.OPEN
# Fewer digits are a patient's own number or a year rather than a part of a phone number.
_PHONE_DIGITS: Final = 4
_ID_DIGITS: Final = 12
_DIALLED: Final = frozenset("0123456789 +-().")


@dataclass(frozen=True, slots=True)
class OpenFees:
    """What one patient owes; `totals` by currency."""

    patient_id: int
    name: str
    phone: str
    count: int
    totals: tuple[Money, ...]
    oldest: datetime


@dataclass(frozen=True, slots=True)
class OpenFeesSum:
    """What all of them owe together."""

    patients: int
    totals: tuple[Money, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """Whose number it is: a visit's with its patient, or the patient's alone."""

    patient_id: int
    consultation_id: int | None = None
    code: str = ""


def list_open_fees(
    till: Till, actor: Actor, text: str = "", *, after: Key | None = None, skip: int = 0, limit: int = 200
) -> tuple[OpenFees, ...]:
    """Who owes fees, the one with the oldest first, behind the row of `open_fees_key`. A text is read as `is_patient`
    reads it."""
    authorize(till, actor, Action.VIEW_PAYMENTS)
    with till.db.read() as connection:
        owing = (
            select(consultation.c.patient_id, func.count().label("number"),
                   func.min(consultation.c.held_at).label("oldest"))
            .where(_OPEN, *_those(connection, text))
            .group_by(consultation.c.patient_id)
            .subquery()
        )  # fmt: skip
        chosen = select(owing, customer.c.name, customer.c.phone).join(customer, customer.c.id == owing.c.patient_id)
        order = (owing.c.oldest, owing.c.patient_id)
        rows = connection.execute(page(chosen, order, descending=False, after=after, skip=skip, limit=limit)).all()
        sums = _sums(connection, [row.patient_id for row in rows])
    return tuple(
        OpenFees(row.patient_id, row.name, row.phone, row.number, sums[row.patient_id], row.oldest) for row in rows
    )


def open_fees_key(row: OpenFees) -> Key:
    """Where a row stands in the list."""
    return (row.oldest, row.patient_id)


def sum_open_fees(till: Till, actor: Actor, text: str = "") -> OpenFeesSum:
    """How many owe fees, and how much in each currency."""
    authorize(till, actor, Action.VIEW_PAYMENTS)
    with till.db.read() as connection:
        mine = (_OPEN, *_those(connection, text))
        who = select(func.count(consultation.c.patient_id.distinct())).where(*mine)
        owed = select(consultation.c.currency, func.sum(consultation.c.fee_minor)).where(*mine)
        by_currency = owed.group_by(consultation.c.currency).order_by(consultation.c.currency)
        totals = tuple(Money(int(minor), currency) for currency, minor in connection.execute(by_currency))
        return OpenFeesSum(int(connection.execute(who).scalar_one()), totals)


def find_known(till: Till, actor: Actor, number: str) -> Known | None:
    """What a number names exactly: a visit's code or its invoice's number, in any case, else a patient's own number or
    phone. None where it names nothing, or more than one patient."""
    authorize(till, actor, Action.VIEW_PAYMENTS)
    text = cleaned(number).strip()
    if not text:
        return None
    with till.db.read() as connection:
        visit = select(consultation.c.id, consultation.c.patient_id, consultation.c.code)
        papers = visit.join(consultation_invoice, consultation_invoice.c.consultation_id == consultation.c.id)
        for query in (
            visit.where(consultation.c.code == text),
            visit.where(func.lower(consultation.c.code) == text.lower()),
            papers.where(consultation_invoice.c.number == text.upper()),
        ):
            found = connection.execute(query.limit(1)).one_or_none()
            if found is not None:
                return Known(found.patient_id, found.id, found.code)
        named = [customer.c.id == int(text)] if _is_id(text) else []
        query = select(customer.c.id).where(or_(customer.c.phone == text, *named)).limit(2)
        people = connection.execute(query).scalars().all()
        return Known(people[0]) if len(people) == 1 else None


def is_patient(connection: Connection, text: str) -> ColumnElement[bool]:
    """Whether a customer is meant by a text: the beginnings of words of the name, address or phone number, a part of
    the phone number, or the customer's own number."""
    words = search_words(text)
    meant: list[ColumnElement[bool]] = [matching(connection, customer, words)] if words else []
    digits = "".join(char for char in text if char.isdecimal() and char.isascii()).lstrip("0")
    if len(digits) >= _PHONE_DIGITS and set(text.strip()) <= _DIALLED:
        meant.append(customer.c.phone.contains(digits))
    if _is_id(text.strip()):
        meant.append(customer.c.id == int(text))
    return or_(false(), *meant)


def _those(connection: Connection, text: str) -> Sequence[ColumnElement[bool]]:
    seen = cleaned(text)
    if not seen.strip():
        return ()
    return (consultation.c.patient_id.in_(select(customer.c.id).where(is_patient(connection, seen))),)


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= _ID_DIGITS


def _sums(connection: Connection, patients: Sequence[int]) -> dict[int, tuple[Money, ...]]:
    owed = (
        select(consultation.c.patient_id, consultation.c.currency, func.sum(consultation.c.fee_minor))
        .where(_OPEN, consultation.c.patient_id.in_(patients))
        .group_by(consultation.c.patient_id, consultation.c.currency)
        .order_by(consultation.c.currency)
    )
    sums: dict[int, list[Any]] = defaultdict(list)
    for patient_id, currency, minor in connection.execute(owed):
        sums[patient_id].append(Money(int(minor), currency))
    return {patient_id: tuple(totals) for patient_id, totals in sums.items()}
