"""Which screens the till has, and what each is given. The order is the rail's."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from tillgate.app.browser import open_url
from tillgate.app.papers import save_invoice, save_receipt
from tillgate.domain.settings import RAZORPAY_METHOD, STORE_LANGUAGE
from tillgate.domain.staff import Action, Actor
from tillgate.i18n import mark
from tillgate.ui.screen import Screen, ScreenSpec
from tillgate.ui.screens.checkout import CheckoutDesk, CheckoutScreen

if TYPE_CHECKING:
    from tillgate.app.window import TillWindow


def specs(window: TillWindow) -> list[ScreenSpec]:
    """Every screen; a role sees those that it may use."""
    return [
        ScreenSpec("checkout", mark("Checkout"), "shopping-cart", partial(_checkout, window), Action.SELL),
    ]


def _actor(window: TillWindow) -> Actor:
    if window.session is None:
        raise RuntimeError("a screen is made for somebody who is signed in")
    return window.session.actor


def _checkout(window: TillWindow) -> Screen:
    shop = window.shop
    actor = _actor(window)
    settings = shop.till.settings()
    return CheckoutScreen(
        CheckoutDesk(
            till=shop.till,
            actor=actor,
            tasks=window.tasks,
            commands=window.shell.commands,
            open_url=partial(_open_checkout, window),
            provider=lambda: ("razorpay", shop.till.settings()[RAZORPAY_METHOD]),
            zone=shop.till.zone,
            language=settings[STORE_LANGUAGE],
            save_receipt=partial(save_receipt, shop, actor),
            save_invoice=partial(save_invoice, shop, actor),
            open_file=_open_file,
            open_settings=lambda: window.shell.go("settings"),
            open_exceptions=lambda: window.shell.go("exceptions"),
        )
    )


def _open_checkout(window: TillWindow, url: str) -> bool:
    """Only on the hosts of the till's own providers, and on the till's own page."""
    hosts: frozenset[str] = frozenset()
    for provider in window.shop.till.providers.values():
        hosts |= provider.capabilities.checkout_hosts
    port = window.shop.loopback.port
    own = f"http://127.0.0.1:{port}/"
    return open_url(url, hosts | {"127.0.0.1"} if port is not None and url.startswith(own) else hosts)


def _open_file(path: Path) -> bool:
    return QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))
