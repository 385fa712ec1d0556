"""Dialogs over a service: fields by the names that the service gives them, two side by side, scrolling where low."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol, TypeVar

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QComboBox, QFrame, QGridLayout, QScrollArea, QVBoxLayout, QWidget

from tillgate.domain.errors import Invalid, Refused, TillgateError
from tillgate.domain.percent import parse_percent, percent_text
from tillgate.i18n import active_language, tr
from tillgate.ui.guard import guarded
from tillgate.ui.message_text import message_for
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.theme import Density
from tillgate.ui.widgets.dialog import Dialog
from tillgate.ui.widgets.fields import MoneyField, TextField
from tillgate.ui.widgets.labels import plain_label, set_text
from tillgate.ui.widgets.notices import announce

T = TypeVar("T")
# Heading, buttons, margins and a notice around the fields.
_AROUND: Final = 250
_LEAST: Final = 160
_WHOLE: Final = re.compile("[0-9]{1,7}")
_SIGNED: Final = re.compile("[+-]?[0-9]{1,7}")


class FormField(Protocol):
    """What can say that it is wrong."""

    def show_error(self, text: str) -> None:
        """Say it; "" takes it back."""
        ...

    def setFocus(self) -> None:
        """Qt's own."""
        ...


class ChoiceField(QWidget):
    """A label above a list to choose from, and the error below it. `changed` when another entry is chosen."""

    changed = Signal()

    def __init__(self, label: str) -> None:
        super().__init__()
        self.combo = QComboBox()
        self.combo.setAccessibleName(label)
        title = plain_label(label, "label")
        title.setBuddy(self.combo)
        self._error = plain_label(role="caption", tone="failed", wrap=True)
        self._error.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for widget in (title, self.combo, self._error):
            column.addWidget(widget)
        column.addStretch(1)
        self.setFocusProxy(self.combo)
        self.combo.currentIndexChanged.connect(self._chosen)

    @property
    def value(self) -> Any:
        """What the chosen entry stands for."""
        return self.combo.currentData()

    def choose(self, value: object) -> None:
        """Choose the entry of a value, if there is one."""
        self.combo.setCurrentIndex(max(0, self.combo.findData(value)))

    def show_error(self, text: str) -> None:
        """Say below the list what is wrong, aloud too; "" takes it back."""
        set_text(self._error, text)
        self._error.setVisible(bool(text))
        self.combo.setAccessibleDescription(text)
        if text:
            announce(self.combo, text)

    @property
    def error(self) -> str:
        """The error shown, or ""."""
        return self.combo.accessibleDescription()

    def _chosen(self) -> None:
        self.show_error("")
        self.changed.emit()


class PercentField(TextField):
    """A rate, read strictly; empty is none."""

    def __init__(self, label: str, rate_bp: int = 0) -> None:
        super().__init__(tr("{label} (%)", label=label), limit=10)
        self.line.setAlignment(Qt.AlignmentFlag.AlignRight)
        if rate_bp:
            self.set_text(percent_text(rate_bp, decimal_mark="." if active_language() == "en" else ","))

    def rate(self) -> int | None:
        """Basis points; None, with the reason shown below, where it is no rate."""
        return read(self, lambda text: parse_percent(text or "0", field=""))


class WholeField(TextField):
    """A whole number, read strictly."""

    def __init__(self, label: str, value: int | None = None, *, signed: bool = False) -> None:
        super().__init__(label, limit=8)
        self._signed = signed
        self.line.setAlignment(Qt.AlignmentFlag.AlignRight)
        if value is not None:
            self.set_text(str(value))

    def number(self) -> int | None:
        """The number; None, with the reason shown below, where it is none."""
        return read(self, self._read)

    def peek(self) -> int | None:
        """The number as typed so far, without a word about mistakes."""
        try:
            return self._read(self.text)
        except Invalid:
            return None

    def _read(self, text: str) -> int:
        if not (_SIGNED if self._signed else _WHOLE).fullmatch(text):
            raise Invalid("number_malformed", field="", text=text)
        return int(text)


def read(field: TextField, reads: Callable[[str], T]) -> T | None:
    """What a field holds; None, with the reason shown below it."""
    try:
        return reads(field.text)
    except Invalid as error:
        field.show_error(sentence(error))
        return None


def sentence(error: TillgateError) -> str:
    """What is wrong and what to do, for below a field."""
    words = message_for(error)
    return " ".join(part for part in (words.what, words.next) if part)


def minor(field: MoneyField) -> int | None:
    """The minor units in a field where none at all is allowed: empty is zero; None where it is no amount."""
    if not field.text:
        return 0
    amount = field.amount()
    return amount.minor if amount is not None else None


class FormArea(QScrollArea):
    """A grid of two columns, as high as its fields or as the window lets it."""

    def __init__(self, window: QWidget) -> None:
        super().__init__()
        self._window = window
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setAutoFillBackground(False)
        self._page = QWidget()
        self._page.setProperty("page", "true")
        self._grid = QGridLayout(self._page)
        self._grid.setContentsMargins(2, 2, 12, 2)
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(12)
        self._grid.setColumnStretch(0, 1)
        self._grid.setColumnStretch(1, 1)
        self._next = 0
        self.setWidget(self._page)
        self._page.installEventFilter(self)

    def add(self, *fields: QWidget) -> None:
        """One row: two side by side, or one across."""
        for column, field in enumerate(fields):
            self._grid.addWidget(field, self._next, column, 1, 3 - len(fields) - column if len(fields) == 1 else 1)
        self._next += 1

    def fit(self) -> None:
        """As high as the fields are now, as far as there is room."""
        room = max(_LEAST, self._window.height() - _AROUND)
        layout = self._page.layout()
        width = max(self.viewport().width(), 1)
        wanted = self._page.sizeHint().height()
        if layout is not None and layout.hasHeightForWidth():
            wanted = max(layout.totalHeightForWidth(width), self._page.minimumSizeHint().height())
        self.setFixedHeight(min(wanted + 4, room))

    @guarded(False)
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._page and event.type() in {QEvent.Type.LayoutRequest, QEvent.Type.Resize}:
            self.fit()
        return False


class FormDialog(Dialog):
    """`saved(result)` when the service did it. What it refuses is said at the field it names, or above the buttons."""

    saved = Signal(object)

    def __init__(
        self, parent: QWidget, office: BackOffice, title: str, text: str = "", *, verb: str, width: int = 640
    ) -> None:
        super().__init__(
            parent, title, text, verb=verb, on_accept=self.save, icon="save", width=width, density=Density.COMPACT
        )
        self._office = office
        self.fields: dict[str, FormField] = {}
        self.form = FormArea(parent.window())
        self.add(self.form)

    def save(self) -> None:
        """Read the fields and ask the service; the verb does it."""
        raise NotImplementedError

    def run(self, work: Callable[[], object]) -> None:
        """Have it done on the lane; the verb waits."""
        self.notice.clear()
        self.set_working(True)
        self._office.tasks.run(self, work, self._done, self._refused, label="catalogue")

    def place_of(self, error: TillgateError) -> FormField | None:
        """The field that an error is about."""
        named = self.fields.get(str(error.values.get("field", "")))
        return named if isinstance(error, Invalid | Refused) else None

    def _done(self, result: object) -> None:
        self.saved.emit(result)
        self.accept()

    def _refused(self, error: TillgateError) -> None:
        self.set_working(False)
        field = self.place_of(error)
        if field is None:
            self.show_error(error)
            return
        field.show_error(sentence(error))
        field.setFocus()
        if isinstance(field, QWidget):
            self.form.ensureWidgetVisible(field)

    def all_read(self, values: Mapping[FormField, object]) -> bool:
        """Whether every field could be read; else the first that could not has the focus."""
        wrong = next((field for field, value in values.items() if value is None), None)
        if wrong is not None:
            wrong.setFocus()
            if isinstance(wrong, QWidget):
                self.form.ensureWidgetVisible(wrong)
        return wrong is None
