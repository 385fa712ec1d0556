"""The slip of a verification: every check as it was shown, what came of it, and no phone number whole."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from pypdf import PdfReader
from sqlalchemy import Engine

from tests.factories.clock import FakeClock
from tests.factories.prompting import SETTINGS, Kiosk, open_kiosk
from tests.factories.tills import make_till
from tillgate.domain.payment import Mode
from tillgate.domain.settings import STORE_LANGUAGE, STORE_NAME, Settings
from tillgate.i18n import words_of
from tillgate.labels import check_label, verdict_label, verification_sentence
from tillgate.printing import pdf
from tillgate.services.invoice_slips import render_invoice_slip
from tillgate.services.invoice_verification import Verification, accept_surplus


@pytest.fixture
def kiosk(sqlite_only: Engine) -> Kiosk:
    return open_kiosk(make_till(sqlite_only, FakeClock()))


def in_words_of(kiosk: Kiosk, language: str) -> Kiosk:
    words = Settings({**SETTINGS.stored, STORE_LANGUAGE.name: language, STORE_NAME.name: "Duka la Redio"})
    return replace(kiosk, till=replace(kiosk.till, settings=lambda: words))


def written(kiosk: Kiosk, verification: Verification) -> str:
    """What a reader of the slip sees, in one line."""
    content = render_invoice_slip(kiosk.till, kiosk.cashier, pdf, verification)
    assert content == render_invoice_slip(kiosk.till, kiosk.cashier, pdf, verification)
    return " ".join(" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(content)).pages)


@pytest.mark.parametrize("language", ["en", "es", "id"])
def test_the_slip_says_every_check_and_what_came_of_it(kiosk: Kiosk, language: str) -> None:
    kiosk = in_words_of(kiosk, language)
    words = words_of(language)
    found = kiosk.paid()
    good = kiosk.verify(found.number)
    order = kiosk.sell(kiosk.cart(), found.number).orders[0]
    used = kiosk.verify(found.provider_id or "")
    for result, others in ((good, ()), (used, (order,))):
        said = written(kiosk, result)
        for row in result.checked.rows:
            assert check_label(words, row.check) in said
            assert verdict_label(words, row.verdict) in said
        for each in (
            *("Duka la Redio", "T1", kiosk.cashier.name, found.number, found.provider_id or ""),
            *("1.000,00" if language != "en" else "1,000.00", "1.032,00" if language != "en" else "1,032.00"),
            *(verification_sentence(words, result.reason), words.tr("TRAINING"), "2547••••5678", *others),
        ):
            assert each in said, each
        assert found.phone not in said
        assert (words.tr("NOT GOOD FOR AN ORDER") in said) is not result.success
    # Two verifications, two numbers; and a till that takes real money marks nothing.
    assert good.id != used.id
    assert words.tr("TRAINING") not in written(replace(kiosk, till=replace(kiosk.till, mode=Mode.LIVE)), good)


def test_what_is_wrong_is_named_with_how_much(kiosk: Kiosk) -> None:
    found = kiosk.paid()
    short, over = kiosk.verify(found.number, 110_000), kiosk.verify(found.number, 90_000)
    assert "the amount does not match. KSh 103.00 less than expected was paid." in written(kiosk, short)
    assert "the amount does not match. KSh 103.00 more than expected was paid." in written(kiosk, over)
    accepted = accept_surplus(kiosk.till, kiosk.manager, found.number, over.typed, "the customer wants it so")
    said = written(kiosk, accepted)
    assert "GOOD FOR ONE ORDER" in said and "KSh 103.00 more than expected was paid." in said


@pytest.mark.parametrize(
    "asked",
    [
        "\u202eELBATON\x1b[2J\x00<b>&amp;{number}%s",
        "x" * 5_000,
        "PI-\n\n\n\tTotal Ksh 9,999.00",
        "\U0001f4a3" * 70,
        "\ud800",
        "",
    ],
)
def test_whatever_was_typed_is_printed_without_its_tricks(kiosk: Kiosk, asked: str) -> None:
    result = kiosk.verify(asked)
    said = written(kiosk, result)
    assert "invoice not found." in said
    assert "GOOD FOR ONE ORDER" not in said
    assert not [char for char in said if not char.isprintable()]
    assert len(said) < 1_000
