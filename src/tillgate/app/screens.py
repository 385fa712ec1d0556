"""Which screens the till has. The order is the rail's; what a screen is given stands in `screen_factories`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tillgate.domain.staff import Action
from tillgate.i18n import mark
from tillgate.ui.screen import Screen, ScreenSpec

if TYPE_CHECKING:
    from tillgate.app.window import TillWindow


def specs(window: TillWindow) -> list[ScreenSpec]:
    """Every screen; a role sees those that it may use."""
    return [
        ScreenSpec(key, title, icon, partial(_make, window, key), needs)
        for key, title, icon, needs in (
            ("checkout", mark("Checkout"), "shopping-cart", Action.SELL),
            ("consultations", mark("Consultations"), "receipt-text", Action.VIEW_PAYMENTS),
            ("batch", mark("Batch"), "list", Action.VIEW_PAYMENTS),
            ("payment_invoices", mark("Verification"), "badge-check", Action.VIEW_PAYMENTS),
            ("instalments", mark("Instalments"), "calendar-days", Action.VIEW_PAYMENTS),
            ("payments", mark("Payments"), "credit-card", Action.VIEW_PAYMENTS),
            ("orders", mark("Orders"), "package", Action.VIEW_ORDERS),
            ("exceptions", mark("Exceptions"), "triangle-alert", Action.VIEW_EXCEPTIONS),
            ("catalogue", mark("Catalogue"), "layers", Action.SELL),
            ("customers", mark("Customers"), "user", Action.SELL),
            ("metrics", mark("Figures"), "chart-column", Action.VIEW_METRICS),
            ("staff", mark("People"), "users", Action.EDIT_STAFF),
            ("settings", mark("Settings"), "settings", Action.EDIT_SETTINGS),
        )
    ]


def _make(window: TillWindow, key: str) -> Screen:
    # Loaded by then, in the thread that opened the till.
    from tillgate.app.screen_factories import FACTORIES  # noqa: PLC0415

    return FACTORIES[key](window)
