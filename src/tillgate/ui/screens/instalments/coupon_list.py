"""Coupons: what they take off, until when, how often they were used; kept by a manager."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from tillgate.domain.changes import Kind
from tillgate.domain.coupons import CouponKind
from tillgate.domain.money import Money
from tillgate.domain.staff import Action
from tillgate.formats import format_day
from tillgate.i18n import mark, tr
from tillgate.services.coupon_edits import (
    CouponQuery,
    CouponRow,
    count_coupons,
    coupon_key,
    list_coupons,
    reopen_coupon,
    withdraw_coupon,
)
from tillgate.services.coupons import CouponRecord
from tillgate.ui.screens.instalments.coupon_dialog import CouponDialog
from tillgate.ui.screens.instalments.coupon_words import KINDS, OPEN, meant_for, status_of_coupon, uses, worth
from tillgate.ui.screens.instalments.desk_list import DeskList
from tillgate.ui.widgets.buttons import Button
from tillgate.ui.widgets.data_table import (
    Choice,
    ChoiceFilter,
    Column,
    DataTable,
    EmptyText,
    KeysetSource,
    Query,
    Sort,
    Summary,
    day_column,
    money_column,
    status_column,
    text_column,
)
from tillgate.ui.widgets.facts import Facts
from tillgate.ui.widgets.flow import FlowLayout
from tillgate.ui.widgets.labels import plain_label
from tillgate.ui.widgets.notices import NoticeAction
from tillgate.ui.widgets.status_badge import StatusBadge

_KIND, _STATE, _CODE = "kind", "state", "code"
_OPEN: Final = "open"


class CouponList(DeskList):
    """By code."""

    adds = mark("New coupon")

    def make_table(self) -> DataTable:
        """All of them, or those that may be used today."""
        office = self.office
        today = office.today
        columns: list[Column[CouponRow]] = [
            text_column(_CODE, tr("Coupon"), lambda row: row.coupon.code, width=120, strong=True),
            text_column("worth", tr("Takes off"), lambda row: worth(office, row.coupon), sortable=False, width=140,
                        stretch=True),
            status_column(_STATE, tr("State"), lambda row: status_of_coupon(row.coupon, today()), sortable=False,
                          width=120),
            text_column("uses", tr("Used"), lambda row: uses(row.coupon), sortable=False, width=90),
            day_column("until", tr("Last day"), lambda row: row.coupon.valid_until, sortable=False, width=120,
                       minor=True),
            text_column("for", tr("Only for"), meant_for, sortable=False, width=150, minor=True),
            money_column("minimum", tr("Least order"), _minimum, sortable=False, width=130, minor=True),
            day_column("from", tr("Valid from"), lambda row: row.coupon.valid_from, sortable=False, width=120,
                       minor=True),
        ]  # fmt: skip
        source: KeysetSource[CouponRow, tuple[Any, ...]] = KeysetSource(
            self._fetch, self._sum, lambda _query, row: coupon_key(row)
        )
        return DataTable(
            tr("Coupons"),
            columns=columns,
            source=source,
            tasks=office.tasks,
            zone=office.zone,
            key=lambda row: row.coupon.id,
            filters=[
                ChoiceFilter(_STATE, tr("State"), [Choice(_OPEN, OPEN.text)]),
                ChoiceFilter(_KIND, tr("Takes off"), [Choice(each.value, tr(KINDS[each])) for each in CouponKind]),
            ],
            details=self._details,
            detail_title=lambda row: row.coupon.code,
            empty=EmptyText(
                "tag",
                tr("No coupons yet"),
                tr("A coupon takes an amount or a share off an instalment order."),
                NoticeAction(tr("New coupon"), self.add, "plus"),
            ),
            sort=Sort(_CODE),
            refresh_on={Kind.COUPON},
            saved=office.views,
            export_name="coupons",
            exportable=office.may(Action.EXPORT),
            before_export=office.before_export(self, "coupons"),
            own_keys=False,
        )

    def add(self) -> None:
        """Ask for a coupon."""
        self.open_form(CouponDialog(self, self.office), self._saved)

    def _saved(self, made: object) -> None:
        if isinstance(made, CouponRecord):
            self.say(tr("Coupon {code} is saved.", code=made.code))

    def _fetch(self, query: Query, after: tuple[Any, ...] | None, skip: int, limit: int) -> list[CouponRow]:
        return list_coupons(
            self.office.till, self.office.actor, _service_query(query), after=after, skip=skip, limit=limit
        )

    def _sum(self, query: Query) -> Summary:
        return Summary(count_coupons(self.office.till, self.office.actor, _service_query(query)))

    def _details(self, row: CouponRow) -> QWidget:
        here = row.coupon
        made = QWidget()
        head = QHBoxLayout()
        head.addWidget(plain_label(worth(self.office, here), "strong", wrap=True), 1)
        head.addWidget(StatusBadge(status_of_coupon(here, self.office.today())))
        change = Button(tr("Change"), icon="pencil", on_click=partial(self._change, row))
        ends = bool(here.active)
        withdraw = Button(
            tr("Withdraw") if ends else tr("Open it again"),
            icon="circle-minus" if ends else "rotate-ccw",
            on_click=partial(self._set_open, here),
        )
        verbs = FlowLayout()
        for button in (change, withdraw):
            button.setVisible(self.office.may(Action.EDIT_COUPONS))
            verbs.addWidget(button)
        column = QVBoxLayout(made)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addLayout(head)
        column.addLayout(verbs)
        column.addWidget(Facts(self._facts(row)))
        column.addStretch(1)
        self.show_verbs({"change": change, "withdraw": withdraw})
        return made

    def _facts(self, row: CouponRow) -> list[tuple[str, str]]:
        here, language = row.coupon, self.office.language
        minimum = _minimum(row)
        return [
            (tr("Valid from"), format_day(here.valid_from, language)),
            (tr("Last day"), format_day(here.valid_until, language)),
            (tr("Only for"), meant_for(row) or tr("Any product")),
            (tr("Least order"), self.office.money(minimum) if minimum is not None else ""),
            (tr("Used"), uses(here)),
            (tr("Wait for money"), str(row.held) if row.held else ""),
            (tr("Each customer"), tr("at most {count}", count=here.per_customer_limit)
             if here.per_customer_limit is not None else ""),
        ]  # fmt: skip

    def _change(self, row: CouponRow) -> None:
        self.open_form(CouponDialog(self, self.office, row), self._saved)

    def _set_open(self, here: CouponRecord) -> None:
        self.notice.clear()
        decide = withdraw_coupon if here.active else reopen_coupon
        said = tr("No new order takes coupon {code} any more.", code=here.code)
        said = said if here.active else tr("Coupon {code} may be used again.", code=here.code)
        work = partial(decide, self.office.till, self.office.actor, here.id, here.version)
        self.office.tasks.run(self, work, lambda _made: self.say(said), self.notice.show_error, label="coupon")


def _minimum(row: CouponRow) -> Money | None:
    here = row.coupon
    return Money(here.minimum_minor, here.currency) if here.minimum_minor else None


def _service_query(query: Query) -> CouponQuery:
    kind = query.choice(_KIND)
    return CouponQuery(
        query.text,
        CouponKind(kind) if kind else None,
        open_only=query.choice(_STATE) == _OPEN,
        descending=query.sort.descending if query.sort is not None else False,
    )
