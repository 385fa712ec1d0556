"""One of the store's things in a form: searched as one types, chosen by arrows and Enter, shown once it is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeVar

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from tillgate.domain.errors import TillgateError
from tillgate.ui.screens.checkout.choice_list import Choice, ChoiceList
from tillgate.ui.screens.checkout.customer_dialog import CustomerSearch
from tillgate.ui.tasks import Tasks
from tillgate.ui.widgets.buttons import Button
from tillgate.ui.widgets.labels import ElidedLabel, plain_label, set_text
from tillgate.ui.widgets.notices import announce

T = TypeVar("T")
_LIST_HEIGHT: Final = 120


class Searching(QObject):
    """What is typed is looked for, one search at a time, and stands in a list; an Enter that was quicker chooses later.

    `found(text, count)` once a search ended, `failed(TillgateError)`; `taken(value)` with what was chosen.
    """

    found = Signal(str, int)
    failed = Signal(object)
    taken = Signal(object)

    def __init__(
        self,
        owner: QWidget,
        tasks: Tasks,
        line: CustomerSearch,
        hits: ChoiceList,
        *,
        find: Callable[[str], Sequence[T]],
        choice: Callable[[T], Choice],
        label: str,
    ) -> None:
        super().__init__(owner)
        self._owner, self._tasks, self._line, self._hits, self._label = owner, tasks, line, hits, label
        self._find: Callable[[str], Sequence[Any]] = find
        self._choice: Callable[[Any], Choice] = choice
        self._shown_for: str | None = None
        self._enter_for: str | None = None
        self._looking = False
        line.textChanged.connect(self._typed)
        line.stepped.connect(hits.step)
        hits.picked.connect(self.pick)

    @property
    def text(self) -> str:
        """What is looked for."""
        return self._line.text().strip()

    @Slot()
    def pick(self) -> bool:
        """Choose the marked one; False where the search has not come so far, or none is marked."""
        if self._shown_for != self.text:
            # Whoever typed nothing means nobody yet.
            self._enter_for = self.text or None
            return False
        marked = self._hits.marked
        if marked is None:
            return False
        self.taken.emit(marked.value)
        return True

    @Slot()
    def look(self) -> None:
        """Look for what is typed."""
        if not self._looking:
            self._looking = True
            text = self.text
            done = partial(self._show, text)
            self._tasks.run(self._owner, partial(self._find, text), done, self._not_found, label=self._label)

    @Slot()
    def _typed(self) -> None:
        self._enter_for = None
        self.look()

    def _show(self, text: str, hits: Sequence[Any]) -> None:
        self._looking = False
        self._shown_for = text
        self._hits.show_choices([self._choice(each) for each in hits])
        self.found.emit(text, len(hits))
        if text != self.text:
            self.look()
        elif self._enter_for == text:
            self._enter_for = None
            self.pick()

    def _not_found(self, error: TillgateError) -> None:
        self._looking = False
        self.failed.emit(error)


@dataclass(frozen=True, slots=True)
class FieldWords:
    """What the form calls them, translated: `nobody` where none is found, `unread` where they can't be looked for."""

    title: str
    search: str
    found: str
    other: str
    nobody: str
    unread: str


class FinderField(QWidget):
    """`chosen` when it is known which; `value` is then its number."""

    chosen = Signal()

    def __init__(
        self,
        tasks: Tasks,
        words: FieldWords,
        find: Callable[[str], Sequence[T]],
        choice: Callable[[T], Choice],
        *,
        label: str,
    ) -> None:
        super().__init__()
        self._field_words = words
        self.value: int | None = None
        self.search = CustomerSearch(words.search)
        self.list = ChoiceList(words.found)
        self.list.setFixedHeight(_LIST_HEIGHT)
        self.who = ElidedLabel(role="strong")
        self.other = Button(words.other, icon="search", on_click=self._ask_again)
        # Enter is for the list and for the form.
        self.other.setAutoDefault(False)
        self._error = plain_label(role="caption", tone="failed", wrap=True)
        self._lay_out()
        self.search.textChanged.connect(lambda _text: self.show_error(""))
        self._searching = Searching(self, tasks, self.search, self.list, find=find, choice=choice, label=label)
        self._searching.taken.connect(self.take)
        self._searching.found.connect(self._found)
        self._searching.failed.connect(lambda _error: self.show_error(words.unread))
        self.setFocusProxy(self.search)

    def _lay_out(self) -> None:
        title = plain_label(self._field_words.title, "label")
        title.setBuddy(self.search)
        # Above what is searched or known, which has the whole width: a form may be narrow.
        self._head = QHBoxLayout()
        self._head.setSpacing(8)
        self._head.addWidget(title, 1)
        self._head.addWidget(self.other)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(self._head)
        column.addWidget(self.search)
        column.addWidget(self.who)
        column.addWidget(self.list)
        column.addWidget(self._error)

    @Slot(object)
    def take(self, found: Any) -> None:
        """What was chosen from the list."""
        raise NotImplementedError

    @Slot()
    def pick(self) -> bool:
        """Choose the marked one; False where the search has not come so far, or none is marked."""
        return self._searching.pick()

    def look(self) -> None:
        """Look for what is typed."""
        self._searching.look()

    def show_value(self, value: int, name: str, told: str = "") -> None:
        """Which it is; `told` where more than the name is shown."""
        self.value = value
        self.who.show_text(told or name)
        self.who.setAccessibleName(self._field_words.title)
        self.who.setAccessibleDescription(name)
        self.show_error("")
        self.show_state()
        self.chosen.emit()

    def forget(self) -> None:
        """None is chosen, and nothing is typed."""
        self.value = None
        self.search.clear()
        self.show_error("")
        self.show_state()

    def show_error(self, text: str) -> None:
        """Say below the field what is wrong, aloud too; "" takes it back."""
        set_text(self._error, text)
        self._error.setVisible(bool(text))
        self.search.setAccessibleDescription(text)
        if text:
            announce(self.search, text)

    @property
    def error(self) -> str:
        """The error shown, or ""."""
        return self.search.accessibleDescription()

    def show_state(self) -> None:
        """The search and its list, or what is known."""
        known = self.value is not None
        self.search.setHidden(known)
        self.list.setHidden(known or not self.list.choices)
        self.who.setVisible(known)
        self.other.setVisible(known)
        self._error.setVisible(bool(self.error))

    @Slot()
    def _ask_again(self) -> None:
        self.value = None
        self.show_state()
        self.search.setFocus()
        self.search.selectAll()
        self.look()

    @Slot(str, int)
    def _found(self, text: str, count: int) -> None:
        self.show_state()
        if text and not count and text == self._searching.text:
            self.show_error(self._field_words.nobody)
