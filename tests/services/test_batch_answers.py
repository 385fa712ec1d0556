"""What a provider answered for one invoice of a batch is kept, whatever keeps the next one from beginning."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from tests.factories.clock import FakeClock
from tests.factories.depot import Depot, open_depot
from tests.factories.kept import KeptConnections
from tests.factories.people import signed_in
from tests.factories.tills import audit_rows, make_till
from tillgate import failpoints
from tillgate.domain.batch import ItemState, Shown
from tillgate.domain.checkout_facts import CheckoutStatus, TryStatus
from tillgate.domain.devices import DeviceInvoiceState
from tillgate.domain.errors import NotAllowed, Refused, Unavailable
from tillgate.domain.payment import AttemptState, PaymentState
from tillgate.domain.staff import Role
from tillgate.services.device_invoices import cancel_invoice
from tillgate.services.sign_in import sign_out
from tillgate.store.engine import commit
from tillgate.store.models import device_invoice, payment, payment_attempt

AN_INVOICE_HELD_S = 3.0


@pytest.fixture
def shared(postgres_database: KeptConnections, clock: FakeClock) -> Iterator[Depot]:
    """A till on a server, where rows are locked."""
    with postgres_database.empty_engine() as engine:
        yield open_depot(make_till(engine, clock))


def test_an_answer_is_not_held_up_by_the_next_invoices_row(shared: Depot) -> None:
    """Somebody holds the second invoice while the first is answered: its link stands in the books meanwhile."""
    number = shared.start()
    second = shared.view(number).items[1].invoice_id
    holder = shared.till.db.engine.connect()
    seen: list[Any] = []

    def hold(verb: str) -> None:
        if verb == "create" and not seen and not holder.in_transaction():
            holder.execute(select(device_invoice.c.id).where(device_invoice.c.id == second).with_for_update())
            watching.submit(watch)

    def watch() -> None:
        begun = time.monotonic()
        while not seen and time.monotonic() < begun + AN_INVOICE_HELD_S:
            time.sleep(0.02)
            seen.extend(each for each in shared.rows(payment) if each.state is PaymentState.PENDING)
        holder.rollback()

    shared.provider.before = hold
    with ThreadPoolExecutor(1) as watching:
        view = shared.run(number)
    holder.close()
    assert len(seen) == 1, "the answer was durable while the row was held"
    assert [each.shown for each in view.items] == [Shown.LINK_OPEN] * 3
    assert shared.provider.sends("create") == 3


def test_an_invoice_is_not_cancelled_while_its_link_is_begun(shared: Depot) -> None:
    number = shared.start(count=1)
    invoice = shared.view(number).items[0].invoice_id
    cancelling: list[Future[Any]] = []
    with ThreadPoolExecutor(1) as pool:

        def race(name: str) -> None:
            if name == "batch.inside_intent" and not cancelling:
                cancelling.append(pool.submit(cancel_invoice, shared.till, shared.manager, invoice, "not owed"))
                time.sleep(0.3)

        failpoints.arm(race)
        try:
            view = shared.run(number)
        finally:
            failpoints.arm(None)
        with pytest.raises(Refused, match="already_being_paid"):
            cancelling[0].result(20)
    assert view.items[0].shown is Shown.LINK_OPEN
    assert shared.invoice(invoice).state is DeviceInvoiceState.OPEN


@pytest.mark.parametrize("code", ["database_lost", "disk_failed", "database_read_only", "database_busy"])
@pytest.mark.parametrize("times", [1, 2])
def test_a_database_that_fails_is_never_the_invoices_failure(
    here: Depot, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, code: str, times: int
) -> None:
    """Once, or as often as there is a chance: the link that lives is never shown as failed."""
    usual, left = here.till.db.transact, times

    def transact(actor: Any, work: Any, **more: Any) -> Any:
        nonlocal left
        if here.provider.count == 1 and left:
            left -= 1
            raise Unavailable(code)
        return usual(actor, work, **more)

    number = here.start()
    monkeypatch.setattr(type(here.till.db), "transact", lambda _db, *given, **more: transact(*given, **more))
    if times == 1 and code == "database_busy":
        here.run(number)
    else:
        with pytest.raises(Unavailable, match=code):
            here.run(number)
    clock.advance(61)
    assert [each.shown for each in here.run(number).items] == [Shown.LINK_OPEN] * 3
    assert here.provider.sends("create") == 3
    assert "batch.item_failed" not in {event for _, event, _, _ in audit_rows(here.till)}


def test_a_link_that_was_begun_and_not_sent_is_begun_anew_by_who_resumes_at_once(here: Depot) -> None:
    number, busy = here.start(), iter((False, True))

    def fail(name: str) -> None:
        if name == "start.before_sent_mark" and next(busy, False):
            raise Unavailable("database_busy")

    failpoints.arm(fail)
    try:
        with pytest.raises(Unavailable, match="database_busy"):
            here.run(number)
        assert [each.shown for each in here.run(number).items] == [Shown.LINK_OPEN] * 3
    finally:
        failpoints.arm(None)
    assert here.provider.sends("create") == len(here.provider.checkouts) == 3
    assert [each.ended_reason for each in here.rows(payment) if each.ended_reason] == ["never_sent"]


def test_a_commit_that_is_told_as_lost_and_was_kept_is_written_down_once(
    here: Depot, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = iter((True,))

    def kept(connection: Any, begun: Any) -> None:
        commit(connection, begun)
        if next(lost, False):
            raise OperationalError("COMMIT", None, Exception("gone"), connection_invalidated=True)

    def lose(name: str) -> None:
        if name == "batch.after_item":
            monkeypatch.setattr("tillgate.store.unit_of_work.commit", kept)

    number = here.start()
    failpoints.arm(lose)
    try:
        with pytest.raises(Unavailable, match="commit_unknown"):
            here.run(number)
    finally:
        failpoints.arm(None)
    assert [each.shown for each in here.run(number).items] == [Shown.LINK_OPEN] * 3
    told = [data["position"] for _, event, _, data in audit_rows(here.till) if event == "batch.item_taken"]
    assert told == [1, 2, 3]
    assert here.provider.sends("create") == 3


def test_a_kill_after_an_answer_that_was_heard_alone_makes_no_second_link(here: Depot, clock: FakeClock) -> None:
    """An answer that is none is written by itself; the link that was made all the same is found again."""
    number = here.start()
    here.provider.faults["create"] = ["", "+unknown"]

    class Killed(BaseException):
        """Ends the process where it is."""

    def die(name: str) -> None:
        if name == "start.after_outcome":
            raise Killed

    failpoints.arm(die)
    try:
        with pytest.raises(Killed):
            here.run(number)
    finally:
        failpoints.arm(None)
    for _ in range(3):
        clock.advance(61)
        here.settle()
    assert [each.shown for each in here.run(number).items] == [Shown.LINK_OPEN] * 3
    assert here.provider.sends("create") == len(here.provider.checkouts) == 3


def test_the_log_says_what_was_answered_though_the_batch_ends(here: Depot, caplog: pytest.LogCaptureFixture) -> None:
    number = here.start()

    def leave(verb: str) -> None:
        if verb == "create":
            sign_out(here.till, here.cashier)

    here.provider.before = leave
    with caplog.at_level(logging.INFO, logger="tillgate.batch"), pytest.raises(NotAllowed, match="session_over"):
        here.run(number)
    here.cashier = signed_in(here.till, Role.CASHIER)
    item = here.view(number).items[0]
    assert (item.state, item.shown) == (ItemState.TAKEN, Shown.LINK_OPEN)
    said = [each.message for each in caplog.records if each.message.startswith("1/3 ")]
    assert said == [
        f"1/3 taking up invoice {item.invoice_number}",
        f"1/3 payment created for {item.invoice_number}: payment {item.payment_id}",
    ]


@pytest.mark.parametrize(
    ("heard", "attempt", "owner"),
    [
        ("paid", AttemptState.CAPTURED, PaymentState.CAPTURED),
        ("ended", AttemptState.EXPIRED, PaymentState.EXPIRED),
        ("trying", AttemptState.PROCESSING, PaymentState.PROCESSING),
        ("declined", AttemptState.OPEN, PaymentState.PENDING),
    ],
)
def test_a_checkout_first_heard_of_at_a_look_has_the_state_that_it_came_to(
    here: Depot, heard: str, attempt: AttemptState, owner: PaymentState
) -> None:
    """The answer to its create was lost: the first news opens it and says how it stands, in one change."""
    here.provider.faults["create"] = ["+unknown"]
    here.pay(count=1)
    (checkout,) = here.provider.checkouts.values()
    if heard == "ended":
        here.provider.end(checkout.reference, CheckoutStatus.EXPIRED)
    else:
        tried = {"paid": TryStatus.CAPTURED, "trying": TryStatus.CREATED, "declined": TryStatus.FAILED}[heard]
        here.provider.pay(checkout.reference, status=tried)
    here.clock.advance(6)
    here.settle()
    (row,), (made,) = here.rows(payment_attempt), here.rows(payment)
    assert (row.state, row.provider_id, made.state) == (attempt, checkout.provider_id, owner)
