"""Pages open in the system's browser: only safe ones, and nobody waits for a browser that hangs or breaks down."""

from __future__ import annotations

import threading
import webbrowser
from collections.abc import Callable

import pytest

from tillgate.app import browser
from tillgate.app.browser import LONGEST_URL, is_safe_url, open_url

HOSTS = frozenset({"checkout.wompi.co", "127.0.0.1"})
PAGE = "https://checkout.wompi.co/l/3Z0Cfi"


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        (PAGE, True),
        ("https://checkout.wompi.co:443/l/3Z0Cfi", True),
        ("https://CHECKOUT.wompi.co/l/3Z0Cfi", True),
        ("http://127.0.0.1:8080/wompi/l/test_1", True),
        ("http://checkout.wompi.co/l/3Z0Cfi", False),
        ("http://127.0.0.1/wompi/l/test_1", False),
        ("https://checkout.wompi.co:8443/l/3Z0Cfi", False),
        ("https://checkout.wompi.co:port/l/3Z0Cfi", False),
        ("https://checkout.wompi.co@evil.example/l/3Z0Cfi", False),
        ("https://checkout.wompi.co.evil.example/l/3Z0Cfi", False),
        ("https://evilcheckout.wompi.co/l/3Z0Cfi", False),
        ("https://checkout.wómpi.co/l/3Z0Cfi", False),
        ("https://checkout.wompi.co/l/3Z0Cfi --new-window", False),
        ("javascript:alert(1)", False),
        ("file:///etc/passwd", False),
        ("--help", False),
        (f"{PAGE}?{'a' * LONGEST_URL}", False),
    ],
)
def test_only_pages_of_the_provider_are_opened(monkeypatch: pytest.MonkeyPatch, url: str, safe: bool) -> None:
    opened: list[str] = []

    def opens(asked: str) -> bool:
        opened.append(asked)
        return True

    monkeypatch.setattr(webbrowser, "open", opens)
    assert (is_safe_url(url, HOSTS), open_url(url, HOSTS)) == (safe, safe)
    assert opened == [url] * safe


def test_a_browser_that_answers_only_when_it_is_closed_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    closed, shown = threading.Event(), threading.Event()

    def stays(_url: str) -> bool:
        shown.set()
        return closed.wait()

    monkeypatch.setattr(webbrowser, "open", stays)
    monkeypatch.setattr(browser, "PATIENCE_S", 0.01)
    assert open_url(PAGE, HOSTS)
    assert shown.wait(30)
    (there,) = (each for each in threading.enumerate() if each.name == "browser")
    assert there.daemon, "the till could not end"
    closed.set()
    there.join()


@pytest.mark.parametrize(
    "error", [webbrowser.Error("no browser"), OSError("no program"), RuntimeError("a bus is gone")]
)
def test_a_browser_that_breaks_down_is_no_browser(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    monkeypatch.setattr(webbrowser, "open", _raising(error))
    assert not open_url(PAGE, HOSTS)


def _raising(error: Exception) -> Callable[[str], bool]:
    def breaks(_url: str) -> bool:
        raise error

    return breaks
