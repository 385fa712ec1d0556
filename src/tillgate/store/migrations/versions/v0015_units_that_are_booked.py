"""No unit that is booked is taken away, and none is booked that there is not, whatever the code above says."""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision: str | None = "0014"

# The day after the next one in UTC has not begun in any zone; the service, which knows the store's, refuses the days
# before it (services/unit_bookings.py). Of the clock and the books' own time the later one counts.
_SQLITE_DAY = (
    "date(max(CAST(strftime('%s', 'now') AS INTEGER), coalesce((SELECT max(at) FROM audit_head), 0) / 1000000), "
    "'unixepoch', '+1 day')"
)
_POSTGRES_DAY = (
    "to_char(greatest(now(), to_timestamp(coalesce((SELECT max(at) FROM audit_head), 0) / 1000000)) "
    "AT TIME ZONE 'UTC' + interval '1 day', 'YYYY-MM-DD')"
)
_BOOKED = "EXISTS (SELECT 1 FROM rental_day WHERE variant_id = NEW.id AND unit > NEW.stock AND day > {day})"
_MISSING = "NEW.unit > (SELECT stock FROM variant WHERE id = NEW.variant_id)"


def upgrade() -> None:
    """Write the triggers."""
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(
            "CREATE TRIGGER variant_units_booked BEFORE UPDATE OF stock ON variant WHEN NEW.stock < OLD.stock AND "
            f"{_BOOKED.format(day=_SQLITE_DAY)} BEGIN SELECT RAISE(ABORT, 'variant_units_booked'); END"
        )
        connection.exec_driver_sql(
            f"CREATE TRIGGER rental_day_has_unit BEFORE INSERT ON rental_day WHEN {_MISSING} "
            "BEGIN SELECT RAISE(ABORT, 'rental_day_without_unit'); END"
        )
        return
    for name, table, when, refused in (
        ("variant_units_booked", "variant", "UPDATE OF stock", f"NEW.stock < OLD.stock AND {_BOOKED}"),
        ("rental_day_without_unit", "rental_day", "INSERT", _MISSING),
    ):
        connection.exec_driver_sql(
            f"CREATE FUNCTION tillgate_{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF {refused.format(day=_POSTGRES_DAY)} THEN RAISE EXCEPTION '{name}' "
            "USING ERRCODE = 'restrict_violation'; END IF; RETURN NEW; END $$"
        )
        connection.exec_driver_sql(
            f"CREATE TRIGGER {name} BEFORE {when} ON {table} FOR EACH ROW EXECUTE FUNCTION tillgate_{name}()"
        )
