"""A till on a file with people in it, for screens over real services; only the clock and the keyring are made up."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from tests.factories.clock import FakeClock
from tests.factories.people import add_person, quick_pins, session_of
from tests.factories.secrets import MemorySecrets
from tests.factories.tills import make_till, new_sqlite, quick_sqlite
from tillgate.domain.payment import Mode
from tillgate.domain.provider_keys import ProviderKeys
from tillgate.domain.staff import Actor, Role
from tillgate.ports import Answer, Outcome, PaymentProvider
from tillgate.services.pin_hash import Pins
from tillgate.services.settings import StoredSettings
from tillgate.services.till import Till
from tillgate.ui.dialogs.approval import Door
from tillgate.ui.screens.settings import Places
from tillgate.ui.tasks import Tasks

ASHA, RAVI, MEERA = "Asha Verma", "Ravi Kumar", "Meera Shah"


@dataclass
class FakeAccount:
    """A provider that answers every connection test alike, and remembers with which keys it was opened."""

    outcome: Outcome = Outcome.SUCCESS
    opened: list[str] = field(default_factory=list)

    def open(self, _name: str, keys: ProviderKeys) -> PaymentProvider:
        self.opened.append(keys.key_id)
        return cast(PaymentProvider, self)

    def test_connection(self) -> Answer:
        return Answer(self.outcome, message="words of the provider")

    def redact(self, text: str) -> str:
        return text

    def close(self) -> None:
        """Nothing to close."""


@dataclass
class Desk:
    """The till, its parts, and who is there."""

    qtbot: QtBot
    tasks: Tasks
    clock: FakeClock
    till: Till
    pins: Pins
    secrets: MemorySecrets
    account: FakeAccount
    people: dict[str, int] = field(default_factory=dict)

    def actor(self, name: str) -> Actor:
        """Somebody with a new session."""
        role = Role.MANAGER if name == MEERA else Role.CASHIER
        return session_of(self.till, self.people[name], name, role)

    def door(self, name: str) -> Door:
        """What a screen of somebody signed in is given."""
        return Door(self.till, self.pins, self.actor(name), self.tasks)

    @property
    def places(self) -> Places:
        return Places(self.secrets, self.account.open, "/shop/tillgate.db")

    def show(self, widget: QWidget, width: int = 1024, height: int = 700) -> None:
        """Show a screen as the window would, and wait until it has what it asked for."""
        self.qtbot.addWidget(widget)
        widget.resize(width, height)
        widget.show()
        self.settled()

    def settled(self, also: Callable[[], bool] = lambda: True) -> None:
        """Wait until no work is under way and something more is true."""
        self.qtbot.waitUntil(lambda: self.tasks.pending == 0 and also())


@contextmanager
def open_desk(
    qtbot: QtBot, tasks: Tasks, folder: Path, *, mode: Mode = Mode.TEST, people: bool = True
) -> Iterator[Desk]:
    """A desk with two cashiers and a manager, or with nobody."""
    folder.mkdir(exist_ok=True)
    clock = FakeClock()
    engine = quick_sqlite(new_sqlite(folder))
    till = make_till(engine, clock, mode=mode)
    till = dataclasses.replace(till, settings=StoredSettings(till.db))
    desk = Desk(qtbot, tasks, clock, till, quick_pins(), MemorySecrets(), FakeAccount())
    if people:
        for name, role in ((ASHA, Role.CASHIER), (RAVI, Role.CASHIER), (MEERA, Role.MANAGER)):
            desk.people[name] = add_person(till, name, role)
    yield desk
    qtbot.waitUntil(lambda: tasks.pending == 0)
    engine.dispose()


def everything_shown(widget: QWidget) -> str:
    """Every text in a window, typed secrets included: where a canary must not be."""
    texts = [label.text() for label in widget.findChildren(QLabel)]
    texts += [line.text() for line in widget.findChildren(QLineEdit)]
    texts += [combo.currentText() for combo in widget.findChildren(QComboBox)]
    return "\n".join(texts)
