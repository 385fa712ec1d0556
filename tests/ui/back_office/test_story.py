"""The story of a payment: every event that the services audit about one is told in words, with its values."""

from __future__ import annotations

import ast
from dataclasses import replace

import pytest

from tests.factories.history import Shop, live_through
from tests.factories.postman import Postman
from tests.rules.source import PACKAGE, sources
from tests.ui.back_office.conftest import OpenOffice
from tests.ui.pages.back_office_panes import PaymentPage
from tillgate.domain.payment import PaymentState
from tillgate.services.invoices import make_due
from tillgate.services.link_notices import OVER, UNSURE
from tillgate.services.notices import NO_ADDRESS, MailWork
from tillgate.services.order_mails import WITHDRAWN
from tillgate.services.outbox import run_due
from tillgate.services.payment_details import load_details
from tillgate.services.payment_views import StoryEvent
from tillgate.services.refunds import settle_refunds
from tillgate.ui.screens.payments.story import EVENTS, MOVED, story_lines
from tillgate.ui.widgets.status_badge import StatusBadge

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


def test_a_mail_that_nobody_got_is_told_as_not_sent(office: OpenOffice, shop: Shop) -> None:
    """A walk-in has no address, and the office none yet."""
    paid = shop.pay(shop.begin(known=False))
    shop.refund(paid, paid.amount_minor, "broken")
    settle_refunds(shop.till)
    postman = Postman()
    run_due(shop.till, {"invoice": make_due, "mail": MailWork(postman, postman)}, limit=500)
    assert not [each for each in postman.sent if "refund" in each.subject.lower()]
    page = PaymentPage(office(shop.manager), paid.id)
    titles = "New orders to the office, “Your refund is done” to the customer"
    assert f"Not sent, as there is no address: {titles}." in page.story
    assert [text for text in page.story if "refund is done" in text and "no address" not in text] == []
    badges = [each.accessibleName() for each in page.one.findChildren(StatusBadge)]
    assert badges.count("Done") == 1, "the invoices were made"
    assert badges.count("Not sent") >= 2


@pytest.mark.parametrize(
    ("note", "one", "several"),
    [
        ("", "{0}: done.", "Done: {0}, {1}."),
        (NO_ADDRESS, "{0}: not sent, as there is no address.", "Not sent, as there is no address: {0}, {1}."),
        *(
            (note, "{0}: not sent, as it was not needed any more.", "Not sent, as not needed any more: {0}, {1}.")
            for note in (OVER, WITHDRAWN)
        ),
        (
            UNSURE,
            "{0}: may have gone out, the provider gave no clear answer.",
            "May have gone out, the provider gave no clear answer: {0}, {1}.",
        ),
    ],
)
def test_work_that_ended_alike_is_one_line(office: OpenOffice, shop: Shop, note: str, one: str, several: str) -> None:
    paid = shop.sell()
    details = load_details(shop.till, shop.manager, paid.id)
    titles = ("Receipt to the customer", "Payment link to the customer")

    def told(*work: tuple[str, str]) -> list[str]:
        data = [{"what": f"mail:{template}:1", "note": said} for template, said in work]
        events = tuple(StoryEvent(shop.clock.now(), "till", "outbox.done", dict(each)) for each in data)
        return [line.text for line in story_lines(window.office, replace(details, events=events))]

    window = office(shop.manager)
    assert told(("payment_success", note)) == [one.format(*titles)]
    assert told(("payment_success", note), ("payment_link", note)) == [several.format(*titles)]
    between = told(("payment_success", note), ("new_order", "other"), ("payment_link", note))
    assert len(between) == (2 if note else 1)


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
