"""The bytes that are sent: documented fields only, the same for the same request, refused before they are sent."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.providers import razorpay_samples as sample
from tests.providers import stripe_samples as stripe_sample
from tests.providers import wompi_samples as wompi_sample
from tillgate.domain.errors import Bug, Invalid
from tillgate.domain.money import Money
from tillgate.domain.payment import Mode
from tillgate.domain.provider_keys import KEY_FORMS
from tillgate.domain.secret import Secret
from tillgate.ports import AttemptRef, CheckoutRequest, Payer, RefundRequest
from tillgate.providers.razorpay import Razorpay, facts, parameters
from tillgate.providers.registry import PROVIDERS, Credentials, Surroundings, open_provider

NOW = datetime(2026, 4, 9, 12, 0, tzinfo=UTC)
LINK_FIELDS = {
    "accept_partial", "amount", "callback_method", "callback_url", "currency", "customer", "description", "expire_by",
    "notes", "notify", "reference_id", "reminder_enable",
}  # fmt: skip
ORDER_FIELDS = {"amount", "currency", "notes", "receipt"}


def request(**changes: Any) -> CheckoutRequest:
    values: dict[str, Any] = {
        "reference": sample.REFERENCE,
        "method": facts.LINK,
        "amount": Money(118000, "INR"),
        "description": "Cart 17",
    }
    return CheckoutRequest(**{**values, **changes})


def test_the_body_of_a_link() -> None:
    asked = request(
        payer=Payer("Asha Rao", "asha@example.in", "+91 98765-43210"),
        return_url="http://127.0.0.1:4711/cb/token",
        expires_at=NOW + timedelta(minutes=30),
    )
    assert parameters.checkout_body(asked, NOW) == (
        '{"accept_partial":false,"amount":118000,"callback_method":"get",'
        '"callback_url":"http://127.0.0.1:4711/cb/token","currency":"INR",'
        '"customer":{"contact":"+919876543210","email":"asha@example.in","name":"Asha Rao"},'
        '"description":"Cart 17","expire_by":1775737800,'
        f'"notes":{{"reference":"{sample.REFERENCE}"}},"notify":{{"email":false,"sms":false}},'
        f'"reference_id":"{sample.REFERENCE}","reminder_enable":false}}'
    )


def test_the_body_of_a_walk_ins_link_and_of_an_order() -> None:
    assert set(json.loads(parameters.checkout_body(request(description=""), NOW))) == {
        "accept_partial", "amount", "currency", "notes", "notify", "reference_id", "reminder_enable",
    }  # fmt: skip
    assert parameters.checkout_body(request(method=facts.ORDER), NOW) == (
        f'{{"amount":118000,"currency":"INR","notes":{{"reference":"{sample.REFERENCE}"}},'
        f'"receipt":"{sample.REFERENCE}"}}'
    )


@given(
    st.builds(
        request,
        method=st.sampled_from([facts.LINK, facts.ORDER]),
        amount=st.integers(100, 10**12).map(lambda minor: Money(minor, "INR")),
        description=st.text(max_size=3000),
        payer=st.builds(
            Payer, st.text(max_size=80), st.text(max_size=60) | st.just("a@b.example"), st.text(max_size=30)
        ),
        return_url=st.none() | st.text(max_size=40).map(lambda tail: "http://127.0.0.1:1/" + tail),
        expires_at=st.none() | st.timedeltas(timedelta(days=-1), timedelta(days=900)).map(lambda delta: NOW + delta),
    )
)
def test_whatever_is_asked_is_refused_or_within_the_documents(asked: CheckoutRequest) -> None:
    try:
        body = parameters.checkout_body(asked, NOW)
    except Invalid as refused:
        assert refused.values["field"] in {"description", "return_url", "expires_at"}
        return
    assert body == parameters.checkout_body(asked, NOW)
    body.encode()  # no half surrogates
    sent = json.loads(body)
    assert body == json.dumps(sent, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert set(sent) <= (LINK_FIELDS if asked.method == facts.LINK else ORDER_FIELDS)
    assert type(sent["amount"]) is int
    assert sent["amount"] == asked.amount.minor
    assert len(sent.get("description", "")) <= 2048
    assert sent.get("description", "x") != ""
    assert len(sent.get("customer", {}).get("name", "")) <= 50
    if "expire_by" in sent:
        ahead_s = sent["expire_by"] - NOW.timestamp()
        assert 15 * 60 < ahead_s <= 180 * 24 * 3600
    assert ("callback_url" in sent) is ("callback_method" in sent)


REFUSED = {
    "method": {"method": "card"},
    "currency": {"amount": Money(100, "USD")},
    "amount": {"amount": Money(99, "INR")},
    "zero": {"amount": Money(0, "INR")},
    "negative": {"amount": Money(-100, "INR")},
    "long reference": {"reference": "r" * 41},
    "odd reference": {"reference": "a/b"},
    "no reference": {"reference": ""},
    "long description": {"description": "x" * 2049},
    "return_url": {"return_url": "javascript:alert(1)"},
    "return_url with a user": {"return_url": "http://u@127.0.0.1/"},
    "return_url broken": {"return_url": "http://[::1"},
    "past": {"expires_at": NOW},
}


@pytest.mark.parametrize("changes", REFUSED.values(), ids=REFUSED.keys())
def test_refused_before_any_call(changes: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refused:
        parameters.checkout_body(request(**changes), NOW)
    assert refused.value.values["field"]


def test_a_payers_odd_data_is_left_out_and_the_sale_goes_on() -> None:
    odd = Payer("  \u202e ", "not-an-address", "12")
    assert "customer" not in json.loads(parameters.checkout_body(request(payer=odd), NOW))
    injected = Payer("Asha\r\nBcc: x", "a@b.example\r\nBcc: c@d.example", "98765 43210")
    sent = json.loads(parameters.checkout_body(request(payer=injected), NOW))
    assert sent["customer"] == {"name": "Asha Bcc: x", "contact": "9876543210"}


def test_the_bodies_that_move_money() -> None:
    assert parameters.capture_body(Money(118000, "INR")) == '{"amount":118000,"currency":"INR"}'
    asked = RefundRequest(sample.KEY, sample.PAYMENT_ID, Money(50000, "INR"), "Out of\nstock")
    assert parameters.refund_body(asked) == (
        f'{{"amount":50000,"notes":{{"reason":"Out of stock","refund_key":"{sample.KEY}"}},"receipt":"{sample.KEY}"}}'
    )
    with pytest.raises(Bug):
        parameters.refund_body(RefundRequest("short", sample.PAYMENT_ID, Money(50000, "INR")))
    with pytest.raises(Invalid):
        parameters.refund_body(RefundRequest(sample.KEY, sample.PAYMENT_ID, Money(99, "INR")))


# --- keys and modes ---

GOOD_KEYS = {
    Mode.TRAINING: ("rzp_test_1DP5mmOlF5G5ag", "http://127.0.0.1:1/razorpay"),
    Mode.TEST: ("rzp_test_1DP5mmOlF5G5ag", facts.BASE_URL),
    Mode.LIVE: ("rzp_live_1DP5mmOlF5G5ag", facts.BASE_URL),
}


@pytest.mark.parametrize("mode", Mode)
def test_the_key_of_each_mode(mode: Mode) -> None:
    key_id, base_url = GOOD_KEYS[mode]
    provider = Razorpay(key_id, Secret(sample.KEY_SECRET), mode=mode, base_url=base_url)
    assert (provider.name, provider.account, provider.mode) == ("razorpay", key_id, mode)
    assert provider.capabilities.checkout_hosts == {"127.0.0.1" if mode is Mode.TRAINING else "rzp.io"}
    provider.close()


@pytest.mark.parametrize(
    ("key_id", "mode"),
    [
        ("rzp_live_1DP5mmOlF5G5ag", Mode.TEST),
        ("rzp_live_1DP5mmOlF5G5ag", Mode.TRAINING),
        ("rzp_test_1DP5mmOlF5G5ag", Mode.LIVE),
        ("rzp_test_oauth_1DP5mmOlF5", Mode.TEST),
        ("rzp_test_", Mode.TEST),
        ("rzp_prod_1DP5mmOlF5G5ag", Mode.LIVE),
        ("RZP_TEST_1DP5mmOlF5G5ag", Mode.TEST),
        ("rzp_test_1DP5:mmOlF5G5ag", Mode.TEST),
        ("rzp_test_1DP5mmOlF5G5ag\n", Mode.TEST),
        ("sk_test_1DP5mmOlF5G5ag", Mode.TEST),
        ("", Mode.TEST),
    ],
)
def test_keys_of_another_mode_or_form_are_refused(key_id: str, mode: Mode) -> None:
    with pytest.raises(Invalid):
        Razorpay(key_id, Secret(sample.KEY_SECRET), mode=mode, base_url="http://127.0.0.1:1")


@pytest.mark.parametrize("word", ["", "short", "with space 0000000", "línea-no-ascii-00", "x\r\nX-Evil: 1"])
def test_a_secret_that_no_header_can_carry_is_refused_unseen(word: str) -> None:
    with pytest.raises(Invalid) as refused:
        Razorpay(sample.KEY_ID, Secret(word), mode=Mode.TEST)
    assert not word or word not in str(refused.value)


@pytest.mark.parametrize(
    ("mode", "base_url"),
    [
        (Mode.LIVE, "http://127.0.0.1:1"),
        (Mode.LIVE, "https://api.razorpay.com.evil.example"),
        (Mode.LIVE, "https://127.0.0.1:1"),
        (Mode.TRAINING, facts.BASE_URL),
        (Mode.TEST, "http://api.razorpay.com"),
    ],
)
def test_a_mode_goes_only_where_it_belongs(mode: Mode, base_url: str) -> None:
    key_id = GOOD_KEYS[mode][0]
    with pytest.raises(Invalid, match="provider_base_url"):
        Razorpay(key_id, Secret(sample.KEY_SECRET), mode=mode, base_url=base_url)


def test_the_registry_opens_what_it_lists() -> None:
    place = Surroundings(Mode.TRAINING, "http://127.0.0.1:1")
    keys = {
        "razorpay": Credentials(sample.KEY_ID, Secret(sample.KEY_SECRET)),
        "stripe": Credentials(stripe_sample.KEY_ID, Secret(stripe_sample.KEY_SECRET)),
        "wompi": Credentials(wompi_sample.KEY_ID, Secret(wompi_sample.KEY_SECRET)),
        "intasend": Credentials("ISPubKey_test_91ffc81a-8ac4", Secret("ISSecretKey_test_7de1a9d8-2f5e")),
    }
    assert set(keys) == set(PROVIDERS) == set(KEY_FORMS)
    for name, opens in keys.items():
        provider = open_provider(name, opens, place)
        assert (provider.name, provider.mode) == (name, Mode.TRAINING)
        provider.close()
    with pytest.raises(Invalid, match="provider_unknown"):
        open_provider("nobody", Credentials(sample.KEY_ID, Secret(sample.KEY_SECRET)), place)


@pytest.mark.parametrize("provider_id", [None, "", "plink_../orders", "order_1", "plink_1?x=1", "plink_é"])
def test_an_id_that_is_none_never_becomes_a_path(provider_id: str | None) -> None:
    provider = Razorpay(sample.KEY_ID, Secret(sample.KEY_SECRET), mode=Mode.TEST, base_url="http://127.0.0.1:1")
    attempt = AttemptRef(sample.REFERENCE, facts.LINK, Money(100, "INR"), provider_id)
    with pytest.raises(Bug, match="provider_id_malformed"):
        provider.fetch(attempt)
    with pytest.raises(Bug, match="provider_id_malformed"):
        provider.cancel(attempt)
    with pytest.raises(Bug, match="provider_parameters_malformed"):
        provider.create(facts.LINK, '{"amount":1}')
    provider.close()
