"""What the screens of the back office are given: who looks, and the things that only the application can do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QWidget

from tillgate.domain.errors import TillgateError
from tillgate.domain.money import Money
from tillgate.domain.staff import GRANTS, Action, Actor
from tillgate.formats import format_instant, format_money
from tillgate.i18n import tr
from tillgate.services.till import Till
from tillgate.ui.commands import Commands
from tillgate.ui.dialogs.approval import Asked, Door, ask_permission, export_gate
from tillgate.ui.print_paper import print_paper
from tillgate.ui.screens.kept_views import KeptViews
from tillgate.ui.tasks import Tasks
from tillgate.ui.theme import Tone
from tillgate.ui.widgets.data_table import Query
from tillgate.ui.widgets.data_table.exporting import BeforeExport
from tillgate.ui.widgets.notices import InlineNotice, NoticeAction

# Answers a refusal that an approval or a fresh proof can lift: parent, what is asked, the refusal, and what to call
# with the token (None after a proof). False for any other error.
Permit = Callable[[QWidget, Asked, TillgateError, Callable[[str | None], object]], bool]


@dataclass(frozen=True, slots=True)
class BackOffice:
    """Everything that these screens need. Callables that may be None hide their buttons.

    The three `save_…` and `print_receipt` are called on the work lane with an id, and may raise TillgateError. The four
    `show_…` go to another screen; `permit` stands in for the dialogs that ask a manager.
    """

    door: Door
    commands: Commands
    zone: tzinfo
    language: str
    save_receipt: Callable[[int], Path] | None = None
    print_receipt: Callable[[int], None] | None = None
    save_invoice: Callable[[int], Path] | None = None
    save_credit_note: Callable[[int], Path] | None = None
    open_file: Callable[[Path], bool] | None = None
    show_payment: Callable[[int], object] | None = None
    show_payments: Callable[[Query], object] | None = None
    show_orders: Callable[[Query], object] | None = None
    show_exceptions: Callable[[Query], object] | None = None
    permit: Permit | None = None

    @property
    def till(self) -> Till:
        """The till."""
        return self.door.till

    @property
    def actor(self) -> Actor:
        """Who is signed in."""
        return self.door.actor

    @property
    def tasks(self) -> Tasks:
        """The lanes."""
        return self.door.tasks

    @property
    def views(self) -> KeptViews:
        """The views of lists that whoever is signed in keeps."""
        return KeptViews(self.till, self.actor)

    def may(self, action: Action) -> bool:
        """Whether the role grants it: for what to offer, never instead of asking the service."""
        return self.actor.role is not None and action in GRANTS[self.actor.role]

    def ask(self, parent: QWidget, asked: Asked, error: TillgateError, again: Callable[[str | None], object]) -> bool:
        """As `dialogs.approval.ask_permission`."""
        if self.permit is not None:
            return self.permit(parent, asked, error, again)
        return ask_permission(parent, self.door, asked, error, again)

    def before_export(self, parent: QWidget, what: str) -> BeforeExport:
        """The gate of an export."""
        return export_gate(parent, self.door, what)

    def hint(self, command: str) -> str:
        """The key of a command, for the button that does the same; "" while its screen has none."""
        return self.commands.hint(command) if self.commands.has(command) else ""

    def money(self, amount: Money) -> str:
        """An amount as it is shown."""
        return format_money(amount, self.language)

    def instant(self, at: datetime, *, seconds: bool = False) -> str:
        """An instant in the store's time."""
        return format_instant(at, self.language, self.zone, seconds=seconds)

    def now(self) -> datetime:
        """The till's clock."""
        return self.till.clock.now().astimezone(UTC)

    def today(self) -> date:
        """The store's day."""
        return self.till.store_day(self.now())


class PaperSaver:
    """Saves or prints a paper on the work lane and says in a notice where it went, or why it did not."""

    def __init__(self, office: BackOffice, owner: QWidget, notice: InlineNotice) -> None:
        self._office, self._owner, self._notice = office, owner, notice

    def save(self, saving: Callable[[int], Path] | None, number: int) -> None:
        """Save one, by the id that `saving` takes."""
        if saving is not None:
            work = partial(saving, number)
            self._office.tasks.run(self._owner, work, self._saved, self._notice.show_error, label="paper")

    def print(self, printing: Callable[[int], None] | None, number: int, told: str) -> None:
        """Print one, by the id that `printing` takes, and say what is `told`."""
        print_paper(self._office.tasks, self._owner, printing, number, self._notice, told=told)

    def _saved(self, path: Path) -> None:
        opening = self._office.open_file
        actions = [NoticeAction(tr("Open the file"), partial(opening, path), "folder-open")] if opening else []
        self._notice.say(Tone.SETTLED, tr("Saved as {name}.", name=path.name), str(path.parent), actions)
