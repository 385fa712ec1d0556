"""IntaSend: what is sent, and what is made of answers in every shape that its documents and developers tell of."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.providers.raw_server import http, raw_server
from tests.providers.stripe_played import Played
from tillgate.domain.checkout_facts import CheckoutStatus, RefundStatus, TryStatus
from tillgate.domain.errors import Bug, Invalid
from tillgate.domain.money import Money
from tillgate.domain.payment import Mode
from tillgate.domain.secret import Secret
from tillgate.ports import AttemptRef, CheckoutRequest, Outcome, Payer, RefundRequest
from tillgate.providers.intasend import IntaSend, facts
from tillgate.providers.intasend.answers import amount_from
from tillgate.providers.json_strict import Fields, Malformed, parse

KEY_ID = "ISPubKey_test_91ffc81a-8ac4-419e-8008-7091caa8d73f"
KEY_SECRET = "ISSecretKey_test_7de1a9d8-2f5e-4c1a-9b0d-1f2e3d4c5b6a"
REFERENCE = "TG0123456789ABCDEF0123456789ABCD"
NOW = datetime(2026, 11, 21, 10, 0, 1, tzinfo=UTC)
AMOUNT = Money(5_200, "KES")
PROMPT = AttemptRef(REFERENCE, facts.PROMPT, AMOUNT, "0XND4EY", NOW)
REQUEST = CheckoutRequest(
    REFERENCE, facts.PROMPT, AMOUNT, "Invoice 7 of the bicycle shop", Payer("Wanjiku", "", "0712 345678")
)
STATUS = "POST /api/v1/payment/status/"
PUSH = "POST /api/v1/payment/mpesa-stk-push/"
LISTED = "GET /api/v1/invoices/"
BACK = "GET /api/v1/chargebacks/"


def invoice(**changes: Any) -> dict[str, Any]:
    """A status body's invoice of 2024, with fields that nobody here reads."""
    return {
        "invoice_id": "0XND4EY",
        "id": "0XND4EY",
        "state": "PENDING",
        "provider": "M-PESA",
        "charges": "0.00",
        "net_amount": "52.00",
        "currency": "KES",
        "value": 52,
        "account": "254712345678",
        "api_ref": REFERENCE,
        "mpesa_reference": None,
        "host": "https://example.co.ke",
        "card_info": {"bin_country": None, "card_type": None},
        "retry_count": 0,
        "failed_reason": None,
        "failed_code": None,
        "created_at": "2026-11-21T13:00:02.100000+03:00",
        "updated_at": "2026-11-21T13:00:02.100000+03:00",
        **changes,
    }


def told(**changes: Any) -> dict[str, Any]:
    return {"invoice": invoice(**changes), "meta": {"id": "x", "customer": {}}}


@contextmanager
def played(routes: dict[str, Any], **options: Any) -> Iterator[tuple[IntaSend, Played]]:
    script = Played(routes)
    with raw_server(script) as server:
        options = {"mode": Mode.TEST, "now": lambda: NOW, **options}
        provider = IntaSend(KEY_ID, Secret(KEY_SECRET), base_url=server.url, **options)
        yield provider, script
        provider.close()


def test_a_prompt_is_sent_as_the_sdk_sends_it_and_never_with_a_fraction() -> None:
    with played({PUSH: told()}) as (provider, script):
        body = provider.parameters(REQUEST)
        assert body == (
            f'{{"amount":52,"api_ref":"{REFERENCE}","currency":"KES","method":"M-PESA","mobile_tarrif":"BUSINESS-PAYS",'
            f'"narrative":"Invoice 7 of the bicyc","phone_number":"254712345678","public_key":"{KEY_ID}"}}'
        )
        made = provider.create(facts.PROMPT, body).checkout
        assert made is not None
        assert (made.provider_id, made.reference, made.amount) == ("0XND4EY", REFERENCE, AMOUNT)
        sent = script.requests[0].decode().lower()
        assert f"authorization: bearer {KEY_SECRET}".lower() in sent
        assert f"x-intasend-public-api-key: {KEY_ID}".lower() in sent
        for changes in (
            {"amount": Money(5_250, "KES")},
            {"amount": Money(25_000_100, "KES")},
            {"amount": Money(5_200, "USD")},
            {"payer": Payer()},
            {"reference": "a reference"},
            {"method": "link"},
        ):
            with pytest.raises(Invalid):
                provider.parameters(replace(REQUEST, **changes))
        for method, wrong in ((facts.PROMPT, "{}"), ("link", body), (facts.CHECKOUT, '{"amount":0.5}')):
            with pytest.raises(Bug):
                provider.create(method, wrong)


@pytest.mark.parametrize(
    "answer",
    [
        {"invoice": {**invoice(), "invoice_id": None, "id": 4711}},
        {"detail": "queued"},
        told(value=53),
        told(api_ref="another"),
        told(currency="USD"),
        {**invoice()},
    ],
)
def test_a_push_whose_answer_is_not_what_was_asked_for_is_in_doubt(answer: dict[str, Any]) -> None:
    with played({PUSH: answer}) as (provider, _):
        assert provider.create(facts.PROMPT, provider.parameters(REQUEST)).outcome is Outcome.UNKNOWN


NO_RECEIPTS: list[Any] = [None, "", "-", "N/A", "QGH 7X2", "Q" * 21, [], {"a": 1}, True, "QGH7X2K9ЛМ"]


@pytest.mark.parametrize(
    ("reference", "receipt"),
    [
        ("QGH7X2K9LM", "QGH7X2K9LM"),
        (" qgh7x2k9lm ", "QGH7X2K9LM"),
        (1234567890, "1234567890"),
        *((reference, None) for reference in NO_RECEIPTS),
    ],
)
def test_mpesas_own_number_comes_with_the_money_and_spoils_nothing(reference: Any, receipt: str | None) -> None:
    with played({STATUS: told(state="COMPLETE", mpesa_reference=reference)}) as (provider, _):
        found = provider.fetch(PROMPT).checkout
        assert found is not None
        (money,) = found.tries
        assert (money.status, money.receipt) == (TryStatus.CAPTURED, receipt)


@given(minor=st.integers(1, 10**12), as_text=st.booleans(), zeros=st.integers(0, 4))
def test_an_amount_is_read_exactly_from_a_number_and_from_a_text(minor: int, as_text: bool, zeros: int) -> None:
    digits = f"{minor // 100}.{minor % 100:02d}" + "0" * zeros
    raw = json.dumps(digits) if as_text else digits
    found = Fields(parse(f'{{"value":{raw}}}'.encode()), "invoice")
    assert amount_from(found, "value", "KES") == Money(minor, "KES")


@pytest.mark.parametrize(
    "value", ["1e3", "-5", "0", 0, -1, True, None, [], "52,00", "١٢", " 52", "0.001", Decimal("1.005"), "9" * 13, {}]
)
def test_what_is_no_amount_is_none(value: Any) -> None:
    with pytest.raises(Malformed):
        amount_from(Fields({"value": value}, "invoice"), "value", "KES")


@pytest.mark.parametrize(
    ("changes", "status", "reason"),
    [
        ({"state": "PROCESSING"}, CheckoutStatus.OPEN, None),
        ({"state": "RETRY", "retry_count": 1}, CheckoutStatus.OPEN, None),
        ({"state": "SOMETHING_NEW"}, CheckoutStatus.OPEN, None),
        ({"state": "COMPLETE", "value": "52.00", "mpesa_reference": "LGR7CO7Z27"}, CheckoutStatus.PAID, None),
        ({"state": "COMPLETED", "value": 52.0, "net_amount": 50.44}, CheckoutStatus.PAID, None),
        ({"state": "FAILED", "failed_code": "1032"}, CheckoutStatus.FAILED, "cancelled_on_phone"),
        ({"state": "FAILED", "failed_code": 2001}, CheckoutStatus.FAILED, "wrong_pin"),
        ({"state": "FAILED", "failed_reason": "Insufficient balance"}, CheckoutStatus.FAILED, "insufficient_funds"),
        ({"state": "CANCELLED"}, CheckoutStatus.FAILED, "mpesa_failed"),
    ],
)
def test_every_state_in_our_words(changes: dict[str, Any], status: CheckoutStatus, reason: str | None) -> None:
    with played({STATUS: told(**changes)}) as (provider, _):
        found = provider.fetch(PROMPT).checkout
        assert found is not None
        assert (found.status, found.reason, found.reference, found.amount) == (status, reason, REFERENCE, AMOUNT)
        (tried,) = found.tries
        assert (tried.provider_ref, tried.checkout_id, tried.amount) == ("0XND4EY", "0XND4EY", AMOUNT)
        assert bool(tried.reason) is (status is CheckoutStatus.FAILED)


def test_a_surcharge_is_told_as_what_came() -> None:
    with played({STATUS: told(state="COMPLETE", value="53.60")}) as (provider, _):
        found = provider.fetch(PROMPT).checkout
        assert found is not None
        assert (found.amount, found.tries[0].amount) == (AMOUNT, Money(5_360, "KES"))


def test_a_prompt_that_nobody_hears_of_is_no_try_for_ever_by_intasends_clock() -> None:
    for minutes, tries in ((4, 1), (6, 0)):
        date = f"{NOW + timedelta(minutes=minutes):%a, %d %b %Y %H:%M:%S} GMT"
        with played({STATUS: http(json.dumps(told()), "200 OK", f"Date: {date}")}) as (provider, _):
            found = provider.fetch(PROMPT).checkout
            assert found is not None
            assert (found.status, len(found.tries)) == (CheckoutStatus.OPEN, tries)


def test_a_lost_prompt_is_found_in_lists_of_every_shape() -> None:
    foreign = [invoice(invoice_id=f"F{number:06d}", api_ref="API Request", value=None) for number in range(3)]
    pages = (
        {"count": 4, "next": "https://elsewhere.example/api/v1/invoices/?page=2", "results": foreign},
        {"count": 4, "next": None, "results": [foreign[2], {"invoice": invoice()}]},
    )
    for answer, asked in (
        (pages, [f"{LISTED}", f"{LISTED}?page=2"]),
        ([*foreign, invoice()], [LISTED]),
    ):
        with played({LISTED: answer}) as (provider, script):
            (found,) = provider.find(replace(PROMPT, provider_id=None)).checkouts
            assert (found.provider_id, found.reference, found.status) == ("0XND4EY", REFERENCE, CheckoutStatus.OPEN)
            assert script.asked == asked


def test_an_absence_says_nothing_until_the_phone_has_given_up() -> None:
    lost = replace(PROMPT, provider_id=None)
    for seconds, outcome in ((0, Outcome.UNKNOWN), (119, Outcome.UNKNOWN), (120, Outcome.NOT_FOUND)):
        later = NOW + timedelta(seconds=seconds)
        with played({LISTED: {"results": [], "next": None}}, now=lambda at=later: at) as (provider, _):
            assert provider.find(lost).outcome is outcome
            assert provider.find(replace(lost, planned_at=None)).outcome is Outcome.UNKNOWN
    # A list that can't be read is no absence.
    with played({LISTED: {"results": None}}, now=lambda: NOW + timedelta(hours=1)) as (provider, _):
        assert provider.find(lost).outcome is Outcome.UNKNOWN


def test_a_chargeback_is_read_as_the_documents_and_the_events_have_it() -> None:
    shapes: list[dict[str, Any]] = [
        {"id": 1, "invoice": "0XND4EY", "amount": 52, "status": "OVERDUE", "resolution": ""},
        {"chargeback_id": "CB2", "invoice": {"invoice_id": "0XND4EY"}, "amount": "52.00", "status": "COMPLETED"},
        {"id": 3, "invoice": 1, "reason_details": "Invoice 0XND4EY, refund k", "amount": 52, "status": "CANCELLED"},
        {"id": 4, "invoice": 1, "amount": 52, "status": "PENDING"},
    ]
    with played({BACK: shapes, STATUS: told(state="COMPLETE")}) as (provider, script):
        found = provider.find_refunds("0XND4EY").refunds
        assert [(one.provider_ref, one.status) for one in found] == [
            ("1", RefundStatus.PENDING),
            ("CB2", RefundStatus.DONE),
            ("3", RefundStatus.FAILED),
        ]
        # One that stands is the refund that is asked for: nothing is sent a second time.
        again = provider.refund(RefundRequest("rf-0123456789", "0XND4EY", AMOUNT)).refund
        assert again is not None
        assert (again.provider_ref, again.key) == ("1", "rf-0123456789")
        assert not [one for one in script.asked if one.startswith("POST /api/v1/chargebacks")]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            {"type": "validation_error", "errors": [{"code": "x", "detail": "Invalid.", "attr": "phone_number"}]},
            "phone_number: Invalid.",
        ),
        ({"detail": "Not enough for 0712345678 wanjiku@example.co.ke"}, "Not enough for [phone] [email]"),
    ],
)
def test_a_refusal_of_either_shape_is_declined_with_its_words(body: dict[str, Any], said: str) -> None:
    with played({PUSH: http(json.dumps(body), "400 Bad Request")}) as (provider, _):
        answer = provider.create(facts.PROMPT, provider.parameters(REQUEST))
        assert (answer.outcome, answer.message) == (Outcome.DECLINED, said)
    for page in (b'{"error": "odd"}', b"<html>", b"[]"):
        with played({PUSH: http(page.decode(), "400 Bad Request")}) as (provider, _):
            assert provider.create(facts.PROMPT, provider.parameters(REQUEST)).outcome is Outcome.UNKNOWN


def test_the_connection_is_tried_with_both_keys() -> None:
    refused = http('{"type":"client_error","errors":[{"code":"c","detail":"Invalid api token","attr":null}]}', "403 X")
    missing = http('{"type":"client_error","errors":[{"code":"c","detail":"Not found.","attr":null}]}', "404 X")
    for listed, status, outcome in (
        ([], missing, Outcome.SUCCESS),
        ([], refused, Outcome.MISCONFIGURED),
        (refused, missing, Outcome.MISCONFIGURED),
    ):
        with played({LISTED: listed, STATUS: status}) as (provider, _):
            assert provider.test_connection().outcome is outcome


@pytest.mark.parametrize(
    ("keys", "mode", "refused"),
    [
        ((KEY_ID, KEY_SECRET.replace("test", "live")), Mode.TEST, ("intasend_key_mode", "key_secret")),
        ((KEY_ID.replace("test", "live"), KEY_SECRET), Mode.LIVE, ("intasend_key_mode", "key_secret")),
        ((KEY_ID, KEY_SECRET), Mode.LIVE, ("intasend_key_mode", "key_id")),
        ((KEY_SECRET, KEY_SECRET), Mode.TEST, ("intasend_publishable_key", "key_id")),
        ((KEY_ID, KEY_ID), Mode.TEST, ("intasend_secret_key", "key_secret")),
    ],
)
def test_keys_of_another_form_or_mode_are_refused(keys: tuple[str, str], mode: Mode, refused: tuple[str, str]) -> None:
    with pytest.raises(Invalid) as caught:
        IntaSend(keys[0], Secret(keys[1]), mode=mode)
    assert (caught.value.code, caught.value.values["field"]) == refused


def test_keys_go_to_intasend_and_nowhere_else_and_never_into_words() -> None:
    for url in ("https://api.intasend.com", facts.LIVE_URL, "http://192.168.0.9:1"):
        with pytest.raises(Invalid, match="provider_base_url"):
            IntaSend(KEY_ID, Secret(KEY_SECRET), mode=Mode.TEST, base_url=url)
    with played({}) as (provider, _):
        text = f"{KEY_SECRET} 254712345678 0112345678 1732183201 0XND4EY"
        assert provider.redact(text) == "[secret] [phone] [phone] 1732183201 0XND4EY"
        assert TryStatus.CAPTURED.value in provider.redact("captured")
