"""Work goes to the lane and its answer comes back to owners that are still there, on the Qt thread."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NoReturn

import pytest
from PySide6.QtCore import QObject, QThread
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from tillgate.domain.changes import Changes, Kind
from tillgate.domain.errors import Bug, MoneyMoved, Refused, TillgateError
from tillgate.ui.one_at_a_time import OneAtATime
from tillgate.ui.tasks import Tasks


def refuse() -> NoReturn:
    raise Refused("cart_empty")


def crash() -> NoReturn:
    raise ZeroDivisionError


def test_the_answer_comes_back_on_the_qt_thread(qtbot: QtBot, tasks: Tasks, qapp: QApplication) -> None:
    owner, seen = QObject(), []

    def work() -> bool:
        return QThread.currentThread() is qapp.thread()

    tasks.run(owner, work, lambda on_qt: seen.append((on_qt, QThread.currentThread() is qapp.thread())))
    assert tasks.pending == 1
    qtbot.waitUntil(lambda: bool(seen))
    assert seen == [(False, True)]
    assert tasks.pending == 0


def test_an_error_of_ours_goes_to_failed_or_to_the_signal(qtbot: QtBot, tasks: Tasks) -> None:
    owner, failed, loud = QObject(), [], []
    tasks.failure.connect(lambda error, label: loud.append((error.code, label)))
    tasks.run(owner, refuse, failed=lambda error: failed.append(error.code))
    tasks.run(owner, refuse, label="saving the cart")
    qtbot.waitUntil(lambda: tasks.pending == 0)
    assert failed == ["cart_empty"]
    assert loud == [("cart_empty", "saving the cart")]


@pytest.mark.parametrize(("moves_money", "told"), [(True, MoneyMoved.UNKNOWN), (False, MoneyMoved.NO)])
def test_an_unexpected_error_is_reported_and_never_called_safe_where_money_moves(
    qtbot: QtBot, tasks: Tasks, moves_money: bool, told: MoneyMoved
) -> None:
    owner = QObject()
    failed: list[TillgateError] = []
    with qtbot.captureExceptions() as seen:
        tasks.run(owner, crash, failed=failed.append, moves_money=moves_money)
        qtbot.waitUntil(lambda: bool(failed))
    assert [kind for kind, _, _ in seen] == [ZeroDivisionError]
    assert isinstance(failed[0], Bug)
    assert failed[0].money_moved is told


def test_nothing_reaches_an_owner_that_is_gone(qtbot: QtBot, tasks: Tasks) -> None:
    owner, gate, called = QWidget(), threading.Event(), []
    tasks.run(owner, gate.wait, lambda _: called.append("done"))
    tasks.run(owner, refuse, failed=lambda _: called.append("failed"))
    tasks.watch(owner, {Kind.CART}, lambda _: called.append("changed"))
    delete(owner)
    gate.set()
    tasks.broadcast(Changes.of(Kind.CART))
    qtbot.waitUntil(lambda: tasks.pending == 0)
    with qtbot.waitSignal(tasks.changed):
        tasks.broadcast(Changes.of(Kind.CART))
    assert called == []


def test_the_last_reference_to_an_owner_never_dies_on_the_lane(qtbot: QtBot, tasks: Tasks) -> None:
    died_on: list[bool] = []
    qt_thread = threading.get_ident()

    def start() -> None:
        owner = QObject()
        weakref.finalize(owner, lambda: died_on.append(threading.get_ident() == qt_thread))
        tasks.run(owner, lambda: (owner, 1), lambda _: None)

    for _ in range(200):
        start()
    qtbot.waitUntil(lambda: len(died_on) == 200)
    assert all(died_on)


def test_busy_only_after_a_while(qtbot: QtBot, tasks: Tasks) -> None:
    owner, gate = QObject(), threading.Event()
    states: list[bool] = []
    tasks.busy_changed.connect(states.append)
    tasks.run(owner, lambda: None)
    qtbot.waitUntil(lambda: tasks.pending == 0)
    assert states == []
    tasks.run(owner, gate.wait)
    with qtbot.waitSignal(tasks.busy_changed):
        pass
    gate.set()
    qtbot.waitUntil(lambda: tasks.pending == 0)
    assert states == [True, False]


def test_changes_are_heard_by_whoever_watches_their_kinds(qtbot: QtBot, tasks: Tasks) -> None:
    owner = QObject()
    orders: list[Changes] = []
    tasks.watch(owner, {Kind.ORDER, Kind.INVOICE}, orders.append)
    spoken = Changes.of(Kind.PAYMENT) | Changes.of(Kind.ORDER, origin="checkout")
    thread = threading.Thread(target=lambda: tasks.broadcast(spoken))
    with qtbot.waitSignal(tasks.changed):
        thread.start()
    thread.join()
    with qtbot.waitSignal(tasks.changed):
        tasks.broadcast(Changes.of(Kind.STAFF))
    assert orders == [spoken]
    assert spoken.origin == "checkout"


def test_shutdown_waits_for_what_runs_and_starts_nothing_more(qtbot: QtBot) -> None:
    with ThreadPoolExecutor(1) as lane:
        tasks, owner, gate, done = Tasks(lane), QObject(), threading.Event(), []
        tasks.run(owner, gate.wait)
        tasks.run(owner, lambda: done.append("queued"))
        assert not tasks.shutdown(0.01)
        gate.set()
        assert tasks.shutdown(5)
        assert done == ["queued"]
        tasks.run(owner, lambda: done.append("late"))
        assert tasks.shutdown(5)
        assert done == ["queued"]
        qtbot.waitUntil(lambda: tasks.pending == 0)


def test_a_second_press_does_nothing(qtbot: QtBot, tasks: Tasks) -> None:
    button = QPushButton()
    qtbot.addWidget(button)
    gate, calls = threading.Event(), []
    once = OneAtATime(tasks, button, button)

    def press(work: Callable[[], object]) -> bool:
        return once.run(work, lambda _: calls.append("done"), lambda error: calls.append(error.code))

    assert press(gate.wait)
    assert not press(gate.wait)
    assert not button.isEnabled()
    gate.set()
    qtbot.waitUntil(lambda: not once.running)
    assert button.isEnabled()
    assert press(refuse)
    qtbot.waitUntil(lambda: not once.running)
    assert calls == ["done", "cart_empty"]


def test_what_follows_a_paint_is_under_way_at_once_and_begins_when_qt_has_its_turn(qtbot: QtBot, tasks: Tasks) -> None:
    owner, begun = QObject(), threading.Event()
    tasks.run(owner, begun.set, after_paint=True)
    assert tasks.pending == 1
    assert not begun.wait(0.1)
    qtbot.waitUntil(lambda: tasks.pending == 0)
    assert begun.is_set()


def test_a_press_that_has_not_begun_when_the_till_closes_never_does(qtbot: QtBot, tasks: Tasks) -> None:
    begun: list[bool] = []
    tasks.run(QObject(), lambda: begun.append(True), after_paint=True, moves_money=True)
    assert tasks.shutdown()
    qtbot.wait(50)
    assert begun == []


def test_several_changes_in_a_row_are_heard_once_with_all_their_kinds(qtbot: QtBot, tasks: Tasks) -> None:
    owner, gone = QObject(), QObject()
    heard: list[set[Kind]] = []
    at_once: list[set[Kind]] = []
    tasks.watch(owner, {Kind.CART, Kind.PAYMENT}, lambda changes: heard.append(set(changes.kinds)), within_ms=40)
    tasks.watch(gone, {Kind.CART}, lambda changes: heard.append(set(changes.kinds)), within_ms=40)
    tasks.watch(owner, {Kind.CART, Kind.PAYMENT}, lambda changes: at_once.append(set(changes.kinds)))
    for kind in (Kind.CART, Kind.PAYMENT, Kind.ORDER, Kind.CART):
        tasks.broadcast(Changes.of(kind))
    qtbot.waitUntil(lambda: len(at_once) == 3)
    delete(gone)
    assert heard == []
    qtbot.waitUntil(lambda: bool(heard))
    assert heard == [{Kind.CART, Kind.PAYMENT}]
    tasks.broadcast(Changes.of(Kind.PAYMENT))
    qtbot.waitUntil(lambda: len(heard) == 2)
    assert heard[1] == {Kind.PAYMENT}
