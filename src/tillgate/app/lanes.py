"""The threads: a work lane for what people ask for, a background lane, and a timer that reads what is due from rows.

What is due lives in the database, so a restart loses nothing and this file keeps no list of its own.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

from tillgate.app.work_lane import work_lane
from tillgate.services.bulk_ends import run_expiry
from tillgate.services.clock_watch import ClockWatch, go_by_the_new_time
from tillgate.services.consultation_replies import purge_replies
from tillgate.services.daily_invoices import run_daily
from tillgate.services.instalment_reminders import run_reminders
from tillgate.services.invoice_cleanup import run_cleanup
from tillgate.services.metrics import write_tallies
from tillgate.services.outbox import Work, run_due
from tillgate.services.refunds import list_due_refunds, settle_refund
from tillgate.services.returns import settle_returns
from tillgate.services.settle import list_due_attempts, settle_attempt, settle_fulfilments
from tillgate.services.sweep import sweep
from tillgate.services.till import Till

log: Final = logging.getLogger("tillgate.lanes")
TICK_S: Final = 0.5
SWEEP_EVERY_S: Final = 24 * 3600
FIRST_SWEEP_S: Final = 60
# A store's day begins within this time of its midnight; a look costs one short read.
DAILY_EVERY_S: Final = 60


class Lanes:
    """`work` runs what a person waits for; the background lane what nobody does. `stop` lets running work finish."""

    def __init__(self, work: ThreadPoolExecutor | None = None, *, background: int = 3) -> None:
        self.work = work or work_lane()
        self._background = ThreadPoolExecutor(background, thread_name_prefix="background")
        self._running: set[str] = set()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._timer: threading.Thread | None = None

    def start(self, till: Till, works: Mapping[str, Work]) -> None:
        """Begin to look for due rows."""
        self._timer = threading.Thread(target=self._run, args=(till, works), name="timer", daemon=True)
        self._timer.start()

    def wake(self) -> None:
        """Look now: something came in."""
        self._wake.set()

    def stop(self) -> None:
        """Take no more work and wait for what runs: a money call is never cut half-way by closing the window."""
        self._stopping.set()
        self._wake.set()
        if self._timer is not None:
            self._timer.join()
        self.work.shutdown(wait=True, cancel_futures=True)
        self._background.shutdown(wait=True, cancel_futures=True)

    def _run(self, till: Till, works: Mapping[str, Work]) -> None:
        next_sweep = till.clock.monotonic() + FIRST_SWEEP_S
        next_daily = till.clock.monotonic()
        watch = ClockWatch(till.clock)
        while not self._stopping.is_set():
            try:
                if lost := watch.set_back_by():
                    go_by_the_new_time(till, lost)
                    watch.is_put_right()
                self._tick(till, works)
                if till.clock.monotonic() >= next_daily and not till.blocked():
                    next_daily = till.clock.monotonic() + DAILY_EVERY_S
                    self._once("daily", partial(logged, partial(run_daily, till)))
                    self._once("invoices", partial(logged, partial(run_cleanup, till)))
                    self._once("reminders", partial(logged, partial(run_reminders, till)))
                    self._once("bulk_orders", partial(logged, partial(run_expiry, till)))
                if till.clock.monotonic() >= next_sweep:
                    next_sweep = till.clock.monotonic() + SWEEP_EVERY_S
                    for provider in list(till.providers.values()):
                        self._once(f"sweep:{provider.name}", partial(logged, partial(sweep, till, provider)))
            except Exception:
                log.exception("the timer could not read what is due")
            self._wake.wait(TICK_S)
            self._wake.clear()

    def _tick(self, till: Till, works: Mapping[str, Work]) -> None:
        self._once("fulfil", partial(logged, partial(settle_fulfilments, till)))
        self._once("returns", partial(logged, partial(settle_returns, till)))
        for kind, work in works.items():
            # Each kind on its own: a mail server that hangs never holds up an invoice.
            self._once(f"outbox:{kind}", partial(logged, partial(run_due, till, {kind: work})))
        for attempt_id in list_due_attempts(till):
            self._once(f"attempt:{attempt_id}", partial(settle_attempt, till, attempt_id))
        for refund_id in list_due_refunds(till):
            self._once(f"refund:{refund_id}", partial(settle_refund, till, refund_id))
        if till.tallies:
            self._once("tallies", partial(logged, partial(write_tallies, till)))
            self._once("replies", partial(logged, partial(purge_replies, till)))

    def _once(self, name: str, work: Callable[[], object]) -> None:
        """Hand work over unless the same is running already."""
        with self._lock:
            if name in self._running or self._stopping.is_set():
                return
            self._running.add(name)
        self._background.submit(self._do, name, work)

    def _do(self, name: str, work: Callable[[], object]) -> None:
        try:
            work()
        finally:
            with self._lock:
                self._running.discard(name)


def logged(work: Callable[[], object]) -> None:
    """Do it; what goes wrong is in the log and stops nothing."""
    try:
        work()
    except Exception:
        log.exception("background work failed")
