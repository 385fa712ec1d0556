"""The whole story of one payment, read at one moment: money, checkouts, orders, mails, exceptions, events and calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select

from tillgate.domain.exceptions import ExceptionKind
from tillgate.domain.money import Money
from tillgate.domain.orders import OrderState
from tillgate.domain.payment import PaymentState, Purpose
from tillgate.domain.staff import Action, Actor
from tillgate.services.access import authorize
from tillgate.services.credit_notes import CreditNoteRecord, list_notes_of
from tillgate.services.outbox import OutboxRecord, list_work
from tillgate.services.payment_views import CallEvent, PaymentView, StoryEvent, read_story, read_view, with_addresses
from tillgate.services.till import Till
from tillgate.store.models import customer, money_exception, payment, sales_invoice, sales_order, staff, vendor


@dataclass(frozen=True, slots=True)
class OrderLine:
    """An order that the payment made, with its invoice once there is one, and what reverses it."""

    id: int
    number: str
    vendor_name: str
    state: OrderState
    total: Money
    invoice_id: int | None
    invoice_number: str | None
    credit_notes: tuple[CreditNoteRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class ExceptionLine:
    """An exception about the payment; `closed_at` None while it is open."""

    id: int
    kind: ExceptionKind
    opened_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class PaymentDetails:
    """`people` are names by the audit's label of an actor, as "staff:3"; `partial_refund` is whether a part can go back
    through the provider that holds the money.
    """

    view: PaymentView
    orders: tuple[OrderLine, ...]
    work: tuple[OutboxRecord, ...]
    exceptions: tuple[ExceptionLine, ...]
    events: tuple[StoryEvent, ...]
    calls: tuple[CallEvent, ...]
    people: Mapping[str, str]
    customer_name: str
    partial_refund: bool

    @property
    def has_receipt(self) -> bool:
        """Whether there is something that a receipt says was paid."""
        owner = self.view.payment
        return bool(self.orders) or (owner.purpose in _WITHOUT_ORDERS and owner.state in _HELD)

    @property
    def refundable(self) -> Money | None:
        """What could still be given back of the money that made it paid; None where there is none."""
        main = next((each for each in self.view.captures if each.main), None)
        return main.left if main is not None and main.left else None


# Of which a receipt tells though they make no order of the store's.
_WITHOUT_ORDERS: Final = frozenset({Purpose.INSTALMENTS, Purpose.WALLET_TOP_UP})
_HELD: Final = frozenset({PaymentState.CAPTURED, PaymentState.PARTIALLY_REFUNDED, PaymentState.REFUND_PENDING})
_ORDERS: Final = (
    select(
        sales_order.c.id,
        sales_order.c.number,
        vendor.c.name.label("vendor_name"),
        sales_order.c.state,
        sales_order.c.total_minor,
        sales_order.c.currency,
        sales_invoice.c.id.label("invoice_id"),
        sales_invoice.c.number.label("invoice_number"),
    )
    .join(vendor, vendor.c.id == sales_order.c.vendor_id)
    .join(sales_invoice, sales_invoice.c.order_id == sales_order.c.id, isouter=True)
    .order_by(sales_order.c.id)
)


def load_details(till: Till, actor: Actor, payment_id: int) -> PaymentDetails:
    """Everything about a payment. Raises NotFound("payment_unknown")."""
    authorize(till, actor, Action.VIEW_PAYMENTS)
    with till.db.read() as connection:
        view = with_addresses(till, read_view(connection, payment_id))
        exceptions = _exceptions(connection, payment_id)
        events, calls = read_story(connection, payment_id, [each.id for each in exceptions])
        return PaymentDetails(
            view=view,
            orders=_orders(connection, payment_id),
            work=tuple(list_work(connection, payment_id)),
            exceptions=exceptions,
            events=tuple(events),
            calls=tuple(calls),
            people=_people(connection, view, events),
            customer_name=_customer(connection, payment_id),
            partial_refund=_takes_parts(till, view),
        )


def _orders(connection: Connection, payment_id: int) -> tuple[OrderLine, ...]:
    rows = connection.execute(_ORDERS.where(sales_order.c.payment_id == payment_id)).all()
    notes = list_notes_of(connection, [row.id for row in rows])
    return tuple(
        OrderLine(
            row.id,
            row.number,
            row.vendor_name,
            row.state,
            Money(row.total_minor, row.currency),
            row.invoice_id,
            row.invoice_number,
            tuple(note for note in notes if note.order_id == row.id),
        )
        for row in rows
    )


def _exceptions(connection: Connection, payment_id: int) -> tuple[ExceptionLine, ...]:
    table = money_exception.c
    query = select(table.id, table.kind, table.opened_at, table.closed_at).where(table.payment_id == payment_id)
    return tuple(ExceptionLine(*row) for row in connection.execute(query.order_by(table.id)))


def _people(connection: Connection, view: PaymentView, events: list[StoryEvent]) -> dict[str, str]:
    labels = {event.actor for event in events if event.actor.startswith("staff:")}
    ids = {int(label.removeprefix("staff:")) for label in labels}
    ids |= {each for refund in view.refunds for each in (refund.requested_by, refund.approved_by) if each is not None}
    if view.payment.created_by is not None:
        ids.add(view.payment.created_by)
    rows = connection.execute(select(staff.c.id, staff.c.name).where(staff.c.id.in_(ids)))
    return {f"staff:{row.id}": row.name for row in rows}


def _customer(connection: Connection, payment_id: int) -> str:
    query = select(customer.c.name).join(payment, payment.c.customer_id == customer.c.id)
    return connection.execute(query.where(payment.c.id == payment_id)).scalar_one_or_none() or ""


def _takes_parts(till: Till, view: PaymentView) -> bool:
    main = next((each for each in view.captures if each.main), None)
    provider = till.providers.get(main.provider) if main is not None else None
    return provider is None or provider.capabilities.partial_refund
