"""The widgets of the people screen: a heading with one button, the list, and a person's details."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo

from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QVBoxLayout, QWidget

from tillgate.formats import format_instant
from tillgate.i18n import active_language, tr
from tillgate.services.credentials import StaffRecord
from tillgate.ui.screens.staff.rows import STANDING, Standing, role_text, standing
from tillgate.ui.widgets.avatar import Avatar
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.labels import plain_label
from tillgate.ui.widgets.notices import InlineNotice
from tillgate.ui.widgets.status_badge import StatusBadge


class StaffView(QWidget):
    """A heading, a notice, and room for the list."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.notice = InlineNotice(closable=True)
        self.take_on = Button(tr("Take somebody on"), tone=ButtonTone.PRIMARY, icon="user-plus")
        self.own_pin = Button(tr("Change my PIN"), icon="lock")
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(plain_label(tr("People"), "heading"))
        head.addStretch(1)
        head.addWidget(self.own_pin)
        head.addWidget(self.take_on)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(20, 18, 20, 18)
        self.column.setSpacing(12)
        self.column.addLayout(head)
        self.column.addWidget(self.notice)


class PersonDetails(QWidget):
    """What is known of a person, and what can be done about them."""

    def __init__(
        self,
        person: StaffRecord,
        zone: tzinfo,
        change: Callable[[StaffRecord], object],
        unlock: Callable[[StaffRecord], object],
    ) -> None:
        super().__init__()
        head = QHBoxLayout()
        head.setSpacing(12)
        names = QVBoxLayout()
        names.setSpacing(4)
        names.addWidget(plain_label(role_text(person.role), "large"))
        names.addWidget(StatusBadge(STANDING[standing(person)]))
        head.addWidget(Avatar(person.name, 56))
        head.addLayout(names)
        head.addStretch(1)
        form = QFormLayout()
        form.setVerticalSpacing(8)
        language = active_language()
        form.addRow(
            plain_label(tr("Since"), tone="muted"), plain_label(format_instant(person.created_at, language, zone))
        )
        if person.failed_tries:
            form.addRow(plain_label(tr("Wrong tries"), tone="muted"), plain_label(str(person.failed_tries)))
        if person.locked_at:
            locked = format_instant(person.locked_at, language, zone)
            form.addRow(plain_label(tr("Locked at"), tone="muted"), plain_label(locked))
        self.change = Button(tr("Change"), icon="pencil", on_click=lambda: change(person))
        self.unlock = Button(tr("Unlock"), icon="lock-open", on_click=lambda: unlock(person))
        self.unlock.setVisible(standing(person) is Standing.LOCKED)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.change)
        row.addWidget(self.unlock)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(14)
        column.addLayout(head)
        column.addLayout(form)
        column.addLayout(row)
        column.addStretch(1)
