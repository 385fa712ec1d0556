"""The floors: bare drivers doing the least that the same work needs."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
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


_ORDERS = """
CREATE TABLE variant(id INTEGER PRIMARY KEY, code TEXT UNIQUE, price INTEGER, stock INTEGER);
CREATE TABLE bulk(id INTEGER PRIMARY KEY, key TEXT UNIQUE, number TEXT UNIQUE, customer INTEGER, address TEXT,
  first INTEGER, state TEXT, expires INTEGER, payment INTEGER);
CREATE INDEX unpaid ON bulk(expires) WHERE state = 'PENDING';
CREATE TABLE ord(id INTEGER PRIMARY KEY, bulk INTEGER NOT NULL REFERENCES bulk(id), number TEXT UNIQUE,
  variant INTEGER NOT NULL REFERENCES variant(id), quantity INTEGER, days INTEGER, total INTEGER, state TEXT);
CREATE INDEX ord_bulk ON ord(bulk);
CREATE TABLE day(id INTEGER PRIMARY KEY, ord INTEGER NOT NULL REFERENCES ord(id), number INTEGER, due TEXT,
  amount INTEGER, state TEXT, UNIQUE(ord, number));
CREATE INDEX due ON day(due, ord, amount, id) WHERE state = 'DUE';
CREATE TABLE move(id INTEGER PRIMARY KEY, variant INTEGER, ord INTEGER, quantity INTEGER);
CREATE TABLE part(id INTEGER PRIMARY KEY, payment INTEGER NOT NULL REFERENCES pay(id), day INTEGER, amount INTEGER);
CREATE UNIQUE INDEX live_day ON part(day);
CREATE TABLE attempt(id INTEGER PRIMARY KEY, payment INTEGER, reference TEXT UNIQUE, body TEXT, state TEXT);
"""


def open_bare(path: Path) -> Any:
    """Bare sqlite3, durable as the application is: WAL, FULL."""
    connection = sqlite_driver.connect(str(path), isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.executescript(_SCHEMA)
    return connection


def open_bare_shop(path: Path) -> Any:
    """The same with a variant that is sold in instalments."""
    connection = open_bare(path)
    connection.executescript(_ORDERS)
    connection.execute("INSERT INTO variant VALUES (1, 'PHONE', 8000000, 1000000)")
    return connection


def bare_bulk(connection: Any, number: int, plans: Sequence[int]) -> None:
    """Two durable transactions, as no provider is called before it is written down what for, nor its answer lost:
    a bulk order with an order for each plan of so many days, their pieces and their schedules, and the first payment of
    them all with its checkout; then the checkout's name.
    """
    run = connection.execute
    run("BEGIN IMMEDIATE")
    key = secrets.token_hex(16)
    run("SELECT id FROM bulk WHERE key = ?", (key,)).fetchone()
    place = (key, f"BULK-{number}", "1 Main Street, Mumbai")
    bulk = run("INSERT INTO bulk VALUES (NULL, ?, ?, 1, ?, 1, 'PENDING', 1, NULL)", place).lastrowid
    firsts = []
    for position, days in enumerate(plans):
        variant, price = run("SELECT id, price FROM variant WHERE code = 'PHONE'").fetchone()
        run("UPDATE variant SET stock = stock - 1 WHERE id = ? AND stock >= 1", (variant,))
        row = (bulk, f"ORD-{number}-{position}", variant, days, price)
        order = run("INSERT INTO ord VALUES (NULL, ?, ?, ?, 1, ?, ?, 'PENDING')", row).lastrowid
        run("INSERT INTO move VALUES (NULL, ?, ?, -1)", (variant, order))
        each, left = divmod(price, days)
        rows = [(order, nth, "2026-01-01", each + (nth <= left)) for nth in range(1, days + 1)]
        connection.executemany("INSERT INTO day VALUES (NULL, ?, ?, ?, ?, 'DUE')", rows)
        firsts.append(run("SELECT id, amount FROM day WHERE ord = ? AND number = 1", (order,)).fetchone())
        run("INSERT INTO audit(at, event, data) VALUES (1, 'order.created', '{}')")
    total = sum(amount for _, amount in firsts)
    paid = run(
        "INSERT INTO pay(thing, amount, currency, state, created) VALUES (?, ?, 'INR', 'CREATED', 1)", (-bulk, total)
    )
    connection.executemany("INSERT INTO part VALUES (NULL, ?, ?, ?)", [(paid.lastrowid, *each) for each in firsts])
    run("INSERT INTO attempt VALUES (NULL, ?, ?, '{}', 'CREATED')", (paid.lastrowid, key))
    run("INSERT INTO idem VALUES (?, ?)", (key, paid.lastrowid))
    run("UPDATE bulk SET payment = ? WHERE id = ?", (paid.lastrowid, bulk))
    run("INSERT INTO audit(at, event, data) VALUES (1, 'bulk.created', '{}')")
    run("INSERT INTO audit(at, event, data) VALUES (1, 'payment.created', '{}')")
    run("COMMIT")
    run("BEGIN IMMEDIATE")
    run("UPDATE attempt SET state = 'OPEN', body = 'plink_1' WHERE reference = ?", (key,))
    run("UPDATE pay SET state = 'PENDING' WHERE id = ?", (paid.lastrowid,))
    run("INSERT INTO audit(at, event, data) VALUES (1, 'payment.open', '{}')")
    run("COMMIT")


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
