"""The payment in progress, in the cart's place: what is awaited, for how long, and everything that can be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from tillgate.i18n import mark, ntr, tr
from tillgate.labels import provider_name
from tillgate.services.link_notices import FOR_PHONES, Way, address_of
from tillgate.services.payment_news import PaymentNews
from tillgate.ui.message_text import MessageText
from tillgate.ui.screens.checkout.amounts import BigAmount
from tillgate.ui.screens.checkout.desk import CheckoutDesk, Tender
from tillgate.ui.screens.checkout.keys import Key
from tillgate.ui.screens.checkout.paying import Browser, Doing, Situation
from tillgate.ui.screens.checkout.stage_words import WORDS, Words
from tillgate.ui.screens.checkout.stages import HELD, PAYABLE, Stage
from tillgate.ui.screens.checkout.tender_list import TenderList
from tillgate.ui.text import shown
from tillgate.ui.theme import Tone
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.labels import (
    ElapsedLabel,
    ElidedLabel,
    IconLabel,
    as_tooltip,
    line,
    plain_label,
    set_text,
    set_tone,
)
from tillgate.ui.widgets.notices import InlineNotice
from tillgate.ui.widgets.qr_view import QrFrame
from tillgate.ui.widgets.status_badge import StatusBadge

_QR_MOST: Final = 320
_MAY_TRY_AGAIN: Final = frozenset({Stage.WAITING, Stage.OFFLINE, Stage.CHECKING})
_DOING: Final = {
    Doing.NOTHING: "",
    Doing.STARTING: "",
    Doing.SENDING: "",
    Doing.CHECKING: mark("Asking {provider} now."),
    Doing.CANCELLING: mark("Asking {provider} to close the checkout."),
    Doing.SWITCHING: mark("Closing the first way to pay before another is opened."),
}


class PaymentPanel(QFrame):
    """`switch_asked(Tender)`; all other presses are the screen's commands.

    Another screen that shows a payment gives its own commands for `keys`, its own words, and how it is left.
    """

    switch_asked = Signal(object)

    def __init__(
        self,
        desk: CheckoutDesk,
        *,
        keys: Mapping[Key, str] | None = None,
        words: Mapping[Stage, Words] = WORDS,
        leave: str = "",
    ) -> None:
        super().__init__()
        self._desk = desk
        self._keys: Mapping[Key, str] = keys if keys is not None else {key: key.value for key in Key}
        self.words, self._leave = words, leave
        self.setProperty("surface", "raised")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._icon = IconLabel("credit-card", "muted", 20)
        self._tender = ElidedLabel(role="label")
        self.elapsed = ElapsedLabel(desk.till.clock.now, role="title")
        self.amount = BigAmount()
        self.badge = StatusBadge(WORDS[Stage.CREATING].status)
        self.title = plain_label(role="title", wrap=True)
        self.what = plain_label(tone="muted", wrap=True)
        self.money = plain_label(role="strong", tone="waiting", wrap=True)
        self.doing = plain_label(role="label", tone="accent", wrap=True)
        self.declined = InlineNotice()
        self._declined: tuple[object, ...] = (False,)
        self._no_browser: Tender | None = None
        self.notice = InlineNotice(closable=True)
        self.qr = QrFrame(tr("Code to pay with a phone"), _QR_MOST)
        self._caption = plain_label(tr("Scan with the customer’s phone to pay"), "label")
        self._caption.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.link = QLineEdit()
        self.link.setReadOnly(True)
        self.link.setAccessibleName(tr("Payment link"))
        self._make_buttons()
        self._lay_out()

    def _make_buttons(self) -> None:
        def button(key: Key, text: str, icon: str) -> Button:
            commands = self._desk.commands
            name = self._keys[key]
            made = Button(text, icon=icon, hint=commands.hint(name), on_click=commands.action(name).trigger)
            made.setProperty("snug", "true")
            return made

        self.open = button(Key.OPEN_BROWSER, tr("Open it"), "external-link")
        self.open.setToolTip(tr("Open the payment in the browser"))
        self.check = button(Key.CHECK_NOW, tr("Check"), "refresh-cw")
        self.check.setToolTip(tr("Check the payment now"))
        self.hold = button(Key.HOLD, self._leave or tr("Hold"), "arrow-left" if self._leave else "pause")
        self.copy = self._icon_button(Key.COPY_LINK, "copy", tr("Copy the payment link"))
        self.mail = self._icon_button(Key.MAIL_LINK, "mail", tr("Mail the payment link"))
        self.text = self._icon_button(Key.TEXT_LINK, "smartphone", tr("Text the payment link"))
        cancelling = self._desk.commands.action(self._keys[Key.CANCEL_PAYMENT]).trigger
        hint = self._desk.commands.hint(self._keys[Key.CANCEL_PAYMENT])
        self.cancel = Button(tr("Cancel payment"), tone=ButtonTone.DESTRUCTIVE, hint=hint, on_click=cancelling)
        self.tenders = TenderList(folded=True)
        self.tenders.chosen.connect(self.switch_asked)
        self.why = QWidget()
        row = QHBoxLayout(self.why)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(IconLabel("hand", "waiting"))
        held = tr("Do not charge again: another way to pay opens once this one is settled.")
        row.addWidget(plain_label(held, "label", tone="waiting", wrap=True), 1)

    def _icon_button(self, key: Key, icon: str, name: str) -> Button:
        trigger = self._desk.commands.action(self._keys[key]).trigger
        return Button(tone=ButtonTone.ICON, icon=icon, name=name, on_click=trigger)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(20, 0, 12, 0)
        head.setSpacing(8)
        head.addWidget(self._icon)
        head.addWidget(self._tender, 1)
        # Far from where Pay was: a second press of the mouse must not give up what the first began.
        head.addWidget(self.cancel)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 10, 1, 14)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self._body(), 1)
        column.addWidget(line())
        column.addLayout(self._foot())

    def _body(self) -> QScrollArea:
        state = QHBoxLayout()
        state.addWidget(self.badge)
        state.addStretch(1)
        state.addWidget(self.elapsed)
        link = QHBoxLayout()
        link.setSpacing(4)
        link.addWidget(self.link, 1)
        for button in (self.copy, self.mail, self.text):
            link.addWidget(button)
        page = QWidget()
        page.setProperty("page", "true")
        body = QVBoxLayout(page)
        body.setContentsMargins(20, 4, 20, 4)
        body.setSpacing(6)
        body.addWidget(self.amount)
        body.addLayout(state)
        body.addSpacing(2)
        for widget in (self.title, self.what, self.money, self.declined, self.doing, self.notice):
            body.addWidget(widget)
        body.addSpacing(4)
        body.addWidget(self.qr, 1)
        body.addWidget(self._caption)
        body.addLayout(link)
        body.addStretch(0)
        scroll = QScrollArea()
        scroll.setWidget(page)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.viewport().setAutoFillBackground(False)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        return scroll

    def _foot(self) -> QVBoxLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(8)
        grid.addWidget(self.open, 0, 0)
        grid.addWidget(self.hold, 0, 1)
        grid.addWidget(self.tenders, 1, 0)
        grid.addWidget(self.check, 1, 1, Qt.AlignmentFlag.AlignTop)
        for column in (0, 1):
            grid.setColumnStretch(column, 1)
        foot = QVBoxLayout()
        foot.setContentsMargins(12, 4, 12, 0)
        foot.setSpacing(8)
        foot.addWidget(self.why)
        foot.addLayout(grid)
        return foot

    def show_situation(self, now: Situation, others: Sequence[Tender], apart: PaymentNews | None = None) -> None:
        """Show how the payment stands, and the other ways to pay; `apart` where it is not of the open cart."""
        self.hold.show_text(self._leave or (tr("Hold") if apart is None else tr("Go back")))
        words, view = self.words[now.stage], now.view
        self._icon.show_icon(now.tender.icon, "muted")
        self._tender.show_text(tr(now.tender.title))
        self.elapsed.start(now.since)
        self.amount.show_text(self._desk.money(now.amount))
        self.badge.show_status(words.status)
        provider = provider_words(now)
        texts = {"provider": provider, "amount": self.amount.text}
        set_text(self.title, tr(words.title, **texts))
        set_text(self.what, tr(words.what, **texts))
        self._show_money(tr(words.money, **texts) if words.money else "", tr(words.then, **texts) if words.then else "",
                         alarming=now.stage in HELD)  # fmt: skip
        doing = _DOING[now.doing]
        set_text(self.doing, tr(doing, **texts) if doing else "")
        self.doing.setVisible(bool(doing))
        self._show_declined(now, provider)
        self._show_link(now)
        self._show_browser(now)
        self._show_buttons()
        held = now.stage in HELD or now.doing is not Doing.NOTHING or view is None
        self.show_ways(others, now.tender, held=held)
        self.why.setVisible(now.stage in HELD and bool(self.tenders.buttons))
        self.setAccessibleName(self.spoken)

    def show_ways(self, tenders: Sequence[Tender], taken: Tender | None, *, held: bool = False) -> None:
        """Show the ways to pay but the one that is `taken`; `held` switches them off. Asked before a payment, so that
        the press of Pay need not make them."""
        self.tenders.show_tenders([each for each in tenders if each != taken], held=held)

    def say_sent(self, address: str) -> None:
        """The link is on its way."""
        self.notice.say(Tone.SETTLED, tr("The link goes to {address}.", address=shown(address, 80)))

    def _show_buttons(self) -> None:
        commands = self._desk.commands
        buttons = {
            Key.OPEN_BROWSER: self.open,
            Key.COPY_LINK: self.copy,
            Key.MAIL_LINK: self.mail,
            Key.TEXT_LINK: self.text,
            Key.CHECK_NOW: self.check,
            Key.HOLD: self.hold,
            Key.CANCEL_PAYMENT: self.cancel,
        }
        for key, button in buttons.items():
            button.setEnabled(commands.action(self._keys[key]).isEnabled())

    @property
    def spoken(self) -> str:
        """The state in words, for the screen reader."""
        parts = (self.title.text(), self.amount.text, self.what.text(), self.money.text())
        return "\n".join(part for part in parts if part)

    def _show_money(self, money: str, then: str, *, alarming: bool) -> None:
        set_text(self.money, " ".join(part for part in (money, then) if part))
        set_tone(self.money, "waiting" if alarming else "")
        self.money.setVisible(bool(money or then))

    def _show_declined(self, now: Situation, provider: str) -> None:
        """A try that the customer's bank refused, or a page that was left; said once for each."""
        declined = now.view.declined if now.view is not None and now.stage in _MAY_TRY_AGAIN else ()
        left = now.left and now.stage is Stage.WAITING
        shown_now = (left, *(each.provider_ref for each in declined))
        if shown_now == self._declined:
            return
        self._declined = shown_now
        if left:
            then = tr("No money has arrived. Open the page again, take another way to pay, or cancel.")
            self.declined.show_text(Tone.WAITING, MessageText(tr("The page was left without paying."), "", then))
            return
        if not declined:
            self.declined.clear()
            return
        what = ntr("{count} try to pay was declined.", "{count} tries to pay were declined.", len(declined))
        reason = shown(declined[-1].reason, 160)
        told = tr("{provider} says: {words}", provider=provider, words=reason) if reason else ""
        self.declined.show_text(
            Tone.WAITING,
            MessageText(what, told, tr("Nothing was taken. The customer can try again, in the same place.")),
        )

    def _show_link(self, now: Situation) -> None:
        url = now.url if now.stage in PAYABLE else None
        # The till's own page can't be reached from a customer's phone; a link is for phones, in training too.
        on_phone = bool(url) and now.tender.method in FOR_PHONES
        self.qr.setVisible(on_phone)
        self._caption.setVisible(on_phone)
        self.link.setVisible(bool(url))
        self.copy.setVisible(bool(url))
        for button, way in ((self.mail, Way.MAIL), (self.text, Way.TEXT)):
            address = address_of(self._desk.till, now.view, way) if now.view is not None and url else ""
            button.setVisible(bool(address))
            button.setToolTip(as_tooltip(tr("{what}: {address}", what=button.accessibleName(), address=address)))
        if url and url != self.link.text():
            self.link.setText(url)
            self.link.setCursorPosition(0)
        if on_phone and url:
            self.qr.view.show_text(url)

    def _show_browser(self, now: Situation) -> None:
        if now.browser is Browser.FAILED and now.stage in PAYABLE:
            if self._no_browser != now.tender:
                self._no_browser = now.tender
                self.notice.say(
                    Tone.WAITING,
                    tr("The browser could not be opened."),
                    tr("The customer can still pay by the code or the link.")
                    if now.tender.method in FOR_PHONES
                    else tr("Copy the address into a browser of this computer, or choose another way to pay."),
                )
        else:
            self._no_browser = None
            self.notice.clear()


def provider_words(now: Situation) -> str:
    """The provider's name, also before anything was seen."""
    return provider_name(now.tender.provider) if now.tender.provider else tr("the provider")
