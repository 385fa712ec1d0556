"""Texts of the errors of the window itself: its commands and its lists."""

from __future__ import annotations

from typing import Final

from tillgate.i18n import mark
from tillgate.ui.messages.entry import Entry

TEXTS: Final[dict[str, Entry]] = {
    "shortcut_taken": Entry(
        mark("{shortcut} already does “{command}”."), mark("Choose another key."), about_money=False
    ),
    "shortcut_plain": Entry(
        mark("{shortcut} can’t be a key for a command: a scanner types plain characters."),
        mark("Use a function key, or a key with Ctrl or Alt."),
        about_money=False,
    ),
    "view_unusable": Entry(
        mark("A view needs a name of at most {most} characters."), mark("Type another one."), about_money=False
    ),
    "views_too_many": Entry(
        mark("There are {most} views of this list already."), mark("Forget one first."), about_money=False
    ),
    "export_unwritable": Entry(
        mark("{name} could not be written: {reason}."), mark("Choose another folder."), about_money=False
    ),
}
