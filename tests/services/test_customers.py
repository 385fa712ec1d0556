"""Customers: found quickly, checked strictly, kept sparingly."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from tests.factories.shop import Counter
from tillgate.domain.errors import Invalid, NotFound, Stale
from tillgate.services.customers import (
    CustomerDraft,
    cleaned,
    count_customers,
    create_customer,
    list_customers,
    load_customer,
    search_customers,
    update_customer,
)
from tillgate.store.models import audit


def add(counter: Counter, name: str, email: str = "", phone: str = "") -> int:
    return create_customer(counter.till, counter.cashier, CustomerDraft(name, email, phone)).id


def test_names_are_cleaned_and_numbers_kept_in_one_form(corner: Counter) -> None:
    draft = CustomerDraft("  Dev\u202e  Patel\x07\u200e ", "Dev@Example.COM", "+91 98450-54321", "wants a bill")
    made = create_customer(corner.till, corner.cashier, draft)
    assert (made.name, made.email, made.phone) == ("Dev Patel", "Dev@example.com", "+919845054321")
    assert cleaned("क\u200dष राहुल") == "क\u200dष राहुल"


BAD = [
    (CustomerDraft(" \u202e "), "name_missing"),
    (CustomerDraft("x" * 61), "name_unreadable"),
    (CustomerDraft("A", "a@b"), "email_malformed"),
    (CustomerDraft("A", "a@example.com\nBcc: b@example.com"), "email_malformed"),
    (CustomerDraft("A", "a b@example.com"), "email_malformed"),
    (CustomerDraft("A", "", "12"), "phone_malformed"),
    (CustomerDraft("A", "", "98450 12345 ext 5"), "phone_malformed"),
    (CustomerDraft("A", "", "call me"), "phone_malformed"),
    (CustomerDraft("A", note="4111 1111 1111 1111"), "note_card_number"),
]


def test_what_is_no_name_address_or_number_is_refused(corner: Counter) -> None:
    for draft, code in BAD:
        with pytest.raises(Invalid, match=code):
            create_customer(corner.till, corner.cashier, draft)
    assert count_customers(corner.till, corner.cashier) == 1


SEARCHES = {
    "ra": ["Rahul Kumar", "Asha Rao"],
    "asha r": ["Asha Rao"],
    "98450": ["Asha Rao"],
    "+91 98450 12345": [],
    "919845012345": ["Asha Rao"],
    "rahul.k": ["Rahul Kumar"],
    "राहु": ["राहुल वर्मा"],
    "": ["Asha Rao", "Rahul Kumar", "राहुल वर्मा"],
    "zz": [],
    "\x00": ["Asha Rao", "Rahul Kumar", "राहुल वर्मा"],
}


def test_customers_are_found_by_the_beginnings_of_what_is_known(counter: Counter) -> None:
    add(counter, "Rahul Kumar", "rahul.k@example.com")
    add(counter, "राहुल वर्मा")
    found = {text: [each.name for each in search_customers(counter.till, counter.cashier, text)] for text in SEARCHES}
    assert found == SEARCHES


def test_an_edit_counts_the_version_and_keeps_no_person_in_the_audit(counter: Counter) -> None:
    made = load_customer(counter.till, counter.cashier, counter.customer_id)
    draft = CustomerDraft("Asha Rao", "asha.rao@example.com", made.phone, active=False)
    changed = update_customer(counter.till, counter.cashier, made.id, draft, made.version)
    assert (changed.email, changed.version, changed.active) == ("asha.rao@example.com", 2, 0)
    assert search_customers(counter.till, counter.cashier, "asha") == ()
    with pytest.raises(Stale, match="customer_changed"):
        update_customer(counter.till, counter.cashier, made.id, draft, made.version)
    with pytest.raises(NotFound, match="customer_unknown"):
        update_customer(counter.till, counter.cashier, 999, draft, 1)
    with counter.till.db.read() as connection:
        kept = connection.execute(select(audit.c.event, audit.c.data).where(audit.c.event.like("customer.%"))).all()
    assert [(row.event, row.data) for row in kept] == [
        ("customer.created", '{"fields":["name","email","phone"]}'),
        ("customer.changed", '{"fields":["email","active"]}'),
    ]


def test_the_list_is_paged_by_name(counter: Counter) -> None:
    for name in ("Bina", "Chitra", "Bina"):
        add(counter, name)
    names, after = [], None
    while rows := list_customers(counter.till, counter.cashier, after=after, limit=2):
        names += [row.name for row in rows]
        after = (rows[-1].name, rows[-1].id)
    assert names == ["Asha Rao", "Bina", "Bina", "Chitra"]
    assert [row.name for row in list_customers(counter.till, counter.cashier, "bin", descending=True)] == ["Bina"] * 2
