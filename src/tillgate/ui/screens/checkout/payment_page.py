"""A page on which one payment that is for no cart is followed: the panel while it lasts, then how it ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from tillgate.domain.errors import TillgateError
from tillgate.i18n import tr
from tillgate.services.cancel import Ended
from tillgate.services.link_notices import Way
from tillgate.services.payment_views import PaymentView
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.checkout.desk import CheckoutDesk
from tillgate.ui.screens.checkout.end_panel import EndPanel
from tillgate.ui.screens.checkout.keys import Key
from tillgate.ui.screens.checkout.papers import Papers
from tillgate.ui.screens.checkout.paying import Paying
from tillgate.ui.screens.checkout.payment_panel import PaymentPanel
from tillgate.ui.screens.checkout.stage_words import Words
from tillgate.ui.screens.checkout.stages import IN_PROGRESS, PAYABLE, TELLS, Stage
from tillgate.ui.theme import Density, Tone, set_density
from tillgate.ui.widgets.labels import plain_label, set_text
from tillgate.ui.widgets.notices import announce

_NEW: Final = frozenset({Stage.CREATING, Stage.WAITING})
_CANCELLABLE: Final = IN_PROGRESS - {Stage.ENDING, Stage.FINISHING}


class Followed(Paying):
    """As `Paying`, of a payment that is for no cart."""

    def follow(self, payment_id: int, *, opens: bool) -> None:
        """Show a payment as it stands, with its page in the browser if it `opens`."""
        self.review(payment_id, None)
        self._opens = opens

    def resume(self) -> None:
        """Look again, after the till was locked."""
        if self.situation is not None:
            self._timer.start()
            self.look()


class PaymentPage(QWidget):
    """`left` when what was there before should be in front again; a payment that is under way goes on without the page.

    `screen` is whose commands these are; `keys` which of them are the panel's.
    """

    left = Signal()

    def __init__(
        self,
        office: BackOffice,
        desk: CheckoutDesk,
        paying: Followed,
        screen: str,
        *,
        keys: Mapping[Key, str],
        words: Mapping[Stage, Words],
        back: str,
    ) -> None:
        super().__init__()
        self._office, self._desk, self._screen = office, desk, screen
        self._stage: Stage | None = None
        set_density(self, Density.TOUCH)
        self.paying = paying
        self.paying.setParent(self)
        self.panel = PaymentPanel(desk, keys=keys, words=words, leave=back)
        self.end = EndPanel(desk, words, back)
        self.papers = Papers(desk, self.end.notice, self)
        self.told = plain_label(role="strong", tone="settled", wrap=True)
        self.told.hide()
        self._side = QStackedWidget()
        for panel in (self.panel, self.end):
            self._side.addWidget(panel)
        self.side = QVBoxLayout()
        self.side.setSpacing(12)
        self.side.addWidget(self.told)
        self.side.addWidget(self._side, 1)
        self.end.again_asked.connect(self.try_again)
        self.end.back_asked.connect(self.leave)
        self.end.exceptions_asked.connect(self._to_exceptions)
        self.end.receipt_asked.connect(lambda: self.papers.save_receipt(self.paying.payment_id))
        self.end.print_asked.connect(lambda: self.papers.print_receipt(self.paying.payment_id))
        self.paying.changed.connect(self._show_payment_now)
        self.paying.not_started.connect(self.not_started)
        self.paying.refused.connect(self.refused)
        self.paying.ended.connect(self._given_up)
        self.paying.link_sent.connect(self.panel.say_sent)

    # What each page says itself

    def show_opening(self) -> None:
        """The payment is not known yet."""

    def use_words(self, view: PaymentView) -> None:
        """Choose the words for what a payment is for, where there are several."""

    def moved(self) -> None:
        """The payment stands elsewhere than before."""

    def try_again(self) -> None:
        """Try again was pressed, after it had ended."""
        raise NotImplementedError

    def not_started(self, error: TillgateError) -> None:
        """There is no payment to show."""
        raise NotImplementedError

    # In and out

    def entered(self) -> None:
        """In front again."""
        self.tell_front(shown=True)
        self.paying.resume()
        self.take_focus()

    def take_focus(self) -> None:
        """Put the focus on what Enter should do."""
        if self._side.currentWidget() is self.end:
            self.end.take_focus()
        else:
            self.panel.setFocus()

    @Slot()
    def leave(self) -> None:
        """Back to what was there before; what is under way goes on."""
        self.paying.forget()
        self._stage = None
        self.tell_front(shown=False)
        self.show_commands()
        self.left.emit()

    def begin(self) -> None:
        """Another payment is about to be shown."""
        self.paying.forget()
        self.end.forget()
        self.tell("")
        self._stage = None

    def tell_front(self, *, shown: bool) -> None:
        """What is told here of a payment's end is told nowhere else; what is not `shown` may be."""
        now = self.paying.situation
        if self._desk.in_front is None:
            return
        number = self.paying.payment_id
        tells = shown and now is not None and now.view is not None and number is not None
        self._desk.in_front({number: TELLS.get(now.stage)} if tells and now and number else {})

    def do(self, verb: str) -> None:
        """A command of the payment was given."""
        acts: dict[str, Callable[[], object]] = {
            "open_browser": self.paying.open_browser,
            "copy_link": self._copy_link,
            "mail_link": partial(self.paying.send_link, Way.MAIL),
            "text_link": partial(self.paying.send_link, Way.TEXT),
            "check_now": self.paying.check,
            "cancel_payment": self.paying.cancel,
            "leave": self.leave,
        }
        acts[verb]()

    def tell(self, text: str) -> None:
        """Say something above the panel, until the payment is past waiting."""
        set_text(self.told, text)
        self.told.setVisible(bool(text))

    # What is shown

    @Slot()
    def _show_payment_now(self) -> None:
        now = self.paying.situation
        if now is None:
            return
        if now.view is None:
            self.show_opening()
            self.show_commands()
            return
        self.use_words(now.view)
        moved, self._stage = now.stage is not self._stage, now.stage
        self.tell_front(shown=self.isVisible())
        waits = now.stage in IN_PROGRESS
        panel = self.panel if waits else self.end
        turned = self._side.currentWidget() is not panel
        self._side.setCurrentWidget(panel)
        self.show_commands()
        if waits:
            self.panel.show_situation(now, ())
        else:
            self.end.show_situation(now)
        if now.stage not in _NEW:
            self.tell("")
        if turned:
            self.take_focus()
        if moved:
            announce(panel, self.panel.spoken if waits else self.end.spoken)
            self.moved()

    def show_commands(self) -> None:
        """Only what can be done now."""
        now = self.paying.situation
        known = now is not None and now.view is not None and not self.paying.busy
        waits = known and now is not None and now.stage in IN_PROGRESS
        payable = waits and now is not None and now.stage in PAYABLE and now.url is not None
        can = {
            "open_browser": payable,
            "copy_link": payable,
            "mail_link": payable and self.paying.can_send(Way.MAIL),
            "text_link": payable and self.paying.can_send(Way.TEXT),
            "check_now": waits,
            "cancel_payment": waits and now is not None and now.stage in _CANCELLABLE,
            "leave": now is not None and now.view is not None,
        }
        for verb, able in can.items():
            self._office.commands.set_enabled(f"{self._screen}.{verb}", bool(able))

    @Slot(object)
    def refused(self, error: TillgateError) -> None:
        """A press could not be done."""
        now = self._side.currentWidget()
        notice = self.panel.notice if now is self.panel else self.end.notice
        notice.show_error(error)

    @Slot(object)
    def _given_up(self, ended: Ended) -> None:
        if ended is Ended.CHECKING:
            self.panel.notice.say(
                Tone.WAITING, tr("It is not certain that the checkout is closed."), tr("Do not charge again.")
            )

    @Slot()
    def _to_exceptions(self) -> None:
        if self._desk.open_exceptions is not None:
            self._desk.open_exceptions()

    def _copy_link(self) -> None:
        now = self.paying.situation
        if now is not None and now.url:
            QGuiApplication.clipboard().setText(now.url)
            self.panel.notice.say(Tone.SETTLED, tr("The link is copied."))
