"""The fields of a variant: in the dialog of its own, and for the first one in that of a new product."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from tillgate.domain.catalogue import ProductKind
from tillgate.domain.money import Money
from tillgate.i18n import tr
from tillgate.services.catalogue import VariantRecord
from tillgate.services.catalogue_drafts import PeriodTerms, VariantDraft
from tillgate.ui.screens.catalogue.periods_field import PeriodsField
from tillgate.ui.screens.form_dialog import FormArea, FormDialog, FormField, WholeField, minor
from tillgate.ui.widgets.fields import MoneyField, TextField


class VariantFields:
    """`fields` by the service's names. `show_kind` shows those that a kind has."""

    def __init__(self, currency: str, known: VariantRecord | None = None) -> None:
        self._known = known
        self.code = TextField(tr("Code of the variant"), limit=32)
        self.name = TextField(
            tr("Name of the variant"), placeholder=tr("As “Large”; empty for the only one"), limit=120
        )
        self.barcode = TextField(tr("Barcode"), placeholder=tr("Scan or type it"), limit=20)
        self.price = MoneyField(tr("Price"), currency)
        self.deposit = MoneyField(tr("Refundable deposit"), currency, allow_zero=True)
        self.stock = WholeField(tr("Stock"), None if known else 0)
        self.smallest = WholeField(tr("Smallest quantity"), known.smallest_quantity if known else 1)
        offered = tuple(each for each in known.periods if each.active) if known else ()
        self.periods = PeriodsField(currency, [PeriodTerms(e.name, e.days, e.price.minor) for e in offered])
        self.stock.setVisible(known is None)
        self._kind = ProductKind.SALE
        self.fields: dict[str, FormField] = {
            "variant_name": self.name, "barcode": self.barcode, "price_minor": self.price,
            "deposit_minor": self.deposit, "stock": self.stock, "smallest_quantity": self.smallest,
            "periods": self.periods,
        }  # fmt: skip
        if known is not None:
            self.code.set_text(known.code)
            self.name.set_text(known.name)
            self.barcode.set_text(known.barcode or "")
            if known.deposit:
                self.deposit.set_amount(known.deposit)

    def add_to(self, form: FormArea) -> None:
        """Lay them out."""
        # One of the two is shown, in the same place.
        either = QWidget()
        column = QVBoxLayout(either)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.price)
        column.addWidget(self.deposit)
        form.add(either, self.barcode)
        form.add(self.smallest, self.stock if self._known is None else QWidget())
        form.add(self.periods)

    def show_kind(self, kind: ProductKind) -> None:
        """What is sold has a price; what is rented out has periods and perhaps a deposit."""
        self._kind = kind
        self.price.setVisible(kind is ProductKind.SALE)
        self.deposit.setVisible(kind is ProductKind.RENTAL)
        self.periods.setVisible(kind is ProductKind.RENTAL)

    def show_price(self, price: Money) -> None:
        """The price as it is."""
        self.price.set_amount(price or None)

    def draft(self, dialog: FormDialog, product_id: int, code: str, *, active: bool = True) -> VariantDraft | None:
        """The variant as typed; None, the first wrong field in focus, where something can't be read."""
        rented = self._kind is ProductKind.RENTAL
        price = self.price.amount() if not rented else None
        deposit = minor(self.deposit) if rented else 0
        terms = self.periods.terms() if rented else ()
        stock = self.stock.number() if self._known is None else 0
        smallest = self.smallest.number()
        read: dict[FormField, object] = {
            self.price: price if not rented else 0,
            self.deposit: deposit,
            self.periods: terms,
            self.stock: stock,
            self.smallest: smallest,
        }
        if not dialog.all_read(read):
            return None
        return VariantDraft(
            product_id=product_id,
            code=code,
            name=self.name.text,
            barcode=self.barcode.text,
            price_minor=price.minor if price else 0,
            deposit_minor=deposit or 0,
            stock=stock or 0,
            smallest_quantity=smallest if smallest is not None else 1,
            active=active,
            periods=terms if rented else None,
        )
