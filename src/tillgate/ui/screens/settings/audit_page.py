"""The audit: every entry, and whether the chain still holds."""

from __future__ import annotations

from datetime import tzinfo
from functools import partial

from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QVBoxLayout, QWidget

from tillgate.domain.errors import TillgateError
from tillgate.formats import format_instant
from tillgate.i18n import active_language, ntr, tr
from tillgate.services.audit_log import AuditPosition, AuditRecord, ChainStatus, check_audit, count_audit, list_audit
from tillgate.ui.dialogs.approval import Door, export_gate
from tillgate.ui.screens.kept_views import KeptViews
from tillgate.ui.screens.settings.audit_words import event_text
from tillgate.ui.screens.settings.rows import (
    audit_columns,
    audit_filters,
    audit_query,
    values_text,
    who,
)
from tillgate.ui.theme import Tone
from tillgate.ui.widgets.buttons import Button
from tillgate.ui.widgets.data_table import DataTable, EmptyText, KeysetSource, Query, Summary
from tillgate.ui.widgets.labels import plain_label
from tillgate.ui.widgets.notices import InlineNotice


class AuditPage(QWidget):
    """The list, and a button that walks the whole chain."""

    def __init__(self, door: Door, zone: tzinfo) -> None:
        super().__init__()
        self._door, self._zone = door, zone
        self.notice = InlineNotice(closable=True)
        self.check = Button(tr("Check the chain"), icon="shield-check", on_click=self._check)
        source: KeysetSource[AuditRecord, AuditPosition] = KeysetSource(
            self._fetch, self._summary, lambda _query, row: row.position
        )
        self.table = DataTable(
            tr("Audit"),
            columns=audit_columns(),
            source=source,
            tasks=door.tasks,
            zone=zone,
            key=lambda row: row.position,
            filters=audit_filters(),
            details=self._details,
            detail_title=lambda row: event_text(row.event),
            empty=EmptyText("history", tr("Nothing has happened yet"), tr("Every action is written down here.")),
            saved=KeptViews(door.till, door.actor),
            export_name="audit",
            before_export=export_gate(self, door, "audit"),
        )
        head = QHBoxLayout()
        head.addWidget(plain_label(tr("Audit"), "heading"))
        head.addStretch(1)
        head.addWidget(self.check)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addLayout(head)
        column.addWidget(self.notice)
        column.addWidget(self.table, 1)
        self.setFocusProxy(self.table)

    def _fetch(self, query: Query, after: AuditPosition | None, skip: int, limit: int) -> list[AuditRecord]:
        wanted = audit_query(query, self._zone)
        rows = list_audit(self._door.till, self._door.actor, wanted, after, skip=skip, limit=limit)
        return list(rows)

    def _summary(self, query: Query) -> Summary:
        return Summary(count_audit(self._door.till, self._door.actor, audit_query(query, self._zone)))

    def _details(self, row: AuditRecord) -> QWidget:
        page = QWidget()
        form = QFormLayout(page)
        form.setVerticalSpacing(8)
        told = [
            (tr("When"), format_instant(row.at, active_language(), self._zone)),
            (tr("Who"), who(row)),
            (tr("About"), row.subject),
            (tr("Till"), row.till_id),
            (tr("Number"), str(row.seq)),
            (tr("Values"), values_text(row)),
        ]
        for title, text in told:
            form.addRow(plain_label(title, tone="muted"), plain_label(text or "–", wrap=True, selectable=True))
        return page

    def _check(self) -> None:
        self.check.setEnabled(False)
        self.notice.say(Tone.ACCENT, tr("Walking the chain …"))
        work = partial(check_audit, self._door.till, self._door.actor)
        self._door.tasks.run(self, work, self._checked, self._failed)

    def _checked(self, status: ChainStatus) -> None:
        self.check.setEnabled(True)
        if status.fault is None:
            text = ntr("{count} entry, and it holds.", "{count} entries, and every one holds.", status.entries)
            self.notice.say(Tone.SETTLED, text)
            return
        values = {"till": status.fault.till_id, "number": status.fault.seq}
        self.notice.say(
            Tone.FAILED,
            tr("The chain of till {till} does not hold at entry {number}.", **values),
            tr("Somebody changed the database past Tillgate. Keep the file, and tell the owner of the store."),
        )

    def _failed(self, error: TillgateError) -> None:
        self.check.setEnabled(True)
        self.notice.show_error(error)
