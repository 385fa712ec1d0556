"""A list of the batch screen."""

from __future__ import annotations

from tillgate.ui.screens import desk_list
from tillgate.ui.screens.batch.keys import SCREEN


class DeskList(desk_list.DeskList):
    """Its buttons wear the keys of this screen."""

    of_screen = SCREEN
