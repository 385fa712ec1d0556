"""A page of options: generated from what is declared in a section, saved together, undone together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QVBoxLayout, QWidget

from tillgate.domain.errors import Invalid, TillgateError
from tillgate.domain.settings import OPTIONS, Section, Settings
from tillgate.domain.staff import Action
from tillgate.i18n import tr
from tillgate.services.settings import save_settings
from tillgate.ui.dialogs.approval import Asked, Door, ask_permission
from tillgate.ui.message_text import message_for
from tillgate.ui.screens.settings.option_field import OptionField
from tillgate.ui.theme import Tone
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.labels import plain_label
from tillgate.ui.widgets.notices import InlineNotice

_WIDTH: Final = 520


class OptionsPage(QWidget):
    """`saved(Settings)` when options were stored."""

    saved = Signal(object)

    def __init__(self, door: Door, section: Section, title: str, more: Sequence[QWidget] = ()) -> None:
        super().__init__()
        self._door = door
        stored = door.till.settings()
        self.fields = {
            option.name: OptionField(option, stored.text(option)) for option in OPTIONS if option.section is section
        }
        self.notice = InlineNotice()
        self.save = Button(tr("Save changes"), tone=ButtonTone.PRIMARY, icon="save", on_click=self._save)
        self.undo = Button(tr("Undo changes"), tone=ButtonTone.QUIET, icon="undo-2", on_click=self._undo)
        self.setMaximumWidth(_WIDTH)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(16)
        column.addWidget(plain_label(title, "heading"))
        for field in self.fields.values():
            field.changed.connect(self._show_buttons)
            column.addWidget(field)
        column.addWidget(self.notice)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.save)
        row.addWidget(self.undo)
        row.addStretch(1)
        column.addLayout(row)
        for widget in more:
            column.addWidget(widget)
        column.addStretch(1)
        self._show_buttons()

    @property
    def changes(self) -> dict[str, str]:
        """What differs from what is stored. Raises Invalid for a number that can't be read."""
        return {name: field.text for name, field in self.fields.items() if field.differs}

    @Slot()
    def _show_buttons(self) -> None:
        differs = any(field.differs for field in self.fields.values())
        self.save.setEnabled(differs)
        self.undo.setEnabled(differs)

    def _undo(self) -> None:
        self._take(self._door.till.settings())
        self.notice.clear()

    def _save(self, _token: str | None = None) -> None:
        self.notice.clear()
        try:
            changes = self.changes
        except Invalid as error:
            self._refused(error)
            return
        self.save.setEnabled(False)
        work = partial(save_settings, self._door.till, self._door.actor, changes)
        self._door.tasks.run(self, work, self._stored, self._refused)

    def _stored(self, settings: Settings) -> None:
        self._take(settings)
        self.notice.say(Tone.SETTLED, tr("Saved."))
        self.saved.emit(settings)

    def _refused(self, error: TillgateError) -> None:
        self._show_buttons()
        field = self.fields.get(str(error.values.get("field", "")))
        if isinstance(error, Invalid) and field is not None:
            words = message_for(error)
            field.show_error(" ".join(part for part in (words.what, words.next) if part))
            field.setFocus()
        elif not ask_permission(self, self._door, Asked(Action.EDIT_SETTINGS), error, self._save):
            self.notice.show_error(error)

    def _take(self, settings: Settings) -> None:
        for field in self.fields.values():
            field.accept(settings.text(field.option))
        self._show_buttons()


def plain_form() -> QFormLayout:
    """Two columns of labels and values."""
    form = QFormLayout()
    form.setHorizontalSpacing(24)
    form.setVerticalSpacing(8)
    return form


PageMaker = Callable[[], QWidget]
