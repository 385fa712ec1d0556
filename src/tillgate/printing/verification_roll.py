"""A verification of a payment invoice on an 80 mm roll: each check with what it expected and found, and the result."""

from __future__ import annotations

from typing import Final

from tillgate.domain.documents import VerificationSlip
from tillgate.domain.invoice_checks import CheckRow, Verdict
from tillgate.formats import format_money, written_instant
from tillgate.i18n import Words
from tillgate.labels import (
    check_expected,
    check_found,
    check_label,
    mode_warning,
    provider_name,
    verdict_label,
    verification_sentence,
)
from tillgate.printing.paper import ALERT, INK, SOFT
from tillgate.printing.roll import INNER, LEFT, WIDE, Roll

_VERDICT: Final = 24.0


class VerificationRoll(Roll):
    """Draws one slip."""

    def __init__(self, document: VerificationSlip, words: Words) -> None:
        self.document = document
        title = words.tr("Verification {number}", number=document.verification_id)
        super().__init__(words, title=title, author=document.store_name, made_at=document.verified_at)

    def _everything(self) -> None:
        self._marks(self.document.mode)
        self._head()
        self._cut()
        self._invoice()
        self._cut()
        for row in self.document.checked.rows:
            self._check(row)
        self._result()
        self._foot()

    def _head(self) -> None:
        document, tr = self.document, self.words.tr
        self.y += 1
        self._middle(document.store_name or tr("Payment verification"), pt=14, bold=True)
        self._middle(tr("Verification {number}, till {till}", number=document.verification_id, till=document.till_id))
        language, currency = self.words.language, document.amount.currency
        self._middle(written_instant(document.verified_at, language, currency, document.zone), color=SOFT)
        if document.verified_by:
            self._middle(tr("Verified by {name}", name=document.verified_by), color=SOFT)

    def _invoice(self) -> None:
        """Which invoice it is, by every name; or what was typed, where there is none."""
        document, tr = self.document, self.words.tr
        number = document.number or document.asked
        self.y += self.paper.write_text(
            LEFT, self.y, INNER, tr("Invoice {number}", number=number), pt=10, bold=True, most_lines=3
        )
        if document.provider_id:
            named = tr(
                "At {provider}: {number}", provider=provider_name(document.provider), number=document.provider_id
            )
            self._quiet(named)
        if document.receipt:
            self._quiet(tr("M-Pesa receipt {number}", number=document.receipt))
        if document.phone:
            self._quiet(tr("Phone {phone}", phone=document.phone))
        self.y += 1.2
        self._sum(tr("Order, before fees"), document.amount)
        if document.checked.expected_total is not None:
            self._sum(tr("Expected with fees"), document.checked.expected_total)
        if document.paid is not None:
            self._sum(tr("Paid"), document.paid)

    def _check(self, row: CheckRow) -> None:
        failed = row.verdict is Verdict.FAILED
        tone = ALERT if failed else SOFT if row.verdict is Verdict.NOT_CHECKED else INK
        said = verdict_label(self.words, row.verdict)
        self.paper.write_fitting(WIDE - LEFT - _VERDICT, self.y, _VERDICT, said, bold=failed, color=tone)
        label = check_label(self.words, row.check)
        self.y += self.paper.write_text(LEFT, self.y, INNER - _VERDICT - 2, label, bold=failed, most_lines=2)
        expected = check_expected(self.words, row, self.document.zone)
        found = check_found(self.words, row, self.document.zone)
        if expected:
            self._quiet(self.words.tr("Expected: {what}", what=expected))
        if found:
            self._quiet(self.words.tr("Found: {what}", what=found))
        self.y += 1

    def _result(self) -> None:
        document, tr = self.document, self.words.tr
        self._cut()
        if document.checked.ok:
            self._middle(tr("GOOD FOR ONE ORDER"), pt=13, bold=True)
        else:
            self._middle(tr("NOT GOOD FOR AN ORDER"), pt=13, bold=True, color=ALERT)
        self._middle(verification_sentence(self.words, document.checked.reason), pt=9)
        for order in document.orders:
            self._middle(tr("Used for order {number}", number=order), bold=True)
        self._difference()

    def _difference(self) -> None:
        off = self.document.checked.off
        if off is None or not off:
            return
        amount = format_money(off if off.minor > 0 else -off, self.words.language)
        if off.minor > 0:
            self._middle(self.words.tr("{amount} more than expected was paid.", amount=amount))
        else:
            self._middle(self.words.tr("{amount} less than expected was paid.", amount=amount))

    def _foot(self) -> None:
        self.y += 4
        self._middle(
            self.words.tr("A verification reserves nothing: an invoice pays for the first order it is used for."),
            pt=7.5,
            color=SOFT,
        )
        warning = mode_warning(self.words, self.document.mode)
        if warning:
            self._middle(warning, pt=7.5, bold=True)
        self.y += 6
