"""Papers as facts: what an invoice, a receipt and a mail say, before anybody formats it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Final

from tillgate.domain.batch import Shown
from tillgate.domain.consultation import ConsultationInvoiceState
from tillgate.domain.invoice_checks import Checked
from tillgate.domain.money import Money, total
from tillgate.domain.orders import LineType, OrderState
from tillgate.domain.payment import Mode
from tillgate.domain.tax_rules import TaxLine

_HOUSE_COLOR: Final = "#334155"
_DARK_INK: Final = "#0F172A"
_LIGHT_INK: Final = "#FFFFFF"
# Above this brightness (0 to 255) dark letters read better on a colour.
_BRIGHT: Final = 150


@dataclass(frozen=True, slots=True)
class Branding:
    """Who sells. `mark` is a few letters for the logo, `brand_color` is "#RRGGBB"; either may be empty."""

    name: str
    address: str = ""
    email: str = ""
    phone: str = ""
    tax_number: str = ""
    brand_color: str = ""
    mark: str = ""

    @property
    def color(self) -> str:
        """The brand's colour as "#RRGGBB", or the house's where it has none that is valid."""
        return self.brand_color.upper() if _channels(self.brand_color) else _HOUSE_COLOR

    @property
    def ink(self) -> str:
        """The colour of letters that stand on the brand's colour."""
        red, green, blue = _channels(self.color) or (0, 0, 0)
        return _DARK_INK if (299 * red + 587 * green + 114 * blue) // 1000 > _BRIGHT else _LIGHT_INK

    @property
    def initials(self) -> str:
        """The mark, or the first letters of the name's first two words; at most three."""
        words = [word for word in self.name.split() if word[0].isalnum()]
        return (self.mark.strip() or "".join(word[0] for word in words[:2]).upper())[:3]


def _channels(color: str) -> tuple[int, int, int] | None:
    digits = color.removeprefix("#")
    if len(color) != 7 or len(digits) != 6 or any(c not in "0123456789abcdefABCDEF" for c in digits):
        return None
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)


@dataclass(frozen=True, slots=True)
class Party:
    """Who buys; all empty for a walk-in."""

    name: str = ""
    email: str = ""
    phone: str = ""

    @property
    def is_walk_in(self) -> bool:
        """Nobody gave a name."""
        return not self.name


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What a paper says besides its money, kept with it as it was: a vendor may move, a store be renamed."""

    store: str
    zone: str
    language: str
    seller: Branding
    buyer: Party


@dataclass(frozen=True, slots=True)
class PaidBy:
    """How the money came. `reference` is the provider's name for it; None for all where it is not known.

    `receipt` is the payer's own number of it, from the network that moved it; empty where nobody told it.
    """

    provider: str
    method: str | None
    reference: str
    captured_at: datetime | None
    receipt: str = ""


@dataclass(frozen=True, slots=True)
class PromptPaid:
    """The payment invoice that paid for the orders, and what came on it beyond them: its fees, and the surplus.

    The surplus is below zero where less came than was due, within the tolerance.
    """

    number: str
    fees: Money
    surplus: Money


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """One line of an invoice; `total` is `unit_price` times `quantity`."""

    type: LineType
    description: str
    quantity: int
    unit_price: Money
    total: Money


@dataclass(frozen=True, slots=True)
class InvoiceDocument:
    """A final sales invoice, in the `language` it was issued in. Instants are UTC and shown in the store's `zone`.

    A credit note has in `reverses` the number of its invoice, and its amounts are below zero.
    """

    number: str
    mode: Mode
    language: str
    issued_at: datetime
    zone: tzinfo
    store_name: str
    vendor: Branding
    customer: Party
    payment_id: int
    order_number: str
    ordered_at: datetime
    lines: tuple[InvoiceLine, ...]
    total: Money
    paid: PaidBy
    reverses: str = ""
    prompt: PromptPaid | None = None

    @property
    def totals(self) -> tuple[tuple[LineType, Money], ...]:
        """The sum of each type that the invoice has, in the order of the types."""
        return totals_by_type(self.lines, self.total.currency)


def totals_by_type(lines: Iterable[InvoiceLine], currency: str) -> tuple[tuple[LineType, Money], ...]:
    """The sum of each type of line that occurs, in the order of the types."""
    listed = tuple(lines)
    found = {line.type for line in listed}
    return tuple(
        (kind, total((line.total for line in listed if line.type is kind), currency))
        for kind in LineType
        if kind in found
    )


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One thing ordered; `unit_deposit` comes back with a rented one. Both days are in the rent."""

    description: str
    quantity: int
    unit_price: Money
    unit_deposit: Money
    start_on: date | None = None
    end_on: date | None = None

    @property
    def total(self) -> Money:
        """Without deposit, fee and tax."""
        return self.unit_price * self.quantity

    @property
    def deposit(self) -> Money:
        """For all pieces."""
        return self.unit_deposit * self.quantity


@dataclass(frozen=True, slots=True)
class OrderSummary:
    """One vendor's order as receipts and mails show it; `items`, `deposit`, `fee` and `tax` sum to `total`."""

    id: int
    number: str
    state: OrderState
    ordered_at: datetime
    vendor: Branding
    lines: tuple[OrderLine, ...]
    items: Money
    deposit: Money
    fee: Money
    tax: Money
    total: Money
    invoice_number: str | None = None


@dataclass(frozen=True, slots=True)
class CreditNote:
    """What reverses a consultation's invoice, in full or in part."""

    number: str
    amount: Money
    issued_at: datetime
    refund_id: int


@dataclass(frozen=True, slots=True)
class FeeInvoice:
    """A consultation's invoice in whatever state it is, in the `language` it was issued in.

    `visit` is the clinic's number of the consultation; `description` names the practitioner, as it was written down.
    `total` is the fee, more by the taxes that are added and less by those withheld.
    """

    number: str
    state: ConsultationInvoiceState
    mode: Mode
    language: str
    issued_at: datetime
    zone: tzinfo
    store_name: str
    clinic: Branding
    patient: Party
    visit: str
    held_at: datetime
    description: str
    payment_id: int
    fee: Money
    taxes: tuple[TaxLine, ...]
    total: Money
    paid: PaidBy
    notes: tuple[CreditNote, ...]

    @property
    def left(self) -> Money:
        """What the credit notes leave of it."""
        return self.total - total((note.amount for note in self.notes), self.total.currency)

    @property
    def reversed(self) -> bool:
        """Whether credit notes took back all of it."""
        return not self.left


@dataclass(frozen=True, slots=True)
class SlipRow:
    """One invoice on a batch's slip; `reference` is its payment's, and empty where it has none."""

    number: str
    day: date
    amount: Money
    shown: Shown
    reused: bool
    reference: str


@dataclass(frozen=True, slots=True)
class BatchSlip:
    """The summary of a batch: what became of each of its invoices, as they stand at `made_at`."""

    batch_id: int
    mode: Mode
    zone: tzinfo
    store_name: str
    till_id: str
    begun_at: datetime
    made_at: datetime
    device_code: str
    device_name: str
    customer: str
    email: str
    taken_by: str
    rows: tuple[SlipRow, ...]
    total: Money
    paid: Money

    @property
    def left(self) -> Money:
        """What has not come."""
        return self.total - self.paid


@dataclass(frozen=True, slots=True)
class DevicePaid:
    """A device's invoice as the receipt of its payment names it."""

    number: str
    device: str
    day: date
    amount: Money


@dataclass(frozen=True, slots=True)
class PaidDays:
    """Instalments of an order that follow one another, from the `first` to the `last`, with their days."""

    first: int
    last: int
    first_on: date
    last_on: date
    amount: Money


@dataclass(frozen=True, slots=True)
class InstalmentsPaid:
    """An instalment order as a receipt has it: which of its `of` instalments were paid, and what was `left` then.

    `coupon` is "" where it has none, `next_on` None once all is paid; `returned` went back of these instalments since.
    """

    number: str
    bulk_number: str
    product: str
    quantity: int
    of: int
    days: tuple[PaidDays, ...]
    left: Money
    next_on: date | None
    coupon: str
    discount: Money
    returned: Money


@dataclass(frozen=True, slots=True)
class VerificationSlip:
    """What verifying a payment invoice came to, as it was then. `asked` is as typed; `number`, `provider_id` and the
    masked `phone` are empty where no invoice was found. `receipt` is the payer's own number of the money, from the
    network that moved it; empty where nobody told it. `paid` is what had come."""

    verification_id: int
    mode: Mode
    zone: tzinfo
    store_name: str
    till_id: str
    verified_at: datetime
    verified_by: str
    asked: str
    number: str
    provider: str
    provider_id: str
    receipt: str
    phone: str
    amount: Money
    paid: Money | None
    checked: Checked
    orders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReceiptDocument:
    """What a customer takes along: all orders of one payment, or the one `fee` or `device` invoice that it paid, or the
    `instalments`. `wallet` is what it left in the wallet that it was paid from, or that it filled where it paid nothing
    else. `copy` marks a print that may not be the first."""

    payment_id: int
    mode: Mode
    zone: tzinfo
    store_name: str
    till_id: str
    made_at: datetime
    customer: Party
    orders: tuple[OrderSummary, ...]
    total: Money
    paid: PaidBy
    copy: bool = False
    fee: FeeInvoice | None = None
    device: DevicePaid | None = None
    prompt: PromptPaid | None = None
    instalments: tuple[InstalmentsPaid, ...] = ()
    wallet: Money | None = None

    @property
    def fills_wallet(self) -> bool:
        """Whether it is a top-up's."""
        return self.wallet is not None and not self.instalments

    @property
    def lookup(self) -> str:
        """What the QR code says: the orders' or the invoice's numbers, for a scanner at the till. One order of several
        on instalments finds them all: they are collected by customer."""
        if self.instalments:
            return next((each for each in self.instalments if each.next_on is not None), self.instalments[0]).number
        if self.fills_wallet:
            return self.paid.reference
        if self.fee is not None:
            return self.fee.number
        if self.device is not None:
            return self.device.number
        return " ".join(order.number for order in self.orders) or f"PAYMENT-{self.payment_id}"
