"""The commands of a screen with a list: what may be done with the row that is open, its search and its export.

A command presses the button that stands in the details, so that both can be done, or not, at the same time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from tillgate.domain.staff import Action
from tillgate.i18n import mark
from tillgate.ui.commands import Command, Commands
from tillgate.ui.guard import guarded
from tillgate.ui.widgets.buttons import Button
from tillgate.ui.widgets.data_table import DataTable

SEARCH: Final = "search"
EXPORT: Final = "export"
_LOOK_AGAIN: Final = frozenset({QEvent.Type.EnabledChange, QEvent.Type.ShowToParent, QEvent.Type.HideToParent})


@dataclass(frozen=True, slots=True)
class Verb:
    """Something to do on a screen; `title` is marked English."""

    key: str
    title: str
    icon: str
    shortcut: str = ""
    needs: Action | None = None


LIST_VERBS: Final = (
    Verb(SEARCH, mark("Search the list"), "search", "Ctrl+F"),
    Verb(EXPORT, mark("Export the list as CSV"), "download", "Ctrl+E", Action.EXPORT),
)


def commands_of(screen: str, verbs: Sequence[Verb], do: Callable[[str], object]) -> tuple[Command, ...]:
    """A screen's commands, named "screen.verb"; each is done by `do` with its verb."""
    return tuple(
        Command(
            f"{screen}.{verb.key}",
            verb.title,
            partial(do, verb.key),
            verb.icon,
            verb.shortcut,
            menu="list",
            screen=screen,
            needs=verb.needs,
        )
        for verb in verbs
    )


class ListCommands(QObject):
    """Registers a screen's verbs with those of its list. `follow` the buttons of the details that are open."""

    def __init__(
        self, owner: QWidget, commands: Commands, screen: str, table: DataTable, verbs: Sequence[Verb] = ()
    ) -> None:
        super().__init__(owner)
        self._commands, self._screen, self._table = commands, screen, table
        self._heard = {table}
        self._verbs = [verb.key for verb in verbs]
        self._buttons: dict[str, Button] = {}
        commands.add_all(commands_of(screen, (*verbs, *LIST_VERBS), self._do))
        table.pane.closed.connect(partial(self._closed, table))
        self.follow({})

    def follow(self, buttons: Mapping[str, Button]) -> None:
        """These buttons stand in the details now, by verb."""
        for button in self._buttons.values():
            if isValid(button):
                button.removeEventFilter(self)
        self._buttons = dict(buttons)
        for button in self._buttons.values():
            button.installEventFilter(self)
        self._show()

    def turn_to(self, table: DataTable, buttons: Mapping[str, Button]) -> None:
        """Another list of the screen is in front, and these buttons stand in its details."""
        self._table = table
        if table not in self._heard:
            self._heard.add(table)
            table.pane.closed.connect(partial(self._closed, table))
        self.follow(buttons)

    def hint(self, verb: str) -> str:
        """The key of a verb, for its button."""
        return self._commands.hint(f"{self._screen}.{verb}")

    def _closed(self, table: DataTable) -> None:
        if table is self._table:
            self.follow({})

    def _show(self) -> None:
        for verb in self._verbs:
            self._commands.set_enabled(f"{self._screen}.{verb}", self._can(verb))

    def _can(self, verb: str) -> bool:
        button = self._buttons.get(verb)
        return button is not None and isValid(button) and button.isEnabled() and not button.isHidden()

    def _do(self, verb: str) -> None:
        if verb == SEARCH:
            self._table.focus_search()
        elif verb == EXPORT:
            self._table.start_export()
        elif self._can(verb):
            self._buttons[verb].click()

    @guarded(False)
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _LOOK_AGAIN and isValid(self) and isValid(self._commands):
            self._show()
        return False
