"""What the database refuses by itself, whatever the code above it does."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
from sqlalchemy import Column, Connection, Engine, Table, delete, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from tests.store.one_of_each import AT, add, fill, other_value
from tillgate.domain.orders import InvoiceState
from tillgate.domain.payment import PaymentState, may_move
from tillgate.store.migrations import versions
from tillgate.store.migrations.guards import Guards
from tillgate.store.models import metadata

# What is written down for good (product.md, Money): never deleted, and no money, number or link of it changes.
BOOKS: Final = (
    "payment", "allocation", "payment_attempt", "provider_call", "capture", "refund", "return_inbox",
    "ledger_tx", "ledger_entry", "audit", "sales_order", "order_item", "sales_invoice", "sales_invoice_line",
    "stock_move", "money_exception", "outbox", "staff", "approval", "declined_try",
    "consultation", "tax_record", "consultation_invoice", "consultation_credit_note",
    "sales_credit_note", "sales_credit_note_line", "device_invoice", "payment_batch",
    "payment_invoice", "invoice_verification", "bulk_order", "instalment_order", "instalment", "coupon_use",
    "wallet_transaction", "wallet_top_up", "commission_entry",
)  # fmt: skip
FINAL: Final = ("currency", "number", "reference", "key", "idem_key", "dedupe_key", "provider_ref")
# What is reserved for refunds moves with them; an invoice is final when it says so (the test before); a manager accepts
# a surplus until the payment invoice is used. An order's sums follow its instalments, whose payment may go back; a bulk
# order may be paid by another payment until it is.
MOVING: Final = frozenset(
    {
        *(("capture", "refunded_minor"), ("capture", "excess_minor"), ("sales_invoice", "total_minor")),
        *(("payment_invoice", "surplus_minor"), ("payment_invoice", "surplus_by")),
        *(("instalment_order", name) for name in ("paid_minor", "returned_minor", "commission_minor")),
        *(("instalment", "returned_minor"), ("instalment", "payment_id"), ("bulk_order", "first_payment_id")),
    }
)
GUARD: Final = re.compile("_(frozen|final|set_once|append_only)")
Rows = dict[str, dict[str, Any]]


def declared() -> Iterator[Guards]:
    for found in pkgutil.iter_modules(versions.__path__):
        module = importlib.import_module(f"{versions.__name__}.{found.name}")
        for value in vars(module).values():
            if isinstance(value, Guards):
                yield value


GUARDS: Final = list(declared())


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.execution_options(writing=True).connect() as opened:
        opened.begin()
        yield opened


@pytest.fixture
def rows(connection: Connection) -> Rows:
    return fill(connection)


def refused(connection: Connection, statement: Any) -> str:
    """What the database says against a statement, or "" if it let it through (and it is taken back)."""
    savepoint = connection.begin_nested()
    try:
        changed = connection.execute(statement).rowcount
    except DBAPIError as error:
        savepoint.rollback()
        return str(error.orig)
    savepoint.rollback()
    assert changed, "the statement touched no row"
    return ""


def this(table: Table, row: dict[str, Any]) -> Any:
    found = [column == row[column.name] for column in table.primary_key]
    return found[0] if len(found) == 1 else found[0] & found[1]


def change(table: Table, row: dict[str, Any], column: Column[Any]) -> Any:
    """A statement that gives a column another value of its kind."""
    return update(table).where(this(table, row)).values({column.name: other_value(column, row[column.name])})


def test_every_move_of_a_payment_is_in_the_table_of_moves_and_no_other(connection: Connection, rows: Rows) -> None:
    payment = metadata.tables["payment"]
    for source in PaymentState:
        row = add(connection, payment, rows, state=source)
        for target in PaymentState:
            said = refused(connection, update(payment).where(this(payment, row)).values(state=target))
            allowed = source is target or may_move(source, target)
            assert ("payment_move_not_allowed" in said) is not allowed, f"{source} > {target}: {said!r}"


def test_what_is_declared_is_refused(connection: Connection, rows: Rows) -> None:
    for guards in GUARDS:
        for name in (*guards.append_only, *guards.never_deleted):
            table = metadata.tables[name]
            assert refused(connection, delete(table).where(this(table, rows[name]))), f"DELETE {name}"
        for name in guards.append_only:
            for column in metadata.tables[name].c:
                assert refused(connection, change(metadata.tables[name], rows[name], column)), f"{name}.{column.name}"
        for name, columns in guards.frozen.items():
            for column_name in columns:
                column = metadata.tables[name].c[column_name]
                said = refused(connection, change(metadata.tables[name], rows[name], column))
                assert f"{name}_frozen" in said or f"{name}_final" in said, f"{name}.{column_name}: {said!r}"


def test_what_is_set_once_is_set_and_then_stays(connection: Connection, rows: Rows) -> None:
    for guards in GUARDS:
        for name, columns in guards.set_once.items():
            table = metadata.tables[name]
            for column_name in columns:
                column = table.c[column_name]
                parent = next((rows[key.column.table.name]["id"] for key in column.foreign_keys), None)
                value = parent or other_value(column, None)
                savepoint = connection.begin_nested()
                connection.execute(update(table).where(this(table, rows[name])).values({column_name: value}))
                for after in (None, other_value(column, value)):
                    again = update(table).where(this(table, rows[name])).values({column_name: after})
                    assert f"{name}_set_once" in refused(connection, again), f"{name}.{column_name}"
                savepoint.rollback()


def test_a_final_invoice_does_not_change(connection: Connection, rows: Rows) -> None:
    invoice, line = metadata.tables["sales_invoice"], metadata.tables["sales_invoice_line"]
    row = rows["sales_invoice"]
    assert row["state"] is InvoiceState.DRAFT
    mine = this(invoice, row)
    connection.execute(update(invoice).where(mine).values(state=InvoiceState.FINALIZED, finalized_at=AT))
    assert "sales_invoice_final" in refused(connection, update(invoice).where(mine).values(total_minor=1))
    assert "sales_invoice_final" in refused(connection, update(invoice).where(mine).values(state=InvoiceState.DRAFT))
    with pytest.raises(DBAPIError, match="sales_invoice_final"):
        add(connection, line, rows, position=2)


def test_no_money_number_or_link_in_the_books_ever_changes(connection: Connection, rows: Rows) -> None:
    """Told from the models and not from the guards: a table or a column that is forgotten there is found here."""
    others = fill(connection)
    for name in BOOKS:
        table = metadata.tables[name]
        assert refused(connection, delete(table).where(this(table, rows[name]))), f"DELETE {name}"
        for column in table.c:
            final = column.name.endswith("_minor") or column.name in FINAL or column.foreign_keys
            if final and (name, column.name) not in MOVING:
                said = _refused_once_set(connection, table, rows, others, column)
                assert GUARD.search(said), f"{name}.{column.name} can be changed: {said!r}"


def _refused_once_set(connection: Connection, table: Table, rows: Rows, others: Rows, column: Column[Any]) -> str:
    row = rows[table.name]
    there = next((others[key.column.table.name][key.column.name] for key in column.foreign_keys), None)
    to_other = (
        update(table).where(this(table, row)).values({column.name: there or other_value(column, row[column.name])})
    )
    said = refused(connection, to_other)
    if said or row[column.name] is not None:
        return said
    savepoint = connection.begin_nested()
    connection.execute(to_other)
    said = refused(connection, update(table).where(this(table, row)).values({column.name: None}))
    savepoint.rollback()
    return said


def test_no_order_without_money(connection: Connection, rows: Rows) -> None:
    payment, order = metadata.tables["payment"], metadata.tables["sales_order"]
    for state in PaymentState:
        owner = add(connection, payment, rows, state=state)
        savepoint = connection.begin_nested()
        try:
            add(connection, order, rows, payment_id=owner["id"])
            made = True
        except DBAPIError as error:
            assert "sales_order_without_money" in str(error.orig)
            made = False
        savepoint.rollback()
        assert made is (state is PaymentState.CAPTURED)


def test_an_ended_payment_lets_go_of_its_things(connection: Connection, rows: Rows) -> None:
    payment, allocation = metadata.tables["payment"], metadata.tables["allocation"]
    states = PaymentState.FAILED, PaymentState.EXPIRED, PaymentState.CANCELLED
    for state in states:
        owner = add(connection, payment, rows, state=PaymentState.PENDING)
        held = add(connection, allocation, rows, payment_id=owner["id"], live=1, thing_id=77)
        with pytest.raises(IntegrityError), connection.begin_nested():
            second = add(connection, payment, rows, state=PaymentState.PENDING)
            add(
                connection,
                allocation,
                rows,
                payment_id=second["id"],
                live=1,
                thing_id=77,
                thing_kind=held["thing_kind"],
            )
        connection.execute(update(payment).where(this(payment, owner)).values(state=state))
        live = connection.execute(text("SELECT live FROM allocation WHERE id = :id"), {"id": held["id"]}).scalar()
        assert live == 0


def test_nobody_approves_their_own_request(connection: Connection, rows: Rows) -> None:
    approval = metadata.tables["approval"]
    person = rows["staff"]["id"]
    with pytest.raises(DBAPIError, match="approval_not_self"):
        add(connection, approval, rows, requested_by=person, approved_by=person)
