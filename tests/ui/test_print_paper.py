"""A paper goes to the printer beside what a till does for its customers."""

from __future__ import annotations

import threading

from pytestqt.qtbot import QtBot

from tillgate.domain.errors import Unavailable
from tillgate.ui.print_paper import print_paper
from tillgate.ui.tasks import Tasks
from tillgate.ui.widgets.notices import InlineNotice


def test_a_queue_that_does_not_answer_holds_up_nobody(qtbot: QtBot, tasks: Tasks) -> None:
    answers, printed, sold = threading.Event(), [], []
    notice = InlineNotice()
    qtbot.addWidget(notice)

    def printing(number: int) -> None:
        answers.wait(60)
        printed.append(number)

    try:
        # More than the till's lane has threads.
        for number in range(3):
            print_paper(tasks, notice, printing, number, notice, told="It was sent.")
        tasks.run(notice, lambda: sold.append("sold"))
        qtbot.waitUntil(lambda: sold == ["sold"], timeout=5_000)
        assert (printed, notice.text) == ([], "")
    finally:
        answers.set()
    qtbot.waitUntil(lambda: tasks.pending == 0)
    assert (sorted(printed), notice.text) == ([0, 1, 2], "It was sent.")


def test_what_the_queue_refuses_is_told(qtbot: QtBot, tasks: Tasks) -> None:
    notice = InlineNotice()
    qtbot.addWidget(notice)

    def refusing(_number: int) -> None:
        raise Unavailable("printer_refused", error="no default destination")

    print_paper(tasks, notice, None, 1, notice, told="It was sent.")
    assert (tasks.pending, notice.text) == (0, "")
    print_paper(tasks, notice, refusing, 1, notice, told="It was sent.")
    qtbot.waitUntil(lambda: tasks.pending == 0)
    assert "no default destination" in notice.text
