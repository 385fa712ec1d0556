"""What the integrity check compares: a query for each promise of the books, and the faults that it finds (seed 003).

The ledger is even and says what providers took and gave back, wallets and instalments come to what was paid, stock to
its moves, and the audit chain holds; what the document asks of its consultations stands in `consultation_looks`. A
sound till has no fault in any.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final, TypeAlias

from sqlalchemy import ColumnElement, Connection, case, func, select, true

from tillgate.domain.commission import WHOLE_BP
from tillgate.domain.ledger import COMMISSIONS, PREPAID, UNAPPLIED, WALLETS, clearing
from tillgate.domain.payment import Fulfilment, Purpose, RefundState
from tillgate.domain.wallet import WALLET
from tillgate.services.capture_looks import list_moneyless
from tillgate.services.consultation_looks import looks_at_consultations
from tillgate.services.instalment_looks import compare_instalments
from tillgate.services.invoice_figures import differences
from tillgate.services.invoice_sums import prepaid_differences, wait_differences
from tillgate.services.looks import Check, Fault, Found, Look, about, in_money
from tillgate.services.owners import list_forgotten
from tillgate.services.stock_looks import look_at_stock
from tillgate.store.audit import AuditKey, verify_chain
from tillgate.store.chain_witness import contradicted
from tillgate.store.ledger import unbalanced
from tillgate.store.models import (
    allocation,
    audit,
    capture,
    commission_entry,
    instalment_order,
    ledger_entry,
    ledger_tx,
    payment,
    refund,
    wallet_balance,
    wallet_transaction,
)


def looks_at_everything(key: AuditKey, step: Callable[[], object]) -> dict[Check, Look]:
    """Every check; `step` is called for each entry of the audit chain, and may raise to give it up."""
    looks: dict[Check, Look] = {**looks_at_consultations(true())}
    looks |= {Check.LEDGER: _ledger, Check.SUMS: _sums, Check.WALLETS: _wallets, Check.INSTALMENTS: _instalments}
    looks |= {Check.STOCK: look_at_stock}
    return looks | {Check.OWNERS: _owners, Check.CHAIN: partial(_chain, key, step)}


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
        Fault(about(row), "allocation_sum", in_money(row.currency, amount=row.amount_minor, parts=int(row.parts)))
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
            f"account:{key[0]}",
            f"{kind}_sum",
            in_money(key[1], facts=facts.get(key, 0), ledger=sign * booked.get(key, 0)),
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
            in_money(key[1], kept=kept.get(key, 0), moved=moved.get(key, 0), ledger=owed.get(key, 0)),
        )
        for key in sorted(kept.keys() | moved.keys() | owed.keys())
        if not kept.get(key, 0) == moved.get(key, 0) == owed.get(key, 0)
    ]
    earned = _summed(connection, commission_entry.c.referrer_id, commission_entry)
    due = _owed(connection, COMMISSIONS)
    faults += [
        Fault(f"wallet:{key[0]}", "commission_sum", in_money(key[1], noted=earned.get(key, 0), ledger=due.get(key, 0)))
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
        values = in_money(row.currency, kept=row.commission_minor, noted=int(row.noted))
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
        yield Fault(
            about(row), "consultation_sum", in_money(row.currency, amount=row.amount_minor, ledger=int(row.minor))
        )


def _chain(key: AuditKey, step: Callable[[], object], connection: Connection) -> Found:
    """Every till's audit chain, from its first entry to its sealed head."""
    count = int(connection.execute(select(func.count()).select_from(audit)).scalar_one())
    fault = verify_chain(connection, key, step=step) or contradicted(connection)
    return count, [] if fault is None else [Fault(f"audit:{fault.till_id}", fault.reason, {"seq": fault.seq})]
