"""What the till reaches outside: its providers, and in training mode the sandbox that plays them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from typing import Final

from tillgate.app.browser import LOOPBACK, open_url
from tillgate.i18n import mark, tr
from tillgate.ui.commands import Command
from tillgate.ui.screen import Connection
from tillgate.ui.shell import Shell
from tillgate.ui.theme import Tone

SANDBOX: Final = "till.sandbox"
OpenPage = Callable[[str, frozenset[str]], bool]


def connection_of(providers: Collection[str], is_online: Callable[[], bool | None]) -> Connection:
    """How the way to the providers is; asks them, so on the work lane. `is_online` None: reached, but no clear word."""
    if not providers:
        return Connection.NO_PROVIDER
    online = is_online()
    if online is None:
        return Connection.UNCLEAR
    return Connection.ONLINE if online else Connection.OFFLINE


def offer_sandbox(shell: Shell, address: str, open_page: OpenPage = open_url) -> None:
    """A command for the sandbox's control room, its ledger and its faults: for training mode alone."""
    run = partial(_open, shell, address, open_page)
    shell.commands.add(Command(SANDBOX, mark("Open the sandbox’s control room"), run, "flask-conical", "", "till"))


def _open(shell: Shell, address: str, open_page: OpenPage) -> None:
    if not open_page(address, frozenset({LOOPBACK})):
        told = tr("Open this address in one: {address}", address=address)
        shell.notice.say(Tone.WAITING, tr("The browser could not be opened."), told)
