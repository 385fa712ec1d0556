"""The prices of a rental: a row for each number of days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from tillgate.domain.money import Money
from tillgate.i18n import tr
from tillgate.services.catalogue_drafts import PeriodTerms
from tillgate.ui.screens.form_dialog import WholeField
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.fields import MoneyField, TextField
from tillgate.ui.widgets.labels import plain_label, set_text
from tillgate.ui.widgets.notices import announce


@dataclass(frozen=True, slots=True)
class _Row:
    page: QWidget
    days: WholeField
    name: TextField
    price: MoneyField


class PeriodsField(QWidget):
    """`terms()` are the rows that are filled in; rows left empty say nothing."""

    def __init__(self, currency: str, terms: Sequence[PeriodTerms]) -> None:
        super().__init__()
        self._currency = currency
        self.rows: list[_Row] = []
        self._error = plain_label(role="caption", tone="failed", wrap=True)
        self._error.hide()
        self.more = Button(tr("Another period"), icon="plus", tone=ButtonTone.QUIET, on_click=self._add_empty)
        self._list = QVBoxLayout()
        self._list.setSpacing(8)
        foot = QHBoxLayout()
        foot.addWidget(self.more)
        foot.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(plain_label(tr("Rental periods"), "strong"))
        column.addLayout(self._list)
        column.addWidget(self._error)
        column.addLayout(foot)
        for each in terms or (PeriodTerms(tr("Day"), 1, 0),):
            self._add(each)
        self.setFocusProxy(self.more)

    def terms(self) -> tuple[PeriodTerms, ...] | None:
        """The periods; None, with the reasons shown, where a row can't be read."""
        self.show_error("")
        found: list[PeriodTerms] = []
        wrong: TextField | None = None
        for row in self.rows:
            if not (row.days.text or row.price.text):
                continue
            days, price = row.days.number(), row.price.amount()
            if days is None or price is None:
                wrong = wrong or (row.days if days is None else row.price)
            else:
                found.append(PeriodTerms(row.name.text, days, price.minor))
        self.setFocusProxy(wrong or self.more)
        return tuple(found) if wrong is None else None

    def show_error(self, text: str) -> None:
        """Say below the rows what is wrong, aloud too; "" takes it back."""
        set_text(self._error, text)
        self._error.setVisible(bool(text))
        self.setAccessibleDescription(text)
        if text:
            announce(self, text)

    @property
    def error(self) -> str:
        """The error shown, or ""."""
        return self.accessibleDescription()

    def _add_empty(self) -> None:
        self._add(None)
        self.rows[-1].days.setFocus()

    def _add(self, terms: PeriodTerms | None) -> None:
        page = QWidget()
        grid = QGridLayout(page)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        row = _Row(
            page, WholeField(tr("Days")), TextField(tr("Name"), limit=40), MoneyField(tr("Price"), self._currency)
        )
        remove = Button(tone=ButtonTone.ICON, icon="x", name=tr("Take this period out"))
        remove.clicked.connect(lambda: self._remove(row))
        for column, (field, stretch) in enumerate(((row.days, 2), (row.name, 5), (row.price, 4))):
            grid.addWidget(field, 0, column)
            grid.setColumnStretch(column, stretch)
        # Beside the lines, below their labels, whatever is said under them.
        aside = QVBoxLayout()
        aside.setSpacing(4)
        aside.addWidget(plain_label(" ", "label"))
        aside.addWidget(remove)
        aside.addStretch(1)
        grid.addLayout(aside, 0, 3)
        if terms is not None:
            row.days.set_text(str(terms.days))
            row.name.set_text(terms.name)
            if terms.price_minor:
                row.price.set_amount(Money(terms.price_minor, self._currency))
        self._list.addWidget(page)
        self.rows.append(row)

    def _remove(self, row: _Row) -> None:
        self.rows.remove(row)
        self._list.removeWidget(row.page)
        row.page.hide()
        row.page.deleteLater()
        self.more.setFocus()
