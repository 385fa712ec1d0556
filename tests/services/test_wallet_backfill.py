"""A shop that credited customers before there were wallets: its ledger becomes their balances and statements."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, insert, select

from tests.factories.clock import FakeClock
from tests.factories.tills import make_till
from tests.postgres import PostgresServer
from tillgate.domain.ledger import UNAPPLIED, pair, wallet
from tillgate.domain.money import Money
from tillgate.services.book_checks import inspect_books
from tillgate.services.looks import Check
from tillgate.store import schema
from tillgate.store.engine import postgres_engine, sqlite_engine
from tillgate.store.ledger import post
from tillgate.store.models import customer, wallet_balance, wallet_transaction

BEFORE = "0018"
AT = datetime(2026, 11, 16, 9, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgres"])
def older(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database of the version before wallets."""
    if request.param == "sqlite":
        engine = sqlite_engine(tmp_path / "older.db")
    else:
        server: PostgresServer = request.getfixturevalue("postgres_server")
        engine = postgres_engine(server.create_database())
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
    with engine.execution_options(writing=True).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, BEFORE)
    yield engine
    engine.dispose()


def test_what_was_credited_is_in_the_wallets(older: Engine) -> None:
    credited = [(1, 500, "INR"), (2, 70, "INR"), (1, 250, "INR"), (1, 9, "USD")]
    with older.execution_options(writing=True).begin() as connection:
        for number in (1, 2, 3):
            person = {"id": number, "name": f"Customer {number}", "email": "", "phone": "", "note": ""}
            connection.execute(insert(customer).values(person | {"created_at": AT}))
        for number, (whose, minor, currency) in enumerate(credited):
            entries = pair(UNAPPLIED, wallet(whose), Money(minor, currency))
            post(connection, "credit", f"credit:{number}", payment_id=None, now=AT, entries=entries)
    assert schema.upgrade(older)
    with older.connect() as connection:
        balances = select(wallet_balance.c.customer_id, wallet_balance.c.currency, wallet_balance.c.balance_minor)
        kept = {tuple(row) for row in connection.execute(balances)}
        moves = connection.execute(select(wallet_transaction).order_by(wallet_transaction.c.id)).all()
    assert kept == {(1, "INR", 750), (2, "INR", 70), (1, "USD", 9)}
    told = [(row.customer_id, row.kind, row.amount_minor, row.currency, row.balance_after_minor) for row in moves]
    assert told == [
        (1, "CREDIT", 500, "INR", 500),
        (2, "CREDIT", 70, "INR", 70),
        (1, "CREDIT", 250, "INR", 750),
        (1, "CREDIT", 9, "USD", 9),
    ]
    assert {(row.created_at, row.reason, row.till_id) for row in moves} == {(AT, "", "")}
    (result,) = (each for each in inspect_books(make_till(older, FakeClock())).results if each.check is Check.WALLETS)
    assert (result.compared, result.faults) == (3, ())
