"""What must hold of orders, wallets, coupons and commission after every step, told from presses, prices, the bank."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from itertools import accumulate
from typing import Any, Final, TypeAlias

from tests.stateful.oracles import MONEY, OPEN_REFUNDS, Books, money_has_come_to_rest
from tests.stateful.order_world import COUPONS, PRICES, OrderWorld
from tillgate.domain.coupons import CouponUse
from tillgate.domain.exceptions import CaptureDisposition
from tillgate.domain.instalments import BulkState, CancelReason, InstalmentOrderState, InstalmentState
from tillgate.domain.ledger import CASH, COMMISSION_COST, INSTALMENTS, commission, wallet
from tillgate.domain.payment import Fulfilment, Purpose, RefundState
from tillgate.domain.wallet import WALLET, WalletKind
from tillgate.services.book_looks import looks_at_everything
from tillgate.services.instalment_dues import DuesQuery, sum_dues
from tillgate.services.looks import Check

_S, _I, _K = InstalmentOrderState, InstalmentState, WalletKind
NEVER_BEGUN: Final = (CancelReason.UNPAID.value, CancelReason.NOT_STARTED.value)


@dataclass
class OrderBooks(Books):
    """With the tables of instalments and wallets."""

    bulk_order: list[Any]
    instalment_order: list[Any]
    instalment: list[Any]
    coupon: list[Any]
    coupon_use: list[Any]
    wallet_balance: list[Any]
    wallet_transaction: list[Any]
    commission_entry: list[Any]

    def orders_of(self, bulk_id: int) -> list[Any]:
        return [each for each in self.instalment_order if each.bulk_order_id == bulk_id]

    def schedule(self, order_id: int) -> list[Any]:
        return [each for each in self.instalment if each.order_id == order_id]

    def parts_of(self, payment_id: int) -> dict[int, Any]:
        """What a payment is for, by the numbers of the instalments."""
        return {each.thing_id: each for each in self.allocation if each.payment_id == payment_id}

    def gone_back(self, payment: Any) -> int:
        """What of a settled payment's money the customer has again, a surplus included."""
        money = self.main_capture(payment.id)
        assert money is not None
        return sum(int(each.amount_minor) for each in self.done_of(money.id)) + self.credited(money)

    def surplus(self, payment: Any) -> int:
        """What came beyond what was asked."""
        money = self.main_capture(payment.id)
        return max(0, money.amount_minor - payment.amount_minor) if money is not None else 0

    def settled(self, purpose: Purpose) -> list[Any]:
        """Payments whose things are made."""
        return [p for p in self.payment if p.purpose is purpose and p.fulfilment is Fulfilment.DONE]


Oracle: TypeAlias = Any


def _stays(order: Any) -> int:
    """What of an order is paid and did not go back."""
    return int(order.paid_minor - order.returned_minor)


def a_press_is_one_bulk_order(world: OrderWorld, books: OrderBooks) -> None:
    """Whatever the network and the power did: every item is an order as it was asked for, or is named as failed."""
    assert len({each.key for each in books.bulk_order}) == len(books.bulk_order)
    for bulk in books.bulk_order:
        press = world.presses[bulk.key]
        orders = books.orders_of(bulk.id)
        assert bulk.customer_id == press.customer_id
        assert len(orders) + bulk.failed_items.count('"index"') == bulk.item_count == len(press.items)
        for order in orders:
            item = press.items[order.position]
            code = item.variant
            product, price, _ = PRICES[code]
            line = price * int(str(item.quantity))
            assert (product, order.customer_id) == (item.product, press.customer_id)
            assert (order.unit_minor, order.quantity, order.total_days) == (price, item.quantity, item.total_days)
            assert order.discount_minor == (_discount(item.coupon, line) if item.coupon else 0)
            assert order.total_minor == line - order.discount_minor


def _discount(code: str, line: int) -> int:
    kind, value, cap, _, _ = COUPONS[code]
    return value if kind == "FLAT" else min(line * value // 10_000, cap or line)


def schedules_sum_to_totals(_world: OrderWorld, books: OrderBooks) -> None:
    """A row for each day, at most a paisa apart and the first ones higher; the first payment is for the first days."""
    for order in books.instalment_order:
        days = books.schedule(order.id)
        amounts = [each.amount_minor for each in days]
        assert [each.number for each in days] == list(range(1, order.total_days + 1))
        assert sum(amounts) == order.total_minor
        assert amounts == sorted(amounts, reverse=True)
        assert amounts[0] - amounts[-1] <= 1
        assert amounts[-1] >= 50_00
        first = days[0].due_on
        assert [each.due_on for each in days] == [first + timedelta(days=nth) for nth in range(len(days))]
    for bulk in books.bulk_order:
        firsts = [books.schedule(order.id)[0].amount_minor for order in books.orders_of(bulk.id)]
        assert sum(firsts) == bulk.first_total_minor


def the_first_day_is_the_one_that_was_paid(world: OrderWorld, books: OrderBooks) -> None:
    """Ruling 15: whichever day it was ordered, the others fall due from the day after the first payment on."""
    till = world.tills["T1"]
    for bulk in books.bulk_order:
        for order in books.orders_of(bulk.id):
            begun = max(bulk.day, till.store_day(order.activated_at)) if order.activated_at else bulk.day
            assert books.schedule(order.id)[0].due_on == begun, f"order {order.id}"


def states_agree(_world: OrderWorld, books: OrderBooks) -> None:
    """A bulk order's orders begin together or not at all; each state is what its days say."""
    for bulk in books.bulk_order:
        states = [(each.state, each.cancel_reason in NEVER_BEGUN) for each in books.orders_of(bulk.id)]
        wanted = {
            BulkState.PENDING: {(_S.PENDING, False)},
            BulkState.CANCELLED: {(_S.CANCELLED, True)},
            BulkState.ACTIVE: {(_S.ACTIVE, False), (_S.COMPLETED, False), (_S.CANCELLED, False)},
        }[bulk.state]
        assert states
        assert set(states) <= wanted, f"bulk order {bulk.id} is {bulk.state}: {states}"
    for order in books.instalment_order:
        here = Counter(each.state for each in books.schedule(order.id))
        allowed = {
            _S.PENDING: {_I.DUE},
            _S.ACTIVE: {_I.DUE, _I.PAID},
            _S.COMPLETED: {_I.PAID},
            _S.CANCELLED: {_I.CANCELLED} if order.cancel_reason in NEVER_BEGUN else {_I.CANCELLED, _I.PAID},
        }[order.state]
        assert set(here) <= allowed, f"order {order.id} is {order.state}: {here}"
        assert order.state is not _S.ACTIVE or (here[_I.DUE] and here[_I.PAID])
        paid = [each for each in books.schedule(order.id) if each.state is _I.PAID]
        assert order.paid_minor == sum(each.amount_minor for each in paid)
        assert order.paid_count == len(paid)
        assert order.returned_minor == sum(each.returned_minor for each in paid)


def an_instalment_is_paid_once(_world: OrderWorld, books: OrderBooks) -> None:
    """By the one payment that was for it and was settled; nobody else holds it."""
    settled = {each.id for each in books.settled(Purpose.INSTALMENTS)}
    holders = {each.thing_id: each for each in books.allocation if each.live and each.thing_kind == "instalment"}
    for each in books.instalment:
        if each.state is not _I.PAID:
            holder = holders.get(each.id)
            assert holder is None or holder.payment_id not in settled, f"instalment {each.id} was paid and is due"
            continue
        assert each.payment_id in settled
        part = books.parts_of(each.payment_id)[each.id]
        assert part.amount_minor == each.amount_minor
        assert part.live or each.returned_minor == each.amount_minor


def what_was_paid_stands_on_its_days(_world: OrderWorld, books: OrderBooks) -> None:
    """A payment's money is on the days that it paid, less what the customer has again; to the paisa."""
    by_id = {each.id: each for each in books.instalment}
    for payment in books.settled(Purpose.INSTALMENTS):
        mine = [by_id[number] for number in books.parts_of(payment.id)]
        held = [each for each in mine if each.payment_id == payment.id]
        gone = max(0, books.gone_back(payment) - books.surplus(payment))
        assert sum(each.amount_minor - each.returned_minor for each in held) == payment.amount_minor - gone
        assert len(held) == len(mine) or gone == payment.amount_minor


def money_is_kept(_world: OrderWorld, books: OrderBooks) -> None:
    """What customers paid, less what providers gave back, is on instalments, in wallets, on its way back, or waits to
    be used; or it was paid out in cash, or came from the store as commission."""
    everywhere = {each.currency for each in books.capture}
    for currency in everywhere:
        captures = [each for each in books.capture if each.currency == currency]
        came = sum(each.amount_minor for each in books.at_bank(captures))
        came -= sum(each.amount_minor for money in captures for each in books.at_bank(books.done_of(money.id)))
        orders = sum(_stays(each) for each in books.instalment_order if each.currency == currency)
        held = sum(each.balance_minor for each in books.wallet_balance if each.currency == currency)
        waits = sum(books.unapplied(each) for each in captures)
        moves = [each for each in books.wallet_transaction if each.currency == currency]
        cash = -sum(each.amount_minor for each in moves if each.kind is _K.WITHDRAWAL)
        earned = sum(each.amount_minor for each in moves if each.kind is _K.COMMISSION)
        found = orders + held + waits + cash + _on_its_way(books, currency)
        assert came + earned == found, f"{came} + {earned} came, {found} is there"
        assert books.balance(INSTALMENTS, currency) + books.balance("refunds", currency) == -orders - _on_its_way(
            books, currency
        )
        assert books.balance(CASH, currency) == -cash


def _on_its_way(books: OrderBooks, currency: str) -> int:
    """Money that left a wallet and is not with the customer yet, and a surplus that goes back."""
    found = 0
    for payment in books.settled(Purpose.WALLET_TOP_UP):
        money = books.main_capture(payment.id)
        if money is not None and money.currency == currency:
            found += sum(r.amount_minor for r in books.refunds_of(money.id) if r.state in OPEN_REFUNDS)
    for payment in books.settled(Purpose.INSTALMENTS):
        if payment.currency == currency:
            found += max(0, books.surplus(payment) - books.gone_back(payment))
    return found


def the_ledger_is_even(_world: OrderWorld, books: OrderBooks) -> None:
    """Every transaction, and so all of them."""
    sums: dict[tuple[int, str], int] = defaultdict(int)
    for each in books.ledger_entry:
        sums[each.tx_id, each.currency] += each.amount_minor
    assert not any(sums.values())


def wallets_add_up(_world: OrderWorld, books: OrderBooks) -> None:
    """Never below nothing, move by move; each move is of something that happened, once."""
    for each in books.wallet_balance:
        moves = [
            m for m in books.wallet_transaction if (m.customer_id, m.currency) == (each.customer_id, each.currency)
        ]
        balances = list(accumulate(move.amount_minor for move in moves))
        assert [move.balance_after_minor for move in moves] == balances
        assert min(balances, default=0) >= 0
        assert each.balance_minor == (balances[-1] if balances else 0)
        assert each.balance_minor == -books.balance(wallet(each.customer_id), each.currency)
    moved = {
        kind: [(m.payment_id, m.refund_id, m.amount_minor) for m in books.wallet_transaction if m.kind is kind]
        for kind in _K
    }
    came = {each.id: books.main_capture(each.id) for each in books.settled(Purpose.WALLET_TOP_UP)}
    assert _same(moved[_K.TOP_UP], ((number, None, each.amount_minor) for number, each in came.items() if each))
    into = [each for each in books.refund if each.provider == WALLET and each.state is RefundState.DONE]
    assert _same(moved[_K.REFUND], ((each.payment_id, each.id, each.amount_minor) for each in into))
    credited = sum(books.credited(each) for each in books.capture)
    assert sum(amount for *_, amount in moved[_K.CREDIT]) == credited


def _same(found: Iterable[tuple[Any, ...]], wanted: Iterable[tuple[Any, ...]]) -> bool:
    return Counter(found) == Counter(wanted)


def a_wallet_pays_each_order_by_itself(_world: OrderWorld, books: OrderBooks) -> None:
    """One transaction for each order of what it paid, as the document has it."""
    orders = {each.id: each.order_id for each in books.instalment}
    for payment in books.payment:
        if payment.provider != WALLET:
            continue
        assert payment.fulfilment is Fulfilment.DONE
        parts: dict[int, int] = defaultdict(int)
        for part in books.parts_of(payment.id).values():
            parts[orders[part.thing_id]] += part.amount_minor
        moves = [m for m in books.wallet_transaction if (m.payment_id, m.kind) == (payment.id, _K.PAYMENT)]
        assert Counter({move.order_id: -move.amount_minor for move in moves}) == Counter(parts)
        assert len(moves) == len(parts)


def commission_is_a_tenth_of_what_stays_paid(world: OrderWorld, books: OrderBooks) -> None:
    """Of each order of a customer whom somebody brought, rounded down; what was paid out is owed no more."""
    ravi, asha, meera = world.customers
    brought_by = {ravi: None, asha: ravi, meera: asha}
    owed: dict[int, int] = defaultdict(int)
    for order in books.instalment_order:
        referrer = brought_by[order.customer_id]
        assert order.referrer_id == referrer
        assert order.commission_minor == (_stays(order) // 10 if referrer else 0)
        if referrer is not None:
            owed[referrer] += order.commission_minor
    for referrer in (ravi, asha):
        moves = [m for m in books.wallet_transaction if (m.customer_id, m.kind) == (referrer, _K.COMMISSION)]
        left = owed[referrer] - sum(each.amount_minor for each in moves)
        assert books.balance(commission(referrer), "INR") == -left
    assert books.balance(COMMISSION_COST, "INR") == sum(owed.values())


def coupons_are_used_by_orders_that_live(world: OrderWorld, books: OrderBooks) -> None:
    """Held while an order waits, used while it lives or something of it was kept, and free again otherwise."""
    used: dict[int, list[Any]] = defaultdict(list)
    uses = {each.order_id: each.state for each in books.coupon_use}
    with_coupon = [each for each in books.instalment_order if each.coupon_id is not None]
    assert uses.keys() == {each.id for each in with_coupon}
    for order in with_coupon:
        wanted = {_S.PENDING: CouponUse.HELD, _S.CANCELLED: CouponUse.RELEASED}.get(order.state, CouponUse.USED)
        if order.state is _S.CANCELLED and order.cancel_reason == "as wished" and world.endings[order.id].kept:
            wanted = CouponUse.USED
        assert uses[order.id] is wanted, f"order {order.id} is {order.state}, its coupon {uses[order.id]}"
        if wanted is not CouponUse.RELEASED:
            used[order.coupon_id].append(order)
    for each in books.coupon:
        _, _, _, in_all, by_one = COUPONS[each.code]
        assert each.used_count == len(used[each.id])
        assert in_all is None or each.used_count <= in_all
        customers = Counter(order.customer_id for order in used[each.id])
        assert by_one is None or max(customers.values(), default=0) <= by_one


def stock_is_what_orders_left(world: OrderWorld, books: OrderBooks) -> None:
    """An order holds its pieces from the moment that it is made, unless it never began or its goods are back."""
    left = {each.id: world.delivered[each.id] for each in books.variant}
    held: dict[int, int] = defaultdict(int)
    for move in books.stock_move:
        if move.instalment_order_id is None:
            left[move.variant_id] += move.quantity
        else:
            held[move.instalment_order_id] -= move.quantity
    for order in books.instalment_order:
        if order.state is not _S.CANCELLED:
            wanted = {order.quantity}
        elif order.cancel_reason in NEVER_BEGUN:
            wanted = {0}
        elif order.cancel_reason == CancelReason.REFUNDED.value:
            wanted = {0, order.quantity} if _brought_back(books, order) else {order.quantity}
        else:
            kept = 0 if world.endings[order.id].goods_are_back else order.quantity
            # They came back then, or with all of its money.
            wanted = {0, kept} if _brought_back(books, order) else {kept}
        assert held[order.id] in wanted, f"order {order.id} is {order.state} and holds {held[order.id]}"
        left[order.variant_id] -= held[order.id]
    for each in books.variant:
        assert each.stock == left[each.id] >= 0


def _brought_back(books: OrderBooks, order: Any) -> bool:
    days = {each.id for each in books.schedule(order.id)}
    payments = {each.payment_id for each in books.allocation if each.thing_id in days}
    return any(each.return_goods for each in books.refund if each.payment_id in payments)


def what_is_due_is_told(world: OrderWorld, books: OrderBooks) -> None:
    """The day's list has every unpaid day until today of every living order, whatever the clocks did before."""
    till, cashier = world.tills["T1"], world.people["T1"].cashier
    today = till.store_day(till.clock.now())
    active = {each.id for each in books.instalment_order if each.state is _S.ACTIVE}
    due = [d for d in books.instalment if d.order_id in active and d.state is _I.DUE and d.due_on <= today]
    told = sum_dues(till, cashier, DuesQuery())
    assert (told.due.minor, told.orders) == (sum(d.amount_minor for d in due), len({d.order_id for d in due}))


def money_that_paid_says_so(_world: OrderWorld, books: OrderBooks) -> None:
    """What became of money is not what became of other money."""
    for payment in books.payment:
        money = books.main_capture(payment.id)
        if money is not None and payment.fulfilment is Fulfilment.DONE and not money.refunded_minor:
            assert money.disposition is CaptureDisposition.APPLIED


def the_integrity_check_finds_nothing(world: OrderWorld, _books: OrderBooks) -> None:
    """What a manager's check compares; the chain is walked where the books are read."""
    till = world.tills["T1"]
    looks = looks_at_everything(till.db.audit_key, lambda: None)
    with till.db.read() as connection:
        found = {check: list(look(connection)[1]) for check, look in looks.items() if check is not Check.CHAIN}
    assert not any(found.values()), {check: faults for check, faults in found.items() if faults}


ORDERS: Final[tuple[Oracle, ...]] = (
    *MONEY,
    a_press_is_one_bulk_order,
    schedules_sum_to_totals,
    the_first_day_is_the_one_that_was_paid,
    states_agree,
    an_instalment_is_paid_once,
    what_was_paid_stands_on_its_days,
    money_is_kept,
    the_ledger_is_even,
    wallets_add_up,
    a_wallet_pays_each_order_by_itself,
    commission_is_a_tenth_of_what_stays_paid,
    coupons_are_used_by_orders_that_live,
    stock_is_what_orders_left,
    what_is_due_is_told,
    money_that_paid_says_so,
)
# The integrity check builds its queries anew each time, which takes longer than all the oracles: not after every step.
INSPECTED_EVERY: Final = 10


def check_orders(world: OrderWorld) -> None:
    """Every oracle, and from time to time what the product itself says of its books."""
    books = OrderBooks.read(world)
    for oracle in ORDERS:
        oracle(world, books)
    world.looked += 1
    if world.looked % INSPECTED_EVERY == 0:
        the_integrity_check_finds_nothing(world, books)


def check_orders_at_rest(world: OrderWorld) -> None:
    """Days after all is well again: money as anywhere, and no bulk order waits for a payment that nobody makes."""
    books = OrderBooks.read(world)
    money_has_come_to_rest(world, books)
    the_integrity_check_finds_nothing(world, books)
    open_ones = {each.payment_id for each in books.money_exception if each.closed_at is None}
    for bulk in books.bulk_order:
        assert bulk.state is not BulkState.PENDING or bulk.first_payment_id in open_ones, f"bulk order {bulk.id} waits"
