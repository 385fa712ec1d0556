"""Bulk orders whose first payment is still awaited, told above the pages for as long as there are any."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from tillgate.domain.changes import Kind
from tillgate.domain.instalments import BulkState
from tillgate.i18n import ntr, tr
from tillgate.services.bulk_ends import find_bulk_order
from tillgate.services.bulk_lists import BulkQuery, BulkRow, list_bulk_orders
from tillgate.services.bulk_orders import Placed
from tillgate.ui.screens.instalments.desk import InstalmentDesk
from tillgate.ui.theme import Tone
from tillgate.ui.widgets.notices import NoticeAction

_SHOWN: Final = 5


class WaitingOrders(QObject):
    """What a crash or a stop left, or another till began, when `owner` is made. `follow` brings one to the front."""

    def __init__(self, owner: QWidget, desk: InstalmentDesk, follow: Callable[[Placed], None]) -> None:
        super().__init__(owner)
        self._owner, self._desk, self._follow = owner, desk, follow
        self._told = ""
        desk.office.tasks.watch(owner, {Kind.INSTALMENT}, lambda _changes: self._changed())
        self._look()

    def _look(self) -> None:
        office = self._desk.office
        query = BulkQuery(states=frozenset({BulkState.PENDING}))
        work = partial(list_bulk_orders, office.till, office.actor, query, limit=_SHOWN)
        office.tasks.run(self._owner, work, self._tell, self._desk.notice.show_error, label="bulk orders")

    def _changed(self) -> None:
        """Nobody is told of one that ended, or asked again what was put away."""
        if self._stands:
            self._look()

    @property
    def _stands(self) -> bool:
        return bool(self._told) and self._desk.notice.text == self._told

    def _tell(self, found: Sequence[BulkRow]) -> None:
        waiting = [each for each in found if each.bulk.first_payment_id is not None]
        text = ntr("{count} bulk order waits for its first payment.",
                   "{count} bulk orders wait for their first payment.", len(waiting))  # fmt: skip
        told = ", ".join(f"{each.bulk.number} ({each.customer})" for each in waiting)
        if not waiting:
            if self._stands:
                self._desk.notice.clear()
            return
        if self._stands and told in self._told:
            return
        number = waiting[0].bulk.number
        opens = NoticeAction(tr("Show {number}", number=number), partial(self._show, number), "credit-card")
        self._desk.notice.say(Tone.WAITING, text, told, [opens])
        self._told = self._desk.notice.text

    def _show(self, number: str) -> None:
        office = self._desk.office
        work = partial(find_bulk_order, office.till, office.actor, number)
        office.tasks.run(self._owner, work, self._follow, self._desk.notice.show_error, label="bulk order")
