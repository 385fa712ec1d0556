"""A provider in memory that keeps the promises of `ports.PaymentProvider` and misbehaves on demand."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from tillgate.domain.checkout_facts import (
    CheckoutFacts,
    CheckoutStatus,
    ProviderTry,
    RefundFacts,
    RefundStatus,
    TryStatus,
)
from tillgate.domain.money import Money
from tillgate.domain.payment import Mode
from tillgate.ports import (
    Answer,
    AttemptRef,
    CancelWay,
    Capabilities,
    CheckoutPage,
    CheckoutRequest,
    Outcome,
    Payer,
    PaymentProvider,
    RefundRequest,
)

CAPABILITIES = Capabilities(
    methods={"link": CancelWay.CLOSES, "order": CancelWay.LOCAL_ONLY},
    default_method="link",
    smallest_minor={"INR": 100},
    partial_refund=True,
    idem_ttl_s=None,
    create_deadline_ms=1000,
    status_deadline_ms=1000,
    checkout_hosts=frozenset({"pay.example"}),
)


@dataclass(slots=True)
class FakeProvider:
    """`faults` maps a verb to outcomes that its next calls give; "+" before one means: after acting."""

    name: str = "razorpay"
    mode: Mode = Mode.TRAINING
    account: str = "rzp_test_fake"
    capabilities: Capabilities = CAPABILITIES
    checkouts: dict[str, CheckoutFacts] = field(default_factory=dict)
    refunds: dict[str, RefundFacts] = field(default_factory=dict)
    faults: dict[str, list[str]] = field(default_factory=dict)
    sent: list[tuple[str, str]] = field(default_factory=list)
    # The exact bodies of every create, whatever came of it.
    bodies: list[str] = field(default_factory=list)
    before: Callable[[str], None] = lambda _verb: None
    refund_status: RefundStatus = RefundStatus.DONE
    twist: Callable[[CheckoutFacts], CheckoutFacts] = lambda facts: facts
    count: int = 0

    def parameters(self, request: CheckoutRequest) -> str:
        body = {"reference": request.reference, "amount": request.amount.minor, "currency": request.amount.currency}
        return json.dumps(body | {"return_url": request.return_url}, sort_keys=True)

    def create(self, method: str, parameters: str) -> Answer:
        body = json.loads(parameters)
        self.bodies.append(parameters)

        def act() -> Answer:
            known = [c for c in self.checkouts.values() if c.reference == body["reference"]]
            if known:
                return Answer(Outcome.UNKNOWN, message="reference exists")
            self.count += 1
            made = CheckoutFacts(
                provider_id=f"plink_{self.count:06d}",
                reference=body["reference"],
                status=CheckoutStatus.OPEN,
                amount=Money(body["amount"], body.get("currency", "INR")),
                account=self.account,
                mode=self.mode,
                url=f"https://pay.example/{self.count}",
            )
            self.checkouts[made.provider_id] = made
            return self._said(made)

        return self._call("create", body["reference"], act)

    def find(self, attempt: AttemptRef) -> Answer:
        def act() -> Answer:
            found = [c for c in self.checkouts.values() if c.reference == attempt.reference]
            return self._said(*found) if found else Answer(Outcome.NOT_FOUND)

        return self._call("find", attempt.reference, act)

    def fetch(self, attempt: AttemptRef) -> Answer:
        return self._call("fetch", attempt.reference, lambda: self._said(self.checkouts[attempt.provider_id or ""]))

    def cancel(self, attempt: AttemptRef) -> Answer:
        def act() -> Answer:
            found = self.checkouts[attempt.provider_id or ""]
            if found.status is not CheckoutStatus.OPEN:
                return Answer(Outcome.DECLINED, message="cannot cancel")
            self.checkouts[found.provider_id] = replace(found, status=CheckoutStatus.CANCELLED)
            return self._said(self.checkouts[found.provider_id])

        return self._call("cancel", attempt.reference, act)

    def text_payer(self, attempt: AttemptRef) -> Answer:
        return self._call("text", attempt.reference, lambda: Answer(Outcome.SUCCESS))

    def capture(self, payment_ref: str, amount: Money) -> Answer:
        def act() -> Answer:
            for found in list(self.checkouts.values()):
                if any(t.provider_ref == payment_ref for t in found.tries):
                    self._set_tries(found, payment_ref, TryStatus.CAPTURED)
            return Answer(Outcome.SUCCESS)

        return self._call("capture", payment_ref, act)

    def refund(self, request: RefundRequest) -> Answer:
        def act() -> Answer:
            known = self.refunds.get(request.key)
            if known is None:
                self.count += 1
                ref = f"rfnd_{self.count:06d}"
                known = RefundFacts(ref, request.payment_ref, self.refund_status, request.amount, request.key)
                self.refunds[request.key] = known
            return Answer(Outcome.SUCCESS, refunds=(known,))

        return self._call("refund", request.key, act)

    def find_refunds(self, payment_ref: str) -> Answer:
        def act() -> Answer:
            found = tuple(r for r in self.refunds.values() if r.payment_ref == payment_ref)
            return Answer(Outcome.SUCCESS, refunds=found)

        return self._call("find_refunds", payment_ref, act)

    def list_recent(self, since: datetime, known: Collection[str] = ()) -> Answer:
        def act() -> Answer:
            tries = tuple(t for c in self.checkouts.values() for t in c.tries)
            unknown = tuple(c for c in self.checkouts.values() if any(t.provider_ref not in known for t in c.tries))
            return Answer(Outcome.SUCCESS, checkouts=unknown, payments=tries, refunds=tuple(self.refunds.values()))

        return self._call("list_recent", str(since), act)

    def check_return(self, attempt: AttemptRef, fields: Mapping[str, str]) -> bool:
        return fields.get("razorpay_signature") == self.sign(attempt)

    def sign(self, attempt: AttemptRef) -> str:
        """What a genuine return of this attempt carries."""
        return hashlib.sha256(attempt.reference.encode()).hexdigest()

    def page(self, attempt: AttemptRef, store: str, description: str, payer: Payer) -> CheckoutPage | None:
        if attempt.method != "order":
            return None
        options = {"order_id": attempt.provider_id, "amount": attempt.amount.minor, "name": store}
        return CheckoutPage("https://pay.example/checkout.js", "Fake", ("https://pay.example",), options)

    def test_connection(self) -> Answer:
        return self._call("test_connection", "", lambda: Answer(Outcome.SUCCESS))

    def redact(self, text: str) -> str:
        return text

    def close(self) -> None:
        return None

    # What the customer and the bank do.

    def pay(
        self,
        reference: str,
        *,
        minor: int | None = None,
        currency: str | None = None,
        status: TryStatus = TryStatus.CAPTURED,
        receipt: str | None = None,
    ) -> str:
        """Money, or a try at it, for the checkout with our reference; the provider's name for it."""
        found = next(c for c in self.checkouts.values() if c.reference == reference)
        self.count += 1
        ref = f"pay_{self.count:06d}"
        amount = Money(found.amount.minor if minor is None else minor, currency or found.amount.currency)
        tries = (*found.tries, ProviderTry(ref, status, amount, found.provider_id, "upi", receipt=receipt))
        over = CheckoutStatus.PAID if status is TryStatus.CAPTURED else found.status
        self.checkouts[found.provider_id] = replace(found, status=over, tries=tries)
        return ref

    def end(self, reference: str, status: CheckoutStatus) -> None:
        """The checkout ends by itself."""
        found = next(c for c in self.checkouts.values() if c.reference == reference)
        self.checkouts[found.provider_id] = replace(found, status=status)

    def taken_minor(self) -> int:
        """All money captured, less what went back."""
        took = sum(t.amount.minor for c in self.checkouts.values() for t in c.tries if t.took_money)
        back = sum(r.amount.minor for r in self.refunds.values() if r.status is RefundStatus.DONE)
        return took - back

    def sends(self, verb: str) -> int:
        """How often a verb reached the provider."""
        return sum(1 for sent, _ in self.sent if sent == verb)

    def _set_tries(self, found: CheckoutFacts, ref: str, status: TryStatus) -> None:
        tries = tuple(replace(t, status=status) if t.provider_ref == ref else t for t in found.tries)
        over = CheckoutStatus.PAID if status is TryStatus.CAPTURED else found.status
        self.checkouts[found.provider_id] = replace(found, status=over, tries=tries)

    def _said(self, *facts: CheckoutFacts) -> Answer:
        twisted = tuple(self.twist(each) for each in facts)
        digest = hashlib.sha256(repr(twisted).encode()).hexdigest()
        return Answer(Outcome.SUCCESS, checkouts=twisted, response_sha256=digest, http_status=200)

    def _call(self, verb: str, key: str, act: Callable[[], Answer]) -> Answer:
        self.before(verb)
        script = self.faults.get(verb)
        fault = script.pop(0) if script else ""
        if not fault:
            self.sent.append((verb, key))
            return act()
        if fault.startswith("+"):
            self.sent.append((verb, key))
            act()
            fault = fault[1:]
        return Answer(Outcome(fault), message=f"{verb} {fault}")


_: PaymentProvider = FakeProvider()
