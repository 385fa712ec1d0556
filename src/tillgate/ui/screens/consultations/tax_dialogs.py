"""A tax rule: added, followed by one with another rate, or ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from typing import Final

from PySide6.QtWidgets import QCheckBox, QWidget

from tillgate.domain.errors import TillgateError
from tillgate.domain.money import Money, exponent_of
from tillgate.domain.percent import parse_percent_ppm, percent_ppm_text
from tillgate.domain.settings import STORE_CURRENCY
from tillgate.domain.tax_rules import TaxEffect, TaxRule, assess
from tillgate.i18n import active_language, tr
from tillgate.services.clinics import list_clinics
from tillgate.services.tax_rules import add_tax_rule, change_tax_rule, end_tax_rule
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.consultations.words import EFFECTS, rate_text, tax_named
from tillgate.ui.screens.form_dialog import ChoiceField, FormDialog, read
from tillgate.ui.widgets.fields import TextField
from tillgate.ui.widgets.labels import plain_label, set_text
from tillgate.ui.widgets.moments import DayField

_EXAMPLE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Country:
    """A country with clinics, and the currency of the first."""

    code: str
    currency: str


def load_countries(office: BackOffice) -> tuple[Country, ...]:
    """On the lane: the countries that fees are taxed by."""
    found: dict[str, Country] = {}
    for each in list_clinics(office.till, office.actor):
        found.setdefault(each.country, Country(each.country, each.currency))
    return tuple(found.values())


class RateField(TextField):
    """A rate with up to four decimals, read strictly."""

    def __init__(self, label: str) -> None:
        super().__init__(tr("{label} (%)", label=label), limit=10)

    def rate_ppm(self) -> int | None:
        """Millionths; None, with the reason shown below, where it is no rate."""
        return read(self, lambda text: parse_percent_ppm(text, field=""))

    def peek(self) -> int | None:
        """The rate as typed so far, without a word about mistakes."""
        try:
            return parse_percent_ppm(self.text, field="")
        except TillgateError:
            return None


class TaxDialog(FormDialog):
    """`saved(TaxRule)`. With a `before` the new rule is of the same tax, and that one ends the day before."""

    def __init__(
        self, parent: QWidget, office: BackOffice, countries: Sequence[Country], before: TaxRule | None = None
    ) -> None:
        title, told = tr("New tax rule"), ""
        if before is not None:
            title = tr("New rate of {tax}", tax=before.name)
            told = tr("{rate} ends the day before. Fees put up for payment until then keep it.",
                      rate=rate_text(before.rate_ppm))  # fmt: skip
        super().__init__(parent, office, title, told, verb=tr("Save the tax rule"), width=560)
        self._before, self._countries = before, {each.code: each for each in countries}
        self.name = TextField(tr("Name"), placeholder=tr("As VAT"), limit=40)
        self.country = TextField(tr("Country"), placeholder=tr("Two letters, as PH"), limit=2)
        self.rate = RateField(tr("Rate"))
        self.effect = ChoiceField(tr("Effect"))
        for effect in TaxEffect:
            self.effect.combo.addItem(tr(EFFECTS[effect]), effect)
        self.first = DayField(tr("Valid from"), self._first_day())
        self.ends = QCheckBox(tr("Ends on a day"))
        self.last = DayField(tr("Last day"), self.first.value + timedelta(days=364))
        self.example = plain_label(tone="muted", wrap=True)
        self.fields = {
            "name": self.name, "country": self.country, "rate": self.rate, "effect": self.effect,
            "valid_from": self.first, "valid_until": self.last,
        }  # fmt: skip
        self.form.add(self.name, self.country)
        self.form.add(self.rate, self.effect)
        self.form.add(self.first, self.last)
        self.form.add(self.ends)
        self.form.add(self.example)
        self._fill()
        self.last.setEnabled(False)
        self.ends.toggled.connect(self.last.setEnabled)
        for changed in (self.rate.changed, self.country.changed, self.effect.changed):
            changed.connect(self._show_example)
        self._show_example()

    def _first_day(self) -> date:
        today = self._office.today()
        if self._before is None:
            return today
        return max(today, self._before.valid_from) + timedelta(days=1)

    def _fill(self) -> None:
        before = self._before
        if before is None:
            if len(self._countries) == 1:
                self.country.set_text(next(iter(self._countries)))
            self.name.setFocus()
            return
        self.name.set_text(before.name)
        self.country.set_text(before.country)
        self.rate.set_text(percent_ppm_text(before.rate_ppm, decimal_mark="." if active_language() == "en" else ","))
        self.effect.choose(before.effect)
        self.name.setEnabled(False)
        self.country.setEnabled(False)
        self.rate.setFocus()

    def _rule(self, rate_ppm: int) -> TaxRule:
        last = self.last.value if self.ends.isChecked() else None
        country = self.country.text.upper()
        return TaxRule(self.name.text, rate_ppm, TaxEffect(self.effect.value), country, self.first.value, last)

    def _show_example(self) -> None:
        """What it makes of a round fee, before it is saved: a rule can't be rewritten."""
        rate_ppm = self.rate.peek()
        known = self._countries.get(self.country.text.upper())
        currency = known.currency if known is not None else self._office.till.settings()[STORE_CURRENCY]
        fee = Money(_EXAMPLE * 10 ** exponent_of(currency), currency)
        text = ""
        if rate_ppm:
            rule = replace(self._rule(rate_ppm), valid_until=None)
            try:
                assessed = assess(fee, [rule], rule.valid_from)
            except TillgateError:
                text = tr("Nothing of a fee would be left to pay.")
            else:
                text = tr(
                    "Of a fee of {fee} it is {tax}; {due} is to pay.",
                    fee=self._office.money(fee),
                    tax=self._office.money(assessed.lines[0].amount),
                    due=self._office.money(assessed.due),
                )
        set_text(self.example, text)

    def save(self) -> None:
        """Read the fields and write the rule down."""
        rate_ppm = self.rate.rate_ppm()
        if rate_ppm is None:
            self.all_read({self.rate: rate_ppm})
            return
        rule, before = self._rule(rate_ppm), self._before
        till, actor = self._office.till, self._office.actor
        if before is None or before.id is None:
            self.run(partial(add_tax_rule, till, actor, rule))
        else:
            self.run(partial(change_tax_rule, till, actor, before.id, rule))


class EndTaxDialog(FormDialog):
    """`saved(TaxRule)`: a rule taxes until a day, and nothing follows it."""

    def __init__(self, parent: QWidget, office: BackOffice, rule: TaxRule) -> None:
        super().__init__(
            parent,
            office,
            tr("End {tax}", tax=tax_named(rule.name, rule.rate_ppm)),
            tr("What was taxed by it stays as it is."),
            verb=tr("End the rule"),
            width=420,
        )
        self.go.show_icon("archive")
        self._id = rule.id or 0
        self.last = DayField(tr("Last day"), max(office.today(), rule.valid_from))
        self.fields = {"valid_until": self.last}
        self.form.add(self.last)
        self.last.setFocus()

    def save(self) -> None:
        """End it."""
        self.run(partial(end_tax_rule, self._office.till, self._office.actor, self._id, self.last.value))
