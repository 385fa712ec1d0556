"""The texts of errors, a table for each area; a new area is one module here and one line below."""

from __future__ import annotations

from typing import Final

from tillgate.ui.messages import money, window
from tillgate.ui.messages.entry import Entry

TEXTS: Final[dict[str, Entry]] = {
    **money.TEXTS,
    **window.TEXTS,
}
