"""A refund on its way, step by step: what has happened, what is awaited, what stopped."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from PySide6.QtWidgets import QFrame, QGridLayout

from tillgate.domain.errors import Refused
from tillgate.domain.payment import RefundState
from tillgate.i18n import tr
from tillgate.services.payment_views import PaymentView
from tillgate.services.records import RefundRecord
from tillgate.ui.message_text import message_for
from tillgate.ui.screens.checkout.desk import CheckoutDesk
from tillgate.ui.screens.checkout.stage_words import provider_of
from tillgate.ui.widgets.labels import IconLabel, plain_label

_REFUSAL: Final = re.compile(r"([a-z_]+)\((.*)\)", re.DOTALL)
_VALUE: Final = re.compile(r"(\w+)=(.*?)(?=, \w+=|$)", re.DOTALL)


class Mark(StrEnum):
    """How far a step is."""

    DONE = "done"
    NOW = "now"
    LATER = "later"
    STOPPED = "stopped"


_LOOK: Final = {
    Mark.DONE: ("circle-check", "settled", ""),
    Mark.NOW: ("loader-circle", "waiting", ""),
    Mark.LATER: ("circle-dashed", "faint", "muted"),
    Mark.STOPPED: ("triangle-alert", "waiting", "waiting"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One step; `at` where it is known when it happened."""

    text: str
    mark: Mark
    at: datetime | None = None


def refusal_text(reason: str) -> str:
    """Why orders could not be made, from the refusal as the payment keeps it; "" where nothing is known."""
    found = _REFUSAL.fullmatch(reason)
    if found is None:
        return message_for(Refused(reason)).what if reason else ""
    values = dict(_VALUE.findall(found[2]))
    return message_for(Refused(found[1], **values)).what


def steps_of(view: PaymentView, money: str) -> tuple[Step, ...]:
    """The steps of giving the money of a refused sale back."""
    provider = provider_of(view)
    refund = view.refunds[-1] if view.refunds else None
    arrived = Step(tr("{amount} arrived", amount=money), Mark.DONE, view.payment.captured_at)
    if refund is None:
        return (arrived, Step(tr("Refund requested"), Mark.NOW))
    return (
        arrived,
        Step(tr("Refund requested"), Mark.DONE, refund.created_at),
        Step(tr("Taken by {provider}", provider=provider), _taken(refund), refund.sent_at),
        _last(refund, provider),
    )


def _taken(refund: RefundRecord) -> Mark:
    if refund.state is RefundState.FAILED:
        return Mark.STOPPED
    if refund.state in (RefundState.SENT, RefundState.DONE) or refund.provider_ref is not None:
        return Mark.DONE
    return Mark.STOPPED if refund.state is RefundState.PARKED else Mark.NOW


def _last(refund: RefundRecord, provider: str) -> Step:
    match refund.state:
        case RefundState.DONE:
            return Step(tr("The customer has the money back"), Mark.DONE, refund.ended_at)
        case RefundState.FAILED:
            return Step(tr("{provider} refused it; a manager decides on Exceptions", provider=provider), Mark.STOPPED)
        case RefundState.PARKED:
            return Step(tr("No answer for days; a manager decides on Exceptions"), Mark.STOPPED)
        case RefundState.SENT:
            return Step(tr("The bank gives the money back"), Mark.NOW)
        case _:
            return Step(tr("The bank gives the money back"), Mark.LATER)


class StepsView(QFrame):
    """The steps below each other, an icon, the words and the time of each."""

    def __init__(self, desk: CheckoutDesk) -> None:
        super().__init__()
        self._desk = desk
        self._steps: tuple[Step, ...] = ()
        self.setProperty("surface", "sunken")
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(14, 12, 14, 12)
        self._grid.setHorizontalSpacing(10)
        self._grid.setVerticalSpacing(8)
        self._grid.setColumnStretch(1, 1)

    @property
    def steps(self) -> tuple[Step, ...]:
        """What is shown."""
        return self._steps

    def show_steps(self, steps: Sequence[Step]) -> None:
        """Show other steps."""
        if tuple(steps) == self._steps:
            return
        self._steps = tuple(steps)
        while (item := self._grid.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        for row, step in enumerate(self._steps):
            icon, role, tone = _LOOK[step.mark]
            self._grid.addWidget(IconLabel(icon, role), row, 0)
            self._grid.addWidget(plain_label(step.text, tone=tone, wrap=True), row, 1)
            if step.at is not None:
                shown = self._desk.instant(step.at)
                self._grid.addWidget(plain_label(shown, "caption"), row, 2)
        self.setAccessibleName("\n".join(step.text for step in self._steps))
