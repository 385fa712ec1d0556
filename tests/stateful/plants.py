"""Bugs planted on purpose, in memory: the machine has to find each, or it proves nothing."""

from __future__ import annotations
import __future__

import inspect
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FunctionType
from typing import Any, Final

from tests.stateful.world import World
from tillgate.domain import verification
from tillgate.domain.checkout_facts import CheckoutFacts, CheckoutStatus, ProviderTry, TryStatus
from tillgate.services import apply, invoices, orders, payments, refund_rows, returns, settle
from tillgate.services.records import AttemptRecord
from tillgate.services.till import Till


@dataclass(frozen=True)
class Plant:
    """Texts of functions that are replaced by others, and SQL that a new database is robbed with."""

    changes: tuple[tuple[Callable[..., Any], str, str], ...] = ()
    sql: str = ""


@contextmanager
def planted(plant: Plant) -> Iterator[None]:
    """The product with the bug in it; every reference to the function sees it, and afterwards none does."""
    kept = []
    World.robbed_of = plant.sql
    try:
        for function, old, new in plant.changes:
            assert isinstance(function, FunctionType)
            kept.append((function, function.__code__))
            function.__code__ = _rewritten(function, old, new)
        yield
    finally:
        World.robbed_of = ""
        for function, code in reversed(kept):
            function.__code__ = code


_TEXTS: Final[dict[object, str]] = {}


def _rewritten(function: FunctionType, old: str, new: str) -> Any:
    """The code of a function whose text has `old` once, with `new` in its place."""
    text = _TEXTS.setdefault(function, textwrap.dedent(inspect.getsource(function)))
    assert text.count(old) == 1, f"{function.__qualname__} no longer says {old!r}: plant the bug anew"
    flags = __future__.annotations.compiler_flag
    made: dict[str, Any] = {}
    exec(compile(text.replace(old, new), "<planted>", "exec", flags, dont_inherit=True), {**function.__globals__}, made)  # noqa: S102 - our own text
    return made[function.__name__].__code__


def believe(till: Till, attempt: AttemptRecord) -> None:
    """What a till does that takes a signature for a payment."""
    made = ProviderTry(f"pay_{attempt.id:06d}_said", TryStatus.CAPTURED, attempt.amount, attempt.provider_id)
    facts = CheckoutFacts(
        provider_id=attempt.provider_id or "",
        reference=attempt.reference,
        status=CheckoutStatus.PAID,
        amount=attempt.amount,
        account=attempt.account,
        mode=till.mode,
        tries=(made,),
    )
    apply.apply_facts(till, attempt.id, facts, "return")


PLANTS: Final = {
    "the amount is not compared": Plant(
        ((verification._verdict, "if abs(found.amount.minor - asked.minor) <= expected.tolerance_minor:", "if True:"),)
    ),
    "the reference is not compared": Plant(
        ((verification._faults, '"reference": (expected.reference, facts.reference),', ""),)
    ),
    "a signature is taken for a payment": Plant(
        (
            (
                returns.hear_return,
                'check_attempt(till, attempt.id, f"return:{verdict.value}")',
                "from tests.stateful.plants import believe\n"
                "    believe(till, attempt) if verdict is Verdict.SIGNED else None",
            ),
        )
    ),
    "a create is sent before that is committed": Plant(
        (
            (
                payments.call_create,
                "    attempt = _mark_sent(till, planned)\n",
                "    with till.db.read() as connection:\n"
                "        early = load_attempt(connection, planned.attempt_id)\n"
                "    answer = till.providers[early.provider].create(early.method, early.parameters)\n"
                "    attempt = _mark_sent(till, planned)\n"
                "    if attempt is not None:\n"
                "        return apply_create_answer(till, CreateAnswer(attempt.id, planned.call_id, answer))\n",
            ),
        )
    ),
    "a thing may have two live payments": Plant(sql="DROP INDEX uq_allocation_live_thing"),
    "an unknown create is sent again without a look": Plant(
        (
            (
                settle._hear_create,
                "    answer = _sure(provider, attempt, provider.find(attempt.ref))\n",
                "    if resend and young:\n"
                "        _send_again(till, provider, attempt)\n"
                "        return False\n"
                "    answer = _sure(provider, attempt, provider.find(attempt.ref))\n",
            ),
        )
    ),
    "money heard twice is written twice": Plant(
        (
            (
                apply._take_money,
                "if known is not None:",
                "if False:",
            ),
        )
    ),
    "more may go back than came": Plant(
        (
            (
                refund_rows.plan_refund,
                "            capture.c.refunded_minor + amount.minor <= capture.c.amount_minor,\n",
                "",
            ),
        )
    ),
    "stock is not looked at again": Plant(
        (
            (orders.sell_cart, "    _check(uow, content, offers)\n", ""),
            (
                orders._take_stock,
                "if _TAKE_STOCK.count(uow.connection, variant=item.line.variant_id, pieces=item.line.quantity) != 1:",
                "if _TAKE_STOCK.count(uow.connection, variant=item.line.variant_id, pieces=item.line.quantity) > 1:",
            ),
        )
    ),
    "an order's invoice is made again": Plant(
        ((invoices._make, "if order.id not in made]", "]"),),
    ),
}
