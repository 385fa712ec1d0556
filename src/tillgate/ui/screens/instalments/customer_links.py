"""From one list of instalments to a customer's rows in the others: bulk orders, what is due, the wallet."""

from __future__ import annotations

from functools import partial
from typing import Final

from PySide6.QtWidgets import QWidget

from tillgate.i18n import mark, tr
from tillgate.ui.screens.instalments.desk import InstalmentDesk
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.flow import FlowLayout

# The pages by their keys, with what they are called here.
_PAGES: Final = {
    "orders": (mark("Bulk orders"), "package"),
    "due": (mark("Due"), "calendar-days"),
    "wallets": (mark("Wallet"), "wallet"),
}


class CustomerLinks(QWidget):
    """All pages but the one that it stands on, by `here`. Of those without a telephone their name is looked for."""

    def __init__(self, desk: InstalmentDesk, here: str, name: str, phone: str) -> None:
        super().__init__()
        flow = FlowLayout()
        self.setLayout(flow)
        self.buttons: dict[str, Button] = {}
        for key, (text, icon) in _PAGES.items():
            if key != here:
                spoken = tr("{page} of {name}", page=tr(text), name=name)
                show = partial(desk.find, key, phone or name)
                button = Button(tr(text), tone=ButtonTone.LINK, icon=icon, name=spoken, on_click=show)
                self.buttons[key] = button
                flow.addWidget(button)
