"""The integrity check: run in the background, a row for each thing compared, and what is wrong to open from there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import tzinfo
from functools import partial
from typing import Final

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from tillgate.domain.errors import TillgateError
from tillgate.domain.staff import GRANTS, Action
from tillgate.formats import format_instant
from tillgate.i18n import active_language, ntr, tr
from tillgate.services.book_checks import BooksReport, LastCheck, Walk, check_books, load_last_check
from tillgate.services.looks import Check, Fault
from tillgate.services.start_gates import Finding, Gate
from tillgate.ui.dialogs.approval import Door, export_gate
from tillgate.ui.screens.settings.integrity_rows import CheckCard, CheckRow, GateRow
from tillgate.ui.screens.settings.integrity_words import CHECKS, CheckLine, export_columns, export_source
from tillgate.ui.screens.settings.places import Places
from tillgate.ui.theme import Tone
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.data_table import ListSource, Place, Query
from tillgate.ui.widgets.data_table.export import Export
from tillgate.ui.widgets.data_table.exporting import AskPath, Exporting, number
from tillgate.ui.widgets.labels import plain_label, set_text
from tillgate.ui.widgets.notices import InlineNotice

_PROGRESS_MS: Final = 200
_WIDTH: Final = 860


class IntegrityPage(QWidget):
    """Runs only when asked to; what the start looked at stands below."""

    def __init__(self, door: Door, places: Places, zone: tzinfo, *, ask_path: AskPath | None = None) -> None:
        super().__init__()
        self._door, self._places, self._zone = door, places, zone
        self.report: BooksReport | None = None
        self._walk: Walk | None = None
        self.run = Button(tr("Run the check"), tone=ButtonTone.PRIMARY, icon="badge-check", on_click=self.start_check)
        self.stop = Button(tr("Stop the check"), icon="x", on_click=self._stop)
        self.stop.hide()
        self.export = Button(tone=ButtonTone.ICON, icon="download", name=tr("Export as CSV or workbook"))
        self.notice = InlineNotice(closable=True)
        self.last = plain_label(tone="muted", wrap=True)
        self.progress = plain_label(role="strong", wrap=True)
        self.progress.hide()
        self.rows = {check: CheckRow(check) for check in Check}
        self.gates: list[GateRow] = []
        self._start = QVBoxLayout()
        self._lay_out()
        self._timer = QTimer(self)
        self._timer.setInterval(_PROGRESS_MS)
        self._timer.timeout.connect(self._show_progress)
        self._exporting = Exporting(
            self,
            self.notice,
            door.tasks,
            lambda path: Export(path, export_columns(), self._exported(), Query(), self._place()),
            file_name="integrity-check.csv",
            before=export_gate(self, door, "integrity check"),
            ask_path=ask_path,
        )
        self.export.clicked.connect(self._exporting.start)
        self.export.setVisible(door.actor.role is not None and Action.EXPORT in GRANTS[door.actor.role])
        self._show_findings()
        self._read_last()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(plain_label(tr("Integrity check"), "heading"))
        head.addStretch(1)
        for button in (self.export, self.stop, self.run):
            head.addWidget(button)
        books = CheckCard(tr("The books"))
        for row in self.rows.values():
            books.add(row)
        self.setMaximumWidth(_WIDTH)
        inner = QVBoxLayout(self)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(14)
        inner.addLayout(head)
        for part in (self.last, self.progress, self.notice, books):
            inner.addWidget(part)
        inner.addLayout(self._start)
        inner.addStretch(1)

    # The run

    @Slot()
    def start_check(self) -> None:
        """Look at everything, at one moment of the database."""
        if self._walk is not None:
            return
        self._walk = walk = Walk()
        self.notice.clear()
        self.run.setEnabled(False)
        self.stop.show()
        self.stop.setFocus()
        self.progress.show()
        self._show_progress()
        self._timer.start()
        work = partial(check_books, self._door.till, self._door.actor, walk)
        self._door.tasks.run(self, work, self._checked, self._failed, label="integrity")

    def _stop(self) -> None:
        if self._walk is not None:
            self._walk.stop()
            self._show_progress()

    @Slot()
    def _show_progress(self) -> None:
        walk = self._walk
        if walk is None or walk.now is None:
            set_text(self.progress, tr("Waiting to begin …"))
            return
        title, here = tr(CHECKS[walk.now][0]), min(walk.done + 1, walk.whole)
        if walk.stopping:
            set_text(self.progress, tr("Stopping …"))
            return
        at = {"done": here, "whole": walk.whole, "what": title}
        if walk.now is Check.CHAIN:
            text = tr("Looking at {done} of {whole}: {what}, entry {entry} …", **at, entry=number(walk.entries))
        else:
            text = tr("Looking at {done} of {whole}: {what} …", **at)
        set_text(self.progress, text)

    def _ended(self) -> None:
        self._walk = None
        self._timer.stop()
        self.progress.hide()
        self.run.setEnabled(True)
        if self.stop.hasFocus():
            self.run.setFocus()
        self.stop.hide()

    def _failed(self, error: TillgateError) -> None:
        self._ended()
        self.notice.show_error(error)

    def _checked(self, report: BooksReport) -> None:
        self._ended()
        self.report = report
        for row in self.rows.values():
            row.show_verdict(None)
        for result in report.results:
            self.rows[result.check].show_result(result, self._opener)
        self._say(report)
        self._places.books_checked(report)
        self._show_findings()
        self._read_last(verdicts=False)

    def _say(self, report: BooksReport) -> None:
        wrong = report.wrong
        if report.stopped:
            text = ntr("Stopped after {count} check.", "Stopped after {count} checks.", len(report.results))
            self.notice.say(Tone.ACCENT, text)
        if wrong:
            text = ntr("{count} entry does not fit together.", "{count} entries don’t fit together.", wrong)
            then = tr("Nothing was changed. Open what is named below, and keep a copy of the database.")
            self.notice.say(Tone.FAILED, text, then)
        elif not report.stopped:
            self.notice.say(Tone.SETTLED, tr("Everything fits together."))

    # What was before

    def _read_last(self, *, verdicts: bool = True) -> None:
        def done(last: LastCheck | None) -> None:
            self._show_last(last)
            if verdicts and last is not None and self.report is None:
                for check, row in self.rows.items():
                    row.show_verdict(last.faults.get(check.value, 0))

        self._door.tasks.run(self, partial(load_last_check, self._door.till, self._door.actor), done, self._failed_read)

    def _failed_read(self, error: TillgateError) -> None:
        self.notice.show_error(error)

    def _show_last(self, last: LastCheck | None) -> None:
        if last is None:
            set_text(self.last, tr("It was never run to its end."))
            return
        when = format_instant(last.at, active_language(), self._zone)
        whom = last.person or tr("The till itself")
        wrong = last.wrong
        sound = tr("Last run: {when}, {person}. Everything fitted together.", when=when, person=whom)
        found = tr("Last run: {when}, {person}. Found wrong: {number}.", when=when, person=whom, number=number(wrong))
        set_text(self.last, found if wrong else sound)

    def _show_findings(self) -> None:
        while (item := self._start.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        findings = self._findings()
        self.gates = [GateRow(finding) for finding in findings]
        if not self.gates:
            return
        says = tr("What is quick enough is looked at whenever the till opens; the disk every few minutes.")
        card = CheckCard(tr("At the start"), says)
        for row in self.gates:
            card.add(row)
        self._start.addWidget(card)

    def _findings(self) -> Sequence[Finding]:
        # What the last check found is said by the page itself.
        return [each for each in self._places.findings() if each.gate is not Gate.BOOKS]

    # What is found

    def _opener(self, fault: Fault) -> Callable[[], object] | None:
        kind, _, which = fault.subject.partition(":")
        if kind == "payment" and self._places.show_payment is not None:
            return partial(self._places.show_payment, int(which))
        code = fault.values.get("code")
        if kind == "consultation" and code and self._places.show_consultation is not None:
            return partial(self._places.show_consultation, str(code), int(which))
        return None

    def _exported(self) -> ListSource[CheckLine]:
        return export_source(self.report, self._findings())

    def _place(self) -> Place:
        return Place(active_language(), self._zone)
