"""One fee being paid: the bill at the left; Pay, the payment under way, or how it ended, at the right."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from tillgate.domain.consultation import new_key
from tillgate.domain.errors import TillgateError
from tillgate.i18n import tr
from tillgate.labels import provider_name
from tillgate.services.cancel import Ended
from tillgate.services.consultation_lists import ConsultationDetails, load_consultation
from tillgate.services.consultation_replies import ActivePayment
from tillgate.services.consultations import PayConsultation, Pressed, Why
from tillgate.services.link_notices import Way
from tillgate.ui.screens.back_office import BackOffice, PaperSaver
from tillgate.ui.screens.checkout.desk import CheckoutDesk, tender_of
from tillgate.ui.screens.checkout.payment_panel import PaymentPanel
from tillgate.ui.screens.checkout.stages import IN_PROGRESS, PAYABLE, TELLS, Stage
from tillgate.ui.screens.consultations.bill import Bill
from tillgate.ui.screens.consultations.keys import PANEL, SCREEN
from tillgate.ui.screens.consultations.pay_panels import AskPanel, EndPanel
from tillgate.ui.screens.consultations.paying import FeePaying
from tillgate.ui.screens.consultations.words import FEE_WORDS
from tillgate.ui.theme import Density, Tone, set_density
from tillgate.ui.widgets.labels import plain_label, set_text
from tillgate.ui.widgets.notices import announce

_BILL_WIDTH: Final = 380
_NEW: Final = frozenset({Stage.CREATING, Stage.WAITING})
_CANCELLABLE: Final = IN_PROGRESS - {Stage.ENDING, Stage.FINISHING}


class PayPage(QWidget):
    """`left` when the list should be in front again; a payment that is under way goes on without the page."""

    left = Signal()

    def __init__(self, office: BackOffice, desk: CheckoutDesk) -> None:
        super().__init__()
        self._office, self._desk = office, desk
        self._key = ""
        self._stage: Stage | None = None
        set_density(self, Density.TOUCH)
        self.paying = FeePaying(desk, self)
        self.ask = AskPanel(desk, office.hint(f"{SCREEN}.pay"))
        self.panel = PaymentPanel(desk, keys=PANEL, words=FEE_WORDS, leave=tr("Back to the list"))
        self.end = EndPanel(desk)
        self.told = plain_label(role="strong", tone="settled", wrap=True)
        self.told.hide()
        papers = PaperSaver(office, self, self.end.notice)
        self._papers = papers
        saving = partial(papers.save, desk.save_invoice) if desk.save_invoice is not None else None
        self.bill = Bill(office, saving, None)
        self._side = QStackedWidget()
        for panel in (self.ask, self.panel, self.end):
            self._side.addWidget(panel)
        self._lay_out()
        self._connect()
        self._show_commands()

    def _lay_out(self) -> None:
        self.bill.setProperty("page", "true")
        scroll = QScrollArea()
        scroll.setWidget(self.bill)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.viewport().setAutoFillBackground(False)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setFixedWidth(_BILL_WIDTH)
        row = QHBoxLayout(self)
        row.setContentsMargins(20, 18, 20, 14)
        row.setSpacing(20)
        row.addWidget(scroll)
        side = QVBoxLayout()
        side.setSpacing(12)
        side.addWidget(self.told)
        side.addWidget(self._side, 1)
        row.addLayout(side, 1)

    def _connect(self) -> None:
        self.ask.pay_asked.connect(self._press)
        self.ask.reopen_asked.connect(self._reopen)
        self.ask.show_asked.connect(self._show_payment)
        self.ask.back_asked.connect(self.leave)
        self.end.again_asked.connect(self._again)
        self.end.back_asked.connect(self.leave)
        self.end.receipt_asked.connect(self._save_receipt)
        self.end.invoice_asked.connect(self._save_invoice)
        self.end.exceptions_asked.connect(self._to_exceptions)
        self.paying.changed.connect(self._show_payment_now)
        self.paying.created.connect(self._created)
        self.paying.existing.connect(self._found_first)
        self.paying.not_started.connect(self._not_started)
        self.paying.refused.connect(self._refused)
        self.paying.ended.connect(self._given_up)
        self.paying.link_sent.connect(self.panel.say_sent)

    # In and out

    def open_fee(self, details: ConsultationDetails) -> None:
        """Open Pay for a fee: here its key is made, and every press until the attempt has ended is one (ruling 22)."""
        self.paying.forget()
        self.end.forget()
        self.ask.notice.clear()
        self._tell("")
        self._stage = None
        self._key = new_key(self._desk.till.clock.now())
        self._show_fee(details)
        if details.active is not None and details.active.waiting:
            self._reopen(details.active)
            return
        self._to_ask()

    def entered(self) -> None:
        """In front again."""
        self.tell_front(shown=True)
        self.paying.resume()
        if self._side.currentWidget() is self.end:
            self.end.take_focus()
        else:
            (self.ask.pay if self._side.currentWidget() is self.ask else self.panel).setFocus()

    @Slot()
    def leave(self) -> None:
        """Back to the list; what is under way goes on."""
        self.paying.forget()
        self._stage = None
        self.tell_front(shown=False)
        self._show_commands()
        self.left.emit()

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

    # Pay

    @Slot()
    def _press(self) -> None:
        details = self.bill.details
        if details is None:
            return
        here = details.visit.consultation
        tender = self._desk.tender() or tender_of("stripe", "session")
        command = PayConsultation(self._key, here.id, here.patient_id, details.assessed.due, tender.provider)
        self.paying.press(command, tender)

    @Slot(object)
    def _created(self, pressed: Pressed) -> None:
        """The document's message (seed 003, step 6); gone once the payment is past waiting."""
        provider = provider_name(pressed.payment.provider)
        self._tell(tr("The payment was created. Going to {provider}…", provider=provider))
        announce(self.told, self.told.text())

    def _tell(self, text: str) -> None:
        set_text(self.told, text)
        self.told.setVisible(bool(text))

    @Slot(object)
    def _found_first(self, pressed: Pressed) -> None:
        self._to_ask()
        self.ask.warn(pressed.payment, replayed=pressed.why is Why.REPLAY)
        self._read_bill()

    @Slot(object)
    def _reopen(self, first: ActivePayment) -> None:
        self.paying.reopen_first(first)

    @Slot(object)
    def _not_started(self, error: TillgateError) -> None:
        self._to_ask()
        self.ask.notice.show_error(error)
        self._read_bill()

    @Slot(object)
    def _refused(self, error: TillgateError) -> None:
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
    def _again(self) -> None:
        if self.bill.details is not None:
            self.open_fee(self.bill.details)

    # What is shown

    def _to_ask(self) -> None:
        self._stage = None
        self.tell_front(shown=False)
        self._tell("")
        self._side.setCurrentWidget(self.ask)
        if self.bill.details is not None:
            self._show_fee(self.bill.details)
        self.ask.wake()
        (self.ask.back if self.ask.pay.isHidden() else self.ask.pay).setFocus(Qt.FocusReason.OtherFocusReason)
        self._show_commands()

    def _show_fee(self, details: ConsultationDetails) -> None:
        self.bill.show_details(details)
        self.ask.show_fee(details.assessed.due, can=True)

    @Slot()
    def _show_payment_now(self) -> None:
        now = self.paying.situation
        if now is None:
            return
        if now.view is None:
            self.ask.show_working(working=True)
            self._show_commands()
            return
        moved, self._stage = now.stage is not self._stage, now.stage
        if self.isVisible():
            self.tell_front(shown=True)
        waits = now.stage in IN_PROGRESS
        panel = self.panel if waits else self.end
        turned = self._side.currentWidget() is not panel
        self._side.setCurrentWidget(panel)
        self._show_commands()
        if waits:
            self.panel.show_situation(now, ())
        else:
            self.end.show_situation(now)
        if now.stage not in _NEW:
            self._tell("")
        if turned:
            self.panel.setFocus() if waits else self.end.take_focus()
        if moved:
            announce(panel, self.panel.spoken if waits else self.end.spoken)
            self._read_bill()

    def _show_commands(self) -> None:
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
            self._office.commands.set_enabled(f"{SCREEN}.{verb}", bool(able))

    def _read_bill(self) -> None:
        details = self.bill.details
        if details is None:
            return
        number = details.visit.consultation.id
        work = partial(load_consultation, self._office.till, self._office.actor, number)

        def show(found: ConsultationDetails) -> None:
            shown = self.bill.details
            if shown is not None and shown.visit.consultation.id == number:
                self.bill.show_details(found)
                if self._side.currentWidget() is self.ask and not self.paying.busy:
                    self.ask.follow(found.assessed.due, can=found.payable)

        self._office.tasks.run(self, work, show, self._refused, label="consultation")

    # Papers and ways

    @Slot()
    def _save_receipt(self) -> None:
        if self.paying.payment_id is not None:
            self._papers.save(self._desk.save_receipt, self.paying.payment_id)

    @Slot()
    def _save_invoice(self) -> None:
        details = self.bill.details
        if details is not None and details.invoice is not None:
            self._papers.save(self._desk.save_invoice, details.invoice.id)

    @Slot()
    def _to_exceptions(self) -> None:
        if self._desk.open_exceptions is not None:
            self._desk.open_exceptions()

    @Slot(int)
    def _show_payment(self, payment_id: int) -> None:
        if self._office.show_payment is not None:
            self._office.show_payment(payment_id)

    def _copy_link(self) -> None:
        now = self.paying.situation
        if now is not None and now.url:
            QGuiApplication.clipboard().setText(now.url)
            self.panel.notice.say(Tone.SETTLED, tr("The link is copied."))
