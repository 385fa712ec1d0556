"""A vendor: who they are, how their orders begin, what the store takes, and how their invoices look."""

from __future__ import annotations

from functools import partial

from PySide6.QtWidgets import QCheckBox, QWidget

from tillgate.domain.money import Money
from tillgate.domain.settings import STORE_CURRENCY
from tillgate.i18n import tr
from tillgate.services.catalogue import VendorRecord
from tillgate.services.catalogue_drafts import VendorDraft
from tillgate.services.catalogue_edits import save_vendor
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.form_dialog import FormDialog, PercentField, minor
from tillgate.ui.widgets.fields import MoneyField, TextField


class VendorDialog(FormDialog):
    """`saved(vendor_id)`. `vendor` None adds one."""

    def __init__(self, parent: QWidget, office: BackOffice, vendor: VendorRecord | None = None, text: str = "") -> None:
        title = tr("Change {name}", name=vendor.name) if vendor else tr("New vendor")
        super().__init__(parent, office, title, text, verb=tr("Save") if vendor else tr("Add the vendor"))
        self._vendor = vendor
        self._currency = vendor.currency if vendor else office.till.settings()[STORE_CURRENCY]
        self.name = TextField(tr("Name"), limit=120)
        self.code = TextField(tr("Code"), placeholder=tr("Short and unique, as BOOKS"), limit=32)
        self.email = TextField(tr("E-mail for new orders"), limit=254)
        self.phone = TextField(tr("Phone"), limit=40)
        self.address = TextField(tr("Address on invoices"), limit=300)
        self.tax_number = TextField(tr("Tax number"), limit=40)
        self.fee_flat = MoneyField(tr("Service fee an order"), self._currency, allow_zero=True)
        self.fee_rate = PercentField(tr("Service fee of the items"), vendor.fee_bp if vendor else 0)
        self.brand_color = TextField(tr("Colour of the invoices"), placeholder="#1D4ED8", limit=7)
        self.brand_mark = TextField(tr("Letters of the mark"), placeholder=tr("One to three"), limit=3)
        self.auto_approve = QCheckBox(tr("Orders are approved at once"))
        self.active = QCheckBox(tr("In use: the products can be sold"))
        self.fields = {
            "name": self.name, "code": self.code, "email": self.email, "phone": self.phone, "address": self.address,
            "tax_number": self.tax_number, "fee_flat_minor": self.fee_flat, "fee_bp": self.fee_rate,
            "brand_color": self.brand_color, "brand_mark": self.brand_mark,
        }  # fmt: skip
        self.form.add(self.name, self.code)
        self.form.add(self.email, self.phone)
        self.form.add(self.address)
        self.form.add(self.fee_flat, self.fee_rate)
        self.form.add(self.tax_number, self.brand_color)
        self.form.add(self.brand_mark, self.auto_approve)
        self.form.add(self.active)
        self.active.setVisible(vendor is not None)
        self._fill()
        self.name.setFocus()

    def _fill(self) -> None:
        known = self._vendor
        self.active.setChecked(bool(known.active) if known else True)
        self.auto_approve.setChecked(bool(known.auto_approve) if known else True)
        if known is None:
            return
        for field, text in (
            (self.name, known.name),
            (self.code, known.code),
            (self.email, known.email),
            (self.phone, known.phone),
            (self.address, known.address),
            (self.tax_number, known.tax_number),
            (self.brand_color, known.brand_color),
            (self.brand_mark, known.brand_mark),
        ):
            field.set_text(text)
        if known.fee_flat_minor:
            self.fee_flat.set_amount(Money(known.fee_flat_minor, known.currency))

    def save(self) -> None:
        """Read the fields and save the vendor."""
        flat, rate = minor(self.fee_flat), self.fee_rate.rate()
        if not self.all_read({self.fee_flat: flat, self.fee_rate: rate}):
            return
        draft = VendorDraft(
            code=self.code.text,
            name=self.name.text,
            currency=self._currency,
            email=self.email.text,
            phone=self.phone.text,
            address=self.address.text,
            tax_number=self.tax_number.text,
            brand_color=self.brand_color.text,
            brand_mark=self.brand_mark.text,
            auto_approve=self.auto_approve.isChecked(),
            fee_flat_minor=flat or 0,
            fee_bp=rate or 0,
            active=self.active.isChecked(),
        )
        till, actor, known = self._office.till, self._office.actor, self._vendor
        version = known.version if known else 0
        self.run(partial(save_vendor, till, actor, draft, vendor_id=known.id if known else None, version=version))
