"""Consultations in the crash tests: what people do with a fee, and what must hold once a killed till has settled."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final, Protocol

from sqlalchemy import select

from tests.crash.shop import Shop
from tillgate.domain.consultation import ConsultationInvoiceState, ConsultationState, new_key
from tillgate.domain.money import Money
from tillgate.domain.payment import Fulfilment, Purpose, RefundState
from tillgate.services.consultation_edits import ConsultationDraft, record_consultation
from tillgate.services.consultations import PayConsultation, pay
from tillgate.store.models import consultation

TABLES: Final = ("consultation", "consultation_invoice", "tax_record", "consultation_credit_note")
_FEE: Final = Money(500_000, "INR")


class Books(Protocol):
    """Every row of ours by table."""

    rows: dict[str, list[Any]]


def press_for_a_new_fee(shop: Shop) -> int:
    """A fee is written down and pressed for: twice with one key, and once from another panel. The payment's number."""
    now = shop.clock.now()
    draft = ConsultationDraft(shop.practitioner_id, shop.patient_id, _FEE, now - timedelta(hours=1))
    here = record_consultation(shop.till, shop.cashier, draft)
    press = PayConsultation(new_key(now), here.id, here.patient_id, _FEE, "razorpay", "link")
    presses = (press, press, replace(press, key=new_key(now)))
    numbers = {pay(shop.till, shop.cashier, each).payment.id for each in presses}
    assert len(numbers) == 1, f"one fee was put up as {numbers}"
    return numbers.pop()


def press_again(shop: Shop) -> None:
    """After a restart the cashier opens every open fee and presses Pay, with a key that nobody has seen."""
    with shop.till.db.read() as connection:
        query = select(consultation.c.id, consultation.c.patient_id)
        rows = connection.execute(query.where(consultation.c.state == ConsultationState.OPEN)).all()
    for row in rows:
        press = PayConsultation(new_key(shop.clock.now()), row.id, row.patient_id, _FEE, "razorpay", "link")
        pay(shop.till, shop.cashier, press)


def fees_are_charged_once(story: Books) -> Iterator[str]:
    """Of a fee's payments one was used at most, with its taxes and one invoice that stands, and nothing half made."""
    invoices: dict[int, list[Any]] = defaultdict(list)
    for each in story.rows["consultation_invoice"]:
        invoices[each.payment_id].append(each)
    taxes = Counter(each.payment_id for each in story.rows["tax_record"])
    things = {each.payment_id: each.thing_id for each in story.rows["allocation"]}
    used: Counter[int] = Counter()
    for each in story.rows["payment"]:
        if each.purpose is not Purpose.CONSULTATION:
            continue
        standing = [one.state for one in invoices[each.id] if one.state is not ConsultationInvoiceState.VOID]
        done = each.fulfilment is Fulfilment.DONE
        used[things[each.id]] += done
        if taxes[each.id] != 2 or not invoices[each.id]:
            yield f"payment {each.id} has {taxes[each.id]} taxes and {len(invoices[each.id])} invoices"
        if standing != ([ConsultationInvoiceState.FINAL] if done else []):
            yield f"payment {each.id} is {each.state}, {each.fulfilment}; its invoices are {standing}"
    yield from (f"consultation {number} was used {count} times" for number, count in used.items() if count > 1)
    for each in story.rows["consultation"]:
        settled = each.state in (ConsultationState.PAID, ConsultationState.REFUNDED)
        if settled != bool(used[each.id]) or settled != (each.payment_id is not None):
            yield f"consultation {each.id} is {each.state} with {used[each.id]} payments"


def credit_notes_are_the_refunds(story: Books) -> Iterator[str]:
    """A note for each refund of a final invoice, of its amount."""
    final = {each.payment_id: each.id for each in story.rows["consultation_invoice"] if each.finalized_at}
    main = {each.id for each in story.rows["capture"] if each.main}
    wanted = Counter(
        (each.id, final[each.payment_id], each.amount_minor)
        for each in story.rows["refund"]
        if each.state is RefundState.DONE and each.payment_id in final and each.capture_id in main
    )
    notes = story.rows["consultation_credit_note"]
    found = Counter((each.refund_id, each.invoice_id, each.amount_minor) for each in notes)
    yield from (f"missing: {each}" for each in wanted - found)
    yield from (f"for nothing: {each}" for each in found - wanted)
