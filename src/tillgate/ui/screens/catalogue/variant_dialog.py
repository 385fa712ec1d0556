"""A variant of a product, and a change of its stock."""

from __future__ import annotations

from functools import partial

from PySide6.QtWidgets import QCheckBox, QWidget

from tillgate.domain.catalogue import ProductKind
from tillgate.i18n import tr
from tillgate.services.catalogue import ProductRecord, VariantRecord
from tillgate.services.catalogue_edits import change_stock, save_variant
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.catalogue.variant_fields import VariantFields
from tillgate.ui.screens.form_dialog import FormDialog, WholeField
from tillgate.ui.widgets.fields import TextField
from tillgate.ui.widgets.labels import plain_label, set_text


class VariantDialog(FormDialog):
    """`saved(variant_id)`. `known` None adds one to the product."""

    def __init__(
        self, parent: QWidget, office: BackOffice, product: ProductRecord, known: VariantRecord | None = None
    ) -> None:
        title = (
            tr("Change {name}", name=known.name or known.code)
            if known
            else tr("New variant of {name}", name=product.name)
        )
        super().__init__(parent, office, title, verb=tr("Save") if known else tr("Add the variant"))
        self._product, self._known = product, known
        self.piece = VariantFields(product.currency, known)
        if known is not None and product.kind is ProductKind.SALE:
            self.piece.show_price(known.price)
        self.active = QCheckBox(tr("In use: can be sold"))
        self.active.setChecked(known.active if known else True)
        self.active.setVisible(known is not None)
        self.fields = {**self.piece.fields, "code": self.piece.code, "variant_code": self.piece.code}
        self.form.add(self.piece.name, self.piece.code)
        self.piece.add_to(self.form)
        self.form.add(self.active)
        self.piece.show_kind(product.kind)
        self.piece.name.setFocus()

    def scan(self, code: str) -> bool:
        """A scan while the dialog is open is the barcode."""
        self.piece.barcode.set_text(code.strip())
        return True

    def save(self) -> None:
        """Read the fields and save the variant as it was when the dialog opened."""
        known = self._known
        draft = self.piece.draft(self, self._product.id, self.piece.code.text, active=self.active.isChecked())
        if draft is not None:
            version = known.version if known else 0
            work = partial(save_variant, self._office.till, self._office.actor, draft)
            self.run(partial(work, variant_id=known.id if known else None, version=version))


class StockDialog(FormDialog):
    """`saved(stock)` as it is then. Pieces are added or taken away, so that a sale meanwhile counts too."""

    def __init__(self, parent: QWidget, office: BackOffice, name: str, known: VariantRecord) -> None:
        super().__init__(
            parent,
            office,
            tr("Stock of {name}", name=name),
            tr("There are {count} now. Type what came in, or with a minus what went out.", count=known.stock),
            verb=tr("Change the stock"),
            width=460,
        )
        self._known = known
        self.by = WholeField(tr("Pieces in or out"), signed=True)
        self.by.line.setPlaceholderText(tr("As 12 or -3"))
        self.reason = TextField(tr("Reason"), placeholder=tr("As “new delivery” or “damaged”"), limit=200)
        self.after = plain_label(tone="muted")
        self.fields = {"by": self.by, "reason": self.reason}
        self.form.add(self.by)
        self.form.add(self.after)
        self.form.add(self.reason)
        self.by.changed.connect(self._show_after)
        self.by.setFocus()

    def _show_after(self, _text: str) -> None:
        by = self.by.peek()
        after = self._known.stock + by if by is not None else -1
        set_text(self.after, tr("Then there are {count}.", count=after) if after >= 0 else "")

    def save(self) -> None:
        """Read the number and change the stock."""
        by = self.by.number()
        if self.all_read({self.by: by}):
            till, actor = self._office.till, self._office.actor
            self.run(partial(change_stock, till, actor, self._known.id, by or 0, self.reason.text))
