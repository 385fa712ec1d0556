"""The widgets of the catalogue: a heading with its two lists, and the panes of a product and of a vendor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from tillgate.domain.catalogue import ProductKind
from tillgate.domain.staff import Action
from tillgate.i18n import ntr, tr
from tillgate.services.catalogue import ProductView, VariantRecord, VendorRecord
from tillgate.services.catalogue_lists import CatalogueRow
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.catalogue.picture_field import Picture
from tillgate.ui.screens.catalogue.rows import approval_text
from tillgate.ui.screens.catalogue.words import IN_USE, KIND_WORDS, STANDING, rate_text, standing, tax_text
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.facts import Facts, Section
from tillgate.ui.widgets.flow import FlowLayout
from tillgate.ui.widgets.labels import plain_label
from tillgate.ui.widgets.notices import InlineNotice
from tillgate.ui.widgets.status_badge import StatusBadge

_PICTURE: Final = 96


class CatalogueView(QWidget):
    """A heading, the two lists to choose from, room for buttons and for the lists."""

    def __init__(self) -> None:
        super().__init__()
        self.notice = InlineNotice(closable=True)
        self.products, self.vendors = (self._chip(text) for text in (tr("Products"), tr("Vendors")))
        self.lists = QStackedWidget()
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(plain_label(tr("Catalogue"), "heading"))
        head.addSpacing(8)
        head.addWidget(self.products)
        head.addWidget(self.vendors)
        head.addStretch(1)
        self._buttons = head
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 14)
        column.setSpacing(12)
        column.addLayout(head)
        column.addWidget(self.notice)
        column.addWidget(self.lists, 1)

    @staticmethod
    def _chip(text: str) -> Button:
        chip = Button(text, tone=ButtonTone.CHIP)
        chip.setCheckable(True)
        return chip

    def add_button(self, button: Button) -> None:
        """One more at the right of the heading."""
        self._buttons.addWidget(button)


@dataclass(frozen=True, slots=True)
class ProductActions:
    """What a press in the pane of a product does."""

    change: Callable[[], object]
    use: Callable[[], object]
    variant: Callable[[], object]
    change_variant: Callable[[VariantRecord], object]
    stock: Callable[[VariantRecord], object]


class ProductPane(QWidget):
    """One product. The row's own facts stand at once; the variants come with `show_product`."""

    def __init__(self, office: BackOffice, row: CatalogueRow, actions: ProductActions) -> None:
        super().__init__()
        self._office, self._actions = office, actions
        self.shown: ProductView | None = None
        self.status = StatusBadge(
            STANDING[standing(active=row.active, vendor_active=row.vendor_active, stock=row.stock)]
        )
        self.notice = InlineNotice(closable=True)
        self.change = Button(tr("Change"), icon="pencil", on_click=actions.change)
        self.variant = Button(tr("Add variant"), icon="plus", on_click=actions.variant)
        self.use = Button(tr("Take out of use"), icon="circle-pause", on_click=actions.use)
        self.stocks: list[Button] = []
        self.changes: list[Button] = []
        self._may = office.may(Action.EDIT_CATALOGUE)
        verbs = FlowLayout()
        for button in (self.change, self.variant, self.use):
            button.setVisible(self._may)
            button.setEnabled(False)
            verbs.addWidget(button)
        head = QHBoxLayout()
        head.addWidget(plain_label(row.vendor_name, "strong", wrap=True), 1)
        head.addWidget(self.status)
        self._body: QWidget | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(12)
        self._column.addLayout(head)
        self._column.addWidget(self.notice)
        self._column.addLayout(verbs)
        self._column.addStretch(1)

    def show_product(self, view: ProductView) -> None:
        """Show the product as it was read."""
        if view == self.shown:
            return
        self.shown = view
        known = view.product
        stock = sum(each.stock for each in view.variants if each.active)
        active, vendor_active = bool(known.active), bool(known.vendor_active)
        self.status.show_status(STANDING[standing(active=active, vendor_active=vendor_active, stock=stock)])
        self.use.show_text(tr("Take out of use") if active else tr("Take into use"))
        self.use.show_icon("circle-pause" if active else "play")
        for button in (self.change, self.variant, self.use):
            button.setEnabled(True)
        if self._body is not None:
            self._body.hide()
            self._body.deleteLater()
        self.stocks, self.changes = [], []
        self._body = QWidget()
        column = QVBoxLayout(self._body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(16)
        if view.product.image:
            picture = Picture(self._office, _PICTURE)
            picture.show_picture(view.product.image)
            column.addWidget(picture)
        column.addWidget(self._facts(view))
        section = Section(ntr("{count} variant", "{count} variants", len(view.variants)), spacing=8)
        for each in view.variants:
            section.add(self._variant(view, each))
        column.addWidget(section)
        self._column.insertWidget(self._column.count() - 1, self._body)

    def _facts(self, view: ProductView) -> Facts:
        known = view.product
        tax = tax_text(known.tax_name, known.tax_bp) if known.tax_bp else ""
        return Facts(
            [
                (tr("Code"), known.code),
                (tr("Kind"), tr(KIND_WORDS[known.kind])),
                (tr("Category"), known.category),
                (tr("Tax"), tax or tr("None")),
                (tr("Description"), known.description),
            ]
        )

    def _variant(self, view: ProductView, known: VariantRecord) -> QWidget:
        box = QFrame()
        box.setProperty("surface", "sunken")
        grid = QGridLayout(box)
        grid.setContentsMargins(12, 10, 12, 10)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(3)
        grid.setColumnStretch(0, 1)
        name = known.name or view.product.name
        left = tr("{count} left", count=known.stock) if known.active else tr("Not in use")
        grid.addWidget(plain_label(name, "strong", wrap=True), 0, 0)
        grid.addWidget(plain_label(left, "strong"), 0, 1, Qt.AlignmentFlag.AlignTop)
        lines = self._terms(view.product.kind, known)
        for row, text in enumerate(lines, 1):
            grid.addWidget(plain_label(text, "caption", wrap=True), row, 0, 1, 2)
        if self._may:
            grid.addLayout(self._verbs(known, name), len(lines) + 1, 0, 1, 2)
        box.setAccessibleName(f"{name}, {left}")
        return box

    def _verbs(self, known: VariantRecord, name: str) -> FlowLayout:
        change = Button(tr("Change"), icon="pencil", tone=ButtonTone.QUIET)
        change.clicked.connect(partial(self._press, self._actions.change_variant, known))
        change.setAccessibleName(tr("Change {name}", name=name))
        stock = Button(tr("Stock…"), icon="package", tone=ButtonTone.QUIET)
        stock.clicked.connect(partial(self._press, self._actions.stock, known))
        stock.setAccessibleName(tr("Stock of {name}", name=name))
        self.changes.append(change)
        self.stocks.append(stock)
        verbs = FlowLayout()
        verbs.addWidget(stock)
        verbs.addWidget(change)
        return verbs

    @staticmethod
    def _press(act: Callable[[VariantRecord], object], known: VariantRecord, _checked: bool = False) -> None:
        act(known)

    def _terms(self, kind: ProductKind, known: VariantRecord) -> list[str]:
        money = self._office.money
        codes = [known.code, known.barcode] if known.barcode else [known.code]
        texts = ["  ·  ".join(codes)]
        if kind is ProductKind.SALE:
            texts.append(money(known.price))
        for period in known.periods:
            if period.active:
                days = ntr("{count} day", "{count} days", period.days)
                texts.append(tr("{name}, {days}: {price}", name=period.name, days=days, price=money(period.price)))
        if known.deposit:
            texts.append(tr("Refundable deposit {amount}", amount=money(known.deposit)))
        if known.smallest_quantity > 1:
            texts.append(tr("At least {count} at once", count=known.smallest_quantity))
        return texts


class VendorPane(QWidget):
    """One vendor, with a way to its products."""

    def __init__(
        self,
        office: BackOffice,
        row: VendorRecord,
        change: Callable[[], object],
        use: Callable[[], object],
        products: Callable[[], object],
    ) -> None:
        super().__init__()
        self.notice = InlineNotice(closable=True)
        self.change = Button(tr("Change"), icon="pencil", on_click=change)
        self.use = Button(
            tr("Take out of use") if row.active else tr("Take into use"),
            icon="circle-pause" if row.active else "play",
            on_click=use,
        )
        self.products = Button(tr("Show its products"), icon="package", on_click=products)
        verbs = FlowLayout()
        for button in (self.change, self.products, self.use):
            verbs.addWidget(button)
        head = QHBoxLayout()
        head.addWidget(plain_label(row.name, "strong", wrap=True), 1)
        head.addWidget(StatusBadge(IN_USE[bool(row.active)]))
        fees = [office.money(row.fee_flat)] if row.fee_flat else []
        fees += [rate_text(row.fee_bp)] if row.fee_bp else []
        facts = Facts(
            [
                (tr("Code"), row.code),
                (tr("Orders"), approval_text(row)),
                (tr("Service fee"), " + ".join(fees) or tr("None")),
                (tr("E-mail"), row.email),
                (tr("Phone"), row.phone),
                (tr("Address"), row.address),
                (tr("Tax number"), row.tax_number),
                (tr("Mark"), row.brand_mark),
                (tr("Colour"), row.brand_color),
            ]
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addLayout(head)
        column.addWidget(self.notice)
        column.addLayout(verbs)
        column.addWidget(facts)
        column.addStretch(1)
