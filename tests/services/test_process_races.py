"""Two processes do the same at the same moment: one of them has done it, once, on either database.

Stock and rental days are raced for in test_order_races.py, approvals in test_approvals.py.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import threading
from collections import Counter as Count
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import IO, Any, Final, cast
from urllib.parse import parse_qsl, urlsplit

import pytest
from sqlalchemy import Engine, update

from tests.factories.clock import FakeClock
from tests.factories.racing_hand import TILL_ID, Hand, Plan, open_hand
from tests.factories.shop import Counter, open_counter
from tests.factories.tills import make_till, new_postgres
from tests.postgres import PostgresServer
from tillgate.domain.payment import Fulfilment, PaymentState, RefundState
from tillgate.sandbox import SandboxServer
from tillgate.services import checkout, payments
from tillgate.services.cancel import cancel
from tillgate.services.checkout import new_key, put_up_for_payment
from tillgate.services.payment_views import read_view
from tillgate.services.payments import Started
from tillgate.services.till import ReturnAddress
from tillgate.store.audit import verify_chain
from tillgate.store.engine import postgres_engine
from tillgate.store.ledger import unbalanced
from tillgate.store.models import (
    capture,
    money_exception,
    payment,
    refund,
    return_inbox,
    sales_credit_note,
    sales_invoice,
    sales_order,
    staff_session,
    variant,
)
from tillgate.store.series import list_series
from tillgate.store.unit_of_work import Database, in_transaction

ROOT: Final = Path(__file__).resolve().parents[2]
ROUNDS: Final = 60 if os.environ.get("TILLGATE_CAMPAIGN") else 2
# Two vendors, so that two orders come of it.
CODES: Final = ("GIT-1", "VAR-001")


class Racer:
    """A hand in a process of its own."""

    def __init__(self, plan: Plan) -> None:
        command = [sys.executable, "-m", "tests.factories.racing_hand", plan.write()]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, bufsize=1
        )

    def tell(self, text: str) -> None:
        self._stream(self.process.stdin).write(f"{text}\n")

    def hear(self) -> str:
        return self._stream(self.process.stdout).readline().strip()

    def end(self) -> int:
        self._stream(self.process.stdin).close()
        self._stream(self.process.stdout).close()
        return self.process.wait(timeout=20)

    def _stream(self, stream: IO[str] | None) -> IO[str]:
        assert stream is not None
        return stream


@dataclass
class Track:
    """The shop, a hand of the test's own, two racers, and the bank."""

    counter: Counter
    sandbox: SandboxServer
    clock: FakeClock
    hand: Hand
    racers: list[Racer]
    tokens: list[str] = field(default_factory=list)

    def race(self, *orders: dict[str, Any]) -> list[dict[str, Any]]:
        """Both get ready and go at once, some seconds later; what each says."""
        self.clock.advance(4)
        for racer, order in zip(self.racers, orders, strict=True):
            racer.tell(json.dumps(order | {"at": self.clock.ticks}))
        assert [racer.hear() for racer in self.racers] == ["ready", "ready"]
        for racer in self.racers:
            racer.tell("go")
        return [json.loads(racer.hear()) for racer in self.racers]

    def both(self, **order: Any) -> list[dict[str, Any]]:
        """The same for both."""
        return self.race(order, order)

    def confirm(self) -> None:
        """Everybody has just proved who they are: the clock runs on."""
        till = self.counter.till
        with till.db.write(till.system) as uow:
            uow.execute(update(staff_session).values(confirmed_at=uow.now))

    def one_did(self, said: list[dict[str, Any]], *codes: str) -> Any:
        """What the one that won says; the other was refused for one of these reasons."""
        did = [each["did"] for each in said if "did" in each]
        refused = [each["refused"] for each in said if "refused" in each]
        assert len(did) == 1, said
        assert set(refused) <= set(codes), said
        return did[0]

    def put_up(self, method: str = "link") -> int:
        """A sale of two vendors whose checkout is open."""
        cart = self.counter.ring_up(*CODES)
        made = self.hand.put_up(cart.id, new_key(), method)
        assert isinstance(made, list)
        return int(made[0])

    def customer_pays(self, payment_id: int) -> dict[str, str]:
        """On the hosted page; what the browser brings back."""
        with self.hand.till.db.read() as connection:
            attempt = read_view(connection, payment_id).attempt
        assert attempt is not None
        assert attempt.provider_id is not None
        if attempt.method == "order":
            return dict(self.sandbox.customer.pay_order(attempt.provider_id).response or {})
        return dict(parse_qsl(urlsplit(self.sandbox.customer.pay_link(attempt.provider_id).return_url or "").query))

    def paid(self) -> int:
        """A sale with its orders."""
        made = self.put_up()
        self.customer_pays(made)
        assert self.hand.check(made) is PaymentState.CAPTURED
        return made

    def rows(self, table: Any, **where: object) -> list[Any]:
        found = self.counter.rows(table)
        return [row for row in found if all(getattr(row, name) == value for name, value in where.items())]

    def sold_once(self, payment_id: int) -> None:
        """One capture, two orders, and nothing left over."""
        (made,) = self.rows(payment, id=payment_id)
        assert (made.state, made.fulfilment) == (PaymentState.CAPTURED, Fulfilment.DONE)
        assert len(self.rows(capture, payment_id=payment_id)) == 1
        assert len(self.rows(sales_order, payment_id=payment_id)) == 2


@pytest.fixture
def track(engine: Engine, clock: FakeClock) -> Iterator[Track]:
    counter = open_counter(make_till(engine, clock, till_id=TILL_ID))
    for code in CODES:
        counter.change(variant, code, stock=5_000)
    url = engine.url.render_as_string(hide_password=False) if engine.name == "postgresql" else str(engine.url.database)
    with SandboxServer(clock=lambda: clock.now().timestamp()) as sandbox:
        keys = sandbox.razorpay.keys
        people = asdict(counter.cashier), asdict(counter.manager)
        plan = Plan(url, sandbox.razorpay.base_url, keys.key_id, keys.key_secret, *people)
        racers = [Racer(plan) for _ in range(2)]
        hand = open_hand(plan, clock)
        found = Track(counter, sandbox, clock, hand, racers)
        hand.till = replace(hand.till, new_return=_keeping(found.tokens))
        try:
            assert [racer.hear() for racer in racers] == ["open", "open"]
            yield found
        finally:
            ended = [racer.end() for racer in racers]
            for provider in hand.till.providers.values():
                provider.close()
            hand.till.db.close()
        assert ended == [0, 0]


def _keeping(tokens: list[str]) -> Callable[[str, str], ReturnAddress]:
    def address(_method: str, token: str) -> ReturnAddress:
        tokens.append(token)
        return ReturnAddress(token, return_url=f"http://127.0.0.1:9/cb/{token}")

    return address


def one_cart(track: Track) -> None:
    """Both press Pay for one cart; then both with one key."""
    cart = track.counter.ring_up(*CODES)
    said = track.race(*({"do": "put_up", "cart": cart.id, "key": new_key()} for _ in range(2)))
    made, existing = track.one_did(said, "already_being_paid", "cart_not_open", "cart_changed")
    assert not existing
    assert len(track.rows(payment, id=made)) == 1
    track.customer_pays(made)
    track.both(do="check", payment=made)
    track.sold_once(made)
    cart = track.counter.ring_up(*CODES)
    assert cart.lines
    said = track.both(do="put_up", cart=cart.id, key=new_key())
    assert all("did" in each for each in said), said
    (first, _), (second, _) = (each["did"] for each in said)
    assert first == second != made
    cancel(track.hand.till, track.hand.cashier, first)


def one_settling(track: Track) -> None:
    """The timer of one and the cashier at the other hear of the same money."""
    made = track.put_up()
    track.customer_pays(made)
    track.race({"do": "settle"}, {"do": "check", "payment": made})
    track.hand.check(made)
    track.sold_once(made)
    other = track.put_up()
    track.customer_pays(other)
    track.both(do="settle")
    track.hand.check(other)
    track.sold_once(other)


def one_series(track: Track) -> None:
    """Orders' and invoices' numbers, and a series that both take from as fast as they can."""
    track.paid()
    track.both(do="invoices")
    given = {each.order_id for each in track.rows(sales_invoice)}
    assert given == {each.id for each in track.rows(sales_order)}
    series = f"race:{new_key()}"
    taken = [each["did"] for each in track.both(do="number", series=series, count=24)]
    assert sorted(taken[0] + taken[1]) == list(range(1, 33))


def one_refund(track: Track) -> None:
    """Asked for twice it is refused once; driven twice it goes back once."""
    made = track.paid()
    (money,) = track.rows(capture, payment_id=made)
    said = track.both(do="give_back", payment=made, minor=money.amount_minor)
    track.one_did(said, "refund_exceeds", "payment_not_refundable")
    track.both(do="refund")
    (gone,) = track.rows(refund, payment_id=made)
    assert (gone.state, gone.amount_minor) == (RefundState.DONE, money.amount_minor)


def one_decision(track: Track) -> None:
    """Money came late: one manager uses it, the other gives it back."""
    made = track.put_up("order")
    cancel(track.hand.till, track.hand.cashier, made)
    track.customer_pays(made)
    track.clock.advance(70)
    track.hand.settle()
    (late,) = track.rows(money_exception, payment_id=made, closed_at=None)
    said = track.race(*({"do": "decide", "number": late.id, "action": way} for way in ("apply", "refund")))
    did = track.one_did(said, "exception_closed", "exception_settled", "money_settled")
    track.both(do="refund")
    orders, gone = track.rows(sales_order, payment_id=made), track.rows(refund, payment_id=made)
    assert (len(orders), len(gone)) == ((2, 0) if did == "apply" else (0, 1))


def one_return(track: Track) -> None:
    """A browser's return reaches both; each looks at what it finds."""
    made = track.put_up()
    fields = track.customer_pays(made)
    before = len(track.rows(return_inbox))
    said = track.both(do="come_back", token=track.tokens[-1], fields=fields)
    assert [each["did"][0] for each in said] == [True, True]
    (kept,) = track.rows(return_inbox)[before:]
    assert kept.verdict == "signed"
    track.sold_once(made)


def one_reversal(track: Track) -> None:
    """A refund is done while the invoices are made: every credit note is there, and none is above its invoice."""
    # All of it at once, and another time in two halves.
    parts = 2 if track.rows(sales_credit_note) else 1
    made = track.paid()
    (money,) = track.rows(capture, payment_id=made)
    for _ in range(parts):
        track.hand.give_back(made, money.amount_minor // parts)
    track.race({"do": "refund"}, {"do": "invoices"})
    # What was held up by the other is due in a moment.
    track.clock.advance(120)
    track.race({"do": "invoices"}, {"do": "refund"})
    left = {each.id: each.total_minor for each in track.rows(sales_invoice, payment_id=made)}
    notes = track.rows(sales_credit_note, payment_id=made)
    for note in notes:
        left[note.invoice_id] -= note.amount_minor
    assert len(left) == 2
    assert min(left.values()) >= 0
    done = track.rows(refund, payment_id=made, state=RefundState.DONE)
    assert sum(note.amount_minor for note in notes) == parts * (money.amount_minor // parts)
    assert {note.refund_id for note in notes} == {each.id for each in done}


RACES: Final = (one_cart, one_settling, one_series, one_refund, one_decision, one_return, one_reversal)


def test_of_two_processes_one_has_done_it(track: Track) -> None:
    for number in range(ROUNDS):
        for run in RACES:
            track.confirm()
            try:
                run(track)
            except (AssertionError, KeyError, ValueError) as fault:
                fault.add_note(f"{run.__name__}, round {number}")
                raise
    bank = track.sandbox.money_facts()
    ours = Count((row.provider_ref, row.amount_minor) for row in track.rows(capture))
    assert ours == Count((fact.id, fact.amount_minor) for fact in bank.captures)
    back = Count((row.provider_ref, row.amount_minor) for row in track.rows(refund))
    assert back == Count((fact.id, fact.amount_minor) for fact in bank.refunds)
    for opened in (bank.links, bank.orders):
        asked = Count(fact.reference for fact in opened if fact.reference)
        assert set(asked.values()) == {1}
    numbers = sorted(row.number for row in track.rows(sales_order))
    assert numbers == [f"ORD-{TILL_ID}-{number:06d}" for number in range(1, len(numbers) + 1)]
    with track.hand.till.db.read() as connection:
        series = list_series(connection)
        assert not unbalanced(connection)
        assert verify_chain(connection, track.hand.till.db.audit_key) is None
    for kind, table in (("invoice:", sales_invoice), ("credit:", sales_credit_note)):
        papers = sorted(int(row.number.rpartition("-")[2]) for row in track.rows(table))
        (given,) = (count for name, count in series.items() if name.startswith(kind))
        assert papers == list(range(1, given + 1))


class Overtaken:
    """The books, between whose nth opening and the one before it something else happens."""

    def __init__(self, inside: Database, nth: int, act: Callable[[], object]) -> None:
        self._inside, self.left, self._act = inside, nth, act

    def __getattr__(self, name: str) -> Any:
        if name in {"read", "transact"}:
            self.left -= 1
            if self.left == 0:
                self._act()
        return getattr(self._inside, name)


def test_a_press_that_another_overtakes_at_any_moment_is_the_same_payment(counter: Counter) -> None:
    counter.change(variant, "GIT-1", stock=100)
    for nth in itertools.count(1):
        press = press_of(counter.ring_up("GIT-1").id)
        made: list[Started] = []
        books = Overtaken(counter.till.db, nth, partial(twice, press, counter, made))
        second = press(replace(counter.till, db=cast(Any, books)), counter.cashier)
        if not made:
            break
        assert second.payment.id == made[0].payment.id
        assert {second.existing, made[0].existing} == {True, False}
        counter.pay(second.payment)
    assert nth > 5, "it was overtaken nowhere"
    assert counter.provider.sends("create") == nth


def press_of(cart_id: int) -> Callable[..., Started]:
    """A press of Pay, to be made more than once."""
    return partial(put_up_for_payment, cart_id=cart_id, key=new_key(), provider="razorpay", method="link")


def twice(press: Callable[..., Started], counter: Counter, made: list[Started]) -> None:
    """The other's press."""
    made.append(press(counter.till, counter.cashier))


@pytest.mark.parametrize("place", ["payments.refuse_live", "checkout.load_cart_row"])
def test_a_press_overtaken_inside_its_transaction_is_the_same_payment(
    postgres_server: PostgresServer, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """On PostgreSQL two presses are inside their transactions at once, and each statement sees what is committed."""
    url = new_postgres(postgres_server)
    engine, other = postgres_engine(url), postgres_engine(url)
    counter = open_counter(make_till(engine, clock, till_id="T1"))
    press = press_of(counter.ring_up("GIT-1").id)
    elsewhere = replace(counter.till, db=make_till(other, clock, till_id="T1").db)
    made: list[Started] = []
    module, _, name = place.partition(".")
    kept = getattr({"payments": payments, "checkout": checkout}[module], name)

    def meanwhile(*given: Any, **named: Any) -> Any:
        inside = in_transaction() and threading.current_thread() is threading.main_thread()
        if inside and not made and (named.get("lock") or module == "payments"):
            with ThreadPoolExecutor(1) as lane:
                made.append(lane.submit(press, elsewhere, counter.cashier).result())
        return kept(*given, **named)

    monkeypatch.setattr(f"tillgate.services.{place}", meanwhile)
    second = press(counter.till, counter.cashier)
    assert (second.payment.id, second.existing) == (made[0].payment.id, True)
    for each in (engine, other):
        each.dispose()
    postgres_server.drop_database(url)
