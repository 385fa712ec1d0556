"""A device, new or to be changed, and the reason for a decision about one of its invoices."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from PySide6.QtWidgets import QWidget

from tillgate.domain.devices import DeviceStatus
from tillgate.i18n import tr
from tillgate.services.device_invoices import cancel_invoice, reopen_invoice
from tillgate.services.device_lists import DeviceRow, InvoiceRow
from tillgate.services.devices import DeviceDraft, save_device
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.batch.words import DEVICE
from tillgate.ui.screens.form_dialog import ChoiceField, FormDialog
from tillgate.ui.screens.person_field import CustomerField
from tillgate.ui.widgets.fields import MoneyField, TextField
from tillgate.ui.widgets.moments import DayField

# What the providers of batch payment collect (providers/wompi).
_CURRENCY: Final = "COP"


class DeviceDialog(FormDialog):
    """`saved(int)` with the device's number."""

    def __init__(self, parent: QWidget, office: BackOffice, row: DeviceRow | None = None) -> None:
        title = tr("New device") if row is None else tr("Change {name}", name=row.device.code)
        told = "" if row is None else tr("What changes counts from tomorrow; days up to today stay as they were.")
        super().__init__(parent, office, title, told, verb=tr("Save the device"), width=600)
        self._row = row
        here = row.device if row is not None else None
        self.code = TextField(tr("Code"), placeholder="BIKE001", limit=32)
        self.name = TextField(tr("Name"), limit=120)
        self.customer = CustomerField(office)
        self.rate = MoneyField(tr("Daily rate"), here.currency if here is not None else _CURRENCY)
        self.status = ChoiceField(tr("State"))
        for each in DeviceStatus:
            self.status.combo.addItem(DEVICE[each].text, each)
        self.starts = DayField(tr("Invoiced from"), office.today())
        self.form.add(self.code, self.name)
        self.form.add(self.customer)
        self.form.add(self.rate, self.status)
        if here is None:
            self.form.add(self.starts)
        self.fields = {"code": self.code, "name": self.name, "customer": self.customer, "rate": self.rate,
                       "starts_on": self.starts}  # fmt: skip
        self.code.setFocus()
        if row is not None:
            self._fill(row)

    def _fill(self, row: DeviceRow) -> None:
        here = row.device
        self.code.set_text(here.code)
        self.code.line.setReadOnly(True)
        self.name.set_text(here.name)
        self.rate.set_amount(here.rate)
        self.status.choose(here.status)
        self.customer.show_person(here.customer_id, row.customer, row.phone)
        self.name.setFocus()

    def save(self) -> None:
        """Choose who is marked, as long as nobody is chosen; then save."""
        if self.customer.value is None:
            if not self.customer.pick() and self.customer.list.isHidden():
                self.customer.show_error(tr("Choose whose device it is."))
            return
        rate = self.rate.amount()
        if rate is None:
            self.all_read({self.rate: rate})
            return
        fresh = self._row is None
        draft = DeviceDraft(self.code.text, self.name.text, self.customer.value, rate, self.status.value,
                            self.starts.value if fresh else None)  # fmt: skip
        here = self._row.device if self._row is not None else None
        work = partial(save_device, self._office.till, self._office.actor, draft)
        self.run(work if here is None else partial(work, device_id=here.id, version=here.version))


class ReasonDialog(FormDialog):
    """`saved` once a decision about an invoice is made, with its reason."""

    def __init__(
        self, parent: QWidget, office: BackOffice, title: str, text: str, *, verb: str, decide: Callable[[str], object]
    ) -> None:
        super().__init__(parent, office, title, text, verb=verb, width=480)
        self._decide = decide
        self.reason = TextField(tr("Reason"), limit=200)
        self.fields = {"reason": self.reason}
        self.form.add(self.reason)
        self.reason.setFocus()

    def save(self) -> None:
        """Decide."""
        self.run(partial(self._decide, self.reason.text))


def ask_cancel(parent: QWidget, office: BackOffice, row: InvoiceRow) -> ReasonDialog:
    """An invoice is not owed after all."""
    return ReasonDialog(
        parent,
        office,
        tr("Cancel {number}", number=row.number),
        tr("{amount} is not owed any more. The invoice stays in the list, with the reason.",
           amount=office.money(row.amount)),
        verb=tr("Cancel the invoice"),
        decide=lambda reason: cancel_invoice(office.till, office.actor, row.id, reason),
    )  # fmt: skip


def ask_reopen(parent: QWidget, office: BackOffice, row: InvoiceRow) -> ReasonDialog:
    """An invoice whose money went back is owed again."""
    return ReasonDialog(
        parent,
        office,
        tr("Ask for {number} again", number=row.number),
        tr("Its money went back in full. It is owed again, and the next batch takes it."),
        verb=tr("Ask for it again"),
        decide=lambda reason: reopen_invoice(office.till, office.actor, row.id, reason),
    )
