"""A consultation's invoice on A4: the clinic's letterhead, patient, fee, taxes, where it stands, its credit notes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from tillgate.domain.consultation import ConsultationInvoiceState
from tillgate.domain.documents import FeeInvoice
from tillgate.domain.money import Money
from tillgate.domain.tax_rules import TaxEffect, TaxLine
from tillgate.formats import format_money, written_day
from tillgate.i18n import Words, mark
from tillgate.labels import fee_status, tax_label
from tillgate.printing.paper import ALERT, GOOD, INK, SOFT, line_height
from tillgate.printing.sheet import BOTTOM, LEFT, RIGHT, WIDE, Heading, Sheet

_AMOUNT: Final = (RIGHT - 46, 46.0)
_TEXT: Final = WIDE - 54
_CHANGES: Final = {
    TaxEffect.INCLUDED: mark("Included in the fee"),
    TaxEffect.ADDED: mark("Added to the fee"),
    TaxEffect.WITHHELD: mark("Withheld by the patient"),
}


class FeeSheet(Sheet):
    """Draws one consultation's invoice from the top down."""

    def __init__(self, document: FeeInvoice, words: Words) -> None:
        self.document = document
        super().__init__(
            Heading(
                number=document.number,
                seller=document.clinic,
                mode=document.mode,
                issued_at=document.issued_at,
                zone=document.zone,
                store_name=document.store_name,
                currency=document.total.currency,
            ),
            words,
        )

    def draw(self) -> bytes:
        """The whole file."""
        with self.paper:
            self._page()
            if self.document.state is ConsultationInvoiceState.VOID:
                self.paper.watermark(self.words.tr("VOID"), pt=120, across=105, down=88)
            self.y = max(self._seller(15), self._title(15)) + 7
            self.y = self._facts(self.y) + 8
            self._fee()
            self._total()
            self._informational()
            self._standing()
            self._credit_notes()
            self._footers()
            return bytes(self.paper.output())

    def _title(self, top: float) -> float:
        y = super()._title(top)
        good = self.document.state is ConsultationInvoiceState.FINAL and not self.document.reversed
        status = fee_status(self.words, self.document)
        color = GOOD if good else ALERT
        return y + self.paper.write_text(LEFT + 108, y, WIDE - 108, status, pt=10, bold=True, color=color, align="R")

    def _facts(self, top: float) -> float:
        document, tr = self.document, self.words.tr
        patient = document.patient
        return self._strip(
            top,
            (
                (LEFT + 5, 62, tr("Patient"), (patient.name, patient.email, patient.phone)),
                (LEFT + 72, 44, tr("Invoice date"), (self._day(document.issued_at),)),
                (LEFT + 121, 52, tr("Consultation"), (document.visit, self._day(document.held_at))),
            ),
        )

    def _fee(self) -> None:
        paper, tr, document = self.paper, self.words.tr, self.document
        x, w = _AMOUNT
        paper.write_text(LEFT, self.y, _TEXT, tr("Description"), pt=7.5, bold=True, color=SOFT)
        paper.write_text(x, self.y, w, tr("Amount"), pt=7.5, bold=True, color=SOFT, align="R")
        paper.rule(LEFT, self.y + 5.4, WIDE, self.color, thick=0.5)
        self.y += 8
        self._row(document.description, document.fee, pt=10, color=INK)
        for line in document.taxes:
            if line.effect in _CHANGES:
                named = tax_label(self.words, line.name, line.rate_ppm, self.currency)
                text = tr("{tax}: {effect}", tax=named, effect=tr(_CHANGES[line.effect]))
                self._row(text, -line.amount if line.effect is TaxEffect.WITHHELD else line.amount)

    def _row(self, text: str, amount: Money, *, pt: float = 8.5, color: str = SOFT) -> None:
        paper, (x, w) = self.paper, _AMOUNT
        self._room_for(line_height(pt) * 4)
        paper.write_fitting(x, self.y, w, format_money(amount, self.words.language), pt=pt, color=color)
        used = paper.write_text(LEFT, self.y, _TEXT, text, pt=pt, color=color, most_lines=4)
        self.y += max(used, line_height(pt)) + 1.7

    def _total(self) -> None:
        paper, y = self.paper, self.y + 2
        x, w = RIGHT - 78, 78.0
        paper.box(x, y, w, 12, self.color, radius=2)
        ink, down = self.document.clinic.ink, y + (12 - line_height(13)) / 2
        paper.write_fitting(x + 4, down, 21, self.words.tr("Total"), pt=13, bold=True, color=ink, align="L")
        paper.write_fitting(x + 26, down, w - 30, self._money(self.document.total), pt=13, bold=True, color=ink)
        self.y = y + 19

    def _informational(self) -> None:
        """Taxes that are written down and change nothing (product.md, ruling 20)."""
        lines = [line for line in self.document.taxes if line.effect is TaxEffect.INFORMATIONAL]
        if not lines:
            return
        self._heading(self.words.tr("Taxes, for information: the total does not change"))
        for line in lines:
            self._row(self._based(line), line.amount)
        self.y += 4

    def _based(self, line: TaxLine) -> str:
        named = tax_label(self.words, line.name, line.rate_ppm, self.currency)
        return self.words.tr("{tax} of {base}", tax=named, base=self._money(line.base))

    def _standing(self) -> None:
        """How it was paid, or that and why it was not."""
        document, tr = self.document, self.words.tr
        self._room_for(30)
        if document.state is ConsultationInvoiceState.FINAL:
            self.y = self._payment(self.y, document.paid, document.payment_id) + 6
            return
        if document.state is ConsultationInvoiceState.PENDING:
            lines = [tr("{amount} is still to be paid.", amount=self._money(document.total))]
        else:
            lines = [tr("Void: its payment ended without money. Nothing is owed on this invoice.")]
        self._lines([*lines, tr("Our payment {number}", number=document.payment_id)])

    def _credit_notes(self) -> None:
        document, tr = self.document, self.words.tr
        if not document.notes:
            return
        self._room_for(30)
        self._heading(tr("Given back"))
        for note in document.notes:
            said = tr("Credit note {number} of {day}", number=note.number, day=self._day(note.issued_at))
            self._row(said, -note.amount)
        self._row(tr("Left of this invoice"), document.left, pt=9, color=INK)

    def _heading(self, text: str) -> None:
        self._room_for(20)
        self.paper.box(LEFT, self.y + 0.5, 1.2, 3.4, self.color, radius=0.6)
        self.y += self.paper.write_text(LEFT + 3, self.y, WIDE - 3, text, pt=9, bold=True) + 1.6

    def _lines(self, texts: Iterable[str]) -> None:
        for text in texts:
            self.y += self.paper.write_text(LEFT, self.y, WIDE, text, pt=9, color=SOFT)
        self.y += 4

    def _room_for(self, height: float) -> None:
        if self.y + height > BOTTOM:
            self._page()
            self.y = 20.0

    def _day(self, instant: datetime) -> str:
        return written_day(instant.astimezone(self.document.zone).date(), self.words.language, self.currency)
