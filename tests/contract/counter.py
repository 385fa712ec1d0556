"""A till over the real adapter and the sandbox over HTTP: what a provider's fault does to its books."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, cast

from sqlalchemy import select

from tests.crash import oracles
from tests.crash.counter import Counter
from tests.crash.shop import BANK, SharedClock, Shop, make_template, open_shop
from tillgate.domain.exceptions import ExceptionAction
from tillgate.domain.payment import Mode, RefundState
from tillgate.domain.secret import Secret
from tillgate.ports import PaymentProvider
from tillgate.providers.razorpay import Razorpay
from tillgate.sandbox import SandboxServer
from tillgate.services.exceptions import list_exceptions, settle_exception
from tillgate.services.payment_views import PaymentView, read_view
from tillgate.services.settle import check_now
from tillgate.store.models import provider_call, refund
from tillgate.store.unit_of_work import refuse_inside_transaction

# Far less than a fault that is waited for, and enough for nothing else: only the spoiled verb gets it.
HASTY_MS: Final = 150
# Longer than any step of a cadence that a new payment, a link's end or a refund meets.
PAUSES: Final = (4, 6, 7, 31, 65, 130)


class OneVerbHasty:
    """The adapter, in a hurry for the next call of one verb: the rest has time, however busy the machine is."""

    def __init__(self, calm: Razorpay, hasty: Razorpay) -> None:
        self._calm, self._hasty = calm, hasty
        self.hasty_verb = ""

    def __getattr__(self, name: str) -> Any:
        if name != self.hasty_verb:
            return getattr(self._calm, name)
        self.hasty_verb = ""
        return getattr(self._hasty, name)

    def close(self) -> None:
        self._calm.close()
        self._hasty.close()


class Cashier(Counter):
    """Whoever rings up finds a free till: each sale before this one has come to its end."""

    def finish_before(self) -> None:
        return None

    def view(self, payment_id: int) -> PaymentView:
        with self.till.db.read() as connection:
            return read_view(connection, payment_id)

    def check(self, payment_id: int) -> None:
        check_now(self.till, self.shop.cashier, payment_id)

    def rows(self, table: Any, **where: object) -> list[Any]:
        with self.till.db.read() as connection:
            query = select(table).where(*(table.c[name] == value for name, value in where.items()))
            return list(connection.execute(query.order_by(table.c.id)).all())

    def heard(self, kind: str, after: int = 0) -> str:
        """What the journal says of the first call of a kind behind a row of it."""
        return next(str(row.outcome) for row in self.rows(provider_call, kind=kind) if row.id > after)

    def journal_end(self) -> int:
        """The last row of the journal."""
        return max((int(row.id) for row in self.rows(provider_call)), default=0)

    def decide_all(self, action: ExceptionAction) -> None:
        """The manager settles every exception in this way, and the timer does what follows."""
        for each in list_exceptions(self.till, self.manager()):
            settle_exception(self.till, self.manager(), each.id, action, "as they wished")
        self.until(lambda: not self.rows(refund, state=RefundState.PENDING))

    def until(self, holds: Callable[[], object]) -> bool:
        """Let time pass and the timer work until something holds; whether it does."""
        for seconds in PAUSES:
            if holds():
                return True
            self.shop.clock.jump(seconds)
            self.tick()
        return bool(holds())


@dataclass
class Bazaar:
    """The till, the sandbox, and the adapter between them."""

    sandbox: SandboxServer
    shop: Shop
    cashier: Cashier
    adapter: OneVerbHasty

    def faults(self) -> list[str]:
        """What is wrong when everything has settled: the bank's ledger against our books, and each oracle."""
        return [*self.cashier.settle(), *oracles.faults(self.shop)]


@cache
def _template() -> dict[str, bytes]:
    with TemporaryDirectory() as folder:
        make_template(Path(folder))
        return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


@contextmanager
def open_bazaar(folder: Path) -> Iterator[Bazaar]:
    """A shop of its own with a bank of its own, on one clock."""
    for name, content in _template().items():
        (folder / name).write_bytes(content)
    clock = SharedClock(folder / "clock")
    with SandboxServer(clock=clock.time) as sandbox:
        known = sandbox.razorpay
        where = {"base_url": known.base_url, "key_id": known.keys.key_id, "key_secret": known.keys.key_secret}
        control = {"control_url": sandbox.control_url, "token": sandbox.control_token}
        (folder / BANK).write_text(json.dumps(where | control))
        shop = open_shop(folder)
        for provider in shop.till.providers.values():
            provider.close()
        adapter = OneVerbHasty(*(_adapter(sandbox, shop, each) for each in (20_000, HASTY_MS)))
        shop.till = replace(shop.till, providers={Razorpay.name: cast(PaymentProvider, adapter)})
        try:
            yield Bazaar(sandbox, shop, Cashier(shop, random.Random(1)), adapter)
        finally:
            shop.close()
    shutil.rmtree(folder, ignore_errors=True)


def _adapter(sandbox: SandboxServer, shop: Shop, deadline_ms: int) -> Razorpay:
    keys = sandbox.razorpay.keys
    return Razorpay(
        keys.key_id,
        Secret(keys.key_secret),
        mode=Mode.TRAINING,
        base_url=sandbox.razorpay.base_url,
        before_send=refuse_inside_transaction,
        create_deadline_ms=deadline_ms,
        status_deadline_ms=deadline_ms,
        sweep_deadline_ms=60_000,
        now=shop.clock.now,
    )
