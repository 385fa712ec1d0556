"""The window: start, search, long lists, and what holds the Qt thread."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import pairwise
from pathlib import Path

import psutil
from PySide6.QtCore import QEvent, QEventLoop, QObject, Qt, QTimer
from PySide6.QtGui import QKeySequence, QStandardItem, QStandardItemModel
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QTableView, QWidget

from tests.bench.figure import Figure, percentile
from tests.bench.fill import fill_products, fill_sales
from tests.bench.installed import foreign_modules
from tests.factories.clock import FakeClock
from tests.factories.shop import open_counter
from tests.factories.tills import make_till, new_sqlite
from tillgate.app.demo_people import MANAGER
from tillgate.app.main import Application, make_qt
from tillgate.app.profile import Profile
from tillgate.app.sample import prepare_training
from tillgate.app.window import TillWindow
from tillgate.domain.payment import Mode
from tillgate.sandbox import FaultKind, Verb, When
from tillgate.services.sign_in import sign_in
from tillgate.store.engine import sqlite_engine
from tillgate.ui.garbage import Sweeper
from tillgate.ui.screens.checkout import CheckoutScreen
from tillgate.ui.screens.checkout.finder import Finder
from tillgate.ui.screens.payments import PaymentsScreen

RUNS = 7
OPENINGS = 5
# AirPods Pro in the sample shop.
BARCODE = "8900014412580"
WORDS = ("steel bottle", "cotton ku", "bamboo lamp 12", "fill-77", "ceramic b")
SALES = int(os.environ.get("TILLGATE_BENCH_SALES", "2000"))


@contextmanager
def open_till(fill: Callable[[TillWindow], None] | None = None) -> Iterator[TillWindow]:
    """The application on a sample shop with the manager signed in; `fill` puts more into its books first."""
    qt = make_qt()
    sweeper = Sweeper()
    with tempfile.TemporaryDirectory() as folder:
        profile = Profile(Mode.TRAINING, Path(folder))
        profile.make()
        application = Application(profile, prepare_training)
        application.start()
        until(lambda: application.till is not None)
        till = application.till
        assert till is not None
        if fill is not None:
            fill(till)
        till.enter(sign_in(till.shop.till, till.shop.pins, MANAGER.name, MANAGER.pin))
        until(lambda: till.shell.current_key != "")
        spin(1.0)
        try:
            yield till
        finally:
            till.shell.close()
            application.stop()
            qt.processEvents()
            sweeper.stop()


def until(look: Callable[[], object], seconds: float = 60) -> None:
    """Let the window live until it is so: its loop sleeps between events, as a till's does."""
    end = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < end, "the window did not get there"
        spin(0.002)


def spin(seconds: float) -> None:
    """Run the event loop. One that asks for events without a rest would keep the lanes from their work."""
    loop = QEventLoop()
    QTimer.singleShot(round(seconds * 1000), loop, loop.quit)
    loop.exec()


class Painted(QObject):
    """Runs the event loop until a widget has painted what it is to show; `when` is the moment."""

    def __init__(self, widget: QWidget, shows: Callable[[], bool]) -> None:
        super().__init__()
        self._shows = shows
        self._loop = QEventLoop()
        self._widget = widget
        self.when = 0.0
        widget.installEventFilter(self)

    def wait(self, seconds: float = 10) -> float:
        """The moment it was painted, by `time.perf_counter`."""
        QTimer.singleShot(round(seconds * 1000), self._loop, self._loop.quit)
        if not self.when:
            self._loop.exec()
        self._widget.removeEventFilter(self)
        assert self.when, "the window did not get there"
        return self.when

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's own name
        if event.type() is QEvent.Type.Paint and not self.when and self._shows():
            # After this event all of the window is painted.
            QTimer.singleShot(0, self, self._done)
        return False

    def _done(self) -> None:
        self.when = self.when or time.perf_counter()
        self._loop.quit()


def startup() -> list[Figure]:
    """Process start to the first painted window and to a usable sign-in, against a bare PySide6 window."""
    with tempfile.TemporaryDirectory() as folder:
        with open_till_at(Path(folder)):
            pass
        # Turn by turn, so that what slows one slows both.
        runs = [(_probe("bare", folder), _probe("tillgate", folder)) for _ in range(RUNS)]
    bare, ours = zip(*runs, strict=True)
    floor = statistics.median(run["first_paint_ms"] for run in bare)
    return [
        Figure("startup-first-paint", statistics.median(r["first_paint_ms"] for r in ours), "ms", floor, 1.3),
        Figure("startup-sign-in", statistics.median(r["sign_in_ms"] for r in ours), "ms", floor, 3),
        Figure("idle-memory", statistics.median(r["idle_mb"] for r in ours), "MB", 120, 1),
    ]


@contextmanager
def open_till_at(folder: Path) -> Iterator[None]:
    """Make a profile there, as the first start does."""
    from tillgate.app.bootstrap import open_shop  # noqa: PLC0415

    shop = open_shop(Profile(Mode.TRAINING, folder))
    prepare_training(shop)
    try:
        yield
    finally:
        shop.close()


def _probe(what: str, folder: str) -> dict[str, float]:
    """Milliseconds from the process's beginning to each moment that it tells, and the memory that it has then."""
    command = [sys.executable, "-m", "tests.bench.probe", what, folder, *foreign_modules()]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as probe:
        assert probe.stdout is not None
        seen = psutil.Process(probe.pid)
        told: dict[str, float] = json.loads(probe.stdout.readline())
        found = {f"{name}_ms": (at - seen.create_time()) * 1000 for name, at in told.items()}
        found["idle_mb"] = seen.memory_info().rss / 2**20
        probe.communicate(timeout=60)
    assert probe.returncode == 0
    return found


def search() -> list[Figure]:
    """A key in the finder to its painted results, 100,000 products: the 95th percentile against 16 ms."""
    with open_till(_many_products) as till:
        page = till.shell.page("checkout")
        assert isinstance(page, CheckoutScreen)
        finder = page.view.finder
        finder.search.setFocus()
        times: list[float] = []
        for word in WORDS * 2:
            finder.empty_search()
            spin(0.3)
            for end in range(1, len(word) + 1):
                if word[end - 1] == " ":
                    # Looks nothing up.
                    QTest.keyClicks(finder.search, " ")
                    continue
                painted = Painted(finder.results.viewport(), partial(_shows, finder, word[:end]))
                begun = time.perf_counter()
                QTest.keyClicks(finder.search, word[end - 1])
                times.append((painted.wait() - begun) * 1000)
        return [Figure("search-keypress", percentile(times, 0.95), "ms", 16, 1)]


def _shows(finder: Finder, wanted: str) -> bool:
    return finder._shown_for == wanted and not finder._running


def _many_products(till: TillWindow) -> None:
    fill_products(till.shop.till, 100_000)


def million_rows() -> list[Figure]:
    """1,000,000 payments: opening the list against 60 ms, and a scrolled frame against an in-memory model's."""
    with open_till(_many_payments) as till:
        opened = statistics.median(_opened(till) for _ in range(OPENINGS))
        spin(2.0)
        page = till.shell.page("payments")
        assert isinstance(page, PaymentsScreen)
        frame = _frames(page.table.view)
        floor = _frames(_in_memory(page.table.view))
    return [Figure("list-open", opened, "ms", 60, 1), Figure("list-frame", frame, "ms", floor, 1.15)]


def _opened(till: TillWindow) -> float:
    """The page made and its first rows painted, for somebody who has just signed in: screens belong to a session."""
    till.shell.go("checkout")
    till.lock("lock")
    till.enter(sign_in(till.shop.till, till.shop.pins, MANAGER.name, MANAGER.pin))
    spin(1.0)
    until(lambda: not till.tasks.pending)
    begun = time.perf_counter()
    till.shell.go("payments")
    page = till.shell.page("payments")
    assert isinstance(page, PaymentsScreen)
    model = page.table.model
    painted = Painted(page.table.view.viewport(), lambda: model.rowCount() > 0)
    return (painted.wait(60) - begun) * 1000


def _many_payments(till: TillWindow) -> None:
    with till.shop.till.db.write(till.shop.till.system) as uow:
        fill_sales(uow.connection, 1_000_000)


def _frames(view: QTableView) -> float:
    times = []
    for step in range(60):
        begun = time.perf_counter()
        view.verticalScrollBar().setValue(step * 3)
        view.viewport().repaint()
        times.append((time.perf_counter() - begun) * 1000)
        make_qt().processEvents()
    return statistics.median(times)


def _in_memory(like: QTableView) -> QTableView:
    """The same look over a plain model of 2,000 rows."""
    model = QStandardItemModel(2_000, like.model().columnCount())
    for row in range(model.rowCount()):
        for column in range(model.columnCount()):
            model.setItem(row, column, QStandardItem(f"row {row} column {column}"))
    view = QTableView()
    view.setModel(model)
    view.resize(like.size())
    view.show()
    make_qt().processEvents()
    return view


def stall() -> list[Figure]:
    """The longest that the Qt thread is held while a sale is paid at a provider that does not answer."""
    with open_till() as till:
        sandbox = till.shop.sandbox
        assert sandbox is not None
        till.shell.scanner.scanned.emit(BARCODE)
        spin(1.5)
        sandbox.faults.arm(FaultKind.TIMEOUT, Verb.ANY, when=When.BEFORE, count=1_000, seconds=30)
        till.shell.activateWindow()
        until(lambda: not till.tasks.pending)
        spin(0.2)
        beats = [time.perf_counter()]
        heart = QTimer(till)
        heart.setTimerType(Qt.TimerType.PreciseTimer)
        heart.timeout.connect(lambda: beats.append(time.perf_counter()))
        heart.start(1)
        QTest.keySequence(QApplication.focusWidget() or till.shell, QKeySequence("F9"))
        spin(6)
        heart.stop()
        with till.shop.till.db.read() as connection:
            tried = connection.exec_driver_sql("SELECT count(*) FROM payment_attempt").scalar_one()
        assert tried == 1, "the sale was not put up for payment"
        sandbox.faults.clear()
        return [Figure("qt-stall", max(_gaps(beats)), "ms", 16, 1)]


def _gaps(beats: list[float]) -> list[float]:
    return [(after - before) * 1000 for before, after in pairwise(beats)]


def memory() -> list[Figure]:
    """Memory after many sales against memory after the first hundred."""
    with tempfile.TemporaryDirectory() as folder:
        engine = sqlite_engine(new_sqlite(Path(folder)))
        counter = open_counter(make_till(engine, FakeClock()))
        rss: list[float] = []
        with counter.till.db.write(counter.till.system) as uow:
            uow.connection.exec_driver_sql("UPDATE variant SET stock = 1000000")
        for number in range(SALES):
            counter.sell("GIT-1", "VAR-001")
            counter.provider.checkouts.clear()
            counter.provider.sent.clear()
            if number in (100, SALES - 1):
                rss.append(psutil.Process().memory_info().rss / 2**20)
        engine.dispose()
    return [Figure("memory-growth", rss[-1], "MB", rss[0], 1.05)]
