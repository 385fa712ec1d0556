"""A try to pay: every one is born PENDING, and the bank's word ends it. A void is a card's, whole, of the same day."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tillgate.sandbox.account import random_word
from tillgate.sandbox.faults import Fault, FaultKind
from tillgate.sandbox.ledger import Books
from tillgate.sandbox.wompi.errors import unprocessable
from tillgate.sandbox.wompi.records import Link, Transaction, Void

APPROVE, DECLINE = "transaction_approved", "transaction_declined"
CARD = "CARD"
METHODS = (CARD, "NEQUI", "PSE", "BANCOLOMBIA_TRANSFER")
_BOGOTA = timedelta(hours=-5)
_MERCHANT = "1292"


@dataclass(frozen=True)
class Payable:
    """What a page asks for: a link, or a Web Checkout under the caller's reference."""

    id: str
    amount: int
    currency: str
    description: str
    reference: str | None
    redirect_url: str | None
    web: bool
    single_use: bool = True
    active: bool = True
    expires_ms: int | None = None
    email: str | None = None
    payer: str | None = None


def payable_link(link: Link) -> Payable:
    """A link as something to pay."""
    return Payable(
        id=link.id,
        amount=link.amount,
        currency=link.currency,
        description=link.description,
        reference=link.reference,
        redirect_url=link.redirect_url,
        web=False,
        single_use=link.single_use,
        active=link.status == "active",
        expires_ms=link.expires_ms,
    )


def closed_because(books: Books, thing: Payable) -> str:
    """Why it can't be paid (any more): paid, inactive, expired; empty where it can."""
    tries = books.list_all(Transaction, parent_id=thing.id)
    if thing.single_use and any(one.was_approved for one in tries):
        return "paid"
    if not thing.active:
        return "inactive"
    return "expired" if thing.expires_ms is not None and books.now_ms >= thing.expires_ms else ""


def begin(books: Books, thing: Payable, amount: int, currency: str, method: str) -> Transaction:
    """A try that has no answer yet. A link's bears a name of Wompi's own, a Web Checkout's the caller's."""
    made = Transaction(
        id=_new_id(books),
        status="PENDING",
        amount=amount,
        currency=currency,
        created_at=books.now,
        reference=thing.id if thing.web else f"{thing.id}_{books.now}_{random_word(9)}",
        parent_id=thing.id,
        web=thing.web,
        method=method,
        made_ms=books.now_ms,
        redirect_url=thing.redirect_url,
        email=thing.email or "cliente@example.com",
        payer=thing.payer or "Cliente de prueba",
    )
    books.add(made)
    return made


def approve(books: Books, one: Transaction) -> None:
    """The bank says yes."""
    if one.status == "PENDING":
        one.was_approved = True
        _finish(books, one, "APPROVED", None)


def decline(books: Books, one: Transaction, why: str = "Fondos Insuficientes") -> None:
    """The bank says no; the checkout stays open for another try."""
    if one.status == "PENDING":
        _finish(books, one, "DECLINED", why)


def fail(books: Books, one: Transaction) -> None:
    """The way to pay itself broke down."""
    if one.status == "PENDING":
        _finish(books, one, "ERROR", "Error interno del medio de pago")


def void(books: Books, one: Transaction, fault: Fault | None) -> Transaction:
    """POST /v1/transactions/{id}/void."""
    if fault is not None and fault.kind is FaultKind.REFUND_REFUSED:
        raise unprocessable("No hay balance (saldo) suficiente para anular la transacción")
    if one.status == "VOIDED":
        raise unprocessable("La transacción ya fue anulada")
    if one.status != "APPROVED":
        raise unprocessable("Sólo se pueden anular transacciones aprobadas")
    if one.method != CARD:
        raise unprocessable("Sólo se pueden anular transacciones con tarjeta")
    if _day(one.made_ms) != _day(books.now_ms):
        raise unprocessable("La transacción ya fue liquidada y no se puede anular")
    one.status = "VOIDED"
    books.save(one, "voided")
    given_back = Void(
        id=f"void-{one.id}",
        status="voided",
        amount=one.amount,
        currency=one.currency,
        created_at=books.now,
        parent_id=one.id,
    )
    books.add(given_back)
    return one


def _finish(books: Books, one: Transaction, status: str, message: str | None) -> None:
    one.status = status
    one.status_message = message
    one.finalized_ms = books.now_ms
    books.save(one, status.lower())


def _day(at_ms: int) -> str:
    """The day in Bogotá, after which payments are settled."""
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC) + _BOGOTA:%Y-%m-%d}"


def _new_id(books: Books) -> str:
    while True:
        found = f"{_MERCHANT}-{books.now}-{secrets.randbelow(90_000) + 10_000}"
        if books.find(Transaction, found) is None:
            return found
