"""Views of lists that a person keeps under a name; they are theirs at every till of the store.

One row of the store's options for each person and list, which `services/settings.py` passes over.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Final

from sqlalchemy import Connection

from tillgate.domain.errors import Bug, Invalid, Refused
from tillgate.domain.staff import Action, Actor
from tillgate.services.access import authorize
from tillgate.services.setting_rows import find_setting, write_setting
from tillgate.services.till import Till
from tillgate.store.unit_of_work import UnitOfWork

MOST_VIEWS: Final = 50
LONGEST_NAME: Final = 40
_LONGEST_QUERY: Final = 4_000
# Everybody who sees any list sees this one.
_NEEDS: Final = Action.VIEW_PAYMENTS


def list_views(till: Till, actor: Actor, table: str) -> dict[str, str]:
    """The person's views of a list: queries by name, in the order of the names."""
    authorize(till, actor, _NEEDS)
    with till.db.read() as connection:
        return _read(connection, _row(actor, table))


def save_view(till: Till, actor: Actor, table: str, name: str, query: str) -> None:
    """Keep a query under a name; one of the same name is replaced.

    Raises Invalid("view_unusable") for a name or query that is empty or too long, Refused("views_too_many").
    """
    authorize(till, actor, _NEEDS)
    kept = name.strip()
    if not kept or len(kept) > LONGEST_NAME or not query or len(query) > _LONGEST_QUERY:
        raise Invalid("view_unusable", field="name", most=LONGEST_NAME)

    def add(views: dict[str, str]) -> Mapping[str, str]:
        if kept not in views and len(views) >= MOST_VIEWS:
            raise Refused("views_too_many", most=MOST_VIEWS)
        return views | {kept: query}

    _change(till, actor, table, add)


def remove_view(till: Till, actor: Actor, table: str, name: str) -> None:
    """Forget a view; one that is not there is no error."""
    authorize(till, actor, _NEEDS)
    _change(till, actor, table, lambda views: {other: views[other] for other in views if other != name})


def _change(till: Till, actor: Actor, table: str, change: Callable[[dict[str, str]], Mapping[str, str]]) -> None:
    def write(uow: UnitOfWork) -> None:
        authorize(uow, actor, _NEEDS)
        row = _row(actor, table)
        views = change(_read(uow.connection, row))
        text = json.dumps(dict(sorted(views.items())), ensure_ascii=False)
        write_setting(uow, row, text)

    till.db.transact(actor, write)


def _row(actor: Actor, table: str) -> str:
    if actor.staff_id is None or not table.replace("-", "_").isidentifier():
        raise Bug("views_of_nobody", table=table)
    return f"views.{actor.staff_id}.{table}"


def _read(connection: Connection, row: str) -> dict[str, str]:
    text = find_setting(connection, row)
    read = json.loads(text) if text else {}
    return {str(name): str(query) for name, query in sorted(read.items())}
