"""Signatures of returns: the published vectors, the official SDK as a second opinion, and forgeries."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import razorpay
from hypothesis import given
from hypothesis import strategies as st

from tests.providers import razorpay_samples as sample
from tillgate.domain.money import Money
from tillgate.domain.payment import Mode
from tillgate.domain.secret import Secret
from tillgate.ports import AttemptRef
from tillgate.providers.razorpay import Razorpay, facts
from tillgate.providers.razorpay.signatures import signature

NODE_SECRET = "EnLs21M47BllR3X8PSFtjtbd"
VECTORS = [
    (
        "key_secret",
        "fake_order_id|fake_payment_id",
        "b2335e3b0801106b84a7faff035df56ecffde06918c9ddd1f0fafbb37a51cc89",
    ),
    (
        NODE_SECRET,
        "order_IEIaMR65cu6nz3|pay_IH4NVgf4Dreq1l",
        "0d4e745a1838664ad6c9c9902212a32d627d68e917290b0ad5f08ff4561bc50f",
    ),
    (
        NODE_SECRET,
        "plink_IH3cNucfVEgV68|TSsd1989|paid|pay_IH3d0ara9bSsjQ",
        "07ae18789e35093e51d0a491eb9922646f3f82773547e5b0f67ee3f2d3bf7d5b",
    ),
    (
        "LocalSecret00000000000001",
        "order_Local000000001|pay_Local00000000001",
        "d73bd74188963d2abcfe4217fd7656961dc78169c75677912fcc2e7b475101dd",
    ),
    (
        "LocalSecret00000000000001",
        "plink_Local000000001||paid|pay_Local00000000001",
        "71ae19a24b419a7418170909a732a5f371db4fb8aed21528652cb538181a74e5",
    ),
]
AMOUNT = Money(118000, "INR")
ORDER = AttemptRef("TSsd1989", facts.ORDER, AMOUNT, "order_IEIaMR65cu6nz3")
LINK = AttemptRef("TSsd1989", facts.LINK, AMOUNT, "plink_IH3cNucfVEgV68")
ORDER_RETURN = {
    "razorpay_order_id": "order_IEIaMR65cu6nz3",
    "razorpay_payment_id": "pay_IH4NVgf4Dreq1l",
    "razorpay_signature": VECTORS[1][2],
}
LINK_RETURN = {
    "razorpay_payment_id": "pay_IH3d0ara9bSsjQ",
    "razorpay_payment_link_id": "plink_IH3cNucfVEgV68",
    "razorpay_payment_link_reference_id": "TSsd1989",
    "razorpay_payment_link_status": "paid",
    "razorpay_signature": VECTORS[2][2],
}
BOTH = [(ORDER, ORDER_RETURN), (LINK, LINK_RETURN)]


def account(word: str = NODE_SECRET, previous: str | None = None) -> Razorpay:
    return Razorpay(
        sample.KEY_ID,
        Secret(word),
        mode=Mode.TEST,
        base_url="http://127.0.0.1:1",
        previous_secret=None if previous is None else Secret(previous),
    )


@pytest.fixture(scope="module")
def provider() -> Iterator[Razorpay]:
    made = account()
    yield made
    made.close()


def sdk_says(attempt: AttemptRef, fields: dict[str, str], word: str = NODE_SECRET) -> bool:
    """The official SDK's verdict over our stored ids."""
    utility: Any = razorpay.Client(auth=(sample.KEY_ID, word)).utility
    common = {name: fields[name] for name in ("razorpay_payment_id", "razorpay_signature")}
    try:
        if attempt.method == facts.ORDER:
            return bool(utility.verify_payment_signature({"razorpay_order_id": attempt.provider_id, **common}))
        return bool(
            utility.verify_payment_link_signature(
                {
                    "payment_link_id": attempt.provider_id,
                    "payment_link_reference_id": attempt.reference,
                    "payment_link_status": fields["razorpay_payment_link_status"],
                    **common,
                }
            )
        )
    except razorpay.errors.SignatureVerificationError:
        return False


@pytest.mark.parametrize(("word", "message", "expected"), VECTORS)
def test_the_published_vectors(word: str, message: str, expected: str) -> None:
    assert signature(Secret(word), message) == expected


@pytest.mark.parametrize(("attempt", "fields"), BOTH)
def test_a_good_return_is_good_to_us_and_to_the_sdk(
    provider: Razorpay, attempt: AttemptRef, fields: dict[str, str]
) -> None:
    assert provider.check_return(attempt, fields)
    assert provider.check_return(attempt, {**fields, "utm_source": "x"})
    assert sdk_says(attempt, fields)


@given(st.sampled_from(BOTH), st.data())
def test_ours_and_the_sdks_verdict_are_one(
    provider: Razorpay, case: tuple[AttemptRef, dict[str, str]], data: st.DataObject
) -> None:
    """Payment ids, status and signature, some of them re-signed, some with another key."""
    attempt, good = case
    payment_id = data.draw(st.from_regex(r"\Apay_[A-Za-z0-9]{14}\Z"))
    status = data.draw(st.sampled_from(["paid", "partially_paid", "expired"]))
    parts = [attempt.provider_id, payment_id]
    if attempt.method == facts.LINK:
        parts = [attempt.provider_id, attempt.reference, status, payment_id]
    message = "|".join(str(part) for part in parts)
    signed = signature(Secret(data.draw(st.sampled_from([NODE_SECRET, "anotherSecret0000001"]))), message)
    given_signature = data.draw(st.sampled_from([signed, good["razorpay_signature"], "0" * 64]))
    fields = {**good, "razorpay_payment_id": payment_id, "razorpay_signature": given_signature}
    if attempt.method == facts.LINK:
        fields["razorpay_payment_link_status"] = status
    assert provider.check_return(attempt, fields) is sdk_says(attempt, fields)


@pytest.mark.parametrize(("attempt", "fields"), BOTH)
def test_every_field_counts(provider: Razorpay, attempt: AttemptRef, fields: dict[str, str]) -> None:
    for name, value in fields.items():
        other = value[:-1] + ("0" if value[-1] != "0" else "1")
        for bad in (other, "", value + "x", "é" * 5, "x" * 100_000, value + "\x00", f"{value}|", " " + value):
            assert not provider.check_return(attempt, {**fields, name: bad}), (name, bad[:20])
        without = {key: value for key, value in fields.items() if key != name}
        assert not provider.check_return(attempt, without), name
        for wrong in (None, 1, b"x", [value], {"a": value}):
            hostile: Any = {**fields, name: wrong}
            assert not provider.check_return(attempt, hostile), name
    upper = {**fields, "razorpay_signature": fields["razorpay_signature"].upper()}
    assert not provider.check_return(attempt, upper)
    assert not provider.check_return(attempt, {})


def test_a_good_return_of_a_cheaper_checkout_is_not_for_this_one(provider: Razorpay) -> None:
    """What is signed is our stored id, never the one that came back."""
    dear_order = AttemptRef("other", facts.ORDER, AMOUNT, "order_Dear0000000001")
    dear_link = AttemptRef("other", facts.LINK, AMOUNT, "plink_Dear0000000001")
    same_id_other_reference = AttemptRef("other", facts.LINK, AMOUNT, LINK.provider_id)
    not_yet_known = AttemptRef(LINK.reference, facts.LINK, AMOUNT, None)
    assert not provider.check_return(dear_order, ORDER_RETURN)
    for attempt in (dear_link, same_id_other_reference, not_yet_known):
        assert not provider.check_return(attempt, LINK_RETURN)
    assert not provider.check_return(dear_order, {**ORDER_RETURN, "razorpay_order_id": "order_Dear0000000001"})
    # One kind's return is not the other's.
    assert not provider.check_return(LINK, ORDER_RETURN)
    assert not provider.check_return(ORDER, LINK_RETURN)


def test_both_keys_count_while_they_are_changed_over() -> None:
    changed, settled = account("theNewSecret0000000001", previous=NODE_SECRET), account("theNewSecret0000000001")
    for attempt, fields in BOTH:
        assert changed.check_return(attempt, fields)
        assert not settled.check_return(attempt, fields)
    changed.close()
    settled.close()


@given(st.dictionaries(st.sampled_from(sorted({*ORDER_RETURN, *LINK_RETURN})) | st.text(max_size=5), st.text()))
def test_no_form_makes_it_raise_or_agree(provider: Razorpay, fields: dict[str, str]) -> None:
    assert not provider.check_return(ORDER, fields)
    assert not provider.check_return(LINK, fields)
