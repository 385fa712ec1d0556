"""Work is done at least once, tried again for a day, then given to a person; one that fails holds up no other."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from tests.factories.clock import FakeClock
from tests.factories.people import signed_in
from tests.factories.sold import CARD, sold
from tests.factories.tills import audit_rows, make_till, second_engine
from tillgate import failpoints
from tillgate.domain.errors import Bug, Invalid, NotAllowed, NotFound, Refused, Stale, Unavailable
from tillgate.domain.exceptions import ExceptionAction, ExceptionKind
from tillgate.domain.staff import Actor, Role
from tillgate.services.attempt_lease import LEASE
from tillgate.services.exceptions import list_exceptions, settle_exception
from tillgate.services.invoices import list_invoices, make_due
from tillgate.services.outbox import (
    Later,
    OutboxRecord,
    WorkState,
    cancel,
    list_work,
    load_work,
    next_due_at,
    retry_now,
    run_due,
    send_again,
)
from tillgate.services.till import Till
from tillgate.store.models import outbox
from tillgate.store.outbox_rows import enqueue
from tillgate.store.unit_of_work import in_transaction


@dataclass
class Recorder:
    """A work that does as it is told: `answers` maps a dedupe key to what it raises or returns."""

    answers: dict[str, Exception | Later | str] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)

    def __call__(self, _till: Till, row: OutboxRecord) -> str | Later:
        assert not in_transaction()
        self.done.append(row.dedupe_key)
        answer = self.answers.get(row.dedupe_key, "")
        if isinstance(answer, Exception):
            raise answer
        return answer


def queue(till: Till, *keys: str, kind: str = "mail", payment_id: int | None = None) -> list[int]:
    with till.db.write(till.system) as uow:
        for key in keys:
            enqueue(uow, kind, key, {"of": key}, payment_id=payment_id)
    with till.db.read() as reading:
        rows = reading.execute(outbox.select()).all()
    return [next(int(row.id) for row in rows if row.dedupe_key == key) for key in keys]


def row_of(till: Till, outbox_id: int) -> OutboxRecord:
    with till.db.read() as reading:
        return load_work(reading, outbox_id)


def open_exceptions(till: Till) -> list[Any]:
    return list_exceptions(till, signed_in(till, Role.MANAGER))


def test_work_is_done_once_in_its_order_and_only_when_due(till: Till, clock: FakeClock) -> None:
    ids = queue(till, "a", "b")
    with till.db.write(till.system) as uow:
        enqueue(uow, "mail", "a", {"of": "another"})
        enqueue(uow, "mail", "later", {}, at=clock.now() + timedelta(minutes=5))
    work = Recorder({"b": "a note"})
    assert run_due(till, {"mail": work}) == 2
    assert run_due(till, {"mail": work}) == 0
    assert work.done == ["a", "b"]
    done = row_of(till, ids[1])
    assert (done.state(clock.now()), done.message, done.next_at, done.lease_until) == (
        WorkState.DONE,
        "a note",
        None,
        None,
    )
    with till.db.read() as reading:
        assert next_due_at(reading) == clock.now() + timedelta(minutes=5)
    clock.advance(301)
    assert run_due(till, {"mail": work}) == 1
    with till.db.read() as reading:
        assert next_due_at(reading) is None


def test_kinds_that_nobody_does_now_wait(till: Till) -> None:
    queue(till, "mail")
    queue(till, "invoice", kind="invoice")
    invoices, mails = Recorder(), Recorder()
    assert run_due(till, {"invoice": invoices}) == 1
    assert run_due(till, {"invoice": invoices, "mail": mails}) == 1
    assert (invoices.done, mails.done) == (["invoice"], ["mail"])


def test_a_failure_is_tried_again_at_growing_distances_and_parked_after_a_day(till: Till, clock: FakeClock) -> None:
    begun = clock.now()
    (outbox_id,) = queue(till, "m")
    work = Recorder({"m": Unavailable("mail_unreachable", host="mail.example.com")})
    tried: list[timedelta] = []
    while (due := row_of(till, outbox_id).next_at) is not None:
        clock.advance((due - clock.now()).total_seconds() - 1)
        assert run_due(till, {"mail": work}) == 0
        clock.advance(1)
        tried.append(clock.now() - begun)
        assert run_due(till, {"mail": work}) == 1
    minutes = [round(each / timedelta(minutes=1)) for each in tried]
    assert minutes == [0, 1, 6, 21, 81, 441, 801, 1161, 1440]
    row = row_of(till, outbox_id)
    assert (row.state(clock.now()), row.next_at, row.tries) == (WorkState.PARKED, None, 9)
    assert row.message == "mail_unreachable(host=mail.example.com)"
    (found,) = open_exceptions(till)
    assert (found.kind, found.outbox_id) == (ExceptionKind.NOTICE_PARKED, outbox_id)
    assert found.evidence["error"] == "mail_unreachable(host=mail.example.com)"
    assert run_due(till, {"mail": work}) == 0
    events = [event for _, event, _, _ in audit_rows(till) if event.startswith("outbox.")]
    assert events == ["outbox.failed"] * 8 + ["outbox.parked"]


def test_what_waited_for_days_gets_a_fair_go(till: Till, clock: FakeClock) -> None:
    (outbox_id,) = queue(till, "m")
    clock.advance(5 * 86400)
    work = Recorder({"m": Unavailable("mail_login_refused")})
    for tries in range(1, 5):
        run_due(till, {"mail": work})
        row = row_of(till, outbox_id)
        assert (row.parked_at, row.tries) == (None, tries)
        assert row.next_at is not None
        clock.advance((row.next_at - clock.now()).total_seconds())
    run_due(till, {"mail": work})
    assert row_of(till, outbox_id).parked_at == clock.now()


def test_what_will_never_work_is_parked_at_once(till: Till) -> None:
    (mail,) = queue(till, "m")
    (invoice,) = queue(till, "i", kind="invoice")
    work = Recorder({"m": Refused("mail_address_refused", smtp=550), "i": Refused("order_unknown")})
    assert run_due(till, {"mail": work, "invoice": work}) == 2
    kinds = {found.outbox_id: found.kind for found in open_exceptions(till)}
    assert kinds == {mail: ExceptionKind.NOTICE_PARKED, invoice: ExceptionKind.INVOICE_STUCK}


def test_one_that_fails_holds_up_no_other(till: Till, caplog: pytest.LogCaptureFixture) -> None:
    queue(till, "bug", "crash", "good", "bad", "stale", "fine")
    failures: dict[str, Exception | Later | str] = {
        "bug": Bug("template_unknown"),
        "crash": ZeroDivisionError("division by zero"),
        "bad": Unavailable("mail_deferred"),
        "stale": Stale("payment_changed"),
    }
    work = Recorder(failures)
    with caplog.at_level(logging.CRITICAL, logger="tillgate.outbox"):
        assert run_due(till, {"mail": work}) == 6
    assert work.done == ["bug", "crash", "good", "bad", "stale", "fine"]
    assert open_exceptions(till) == []
    with till.db.read() as reading:
        states = {row.dedupe_key: row.done_at is not None for row in reading.execute(outbox.select())}
    assert states == {"bug": False, "crash": False, "good": True, "bad": False, "stale": False, "fine": True}


@pytest.mark.parametrize("payload", ['{"of": ', "[]", "", "NaN"])
def test_a_damaged_row_is_given_up_alone_and_the_rest_goes_on(till: Till, payload: str) -> None:
    bad, good, later = queue(till, "bad", "good", "later")
    with till.db.write(till.system) as uow:
        uow.execute(update(outbox).where(outbox.c.id == bad).values(payload=payload))
    work = Recorder()
    assert run_due(till, {"mail": work}) == 3
    assert work.done == ["good", "later"]
    states = [row_of(till, each).state(till.clock.now()) for each in (bad, good, later)]
    assert states == [WorkState.PARKED, WorkState.DONE, WorkState.DONE]
    assert [(each.kind, each.outbox_id) for each in open_exceptions(till)] == [(ExceptionKind.NOTICE_PARKED, bad)]
    assert run_due(till, {"mail": work}) == 0


def test_with_the_server_down_the_rest_waits_for_the_next_round_and_comes_first_then(till: Till) -> None:
    queue(till, *(f"m{number}" for number in range(8)))
    queue(till, "i", kind="invoice")
    down = Recorder({f"m{number}": Unavailable("mail_unreachable") for number in range(8)})
    invoices = Recorder()
    assert run_due(till, {"mail": down, "invoice": invoices}) == 6
    assert invoices.done == ["i"]
    assert run_due(till, {"mail": down}) == 3
    assert down.done == [f"m{number}" for number in range(8)]


def test_waiting_is_no_failure(till: Till, clock: FakeClock) -> None:
    (outbox_id,) = queue(till, "m")
    work = Recorder({"m": Later(timedelta(seconds=5), "waits_for_invoice")})
    for _ in range(3):
        assert run_due(till, {"mail": work}) == 1
        assert run_due(till, {"mail": work}) == 0
        clock.advance(5)
    row = row_of(till, outbox_id)
    assert (row.tries, row.message) == (0, "waits_for_invoice")
    work.answers.clear()
    run_due(till, {"mail": work})
    assert row_of(till, outbox_id).done_at == clock.now()


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def killed_at() -> Iterator[Callable[[str], None]]:
    def arm(place: str) -> None:
        def stop(name: str) -> None:
            if name == place:
                failpoints.arm(None)
                raise Killed

        failpoints.arm(stop)

    yield arm
    failpoints.arm(None)


@pytest.mark.parametrize(("place", "times"), [("outbox.after_claim", 1), ("outbox.after_send", 2)])
def test_a_kill_loses_nothing_and_the_lease_lets_go(
    till: Till, clock: FakeClock, killed_at: Callable[[str], None], place: str, times: int
) -> None:
    (outbox_id,) = queue(till, "m")
    work = Recorder()
    killed_at(place)
    with pytest.raises(Killed):
        run_due(till, {"mail": work})
    assert row_of(till, outbox_id).state(clock.now()) is WorkState.WORKING
    assert run_due(till, {"mail": work}) == 0
    clock.advance(LEASE.total_seconds())
    assert run_due(till, {"mail": work}) == 1
    assert work.done == ["m"] * times
    assert row_of(till, outbox_id).done_at is not None


def test_a_result_that_comes_after_the_lease_was_lost_changes_nothing(till: Till, clock: FakeClock) -> None:
    (outbox_id,) = queue(till, "m")
    inner = Recorder()

    def slow(_till: Till, _row: OutboxRecord) -> str:
        clock.advance(LEASE.total_seconds())
        run_due(till, {"mail": inner})
        raise Unavailable("mail_slow")

    run_due(till, {"mail": slow})
    row = row_of(till, outbox_id)
    assert (inner.done, row.done_at, row.message) == (["m"], clock.now(), None)
    assert [event for _, event, _, _ in audit_rows(till)].count("outbox.lease_lost") == 1


def test_a_late_result_does_not_overwrite_what_another_wrote(till: Till, clock: FakeClock) -> None:
    (outbox_id,) = queue(till, "m")
    other = Recorder({"m": Later(timedelta(hours=1), "waits_for_invoice")})

    def slow(_till: Till, _row: OutboxRecord) -> str:
        clock.advance(LEASE.total_seconds())
        run_due(till, {"mail": other})
        return "sent"

    run_due(till, {"mail": slow})
    row = row_of(till, outbox_id)
    assert (row.message, row.done_at) == ("waits_for_invoice", None)
    assert row.next_at == clock.now() + timedelta(hours=1)


def test_two_processes_never_do_one_row_at_once(till: Till, clock: FakeClock) -> None:
    keys = [f"m{number}" for number in range(30)]
    queue(till, *keys)
    engine = second_engine(till.db.engine)
    other = make_till(engine, clock, till_id="T2")
    work, barrier = Recorder(), threading.Barrier(4)

    def run(mine: Till) -> None:
        barrier.wait()
        while run_due(mine, {"mail": work}):
            pass

    threads = [threading.Thread(target=run, args=(each,)) for each in (till, other, till, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    engine.dispose()
    assert sorted(work.done) == sorted(keys)


def parked(till: Till, key: str = "m") -> int:
    (outbox_id,) = queue(till, key)
    run_due(till, {"mail": Recorder({key: Refused("mail_address_refused")})})
    return outbox_id


def test_a_person_tries_again_and_success_closes_the_exception(till: Till, cashier: Actor, clock: FakeClock) -> None:
    outbox_id = parked(till)
    clock.advance(3600)
    row = retry_now(till, cashier, outbox_id)
    assert (row.state(clock.now()), row.tries) == (WorkState.WAITING, 0)
    run_due(till, {"mail": Recorder({"m": Refused("mail_address_refused")})})
    assert len(open_exceptions(till)) == 2
    retry_now(till, cashier, outbox_id)
    run_due(till, {"mail": Recorder()})
    assert open_exceptions(till) == []
    with pytest.raises(Refused, match="work_done"):
        retry_now(till, cashier, outbox_id)


def test_the_exceptions_list_tries_again_too(till: Till, manager: Actor, clock: FakeClock) -> None:
    outbox_id = parked(till)
    (found,) = open_exceptions(till)
    settle_exception(till, manager, found.id, ExceptionAction.RETRY, "The address was corrected")
    work = Recorder()
    assert run_due(till, {"mail": work}) == 1
    assert row_of(till, outbox_id).done_at == clock.now()


def test_a_manager_lets_a_mail_go_unsent(till: Till, cashier: Actor, manager: Actor) -> None:
    outbox_id = parked(till)
    with pytest.raises(NotAllowed):
        cancel(till, cashier, outbox_id, "No such customer")
    with pytest.raises(Invalid):
        cancel(till, manager, outbox_id, "")
    cancel(till, manager, outbox_id, "No such customer")
    row = row_of(till, outbox_id)
    assert (row.message, row.parked_at, row.next_at) == ("cancelled", None, None)
    assert row.done_at is not None
    assert open_exceptions(till) == []
    (invoice,) = queue(till, "i", kind="invoice")
    with pytest.raises(Refused, match="work_needed"):
        cancel(till, manager, invoice, "Not wanted")
    with pytest.raises(NotFound, match="work_unknown"):
        cancel(till, manager, 10_000, "Not there")


def test_a_mail_that_was_sent_can_be_sent_again_as_a_new_one(till: Till, cashier: Actor) -> None:
    (waiting, sent) = queue(till, "waiting", "sent")
    work = Recorder({"waiting": Unavailable("mail_deferred")})
    run_due(till, {"mail": work})
    with pytest.raises(Refused, match="work_not_repeatable"):
        send_again(till, cashier, waiting)
    send_again(till, cashier, sent)
    send_again(till, cashier, sent)
    run_due(till, {"mail": work})
    assert [key.split(":again:")[0] for key in work.done] == ["waiting", "sent", "sent", "sent"]
    assert len(set(work.done)) == 4


def test_what_is_being_worked_on_is_left_alone(till: Till, cashier: Actor, manager: Actor) -> None:
    (outbox_id,) = queue(till, "m")
    seen: list[str] = []

    def meddle(_till: Till, _row: OutboxRecord) -> str:
        for attempt in (
            lambda: retry_now(till, cashier, outbox_id),
            lambda: cancel(till, manager, outbox_id, "Stop it"),
        ):
            with pytest.raises(Refused, match="work_under_way"):
                attempt()
            seen.append("refused")
        return ""

    run_due(till, {"mail": meddle})
    assert (seen, row_of(till, outbox_id).done_at is not None) == (["refused"] * 2, True)


def test_invoices_are_work_like_any_other(till: Till, clock: FakeClock) -> None:
    payment, _ = sold(till, ((CARD,), (CARD,)))
    queue(till, "unrelated")
    with till.db.write(till.system) as uow:
        key = f"invoice:payment:{payment.id}"
        enqueue(uow, "invoice", key, {"payment_id": payment.id}, payment_id=payment.id)
    assert run_due(till, {"invoice": make_due}) == 1
    with till.db.read() as reading:
        assert len(list_invoices(reading, payment.id)) == 2
        (work,) = list_work(reading, payment.id)
    assert work.state(clock.now()) is WorkState.DONE
    assert replace(work, done_at=None).state(clock.now()) is WorkState.WAITING
    assert isinstance(work.created_at, datetime)
