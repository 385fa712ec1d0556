"""A list of the payment invoices' screen."""

from __future__ import annotations

from tillgate.ui.screens import desk_list
from tillgate.ui.screens.payment_invoices.keys import SCREEN


class DeskList(desk_list.DeskList):
    """Its buttons wear the keys of this screen; nothing is added in it by hand."""

    of_screen = SCREEN

    def add(self) -> None:
        """Payment invoices are made by asking a phone."""
