"""Give money back: how much and why. The button says the amount; a cashier's goes past a manager."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QButtonGroup, QCheckBox, QHBoxLayout, QRadioButton, QWidget

from tillgate.domain.errors import Invalid, Refused, TillgateError
from tillgate.domain.money import Money
from tillgate.domain.staff import Action
from tillgate.i18n import mark, tr
from tillgate.services.payment_details import PaymentDetails
from tillgate.services.records import RefundRecord
from tillgate.services.refunds import request_refund
from tillgate.ui.dialogs.approval import Asked
from tillgate.ui.message_text import message_for
from tillgate.ui.one_at_a_time import OneAtATime
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.dialog import Dialog
from tillgate.ui.widgets.fields import MoneyField, TextField
from tillgate.ui.widgets.labels import plain_label, set_text

_REASONS: Final = (mark("Returned"), mark("Order changed"), mark("Charged by mistake"))


class RefundDialog(Dialog):
    """`refunded(RefundRecord)` once it is written down; the till then sends it by itself."""

    refunded = Signal(object)

    def __init__(self, parent: QWidget, office: BackOffice, details: PaymentDetails, target: str) -> None:
        self._left = details.refundable or Money(0, details.view.payment.currency)
        super().__init__(
            parent,
            tr("Refund payment {number}", number=details.view.payment.id),
            verb=tr("Refund"),
            on_accept=self._accept_refund,
            tone=ButtonTone.DANGER,
            icon="undo-2",
            back=tr("Keep the money"),
        )
        self._office, self._details, self._target = office, details, target
        self._approving = not office.may(Action.REFUND)
        self._guard = OneAtATime(office.tasks, self, self.go)
        self._all = QRadioButton(tr("All that is left: {amount}", amount=office.money(self._left)))
        self._part = QRadioButton(tr("A part of it"))
        choice = QButtonGroup(self)
        for button in (self._all, self._part):
            choice.addButton(button)
        self.amount = MoneyField(tr("Amount to give back"), self._left.currency)
        self.goods = QCheckBox(tr("The goods are back: put them into stock"))
        self.goods.setChecked(True)
        self.reason = TextField(tr("Reason"), placeholder=tr("What the books should say"), limit=200)
        self._effect = plain_label(wrap=True, tone="muted")
        self._lay_out()
        self._all.setChecked(True)
        choice.buttonToggled.connect(self._choose)
        self.amount.amount_changed.connect(self._show)
        self._choose()
        self.reason.setFocus()

    def _lay_out(self) -> None:
        self.add(self._all)
        if self._details.partial_refund:
            self.add(self._part)
            self.add(self.amount)
        else:
            self._part.hide()
            self.amount.hide()
            self.add(plain_label(tr("{target} gives back the whole amount only.", target=self._target), tone="muted"))
        if self._details.orders:
            self.add(self.goods)
        self.add(self.reason)
        row = QWidget()
        chips = QHBoxLayout(row)
        chips.setContentsMargins(0, 0, 0, 0)
        chips.setSpacing(8)
        for words in _REASONS:
            chips.addWidget(Button(tr(words), tone=ButtonTone.CHIP, on_click=partial(self._take_reason, tr(words))))
        chips.addStretch(1)
        self.add(row)
        self.add(self._effect)

    def take_part(self, amount: Money) -> None:
        """Choose a part."""
        self._part.setChecked(True)
        self.amount.set_amount(amount)

    def _take_reason(self, words: str) -> None:
        self.reason.set_text(words)
        self.go.setFocus()

    @Slot()
    def _choose(self) -> None:
        part = self._part.isChecked()
        self.amount.setVisible(part and self._details.partial_refund)
        self.goods.setVisible(not part and bool(self._details.orders))
        if part:
            self.amount.setFocus()
        self._show()

    @Slot()
    def _show(self) -> None:
        amount = self._wanted()
        shown = self._office.money(amount) if amount is not None else ""
        if not shown:
            self.go.show_text(tr("Refund"))
            set_text(self._effect, "")
            return
        ask = tr("Ask a manager: refund {amount}", amount=shown)
        self.go.show_text(ask if self._approving else tr("Refund {amount}", amount=shown))
        text = tr("{amount} goes back to the customer through {target}. It can’t be taken back.")
        set_text(self._effect, text.format(amount=shown, target=self._target))

    def _wanted(self) -> Money | None:
        return self.amount.peek() if self._part.isChecked() else self._left

    def _accept_refund(self) -> None:
        amount = self.amount.amount() if self._part.isChecked() else self._left
        if amount is None:
            return
        if amount > self._left:
            words = message_for(Refused("refund_exceeds", asked=amount, left=self._left))
            self.amount.show_error(words.what)
            return
        if not self.reason.text:
            self.reason.show_error(message_for(Invalid("reason_missing", field="reason")).what)
            self.reason.setFocus()
            return
        self._request(amount, self.reason.text, None)

    def _request(self, amount: Money, reason: str, token: str | None) -> None:
        self.notice.clear()
        till, actor, number = self._office.till, self._office.actor, self._details.view.payment.id
        back = self._all.isChecked() and bool(self._details.orders) and self.goods.isChecked()
        work: Callable[[], RefundRecord] = partial(
            request_refund, till, actor, number, amount, reason, approval_token=token, return_goods=back
        )
        self._guard.run(work, self._done, partial(self._refused, amount, reason), label="refund")

    def _done(self, made: RefundRecord) -> None:
        self.refunded.emit(made)
        self.accept()

    def _refused(self, amount: Money, reason: str, error: TillgateError) -> None:
        number = self._details.view.payment.id
        title = tr("Refund of payment {number}", number=number)
        asked = Asked(Action.REFUND, f"payment:{number}", amount, title, reason)

        def again(token: str | None) -> None:
            self._request(amount, reason, token)

        if self._office.ask(self, asked, error, again):
            return
        if error.values.get("field") == "reason":
            self.reason.show_error(message_for(error).what)
            self.reason.setFocus()
        else:
            self.show_error(error)
