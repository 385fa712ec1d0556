"""The machine of instalments: a few lives that are always the same, and in the campaign as many new ones as it says."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

from tests.stateful.hunting import CAMPAIGN
from tests.stateful.order_machine import OrderLife

EXAMPLES = int(os.environ.get("TILLGATE_LIVES") or ("3000" if CAMPAIGN else "5"))

TestOrderLife = OrderLife.TestCase
TestOrderLife.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=40,
    derandomize=not CAMPAIGN,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
