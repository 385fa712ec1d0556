"""One invoice per order, to the minor unit, without gaps in the numbers, whatever happens in between."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from sqlalchemy import Engine, insert, literal, select, text, update
from sqlalchemy.exc import DBAPIError

from tests.factories.clock import FakeClock
from tests.factories.sold import BOOK, CAMERA, CARD, LIGHT, THREE_VENDORS, Item, sold
from tests.factories.tills import audit_rows, make_till, second_engine
from tillgate import failpoints
from tillgate.domain.errors import Bug, NotFound
from tillgate.domain.orders import InvoiceState, LineType
from tillgate.domain.payment import Mode
from tillgate.domain.settings import Settings
from tillgate.domain.staff import Actor
from tillgate.printing import pdf
from tillgate.services.invoices import find_invoice, list_invoices, list_lines, make_due, make_invoice, make_invoices
from tillgate.services.outbox import load_work
from tillgate.services.papers import invoice_document, list_orders, receipt_document, render_invoice, render_receipt
from tillgate.services.till import Till
from tillgate.store.models import metric, number_series, sales_invoice, sales_invoice_line, sales_order, vendor
from tillgate.store.outbox_rows import enqueue


def numbers(till: Till) -> list[str]:
    with till.db.read() as reading:
        return [row.number for row in reading.execute(select(sales_invoice).order_by(sales_invoice.c.id))]


def made(till: Till, payment_id: int) -> tuple[int, ...]:
    return till.db.transact(till.system, lambda uow: make_invoices(uow, till, payment_id))


def test_every_order_of_a_payment_gets_one_final_invoice_that_sums_to_it(till: Till) -> None:
    payment, orders = sold(till)
    ids = made(till, payment.id)
    with till.db.read() as reading:
        summaries = list_orders(reading, payment.id)
        invoices = list_invoices(reading, payment.id)
        lines = [list_lines(reading, invoice) for invoice in invoices]
    assert [invoice.id for invoice in invoices] == list(ids)
    assert [invoice.order_id for invoice in invoices] == orders
    assert {invoice.payment_id for invoice in invoices} == {payment.id}
    assert [invoice.number for invoice in invoices] == ["TRN-T1-000001", "TRN-T1-000002", "TRN-T1-000003"]
    assert {invoice.state for invoice in invoices} == {InvoiceState.FINALIZED}
    assert all(invoice.finalized_at is not None for invoice in invoices)
    for invoice, order, listed in zip(invoices, summaries, lines, strict=True):
        assert sum(line.total.minor for line in listed) == invoice.total_minor == order.total.minor
        assert all(line.unit_price * line.quantity == line.total for line in listed)
        assert order.invoice_number == invoice.number
    assert sum(invoice.total_minor for invoice in invoices) == payment.amount_minor
    assert [(line.type, line.description, line.quantity, line.total.minor) for line in lines[0]] == [
        (LineType.RENTAL, "Sony A7 IV body, 21 Nov 2026 to 23 Nov 2026", 1, 450_000),
        (LineType.SALE, "SD card 128 GB", 2, 379_800),
        (LineType.DEPOSIT, "Deposit: Sony A7 IV body", 1, 2_000_000),
        (LineType.FEE, "Service fee", 1, 4_900),
        (LineType.TAX, "GST 18%", 1, CAMERA.tax_minor + CARD.tax_minor),
    ]
    assert lines[1][0].description == "Godox light, 21 Nov 2026"
    assert lines[1][-1].description == "GST 12%"
    assert [line.type for line in lines[2]] == [LineType.SALE, LineType.SALE, LineType.FEE, LineType.TAX]


@pytest.mark.parametrize(
    ("name", "listed"), [("GST 18%", "GST 18%"), ("GST 5%", "GST 5% 18%"), ("GST", "GST 18%"), ("", "Tax 18%")]
)
def test_a_tax_is_listed_with_its_rate_once(till: Till, name: str, listed: str) -> None:
    payment, _ = sold(till, ((replace(CARD, tax_name=name),),))
    made(till, payment.id)
    with till.db.read() as reading:
        [invoice] = list_invoices(reading, payment.id)
        assert [line.description for line in list_lines(reading, invoice) if line.type is LineType.TAX] == [listed]


def test_making_them_again_changes_nothing(till: Till) -> None:
    payment, orders = sold(till)
    first = made(till, payment.id)
    assert made(till, payment.id) == first
    assert tuple(make_invoice(till, order) for order in orders) == first
    created = [entry for entry in audit_rows(till) if entry[1] == "invoice.created"]
    assert [entry[3]["invoice"] for entry in created] == numbers(till) == [f"TRN-T1-{n:06d}" for n in (1, 2, 3)]
    assert {entry[2] for entry in created} == {f"payment:{payment.id}"}
    with till.db.read() as reading:
        measured = reading.execute(select(metric).where(metric.c.name == "invoice")).one()
    assert (measured.label, measured._mapping["count"]) == ("sales", 1)


def test_one_order_alone_and_the_rest_later(till: Till) -> None:
    payment, orders = sold(till)
    middle = make_invoice(till, orders[1])
    ids = made(till, payment.id)
    assert ids[1] == middle
    with till.db.read() as reading:
        found = find_invoice(reading, orders[1])
        assert found is not None
        assert found.number == "TRN-T1-000001"
        assert find_invoice(reading, 10_000) is None
    with pytest.raises(NotFound, match="order_unknown"):
        make_invoice(till, 10_000)


@pytest.mark.parametrize(("mode", "prefix"), [(Mode.LIVE, "INV"), (Mode.TEST, "TST"), (Mode.TRAINING, "TRN")])
def test_each_till_and_mode_has_its_own_series(engine: Engine, clock: FakeClock, mode: Mode, prefix: str) -> None:
    first, second = (make_till(engine, clock, till_id=name, mode=mode) for name in ("T1", "T2"))
    for till in (first, second, first):
        payment, _ = sold(till, ((CARD,),))
        made(till, payment.id)
    assert numbers(first) == [f"{prefix}-T1-000001", f"{prefix}-T2-000001", f"{prefix}-T1-000002"]


def test_lines_that_do_not_sum_to_the_order_take_no_number_and_hold_up_no_other(till: Till) -> None:
    payment, orders = sold(till)
    broken, good = sold(till, ((CARD,), (BOOK,)))
    with till.db.write(till.system) as uow:
        uow.execute(text(_UNGUARDED if till.db.is_sqlite else f"{_UNGUARDED} ON sales_order"))
        wrong = update(sales_order).where(sales_order.c.id == good[0])
        uow.execute(wrong.values(total_minor=sales_order.c.total_minor + 1))
        enqueue(uow, "invoice", f"invoices:{broken.id}", {"payment_id": broken.id}, payment_id=broken.id)
    with pytest.raises(Bug, match="invoice_sum_mismatch"):
        made(till, broken.id)
    assert numbers(till) == []
    with till.db.read() as reading:
        row = load_work(reading, 1)
    with pytest.raises(Bug, match="invoice_sum_mismatch"):
        make_due(till, row)
    with till.db.read() as reading:
        assert find_invoice(reading, good[0]) is None
        assert find_invoice(reading, good[1]) is not None
    made(till, payment.id)
    assert numbers(till) == [f"TRN-T1-{n:06d}" for n in range(1, 5)]
    assert orders


_UNGUARDED = "DROP TRIGGER guard_sales_order_update_frozen"


class Killed(Exception):
    """The process ends here."""


@pytest.mark.parametrize("place", ["invoice.inside", "invoice.after_commit"])
def test_a_kill_leaves_all_or_nothing_and_no_gap(till: Till, place: str) -> None:
    payment, orders = sold(till)

    def stop(name: str) -> None:
        if name == place:
            raise Killed

    failpoints.arm(stop)
    try:
        with pytest.raises(Killed):
            make_invoice(till, orders[0])
    finally:
        failpoints.arm(None)
    assert len(numbers(till)) == (place == "invoice.after_commit")
    made(till, payment.id)
    assert numbers(till) == ["TRN-T1-000001", "TRN-T1-000002", "TRN-T1-000003"]


def test_two_tills_that_want_the_same_invoices_make_them_once(till: Till, clock: FakeClock) -> None:
    payments = [sold(till)[0].id for _ in range(4)]
    engine = second_engine(till.db.engine)
    other = make_till(engine, clock, till_id="T2")
    answers: dict[str, list[tuple[int, ...]]] = {"T1": [], "T2": []}
    barrier = threading.Barrier(2)

    def work(mine: Till) -> None:
        barrier.wait()
        answers[mine.id] = [made(mine, payment) for payment in payments]

    threads = [threading.Thread(target=work, args=(each,)) for each in (till, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    engine.dispose()
    assert answers["T1"] == answers["T2"]
    found = numbers(till)
    assert len(found) == len(set(found)) == 12
    for name in ("T1", "T2"):
        mine = [number for number in found if number.startswith(f"TRN-{name}")]
        assert sorted(mine) == [f"TRN-{name}-{n:06d}" for n in range(1, len(mine) + 1)]


_COPIED = ("order_id", "payment_id", "vendor_id", "state", "currency", "total_minor", "letterhead", "created_at")


def test_the_database_holds_what_is_final(till: Till) -> None:
    payment, _ = sold(till, ((CARD,),))
    (invoice_id,) = made(till, payment.id)
    for statement in (
        update(sales_invoice).values(total_minor=1),
        update(sales_invoice).values(letterhead="{}"),
        update(sales_invoice).values(state=InvoiceState.DRAFT),
        update(sales_invoice_line).values(total_minor=1),
        update(sales_invoice_line).values(description="other"),
        sales_invoice.delete(),
        sales_invoice_line.delete(),
    ):
        with pytest.raises(DBAPIError), till.db.write(till.system) as uow:
            uow.execute(statement)
    with pytest.raises(DBAPIError), till.db.write(till.system) as uow:
        copied = select(*(sales_invoice.c[name] for name in _COPIED)).add_columns(literal("TRN-T1-000099"))
        uow.execute(insert(sales_invoice).from_select([*_COPIED, "number"], copied))
    assert invoice_id


def test_a_paper_made_again_says_what_the_first_one_said(till: Till, cashier: Actor, clock: FakeClock) -> None:
    named = replace(till, settings=lambda: Settings({"store.name": "Nilgiri Camera House"}))
    payment, _ = sold(named)
    ids = made(named, payment.id)
    first = render_invoice(named, cashier, pdf, ids[0])
    with named.db.write(named.system) as uow:
        uow.execute(update(vendor).values(name="Moved and renamed", address="Elsewhere", brand_color="#000000"))
    clock.advance(3600)
    renamed = replace(
        till, settings=lambda: Settings({"store.name": "Other", "store.zone": "UTC", "store.language": "en"})
    )
    assert render_invoice(renamed, cashier, pdf, ids[0]) == first
    with renamed.db.read() as reading:
        document = invoice_document(reading, ids[0])
    assert (document.store_name, document.vendor.name) == ("Nilgiri Camera House", "Vendor 1 & Sons")
    assert (document.customer.name, document.payment_id, document.mode) == ("Asha Rao", payment.id, Mode.TRAINING)
    assert document.paid.provider == "razorpay"
    assert document.paid.reference.startswith("pay_")
    assert sum(line.total.minor for line in document.lines) == document.total.minor


def test_a_receipt_shows_all_orders_with_or_without_their_invoices(till: Till, cashier: Actor) -> None:
    payment, _ = sold(till, approved=False)
    with till.db.read() as reading:
        before = receipt_document(till, reading, payment.id)
    made(till, payment.id)
    with till.db.read() as reading:
        after = receipt_document(till, reading, payment.id, copy=True)
    assert [order.invoice_number for order in before.orders] == [None] * 3
    assert [order.invoice_number for order in after.orders] == [f"TRN-T1-{n:06d}" for n in (1, 2, 3)]
    assert sum(order.total.minor for order in after.orders) == after.total.minor == payment.amount_minor
    assert (before.copy, after.copy) == (False, True)
    assert after.orders[0].lines[0].start_on == CAMERA.first
    assert render_receipt(till, cashier, pdf, payment.id).startswith(b"%PDF")


def test_ten_invoices_of_one_payment_have_all_their_lines_and_ten_numbers(till: Till) -> None:
    payment, _ = sold(till, THREE_VENDORS + tuple((Item(f"Thing {n}", 1, 100), LIGHT) for n in range(7)))
    ids = made(till, payment.id)
    with till.db.read() as reading:
        lines = reading.execute(select(sales_invoice_line.c.invoice_id, sales_invoice_line.c.position)).all()
        assert {row.invoice_id for row in lines} == set(ids)
        assert len(ids) == 10
        for invoice in ids:
            positions = sorted(row.position for row in lines if row.invoice_id == invoice)
            assert positions == list(range(1, len(positions) + 1))
        assert reading.execute(select(number_series.c.next)).scalar_one() == 11
