"""What a shop sells and rents out: kinds, codes and barcodes, and the words a search is made of."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from typing import Final

from tillgate.domain.errors import Invalid
from tillgate.domain.notes import is_plain


class ProductKind(StrEnum):
    """Sold for good, or rented out by the day."""

    SALE = "sale"
    RENTAL = "rental"


# INR 1,000,000,000.00: a cart full of these still fits an amount.
HIGHEST_PRICE_MINOR: Final = 10**11
MOST_STOCK: Final = 999_999
LONGEST_PERIOD_DAYS: Final = 365
LONGEST_TITLE: Final = 120
MOST_BASIS_POINTS: Final = 10_000
_CODE: Final = re.compile(r"[A-Z0-9][A-Z0-9._/-]{0,31}")
_BARCODE: Final = re.compile(r"[0-9]{8}|[0-9]{12,14}")
_SEARCH_WORDS: Final = 8
_SEARCH_LETTERS: Final = 32


def check_code(text: str, *, field: str = "code") -> str:
    """A code in capitals. Raises Invalid("code_malformed")."""
    code = text.strip().upper()
    if not _CODE.fullmatch(code):
        raise Invalid("code_malformed", field=field, text=text[:40])
    return code


def ean_check_digit(digits: str) -> int:
    """The last digit of an EAN-8, UPC-A, EAN-13 or GTIN-14, from those before it."""
    threes = sum(int(digit) for digit in digits[::-2])
    ones = sum(int(digit) for digit in digits[-2::-2])
    return -(3 * threes + ones) % 10


def check_barcode(text: str) -> str | None:
    """A barcode with a right check digit, or None for an empty text. Raises Invalid("barcode_malformed")."""
    barcode = text.strip()
    if not barcode:
        return None
    if not _BARCODE.fullmatch(barcode) or ean_check_digit(barcode[:-1]) != int(barcode[-1]):
        raise Invalid("barcode_malformed", field="barcode", text=text[:40])
    return barcode


def check_title(text: str, *, field: str = "name", needed: bool = True, longest: int = LONGEST_TITLE) -> str:
    """One plain line, its white space collapsed. Raises Invalid("text_missing") or ("text_unreadable")."""
    title = " ".join(text.split())
    if needed and not title:
        raise Invalid("text_missing", field=field)
    if len(title) > longest or not is_plain(title):
        raise Invalid("text_unreadable", field=field, longest=longest)
    return title


def check_within(value: int, *, field: str, lowest: int, highest: int) -> int:
    """The value itself. Raises Invalid("number_out_of_range")."""
    if type(value) is not int or not lowest <= value <= highest:
        raise Invalid("number_out_of_range", field=field, lowest=lowest, highest=highest)
    return value


def search_words(text: str) -> tuple[str, ...]:
    """The words of a search as the index splits them: letters, digits and their marks, in small letters."""
    plain = unicodedata.normalize("NFC", text[:200]).lower()
    parted = "".join(char if unicodedata.category(char)[0] in "LNM" else " " for char in plain)
    return tuple(word[:_SEARCH_LETTERS] for word in parted.split()[:_SEARCH_WORDS])
