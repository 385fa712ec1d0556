"""Who brought customers: how many, and what they earned with them."""

from __future__ import annotations

from typing import Any

from tillgate.domain.instalments import CURRENCY
from tillgate.i18n import mark, tr
from tillgate.services.wallet_lists import ReferrerRow, count_referrers, list_referrers, referrer_key
from tillgate.ui.screens.instalments.desk_list import DeskList
from tillgate.ui.screens.instalments.wallet_dialogs import ReferrerDialog
from tillgate.ui.screens.instalments.wallet_list import purses
from tillgate.ui.widgets.data_table import (
    Column,
    DataTable,
    EmptyText,
    KeysetSource,
    Query,
    Summary,
    count_column,
    money_column,
    text_column,
)
from tillgate.ui.widgets.notices import NoticeAction


class ReferrerList(DeskList):
    """By name; the details are the referrer's wallet, into which a commission is paid."""

    adds = mark("Say who brought a customer")

    def make_table(self) -> DataTable:
        """Whoever brought somebody, or earned something once."""
        columns: list[Column[ReferrerRow]] = [
            text_column("referrer", tr("Referrer"), lambda row: row.customer.name, sortable=False, width=200,
                        stretch=True, strong=True),
            count_column("referred", tr("Customers"), lambda row: row.referred, sortable=False, width=110),
            money_column("owed", tr("Owed"), lambda row: row.owed, sortable=False, width=140),
            money_column("earned", tr("Earned"), lambda row: row.earned, sortable=False, width=140, minor=True),
            money_column("paid_out", tr("Paid out"), lambda row: row.paid_out, sortable=False, width=140, minor=True),
            text_column("phone", tr("Phone"), lambda row: row.customer.phone, sortable=False, width=150, minor=True),
        ]  # fmt: skip
        source: KeysetSource[ReferrerRow, tuple[Any, ...]] = KeysetSource(
            self._fetch, self._sum, lambda _query, row: referrer_key(row)
        )
        return purses(
            self,
            tr("Referrers"),
            columns,
            source,
            key=lambda row: row.customer.id,
            empty=EmptyText(
                "users",
                tr("Nobody brought a customer yet"),
                tr("Whoever brings a customer earns a commission on each of their instalments."),
                NoticeAction(tr("Say who brought a customer"), self.add, "plus"),
            ),
            export_name="referrers",
        )

    def add(self) -> None:
        """Ask who brought whom."""
        self.open_form(ReferrerDialog(self, self.office), lambda _id: self.say(tr("The referrer is saved.")))

    def _fetch(self, query: Query, after: tuple[Any, ...] | None, skip: int, limit: int) -> list[ReferrerRow]:
        till, actor = self.office.till, self.office.actor
        return list_referrers(till, actor, CURRENCY, query.text, after=after, skip=skip, limit=limit)

    def _sum(self, query: Query) -> Summary:
        return Summary(count_referrers(self.office.till, self.office.actor, query.text))
