"""A sales invoice on A4: the vendor's branding, grouped lines as many pages as it takes, totals, payment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tillgate.domain.documents import InvoiceDocument, InvoiceLine
from tillgate.domain.money import Money
from tillgate.domain.orders import LineType
from tillgate.formats import format_money, written_day, written_instant
from tillgate.i18n import Words
from tillgate.labels import GROUPS, mode_mark, mode_warning, paid_through
from tillgate.printing.paper import ALERT, GOOD, HAIR, INK, PALE, SOFT, Align, Paper, line_height

_SIZE: Final = (210.0, 297.0)
_LEFT: Final = 16.0
_RIGHT: Final = 194.0
_WIDE: Final = _RIGHT - _LEFT
_BOTTOM: Final = 274.0
# Left edge, width and alignment of the table's columns.
_DESCRIPTION: Final = (_LEFT, 98.0)
_QUANTITY: Final = (116.0, 12.0)
_UNIT: Final = (130.0, 30.0)
_AMOUNT: Final = (162.0, 32.0)
_ROW_PAD: Final = 1.7
_HEAD: Final = 8.0


class InvoiceSheet:
    """Draws one invoice from the top down; `y` is where the next thing goes."""

    def __init__(self, document: InvoiceDocument, words: Words) -> None:
        self.document = document
        self.words = words
        self.color = document.vendor.color
        self.currency = document.total.currency
        title = words.tr("Invoice {number}", number=document.number)
        self.paper = Paper(
            _SIZE, title=title, author=document.vendor.name, language=words.language, made_at=document.issued_at
        )
        self.y = 0.0

    def draw(self) -> bytes:
        """The whole file."""
        with self.paper:
            self._first_page()
            for kind, amount in self.document.totals:
                self._group(kind, amount, [line for line in self.document.lines if line.type is kind])
            self._closing()
            self._footers()
            return bytes(self.paper.output())

    # Pages

    def _first_page(self) -> None:
        self._page()
        self.y = max(self._seller(15), self._title(15)) + 7
        self.y = self._facts(self.y) + 8
        self._table_head()

    def _page(self) -> None:
        paper, mark = self.paper, mode_mark(self.words, self.document.mode)
        paper.add_page()
        paper.box(0, 0, _SIZE[0], 3, self.color)
        if mark:
            paper.watermark(mark, pt=104, across=_SIZE[0] / 2, down=165)

    def _next_page(self, *, table: bool = True) -> None:
        self._page()
        document = self.document
        self.paper.write_text(_LEFT, 11, 100, document.vendor.name, pt=9, bold=True, most_lines=1)
        continued = self.words.tr("Invoice {number}, continued", number=document.number)
        self.paper.write_text(_LEFT + 100, 11, _WIDE - 100, continued, color=SOFT, align="R", most_lines=1)
        self.y = 20
        if table:
            self._table_head()

    def _room_for(self, height: float, *, table: bool = True) -> None:
        if self.y + height > _BOTTOM:
            self._next_page(table=table)

    # The head of the first page

    def _seller(self, top: float) -> float:
        vendor, paper = self.document.vendor, self.paper
        paper.box(_LEFT, top, 17, 17, self.color, radius=3.2)
        initials = vendor.initials
        pt = 20 if len(initials) < 3 else 15
        down = top + (17 - line_height(pt)) / 2
        paper.write_text(_LEFT, down, 17, initials, pt=pt, bold=True, color=vendor.ink, align="C", most_lines=1)
        x, y = _LEFT + 22, top - 0.6
        y += paper.write_text(x, y, 84, vendor.name, pt=15, bold=True, leading=1.2, most_lines=2) + 0.8
        tax_number = self.words.tr("Tax number {number}", number=vendor.tax_number) if vendor.tax_number else ""
        for text in (vendor.address, _joined(vendor.phone, vendor.email), tax_number):
            y += paper.write_text(x, y, 84, text, pt=8, color=SOFT, most_lines=3)
        return max(y, top + 17)

    def _title(self, top: float) -> float:
        paper, document = self.paper, self.document
        x, w, y = _LEFT + 108, _WIDE - 108, top - 1.6
        y += paper.write_text(x, y, w, self.words.tr("Invoice"), pt=23, bold=True, align="R", leading=1.15)
        y += paper.write_text(x, y, w, document.number, pt=11, bold=True, color=SOFT, align="R") + 1
        warning = mode_warning(self.words, document.mode)
        return y + paper.write_text(x, y, w, warning, pt=8, bold=True, color=ALERT, align="R")

    def _facts(self, top: float) -> float:
        """Who, when and what for, side by side on a pale strip."""
        document, tr = self.document, self.words.tr
        customer = document.customer
        buyer = customer.name or tr("Walk-in customer")
        day, ordered = (
            written_day(instant.astimezone(document.zone).date(), self.words.language, self.currency)
            for instant in (document.issued_at, document.ordered_at)
        )
        blocks: Sequence[tuple[float, float, str, Sequence[str]]] = (
            (_LEFT + 5, 62, tr("Bill to"), (buyer, customer.email, customer.phone)),
            (_LEFT + 72, 44, tr("Invoice date"), (day,)),
            (_LEFT + 121, 52, tr("Order"), (document.order_number, ordered)),
        )
        height = max(self._block(x, top + 4, w, label, texts, draw=False) for x, w, label, texts in blocks) + 8
        self.paper.box(_LEFT, top, _WIDE, height, PALE, radius=2)
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

    # The table

    def _table_head(self) -> None:
        tr = self.words.tr
        columns: Sequence[tuple[tuple[float, float], str, Align]] = (
            (_DESCRIPTION, tr("Description"), "L"),
            (_QUANTITY, tr("Quantity"), "R"),
            (_UNIT, tr("Unit price"), "R"),
            (_AMOUNT, tr("Amount"), "R"),
        )
        for (x, w), label, align in columns:
            shift = 8 if label == tr("Quantity") else 0
            self.paper.write_text(x - shift, self.y, w + shift, label, pt=7.5, bold=True, color=SOFT, align=align)
        self.paper.rule(_LEFT, self.y + 5.4, _WIDE, self.color, thick=0.5)
        self.y += _HEAD

    def _group(self, kind: LineType, amount: Money, lines: Sequence[InvoiceLine]) -> None:
        """A heading kept with its first line; the sum where there are several."""
        self._room_for(_HEAD + self._height(lines[0]))
        self._group_head(kind, amount if len(lines) > 1 else None)
        for line in lines:
            if self.y + self._height(line) > _BOTTOM:
                self._next_page()
                self._group_head(kind, None)
            self._line(line)
        self.y += 2

    def _group_head(self, kind: LineType, amount: Money | None) -> None:
        self.paper.box(_LEFT, self.y + 1.1, 1.2, 3.4, self.color, radius=0.6)
        label = self.words.tr(GROUPS[kind])
        self.paper.write_text(_LEFT + 3, self.y + 0.6, 90, label, pt=9, bold=True, most_lines=1)
        if amount is not None:
            x, w = _AMOUNT
            self.paper.write_fitting(x, self.y + 0.6, w, self._money(amount), bold=True)
        self.y += 6.4

    def _height(self, line: InvoiceLine) -> float:
        rows = self.paper.wrapped(line.description, _DESCRIPTION[1] - 3, pt=9, most_lines=4)
        return line_height(9) * max(1, len(rows)) + 2 * _ROW_PAD

    def _line(self, line: InvoiceLine) -> None:
        paper, y, height = self.paper, self.y + _ROW_PAD, self._height(line)
        paper.write_text(_DESCRIPTION[0] + 3, y, _DESCRIPTION[1] - 3, line.description, most_lines=4)
        for (x, w), text in (
            (_QUANTITY, str(line.quantity)),
            (_UNIT, self._money(line.unit_price)),
            (_AMOUNT, self._money(line.total)),
        ):
            paper.write_fitting(x, y, w, text, color=SOFT if x == _UNIT[0] else INK)
        paper.rule(_LEFT + 3, self.y + height, _WIDE - 3)
        self.y += height

    # What it comes to

    def _closing(self) -> None:
        """The total and how it was paid, never torn apart."""
        self._room_for(46, table=False)
        self.y += 4
        left, right = self._payment(self.y), self._total(self.y)
        self.y = max(left, right) + 6
        if any(line.type is LineType.DEPOSIT for line in self.document.lines):
            note = self.words.tr("Deposits are given back when everything rented has been returned in good order.")
            self._room_for(10, table=False)
            self.y += self.paper.write_text(_LEFT, self.y, _WIDE, note, pt=8, color=SOFT)

    def _total(self, top: float) -> float:
        paper, document, y = self.paper, self.document, top
        x, w = _UNIT[0] - 14, _RIGHT - _UNIT[0] + 14
        for kind, amount in document.totals:
            paper.write_fitting(x + 4, y, w - 42, self.words.tr(GROUPS[kind]), color=SOFT, align="L")
            y += paper.write_fitting(_AMOUNT[0] - 4, y, _AMOUNT[1], self._money(amount)) + 0.6
        y += 1.6
        paper.box(x, y, w, 12, self.color, radius=2)
        ink = document.vendor.ink
        down = y + (12 - line_height(13)) / 2
        paper.write_fitting(x + 4, down, 21, self.words.tr("Total"), pt=13, bold=True, color=ink, align="L")
        paper.write_fitting(x + 26, down, w - 30, self._money(document.total), pt=13, bold=True, color=ink)
        return y + 12

    def _payment(self, top: float) -> float:
        paper, tr, paid, y = self.paper, self.words.tr, self.document.paid, top
        x, w = _LEFT + 5, 78.0
        rows = [tr("Reference {reference}", reference=paid.reference)] if paid.reference else []
        if paid.captured_at is not None:
            rows.append(written_instant(paid.captured_at, self.words.language, self.currency, self.document.zone))
        rows.append(tr("Our payment {number}", number=self.document.payment_id))
        paper.box(_LEFT, top, 1.2, 8 + 4.2 * len(rows), GOOD, radius=0.6)
        paid_by = tr("Paid through {provider}", provider=paid_through(self.words, paid))
        y += 1 + paper.write_text(x, y + 1, w, paid_by, pt=10, bold=True, color=GOOD, most_lines=2) + 0.6
        for text in rows:
            y += paper.write_text(x, y, w, text, pt=8, color=SOFT, most_lines=2)
        return max(y, top + 8 + 4.2 * len(rows))

    def _footers(self) -> None:
        """Afterwards, when the number of pages is known."""
        paper, document, tr = self.paper, self.document, self.words.tr
        last = paper.page
        notes = [tr("Sold at {store}", store=document.store_name) if document.store_name else ""]
        notes.append(mode_warning(self.words, document.mode))
        for number in range(1, last + 1):
            paper.turn_to(number)
            paper.rule(_LEFT, 281, _WIDE, HAIR)
            pages = tr("Page {page} of {pages}", page=number, pages=last)
            paper.write_text(_LEFT, 283, 130, _joined(*notes), pt=7.5, color=SOFT, most_lines=1)
            paper.write_text(_RIGHT - 46, 283, 46, pages, pt=7.5, color=SOFT, align="R", most_lines=1)

    def _money(self, amount: Money) -> str:
        return format_money(amount, self.words.language)


def _joined(*parts: str) -> str:
    return " \u00b7 ".join(part for part in parts if part)
