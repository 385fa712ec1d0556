"""The cart at the right: whose it is, its lines, what it comes to, and Pay."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QStackedLayout, QVBoxLayout, QWidget
from shiboken6 import isValid

from tillgate.i18n import tr
from tillgate.services.cart_view import CartView
from tillgate.ui.screens.checkout.advice_rows import AdviceRows
from tillgate.ui.screens.checkout.amounts import PayButton
from tillgate.ui.screens.checkout.desk import CheckoutDesk
from tillgate.ui.screens.checkout.finding_words import Advice
from tillgate.ui.screens.checkout.keys import Key
from tillgate.ui.screens.checkout.line_list import LineList
from tillgate.ui.screens.checkout.totals import TotalsView
from tillgate.ui.theme import Tone
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.labels import line
from tillgate.ui.widgets.notices import EmptyState, InlineNotice, NoticeAction


class CartPanel(QFrame):
    """Its buttons are the screen's commands; presses on lines come from `lines`, on findings of the cart from
    `advice`. `advice_over` when the last finding that had the focus is settled."""

    advice_over = Signal()

    def __init__(self, desk: CheckoutDesk) -> None:
        super().__init__()
        self._desk = desk
        self.setProperty("surface", "raised")
        self.setAccessibleName(tr("Cart"))
        commands = desk.commands
        self.customer = Button(
            tr("Walk-in customer"), tone=ButtonTone.QUIET, icon="user", on_click=commands.action(Key.CUSTOMER).trigger
        )
        self.customer.setProperty("align", "left")
        self.customer.show_hint(commands.hint(Key.CUSTOMER))
        self.customer.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.mail = Button(tone=ButtonTone.QUIET, icon="mail", on_click=commands.action(Key.MAIL).trigger)
        self.mail.setProperty("align", "left")
        self.mail.setProperty("snug", "true")
        self.mail.show_hint(commands.hint(Key.MAIL))
        self.mail.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.mail.hide()
        self.undo = Button(
            tone=ButtonTone.ICON, icon="undo-2", name=tr("Undo"), on_click=commands.action(Key.UNDO).trigger
        )
        self.clear = Button(
            tone=ButtonTone.ICON, icon="trash-2", name=tr("Clear the cart"), on_click=commands.action(Key.CLEAR).trigger
        )
        self.off = InlineNotice()
        self.notice = InlineNotice(closable=True)
        self.advice = AdviceRows()
        self.lines = LineList(desk)
        for left in (self.lines.advice_left, self.advice.left):
            # All that was found is shown by then.
            left.connect(self._go_on, Qt.ConnectionType.QueuedConnection)
        self._empty = EmptyState(
            "shopping-cart", tr("Nothing rung up"), tr("Scan a product, or find it at the left and press Enter.")
        )
        self.totals = TotalsView(desk)
        self.hold = commands.button(Key.HOLD, tone=ButtonTone.QUIET, text=tr("Hold"))
        self.recall = commands.button(Key.RECALL, tone=ButtonTone.QUIET, text=tr("Recall"))
        for button in (self.hold, self.recall):
            button.setProperty("align", "left")
            button.setProperty("snug", "true")
        self.ask_phone = commands.button(Key.ASK_PHONE, text=tr("Pay by M-Pesa…"))
        self.ask_phone.hide()
        self.pay = PayButton()
        self.pay.clicked.connect(commands.action(Key.PAY).trigger)
        for key, button in ((Key.PAY, self.pay), (Key.UNDO, self.undo), (Key.CLEAR, self.clear), (Key.MAIL, self.mail)):
            _follow(commands.action(key), button)
        self._lay_out()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(6, 6, 6, 6)
        head.setSpacing(2)
        head.addWidget(self.customer, 1)
        head.addWidget(self.undo)
        head.addWidget(self.clear)
        notice = QVBoxLayout()
        notice.setContentsMargins(12, 4, 12, 0)
        notice.setSpacing(4)
        notice.addWidget(self.off)
        notice.addWidget(self.notice)
        notice.addWidget(self.advice)
        middle = QWidget()
        self._middle = QStackedLayout(middle)
        self._middle.addWidget(self.lines)
        self._middle.addWidget(self._empty)
        quiet = QVBoxLayout()
        quiet.setSpacing(4)
        quiet.addWidget(self.hold)
        quiet.addWidget(self.recall)
        foot = QHBoxLayout()
        foot.setContentsMargins(8, 6, 12, 12)
        foot.setSpacing(10)
        foot.addLayout(quiet)
        foot.addWidget(self.pay, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 1)
        column.setSpacing(0)
        column.addLayout(head)
        mail = QHBoxLayout()
        mail.setContentsMargins(6, 0, 6, 4)
        mail.addWidget(self.mail)
        column.addLayout(mail)
        column.addWidget(line())
        column.addLayout(notice)
        column.addWidget(middle, 1)
        column.addWidget(line())
        column.addWidget(self.totals)
        prompt = QHBoxLayout()
        prompt.setContentsMargins(12, 6, 12, 0)
        prompt.addWidget(self.ask_phone)
        column.addLayout(prompt)
        column.addLayout(foot)

    def show_cart(
        self,
        cart: CartView,
        quantities: Mapping[int, int],
        advice: Mapping[int, tuple[Advice, ...]],
        whole: Sequence[Advice],
    ) -> None:
        """Show the cart as it is now."""
        named = cart.customer is not None
        name = cart.customer.name if cart.customer is not None else tr("Walk-in customer")
        self.customer.show_text(name)
        self.customer.setAccessibleName(tr("Customer: {name}. Choose another", name=name))
        self.customer.show_icon("user-check" if named else "user")
        self.mail.setVisible(named)
        self.mail.show_text(tr("E-mail to {address}", address=cart.mail_to) if cart.mail_to else tr("No e-mail"))
        self.lines.show_cart(cart, quantities, advice, locked=cart.locked)
        self.advice.show_advice(whole)
        self._middle.setCurrentIndex(0 if cart.lines else 1)
        self.totals.setVisible(bool(cart.lines))
        self.totals.show_totals(cart.totals)

    def show_held(self, count: int) -> None:
        """Show how many carts wait."""
        self.recall.show_text(tr("Recall ({count})", count=count) if count else tr("Recall"))

    def say_off(self, open_settings: Callable[[], object] | None) -> None:
        """There is no way to pay; who can change that, and where."""
        actions = [NoticeAction(tr("Open Settings"), open_settings, "settings")] if open_settings is not None else []
        self.off.say(
            Tone.WAITING,
            tr("No way to pay is switched on."),
            tr("A manager enters the provider’s keys under Settings; then Pay works."),
            actions,
        )

    def focus_advice(self) -> bool:
        """The focus goes to the first press that settles something; False where nothing is left to settle."""
        buttons = self.advice.buttons or self.lines.mark_advised()
        if buttons:
            buttons[0].setFocus()
        return bool(buttons)

    @Slot()
    def _go_on(self) -> None:
        if not self.focus_advice():
            self.advice_over.emit()

    def show_pay(self, verb: str, amount: str) -> None:
        """What Pay does now."""
        self.pay.show_amount(verb, amount, self._desk.commands.hint(Key.PAY))


def _follow(action: QAction, button: Button) -> None:
    """A button that does a command can be pressed when the command can be given."""

    def follow() -> None:
        if isValid(button):
            button.setEnabled(action.isEnabled())

    action.changed.connect(follow)
    follow()
