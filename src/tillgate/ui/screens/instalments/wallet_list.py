"""Customers' wallets: what is in them, and when they last moved."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, Protocol

from PySide6.QtWidgets import QWidget

from tillgate.domain.changes import Kind
from tillgate.domain.money import Money
from tillgate.domain.staff import Action
from tillgate.i18n import mark, tr
from tillgate.services.customers import CustomerRecord
from tillgate.services.wallet_lists import WalletRow, count_wallets, list_wallets, wallet_key
from tillgate.ui.screens.instalments.desk_list import DeskList
from tillgate.ui.screens.instalments.wallet_pane import WalletPane, ask_top_up
from tillgate.ui.widgets.data_table import (
    Column,
    DataTable,
    EmptyText,
    KeysetSource,
    Query,
    Summary,
    instant_column,
    money_column,
    text_column,
)
from tillgate.ui.widgets.notices import NoticeAction


class Purse(Protocol):
    """A row of somebody whose wallet stands in the details."""

    @property
    def customer(self) -> CustomerRecord:
        """Whose it is."""
        ...


def purses(
    owner: DeskList,
    title: str,
    columns: Sequence[Column[Any]],
    source: KeysetSource[Any, Any],
    *,
    key: Callable[[Any], Hashable],
    empty: EmptyText,
    export_name: str,
) -> DataTable:
    """A list of people with money in the store, whose details are their wallet."""
    office = owner.office

    def details(row: Purse) -> QWidget:
        return WalletPane(owner, row.customer)

    def name(row: Purse) -> str:
        return row.customer.name

    return DataTable(
        title,
        columns=columns,
        source=source,
        tasks=office.tasks,
        zone=office.zone,
        key=key,
        details=details,
        detail_title=name,
        empty=empty,
        refresh_on={Kind.WALLET, Kind.CUSTOMER},
        saved=office.views,
        export_name=export_name,
        exportable=office.may(Action.EXPORT),
        before_export=office.before_export(owner, export_name),
        own_keys=False,
    )


class WalletList(DeskList):
    """By the customers' names; a search finds customers who never had a wallet too, for their first top-up."""

    adds = mark("Top up a wallet")

    def make_table(self) -> DataTable:
        """One row for each customer and currency."""
        columns: list[Column[WalletRow]] = [
            text_column("customer", tr("Customer"), lambda row: row.customer.name, sortable=False, width=200,
                        stretch=True, strong=True),
            money_column("balance", tr("Balance"), _balance, sortable=False, width=150),
            instant_column("changed", tr("Last move"), lambda row: row.changed_at, sortable=False, width=168),
            text_column("phone", tr("Phone"), lambda row: row.customer.phone, sortable=False, width=150, minor=True),
            text_column("email", tr("E-mail"), lambda row: row.customer.email, sortable=False, width=190, minor=True),
        ]  # fmt: skip
        source: KeysetSource[WalletRow, tuple[Any, ...]] = KeysetSource(
            self._fetch, self._sum, lambda _query, row: wallet_key(row)
        )
        return purses(
            self,
            tr("Wallets"),
            columns,
            source,
            key=lambda row: (row.customer.id, row.balance.currency),
            empty=EmptyText(
                "wallet",
                tr("No wallets yet"),
                tr("Search for any customer, by name, phone or e-mail, to top up a wallet for the first time."),
                NoticeAction(tr("Top up a wallet"), self.add, "plus"),
            ),
            export_name="wallets",
        )

    def add(self) -> None:
        """Ask whose wallet to top up."""
        ask_top_up(self)

    def _fetch(self, query: Query, after: tuple[Any, ...] | None, skip: int, limit: int) -> list[WalletRow]:
        till, actor, whole = self.office.till, self.office.actor, bool(query.text.strip())
        return list_wallets(till, actor, query.text, everybody=whole, after=after, skip=skip, limit=limit)

    def _sum(self, query: Query) -> Summary:
        whole = bool(query.text.strip())
        return Summary(count_wallets(self.office.till, self.office.actor, query.text, everybody=whole))


def _balance(row: WalletRow) -> Money | None:
    """Nothing at all where there never was anything."""
    return row.balance if row.changed_at is not None else None
