"""Wompi: the published signatures, what is sent, and what is made of what comes back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.providers import wompi_samples as sample
from tests.providers.raw_server import http, raw_server
from tests.providers.stripe_played import Played
from tillgate.domain.checkout_facts import CheckoutStatus, TryStatus
from tillgate.domain.errors import Bug, Invalid
from tillgate.domain.money import Money
from tillgate.domain.payment import Mode
from tillgate.domain.secret import Secret
from tillgate.ports import AttemptRef, CheckoutRequest, Outcome, Payer, RefundRequest
from tillgate.providers.wompi import Wompi, facts
from tillgate.providers.wompi.signatures import integrity_signature

NOW = datetime(2026, 11, 21, 10, 0, 1, tzinfo=UTC)
AMOUNT = Money(5_000_000, "COP")
LINK = AttemptRef(sample.REFERENCE, facts.LINK, AMOUNT, sample.LINK_ID, NOW)
WEB = AttemptRef(sample.REFERENCE, facts.WEB, AMOUNT, sample.REFERENCE, NOW)
REQUEST = CheckoutRequest(sample.REFERENCE, facts.LINK, AMOUNT, "INV-BIKE001")
REFUND = RefundRequest("rf-0123456789", sample.TRANSACTION_ID, AMOUNT)
LINK_PATH = f"GET /v1/payment_links/{sample.LINK_ID}"
LISTED = "GET /v1/transactions"
ONE = f"GET /v1/transactions/{sample.TRANSACTION_ID}"
VOID = f"POST /v1/transactions/{sample.TRANSACTION_ID}/void"


@contextmanager
def played(routes: dict[str, Any], **options: Any) -> Iterator[tuple[Wompi, Played]]:
    script = Played(routes)
    with raw_server(script) as server:
        options = {"mode": Mode.TEST, "integrity": Secret(sample.INTEGRITY), "now": lambda: NOW, **options}
        provider = Wompi(sample.KEY_ID, Secret(sample.KEY_SECRET), base_url=server.url, **options)
        yield provider, script
        provider.close()


def dated(found: Any, at: datetime) -> bytes:
    """An answer that tells the time."""
    return http(json.dumps(sample.answer(found)), "200 OK", f"Date: {at:%a, %d %b %Y %H:%M:%S} GMT")


# --- what is sent ---


def test_a_links_body_is_what_the_guide_documents() -> None:
    asked = replace(REQUEST, return_url="https://shop.example/thanks", expires_at=NOW + timedelta(minutes=30))
    with played({}) as (provider, _):
        assert provider.parameters(asked) == (
            '{"amount_in_cents":5000000,"collect_shipping":false,"currency":"COP","description":"INV-BIKE001",'
            '"expires_at":"2026-11-21T10:30:01.000Z","name":"INV-BIKE001","redirect_url":"https://shop.example/thanks",'
            f'"single_use":true,"sku":"{sample.REFERENCE}"}}'
        )
        for changes in (
            {"reference": "r" * 37},
            {"amount": Money(facts.LARGEST_MINOR["COP"] + 1, "COP")},
            {"amount": Money(500, "INR")},
            {"expires_at": NOW},
            {"return_url": "javascript:alert(1)"},
            {"method": "order"},
        ):
            with pytest.raises(Invalid):
                provider.parameters(replace(asked, **changes))


@given(
    amount=st.integers(1, facts.LARGEST_MINOR["COP"]),
    minutes=st.integers(3, 500_000),
    name=st.text(max_size=30),
    phone=st.sampled_from(["", "300 123 4567", "+57 300-123-4567", "601 2345678", "+14155550123"]),
)
def test_a_web_checkouts_address_is_signed_over_what_stands_in_it(
    amount: int, minutes: int, name: str, phone: str
) -> None:
    ends = NOW.astimezone() + timedelta(minutes=minutes, microseconds=77)
    payer = Payer(name, "cliente@example.com", phone)
    asked = replace(REQUEST, method=facts.WEB, amount=Money(amount, "COP"), payer=payer, expires_at=ends)
    provider = Wompi(
        sample.KEY_ID, Secret(sample.KEY_SECRET), mode=Mode.TEST, integrity=Secret(sample.INTEGRITY), now=lambda: NOW
    )
    body = provider.parameters(asked)
    assert body == provider.parameters(asked)
    assert sample.INTEGRITY not in body
    sent = json.loads(body)
    expiry = sent["expiration-time"]
    assert datetime.fromisoformat(expiry) <= ends.astimezone(UTC)
    assert expiry.endswith(".000Z")
    assert ("customer-data:phone-number" in sent) is phone.endswith("4567")
    provider.close()


def test_a_web_checkout_is_opened_where_its_payment_will_be_found() -> None:
    with played({LISTED: sample.answer([])}) as (provider, script):
        body = provider.parameters(replace(REQUEST, method=facts.WEB, expires_at=NOW + timedelta(minutes=9)))
        made = provider.create(facts.WEB, body).checkout
        assert made is not None
        assert (made.provider_id, made.reference, made.status) == (sample.REFERENCE, sample.REFERENCE, "open")
        assert script.asked == [f"GET /v1/transactions?reference={sample.REFERENCE}"]
        address = urlsplit(made.url or "")
        query = dict(parse_qsl(address.query))
        signed = integrity_signature(Secret(sample.INTEGRITY), sample.REFERENCE, AMOUNT, query["expiration-time"])
        assert (address.path, query["public-key"], query["signature:integrity"]) == ("/p/", sample.KEY_ID, signed)
        assert (query["amount-in-cents"], query["currency"]) == ("5000000", "COP")


def test_without_the_integrity_secret_there_are_links_alone() -> None:
    with played({}, integrity=None) as (provider, _):
        assert set(provider.capabilities.methods) == {facts.LINK}
        with pytest.raises(Invalid, match="method_unknown"):
            provider.parameters(replace(REQUEST, method=facts.WEB))
        with pytest.raises(Bug):
            provider.create(facts.WEB, "{}")


@pytest.mark.parametrize(
    ("keys", "mode", "refused"),
    [
        (("pub_prod_A1b2C3d4E5", "prv_test_A1b2C3d4E5", None), Mode.LIVE, ("wompi_key_mode", "key_secret")),
        (("pub_test_A1b2C3d4E5", "prv_prod_A1b2C3d4E5", None), Mode.TEST, ("wompi_key_mode", "key_secret")),
        (("pub_prod_A1b2C3d4E5", "prv_prod_A1b2C3d4E5", None), Mode.TEST, ("wompi_key_mode", "key_id")),
        (
            ("pub_prod_A1b2C3d4E5", "prv_prod_A1b2C3d4E5", "test_integrity_A1b2C3"),
            Mode.LIVE,
            ("wompi_key_mode", "integrity"),
        ),
        (("prv_test_A1b2C3d4E5", "prv_test_A1b2C3d4E5", None), Mode.TEST, ("wompi_public_key", "key_id")),
        (("pub_test_A1b2C3d4E5", "pub_test_A1b2C3d4E5", None), Mode.TEST, ("wompi_private_key", "key_secret")),
        (
            ("pub_test_A1b2C3d4E5", "prv_test_A1b2C3d4E5", "test_events_A1b2C3"),
            Mode.TEST,
            ("wompi_integrity_secret", "integrity"),
        ),
    ],
)
def test_mixed_keys_are_refused_before_they_go_anywhere(
    keys: tuple[str, str, str | None], mode: Mode, refused: tuple[str, str]
) -> None:
    key_id, key_secret, integrity = keys
    with pytest.raises(Invalid) as error:
        Wompi(key_id, Secret(key_secret), mode=mode, integrity=Secret(integrity) if integrity else None)
    assert (error.value.code, error.value.values["field"]) == refused


@pytest.mark.parametrize(
    ("mode", "base_url"),
    [
        (Mode.LIVE, facts.TEST_URL),
        (Mode.LIVE, "http://127.0.0.1:1"),
        (Mode.TEST, facts.LIVE_URL),
        (Mode.TEST, "https://sandbox.wompi.co.evil.example"),
        (Mode.TRAINING, None),
    ],
)
def test_a_mode_goes_only_where_it_belongs(mode: Mode, base_url: str | None) -> None:
    word = "prod" if mode is Mode.LIVE else "test"
    with pytest.raises(Invalid, match="provider_base_url"):
        Wompi(f"pub_{word}_A1b2C3d4E5", Secret(f"prv_{word}_A1b2C3d4E5"), mode=mode, base_url=base_url)


def test_only_wompis_own_host_is_ever_opened() -> None:
    live = Wompi("pub_prod_A1b2C3d4E5", Secret("prv_prod_A1b2C3d4E5"), mode=Mode.LIVE)
    assert live.capabilities.checkout_hosts == {"checkout.wompi.co"}
    assert facts.checkout_address(facts.LIVE_URL) == "https://checkout.wompi.co"
    live.close()


# --- what comes back ---


@pytest.mark.parametrize(
    ("link", "at", "found", "status"),
    [
        ({}, NOW, [], CheckoutStatus.OPEN),
        ({"active": False}, NOW, [], CheckoutStatus.CANCELLED),
        ({"active": False}, NOW, [{"status": "PENDING"}], CheckoutStatus.OPEN),
        ({}, NOW, [{"status": "DECLINED"}, {"status": "ERROR", "id": "1292-2-2"}], CheckoutStatus.OPEN),
        ({"active": False}, NOW, [{"status": "DECLINED"}], CheckoutStatus.CANCELLED),
        ({}, NOW, [{"status": "SOMETHING_NEW"}], CheckoutStatus.OPEN),
        ({}, NOW, [{"status": "DECLINED"}, {"id": "1292-2-2"}], CheckoutStatus.PAID),
        ({}, NOW, [{"status": "VOIDED"}], CheckoutStatus.PAID),
        # It ends by Wompi's clock, some minutes after its time: who began before may still try once more.
        ({}, datetime(2026, 11, 21, 10, 34, 59, tzinfo=UTC), [], CheckoutStatus.OPEN),
        ({}, datetime(2026, 11, 21, 10, 35, tzinfo=UTC), [], CheckoutStatus.EXPIRED),
        ({"active": False}, datetime(2026, 11, 21, 10, 31, tzinfo=UTC), [], CheckoutStatus.OPEN),
        ({}, datetime(2026, 11, 21, 11, tzinfo=UTC), [{"status": "PENDING"}], CheckoutStatus.OPEN),
        ({}, datetime(2026, 11, 21, 11, tzinfo=UTC), [{}], CheckoutStatus.PAID),
        ({"expires_at": None}, datetime(2026, 11, 25, tzinfo=UTC), [], CheckoutStatus.OPEN),
    ],
)
def test_a_link_stands_as_its_transactions_say(
    link: dict[str, Any], at: datetime, found: list[dict[str, Any]], status: CheckoutStatus
) -> None:
    routes = {
        LINK_PATH: dated(sample.link(**link), at),
        LISTED: sample.answer([sample.transaction(**one) for one in found]),
    }
    with played(routes) as (provider, _):
        answer = provider.fetch(LINK)
    assert answer.outcome is Outcome.SUCCESS, answer
    assert answer.checkout is not None
    assert (answer.checkout.status, len(answer.checkout.tries)) == (status, len(found))


def test_the_tills_own_clock_ends_no_link() -> None:
    routes = {LINK_PATH: sample.answer(sample.link()), LISTED: sample.answer([])}
    with played(routes, now=lambda: NOW + timedelta(days=400)) as (provider, _):
        answer = provider.fetch(LINK)
    assert answer.checkout is not None
    assert answer.checkout.status is CheckoutStatus.OPEN


@pytest.mark.parametrize(
    ("link", "faults"),
    [
        ({"merchant_public_key": "pub_test_SomebodyElses1"}, {"account"}),
        ({"amount_in_cents": 4_900_000}, {"amount"}),
        ({"sku": None}, {"reference"}),
        ({"merchant_public_key": None}, set()),
    ],
)
def test_whose_link_it_is_and_for_what_is_told(link: dict[str, Any], faults: set[str]) -> None:
    with played({LINK_PATH: sample.answer(sample.link(**link)), LISTED: sample.answer([])}) as (provider, _):
        found = provider.fetch(LINK).checkout
    assert found is not None
    ours = {"account": sample.KEY_ID, "amount": AMOUNT, "reference": sample.REFERENCE}
    assert {name for name, value in ours.items() if getattr(found, name) != value} == faults


def test_a_test_link_is_never_taken_for_a_live_one() -> None:
    live = Wompi("pub_prod_A1b2C3d4E5", Secret("prv_prod_A1b2C3d4E5"), mode=Mode.LIVE)
    reader = live._reader
    assert reader.link(sample.answer(sample.link())).checkout.mode is Mode.TEST
    assert reader.link(sample.answer(sample.link(id="3Z0Cfi"))).checkout.mode is Mode.LIVE
    assert reader.link(sample.answer(sample.link(id="3Z0Cfi"))).checkout.url == "https://checkout.wompi.co/l/3Z0Cfi"
    live.close()


def page_of(numbers: range, **changes: Any) -> dict[str, Any]:
    times = {number: f"2026-11-21T10:{20 - number // 60:02d}:{59 - number % 60:02d}.000Z" for number in numbers}
    ones = [sample.transaction(id=f"1292-9-{n:05d}", created_at=times[n], payment_link_id=None) for n in numbers]
    return sample.answer([{**one, **changes} for one in ones])


def test_the_list_is_read_back_to_the_links_beginning_and_no_further() -> None:
    first, second = page_of(range(50)), page_of(range(49, 99))
    first["data"][3] |= {"payment_link_id": sample.LINK_ID}
    # Pushed onto the second page by a new one at the head: it is the same one.
    second["data"][0] = first["data"][49]
    second["data"][20] |= {"payment_link_id": sample.LINK_ID, "status": "DECLINED"}
    second["data"][49] |= {"created_at": "2026-11-21T09:59:50.000Z", "payment_link_id": sample.LINK_ID}
    routes = {LINK_PATH: sample.answer(sample.link()), LISTED: (first, second)}
    with played(routes) as (provider, script):
        answer = provider.fetch(LINK)
    assert answer.checkout is not None
    # The last one was made before the link: it can't be its payment.
    assert [one.status for one in answer.checkout.tries] == [TryStatus.FAILED, TryStatus.CAPTURED]
    queries = [dict(parse_qsl(urlsplit(asked).query)) for asked in script.asked[1:]]
    assert [query["page"] for query in queries] == ["1", "2"]
    assert {(query["from_date"], query["until_date"]) for query in queries} == {("2026-11-20", "2026-11-22")}


def test_a_list_in_another_order_is_read_to_its_end() -> None:
    old = {"created_at": "2026-11-20T08:00:00.000Z"}
    first, rest = page_of(range(50)), sample.answer([sample.transaction()])
    first["data"][10] |= old
    first["data"][49] |= old
    with played({LINK_PATH: sample.answer(sample.link()), LISTED: (first, rest)}) as (provider, _):
        found = provider.fetch(LINK).checkout
    assert found is not None
    assert found.status is CheckoutStatus.PAID


def test_what_is_odd_in_others_payments_keeps_no_link_from_being_heard() -> None:
    oddities: list[dict[str, Any]] = [
        {"amount_in_cents": 0},
        {"created_at": "hoy"},
        {"currency": None},
        {"reference": None},
        {"status": 7},
    ]
    odd = [sample.transaction(id=f"1292-7-{n}", payment_link_id=None, **each) for n, each in enumerate(oddities)]
    listed = sample.answer([*odd, sample.transaction()])
    with played({LINK_PATH: sample.answer(sample.link()), LISTED: listed}) as (provider, _):
        found = provider.fetch(LINK).checkout
        assert found is not None
        assert (found.status, len(found.tries)) == (CheckoutStatus.PAID, 1)
        # The sweep is of everything: half of it is none.
        assert provider.list_recent(NOW).outcome is Outcome.UNKNOWN


def test_keys_of_two_merchants_are_a_misconfiguration() -> None:
    with played({"POST /v1/payment_links": sample.answer(sample.link(merchant_public_key="pub_test_Other001"))}) as (
        provider,
        script,
    ):
        answer = provider.create(facts.LINK, provider.parameters(REQUEST))
        assert answer.outcome is Outcome.MISCONFIGURED
        merchant = f"GET /v1/merchants/{sample.KEY_ID}"
        script.answers[merchant] = [sample.answer({"id": 1, "public_key": "pub_test_Other001"})]
        assert provider.test_connection().outcome is Outcome.MISCONFIGURED
        script.answers[merchant] = [sample.answer({"id": 1, "public_key": sample.KEY_ID})]
        script.answers[LISTED] = [sample.answer([])]
        assert provider.test_connection().outcome is Outcome.SUCCESS


@pytest.mark.parametrize(
    ("made", "outcome"),
    [
        ({}, Outcome.SUCCESS),
        ({"single_use": False}, Outcome.UNKNOWN),
        ({"active": False}, Outcome.UNKNOWN),
        ({"sku": "another"}, Outcome.UNKNOWN),
        ({"amount_in_cents": None}, Outcome.UNKNOWN),
        ({"currency": "USD"}, Outcome.UNKNOWN),
        ({"id": "../merchants"}, Outcome.UNKNOWN),
    ],
)
def test_only_the_link_that_was_asked_for_is_believed(made: dict[str, Any], outcome: Outcome) -> None:
    with played({"POST /v1/payment_links": sample.answer(sample.link(**made))}) as (provider, _):
        answer = provider.create(facts.LINK, provider.parameters(REQUEST))
    assert answer.outcome is outcome
    assert (answer.checkout is None) is (outcome is not Outcome.SUCCESS)


# --- giving back ---

VOIDED = sample.answer(sample.transaction(status="VOIDED"))
APPROVED = sample.answer(sample.transaction())


@pytest.mark.parametrize(
    ("said", "after", "outcome", "words"),
    [
        # `data.status` tells of the void, and an answer without a body is one too.
        (sample.answer({"status": "APPROVED", "transaction": {}}), VOIDED, Outcome.SUCCESS, ""),
        (http("", "201 Created"), VOIDED, Outcome.SUCCESS, ""),
        (http("", "201 Created"), APPROVED, Outcome.UNKNOWN, ""),
        (sample.answer({"status": "APPROVED", "transaction": {}}), APPROVED, Outcome.UNKNOWN, ""),
        (sample.answer({"status": "DECLINED", "status_message": "Fuera de hora"}), APPROVED, Outcome.DECLINED, "Fuera"),
        (
            http('{"error":{"type":"INPUT_VALIDATION_ERROR","messages":{"id":["no",{"x":["y"]}]}}}', "422 X"),
            APPROVED,
            Outcome.DECLINED,
            "id: no; x: y",
        ),
        (http('{"status":500,"code":"2","message":"x"}', "500 X"), APPROVED, Outcome.UNKNOWN, ""),
        (http('{"status":500,"code":"2","message":"x"}', "500 X"), VOIDED, Outcome.SUCCESS, ""),
    ],
)
def test_a_void_is_what_the_transaction_says_afterwards(said: Any, after: Any, outcome: Outcome, words: str) -> None:
    with played({ONE: (APPROVED, after), VOID: said}) as (provider, script):
        answer = provider.refund(REFUND)
        assert answer.outcome is outcome, answer
        assert words in answer.message
        assert script.asked == [ONE, VOID, ONE]


@pytest.mark.parametrize(
    ("there", "amount", "words"),
    [
        ({"payment_method_type": "NEQUI"}, AMOUNT, "card payments only"),
        ({"payment_method_type": None}, AMOUNT, "card payments only"),
        ({}, Money(100, "COP"), "whole payments only"),
        ({"status": "DECLINED"}, AMOUNT, "not approved"),
    ],
)
def test_what_no_void_gives_back_is_left_to_a_person(there: dict[str, Any], amount: Money, words: str) -> None:
    with played({ONE: sample.answer(sample.transaction(**there))}) as (provider, script):
        answer = provider.refund(replace(REFUND, amount=amount))
        assert (answer.outcome, answer.refunds) == (Outcome.DECLINED, ())
        assert words in answer.message
        assert script.asked == [ONE]


def test_a_void_sent_again_is_the_one_that_was_made() -> None:
    with played({ONE: VOIDED}) as (provider, script):
        answer = provider.refund(REFUND)
        assert answer.refund is not None
        assert (answer.refund.key, answer.refund.amount) == (REFUND.key, AMOUNT)
        assert script.asked == [ONE]


# --- the sweep ---


def test_the_sweep_passes_over_links_that_are_nobodys() -> None:
    """A link made in Wompi's dashboard may have any amount, or none, and no name of ours."""
    theirs = sample.transaction(id="1292-1-1", payment_link_id="VPOS_kp6q1M", reference="VPOS_kp6q1M_1_x")
    web = sample.transaction(id="1292-1-2", payment_link_id=None, reference=sample.REFERENCE)
    shop = sample.transaction(id="1292-1-3", payment_link_id=None, reference="caja #4")
    routes = {
        LISTED: sample.answer([theirs, web, shop]),
        "GET /v1/payment_links/VPOS_kp6q1M": sample.answer(
            sample.link(id="VPOS_kp6q1M", sku=None, amount_in_cents=None)
        ),
    }
    with played(routes) as (provider, script):
        answer = provider.list_recent(NOW)
        # However much of the account's money is not the till's, the list is read once, and each link.
        assert [asked.split("?")[0] for asked in script.asked] == [LISTED, "GET /v1/payment_links/VPOS_kp6q1M"]
    assert answer.outcome is Outcome.SUCCESS, answer
    assert [one.provider_ref for one in answer.payments] == ["1292-1-1", "1292-1-2", "1292-1-3"]
    assert [one.reference for one in answer.checkouts] == [sample.REFERENCE]


@pytest.mark.parametrize("provider_id", [None, "", "../transactions", "a?x=1", "é"])
def test_an_id_that_is_none_never_becomes_a_path(provider_id: str | None) -> None:
    with played({}) as (provider, script):
        for attempt in (LINK, WEB):
            with pytest.raises(Bug, match="provider_id_malformed"):
                provider.fetch(replace(attempt, provider_id=provider_id))
        with pytest.raises(Bug, match="provider_id_malformed"):
            provider.cancel(replace(LINK, provider_id=provider_id))
        with pytest.raises(Bug, match="provider_parameters_malformed"):
            provider.create(facts.LINK, '{"amount_in_cents":1}')
        assert script.asked == []


def test_the_secrets_are_in_no_text() -> None:
    with played({}) as (provider, _):
        told = provider.redact(f"{sample.KEY_SECRET} {sample.INTEGRITY} prv_prod_Another0001 prod_events_Another0001")
        assert told == "[secret] [secret] [secret] [secret]"
        assert sample.KEY_SECRET not in repr(provider)
