"""What stands out among payment invoices: each finding in a sentence, with its rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from tillgate.formats import format_count
from tillgate.i18n import mark, tr
from tillgate.services.invoice_radar import Finding, Signal
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.metrics.cards import indented
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.labels import IconLabel, line, plain_label

# So many are shown at once; the rest when asked for.
_FIRST: Final = 6


@dataclass(frozen=True, slots=True)
class _Words:
    icon: str
    title: str
    says: str


_WORDS: Final = {
    Signal.ALIKE: _Words(
        "copy",
        mark("Same phone and amount within minutes"),
        mark("{phone} was asked for {amount} twice, at {since} and at {until}."),
    ),
    Signal.USED_AGAIN: _Words(
        "history",
        mark("Used code shown again"),
        mark("{number} over {amount} of {phone} was verified {count} times after it had been used, last at {until}."),
    ),
    Signal.EXPIRED_PAID: _Words(
        "hourglass",
        mark("Paid, and its time is over"),
        mark("The money of {number} over {amount} of {phone} came late or lay too long, at {until}."),
    ),
    Signal.MANY_FAILURES: _Words(
        "user",
        mark("Many failed verifications"),
        mark("{cashier} had {count} that failed, from {since} to {until}."),
    ),
}


def finding_title(finding: Finding) -> str:
    """What it is called."""
    return tr(_WORDS[finding.signal].title)


def finding_text(finding: Finding, office: BackOffice) -> str:
    """What was found, in a sentence."""
    return tr(
        _WORDS[finding.signal].says,
        phone=finding.phone,
        amount=office.money(finding.amount) if finding.amount is not None else "",
        number=finding.numbers[-1] if finding.numbers else "",
        cashier=finding.cashier,
        count=format_count(finding.count, office.language),
        since=office.instant(finding.since),
        until=office.instant(finding.until),
    )


class RadarCard(QFrame):
    """`open_rows` takes the finding. `openers` are the buttons, in the order of the findings that are shown."""

    def __init__(self, office: BackOffice, open_rows: Callable[[Finding], object]) -> None:
        super().__init__()
        self._office, self._open_rows = office, open_rows
        self._findings: Sequence[Finding] = ()
        self._whole = False
        self.openers: list[Button] = []
        self.texts: list[str] = []
        title = tr("Worth a look")
        self.setProperty("surface", "raised")
        self.setAccessibleName(title)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(10, 12, 16, 12)
        self._column.setSpacing(6)
        self._column.addWidget(indented(plain_label(title, "label")))
        self._body = QWidget()
        self._column.addWidget(self._body)

    def show_findings(self, findings: Sequence[Finding]) -> None:
        """Show other findings; the newest first, as they come."""
        if findings != self._findings:
            self._whole = False
        self._findings = findings
        self._show()

    def show_all(self) -> None:
        """Show those too that there was no room for at first."""
        self._whole = True
        self._show()
        if len(self.openers) > _FIRST:
            self.openers[_FIRST].setFocus()

    def _show(self) -> None:
        self._body.hide()
        self._body.deleteLater()
        self._body = QWidget()
        self.openers, self.texts = [], []
        rows = QVBoxLayout(self._body)
        rows.setContentsMargins(6, 0, 0, 0)
        rows.setSpacing(8)
        shown = self._findings if self._whole else self._findings[:_FIRST]
        if not shown:
            nothing = tr("Nothing stands out in these days: no pattern of fraud or of a mistake was found.")
            rows.addWidget(plain_label(nothing, tone="muted", wrap=True))
        for number, finding in enumerate(shown):
            if number:
                rows.addWidget(line())
            rows.addLayout(self._row(finding))
        rest = len(self._findings) - len(shown)
        if rest:
            text = tr("Show {number} more",
                       number=format_count(rest, self._office.language))  # fmt: skip
            rows.addWidget(
                Button(text, tone=ButtonTone.LINK, icon="chevron-down", on_click=self.show_all),
                0,
                Qt.AlignmentFlag.AlignLeft,
            )
        self._column.insertWidget(1, self._body)

    def _row(self, finding: Finding) -> QHBoxLayout:
        title, text = finding_title(finding), finding_text(finding, self._office)
        texts = QVBoxLayout()
        texts.setSpacing(1)
        texts.addWidget(plain_label(title, "strong"))
        texts.addWidget(plain_label(text, tone="muted", wrap=True))
        spoken = tr("Show the rows: {finding}", finding=text)
        opener = Button(tr("Show the rows"), name=spoken, on_click=lambda: self._open_rows(finding))
        self.openers.append(opener)
        self.texts.append(text)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(IconLabel(_WORDS[finding.signal].icon, "waiting", 18), 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(texts, 1)
        row.addWidget(opener, 0, Qt.AlignmentFlag.AlignVCenter)
        return row
