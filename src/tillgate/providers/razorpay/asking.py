"""The steps of one call: each asks, and reads the answer; whatever is not an understood answer ends the call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from tillgate.domain.checkout_facts import CheckoutFacts, CheckoutStatus, ProviderTry, RefundFacts
from tillgate.domain.errors import Bug
from tillgate.providers.http import Call, Reply
from tillgate.providers.json_strict import Fields, Json, Malformed
from tillgate.providers.outcome import Steps
from tillgate.providers.razorpay import answers, facts


class Asking(Steps):
    """One call to Razorpay."""

    def __init__(self, call: Call, reader: answers.Reader) -> None:
        super().__init__(call, reader)
        self.read = reader

    # --- requests ---

    def get(self, path: str, **query: str) -> Json:
        """A reading's body."""
        return self.value(self.sent(lambda: self.call.get(path, **query)))

    def post(self, path: str, body: str = "", **headers: str) -> Reply:
        """A writing."""
        return self.sent(lambda: self.call.post(path, body, **headers))

    # --- checkouts ---

    def checkout(self, method: str, value: Json) -> CheckoutFacts:
        """A link or an order, as it was answered."""
        return self.read.link(value) if method == facts.LINK else self.read.order(value)

    def with_reference(self, method: str, reference: str) -> tuple[CheckoutFacts, ...]:
        """Every checkout that bears our reference."""
        if method == facts.LINK:
            items = answers.items_from(self.get(path_of(method), reference_id=reference), "payment_links")
        else:
            items = answers.items_from(self.get(path_of(method), receipt=reference))
        found = tuple(one for one in (self.checkout(method, item) for item in items) if one.reference == reference)
        if items and not found:
            raise Malformed("the list is not of what was asked for")
        return found

    def order(self, order_id: str) -> CheckoutFacts:
        """An order with every try of it."""
        order = same(self.read.order(self.get(f"/v1/orders/{order_id}")), order_id)
        return _not_paid_by_nobody(replace(order, tries=tuple(self._tries_of(order_id).values())))

    def link(self, link_id: str) -> CheckoutFacts:
        """A link with every try of it."""
        value = self.get(f"/v1/payment_links/{link_id}")
        link, fields = same(self.read.link(value), link_id), Fields(value, "link")
        # The link lists captured payments only; the order behind it has every try.
        order_id = answers.order_id_of(fields)
        tries = {} if order_id is None else self._tries_of(order_id)
        for item in fields.objects_or_none("payments"):
            payment_id = item.text("payment_id", facts.PAYMENT_ID)
            if payment_id not in tries:
                tries[payment_id] = self.payment(payment_id)
        return _not_paid_by_nobody(_with_tries(link, order_id, tries.values()))

    def checkouts_of(self, payment: ProviderTry) -> Iterator[CheckoutFacts]:
        """The link or order that a payment belongs to, with all its tries; none for one that has neither."""
        links = self.get("/v1/payment_links", payment_id=payment.provider_ref)
        ids = [self.read.link(item).provider_id for item in answers.items_from(links, "payment_links")]
        for link_id in ids:
            yield self.link(link_id)
        if not ids and payment.checkout_id is not None:
            yield self.order(payment.checkout_id)

    # --- payments and refunds ---

    def payment(self, payment_id: str) -> ProviderTry:
        """One payment."""
        payment = self.read.payment(self.get(f"/v1/payments/{payment_id}"))
        if payment.provider_ref != payment_id:
            raise Malformed("another payment than the one asked for")
        return payment

    def payments_of_window(self, window: dict[str, str]) -> tuple[ProviderTry, ...]:
        """Every payment of the account from one Unix second to another."""
        return tuple(self.read.payment(item) for item in self._pages("/v1/payments", facts.PAYMENTS_PAGE, window))

    def refunds_of_window(self, window: dict[str, str]) -> tuple[RefundFacts, ...]:
        """Every refund of the account from one Unix second to another."""
        return tuple(self.read.refund(item) for item in self._pages("/v1/refunds", facts.PAGE, window))

    def refunds_of(self, payment_id: str) -> tuple[RefundFacts, ...]:
        """Every refund of one payment."""
        items = self._pages(f"/v1/payments/{payment_id}/refunds", facts.PAGE, {})
        refunds = tuple(self.read.refund(item) for item in items)
        if any(refund.payment_ref != payment_id for refund in refunds):
            raise Malformed("a refund of another payment")
        return refunds

    def _tries_of(self, order_id: str) -> dict[str, ProviderTry]:
        tries: dict[str, ProviderTry] = {}
        for item in answers.items_from(self.get(f"/v1/orders/{order_id}/payments")):
            one = self.read.payment(item)
            if tries.setdefault(one.provider_ref, one) != one:
                raise Malformed("one payment told in two ways")
        return tries

    def _pages(self, path: str, size: int, window: dict[str, str]) -> Iterator[Json]:
        """Every entry of a list, each once: a new one at its head pushes others onto the next page."""
        seen: set[str] = set()
        for page in range(facts.MOST_PAGES):
            items = answers.items_from(self.get(path, **window, count=str(size), skip=str(page * size)))
            for item in items:
                entry = Fields(item, "entry").text("id")
                if entry not in seen:
                    seen.add(entry)
                    yield item
            if len(items) < size:
                return
        raise Malformed("a list without an end")


def path_of(method: str) -> str:
    """Where a way to pay is opened and looked up. Raises Bug for one that Razorpay does not have."""
    if method not in facts.METHODS:
        raise Bug("method_unknown", provider=facts.NAME, method=method)
    return "/v1/payment_links" if method == facts.LINK else "/v1/orders"


def same(checkout: CheckoutFacts, provider_id: str) -> CheckoutFacts:
    """The checkout, if it is the one asked for."""
    if checkout.provider_id != provider_id:
        raise Malformed("another checkout than the one asked for")
    return checkout


def _with_tries(link: CheckoutFacts, order_id: str | None, tries: Iterable[ProviderTry]) -> CheckoutFacts:
    """The link with its payments. A payment names the order behind the link; where the link names none, its list rules.

    One that names another order keeps that, so that the verification refuses it.
    """
    mine = (replace(one, checkout_id=link.provider_id) if order_id in (None, one.checkout_id) else one for one in tries)
    return replace(link, tries=tuple(mine))


def _not_paid_by_nobody(checkout: CheckoutFacts) -> CheckoutFacts:
    """A list of payments can lag behind the status; without one there is nothing to verify yet."""
    if checkout.status is CheckoutStatus.PAID and not any(one.took_money for one in checkout.tries):
        raise Malformed("paid, but by no payment")
    return checkout
