"""Strict JSON: hostile text never passes, and never raises anything but Malformed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillgate.providers.json_strict import DEEPEST, Fields, Json, Malformed, parse

REFUSED = {
    "nothing": b"",
    "half": b'{"a":1',
    "two values": b"{} {}",
    "NaN": b'{"a":NaN}',
    "Infinity": b'{"a":Infinity}',
    "minus Infinity": b'{"a":-Infinity}',
    "duplicate key": b'{"a":1,"a":1}',
    "duplicate key, nested and spelled otherwise": b'[{"b":{"a":1,"\\u0061":1}}]',
    "19 digits": b'{"a":1000000000000000000}',
    "10^30": b'{"a":1' + b"0" * 30 + b"}",
    "-10^18": b'{"a":-1000000000000000000}',
    "5000 digits": b"9" * 5000,
    "a long fraction": b"0." + b"1" * 50,
    "an exponent without end": b"1e" + b"9" * 30,
    "bad UTF-8": b'{"a":"\xff"}',
    "overlong UTF-8": b'{"a":"\xc0\xaf"}',
    "surrogates in UTF-8": b'{"a":"\xed\xa0\x80"}',
    "UTF-16": '{"a":1}'.encode("utf-16"),
    "BOM": b"\xef\xbb\xbf{}",
    "half a surrogate": b'{"a":"\\ud800"}',
    "half a surrogate in a key": b'{"\\udfff":1}',
    "control character": b'{"a":"\x00"}',
    "33 levels": b"[" * 33 + b"]" * 33,
    "20000 levels": b'{"a":' * 20_000,
    "levels in turn": b'[{"a":' * 100_000,
    "comment": b'{"a":1}//x',
    "single quotes": b"{'a':1}",
    "leading zero": b'{"a":01}',
    "hex": b'{"a":0x1}',
    "HTML": b"<html></html>",
}


@pytest.mark.parametrize("raw", REFUSED.values(), ids=REFUSED.keys())
def test_refused(raw: bytes) -> None:
    with pytest.raises(Malformed):
        parse(raw)


def test_taken() -> None:
    assert parse(b' {"a":999999999999999999,"b":[-1,true,null,"\\ud83d\\ude00"]} ') == {
        "a": 999999999999999999,
        "b": [-1, True, None, "😀"],
    }
    brackets = "[{" * 100 + '\\"]'
    assert parse(json.dumps([brackets]).encode()) == [brackets]
    deepest = parse(b"[" * DEEPEST + b"]" * DEEPEST)
    assert type(deepest) is list


def test_no_float_ever() -> None:
    number = parse(b'{"a":1e2,"b":100.0,"c":-0.0}')
    assert type(number) is dict
    assert {type(value) for value in number.values()} == {Decimal}


def test_a_long_open_string_takes_no_time() -> None:
    """Quadratic work over 256 KiB would take minutes."""
    for raw in (b'"' + b'\\"' * 131_000, b'"' * 262_144, b'["' * 131_072, b"\\" * 262_144):
        with pytest.raises(Malformed):
            parse(raw)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**18) + 1, 10**18 - 1)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
def test_what_we_may_read_comes_back_as_it_was(value: Json) -> None:
    try:
        assert parse(json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")) == value
    except Malformed:
        assert any("\ud800" <= char <= "\udfff" for char in json.dumps(value, ensure_ascii=False))


@given(st.binary(max_size=200) | st.text('[]{}",:\\u0dd8fE+-.1 tn', max_size=200).map(str.encode))
def test_any_bytes_parse_or_are_malformed(raw: bytes) -> None:
    try:
        value = parse(raw)
    except Malformed:
        return
    assert value == json.loads(raw, parse_float=Decimal)


NUMBERLIKE: list[Json] = ["100", Decimal(100), Decimal("1E+2"), True, None, -1, [100], {"a": 100}]


@pytest.mark.parametrize("value", NUMBERLIKE)
def test_an_integer_is_an_integer(value: Json) -> None:
    with pytest.raises(Malformed, match=r"thing\.amount"):
        Fields({"amount": value}, "thing").integer("amount")
    with pytest.raises(Malformed):
        Fields({}, "thing").integer("amount")


def test_fields_of_each_kind() -> None:
    fields = Fields({"n": 1, "t": "x", "e": "", "z": None, "o": [{"a": 1}], "at": 1_700_000_000}, "thing")
    assert fields.integer("n", least=1) == 1
    assert fields.integer_or_zero("z") == 0
    assert fields.text("t") == "x"
    assert fields.text_or_none("z") is None
    assert fields.text_or_none("e") is None
    assert fields.text_or_none("missing") is None
    assert fields.instant_or_none("at") == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert fields.instant_or_none("z") is None
    assert [item.integer("a") for item in fields.objects("o")] == [1]
    assert fields.objects_or_none("z") == []
    for wrong in ("n", "o", "z"):
        with pytest.raises(Malformed):
            fields.text(wrong)
    with pytest.raises(Malformed):
        fields.integer("n", least=2)
    with pytest.raises(Malformed):
        fields.objects("t")
    with pytest.raises(Malformed):
        Fields({"o": [1]}, "thing").objects("o")
    with pytest.raises(Malformed):
        Fields({"at": 10**17}, "thing").instant_or_none("at")
    others: list[Json] = [[], "x", 1, None, True]
    for value in others:
        with pytest.raises(Malformed):
            Fields(value, "thing")
