"""Sums that are kept as invoices change, against a full count; lists that they open; and what stands out."""

from __future__ import annotations

import itertools
import random
import statistics
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError, InternalError

from tests.factories.clock import FakeClock
from tests.factories.prompting import Kiosk, open_kiosk
from tests.factories.tills import make_till
from tillgate.domain.checkout_facts import CheckoutStatus
from tillgate.domain.errors import NotFound, Refused
from tillgate.domain.invoice_checks import Reason
from tillgate.domain.money import Money
from tillgate.domain.payment_invoice import InvoiceStatus
from tillgate.services import invoice_lists
from tillgate.services.book_checks import check_books
from tillgate.services.invoice_cleanup import cleanup_invoices
from tillgate.services.invoice_figures import MOST_WAITS, InvoiceFigures, differences, load_invoice_figures
from tillgate.services.invoice_lists import (
    InvoiceQuery,
    VerificationQuery,
    count_payment_invoices,
    count_verifications,
    find_prompt,
    list_payment_invoices,
    list_verifications,
    payment_invoice_key,
    verification_key,
    view_prompt,
)
from tillgate.services.invoice_radar import Signal, scan_invoices
from tillgate.services.invoice_rows import change_invoice, load_invoice
from tillgate.services.refunds import request_refund, settle_refunds
from tillgate.services.settle import check_now
from tillgate.services.till import Till
from tillgate.store.models import payment_invoice
from tillgate.store.unit_of_work import UnitOfWork

HOUR = timedelta(hours=1)


@pytest.fixture
def kiosk(till: Till) -> Kiosk:
    return open_kiosk(till)


def test_figures_are_a_full_count_whatever_happened(
    kiosk: Kiosk, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Invoices of three days and two cashiers go every way there is; the sums are told without counting them."""
    chance, first = random.Random(5), kiosk.till.store_day(clock.now())
    ways = ["wait", "fail", "pay", "use", "use"]
    came: dict[str, int] = dict.fromkeys(ways, 0)
    for number in range(24):
        way = chance.choice(ways)
        came[way] += 1
        asked = kiosk.ask(phone=f"07{number:08d}")
        clock.advance(way in ("pay", "use") and 7)
        if way == "fail":
            kiosk.provider.end(kiosk.reference(asked.payment.id), CheckoutStatus.FAILED)
        if way in ("pay", "use"):
            kiosk.answer(asked)
        check_now(kiosk.till, kiosk.cashier, asked.payment.id)
        if way == "use":
            kiosk.sell(kiosk.cart(), asked.invoice.number)
        if number % 8 == 7:
            clock.advance(24 * 3_600)
            cleanup_invoices(kiosk.till, _again(kiosk).manager)
    late = kiosk.ask(phone="0111111111")
    clock.advance(31 * 60)
    cleanup_invoices(kiosk.till, kiosk.manager)
    kiosk.answer(late)
    clock.advance(3_600)
    kiosk.settle()
    last = kiosk.till.store_day(clock.now())
    found = load_invoice_figures(kiosk.till, _again(kiosk).manager, first, last, "KES")
    whole = found.whole
    assert {state: each.count for state, each in whole.by_status.items() if each.count} == {
        state: count
        for state, count in {
            InvoiceStatus.EXPIRED: came["wait"], InvoiceStatus.FAILED: came["fail"],
            InvoiceStatus.COMPLETE: came["pay"] + 1, InvoiceStatus.USED: came["use"],
        }.items()
        if count
    }  # fmt: skip
    assert (whole.total, whole.late.count) == (25, 1)
    assert whole.conversion == Fraction(came["pay"] + came["use"] + 1, 25)
    assert [each.median_wait_s for each in (whole, *found.by_provider)] == [7, 7]
    # The late one took an hour and a half, and was alone on its day.
    assert [each.median_wait_s for each in found.by_day] == [7, 7, 7, 5_400]
    long_ago = load_invoice_figures(kiosk.till, kiosk.manager, last - timedelta(days=MOST_WAITS), last, "KES")
    assert [each.median_wait_s for each in (long_ago.whole, *long_ago.by_day)] == [7, *[None] * 4]
    assert {each.key: each.median_wait_s for each in found.by_cashier} == medians_by_cashier(kiosk)
    assert {each.median_wait_s for each in long_ago.by_cashier} == {None}
    assert found.document["total"] == 25
    for parts in (found.by_day, found.by_cashier, found.by_provider):
        assert sum(each.total for each in parts) == 25
        assert sum(each.by_status[InvoiceStatus.USED].expected.minor for each in parts) == came["use"] * 103_200
    with kiosk.till.db.read() as connection:
        assert differences(connection) == []
    for few in (1_000, 0):
        # Few are looked for on their days, many in the order of the list.
        monkeypatch.setattr(invoice_lists, "_FEW", few)
        check_rows(kiosk, found, came["use"])
    nothing = load_invoice_figures(kiosk.till, kiosk.manager, first, last, "USD")
    assert (nothing.whole.total, nothing.whole.conversion, nothing.whole.median_wait_s) == (0, None, None)


def medians_by_cashier(kiosk: Kiosk) -> dict[object, int | None]:
    """Counted from the invoices themselves, to ten minutes where it is more than one."""
    waits: dict[object, list[int]] = {}
    for row in kiosk.rows(payment_invoice):
        took = waits.setdefault(row.created_by, [])
        if row.paid_at is not None:
            seconds = int((row.paid_at - row.created_at).total_seconds())
            took.append(seconds if seconds < 60 else seconds // 600 * 600)
    return {who: statistics.median_low(took) if took else None for who, took in waits.items()}


def test_the_median_of_any_span_is_that_of_its_invoices(kiosk: Kiosk, clock: FakeClock) -> None:
    """Whole months are read from their own sums: each span's median is counted from the invoices themselves."""
    start = kiosk.till.store_day(clock.now())
    waits: list[tuple[date, int]] = []
    for number in range(12):
        clock.advance(8 * 24 * 3_600)
        asked = _again(kiosk).ask(phone=f"07{number:08d}")
        wait = 5 + number * 17 % 40
        clock.advance(wait)
        kiosk.answer(asked)
        check_now(kiosk.till, kiosk.cashier, asked.payment.id)
        waits.append((asked.invoice.day, wait))
    whole_months = [date(2026, 12, 1), date(2027, 1, 31)]
    around = [start, waits[-1][0], *whole_months, *(day + timedelta(days=by) for day in whole_months for by in (-1, 1))]
    manager = _again(kiosk).manager
    for first, last in itertools.combinations(sorted(around), 2):
        found = load_invoice_figures(kiosk.till, manager, first, last, "KES").by_provider
        told = [wait for day, wait in waits if first <= day <= last]
        assert [each.median_wait_s for each in found] == ([statistics.median_low(told)] if told else []), (first, last)


def check_rows(kiosk: Kiosk, found: InvoiceFigures, used_count: int) -> None:
    """Every number opens its rows."""
    for each in found.by_cashier:
        assert isinstance(each.key, int)
        assert count_payment_invoices(kiosk.till, kiosk.manager, InvoiceQuery(staff_id=each.key)) == each.total
    used = InvoiceQuery(states=frozenset({InvoiceStatus.USED}), first=found.first, last=found.last)
    for query, count in (
        (used, used_count),
        (InvoiceQuery(late=True, currency="KES"), 1),
        (InvoiceQuery(late=True, states=used.states), 0),
        (InvoiceQuery(states=frozenset({InvoiceStatus.PENDING})), 0),
        (InvoiceQuery(provider="intasend", first=found.last), found.by_day[-1].total),
        (InvoiceQuery(currency="USD"), 0),
    ):
        assert count_payment_invoices(kiosk.till, kiosk.manager, query) == count
        assert len(list_payment_invoices(kiosk.till, kiosk.manager, query)) == count


OFF = {
    "a figure": ("UPDATE invoice_tally SET amount_minor = amount_minor + 1", "", "invoice_sum", "prompts"),
    "a time to pay": ("UPDATE invoice_wait SET number = number + 1", "", "wait_sum", "prompts"),
    "a month's times to pay": ("UPDATE month_wait SET number = number + 1", "", "wait_sum", "prompts"),
    "a time to pay at a cashier": ("UPDATE cashier_wait SET number = number + 1", "", "wait_sum", "prompts"),
    "what the ledger keeps": (
        "UPDATE ledger_entry SET amount_minor = amount_minor + 1 WHERE account = 'prepaid_invoices' AND id = "
        "(SELECT max(id) FROM ledger_entry WHERE account = 'prepaid_invoices')",
        "guard_ledger_entry_update",
        "prepaid_sum",
        "prompt",
    ),
    "what became of an invoice": (
        "UPDATE payment_invoice SET state = 'USED' WHERE state = 'COMPLETE'",
        "payment_invoice_without_order",
        "prepaid_sum",
        "prompt",
    ),
    "what came": (
        "UPDATE capture SET amount_minor = amount_minor - 1 WHERE id = (SELECT max(id) FROM capture)",
        "guard_capture_update_frozen",
        "prepaid_sum",
        "prompt",
    ),
    "whose money it is": (
        "UPDATE ledger_tx SET payment_id = NULL WHERE kind = 'prepaid' AND id = (SELECT max(id) FROM ledger_tx)",
        "guard_ledger_tx_update",
        "prepaid_sum",
        "account",
    ),
}


@pytest.mark.parametrize("what", OFF)
def test_sums_that_are_off_are_found_by_the_integrity_check(sqlite_only: Engine, clock: FakeClock, what: str) -> None:
    """In a file of the test's own, whose guards may go. One invoice was used, one waits for an order, of one a part
    went back and more is on its way, and one was never paid."""
    kiosk = open_kiosk(make_till(sqlite_only, clock))
    kiosk.sell(kiosk.cart(), kiosk.paid().number)
    kiosk.ask(phone="0711111111")
    for wait, back in ((7, (500, 700)), (95, ())):
        asked = kiosk.ask(phone=f"07222222{wait:02d}")
        clock.advance(wait)
        kiosk.answer(asked)
        paid = check_now(kiosk.till, kiosk.cashier, asked.payment.id)
        for number, minor in enumerate(back):
            request_refund(kiosk.till, kiosk.manager, paid.id, Money(minor, "KES"), "as agreed")
            if number == 0:
                settle_refunds(kiosk.till)
    assert check_books(kiosk.till, kiosk.manager).ok
    statement, guard, code, subject = OFF[what]
    with kiosk.till.db.write(kiosk.till.system) as uow:
        if guard:
            uow.execute(text(f"DROP TRIGGER {guard}"))
        uow.execute(text(statement))
    faults = [each for result in check_books(kiosk.till, kiosk.manager).results for each in result.faults]
    assert (code, subject) in [(each.what, each.subject.partition(":")[0]) for each in faults]


def test_lists_and_the_log_are_paged_by_their_last_row(kiosk: Kiosk) -> None:
    made = [kiosk.ask(phone=f"07120000{number:02d}").invoice for number in range(5)]
    kiosk.clock.advance(60)
    query = InvoiceQuery()
    top = list_payment_invoices(kiosk.till, kiosk.cashier, query, limit=3)
    rest = list_payment_invoices(kiosk.till, kiosk.cashier, query, after=payment_invoice_key(top[-1]))
    assert [row.invoice.id for row in (*top, *rest)] == [each.id for each in reversed(made)]
    assert top[0].phone == "2547••••0004"
    for typed in (made[2].number.lower(), str(made[2].provider_id), "0712 000002", "+254712000002", "00002"):
        (only,) = list_payment_invoices(kiosk.till, kiosk.cashier, InvoiceQuery(typed))
        assert only.invoice.id == made[2].id
        assert count_payment_invoices(kiosk.till, kiosk.cashier, InvoiceQuery(typed)) == 1
    both = InvoiceQuery(ids=(made[0].id, made[4].id))
    assert [row.invoice.id for row in list_payment_invoices(kiosk.till, kiosk.cashier, both)] == [
        made[4].id,
        made[0].id,
    ]
    assert not list_payment_invoices(kiosk.till, kiosk.cashier, InvoiceQuery("002"))
    for _ in range(2):
        kiosk.verify(made[0].number)
    newest, older = list_verifications(kiosk.till, kiosk.cashier, invoice_id=made[0].id)
    assert newest.number == made[0].number
    (again,) = list_verifications(kiosk.till, kiosk.cashier, after=verification_key(newest))
    assert again == older
    failed = VerificationQuery(staff_id=kiosk.cashier.staff_id, good=False, since=newest.verified_at)
    assert list_verifications(kiosk.till, kiosk.cashier, failed) == [newest, older]
    assert count_verifications(kiosk.till, kiosk.cashier, failed) == 2
    today = kiosk.till.store_day(kiosk.clock.now())
    assert count_verifications(kiosk.till, kiosk.cashier, replace(failed, first=today, last=today)) == 2
    assert count_verifications(kiosk.till, kiosk.cashier, replace(failed, text=str(made[0].provider_id))) == 2
    for other in (
        replace(failed, staff_id=kiosk.manager.staff_id),
        replace(failed, until=kiosk.clock.now() - HOUR),
        replace(failed, good=True),
        replace(failed, reason=Reason.EXPIRED),
        replace(failed, text=made[1].number),
        replace(failed, last=today - 24 * HOUR),
    ):
        assert list_verifications(kiosk.till, kiosk.cashier, other) == []
    seen = find_prompt(kiosk.till, kiosk.cashier, made[0].number)
    assert (seen.settled, seen.checking, seen.paid) == (False, False, None)
    assert view_prompt(kiosk.till, kiosk.cashier, made[0].id) == seen
    with pytest.raises(NotFound, match="payment_invoice_unknown"):
        find_prompt(kiosk.till, kiosk.cashier, "PI-NOBODYS")


def test_the_radar_names_what_stands_out_and_nothing_else(kiosk: Kiosk, clock: FakeClock) -> None:
    begun = clock.now()
    used = kiosk.paid()
    kiosk.sell(kiosk.cart(), used.number)
    assert scan_invoices(kiosk.till, kiosk.manager, begun) == ()
    # The same phone for the same amount once more, minutes later; and later still, when it is nothing to look at.
    clock.advance(9 * 60)
    twin = kiosk.paid()
    for _ in range(5):
        kiosk.verify(used.number)
    clock.advance(10 * 60 + 1)
    kiosk.paid()
    clock.advance(3_600)
    cleanup_invoices(kiosk.till, kiosk.manager)
    every = scan_invoices(kiosk.till, kiosk.manager, begun)
    over = [each.invoice_ids[0] for each in every if each.signal is Signal.EXPIRED_PAID]
    rows = list_payment_invoices(kiosk.till, kiosk.manager, InvoiceQuery(over=True))
    assert sorted(over) == sorted(row.invoice.id for row in rows)
    found = {each.signal: each for each in every}
    assert found.keys() == set(Signal)
    assert found[Signal.ALIKE].invoice_ids == (used.id, twin.id)
    assert (found[Signal.USED_AGAIN].numbers, found[Signal.USED_AGAIN].count) == ((used.number,), 5)
    assert found[Signal.MANY_FAILURES].staff_id == kiosk.cashier.staff_id
    assert found[Signal.EXPIRED_PAID].phone == "2547••••5678"
    assert scan_invoices(kiosk.till, kiosk.manager, clock.now() + timedelta(seconds=1)) == ()
    assert scan_invoices(kiosk.till, kiosk.manager, begun, begun) == ()


def test_the_database_keeps_complete_for_money_and_used_for_orders(kiosk: Kiosk) -> None:
    """Whatever the code above it does."""
    open_one, paid = kiosk.ask(phone="0799999999").invoice, kiosk.paid()
    for number, state in ((open_one.id, InvoiceStatus.COMPLETE), (paid.id, InvoiceStatus.USED)):
        with pytest.raises((IntegrityError, InternalError), match="payment_invoice_without"), _writing(kiosk) as uow:
            change_invoice(uow, load_invoice(uow.connection, number), state=state)
    with pytest.raises((IntegrityError, InternalError), match="move_not_allowed"), _writing(kiosk) as uow:
        change_invoice(uow, load_invoice(uow.connection, paid.id), state=InvoiceStatus.FAILED)


def test_one_open_prompt_for_a_phone_is_the_databases_own_rule(kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two tills that look at the same moment see no prompt, either of them: the second is refused by the index."""
    from tillgate.services import prompts  # noqa: PLC0415

    kiosk.ask()
    monkeypatch.setattr(prompts, "_make_room", lambda *_: None)
    with pytest.raises(Refused, match="prompt_open"):
        kiosk.till_of("T2").ask()


def _again(kiosk: Kiosk) -> Kiosk:
    kiosk.sign_in_again()
    return kiosk


def _writing(kiosk: Kiosk) -> AbstractContextManager[UnitOfWork]:
    return kiosk.till.db.write(kiosk.manager)
