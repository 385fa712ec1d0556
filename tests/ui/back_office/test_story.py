"""The story of a payment: every event that the services audit about one is told in words, with its values."""

from __future__ import annotations

import ast

from tests.factories.history import Shop, live_through
from tests.rules.source import PACKAGE, sources
from tests.ui.back_office.conftest import OpenOffice
from tillgate.domain.payment import PaymentState
from tillgate.services.payment_details import load_details
from tillgate.services.payment_views import StoryEvent
from tillgate.ui.screens.payments.story import EVENTS, MOVED, story_lines

AREAS = ("payment.", "verification.", "order.", "orders.", "invoice.", "refund.", "exception.", "outbox.")


def audited() -> set[str]:
    """The names of all events of these areas that are recorded anywhere."""
    found = set()
    for source in sources(f"{PACKAGE}/services"):
        for name, call in source.calls():
            if name.endswith(".record") and call.args and isinstance(call.args[0], ast.Constant):
                found.add(str(call.args[0].value))
    return {event for event in found if event.startswith(AREAS)}


def test_every_audited_event_has_words() -> None:
    events = audited()
    assert {"payment.created", "refund.done", "outbox.parked"} <= events
    assert events - set(EVENTS) == {"payment.moved"}
    assert set(MOVED) == set(PaymentState) - {PaymentState.CREATED}


def test_a_day_with_everything_is_told_without_a_gap(office: OpenOffice, shop: Shop) -> None:
    live_through(shop, 1, sales=3)
    window = office(shop.manager)
    told: set[str] = set()
    for payment_id in shop.ids.values():
        details = load_details(shop.till, shop.manager, payment_id)
        lines = story_lines(window.office, details)
        assert lines
        assert [line.at for line in lines] == sorted((line.at for line in lines), reverse=True)
        for line in lines:
            assert "…" not in line.text, line
            assert "{" not in line.text, line
        told |= {event.event for event in details.events}
    assert {"payment.money", "refund.failed", "exception.opened", "outbox.done"} <= told


def test_nothing_in_an_event_breaks_the_story(office: OpenOffice, shop: Shop) -> None:
    paid = shop.sell()
    details = load_details(shop.till, shop.manager, paid.id)
    odd: list[dict[str, object]] = [
        {},
        {"amount": "ten", "currency": 5, "faults": "amount", "items": None, "outcome": None, "verdict": []},
        {"amount": 5, "currency": "rupees", "kind": "nothing", "action": 7, "what": ":::", "target": "NOWHERE"},
    ]
    events = tuple(
        StoryEvent(shop.clock.now(), "staff:999", event, data)
        for event in (*EVENTS, "payment.moved", "never.heard")
        for data in odd
    )
    changed = type(details)(**{name: getattr(details, name) for name in details.__slots__} | {"events": events})
    lines = story_lines(office(shop.manager).office, changed)
    assert all(line.text for line in lines)
