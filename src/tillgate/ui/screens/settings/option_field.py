"""One option as a field, generated from its declaration: a choice, or a line; what it is for; what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from zoneinfo import available_timezones

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QCompleter, QVBoxLayout, QWidget

from tillgate.domain.errors import Invalid
from tillgate.domain.percent import parse_percent, percent_text
from tillgate.domain.settings import STORE_CURRENCY, STORE_ZONE, Counts, Option
from tillgate.formats import format_count, parse_count
from tillgate.i18n import LANGUAGES, active_language, mark, tr
from tillgate.ui.widgets.fields import TextField
from tillgate.ui.widgets.labels import plain_label, set_text

AnyOption = Option[str] | Option[int]

# The currencies that the providers here take payments in; another three-letter code can be typed.
CURRENCIES: Final = ("INR", "COP", "KES", "PHP", "IDR", "USD")
CHOICE_WORDS: Final[Mapping[str, str]] = {
    "link": mark("Payment link"),
    "order": mark("Checkout on the till’s own page"),
    "web": mark("Web checkout"),
    "yes": mark("Yes"),
    "no": mark("No"),
    "starttls": mark("STARTTLS"),
    "tls": mark("TLS"),
    "none": mark("None"),
    "system": mark("As the system has it"),
    "light": mark("Light"),
    "dark": mark("Dark"),
}


def choices_of(option: AnyOption) -> tuple[tuple[str, str], ...]:
    """(stored text, shown text) of an option that is chosen rather than typed; empty for one that is typed."""
    if option is STORE_ZONE:
        return tuple((zone, zone) for zone in sorted(available_timezones()) if "/" in zone)
    if option is STORE_CURRENCY:
        return tuple((code, code) for code in CURRENCIES)
    if option.choices == tuple(LANGUAGES):
        return tuple(LANGUAGES.items())
    return tuple((word, tr(CHOICE_WORDS.get(word, word))) for word in option.choices)


def written(option: AnyOption, stored: str) -> str:
    """A stored text as people write it: a rate in percent, an amount in groups."""
    try:
        number = int(option.read(stored)) if option.counts is not None else 0
    except Invalid:
        # What can't be read is shown as it is, to be corrected.
        return stored
    match option.counts:
        case Counts.BASIS_POINTS:
            return percent_text(number, decimal_mark="." if active_language() == "en" else ",")
        case Counts.MONEY:
            return format_count(number, active_language())
        case None:
            return stored


def read_typed(option: AnyOption, typed: str) -> str:
    """What is stored for what was typed; what is counted in nothing is stored as it is. Raises Invalid."""
    match option.counts:
        case Counts.BASIS_POINTS:
            return str(parse_percent(typed, field=option.name))
        case Counts.MONEY:
            return str(parse_count(typed, active_language(), field=option.name))
        case None:
            return typed


class OptionField(QWidget):
    """`changed` when the value differs or differs no more from the stored one."""

    changed = Signal()

    def __init__(self, option: AnyOption, stored: str) -> None:
        super().__init__()
        self.option = option
        self._stored = stored
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self.choice: QComboBox | None = None
        self.typed: TextField | None = None
        title = tr(option.title)
        if choices := choices_of(option):
            self.choice = self._combo(title, choices)
            label = plain_label(title, "label")
            label.setBuddy(self.choice)
            column.addWidget(label)
            column.addWidget(self.choice)
            self.setFocusProxy(self.choice)
        else:
            self.typed = TextField(title)
            self.typed.set_text(written(option, stored))
            self.typed.changed.connect(self.changed)
            column.addWidget(self.typed)
            self.setFocusProxy(self.typed)
        self._error = plain_label(role="caption", tone="failed", wrap=True)
        self._error.hide()
        column.addWidget(self._error)
        column.addWidget(plain_label(tr(option.explains), "caption", wrap=True))

    def _combo(self, title: str, choices: tuple[tuple[str, str], ...]) -> QComboBox:
        combo = QComboBox()
        combo.setAccessibleName(title)
        for stored, shown in choices:
            combo.addItem(shown, stored)
        if self.option in {STORE_ZONE, STORE_CURRENCY}:
            combo.setEditable(True)
            combo.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
            completer = QCompleter([shown for _, shown in choices], combo)
            completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
            completer.setFilterMode(Qt.MatchFlag.MatchContains)
            combo.setCompleter(completer)
        self._choose(combo, self._stored)
        combo.currentTextChanged.connect(lambda _text: self._edited())
        return combo

    @staticmethod
    def _choose(combo: QComboBox, stored: str) -> None:
        position = combo.findData(stored)
        if position >= 0:
            combo.setCurrentIndex(position)
        elif combo.isEditable():
            combo.setEditText(stored)

    @property
    def text(self) -> str:
        """The value as it would be stored. Raises Invalid for what is no such number."""
        if self.typed is not None:
            return read_typed(self.option, self.typed.text)
        combo = self.choice
        if combo is None:
            return self._stored
        if combo.isEditable():
            position = combo.findText(combo.currentText(), Qt.MatchFlag.MatchFixedString)
            return str(combo.itemData(position)) if position >= 0 else combo.currentText().strip()
        return str(combo.currentData())

    @property
    def differs(self) -> bool:
        """Whether it is not what is stored."""
        try:
            return self.text != self._stored
        except Invalid:
            return True

    def accept(self, stored: str) -> None:
        """This is what is stored now."""
        self._stored = stored
        self.show_error("")
        if self.typed is not None:
            self.typed.set_text(written(self.option, stored))
        elif self.choice is not None:
            self._choose(self.choice, stored)

    def show_error(self, text: str) -> None:
        """Say what is wrong; "" takes it back."""
        if self.typed is not None:
            self.typed.show_error(text)
            return
        set_text(self._error, text)
        self._error.setVisible(bool(text))
        if self.choice is not None:
            self.choice.setAccessibleDescription(text)

    def _edited(self) -> None:
        self.show_error("")
        self.changed.emit()
