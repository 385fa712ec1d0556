"""A batch on the screen: begun once however often Start is pressed, looked at while it runs and until it is settled.

Nothing here waits. The batch and its pages run on the lane of what takes long and the timer lane settles its
payments, so a look is a read of our own books.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Final, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from tillgate.domain.changes import Kind
from tillgate.domain.errors import NotAllowed, TillgateError, Unavailable
from tillgate.services.batch_pages import PagesOpened, open_page_of, open_pages
from tillgate.services.batch_payment import StartBatch, retry_item, run_batch, skip_item, start_batch, stop_batch
from tillgate.services.batch_views import BatchView, view_batch
from tillgate.services.settle import check_now
from tillgate.ui.one_at_a_time import OneAtATime
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.batch.desk import BatchDesk

T = TypeVar("T")

# A batch that a process of another computer runs tells nobody here.
LOOK_MS: Final = 1_500


class BatchRun(QObject):
    """`begun` when a batch is written down; `changed` with something new to show; `refused(TillgateError)` of a press;
    `not_started(TillgateError)` where nothing was created; `no_browser` where pages can't be opened."""

    begun = Signal()
    changed = Signal()
    refused = Signal(object)
    not_started = Signal(object)
    no_browser = Signal()

    def __init__(self, office: BackOffice, desk: BatchDesk, parent: QObject) -> None:
        super().__init__(parent)
        self._office, self._desk = office, desk
        self._act = OneAtATime(office.tasks, self)
        self._batch_id: int | None = None
        self._looking = self._look_again = False
        self._opens = self._opening = False
        self._leaving = threading.Event()
        self.view: BatchView | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self.look)
        office.tasks.watch(self, {Kind.BATCH, Kind.PAYMENT, Kind.DEVICE}, lambda _changes: self.look())
        self.destroyed.connect(self._leaving.set)

    @property
    def busy(self) -> bool:
        """Whether a press is under way."""
        return self._act.running

    # Presses

    def start(self, command: StartBatch) -> bool:
        """Write a batch down and run it; False, and nothing happens, while another press is under way."""
        work = partial(start_batch, self._office.till, self._office.actor, command)
        return self._act.run(work, self._started, self.not_started.emit, label="batch.start")

    def show_batch(self, batch_id: int) -> None:
        """Show one that is there; what runs goes on, and no page opens by itself."""
        self._batch_id, self.view, self._opens = batch_id, None, False
        self._timer.start()
        self.look()

    def resume(self) -> None:
        """Go on where it stands."""
        if self._batch_id is not None:
            self._opens = True
            self._go()

    def stop(self) -> None:
        """Stop after the invoice that it is at."""
        if self._batch_id is not None:
            self._do(partial(stop_batch, self._office.till, self._office.actor, self._batch_id), self._take)

    def skip(self, item_id: int) -> None:
        """Pass an invoice over."""
        self._do(partial(skip_item, self._office.till, self._office.actor, item_id), self._take)

    def retry(self, item_id: int) -> None:
        """Try one again, and run the batch for it where nobody does."""

        def again(view: BatchView) -> None:
            self._take(view)
            if not view.at_work:
                self.resume()

        self._do(partial(retry_item, self._office.till, self._office.actor, item_id), again)

    def open_page(self, item_id: int) -> None:
        """Show an invoice's checkout in the browser, again if need be."""

        def tried(opened: bool) -> None:
            if not opened:
                self.no_browser.emit()

        work = partial(open_page_of, self._office.till, self._office.actor, item_id, self._desk.open_page)
        self._office.tasks.run(self, work, tried, self.refused.emit, label="page", takes_long=True)

    def check(self, payment_id: int) -> None:
        """Ask the provider at once how an invoice's payment stands."""
        work = partial(check_now, self._office.till, self._office.actor, payment_id)
        self._do(work, lambda _payment: self.look())

    def forget(self) -> None:
        """The screen shows something else; what runs goes on."""
        self._timer.stop()
        self._batch_id = self.view = None

    def _started(self, batch_id: int) -> None:
        self._batch_id, self.view, self._opens = batch_id, None, True
        self._timer.start()
        self.begun.emit()
        self._go()

    def _go(self) -> None:
        batch_id = self._batch_id
        if batch_id is None:
            return

        def ended(view: BatchView) -> None:
            if view.batch.id == self._batch_id:
                self._take(view)

        def failed(error: TillgateError) -> None:
            if batch_id == self._batch_id:
                self.refused.emit(error)
                self.look()

        work = partial(run_batch, self._office.till, self._office.actor, batch_id)
        self._office.tasks.run(self, work, ended, failed, label="batch", moves_money=True, takes_long=True)

    def _do(self, work: Callable[[], T], done: Callable[[T], object]) -> None:
        def finish(value: T) -> None:
            done(value)
            self.changed.emit()

        def fail(error: TillgateError) -> None:
            self.refused.emit(error)
            self.look()

        self._act.run(work, finish, fail, label="batch.row")

    # Looks

    @Slot()
    def look(self) -> None:
        """Read how the batch stands; cheap, and only one look at a time."""
        if self._batch_id is None:
            return
        if self._looking:
            self._look_again = True
            return
        self._looking = True
        work = partial(view_batch, self._office.till, self._office.actor, self._batch_id)
        self._office.tasks.run(self, work, self._seen, self._not_seen, label="batch")

    def _seen(self, view: BatchView) -> None:
        self._looking = False
        again, self._look_again = self._look_again, False
        if view.batch.id == self._batch_id:
            self._take(view)
        if again or view.batch.id != self._batch_id:
            self.look()

    def _not_seen(self, error: TillgateError) -> None:
        self._looking = self._look_again = False
        if isinstance(error, NotAllowed):
            # Nobody is signed in any more; the shell shows the door.
            self._timer.stop()
        elif not isinstance(error, Unavailable):
            self._timer.stop()
            self.refused.emit(error)

    def _take(self, view: BatchView) -> None:
        if view != self.view:
            self.view = view
            self.changed.emit()
        if view.settled and not view.at_work:
            self._timer.stop()
        self._open_pages(view)

    def _open_pages(self, view: BatchView) -> None:
        unopened = any(each.url and each.page_opened_at is None for each in view.items)
        if not (self._opens and unopened) or self._opening:
            return
        self._opening = True
        till, actor = self._office.till, self._office.actor
        work = partial(open_pages, till, actor, view.batch.id, self._desk.open_page, self._leaving.wait)
        self._office.tasks.run(self, work, self._opened, self._not_opened, label="pages", takes_long=True)

    def _opened(self, came: PagesOpened) -> None:
        self._opening = False
        if came.failed:
            self._opens = False
            self.no_browser.emit()

    def _not_opened(self, error: TillgateError) -> None:
        self._opening = self._opens = False
        self.refused.emit(error)
