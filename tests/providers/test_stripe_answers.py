"""What Stripe says of a session, verified on all counts, and its reasons in plain words."""

from __future__ import annotations

from typing import Any

import pytest

from tests.providers import stripe_samples as sample
from tests.providers.raw_server import http
from tests.providers.stripe_played import (
    AMOUNT,
    ATTEMPT,
    NOW,
    PAID,
    SESSION,
    SESSIONS,
    answer_of,
    create,
    refusal,
)
from tillgate.domain.checkout_facts import CheckoutStatus, TryStatus
from tillgate.domain.payment import Mode
from tillgate.domain.secret import Secret
from tillgate.domain.verification import Expected, Verdict, judge
from tillgate.ports import Outcome
from tillgate.providers.stripe import Stripe

# --- the session, verified ---

OURS = Expected(sample.REFERENCE, sample.SESSION_ID, AMOUNT, sample.KEY_ID, Mode.TEST)


def reading_of(**changes: Any) -> tuple[tuple[str, ...], list[Verdict]]:
    answer = answer_of({**PAID, SESSION: sample.session(**changes)}, lambda one: one.fetch(ATTEMPT))
    assert answer.checkout is not None, answer
    reading = judge(OURS, answer.checkout)
    return reading.faults, [one.verdict for one in reading.captured]


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({}, ()),
        ({"client_reference_id": "another"}, ("reference",)),
        ({"client_reference_id": None}, ("reference",)),
        ({"metadata": {"reference": "another"}}, ("reference",)),
        ({"metadata": {}}, ("reference",)),
        ({"amount_total": 5_000}, ("amount",)),
        ({"currency": "idr"}, ("currency",)),
        # No decimals at Stripe, two in our books: other money altogether.
        ({"currency": "mga"}, ("currency", "amount")),
        ({"livemode": True}, ("mode",)),
    ],
)
def test_money_is_believed_only_if_all_of_it_agrees(changes: dict[str, Any], faults: tuple[str, ...]) -> None:
    assert reading_of(**changes) == (faults, [Verdict.MISMATCH if faults else Verdict.MATCHES])


def test_a_session_of_test_mode_is_not_a_live_one() -> None:
    live = Stripe("pk_live_51Abcdefgh", Secret("sk_live_51Abcdefgh"), mode=Mode.LIVE)
    read = live._reader.session(sample.session()).checkout
    assert (read.mode, live._reader.session(sample.session(livemode=True)).checkout.mode) == (Mode.TEST, Mode.LIVE)
    live.close()


@pytest.mark.parametrize(
    "changes",
    [
        # Complete is not paid; paid is not so without a payment to show for it, nor a payment without the word.
        {"payment_status": "unpaid"},
        {"payment_status": "no_payment_required"},
        {"status": "open", "payment_status": "paid"},
        {"payment_status": "settled"},
        {"livemode": "false"},
        {"amount_total": "500000"},
        {"currency": "PHP"},
        {"id": "cs_test_another"},
        {"payment_intent": "x"},
        {"payment_intent": None},
    ],
)
def test_what_does_not_agree_with_itself_is_not_an_answer(changes: dict[str, Any]) -> None:
    answer = answer_of({**PAID, SESSION: sample.session(**changes)}, lambda one: one.fetch(ATTEMPT))
    assert (answer.outcome, answer.checkouts) == (Outcome.UNKNOWN, ())


def test_a_charge_of_another_intent_is_not_the_sessions() -> None:
    strange = sample.listed(sample.charge(payment_intent="pi_3Another"))
    answer = answer_of({**PAID, "GET /v1/charges": strange}, lambda one: one.fetch(ATTEMPT))
    assert answer.checkout is not None
    assert [one.verdict for one in judge(OURS, answer.checkout).captured] == [Verdict.MISMATCH]


@pytest.mark.parametrize(
    ("intent", "charge", "status", "tried"),
    [
        ("processing", sample.charge(status="pending", captured=False), CheckoutStatus.OPEN, TryStatus.CREATED),
        (
            "requires_capture",
            sample.charge(captured=False, amount_captured=0),
            CheckoutStatus.OPEN,
            TryStatus.AUTHORIZED,
        ),
        (
            "canceled",
            sample.charge(captured=False, amount_captured=0, amount_refunded=500_000),
            CheckoutStatus.FAILED,
            TryStatus.FAILED,
        ),
        ("requires_payment_method", sample.failed("insufficient_funds"), CheckoutStatus.FAILED, TryStatus.FAILED),
    ],
)
def test_complete_and_unpaid_is_what_the_payment_intent_says(
    intent: str, charge: dict[str, Any], status: CheckoutStatus, tried: TryStatus
) -> None:
    """A slow way to pay that may yet come, or has failed for good."""
    error = {"type": "card_error", "code": "card_declined", "decline_code": "insufficient_funds", "message": "No"}
    unpaid = sample.session(
        payment_status="unpaid", payment_intent=sample.intent(status=intent, last_payment_error=error)
    )
    routes = {SESSION: unpaid, "GET /v1/charges": sample.listed(charge)}
    answer = answer_of(routes, lambda one: one.fetch(ATTEMPT))
    assert answer.checkout is not None, answer
    assert (answer.checkout.status, [one.status for one in answer.checkout.tries]) == (status, [tried])
    assert bool(answer.checkout.reason) is (status is CheckoutStatus.FAILED)


def test_expired_before_its_time_is_cancelled() -> None:
    for expires_at, status in (
        (int(NOW.timestamp()) + 60, CheckoutStatus.CANCELLED),
        (int(NOW.timestamp()) - 60, CheckoutStatus.EXPIRED),
    ):
        ended = sample.opened(status="expired", url=None, expires_at=expires_at)
        answer = answer_of({SESSION: ended}, lambda one: one.fetch(ATTEMPT))
        assert answer.checkout is not None
        assert answer.checkout.status is status


@pytest.mark.parametrize(
    "url", ["https://checkout.stripe.com.evil.example/c", "https://evil@checkout.stripe.com/", "javascript:x", None]
)
def test_an_address_that_is_not_stripes_is_not_opened(url: str | None) -> None:
    answer = answer_of({f"POST {SESSIONS}": sample.opened(url=url)}, create)
    assert (answer.outcome, answer.checkouts) == (Outcome.UNKNOWN, ())


def test_the_live_address_is_stripes_checkout_alone() -> None:
    provider = Stripe(sample.KEY_ID, Secret(sample.KEY_SECRET), mode=Mode.TEST)
    assert provider.capabilities.checkout_hosts == {"checkout.stripe.com"}
    good = "https://checkout.stripe.com/c/pay/cs_test_a1#fidkdWxOYHwn"
    assert provider._reader.session(sample.opened(url=good)).checkout.url == good
    provider.close()


# --- reasons ---


@pytest.mark.parametrize(
    ("charge", "words"),
    [
        (sample.failed("insufficient_funds"), "There is not enough money"),
        # What the bank knows of a card is not for the customer's ears.
        (sample.failed("stolen_card"), "The bank declined it."),
        (sample.failed("do_not_honor"), "The bank declined it."),
        (sample.failed("something_new", message="Words of Stripe."), "Words of Stripe."),
        (sample.failed(None, message="Words of Stripe."), "Words of Stripe."),
    ],
)
def test_a_declined_try_says_why_in_plain_words(charge: dict[str, Any], words: str) -> None:
    routes = {SESSION: sample.opened(payment_intent=sample.intent()), "GET /v1/charges": sample.listed(charge)}
    answer = answer_of(routes, lambda one: one.fetch(ATTEMPT))
    assert answer.checkout is not None
    assert (answer.checkout.tries[0].reason or "").startswith(words)


@pytest.mark.parametrize(
    ("answer", "outcome", "words"),
    [
        (refusal("Amount must convert to at least 50 cents.", "amount_too_small"), Outcome.DECLINED, "Amount must"),
        (refusal("No", "api_key_expired", status=401), Outcome.MISCONFIGURED, "This key has expired"),
        (refusal("The provided key 'rk_test_***' does not have access", status=403), Outcome.MISCONFIGURED, "The prov"),
        (refusal("x", "external", status=424), Outcome.UNKNOWN, "x"),
        (refusal("x", "card_declined", status=402, decline_code="fraudulent"), Outcome.DECLINED, "The bank declined"),
        (http("{}", "400 X"), Outcome.UNKNOWN, "status 400"),
        (http("<html>", "404 X"), Outcome.UNKNOWN, "status 404"),
    ],
)
def test_what_a_refusal_comes_to(answer: bytes, outcome: Outcome, words: str) -> None:
    found = answer_of({f"POST {SESSIONS}": answer, f"GET {SESSIONS}": sample.listed()}, create)
    assert (found.outcome, found.message[: len(words)]) == (outcome, words)
