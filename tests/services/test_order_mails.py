"""What vendors and customers are told once a sale went back: nothing of an order that is over, and the papers."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Engine, select, update

from tests.factories.clock import FakeClock
from tests.factories.postman import Postman
from tests.factories.shop import Counter, open_counter
from tests.factories.tills import make_till
from tests.services.test_credit_notes import give_back
from tillgate.domain.errors import Unavailable
from tillgate.services import outbox as work
from tillgate.services.invoices import make_due
from tillgate.services.notices import MailWork
from tillgate.services.order_mails import WITHDRAWN
from tillgate.services.outbox import run_due
from tillgate.store.models import audit, money_exception, outbox, sales_credit_note, sales_invoice, sales_order


@pytest.fixture
def postman() -> Postman:
    return Postman()


@pytest.fixture
def shop(sqlite_only: Engine, clock: FakeClock) -> Counter:
    return open_counter(make_till(sqlite_only, clock))


def run(counter: Counter, postman: Postman, *, mails: bool = True) -> None:
    works: dict[str, work.Work] = {"invoice": make_due}
    run_due(counter.till, works | ({"mail": MailWork(postman, postman)} if mails else {}), limit=50)


def subjects(postman: Postman, to: str) -> list[str]:
    return [each.subject.removeprefix("[TRAINING] ") for each in postman.sent if each.to == to]


def notes_of(counter: Counter, template: str) -> list[str | None]:
    rows = counter.rows(outbox)
    return [row.message for row in rows if row.dedupe_key.startswith(f"mail:{template}:") and row.done_at is not None]


def events(counter: Counter, name: str) -> int:
    with counter.till.db.read() as connection:
        return len(connection.execute(select(audit.c.seq).where(audit.c.event == name)).all())


def test_a_waiting_mail_about_an_order_that_is_over_is_withdrawn(shop: Counter, postman: Postman) -> None:
    paid = shop.sell("GIT-1", "VAR-001")
    give_back(shop, paid, paid.amount_minor)
    run(shop, postman)
    assert [each for each in postman.sent if each.to in {"book@example.org", "shop@example.org"}] == []
    assert notes_of(shop, "new_order") == [WITHDRAWN] * 2
    assert events(shop, "outbox.withdrawn") == 2
    assert not [row for row in shop.rows(outbox) if row.dedupe_key.startswith("mail:order_cancelled:")]


def test_a_vendor_who_was_told_hears_that_it_is_over(shop: Counter, postman: Postman) -> None:
    paid = shop.sell("GIT-1", "VAR-001")
    run(shop, postman)
    give_back(shop, paid, 100)
    run(shop, postman)
    give_back(shop, paid, paid.amount_minor - 100)
    run(shop, postman)
    numbers = [row.number for row in shop.rows(sales_order)]
    for number, vendor in zip(numbers, ("book", "shop"), strict=True):
        mine = subjects(postman, f"{vendor}@example.org")
        assert [mine[0].split(":")[0], *mine[1:]] == [f"New order {number}", f"Order {number} is cancelled"]
    [said, _] = [each.text for each in postman.sent if "is cancelled" in each.subject]
    assert "Please hand nothing over for it." in said


@pytest.mark.parametrize("went", [True, False])
def test_one_that_is_being_sent_this_moment(shop: Counter, postman: Postman, clock: FakeClock, went: bool) -> None:
    """It can't be called back: the vendor hears that it is over if it went, and nothing if it did not."""
    paid = shop.sell("GIT-1")
    letter = MailWork(postman, postman)

    def meanwhile(till: object, row: work.OutboxRecord) -> str | work.Later:
        if not row.dedupe_key.startswith("mail:new_order:"):
            return work.Later(work.PARK_AFTER, "later")
        came = letter(shop.till, row)
        give_back(shop, paid, paid.amount_minor)
        if not went:
            raise Unavailable("mail_unreachable")
        return came

    run_due(shop.till, {"mail": meanwhile}, limit=50)
    assert events(shop, "outbox.withdrawn") == 0
    if not went:
        postman.sent.clear()
    for _ in range(3):
        clock.advance(120)
        run(shop, postman)
    (number,) = [row.number for row in shop.rows(sales_order)]
    told = [each for each in subjects(postman, "book@example.org") if each.startswith("Order")]
    assert told == ([f"Order {number} is cancelled"] if went else [])
    assert notes_of(shop, "order_cancelled") == ([None] if went else [WITHDRAWN])


def test_one_that_was_parked_is_withdrawn_with_its_exception(shop: Counter, postman: Postman) -> None:
    paid = shop.sell("GIT-1")
    with shop.till.db.write(shop.till.system) as uow:
        uow.execute(update(outbox).where(outbox.c.kind == "mail").values(payload="[damaged"))
    run(shop, postman)
    parked = [row for row in shop.rows(money_exception) if row.closed_at is None]
    give_back(shop, paid, paid.amount_minor)
    closed = {row.id for row in shop.rows(money_exception) if row.closed_at is not None}
    assert (len(parked), len(closed)) == (4, 1)
    assert notes_of(shop, "new_order") == [WITHDRAWN]


def test_the_refund_mail_takes_its_credit_notes_along(shop: Counter, postman: Postman, clock: FakeClock) -> None:
    """One for each vendor's invoice; where the invoices are still to be made the mail waits for them."""
    paid = shop.sell("GIT-1", "VAR-001")
    give_back(shop, paid, 1_000)
    give_back(shop, paid, paid.amount_minor - 1_000)
    run(shop, postman)
    clock.advance(10)
    run(shop, postman)
    done = [each for each in postman.sent if each.subject.endswith("is done")]
    notes = shop.rows(sales_credit_note)
    invoices = {row.id: row.number for row in shop.rows(sales_invoice)}
    by_refund = [[note for note in notes if note.refund_id == refund_id] for refund_id in (1, 2)]
    assert [[each.filename for each in mail.attachments] for mail in done] == [
        [f"{note.number}.pdf" for note in mine] for mine in by_refund
    ]
    for mail, mine in zip(done, by_refund, strict=True):
        assert len(mine) == 2
        for note in mine:
            said = f"Credit note {note.number} is attached. It takes back what invoice {invoices[note.invoice_id]} had."
            assert said in mail.text
            assert said in mail.html


def test_the_refund_mail_does_not_wait_for_ever(shop: Counter, postman: Postman, clock: FakeClock) -> None:
    paid = shop.sell("GIT-1")
    give_back(shop, paid, 1_000)
    for seconds in (0, 700):
        clock.advance(seconds)
        run_due(replace(shop.till), {"mail": MailWork(postman, postman)}, limit=50)
    [done] = [each for each in postman.sent if each.subject.endswith("is done")]
    assert done.attachments == ()
