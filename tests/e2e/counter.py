"""A counter as a shop has it: a screen, the till's program, a keyboard, a scanner and the system's browser."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pysqlite3.dbapi2 as sqlite_driver
from PIL import ImageGrab
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

T = TypeVar("T")
# Only a machine that is broken or very busy is waited for this long.
PATIENCE_S = 80.0
_BROWSER = """#!/bin/sh
exec chromium --no-sandbox {look} --disable-gpu --disable-quic --no-first-run --disable-background-networking \\
  --disable-component-update --disable-sync --remote-debugging-port=0 --user-data-dir="{profile}" "$@" >/dev/null 2>&1
"""


def wait_for(what: str, look: Callable[[], T | None], patience_s: float = PATIENCE_S, *, between_s: float = 0.1) -> T:
    """What `look` finds; fails when it finds nothing in time."""
    until = time.monotonic() + patience_s
    while time.monotonic() < until:
        found = look()
        if found:
            return found
        time.sleep(between_s)
    raise AssertionError(f"waited {patience_s:.0f} s in vain for {what}")


@contextmanager
def virtual_screen(width: int = 1280, height: int = 900) -> Iterator[str]:
    """An X server of its own; its DISPLAY."""
    reading, writing = os.pipe()
    command = [
        "Xvfb",
        "-displayfd",
        str(writing),
        "-screen",
        "0",
        f"{width}x{height}x24",
        "-nolisten",
        "tcp",
        "-noreset",
    ]
    server = subprocess.Popen(command, pass_fds=(writing,), stderr=subprocess.DEVNULL)
    os.close(writing)
    try:
        number = os.read(reading, 20).decode().strip()
        assert number, "Xvfb did not start"
        yield f":{number}"
    finally:
        os.close(reading)
        server.terminate()
        server.wait()


@dataclass
class Counter:
    """A till's folder and its running program."""

    display: str
    folder: Path
    program: subprocess.Popen[bytes] | None = None
    window: str = ""
    log: Path = field(init=False)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.log = self.folder / "program.log"
        self.browser_profile = self.folder / "browser"
        self.browser = self.folder / "browser.sh"
        self.write_browser("--headless=new")

    def write_browser(self, look: str) -> None:
        """How the browser shows itself; without a window it does not take a second page while it runs."""
        self.browser.write_text(_BROWSER.format(profile=self.browser_profile, look=look))
        self.browser.chmod(0o755)

    def open_till(self) -> None:
        """Start the application and wait for its window."""
        self._start([str(Path(sys.executable).parent / "tillgate")])
        time.sleep(1.0)
        self._take_keys()

    def _start(self, program: Sequence[str], **more: Any) -> None:
        surroundings = os.environ | {
            "DISPLAY": self.display,
            "QT_QPA_PLATFORM": "xcb",
            "BROWSER": f"{self.browser} %s &",
            "XDG_RUNTIME_DIR": str(self.folder),
        }
        command = [*program, "demo", "--data", str(self.folder / "till")]
        with self.log.open("ab") as log:
            self.program = subprocess.Popen(command, env=surroundings, stdout=log, stderr=log, **more)
        self.window = wait_for("the till's window", self._find_window).split()[-1]

    def _find_window(self) -> str:
        assert self.program is not None
        ended = self.program.poll()
        assert ended is None, f"the till ended with {ended}: {self.log.read_text(errors='replace')[-2000:]}"
        return self._xdotool("search", "--name", "Bazaar – Tillgate")

    def _take_keys(self) -> None:
        self._xdotool("windowfocus", "--sync", self.window)

    def kill_till(self) -> None:
        """As a power cut does."""
        assert self.program is not None
        self.program.send_signal(signal.SIGKILL)
        self.program.wait()

    def close(self) -> None:
        """End the program and the browser."""
        if self.program is not None and self.program.poll() is None:
            self.program.terminate()
            try:
                self.program.wait(10)
            except subprocess.TimeoutExpired:
                self.program.kill()
                self.program.wait()
        self._end_browser()

    def keys(self, *keys: str) -> None:
        """Press keys, one after another."""
        for key in keys:
            self._xdotool("key", "--window", "0", key)
            time.sleep(0.25)

    def press_until(self, key: str, what: str, look: Callable[[], T | None]) -> T:
        """Press a key and wait for what comes of it; a key that a busy machine lost is pressed again."""
        for patience_s in (25.0, 25.0):
            self.keys(key)
            with suppress(AssertionError):
                return wait_for(what, look, patience_s)
        self.keys(key)
        return wait_for(what, look)

    def press_until_shown(self, key: str) -> None:
        """Press a key and wait until something else is on the screen, and rests there."""
        before = self._screens()
        self.press_until(key, f"what {key} shows", lambda: self._screens() != before)
        last = b""
        while last != (last := self._screens()):
            time.sleep(0.4)

    def press_until_turned(self, key: str) -> None:
        """Press a key and wait until the rail marks another screen; no cursor blinks there, and no clock goes on."""
        before = self._rail()
        self.press_until(key, f"the screen of {key}", lambda: self._rail() != before)

    def _rail(self) -> bytes:
        return ImageGrab.grab(xdisplay=self.display).crop((4, 40, 90, 560)).tobytes()

    def _screens(self) -> bytes:
        """The screen in front, without the frame whose clocks go on."""
        return ImageGrab.grab(xdisplay=self.display).crop((220, 60, 1280, 820)).tobytes()

    def type(self, text: str, *, delay_ms: int = 60) -> None:
        """Type as a person does."""
        self._xdotool("type", "--delay", str(delay_ms), text)
        time.sleep(0.2)

    def scan(self, code: str) -> None:
        """As a scanner types: faster than any person, ended by Enter.

        On a machine that is busy enough the keys come as slowly as a person's, and are typing: then it is tried again.
        """
        before = self.count("SELECT count(*) FROM cart_line")
        for patience_s in (15.0, 15.0, 15.0, PATIENCE_S):
            self._xdotool("type", "--delay", "2", "--args", "1", code, "key", "--delay", "2", "Return")
            with suppress(AssertionError):
                wait_for("the line", lambda: self.count("SELECT count(*) FROM cart_line") > before, patience_s)
                return
            self.keys("Escape")
        raise AssertionError(f"{code} did not come into the cart")

    def sign_in(self, pin: str) -> None:
        """The first person of the tiles signs in; a key that a busy machine lost is pressed again."""
        before = self.count("SELECT max(id) FROM staff_session")
        for patience_s in (25.0, 25.0, 25.0, PATIENCE_S):
            self.keys("Return")
            self.type(pin)
            self.keys("Return")
            with suppress(AssertionError):
                wait_for("the sign-in", lambda: self.count("SELECT max(id) FROM staff_session") > before, patience_s)
                break
            self.keys("Escape", "Escape")
        else:
            raise AssertionError("nobody could sign in")
        wait_for("the checkout", lambda: self.count("SELECT count(*) FROM cart WHERE state = 'open'"))
        time.sleep(1.5)

    def picture(self, path: Path) -> None:
        """What is on the screen now."""
        ImageGrab.grab(xdisplay=self.display).save(path)

    def read(self, query: str) -> list[tuple[Any, ...]]:
        """Look into the books."""
        path = self.folder / "till" / "training" / "tillgate.db"
        if not path.exists():
            return []
        connection = sqlite_driver.connect(f"file:{path}?mode=ro", uri=True, timeout=5)
        try:
            return list(connection.execute(query).fetchall())
        finally:
            connection.close()

    def count(self, query: str) -> int:
        """The one number of a query; 0 while there are no books yet."""
        rows = self.read(query)
        return int(rows[0][0] or 0) if rows else 0

    def state(self) -> str:
        """Where the newest payment stands."""
        rows = self.read("SELECT state FROM payment ORDER BY id DESC LIMIT 1")
        return str(rows[0][0]) if rows else ""

    @contextmanager
    def customer(self) -> Iterator[webdriver.Chrome]:
        """The browser that the till opened, in a customer's hands."""
        port_file = self.browser_profile / "DevToolsActivePort"
        # It is there before it is written.
        (port, *_) = wait_for("the browser", lambda: port_file.read_text().split() if port_file.exists() else None)
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium") or "/usr/bin/chromium"
        options.debugger_address = f"127.0.0.1:{port}"
        driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
        try:
            yield driver
        finally:
            driver.service.stop()

    def _xdotool(self, *arguments: str) -> str:
        done = subprocess.run(
            ["xdotool", *arguments],
            env=os.environ | {"DISPLAY": self.display},
            capture_output=True,
            text=True,
            check=False,
            timeout=20,
        )
        return done.stdout.strip()

    def _end_browser(self) -> None:
        lock = self.browser_profile / "SingletonLock"
        if lock.is_symlink():
            pid = int(lock.readlink().name.rpartition("-")[2])
            try:
                os.kill(pid, signal.SIGTERM)
            except ProcessLookupError:
                return
