"""How long payers took to pay a prompt is counted by cashier too, beside the count by provider."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Connection

from tillgate.store.columns import Int

revision = "0020"
down_revision: str | None = "0019"

# The steps are those of revision 0016.
_STEP = (
    "CASE WHEN {waited} < 0 THEN 0 WHEN {waited} < 60 THEN {waited} WHEN {waited} < 300 THEN {waited} / 5 * 5 "
    "WHEN {waited} < 1800 THEN {waited} / 30 * 30 WHEN {waited} < 86400 THEN {waited} / 600 * 600 ELSE 86400 END"
).replace("{waited}", "(({row}.paid_at - {row}.created_at) / 1000000)")
_NAME = "payment_invoice_waited_at_a_cashier"
_PAID = "OLD.paid_at IS NULL AND NEW.paid_at IS NOT NULL"
_COUNT = (
    "INSERT INTO cashier_wait (day, staff_id, seconds, number) "
    "VALUES (NEW.day, coalesce(NEW.created_by, 0), {step}, 1) "
    "ON CONFLICT (day, staff_id, seconds) DO UPDATE SET number = cashier_wait.number + 1;"
).replace("{step}", _STEP.replace("{row}", "NEW"))
_FILL = (
    "INSERT INTO cashier_wait (day, staff_id, seconds, number) "
    "SELECT paid.day, coalesce(paid.created_by, 0), {step}, count(*) FROM payment_invoice AS paid "
    "WHERE paid.paid_at IS NOT NULL GROUP BY 1, 2, 3"
).replace("{step}", _STEP.replace("{row}", "paid"))


def upgrade() -> None:
    """Make the table, count what is there, and count on."""
    op.create_table(
        "cashier_wait",
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("staff_id", Int, nullable=False),
        sa.Column("seconds", Int, nullable=False),
        sa.Column("number", Int, nullable=False),
        sa.CheckConstraint("number >= 0", name=op.f("ck_cashier_wait_number_not_negative")),
        sa.PrimaryKeyConstraint("day", "staff_id", "seconds", name=op.f("pk_cashier_wait")),
        sqlite_strict=True,
    )
    connection = op.get_bind()
    connection.exec_driver_sql(_FILL)
    _count_on(connection)


def _count_on(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(
            f"CREATE TRIGGER {_NAME} AFTER UPDATE ON payment_invoice WHEN {_PAID} BEGIN {_COUNT} END"
        )
        return
    connection.exec_driver_sql(
        f"CREATE FUNCTION tillgate_{_NAME}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {_COUNT} RETURN NULL; END $$"
    )
    connection.exec_driver_sql(
        f"CREATE TRIGGER {_NAME} AFTER UPDATE ON payment_invoice FOR EACH ROW WHEN ({_PAID}) "
        f"EXECUTE FUNCTION tillgate_{_NAME}()"
    )
