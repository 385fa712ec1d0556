"""What moved a wallet, and what a referrer earned: the whole statement, narrowed, summed and exported."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final, TypeVar

from PySide6.QtWidgets import QVBoxLayout, QWidget

from tillgate.domain.changes import Kind
from tillgate.domain.commission import CommissionKind
from tillgate.domain.staff import Action
from tillgate.domain.wallet import WalletKind
from tillgate.i18n import tr
from tillgate.services.customers import CustomerRecord
from tillgate.services.wallet_lists import (
    CommissionRow,
    Flow,
    StatementQuery,
    StatementRow,
    commission_key,
    list_commissions,
    list_wallet_transactions,
    statement_key,
    sum_commissions,
    sum_wallet_transactions,
)
from tillgate.ui.screens.instalments.desk import InstalmentDesk
from tillgate.ui.screens.instalments.wallet_words import EARNINGS, MOVES
from tillgate.ui.theme import Density
from tillgate.ui.widgets.buttons import Button
from tillgate.ui.widgets.data_table import (
    Choice,
    ChoiceFilter,
    Column,
    DataTable,
    DayFilter,
    EmptyText,
    KeysetSource,
    Query,
    Sort,
    Summary,
    instant_column,
    money_column,
    text_column,
)
from tillgate.ui.widgets.dialog import Dialog
from tillgate.ui.widgets.facts import Facts
from tillgate.ui.widgets.flow import FlowLayout

_KIND, _CREATED, _AMOUNT = "kind", "created", "amount"
_WIDTH: Final = 920
_HEIGHT: Final = 440
_LEAST: Final = 260
# Heading, verb and margins around the list.
_AROUND: Final = 200
R = TypeVar("R")


class Statement(Dialog):
    """A list in a window of its own. Its links close it, and show what they name."""

    def __init__(self, parent: QWidget, desk: InstalmentDesk, title: str) -> None:
        super().__init__(parent, title, verb=tr("Close the statement"), width=_WIDTH, density=Density.COMPACT)
        self.desk, self.office = desk, desk.office
        self._room = parent.window().height()
        self.back.hide()
        # Enter opens a row; Esc closes the statement.
        self.go.setDefault(False)
        self.go.setAutoDefault(False)
        self.table: DataTable

    def show_table(
        self,
        columns: Sequence[Column[R]],
        source: KeysetSource[R, Any],
        kinds: Sequence[Choice],
        *,
        empty: EmptyText,
        details: Callable[[R], QWidget],
        row_key: Callable[[R], int],
        row_title: Callable[[R], str],
        export_name: str,
    ) -> None:
        """Fill the window."""
        office = self.office
        self.table = DataTable(
            tr("Statement"),
            columns=columns,
            source=source,
            tasks=office.tasks,
            zone=office.zone,
            key=row_key,
            filters=[ChoiceFilter(_KIND, tr("Kind"), kinds), DayFilter(_CREATED, tr("Day"))],
            details=details,
            detail_title=row_title,
            empty=empty,
            sort=Sort(_CREATED, descending=True),
            refresh_on={Kind.WALLET},
            saved=office.views,
            export_name=export_name,
            exportable=office.may(Action.EXPORT),
            before_export=office.before_export(self, export_name),
        )
        self.table.setFixedHeight(min(_HEIGHT, max(_LEAST, self._room - _AROUND)))
        self.add(self.table)
        self.table.setFocus()

    def pane(self, facts: Sequence[tuple[str, str]], payment: int | None, order: str) -> QWidget:
        """One row, with its links."""
        made = QWidget()
        links = FlowLayout()
        if payment is not None and self.office.show_payment is not None:
            show = partial(self._leave_for, partial(self.office.show_payment, payment))
            links.addWidget(Button(tr("Payment {number}", number=payment), icon="credit-card", on_click=show))
        if order:
            show = partial(self._leave_for, partial(self.desk.find, "orders", order))
            links.addWidget(Button(tr("Order {number}", number=order), icon="package", on_click=show))
        column = QVBoxLayout(made)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(Facts(facts))
        column.addLayout(links)
        column.addStretch(1)
        return made

    def _leave_for(self, there: Callable[[], object]) -> None:
        self.accept()
        there()


class WalletStatement(Statement):
    """Of one customer's wallet."""

    def __init__(self, parent: QWidget, desk: InstalmentDesk, customer: CustomerRecord) -> None:
        super().__init__(parent, desk, tr("Wallet of {name}", name=customer.name))
        self._customer = customer
        columns: list[Column[StatementRow]] = [
            instant_column(_CREATED, tr("When"), lambda row: row.move.created_at, width=168),
            text_column(_KIND, tr("Kind"), lambda row: tr(MOVES[row.kind]), sortable=False, width=190, stretch=True),
            money_column(_AMOUNT, tr("Amount"), lambda row: row.move.amount, sortable=False, width=140),
            money_column("balance", tr("Balance"), lambda row: row.move.balance_after, sortable=False, width=140,
                         minor=True),
            text_column("order", tr("Order"), lambda row: row.order, sortable=False, width=196, minor=True),
            text_column("payment", tr("Payment"), lambda row: _number(row.move.payment_id), sortable=False, width=90,
                        minor=True),
            text_column("person", tr("By"), lambda row: row.person, sortable=False, width=130, minor=True),
            text_column("reason", tr("Reason"), lambda row: row.move.reason, sortable=False, width=180, minor=True),
        ]  # fmt: skip
        source: KeysetSource[StatementRow, tuple[Any, ...]] = KeysetSource(
            self._fetch, self._sum, lambda _query, row: statement_key(row)
        )
        self.show_table(
            columns,
            source,
            [Choice(each.value, tr(MOVES[each])) for each in WalletKind],
            empty=EmptyText("wallet", tr("Nothing moved"), tr("What comes into the wallet and leaves it stands here.")),
            details=self._details,
            row_key=lambda row: row.move.id,
            row_title=lambda row: tr(MOVES[row.kind]),
            export_name="wallet-statement",
        )

    def _fetch(self, query: Query, after: tuple[Any, ...] | None, skip: int, limit: int) -> list[StatementRow]:
        till, actor = self.office.till, self.office.actor
        asked = statement_query(query)
        return list_wallet_transactions(till, actor, self._customer.id, asked, after=after, skip=skip, limit=limit)

    def _sum(self, query: Query) -> Summary:
        till, actor = self.office.till, self.office.actor
        return _summed(sum_wallet_transactions(till, actor, self._customer.id, statement_query(query)))

    def _details(self, row: StatementRow) -> QWidget:
        facts = [
            (tr("Amount"), self.office.money(row.move.amount)),
            (tr("Balance"), self.office.money(row.move.balance_after)),
            (tr("When"), self.office.instant(row.move.created_at)),
            (tr("Reason"), row.move.reason),
            (tr("By"), row.person),
            (tr("Till"), row.move.till_id),
        ]
        return self.pane(facts, row.move.payment_id, row.order)


class CommissionStatement(Statement):
    """Of one referrer."""

    def __init__(self, parent: QWidget, desk: InstalmentDesk, referrer: CustomerRecord) -> None:
        super().__init__(parent, desk, tr("Commissions of {name}", name=referrer.name))
        self._referrer = referrer
        columns: list[Column[CommissionRow]] = [
            instant_column(_CREATED, tr("When"), lambda row: row.created_at, width=168),
            text_column(_KIND, tr("Kind"), lambda row: tr(EARNINGS[row.kind]), sortable=False, width=150),
            money_column(_AMOUNT, tr("Amount"), lambda row: row.amount, sortable=False, width=140),
            text_column("customer", tr("Paid by"), lambda row: row.customer, sortable=False, width=150, stretch=True),
            text_column("order", tr("Order"), lambda row: row.order, sortable=False, width=196),
            text_column("payment", tr("Payment"), lambda row: _number(row.payment_id), sortable=False, width=90,
                        minor=True),
            text_column("person", tr("By"), lambda row: row.person, sortable=False, width=130, minor=True),
            text_column("reason", tr("Reason"), lambda row: row.reason, sortable=False, width=180, minor=True),
        ]  # fmt: skip
        source: KeysetSource[CommissionRow, tuple[Any, ...]] = KeysetSource(
            self._fetch, self._sum, lambda _query, row: commission_key(row)
        )
        self.show_table(
            columns,
            source,
            [Choice(each.value, tr(EARNINGS[each])) for each in CommissionKind],
            empty=EmptyText(
                "coins",
                tr("No commissions yet"),
                tr("A share of each instalment that a referred customer pays stands here."),
            ),
            details=self._details,
            row_key=lambda row: row.id,
            row_title=lambda row: tr(EARNINGS[row.kind]),
            export_name="commission-statement",
        )

    def _fetch(self, query: Query, after: tuple[Any, ...] | None, skip: int, limit: int) -> list[CommissionRow]:
        till, actor = self.office.till, self.office.actor
        asked = statement_query(query)
        return list_commissions(till, actor, self._referrer.id, asked, after=after, skip=skip, limit=limit)

    def _sum(self, query: Query) -> Summary:
        till, actor = self.office.till, self.office.actor
        return _summed(sum_commissions(till, actor, self._referrer.id, statement_query(query)))

    def _details(self, row: CommissionRow) -> QWidget:
        facts = [
            (tr("Amount"), self.office.money(row.amount)),
            (tr("When"), self.office.instant(row.created_at)),
            (tr("Paid by"), row.customer),
            (tr("Reason"), row.reason),
            (tr("By"), row.person),
        ]
        return self.pane(facts, row.payment_id, row.order)


def statement_query(query: Query) -> StatementQuery:
    """What a list's query asks of the service."""
    kind, days = query.choice(_KIND), query.days(_CREATED)
    return StatementQuery(
        query.text,
        frozenset({kind}) if kind else frozenset(),
        first=days.first if days else None,
        last=days.last if days else None,
        descending=query.sort.descending if query.sort is not None else True,
    )


def _summed(flows: Sequence[Flow]) -> Summary:
    # Amounts of different currencies never add.
    totals = {_AMOUNT: flows[0].came + flows[0].went} if len(flows) == 1 else {}
    return Summary(sum(each.count for each in flows), totals)


def _number(payment_id: int | None) -> str:
    return f"#{payment_id}" if payment_id is not None else ""
