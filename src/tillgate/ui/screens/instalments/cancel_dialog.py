"""Cancel an instalment order: what was paid, what the store keeps, what goes back and where; a manager says yes."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QButtonGroup, QCheckBox, QRadioButton, QWidget

from tillgate.domain.errors import Invalid, TillgateError
from tillgate.domain.staff import Action
from tillgate.i18n import ntr, tr
from tillgate.services.instalment_cancelling import Cancellation, CancelOrder, cancel_order, quote_cancellation
from tillgate.services.instalment_rows import InstalmentOrderRecord
from tillgate.ui.dialogs.approval import Asked
from tillgate.ui.message_text import message_for
from tillgate.ui.one_at_a_time import OneAtATime
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.widgets.buttons import ButtonTone
from tillgate.ui.widgets.dialog import Dialog
from tillgate.ui.widgets.facts import Facts
from tillgate.ui.widgets.fields import TextField
from tillgate.ui.widgets.labels import plain_label, set_text


class CancelDialog(Dialog):
    """`cancelled(str)` once it is written down, with what is said of it."""

    cancelled = Signal(str)

    def __init__(self, parent: QWidget, office: BackOffice, order: InstalmentOrderRecord, customer: str) -> None:
        super().__init__(
            parent,
            tr("Cancel order {number}", number=order.number),
            tr("{product}, {customer}", product=order.product_name, customer=customer),
            verb=tr("Cancel the order"),
            on_accept=self._accept_cancelling,
            tone=ButtonTone.DANGER,
            icon="ban",
            back=tr("Keep the order"),
        )
        self._office, self._order = office, order
        self.quote: Cancellation | None = None
        self._facts: Facts | None = None
        self._approving = not office.may(Action.REFUND)
        self._guard = OneAtATime(office.tasks, self, self.go)
        self.into_wallet = QRadioButton(tr("Into the customer’s wallet, at once"))
        self.to_source = QRadioButton(tr("Back to where each payment came from"))
        choice = QButtonGroup(self)
        for button in (self.into_wallet, self.to_source):
            choice.addButton(button)
        self.into_wallet.setChecked(True)
        self.goods = QCheckBox(tr("The goods are back: put them into stock"))
        self.reason = TextField(tr("Reason"), placeholder=tr("What the books should say"), limit=200)
        self._effect = plain_label(wrap=True, tone="muted")
        for widget in (self.into_wallet, self.to_source, self.goods, self.reason, self._effect):
            self.add(widget)
        choice.buttonToggled.connect(self._show_verb)
        self.go.setEnabled(False)
        self.reason.setFocus()
        self._ask_quote()

    def _ask_quote(self) -> None:
        work = partial(quote_cancellation, self._office.till, self._office.actor, self._order.id)
        self._office.tasks.run(self, work, self._show, self._no_quote, label="cancellation")

    def _show(self, quote: Cancellation) -> None:
        self.quote = quote
        money = self._office.money
        if self._facts is not None:
            self._facts.hide()
            self._facts.deleteLater()
        self._facts = Facts(
            [
                (tr("Paid so far"), money(quote.paid)),
                (tr("The store keeps"), money(quote.kept)),
                (tr("Goes back"), money(quote.back)),
                (tr("Days not paid"), ntr("{count} day falls away", "{count} days fall away", quote.days_left)),
            ]
        )
        self.body.insertWidget(0, self._facts)
        for button in (self.into_wallet, self.to_source):
            button.setVisible(bool(quote.back))
        self.go.setEnabled(True)
        self._show_verb()

    def _no_quote(self, error: TillgateError) -> None:
        """Nothing can be cancelled: the way back is all that is left."""
        self.notice.show_error(error)
        self.go.setEnabled(False)

    @Slot()
    def _show_verb(self) -> None:
        if self.quote is None:
            return
        amount = self._office.money(self.quote.back)
        if self._approving:
            verb = tr("Ask a manager: cancel, {amount} goes back", amount=amount)
        elif not self.quote.back:
            verb = tr("Cancel the order")
        else:
            verb = tr("Cancel and give back {amount}", amount=amount)
        self.go.show_text(verb)
        set_text(self._effect, self._effect_text(amount))

    def _effect_text(self, amount: str) -> str:
        if self.quote is None or not self.quote.back:
            return tr("Nothing goes back. It can’t be taken back.")
        if self.into_wallet.isChecked():
            return tr("{amount} goes into the customer’s wallet. It can’t be taken back.", amount=amount)
        count = len(self.quote.shares)
        return ntr(
            "{amount} goes back the way it came, as {count} refund. It can’t be taken back.",
            "{amount} goes back the way it came, as {count} refunds. It can’t be taken back.",
            count,
            amount=amount,
        )

    def _accept_cancelling(self) -> None:
        if self.quote is None:
            return
        if not self.reason.text:
            self.reason.show_error(message_for(Invalid("reason_missing", field="reason")).what)
            self.reason.setFocus()
            return
        press = CancelOrder(
            self._order.id,
            self.quote.back,
            self.reason.text,
            into_wallet=self.into_wallet.isChecked(),
            goods_are_back=self.goods.isChecked(),
        )
        self._request(press, None)

    def _request(self, press: CancelOrder, token: str | None) -> None:
        self.notice.clear()
        work = partial(cancel_order, self._office.till, self._office.actor, press, approval_token=token)
        self._guard.run(work, partial(self._done, press), partial(self._refused, press), label="cancel order")

    def _done(self, press: CancelOrder, order: InstalmentOrderRecord) -> None:
        back = self._office.money(press.back)
        if not press.back:
            told = tr("Order {number} is cancelled.", number=order.number)
        elif press.into_wallet:
            told = tr("Order {number} is cancelled; {amount} is in the wallet.", number=order.number, amount=back)
        else:
            told = tr("Order {number} is cancelled; {amount} is on its way back.", number=order.number, amount=back)
        self.cancelled.emit(told)
        self.accept()

    def _refused(self, press: CancelOrder, error: TillgateError) -> None:
        title = tr("Cancelling order {number}", number=self._order.number)
        asked = Asked(Action.REFUND, f"instalment_order:{press.order_id}", press.back, title, press.reason)
        if self._office.ask(self, asked, error, partial(self._request, press)):
            return
        if error.values.get("field") == "reason":
            self.reason.show_error(message_for(error).what)
            self.reason.setFocus()
            return
        self.show_error(error)
        if error.code == "cancellation_changed":
            self._ask_quote()
