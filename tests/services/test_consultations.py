"""A press of Pay: the first answer, its replay, another one's payment found, and everything that is refused."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from tests.factories.clinic import FEE, Clinic, open_clinic
from tests.factories.clock import FakeClock
from tests.factories.tills import audit_rows, make_till
from tillgate import failpoints
from tillgate.domain.checkout_facts import CheckoutStatus
from tillgate.domain.consultation import REPLAY_FOR, ConsultationState
from tillgate.domain.errors import Invalid, MoneyMoved, NotFound, Refused, TillgateError, Unavailable
from tillgate.domain.money import Money
from tillgate.domain.payment import PaymentState
from tillgate.domain.tax_rules import TaxEffect
from tillgate.services.consultation_edits import cancel_consultation
from tillgate.services.consultation_figures import load_press_figures
from tillgate.services.consultation_lists import load_consultation
from tillgate.services.consultation_replies import purge_replies
from tillgate.services.consultations import PressKind, Why
from tillgate.services.metrics import write_tallies
from tillgate.services.settle import check_now
from tillgate.services.till import Till
from tillgate.store.models import (
    consultation,
    consultation_invoice,
    idempotent_reply,
    metric,
    payment,
    provider_call,
    tax_record,
)

WRITTEN = (
    "consultation.under_lock",
    "consultation.after_invoice",
    "consultation.before_commit",
)
SENT = ("start.before_intent", "start.after_intent", "start.before_sent_mark", "start.after_sent_mark")
ANSWERED = ("start.after_answer", "start.after_outcome")


@pytest.fixture
def clinic(till: Till) -> Clinic:
    return open_clinic(till)


@pytest.fixture
def here(sqlite_only: Engine, clock: FakeClock) -> Clinic:
    """On SQLite alone, for what is decided above the database."""
    return open_clinic(make_till(sqlite_only, clock))


def test_a_first_press_writes_everything_and_opens_one_checkout(clinic: Clinic) -> None:
    pressed = clinic.pay(clinic.press(clinic.consultation()))
    assert (pressed.kind, pressed.why) == (PressKind.NEW, None)
    assert pressed.payment.state is PaymentState.PENDING
    assert pressed.payment.url == "https://pay.example/1"
    assert (pressed.payment.amount, pressed.payment.taken_by) == (FEE, clinic.cashier.name)
    (owner,) = clinic.rows(payment)
    assert (owner.amount_minor, owner.currency, owner.provider) == (500_000, "PHP", "stripe")
    (invoice,) = clinic.rows(consultation_invoice)
    assert (invoice.number, invoice.state) == ("INV-20261116090000-000001", "pending")
    taxes = [(row.name, row.amount_minor, row.rate_ppm, row.effect) for row in clinic.rows(tax_record)]
    informational = TaxEffect.INFORMATIONAL
    assert taxes == [("VAT", 60_000, 120_000, informational), ("PPh", 75_000, 150_000, informational)]
    (reply,) = clinic.rows(idempotent_reply)
    assert (reply.payment_id, reply.expires_at - reply.created_at) == (owner.id, REPLAY_FOR)
    assert clinic.provider.sends("create") == 1
    assert "consultation.invoiced" in [event for _, event, _, _ in audit_rows(clinic.till)]


def test_the_same_press_gets_the_first_answer_marked_as_existing(clinic: Clinic) -> None:
    press = clinic.press(clinic.consultation())
    first, again = clinic.pay(press), clinic.pay(press)
    assert (again.kind, again.why) == (PressKind.EXISTING, Why.REPLAY)
    assert again.payment == first.payment
    assert clinic.provider.sends("create") == 1
    assert clinic.counts() == (1, 1, 2)


def test_a_replay_is_one_look_and_no_transaction(here: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    press = here.press(here.consultation())
    here.pay(press)

    def fail(*_: object, **__: object) -> None:
        raise AssertionError("a replay writes nothing")

    monkeypatch.setattr(type(here.till.db), "transact", fail)
    assert here.pay(press).why is Why.REPLAY


def test_a_replay_is_answered_when_the_keys_are_gone_too(here: Clinic) -> None:
    press = here.press(here.consultation())
    first = here.pay(press)
    here.till = replace(here.till, providers={})
    assert here.pay(press).payment == first.payment


def test_after_300_s_the_reply_is_gone_and_the_payment_is_found_all_the_same(clinic: Clinic, clock: FakeClock) -> None:
    press = clinic.press(clinic.consultation())
    first = clinic.pay(press)
    clock.advance(REPLAY_FOR.total_seconds() - 1)
    assert purge_replies(clinic.till) == 0
    assert clinic.pay(press).why is Why.REPLAY
    clock.advance(1)
    assert purge_replies(clinic.till) == 1
    assert clinic.rows(idempotent_reply) == []
    again, other = clinic.pay(press), clinic.pay(clinic.press(press.consultation_id))
    assert (again.why, other.why) == (Why.REPLAY, Why.ACTIVE)
    assert again.payment.id == other.payment.id == first.payment.id
    assert clinic.counts() == (1, 1, 2)


@pytest.mark.parametrize(
    "change",
    [
        {"amount": Money(500_001, "PHP")},
        {"amount": Money(500_000, "INR")},
        {"method": "order"},
        {"patient_id": 2},
        {"consultation_id": 2},
    ],
)
@pytest.mark.parametrize("late", [False, True])
def test_the_same_key_with_other_content_is_refused(here: Clinic, clock: FakeClock, change: Any, late: bool) -> None:
    press = here.press(here.consultation())
    here.consultation(patient=0)
    here.pay(press)
    clock.advance(400 if late else 0)
    with pytest.raises(TillgateError) as refused:
        here.pay(replace(press, **change))
    if late and refused.value.code != "key_reused":
        assert refused.value.code in ("amount_not_fee", "consultation_not_theirs")
    else:
        assert refused.value.code == "key_reused"
    assert here.counts() == (1, 1, 2)


def test_another_key_finds_the_active_payment_and_who_took_it(clinic: Clinic, clock: FakeClock) -> None:
    number = clinic.consultation()
    first = clinic.pay(clinic.press(number)).payment
    other = clinic.till_of("T2")
    clock.advance(30)
    found = other.pay(other.press(number))
    assert (found.kind, found.why) == (PressKind.EXISTING, Why.ACTIVE)
    assert found.payment == first
    assert (found.payment.taken_by, found.payment.till_id) == (clinic.cashier.name, "T1")
    assert found.payment.created_at == clock.now() - timedelta(seconds=30)
    assert other.cashier.name != clinic.cashier.name
    assert clinic.provider.sends("create") == 1


def test_every_bad_press_has_its_own_error_and_nothing_is_created(clinic: Clinic, clock: FakeClock) -> None:
    number, paid, gone = (clinic.consultation() for _ in range(3))
    clinic.paid(paid)
    cancel_consultation(clinic.till, clinic.manager, gone, "not held")
    before = clinic.counts(), len(clinic.rows(idempotent_reply)), clinic.provider.sends("create")
    right = clinic.press(number)
    without_keys = replace(clinic, till=replace(clinic.till, providers={}))
    bad: list[tuple[Clinic, Any, type[TillgateError], str]] = [
        (clinic, replace(right, consultation_id=999), NotFound, "consultation_unknown"),
        (clinic, replace(right, patient_id=clinic.patients[1]), Refused, "consultation_not_theirs"),
        (clinic, replace(right, amount=Money(499_999, "PHP")), Invalid, "amount_not_fee"),
        (clinic, replace(right, amount=Money(500_000, "USD")), Invalid, "amount_not_fee"),
        (clinic, clinic.press(paid), Refused, "consultation_paid"),
        (clinic, clinic.press(gone), Refused, "consultation_closed"),
        (clinic, replace(right, provider="paypal"), Invalid, "provider_unsupported"),
        (clinic, replace(right, method="telepathy"), Invalid, "method_unsupported"),
        (clinic, replace(right, key="payment-1705321200000-not-a-uuid"), Invalid, "pay_key_malformed"),
        (without_keys, right, Unavailable, "provider_keys_missing"),
    ]
    for where, press, kind, code in bad:
        with pytest.raises(kind) as refused:
            where.pay(press)
        assert refused.value.code == code
    assert (clinic.counts(), len(clinic.rows(idempotent_reply)), clinic.provider.sends("create")) == before
    assert clinic.pay(right).kind is PressKind.NEW


def test_a_currency_that_the_provider_does_not_take_is_refused(here: Clinic) -> None:
    capabilities = replace(here.provider.capabilities, smallest_minor={"INR": 100})
    here.provider.capabilities = capabilities
    with pytest.raises(Invalid, match="currency_unsupported"):
        here.pay(here.press(here.consultation()))
    assert here.counts() == (0, 0, 0)


def test_money_is_told_of_where_it_moved(here: Clinic) -> None:
    paid = here.consultation()
    here.paid(paid)
    with pytest.raises(Refused) as refused:
        here.pay(here.press(paid))
    assert refused.value.money_moved is MoneyMoved.YES


@pytest.mark.parametrize("outcome", ["unknown", "+unknown", "not_sent", "rate_limited", "+rate_limited"])
def test_a_provider_that_is_not_heard_is_never_asked_twice_for_one_fee(
    clinic: Clinic, clock: FakeClock, outcome: str
) -> None:
    clinic.provider.faults["create"] = [outcome]
    number = clinic.consultation()
    press = clinic.press(number)
    first = clinic.pay(press)
    assert (first.kind, first.payment.state, first.payment.url) == (PressKind.NEW, PaymentState.CREATED, None)
    for each in (press, clinic.press(number)):
        assert clinic.pay(each).payment.id == first.payment.id
    for _ in range(6):
        clock.advance(6)
        clinic.settle()
    found = clinic.pay(press).payment
    assert (found.state, bool(found.url)) == (PaymentState.PENDING, True)
    assert len(clinic.provider.checkouts) == 1
    assert clinic.counts() == (1, 1, 2)


class Stopped(Exception):
    """What the test breaks off with."""


@pytest.mark.parametrize("place", [*WRITTEN, *SENT, *ANSWERED])
def test_broken_off_anywhere_a_retry_charges_once(here: Clinic, clock: FakeClock, place: str) -> None:
    number = here.consultation()
    press = here.press(number)

    def stop(name: str) -> None:
        if name == place:
            raise Stopped

    failpoints.arm(stop)
    try:
        with pytest.raises(Stopped):
            here.pay(press)
    finally:
        failpoints.arm(None)
    # What is written is written whole, or not at all.
    assert here.counts() in ((0, 0, 0), (1, 1, 2))
    written = here.counts()[0]
    assert len(here.rows(idempotent_reply)) == written
    for each in (press, here.press(number), press):
        here.pay(each)
    for _ in range(8):
        clock.advance(20)
        here.settle()
    ended = load_consultation(here.till, here.cashier, number)
    if ended.active is None:
        # Nothing had been sent, so the till gave it up by itself, and the fee is free again.
        assert place in SENT
        assert here.provider.checkouts == {}
        here.pay(here.press(number))
    reference = here.reference(here.rows(payment)[-1].id)
    here.provider.pay(reference)
    paid = check_now(here.till, here.cashier, here.rows(payment)[-1].id)
    assert paid.state is PaymentState.CAPTURED
    assert here.provider.taken_minor() == FEE.minor
    assert len(here.provider.checkouts) == 1
    final = [row for row in here.rows(consultation_invoice) if row.state == "final"]
    assert [row.payment_id for row in final] == [paid.id]
    with pytest.raises(Refused, match="consultation_paid"):
        here.pay(here.press(number))


def test_a_declined_press_frees_the_fee_at_once(clinic: Clinic) -> None:
    clinic.provider.faults["create"] = ["declined"]
    number = clinic.consultation()
    first = clinic.pay(clinic.press(number))
    assert first.payment.state is PaymentState.FAILED
    assert clinic.rows(consultation_invoice)[0].state == "void"
    second = clinic.pay(clinic.press(number))
    assert second.kind is PressKind.NEW
    assert second.payment.id != first.payment.id
    assert [row.state for row in clinic.rows(consultation_invoice)] == ["void", "pending"]


@pytest.mark.parametrize("status", [CheckoutStatus.EXPIRED, CheckoutStatus.CANCELLED])
def test_an_ended_payment_voids_its_invoice_and_a_new_attempt_gets_its_own(
    clinic: Clinic, clock: FakeClock, status: CheckoutStatus
) -> None:
    number = clinic.consultation()
    first = clinic.pay(clinic.press(number)).payment
    clinic.provider.end(clinic.reference(first.id), status)
    clock.advance(90)
    check_now(clinic.till, clinic.cashier, first.id)
    (void,) = clinic.rows(consultation_invoice)
    assert (void.state, void.voided_at) == ("void", clock.now())
    details = load_consultation(clinic.till, clinic.cashier, number)
    assert details.may_pay
    assert [each.number for each in details.void_invoices] == [void.number]
    assert details.invoice is None
    second = clinic.paid(number)
    numbers = [(row.number, row.state) for row in clinic.rows(consultation_invoice)]
    assert numbers == [
        ("INV-20261116090000-000001", "void"),
        (f"INV-20261116090130-{second.id:06d}", "final"),
    ]


def line_of(record: logging.LogRecord) -> tuple[str, str, dict[str, object]]:
    """A record's level, event and values."""
    usual = vars(logging.makeLogRecord({})).keys() | {"message"}
    return record.levelname, record.message, {name: it for name, it in vars(record).items() if name not in usual}


def test_what_the_document_logs_is_logged_and_counted(here: Clinic, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "tillgate.consultations")
    number = here.consultation()
    press = here.press(number)
    for each in (press, press, press, here.press(number)):
        here.pay(each)
    lock = {"lock_key": f"consultation:{number}:{press.patient_id}"}
    about = {"user_id": press.patient_id, "amount": "PHP 5000.00", "payment_method": "stripe"}
    begun = {**about, "staff_id": here.cashier.staff_id, "consultation_id": number}
    replay = ("INFO", "Payment: Returning cached response", {"idempotency_key": press.key, "payment_id": 1})
    assert [line_of(each) for each in caplog.records if each.name == "tillgate.consultations"] == [
        ("INFO", "Payment: Processing payment", begun),
        ("DEBUG", "Lock acquired", {**lock, "attempts": 1, "waited_ms": 0}),
        ("INFO", "Payment: New payment created", {**about, "payment_id": 1}),
        ("DEBUG", "Payment result cached", {"cache_key": press.key, "ttl": 300}),
        ("DEBUG", "Lock released", lock),
        replay,
        replay,
        ("INFO", "Payment: Processing payment", begun),
        ("DEBUG", "Lock acquired", {**lock, "attempts": 1, "waited_ms": 0}),
        ("DEBUG", "Lock released", lock),
        ("INFO", "Payment: Existing payment found", {**about, "staff_id": here.cashier.staff_id, "payment_id": 1}),
    ]
    write_tallies(here.till)
    counted = {(row.name, row.label): row.count for row in here.rows(metric) if row.name.startswith("pay_")}
    assert counted == {
        ("pay_created", ""): 1,
        ("pay_replayed", ""): 2,
        ("pay_found_active", ""): 1,
        ("pay_lock_won", "1"): 2,
    }
    assert not here.till.tallies
    today = here.till.store_day(here.till.clock.now())
    here.pay(press)
    figures = load_press_figures(here.till, here.manager, today, today)
    assert (figures.created, figures.replayed, figures.found_active, figures.locks_lost) == (1, 3, 1, 0)
    assert (figures.pressed, figures.replay_percent, figures.lock_tries) == (5, 60, {1: 2})
    yesterday = today - timedelta(days=1)
    assert load_press_figures(here.till, here.manager, yesterday, yesterday).replay_percent is None


def test_tallies_that_can_not_be_written_are_kept(here: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    press = here.press(here.consultation())
    here.pay(press)
    here.pay(press)
    usual = type(here.till.db).transact
    broken = [True]

    def transact(*given: Any, **named: Any) -> Any:
        if broken:
            raise Unavailable("database_busy")
        return usual(*given, **named)

    monkeypatch.setattr(type(here.till.db), "transact", transact)
    with pytest.raises(Unavailable):
        write_tallies(here.till)
    broken.clear()
    here.pay(press)
    write_tallies(here.till)
    counted = {row.name: row.count for row in here.rows(metric)}
    assert (counted["pay_created"], counted["pay_replayed"]) == (1, 2)


def test_a_fee_that_was_paid_between_look_and_lock_is_not_charged(here: Clinic) -> None:
    number = here.consultation()
    press = here.press(number)
    done: list[bool] = []

    def meanwhile(place: str) -> None:
        if place == "start.before_intent" and not done:
            done.append(True)
            here.till_of("T2").paid(number)

    failpoints.arm(meanwhile)
    try:
        with pytest.raises(Refused, match="consultation_paid"):
            here.pay(press)
    finally:
        failpoints.arm(None)
    assert here.counts() == (1, 1, 2)
    with here.till.db.read() as connection:
        state = connection.execute(select(consultation.c.state).where(consultation.c.id == number)).scalar_one()
    assert state is ConsultationState.PAID
    assert len([row for row in here.rows(provider_call) if row.kind == "create"]) == 1
