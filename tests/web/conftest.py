"""A till whose loopback page is open, with one order waiting on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.factories.clock import FakeClock
from tests.factories.payments import Desk, open_desk
from tests.factories.people import signed_in
from tests.factories.tills import make_till, new_sqlite, quick_sqlite
from tests.web.caller import Caller
from tillgate.domain.staff import Role
from tillgate.services.return_tokens import token_of
from tillgate.services.till import ReturnAddress
from tillgate.store.models import return_inbox
from tillgate.web.loopback import Loopback


@dataclass
class Page:
    """The open page: whom it belongs to, how to call it, and how often it woke the verifier."""

    desk: Desk
    loopback: Loopback
    caller: Caller
    token: str
    woken: list[int]

    def returns(self) -> list[tuple[str, str | None]]:
        """What was stored: fields and verdict."""
        with self.desk.till.db.read() as connection:
            rows = connection.execute(return_inbox.select().order_by(return_inbox.c.id)).all()
        return [(row.fields_json, row.verdict) for row in rows]


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    engine = quick_sqlite(new_sqlite(tmp_path))
    till = make_till(engine, FakeClock())
    woken: list[int] = []
    loopback = Loopback(lambda: woken.append(1), timeout_s=0.5, look_every_s=0.05)
    desk = open_desk(till, signed_in(till, Role.CASHIER), signed_in(till, Role.MANAGER))

    def address(method: str, token: str) -> ReturnAddress:
        return loopback.address(method, token, own_page=frozenset({"order"}), come_back=True)

    desk.till = replace(desk.till, new_return=address)
    loopback.till = desk.till
    # An order has no address at the provider: it is paid on the till's own page.
    desk.provider.twist = lambda facts: replace(facts, url=None)
    begun = desk.start(method="order")
    assert loopback.port is not None
    yield Page(desk, loopback, Caller(loopback.port), token_of(desk.till, desk.reference(begun.id)), woken)
    loopback.close()
    engine.dispose()
