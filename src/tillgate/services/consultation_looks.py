"""The document's own queries over its consultations (seed 003): what was asked, invoiced, taxed and paid twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, and_, func, select

from tillgate.domain.consultation import CONSULTATION_THING, ConsultationInvoiceState
from tillgate.domain.money import Money
from tillgate.domain.payment import LIVE, WAITING, Fulfilment, PaymentState, Purpose
from tillgate.domain.tax_rules import TaxEffect, TaxRule, share_of
from tillgate.services.looks import Check, Fault, Found, Look, about, in_money
from tillgate.store.models import (
    allocation,
    audit,
    clinic,
    consultation,
    consultation_invoice,
    payment,
    tax_record,
    tax_rule,
)

# Those of two tills.
_CLOCKS_APART: Final = timedelta(minutes=3)


def looks_at_consultations(which: ColumnElement[bool]) -> dict[Check, Look]:
    """The document's queries, for the payments that `which` picks."""
    mine = and_(payment.c.purpose == Purpose.CONSULTATION, which)
    return {
        Check.PAYMENTS: partial(_payments, mine),
        Check.INVOICES: partial(_invoices, mine),
        Check.TAXES: partial(_taxes, mine),
        Check.DUPLICATES: partial(_duplicates, mine),
    }


def _sum_of(effect: TaxEffect) -> Any:
    here = (tax_record.c.payment_id == payment.c.id) & (tax_record.c.effect == effect)
    return select(func.coalesce(func.sum(tax_record.c.amount_minor), 0)).where(here).scalar_subquery()


def _payments(mine: ColumnElement[bool], connection: Connection) -> Found:
    """Each payment is for one consultation, its own patient's, in its currency, of exactly what is due."""
    due = consultation.c.fee_minor + _sum_of(TaxEffect.ADDED) - _sum_of(TaxEffect.WITHHELD)
    query = (
        select(
            payment.c.id,
            payment.c.amount_minor,
            payment.c.currency,
            due.label("due_minor"),
            (consultation.c.patient_id == payment.c.customer_id).label("same_patient"),
            (consultation.c.currency == payment.c.currency).label("same_currency"),
        )
        .join(
            allocation,
            (allocation.c.payment_id == payment.c.id) & (allocation.c.thing_kind == CONSULTATION_THING),
            isouter=True,
        )
        .join(consultation, consultation.c.id == allocation.c.thing_id, isouter=True)
        .where(mine)
    )
    rows = connection.execute(query).all()
    return len(rows), (fault for row in rows for fault in _payment_faults(row))


def _payment_faults(row: Row[Any]) -> Iterator[Fault]:
    if row.due_minor is None:
        yield Fault(about(row), "consultation_missing")
        return
    if not (row.same_patient and row.same_currency):
        yield Fault(about(row), "other_patient_or_currency")
    if row.due_minor != row.amount_minor:
        yield Fault(about(row), "amount_not_due", in_money(row.currency, amount=row.amount_minor, due=row.due_minor))


def _invoices(mine: ColumnElement[bool], connection: Connection) -> Found:
    """Each payment has an invoice, and exactly one that stands while it waits or has paid; none once it ended."""
    standing = consultation_invoice.c.state != ConsultationInvoiceState.VOID
    total = func.sum(consultation_invoice.c.total_minor).filter(standing)
    query = (
        select(
            payment.c.id,
            payment.c.state,
            payment.c.fulfilment,
            payment.c.amount_minor,
            payment.c.currency,
            func.count(consultation_invoice.c.id).label("all"),
            func.count(consultation_invoice.c.id).filter(standing).label("standing"),
            func.min(consultation_invoice.c.state).filter(standing).label("its_state"),
            func.coalesce(total, 0).label("total_minor"),
        )
        .join(consultation_invoice, consultation_invoice.c.payment_id == payment.c.id, isouter=True)
        .where(mine)
        .group_by(payment.c.id)
    )
    rows = connection.execute(query).all()
    return len(rows), (fault for row in rows for fault in _invoice_faults(row))


def _invoice_faults(row: Row[Any]) -> Iterator[Fault]:
    done = row.fulfilment is Fulfilment.DONE
    wanted = {True: ConsultationInvoiceState.FINAL, False: ConsultationInvoiceState.PENDING}[done]
    if not row.all:
        yield Fault(about(row), "invoice_missing")
    elif done or row.state in WAITING:
        if row.standing != 1 or row.its_state != wanted:
            yield Fault(about(row), "invoice_state", {"payment": row.state, "standing": row.standing})
        elif row.total_minor != row.amount_minor:
            yield Fault(
                about(row),
                "invoice_amount",
                in_money(row.currency, invoice=row.total_minor, payment=row.amount_minor),
            )
    elif row.standing and row.fulfilment is not Fulfilment.PENDING:
        yield Fault(about(row), "invoice_not_void", {"payment": row.state})


def _taxes(mine: ColumnElement[bool], connection: Connection) -> Found:
    """Each record is its rate of its base, and no rule that was valid is without a record."""
    query = select(tax_record, payment.c.id.label("payment")).join(payment, payment.c.id == tax_record.c.payment_id)
    records = connection.execute(query.where(mine)).all()
    wrong = [row for row in records if not _is_its_rate(row)]
    faults = [
        Fault(
            f"payment:{row.payment_id}",
            "tax_amount",
            {"tax": row.name} | in_money(row.currency, amount=row.amount_minor),
        )
        for row in wrong
    ]
    names: dict[int, set[str]] = {}
    for row in records:
        names.setdefault(row.payment_id, set()).add(row.name)
    return len(records), [*faults, *_taxes_missing(mine, connection, names)]


def _is_its_rate(row: Row[Any]) -> bool:
    exact = share_of(Money(row.base_minor, row.currency), row.rate_ppm).minor
    # A part of a whole that was split: its units sum to the whole, so one may have another's.
    return abs(exact - int(row.amount_minor)) <= (2 if row.effect is TaxEffect.INCLUDED else 0)


def _taxes_missing(mine: ColumnElement[bool], connection: Connection, names: Mapping[int, set[str]]) -> Iterator[Fault]:
    rules = _rules_since(connection)
    query = (
        select(payment.c.id, payment.c.created_at, clinic.c.country)
        .join(allocation, allocation.c.payment_id == payment.c.id)
        .join(consultation, consultation.c.id == allocation.c.thing_id)
        .join(clinic, clinic.c.id == consultation.c.clinic_id)
        .where(mine, allocation.c.thing_kind == CONSULTATION_THING)
    )
    for row in connection.execute(query):
        missing = _surely_valid(rules, row.country, row.created_at) - names.get(row.id, set())
        if missing:
            yield Fault(about(row), "tax_missing", {"taxes": ", ".join(sorted(missing))})


def _rules_since(connection: Connection) -> list[tuple[TaxRule, datetime]]:
    """Every tax rule and when it was written down, as the audit has it: it can be valid from an earlier day on."""
    every = [tax_rule.c[name] for name in ("name", "rate_ppm", "effect", "country", "valid_from", "valid_until", "id")]
    rules = {f"tax:{row.id}": TaxRule(*row) for row in connection.execute(select(*every))}
    added = select(audit.c.subject, audit.c.at).where(audit.c.subject.in_(rules), audit.c.event == "tax.added")
    return [(rules[row.subject], row.at) for row in connection.execute(added)]


def _surely_valid(rules: Iterable[tuple[TaxRule, datetime]], country: str, at: datetime) -> set[str]:
    """Valid whichever day it was at the store, whose zone may have been another then, and however far apart the clocks
    of the till that wrote the rule down and of the one that took the payment were."""
    days = [at.date() + timedelta(days=shift) for shift in (-1, 0, 1)]
    known = (rule for rule, since in rules if since + _CLOCKS_APART < at and rule.country == country)
    return {rule.name for rule in known if all(rule.applies_on(day) for day in days)}


def _duplicates(mine: ColumnElement[bool], connection: Connection) -> Found:
    """The document's query: consultations with more than one payment that lives. There is none.

    Money that came late for a payment that had ended lies on Exceptions, and holds nothing until somebody decides.
    """
    lives = payment.c.state.in_(sorted(LIVE)) & ((payment.c.late == 0) | (payment.c.fulfilment == Fulfilment.DONE))
    given_back = (payment.c.state == PaymentState.REFUND_PENDING) & (payment.c.fulfilment == Fulfilment.REFUSED)
    query = (
        select(
            allocation.c.thing_id.label("consultation"),
            func.coalesce(func.min(consultation.c.code), "").label("code"),
            func.count().label("number"),
        )
        .join(payment, payment.c.id == allocation.c.payment_id)
        .join(consultation, consultation.c.id == allocation.c.thing_id, isouter=True)
        .where(mine, lives, ~given_back, allocation.c.thing_kind == CONSULTATION_THING)
        .group_by(allocation.c.thing_id)
    )
    rows = connection.execute(query).all()
    twice = [row for row in rows if row.number > 1]
    return len(rows), [
        Fault(f"consultation:{row.consultation}", "paid_more_than_once", {"payments": row.number, "code": row.code})
        for row in twice
    ]
