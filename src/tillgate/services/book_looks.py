"""What the integrity check compares: a query for each promise of the books, and the faults that it finds (seed 003).

Every payment of a consultation has its consultation, its invoice and its tax records; no consultation has two; the
ledger is even and says what providers took and gave back; the audit chain holds. A sound till has no fault in any.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Any, Final, TypeAlias

from sqlalchemy import ColumnElement, Connection, Row, and_, case, func, select, true

from tillgate.domain.commission import WHOLE_BP
from tillgate.domain.consultation import CONSULTATION_THING, ConsultationInvoiceState
from tillgate.domain.ledger import COMMISSIONS, PREPAID, UNAPPLIED, WALLETS, clearing
from tillgate.domain.money import Money
from tillgate.domain.payment import LIVE, WAITING, Fulfilment, PaymentState, Purpose, RefundState
from tillgate.domain.tax_rules import TaxEffect, TaxRule, share_of
from tillgate.domain.wallet import WALLET
from tillgate.services.capture_looks import list_moneyless
from tillgate.services.instalment_looks import compare_instalments
from tillgate.services.invoice_figures import differences
from tillgate.services.invoice_sums import prepaid_differences, wait_differences
from tillgate.services.owners import list_forgotten
from tillgate.store.audit import AuditKey, verify_chain
from tillgate.store.chain_witness import contradicted
from tillgate.store.ledger import unbalanced
from tillgate.store.models import (
    allocation,
    audit,
    capture,
    clinic,
    commission_entry,
    consultation,
    consultation_invoice,
    instalment_order,
    ledger_entry,
    ledger_tx,
    payment,
    refund,
    tax_record,
    tax_rule,
    wallet_balance,
    wallet_transaction,
)


class Check(StrEnum):
    """What is compared."""

    PAYMENTS = "payments"
    INVOICES = "invoices"
    TAXES = "taxes"
    DUPLICATES = "duplicates"
    LEDGER = "ledger"
    SUMS = "sums"
    WALLETS = "wallets"
    INSTALMENTS = "instalments"
    OWNERS = "owners"
    CHAIN = "chain"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is not as it must be: `what` is a code, `values` what was found."""

    subject: str
    what: str
    values: Mapping[str, object] = field(default_factory=dict)


# Those of two tills.
_CLOCKS_APART: Final = timedelta(minutes=3)
# How many were compared, and the faults.
Found: TypeAlias = tuple[int, Iterable[Fault]]
Look: TypeAlias = Callable[[Connection], Found]


def looks_at_everything(key: AuditKey, step: Callable[[], object]) -> dict[Check, Look]:
    """Every check; `step` is called for each entry of the audit chain, and may raise to give it up."""
    looks: dict[Check, Look] = {**looks_at_consultations(true())}
    looks |= {Check.LEDGER: _ledger, Check.SUMS: _sums, Check.WALLETS: _wallets, Check.INSTALMENTS: _instalments}
    return looks | {Check.OWNERS: _owners, Check.CHAIN: partial(_chain, key, step)}


def looks_at_consultations(which: ColumnElement[bool]) -> dict[Check, Look]:
    """The document's queries, for the payments that `which` picks."""
    mine = and_(payment.c.purpose == Purpose.CONSULTATION, which)
    return {
        Check.PAYMENTS: partial(_payments, mine),
        Check.INVOICES: partial(_invoices, mine),
        Check.TAXES: partial(_taxes, mine),
        Check.DUPLICATES: partial(_duplicates, mine),
    }


def _in(currency: str, **minor: int) -> dict[str, object]:
    """Amounts of one currency by their names."""
    return {name: Money(amount, currency) for name, amount in minor.items()}


def _about(row: Any) -> str:
    return f"payment:{row.id}"


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
        yield Fault(_about(row), "consultation_missing")
        return
    if not (row.same_patient and row.same_currency):
        yield Fault(_about(row), "other_patient_or_currency")
    if row.due_minor != row.amount_minor:
        yield Fault(_about(row), "amount_not_due", _in(row.currency, amount=row.amount_minor, due=row.due_minor))


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
        yield Fault(_about(row), "invoice_missing")
    elif done or row.state in WAITING:
        if row.standing != 1 or row.its_state != wanted:
            yield Fault(_about(row), "invoice_state", {"payment": row.state, "standing": row.standing})
        elif row.total_minor != row.amount_minor:
            yield Fault(
                _about(row), "invoice_amount", _in(row.currency, invoice=row.total_minor, payment=row.amount_minor)
            )
    elif row.standing and row.fulfilment is not Fulfilment.PENDING:
        yield Fault(_about(row), "invoice_not_void", {"payment": row.state})


def _taxes(mine: ColumnElement[bool], connection: Connection) -> Found:
    """Each record is its rate of its base, and no rule that was valid is without a record."""
    query = select(tax_record, payment.c.id.label("payment")).join(payment, payment.c.id == tax_record.c.payment_id)
    records = connection.execute(query.where(mine)).all()
    wrong = [row for row in records if not _is_its_rate(row)]
    faults = [
        Fault(f"payment:{row.payment_id}", "tax_amount", {"tax": row.name} | _in(row.currency, amount=row.amount_minor))
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
            yield Fault(_about(row), "tax_missing", {"taxes": ", ".join(sorted(missing))})


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


def _ledger(connection: Connection) -> Found:
    """Every ledger transaction sums to nothing in each currency."""
    count = connection.execute(select(func.count()).select_from(ledger_tx)).scalar_one()
    return int(count), [Fault(f"ledger:{number}", "ledger_uneven") for number in unbalanced(connection)]


def _owners(connection: Connection) -> Found:
    """Money that is not settled has somebody who comes back to it (services/owners.py)."""
    count = connection.execute(select(func.count()).select_from(payment)).scalar_one()
    faults = []
    for loose in list_forgotten(connection):
        about = f"payment:{loose.payment_id}" if loose.payment_id is not None else f"money:{loose.id}"
        faults.append(Fault(about, f"forgotten_{loose.what.value}"))
    return int(count), faults


def _sums(connection: Connection) -> Found:
    """Allocations are their payments; the ledger has what came, what went back, what paid fees and invoices, and what
    it keeps for the orders of payment invoices; the figures of these are what there is of them."""
    whole = func.coalesce(func.sum(allocation.c.amount_minor), 0)
    parts = (
        select(payment.c.id, payment.c.amount_minor, payment.c.currency, whole.label("parts"))
        .join(allocation, allocation.c.payment_id == payment.c.id, isouter=True)
        .group_by(payment.c.id)
        .having(whole != payment.c.amount_minor)
    )
    faults = [
        Fault(_about(row), "allocation_sum", _in(row.currency, amount=row.amount_minor, parts=int(row.parts)))
        for row in connection.execute(parts)
    ]
    done = refund.c.state == RefundState.DONE
    faults += _differences("capture", _by_provider(connection, capture, true()), _cleared(connection, "capture"))
    faults += _differences("refund", _by_provider(connection, refund, done), _cleared(connection, "refund"), sign=-1)
    faults += _unposted(connection)
    faults += [Fault(f"payment:{number}", "money_missing") for number in list_moneyless(connection)]
    faults += _of_prompts(connection)
    count = connection.execute(select(func.count()).select_from(payment)).scalar_one()
    return int(count), faults


def _of_prompts(connection: Connection) -> Iterator[Fault]:
    for day, *_, kept, counted in differences(connection):
        yield Fault(f"prompts:{day}", "invoice_sum", {"kept": (kept or (0,))[0], "counted": (counted or (0,))[0]})
    for day, kept, counted in wait_differences(connection):
        yield Fault(f"prompts:{day}", "wait_sum", {"kept": kept, "counted": counted})
    for each in prepaid_differences(connection):
        about = f"prompt:{each.number}" if each.number else f"account:{PREPAID}"
        yield Fault(about, "prepaid_sum", {"kept": each.kept, "ledger": each.ledger})


# What one posting of its own kind uses whole.
_USED_WHOLE: Final = (Purpose.CONSULTATION, Purpose.DEVICE_INVOICE, Purpose.INSTALMENTS)
_Sums: TypeAlias = dict[tuple[str, str], int]


def _by_provider(connection: Connection, table: Any, which: ColumnElement[bool]) -> _Sums:
    keys = (table.c.provider, table.c.currency)
    query = select(*keys, func.sum(table.c.amount_minor)).where(which).group_by(*keys)
    return {(_holder(row[0]), row[1]): int(row[2]) for row in connection.execute(query)}


def _holder(provider: str) -> str:
    """Where the money of a provider stands in the ledger; that of wallets in as many accounts as there are."""
    return WALLETS if provider == WALLET else clearing(provider)


def _cleared(connection: Connection, kind: str) -> _Sums:
    account = ledger_entry.c.account
    mine = account.startswith(WALLETS, autoescape=True)
    keys = (case((mine, WALLETS), else_=account), ledger_entry.c.currency)
    query = (
        select(*keys, func.sum(ledger_entry.c.amount_minor))
        .join(ledger_tx, ledger_tx.c.id == ledger_entry.c.tx_id)
        .where(ledger_tx.c.kind == kind, mine | account.startswith(clearing(""), autoescape=True))
        .group_by(*keys)
    )
    return {(row[0], row[1]): int(row[2]) for row in connection.execute(query)}


def _differences(kind: str, facts: _Sums, booked: _Sums, *, sign: int = 1) -> list[Fault]:
    return [
        Fault(
            f"account:{key[0]}", f"{kind}_sum", _in(key[1], facts=facts.get(key, 0), ledger=sign * booked.get(key, 0))
        )
        for key in sorted(facts.keys() | booked.keys())
        if facts.get(key, 0) != sign * booked.get(key, 0)
    ]


def _instalments(connection: Connection) -> Found:
    """Schedules, what is paid of them, states, stock that is held and coupons (services/instalment_looks.py)."""
    count, differences_found = compare_instalments(connection)
    return count, [Fault(*each) for each in differences_found]


def _wallets(connection: Connection) -> Found:
    """A wallet's balance is the sum of its moves and what the ledger owes the customer; what a referrer is owed is the
    sum of their statement, and what an order earned is its share of what stays paid."""
    kept = {(row.customer_id, row.currency): row.balance_minor for row in connection.execute(select(wallet_balance))}
    moved = _summed(connection, wallet_transaction.c.customer_id, wallet_transaction)
    owed = _owed(connection, WALLETS)
    faults = [
        Fault(
            f"wallet:{key[0]}",
            "wallet_sum",
            _in(key[1], kept=kept.get(key, 0), moved=moved.get(key, 0), ledger=owed.get(key, 0)),
        )
        for key in sorted(kept.keys() | moved.keys() | owed.keys())
        if not kept.get(key, 0) == moved.get(key, 0) == owed.get(key, 0)
    ]
    earned = _summed(connection, commission_entry.c.referrer_id, commission_entry)
    due = _owed(connection, COMMISSIONS)
    faults += [
        Fault(f"wallet:{key[0]}", "commission_sum", _in(key[1], noted=earned.get(key, 0), ledger=due.get(key, 0)))
        for key in sorted(earned.keys() | due.keys())
        if earned.get(key, 0) != due.get(key, 0)
    ]
    faults += _commissions(connection)
    return len(kept.keys() | owed.keys()) + len(due), faults


def _summed(connection: Connection, whose: Any, table: Any) -> dict[tuple[int, str], int]:
    query = select(whose, table.c.currency, func.sum(table.c.amount_minor)).group_by(whose, table.c.currency)
    return {(row[0], row[1]): int(row[2]) for row in connection.execute(query)}


def _owed(connection: Connection, accounts: str) -> dict[tuple[int, str], int]:
    """What the ledger owes customers in accounts that begin so; one that is even is left out."""
    table = ledger_entry.c
    query = (
        select(table.account, table.currency, func.sum(table.amount_minor))
        .where(table.account.startswith(accounts, autoescape=True))
        .group_by(table.account, table.currency)
    )
    return {(int(row[0].removeprefix(accounts)), row[1]): -int(row[2]) for row in connection.execute(query)}


def _commissions(connection: Connection) -> Iterator[Fault]:
    """Of every order with a referrer."""
    order, entry = instalment_order.c, commission_entry.c
    noted = select(func.coalesce(func.sum(entry.amount_minor), 0)).where(entry.order_id == order.id).scalar_subquery()
    due = (order.paid_minor - order.returned_minor) * order.commission_bp
    # Written without a division, which databases round in their own ways.
    wrong = (order.commission_minor * WHOLE_BP > due) | ((order.commission_minor + 1) * WHOLE_BP <= due)
    query = select(order.number, order.currency, order.commission_minor, noted.label("noted")).where(
        order.referrer_id.is_not(None), wrong | (noted != order.commission_minor)
    )
    for row in connection.execute(query):
        values = _in(row.currency, kept=row.commission_minor, noted=int(row.noted))
        yield Fault(f"instalments:{row.number}", "commission_order", values)


def _unposted(connection: Connection) -> Iterator[Fault]:
    """Paid consultations and device invoices, and what the ledger took out of suspense for them."""
    posted = (
        select(ledger_tx.c.payment_id, func.sum(ledger_entry.c.amount_minor).label("minor"))
        .join(ledger_entry, ledger_entry.c.tx_id == ledger_tx.c.id)
        .where(ledger_tx.c.kind.in_([each.value for each in _USED_WHOLE]), ledger_entry.c.account == UNAPPLIED)
        .group_by(ledger_tx.c.payment_id)
        .subquery()
    )
    done = payment.c.purpose.in_(_USED_WHOLE) & (payment.c.fulfilment == Fulfilment.DONE)
    query = (
        select(
            payment.c.id, payment.c.amount_minor, payment.c.currency, func.coalesce(posted.c.minor, 0).label("minor")
        )
        .join(posted, posted.c.payment_id == payment.c.id, isouter=True)
        .where(done, func.coalesce(posted.c.minor, 0) != payment.c.amount_minor)
    )
    for row in connection.execute(query):
        yield Fault(_about(row), "consultation_sum", _in(row.currency, amount=row.amount_minor, ledger=int(row.minor)))


def _chain(key: AuditKey, step: Callable[[], object], connection: Connection) -> Found:
    """Every till's audit chain, from its first entry to its sealed head."""
    count = int(connection.execute(select(func.count()).select_from(audit)).scalar_one())
    fault = verify_chain(connection, key, step=step) or contradicted(connection)
    return count, [] if fault is None else [Fault(f"audit:{fault.till_id}", fault.reason, {"seq": fault.seq})]
