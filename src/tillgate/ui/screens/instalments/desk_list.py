"""A list of the instalments screen, and what all of its pages answer."""

from __future__ import annotations

from typing import ClassVar, Protocol

from PySide6.QtCore import SignalInstance, Slot

from tillgate.ui.screens import desk_list
from tillgate.ui.screens.instalments.desk import InstalmentDesk
from tillgate.ui.screens.instalments.keys import SCREEN
from tillgate.ui.widgets.buttons import Button
from tillgate.ui.widgets.data_table import Query


class Page(Protocol):
    """A page behind one of the chips."""

    verbs: dict[str, Button]

    @property
    def turned(self) -> SignalInstance:
        """What can be done in it changed."""
        ...

    @property
    def adds(self) -> str:
        """The text of the button that adds to it, marked; "" where nothing is added."""
        ...

    @property
    def pays(self) -> bool:
        """Whether F9 does anything now."""
        ...

    def entered(self) -> None:
        """In front, or in front again: what the focus is put on, and what is read anew."""
        ...

    def go_back(self) -> bool:
        """Esc; False where there is nothing to go back from."""
        ...

    def scan(self, code: str) -> None:
        """A code was scanned while the page is in front."""
        ...

    def pay(self) -> None:
        """F9."""
        ...

    def add(self) -> None:
        """Ins."""
        ...


class DeskList(desk_list.DeskList):
    """Its buttons wear the keys of this screen."""

    of_screen = SCREEN
    adds: ClassVar[str] = ""

    def __init__(self, desk: InstalmentDesk) -> None:
        self.desk = desk
        super().__init__(desk.office, desk.notice)

    @property
    def pays(self) -> bool:
        """Nothing is collected in a list unless it says so."""
        return False

    def entered(self) -> None:
        """The list takes the keys."""
        self.table.setFocus()

    def go_back(self) -> bool:
        """Close the details."""
        was_open = not self.table.pane.isHidden()
        self.table.pane.close_pane()
        return was_open

    def scan(self, code: str) -> None:
        """Show what bears the number."""
        self.table.set_query(Query(code.strip()))

    def pay(self) -> None:
        """Collect what is chosen, in a list that `pays`."""

    def add(self) -> None:
        """Ask for one more, in a list that `adds`."""


class PayList(DeskList):
    """Its details have a button that F9 presses. What is scanned is opened, and the first of several."""

    def __init__(self, desk: InstalmentDesk) -> None:
        self._opens_first = False
        super().__init__(desk)
        self.table.loaded.connect(self._open_first)
        self.table.pane.closed.connect(self.turned)

    @property
    def main(self) -> Button | None:
        """That button; None while nothing is open."""
        raise NotImplementedError

    @property
    def pays(self) -> bool:
        """Whether it does anything now."""
        main = self.main
        return main is not None and main.isEnabled() and not main.isHidden()

    def pay(self) -> None:
        """Press it."""
        if self.main is not None and self.pays:
            self.main.click()

    def scan(self, code: str) -> None:
        """Show what bears the number, with its details."""
        self._opens_first = True
        super().scan(code)

    @Slot()
    def _open_first(self) -> None:
        if self._opens_first and not self.table.model.waiting:
            self._opens_first = False
            self.table.open_row(0)
