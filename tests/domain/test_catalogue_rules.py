"""Codes, barcodes and search words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillgate.domain.catalogue import check_barcode, check_code, check_title, ean_check_digit, search_words
from tillgate.domain.errors import Invalid


# Printed on real packs: EAN-13, UPC-A, EAN-8 and GTIN-14.
@pytest.mark.parametrize("barcode", ["4006381333931", "036000291452", "96385074", "10012345678902"])
def test_real_barcodes_pass(barcode: str) -> None:
    assert check_barcode(f" {barcode} ") == barcode


@given(st.integers(0, 10**12 - 1).map(lambda n: f"{n:012d}"), st.integers(0, 12), st.integers(1, 9))
def test_one_wrong_digit_is_always_seen(digits: str, place: int, off: int) -> None:
    barcode = digits + str(ean_check_digit(digits))
    assert check_barcode(barcode) == barcode
    wrong = barcode[:place] + str((int(barcode[place]) + off) % 10) + barcode[place + 1 :]
    with pytest.raises(Invalid, match="barcode_malformed"):
        check_barcode(wrong)


@pytest.mark.parametrize("text", ["", "  "])
def test_no_barcode_is_fine(text: str) -> None:
    assert check_barcode(text) is None


@pytest.mark.parametrize("text", ["12345", "٤٠٠٦٣٨١٣٣٣٩٣١", "4006381333931x", "-4006381333931"])
def test_what_is_no_barcode_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="barcode_malformed"):
        check_barcode(text)


def test_codes_are_capitals() -> None:
    assert check_code(" var-001 ") == "VAR-001"
    for bad in ("", "-A", "A B", "Ä1", "A" * 33, "A\nB"):
        with pytest.raises(Invalid, match="code_malformed"):
            check_code(bad)


def test_titles_are_one_plain_line() -> None:
    assert check_title("  Sony   Alpha \n 7 ") == "Sony Alpha 7"
    for bad in ("Sony\u202e7", "x" * 121, "bell\x07"):
        with pytest.raises(Invalid, match="text_unreadable"):
            check_title(bad)
    with pytest.raises(Invalid, match="text_missing"):
        check_title("  ")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Canon EOS-R5", ("canon", "eos", "r5")),
        ('"*) OR NOT name:', ("or", "not", "name")),
        ("f/1.8", ("f", "1", "8")),
        ("राहुल वर्मा", ("राहुल", "वर्मा")),
        ("'; DROP TABLE product --", ("drop", "table", "product")),
        ("…", ()),
    ],
)
def test_a_search_is_split_at_all_that_is_no_letter_or_digit(text: str, words: tuple[str, ...]) -> None:
    assert search_words(text) == words


@given(st.text(max_size=300))
def test_search_words_are_few_short_and_plain(text: str) -> None:
    words = search_words(text)
    assert len(words) <= 8
    assert all(word and len(word) <= 32 and not set(word) & set("\"'*:&|!() ") for word in words)
