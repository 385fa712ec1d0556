"""A receipt on an 80 mm roll: each vendor's order, what it comes to, how it was paid, and a code to find it again."""

from __future__ import annotations

from typing import Final

import segno

from tillgate.domain.documents import FeeInvoice, OrderLine, OrderSummary, ReceiptDocument
from tillgate.domain.money import Money
from tillgate.domain.orders import LineType
from tillgate.domain.tax_rules import TaxEffect
from tillgate.formats import format_money, written_day, written_instant
from tillgate.i18n import Words
from tillgate.labels import GROUPS, mode_mark, mode_warning, paid_through, tax_label
from tillgate.printing.paper import FAINT, INK, PAPER, SOFT, Paper, line_height

_WIDE: Final = 80.0
_LEFT: Final = 5.0
_INNER: Final = _WIDE - 2 * _LEFT
_TALL: Final = 5000.0
_QR: Final = 26.0


class ReceiptRoll:
    """Draws one receipt: once to learn its length, once on a sheet of it."""

    def __init__(self, document: ReceiptDocument, words: Words) -> None:
        self.document = document
        self.words = words
        self.currency = document.total.currency
        self.paper = self._sheet(_TALL)
        self.y = 0.0

    def draw(self) -> bytes:
        """The whole file."""
        with self.paper:
            self._everything()
        self.paper = self._sheet(self.y)
        with self.paper:
            self._everything()
            return bytes(self.paper.output())

    def _sheet(self, height: float) -> Paper:
        document, tr = self.document, self.words.tr
        made_at = document.paid.captured_at or document.made_at
        title = tr("Receipt for payment {number}", number=document.payment_id)
        size = (_WIDE, height)
        return Paper(size, title=title, author=document.store_name, language=self.words.language, made_at=made_at)

    def _everything(self) -> None:
        self.paper.add_page()
        self.y = 6.0
        self._mark()
        self._head()
        for order in self.document.orders:
            self._order(order)
        if self.document.fee is not None:
            self._fee(self.document.fee)
        self._total()
        self._payment()
        if self.document.fee is not None:
            self._given_back(self.document.fee)
        self._foot()

    def _mark(self) -> None:
        tr, document = self.words.tr, self.document
        marks = [mode_mark(self.words, document.mode), tr("COPY") if document.copy else ""]
        for text in filter(None, marks):
            self.paper.box(_LEFT, self.y, _INNER, 7, INK, radius=1)
            self._middle(text, pt=11, bold=True, color=PAPER, down=1.1)
            self.y += 2.6

    def _head(self) -> None:
        document, tr = self.document, self.words.tr
        self.y += 1
        self._middle(document.store_name or tr("Receipt"), pt=14, bold=True)
        when = document.paid.captured_at or document.made_at
        self._middle(written_instant(when, self.words.language, self.currency, document.zone), color=SOFT)
        self._middle(tr("Payment {number}, till {till}", number=document.payment_id, till=document.till_id), color=SOFT)
        if not document.customer.is_walk_in:
            self._middle(document.customer.name, color=SOFT)
        self.y += 2

    def _order(self, order: OrderSummary) -> None:
        self._cut()
        self.y += self.paper.write_text(_LEFT, self.y, _INNER, order.vendor.name, pt=10, bold=True, most_lines=2)
        self._quiet(self.words.tr("Order {number}", number=order.number))
        if order.invoice_number:
            self._quiet(self.words.tr("Invoice {number}", number=order.invoice_number))
        self.y += 1.4
        for line in order.lines:
            self._line(line)
        for kind, amount in (
            (LineType.DEPOSIT, order.deposit),
            (LineType.FEE, order.fee),
            (LineType.TAX, order.tax),
        ):
            if amount:
                self._sum(self.words.tr(GROUPS[kind]), amount, color=SOFT)
        if len(self.document.orders) > 1:
            self._sum(self.words.tr("Subtotal"), order.total, bold=True)

    def _fee(self, fee: FeeInvoice) -> None:
        """The consultation, and its taxes: those that change the total, then those written down for information."""
        tr = self.words.tr
        self._cut()
        self.y += self.paper.write_text(_LEFT, self.y, _INNER, fee.clinic.name, pt=10, bold=True, most_lines=2)
        self._quiet(tr("Consultation {number}", number=fee.visit))
        self._quiet(tr("Invoice {number}", number=fee.number))
        self.y += 1.4
        self._sum(fee.description, fee.fee)
        signs = {TaxEffect.ADDED: 1, TaxEffect.WITHHELD: -1}
        for line in fee.taxes:
            named = tax_label(self.words, line.name, line.rate_ppm, self.currency)
            if line.effect in signs:
                self._sum(named, line.amount * signs[line.effect], color=SOFT)
            elif line.effect is TaxEffect.INCLUDED:
                amount = format_money(line.amount, self.words.language)
                self._quiet(tr("{tax} is included: {amount}", tax=named, amount=amount))
            else:
                amount = format_money(line.amount, self.words.language)
                self._quiet(tr("{tax} for information: {amount}", tax=named, amount=amount))

    def _given_back(self, fee: FeeInvoice) -> None:
        for note in fee.notes:
            self._sum(self.words.tr("Given back"), -note.amount, color=SOFT)
            self._quiet(self.words.tr("Credit note {number}", number=note.number))

    def _line(self, line: OrderLine) -> None:
        self._sum(line.description, line.total)
        if line.quantity > 1:
            price = format_money(line.unit_price, self.words.language)
            self._quiet(self.words.tr("{quantity} at {price} each", quantity=line.quantity, price=price))
        if line.start_on is not None and line.end_on is not None:
            first, last = (written_day(day, self.words.language, self.currency) for day in (line.start_on, line.end_on))
            self._quiet(first if first == last else self.words.tr("{first} to {last}", first=first, last=last))
        self.y += 0.6

    def _total(self) -> None:
        self._cut()
        text = format_money(self.document.total, self.words.language)
        self.paper.write_fitting(_LEFT, self.y, 22, self.words.tr("Total"), pt=15, bold=True, align="L")
        self.y += self.paper.write_fitting(_LEFT + 24, self.y, _INNER - 24, text, pt=15, bold=True) + 1

    def _payment(self) -> None:
        paid, tr = self.document.paid, self.words.tr
        self._quiet(tr("Paid through {provider}", provider=paid_through(self.words, paid)))
        if paid.reference:
            self._quiet(tr("Reference {reference}", reference=paid.reference))

    def _foot(self) -> None:
        document = self.document
        self.y += 4
        self._code(document.lookup)
        self._middle(self.words.tr("Scan at the till to find this sale again."), pt=7, color=SOFT)
        warning = mode_warning(self.words, document.mode)
        if warning:
            self._middle(warning, pt=7.5, bold=True)
        self._middle(self.words.tr("Thank you for your visit."), pt=9)
        self.y += 6

    def _code(self, text: str) -> None:
        """A QR code of filled runs, sharp at any size."""
        matrix = segno.make(text, error="m", micro=False).matrix
        module = _QR / len(matrix)
        left = (_WIDE - _QR) / 2
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
        self.y += self.paper.write_text(_LEFT, self.y, _INNER, text, pt=pt, bold=bold, color=color, align="C")

    def _quiet(self, text: str) -> None:
        self.y += self.paper.write_text(_LEFT, self.y, _INNER, text, pt=7.5, color=SOFT, most_lines=2)

    def _sum(self, label: str, amount: Money, *, bold: bool = False, color: str = INK) -> None:
        shown = format_money(amount, self.words.language)
        taken = min(self.paper.width_of(shown, bold=bold) + 0.2, _INNER / 2)
        self.paper.write_fitting(_WIDE - _LEFT - taken, self.y, taken, shown, bold=bold, color=color)
        room = _INNER - taken - 2
        used = self.paper.write_text(_LEFT, self.y, room, label, bold=bold, color=color, most_lines=3)
        self.y += max(used, line_height(9))

    def _cut(self) -> None:
        self.y += 1.6
        self.paper.rule(_LEFT, self.y, _INNER, FAINT, thick=0.3, dashed=True)
        self.y += 2.4
