"""Tax rules of each country: what is valid, what was, what will be. None is rewritten."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from functools import partial
from typing import Final

from PySide6.QtWidgets import QVBoxLayout, QWidget

from tillgate.domain.changes import Kind
from tillgate.domain.staff import Action
from tillgate.domain.tax_rules import TaxRule
from tillgate.formats import format_day
from tillgate.i18n import mark, tr
from tillgate.services.tax_rules import list_tax_rules, withdraw_tax_rule
from tillgate.ui.screens.consultations.desk_list import DeskList
from tillgate.ui.screens.consultations.tax_dialogs import Country, EndTaxDialog, TaxDialog, load_countries
from tillgate.ui.screens.consultations.words import EFFECTS, rate_text, tax_named
from tillgate.ui.theme import Tone
from tillgate.ui.widgets.buttons import Button
from tillgate.ui.widgets.data_table import (
    Choice,
    ChoiceFilter,
    DataTable,
    EmptyText,
    ListSource,
    Query,
    day_column,
    status_column,
    text_column,
)
from tillgate.ui.widgets.dialog import Confirm
from tillgate.ui.widgets.facts import Facts
from tillgate.ui.widgets.flow import FlowLayout
from tillgate.ui.widgets.notices import NoticeAction
from tillgate.ui.widgets.status_badge import Status, StatusBadge


class Standing(StrEnum):
    """Whether a rule taxes."""

    VALID = "valid"
    LATER = "later"
    ENDED = "ended"
    WITHDRAWN = "withdrawn"


STANDING: Final = {
    Standing.VALID: Status(Tone.SETTLED, "circle-check", mark("Valid")),
    Standing.LATER: Status(Tone.ACCENT, "calendar-days", mark("Not yet valid")),
    Standing.ENDED: Status(Tone.DRAFT, "archive", mark("Rule ended")),
    Standing.WITHDRAWN: Status(Tone.DRAFT, "circle-minus", mark("Withdrawn")),
}
_STATE: Final = "state"


def standing(rule: TaxRule, today: date) -> Standing:
    """How a rule stands on a day."""
    if rule.withdrawn:
        return Standing.WITHDRAWN
    if rule.applies_on(today):
        return Standing.VALID
    return Standing.LATER if today < rule.valid_from else Standing.ENDED


class TaxList(DeskList):
    """A new rate is a new rule from a day on; the one before ends the day before."""

    def make_table(self) -> DataTable:
        """By country and name, the newest first."""
        office = self.office
        return DataTable(
            tr("Tax rules"),
            columns=[
                text_column(
                    "name", tr("Tax"), lambda row: row.name, sortable=False, width=140, stretch=True, strong=True
                ),
                text_column("rate", tr("Rate"), lambda row: rate_text(row.rate_ppm), sortable=False, width=96),
                status_column("state", tr("State"), self._status, sortable=False, width=140),
                text_column(
                    "effect", tr("Effect"), lambda row: tr(EFFECTS[row.effect]), sortable=False, width=170, minor=True
                ),
                day_column(
                    "valid_from", tr("Valid from"), lambda row: row.valid_from, sortable=False, width=124, minor=True
                ),
                day_column("valid_until", tr("Last day"), _last_day, sortable=False, width=124, minor=True),
                text_column("country", tr("Country"), lambda row: row.country, sortable=False, width=90, minor=True),
            ],
            source=ListSource(self._rows),
            tasks=office.tasks,
            zone=office.zone,
            key=lambda row: row.id,
            filters=[ChoiceFilter(_STATE, tr("State"), [Choice(each.value, STANDING[each].text) for each in Standing])],
            details=self._details,
            detail_title=lambda row: row.name,
            empty=EmptyText(
                "percent",
                tr("No tax rules"),
                tr("A fee is taxed by the rules of its clinic’s country that are valid on the day it is paid."),
                NoticeAction(tr("New tax rule"), self.add, "plus"),
            ),
            refresh_on={Kind.CATALOGUE},
            saved=office.views,
            export_name="tax-rules",
            exportable=office.may(Action.EXPORT),
            before_export=office.before_export(self, "tax-rules"),
            own_keys=False,
        )

    def add(self) -> None:
        """Ask for a rule."""
        self._ask(None)

    def _ask(self, rule: TaxRule | None) -> None:
        def ask(countries: Sequence[Country]) -> None:
            said = tr("The tax rule is written down.")
            self.open_form(TaxDialog(self, self.office, countries, rule), lambda _rule: self.say(said))

        work = partial(load_countries, self.office)
        self.office.tasks.run(self, work, ask, self.notice.show_error, label="countries")

    def _rows(self, query: Query) -> Sequence[TaxRule]:
        words, state, today = query.text.casefold().split(), query.choice(_STATE), self.office.today()
        return [
            rule
            for rule in list_tax_rules(self.office.till, self.office.actor)
            if all(word in f"{rule.name} {rule.country}".casefold() for word in words)
            and state in {None, standing(rule, today).value}
        ]

    def _status(self, row: TaxRule) -> Status:
        return STANDING[standing(row, self.office.today())]

    def _details(self, row: TaxRule) -> QWidget:
        return _Pane(self, row, self._status(row), change=partial(self._ask, row), end=partial(self._end, row),
                     withdraw=partial(self._withdraw, row))  # fmt: skip

    def _end(self, row: TaxRule) -> None:
        said = tr("{tax} ends.", tax=row.name)
        self.open_form(EndTaxDialog(self, self.office, row), lambda _rule: self.say(said))

    def _withdraw(self, row: TaxRule) -> None:
        confirm = Confirm(
            self,
            tr("Withdraw {tax}?", tax=tax_named(row.name, row.rate_ppm)),
            tr("Only a rule by which nothing was taxed yet can be withdrawn. It is kept in the list."),
            verb=tr("Withdraw the rule"),
            on_accept=partial(self._withdrawn, row),
            icon="circle-minus",
        )
        self.open_dialog(confirm)

    def _withdrawn(self, row: TaxRule) -> None:
        work = partial(withdraw_tax_rule, self.office.till, self.office.actor, row.id or 0)
        said = tr("The rule of {tax} is withdrawn.", tax=row.name)
        self.office.tasks.run(self, work, lambda _rule: self.say(said), self.notice.show_error, label="tax rule")


class _Pane(QWidget):
    """One rule, with what can be done about it."""

    def __init__(
        self,
        desk: TaxList,
        row: TaxRule,
        status: Status,
        *,
        change: partial[None],
        end: partial[None],
        withdraw: partial[None],
    ) -> None:
        super().__init__()
        self.change = Button(tr("New rate"), icon="pencil", on_click=change)
        self.end = Button(tr("End"), icon="archive", name=tr("End the rule"), on_click=end)
        self.withdraw = Button(tr("Withdraw"), icon="circle-minus", on_click=withdraw)
        verbs = FlowLayout()
        for button in (self.change, self.end, self.withdraw):
            button.setVisible(row.valid_until is None)
            verbs.addWidget(button)
        language = desk.office.language
        until = _last_day(row)
        facts = [
            (tr("Rate"), rate_text(row.rate_ppm)),
            (tr("Effect"), tr(EFFECTS[row.effect])),
            (tr("Country"), row.country),
            (tr("Valid from"), format_day(row.valid_from, language)),
            (tr("Last day"), format_day(until, language) if until else ""),
        ]
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(StatusBadge(status))
        column.addLayout(verbs)
        column.addWidget(Facts(facts))
        column.addStretch(1)
        desk.show_verbs({"change": self.change, "withdraw": self.withdraw})


def _last_day(row: TaxRule) -> date | None:
    return None if row.withdrawn else row.valid_until
