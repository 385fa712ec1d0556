"""A refund and the making of its sales invoice at the same moment: no credit note is missing, none is twice.

On PostgreSQL both are inside their transactions at once; SQLite writes one after the other. By processes, on both:
test_process_races.py.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from dataclasses import replace
from functools import partial
from typing import Any, Final

import pytest

from tests.factories.clock import FakeClock
from tests.factories.shop import Counter, open_counter
from tests.factories.tills import make_till, new_postgres
from tests.postgres import PostgresServer
from tillgate.domain.money import Money
from tillgate.services import invoices, order_ends
from tillgate.services.invoices import make_invoices
from tillgate.services.refunds import request_refund, settle_refunds
from tillgate.services.till import Till
from tillgate.store.engine import postgres_engine
from tillgate.store.models import refund, sales_credit_note, sales_invoice
from tillgate.store.unit_of_work import in_transaction

# The other one is given this long to overtake; where it is held up, as it must be, it goes on afterwards.
_HEAD_START_S: Final = 0.7


def invoice_all(till: Till, payment_id: int) -> None:
    till.db.transact(till.system, lambda uow: make_invoices(uow, till, payment_id))


@pytest.mark.parametrize("first", ["invoice", "refund"])
@pytest.mark.parametrize("minor", [500, None])
def test_whoever_comes_second_sees_what_the_first_did(
    postgres_server: PostgresServer, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, first: str, minor: int | None
) -> None:
    url = new_postgres(postgres_server)
    engine, other = postgres_engine(url), postgres_engine(url)
    counter: Counter = open_counter(make_till(engine, clock))
    paid = counter.sell("GIT-1", "VAR-001")
    amount = Money(minor or paid.amount_minor, paid.currency)
    request_refund(counter.till, counter.manager, paid.id, amount, "brought back")
    elsewhere = replace(counter.till, db=make_till(other, clock).db)
    module: Any = invoices if first == "invoice" else order_ends
    works: dict[str, Callable[[Till], object]] = {
        "invoice": lambda till: invoice_all(till, paid.id),
        "refund": settle_refunds,
    }
    second = works.pop("refund" if first == "invoice" else "invoice")
    kept: Callable[..., None] = module.credit_due
    started: list[Future[object]] = []
    with ThreadPoolExecutor(1) as lane:

        def meanwhile(*given: Any) -> None:
            """The first has looked for what it owes; before it commits, the second begins."""
            kept(*given)
            if not started and in_transaction():
                started.append(lane.submit(partial(second, elsewhere)))
                wait_for(started, timeout=_HEAD_START_S)

        monkeypatch.setattr(module, "credit_due", meanwhile)
        works[first](counter.till)
        assert started, "nothing overtook it"
        started[0].result(timeout=60)
    notes = counter.rows(sales_credit_note)
    assert sum(note.amount_minor for note in notes) == amount.minor
    assert {note.refund_id for note in notes} == {row.id for row in counter.rows(refund)}
    for made in counter.rows(sales_invoice):
        assert sum(note.amount_minor for note in notes if note.invoice_id == made.id) <= made.total_minor
    for each in (engine, other):
        each.dispose()
    postgres_server.drop_database(url)
