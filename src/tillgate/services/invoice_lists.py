"""Payment invoices as screens show them: one with its prompt, the list, and who verified what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, func, or_, select

from tillgate.domain.errors import NotFound
from tillgate.domain.invoice_checks import Reason
from tillgate.domain.money import Money
from tillgate.domain.payment import AttemptState, PaymentState
from tillgate.domain.payment_invoice import InvoiceStatus, clean_ref, masked_phone
from tillgate.domain.staff import Action, Actor
from tillgate.services.access import authorize
from tillgate.services.invoice_rows import PaymentInvoiceRecord, find_invoice, find_money, load_invoice
from tillgate.services.payment_rows import find_live_attempt, load_payment
from tillgate.services.records import columns, record
from tillgate.services.till import Till
from tillgate.store.keyset import Key, page
from tillgate.store.models import invoice_verification, payment_invoice, sales_order, staff

_I: Final = payment_invoice.c
_V: Final = invoice_verification.c
_INVOICE: Final = columns(PaymentInvoiceRecord, payment_invoice)
_ORDER: Final = (_I.created_at, _I.id)
_PHONE_MARKS: Final = "0123456789 +-().\u00a0"
_LOG_ORDER: Final = (_V.verified_at, _V.id)


@dataclass(frozen=True, slots=True)
class PromptView:
    """One invoice with what its prompt and payment say. `checking`: whether the prompt went out is not known yet.

    `ended_reason` is the provider's, in the words of its adapter. `paid` is what came and did not go back.
    """

    invoice: PaymentInvoiceRecord
    payment_state: PaymentState | None
    attempt_state: AttemptState | None
    ended_reason: str | None
    paid: Money | None

    @property
    def checking(self) -> bool:
        """A second prompt would be a mistake."""
        return self.invoice.state is InvoiceStatus.CREATED

    @property
    def settled(self) -> bool:
        """Nothing changes by itself any more."""
        return self.invoice.state not in (InvoiceStatus.CREATED, InvoiceStatus.PENDING)


@dataclass(frozen=True, slots=True)
class InvoiceQuery:
    """What the list is narrowed to: a text finds an id whole, or the end of a phone number of four digits or more.
    `states` empty means any; days are the store's, both included."""

    text: str = ""
    states: frozenset[InvoiceStatus] = frozenset()
    late: bool = False
    provider: str = ""
    staff_id: int | None = None
    first: date | None = None
    last: date | None = None
    descending: bool = True


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """An invoice in a list. `phone` is masked."""

    invoice: PaymentInvoiceRecord
    phone: str
    cashier: str
    order: str


@dataclass(frozen=True, slots=True)
class VerificationRow:
    """Who checked which id when; `reason` None: it was good. `found` is what had been paid."""

    id: int
    verified_at: datetime
    cashier: str
    till_id: str
    asked: str
    number: str
    amount: Money
    found_minor: int | None
    reason: Reason | None


def view_prompt(till: Till, actor: Actor, invoice_id: int) -> PromptView:
    """One invoice as it is now; the screen's countdown reads it. Raises NotFound("payment_invoice_unknown")."""
    authorize(till, actor, Action.VIEW_PAYMENTS)
    with till.db.read() as connection:
        found = load_invoice(connection, invoice_id)
        if found.payment_id is None:
            return PromptView(found, None, None, None, None)
        owner = load_payment(connection, found.payment_id)
        attempt = find_live_attempt(connection, owner.id)
        money = find_money(connection, found)
    paid = money.left if money is not None else None
    return PromptView(found, owner.state, attempt.state if attempt is not None else None, owner.ended_reason, paid)


def find_prompt(till: Till, actor: Actor, ref: str) -> PromptView:
    """The same by either id. Raises NotFound("payment_invoice_unknown")."""
    authorize(till, actor, Action.VIEW_PAYMENTS)
    with till.db.read() as connection:
        found = find_invoice(connection, ref)
    if found is None:
        raise NotFound("payment_invoice_unknown", invoice=ref.strip()[:40])
    return view_prompt(till, actor, found.id)


def list_payment_invoices(
    till: Till, actor: Actor, query: InvoiceQuery, *, after: Key | None = None, skip: int = 0, limit: int = 100
) -> list[InvoiceRow]:
    """A page of the list, by when they were made."""
    authorize(till, actor, Action.VIEW_PAYMENTS)
    chosen = (
        select(*_INVOICE, staff.c.name.label("cashier"), sales_order.c.number.label("order_number"))
        .join(staff, staff.c.id == _I.created_by, isouter=True)
        .join(sales_order, sales_order.c.id == _I.order_id, isouter=True)
        .where(*_conditions(query))
    )
    paged = page(chosen, _ORDER, descending=query.descending, after=after, skip=skip, limit=limit)
    with till.db.read() as connection:
        return [_row(row) for row in connection.execute(paged)]


def payment_invoice_key(row: InvoiceRow) -> Key:
    """What the next page begins behind."""
    return (row.invoice.created_at, row.invoice.id)


def count_payment_invoices(till: Till, actor: Actor, query: InvoiceQuery) -> int:
    """How many the list has."""
    authorize(till, actor, Action.VIEW_PAYMENTS)
    with till.db.read() as connection:
        counted = select(func.count()).select_from(payment_invoice).where(*_conditions(query))
        return int(connection.execute(counted).scalar_one())


def list_verifications(
    till: Till, actor: Actor, *, invoice_id: int | None = None, after: Key | None = None, skip: int = 0, limit: int = 50
) -> list[VerificationRow]:
    """Recent verifications, the newest first; of one invoice or of all."""
    authorize(till, actor, Action.VIEW_PAYMENTS)
    query = (
        select(invoice_verification, staff.c.name.label("cashier"), _I.number)
        .join(staff, staff.c.id == _V.verified_by, isouter=True)
        .join(payment_invoice, _I.id == _V.invoice_id, isouter=True)
    )
    if invoice_id is not None:
        query = query.where(_V.invoice_id == invoice_id)
    with till.db.read() as connection:
        rows = connection.execute(page(query, _LOG_ORDER, descending=True, after=after, skip=skip, limit=limit))
        return [_verification(row) for row in rows]


def verification_key(row: VerificationRow) -> Key:
    """What the next page begins behind."""
    return (row.verified_at, row.id)


def _conditions(query: InvoiceQuery) -> Sequence[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if query.text.strip():
        wanted.append(_matches(query.text))
    if query.states:
        wanted.append(_I.state.in_(sorted(query.states)))
    if query.late:
        wanted.append(_I.late == 1)
    if query.provider:
        wanted.append(_I.provider == query.provider)
    if query.staff_id is not None:
        wanted.append(func.coalesce(_I.created_by, 0) == query.staff_id)
    if query.first is not None:
        wanted.append(_I.day >= query.first)
    if query.last is not None:
        wanted.append(_I.day <= query.last)
    return wanted


def _matches(text: str) -> ColumnElement[bool]:
    ref = clean_ref(text) or ""
    digits = "".join(char for char in ref if char.isdigit())
    is_phone = len(digits) >= 4 and not ref.strip(_PHONE_MARKS)
    phone = _I.phone.endswith(digits.removeprefix("0"), autoescape=True) if is_phone else _I.id < 0
    return or_(_I.number == ref.upper(), _I.provider_id == ref, phone)


def _row(row: Any) -> InvoiceRow:
    found = record(PaymentInvoiceRecord, row)
    return InvoiceRow(found, masked_phone(found.phone), row.cashier or "", row.order_number or "")


def _verification(row: Any) -> VerificationRow:
    return VerificationRow(
        id=row.id,
        verified_at=row.verified_at,
        cashier=row.cashier or "",
        till_id=row.till_id,
        asked=row.asked,
        number=row.number or "",
        amount=Money(row.amount_minor, row.currency),
        found_minor=row.found_minor,
        reason=row.reason,
    )
