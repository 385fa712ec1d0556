"""A batch's summary on an 80 mm roll: each invoice with where it stands, and what came of it all."""

from __future__ import annotations

from tillgate.domain.documents import BatchSlip, SlipRow
from tillgate.formats import written_day, written_instant
from tillgate.i18n import Words
from tillgate.labels import mode_warning, row_label
from tillgate.printing.paper import SOFT
from tillgate.printing.roll import INNER, LEFT, Roll


class BatchRoll(Roll):
    """Draws one slip."""

    def __init__(self, document: BatchSlip, words: Words) -> None:
        self.document = document
        self.currency = document.total.currency
        title = words.tr("Batch payment {number}", number=document.batch_id)
        super().__init__(words, title=title, author=document.store_name, made_at=document.made_at)

    def _everything(self) -> None:
        self._marks(self.document.mode)
        self._head()
        self._cut()
        for row in self.document.rows:
            self._row(row)
        self._grand_total(self.document.total)
        self._came()
        self._foot()

    def _head(self) -> None:
        document, tr = self.document, self.words.tr
        self.y += 1
        self._middle(document.store_name or tr("Batch payment"), pt=14, bold=True)
        self._middle(tr("Batch payment {number}, till {till}", number=document.batch_id, till=document.till_id))
        when = written_instant(document.begun_at, self.words.language, self.currency, document.zone)
        self._middle(tr("Begun {when}", when=when), color=SOFT)
        if document.taken_by:
            self._middle(tr("Taken by {name}", name=document.taken_by), color=SOFT)
        self.y += 1.5
        self._middle(f"{document.device_code} \u00b7 {document.device_name}", pt=10, bold=True)
        for text in (document.customer, document.email):
            self._middle(text, color=SOFT)

    def _row(self, row: SlipRow) -> None:
        self.y += self.paper.write_text(LEFT, self.y, INNER, row.number, most_lines=2)
        day = written_day(row.day, self.words.language, self.currency)
        state = row_label(self.words, row.shown, reused=row.reused)
        self._sum(self.words.tr("{day}: {state}", day=day, state=state), row.amount, color=SOFT)
        if row.reference:
            self._quiet(self.words.tr("Reference {reference}", reference=row.reference))
        self.y += 1.2

    def _came(self) -> None:
        self._sum(self.words.tr("Paid"), self.document.paid)
        if self.document.left:
            self._sum(self.words.tr("Not paid"), self.document.left, color=SOFT)

    def _foot(self) -> None:
        document = self.document
        self.y += 4
        made = written_instant(document.made_at, self.words.language, self.currency, document.zone)
        self._middle(self.words.tr("As it stood {when}", when=made), pt=7.5, color=SOFT)
        warning = mode_warning(self.words, document.mode)
        if warning:
            self._middle(warning, pt=7.5, bold=True)
        self.y += 6
