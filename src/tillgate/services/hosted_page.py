"""The till's own page with a provider's checkout on it: what it shows, how long it is needed, and its address."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from sqlalchemy import select

from tillgate.domain.payment import WAITING, AttemptState
from tillgate.domain.settings import STORE_NAME
from tillgate.ports import CheckoutPage
from tillgate.services.payment_rows import change_attempt, load_attempt, load_payment
from tillgate.services.return_tokens import hash_of, masked, token_of
from tillgate.services.till import ReturnAddress, Till
from tillgate.store.models import payment_attempt
from tillgate.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class PageContent:
    """What stands on the page; all texts are plain."""

    checkout: CheckoutPage
    store: str
    amount: str
    description: str


def find_page(till: Till, token: str) -> PageContent | None:
    """The page behind a token, while its checkout is open; None otherwise."""
    with till.db.read() as connection:
        attempt_id = connection.execute(
            select(payment_attempt.c.id).where(payment_attempt.c.return_token_sha256 == hash_of(token))
        ).scalar_one_or_none()
        if attempt_id is None:
            return None
        attempt = load_attempt(connection, attempt_id)
        owner = load_payment(connection, attempt.payment_id)
    provider = till.providers.get(attempt.provider)
    if provider is None or not attempt.live or owner.state not in WAITING:
        return None
    store = till.settings()[STORE_NAME] or "Tillgate"
    checkout = provider.page(attempt.ref, store, owner.description, owner.payer)
    return PageContent(checkout, store, str(owner.amount), owner.description) if checkout else None


def awaits_return(till: Till) -> bool:
    """Whether a browser may still come back, or ask for the till's own page: while such a checkout is looked at."""
    table = payment_attempt.c
    waiting = (table.next_check_at.is_not(None), table.live == 1, table.return_token_sha256.is_not(None))
    with till.db.read() as connection:
        return connection.execute(select(table.id).where(*waiting).limit(1)).first() is not None


def readdress_pages(till: Till, mint: Callable[[str, str], ReturnAddress]) -> int:
    """After a restart the port is another one: give every open checkout of the till's own page its new address."""
    table = payment_attempt.c
    own = table.url.startswith("http://127.0.0.1:") & table.return_token_sha256.is_not(None)
    mine = select(table.id, table.method, table.reference).where(
        table.live == 1, table.state != AttemptState.CAPTURED, own
    )
    with till.db.read() as connection:
        rows = [(int(row.id), str(row.method), str(row.reference)) for row in connection.execute(mine)]
    moved = 0
    for attempt_id, method, reference in rows:
        back = mint(method, token_of(till, reference))
        if back.page_url is not None:
            till.db.transact(till.system, partial(_readdress, attempt_id, back))
            moved += 1
    return moved


def _readdress(attempt_id: int, back: ReturnAddress, uow: UnitOfWork) -> None:
    attempt = load_attempt(uow.connection, attempt_id, lock=True)
    url = masked(back.page_url or "", back.token)
    change_attempt(uow, attempt, url=url, return_token_sha256=hash_of(back.token))
