"""Two tills, or two processes, on one device and on one batch: each invoice is taken by one, and each run is alone."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import update

from tests.factories.batch_race import Impatient
from tests.factories.clock import START
from tests.factories.depot import Depot, new_bank
from tillgate import failpoints
from tillgate.domain.batch import Shown
from tillgate.domain.checkout_facts import CheckoutStatus
from tillgate.domain.errors import Refused
from tillgate.services.batch_views import BatchView
from tillgate.store.models import payment, payment_batch, payment_batch_item


def test_two_tills_on_one_device_each_invoice_is_taken_by_one(depot: Depot) -> None:
    """The other one starts in the middle of the first one's call, and is told whose links those are."""
    other = depot.till_of("T2")
    other.till = replace(other.till, clock=Impatient(START))
    found: list[Any] = []

    def meanwhile(verb: str) -> None:
        if verb == "create" and not found:
            found.append(None)
            found[0] = other.pay()

    depot.provider.before = meanwhile
    mine = depot.pay()
    theirs = found[0]
    assert [each.reused for each in theirs.items] == [True, False, False]
    # The first one's link was being opened just then.
    assert (theirs.items[0].till_id, theirs.items[0].shown) == ("T1", Shown.CHECKING)
    assert [each.reused for each in mine.items] == [False, True, True]
    assert {each.taken_by for each in mine.items[1:]} == {other.cashier.name}
    assert [each.payment_id for each in mine.items] == [each.payment_id for each in theirs.items]
    assert len(depot.rows(payment)) == len(depot.provider.checkouts) == 3


def test_the_database_judges_where_both_look_at_once(depot: Depot) -> None:
    """Both saw the invoice free; the second one's write waits for the first one's, is refused, and it is told."""
    other = depot.till_of("T2")
    second: list[Future[BatchView]] = []
    with ThreadPoolExecutor(1) as pool:

        def race(name: str) -> None:
            if name == "batch.inside_intent" and not second:
                second.append(pool.submit(other.pay, count=1))
                time.sleep(0.3)

        failpoints.arm(race)
        try:
            mine = depot.pay(count=1).items[0]
            theirs = second[0].result(20).items[0]
        finally:
            failpoints.arm(None)
    assert (mine.reused, theirs.reused, theirs.till_id) == (False, True, "T1")
    assert len(depot.rows(payment)) == depot.provider.sends("create") == 1


def test_another_till_takes_the_invoice_whose_link_has_just_ended(depot: Depot) -> None:
    """Heard in this very step, so that both saw the invoice free; the second one's write is refused, and it is told."""
    other, done = depot.till_of("T2"), False
    ended = depot.pay(count=1).items[0]
    depot.provider.end(depot.reference(ended), CheckoutStatus.EXPIRED)

    def race(name: str) -> None:
        nonlocal done
        if name == "start.before_intent" and not done:
            done = True
            other.pay(count=1)

    failpoints.arm(race)
    try:
        view = depot.pay(count=1)
    finally:
        failpoints.arm(None)
    assert (view.items[0].reused, view.items[0].till_id) == (True, "T2")
    assert len(depot.rows(payment)) == depot.provider.sends("create") == 2


def test_while_a_process_runs_it_nobody_else_does(depot: Depot) -> None:
    number = depot.start()
    seen: list[str] = []

    def again(verb: str) -> None:
        if verb == "create" and not seen:
            with pytest.raises(Refused, match="batch_at_work") as refused:
                depot.till_of("T2").run(number)
            seen.append(refused.value.code)
            assert depot.view(number).at_work

    depot.provider.before = again
    depot.run(number)
    assert seen == ["batch_at_work"]


def test_a_process_that_slept_past_its_lease_finds_it_gone(here: Depot) -> None:
    number = here.start()

    def sleep(verb: str) -> None:
        if verb == "create" and here.provider.count == 0:
            stolen = update(payment_batch).values(lease_owner="T1:another", lease_until=here.till.clock.now())
            here.till.db.transact(here.till.system, lambda uow: uow.execute(stolen))

    here.provider.before = sleep
    with pytest.raises(Refused, match="batch_at_work"):
        here.run(number)
    here.provider.before = new_bank().before
    assert [each.shown for each in here.run(number).items] == [Shown.LINK_OPEN] * 3
    assert here.provider.sends("create") == 3
    assert [each.tries for each in here.rows(payment_batch_item)] == [1, 1, 1]
