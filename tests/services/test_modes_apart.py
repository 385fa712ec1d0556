"""Training, test and live money each have a database of their own, whatever somebody types at a terminal."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Engine

from tests.factories.payments import Desk
from tillgate.domain.errors import Refused
from tillgate.domain.payment import Mode
from tillgate.services.start_gates import check_mode


def test_a_database_keeps_the_mode_of_its_first_payment(desk: Desk, engine: Engine) -> None:
    for mode in Mode:
        check_mode(engine, mode)
    desk.provider.mode = Mode.TEST
    desk.till = replace(desk.till, mode=Mode.TEST)
    desk.start()
    check_mode(engine, Mode.TEST)
    for mode in (Mode.TRAINING, Mode.LIVE):
        with pytest.raises(Refused, match="database_other_mode") as refusal:
            check_mode(engine, mode)
        assert refusal.value.values == {"found": "test", "mode": mode.value}
