"""What is sent to Stripe: its SDK's own types and encoding, deterministic, and refused here where Stripe would."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stripe._encode import _api_encode
from stripe.params import ChargeListParams, PaymentIntentCaptureParams, RefundCreateParams, RefundListParams
from stripe.params.checkout import (
    SessionCreateParams,
    SessionExpireParams,
    SessionListParams,
    SessionRetrieveParams,
)

from tests.providers import stripe_samples as sample
from tests.providers.sdk_types import unlike
from tillgate.domain.errors import Bug, Invalid
from tillgate.domain.money import Money, exponent_of
from tillgate.domain.payment import Mode
from tillgate.domain.secret import Secret
from tillgate.ports import AttemptRef, CheckoutRequest, Payer, RefundRequest
from tillgate.providers.stripe import Stripe, currencies, facts, parameters

NOW = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
PESOS = Money(500_000, "PHP")
REQUEST = CheckoutRequest(
    reference="tAbc-_123",
    method=facts.SESSION,
    amount=PESOS,
    description="Konsultasi & Co. 100%",
    payer=Payer("Ana", "ana@example.ph", "+639171234567"),
    return_url="http://127.0.0.1:8123/cb/token",
    expires_at=NOW + timedelta(hours=1),
)
REFUND = RefundRequest("refund-key-0001", "ch_3AbcDef", Money(12_345, "PHP"), "Doctor ill")


def body_of(request: CheckoutRequest = REQUEST) -> dict[str, Any]:
    return dict(json.loads(parameters.checkout_body(request, NOW)))


def test_the_session_is_what_the_sdk_declares() -> None:
    body = body_of()
    assert unlike(body, SessionCreateParams) == []
    assert body == {
        "mode": "payment",
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": "php",
                    "unit_amount": 500_000,
                    "product_data": {"name": "Konsultasi & Co. 100%"},
                },
            }
        ],
        "client_reference_id": "tAbc-_123",
        "metadata": {"reference": "tAbc-_123"},
        "payment_intent_data": {
            "description": "Konsultasi & Co. 100%",
            "metadata": {"reference": "tAbc-_123"},
        },
        "adaptive_pricing": {"enabled": False},
        "success_url": "http://127.0.0.1:8123/cb/token?checkout=done&session_id={CHECKOUT_SESSION_ID}",
        "cancel_url": "http://127.0.0.1:8123/cb/token?checkout=left",
        "customer_email": "ana@example.ph",
        "expires_at": int((NOW + timedelta(hours=1)).timestamp()),
    }


def test_the_other_requests_are_what_the_sdk_declares() -> None:
    refund = json.loads(parameters.refund_body(REFUND))
    assert unlike(refund, RefundCreateParams) == []
    assert refund == {
        "charge": "ch_3AbcDef",
        "amount": 12_345,
        "metadata": {"refund_key": "refund-key-0001", "reason": "Doctor ill"},
    }
    page = {"limit": 40, "starting_after": "x", "created": {"gte": 1}}
    for asked, declared in (
        (page, SessionListParams),
        ({"limit": 40, "payment_intent": "pi_1"}, SessionListParams),
        ({**page, "payment_intent": "pi_1"}, ChargeListParams),
        ({**page, "charge": "ch_1"}, RefundListParams),
        ({"expand": ["payment_intent"]}, SessionRetrieveParams),
        ({}, SessionExpireParams),
        ({}, PaymentIntentCaptureParams),
    ):
        assert unlike(asked, declared) == [], declared


def test_the_check_of_types_finds_what_is_wrong() -> None:
    wrong: list[tuple[str, Any]] = [
        ("colour", "red"),
        ("expires_at", "soon"),
        ("expires_at", True),
        ("line_items", {}),
        ("line_items", [{"quantity": 1, "price_data": {"unit_amount": 5}}]),
        ("metadata", {"a": 1}),
        ("adaptive_pricing", {"enabled": "no"}),
    ]
    for name, value in wrong:
        assert unlike({**body_of(), name: value}, SessionCreateParams), name
    assert unlike([], SessionCreateParams)


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
NAME = st.text("abcdefgh_", min_size=1, max_size=8)
TREE = st.recursive(
    TEXT | st.integers(-(10**12), 10**12) | st.booleans(),
    lambda inner: st.lists(inner, min_size=1, max_size=3) | st.dictionaries(NAME, inner, min_size=1, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(NAME, TREE, min_size=1, max_size=4))
def test_a_form_is_encoded_as_the_sdk_encodes_it(body: dict[str, Any]) -> None:
    # A boolean in a list is the one thing that the SDK does not write in lower case.
    expected = [
        (name, str(value).lower() if isinstance(value, bool) else str(value)) for name, value in _api_encode(body)
    ]
    form = parameters.form_of(body)
    assert parse_qsl(form, keep_blank_values=True) == expected
    assert form.isascii()
    assert form == parameters.form_of(json.loads(json.dumps(body)))


def test_brackets_stay_and_values_are_escaped() -> None:
    form = parameters.form_of({"a": [{"b": {"c": "x y&z=ü"}}], "metadata": {"k": "{CHECKOUT_SESSION_ID}"}, "on": True})
    assert form == "a[0][b][c]=x+y%26z%3D%C3%BC&metadata[k]=%7BCHECKOUT_SESSION_ID%7D&on=true"


def test_no_number_with_a_point_goes_out() -> None:
    for value in (1.5, None):
        with pytest.raises(Bug):
            parameters.form_of({"a": value})  # type: ignore[dict-item]  # that is the point


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        (timedelta(minutes=1), facts.SOONEST_EXPIRY),
        (timedelta(minutes=30), facts.SOONEST_EXPIRY),
        (timedelta(hours=2), timedelta(hours=2)),
        (timedelta(days=9), facts.LATEST_EXPIRY),
    ],
)
def test_the_expiry_is_brought_into_what_stripe_allows(asked: timedelta, sent: timedelta) -> None:
    body = body_of(replace(REQUEST, expires_at=NOW + asked))
    assert body["expires_at"] == int((NOW + sent).timestamp())
    # With the time that a body may wait before it is sent again, and short of a day.
    assert timedelta(minutes=32) <= sent < timedelta(hours=24)


def test_without_expiry_return_or_mail_none_is_sent() -> None:
    body = body_of(replace(REQUEST, expires_at=None, return_url=None, payer=Payer(email="no mail")))
    assert not {"expires_at", "cancel_url", "customer_email"} & set(body)
    # A hosted session must name a page, which nothing of ours hangs on.
    assert body["success_url"] == facts.AFTERWARDS
    assert unlike(body, SessionCreateParams) == []


def test_an_empty_description_is_named_by_the_reference() -> None:
    for description, name in (("\u202e \n", "tAbc-_123"), ("x" * 400, "x" * 250)):
        body = body_of(replace(REQUEST, description=description))
        assert body["line_items"][0]["price_data"]["product_data"]["name"] == name


@pytest.mark.parametrize(
    "changes",
    [
        {"method": "link"},
        {"amount": Money(49, "USD")},
        {"amount": Money(49, "JPY")},
        {"amount": Money(17_499, "HUF")},
        {"amount": Money(10_000, "XTS")},
        {"amount": Money(10**13, "IDR")},
        {"amount": Money(12_345, "KWD")},
        {"amount": Money(550, "MGA")},
        {"reference": "a b"},
        {"reference": "x" * 41},
        {"return_url": "javascript:alert(1)"},
        {"return_url": "http://user@host/"},
        {"return_url": "http://127.0.0.1/#part"},
        {"return_url": "http://127.0.0.1/{x}"},
        {"return_url": "http://[::1"},
        {"expires_at": NOW},
    ],
)
def test_what_stripe_would_refuse_is_refused_before_a_call(changes: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        parameters.checkout_body(replace(REQUEST, **changes), NOW)


@pytest.mark.parametrize(
    ("amount", "wire"),
    [
        (Money(5_000_000, "COP"), 5_000_000),
        (Money(1_000_000, "IDR"), 1_000_000),
        (PESOS, 500_000),
        (Money(103_200, "KES"), 103_200),
        (Money(500, "JPY"), 500),
        (Money(500, "VND"), 500),
        # No decimals of their own, and yet in hundredths.
        (Money(500, "ISK"), 50_000),
        (Money(5_000, "UGX"), 500_000),
        # Two decimals by ISO, none at Stripe.
        (Money(500, "MGA"), 5),
        (Money(12_340, "KWD"), 12_340),
    ],
)
def test_minor_units_are_stripes_own(amount: Money, wire: int) -> None:
    assert currencies.to_wire(amount) == wire
    assert currencies.from_wire(wire, amount.currency.lower()) == amount


@given(st.sampled_from(sorted(currencies.SMALLEST_MINOR)), st.integers(1, 10**7))
def test_what_goes_out_comes_back(currency: str, units: int) -> None:
    amount = Money(units * 10 ** exponent_of(currency), currency)
    wire = currencies.to_wire(amount)
    assert currencies.from_wire(wire, currency) == amount
    places = currencies.decimals_on_wire(currency)
    assert wire == units * 10**places
    smallest = Money(currencies.SMALLEST_MINOR[currency], currency)
    assert currencies.to_wire(smallest) > 0


def test_the_documented_minimums() -> None:
    least = currencies.SMALLEST_MINOR
    assert (least["USD"], least["INR"], least["GBP"], least["JPY"], least["MXN"], least["CZK"]) == (
        50,
        50,
        30,
        50,
        1000,
        1500,
    )
    # Only Stripe knows the day's rate of those: what it says is shown.
    assert (least["PHP"], least["IDR"], least["KES"], least["COP"]) == (1, 1, 1, 1)


@pytest.mark.parametrize("key", ["short", "has space in it", "x" * 41])
def test_a_malformed_refund_key_is_our_bug(key: str) -> None:
    with pytest.raises(Bug):
        parameters.refund_body(replace(REFUND, key=key))
    with pytest.raises(Bug):
        parameters.refund_body(replace(REFUND, payment_ref="pay_Razorpay"))
    with pytest.raises(Invalid):
        parameters.refund_body(replace(REFUND, amount=Money(0, "PHP")))


@pytest.mark.parametrize("provider_id", [None, "", "cs_test_", "cs_test_../x", "plink_1", "cs_test_1?x=1", "cs_test_é"])
def test_an_id_that_is_none_never_becomes_a_path(provider_id: str | None) -> None:
    stripe = Stripe(sample.KEY_ID, Secret(sample.KEY_SECRET), mode=Mode.TEST, base_url="http://127.0.0.1:1")
    attempt = AttemptRef(sample.REFERENCE, facts.SESSION, PESOS, provider_id)
    for call in (stripe.fetch, stripe.cancel):
        with pytest.raises(Bug, match="provider_id_malformed"):
            call(attempt)
    for look in (stripe.find_refunds, lambda ref: stripe.capture(ref, PESOS)):
        with pytest.raises(Bug, match="provider_id_malformed"):
            look(provider_id or "pi_1")
    for body in ("{}", '{"line_items":[]}', "[]", '{"client_reference_id":1}'):
        with pytest.raises(Bug, match="provider_parameters_malformed"):
            stripe.create(facts.SESSION, body)
    with pytest.raises(Bug, match="method_unknown"):
        stripe.create("link", "{}")
    stripe.close()


@pytest.mark.parametrize(
    ("mode", "base_url"),
    [
        (Mode.LIVE, "http://127.0.0.1:1"),
        (Mode.LIVE, "https://api.stripe.com.example"),
        (Mode.TRAINING, facts.BASE_URL),
        (Mode.TEST, "http://api.stripe.com"),
    ],
)
def test_keys_go_to_stripe_and_nowhere_else(mode: Mode, base_url: str) -> None:
    kind = "live" if mode is Mode.LIVE else "test"
    with pytest.raises(Invalid, match="provider_base_url"):
        Stripe(f"pk_{kind}_51Abcdefgh", Secret(f"sk_{kind}_51Abcdefgh"), mode=mode, base_url=base_url)
