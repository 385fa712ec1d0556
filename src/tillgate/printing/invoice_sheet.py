"""A sales invoice, or the credit note that reverses one, on A4: branding, grouped lines, totals, payment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tillgate.domain.documents import InvoiceDocument, InvoiceLine
from tillgate.domain.money import Money
from tillgate.domain.orders import LineType
from tillgate.formats import written_day
from tillgate.i18n import Words
from tillgate.labels import GROUPS, paid_beyond
from tillgate.printing.paper import INK, SOFT, Align, line_height
from tillgate.printing.sheet import BOTTOM, LEFT, RIGHT, WIDE, Heading, Sheet

# Left edge, width and alignment of the table's columns.
_DESCRIPTION: Final = (LEFT, 98.0)
_QUANTITY: Final = (116.0, 12.0)
_UNIT: Final = (130.0, 30.0)
_AMOUNT: Final = (162.0, 32.0)
_ROW_PAD: Final = 1.7
_HEAD: Final = 8.0


class InvoiceSheet(Sheet):
    """Draws one invoice from the top down."""

    def __init__(self, document: InvoiceDocument, words: Words) -> None:
        self.document = document
        super().__init__(
            Heading(
                number=document.number,
                seller=document.vendor,
                mode=document.mode,
                issued_at=document.issued_at,
                zone=document.zone,
                store_name=document.store_name,
                currency=document.total.currency,
                reversing=bool(document.reverses),
            ),
            words,
        )

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

    def _next_page(self, *, table: bool = True) -> None:
        self._page()
        document = self.document
        self.paper.write_text(LEFT, 11, 100, document.vendor.name, pt=9, bold=True, most_lines=1)
        note = self.words.tr("Credit note {number}, continued", number=document.number)
        invoice = self.words.tr("Invoice {number}, continued", number=document.number)
        continued = note if document.reverses else invoice
        self.paper.write_text(LEFT + 100, 11, WIDE - 100, continued, color=SOFT, align="R", most_lines=1)
        self.y = 20
        if table:
            self._table_head()

    def _room_for(self, height: float, *, table: bool = True) -> None:
        if self.y + height > BOTTOM:
            self._next_page(table=table)

    # The head of the first page

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
            (LEFT + 5, 62, tr("Bill to"), (buyer, customer.email, customer.phone)),
            (LEFT + 72, 44, tr("Date") if document.reverses else tr("Invoice date"), (day,)),
            (LEFT + 121, 52, tr("Order"), (document.order_number, ordered)),
        )
        return self._strip(top, blocks)

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
        self.paper.rule(LEFT, self.y + 5.4, WIDE, self.color, thick=0.5)
        self.y += _HEAD

    def _group(self, kind: LineType, amount: Money, lines: Sequence[InvoiceLine]) -> None:
        """A heading kept with its first line; the sum where there are several."""
        self._room_for(_HEAD + self._height(lines[0]))
        self._group_head(kind, amount if len(lines) > 1 else None)
        for line in lines:
            if self.y + self._height(line) > BOTTOM:
                self._next_page()
                self._group_head(kind, None)
            self._line(line)
        self.y += 2

    def _group_head(self, kind: LineType, amount: Money | None) -> None:
        self.paper.box(LEFT, self.y + 1.1, 1.2, 3.4, self.color, radius=0.6)
        label = self.words.tr(GROUPS[kind])
        self.paper.write_text(LEFT + 3, self.y + 0.6, 90, label, pt=9, bold=True, most_lines=1)
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
        paper.rule(LEFT + 3, self.y + height, WIDE - 3)
        self.y += height

    # What it comes to

    def _closing(self) -> None:
        """The total and how it was paid, never torn apart."""
        self._room_for(46, table=False)
        self.y += 4
        paid, number = self.document.paid, self.document.payment_id
        left = self._reversed(self.y) if self.document.reverses else self._beyond(self._payment(self.y, paid, number))
        self.y = max(left, self._total(self.y)) + 6
        if not self.document.reverses and any(line.type is LineType.DEPOSIT for line in self.document.lines):
            note = self.words.tr("Deposits are given back when everything rented has been returned in good order.")
            self._room_for(10, table=False)
            self.y += self.paper.write_text(LEFT, self.y, WIDE, note, pt=8, color=SOFT)

    def _beyond(self, top: float) -> float:
        """What was paid together with it and is no part of it; where the next thing goes."""
        if self.document.prompt is None:
            return top
        sums = [f"{name} {self._money(amount)}" for name, amount in paid_beyond(self.words, self.document.prompt)]
        text = self.words.tr("Beyond the orders: {sums}", sums=", ".join(sums))
        return top + self.paper.write_text(LEFT + 5, top, 78, text, pt=8, color=SOFT, most_lines=3)

    def _reversed(self, top: float) -> float:
        """Which invoice it takes back; where the next thing goes."""
        text = self.words.tr("Reverses invoice {number}.", number=self.document.reverses)
        return top + self.paper.write_text(LEFT + 5, top, 78, text, bold=True, most_lines=3)

    def _total(self, top: float) -> float:
        paper, document, y = self.paper, self.document, top
        x, w = _UNIT[0] - 14, RIGHT - _UNIT[0] + 14
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
