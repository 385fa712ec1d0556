"""Customers: as little as a rental, an instalment or a mail needs (product.md, ruling 5)."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, select, update

from tillgate.domain.catalogue import search_words
from tillgate.domain.errors import NotFound, Stale
from tillgate.domain.notes import check_name, check_note
from tillgate.domain.settings import STORE_CURRENCY
from tillgate.domain.staff import Action, Actor
from tillgate.services.access import authorize
from tillgate.services.contacts import check_email, check_phone
from tillgate.services.records import columns, record
from tillgate.services.till import Till
from tillgate.store.keyset import Key, page
from tillgate.store.models import customer
from tillgate.store.search import find_ids, matching
from tillgate.store.statements import Statement, insert_row
from tillgate.store.unit_of_work import UnitOfWork

HITS: Final = 50
# Shown as nothing, or turning what stands beside them; joiners stay, some scripts are written with them.
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_JOINERS: Final = "\u200c\u200d"


@dataclass(frozen=True, slots=True)
class CustomerRecord:
    """A customer."""

    id: int
    name: str
    email: str
    phone: str
    note: str
    active: int
    created_at: datetime
    version: int


@dataclass(frozen=True, slots=True)
class CustomerDraft:
    """A customer as typed."""

    name: str
    email: str = ""
    phone: str = ""
    note: str = ""
    active: bool = True


_COLUMNS: Final = columns(CustomerRecord, customer)
_LOAD: Final = Statement(select(*_COLUMNS).where(customer.c.id == bindparam("number")))


def create_customer(till: Till, actor: Actor, draft: CustomerDraft) -> CustomerRecord:
    """Raises Invalid for a bad name, address, number or note."""
    authorize(till, actor, Action.EDIT_CUSTOMERS)
    row = customer_row(till, draft)

    def work(uow: UnitOfWork) -> CustomerRecord:
        made = insert_row(uow.connection, customer, row | {"created_at": uow.now})
        uow.record("customer.created", f"customer:{made}", fields=_filled(row))
        return load_customer_in(uow.connection, made)

    return till.db.transact(actor, work)


def update_customer(till: Till, actor: Actor, customer_id: int, draft: CustomerDraft, version: int) -> CustomerRecord:
    """Change the customer as it was at `version`. Raises Invalid, NotFound, Stale("customer_changed")."""
    authorize(till, actor, Action.EDIT_CUSTOMERS)
    row = customer_row(till, draft)

    def work(uow: UnitOfWork) -> CustomerRecord:
        before = load_customer_in(uow.connection, customer_id)
        same = (customer.c.id == customer_id) & (customer.c.version == version)
        if uow.execute(update(customer).where(same).values(version=version + 1, **row)).rowcount != 1:
            raise Stale("customer_changed", customer=customer_id)
        changed = [name for name, value in row.items() if getattr(before, name) != value]
        uow.record("customer.changed", f"customer:{customer_id}", fields=changed)
        return load_customer_in(uow.connection, customer_id)

    return till.db.transact(actor, work)


def search_customers(till: Till, actor: Actor, text: str, *, limit: int = HITS) -> tuple[CustomerRecord, ...]:
    """Active customers by the beginnings of names, of the address or of the number; by name where there is no text."""
    authorize(till, actor, Action.SELL)
    words = search_words(text)
    with till.db.read() as connection:
        if not words:
            query = select(*_COLUMNS).where(customer.c.active == 1).order_by(customer.c.name, customer.c.id)
            return tuple(record(CustomerRecord, row) for row in connection.execute(query.limit(limit)))
        found = find_ids(connection, customer, words, limit)
        rows = connection.execute(select(*_COLUMNS).where(customer.c.id.in_(found)))
        people = [record(CustomerRecord, row) for row in rows]

    def rank(person: CustomerRecord) -> tuple[bool, str, int]:
        begins = search_words(person.name)[:1]
        return not (begins and begins[0].startswith(words[0])), person.name.casefold(), person.id

    return tuple(sorted(people, key=rank))


def load_customer(till: Till, actor: Actor, customer_id: int) -> CustomerRecord:
    """Raises NotFound("customer_unknown")."""
    authorize(till, actor, Action.SELL)
    with till.db.read() as connection:
        return load_customer_in(connection, customer_id)


def list_customers(
    till: Till,
    actor: Actor,
    text: str = "",
    *,
    after: Key | None = None,
    skip: int = 0,
    limit: int = 100,
    descending: bool = False,
) -> tuple[CustomerRecord, ...]:
    """A page of the list by name, behind the key (name, id)."""
    authorize(till, actor, Action.SELL)
    order = (customer.c.name, customer.c.id)
    with till.db.read() as connection:
        chosen = select(*_COLUMNS).where(*_conditions(connection, text))
        wanted = page(chosen, order, descending=descending, after=after, skip=skip, limit=limit)
        return tuple(record(CustomerRecord, row) for row in connection.execute(wanted))


def count_customers(till: Till, actor: Actor, text: str = "") -> int:
    """How many there are in the list."""
    authorize(till, actor, Action.SELL)
    with till.db.read() as connection:
        counted = select(func.count()).select_from(customer).where(*_conditions(connection, text))
        return int(connection.execute(counted).scalar_one())


def load_customer_in(connection: Connection, customer_id: int) -> CustomerRecord:
    """Raises NotFound("customer_unknown")."""
    row = _LOAD.first(connection, number=customer_id)
    if row is None:
        raise NotFound("customer_unknown", customer=customer_id)
    return CustomerRecord(*row)


def cleaned(text: str) -> str:
    """Without control and direction characters, as pasted names sometimes have them."""
    spaced = "".join(" " if char in "\t\r\n" else char for char in unicodedata.normalize("NFC", text))
    return "".join(char for char in spaced if char in _JOINERS or unicodedata.category(char) not in _UNSEEN)


def _conditions(connection: Connection, text: str) -> list[Any]:
    words = search_words(text)
    return [matching(connection, customer, words)] if words else []


def customer_row(till: Till, draft: CustomerDraft) -> dict[str, Any]:
    """The row of a customer. Raises Invalid with the field."""
    currency = till.settings()[STORE_CURRENCY]
    return {
        "name": check_name(cleaned(draft.name), field="name"),
        "email": check_email(draft.email),
        "phone": check_phone(draft.phone, currency),
        "note": check_note(draft.note, field="note", shortest=0),
        "active": int(draft.active),
    }


def _filled(row: dict[str, Any]) -> list[str]:
    """Which fields there are; the audit, which is never erased, keeps no personal data."""
    return [name for name in ("name", "email", "phone", "note") if row[name]]
