"""What the strip says of the way to the providers, and the way to the sandbox in training."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from tests.ui.pages.shell import CASHIER, OUT, ShellPage
from tillgate.app.reach import SANDBOX, connection_of, offer_sandbox
from tillgate.ui.palette import Palette
from tillgate.ui.screen import Connection
from tillgate.ui.tasks import Tasks

ADDRESS = "http://127.0.0.1:4711/_sandbox/?token=abc"


def unasked() -> bool | None:
    raise AssertionError("nobody is there to ask")


@pytest.mark.parametrize(
    ("online", "said"),
    [(True, Connection.ONLINE), (False, Connection.OFFLINE), (None, Connection.UNCLEAR)],
)
def test_a_provider_is_asked(online: bool | None, said: Connection) -> None:
    assert connection_of({"razorpay"}, lambda: online) is said


def test_without_a_provider_nobody_is_asked() -> None:
    assert connection_of((), unasked) is Connection.NO_PROVIDER


def test_the_sandbox_is_a_command_for_whoever_is_signed_in(qtbot: QtBot, tasks: Tasks) -> None:
    opened: list[tuple[str, frozenset[str]]] = []
    answers = [True, False]

    def open_page(url: str, hosts: frozenset[str]) -> bool:
        opened.append((url, hosts))
        return answers.pop(0)

    page = ShellPage(qtbot, tasks)
    offer_sandbox(page.shell, ADDRESS, open_page)
    assert not page.shell.commands.action(SANDBOX).isEnabled()
    page.show(CASHIER)
    qtbot.waitUntil(lambda: "Open the sandbox’s control room" in page.menu_texts)
    palette = Palette(page.shell, page.shell.commands)
    palette.line.setText("sandbox")
    assert palette.found == [SANDBOX]
    palette.results.itemClicked.emit(palette.results.item(0))
    assert opened == [(ADDRESS, frozenset({"127.0.0.1"}))]
    assert page.shell.notice.isHidden()
    page.shell.commands.action(SANDBOX).trigger()
    assert ADDRESS in page.shell.notice.text
    page.show(OUT)
    assert not page.shell.commands.action(SANDBOX).isEnabled()
