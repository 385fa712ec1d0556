"""In training, as the application puts it together: the sample clinic's fee through Stripe's own page, to the end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tillgate.app.bootstrap import Shop, open_shop
from tillgate.app.demo_people import CASHIER, MANAGER
from tillgate.app.profile import Profile
from tillgate.app.sample import prepare_training
from tillgate.domain.consultation import ConsultationState, new_key
from tillgate.domain.payment import Mode, PaymentState
from tillgate.domain.staff import Actor
from tillgate.services.book_checks import check_books
from tillgate.services.consultation_figures import load_press_figures
from tillgate.services.consultation_lists import load_consultation
from tillgate.services.consultations import PayConsultation, PressKind, Why, pay
from tillgate.services.refunds import request_refund, settle_refunds
from tillgate.services.settle import check_now
from tillgate.services.sign_in import sign_in


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = open_shop(Profile(Mode.TRAINING, tmp_path))
    prepare_training(opened)
    yield opened
    opened.close()


def actor(shop: Shop, name: str, pin: str) -> Actor:
    return sign_in(shop.till, shop.pins, name, pin).actor


def test_the_documents_consultation_is_paid_once_and_given_back(shop: Shop) -> None:
    till, cashier = shop.till, actor(shop, CASHIER.name, CASHIER.pin)
    before = load_consultation(till, cashier, 5)
    key = new_key(till.clock.now())
    press = PayConsultation(key, 5, before.visit.consultation.patient_id, before.assessed.due)
    first, again = pay(till, cashier, press), pay(till, cashier, press)
    assert (first.kind, again.kind, again.why) == (PressKind.NEW, PressKind.EXISTING, Why.REPLAY)
    assert first.payment == again.payment
    assert first.payment.url is not None
    assert load_consultation(till, cashier, 5).active == first.payment
    assert shop.sandbox is not None
    shop.sandbox.card_holder.pay_session(first.payment.url.rsplit("/", 1)[-1])
    assert check_now(till, cashier, first.payment.id).state is PaymentState.CAPTURED
    paid = load_consultation(till, cashier, 5)
    assert paid.visit.consultation.state is ConsultationState.PAID
    assert paid.invoice is not None
    assert paid.invoice.state == "final"
    assert paid.invoice.number.endswith(f"-{first.payment.id:06d}")
    manager = actor(shop, MANAGER.name, MANAGER.pin)
    request_refund(till, manager, first.payment.id, paid.invoice.total, "the doctor was ill")
    settle_refunds(till)
    back = load_consultation(till, manager, 5)
    assert (back.visit.consultation.state, len(back.credit_notes)) == (ConsultationState.REFUNDED, 1)
    assert check_books(till, manager).ok
    today = till.store_day(till.clock.now())
    assert load_press_figures(till, manager, today - timedelta(days=1), today).replay_percent == 50
