"""What every paper on an 80 mm roll has: drawn once to learn its length, then on a sheet of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import datetime
from typing import Final

import segno

from tillgate.domain.money import Money
from tillgate.domain.payment import Mode
from tillgate.formats import format_money
from tillgate.i18n import Words
from tillgate.labels import mode_mark
from tillgate.printing.paper import FAINT, INK, PAPER, SOFT, Paper, line_height

WIDE: Final = 80.0
LEFT: Final = 5.0
INNER: Final = WIDE - 2 * LEFT
_TALL: Final = 5000.0
_QR: Final = 26.0


class Roll(ABC):
    """A paper on a roll: `_everything` draws it from the top down, moving `y`."""

    def __init__(self, words: Words, *, title: str, author: str, made_at: datetime) -> None:
        self.words = words
        self._about = (title, author, made_at)
        self.paper = self._sheet(_TALL)
        self.y = 0.0

    def draw(self) -> bytes:
        """The whole file."""
        with self.paper:
            self._from_the_top()
        self.paper = self._sheet(self.y)
        with self.paper:
            self._from_the_top()
            return bytes(self.paper.output())

    @abstractmethod
    def _everything(self) -> None:
        """Draw it."""

    def _sheet(self, height: float) -> Paper:
        title, author, made_at = self._about
        return Paper((WIDE, height), title=title, author=author, language=self.words.language, made_at=made_at)

    def _from_the_top(self) -> None:
        self.paper.add_page()
        self.y = 6.0
        self._everything()

    def _marks(self, mode: Mode, *more: str) -> None:
        """The words across a paper that is not a real one, or not the first."""
        for text in filter(None, (mode_mark(self.words, mode), *more)):
            self.paper.box(LEFT, self.y, INNER, 7, INK, radius=1)
            self._middle(text, pt=11, bold=True, color=PAPER, down=1.1)
            self.y += 2.6

    def _grand_total(self, amount: Money) -> None:
        self._cut()
        text = format_money(amount, self.words.language)
        self.paper.write_fitting(LEFT, self.y, 22, self.words.tr("Total"), pt=15, bold=True, align="L")
        self.y += self.paper.write_fitting(LEFT + 24, self.y, INNER - 24, text, pt=15, bold=True) + 1

    def _code(self, text: str) -> None:
        """A QR code of filled runs, sharp at any size."""
        matrix = segno.make(text, error="m", micro=False).matrix
        module = _QR / len(matrix)
        left = (WIDE - _QR) / 2
        for row, dots in enumerate(matrix):
            start = None
            for column, dot in enumerate([*dots, 0]):
                if dot and start is None:
                    start = column
                elif not dot and start is not None:
                    x, w = left + start * module, (column - start) * module
                    self.paper.box(x, self.y + row * module, w, module, INK)
                    start = None
        self.y += _QR + 2

    # Lines of text

    def _middle(self, text: str, *, pt: float = 8, bold: bool = False, color: str = INK, down: float = 0) -> None:
        self.y += down
        self.y += self.paper.write_text(LEFT, self.y, INNER, text, pt=pt, bold=bold, color=color, align="C")

    def _quiet(self, text: str) -> None:
        self.y += self.paper.write_text(LEFT, self.y, INNER, text, pt=7.5, color=SOFT, most_lines=2)

    def _sum(self, label: str, amount: Money, *, bold: bool = False, color: str = INK) -> None:
        shown = format_money(amount, self.words.language)
        taken = min(self.paper.width_of(shown, bold=bold) + 0.2, INNER / 2)
        self.paper.write_fitting(WIDE - LEFT - taken, self.y, taken, shown, bold=bold, color=color)
        room = INNER - taken - 2
        used = self.paper.write_text(LEFT, self.y, room, label, bold=bold, color=color, most_lines=3)
        self.y += max(used, line_height(9))

    def _cut(self) -> None:
        self.y += 1.6
        self.paper.rule(LEFT, self.y, INNER, FAINT, thick=0.3, dashed=True)
        self.y += 2.4
