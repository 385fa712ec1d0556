"""A cart that a phone is asked for is paid in no other way meanwhile; verifications are found by what was typed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Connection

from tillgate.store.columns import Int

revision = "0022"
down_revision: str | None = "0021"

# A payment that ends, or gives back, holds no cart; nor does an invoice that is over, used, or on Exceptions.
_ENDED = (
    "NEW.purpose = 'payment_invoice' AND OLD.state <> NEW.state "
    "AND NEW.state NOT IN ('CREATED', 'PENDING', 'PROCESSING', 'CAPTURED')"
)
_OVER = (
    "NEW.held_cart_id IS NOT NULL "
    "AND (NEW.state IN ('FAILED', 'EXPIRED', 'USED') OR NEW.referred_at IS NOT NULL OR NEW.late = 1)"
)
# name, when, condition, what.
_FREES = (
    (
        *("payment_frees_cart", "AFTER UPDATE OF state ON payment", _ENDED),
        "UPDATE payment_invoice SET held_cart_id = NULL WHERE payment_id = NEW.id AND held_cart_id IS NOT NULL;",
    ),
    (
        *("payment_invoice_frees_cart", "AFTER UPDATE ON payment_invoice", _OVER),
        "UPDATE payment_invoice SET held_cart_id = NULL WHERE id = NEW.id;",
    ),
)
_LIVE = "EXISTS (SELECT 1 FROM allocation WHERE thing_kind = 'cart' AND thing_id = NEW.held_cart_id AND live = 1)"
_HELD = "EXISTS (SELECT 1 FROM payment_invoice WHERE held_cart_id = NEW.thing_id)"
_OF_CART = "NEW.live = 1 AND NEW.thing_kind = 'cart'"
_HOLDS = "NEW.held_cart_id IS NOT NULL"
# name, when, condition, what is wrong, the cart: one live way of paying it, whatever the code above says.
_REFUSES = (
    ("cart_paid_already", "BEFORE INSERT ON payment_invoice", _HOLDS, _LIVE, "NEW.held_cart_id"),
    ("cart_held_by_prompt", "BEFORE INSERT ON allocation", _OF_CART, _HELD, "NEW.thing_id"),
    ("cart_held_by_prompt_again", "BEFORE UPDATE OF live ON allocation", _OF_CART, _HELD, "NEW.thing_id"),
)
_REHELD = "NEW.held_cart_id IS NOT NULL AND (OLD.held_cart_id IS NULL OR OLD.held_cart_id <> NEW.held_cart_id)"


def upgrade() -> None:
    """Add the column and the indexes, and write the triggers."""
    op.create_index("ix_invoice_verification_asked", "invoice_verification", ["asked", "id"])
    op.add_column("payment_invoice", sa.Column("held_cart_id", Int, nullable=True))
    held = sa.text("held_cart_id IS NOT NULL")
    op.create_index(
        "uq_payment_invoice_held_cart",
        "payment_invoice",
        ["held_cart_id"],
        unique=True,
        sqlite_where=held,
        postgresql_where=held,
    )
    connection = op.get_bind()
    write = _on_sqlite if connection.dialect.name == "sqlite" else _on_postgres
    write(connection)


def _on_sqlite(connection: Connection) -> None:
    for name, when, condition, body in _FREES:
        connection.exec_driver_sql(f"CREATE TRIGGER {name} {when} WHEN {condition} BEGIN {body} END")
    for name, when, condition, wrong, _ in _REFUSES:
        connection.exec_driver_sql(
            f"CREATE TRIGGER {name} {when} WHEN {condition} AND {wrong} BEGIN SELECT RAISE(ABORT, '{name}'); END"
        )
    connection.exec_driver_sql(
        f"CREATE TRIGGER payment_invoice_reheld BEFORE UPDATE OF held_cart_id ON payment_invoice WHEN {_REHELD} "
        "BEGIN SELECT RAISE(ABORT, 'payment_invoice_reheld'); END"
    )


def _on_postgres(connection: Connection) -> None:
    for name, when, condition, body in _FREES:
        _function(connection, name, f"{body} RETURN NULL;")
        _trigger(connection, name, when, condition, f"tillgate_{name}()")
    for name, when, condition, wrong, cart in _REFUSES:
        # Held, so that two who begin to pay it at once see each other.
        lock = f"PERFORM 1 FROM cart WHERE id = {cart} FOR NO KEY UPDATE;"
        refuse = f"RAISE EXCEPTION '{name}' USING ERRCODE = 'restrict_violation'"
        _function(connection, name, f"{lock} IF {wrong} THEN {refuse}; END IF; RETURN NEW;")
        _trigger(connection, name, when, condition, f"tillgate_{name}()")
    when = "BEFORE UPDATE OF held_cart_id ON payment_invoice"
    _trigger(connection, "payment_invoice_reheld", when, _REHELD, "tillgate_refuse('payment_invoice_reheld')")


def _function(connection: Connection, name: str, body: str) -> None:
    connection.exec_driver_sql(
        f"CREATE FUNCTION tillgate_{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$"
    )


def _trigger(connection: Connection, name: str, when: str, condition: str, call: str) -> None:
    connection.exec_driver_sql(f"CREATE TRIGGER {name} {when} FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION {call}")
