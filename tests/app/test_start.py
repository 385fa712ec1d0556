"""The start: who can sign in is on screen before the till is open, and nothing typed meanwhile is lost."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot
from sqlalchemy.exc import TimeoutError as PoolTimeout

from tests.factories.clock import FakeClock
from tests.factories.people import add_person, quick_pins
from tests.factories.tills import make_till, new_sqlite
from tests.ui.pages.hands import click
from tillgate.app.bootstrap import Shop, open_shop
from tillgate.app.demo_people import CASHIER, MANAGER
from tillgate.app.demo_play import open_till
from tillgate.app.main import Application
from tillgate.app.profile import Profile
from tillgate.app.sample import prepare_training
from tillgate.domain.errors import NotAllowed, Refused
from tillgate.domain.payment import Mode
from tillgate.domain.settings import STORE_NAME
from tillgate.domain.staff import Role
from tillgate.paths import resource
from tillgate.services.pin_hash import Pins
from tillgate.services.sign_in import list_people, sign_in
from tillgate.services.till import Till
from tillgate.store.engine import sqlite_engine
from tillgate.store.first_look import first_look
from tillgate.store.unit_of_work import Database
from tillgate.ui import icons, theme
from tillgate.ui.screens.settings.integrity_page import IntegrityPage
from tillgate.ui.screens.sign_in import SignInScreen
from tillgate.ui.theme import Scheme

PATIENCE_MS = 30_000


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return new_sqlite(tmp_path)


@pytest.fixture
def till(file: Path) -> Iterator[Till]:
    engine = sqlite_engine(file)
    yield make_till(engine, FakeClock())
    engine.dispose()


def fail_to_sign_in(till: Till, pins: Pins, name: str, times: int) -> None:
    for _ in range(times):
        with pytest.raises(NotAllowed):
            sign_in(till, pins, name, "0000")


def test_the_first_look_sees_what_the_service_sees(till: Till, file: Path) -> None:
    pins = quick_pins()
    for name, role in (("Zoya", Role.CASHIER), ("Asha", Role.CASHIER), ("Meera", Role.MANAGER), ("Gone", Role.CASHIER)):
        add_person(till, name, role)
    with till.db.write(till.system) as uow:
        uow.connection.exec_driver_sql("UPDATE staff SET active = 0 WHERE name = 'Gone'")
        uow.connection.exec_driver_sql("UPDATE staff SET locked_at = 1 WHERE name = 'Zoya'")
        uow.connection.exec_driver_sql(
            "INSERT INTO setting (name, value, changed_at) VALUES ('store.name', 'Rang Mahal', 1)"
        )
    fail_to_sign_in(till, pins, "Asha", 4)
    seen = first_look(file, till.clock.now())
    assert seen is not None
    assert list(seen.people) == list_people(till)
    assert [person.name for person in seen.people] == ["Asha", "Meera", "Zoya"]
    assert seen.people[0].wait_s > 0
    assert seen.people[2].locked
    assert seen.settings[STORE_NAME] == "Rang Mahal"


def test_the_first_look_changes_nothing_and_leaves_doubts_to_the_gates(till: Till, file: Path, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    assert first_look(file, now) is None, "nobody works here yet"
    assert first_look(tmp_path / "missing.db", now) is None
    assert not (tmp_path / "missing.db").exists()
    torn = tmp_path / "torn.db"
    torn.write_bytes(b"no database" * 1000)
    assert first_look(torn, now) is None
    add_person(till, "Asha", Role.CASHIER)
    with till.db.write(till.system) as uow:
        uow.connection.exec_driver_sql(
            "INSERT INTO setting (name, value, changed_at) VALUES ('store.language', 'tlh', 1)"
        )
    assert first_look(file, now) is None, "an option that nobody can read is for the till to say"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Profile:
    """A training till that was opened before."""
    profile = Profile(Mode.TRAINING, tmp_path_factory.mktemp("prepared"))
    shop = open_shop(profile)
    prepare_training(shop)
    shop.close()
    return profile


class Start:
    """The application as it starts; the till opens when `gate` is set."""

    def __init__(self, qtbot: QtBot, profile: Profile, fail: Exception | None = None) -> None:
        self.qtbot = qtbot
        self.gate = threading.Event()
        self.fail = fail
        theme.install(qtbot_application(), Scheme.LIGHT)
        self.application = Application(profile, self._prepare)
        self.application.start()

    def _prepare(self, _shop: Shop) -> None:
        assert self.gate.wait(PATIENCE_MS / 1000)
        if self.fail is not None:
            raise self.fail

    def until(self, look: Callable[[], object]) -> None:
        self.qtbot.waitUntil(lambda: bool(look()), timeout=PATIENCE_MS)

    @property
    def door(self) -> SignInScreen:
        window = self.application.window
        assert window is not None
        (door,) = window.findChildren(SignInScreen)
        return door


def qtbot_application() -> QApplication:
    running = QApplication.instance()
    assert isinstance(running, QApplication)
    return running


@pytest.fixture
def start(qtbot: QtBot, prepared: Profile) -> Iterator[Callable[..., Start]]:
    made: list[Start] = []

    def begin(fail: Exception | None = None) -> Start:
        made.append(Start(qtbot, prepared, fail))
        return made[-1]

    yield begin
    for each in made:
        each.gate.set()
        each.application.front.close()
        if each.application.window is not None:
            each.application.window.close()
        each.application.stop()
        gc.unfreeze()


def session_of(started: Start) -> str | None:
    """Who is signed in."""
    till = started.application.till
    return till.session.actor.name if till is not None and till.session is not None else None


def test_a_pin_typed_before_the_till_is_open_lets_in_once_it_is(start: Callable[..., Start]) -> None:
    icons._drawing.cache_clear()
    started = start()
    started.until(lambda: started.application.window)
    assert started.application.till is not None
    door = started.door
    assert [tile.person.name for tile in door.view.tiles.tiles] == [CASHIER.name, MANAGER.name]
    assert not started.application.front.isVisible()
    click(next(tile for tile in door.view.tiles.tiles if tile.person.name == CASHIER.name))
    # Put in rather than typed: keys rest for a moment after a screen has come.
    door.view.pin.line.setText(CASHIER.pin)
    door.view.pin.submitted.emit()
    assert session_of(started) is None
    started.gate.set()
    started.until(lambda: session_of(started) == CASHIER.name)
    started.until(lambda: started.application.till and started.application.till.shell.current_key == "checkout")
    started.until(lambda: started.application.till and started.application.till.tasks.pending == 0)
    # Every icon was read once the till is open. Two threads that want one at once both miss it.
    assert icons._drawing.cache_info().currsize == len(list(resource("icons", "lucide").glob("*.svg")))


def test_what_the_last_integrity_check_found_stands_above_the_screens_and_opens_it(
    start: Callable[..., Start], prepared: Profile
) -> None:
    shop = open_shop(prepared)
    with shop.till.db.write(shop.till.system) as uow:
        uow.record("books.checked", "books", ok=False, faults={"sums": 2})
    shop.close()
    started = start()
    started.gate.set()
    started.until(lambda: open_till(started.application))
    till = open_till(started.application)
    assert till is not None
    started.until(lambda: till.shell.standing.notices)
    assert till.shell.standing.notices[0].text.startswith("The integrity check found entries")
    assert till.shell.standing.notices[0].buttons == []
    till.enter(till.shop.sign_in(MANAGER.name, MANAGER.pin))
    [opens] = till.shell.standing.notices[0].buttons
    click(opens)
    assert till.shell.current_key == "settings"
    page = till.shell.page("settings").findChild(IntegrityPage)
    assert page is not None
    started.until(lambda: "Found wrong: 2" in page.last.text())
    click(page.run)
    # The sample's books are sound, so that what stood there is gone.
    started.until(lambda: not till.shell.standing.notices)
    assert page.notice.text == "Everything fits together."
    started.until(lambda: till.tasks.pending == 0)


def test_the_demo_waits_for_what_is_behind_the_window(start: Callable[..., Start]) -> None:
    started = start()
    started.until(lambda: started.application.till)
    assert open_till(started.application) is None
    started.gate.set()
    started.until(lambda: open_till(started.application))
    till = open_till(started.application)
    assert till is not None
    assert till.shop.till.id


def test_a_till_that_cannot_open_takes_the_sign_in_away_and_says_why(start: Callable[..., Start]) -> None:
    started = start(fail=Refused("database_newer", found="9999", known="1"))
    started.until(lambda: started.application.window)
    shell = started.application.window
    started.gate.set()
    started.until(lambda: started.application.window is None)
    front = started.application.front
    assert front.isVisible()
    assert shell is not None
    assert not shell.isVisible()
    assert "9999" in " ".join(label.text() for label in front.findChildren(QLabel))


def test_a_window_that_is_closed_while_the_till_opens_closes_the_till_too(start: Callable[..., Start]) -> None:
    before = set(threading.enumerate())
    started = start()
    started.until(lambda: started.application.window)
    assert started.application.window is not None
    started.application.window.close()
    started.gate.set()
    started.application.stop()
    QApplication.processEvents()
    left = {thread.name for thread in set(threading.enumerate()) - before}
    assert not {name for name in left if name.startswith(("opening", "work", "sandbox"))}


def test_tidying_that_fails_after_a_start_is_logged_and_nobodys_trouble(
    prepared: Profile, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def busy(_db: Database) -> None:
        raise PoolTimeout

    shop = open_shop(prepared)
    monkeypatch.setattr(Database, "give_back", busy)
    try:
        shop.give_back()
    finally:
        shop.close()
    assert "background work failed" in caplog.text
