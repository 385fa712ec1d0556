"""A secret is masked wherever it stands in a text, also where the text is cut."""

from __future__ import annotations

import pytest

from tillgate.app.masking import KnownSecrets
from tillgate.domain.secret import Secret


@pytest.mark.parametrize("before", [0, 7_970, 7_999, 8_000])
def test_no_part_of_a_secret_survives_the_cut(before: int) -> None:
    known = KnownSecrets()
    known.add(Secret("Q" * 40))
    told = known.text("a " * (before // 2) + "Q" * 40 + " the rest" * 10)
    assert "Q" not in told
    assert len(told) <= 8_000
