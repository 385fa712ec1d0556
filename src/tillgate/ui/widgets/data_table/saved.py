"""Views of a list that the user keeps under a name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SavedView:
    """A name and the query as `query_to_json` writes it."""

    name: str
    query: str


class SavedViews(Protocol):
    """Keeps views by list; the application decides where. Called on the work lane."""

    def list_views(self, table: str) -> Sequence[SavedView]:
        """The views of a list, by name."""
        ...

    def save_view(self, table: str, view: SavedView) -> None:
        """Keep a view; one of the same name is replaced."""
        ...

    def remove_view(self, table: str, name: str) -> None:
        """Forget a view; one that is not there is no error."""
        ...


class MemoryViews:
    """Views that last as long as the application."""

    def __init__(self) -> None:
        self._views: dict[tuple[str, str], SavedView] = {}

    def list_views(self, table: str) -> Sequence[SavedView]:
        """By name."""
        return sorted((view for (of, _), view in self._views.items() if of == table), key=lambda view: view.name)

    def save_view(self, table: str, view: SavedView) -> None:
        """Keep or replace."""
        self._views[table, view.name] = view

    def remove_view(self, table: str, name: str) -> None:
        """Forget."""
        self._views.pop((table, name), None)
