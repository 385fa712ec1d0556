"""The steps of one call: each asks, and reads the answer; whatever is not an understood answer ends the call."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from tillgate.domain.checkout_facts import RefundFacts, RefundStatus
from tillgate.ports import Outcome
from tillgate.providers.http import Call, Reply
from tillgate.providers.intasend import answers
from tillgate.providers.intasend.answers import Chargeback, Invoice
from tillgate.providers.intasend.facts import MOST_PAGES
from tillgate.providers.json_strict import Fields, Json, Malformed
from tillgate.providers.outcome import Ended, Steps
from tillgate.providers.rules import canonical

_API: Final = "/api/v1"
# Every path ends in a slash.
PUSH: Final = f"{_API}/payment/mpesa-stk-push/"
CHECKOUT: Final = f"{_API}/checkout/"
CHARGEBACKS: Final = f"{_API}/chargebacks/"
_STATUS: Final = f"{_API}/payment/status/"
_INVOICES: Final = f"{_API}/invoices/"
# Times may be told in whole seconds.
_ROUNDED: Final = timedelta(seconds=1)
_NOT_FOUND: Final = 404


class Asking(Steps):
    """One call to IntaSend; `key_id` is the publishable key, which some calls want in their body."""

    def __init__(self, call: Call, reader: answers.Reader, key_id: str) -> None:
        super().__init__(call, reader)
        self.read = reader
        self._key_id = key_id

    # --- requests ---

    def post(self, path: str, body: str) -> Reply:
        """A writing."""
        return self.sent(lambda: self.call.post(path, body))

    def status_of(self, invoice_id: str) -> Reply:
        """The answer about an invoice. It is a reading, and is asked for with a POST."""
        body = canonical({"invoice_id": invoice_id, "public_key": self._key_id})
        return self.sent(lambda: self.call.look(_STATUS, body))

    # --- invoices ---

    def invoice(self, invoice_id: str) -> Invoice:
        """One invoice."""
        return self.dated_invoice(invoice_id)[0]

    def dated_invoice(self, invoice_id: str) -> tuple[Invoice, datetime | None]:
        """One invoice, and what time it was at IntaSend when it was told."""
        reply = self.status_of(invoice_id)
        if reply.outcome is Outcome.DECLINED and reply.status == _NOT_FOUND:
            raise Ended(Outcome.NOT_FOUND, self.words_of(reply))
        found = self.read.invoice(self.value(reply))
        if found.invoice_id != invoice_id:
            raise Malformed("another invoice than the one asked for")
        return found, answers.instant_of(reply.headers.get("date"))

    def invoices(self, since: datetime) -> Iterator[Invoice]:
        """Every invoice made since then. No filter of the list is documented, so it is read from its head."""
        for item in self._entries(_INVOICES, since):
            one = self.read.invoice(item)
            if one.created_at is None or one.created_at >= since - _ROUNDED:
                yield one

    def named(self, api_ref: str, since: datetime) -> list[Invoice]:
        """Every invoice that bears a name. Others, which nobody here asked for, may have any shape."""
        entries = self._entries(_INVOICES, since)
        return [self.read.invoice(item) for item in entries if answers.name_of(item) == api_ref]

    # --- chargebacks ---

    def chargebacks(self, since: datetime | None = None) -> Iterator[Chargeback]:
        """Every refund that was ever asked for, or those since then."""
        for item in self._entries(CHARGEBACKS, since):
            one = self.read.chargeback(item)
            if since is None or one.created_at is None or one.created_at >= since - _ROUNDED:
                yield one

    def refunds_of(self, payment_ref: str) -> tuple[RefundFacts, ...]:
        """Every refund of a payment."""
        found = [one for one in self.chargebacks() if one.invoice_id == payment_ref]
        return tuple(one.as_refund(payment_ref) for one in found)

    def standing_refund(self, payment_ref: str) -> tuple[RefundFacts | None]:
        """The refund of a payment that was not called off, in a tuple: None inside says that there is none."""
        standing = (one for one in self.refunds_of(payment_ref) if one.status is not RefundStatus.FAILED)
        return (next(standing, None),)

    # --- lists ---

    def first_page(self) -> None:
        """The head of the list of invoices, for nothing but that it is there."""
        answers.page_of(self.value(self.sent(lambda: self.call.get(_INVOICES))))

    def _entries(self, path: str, since: datetime | None) -> Iterator[Json]:
        """Every entry, each once: a new one at the head pushes others onto the next page. Where the list is in order,
        it is read no further back than `since`.
        """
        seen: set[str] = set()
        query: dict[str, str] = {}
        times: list[datetime | None] = []
        for _ in range(MOST_PAGES):
            asked = query
            value = self.value(self.sent(lambda: self.call.get(path, **asked)))  # noqa: B023
            items, following = answers.page_of(value)
            if path == _INVOICES:
                items = [answers.bare(item) for item in items]
            for item in items:
                name = _name_of(item)
                if name not in seen:
                    seen.add(name)
                    yield item
            times += [answers.instant_or_none(Fields(item, "entry"), "created_at") for item in items]
            if following is None or (since is not None and _ends_before(times, since - _ROUNDED)):
                return
            query = following
        raise Malformed("a list without an end")


def _ends_before(times: list[datetime | None], since: datetime) -> bool:
    """Whether what follows is older, which only a list says that has the newest first."""
    known = [each for each in times if each is not None]
    if not known or len(known) != len(times):
        return False
    # A page that was pushed on repeats entries, never reorders them by more than that.
    return known[-1] < since and sum(a < b for a, b in pairwise(known)) == 0


def _name_of(item: Json) -> str:
    entry = Fields(item, "entry")
    names = (entry.raw(name) for name in ("invoice_id", "chargeback_id", "id"))
    found = next((each for each in names if type(each) is str or type(each) is int), None)
    if found is None:
        raise Malformed("an entry without a name")
    return str(found)
