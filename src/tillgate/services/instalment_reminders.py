"""Remind customers of instalments that are due, by mail, once a store day (a setting)."""

from __future__ import annotations

from datetime import date, time
from typing import Final

from sqlalchemy import Connection, func, select

from tillgate.domain.instalments import InstalmentOrderState, InstalmentState
from tillgate.domain.settings import INSTALMENT_REMINDERS
from tillgate.services.till import Till
from tillgate.store.models import bulk_order, customer, instalment, instalment_order, outbox
from tillgate.store.outbox_rows import enqueue_new
from tillgate.store.unit_of_work import UnitOfWork

TEMPLATE: Final = "instalments_due"
# Nobody is written to in the night.
FROM: Final = time(8)
_I, _O = instalment.c, instalment_order.c


def run_reminders(till: Till) -> int:
    """Write down today's reminders; how many. Run it as often as you like: a customer gets one a day.

    Each is about what is due when it is sent, and is not sent on another day (services/notices.py).
    """
    now = till.clock.now().astimezone(till.zone)
    if till.settings()[INSTALMENT_REMINDERS] != "yes" or now.time() < FROM:
        return 0
    today = now.date()
    with till.db.read() as connection:
        if not _unreminded(connection, today):
            return 0
    return till.db.transact(till.system, lambda uow: _remind(uow, today))


def _remind(uow: UnitOfWork, today: date) -> int:
    wanted = _unreminded(uow.connection, today)
    mails = [
        (
            "mail",
            _key(today, customer_id),
            {"template": TEMPLATE, "payment_id": payment_id, "customer_id": customer_id, "day": today.isoformat()},
        )
        for customer_id, payment_id in wanted.items()
    ]
    enqueue_new(uow, mails)
    return len(mails)


def _unreminded(connection: Connection, today: date) -> dict[int, int]:
    """Customers with an address who owe, and were not written to today; with the payment that their oldest such order
    began with, from which the letter takes its store and mode."""
    owing = (
        select(_O.customer_id, func.min(bulk_order.c.first_payment_id).label("payment_id"))
        .join(instalment_order, _O.id == _I.order_id)
        .join(bulk_order, bulk_order.c.id == _O.bulk_order_id)
        .join(customer, customer.c.id == _O.customer_id)
        .where(_I.state == InstalmentState.DUE, _I.due_on <= today, _O.state == InstalmentOrderState.ACTIVE)
        .where(customer.c.email != "", customer.c.active == 1, bulk_order.c.first_payment_id.is_not(None))
        .group_by(_O.customer_id)
    )
    told = select(outbox.c.dedupe_key).where(outbox.c.dedupe_key.startswith(_key(today, ""), autoescape=True))
    before = set(connection.execute(told).scalars())
    return {
        int(row.customer_id): int(row.payment_id)
        for row in connection.execute(owing)
        if _key(today, row.customer_id) not in before
    }


def _key(today: date, customer_id: object) -> str:
    return f"mail:{TEMPLATE}:{today.isoformat()}:{customer_id}"
