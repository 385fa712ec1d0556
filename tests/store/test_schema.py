"""The migrations make exactly what the models say, on either database, and an older program refuses a newer one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, text

from tests.factories.tills import new_sqlite
from tests.postgres import PostgresServer
from tillgate.domain.errors import Refused
from tillgate.store import schema
from tillgate.store.engine import postgres_engine, sqlite_engine
from tillgate.store.migrations import guards
from tillgate.store.models import metadata

# Written by migrations alone: Alembic's own table, the search indexes, and indexes on expressions.
NOT_MODELLED = re.compile(r"alembic_version|.*_search.*|ix_payment_payer_.*|tillgate_.*")


@pytest.fixture
def modelled(engine: Engine, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Engine]:
    """The tables straight from the models, on a database of the same kind as `engine`."""
    if engine.dialect.name == "sqlite":
        made = sqlite_engine(tmp_path / "modelled.db")
    else:
        server: PostgresServer = request.getfixturevalue("postgres_server")
        made = postgres_engine(server.create_database())
    with made.execution_options(writing=True).begin() as connection:
        metadata.create_all(connection)
    yield made
    made.dispose()


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
def test_alembic_sees_no_difference(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": _is_modelled, "compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_every_column_check_key_and_index_is_the_same(engine: Engine, modelled: Engine) -> None:
    """What Alembic does not compare too: checks, defaults, conditions of indexes, STRICT, AUTOINCREMENT."""
    read = _sqlite_catalogue if engine.dialect.name == "sqlite" else _postgres_catalogue
    with engine.connect() as here, modelled.connect() as there:
        found, wanted = read(here), read(there)
    assert found.keys() == wanted.keys()
    for name in wanted:
        assert found[name] == wanted[name], name


def test_upgrading_twice_does_nothing_and_a_newer_database_is_refused(tmp_path: Path) -> None:
    engine = sqlite_engine(tmp_path / "new.db")
    assert schema.current_revision(engine) is None
    assert schema.upgrade(engine)
    assert not schema.upgrade(engine)
    assert schema.current_revision(engine) == schema.HEAD
    with engine.execution_options(writing=True).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Refused, match="database_newer"):
        schema.upgrade(engine)
    engine.dispose()


def test_the_revisions_are_one_line_and_all_are_known() -> None:
    folder = Path(schema.__file__).parent / "migrations" / "versions"
    steps = {}
    for file in folder.glob("v*.py"):
        source = file.read_text(encoding="utf-8")
        revision = re.search(r'^revision = "(\d{4})"$', source, re.MULTILINE)
        before = re.search(r'^down_revision: str \| None = (?:"(\d{4})"|None)$', source, re.MULTILINE)
        assert revision, f"{file.name} does not say its revision"
        assert before, f"{file.name} does not say what it follows"
        steps[revision[1]] = before[1]
    line = sorted(steps)
    assert [steps[revision] for revision in line] == [None, *line[:-1]]
    assert line[-1] == schema.HEAD
    assert frozenset(line) == schema._KNOWN


def test_a_migration_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One transaction on SQLite too: killed or failed half-way, the database is the old one."""
    engine = sqlite_engine(tmp_path / "new.db")

    def fail(*_: Any) -> None:
        raise RuntimeError("the disk is gone")

    monkeypatch.setattr(guards._Sqlite, "refuse", fail)
    with pytest.raises(RuntimeError):
        schema.upgrade(engine)
    with engine.connect() as connection:
        left = connection.execute(text("SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")).all()
    assert left == []
    monkeypatch.undo()
    assert schema.upgrade(engine)
    engine.dispose()


def test_foreign_keys_hold_and_types_are_strict(tmp_path: Path) -> None:
    engine = sqlite_engine(new_sqlite(tmp_path))
    with engine.connect() as connection:
        tables = connection.execute(text("PRAGMA table_list")).all()
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1
        assert connection.execute(text("PRAGMA foreign_key_check")).all() == []
    loose = [row.name for row in tables if row.type == "table" and row.schema == "main" and not row.strict]
    assert [name for name in loose if not NOT_MODELLED.fullmatch(name) and not name.startswith("sqlite_")] == []
    engine.dispose()


def _is_modelled(name: str | None, kind: str, _parents: Any) -> bool:
    return not (kind in ("table", "index") and NOT_MODELLED.fullmatch(name or ""))


def _sqlite_catalogue(connection: Connection) -> dict[str, list[str]]:
    """Tables as sorted lists of their parts, and the text of every index."""
    rows = connection.execute(
        text("SELECT type, name, sql FROM sqlite_master WHERE type IN ('table', 'index') AND sql IS NOT NULL")
    )
    return {
        f"{row.type} {row.name}": _parts(row.sql)
        for row in rows
        if not NOT_MODELLED.fullmatch(row.name) and not row.name.startswith("sqlite_")
    }


def _parts(sql: str) -> list[str]:
    """What stands between the outer brackets, split at its own commas and sorted, and what stands around them."""
    flat = re.sub(r"\s+", " ", sql.replace('"', ""))
    head, _, rest = flat.partition("(")
    body, tail = rest[: rest.rindex(")")], rest[rest.rindex(")") + 1 :]
    if " INDEX " in head:
        return [flat]
    parts, depth, part = [], 0, ""
    for letter in body:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            parts.append(part.strip())
            part = ""
        else:
            part += letter
    return [head.strip(), *sorted([*parts, part.strip()]), tail.strip()]


def _postgres_catalogue(connection: Connection) -> dict[str, list[str]]:
    queries = {
        "column": "SELECT table_name || '.' || column_name, data_type || ' ' || is_nullable || ' ' || "
        "coalesce(regexp_replace(column_default, '.*nextval.*', 'counted'), '') || is_identity "
        "FROM information_schema.columns WHERE table_schema = 'public'",
        "constraint": "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE connamespace = 'public'::regnamespace AND contype <> 'n'",
        "index": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    }
    found = {}
    for kind, query in queries.items():
        for name, definition in connection.execute(text(query)):
            if not NOT_MODELLED.fullmatch(name.split(".")[0]) and not name.startswith("alembic_version"):
                found[f"{kind} {name}"] = [definition]
    return found
