"""What people do with a wallet: top it up, pay out of it in cash, pay a commission into it, say who brought whom."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QCheckBox, QWidget

from tillgate.domain.errors import Invalid, Refused, TillgateError, Unavailable
from tillgate.domain.instalments import CURRENCY
from tillgate.domain.money import Money
from tillgate.domain.staff import Action
from tillgate.i18n import tr
from tillgate.labels import provider_name
from tillgate.services.commissions import PayOut, pay_commission, set_referrer
from tillgate.services.customers import CustomerRecord
from tillgate.services.wallets import TopUp, Withdrawal, new_wallet_key, top_up, withdraw
from tillgate.ui.dialogs.approval import Asked
from tillgate.ui.one_at_a_time import OneAtATime
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.form_dialog import FormDialog, sentence
from tillgate.ui.screens.person_field import CustomerField
from tillgate.ui.widgets.fields import MoneyField, TextField


class MoneyDialog(FormDialog):
    """Moves money once, however often the verb is pressed. What a manager or a fresh proof can lift is asked in place.

    `key` names the press: it stays while the outcome may be unknown, so that trying again can't move the money twice.
    """

    def __init__(self, parent: QWidget, office: BackOffice, title: str, text: str, *, verb: str, icon: str) -> None:
        super().__init__(parent, office, title, text, verb=verb, width=520)
        self.go.show_icon(icon)
        self.key = new_wallet_key()
        self._guard = OneAtATime(office.tasks, self, self.go)

    def go_ahead(self, work: Callable[[str | None], object], asked: Asked) -> None:
        """Do it, with the token of an approval where one was given."""

        def attempt(token: str | None) -> None:
            self.notice.clear()
            self._guard.run(partial(work, token), self._done, refused, label=asked.action.value)

        def refused(error: TillgateError) -> None:
            if isinstance(error, Invalid | Refused) and error.code != "key_reused":
                # Nothing moved: what is typed next is another press.
                self.key = new_wallet_key()
            if not self._office.ask(self, asked, error, attempt):
                self._refused(error)

        attempt(None)


def has_reason(field: TextField) -> bool:
    """Whether a reason is typed; else it is asked for, before anybody is asked for permission."""
    if not field.text:
        field.show_error(sentence(Invalid("reason_missing", field="reason")))
        field.setFocus()
    return bool(field.text)


class TopUpDialog(MoneyDialog):
    """`saved(Started)` once the checkout is made that the customer pays at. Without a customer it asks whose wallet."""

    def __init__(
        self, parent: QWidget, office: BackOffice, way: tuple[str, str] | None, customer: CustomerRecord | None = None
    ) -> None:
        title = tr("Top up a wallet") if customer is None else tr("Top up the wallet of {name}", name=customer.name)
        through = provider_name(way[0]) if way is not None else ""
        told = tr("The customer pays through {provider}. The money is in the wallet as soon as it came.",
                  provider=through)  # fmt: skip
        super().__init__(parent, office, title, told if way else "", verb=tr("Top up"), icon="qr-code")
        self._way, self._given = way, customer
        self.customer = CustomerField(office)
        self.amount = MoneyField(tr("Amount"), CURRENCY)
        if customer is None:
            self.form.add(self.customer)
        else:
            self.customer.setParent(self)
            self.customer.hide()
            self.customer.show_person(customer.id, customer.name, customer.phone)
        self.form.add(self.amount)
        self.fields = {"amount": self.amount, "customer": self.customer}
        self.amount.amount_changed.connect(self._name_verb)
        self.customer.chosen.connect(self.amount.setFocus)
        (self.customer if customer is None else self.amount).setFocus()
        if way is None:
            self.show_error(Unavailable("provider_off", provider="razorpay"))
            self.set_working(True)

    @Slot()
    def _name_verb(self) -> None:
        amount = self.amount.peek()
        shown = tr("Top up {amount}", amount=self._office.money(amount)) if amount is not None else tr("Top up")
        self.go.show_text(shown)

    def save(self) -> None:
        """Make the checkout."""
        if not self.customer.ready(tr("Choose whose wallet it is.")) or self._way is None:
            return
        amount, number = self.amount.amount(), self.customer.value
        if amount is None or number is None:
            self.amount.setFocus()
            return
        provider, method = self._way

        def work(_token: str | None) -> object:
            return top_up(self._office.till, self._office.actor, TopUp(self.key, number, amount, provider, method))

        self.go_ahead(work, Asked(Action.TAKE_PAYMENT, f"wallet:{number}", amount))


class PayOutDialog(MoneyDialog):
    """`saved(WalletTransaction)`: cash over the counter. Without a manager's role a manager is asked in place."""

    def __init__(self, parent: QWidget, office: BackOffice, customer: CustomerRecord, balance: Money) -> None:
        title = tr("Pay out from the wallet of {name}", name=customer.name)
        told = tr("{amount} is in the wallet. Count the cash once the till says that it is paid out.",
                  amount=office.money(balance))  # fmt: skip
        super().__init__(parent, office, title, told, verb=tr("Pay out"), icon="banknote")
        self._customer = customer
        self.amount = MoneyField(tr("Amount"), balance.currency)
        self.reason = TextField(tr("Reason"), placeholder=tr("What the books should say"), limit=200)
        self.form.add(self.amount)
        self.form.add(self.reason)
        self.fields = {"amount": self.amount, "reason": self.reason}
        self.amount.amount_changed.connect(self._name_verb)
        self._name_verb()
        self.amount.setFocus()

    @Slot()
    def _name_verb(self) -> None:
        amount = self.amount.peek()
        if amount is None:
            self.go.show_text(tr("Pay out"))
            return
        shown = self._office.money(amount)
        ask = tr("Ask a manager: pay out {amount}", amount=shown)
        self.go.show_text(tr("Pay out {amount}", amount=shown) if self._office.may(Action.WITHDRAW) else ask)

    def save(self) -> None:
        """Pay it out."""
        amount = self.amount.amount()
        if amount is None:
            self.amount.setFocus()
            return
        if not has_reason(self.reason):
            return
        till, actor, name = self._office.till, self._office.actor, self._customer.name
        press = Withdrawal(self.key, self._customer.id, amount, self.reason.text)

        def work(token: str | None) -> object:
            return withdraw(till, actor, press, approval_token=token)

        title = tr("Pay out from the wallet of {name}", name=name)
        self.go_ahead(work, Asked(Action.WITHDRAW, press.subject, amount, title, self.reason.text))


class CommissionDialog(MoneyDialog):
    """`saved(WalletTransaction)`: what a referrer is owed goes into their wallet, all of it or a part."""

    def __init__(self, parent: QWidget, office: BackOffice, customer: CustomerRecord, owed: Money) -> None:
        title = tr("Pay the commission of {name}", name=customer.name)
        told = tr("{amount} is owed. It goes into the wallet, from where it is spent or paid out.",
                  amount=office.money(owed))  # fmt: skip
        super().__init__(parent, office, title, told, verb=tr("Pay into the wallet"), icon="wallet")
        self._customer = customer
        self.amount = MoneyField(tr("Amount"), owed.currency)
        self.amount.set_amount(owed)
        self.reason = TextField(tr("Reason"), placeholder=tr("As “commissions of November”"), limit=200)
        self.form.add(self.amount)
        self.form.add(self.reason)
        self.fields = {"amount": self.amount, "reason": self.reason}
        self.amount.amount_changed.connect(self._name_verb)
        self._name_verb()
        self.reason.setFocus()

    @Slot()
    def _name_verb(self) -> None:
        amount = self.amount.peek()
        shown = self._office.money(amount) if amount is not None else ""
        self.go.show_text(tr("Pay {amount} into the wallet", amount=shown) if shown else tr("Pay into the wallet"))

    def save(self) -> None:
        """Pay it."""
        amount = self.amount.amount()
        if amount is None:
            self.amount.setFocus()
            return
        if not has_reason(self.reason):
            return
        press = PayOut(self.key, self._customer.id, self.reason.text, amount)

        def work(_token: str | None) -> object:
            return pay_commission(self._office.till, self._office.actor, press)

        title = tr("Pay the commission of {name}", name=self._customer.name)
        self.go_ahead(
            work, Asked(Action.PAY_COMMISSION, f"wallet:{self._customer.id}", amount, title, self.reason.text)
        )


class ReferrerDialog(FormDialog):
    """`saved(int | None)` with who brought a customer. Without a customer it asks whom; orders keep their own."""

    def __init__(
        self,
        parent: QWidget,
        office: BackOffice,
        customer: CustomerRecord | None = None,
        referrer: CustomerRecord | None = None,
    ) -> None:
        title = tr("Who brought a customer") if customer is None else tr("Who brought {name}", name=customer.name)
        told = tr("They earn a commission on each instalment of the orders that are placed from now on.")
        super().__init__(parent, office, title, told, verb=tr("Save the referrer"), width=560)
        self.customer = CustomerField(office)
        self.referrer = CustomerField(office, tr("Brought by"))
        self.nobody = QCheckBox(tr("Nobody brought this customer"))
        self.fields = {"customer": self.customer, "referrer": self.referrer}
        if customer is None:
            self.form.add(self.customer)
        else:
            self.customer.setParent(self)
            self.customer.hide()
            self.customer.show_person(customer.id, customer.name, customer.phone)
        self.form.add(self.referrer)
        if referrer is not None:
            self.referrer.show_person(referrer.id, referrer.name, referrer.phone)
            self.form.add(self.nobody)
        self.nobody.toggled.connect(self.referrer.setDisabled)
        self.nobody.setVisible(referrer is not None)
        self.customer.chosen.connect(self.referrer.setFocus)
        self.referrer.chosen.connect(self.go.setFocus)
        first = self.customer if customer is None else self.referrer
        (first.other if first.value is not None else first).setFocus()

    def save(self) -> None:
        """Save who it was."""
        if not self.customer.ready(tr("Choose whom somebody brought.")):
            return
        nobody = self.nobody.isChecked()
        if not nobody and not self.referrer.ready(tr("Choose who brought this customer.")):
            return
        number = self.customer.value
        if number is None:
            return
        found = None if nobody else self.referrer.value
        self.run(partial(set_referrer, self._office.till, self._office.actor, number, found))
