"""Named places where a crash test may stop the process; inert in normal use.

Nothing in the application arms them: the crash harness does, in a driver of its own that is not shipped.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

NAMES: Final = frozenset(
    {
        "start.before_intent",
        "start.after_intent",
        "start.before_sent_mark",
        "start.after_sent_mark",
        "start.after_answer",
        "start.after_outcome",
        "settle.after_claim",
        "settle.after_answer",
        "settle.after_outcome",
        "apply.inside",
        "apply.after_commit",
        "orders.after_order",
        "orders.after_items",
        "orders.after_stock",
        "orders.after_cart",
        "capture.after_sent_mark",
        "capture.after_answer",
        "cancel.after_sent_mark",
        "cancel.after_answer",
        "refund.after_intent",
        "refund.after_sent_mark",
        "refund.after_answer",
        "refund.after_outcome",
        "invoice.inside",
        "invoice.after_commit",
        "outbox.after_claim",
        "outbox.after_send",
        "return.after_store",
        "consultation.under_lock",
        "consultation.after_invoice",
        "consultation.before_commit",
        "consultation.after_final",
        "batch.after_start",
        "batch.after_step",
        "batch.inside_intent",
        "batch.after_item",
        "batch.after_paid",
        "daily.inside",
        "bulk.after_order",
        "bulk.inside",
        "bulk.after_orders",
        "bulk.inside_intent",
        "bulk.after_giving_up",
        "instalments.after_paid",
        "instalments.after_orders",
        "prompt.after_invoice",
        "prompt.inside_intent",
        "prompt.after_paid",
        "prompt.before_use",
        "prompt.inside_use",
        "prompt.after_asking",
    }
)

_armed: Callable[[str], None] | None = None


def fp(name: str) -> None:
    """Pass a named place; does nothing unless a harness is armed."""
    if _armed is not None:
        _armed(name)


def arm(stop: Callable[[str], None] | None) -> None:
    """Let a harness be told of every place passed; None disarms."""
    global _armed  # noqa: PLW0603 - one harness per process, never in normal use
    _armed = stop
