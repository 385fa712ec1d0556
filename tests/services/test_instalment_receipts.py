"""What a customer takes along from instalments and top-ups: which days were paid, how, and what was left then."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from pypdf import PdfReader
from sqlalchemy import Engine

from tests.factories.clock import FakeClock
from tests.factories.instalments import AIRPODS, Bazaar, inr, open_bazaar
from tests.factories.tills import make_till
from tillgate.domain.documents import InstalmentsPaid, ReceiptDocument
from tillgate.domain.errors import Refused
from tillgate.domain.instalments import ItemAsk
from tillgate.domain.wallet import WALLET
from tillgate.i18n import words_of
from tillgate.printing import pdf
from tillgate.services.daily_collections import Collect, CollectOrder, collect, new_collection_key, quote_collection
from tillgate.services.papers import receipt_document, render_receipt
from tillgate.services.payment_details import load_details
from tillgate.services.payment_views import read_view
from tillgate.services.records import PaymentRecord
from tillgate.services.refunds import request_refund
from tillgate.services.settle import check_now
from tillgate.services.wallets import TopUp, new_wallet_key, top_up


@pytest.fixture
def stall(sqlite_only: Engine) -> Bazaar:
    return open_bazaar(make_till(sqlite_only, FakeClock()))


def collected(stall: Bazaar, *orders: CollectOrder, provider: str = WALLET) -> PaymentRecord:
    quote = quote_collection(stall.till, stall.cashier, orders)
    press = Collect(new_collection_key(), orders, quote.amount, provider)
    return came(stall, collect(stall.till, stall.cashier, press).payment)


def came(stall: Bazaar, payment: PaymentRecord) -> PaymentRecord:
    with stall.till.db.read() as connection:
        attempt = read_view(connection, payment.id).attempt
    if attempt is not None:
        stall.provider.pay(attempt.reference)
        check_now(stall.till, stall.cashier, payment.id)
    return payment


def receipt(stall: Bazaar, payment: PaymentRecord) -> ReceiptDocument:
    with stall.till.db.read() as connection:
        return receipt_document(stall.till, connection, payment.id)


def days(order: InstalmentsPaid) -> list[tuple[int, int, int]]:
    return [(run.first, run.last, run.amount.minor // 100) for run in order.days]


def test_a_receipt_says_which_days_were_paid_and_what_was_left_then(stall: Bazaar) -> None:
    placed = stall.paid()
    first = stall.payment(placed)
    today = placed.bulk.day
    told = receipt(stall, first)
    assert [(each.number, each.bulk_number, each.quantity, each.of, each.coupon) for each in told.instalments] == [
        (order.number, placed.bulk.number, order.quantity, order.total_days, code)
        for order, code in zip(placed.orders, ("SAVE10", "", ""), strict=True)
    ]
    assert [days(each) for each in told.instalments] == [[(1, 1, 800)], [(1, 1, 400)], [(1, 1, 100)]]
    assert [each.left for each in told.instalments] == [inr(79_200), inr(79_600), inr(4_900)]
    assert {each.next_on for each in told.instalments} == {today + timedelta(days=1)}
    assert (told.total, told.customer.name, told.paid.provider) == (inr(1_300), "John Doe", "razorpay")
    assert told.paid.reference and told.wallet is None
    assert told.lookup == placed.orders[0].number

    # Paid ahead from the wallet: nothing of it is on the receipt that was given before.
    stall.fill_wallet(inr(6_000))
    stall.clock.advance(60)
    phone, _mac, pods = (order.id for order in placed.orders)
    ahead = collected(stall, CollectOrder(phone, 2), CollectOrder(pods, 1))
    assert receipt(stall, first) == told
    more = receipt(stall, ahead)
    assert [days(each) for each in more.instalments] == [[(2, 3, 1_600)], [(2, 2, 100)]]
    assert more.instalments[0].days[0].last_on == today + timedelta(days=2)
    assert (more.instalments[0].left, more.wallet) == (inr(77_600), inr(4_300))

    assert load_details(stall.till, stall.cashier, ahead.id).has_receipt

    # The first day of an order is given back, so that it is paid again with the days behind the others: two runs.
    request_refund(stall.till, stall.manager, first.id, inr(1_300), "wrong colour", into_wallet=True)
    with pytest.raises(Refused, match="receipt_nothing_paid"):
        receipt(stall, first)
    assert not load_details(stall.till, stall.cashier, first.id).has_receipt
    again = collected(stall, CollectOrder(pods, 49))
    (only,) = receipt(stall, again).instalments
    assert days(only) == [(1, 1, 100), (3, 50, 4_800)]
    assert (only.left, only.next_on) == (inr(0), None)


@pytest.mark.parametrize("language", ["en", "id"])
def test_the_paper_says_it_in_the_language_of_the_store(stall: Bazaar, language: str) -> None:
    wanted: tuple[str, ...]
    if language == "en":
        begun = top_up(
            stall.till, stall.cashier, TopUp(new_wallet_key(), stall.customer_id, inr(750), "razorpay", "order")
        )
        with pytest.raises(Refused, match="receipt_nothing_paid"):
            receipt(stall, begun.payment)
        payment, wanted = (
            came(stall, begun.payment),
            ("Top-up of the wallet", "₹750.00", "In the wallet now", "Razorpay"),
        )
        assert receipt(stall, payment).lookup == receipt(stall, payment).paid.reference != ""
    else:
        stall.fill_wallet(inr(200))
        placed = stall.place_from_wallet(ItemAsk(AIRPODS, 50, 1))
        payment = stall.payment(placed)
        tr = words_of(language).tr
        wanted = (
            tr("Instalment {number} of {of}", number=1, of=50), tr("Left to pay"), placed.orders[0].number,
            placed.bulk.number, "AirPods Pro", "John Doe", tr("Wallet"), tr("In the wallet now"), "4.900",
        )  # fmt: skip
    document = receipt(stall, payment)
    content = render_receipt(stall.till, stall.cashier, pdf, payment.id)
    if language != "en":
        content = pdf.receipt_pdf(document, language)
    said = " ".join(PdfReader(io.BytesIO(content)).pages[0].extract_text().split())
    for each in wanted:
        assert each in said, each
