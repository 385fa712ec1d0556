"""What lists that share a screen have in common: a table, the buttons of its details, and a row to be opened."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import ClassVar

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.form_dialog import FormDialog
from tillgate.ui.theme import Tone
from tillgate.ui.widgets.buttons import Button
from tillgate.ui.widgets.data_table import DataTable, Query
from tillgate.ui.widgets.dialog import Dialog
from tillgate.ui.widgets.notices import InlineNotice, NoticeAction


class DeskList(QWidget):
    """`turned` when other buttons stand in the details; they are in `verbs`, by verb. `of_screen` is whose verbs."""

    turned = Signal()
    of_screen: ClassVar[str]

    def __init__(self, office: BackOffice, notice: InlineNotice) -> None:
        super().__init__()
        self.office, self.notice = office, notice
        self.verbs: dict[str, Button] = {}
        self._wanted: Hashable | None = None
        self.table = self.make_table()
        self.table.loaded.connect(self._open_wanted)
        self.table.pane.closed.connect(lambda: self.show_verbs({}))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.table)

    def make_table(self) -> DataTable:
        """The list itself."""
        raise NotImplementedError

    def add(self) -> None:
        """Ask for one more."""
        raise NotImplementedError

    def show_row(self, query: Query, key: Hashable) -> None:
        """Show what a query finds, and open a row of it."""
        self._wanted = key
        self.table.set_query(query)

    def show_verbs(self, buttons: Mapping[str, Button]) -> None:
        """These buttons stand in the details now."""
        for verb, button in buttons.items():
            button.show_hint(self.office.hint(f"{self.of_screen}.{verb}"))
        self.verbs = dict(buttons)
        self.turned.emit()

    def open_form(self, dialog: FormDialog, saved: Callable[[object], object]) -> None:
        """Ask in a dialog."""
        self.notice.clear()
        dialog.saved.connect(saved)
        dialog.open()

    def open_dialog(self, dialog: Dialog) -> None:
        """Ask in a dialog that says itself what comes of it."""
        self.notice.clear()
        dialog.open()

    def say(self, text: str, actions: Sequence[NoticeAction] = ()) -> None:
        """It is done; what the details show is no longer what is there."""
        self.table.pane.close_pane()
        self.notice.say(Tone.SETTLED, text, actions=actions)
        self.table.refresh()

    @Slot()
    def _open_wanted(self) -> None:
        if self._wanted is not None and self.table.select_key(self._wanted):
            self._wanted = None
