"""The views of lists that somebody keeps, as the list widget asks for them."""

from __future__ import annotations

from collections.abc import Sequence

from tillgate.domain.staff import Actor
from tillgate.services.kept_views import list_views, remove_view, save_view
from tillgate.services.till import Till
from tillgate.ui.widgets.data_table import SavedView


class KeptViews:
    """`SavedViews` of one person; called on the work lane."""

    def __init__(self, till: Till, actor: Actor) -> None:
        self._till, self._actor = till, actor

    def list_views(self, table: str) -> Sequence[SavedView]:
        """By name."""
        return [SavedView(name, query) for name, query in list_views(self._till, self._actor, table).items()]

    def save_view(self, table: str, view: SavedView) -> None:
        """Keep or replace; raises as the service."""
        save_view(self._till, self._actor, table, view.name, view.query)

    def remove_view(self, table: str, name: str) -> None:
        """Forget."""
        remove_view(self._till, self._actor, table, name)
