"""What the checkout screen is given: the till, who sells, and the things that only the application can do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from pathlib import Path
from typing import Final

from PySide6.QtWidgets import QWidget

from tillgate.domain import mpesa
from tillgate.domain.money import Money
from tillgate.domain.payment_end import End
from tillgate.domain.settings import STORE_CURRENCY
from tillgate.domain.staff import Actor
from tillgate.formats import format_clock, format_instant, format_money, written_day, written_days
from tillgate.i18n import mark
from tillgate.services.cart_view import CartView
from tillgate.services.till import Till
from tillgate.ui.commands import Commands
from tillgate.ui.tasks import Tasks

ORIGIN: Final = "checkout"


@dataclass(frozen=True, slots=True)
class Tender:
    """One way to pay: a provider's method. `title`, `verb` and `explains` are marked English."""

    provider: str
    method: str
    title: str
    verb: str
    explains: str
    icon: str

    @property
    def key(self) -> str:
        """What tells it from other tenders."""
        return f"{self.provider}:{self.method}"


@dataclass(frozen=True, slots=True)
class CheckoutDesk:
    """Everything that the screen needs.

    `open_url` shows a checked address in the system’s browser, from any thread; False if it can’t.
    `provider` names the provider and method of the settings, or None while it is off. The callables that may be None
    hide their buttons; `save_receipt`, `print_receipt` and `save_invoice` are called on the work lane and may raise
    TillgateError.
    """

    till: Till
    actor: Actor
    tasks: Tasks
    commands: Commands
    open_url: Callable[[str], bool]
    provider: Callable[[], tuple[str, str] | None]
    zone: tzinfo
    language: str
    save_receipt: Callable[[int], Path] | None = None
    print_receipt: Callable[[int], None] | None = None
    save_invoice: Callable[[int], Path] | None = None
    open_file: Callable[[Path], bool] | None = None
    open_settings: Callable[[], object] | None = None
    open_exceptions: Callable[[], object] | None = None
    open_catalogue: Callable[[], object] | None = None
    # Shows a bar above whatever screen is in front, with what its key does; and brings the checkout to the front.
    put_above: Callable[[QWidget, Callable[[], object]], object] | None = None
    come_forward: Callable[[], object] | None = None
    # Shows a payment that is for no cart where payments are listed.
    show_payment: Callable[[int], object] | None = None
    # Another screen than the checkout says which payments it shows, and how they ended, so that no bar says it too.
    in_front: Callable[[Mapping[int, End | None]], object] | None = None
    # Takes a cart to where its customer's phone is asked to pay.
    ask_phone: Callable[[CartView], object] | None = None
    # Takes the id of a payment invoice, with the cart that it may be for, to where it is verified.
    verify_invoice: Callable[[str, CartView], object] | None = None

    def money(self, amount: Money) -> str:
        """An amount as the screen shows it."""
        return format_money(amount, self.language)

    def day(self, day: date) -> str:
        """A day as the screen shows it."""
        return written_day(day, self.language, self._currency)

    def days(self, first: date, last: date) -> str:
        """The days from one to another as the screen shows them."""
        return written_days(first, last, self.language, self._currency)

    def instant(self, instant: datetime) -> str:
        """A UTC instant as the screen shows it, in the store's time."""
        return format_instant(instant, self.language, self.zone)

    def moment(self, instant: datetime) -> str:
        """The time of day alone where it is of today, else with its day."""
        today = self.till.store_day(self.till.clock.now())
        if self.till.store_day(instant) != today:
            return self.instant(instant)
        return format_clock(instant, self.language, self.zone)

    @property
    def _currency(self) -> str:
        return self.till.settings()[STORE_CURRENCY]

    def tender(self) -> Tender | None:
        """The way to pay of the settings; None while it is off. A prompt is none: it asks for a phone and has fees."""
        chosen = self.provider()
        if chosen is None or chosen[0] not in self.till.providers:
            return None
        if chosen[1] not in self.till.providers[chosen[0]].capabilities.sent_once:
            return tender_of(*chosen)
        return next(iter(self._ways()), None)

    def tenders(self) -> tuple[Tender, ...]:
        """Every way to pay in the store's currency that there is now, that of the settings first."""
        first = self.tender()
        if first is None:
            return ()
        return (first, *(each for each in self._ways() if each != first))

    def prompt_way(self) -> tuple[str, str] | None:
        """The provider and method that ask phones, in shillings in every store; None while there is none."""
        every = (
            (name, method)
            for name, provider in self.till.providers.items()
            if mpesa.CURRENCY in provider.capabilities.smallest_minor
            for method in provider.capabilities.methods
            if method in provider.capabilities.sent_once
        )
        return next(every, None)

    @property
    def asks_phones(self) -> bool:
        """Whether a cart can be carried to where a phone is asked: a cart is in the store's currency."""
        return self.ask_phone is not None and self._currency == mpesa.CURRENCY and self.prompt_way() is not None

    def _ways(self) -> list[Tender]:
        """Every way to pay a cart in the store's currency: not by a prompt, which a cart has no place for."""
        return [
            tender_of(name, method)
            for name, provider in self.till.providers.items()
            if self._currency in provider.capabilities.smallest_minor
            for method in provider.capabilities.methods
            if method not in provider.capabilities.sent_once
        ]


_KNOWN: Final = {
    "link": (
        mark("Payment link"),
        mark("Pay by link"),
        mark("The customer pays on a phone by a code or link, or here in the browser."),
        "qr-code",
    ),
    "session": (
        mark("Card checkout"),
        mark("Pay by card"),
        mark("The customer pays at the provider, on a phone by a code or link, or here in the browser."),
        "credit-card",
    ),
    "web": (
        mark("Web checkout"),
        mark("Pay by web checkout"),
        mark("The customer pays at the provider, on a phone by a code or link, or here in the browser."),
        "qr-code",
    ),
    "prompt": (
        mark("M-Pesa"),
        mark("Send the M-Pesa prompt"),
        mark("The customer gets a prompt on the phone and types the M-Pesa PIN."),
        "smartphone",
    ),
    "checkout": (
        mark("Hosted checkout"),
        mark("Pay at the provider"),
        mark("The customer pays at the provider, on a phone by a code or link, or here in the browser."),
        "qr-code",
    ),
    "order": (
        mark("Payment page"),
        mark("Pay on a page"),
        mark("The customer pays on a page in this computer’s browser."),
        "monitor",
    ),
}
_OTHER: Final = (
    mark("Other checkout"),
    mark("Pay at the provider"),
    mark("The customer pays at the provider."),
    "credit-card",
)


def tender_of(provider: str, method: str) -> Tender:
    """A provider's method as a way to pay."""
    return Tender(provider, method, *_KNOWN.get(method, _OTHER))
