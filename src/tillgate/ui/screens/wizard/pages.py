"""The pages of the first start: the store, its manager, the keys, and what was done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from tillgate.domain.errors import Invalid, TillgateError
from tillgate.domain.pins import SHORTEST_PASSPHRASE, SHORTEST_PIN, normal
from tillgate.domain.settings import STORE_CURRENCY, STORE_LANGUAGE, STORE_NAME, STORE_ZONE, Settings
from tillgate.domain.staff import Role
from tillgate.i18n import tr
from tillgate.ui.guard import guarded
from tillgate.ui.message_text import message_for
from tillgate.ui.screens.settings.keys_form import KeysForm
from tillgate.ui.screens.settings.option_field import OptionField
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.fields import TextField
from tillgate.ui.widgets.labels import IconLabel, plain_label
from tillgate.ui.widgets.notices import InlineNotice

_OPTIONS: Final = (STORE_NAME, STORE_LANGUAGE, STORE_CURRENCY, STORE_ZONE)


class PageFrame(QWidget):
    """A heading, a sentence, a body and a notice."""

    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self.notice = InlineNotice()
        self.body = QVBoxLayout()
        self.body.setSpacing(14)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(14)
        column.addWidget(plain_label(title, "heading", wrap=True))
        column.addWidget(plain_label(text, tone="muted", wrap=True))
        column.addLayout(self.body)
        column.addWidget(self.notice)
        column.addStretch(1)


class StorePage(PageFrame):
    """What is on the receipts. `language_chosen(str)` at once, since everything is shown in it."""

    language_chosen = Signal(str)
    # Enter, wherever on the page.
    submitted = Signal()

    def __init__(self, values: Mapping[str, str]) -> None:
        super().__init__(
            tr("Your store"), tr("This stands on receipts, invoices and mails. All of it can be changed later.")
        )
        known = Settings(values)
        self.fields = {option.name: OptionField(option, known.text(option)) for option in _OPTIONS}
        for field in self.fields.values():
            self.body.addWidget(field)
        self.join = Button(tr("Join a store that is there already"), tone=ButtonTone.LINK)
        self.join.hide()
        row = QHBoxLayout()
        row.addWidget(self.join)
        row.addStretch(1)
        self.body.addLayout(row)
        language = self.fields[STORE_LANGUAGE.name]
        language.changed.connect(lambda: self.language_chosen.emit(language.text))
        self.setFocusProxy(self.fields[STORE_NAME.name])

    @guarded()
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and not event.isAutoRepeat():
            self.submitted.emit()
        else:
            super().keyPressEvent(event)

    @property
    def values(self) -> dict[str, str]:
        """Every option by name."""
        return {name: field.text for name, field in self.fields.items()}

    def ready(self) -> bool:
        """Whether there is a name; says so where there is none."""
        name = self.fields[STORE_NAME.name]
        if not name.text:
            self.refuse(Invalid("name_missing", field=STORE_NAME.name))
        return bool(name.text)

    def refuse(self, error: TillgateError) -> bool:
        """Show an error at its field; False where it belongs to none."""
        field = self.fields.get(str(error.values.get("field", "")))
        if field is not None:
            field.show_error(_sentence(error))
            field.setFocus()
        return field is not None


class ManagerPage(PageFrame):
    """The first manager: a name, and a PIN or passphrase typed twice."""

    submitted = Signal()

    def __init__(self) -> None:
        super().__init__(
            tr("The first manager"),
            tr("This person takes on the others, approves refunds and keeps the keys. Remember the PIN well: only "
               "another manager, or the owner of this computer, can help."),
        )  # fmt: skip
        self.name = TextField(tr("Name"), limit=60)
        self.pin = TextField(tr("PIN or passphrase"), secret=True, limit=128)
        self.again = TextField(tr("The same again"), secret=True, limit=128)
        rule = tr(
            "At least {digits} digits or a passphrase of {passphrase} characters. No dates, repeats or rows of digits.",
            digits=SHORTEST_PIN[Role.MANAGER],
            passphrase=SHORTEST_PASSPHRASE,
        )
        for widget in (self.name, self.pin, plain_label(rule, "caption", wrap=True), self.again):
            self.body.addWidget(widget)
        self.name.submitted.connect(self.pin.setFocus)
        self.pin.submitted.connect(self.again.setFocus)
        self.again.submitted.connect(self.submitted)
        self.setFocusProxy(self.name)

    def ready(self) -> bool:
        """Whether the two are the same; says so where they are not."""
        same = normal(self.pin.line.text()) == normal(self.again.line.text())
        if not same:
            self.again.show_error(_sentence(Invalid("pins_differ", field="again")))
            self.again.setFocus()
        return same

    def refuse(self, error: TillgateError) -> bool:
        """Show an error at its field; False where it belongs to none."""
        field = {"name": self.name, "pin": self.pin}.get(str(error.values.get("field", "")))
        if field is not None:
            field.show_error(_sentence(error))
            field.setFocus()
        return field is not None


class KeysPage(PageFrame):
    """A provider's keys, which may come later: one provider's form at a time, the likeliest first."""

    def __init__(self, forms: Mapping[str, KeysForm]) -> None:
        super().__init__(
            tr("Payments through a provider"),
            tr("Copy both keys from the provider’s dashboard: Razorpay has them under Account & Settings, Stripe under "
               "Developers, API keys, Wompi under Developers. IntaSend has a publishable and a secret key. Without "
               "keys the till opens and takes no payment through a provider; they can be typed in later, under "
               "Settings."),
        )  # fmt: skip
        self._forms = forms
        for form in forms.values():
            self.body.addWidget(form)
        self.others = {title: self._button(title) for title in forms}
        self.show_form(next(iter(forms)))

    def _button(self, title: str) -> Button:
        button = Button(tr("Keys of {provider} instead", provider=title), tone=ButtonTone.LINK)
        button.clicked.connect(lambda: self.show_form(title))
        self.body.addWidget(button)
        return button

    @property
    def typed(self) -> str:
        """The provider whose keys are typed and not kept; "" where there is none."""
        return next((title for title, form in self._forms.items() if form.typed), "")

    def show_form(self, chosen: str) -> None:
        """Show one provider's form, by its title."""
        for title, form in self._forms.items():
            form.setVisible(title == chosen)
            self.others[title].setVisible(title != chosen)
        self.setFocusProxy(self._forms[chosen].key_id)


class DonePage(PageFrame):
    """What is ready, and what is still open. `checkout` goes there instead of to the catalogue."""

    def __init__(self, facts: list[tuple[bool, str, str]]) -> None:
        super().__init__(
            tr("The till is ready"),
            tr("Now it needs something to sell: add products in the catalogue, or import a file with all of them."),
        )
        for done, title, text in facts:
            self.body.addWidget(_fact(done, title, text))
        self.checkout = Button(tr("Go to the checkout instead"), tone=ButtonTone.LINK)
        row = QHBoxLayout()
        row.addWidget(self.checkout)
        row.addStretch(1)
        self.body.addLayout(row)


def _fact(done: bool, title: str, text: str) -> QWidget:
    box = QFrame()
    box.setProperty("surface", "sunken")
    row = QHBoxLayout(box)
    row.setContentsMargins(14, 12, 14, 12)
    row.setSpacing(12)
    row.addWidget(IconLabel("circle-check" if done else "circle-dashed", "settled" if done else "draft", 22))
    texts = QVBoxLayout()
    texts.setSpacing(2)
    texts.addWidget(plain_label(title, "strong"))
    texts.addWidget(plain_label(text, "caption", wrap=True))
    row.addLayout(texts, 1)
    return box


def _sentence(error: TillgateError) -> str:
    words = message_for(error)
    return " ".join(part for part in (words.what, words.next) if part)
