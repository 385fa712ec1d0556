"""The checkout pages of a batch in the system's browser: one after another, a second apart (a setting; ruling 9)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tillgate.domain.batch import BatchState
from tillgate.domain.settings import BATCH_PAGE_SECONDS
from tillgate.domain.staff import Action, Actor
from tillgate.ports import PageOpener
from tillgate.services.access import authorize
from tillgate.services.batch_rows import change_item, load_batch, load_item
from tillgate.services.batch_views import BatchView, ItemView, read_batch
from tillgate.services.till import Till
from tillgate.store.unit_of_work import UnitOfWork

_LOOK_AGAIN_S: Final = 0.2
# So often it looks at a batch that nobody runs: it was started a moment ago, or was cut off.
_LOOKS: Final = 5


@dataclass(frozen=True, slots=True)
class PagesOpened:
    """How many pages opened. `failed` means that no browser could be opened: QR code and link stand on the rows."""

    opened: int
    failed: bool


def open_pages(
    till: Till, actor: Actor, batch_id: int, open_page: PageOpener, wait: Callable[[float], bool]
) -> PagesOpened:
    """Open the page of every link of a batch that was not opened yet, while the batch runs and until its last one.

    Each page is opened once, whoever asks; only on the hosts of its provider. `wait` sleeps so many seconds and says
    whether to stop. It ends with the first page that can't be opened: no browser would open the others either. Call it
    on a lane of its own, beside `run_batch` or after it. Raises NotFound("batch_unknown").
    """
    authorize(till, actor, Action.TAKE_PAYMENT)
    opened = looks = 0
    while True:
        with till.db.read() as connection:
            view = read_batch(till, connection, batch_id)
        item = next((each for each in view.items if each.url and each.page_opened_at is None), None)
        if item is None:
            looks = 0 if view.at_work else looks + 1
            over = view.batch.state is not BatchState.RUNNING or looks > _LOOKS
            if over or wait(max(_gap(till), _LOOK_AGAIN_S)):
                return PagesOpened(opened, failed=False)
            continue
        if _claim(till, actor, view, item):
            if not _open(till, item, open_page):
                return PagesOpened(opened, failed=True)
            opened += 1
            if wait(_gap(till)):
                return PagesOpened(opened, failed=False)


def open_page_of(till: Till, actor: Actor, item_id: int, open_page: PageOpener) -> bool:
    """The row's own button: open its page, again if need be. False where it has no open link or nothing could open.

    Raises NotFound("batch_item_unknown").
    """
    authorize(till, actor, Action.TAKE_PAYMENT)
    with till.db.read() as connection:
        view = read_batch(till, connection, load_item(connection, item_id).batch_id)
    item = next(each for each in view.items if each.id == item_id)
    if item.url is None:
        return False
    _claim(till, actor, view, item)
    return _open(till, item, open_page)


def _gap(till: Till) -> float:
    return float(till.settings()[BATCH_PAGE_SECONDS])


def _claim(till: Till, actor: Actor, view: BatchView, item: ItemView) -> bool:
    """Whether this is who opens it: it is written down before the browser is asked, so that no page opens twice."""

    def work(uow: UnitOfWork) -> bool:
        load_batch(uow.connection, view.batch.id, lock=True)
        found = load_item(uow.connection, item.id)
        if found.page_opened_at is not None:
            return False
        change_item(uow, found, page_opened_at=uow.now)
        uow.record("batch.page_opened", view.batch.subject, position=item.position, payment=item.payment_id)
        return True

    return till.db.transact(actor, work)


def _open(till: Till, item: ItemView, open_page: PageOpener) -> bool:
    provider = till.providers.get(item.provider)
    if provider is None or item.url is None:
        return False
    return open_page(item.url, provider.capabilities.checkout_hosts)
