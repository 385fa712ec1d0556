"""The commands of batch payment and of its lists."""

from __future__ import annotations

from typing import Final

from tillgate.domain.staff import Action
from tillgate.i18n import mark
from tillgate.ui.screens.list_commands import Verb

SCREEN: Final = "batch"
_PAY: Final = Action.TAKE_PAYMENT
_EDIT: Final = Action.EDIT_CATALOGUE
PAGES: Final = (
    Verb("pay", mark("Pay a device’s invoices"), "credit-card", "Ctrl+1", Action.VIEW_PAYMENTS),
    Verb("batches", mark("Show the batches"), "layers", "Ctrl+2", Action.VIEW_PAYMENTS),
    Verb("devices", mark("Show the devices"), "monitor", "Ctrl+3", Action.SELL),
    Verb("invoices", mark("Show the devices’ invoices"), "receipt-text", "Ctrl+4", Action.VIEW_PAYMENTS),
)
START: Final = (
    Verb("find", mark("Find a device"), "search", "F2", _PAY),
    Verb("start", mark("Start the batch"), "credit-card", "F9", _PAY),
)
RUN: Final = (
    Verb("open_page", mark("Open the invoice’s payment in the browser"), "external-link", "Ctrl+O", _PAY),
    Verb("copy_link", mark("Copy the invoice’s payment link"), "copy", "Ctrl+Shift+C", _PAY),
    Verb("check_now", mark("Check the invoice’s payment now"), "refresh-cw", "Ctrl+R", _PAY),
    Verb("payment", mark("Show the invoice’s payment"), "credit-card", "", Action.VIEW_PAYMENTS),
    Verb("skip", mark("Skip the invoice"), "arrow-right", "Ctrl+Shift+S", _PAY),
    Verb("retry", mark("Try the invoice again"), "rotate-ccw", "Ctrl+Shift+R", _PAY),
    Verb("stop", mark("Stop after the current invoice"), "pause", "F8", _PAY),
    Verb("resume", mark("Resume the batch"), "play", "F7", _PAY),
    Verb("slip", mark("Save the summary slip"), "download", "Ctrl+P", _PAY),
    Verb("print_slip", mark("Print the summary slip"), "printer", "Ctrl+Shift+P", _PAY),
    Verb("leave", mark("Pay another device"), "arrow-left", "F4", Action.VIEW_PAYMENTS),
)
LISTS: Final = (
    Verb("add", mark("New device"), "plus", "Ins", _EDIT),
    Verb("import", mark("Import invoices"), "upload", "Ctrl+I", _EDIT),
    Verb("daily", mark("Make the invoices that are due"), "calendar-days", "", _EDIT),
)
ONE: Final = (
    Verb("show", mark("Open what is chosen"), "folder-open", "Ctrl+Return", Action.VIEW_PAYMENTS),
    Verb("change", mark("Change the device"), "pencil", "Ctrl+S", _EDIT),
    Verb("cancel", mark("Cancel the invoice"), "circle-minus", "Ctrl+Shift+Del", _EDIT),
    Verb("reopen", mark("Ask for the invoice again"), "undo-2", "", _EDIT),
)
EVERY: Final = (*PAGES, *START, *RUN, *LISTS, *ONE)
