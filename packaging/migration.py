"""Write the next migration from the difference between the newest migrations and the models.

    python packaging/migration.py 0002 "devices and their invoices"

The result is a start: read it, add guards, and make `tillgate.store.schema` name it.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any, Literal

from alembic.autogenerate import api, render_python_code
from alembic.autogenerate.api import AutogenContext
from alembic.migration import MigrationContext
from sqlalchemy.types import TypeEngine

from tillgate.store import schema
from tillgate.store.columns import Day, Instant, Words
from tillgate.store.engine import sqlite_engine
from tillgate.store.models import metadata

VERSIONS = Path(schema.__file__).parent / "migrations" / "versions"


def render_item(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Types as they are in the database, free of the models' own classes."""
    if kind != "type":
        return False
    if isinstance(item, Instant):
        return "Int"
    if isinstance(item, (Day, Words)):
        return "sa.Text()"
    if isinstance(item, TypeEngine) and "BigInteger" in repr(item):
        return "Int"
    return False


def is_modelled(name: str | None, kind: str, _parents: Any) -> bool:
    """The search indexes are written by a migration alone."""
    return not (kind == "table" and "_search" in (name or ""))


def main(revision: str, message: str) -> None:
    """Write `versions/<revision>_<message>.py`."""
    with tempfile.TemporaryDirectory() as folder:
        engine = sqlite_engine(Path(folder) / "empty.db")
        if revision != "0001":
            schema.upgrade(engine)
        with engine.connect() as connection:
            options: dict[str, Any] = {
                "render_item": render_item,
                "target_metadata": metadata,
                "user_module_prefix": "",
            }
            options |= {"include_name": is_modelled}
            context = MigrationContext.configure(connection, opts=options)
            script = api.produce_migrations(context, metadata)
            if script.upgrade_ops is None:
                raise SystemExit("the models have not changed")
            body = render_python_code(script.upgrade_ops, render_item=render_item, migration_context=context)
    down = "None" if revision == "0001" else f'"{int(revision) - 1:04d}"'
    (VERSIONS / f"v{revision}_{message.replace(' ', '_').replace(',', '')}.py").write_text(
        f'"""{message[0].upper()}{message[1:]}."""\n\nfrom __future__ import annotations\n\n'
        "import sqlalchemy as sa\nfrom alembic import op\n\n"
        f'revision = "{revision}"\ndown_revision: str | None = {down}\n'
        'Int = sa.BigInteger().with_variant(sa.Integer(), "sqlite")\n\n\n'
        f'def upgrade() -> None:\n    """{message[0].upper()}{message[1:]}."""\n    {body}\n'
    )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
