"""The keys of commands that the store chose, where they differ from those delivered."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from tillgate.domain.staff import Action, Actor
from tillgate.services.access import authorize
from tillgate.services.setting_rows import find_setting, write_setting
from tillgate.services.till import Till
from tillgate.store.unit_of_work import UnitOfWork

_ROW: Final = "keys.chosen"


def read_keys(till: Till) -> dict[str, str]:
    """Shortcuts by the name of the command; "" is a command without a key."""
    with till.db.read() as connection:
        text = find_setting(connection, _ROW)
    read = json.loads(text) if text else {}
    return {str(command): str(shortcut) for command, shortcut in read.items()}


def save_keys(till: Till, actor: Actor, shortcuts: Mapping[str, str]) -> None:
    """Keep these instead of what was kept; none means the keys as delivered. Raises NotAllowed.

    Whether a key can be one, and is not taken, the window knows (ui/commands.py); one that does not fit is not used.
    """
    authorize(till, actor, Action.EDIT_SETTINGS)
    text = json.dumps(dict(sorted(shortcuts.items())))

    def write(uow: UnitOfWork) -> None:
        authorize(uow, actor, Action.EDIT_SETTINGS)
        before = find_setting(uow.connection, _ROW) or "{}"
        if text != before:
            write_setting(uow, _ROW, text)
            uow.record("setting_changed", f"setting:{_ROW}", old=before, new=text)

    till.db.transact(actor, write)
