"""The promises of ports.PaymentProvider, one by one, on every provider."""

from __future__ import annotations

import inspect
import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from tests.contract.base import Bench
from tests.contract.bench import having
from tillgate.domain.checkout_facts import CheckoutFacts, CheckoutStatus, TryStatus
from tillgate.domain.errors import Bug, Invalid
from tillgate.domain.money import Money
from tillgate.ports import Answer, AttemptRef, CancelWay, Outcome, Payer, PaymentProvider
from tillgate.sandbox import FaultKind, Verb


def fetched(bench: Bench, attempt: AttemptRef) -> CheckoutFacts:
    answer = bench.provider.fetch(attempt)
    assert answer.outcome is Outcome.SUCCESS, answer
    assert answer.checkout is not None
    return answer.checkout


def test_it_has_every_method_of_the_port(bench: Bench) -> None:
    for name, promised in inspect.getmembers(PaymentProvider, inspect.isfunction):
        if name.startswith("_"):
            continue
        kept = inspect.signature(getattr(type(bench.provider), name))
        assert kept == inspect.signature(promised), name


# --- opening ---


def test_parameters_are_the_exact_canonical_body(bench: Bench) -> None:
    request = bench.request()
    body = bench.provider.parameters(request)
    assert body == bench.provider.parameters(request)
    sent = json.loads(body, parse_float=lambda text: pytest.fail(f"{text} is a float"))
    assert body == json.dumps(sent, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert request.reference in body
    assert bench.truth(AttemptRef(request.reference, bench.method, bench.amount, None)).checkouts == ()


def test_what_cant_be_sent_is_refused_before_any_call(bench: Bench) -> None:
    smallest = bench.provider.capabilities.smallest_minor[bench.amount.currency]
    for amount in (Money(smallest - 1, bench.amount.currency), Money(10_000, "XTS")):
        with pytest.raises(Invalid):
            bench.provider.parameters(bench.request(amount))
    with pytest.raises(Invalid):
        bench.provider.parameters(replace(bench.request(), method="nothing"))
    assert bench.provider.create(
        bench.method, bench.provider.parameters(bench.request(Money(smallest, bench.amount.currency)))
    ).checkout


def test_create_opens_one_checkout_where_the_customer_pays(bench: Bench) -> None:
    attempt, body = bench.planned()
    answer = bench.provider.create(bench.method, body)
    assert answer.outcome is Outcome.SUCCESS
    checkout = answer.checkout
    assert checkout is not None
    assert (checkout.reference, checkout.amount, checkout.status) == (
        attempt.reference,
        bench.amount,
        CheckoutStatus.OPEN,
    )
    assert (checkout.account, checkout.mode) == (bench.provider.account, bench.provider.mode)
    assert [one.status for one in checkout.tries] == [TryStatus.CREATED] * bench.one_try
    assert bench.truth(attempt).checkouts == ((checkout.provider_id,) if bench.there_at_once else ())
    if checkout.url is not None:
        assert urlsplit(checkout.url).hostname in bench.provider.capabilities.checkout_hosts
    assert answer.http_status in (200, 201)
    assert re.fullmatch("[0-9a-f]{64}", answer.response_sha256 or "")
    assert answer.elapsed_ms >= 0


def test_a_checkout_ends_when_it_was_asked_to(bench: Bench) -> None:
    ends = bench.sandbox_now() + bench.shortest_life
    request = replace(bench.request(), expires_at=ends)
    answer = bench.provider.create(bench.method, bench.provider.parameters(request))
    assert answer.checkout is not None
    if answer.checkout.expires_at is None:
        return  # this way to pay has no end
    assert abs(answer.checkout.expires_at - ends) <= timedelta(seconds=2)
    attempt = AttemptRef(request.reference, bench.method, bench.amount, answer.checkout.provider_id)
    bench.sandbox.advance((bench.shortest_life + bench.lingers).total_seconds() + 60)
    assert fetched(bench, attempt).status is CheckoutStatus.EXPIRED


def test_sending_the_same_create_again_never_makes_a_second_one_unseen(bench: Bench) -> None:
    attempt, body = bench.planned()
    first = bench.provider.create(bench.method, body)
    again = bench.provider.create(bench.method, body)
    assert first.outcome is Outcome.SUCCESS
    if bench.replays:
        assert again.checkouts == first.checkouts
    elif bench.makes_another:
        # Nobody was told of the first one, so nobody can pay it; where a phone shows both, a look sees both.
        made = [one.checkout.provider_id for one in (first, again) if one.checkout]
        assert sorted(made) == sorted(bench.truth(attempt).checkouts)
        assert len(made) == 2
        assert bench.named_by_us or len(set(made)) == 2
    else:
        # "Refused" would be wrong: there is one with our reference.
        assert again.outcome is Outcome.UNKNOWN
        assert again.message
    found = bench.provider.find(attempt)
    there = bench.truth(attempt).checkouts if bench.finds_unpaid else ()
    assert sorted(one.provider_id for one in found.checkouts) == sorted(there)


def test_find_sees_what_bears_the_reference_and_nothing_else(bench: Bench) -> None:
    attempt, other = bench.opened(), bench.opened()
    assert other.provider_id != attempt.provider_id
    found = bench.provider.find(replace(attempt, provider_id=None))
    if not bench.finds_unpaid:
        assert found.outcome is Outcome.NOT_FOUND
        bench.pay(attempt)
        found = bench.provider.find(replace(attempt, provider_id=None))
    # A link whose payments bear names of the provider's own is never found.
    never = bench.makes_another and not (bench.finds_unpaid or bench.named_by_us)
    assert [one.provider_id for one in found.checkouts] == ([] if never else [attempt.provider_id])
    absent = bench.planned()[0]
    if bench.silent_for:
        # It may be on its way: for a while its absence says nothing.
        assert bench.provider.find(absent).outcome is Outcome.UNKNOWN
        bench.sandbox.advance(bench.silent_for.total_seconds())
    nothing = bench.provider.find(absent)
    assert nothing.outcome is Outcome.NOT_FOUND
    assert nothing.checkouts == ()


@pytest.mark.parametrize("bench", having("there_at_once", unless="named_by_us"), indirect=True)
def test_fetching_what_is_not_there_is_not_found(bench: Bench) -> None:
    attempt = bench.opened()
    assert attempt.provider_id is not None
    prefix, _, _ = attempt.provider_id.rpartition("_")
    strange = replace(attempt, provider_id=f"{prefix}_{'Z' * 14}")
    assert bench.provider.fetch(strange).outcome is Outcome.NOT_FOUND


# --- the tries inside ---


@pytest.mark.parametrize("bench", having("one_try", value=False), indirect=True)
def test_a_declined_try_leaves_the_checkout_open_and_a_second_one_pays(bench: Bench) -> None:
    attempt = bench.opened()
    assert fetched(bench, attempt).tries == ()
    declined = bench.decline(attempt)
    after = fetched(bench, attempt)
    assert after.status is CheckoutStatus.OPEN
    assert [(one.provider_ref, one.status) for one in after.tries] == [(declined, TryStatus.FAILED)]
    assert after.tries[0].reason
    paid = bench.pay(attempt)
    whole = fetched(bench, attempt)
    assert whole.status is CheckoutStatus.PAID
    assert {one.provider_ref: one.status for one in whole.tries} == {
        declined: TryStatus.FAILED,
        paid: TryStatus.CAPTURED,
    }
    for one in whole.tries:
        assert (one.amount, one.checkout_id, one.refunded_minor) == (bench.amount, attempt.provider_id, 0)
        assert one.created_at is not None
        assert one.method


@pytest.mark.parametrize("bench", having("one_try"), indirect=True)
def test_a_declined_try_is_the_end_where_there_is_one_alone(bench: Bench) -> None:
    attempt = bench.opened()
    assert [one.status for one in fetched(bench, attempt).tries] == [TryStatus.CREATED]
    declined = bench.decline(attempt)
    after = fetched(bench, attempt)
    assert (after.status, after.reason) == (CheckoutStatus.FAILED, "wrong_pin")
    assert [(one.provider_ref, one.status) for one in after.tries] == [(declined, TryStatus.FAILED)]
    assert after.tries[0].reason


def test_a_try_that_failed_or_waits_may_be_captured_late(bench: Bench) -> None:
    attempt = bench.opened()
    bench.arm(FaultKind.LATE_SUCCESS, Verb.PAY, seconds=60)
    payment = bench.pay(attempt)
    before = fetched(bench, attempt)
    assert (before.status, before.tries[0].status) == (CheckoutStatus.OPEN, bench.late_is)
    bench.sandbox.advance(61)
    late = fetched(bench, attempt)
    assert late.status is CheckoutStatus.PAID
    assert [(one.provider_ref, one.status) for one in late.tries] == [(payment, TryStatus.CAPTURED)]


@pytest.mark.parametrize("bench", having("one_try", value=False), indirect=True)
def test_two_captures_of_one_checkout_are_both_told(bench: Bench) -> None:
    attempt = bench.opened()
    bench.arm(FaultKind.CAPTURED_TWICE, Verb.PAY)
    bench.pay(attempt)
    captured = {one.provider_ref for one in fetched(bench, attempt).tries if one.took_money}
    assert captured == set(bench.truth(attempt).captures)
    assert len(captured) == 2


@pytest.mark.parametrize("kind", [FaultKind.WRONG_AMOUNT, FaultKind.WRONG_CURRENCY])
def test_what_was_really_paid_is_told(bench: Bench, kind: FaultKind) -> None:
    attempt = bench.opened()
    bench.arm(kind, Verb.PAY)
    bench.pay(attempt)
    facts = fetched(bench, attempt)
    assert facts.amount == bench.amount
    assert facts.tries[0].amount == (
        Money(bench.amount.minor - 100, bench.amount.currency)
        if kind is FaultKind.WRONG_AMOUNT
        else Money(bench.amount.minor, "USD")
    )


@pytest.mark.parametrize("bench", having("captures"), indirect=True)
def test_authorised_money_is_captured_once(bench: Bench) -> None:
    attempt, payment = bench.authorised()
    less = Money(bench.amount.minor - 1, bench.amount.currency)
    assert fetched(bench, attempt).tries[0].status is TryStatus.AUTHORIZED
    assert bench.provider.capture(payment, less).outcome is Outcome.DECLINED
    assert bench.truth(attempt).captures == ()
    assert bench.provider.capture(payment, bench.amount).outcome is Outcome.SUCCESS
    # "Already captured" is a success, for this very amount only.
    assert bench.provider.capture(payment, bench.amount).outcome is Outcome.SUCCESS
    assert bench.provider.capture(payment, less).outcome is Outcome.DECLINED
    assert bench.truth(attempt).captures == (payment,)
    assert fetched(bench, attempt).status is CheckoutStatus.PAID


def test_a_declined_payment_is_not_captured(bench: Bench) -> None:
    attempt = bench.opened()
    answer = bench.provider.capture(bench.decline(attempt), bench.amount)
    assert answer.outcome is Outcome.DECLINED
    assert answer.message
    assert answer.payments == ()


@pytest.mark.parametrize("bench", having("captures"), indirect=True)
def test_money_released_uncaptured_is_not_taken_money(bench: Bench) -> None:
    attempt, payment = bench.authorised()
    bench.sandbox.advance(bench.held_for.total_seconds() + 24 * 3600)
    tried = next(one for one in fetched(bench, attempt).tries if one.provider_ref == payment)
    assert not tried.took_money
    assert bench.provider.capture(payment, bench.amount).outcome is Outcome.DECLINED


# --- ending ---


def test_cancel_does_what_the_capabilities_say(bench: Bench) -> None:
    attempt = bench.opened()
    answer = bench.provider.cancel(attempt)
    if bench.provider.capabilities.methods[bench.method] is CancelWay.CLOSES:
        assert answer.outcome is Outcome.SUCCESS
        assert fetched(bench, attempt).status is CheckoutStatus.CANCELLED
    else:
        assert answer.outcome is Outcome.DECLINED
        assert answer.http_status is None
        assert fetched(bench, attempt).status is CheckoutStatus.OPEN


def test_cancel_after_payment_is_declined_and_the_payment_stands(bench: Bench) -> None:
    attempt, payment = bench.captured()
    answer = bench.provider.cancel(attempt)
    assert answer.outcome is Outcome.DECLINED
    assert answer.message
    facts = fetched(bench, attempt)
    assert facts.status is CheckoutStatus.PAID
    assert [one.provider_ref for one in facts.tries if one.took_money] == [payment]


# --- the sweep ---


def test_the_sweep_tells_every_payment_and_the_checkout_of_the_strange_ones(bench: Bench) -> None:
    since = bench.sandbox_now()
    known_attempt, known = bench.captured()
    strange_attempt, strange = bench.captured()
    declined = bench.decline(bench.opened())
    refund = bench.refund_of(known, bench.part)
    bench.provider.refund(refund)
    answer = bench.provider.list_recent(since, known={known})
    assert answer.outcome is Outcome.SUCCESS
    assert {known, strange, declined} <= {one.provider_ref for one in answer.payments}
    assert (bench.kept_key(refund), known) in {(one.key, one.payment_ref) for one in answer.refunds}
    mine = [one for one in answer.checkouts if one.reference in (known_attempt.reference, strange_attempt.reference)]
    assert [one.provider_id for one in mine] == [strange_attempt.provider_id]
    assert [(one.provider_ref, one.checkout_id) for one in mine[0].tries] == [(strange, strange_attempt.provider_id)]
    bench.sandbox.advance(10)
    later = bench.provider.list_recent(bench.sandbox_now())
    assert (later.outcome, later.payments, later.refunds) == (Outcome.SUCCESS, (), ())


def test_half_a_sweep_is_none(bench: Bench) -> None:
    since = bench.sandbox_now()
    bench.captured()
    for after in range(bench.sweep_looks):
        bench.arm(FaultKind.SERVER_ERROR_500, Verb.LOOKUP, after=after)
        answer = bench.provider.list_recent(since)
        assert answer.outcome is Outcome.UNKNOWN
        assert (answer.payments, answer.refunds, answer.checkouts) == ((), (), ())


# --- returns ---


def test_a_return_counts_for_its_own_attempt_and_as_it_was_sent(bench: Bench) -> None:
    attempt, other = bench.opened(), bench.opened()
    fields = bench.signed_return(attempt)
    assert bench.provider.check_return(attempt, fields) is bench.signs
    assert not bench.provider.check_return(other, fields)
    assert not bench.stranger.check_return(attempt, fields)
    for name in fields:
        if "signature" in name or name.endswith("_id"):
            assert not bench.provider.check_return(attempt, {**fields, name: fields[name] + "x"}), name
    for kind in (None, "absent"):
        if not bench.signs:
            break
        spoiled = bench.opened()
        bench.arm(FaultKind.BAD_SIGNATURE, Verb.RETURN, text=kind)
        assert not bench.provider.check_return(spoiled, bench.signed_return(spoiled))


def test_a_checkout_has_an_address_of_its_own_or_a_page_of_ours(bench: Bench) -> None:
    attempt, body = bench.planned()
    made = bench.provider.create(bench.method, body).checkout
    assert made is not None
    attempt, url = replace(attempt, provider_id=made.provider_id), made.url
    page = bench.provider.page(attempt, "Shop", "Contract", Payer("Asha", "asha@example.in", "+919876543210"))
    # A prompt is on the customer's phone, and nowhere else.
    assert (url is None) is (page is not None or bench.one_try)
    if page is None:
        return
    shown = json.dumps(dict(page.options))
    assert attempt.provider_id is not None
    assert attempt.provider_id in shown
    assert str(bench.amount.minor) in shown
    for secret in (bench.sandbox.razorpay.key_secret, bench.sandbox.stripe.key_secret):
        assert secret not in shown
    assert any(page.script_url.startswith(source + "/") for source in page.sources)


# --- keys, guard, threads, end ---


def every_call(bench: Bench, provider: PaymentProvider) -> list[Answer]:
    """Each verb once, on a paid checkout."""
    attempt, payment = bench.captured()
    _, body = bench.planned()
    calls = [
        lambda: provider.create(bench.method, body),
        lambda: provider.find(attempt),
        lambda: provider.fetch(attempt),
        lambda: provider.capture(payment, bench.amount),
        lambda: provider.refund(bench.refund_of(payment)),
        lambda: provider.find_refunds(payment),
        lambda: provider.list_recent(bench.sandbox_now()),
        provider.test_connection,
    ]
    if provider.capabilities.methods[bench.method] is CancelWay.CLOSES:
        calls.append(lambda: provider.cancel(attempt))
    return [call() for call in calls]


def test_a_wrong_key_is_a_misconfiguration_everywhere(bench: Bench) -> None:
    for answer in every_call(bench, bench.stranger):
        assert answer.outcome is Outcome.MISCONFIGURED
        assert (answer.checkouts, answer.refunds, answer.payments) == ((), (), ())
    assert bench.provider.test_connection().outcome is Outcome.SUCCESS


def test_nothing_is_sent_while_a_transaction_is_held(bench: Bench) -> None:
    attempt, body = bench.planned()

    def refuse() -> None:
        raise Bug("transaction_held")

    for name in ("create", "find", "fetch", "capture", "refund", "find_refunds", "list_recent", "test_connection"):
        opened, payment = bench.captured()
        bench.guard.append(refuse)
        arguments = {
            "create": (bench.method, body),
            "find": (opened,),
            "fetch": (opened,),
            "capture": (payment, bench.amount),
            "refund": (bench.refund_of(payment),),
            "find_refunds": (payment,),
            "list_recent": (bench.sandbox_now(),),
            "test_connection": (),
        }[name]
        with pytest.raises(Bug, match="transaction_held"):
            getattr(bench.provider, name)(*arguments)
        bench.guard.clear()
        assert bench.truth(opened).refunds == ()
    assert bench.truth(attempt).checkouts == ()


def test_any_thread_may_call(bench: Bench) -> None:
    attempts = [bench.opened() for _ in range(8)]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(bench.provider.fetch, attempts * 5))
    assert [one.checkout.provider_id for one in answers if one.checkout] == [one.provider_id for one in attempts * 5]
