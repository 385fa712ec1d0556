"""Foreign text made safe to show: names and provider words may carry control and bidirectional characters."""

from __future__ import annotations

import unicodedata
from typing import Final

# Cc and Cf hold controls, bidi overrides and invisible joiners; ZWNJ and ZWJ are part of Devanagari spelling.
_KEPT: Final = frozenset("\n\u200c\u200d")


def shown(text: str, limit: int = 2_000) -> str:
    """The text without control and bidirectional characters, at most `limit` characters, cut with an ellipsis."""
    if not (text.isascii() and text.isprintable()):
        flat = text.replace("\r\n", "\n").replace("\t", " ")
        text = "".join(c for c in flat if c in _KEPT or unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co"})
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
