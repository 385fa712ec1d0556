"""The tests' own PostgreSQL server: fresh databases, templates, and nothing left behind."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, text

from tests import postgres
from tests.postgres import PostgresServer, running_postgres

ROOT = Path(__file__).resolve().parents[2]


def one_value(url: str, query: str) -> object:
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return connection.execute(text(query)).scalar_one()
    finally:
        engine.dispose()


def run(url: str, statement: str) -> None:
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            connection.execute(text(statement))
    finally:
        engine.dispose()


def test_it_is_postgresql_15_or_newer_and_does_not_run_as_root(postgres_server: PostgresServer) -> None:
    assert postgres_server.version >= 150000
    assert (postgres_server.folder / "data" / "PG_VERSION").stat().st_uid != 0


def test_databases_do_not_see_each_other(postgres_server: PostgresServer) -> None:
    first, second = postgres_server.create_database(), postgres_server.create_database()
    run(first, "CREATE TABLE here (id int)")
    assert one_value(second, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0
    for url in (first, second):
        postgres_server.drop_database(url)


def test_a_template_is_built_once_and_copied(postgres_server: PostgresServer) -> None:
    built = []

    def build(url: str) -> None:
        built.append(url)
        run(url, "CREATE TABLE sample AS SELECT 7 AS seven")

    copies = []
    for _ in range(2):
        template = postgres_server.make_template("sample_template", build)
        copies.append(postgres_server.create_database(template))
    assert len(built) == 1
    run(copies[0], "DELETE FROM sample")
    assert one_value(copies[1], "SELECT seven FROM sample") == 7


def test_dropping_puts_out_whoever_is_connected(postgres_server: PostgresServer) -> None:
    url = postgres_server.create_database()
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        postgres_server.drop_database(url)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")


def test_a_durable_server_waits_for_the_disk(postgres_server: PostgresServer) -> None:
    with running_postgres(durable=True) as durable:
        assert one_value(durable.create_database(), "SHOW fsync") == "on"
        folder = durable.folder
    assert not folder.exists()
    assert one_value(postgres_server.create_database(), "SHOW fsync") == "off"


def test_a_port_taken_meanwhile_is_left_for_another(
    postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    ports = [postgres_server.port, postgres._free_port()]
    monkeypatch.setattr(postgres, "_free_port", lambda: ports.pop(0))
    with running_postgres() as server:
        assert server.port != postgres_server.port
    assert not ports


def test_the_server_goes_with_a_killed_process(postgres_server: PostgresServer) -> None:
    program = (
        "from tests.postgres import running_postgres\n"
        "with running_postgres() as server:\n"
        "    print(server.folder, server.port, flush=True)\n"
        "    input()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        folder, port = owner.stdout.readline().split()
        assert Path(folder).exists()
        owner.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 15
    while Path(folder).exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(folder).exists()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(port)), timeout=1).close()
