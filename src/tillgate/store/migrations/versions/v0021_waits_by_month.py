"""How long payers took to pay is kept by month as well, so that a year's figures read twelve months and no day of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Connection

from tillgate.store.columns import Int

revision = "0021"
down_revision: str | None = "0020"

# A month is named by its first day, and has whatever its days have.
_ADD = (
    "INSERT INTO month_wait (month, provider, seconds, number) "
    "VALUES (substr(NEW.day, 1, 8) || '01', NEW.provider, NEW.seconds, {more}) "
    "ON CONFLICT (month, provider, seconds) DO UPDATE SET number = month_wait.number + excluded.number;"
)
_FILL = (
    "INSERT INTO month_wait (month, provider, seconds, number) "
    "SELECT substr(day, 1, 8) || '01', provider, seconds, sum(number) FROM invoice_wait GROUP BY 1, 2, 3"
)
# name, when, how many more.
_DOES = (
    ("day_waits_in_month", "AFTER INSERT ON invoice_wait", "NEW.number"),
    ("day_waits_more_in_month", "AFTER UPDATE OF number ON invoice_wait", "NEW.number - OLD.number"),
)


def upgrade() -> None:
    """Make the table, add up what is there, and add on."""
    op.create_table(
        "month_wait",
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("seconds", Int, nullable=False),
        sa.Column("number", Int, nullable=False),
        sa.PrimaryKeyConstraint("month", "provider", "seconds", name=op.f("pk_month_wait")),
        sqlite_strict=True,
    )
    connection = op.get_bind()
    connection.exec_driver_sql(_FILL)
    write = _on_sqlite if connection.dialect.name == "sqlite" else _on_postgres
    for name, when, more in _DOES:
        write(connection, name, when, _ADD.replace("{more}", more))


def _on_sqlite(connection: Connection, name: str, when: str, body: str) -> None:
    connection.exec_driver_sql(f"CREATE TRIGGER {name} {when} BEGIN {body} END")


def _on_postgres(connection: Connection, name: str, when: str, body: str) -> None:
    connection.exec_driver_sql(
        f"CREATE FUNCTION tillgate_{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN NULL; END $$"
    )
    connection.exec_driver_sql(f"CREATE TRIGGER {name} {when} FOR EACH ROW EXECUTE FUNCTION tillgate_{name}()")
