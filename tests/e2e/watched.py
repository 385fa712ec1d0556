"""A counter whose window tells what it shows, so that every key waits for what it is meant for, and for no time."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from tests.e2e.counter import PATIENCE_S, Counter, wait_for
from tillgate.paths import resource

ROOT = resource("").parent
_BETWEEN_S = 0.03


@dataclass(frozen=True)
class Shown:
    """What the window shows: as `seen_till.look` says it."""

    focus: str
    holds: str
    hears: bool
    texts: frozenset[str]
    able: frozenset[str]
    lists: dict[str, list[str]]

    def has(self, *texts: str) -> bool:
        """Whether all of these texts are shown."""
        return self.texts.issuperset(texts)


@dataclass
class WatchedCounter(Counter):
    """As its elder; the program answers what is in front."""

    _asks: socket.socket = field(init=False, repr=False)

    def open_till(self) -> None:
        """Start the application and wait for its window."""
        self._asks, answers = socket.socketpair()
        self._asks.settimeout(PATIENCE_S)
        with answers:
            program = [sys.executable, "-m", "tests.e2e.seen_till", str(answers.fileno())]
            self._start(program, pass_fds=(answers.fileno(),), cwd=ROOT)
        wait_for("the window to take the keys", self._takes_keys)

    def _takes_keys(self) -> bool:
        """A window takes none before it is on the screen, which is later than X has heard of it."""
        self._take_keys()
        return self.look().hears

    def close(self) -> None:
        """End the program and the browser."""
        super().close()
        with suppress(AttributeError):
            self._asks.close()

    def cut_the_power(self) -> None:
        """Till and browser stop where they are; the browser that is opened next is another one."""
        self.kill_till()
        self._asks.close()
        name = (self.browser_profile / "SingletonLock").readlink().name
        os.kill(int(name.rpartition("-")[2]), signal.SIGKILL)
        self.browser_profile = self.folder / "browser-after"
        self.write_browser("--headless=new")

    def sign_in(self, pin: str) -> None:
        """The first person of the tiles signs in."""
        self.until("the people", lambda shown: pin in shown.focus)
        self.press_on("Return", "PIN or passphrase")
        self.write(pin)
        self.press_on("Return", "Search products or scan")

    def look(self) -> Shown:
        """What the window shows now."""
        self._asks.sendall(b"?")
        answer = b""
        while not answer.endswith(b"\n"):
            more = self._asks.recv(1 << 16)
            assert more, "the till has ended"
            answer += more
        told: dict[str, Any] = json.loads(answer)
        return Shown(**told | {"texts": frozenset(told["texts"]), "able": frozenset(told["able"])})

    def until(self, what: str, holds: Callable[[Shown], object], patience_s: float = PATIENCE_S) -> Shown:
        """The window, once something is so in it; what it shows instead is told."""
        try:
            return wait_for(
                what, lambda: shown if holds(shown := self.look()) else None, patience_s, between_s=_BETWEEN_S
            )
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.look()}") from None

    def at(self, focus: str, patience_s: float = PATIENCE_S) -> Shown:
        """The window, once this is what takes the keys."""
        return self.until(
            f"the keys to go to {focus!r}", lambda shown: shown.hears and shown.focus == focus, patience_s
        )

    def keys(self, *keys: str) -> None:
        """Press keys, one after another, as quickly as fingers do, once they are heard."""
        self.until("keys to be heard", lambda shown: shown.hears)
        self._xdotool("key", "--delay", "40", *keys)

    def press_on(self, key: str, focus: str) -> Shown:
        """Press a key and wait until something else takes the keys; again only where it was lost: nothing changed."""
        before = self.look().focus
        for patience_s in (25.0, 25.0):
            self.keys(key)
            with suppress(AssertionError):
                return self.at(focus, patience_s)
            if self.look().focus != before:
                break
        return self.at(focus)

    def write(self, text: str) -> None:
        """Type over what stands where the keys go to, until it stands there."""
        for patience_s in (5.0, 15.0, PATIENCE_S):
            self.keys("ctrl+a")
            self._xdotool("type", "--delay", "45", text)
            with suppress(AssertionError):
                self.until(f"{text!r} to be written", lambda shown: shown.holds == text, patience_s)
                return
        raise AssertionError(f"{text!r} could not be typed into {self.look().focus!r}")

    def mark(self, *parts: str) -> None:
        """Mark the row with these parts, in the list that takes the keys."""

        def meant(row: str) -> bool:
            return all(part in row for part in parts)

        for patience_s in (5.0, 15.0):
            here = self.until(f"the row of {parts}", lambda shown: any(map(meant, shown.lists.get(shown.focus, []))))
            self.keys("Home", *["Down"] * [*map(meant, here.lists[here.focus])].index(True))
            with suppress(AssertionError):
                self.until(f"{parts} to be marked", lambda shown: meant(shown.holds), patience_s)
                return
        raise AssertionError(f"{parts} could not be marked: {self.look()}")
