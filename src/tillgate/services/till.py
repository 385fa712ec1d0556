"""What every use case takes: this till, with its database, clock, providers and settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from tillgate.domain.errors import Refused
from tillgate.domain.money import Money
from tillgate.domain.payment import Mode, Purpose
from tillgate.domain.settings import STORE_ZONE, Option, Settings
from tillgate.domain.staff import Actor, system_actor
from tillgate.ports import Clock, PaymentProvider
from tillgate.services.records import PaymentRecord, RefundRecord
from tillgate.services.tallies import Tallies
from tillgate.store.unit_of_work import Database, UnitOfWork


@dataclass(frozen=True, slots=True)
class Fulfilling:
    """What a purpose makes of a captured payment, inside the transaction that captures it.

    `make` writes orders, stock, ledger lines and outbox rows, or raises Refused: then nothing of it stays and the
    payment is refunded. `refused` writes what must be told when that happens. `tolerance` is how far, in whole units of
    its currency, what was paid may be off what was asked. With `keeps_surplus` more than was asked, once a manager lets
    it in, is part of what is made. `released` books what of it was kept for later and went to the customer instead, by
    a key of its own. `gone_back` reverses what was made, as far as a refund says that is done or was credited instead;
    `gone_whole` ends it where nothing of the money is left. Both also hear of money that made nothing. `refund_mail` is
    the template that tells of a refund.
    """

    make: Callable[[UnitOfWork, PaymentRecord], None]
    refused: Callable[[UnitOfWork, PaymentRecord, str], None]
    tolerance: Option[int] | None = None
    keeps_surplus: bool = False
    released: Callable[[UnitOfWork, PaymentRecord, Money, str], None] | None = None
    gone_back: Callable[[UnitOfWork, PaymentRecord, RefundRecord], None] | None = None
    gone_whole: Callable[[UnitOfWork, PaymentRecord], None] | None = None
    refund_mail: str = "refund_done"


@dataclass(frozen=True, slots=True)
class ReturnAddress:
    """Where a browser comes back to, known before the checkout's address leaves the till.

    `token` is the secret in both addresses. `return_url` goes to the provider; `page_url` is the till's own page with
    the provider's checkout on it. Both None: polling alone.
    """

    token: str = ""
    return_url: str | None = None
    page_url: str | None = None


@dataclass(frozen=True, slots=True)
class Till:
    """One till. `worker` names this process for leases; `settings` reads the options as they are now."""

    id: str
    db: Database
    clock: Clock
    mode: Mode
    worker: str
    providers: Mapping[str, PaymentProvider]
    fulfilling: Mapping[Purpose, Fulfilling]
    settings: Callable[[], Settings] = Settings
    # What is wrong with the kept keys of a provider that is therefore off, by its name.
    refused_keys: Mapping[str, Refused] = field(default_factory=dict)
    # Says where a browser comes back to: for a method of paying and a checkout's token.
    new_return: Callable[[str, str], ReturnAddress] = field(default=lambda _method, _token: ReturnAddress())

    # What is counted between two transactions.
    tallies: Tallies = field(default_factory=Tallies)
    # The code of what stops the till from selling, or "" (services/start_gates.py).
    blocked: Callable[[], str] = field(default=lambda: "")

    @property
    def system(self) -> Actor:
        """The till acting by itself."""
        return system_actor(self.id)

    @property
    def zone(self) -> ZoneInfo:
        """The store's time zone."""
        return ZoneInfo(self.settings()[STORE_ZONE])

    def store_day(self, instant: datetime) -> date:
        """The store's calendar day at an instant."""
        return instant.astimezone(self.zone).date()
