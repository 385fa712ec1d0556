"""A coupon, new or to be changed."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Final

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QCheckBox, QStackedWidget, QWidget

from tillgate.domain.coupons import CouponKind, CouponTerms
from tillgate.domain.errors import TillgateError
from tillgate.domain.instalments import CURRENCY
from tillgate.domain.money import Money
from tillgate.i18n import tr
from tillgate.services.coupon_edits import CouponRow, change_coupon, create_coupon
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.form_dialog import ChoiceField, FormDialog, FormField, PercentField, WholeField, minor
from tillgate.ui.screens.instalments.coupon_words import KINDS
from tillgate.ui.screens.instalments.product_field import ProductField
from tillgate.ui.widgets.fields import MoneyField, TextField
from tillgate.ui.widgets.moments import DayField

_USUAL_DAYS: Final = 30


# The field at which a refusal is said that names none.
_PLACES: Final = {
    "coupon_code_taken": "code",
    "coupon_limit_below_used": "total_limit",
    "coupon_value_fixed": "value",
    "product_unknown": "product",
}


class CouponDialog(FormDialog):
    """`saved(CouponRecord)`. Of one that is there the code and what it takes off are fixed: orders were promised it."""

    def __init__(self, parent: QWidget, office: BackOffice, row: CouponRow | None = None) -> None:
        title = tr("New coupon") if row is None else tr("Change coupon {code}", code=row.coupon.code)
        told = "" if row is None else tr("Orders that have it keep their discount.")
        super().__init__(parent, office, title, told, verb=tr("Save the coupon"), width=640)
        self._row = row
        self._currency = row.coupon.currency if row is not None else CURRENCY
        today = office.today()
        self.code = TextField(tr("Code"), placeholder="SAVE10", limit=30)
        self.kind = ChoiceField(tr("Takes off"))
        for kind, word in KINDS.items():
            self.kind.combo.addItem(tr(word), kind)
        self.flat = MoneyField(tr("Amount"), self._currency)
        here = row.coupon if row is not None else None
        rate = here.value if here is not None and here.kind is CouponKind.PERCENT else 0
        self.share = PercentField(tr("Share"), rate)
        self._value = QStackedWidget()
        self._value.addWidget(self.flat)
        self._value.addWidget(self.share)
        self.cap = MoneyField(tr("At most"), self._currency)
        self.minimum = MoneyField(tr("Least order"), self._currency, allow_zero=True)
        self.first = DayField(tr("Valid from"), today)
        self.last = DayField(tr("Last day"), today + timedelta(days=_USUAL_DAYS))
        self.total = WholeField(tr("Uses in all"))
        self.each = WholeField(tr("Uses by one customer"))
        for limit in (self.total, self.each):
            limit.line.setPlaceholderText(tr("No limit"))
        self.category = TextField(tr("Category"), placeholder=tr("Any"), limit=60)
        self.only = QCheckBox(tr("Only for one product"))
        self.product = ProductField(office)
        self._lay_out()
        self.kind.changed.connect(self._show_kind)
        self.only.toggled.connect(self._show_product)
        self.product.chosen.connect(self.go.setFocus)
        if row is not None:
            self._fill(row)
        self._show_kind()
        self.product.setVisible(self.only.isChecked())
        (self.code if row is None else self.last).setFocus()

    def _lay_out(self) -> None:
        self.form.add(self.code, self.kind)
        self.form.add(self._value, self.cap)
        self.form.add(self.first, self.last)
        self.form.add(self.minimum, self.category)
        self.form.add(self.total, self.each)
        self.form.add(self.only)
        self.form.add(self.product)

    def _fill(self, row: CouponRow) -> None:
        here = row.coupon
        self.code.set_text(here.code)
        self.kind.choose(here.kind)
        if here.kind is CouponKind.FLAT:
            self.flat.set_amount(Money(here.value, here.currency))
        if here.cap_minor is not None:
            self.cap.set_amount(Money(here.cap_minor, here.currency))
        if here.minimum_minor:
            self.minimum.set_amount(Money(here.minimum_minor, here.currency))
        self.first.set_value(here.valid_from)
        self.last.set_value(here.valid_until)
        for field, limit in ((self.total, here.total_limit), (self.each, here.per_customer_limit)):
            field.set_text("" if limit is None else str(limit))
        self.category.set_text(here.category or "")
        if here.product_id is not None:
            self.only.setChecked(True)
            self.product.show_value(here.product_id, row.product)
        for fixed in (self.code, self.flat, self.share):
            fixed.line.setReadOnly(True)
        self.kind.combo.setEnabled(False)

    @property
    def kind_chosen(self) -> CouponKind:
        """An amount or a share."""
        return CouponKind(self.kind.value)

    def save(self) -> None:
        """Read the fields and save the coupon."""
        terms = self._terms()
        if terms is None:
            return
        till, actor = self._office.till, self._office.actor
        if self._row is None:
            self.run(partial(create_coupon, till, actor, terms))
        else:
            here = self._row.coupon
            self.run(partial(change_coupon, till, actor, here.id, terms, here.version))

    def place_of(self, error: TillgateError) -> FormField | None:
        """Where a refusal is said that names no field."""
        place = _PLACES.get(error.code)
        return self.fields[place] if place is not None else super().place_of(error)

    def _terms(self) -> CouponTerms | None:
        flat = self.kind_chosen is CouponKind.FLAT
        value = self._flat_value() if flat else self.share.rate()
        cap, least = (0 if flat else minor(self.cap)), minor(self.minimum)
        limits = [field.number() if field.text else 0 for field in (self.total, self.each)]
        field: FormField = self.flat if flat else self.share
        wanted = {field: value, self.cap: cap, self.minimum: least, self.total: limits[0], self.each: limits[1]}
        if not self.all_read(wanted) or value is None or least is None or not self._product_ready():
            return None
        return CouponTerms(
            code=self.code.text,
            kind=self.kind_chosen,
            value=value,
            currency=self._currency,
            valid_from=self.first.value,
            valid_until=self.last.value,
            cap_minor=cap if not flat and self.cap.text else None,
            minimum_minor=least,
            per_customer_limit=limits[1] if self.each.text else None,
            total_limit=limits[0] if self.total.text else None,
            product_id=self.product.value if self.only.isChecked() else None,
            category=self.category.text or None,
        )

    def _flat_value(self) -> int | None:
        amount = self.flat.amount()
        return amount.minor if amount is not None else None

    def _product_ready(self) -> bool:
        if not self.only.isChecked() or self.product.value is not None:
            return True
        if not self.product.pick():
            self.product.show_error(tr("Choose the product that it is for."))
            self.product.setFocus()
            self.form.ensureWidgetVisible(self.product)
        return False

    @Slot()
    def _show_kind(self) -> None:
        flat = self.kind_chosen is CouponKind.FLAT
        shown = self.flat if flat else self.share
        self._value.setCurrentWidget(shown)
        self._value.setFocusProxy(shown)
        self.cap.setEnabled(not flat)
        self.fields = {
            "code": self.code, "value": shown, "cap": self.cap, "minimum": self.minimum, "valid_from": self.first,
            "valid_until": self.last, "per_customer_limit": self.each, "total_limit": self.total,
            "product": self.product,
        }  # fmt: skip

    @Slot(bool)
    def _show_product(self, only: bool) -> None:
        self.product.setVisible(only)
        if only:
            self.product.look()
            self.product.setFocus()
