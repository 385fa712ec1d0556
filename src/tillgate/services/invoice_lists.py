"""Payment invoices as screens show them: one with its prompt, the list, and who verified what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, CompoundSelect, Connection, func, select, text, union_all

from tillgate.domain.errors import Invalid, NotFound
from tillgate.domain.invoice_checks import Reason
from tillgate.domain.money import Money
from tillgate.domain.mpesa import check_phone
from tillgate.domain.payment import AttemptState, PaymentState
from tillgate.domain.payment_invoice import InvoiceStatus, clean_ref, masked_phone
from tillgate.domain.staff import Action, Actor
from tillgate.services.access import authorize
from tillgate.services.invoice_rows import PaymentInvoiceRecord, find_invoice, find_money, load_invoice, named
from tillgate.services.payment_lists import day_begins
from tillgate.services.payment_rows import find_live_attempt, load_payment
from tillgate.services.records import columns, record
from tillgate.services.till import Till
from tillgate.store.keyset import Key, page
from tillgate.store.models import capture, invoice_tally, invoice_verification, payment_invoice, sales_order, staff

_I: Final = payment_invoice.c
_T: Final = invoice_tally.c
_V: Final = invoice_verification.c
_INVOICE: Final = columns(PaymentInvoiceRecord, payment_invoice)
_ORDER: Final = (_I.created_at, _I.id)
_PHONE_MARKS: Final = "0123456789 +-().\u00a0"
_LEAST_DIGITS: Final = 4
_LOG_ORDER: Final = (_V.verified_at, _V.id)
# So many are sorted sooner than they are found on a walk through all others.
_FEW: Final = 1_000


@dataclass(frozen=True, slots=True)
class PromptView:
    """One invoice with what its prompt and payment say. `checking`: whether the prompt went out is not known yet.

    `ended_reason` is the provider's, in the words of its adapter. `paid` is what came and did not go back;
    `receipt` is the payer's own number of it, "" where nobody told it.
    """

    invoice: PaymentInvoiceRecord
    payment_state: PaymentState | None
    attempt_state: AttemptState | None
    ended_reason: str | None
    paid: Money | None
    receipt: str = ""

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
    """What the list is narrowed to: a text finds an id or a phone whole, or the end of a phone number of four digits or
    more. `over` are those paid late, or complete past their time. `states` and `ids` empty, and `currency` "", mean
    any; days are the store's, both included."""

    text: str = ""
    ids: tuple[int, ...] = ()
    currency: str = ""
    states: frozenset[InvoiceStatus] = frozenset()
    late: bool = False
    over: bool = False
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


@dataclass(frozen=True, slots=True)
class VerificationQuery:
    """What the verifications are narrowed to: an id whole, as it was asked for or as the invoice has it; those that
    were `good` or not; one reason; those by a person; days are the store's, and instants, both included."""

    text: str = ""
    staff_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    good: bool | None = None
    reason: Reason | None = None
    first: date | None = None
    last: date | None = None
    descending: bool = True


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
    receipt = (money.receipt if money is not None else None) or ""
    state = attempt.state if attempt is not None else None
    return PromptView(found, owner.state, state, owner.ended_reason, paid, receipt)


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
    )
    with till.db.read() as connection:
        near = _near(connection, till, query)
        if near is None:
            return []
        found = chosen.where(*_conditions(query), *near)
        paged = page(found, _ORDER, descending=query.descending, after=after, skip=skip, limit=limit)
        return [_row(row) for row in connection.execute(paged)]


def payment_invoice_key(row: InvoiceRow) -> Key:
    """What the next page begins behind."""
    return (row.invoice.created_at, row.invoice.id)


def count_payment_invoices(till: Till, actor: Actor, query: InvoiceQuery) -> int:
    """How many the list has."""
    authorize(till, actor, Action.VIEW_PAYMENTS)
    counted = select(func.count()).select_from(payment_invoice).where(*_conditions(query))
    if not _is_found(query):
        counted = select(func.coalesce(func.sum(_T.number), 0)).where(*_summed(query, _T))
    with till.db.read() as connection:
        return int(connection.execute(counted).scalar_one())


def list_verifications(
    till: Till,
    actor: Actor,
    query: VerificationQuery | None = None,
    *,
    invoice_id: int | None = None,
    after: Key | None = None,
    skip: int = 0,
    limit: int = 50,
) -> list[VerificationRow]:
    """Verifications, the newest first unless the query says otherwise; of one invoice or of all."""
    authorize(till, actor, Action.VIEW_PAYMENTS)
    wanted = query or VerificationQuery()
    found = (
        select(invoice_verification, staff.c.name.label("cashier"), _I.number)
        .join(staff, staff.c.id == _V.verified_by, isouter=True)
        .join(payment_invoice, _I.id == _V.invoice_id, isouter=True)
        .where(*_log_conditions(till, wanted))
    )
    if invoice_id is not None:
        found = found.where(_V.invoice_id == invoice_id)
    with till.db.read() as connection:
        rows = connection.execute(
            page(found, _LOG_ORDER, descending=wanted.descending, after=after, skip=skip, limit=limit)
        )
        return [_verification(row) for row in rows]


def count_verifications(till: Till, actor: Actor, query: VerificationQuery) -> int:
    """How many verifications a query finds."""
    authorize(till, actor, Action.VIEW_PAYMENTS)
    joined = invoice_verification.join(payment_invoice, _I.id == _V.invoice_id, isouter=True)
    found = select(func.count()).select_from(joined).where(*_log_conditions(till, query))
    with till.db.read() as connection:
        return int(connection.execute(found).scalar_one())


def verification_key(row: VerificationRow) -> Key:
    """What the next page begins behind."""
    return (row.verified_at, row.id)


def _log_conditions(till: Till, query: VerificationQuery) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if query.text.strip():
        ref = clean_ref(query.text) or ""
        found = select(_I.id).where(_I.number == ref.upper()).union_all(select(_I.id).where(named(ref)))
        # Each way by an index of its own.
        other = invoice_verification.alias("asked_so")
        asked = select(other.c.id).where(other.c.asked == ref)
        wanted.append(_V.id.in_(asked.union_all(select(other.c.id).where(other.c.invoice_id.in_(found)))))
    if query.staff_id is not None:
        wanted.append(_V.verified_by == query.staff_id)
    if query.good is not None:
        wanted.append(_V.reason.is_(None) if query.good else _V.reason.is_not(None))
    if query.reason is not None:
        wanted.append(_V.reason == query.reason)
    return [*wanted, *_log_span(till, query)]


def _log_span(till: Till, query: VerificationQuery) -> Iterator[ColumnElement[bool]]:
    if query.since is not None:
        yield _V.verified_at >= query.since
    if query.until is not None:
        yield _V.verified_at <= query.until
    if query.first is not None:
        yield _V.verified_at >= day_begins(till, query.first)
    if query.last is not None:
        yield _V.verified_at < day_begins(till, query.last + timedelta(days=1))


def _is_found(query: InvoiceQuery) -> bool:
    """Whether it names its rows, so that the sums don't tell how many there are."""
    return bool(query.text.strip() or query.ids or query.over)


def _conditions(query: InvoiceQuery) -> Sequence[ColumnElement[bool]]:
    wanted = _summed(query, _I)
    if query.text.strip():
        wanted.append(_I.id.in_(_matches(query.text)))
    if query.ids:
        wanted.append(_I.id.in_(query.ids))
    if query.over:
        wanted.append(_I.id.in_(_over()))
    return wanted


def _summed(query: InvoiceQuery, of: Any) -> list[ColumnElement[bool]]:
    """What narrows the rows as it narrows the sums that are kept of them; `of` are the columns of either."""
    wanted: list[ColumnElement[bool]] = []
    if query.states:
        wanted.append(of.state.in_(sorted(query.states)))
    if query.late:
        wanted.append(of.late == 1)
    if query.provider:
        wanted.append(of.provider == query.provider)
    if query.currency:
        wanted.append(of.currency == query.currency)
    if query.staff_id is not None:
        wanted.append((of.staff_id if of is _T else func.coalesce(of.created_by, 0)) == query.staff_id)
    if query.first is not None:
        wanted.append(of.day >= query.first)
    if query.last is not None:
        wanted.append(of.day <= query.last)
    return wanted


def _near(connection: Connection, till: Till, query: InvoiceQuery) -> list[ColumnElement[bool]] | None:
    """Which rows to look at for those that are wanted, as the sums tell: the late ones by their own index, the days of
    a few, or the time from the first to the last of many in the list's own order. None: there is nothing to look for.
    """
    if _is_found(query) or query == InvoiceQuery(descending=query.descending):
        return []
    if query.late:
        return [_I.id.in_(_over().selects[0])]
    summed = select(_T.day, func.sum(_T.number)).where(*_summed(query, _T), _T.number > 0).group_by(_T.day)
    days = {row[0]: int(row[1]) for row in connection.execute(summed)}
    if not days:
        return None
    if sum(days.values()) <= _FEW:
        return [_I.day.in_(sorted(days))]
    # A day more at either end: the store's zone may have been another then.
    first, last = min(days) - timedelta(days=1), max(days) + timedelta(days=2)
    return [_I.created_at >= day_begins(till, first), _I.created_at < day_begins(till, last)]


def _over() -> CompoundSelect[Any]:
    """The ids of those that were paid late, and of those that lay complete past their time; each by an index."""
    other = payment_invoice.alias()
    late = select(other.c.id).where(other.c.late == text("1"))
    return union_all(late, select(other.c.id).where(other.c.referred_at.is_not(None)))


def _matches(wanted: str) -> CompoundSelect[Any]:
    """The ids of those that a text finds, each way by an index of its own; the end of a phone by reading all phones."""
    ref = clean_ref(wanted) or ""
    paid_as = select(_I.id).join(capture, capture.c.payment_id == _I.payment_id)
    ways = [
        select(_I.id).where(_I.number == ref.upper()),
        select(_I.id).where(named(ref)),
        paid_as.where(capture.c.receipt.is_not(None), capture.c.receipt == ref.upper()),
    ]
    digits = "".join(char for char in ref if char.isdigit())
    if len(digits) >= _LEAST_DIGITS and not ref.strip(_PHONE_MARKS):
        ways.append(select(_I.id).where(_phone_is(ref, digits)))
    return union_all(*ways)


def _phone_is(ref: str, digits: str) -> ColumnElement[bool]:
    try:
        return _I.phone == check_phone(ref)
    except Invalid:
        return _I.phone.endswith(digits.removeprefix("0"), autoescape=True)


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
