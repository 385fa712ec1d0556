"""A counter where payments are taken: a till with a fake provider, and what its fulfilment made."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field, replace

from sqlalchemy import update

from tests.factories.fake_provider import FakeProvider
from tests.factories.people import signed_in
from tillgate.domain.errors import Refused
from tillgate.domain.money import Money
from tillgate.domain.payment import Purpose
from tillgate.domain.staff import Actor, Role
from tillgate.services.exceptions import ExceptionRecord, list_exceptions
from tillgate.services.payment_views import PaymentView, read_view
from tillgate.services.payments import StartPayment, Thing, start
from tillgate.services.records import PaymentRecord
from tillgate.services.refunds import settle_refunds
from tillgate.services.returns import settle_returns, store_return
from tillgate.services.settle import check_now, settle_attempts, settle_fulfilments
from tillgate.services.sweep import sweep
from tillgate.services.till import Fulfilling, Till
from tillgate.store.ledger import unbalanced
from tillgate.store.models import payment_attempt
from tillgate.store.unit_of_work import UnitOfWork, refuse_inside_transaction


@dataclass(slots=True)
class Desk:
    """`made` lists payments whose things were made, `told` those whose refund was announced."""

    till: Till
    provider: FakeProvider
    cashier: Actor
    manager: Actor
    made: list[int] = field(default_factory=list)
    told: list[int] = field(default_factory=list)
    refuse: str = ""
    break_making: bool = False

    def command(self, *, thing: int = 1, minor: int = 10_000, method: str = "link") -> StartPayment:
        amount = Money(minor, "INR")
        return StartPayment(
            key=f"payment-{secrets.token_hex(8)}",
            purpose=Purpose.CHECKOUT,
            amount=amount,
            things=(Thing("cart", thing, amount),),
            description="A sale",
            provider=self.provider.name,
            method=method,
        )

    def start(self, *, thing: int = 1, minor: int = 10_000, method: str = "link") -> PaymentRecord:
        return start(self.till, self.cashier, self.command(thing=thing, minor=minor, method=method)).payment

    def paid(self, *, thing: int = 1) -> PaymentRecord:
        begun = self.start(thing=thing)
        self.provider.pay(self.reference(begun.id))
        return check_now(self.till, self.cashier, begun.id)

    def view(self, payment_id: int) -> PaymentView:
        with self.till.db.read() as connection:
            return read_view(connection, payment_id)

    def payment(self, payment_id: int) -> PaymentRecord:
        return self.view(payment_id).payment

    def reference(self, payment_id: int) -> str:
        attempt = self.view(payment_id).attempt
        assert attempt is not None
        return attempt.reference

    def settle(self) -> None:
        settle_fulfilments(self.till)
        settle_returns(self.till)
        settle_attempts(self.till)
        settle_refunds(self.till)

    def sweep(self) -> None:
        assert sweep(self.till, self.provider)

    def exceptions(self) -> list[ExceptionRecord]:
        # Somebody signed in now: the tests' clocks run for days.
        return list_exceptions(self.till, signed_in(self.till, Role.MANAGER))

    def come_back(self, payment_id: int, fields: dict[str, str]) -> None:
        """A browser's return with a token minted for the payment's checkout."""
        attempt = self.view(payment_id).attempt
        assert attempt is not None
        token = secrets.token_urlsafe(32)
        hashed = hashlib.sha256(token.encode()).hexdigest()
        mine = update(payment_attempt).where(payment_attempt.c.id == attempt.id)
        with self.till.db.write(self.till.system) as uow:
            uow.execute(mine.values(return_token_sha256=hashed))
        assert store_return(self.till, token, fields)

    def ledger_is_even(self) -> bool:
        with self.till.db.read() as connection:
            return not unbalanced(connection)

    def fulfilling(self) -> Fulfilling:
        return Fulfilling(self._make, self._refused)

    def _make(self, uow: UnitOfWork, owner: PaymentRecord) -> None:
        if self.refuse:
            raise Refused(self.refuse)
        if self.break_making:
            raise RuntimeError("orders could not be written")
        self.made.append(owner.id)

    def _refused(self, uow: UnitOfWork, owner: PaymentRecord, reason: str) -> None:
        self.told.append(owner.id)


def open_desk(till: Till, cashier: Actor, manager: Actor) -> Desk:
    """A counter at this till; its provider refuses to be called inside a transaction."""
    provider = FakeProvider(before=lambda _verb: refuse_inside_transaction())
    desk = Desk(till, provider, cashier, manager)
    desk.till = replace(till, providers={provider.name: provider}, fulfilling={Purpose.CHECKOUT: desk.fulfilling()})
    return desk
