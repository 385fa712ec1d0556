"""A batch while it runs and afterwards: its rows, the chosen row's code, and stop, resume, slip."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from tillgate.domain.batch import OPEN, BatchState, Shown, StopReason
from tillgate.domain.errors import TillgateError
from tillgate.i18n import ntr, tr
from tillgate.labels import provider_name
from tillgate.services.batch_views import BatchView, ItemView
from tillgate.ui.screens.back_office import BackOffice, PaperSaver
from tillgate.ui.screens.batch.code_panel import WIDTH, CodePanel
from tillgate.ui.screens.batch.desk import BatchDesk
from tillgate.ui.screens.batch.item_row import ItemRow
from tillgate.ui.screens.batch.keys import RUN, SCREEN
from tillgate.ui.screens.batch.running import BatchRun
from tillgate.ui.screens.batch.words import BATCH, fronts_of, standing
from tillgate.ui.theme import Tone
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.labels import ElidedLabel, plain_label, set_text
from tillgate.ui.widgets.notices import InlineNotice, announce
from tillgate.ui.widgets.scrolling import scrolled
from tillgate.ui.widgets.status_badge import StatusBadge


class RunPage(QWidget):
    """`left` when another device is to be paid (what runs goes on), `turned` when other commands can be given."""

    left = Signal()
    turned = Signal()

    def __init__(self, office: BackOffice, desk: BatchDesk, run: BatchRun) -> None:
        super().__init__()
        self._office, self._desk, self.run = office, desk, run
        self.rows: list[ItemRow] = []
        self._picked = 0
        self._batch_id: int | None = None
        self._said = ""
        self._without_browser = False
        self.title = ElidedLabel(role="title")
        self.badge = StatusBadge(BATCH[BatchState.RUNNING])
        self.progress = plain_label(role="strong")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(tr("Invoices taken up"))
        self.sums = plain_label(tone="muted", wrap=True)
        self.notice = InlineNotice(closable=True)
        self.code = CodePanel(office)
        self.code.asked.connect(self.do)
        self.buttons = {verb: self._button(verb) for verb in ("leave", "print_slip", "slip", "stop", "resume")}
        self._papers = PaperSaver(office, self, self.notice)
        self._lay_out()
        run.changed.connect(self._show_run)
        run.refused.connect(self._refused)
        run.no_browser.connect(self._no_browser)

    def _button(self, verb: str) -> Button:
        texts = {
            "leave": (tr("Another device"), ButtonTone.SECONDARY),
            "print_slip": (tr("Print slip"), ButtonTone.SECONDARY),
            "slip": (tr("Save slip"), ButtonTone.SECONDARY),
            "stop": (tr("Stop"), ButtonTone.DESTRUCTIVE),
            "resume": (tr("Resume"), ButtonTone.PRIMARY),
        }
        text, tone = texts[verb]
        icon = next(each.icon for each in RUN if each.key == verb)
        hint = self._office.hint(f"{SCREEN}.{verb}")
        return Button(text, tone=tone, icon=icon, hint=hint, on_click=partial(self.do, verb))

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(self.title, 1)
        head.addWidget(self.badge)
        head.addWidget(self.progress)
        listed = QWidget()
        self._column = QVBoxLayout(listed)
        self._column.setContentsMargins(0, 0, 8, 0)
        self._column.setSpacing(6)
        self._column.addStretch(1)
        left = QVBoxLayout()
        left.setSpacing(8)
        left.addLayout(head)
        left.addWidget(self.bar)
        left.addWidget(self.sums)
        left.addWidget(self.notice)
        left.addWidget(scrolled(listed), 1)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        for button in self.buttons.values():
            foot.addWidget(button)
            if button is self.buttons["slip"]:
                foot.addStretch(1)
        side = QFrame()
        side.setProperty("surface", "raised")
        side.setFixedWidth(WIDTH)
        beside = QVBoxLayout(side)
        beside.setContentsMargins(16, 16, 16, 16)
        beside.addWidget(scrolled(self.code))
        row = QHBoxLayout()
        row.setSpacing(16)
        row.addLayout(left, 1)
        row.addWidget(side)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(12)
        whole.addLayout(row, 1)
        whole.addLayout(foot)

    # What can be done

    def do(self, verb: str) -> None:
        """A command, or a button, of the batch or of the row that is picked."""
        view, item = self.run.view, self.picked
        if verb == "leave":
            self.left.emit()
        elif view is None or self.run.busy or not self.can(verb):
            return
        elif verb in {"stop", "resume"}:
            self.notice.clear()
            (self.run.stop if verb == "stop" else self.run.resume)()
        elif verb == "slip":
            self._papers.save(self._desk.save_slip, view.batch.id)
        elif verb == "print_slip":
            self._papers.print(self._desk.print_slip, view.batch.id, tr("The slip was sent to the printer."))
        elif item is not None:
            self._do_row(verb, item)

    def _do_row(self, verb: str, item: ItemView) -> None:
        if verb in {"skip", "retry"}:
            self.notice.clear()
            (self.run.skip if verb == "skip" else self.run.retry)(item.id)
        elif verb == "open_page":
            self.run.open_page(item.id)
        elif verb == "check_now" and item.payment_id is not None:
            self.run.check(item.payment_id)
        elif verb == "payment" and item.payment_id is not None and self._office.show_payment is not None:
            self._office.show_payment(item.payment_id)
        elif verb == "copy_link" and item.url:
            QGuiApplication.clipboard().setText(item.url)
            self.notice.say(Tone.SETTLED, tr("The link of {invoice} is copied.", invoice=item.invoice_number))

    def can(self, verb: str) -> bool:
        """Whether a command has something to do now."""
        view, item = self.run.view, self.picked
        if verb == "leave":
            return True
        if view is None:
            return False
        row = {
            "open_page": item is not None and bool(item.url),
            "copy_link": item is not None and bool(item.url),
            "code": item is not None and bool(item.url),
            "check_now": item is not None and item.payment_id is not None and item.shown in OPEN,
            "payment": self._office.show_payment is not None and item is not None and item.payment_id is not None,
            "skip": item is not None and item.may_skip,
            "retry": item is not None and item.may_retry,
        }
        whole = {
            "stop": view.at_work and not view.batch.stop_asked,
            "resume": view.may_resume,
            "slip": self._desk.save_slip is not None and not view.at_work,
            "print_slip": self._desk.print_slip is not None and not view.at_work,
        }
        return {**row, **whole}[verb]

    @property
    def picked(self) -> ItemView | None:
        """The row whose code is shown, and whom the commands are about."""
        return self.rows[self._picked].item if self._picked < len(self.rows) else None

    # What is shown

    def begin(self) -> None:
        """Another batch is to be shown."""
        self.notice.clear()
        self._said = ""
        self._without_browser = False
        self._batch_id = None
        self._show_rows(())

    def tell_front(self, *, shown: bool) -> None:
        """What the rows tell of a payment's end is told nowhere else."""
        if self._desk.in_front is not None:
            self._desk.in_front(fronts_of([row.item for row in self.rows]) if shown else {})

    def take_focus(self) -> None:
        """In front again."""
        (self.rows[self._picked] if self.rows else self.buttons["leave"]).setFocus()

    def _show_run(self) -> None:
        view = self.run.view
        if view is None:
            return
        fresh = self._batch_id != view.batch.id
        self._batch_id = view.batch.id
        self._show_rows(view.items)
        self._show_head(view)
        self._show_code()
        if self.isVisible():
            self.tell_front(shown=True)
        if fresh and self.isVisible():
            self.take_focus()
        self._say_outcome(view)

    def _show_rows(self, items: tuple[ItemView, ...]) -> None:
        if [row.item.id for row in self.rows] != [each.id for each in items]:
            for row in self.rows:
                row.hide()
                row.deleteLater()
            self.rows = [self._row(place, each) for place, each in enumerate(items)]
            self._picked = 0
        for row, item in zip(self.rows, items, strict=True):
            if row.item != item:
                row.show_item(item)
        for place, row in enumerate(self.rows):
            row.show_picked(picked=place == self._picked)

    def _row(self, place: int, item: ItemView) -> ItemRow:
        row = ItemRow(self._office, item)
        row.picked.connect(partial(self._pick, place))
        row.stepped.connect(partial(self._step, place))
        row.asked.connect(partial(self._asked, place))
        self._column.insertWidget(place, row)
        return row

    def _pick(self, place: int) -> None:
        if place != self._picked:
            self._picked = place
            for number, row in enumerate(self.rows):
                row.show_picked(picked=number == place)
            self._show_code()

    def _step(self, place: int, by: int) -> None:
        wanted = min(max(place + by, 0), len(self.rows) - 1)
        self.rows[wanted].setFocus()

    def _asked(self, place: int, verb: str) -> None:
        self._pick(place)
        if verb != "code":
            self.do(verb)

    def _show_head(self, view: BatchView) -> None:
        at, count = view.progress
        self.title.show_text(f"{view.device.code}  {view.owner.name}")
        self.badge.show_status(standing(view))
        set_text(self.progress, tr("{at}/{count}", at=at, count=count))
        self.bar.setRange(0, max(count, 1))
        self.bar.setValue(count - view.totals.waiting)
        self.bar.setVisible(view.at_work)
        paid, total = self._office.money(view.paid), self._office.money(view.total)
        set_text(self.sums, tr("{paid} of {total} paid · confirmations go to {email}", paid=paid, total=total,
                               email=view.batch.email))  # fmt: skip
        for verb in ("stop", "resume", "slip", "print_slip"):
            self.buttons[verb].setVisible(self.can(verb) or (verb == "stop" and view.at_work))
        self.buttons["stop"].setEnabled(self.can("stop"))
        stopping = view.at_work and bool(view.batch.stop_asked)
        self.buttons["stop"].show_text(tr("Stopping…") if stopping else tr("Stop"))

    def _show_code(self) -> None:
        view, item = self.run.view, self.picked
        self.code.show_item(item, self._office.money(item.amount) if item is not None else "")
        if view is not None:
            self.code.show_verbs({verb: self.can(verb) for verb in self.code.buttons})
        self.turned.emit()

    def _say_outcome(self, view: BatchView) -> None:
        """Once, when the batch stands: what it came to, or why it stands and what to do."""
        if view.at_work:
            self._said = ""
            return
        said = outcome_of(view)
        if said != self._said:
            self._said = said
            tone, then = Tone.ACCENT if view.unpaid_count else Tone.SETTLED, ""
            if view.batch.state is not BatchState.DONE:
                tone, then = Tone.WAITING, tr("Press Resume to go on where it stands; nothing is charged twice.")
            elif view.totals.error_count:
                tone, then = Tone.WAITING, tr("The rows say why. Press Retry on a row to try it again.")
            elif not view.settled:
                tone, then = Tone.ACCENT, tr("The rows fill in by themselves as the customer pays.")
            if self._without_browser:
                tone, then = Tone.WAITING, " ".join((*_browserless(), then))
            self.notice.say(tone, said, then)
            announce(self, said)

    def _refused(self, error: TillgateError) -> None:
        self.notice.show_error(error)

    def _no_browser(self) -> None:
        self._without_browser = True
        self.notice.say(Tone.WAITING, *_browserless())
        # What the batch came to is said with it.
        self._said = ""
        self._show_run()


def _browserless() -> tuple[str, str]:
    return tr("The browser could not be opened."), tr("The customer can still pay by the code or the link.")


def outcome_of(view: BatchView) -> str:
    """What a batch that stands came to."""
    if view.interrupted:
        return tr("The batch was interrupted.")
    if view.batch.state is BatchState.STOPPED:
        if view.batch.reason == StopReason.KEYS_REFUSED.value:
            return tr("{provider} refused this till’s keys, so the batch stopped.",
                      provider=provider_name(view.batch.provider))  # fmt: skip
        return tr("The batch was stopped.")
    totals = view.totals
    parts = [ntr("{count} invoice has its link", "{count} invoices have their links", totals.success_count)]
    if totals.error_count:
        parts.append(ntr("{count} failed", "{count} failed", totals.error_count))
    if totals.skipped:
        parts.append(ntr("{count} skipped", "{count} skipped", totals.skipped))
    paid = sum(each.shown is Shown.PAID for each in view.items)
    if paid:
        parts.append(ntr("{count} paid", "{count} paid", paid))
    return " · ".join(parts)
