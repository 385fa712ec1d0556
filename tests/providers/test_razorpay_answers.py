"""What comes back from Razorpay: every word has a state, every field its exact type, nothing else gets in."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.providers import razorpay_samples as sample
from tillgate.domain.checkout_facts import (
    CheckoutFacts,
    CheckoutStatus,
    ProviderTry,
    RefundFacts,
    RefundStatus,
    TryStatus,
)
from tillgate.domain.money import Money
from tillgate.domain.payment import Mode
from tillgate.domain.secret import Secret
from tillgate.ports import Outcome
from tillgate.providers.json_strict import Fields, Json, Malformed, parse
from tillgate.providers.razorpay import answers, facts
from tillgate.providers.redaction import Redactor

READER = answers.Reader(sample.KEY_ID, Mode.TEST, facts.CHECKOUT_HOSTS, Redactor([Secret(sample.KEY_SECRET)]))
AMOUNT = Money(118000, "INR")


def test_a_link_in_our_words() -> None:
    assert READER.link(sample.link()) == CheckoutFacts(
        provider_id=sample.LINK_ID,
        reference=sample.REFERENCE,
        status=CheckoutStatus.PAID,
        amount=AMOUNT,
        account=sample.KEY_ID,
        mode=Mode.TEST,
        url="https://rzp.io/i/nxrHnLJ",
        expires_at=datetime(2026, 10, 4, 6, 57, 37, tzinfo=UTC),
    )


def test_an_order_in_our_words() -> None:
    assert READER.order(sample.order()) == CheckoutFacts(
        provider_id=sample.ORDER_ID,
        reference=sample.REFERENCE,
        status=CheckoutStatus.PAID,
        amount=AMOUNT,
        account=sample.KEY_ID,
        mode=Mode.TEST,
    )


def test_a_payment_in_our_words() -> None:
    failed = sample.payment(
        status="failed",
        # Razorpay's own sample of a failed card payment says so.
        captured=True,
        error_description="Payment failed for gaurav@example.com\u202e\n+919876543210",
        error_reason="payment_failed",
        method="card",
    )
    assert READER.payment(failed) == ProviderTry(
        provider_ref=sample.PAYMENT_ID,
        status=TryStatus.FAILED,
        amount=AMOUNT,
        checkout_id=sample.ORDER_ID,
        method="card",
        reason="Payment failed for [email] [phone]",
        created_at=datetime(2020, 11, 20, 11, 23, 29, tzinfo=UTC),
    )


def test_a_refund_in_our_words() -> None:
    expected = RefundFacts(sample.REFUND_ID, sample.PAYMENT_ID, RefundStatus.DONE, Money(50000, "INR"), key=sample.KEY)
    assert READER.refund(sample.refund()) == expected
    assert READER.refund(sample.refund(receipt=None)) == expected
    assert READER.refund(sample.refund(notes=[])) == expected
    emptied: list[Any] = [[], None, {}, {"other": 1, "refund_key": 5}]
    for notes in emptied:
        assert READER.refund(sample.refund(receipt=None, notes=notes)).key is None


@pytest.mark.parametrize(
    ("states", "all_of"),
    [
        (answers.LINK_STATUSES, {CheckoutStatus.FAILED}),
        (answers.ORDER_STATUSES, {CheckoutStatus.FAILED, CheckoutStatus.EXPIRED, CheckoutStatus.CANCELLED}),
        (answers.TRY_STATUSES, set()),
        (answers.REFUND_STATUSES, set()),
    ],
)
def test_every_state_of_ours_is_spoken_but_those_razorpay_has_not(states: dict[str, Any], all_of: set[Any]) -> None:
    kind: Any = type(next(iter(states.values())))
    assert set(states.values()) | all_of == set(kind)
    assert not set(states.values()) & all_of


@pytest.mark.parametrize("status", ["Paid", "paid ", "PAID", "settled", "", None, 1, True, ["paid"], {"a": "paid"}])
def test_a_status_outside_the_documents_is_not_understood(status: Any) -> None:
    for read, value in (
        (READER.link, sample.link(status=status)),
        (READER.order, sample.order(status=status)),
        (READER.payment, sample.payment(status=status)),
        (READER.refund, sample.refund(status=status)),
    ):
        with pytest.raises(Malformed):
            read(value)


@pytest.mark.parametrize("amount", [0, -1, -118000, "118000", 118000.0, True, None, [118000], 10**18])
def test_an_amount_is_a_positive_whole_number(amount: Any) -> None:
    for read, value in (
        (READER.link, sample.link(amount=amount)),
        (READER.order, sample.order(amount=amount)),
        (READER.payment, sample.payment(amount=amount)),
        (READER.refund, sample.refund(amount=amount)),
    ):
        with pytest.raises(Malformed):
            read(value)


@pytest.mark.parametrize("refunded", [118001, -1, "0", 0.0, True])
def test_no_more_went_back_than_there_was(refunded: Any) -> None:
    with pytest.raises(Malformed):
        READER.payment(sample.payment(amount_refunded=refunded))


def test_money_that_was_only_released_was_never_ours() -> None:
    released = READER.payment(sample.payment(status="refunded", captured=False, amount_refunded=118000))
    assert released.status is TryStatus.FAILED
    assert not released.took_money
    given_back = READER.payment(sample.payment(status="refunded", captured=True, amount_refunded=118000))
    assert given_back.status is TryStatus.REFUNDED
    assert given_back.refunded_minor == 118000


@pytest.mark.parametrize(
    "url",
    [
        "http://rzp.io/i/x",
        "https://rzp.io.evil.example/i/x",
        "https://evilrzp.io/i/x",
        "https://user@rzp.io/i/x",
        "https://rzp.io:8443/i/x",
        "https://rzp.io\\@evil.example/",
        "https://evil.example#rzp.io",
        "javascript:alert(1)//rzp.io",
        "https://rzp.io/i/\n x",
        "https://rzp.io/" + "x" * 2048,
        "https://[rzp.io/",
        "http://127.0.0.1:1/",
        "rzp.io/i/x",
        "",
    ],
)
def test_an_address_that_is_not_razorpays_is_never_shown(url: str) -> None:
    assert READER.link(sample.link(short_url=url)).url is None


def test_the_sandboxs_address_is_shown_in_training_alone() -> None:
    here = answers.Reader(sample.KEY_ID, Mode.TRAINING, frozenset({"127.0.0.1"}), Redactor([]))
    assert here.link(sample.link(short_url="http://127.0.0.1:4711/rzp/x")).url == "http://127.0.0.1:4711/rzp/x"
    for url in ("http://user@127.0.0.1:4711/x", "http://localhost:4711/x", "http://127.0.0.1.evil.example/x"):
        assert here.link(sample.link(short_url=url)).url is None
    assert here.link(sample.link()).url is None


def test_the_order_behind_a_link_with_and_without_its_prefix() -> None:
    for written in (sample.ORDER_ID, sample.ORDER_ID.removeprefix("order_")):
        assert answers.order_id_of(Fields(sample.link(order_id=written), "link")) == sample.ORDER_ID
    for missing in (None, ""):
        assert answers.order_id_of(Fields(sample.link(order_id=missing), "link")) is None
    with pytest.raises(Malformed):
        answers.order_id_of(Fields(sample.link(order_id="../payments"), "link"))


REFUSALS = {
    ("GET", 400, "The id provided does not exist"): Outcome.NOT_FOUND,
    ("POST", 400, "The id provided does not exist"): Outcome.DECLINED,
    ("GET", 404, "The requested URL was not found on the server."): Outcome.NOT_FOUND,
    ("GET", 400, "Order older than 180 days, please use reports."): Outcome.DECLINED,
    ("POST", 400, "The amount must be at least INR 1.00"): Outcome.DECLINED,
    ("POST", 400, "Authentication failed"): Outcome.MISCONFIGURED,
    ("GET", 400, "The api key provided is invalid"): Outcome.MISCONFIGURED,
    ("POST", 409, "Another request with the same idempotency key is still in progress."): Outcome.UNKNOWN,
}


@pytest.mark.parametrize("asked", REFUSALS)
def test_what_a_refusal_says(asked: tuple[str, int, str]) -> None:
    method, status, words = asked
    assert answers.outcome_of_refusal(method, status, sample.error(words)) is REFUSALS[asked]


@pytest.mark.parametrize("value", [None, [], "x", {}, {"error": None}, {"error": []}, {"error": {"code": "X"}}])
def test_what_is_no_error_body_says_nothing(value: Json) -> None:
    assert answers.outcome_of_refusal("POST", 400, value) is Outcome.UNKNOWN
    assert READER.message_from(value) == ""


def test_the_words_of_a_refusal_are_safe() -> None:
    words = f"bad\u0000 key {sample.KEY_SECRET}\n<b>x</b> 4111111111111111 " + "y" * 1000
    message = READER.message_from(sample.error(words))
    assert message.startswith("bad key [secret] <b>x</b> [card] yyy")
    assert len(message) == 300
    # A secret across the cut is masked before it is cut.
    assert sample.KEY_SECRET[:8] not in READER.message_from(sample.error("z" * 290 + sample.KEY_SECRET))


# --- mutations ---

ENTITIES: dict[str, tuple[dict[str, Any], Callable[[Json], object]]] = {
    "link": (sample.link(), READER.link),
    "order": (sample.order(), READER.order),
    "payment": (sample.payment(), READER.payment),
    "refund": (sample.refund(), READER.refund),
}
ODD: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(allow_nan=True),
    st.text(max_size=20),
    st.sampled_from(["118000", "paid", "captured", "INR", "inr", "", "\ud800", "pay_../x", sample.REFERENCE]),
    st.sampled_from([118000.0, 1e2, -118000, 0, 10**18, 10**19, [118000], {"amount": 118000}]),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """An entity with up to three fields dropped, added, or set to something odd, at any depth."""
    kind = draw(st.sampled_from(sorted(ENTITIES)))
    value = copy.deepcopy(ENTITIES[kind][0])
    for _ in range(draw(st.integers(1, 3))):
        objects = list(objects_in(value))
        target = draw(st.sampled_from(objects))
        name = draw(st.sampled_from([*sorted(target), "extra"]))
        if draw(st.booleans()):
            # A copy: a later step may change what is inside it.
            target[name] = copy.deepcopy(draw(ODD))
        else:
            target.pop(name, None)
    return kind, value


def objects_in(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from objects_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from objects_in(inner)


@given(mutated())
def test_a_mutated_answer_is_malformed_or_means_what_it_says(made: tuple[str, dict[str, Any]]) -> None:
    kind, value = made
    try:
        read = parse(json.dumps(value, ensure_ascii=True).encode())
        found: Any = ENTITIES[kind][1](read)
    except Malformed:
        return
    assert type(value["amount"]) is int
    assert found.amount == Money(value["amount"], value["currency"])
    assert 0 < value["amount"] < 10**18
    for status, words in {
        CheckoutStatus.PAID: {"paid"},
        TryStatus.CAPTURED: {"captured"},
        TryStatus.REFUNDED: {"refunded"},
        RefundStatus.DONE: {"processed"},
    }.items():
        if found.status is status:
            assert value["status"] in words
    identity = found.provider_id if isinstance(found, CheckoutFacts) else found.provider_ref
    assert identity == value["id"]


@given(st.recursive(ODD, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner)))
def test_any_json_is_read_or_malformed(value: Any) -> None:
    for read in (READER.link, READER.order, READER.payment, READER.refund):
        with pytest.raises(Malformed):
            read(value)
    assert type(READER.message_from(value)) is str
    assert answers.outcome_of_refusal("POST", 400, value) in Outcome


def test_a_decimal_is_not_money() -> None:
    assert type(parse(b"118000.0")) is Decimal
    with pytest.raises(Malformed):
        READER.payment(sample.payment(amount=Decimal(118000)))
