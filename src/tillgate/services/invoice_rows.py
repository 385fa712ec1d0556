"""Reads and compare-and-set writes of payment invoices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
    text,
)

from tillgate.domain.errors import Bug, NotFound
from tillgate.domain.exceptions import CaptureDisposition
from tillgate.domain.invoice_checks import Known
from tillgate.domain.ledger import PREPAID
from tillgate.domain.money import Money
from tillgate.domain.payment import PaymentState
from tillgate.domain.payment_invoice import PAYMENT_INVOICE_THING, FeeBreakdown, FeeTerms, InvoiceStatus, clean_ref
from tillgate.services.records import CaptureRecord, columns
from tillgate.store.models import (
    allocation,
    capture,
    ledger_entry,
    ledger_tx,
    money_exception,
    payment,
    payment_invoice,
    sales_order,
)
from tillgate.store.statements import Statement, update_rows
from tillgate.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class PaymentInvoiceRecord:
    """A provider's request for payment by phone."""

    id: int
    number: str
    provider: str
    provider_id: str | None
    key: str
    state: InvoiceStatus
    amount_minor: int
    service_fee_minor: int
    provider_fee_bp: int
    provider_fee_minor: int
    expected_minor: int
    currency: str
    phone: str
    payment_id: int | None
    day: date
    till_id: str
    created_by: int | None
    created_at: datetime
    expires_at: datetime
    metadata: str
    paid_at: datetime | None
    late: int
    referred_at: datetime | None
    let_in_at: datetime | None
    surplus_minor: int
    order_id: int | None
    used_at: datetime | None
    version: int
    held_cart_id: int | None

    @property
    def amount(self) -> Money:
        """What is sold for, before fees."""
        return Money(self.amount_minor, self.currency)

    @property
    def expected(self) -> Money:
        """What the phone was asked for."""
        return Money(self.expected_minor, self.currency)

    @property
    def fees(self) -> FeeBreakdown:
        """As they were fixed when it was made."""
        service, share = Money(self.service_fee_minor, self.currency), Money(self.provider_fee_minor, self.currency)
        return FeeBreakdown(self.amount, service, share, self.expected)

    @property
    def terms(self) -> FeeTerms:
        """By which another amount's fees are told."""
        return FeeTerms(Money(self.service_fee_minor, self.currency), self.provider_fee_bp)

    @property
    def subject(self) -> str:
        """How the audit names it."""
        return f"payment_invoice:{self.id}"


_INVOICE: Final = columns(PaymentInvoiceRecord, payment_invoice)
_CAPTURE: Final = columns(CaptureRecord, capture)
_LOAD: Final = Statement(select(*_INVOICE).where(payment_invoice.c.id == bindparam("id")))
_LOCK: Final = Statement(select(*_INVOICE).where(payment_invoice.c.id == bindparam("id")).with_for_update())
_BY_KEY: Final = Statement(select(*_INVOICE).where(payment_invoice.c.key == bindparam("key")))


def _providers() -> Select[Any]:
    """The providers that there are invoices of, each found behind the one before it: the index over providers' ids
    begins with them, and without them a search by such an id reads every row."""
    first = select(func.min(payment_invoice.c.provider).label("name")).cte("known", recursive=True)
    other = payment_invoice.alias()
    behind = select(func.min(other.c.provider)).where(other.c.provider > first.c.name).scalar_subquery()
    known = first.union_all(select(behind).where(first.c.name.is_not(None)))
    return select(known.c.name).where(known.c.name.is_not(None))


def named(provider_id: BindParameter[Any] | str) -> ColumnElement[bool]:
    """Whether a provider calls it so."""
    return and_(payment_invoice.c.provider.in_(_providers()), payment_invoice.c.provider_id == provider_id)


# Either id finds it; by two indexes. Ours comes first, should a provider ever name one alike.
_BY_REF: Final = Statement(
    select(*_INVOICE)
    .where(or_(payment_invoice.c.number == bindparam("number"), named(bindparam("provider_id"))))
    .order_by(payment_invoice.c.number != bindparam("number"), payment_invoice.c.id)
    .limit(1)
)
# By the number that the payer's phone was sent for the money.
_PAID_AS: Final = Statement(
    select(*_INVOICE)
    .join(capture, capture.c.payment_id == payment_invoice.c.payment_id)
    .where(capture.c.receipt.is_not(None), capture.c.receipt == bindparam("receipt"))
    .order_by(capture.c.main.desc(), capture.c.id)
    .limit(1)
)
_OPEN_OF: Final = Statement(
    select(*_INVOICE).where(
        payment_invoice.c.phone == bindparam("phone"), text("payment_invoice.state IN ('CREATED', 'PENDING')")
    )
)
_OF_PAYMENT: Final = Statement(
    select(allocation.c.thing_id).where(
        allocation.c.payment_id == bindparam("payment_id"), allocation.c.thing_kind == PAYMENT_INVOICE_THING
    )
)
# Its payment's own money; or else the first that came beside it and waits on Exceptions.
_MONEY: Final = Statement(
    select(*_CAPTURE)
    .where(capture.c.payment_id == bindparam("payment_id"))
    .order_by(capture.c.main.desc(), capture.c.id)
    .limit(1)
)
_STANDS: Final = Statement(
    select(
        payment.c.state,
        exists().where(money_exception.c.capture_id == bindparam("capture_id"), money_exception.c.closed_at.is_(None)),
        select(-func.coalesce(func.sum(ledger_entry.c.amount_minor), 0))
        .join(ledger_tx, ledger_tx.c.id == ledger_entry.c.tx_id)
        .where(ledger_tx.c.payment_id == bindparam("payment_id"), ledger_entry.c.account == PREPAID)
        .scalar_subquery(),
    ).where(payment.c.id == bindparam("payment_id"))
)
_ORDER: Final = Statement(select(sales_order.c.number).where(sales_order.c.id == bindparam("id")))


def load_invoice(connection: Connection, invoice_id: int, *, lock: bool = False) -> PaymentInvoiceRecord:
    """Raises NotFound("payment_invoice_unknown")."""
    row = (_LOCK if lock else _LOAD).first(connection, id=invoice_id)
    if row is None:
        raise NotFound("payment_invoice_unknown", invoice=invoice_id)
    return PaymentInvoiceRecord(*row)


def find_by_key(connection: Connection, key: str) -> PaymentInvoiceRecord | None:
    """The invoice that a press made."""
    row = _BY_KEY.first(connection, key=key)
    return PaymentInvoiceRecord(*row) if row else None


def find_invoice(connection: Connection, ref: str) -> PaymentInvoiceRecord | None:
    """By our number, however it was typed, or by the provider's id (ruling 19); or else by the payer's receipt."""
    clean = clean_ref(ref)
    if clean is None:
        return None
    row = _BY_REF.first(connection, number=clean.upper(), provider_id=clean)
    row = row or _PAID_AS.first(connection, receipt=clean.upper())
    return PaymentInvoiceRecord(*row) if row else None


def find_open_of(connection: Connection, phone: str) -> PaymentInvoiceRecord | None:
    """The one open prompt of a phone."""
    row = _OPEN_OF.first(connection, phone=phone)
    return PaymentInvoiceRecord(*row) if row else None


def invoice_of_payment(connection: Connection, payment_id: int) -> int | None:
    """The payment invoice that a payment is for."""
    row = _OF_PAYMENT.first(connection, payment_id=payment_id)
    return int(row[0]) if row else None


def find_money(connection: Connection, invoice: PaymentInvoiceRecord) -> CaptureRecord | None:
    """What was paid on an invoice, whatever became of it."""
    row = _MONEY.first(connection, payment_id=invoice.payment_id) if invoice.payment_id is not None else None
    return CaptureRecord(*row) if row else None


def is_decided(connection: Connection, money: CaptureRecord) -> bool:
    """Whether some money is what its invoice was paid with: the ledger keeps all that is left of it for an order to
    come, and nobody is to say on Exceptions where it shall go."""
    if not money.main or money.disposition is not CaptureDisposition.APPLIED:
        return False
    stands = _STANDS.first(connection, payment_id=money.payment_id, capture_id=money.id)
    if stands is None:
        return False
    state, asked_about, kept = stands
    return state is PaymentState.CAPTURED and not asked_about and kept == money.left.minor


def known_of(connection: Connection, invoice: PaymentInvoiceRecord) -> Known:
    """What its checks are made of, as the books have it now."""
    money = find_money(connection, invoice)
    order = _ORDER.first(connection, id=invoice.order_id) if invoice.order_id is not None else None
    # With a part of its money given back it pays for no order any more.
    gone = money is not None and (money.refunded_minor > 0 or money.disposition is CaptureDisposition.REFUNDING)
    return Known(
        number=invoice.number,
        status=invoice.state,
        expires_at=invoice.expires_at,
        expected=invoice.expected,
        terms=invoice.terms,
        money=money.left if money is not None else None,
        given_back=gone,
        undecided=money is not None and not is_decided(connection, money),
        late=bool(invoice.late),
        referred=invoice.referred_at is not None,
        let_in=invoice.let_in_at is not None,
        surplus_minor=invoice.surplus_minor,
        receipt=(money.receipt if money is not None else None) or "",
        order=order[0] if order else "",
    )


def change_invoice(uow: UnitOfWork, found: PaymentInvoiceRecord, **values: Any) -> None:
    """Change columns of an invoice as it was read. Raises Bug if it changed since: it is locked before."""
    where = {"id": found.id, "version": found.version}
    if update_rows(uow.connection, payment_invoice, where, {**values, "version": found.version + 1}) != 1:
        raise Bug("payment_invoice_changed", invoice=found.id)
