"""Rates as people write them: read exactly, written without zeros that say nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillgate.domain.errors import Invalid
from tillgate.domain.percent import parse_percent_ppm, percent_ppm_text, says_rate


@given(st.integers(0, 1_000_000), st.sampled_from(".,"), st.sampled_from(["", "%", " %"]))
def test_a_rate_is_read_back_as_it_was_written(rate_ppm: int, mark: str, sign: str) -> None:
    text = percent_ppm_text(rate_ppm, decimal_mark=mark)
    assert not (mark in text and text.endswith("0"))
    assert parse_percent_ppm(f" {text}{sign} ", field="rate") == rate_ppm


@pytest.mark.parametrize("text", ["", "x", "-1", "100.0001", "101", "1.23456", "1e1", "12 %%", "١٢", "1,2,3"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="percent_malformed"):
        parse_percent_ppm(text, field="rate")


@pytest.mark.parametrize(
    ("name", "rate_ppm", "said"),
    [
        *(("GST 18%", 180_000, True), ("GST 18 %", 180_000, True), ("18\u00a0% IVA", 180_000, True)),
        *(("IVA 8,875%", 88_750, True), ("PPN 2.50%", 25_000, True), ("GST 5% and cess 1%", 10_000, True)),
        *(("GST", 180_000, False), ("GST 18", 180_000, False), ("", 180_000, False), ("GST 5%", 180_000, False)),
        *(("GST 118%", 180_000, False), ("GST 0.18%", 180_000, False), ("GST 18.5%", 180_000, False)),
    ],
)
def test_a_name_says_its_rate_or_another_or_none(name: str, rate_ppm: int, said: bool) -> None:
    assert says_rate(name, rate_ppm) is said
