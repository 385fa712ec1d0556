"""Secrets stay hidden; what is logged has no secrets, cards or persons in it."""

from __future__ import annotations

import base64
import copy
import json
import logging
import pickle
import traceback
from dataclasses import asdict, dataclass
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tillgate.domain.payment import Mode
from tillgate.domain.secret import Secret
from tillgate.providers.razorpay import Razorpay
from tillgate.providers.redaction import Redactor, one_line
from tillgate.providers.stripe import Stripe

TEXT = "rzpSecret/With+Signs=0001"


@dataclass(frozen=True)
class Holder:
    secret: Secret


def test_a_secret_does_not_show_itself() -> None:
    secret = Secret(TEXT)
    holder = Holder(secret)
    shown = [
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret!r:>40}",
        "%s %r" % (secret, secret),  # noqa: UP031  # the old way must hide it too
        repr(holder),
        repr(asdict(holder)),
        repr(copy.deepcopy([holder])),
        logging.makeLogRecord({"msg": "%s", "args": (secret,)}).getMessage(),
    ]
    try:
        raise ValueError(secret)
    except ValueError as error:
        shown += traceback.format_exception(error)
    assert not [text for text in shown if TEXT in text]
    assert secret.reveal() == TEXT
    assert f"{secret:>10}" == "  [secret]"


def test_a_secret_goes_nowhere_by_accident() -> None:
    secret = Secret(TEXT)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError):
            pickle.dumps(Holder(secret), protocol)
    with pytest.raises(TypeError):
        json.dumps({"secret": secret})
    with pytest.raises(TypeError):
        hash(secret)
    with pytest.raises(AttributeError):
        secret.other = 1  # type: ignore[attr-defined]  # that is the point


def test_secrets_are_compared() -> None:
    assert Secret(TEXT) == Secret(TEXT)
    assert Secret(TEXT) != Secret(TEXT + "x")
    assert Secret(TEXT) != TEXT
    assert Secret("\ud800") == Secret("\ud800")
    assert Secret(TEXT).last4 == "0001"
    assert Secret("short").last4 == ""
    assert not Secret("")


REDACTOR = Redactor([Secret(TEXT)])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"key {TEXT} was", "key [secret] was"),
        (f"key={quote(TEXT, safe='')}", "key=[secret]"),
        ("Authorization: Basic cnpwX3Rlc3Q6c2VjcmV0", "Authorization: [secret]"),
        ('{"authorization": "Bearer abc.def-ghi"}', '{"authorization": "[secret]"}'),
        ("sent basic cnpwX3Rlc3Q6c2VjcmV0 there", "sent basic [secret] there"),
        ("with sk_live_51Abcdefgh0 and rk_test_51Abcdefgh0,", "with [secret] and [secret],"),
        ("signed whsec_Abcdefgh012345", "signed [secret]"),
        ("pk_live_51Abcdefgh0 and risk_live_of_12345678", "pk_live_51Abcdefgh0 and risk_live_of_12345678"),
        ("card 4111 1111 1111 1111.", "card [card]."),
        ("card 4111-1111-1111-1111", "card [card]"),
        ('"number":"378282246310005"', '"number":"[card]"'),
        ("id 4111111111111112", "id 4111111111111112"),
        ("mail a.b+c@shop.example.in now", "mail [email] now"),
        ("call +91 98765 43210", "call [phone]"),
        ("call 9876543210", "call [phone]"),
        ("call +1 (415) 555-0132", "call [phone]"),
        ('{"amount":118000,"expire_by":1767225600}', '{"amount":118000,"expire_by":1767225600}'),
        ("pay_29QQoUBi66xm2f order_9A33XWu170gUtm", "pay_29QQoUBi66xm2f order_9A33XWu170gUtm"),
    ],
)
def test_what_is_masked(text: str, expected: str) -> None:
    assert REDACTOR.redact(text) == expected


@given(st.text(max_size=40), st.text(max_size=40))
@example("4", "4111111111111111")
def test_no_surroundings_bring_a_secret_back(before: str, after: str) -> None:
    for form in (TEXT, quote(TEXT, safe="")):
        assert form not in REDACTOR.redact(before + form + after)


@given(st.text(max_size=400))
def test_one_line_is_one_plain_line(text: str) -> None:
    line = one_line(text, 100)
    assert len(line) <= 100
    assert line == line.strip()
    assert line.isprintable() or set("\u200c\u200d") & set(line)
    assert one_line(line, 100) == line


def test_direction_marks_and_controls_are_dropped_and_indian_joiners_kept() -> None:
    assert one_line("a\u202eb\x00c\x1b[31m\r\nd\te\ud800") == "abc[31m d e"
    assert one_line("ക\u0d4d\u200dഷ") == "ക\u0d4d\u200dഷ"


def test_the_provider_masks_its_own_key_in_every_form() -> None:
    key_id, word, previous = "rzp_test_Abcdefgh123456", "currentSecret00000000001", "previousSecret0000000001"
    provider = Razorpay(
        key_id, Secret(word), mode=Mode.TEST, previous_secret=Secret(previous), base_url="http://127.0.0.1:9"
    )
    token = base64.b64encode(f"{key_id}:{word}".encode()).decode()
    text = provider.redact(f"{word} {previous} {token} Basic {token} {quote(token, safe='')}")
    assert not [hidden for hidden in (word, previous, token) if hidden in text]
    assert word not in repr(provider) + repr(vars(provider))
    provider.close()


def test_stripe_masks_its_own_key_in_every_form() -> None:
    word = "rk_test_51AbcdefghVery_Secret0001"
    provider = Stripe("pk_test_51Abcdefgh", Secret(word), mode=Mode.TEST, base_url="http://127.0.0.1:9")
    text = provider.redact(f"{word} Bearer {word} key={quote(word, safe='')} pk_test_51Abcdefgh")
    assert word not in text
    assert "pk_test_51Abcdefgh" in text
    assert word not in repr(provider) + repr(vars(provider))
    provider.close()
