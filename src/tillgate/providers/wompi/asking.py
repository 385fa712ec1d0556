"""The steps of one call: each asks, and reads the answer; whatever is not an understood answer ends the call."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from tillgate.domain.checkout_facts import CheckoutFacts
from tillgate.domain.money import Money
from tillgate.providers.http import Call, Reply
from tillgate.providers.json_strict import Fields, Json, Malformed
from tillgate.providers.outcome import Steps
from tillgate.providers.wompi import answers, facts
from tillgate.providers.wompi.answers import Link, Transaction

_LINKS: Final = "/v1/payment_links"
_TRANSACTIONS: Final = "/v1/transactions"
# A transaction's time may be told in whole seconds, its link's to the millisecond.
_ROUNDED: Final = timedelta(seconds=1)


class Asking(Steps):
    """One call to Wompi; `now` is the till's clock, by which no checkout ends."""

    def __init__(self, call: Call, reader: answers.Reader, now: datetime) -> None:
        super().__init__(call, reader)
        self.read = reader
        self._now = now

    # --- requests ---

    def get(self, path: str, **query: str) -> Json:
        """A reading's body."""
        return self.value(self.sent(lambda: self.call.get(path, **query)))

    def post(self, path: str, body: str = "") -> Reply:
        """A writing."""
        return self.sent(lambda: self.call.post(path, body))

    # --- links ---

    def open_link(self, body: str) -> Link:
        """A new link, as it was answered."""
        return self.read.link(self.value(self.post(_LINKS, body)))

    def close_link(self, link_id: str) -> Link:
        """Deactivate it; to do so again changes nothing."""
        reply = self.sent(lambda: self.call.patch(f"{_LINKS}/{link_id}", '{"active":false}'))
        return _same(self.read.link(self.value(reply)), link_id)

    def link(self, link_id: str) -> CheckoutFacts:
        """A link with every transaction that names it.

        The link is read first: a payment that comes between the two readings is then in the second one.
        """
        reply = self.sent(lambda: self.call.get(f"{_LINKS}/{link_id}"))
        link = _same(self.read.link(self.value(reply)), link_id)
        return self.with_tries_of(link, answers.instant_of(reply.headers.get("date")))

    def with_tries_of(self, link: Link, answered_at: datetime | None = None) -> CheckoutFacts:
        """The link as it stands, by its transactions."""
        return answers.with_tries(answers.ended(link, answered_at), self._tries_of(link))

    def _tries_of(self, link: Link) -> list[Transaction]:
        began = link.created_at or self._now - facts.LOOK_BACK
        ends = link.checkout.expires_at
        until = max(self._now, began)
        if ends is not None:
            until = min(until, ends + facts.LATEST_PAYMENT)
        # Those of other links are not even read: nothing odd in them keeps this one from being heard.
        return list(self.transactions(began, until, link.checkout.provider_id))

    # --- transactions ---

    def transaction(self, transaction_id: str) -> Transaction:
        """One transaction."""
        found = self.read.transaction(answers.one_of(self.get(f"{_TRANSACTIONS}/{transaction_id}")))
        if found.money.provider_ref != transaction_id:
            raise Malformed("another transaction than the one asked for")
        return found

    def with_reference(self, reference: str) -> list[Transaction]:
        """Every transaction that bears a reference; a checkout's own second try bears the same."""
        items = answers.list_of(self.get(_TRANSACTIONS, reference=reference))
        found = [self.read.transaction(item) for item in items]
        if any(one.reference != reference for one in found):
            raise Malformed("the list is not of what was asked for")
        return found

    def web_checkout(self, reference: str, amount: Money) -> CheckoutFacts:
        """A Web Checkout with every transaction of it."""
        return answers.with_tries(self.read.web_checkout(reference, amount), self.with_reference(reference))

    def transactions(self, since: datetime, until: datetime, link_id: str | None = None) -> Iterator[Transaction]:
        """Every transaction, or every one of a link, made from one instant to another, newest first. The search knows
        whole days alone, and no links.
        """
        window = {
            "from_date": f"{since - facts.SEARCH_MARGIN:%Y-%m-%d}",
            "until_date": f"{until + facts.SEARCH_MARGIN:%Y-%m-%d}",
            "order_by": "created_at",
            "order": "DESC",
        }
        for item in self._pages(window, since):
            if link_id is not None and Fields(item, "entry").raw("payment_link_id") != link_id:
                continue
            one = self.read.transaction(item)
            if one.money.created_at is None or one.money.created_at >= since - _ROUNDED:
                yield one

    def _pages(self, window: dict[str, str], since: datetime) -> Iterator[Json]:
        """Every entry, each once: a new one at the head pushes others onto the next page."""
        seen: set[str] = set()
        latest: datetime | None = None
        for page in range(1, facts.MOST_PAGES + 1):
            query = {**window, "page": str(page), "page_size": str(facts.PAGE)}
            items = answers.list_of(self.get(_TRANSACTIONS, **query))
            for item in items:
                entry = Fields(item, "entry").text("id")
                if entry not in seen:
                    seen.add(entry)
                    yield item
            times = [_made_at(item) for item in items]
            ordered = _newest_first([latest, *times] if latest else times)
            if len(items) < facts.PAGE or (ordered and times[-1] is not None and times[-1] < since - _ROUNDED):
                return
            latest = times[-1]
        raise Malformed("a list without an end")

    def checkout_of(self, link_id: str | None, mine: list[Transaction]) -> CheckoutFacts | None:
        """The checkout of transactions that were listed before, where it could be one of ours."""
        first = mine[0]
        if link_id is None:
            found = self.read.web_checkout(first.reference, first.money.amount)
            return answers.with_tries(found, mine) if answers.is_ours(first.reference) else None
        value = self.get(f"{_LINKS}/{link_id}")
        # A link made on Wompi's own pages may have any amount, or none.
        if Fields(answers.one_of(value), "link").text_or_none("sku") is None:
            return None
        link = _same(self.read.link(value), link_id)
        return answers.with_tries(answers.ended(link, None), mine)


def _made_at(item: Json) -> datetime | None:
    """When an entry was made; None where it does not say so in a way that is understood."""
    try:
        return answers.instant_or_none(Fields(item, "entry"), "created_at")
    except Malformed:
        return None


def _newest_first(times: list[datetime | None]) -> bool:
    """Whether the list is in the order that was asked for; where it is not, it is read to its end."""
    known = [each for each in times if each is not None]
    return len(known) == len(times) and all(a >= b for a, b in pairwise(known))


def _same(link: Link, link_id: str) -> Link:
    """The link, if it is the one asked for."""
    if link.checkout.provider_id != link_id:
        raise Malformed("another checkout than the one asked for")
    return link
