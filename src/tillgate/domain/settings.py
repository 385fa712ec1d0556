"""Every option of the store, declared once: its screen, its documentation, its default and its check read this."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Generic, TypeVar
from zoneinfo import ZoneInfo

from tillgate.domain.errors import Invalid
from tillgate.domain.money import check_currency
from tillgate.domain.percent import percent_text

T = TypeVar("T")


class Section(StrEnum):
    """Where an option stands on the settings screen."""

    STORE = "store"
    PAYMENTS = "payments"
    MAIL = "mail"
    TILL = "till"


class Counts(StrEnum):
    """What the number of an option counts, where people write such a number in a way of their own."""

    BASIS_POINTS = "basis points"
    MONEY = "whole units of money"


@dataclass(frozen=True, slots=True)
class Option(Generic[T]):
    """One option. `read` turns the stored text into a value and raises Invalid for a bad one; `title` and `explains`
    are English source texts, translated where they are shown; what it `counts` says how a screen writes it."""

    name: str
    section: Section
    default: T
    read: Callable[[str], T]
    title: str
    explains: str
    choices: tuple[str, ...] = ()
    counts: Counts | None = None

    def write(self, value: T) -> str:
        """The stored text of a value."""
        return str(value)


def _invalid(name: str, text: str) -> Invalid:
    return Invalid("setting_invalid", field=name, text=text[:80])


def whole(name: str, lowest: int, highest: int) -> Callable[[str], int]:
    """A whole number within bounds."""

    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit()) or not lowest <= int(text) <= highest:
            raise Invalid("setting_out_of_range", field=name, lowest=lowest, highest=highest)
        return int(text)

    return read


def rate(name: str, highest_bp: int) -> Callable[[str], int]:
    """Basis points, no more than so many; what is wrong is said in percent."""

    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit()) or int(text) > highest_bp:
            raise Invalid("setting_rate_out_of_range", field=name, highest=percent_text(highest_bp))
        return int(text)

    return read


def word(name: str, *allowed: str) -> Callable[[str], str]:
    """One of a few words."""

    def read(text: str) -> str:
        if text not in allowed:
            raise _invalid(name, text)
        return text

    return read


def line(name: str, longest: int = 200, *, needed: bool = False) -> Callable[[str], str]:
    """One line of plain text."""

    def read(text: str) -> str:
        if len(text) > longest or any(not c.isprintable() for c in text) or (needed and not text.strip()):
            raise _invalid(name, text)
        return text.strip()

    return read


def _currency(text: str) -> str:
    return check_currency(text)


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError) as error:
        raise _invalid("store.zone", text) from error
    return text


def _web_page(text: str) -> str:
    """Nothing, or an address that every phone can open."""
    if text and not re.fullmatch(r"https://[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?:/[!$-z|~]*)?", text):
        raise _invalid("stripe.after_paying", text)
    return line("stripe.after_paying", 500)(text)


STORE_NAME: Final = Option(
    "store.name", Section.STORE, "", line("store.name", 80), "Store name", "Shown on receipts, invoices and mails."
)
STORE_CURRENCY: Final = Option(
    "store.currency", Section.STORE, "INR", _currency, "Currency", "The currency that new carts are rung up in."
)
STORE_ZONE: Final = Option(
    "store.zone", Section.STORE, "Asia/Kolkata", _zone, "Time zone", "The store’s days begin and end in this zone."
)
STORE_LANGUAGE: Final = Option(
    "store.language",
    Section.STORE,
    "en",
    word("store.language", "en", "es", "id"),
    "Language",
    "The language of the screens, receipts and mails.",
    ("en", "es", "id"),
)
ADMIN_EMAIL: Final = Option(
    "store.admin_email",
    Section.MAIL,
    "",
    line("store.admin_email"),
    "Administrator’s e-mail",
    "Told of new orders and of refunds that the till started by itself.",
)
RAZORPAY_METHOD: Final = Option(
    "razorpay.method",
    Section.PAYMENTS,
    "link",
    word("razorpay.method", "link", "order"),
    "Razorpay checkout",
    "A payment link, or Razorpay’s standard checkout on a page that the till serves (registered websites only).",
    ("link", "order"),
)
LINK_MINUTES: Final = Option(
    "razorpay.link_minutes",
    Section.PAYMENTS,
    30,
    whole("razorpay.link_minutes", 16, 1440),
    "Payment link stays open (minutes)",
    "Razorpay closes an unpaid link after this time.",
)
RETURN_TO_TILL: Final = Option(
    "razorpay.return_to_till",
    Section.PAYMENTS,
    "no",
    word("razorpay.return_to_till", "yes", "no"),
    "Return to the till after paying",
    "For links that are paid on this computer. A customer’s phone could not open the till’s page.",
    ("yes", "no"),
)
AFTER_PAYING: Final = Option(
    "stripe.after_paying",
    Section.PAYMENTS,
    "",
    _web_page,
    "Page after paying with Stripe",
    "An address of the store, https://…, that a customer’s phone shows afterwards. Empty shows Stripe’s own.",
)
WOMPI_METHOD: Final = Option(
    "wompi.method",
    Section.PAYMENTS,
    "link",
    word("wompi.method", "link", "web"),
    "Wompi checkout",
    "A payment link, which can be cancelled, or Wompi’s Web Checkout, which ends by its own time only.",
    ("link", "web"),
)
# In whole pesos. Wompi's documents name neither bound; these are its plug-in's, and an orchestrator's for cards.
WOMPI_SMALLEST: Final = Option(
    "wompi.smallest",
    Section.PAYMENTS,
    1_500,
    whole("wompi.smallest", 1, 10_000_000_000),
    "Least payment through Wompi (COP)",
    "Less is refused before Wompi is asked.",
    counts=Counts.MONEY,
)
WOMPI_LARGEST: Final = Option(
    "wompi.largest",
    Section.PAYMENTS,
    99_000_000,
    whole("wompi.largest", 1, 10_000_000_000),
    "Largest payment through Wompi (COP)",
    "More is refused before Wompi is asked.",
    counts=Counts.MONEY,
)
# In whole shillings. Safaricom's tariff of 2025 moves 250,000 at once; an account may be held to less.
INTASEND_LARGEST: Final = Option(
    "intasend.largest",
    Section.PAYMENTS,
    250_000,
    whole("intasend.largest", 1, 250_000),
    "Largest payment through IntaSend (KES)",
    "More is refused before IntaSend is asked.",
    counts=Counts.MONEY,
)
BATCH_PAGE_SECONDS: Final = Option(
    "batch.page_seconds",
    Section.PAYMENTS,
    1,
    whole("batch.page_seconds", 0, 30),
    "Time between the pages of a batch (seconds)",
    "The checkout pages of a batch open in the browser one after another, so far apart.",
)
INVOICE_MINUTES: Final = Option(
    "invoice.minutes",
    Section.PAYMENTS,
    30,
    whole("invoice.minutes", 5, 1440),
    "Payment invoice can be used for (minutes)",
    "A payment invoice that is older makes no order, though it was paid: a manager decides about it.",
)
# In whole shillings.
INVOICE_FEE: Final = Option(
    "invoice.service_fee",
    Section.PAYMENTS,
    2,
    whole("invoice.service_fee", 0, 100_000),
    "Service fee of a payment invoice (KES)",
    "Added to each amount that a phone is asked for.",
    counts=Counts.MONEY,
)
INVOICE_FEE_BP: Final = Option(
    "invoice.provider_fee_bp",
    Section.PAYMENTS,
    300,
    rate("invoice.provider_fee_bp", 5_000),
    "Provider’s fee of a payment invoice (%)",
    "So much of the amount is added to it.",
    counts=Counts.BASIS_POINTS,
)
INVOICE_TOLERANCE: Final = Option(
    "invoice.tolerance",
    Section.PAYMENTS,
    1,
    whole("invoice.tolerance", 0, 100),
    "Tolerance of a payment invoice (KES)",
    "What was paid may differ by so much from what was asked for.",
)
COMMISSION_BP: Final = Option(
    "commission.rate_bp",
    Section.PAYMENTS,
    1_000,
    rate("commission.rate_bp", 10_000),
    "Referrer’s commission (%)",
    "So much of every instalment that a referred customer pays. Orders keep the rate they were made with.",
    counts=Counts.BASIS_POINTS,
)
INSTALMENT_REMINDERS: Final = Option(
    "instalments.reminders",
    Section.MAIL,
    "no",
    word("instalments.reminders", "yes", "no"),
    "Remind customers of instalments by mail",
    "Once a day, from eight in the morning on, while something is due.",
    ("yes", "no"),
)
INSTALMENT_KEEP_PERCENT: Final = Option(
    "instalments.cancel_keep_percent",
    Section.PAYMENTS,
    0,
    whole("instalments.cancel_keep_percent", 0, 100),
    "Kept when an instalment order is cancelled (%)",
    "The store keeps so much of what was paid; the rest goes back to the customer.",
)
INSTALMENT_MINUTES: Final = Option(
    "instalments.minutes",
    Section.PAYMENTS,
    30,
    whole("instalments.minutes", 5, 1440),
    "Bulk order waits for its first payment (minutes)",
    "Unpaid then, it is cancelled: its stock is for sale again, its coupons are given back.",
)
SMTP_HOST: Final = Option(
    "mail.host", Section.MAIL, "", line("mail.host", 253), "Mail server", "Empty turns mail off; mails wait until then."
)
SMTP_PORT: Final = Option(
    "mail.port",
    Section.MAIL,
    587,
    whole("mail.port", 1, 65535),
    "Mail server’s port",
    "587 for STARTTLS, 465 for TLS.",
)
SMTP_SECURITY: Final = Option(
    "mail.security",
    Section.MAIL,
    "starttls",
    word("mail.security", "starttls", "tls", "none"),
    "Mail encryption",
    "None is for a mail server on this computer only.",
    ("starttls", "tls", "none"),
)
SMTP_USER: Final = Option(
    "mail.user", Section.MAIL, "", line("mail.user"), "Mail user", "The password is kept in the keyring."
)
MAIL_FROM: Final = Option(
    "mail.from", Section.MAIL, "", line("mail.from"), "Sender’s address", "The address that mails come from."
)
IDLE_LOCK_MINUTES: Final = Option(
    "till.idle_lock_minutes",
    Section.TILL,
    3,
    whole("till.idle_lock_minutes", 2, 5),
    "Lock after (minutes)",
    "The till locks itself when nobody touches it.",
)
APPEARANCE: Final = Option(
    "till.appearance",
    Section.TILL,
    "system",
    word("till.appearance", "system", "light", "dark"),
    "Appearance",
    "Light, dark, or as the system has it.",
    ("system", "light", "dark"),
)

OPTIONS: Final[tuple[Option[str] | Option[int], ...]] = (
    STORE_NAME,
    STORE_CURRENCY,
    STORE_ZONE,
    STORE_LANGUAGE,
    RAZORPAY_METHOD,
    LINK_MINUTES,
    RETURN_TO_TILL,
    AFTER_PAYING,
    WOMPI_METHOD,
    WOMPI_SMALLEST,
    WOMPI_LARGEST,
    INTASEND_LARGEST,
    BATCH_PAGE_SECONDS,
    INVOICE_MINUTES,
    INVOICE_FEE,
    INVOICE_FEE_BP,
    INVOICE_TOLERANCE,
    INSTALMENT_MINUTES,
    INSTALMENT_KEEP_PERCENT,
    INSTALMENT_REMINDERS,
    COMMISSION_BP,
    ADMIN_EMAIL,
    SMTP_HOST,
    SMTP_PORT,
    SMTP_SECURITY,
    SMTP_USER,
    MAIL_FROM,
    IDLE_LOCK_MINUTES,
    APPEARANCE,
)


@dataclass(frozen=True, slots=True)
class Settings:
    """The options as stored; one that is missing has its default."""

    stored: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, option: Option[T]) -> T:
        text = self.stored.get(option.name)
        return option.default if text is None else option.read(text)

    def text(self, option: Option[str] | Option[int]) -> str:
        """An option as it is stored, or would be: for a screen that shows any of them."""
        return self.stored.get(option.name, str(option.default))
