"""What the shell knows of a screen: how to make it, who may see it, and when to tell it something."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from PySide6.QtWidgets import QWidget

from tillgate.domain.payment import Mode
from tillgate.domain.staff import Action, Role


class Screen(QWidget):
    """A page of the shell. Override what matters; none of these are Qt's own methods."""

    # Where the screen that is made next will stand. One that moved there later would take all of its widgets along, and
    # each costs a style.
    _place: ClassVar[QWidget | None] = None

    # Whether it asks for a PIN while the till is locked: what a scanner types is kept from it, and told by `scan`.
    asks_pin = False

    def __init__(self) -> None:
        place, Screen._place = Screen._place, None
        super().__init__(place)

    @staticmethod
    def make_in(place: QWidget, factory: Callable[[], Screen]) -> Screen:
        """Make a screen as a child of the widget that will show it."""
        before = set(place.children())
        Screen._place = place
        try:
            return factory()
        except BaseException:
            for child in set(place.children()) - before:
                child.deleteLater()
            raise
        finally:
            Screen._place = None

    def entered(self) -> None:
        """It is shown now; put the focus where work starts."""
        self.setFocus()

    def left(self) -> None:
        """Another screen is shown now; this one stays as it is."""

    def scan_begun(self) -> None:
        """A scan was recognised: finish a pending quantity first."""

    def scan(self, code: str) -> bool:
        """Take a scanned code; False hands it to the screen that sells."""
        del code
        return False

    def show_pending(self) -> None:
        """The payments that the status bar counts were pressed; the screen that lists them shows them."""

    def show_setup(self) -> None:
        """The status bar said that something must be set up; the screen that sets it up shows where."""

    def go_back(self) -> bool:
        """Esc: one level back, never destroying; False when there is no level."""
        return False


@dataclass(frozen=True, slots=True)
class ScreenSpec:
    """A screen to be made when it is first shown. `title` is marked English; `needs` hides it from other roles."""

    key: str
    title: str
    icon: str
    factory: Callable[[], Screen]
    needs: Action | None = None


class Connection(StrEnum):
    """What is known of the way to the providers."""

    # Nobody was asked yet.
    UNKNOWN = "unknown"
    ONLINE = "online"
    OFFLINE = "offline"
    # A provider was reached, and its answer says neither.
    UNCLEAR = "unclear"
    # There is no provider to ask.
    NO_PROVIDER = "no_provider"


@dataclass(frozen=True, slots=True)
class ShellState:
    """What the frame around the screens shows. `role` None means that nobody is signed in.

    `pending` counts payments whose money is not certain yet; `badges` are counts by screen key; `printer` and
    `shift_opened_at` are hidden while None.
    """

    store: str
    till: str
    mode: Mode
    staff_id: int | None = None
    # Screens belong to one session: another one, even of the same person, gets its own.
    session: str = ""
    person: str = ""
    role: Role | None = None
    shift_opened_at: datetime | None = None
    connection: Connection = Connection.UNKNOWN
    pending: int = 0
    printer: str | None = None
    badges: Mapping[str, int] = field(default_factory=dict)
