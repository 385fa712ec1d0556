"""Stripe over the wire where the sandbox is too well-behaved: locks, replays, lists that lag, echoes of secrets."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.providers import stripe_samples as sample
from tests.providers.raw_server import http
from tests.providers.stripe_played import (
    AMOUNT,
    ATTEMPT,
    NOW,
    PAID,
    REFUND,
    SESSION,
    SESSIONS,
    Played,
    Sleeps,
    answer_of,
    create,
    played,
    refusal,
)
from tillgate.domain.checkout_facts import CheckoutStatus, RefundStatus
from tillgate.ports import Outcome
from tillgate.providers.stripe import Stripe, facts

# --- what every request carries ---


def test_version_key_and_form_of_a_create() -> None:
    with played({f"POST {SESSIONS}": sample.opened()}) as (provider, script):
        assert create(provider).outcome is Outcome.SUCCESS
        assert create(provider).outcome is Outcome.SUCCESS
        first, again = script.requests
    assert first == again
    head, _, body = first.partition(b"\r\n\r\n")
    for line in (
        b"Stripe-Version: 2026-10-28.endive",
        f"Authorization: Bearer {sample.KEY_SECRET}".encode(),
        f"Idempotency-Key: {sample.REFERENCE}".encode(),
        b"Content-Type: application/x-www-form-urlencoded",
    ):
        assert line.lower() in head.lower(), line
    assert b"line_items[0][price_data][unit_amount]=500000" in body
    assert f"client_reference_id={sample.REFERENCE}".encode() in body


def test_a_reading_has_the_version_and_no_key() -> None:
    with played(PAID) as (provider, script):
        assert provider.fetch(ATTEMPT).outcome is Outcome.SUCCESS
        assert script.asked[0] == f"{SESSION}?expand%5B0%5D=payment_intent"
    for request in script.requests:
        assert b"stripe-version: 2026-10-28.endive" in request.lower()
        assert b"idempotency-key" not in request.lower()


# --- 409 and 429 ---

BUSY = refusal("There is currently another in-progress request", "idempotency_key_in_use", status=409)
LOCKED = refusal("This object cannot be accessed right now", "lock_timeout", "Stripe-Should-Retry: true", status=429)
LIMITED = refusal("Request rate limit exceeded", "rate_limit", status=429)


@pytest.mark.parametrize("busy", [BUSY, LOCKED, LIMITED], ids=["in use", "locked", "limited"])
def test_what_was_not_processed_is_sent_again_with_the_same_bytes(busy: bytes) -> None:
    sleeps = Sleeps()
    with played({f"POST {SESSIONS}": (busy, busy, sample.opened())}, sleep=sleeps) as (provider, script):
        assert create(provider).outcome is Outcome.SUCCESS
        assert len(set(script.requests)) == 1
    assert len(sleeps) == 2
    assert 0.5 <= sleeps[0] <= 0.5 and 0.5 <= sleeps[1] <= 1


@pytest.mark.parametrize(("busy", "outcome"), [(BUSY, Outcome.UNKNOWN), (LIMITED, Outcome.RATE_LIMITED)])
def test_it_is_given_up_after_three_times(busy: bytes, outcome: Outcome) -> None:
    with played({f"POST {SESSIONS}": busy}) as (provider, script):
        answer = create(provider)
        assert (answer.outcome, len(script.asked)) == (outcome, 3)
    assert answer.message.startswith("Stripe is")


@pytest.mark.parametrize(
    ("headers", "sendings", "waited", "retry_after_s"),
    [
        (["Stripe-Should-Retry: false"], 1, [], None),
        (["Retry-After: 30"], 1, [], 30),
        (["Retry-After: 2"], 3, [2, 2], 2),
    ],
)
def test_the_answer_says_whether_and_when(
    headers: list[str], sendings: int, waited: list[float], retry_after_s: int | None
) -> None:
    sleeps = Sleeps()
    limited = refusal("Request rate limit exceeded", "rate_limit", *headers, status=429)
    with played({SESSION: limited}, sleep=sleeps) as (provider, script):
        answer = provider.fetch(ATTEMPT)
        assert len(script.asked) == sendings
    assert (answer.outcome, answer.retry_after_s, list(sleeps)) == (Outcome.RATE_LIMITED, retry_after_s, waited)


def test_no_wait_goes_past_the_deadline() -> None:
    sleeps = Sleeps()
    with played({f"POST {SESSIONS}": LIMITED}, sleep=sleeps, create_deadline_ms=450) as (provider, script):
        assert create(provider).outcome is Outcome.RATE_LIMITED
        assert (len(script.asked), sleeps) == (1, [])


# --- failures that are kept ---

FAILED = http(json.dumps(sample.error("An unknown error occurred", kind="api_error")), "500 X")
REPLAYED = http(
    json.dumps(sample.error("An unknown error occurred", kind="api_error")), "500 X", "Idempotent-Replayed: true"
)


def test_a_500_is_unknown_and_nothing_is_sent_again_by_itself() -> None:
    with played({f"POST {SESSIONS}": FAILED, "POST /v1/refunds": FAILED}) as (provider, script):
        assert create(provider).outcome is Outcome.UNKNOWN
        assert provider.refund(REFUND).outcome is Outcome.UNKNOWN
        assert len(script.asked) == 2


@pytest.mark.parametrize(
    ("there", "outcome"),
    [
        (sample.listed(), Outcome.DECLINED),
        (sample.listed(sample.opened(client_reference_id="other")), Outcome.DECLINED),
        (sample.listed(sample.opened()), Outcome.UNKNOWN),
        (FAILED, Outcome.UNKNOWN),
    ],
)
def test_a_500_that_is_replayed_is_looked_up(there: Any, outcome: Outcome) -> None:
    answer = answer_of({f"POST {SESSIONS}": REPLAYED, f"GET {SESSIONS}": there}, create)
    assert (answer.outcome, answer.checkouts) == (outcome, ())


def test_a_refund_whose_failure_is_replayed_is_what_the_list_says() -> None:
    routes = {"POST /v1/refunds": REPLAYED, "GET /v1/refunds": sample.listed(sample.refund())}
    answer = answer_of(routes, lambda one: one.refund(REFUND))
    assert [one.provider_ref for one in answer.refunds] == [sample.REFUND_ID]
    routes = {"POST /v1/refunds": REPLAYED, "GET /v1/refunds": sample.listed(sample.refund(metadata={}))}
    # A person decides: the key is used up, and nobody can say that the money did not go.
    assert answer_of(routes, lambda one: one.refund(REFUND)).outcome is Outcome.UNKNOWN


REUSED = refusal("Keys for idempotent requests can only be used with the same parameters", type="idempotency_error")


def test_a_key_of_another_request_is_in_doubt() -> None:
    for path, call in ((SESSIONS, create), ("/v1/refunds", lambda one: one.refund(REFUND))):
        with played({f"POST {path}": REUSED}) as (provider, script):
            assert call(provider).outcome is Outcome.UNKNOWN
            assert len(script.asked) == 1


# --- refunds and lists ---


@pytest.mark.parametrize(
    ("status", "ours"),
    [
        ("pending", RefundStatus.PENDING),
        ("requires_action", RefundStatus.PENDING),
        ("succeeded", RefundStatus.DONE),
        ("failed", RefundStatus.FAILED),
        ("canceled", RefundStatus.FAILED),
    ],
)
def test_a_refunds_status_and_why_it_failed(status: str, ours: RefundStatus) -> None:
    why = {"failure_reason": "lost_or_stolen_card"} if status == "failed" else {}
    routes = {"GET /v1/refunds": sample.listed(sample.refund(status=status, **why))}
    [found] = answer_of(routes, lambda one: one.find_refunds(sample.CHARGE_ID)).refunds
    assert (found.status, found.key, bool(found.reason)) == (ours, sample.REFUND_KEY, bool(why))


@pytest.mark.parametrize(
    "changes", [{"amount": 1}, {"charge": "ch_3Another"}, {"metadata": {}}, {"currency": "inr"}, {"status": "odd"}]
)
def test_a_refund_that_is_not_what_was_asked_for_is_unknown(changes: dict[str, Any]) -> None:
    answer = answer_of({"POST /v1/refunds": sample.refund(**changes)}, lambda one: one.refund(REFUND))
    assert (answer.outcome, answer.refunds) == (Outcome.UNKNOWN, ())


def test_sessions_of_others_are_passed_over_unread_and_pages_follow_the_cursor() -> None:
    foreign = {"id": "cs_test_foreign", "mode": "setup", "amount_total": None}
    pages = (sample.listed(foreign, more=True), sample.listed(sample.opened()))
    with played({f"GET {SESSIONS}": pages}) as (provider, script):
        found = provider.find(ATTEMPT)
        since = int((NOW - facts.CLOCK_ERROR).timestamp())
        assert script.asked == [
            f"GET {SESSIONS}?created%5Bgte%5D={since}&limit=40",
            f"GET {SESSIONS}?created%5Bgte%5D={since}&limit=40&starting_after=cs_test_foreign",
        ]
    assert [one.provider_id for one in found.checkouts] == [sample.SESSION_ID]


def test_a_list_without_an_end_ends() -> None:
    with played({"GET /v1/refunds": sample.listed(sample.refund(), more=True)}) as (provider, script):
        assert provider.find_refunds(sample.CHARGE_ID).outcome is Outcome.UNKNOWN
        assert len(script.asked) == facts.MOST_PAGES
    empty = {"GET /v1/refunds": sample.listed(more=True)}
    assert answer_of(empty, lambda one: one.find_refunds(sample.CHARGE_ID)).outcome is Outcome.UNKNOWN


def test_the_sweep_leaves_out_what_went_back_from_no_charge() -> None:
    routes = {
        "GET /v1/charges": sample.listed(sample.charge()),
        "GET /v1/refunds": sample.listed(sample.refund(charge=None), sample.refund()),
    }
    answer = answer_of(routes, lambda one: one.list_recent(NOW, {sample.CHARGE_ID}))
    assert (answer.outcome, len(answer.payments), len(answer.refunds)) == (Outcome.SUCCESS, 1, 1)


def test_a_key_of_the_other_mode_fails_the_connection_test() -> None:
    for livemode, outcome in ((False, Outcome.SUCCESS), (True, Outcome.MISCONFIGURED)):
        routes = {f"GET {SESSIONS}": sample.listed(sample.session(livemode=livemode))}
        assert answer_of(routes, lambda one: one.test_connection()).outcome is outcome


@pytest.mark.parametrize(
    ("intent", "outcome"),
    [
        (sample.intent(), Outcome.SUCCESS),
        (sample.intent(amount_received=1), Outcome.UNKNOWN),
        (sample.intent(latest_charge="ch_3Another"), Outcome.UNKNOWN),
        (sample.intent(status="processing"), Outcome.UNKNOWN),
        (refusal("status of canceled", "payment_intent_unexpected_state"), Outcome.DECLINED),
    ],
)
def test_what_a_capture_comes_to(intent: Any, outcome: Outcome) -> None:
    held = sample.charge(captured=False, amount_captured=0)
    routes = {
        f"GET /v1/charges/{sample.CHARGE_ID}": held,
        f"POST /v1/payment_intents/{sample.INTENT_ID}/capture": intent,
    }
    assert answer_of(routes, lambda one: one.capture(sample.CHARGE_ID, AMOUNT)).outcome is outcome


# --- secrets, and any bytes at all ---


def test_an_echo_of_our_secrets_goes_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    def echo(request: bytes) -> bytes:
        return refusal(request.decode() + " mail ana@example.ph card 4111111111111111", "odd", "Request-Id: req_Abc1")

    paths = [SESSION, f"POST {SESSIONS}", f"GET {SESSIONS}", "POST /v1/refunds", "GET /v1/refunds"]
    with played(dict.fromkeys([*paths, f"POST {SESSIONS}/{sample.SESSION_ID}/expire"], echo)) as (provider, _):
        answers = [
            create(provider),
            provider.find(ATTEMPT),
            provider.fetch(ATTEMPT),
            provider.cancel(ATTEMPT),
            provider.refund(REFUND),
            provider.find_refunds(sample.CHARGE_ID),
        ]
        shown = [*map(repr, answers), caplog.text, *(str(vars(one)) for one in caplog.records)]
        shown += [repr(provider), repr(vars(provider)), provider.redact(f"Bearer {sample.KEY_SECRET}")]
    assert all(answer.message for answer in answers)
    for hidden in (sample.KEY_SECRET, "ana@", "4111111111111111"):
        assert hidden not in "\n".join(shown)
    assert {vars(one).get("request_id") for one in caplog.records if one.name == "tillgate.provider"} == {"req_Abc1"}


@pytest.fixture(scope="module")
def fuzzed() -> Iterator[tuple[Stripe, Played]]:
    with played({}) as pair:
        yield pair


@given(data=st.data())
def test_no_mutated_answer_makes_a_false_success(fuzzed: tuple[Stripe, Played], data: st.DataObject) -> None:
    """Bytes of the bodies changed at random: what is understood is well-formed, typed, and nothing is raised."""
    provider, script = fuzzed
    path = data.draw(st.sampled_from(sorted(PAID)))
    body = bytearray(json.dumps(PAID[path]).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 3))] = data.draw(
            st.binary(max_size=3) | st.sampled_from([b"0", b'"', b"-", b"e1", b".0", b"null", b"true", b"[", b"}"])
        )
    script.answers = {one: [http(json.dumps(value))] for one, value in PAID.items()} | {path: [http(bytes(body))]}
    answer = provider.fetch(ATTEMPT)
    assert answer.outcome in (Outcome.SUCCESS, Outcome.UNKNOWN)
    if answer.outcome is Outcome.UNKNOWN:
        assert (answer.checkouts, answer.payments) == ((), ())
        return
    assert answer.checkout is not None
    assert answer.checkout.provider_id == sample.SESSION_ID
    for amount in (answer.checkout.amount, *(one.amount for one in answer.checkout.tries)):
        assert type(amount.minor) is int
        assert amount.minor > 0
    took = any(one.took_money for one in answer.checkout.tries)
    assert took is (answer.checkout.status is CheckoutStatus.PAID)
