"""What every paper on A4 has: the seller's branding, a strip of facts, how it was paid, page numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

from tillgate.domain.documents import Branding, PaidBy
from tillgate.domain.money import Money
from tillgate.domain.payment import Mode
from tillgate.formats import format_money, written_instant
from tillgate.i18n import Words
from tillgate.labels import mode_mark, mode_warning, paid_through
from tillgate.printing.paper import ALERT, GOOD, HAIR, INK, PALE, SOFT, Paper, line_height

_SIZE: Final = (210.0, 297.0)
LEFT: Final = 16.0
RIGHT: Final = 194.0
WIDE: Final = RIGHT - LEFT
BOTTOM: Final = 274.0


@dataclass(frozen=True, slots=True)
class Heading:
    """What the head and the foot of a paper say."""

    number: str
    seller: Branding
    mode: Mode
    issued_at: datetime
    zone: tzinfo
    store_name: str
    currency: str
    # A credit note in place of an invoice.
    reversing: bool = False


class Sheet:
    """A paper drawn from the top down; `y` is where the next thing goes."""

    def __init__(self, heading: Heading, words: Words) -> None:
        self.heading = heading
        self.words = words
        self.color = heading.seller.color
        self.currency = heading.currency
        note = words.tr("Credit note {number}", number=heading.number)
        title = note if heading.reversing else words.tr("Invoice {number}", number=heading.number)
        self.paper = Paper(
            _SIZE, title=title, author=heading.seller.name, language=words.language, made_at=heading.issued_at
        )
        self.y = 0.0

    def _page(self) -> None:
        paper, mark = self.paper, mode_mark(self.words, self.heading.mode)
        paper.add_page()
        paper.box(0, 0, _SIZE[0], 3, self.color)
        if mark:
            paper.watermark(mark, pt=104, across=_SIZE[0] / 2, down=165)

    def _seller(self, top: float) -> float:
        vendor, paper = self.heading.seller, self.paper
        paper.box(LEFT, top, 17, 17, self.color, radius=3.2)
        initials = vendor.initials
        pt = 20 if len(initials) < 3 else 15
        down = top + (17 - line_height(pt)) / 2
        paper.write_text(LEFT, down, 17, initials, pt=pt, bold=True, color=vendor.ink, align="C", most_lines=1)
        x, y = LEFT + 22, top - 0.6
        y += paper.write_text(x, y, 84, vendor.name, pt=15, bold=True, leading=1.2, most_lines=2) + 0.8
        tax_number = self.words.tr("Tax number {number}", number=vendor.tax_number) if vendor.tax_number else ""
        for text in (vendor.address, _joined(vendor.phone, vendor.email), tax_number):
            y += paper.write_text(x, y, 84, text, pt=8, color=SOFT, most_lines=3)
        return max(y, top + 17)

    def _title(self, top: float) -> float:
        paper, head = self.paper, self.heading
        x, w, y = LEFT + 108, WIDE - 108, top - 1.6
        title = self.words.tr("Credit note") if head.reversing else self.words.tr("Invoice")
        y += paper.write_text(x, y, w, title, pt=23, bold=True, align="R", leading=1.15)
        y += paper.write_text(x, y, w, head.number, pt=11, bold=True, color=SOFT, align="R") + 1
        warning = mode_warning(self.words, head.mode)
        return y + paper.write_text(x, y, w, warning, pt=8, bold=True, color=ALERT, align="R")

    def _strip(self, top: float, blocks: Sequence[tuple[float, float, str, Sequence[str]]]) -> float:
        """Blocks of (left, width, label, texts) side by side; where the next thing goes."""
        height = max(self._block(x, top + 4, w, label, texts, draw=False) for x, w, label, texts in blocks) + 8
        self.paper.box(LEFT, top, WIDE, height, PALE, radius=2)
        for x, w, label, texts in blocks:
            self._block(x, top + 4, w, label, texts)
        return top + height

    def _block(self, x: float, y: float, w: float, label: str, texts: Sequence[str], *, draw: bool = True) -> float:
        """A small label over one strong line and quieter ones; the height."""
        paper, top = self.paper, y
        styles = [(label, 7.5, False, SOFT)]
        styles += [
            (text, 9 if first else 8, first, INK if first else SOFT)
            for first, text in zip((True, False, False), texts, strict=False)
        ]
        for text, pt, bold, color in styles:
            if draw:
                y += paper.write_text(x, y, w, text, pt=pt, bold=bold, color=color, most_lines=2)
            else:
                y += line_height(pt) * len(paper.wrapped(text, w, pt=pt, bold=bold, most_lines=2))
        return y - top

    def _payment(self, top: float, paid: PaidBy, payment_id: int) -> float:
        """How the money came; where the next thing goes."""
        paper, tr, y = self.paper, self.words.tr, top
        x, w = LEFT + 5, 78.0
        rows = [tr("Reference {reference}", reference=paid.reference)] if paid.reference else []
        if paid.captured_at is not None:
            rows.append(written_instant(paid.captured_at, self.words.language, self.currency, self.heading.zone))
        rows.append(tr("Our payment {number}", number=payment_id))
        paper.box(LEFT, top, 1.2, 8 + 4.2 * len(rows), GOOD, radius=0.6)
        paid_by = tr("Paid through {provider}", provider=paid_through(self.words, paid))
        y += 1 + paper.write_text(x, y + 1, w, paid_by, pt=10, bold=True, color=GOOD, most_lines=2) + 0.6
        for text in rows:
            y += paper.write_text(x, y, w, text, pt=8, color=SOFT, most_lines=2)
        return max(y, top + 8 + 4.2 * len(rows))

    def _footers(self) -> None:
        """Afterwards, when the number of pages is known."""
        paper, head, tr = self.paper, self.heading, self.words.tr
        last = paper.page
        notes = [tr("Sold at {store}", store=head.store_name) if head.store_name else ""]
        notes.append(mode_warning(self.words, head.mode))
        for number in range(1, last + 1):
            paper.turn_to(number)
            paper.rule(LEFT, 281, WIDE, HAIR)
            pages = tr("Page {page} of {pages}", page=number, pages=last)
            paper.write_text(LEFT, 283, 130, _joined(*notes), pt=7.5, color=SOFT, most_lines=1)
            paper.write_text(RIGHT - 46, 283, 46, pages, pt=7.5, color=SOFT, align="R", most_lines=1)

    def _money(self, amount: Money) -> str:
        return format_money(amount, self.words.language)


def _joined(*parts: str) -> str:
    return " \u00b7 ".join(part for part in parts if part)
