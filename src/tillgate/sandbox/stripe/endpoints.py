"""The endpoints of /v1: each a function of the books and a call, giving the answer's JSON object."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from tillgate.sandbox.faults import Fault, Verb
from tillgate.sandbox.ledger import Books, Record
from tillgate.sandbox.stripe import charges, refunds, sessions
from tillgate.sandbox.stripe.account import StripeAccount
from tillgate.sandbox.stripe.errors import invalid, missing
from tillgate.sandbox.stripe.fields import Fields, read_expansions
from tillgate.sandbox.stripe.records import Charge, Intent, Refund, Session

R = TypeVar("R", bound=Record)

_NAMES: dict[type[Record], str] = {Session: "checkout.session", Intent: "payment_intent", Charge: "charge"}
_DEFAULT_LIMIT, _MOST = 10, 100
_LATEST = 2**40


@dataclass(frozen=True)
class Call:
    """What an endpoint needs of a request: a body's fields, or a query's. `key` is the Idempotency-Key."""

    path: Mapping[str, str]
    fields: Fields
    key: str | None = None
    fault: Fault | None = None


Act = Callable[[StripeAccount, Books, Call], dict[str, Any]]


@dataclass(frozen=True)
class Endpoint:
    """A method and path, what the fault menu calls it, and what it does."""

    method: str
    path: str
    verb: Verb
    noun: str
    act: Act


def _load(books: Books, record_type: type[R], record_id: str) -> R:
    record = books.find(record_type, record_id)
    if record is None:
        raise missing(_NAMES.get(record_type, record_type.KIND), record_id)
    return record


def create_session(account: StripeAccount, books: Books, call: Call) -> dict[str, Any]:
    """POST /v1/checkout/sessions"""
    return sessions.create(account, books, call.fields).wire()


def fetch_session(account: StripeAccount, books: Books, call: Call) -> dict[str, Any]:
    """GET /v1/checkout/sessions/{id}"""
    del account
    session = _load(books, Session, call.path["id"])
    expand = read_expansions(call.fields, "payment_intent")
    call.fields.end()
    return sessions.wire(books, session, expand)


def list_sessions(account: StripeAccount, books: Books, call: Call) -> dict[str, Any]:
    """GET /v1/checkout/sessions: by time, payment intent and status; not by reference"""
    del account
    intent_id = call.fields.text("payment_intent")
    status = call.fields.choice("status", ("open", "complete", "expired"))
    page = _Page.read(call.fields)
    found = books.list_all(Session, status=status, from_=page.from_, to=page.to)
    mine = [one for one in found if intent_id in {None, one.intent_id}]
    return page.of(mine, "checkout.session", "/v1/checkout/sessions", lambda one: one.wire())


def expire_session(account: StripeAccount, books: Books, call: Call) -> dict[str, Any]:
    """POST /v1/checkout/sessions/{id}/expire"""
    del account
    session = _load(books, Session, call.path["id"])
    call.fields.words("expand")
    call.fields.end()
    return sessions.end(books, session).wire()


def fetch_intent(account: StripeAccount, books: Books, call: Call) -> dict[str, Any]:
    """GET /v1/payment_intents/{id}"""
    del account
    intent = _load(books, Intent, call.path["id"])
    read_expansions(call.fields)
    call.fields.end()
    return intent.wire()


def capture_intent(account: StripeAccount, books: Books, call: Call) -> dict[str, Any]:
    """POST /v1/payment_intents/{id}/capture"""
    del account
    return charges.capture(books, _load(books, Intent, call.path["id"]), call.fields).wire()


def fetch_charge(account: StripeAccount, books: Books, call: Call) -> dict[str, Any]:
    """GET /v1/charges/{id}"""
    del account
    charge = _load(books, Charge, call.path["id"])
    read_expansions(call.fields)
    call.fields.end()
    return charge.wire()


def list_charges(account: StripeAccount, books: Books, call: Call) -> dict[str, Any]:
    """GET /v1/charges: every try, the failed ones too"""
    del account
    intent_id = call.fields.text("payment_intent")
    page = _Page.read(call.fields)
    found = books.list_all(Charge, parent_id=intent_id, from_=page.from_, to=page.to)
    return page.of(found, "charge", "/v1/charges", lambda one: one.wire())


def create_refund(account: StripeAccount, books: Books, call: Call) -> dict[str, Any]:
    """POST /v1/refunds"""
    return refunds.create(account, books, call.fields, key=call.key, fault=call.fault).wire()


def fetch_refund(account: StripeAccount, books: Books, call: Call) -> dict[str, Any]:
    """GET /v1/refunds/{id}"""
    del account
    refund = _load(books, Refund, call.path["id"])
    read_expansions(call.fields)
    call.fields.end()
    return refund.wire()


def list_refunds(account: StripeAccount, books: Books, call: Call) -> dict[str, Any]:
    """GET /v1/refunds: by time, charge and payment intent"""
    del account
    charge_id, intent_id = call.fields.text("charge"), call.fields.text("payment_intent")
    page = _Page.read(call.fields)
    found = books.list_all(Refund, parent_id=charge_id, from_=page.from_, to=page.to)
    mine = [one for one in found if intent_id in {None, one.intent_id}]
    return page.of(mine, "refund", "/v1/refunds", lambda one: one.wire())


@dataclass(frozen=True)
class _Page:
    """The part of a list that was asked for: Unix seconds, a limit, and a cursor in either direction."""

    from_: int
    to: int
    limit: int
    after: str | None
    before: str | None

    @classmethod
    def read(cls, fields: Fields) -> _Page:
        limit = fields.integer("limit")
        if limit is not None and not 1 <= limit <= _MOST:
            raise invalid(f"Invalid limit: {limit}; must be between 1 and {_MOST}", "limit")
        from_, to = _created(fields)
        after, before = fields.text("starting_after"), fields.text("ending_before")
        if after and before:
            raise invalid("You cannot use both starting_after and ending_before.")
        fields.words("expand")
        fields.end()
        return cls(from_, to, limit or _DEFAULT_LIMIT, after, before)

    def of(self, found: list[R], kind: str, url: str, wire: Callable[[R], dict[str, Any]]) -> dict[str, Any]:
        """The list object; `found` is newest first."""
        rest, more = found, len(found) > self.limit
        if self.after is not None:
            rest = found[self._place(found, self.after, kind, "starting_after") + 1 :]
            more = len(rest) > self.limit
        elif self.before is not None:
            newer = found[: self._place(found, self.before, kind, "ending_before")]
            rest, more = newer[-self.limit :], len(newer) > self.limit
        chosen = [wire(one) for one in rest[: self.limit]]
        return {"object": "list", "data": chosen, "has_more": more, "url": url}

    @staticmethod
    def _place(found: list[R], cursor: str, kind: str, param: str) -> int:
        for place, one in enumerate(found):
            if one.id == cursor:
                return place
        raise missing(kind, cursor, param)


def _created(fields: Fields) -> tuple[int, int]:
    """`created` as one second, or as a range of gt, gte, lt and lte."""
    if not fields.has("created"):
        return 0, _LATEST
    exact = fields.peek_text("created")
    if exact is not None:
        second = fields.integer("created") or 0
        return second, second
    bounds = fields.within("created")
    given = {name: bounds.integer(name) for name in ("gt", "gte", "lt", "lte")}
    bounds.end()
    lowest = [given["gte"] or 0, (given["gt"] + 1) if given["gt"] is not None else 0]
    highest = [given["lte"] if given["lte"] is not None else _LATEST, (given["lt"] or _LATEST + 1) - 1]
    return max(lowest), min(highest)


ENDPOINTS = (
    Endpoint("POST", "/checkout/sessions", Verb.CREATE, "session", create_session),
    Endpoint("GET", "/checkout/sessions", Verb.LOOKUP, "session", list_sessions),
    Endpoint("GET", "/checkout/sessions/{id}", Verb.FETCH, "session", fetch_session),
    Endpoint("POST", "/checkout/sessions/{id}/expire", Verb.CANCEL, "session", expire_session),
    Endpoint("GET", "/payment_intents/{id}", Verb.FETCH, "payment_intent", fetch_intent),
    Endpoint("POST", "/payment_intents/{id}/capture", Verb.CAPTURE, "payment_intent", capture_intent),
    Endpoint("GET", "/charges", Verb.LOOKUP, "charge", list_charges),
    Endpoint("GET", "/charges/{id}", Verb.FETCH, "charge", fetch_charge),
    Endpoint("POST", "/refunds", Verb.REFUND, "refund", create_refund),
    Endpoint("GET", "/refunds", Verb.LOOKUP, "refund", list_refunds),
    Endpoint("GET", "/refunds/{id}", Verb.FETCH, "refund", fetch_refund),
)
