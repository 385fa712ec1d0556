"""Wompi's signatures: the strings and digests of its documents, recomputed."""

from __future__ import annotations

from typing import Any

import pytest

from tillgate.domain.money import Money
from tillgate.domain.secret import Secret
from tillgate.providers.wompi.signatures import event_checksum, integrity_signature, is_event_signed


@pytest.mark.parametrize(
    ("reference", "expires_at", "secret", "digest"),
    [
        (
            "sk8-438k4-xmxm392-sn2m",
            "",
            "prod_integrity_Z5mMke9x0k8gpErbDqwrJXMqsI6SFli6",
            "37c8407747e595535433ef8f6a811d853cd943046624a0ec04662b17bbf33bf5",
        ),
        (
            "sk8-438k4-xmxm392-sn2m",
            "2023-06-09T20:28:50.000Z",
            "prod_integrity_Z5mMke9x0k8gpErbDqwrJXMqsI6SFli6",
            "e972f58e7de36b283fbb93d9318d39a54ffdff4e8e917b534f30d63c9d7bb89c",
        ),
        ("ref-123", "", "test_integrity_key", "3020531ed7879230f3ed79e981eda23c5efcd8ce2da4576876ca16f783224e54"),
    ],
)
def test_the_published_integrity_signatures(reference: str, expires_at: str, secret: str, digest: str) -> None:
    assert integrity_signature(Secret(secret), reference, Money(2_490_000, "COP"), expires_at) == digest


def event(**changes: Any) -> dict[str, Any]:
    one = {"id": "1234-1610641025-49201", "status": "APPROVED", "amount_in_cents": 4_490_000}
    signature = {"properties": ["transaction.id", "transaction.status", "transaction.amount_in_cents"], "checksum": ""}
    return {"event": "transaction.updated", "data": {"transaction": one}, "signature": signature, **changes} | {
        "timestamp": 1_530_291_411
    }


@pytest.mark.parametrize(
    ("secret", "digest"),
    [
        # Its documents print another digest (3476DDA5...) beside this very string; that one is wrong.
        (
            "prod_events_OcHnIzeBl5socpwByQ4hA52Em3USQ93Z",
            "5a18ec5e8fdb7df463e9f94774cba8f583ba21bd04a09ceff2ea68a4bc0aefbe",
        ),
        (
            "test_events_EqCPDEn5x4lRatGPxLhyZd6YTgd6QSrr",
            "c7c03147429efbbcfab3cdf585041c871d577ca183b1387581535add1a061780",
        ),
    ],
)
def test_the_published_event_checksums(secret: str, digest: str) -> None:
    told = event()
    assert event_checksum(Secret(secret), told) == digest
    for given_digest, good in ((digest, True), (digest.upper(), True), (digest[::-1], False), ("", False)):
        told["signature"]["checksum"] = given_digest
        assert is_event_signed(Secret(secret), told) is good
    told["signature"] |= {"checksum": digest, "properties": ["transaction.id", "transaction.nothing"]}
    assert not is_event_signed(Secret(secret), told)
    nameless: dict[str, Any] = {"properties": [], "checksum": digest}
    broken: tuple[dict[str, Any], ...] = ({}, {"data": []}, event(signature=nameless), event(signature=None))
    for each in broken:
        assert not is_event_signed(Secret(secret), each)
