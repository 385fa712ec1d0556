"""What must hold when a killed till has settled: the bank's ledger and our books tell the same story."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import Any, Final

from sqlalchemy import select

from tests.crash import batching, consulting, importing, ordering
from tests.crash.shop import MAILS, Shop
from tests.factories.tills import AUDIT_KEY
from tillgate.domain.ledger import UNAPPLIED, clearing
from tillgate.domain.orders import OrderState
from tillgate.domain.payment import WAITING, Fulfilment, PaymentState, Purpose, RefundState
from tillgate.store import models
from tillgate.store.audit import verify_chain
from tillgate.store.chain_witness import contradicted

_OPEN_LINK: Final = "created"
_READ: Final = (
    "payment", "payment_attempt", "allocation", "capture", "refund", "money_exception", "sales_order", "order_item",
    "sales_invoice", "ledger_entry", "number_series", "variant", "stock_move", "rental_day", "outbox", "return_inbox",
    "sales_credit_note", "sales_credit_note_line", *consulting.TABLES, *importing.TABLES, *batching.TABLES,
    *ordering.TABLES,
)  # fmt: skip


class Story:
    """Both sides at one moment: every row of ours by table, and what the bank has."""

    def __init__(self, shop: Shop) -> None:
        with shop.till.db.read() as connection:
            tables = {name: getattr(models, name) for name in _READ}
            self.rows: dict[str, list[Any]] = {
                name: list(connection.execute(select(t).order_by(*t.primary_key.columns)).all())
                for name, t in tables.items()
            }
            self.chain = verify_chain(connection, AUDIT_KEY) or contradicted(connection)
            # A server keeps its own pages and keys.
            asks = shop.till.db.is_sqlite
            self.integrity = connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() if asks else "ok"
            self.strays = connection.exec_driver_sql("PRAGMA foreign_key_check").all() if asks else []
        self.bank: dict[str, list[dict[str, Any]]] = shop.bank.ask("facts")
        self.mails = {path.stem for path in (shop.folder / MAILS).glob("*.eml")}

    def __getattr__(self, name: str) -> list[Any]:
        return self.rows[name]


Oracle = Callable[[Story], Iterator[str]]


def faults(shop: Shop) -> list[str]:
    """Every broken promise, in words; none in a sound till."""
    story = Story(shop)
    return [f"{oracle.__name__}: {fault}" for oracle in ORACLES for fault in oracle(story)]


def forgotten_links(shop: Shop) -> list[str]:
    """Once the till is back and has looked: what the bank would still take money for is known and watched here."""
    with shop.till.db.read() as connection:
        query = select(models.payment_attempt.c.reference).where(models.payment_attempt.c.live == 1)
        live = {row.reference for row in connection.execute(query)}
    return [
        f"link {link['id']} can be paid, and nobody here waits for it"
        for link in shop.bank.ask("facts")["links"]
        if link["status"] == _OPEN_LINK and link["reference"] not in live
    ]


def the_file_is_sound(story: Story) -> Iterator[str]:
    """SQLite's own look at every page, and the audit chain."""
    if story.integrity != "ok":
        yield str(story.integrity)
    if story.strays:
        yield f"rows that point nowhere: {story.strays}"
    if story.chain is not None:
        yield f"the audit chain is broken: {story.chain}"


def what_the_bank_took_is_in_the_books(story: Story) -> Iterator[str]:
    """Each of its captures once, with its amount, and none that it does not have."""
    theirs = Counter((each["id"], each["amount_minor"], each["currency"]) for each in story.bank["captures"])
    ours = Counter((each.provider_ref, each.amount_minor, each.currency) for each in story.capture)
    yield from (f"lost: {each}" for each in theirs - ours)
    yield from (f"invented or twice: {each}" for each in ours - theirs)


def what_went_back_is_in_the_books(story: Story) -> Iterator[str]:
    """Each refund once on both sides, and never more than was taken."""
    taken = {each["id"]: each["amount_minor"] for each in story.bank["captures"]}
    refunds = [each for each in story.bank["refunds"] if each["parent_id"] in taken and each["status"] != "failed"]
    theirs = Counter((each["id"], each["amount_minor"]) for each in refunds)
    done = [each for each in story.refund if each.state is RefundState.DONE]
    ours = Counter((each.provider_ref, each.amount_minor) for each in done)
    yield from (f"lost: {each}" for each in theirs - ours)
    yield from (f"invented or twice: {each}" for each in ours - theirs)
    gone: dict[str, int] = defaultdict(int)
    for each in refunds:
        gone[each["parent_id"]] += each["amount_minor"]
    yield from (f"{ref}: {minor} of {taken[ref]} went back" for ref, minor in gone.items() if minor > taken[ref])
    booked: dict[int, int] = defaultdict(int)
    for each in done:
        booked[each.capture_id] += each.amount_minor
    for each in story.capture:
        if each.refunded_minor != booked[each.id]:
            yield f"capture {each.id} says {each.refunded_minor} went back, its refunds say {booked[each.id]}"


def each_checkout_is_known(story: Story) -> Iterator[str]:
    """Written down before it was sent, sent once, and over at the bank when it is over here."""
    attempts = {each.reference: each for each in story.payment_attempt}
    for kind in ("links", "orders"):
        names = Counter(each["reference"] for each in story.bank[kind] if each["reference"])
        yield from (f"{kind}: {name} opened {count} times" for name, count in names.items() if count > 1)
        yield from (f"{kind}: {name} is nobody's" for name in names if name not in attempts)
    for each in story.bank["links"]:
        attempt = attempts.get(each["reference"])
        if attempt is not None and (each["amount_minor"] != attempt.amount_minor or each["status"] == _OPEN_LINK):
            yield f"link {each['id']} is {each['status']} for {each['amount_minor']}"


def every_payment_has_ended(story: Story) -> Iterator[str]:
    """Nothing waits for ever, and all money is used, given back or on somebody's list."""
    listed = {each.capture_id for each in story.money_exception if each.closed_at is None}
    owners = {each.id: each for each in story.payment}
    for each in story.payment:
        if each.state in WAITING or each.state is PaymentState.REFUND_PENDING:
            yield f"payment {each.id} is {each.state}"
        if each.fulfilment is Fulfilment.PENDING:
            yield f"payment {each.id} has its orders to come"
    for each in story.capture:
        owner = owners.get(each.payment_id)
        used = owner is not None and bool(each.main) and owner.fulfilment is Fulfilment.DONE
        if not used and each.refunded_minor != each.amount_minor and each.id not in listed:
            yield f"{each.provider_ref} is unexplained"
    for each in story.refund:
        if each.state is not RefundState.DONE:
            yield f"refund {each.id} is {each.state}"


def orders_are_the_money(story: Story) -> Iterator[str]:
    """One order a vendor, their sum the capture; one invoice an order, its sum the order's."""
    by_payment: dict[int, list[Any]] = defaultdict(list)
    for each in story.sales_order:
        by_payment[each.payment_id].append(each)
    for each in (sale for sale in story.payment if sale.purpose is Purpose.CHECKOUT):
        made = by_payment[each.id]
        main = [money for money in story.capture if money.payment_id == each.id and money.main]
        if (each.fulfilment is Fulfilment.DONE) != bool(made):
            yield f"payment {each.id} is {each.fulfilment} with {len(made)} orders"
        if made and [money.amount_minor for money in main] != [sum(order.total_minor for order in made)]:
            yield f"the orders of payment {each.id} are not its money"
        if len({order.vendor_id for order in made}) != len(made) or (made and len(made) != 3):
            yield f"payment {each.id} has {len(made)} orders"
    invoices = Counter(each.order_id for each in story.sales_invoice)
    for each in story.sales_order:
        if invoices[each.id] != 1:
            yield f"order {each.number} has {invoices[each.id]} invoices"
    totals = {each.id: (each.total_minor, each.payment_id) for each in story.sales_order}
    for each in story.sales_invoice:
        if totals[each.order_id] != (each.total_minor, each.payment_id):
            yield f"invoice {each.number} is not its order"


def what_went_back_is_reversed(story: Story) -> Iterator[str]:
    """Credit notes are what went back of the orders' money, and all of it back cancels the orders."""
    noted: dict[int, int] = defaultdict(int)
    credited: dict[int, int] = defaultdict(int)
    for each in story.sales_credit_note:
        noted[each.invoice_id] += each.amount_minor
        credited[each.payment_id] += each.amount_minor
        lines = [line.total_minor for line in story.sales_credit_note_line if line.note_id == each.id]
        if sum(lines) != -each.amount_minor:
            yield f"credit note {each.number} is {each.amount_minor}, its lines {lines}"
    yield from (f"invoice {i.number} is overcredited" for i in story.sales_invoice if noted[i.id] > i.total_minor)
    done: dict[int, int] = defaultdict(int)
    for each in story.refund:
        done[each.capture_id] += each.amount_minor if each.state is RefundState.DONE else 0
    back = {
        each.payment_id: done[each.id] - max(0, each.amount_minor - whole.amount_minor)
        for each in story.capture
        if each.main
        for whole in story.payment
        if whole.id == each.payment_id
    }
    for payment_id in {each.payment_id for each in story.sales_order}:
        orders = [each for each in story.sales_order if each.payment_id == payment_id]
        owed = min(max(0, back[payment_id]), sum(each.total_minor for each in orders))
        if credited[payment_id] != owed:
            yield f"payment {payment_id}: {owed} went back of its orders, credit notes say {credited[payment_id]}"
        refunded = any(each.id == payment_id and each.state is PaymentState.REFUNDED for each in story.payment)
        if any((each.state is OrderState.CANCELLED) != refunded for each in orders):
            yield f"the orders of payment {payment_id} are {[each.state for each in orders]}"


def numbers_have_no_gaps(story: Story) -> Iterator[str]:
    """Every number that a series gave stands on a paper; each till has series of its own."""
    given: dict[tuple[str, str], list[int]] = defaultdict(list)
    papers = {"order": story.sales_order, "invoice": story.sales_invoice, "credit": story.sales_credit_note}
    for kind, rows in papers.items():
        for each in rows:
            _, till, number = each.number.rsplit("-", 2)
            given[kind, till].append(int(number))
    for series in story.number_series:
        kind, *_, till = series.name.split(":")
        numbers = sorted(given.pop((kind, till), []))
        if numbers != list(range(1, series.next)):
            yield f"{series.name} gave {series.next - 1} and {numbers} are there"
    yield from (f"numbers without a series: {each}" for each in given)


def stock_is_its_moves(story: Story) -> Iterator[str]:
    """What is left is what came less what went, and what went is what was sold."""
    moved: dict[int, int] = defaultdict(int)
    sold: dict[int, int] = defaultdict(int)
    for each in story.stock_move:
        moved[each.variant_id] += each.quantity
        if each.order_item_id is not None:
            sold[each.order_item_id] += each.quantity
    came = {each.variant_id for each in story.stock_move if each.order_item_id is None}
    for each in story.variant:
        before = 0 if each.id in came else 400
        if each.stock != before + moved[each.id]:
            yield f"{each.code} has {each.stock}, its moves say {before + moved[each.id]}"
    cancelled = {each.id for each in story.sales_order if each.state is OrderState.CANCELLED}
    for each in story.order_item:
        back = each.order_id in cancelled
        if each.start_on is None and -sold[each.id] not in ((0, each.quantity) if back else (each.quantity,)):
            yield f"item {each.id} sold {each.quantity}, the shelf lost {-sold[each.id]}"
    yield from _days_are_taken(story, cancelled)


def _days_are_taken(story: Story, cancelled: set[int]) -> Iterator[str]:
    """Every unit and day that was let; of a cancelled order no more than that."""
    days = Counter(each.order_item_id for each in story.rental_day)
    for each in story.order_item:
        if each.start_on is not None:
            out = each.quantity * ((each.end_on - each.start_on).days + 1)
            if days[each.id] > out or (days[each.id] != out and each.order_id not in cancelled):
                yield f"item {each.id} is out {out} days, {days[each.id]} are taken"


def the_ledger_is_even(story: Story) -> Iterator[str]:
    """Every transaction sums to nothing; the provider owes what it took less what went back."""
    sums: dict[tuple[int, str], int] = defaultdict(int)
    accounts: dict[str, int] = defaultdict(int)
    for each in story.ledger_entry:
        sums[each.tx_id, each.currency] += each.amount_minor
        accounts[each.account] += each.amount_minor
    yield from (f"transaction {tx} is off by {minor}" for (tx, _), minor in sums.items() if minor)
    held = sum(each.amount_minor - each.refunded_minor for each in story.capture)
    if accounts[clearing("razorpay")] != held:
        yield f"the provider holds {held}, the ledger says {accounts[clearing('razorpay')]}"
    owners = {each.id: each for each in story.payment}
    loose = [
        each.amount_minor - each.refunded_minor
        for each in story.capture
        if not (each.main and owners[each.payment_id].fulfilment is Fulfilment.DONE)
    ]
    if accounts[UNAPPLIED] != -sum(loose):
        yield f"{sum(loose)} is nobody's yet, the ledger says {-accounts[UNAPPLIED]}"


def every_letter_was_delivered(story: Story) -> Iterator[str]:
    """Each mail that was owed lies in the folder, whoever died on the way; nothing is left to do."""
    for each in story.outbox:
        if each.done_at is None:
            yield f"{each.dedupe_key} is not done: {each.message}"
        elif each.kind == "mail" and not any(mail.startswith(f"outbox-{each.id}-") for mail in story.mails):
            yield f"{each.dedupe_key} was ticked off and never delivered"
    yield from (f"return {each.id} was never looked at" for each in story.return_inbox if each.verdict is None)


def nothing_is_held_for_ever(story: Story) -> Iterator[str]:
    """A thing is free again once its payment is over without money."""
    dead = {each.id for each in story.payment if each.captured_at is None}
    yield from (f"allocation {each.id} is held" for each in story.allocation if each.live and each.payment_id in dead)
    yield from (f"attempt {a.id} is live" for a in story.payment_attempt if a.live and a.payment_id in dead)


ORACLES: Final[tuple[Oracle, ...]] = (
    the_file_is_sound,
    what_the_bank_took_is_in_the_books,
    what_went_back_is_in_the_books,
    each_checkout_is_known,
    every_payment_has_ended,
    orders_are_the_money,
    what_went_back_is_reversed,
    numbers_have_no_gaps,
    stock_is_its_moves,
    the_ledger_is_even,
    every_letter_was_delivered,
    nothing_is_held_for_ever,
    importing.files_are_in_whole,
    consulting.fees_are_charged_once,
    consulting.credit_notes_are_the_refunds,
    batching.every_day_is_owed_once,
    batching.each_invoice_is_paid_once,
    batching.no_batch_is_left_half_way,
    ordering.schedules_are_their_orders,
    ordering.all_orders_of_a_bulk_order_or_none,
    ordering.orders_hold_what_they_hold,
)
