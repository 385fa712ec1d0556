"""Payments found by what people have in hand: a number from a paper, a reference, or who paid."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Select,
    func,
    literal_column,
    or_,
    select,
    true,
    union,
    union_all,
)

from tillgate.domain.catalogue import search_words
from tillgate.domain.devices import DEVICE_INVOICE_THING
from tillgate.domain.instalments import INSTALMENT_THING
from tillgate.services.customers import cleaned
from tillgate.store.models import (
    allocation,
    bulk_order,
    capture,
    consultation_invoice,
    customer,
    device_invoice,
    instalment,
    instalment_order,
    payment,
    payment_attempt,
    refund,
    sales_credit_note,
    sales_invoice,
    sales_order,
)
from tillgate.store.search import matching

# Up to so many rows are quicker found by themselves and sorted than met on a walk along the order.
FEW: Final = 10_000
# One letter names a good part of everybody.
_LEAST_LETTERS: Final = 2
_LAST: Final = "\U0010ffff"
_LONGEST_ID: Final = 15
# A number as printed, or with its zeros left out: "ORD-T1-000123", "ord-t1-123".
_NUMBERED: Final = re.compile(r"(.+-)(\d{1,6})")
_DIGITS: Final = 6
_PHONE: Final = re.compile(r"\+?[\d\s().-]{4,24}")


def found_by(connection: Connection, text: str) -> ColumnElement[bool]:
    """The condition that a payment goes by this text: its id, a reference or provider's id, whole; an order's or an
    invoice's number; or the beginning of its payer's name, e-mail address or phone number.
    """
    words = cleaned(text).strip()
    ways = [*_by_id(words), *_by_reference(connection, words), *_by_paper(words), *_by_payer(connection, words)]
    ids = [select(payment.c.id).where(way) for way in ways]
    # What nearly everybody goes by is met soon on a walk along the list; collected first, it takes seconds.
    if are_few(connection, union_all(*ids)):
        return payment.c.id.in_(union(*ids))
    return or_(*ways).is_(true())


def are_few(connection: Connection, ids: Select[Any] | CompoundSelect[Any]) -> bool:
    """Whether a query has few enough rows to be found by themselves and sorted, rather than met on a walk."""
    some = ids.limit(FEW + 1).subquery()
    return int(connection.execute(select(func.count()).select_from(some)).scalar_one()) <= FEW


def providers_in_use(connection: Connection) -> list[str]:
    """The providers that any payment went through, by name: one step in an index for each."""
    found: list[str] = []
    last = ""
    while True:
        query = select(func.min(payment_attempt.c.provider)).where(payment_attempt.c.provider > last)
        name = connection.execute(query).scalar_one()
        if name is None:
            return found
        found.append(name)
        last = name


def _by_id(text: str) -> list[ColumnElement[bool]]:
    digits = text.removeprefix("#")
    is_id = digits.isascii() and digits.isdigit() and len(digits) <= _LONGEST_ID
    return [payment.c.id == int(digits)] if is_id else []


def _by_reference(connection: Connection, text: str) -> list[ColumnElement[bool]]:
    ours = select(payment_attempt.c.payment_id).where(payment_attempt.c.reference == text.upper())
    providers = providers_in_use(connection)
    named = ((payment_attempt, "provider_id"), (capture, "provider_ref"), (refund, "provider_ref"))
    theirs = (
        # The indexes begin with the provider; money of nobody has no payment.
        select(table.c.payment_id)
        .where(table.c.provider.in_(providers), table.c[name] == text)
        .where(table.c.payment_id.is_not(None))
        for table, name in named
    )
    # What the payer's phone was sent; the index has only what was told.
    theirs_too = select(capture.c.payment_id).where(
        capture.c.receipt.is_not(None), capture.c.receipt == text.upper(), capture.c.payment_id.is_not(None)
    )
    return [payment.c.id.in_(ids) for ids in (ours, *theirs, theirs_too)]


def _by_paper(text: str) -> list[ColumnElement[bool]]:
    numbers = {text.upper()}
    if numbered := _NUMBERED.fullmatch(text.upper()):
        numbers.add(f"{numbered[1]}{numbered[2]:0>{_DIGITS}}")
    papers = (sales_order, sales_invoice, sales_credit_note, consultation_invoice)
    found = [payment.c.id.in_(select(paper.c.payment_id).where(paper.c.number.in_(numbers))) for paper in papers]
    things = [_for(DEVICE_INVOICE_THING, _device_invoices(text)), *(_for(INSTALMENT_THING, q) for q in _days(numbers))]
    return [*found, *(payment.c.id.in_(each) for each in things)]


def _for(kind: str, ids: Select[Any]) -> Select[Any]:
    """Every payment that was for one of these. No join: without statistics SQLite begins it with all of the kind."""
    return select(allocation.c.payment_id).where(allocation.c.thing_kind == kind, allocation.c.thing_id.in_(ids))


def _days(numbers: Collection[str]) -> Iterator[Select[Any]]:
    """The days of instalment orders of these numbers, and of the orders of such bulk orders."""
    bulks = select(bulk_order.c.id).where(bulk_order.c.number.in_(numbers))
    for mine in (instalment_order.c.number.in_(numbers), instalment_order.c.bulk_order_id.in_(bulks)):
        yield select(instalment.c.id).where(instalment.c.order_id.in_(select(instalment_order.c.id).where(mine)))


def _device_invoices(text: str) -> Select[Any]:
    """A device's invoice by its number; all but the suffix is in capitals."""
    head, mark, suffix = text.rpartition("-")
    numbers = {text, f"{head.upper()}{mark}{suffix}", f"{head.upper()}{mark}{suffix.lower()}"}
    return select(device_invoice.c.id).where(device_invoice.c.number.in_(numbers))


def _by_payer(connection: Connection, text: str) -> list[ColumnElement[bool]]:
    if len(text) < _LEAST_LETTERS:
        return []
    name = func.lower(payment.c.payer_name)
    parts = [
        _beginning(connection, name, text.lower(), payment.c.payer_name),
        _beginning(connection, payment.c.payer_email, text, payment.c.payer_email),
    ]
    words = search_words(text)
    if _PHONE.fullmatch(text):
        digits = "".join(char for char in text if char.isdigit())
        parts.append(_beginning(connection, payment.c.payer_phone, f"+{digits}", payment.c.payer_phone))
        words = (digits,)
    if any(len(word) >= _LEAST_LETTERS for word in words):
        people = select(customer.c.id).where(matching(connection, customer, words))
        parts.append(payment.c.customer_id.in_(people))
    return parts


def _beginning(
    connection: Connection, what: ColumnElement[str], text: str, column: ColumnElement[str]
) -> ColumnElement[bool]:
    # The index leaves the empty text out, which the query has to say in the same words.
    given: ColumnElement[bool] = literal_column(f"{column} <> ''")
    sqlite = connection.dialect.name == "sqlite"
    return given & (what.between(text, text + _LAST) if sqlite else what.startswith(text, autoescape=True))
