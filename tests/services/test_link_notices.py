"""The payment link sent to whoever pays: by mail or by the provider's text, seldom, never once it is over."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.factories.clock import FakeClock
from tests.factories.payments import Desk
from tests.factories.postman import Page, Postman
from tillgate.domain.errors import Refused
from tillgate.domain.money import Money
from tillgate.domain.settings import Settings
from tillgate.formats import format_money
from tillgate.i18n import LANGUAGES, words_of
from tillgate.ports import Payer
from tillgate.services.link_notices import MOST, OVER, SPACING, UNSURE, Way, address_of, send_link, send_text
from tillgate.services.notices import MailWork
from tillgate.services.outbox import OutboxRecord, WorkState, list_work, run_due
from tillgate.services.payment_views import list_story
from tillgate.services.payments import start
from tillgate.services.settle import check_now

ASHA = Payer("Asha Rao", "asha@example.com", "+919876543210")


def begun(desk: Desk, payer: Payer = ASHA, *, thing: int = 1, method: str = "link") -> int:
    return start(desk.till, desk.cashier, replace(desk.command(thing=thing, method=method), payer=payer)).payment.id


def run(desk: Desk, postman: Postman) -> None:
    run_due(desk.till, {"mail": MailWork(postman, postman), "text": send_text})


def work_of(desk: Desk, payment_id: int) -> OutboxRecord:
    with desk.till.db.read() as connection:
        return list_work(connection, payment_id)[-1]


def test_the_link_goes_by_mail_and_by_text_and_the_story_says_so(desk: Desk) -> None:
    postman = Postman()
    payment = begun(desk)
    assert send_link(desk.till, desk.cashier, payment, Way.MAIL) == "asha@example.com"
    assert send_link(desk.till, desk.cashier, payment, Way.TEXT) == "+919876543210"
    run(desk, postman)
    url = desk.view(payment).url
    assert url is not None
    (message,) = postman.sent
    assert url in message.text
    assert url in Page(message.html).text
    assert message.subject == f"[TRAINING] Pay {format_money(Money(10_000, 'INR'), 'en')} online"
    assert [verb for verb, _ in desk.provider.sent].count("text") == 1
    told = [event for event in list_story(desk.till, desk.cashier, payment)[0] if event.event == "payment.link_sent"]
    assert [event.data["way"] for event in told] == ["mail", "text"]
    # No address in the audit.
    assert "asha" not in str([event.data for event in told])
    assert desk.view(payment).checking is False


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_the_mail_speaks_every_language(desk: Desk, language: str) -> None:
    postman = Postman()
    desk.till = replace(desk.till, settings=lambda: Settings({"store.language": language, "store.name": "Rang <b>"}))
    send_link(desk.till, desk.cashier, begun(desk), Way.MAIL)
    run(desk, postman)
    (message,) = postman.sent
    assert f'<html lang="{language}">' in message.html
    assert words_of(language).tr("If you have paid already, you need not do anything.") in message.text
    assert "b" not in Page(message.html).tags


def test_it_goes_once_a_minute_and_not_for_ever(desk: Desk, clock: FakeClock) -> None:
    payment = begun(desk)
    for count in range(MOST):
        send_link(desk.till, desk.cashier, payment, Way.MAIL)
        with pytest.raises(Refused, match="link_sent_lately" if count < MOST - 1 else "link_sent_enough") as refused:
            send_link(desk.till, desk.cashier, payment, Way.MAIL)
        if count < MOST - 1:
            assert refused.value.values["wait_s"] == 60
        # The other way has a measure of its own.
        if count == 0:
            send_link(desk.till, desk.cashier, payment, Way.TEXT)
        clock.advance(SPACING.total_seconds())
    with pytest.raises(Refused, match="link_sent_enough"):
        send_link(desk.till, desk.cashier, payment, Way.MAIL)


def test_what_cannot_be_sent_is_not_offered_and_refused(desk: Desk) -> None:
    silent, on_page, paid = begun(desk, Payer("Nobody")), begun(desk, thing=2, method="order"), begun(desk, thing=3)
    desk.provider.pay(desk.reference(paid))
    check_now(desk.till, desk.cashier, paid)
    for payment, code in ((silent, "link_no_address"), (on_page, "link_not_open"), (paid, "link_not_open")):
        for way in Way:
            assert address_of(desk.till, desk.view(payment), way) == ""
            with pytest.raises(Refused, match=code):
                send_link(desk.till, desk.cashier, payment, way)
    desk.till = replace(desk.till, providers={})
    assert address_of(desk.till, desk.view(begun_before(desk)), Way.TEXT) == ""


def begun_before(desk: Desk) -> int:
    with_provider = replace(desk.till, providers={desk.provider.name: desk.provider})
    command = replace(desk.command(thing=9), payer=ASHA)
    return start(with_provider, desk.cashier, command).payment.id


def test_a_link_that_is_over_meanwhile_is_not_sent(desk: Desk) -> None:
    postman = Postman()
    payment = begun(desk)
    for way in Way:
        send_link(desk.till, desk.cashier, payment, way)
    desk.provider.pay(desk.reference(payment))
    check_now(desk.till, desk.cashier, payment)
    run(desk, postman)
    assert postman.sent == []
    assert "text" not in [verb for verb, _ in desk.provider.sent]
    assert work_of(desk, payment).message == OVER


@pytest.mark.parametrize(
    ("fault", "state", "said"),
    [
        ("declined", WorkState.PARKED, "link_text_refused"),
        ("not_sent", WorkState.WAITING, "provider_off"),
        ("rate_limited", WorkState.WAITING, "rate_limited"),
        ("+unknown", WorkState.DONE, UNSURE),
    ],
)
def test_how_a_text_ends(desk: Desk, fault: str, state: WorkState, said: str) -> None:
    payment = begun(desk)
    desk.provider.faults["text"] = [fault]
    send_link(desk.till, desk.cashier, payment, Way.TEXT)
    run(desk, Postman())
    row = work_of(desk, payment)
    assert row.state(desk.till.clock.now()) is state
    assert said in (row.message or "")
