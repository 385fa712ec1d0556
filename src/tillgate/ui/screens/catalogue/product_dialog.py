"""A product: added with its first variant in one dialog, changed without its variants."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtWidgets import QCheckBox, QWidget

from tillgate.domain.catalogue import ProductKind
from tillgate.i18n import tr
from tillgate.services.catalogue import ProductRecord, VendorRecord
from tillgate.services.catalogue_drafts import ProductDraft
from tillgate.services.catalogue_edits import create_product, save_product
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.catalogue.picture_field import AskPicture, PictureField, ask_picture
from tillgate.ui.screens.catalogue.variant_fields import VariantFields
from tillgate.ui.screens.catalogue.words import KIND_WORDS
from tillgate.ui.screens.form_dialog import ChoiceField, FormDialog, FormField, PercentField
from tillgate.ui.widgets.fields import TextField


class _Common:
    """The fields that a new product and a changed one have alike."""

    def __init__(self, office: BackOffice, ask: AskPicture, known: ProductRecord | None = None) -> None:
        self.name = TextField(tr("Name"), limit=120)
        self.code = TextField(tr("Code"), placeholder=tr("Short and unique, as MUG-01"), limit=32)
        self.tax_rate = PercentField(tr("Tax"), known.tax_bp if known else 0)
        self.tax_name = TextField(tr("Name of the tax"), placeholder=tr("As “GST 18%”"), limit=40)
        self.category = TextField(tr("Category"), limit=40)
        self.description = TextField(tr("Description"), limit=500)
        self.image = PictureField(office, ask)
        self.fields: dict[str, FormField] = {
            "name": self.name, "code": self.code, "tax_bp": self.tax_rate, "tax_name": self.tax_name,
            "category": self.category, "description": self.description, "image": self.image,
        }  # fmt: skip
        if known is not None:
            texts = ((self.name, known.name), (self.code, known.code), (self.tax_name, known.tax_name),
                     (self.category, known.category), (self.description, known.description))  # fmt: skip
            for field, text in texts:
                field.set_text(text)
            self.image.choose(known.image)

    def draft(self, seller: int, kind: ProductKind, currency: str, *, active: bool) -> ProductDraft | None:
        """The product as typed; None, the rate saying why, where the rate can't be read."""
        rate = self.tax_rate.rate()
        if rate is None:
            self.tax_rate.setFocus()
            return None
        return ProductDraft(
            vendor_id=seller,
            code=self.code.text,
            name=self.name.text,
            kind=kind,
            currency=currency,
            description=self.description.text,
            category=self.category.text,
            image=self.image.value,
            tax_bp=rate,
            tax_name=self.tax_name.text,
            active=active,
        )


class NewProductDialog(FormDialog):
    """`saved(product_id)`. There must be a vendor to choose."""

    def __init__(
        self,
        parent: QWidget,
        office: BackOffice,
        vendors: Sequence[VendorRecord],
        vendor_id: int = 0,
        *,
        ask: AskPicture = ask_picture,
    ) -> None:
        super().__init__(parent, office, tr("New product"), verb=tr("Add the product"))
        self._vendors = {each.id: each for each in vendors}
        self.parts = _Common(office, ask)
        self.vendor = ChoiceField(tr("Vendor"))
        for each in vendors:
            self.vendor.combo.addItem(each.name, each.id)
        if vendor_id:
            self.vendor.choose(vendor_id)
        self.kind = ChoiceField(tr("Kind"))
        for kind, word in KIND_WORDS.items():
            self.kind.combo.addItem(tr(word), kind)
        self.piece = VariantFields(vendors[0].currency)
        self.fields = {**self.piece.fields, **self.parts.fields, "variant_code": self.parts.code, "kind": self.kind}
        self.form.add(self.parts.name)
        self.form.add(self.parts.code, self.vendor)
        self.form.add(self.kind, self.parts.category)
        self.piece.add_to(self.form)
        self.form.add(self.parts.tax_rate, self.parts.tax_name)
        self.form.add(self.parts.description, self.parts.image)
        self.kind.changed.connect(self._show_kind)
        self._show_kind()
        self.parts.name.setFocus()

    def scan(self, code: str) -> bool:
        """A scan while the dialog is open is the barcode."""
        self.piece.barcode.set_text(code.strip())
        return True

    def save(self) -> None:
        """Read the fields and add the product with its first variant, which has the product's code."""
        seller = self._vendors[int(self.vendor.value)]
        draft = self.parts.draft(seller.id, ProductKind(self.kind.value), seller.currency, active=True)
        piece = self.piece.draft(self, 0, self.parts.code.text)
        if draft is not None and piece is not None:
            self.run(partial(create_product, self._office.till, self._office.actor, draft, piece))

    def _show_kind(self) -> None:
        self.piece.show_kind(ProductKind(self.kind.value))
        self.form.fit()


class ProductDialog(FormDialog):
    """`saved(product_id)`. Vendor and kind stay what they were."""

    def __init__(
        self, parent: QWidget, office: BackOffice, known: ProductRecord, *, ask: AskPicture = ask_picture
    ) -> None:
        super().__init__(parent, office, tr("Change {name}", name=known.name), verb=tr("Save"))
        self._known = known
        self.parts = _Common(office, ask, known)
        self.active = QCheckBox(tr("In use: can be sold"))
        self.active.setChecked(bool(known.active))
        self.fields = dict(self.parts.fields)
        self.form.add(self.parts.name)
        self.form.add(self.parts.code, self.parts.category)
        self.form.add(self.parts.tax_rate, self.parts.tax_name)
        self.form.add(self.parts.description, self.parts.image)
        self.form.add(self.active)
        self.parts.name.setFocus()

    def save(self) -> None:
        """Read the fields and save the product as it was when the dialog opened."""
        known = self._known
        draft = self.parts.draft(known.vendor_id, known.kind, known.currency, active=self.active.isChecked())
        if draft is not None:
            work = partial(save_product, self._office.till, self._office.actor, draft)
            self.run(partial(work, product_id=known.id, version=known.version))
