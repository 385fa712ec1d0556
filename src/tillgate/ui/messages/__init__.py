"""The texts of errors, a table for each area; a new area is one module here and one line below."""

from __future__ import annotations

from typing import Final

from tillgate.ui.messages import installation, money, staff, window
from tillgate.ui.messages.entry import Entry

TEXTS: Final[dict[str, Entry]] = {
    **installation.TEXTS,
    **money.TEXTS,
    **staff.TEXTS,
    **window.TEXTS,
}
