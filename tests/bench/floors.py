"""The floors: bare drivers doing the least that the same work needs."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import pysqlite3.dbapi2 as sqlite_driver

_SCHEMA = """
CREATE TABLE idem(key TEXT PRIMARY KEY, payment INTEGER);
CREATE TABLE pay(id INTEGER PRIMARY KEY, thing INTEGER, amount INTEGER, currency TEXT, state TEXT, created INTEGER);
CREATE UNIQUE INDEX live ON pay(thing) WHERE state IN ('CREATED', 'PENDING');
CREATE TABLE inv(id INTEGER PRIMARY KEY, payment INTEGER, number TEXT UNIQUE, total INTEGER);
CREATE TABLE tax(id INTEGER PRIMARY KEY, payment INTEGER, name TEXT, amount INTEGER);
CREATE TABLE audit(id INTEGER PRIMARY KEY, at INTEGER, event TEXT, data TEXT);
"""


def open_bare(path: Path) -> Any:
    """Bare sqlite3, durable as the application is: WAL, FULL."""
    connection = sqlite_driver.connect(str(path), isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.executescript(_SCHEMA)
    return connection


def bare_payment(connection: Any, thing: int) -> None:
    """One durable transaction: look for an active payment, six inserts."""
    run = connection.execute
    run("BEGIN IMMEDIATE")
    run("SELECT id FROM pay WHERE thing = ? AND state IN ('CREATED', 'PENDING')", (thing,)).fetchone()
    made = run(
        "INSERT INTO pay(thing, amount, currency, state, created) VALUES (?, 10000, 'INR', 'CREATED', 1)", (thing,)
    )
    number = made.lastrowid
    run("INSERT INTO idem VALUES (?, ?)", (secrets.token_hex(16), number))
    run("INSERT INTO inv(payment, number, total) VALUES (?, ?, 10000)", (number, f"INV-{number:06d}"))
    run("INSERT INTO tax(payment, name, amount) VALUES (?, 'VAT', 600)", (number,))
    run("INSERT INTO tax(payment, name, amount) VALUES (?, 'PPh', 750)", (number,))
    run("INSERT INTO audit(at, event, data) VALUES (1, 'payment.created', '{}')")
    run("COMMIT")


def bare_duplicate(connection: Any, thing: int) -> None:
    """One indexed select."""
    connection.execute("SELECT id FROM pay WHERE thing = ? AND state IN ('CREATED', 'PENDING')", (thing,)).fetchone()
