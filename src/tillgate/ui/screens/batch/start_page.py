"""Before the batch: the device, what it owes, how many of its invoices, whose e-mail, and Start."""

from __future__ import annotations

from functools import partial
from typing import Final

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from tillgate.domain.batch import MOST, parse_count
from tillgate.domain.changes import Kind
from tillgate.domain.errors import Invalid, TillgateError
from tillgate.i18n import ntr, tr
from tillgate.services.batch_payment import StartBatch, new_batch_key
from tillgate.services.device_lists import DeviceDetails, load_device_details
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.batch.desk import BatchDesk
from tillgate.ui.screens.batch.device_finder import DeviceFinder
from tillgate.ui.screens.batch.invoice_rows import InvoiceRows
from tillgate.ui.screens.batch.keys import SCREEN
from tillgate.ui.screens.batch.words import DEVICE
from tillgate.ui.screens.checkout.amounts import PayButton
from tillgate.ui.screens.form_dialog import sentence
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.facts import Facts
from tillgate.ui.widgets.fields import TextField
from tillgate.ui.widgets.labels import plain_label, set_text
from tillgate.ui.widgets.notices import EmptyState, InlineNotice, NoticeAction
from tillgate.ui.widgets.scrolling import scrolled
from tillgate.ui.widgets.status_badge import StatusBadge

_LEFT_WIDTH: Final = 350


class CountField(TextField):
    """How many invoices: typed, or one more and one less by its buttons or the arrow keys."""

    def __init__(self) -> None:
        super().__init__(tr("Invoices to pay (1 to {most})", most=MOST), limit=6)
        self.line.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.less = Button(tone=ButtonTone.ICON, icon="minus", name=tr("One invoice less"), on_click=self._step(-1))
        self.more = Button(tone=ButtonTone.ICON, icon="plus", name=tr("One invoice more"), on_click=self._step(1))
        row = QHBoxLayout()
        row.setSpacing(4)
        self.column.insertLayout(1, row)
        for widget in (self.line, self.less, self.more):
            row.addWidget(widget)

    @property
    def count(self) -> int:
        """What is typed; 0 while it is no number of invoices."""
        try:
            return parse_count(self.text)
        except Invalid:
            return 0

    def _step(self, by: int) -> partial[None]:
        return partial(self._go, by)

    def _go(self, by: int) -> None:
        self.set_text(str(min(max(self.count + by, 1), MOST)))


class StartPage(QWidget):
    """`asked(StartBatch)` on a press of Start; `batch_asked(int)` to see a batch of this device."""

    asked = Signal(object)

    def __init__(self, office: BackOffice, desk: BatchDesk) -> None:
        super().__init__()
        self._office, self._desk = office, desk
        self.details: DeviceDetails | None = None
        self._key = ""
        self._working = False
        self.finder = DeviceFinder(office)
        self.finder.found.connect(self.show_device)
        self.name = plain_label(role="title", wrap=True)
        self.badge = StatusBadge(next(iter(DEVICE.values())))
        self.other = Button(tr("Another device"), icon="search", on_click=self.choose_device,
                            hint=office.hint(f"{SCREEN}.find"))  # fmt: skip
        self.count = CountField()
        self.email = TextField(tr("Customer’s e-mail"), limit=254)
        self.notice = InlineNotice(closable=True)
        self.chosen = plain_label(tone="muted", wrap=True)
        self.start = PayButton()
        self.start.clicked.connect(self.press)
        self.rows = InvoiceRows(office)
        self.empty = EmptyState(
            "monitor",
            tr("Choose a device"),
            tr("Scan or type its code, or look for its customer. Its open invoices appear here, oldest first."),
        )
        self.nothing = EmptyState("circle-check", tr("Nothing to pay"), tr("This device has no open invoice."))
        self._facts = QVBoxLayout()
        self._shown_facts: Facts | None = None
        self._lay_out()
        self.count.changed.connect(lambda _text: self._show_chosen())
        for field in (self.count, self.email):
            field.submitted.connect(self.press)
        office.tasks.watch(self, {Kind.DEVICE, Kind.PAYMENT}, lambda _changes: self._read_again())
        self._show_page()
        self.finder.begin()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self.name, 1)
        head.addWidget(self.badge, 0, Qt.AlignmentFlag.AlignTop)
        self._one = QFrame()
        self._one.setProperty("surface", "raised")
        left = QVBoxLayout(self._one)
        left.setContentsMargins(18, 16, 18, 16)
        left.setSpacing(10)
        left.addLayout(head)
        left.addLayout(self._facts)
        left.addWidget(self.other)
        left.addSpacing(4)
        left.addWidget(self.count)
        left.addWidget(self.email)
        left.addStretch(1)
        left.addWidget(self.notice)
        left.addWidget(self.chosen)
        left.addWidget(self.start)
        self._left = QStackedWidget()
        self._left.setFixedWidth(_LEFT_WIDTH)
        self._left.addWidget(self.finder)
        self._left.addWidget(scrolled(self._one))
        listed = QWidget()
        column = QVBoxLayout(listed)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(plain_label(tr("Open invoices, oldest first"), "strong"))
        column.addWidget(scrolled(self.rows), 1)
        self._right = QStackedWidget()
        for page in (self.empty, self.nothing, listed):
            self._right.addWidget(page)
        self._listed = listed
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(20)
        row.addWidget(self._left)
        row.addWidget(self._right, 1)

    # The device

    @Slot()
    def choose_device(self) -> None:
        """Choose a device."""
        self.details = None
        self.notice.clear()
        self._show_page()
        self.finder.begin()
        self.finder.search.setFocus()

    @Slot(object)
    def show_device(self, details: DeviceDetails) -> None:
        """A device was chosen: here the batch's key is made, and every press of Start is one batch until it began."""
        self._key = new_batch_key()
        self.notice.clear()
        self.email.set_text(details.owner.email)
        self.count.set_text(str(min(max(len(details.open), 1), MOST)))
        self._show(details)
        self.count.setFocus()
        self.count.line.selectAll()

    def _show(self, details: DeviceDetails) -> None:
        self.details = details
        here = details.device
        set_text(self.name, here.code)
        self.badge.show_status(DEVICE[here.status])
        if self._shown_facts is not None:
            self._shown_facts.hide()
            self._shown_facts.deleteLater()
        self._shown_facts = Facts(
            [
                (tr("Name"), here.name),
                (tr("Customer"), details.owner.name),
                (tr("Phone"), details.owner.phone),
                (tr("Daily rate"), self._office.money(here.rate)),
            ]
        )
        self._facts.addWidget(self._shown_facts)
        self.rows.show_invoices(details.open, details.open_count)
        self._show_chosen()
        self._show_page()

    def _read_again(self) -> None:
        if self.details is None or not self.isVisible():
            return
        number = self.details.device.id
        work = partial(load_device_details, self._office.till, self._office.actor, number)

        def show(found: DeviceDetails) -> None:
            if self.details is not None and self.details.device.id == number and found != self.details:
                self._show(found)

        self._office.tasks.run(self, work, show, self.notice.show_error, label="device")

    # Start

    @Slot()
    def press(self) -> None:
        """Ask for the batch as it stands in the fields; the service says what is wrong with it."""
        if self.details is None or not self.start.isEnabled():
            return
        self.notice.clear()
        for field in (self.count, self.email):
            field.show_error("")
        self.show_working(working=True)
        provider, method = self._desk.way()
        self.asked.emit(
            StartBatch(self._key, self.details.device.code, self.count.text, self.email.text, provider, method)
        )

    def show_working(self, *, working: bool) -> None:
        """Start is disabled while a press is under way."""
        self._working = working
        self._show_chosen()

    def show_error(self, error: TillgateError) -> None:
        """Nothing was created: why, at the field that it is about."""
        self.show_working(working=False)
        field = {"count": self.count, "email": self.email}.get(str(error.values.get("field", "")))
        if field is not None:
            field.show_error(sentence(error))
            field.setFocus()
            return
        # Another till's changes are told to nobody here: what stands there may be what was refused.
        self._read_again()
        settings = self._desk.open_settings
        keys = error.values.get("field") == "provider"
        actions = [NoticeAction(tr("Open Settings"), settings, "settings")] if keys and settings is not None else []
        self.notice.show_error(error, actions)

    def take_focus(self) -> None:
        """In front again."""
        (self.count if self.details is not None else self.finder.search).setFocus()

    # What is shown

    def _show_chosen(self) -> None:
        if self.details is None:
            return
        count = self.count.count
        chosen = self.details.chosen(count)
        self.rows.choose(count)
        said = ntr("{count} invoice, one after another", "{count} invoices, one after another", len(chosen))
        if count > len(self.details.open):
            said = ntr("Only {count} invoice is open", "Only {count} invoices are open", len(self.details.open))
        set_text(self.chosen, said if chosen else "")
        amount = self._office.money(self.details.due(count)) if chosen else ""
        verb = tr("Starting…") if self._working else tr("Start")
        self.start.show_amount(verb, amount, self._office.hint(f"{SCREEN}.start"))
        # With a number that is none the press says what is wrong with it.
        self.start.setEnabled(not self._working and bool(self.details.open))

    def _show_page(self) -> None:
        here = self.details
        self._left.setCurrentIndex(0 if here is None else 1)
        self._right.setCurrentWidget(self.empty if here is None else self._listed if here.open else self.nothing)
