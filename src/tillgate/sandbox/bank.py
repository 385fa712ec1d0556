"""What the customer's bank says, whoever the provider is."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """What the customer's bank says."""

    PAY = "pay"
    DECLINE = "decline"
    DELAY = "delay"  # says yes some seconds later
