"""Above a list: search, a chip for each declared filter, saved views, export."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import TypeAlias

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QHBoxLayout, QMenu, QWidget

from tillgate.formats import format_day
from tillgate.i18n import active_language, tr
from tillgate.ui.theme import restyle
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.data_table.query import Query
from tillgate.ui.widgets.data_table.saved import SavedView
from tillgate.ui.widgets.date_range import DateRangeField
from tillgate.ui.widgets.days import PRESET_TITLES, DayRange, Preset, preset_range
from tillgate.ui.widgets.dialog import Dialog
from tillgate.ui.widgets.fields import SearchField, TextField


@dataclass(frozen=True, slots=True)
class Choice:
    """A value of a choice filter and its translated words."""

    value: str
    text: str


@dataclass(frozen=True, slots=True)
class ChoiceFilter:
    """One of some values, or any."""

    key: str
    title: str
    choices: Sequence[Choice]


@dataclass(frozen=True, slots=True)
class DayFilter:
    """A range of store days, by preset or chosen, or any."""

    key: str
    title: str


Filter: TypeAlias = "ChoiceFilter | DayFilter"


class FilterBar(QWidget):
    """Turns presses into queries: `asked(Query)`. Views and exports are asked of the table by signals."""

    asked = Signal(object)
    export_asked = Signal()
    save_asked = Signal(str)
    view_asked = Signal(object)
    remove_asked = Signal(str)

    def __init__(
        self, name: str, filters: Sequence[Filter], today: Callable[[], date], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._filters, self._today = list(filters), today
        self._query = Query()
        self.search = SearchField(tr("Search {list}", list=name.lower()), parent=self)
        self.search.setMinimumWidth(150)
        self.search.setMaximumWidth(340)
        self.search.searched.connect(self._searched)
        self.chips = {declared.key: self._chip(declared) for declared in filters}
        self.clear = Button(tr("Show all"), tone=ButtonTone.LINK, on_click=self._show_all, parent=self)
        self.views = Button(tone=ButtonTone.ICON, icon="bookmark", name=tr("Saved views"), parent=self)
        self._views_menu = QMenu(self.views)
        self.views.setMenu(self._views_menu)
        self.export = Button(
            tone=ButtonTone.ICON,
            icon="download",
            name=tr("Export as CSV (Ctrl+E)"),
            on_click=self.export_asked.emit,
            parent=self,
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.search, 2)
        for chip in self.chips.values():
            row.addWidget(chip)
        row.addWidget(self.clear)
        row.addStretch(1)
        row.addWidget(self.views)
        row.addWidget(self.export)
        self.show_views(())
        self.show_query(Query())

    def offer(self, key: str, choices: Sequence[Choice]) -> None:
        """Offer other choices in the choice filter of a key; what is chosen stays chosen."""
        for place, declared in enumerate(self._filters):
            if declared.key == key and isinstance(declared, ChoiceFilter) and list(declared.choices) != list(choices):
                self._filters[place] = fresh = replace(declared, choices=choices)
                self._show_chip(fresh)

    def show_query(self, query: Query) -> None:
        """Show what a query asks, without asking it."""
        self._query = query
        if self.search.text().strip() != query.text:
            self.search.show_quietly(query.text)
        for declared in self._filters:
            self._show_chip(declared)
        self.clear.setVisible(query.narrowed)

    def show_views(self, views: Sequence[SavedView]) -> None:
        """Offer saved views."""
        menu = self._views_menu
        menu.clear()
        for view in views:
            menu.addAction(_plain(view.name)).triggered.connect(partial(self._open_view, view))
        if views:
            menu.addSeparator()
        menu.addAction(tr("Save this view…")).triggered.connect(self._name_view)
        if views:
            forget = menu.addMenu(tr("Forget a view"))
            for view in views:
                forget.addAction(_plain(view.name)).triggered.connect(partial(self._forget, view.name))

    # Chips

    def _chip(self, declared: Filter) -> Button:
        chip = Button(declared.title, tone=ButtonTone.CHIP, icon="chevron-down", parent=self)
        chip.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        menu = QMenu(chip)
        menu.setAccessibleName(declared.title)
        # Made when it is asked for: a list opens sooner without what most never look at.
        menu.aboutToShow.connect(partial(self._fill, declared.key, menu))
        chip.setMenu(menu)
        return chip

    def _fill(self, key: str, menu: QMenu) -> None:
        declared = next(each for each in self._filters if each.key == key)
        _, marked = self._words(declared)
        menu.clear()
        for former in menu.findChildren(QActionGroup):
            former.deleteLater()
        group = QActionGroup(menu)
        for action, value in self._entries(declared, menu):
            action.setCheckable(True)
            action.setChecked(value == marked)
            action.setActionGroup(group)
            action.triggered.connect(partial(self._choose, key, value))
        if isinstance(declared, DayFilter):
            menu.addSeparator()
            menu.addAction(tr("Choose days…")).triggered.connect(partial(self._ask_days, declared))

    def _entries(self, declared: Filter, menu: QMenu) -> list[tuple[QAction, str]]:
        entries = [(menu.addAction(tr("Any")), "")]
        if isinstance(declared, ChoiceFilter):
            entries += [(menu.addAction(_plain(choice.text)), choice.value) for choice in declared.choices]
        else:
            entries += [(menu.addAction(tr(title)), preset.value) for preset, title in PRESET_TITLES.items()]
        return entries

    def _show_chip(self, declared: Filter) -> None:
        chip = self.chips[declared.key]
        text, _ = self._words(declared)
        wanted = tr("{filter}: {value}", filter=declared.title, value=text) if text else declared.title
        if chip.accessibleName() == wanted:
            return
        chip.show_text(wanted)
        chip.setAccessibleName(chip.text().replace("&&", "&"))
        chip.setProperty("active", "true" if text else "")
        chip.show_icon("chevron-down", "accent_text" if text else "muted")
        restyle(chip)

    def _words(self, declared: Filter) -> tuple[str, str]:
        if isinstance(declared, ChoiceFilter):
            value = self._query.choice(declared.key) or ""
            return next((choice.text for choice in declared.choices if choice.value == value), value), value
        days = self._query.days(declared.key)
        if days is None:
            return "", ""
        if days.preset is not None:
            return tr(PRESET_TITLES[days.preset]), days.preset.value
        return _days_text(days), "days"

    def _choose(self, key: str, value: str, _checked: bool = False) -> None:
        days = next((isinstance(declared, DayFilter) for declared in self._filters if declared.key == key), False)
        chosen = preset_range(Preset(value), self._today()) if days and value else value
        self._ask(self._query.with_filter(key, chosen or None))

    def _ask_days(self, declared: DayFilter, _checked: bool = False) -> None:
        current = self._query.days(declared.key) or preset_range(Preset.LAST_7, self._today())
        field = DateRangeField(current.first or self._today(), current.last or self._today())

        def accept() -> None:
            days = field.value()
            if days is not None:
                dialog.accept()
                self._ask(self._query.with_filter(declared.key, days))

        dialog = Dialog(self, declared.title, verb=tr("Show these days"), on_accept=accept, icon="calendar")
        dialog.add(field)
        dialog.open()

    # Asking

    @Slot(str)
    def _searched(self, text: str) -> None:
        self._ask(replace(self._query, text=text))

    @Slot()
    def _show_all(self) -> None:
        self._ask(replace(self._query, text="", filters=()))

    def _ask(self, query: Query) -> None:
        self.show_query(query)
        self.asked.emit(query)

    # Views

    def _open_view(self, view: SavedView, _checked: bool = False) -> None:
        self.view_asked.emit(view)

    def _forget(self, name: str, _checked: bool = False) -> None:
        self.remove_asked.emit(name)

    def _name_view(self) -> None:
        field = TextField(tr("Name of the view"), limit=40)

        def accept() -> None:
            if not field.text:
                field.show_error(tr("Give it a name."))
                return
            dialog.accept()
            self.save_asked.emit(field.text)

        dialog = Dialog(self, tr("Save this view"), verb=tr("Save the view"), on_accept=accept, icon="bookmark")
        dialog.add(field)
        field.submitted.connect(accept)
        dialog.open()
        field.setFocus()


def _plain(text: str) -> str:
    return text.replace("&", "&&")


def _days_text(days: DayRange) -> str:
    language = active_language()
    first = format_day(days.first, language) if days.first else ""
    last = format_day(days.last, language) if days.last else ""
    if first == last:
        return first
    if first and last:
        return tr("{first} to {last}", first=first, last=last)
    return tr("since {first}", first=first) if first else tr("until {last}", last=last)
