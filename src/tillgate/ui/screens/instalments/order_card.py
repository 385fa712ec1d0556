"""One order of a bulk order: its plan, what is paid, its calendar, its payments, and cancelling it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtWidgets import QVBoxLayout, QWidget

from tillgate.domain.instalments import InstalmentOrderState
from tillgate.domain.money import Money, total
from tillgate.domain.staff import Action
from tillgate.formats import format_day
from tillgate.i18n import ntr, tr
from tillgate.services.bulk_lists import PaymentLine
from tillgate.services.instalment_rows import InstalmentOrderRecord
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.instalments.schedule_view import ScheduleView
from tillgate.ui.screens.instalments.words import ORDER_STATUS, reason_text
from tillgate.ui.screens.payments.parts import card, headed
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.facts import Disclosure, Facts
from tillgate.ui.widgets.flow import FlowLayout

_MAY_END = frozenset({InstalmentOrderState.ACTIVE, InstalmentOrderState.COMPLETED})


class OrderCard(QWidget):
    """`cancel` is called with the card."""

    def __init__(
        self,
        office: BackOffice,
        order: InstalmentOrderRecord,
        payments: Sequence[PaymentLine],
        cancel: Callable[[OrderCard], object],
        *,
        shown: bool = False,
    ) -> None:
        super().__init__()
        self._office, self.order = office, order
        status = ORDER_STATUS[order.state]
        box, column = card(spacing=6)
        amount = office.money(order.total)
        title = f"{order.product_name} × {order.quantity}" if order.quantity > 1 else order.product_name
        column.addLayout(headed(title, amount, status))
        box.setAccessibleName(tr("{amount}, {told}. {status}", amount=amount, told=title, status=status.text))
        column.addWidget(Facts(self._facts()))
        self.calendar = Disclosure(tr("Calendar"), partial(ScheduleView, office, order.id), shown=shown)
        column.addWidget(self.calendar)
        paid = _by_payment(payments)
        if paid:
            title = ntr("{count} payment", "{count} payments", len(paid))
            column.addWidget(Disclosure(title, partial(self._payments, paid)))
        self.cancel = Button(
            tr("Cancel the order"),
            tone=ButtonTone.DESTRUCTIVE,
            icon="ban",
            name=tr("Cancel order {number}", number=order.number),
            on_click=partial(cancel, self),
        )
        # A cashier may ask too: a manager approves.
        self.cancel.setVisible(order.state in _MAY_END and office.may(Action.TAKE_PAYMENT))
        column.addWidget(self.cancel)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(box)

    @property
    def is_open(self) -> bool:
        """Whether its calendar is shown."""
        return self.calendar.is_open

    def _facts(self) -> list[tuple[str, str]]:
        order, money = self.order, self._office.money
        plan = ntr("{amount} a day for {count} day", "{amount} a day for {count} days", order.total_days,
                   amount=money(order.daily))  # fmt: skip
        days = tr("{paid} of {days} days", paid=order.paid_count, days=order.total_days)
        ended = reason_text(order.cancel_reason) if order.state is InstalmentOrderState.CANCELLED else ""
        return [
            (tr("Order"), order.number),
            (tr("Plan"), plan),
            (tr("Coupon"), money(-order.discount) if order.discount_minor else ""),
            (tr("Paid so far"), tr("{amount}, {days}", amount=money(order.paid), days=days)),
            (tr("Given back"), money(order.returned) if order.returned_minor else ""),
            (tr("Remaining"), money(order.remaining)),
            (tr("Cancelled because"), ended),
        ]

    def _payments(self, paid: dict[int, list[PaymentLine]]) -> QWidget:
        made = QWidget()
        flow = FlowLayout()
        made.setLayout(flow)
        for number, lines in paid.items():
            amount = self._office.money(_sum(lines))
            day = format_day(lines[0].instalment.due_on, self._office.language)
            text = tr("Payment {number}: {amount}, {day}", number=number, amount=amount, day=day)
            button = Button(text, tone=ButtonTone.LINK, icon="credit-card")
            if self._office.show_payment is not None:
                button.clicked.connect(partial(self._open, number))
            else:
                button.setEnabled(False)
            flow.addWidget(button)
        return made

    def _open(self, number: int, _checked: bool = False) -> None:
        if self._office.show_payment is not None:
            self._office.show_payment(number)


def _by_payment(lines: Sequence[PaymentLine]) -> dict[int, list[PaymentLine]]:
    """The payments that paid its days, the newest first."""
    found: dict[int, list[PaymentLine]] = {}
    for each in lines:
        if each.instalment.payment_id is not None:
            found.setdefault(each.instalment.payment_id, []).append(each)
    return dict(sorted(found.items(), reverse=True))


def _sum(lines: Sequence[PaymentLine]) -> Money:
    return total((each.amount for each in lines), lines[0].amount.currency)
