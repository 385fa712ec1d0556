"""Which device: typed or scanned, or found by its customer."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from tillgate.domain.errors import NotFound, TillgateError
from tillgate.domain.staff import Actor
from tillgate.i18n import ntr, tr
from tillgate.services.device_lists import DeviceDetails, DeviceQuery, DeviceRow, find_device, list_devices
from tillgate.services.till import Till
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.checkout.choice_list import Choice, ChoiceList
from tillgate.ui.screens.checkout.customer_dialog import CustomerSearch
from tillgate.ui.text import shown
from tillgate.ui.widgets.labels import plain_label
from tillgate.ui.widgets.notices import InlineNotice

_MOST: Final = 20


class DeviceFinder(QWidget):
    """`found(DeviceDetails)` once a device was chosen. `shown_for` is the text whose devices stand in the list."""

    found = Signal(object)

    def __init__(self, office: BackOffice) -> None:
        super().__init__()
        self._office = office
        self._wanted = ""
        self.shown_for: str | None = None
        self._entered: str | None = None
        self.search = CustomerSearch(tr("Device or customer"))
        self.list = ChoiceList(tr("Devices found"))
        self.notice = InlineNotice(closable=True)
        self._none = plain_label(tr("No device found."), tone="muted", wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        for widget in (plain_label(tr("Device"), "label"), self.search, self.notice, self._none):
            column.addWidget(widget)
        column.addWidget(self.list, 1)
        column.addStretch(0)
        self.search.textChanged.connect(self._typed)
        self.search.stepped.connect(self.list.step)
        self.search.chosen.connect(self._enter)
        self.list.picked.connect(self._picked)
        self.list.clicked.connect(lambda _index: self._picked())
        self._none.hide()

    def begin(self) -> None:
        """Ask anew."""
        self.notice.clear()
        self.search.show_quietly("")
        self._typed("")

    def take(self, code: str) -> None:
        """A device's code, scanned or typed whole."""
        work = partial(find_device, self._office.till, self._office.actor, code)
        self._office.tasks.run(self, work, self._take, self._not_found, label="device")

    @Slot(str)
    def _typed(self, text: str) -> None:
        self._entered = None
        self._wanted = text.strip()
        wanted = self._wanted
        work = partial(_find, self._office.till, self._office.actor, wanted)
        self._office.tasks.run(self, work, partial(self._show, wanted), self.notice.show_error, label="devices")

    def _show(self, text: str, rows: Sequence[DeviceRow]) -> None:
        if text != self._wanted:
            return
        self.shown_for = text
        self.list.show_choices([self._choice(row) for row in rows])
        self.list.setVisible(bool(rows))
        self._none.setVisible(not rows)
        if self._entered == text:
            self._enter(text)

    def _choice(self, row: DeviceRow) -> Choice:
        owes = row.open_count > 0
        note = "  ·  ".join(shown(part, 80) for part in (row.customer, row.phone) if part)
        count = ntr("{count} open", "{count} open", row.open_count) if owes else tr("nothing open")
        title = f"{row.device.code}  {row.device.name}"
        return Choice(row.device.code, shown(title, 80), note, self._office.money(row.owed) if owes else "", count)

    @Slot(str)
    def _enter(self, text: str) -> None:
        if self.shown_for != text:
            # Enter was quicker than the search.
            self._entered = text
            return
        self._entered = None
        marked = self.list.marked
        if text and (marked is None or marked.value.casefold() != text.casefold()):
            # What was typed may be a whole code, or a code that there is not.
            exact = next((each for each in self.list.choices if each.value.casefold() == text.casefold()), marked)
            self.take(exact.value if exact is not None else text)
        elif marked is not None:
            self.take(marked.value)

    @Slot()
    def _picked(self) -> None:
        if self.list.marked is not None:
            self.take(self.list.marked.value)

    def _take(self, details: DeviceDetails) -> None:
        self.notice.clear()
        self.found.emit(details)

    def _not_found(self, error: TillgateError) -> None:
        if isinstance(error, NotFound):
            self.search.setFocus()
            self.search.selectAll()
        self.notice.show_error(error)


def _find(till: Till, actor: Actor, text: str) -> list[DeviceRow]:
    """Devices for a text, those that something can be paid for first."""
    owing = list_devices(till, actor, DeviceQuery(text, owing=True), limit=_MOST)
    if len(owing) == _MOST:
        return list(owing)
    known = {row.device.id for row in owing}
    others = [row for row in list_devices(till, actor, DeviceQuery(text), limit=_MOST) if row.device.id not in known]
    return [*owing, *others][:_MOST]
