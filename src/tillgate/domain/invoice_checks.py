"""The checks that a payment invoice passes before an order is made for it, in their order (product.md, 16 and 17).

Pure: from what is known of the invoice to a row for each check. All local checks run and show; those that need the
provider's word read "not checked" where it was not asked. The reason is the first that failed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from tillgate.domain.money import Money
from tillgate.domain.payment_invoice import FeeTerms, InvoiceStatus, add_fees, is_past


class Check(StrEnum):
    """What is checked, in this order."""

    FOUND = "found"
    UNUSED = "unused"
    IN_TIME = "in_time"
    NOT_FAILED = "not_failed"
    COMPLETED = "completed"
    AMOUNT = "amount"
    CURRENCY = "currency"


class Verdict(StrEnum):
    """How one check ended."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_CHECKED = "not_checked"


class Reason(StrEnum):
    """Why an invoice can't be used: one for each check."""

    NOT_FOUND = "not_found"
    ALREADY_USED = "already_used"
    EXPIRED = "expired"
    PAYMENT_FAILED = "failed"
    NOT_COMPLETED = "not_completed"
    AMOUNT_MISMATCH = "amount_mismatch"
    CURRENCY_MISMATCH = "currency_mismatch"


REASONS: Final[dict[Check, Reason]] = dict(zip(Check, Reason, strict=True))
LOCAL: Final = (Check.FOUND, Check.UNUSED, Check.IN_TIME, Check.NOT_FAILED)


@dataclass(frozen=True, slots=True)
class Typed:
    """What the cashier expects: the amount before fees, the tolerance in minor units."""

    amount: Money
    tolerance_minor: int


@dataclass(frozen=True, slots=True)
class Known:
    """An invoice as the books have it. `money` is what came and did not go back, None while none was heard of.

    `undecided` says that it is of no use until somebody decides. `late` is money that came after the invoice had
    ended, `referred` money that lay until it had; `let_in` says that a manager lets it count all the same.
    `surplus_minor` is what a manager accepts above the expected total; `receipt` the payer's own number of the money.
    """

    number: str
    status: InvoiceStatus
    expires_at: datetime
    expected: Money
    terms: FeeTerms
    money: Money | None = None
    given_back: bool = False
    undecided: bool = False
    late: bool = False
    referred: bool = False
    let_in: bool = False
    surplus_minor: int = 0
    order: str = ""
    receipt: str = ""


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One check as a row: what was expected, what was found, and the verdict; "" where there is nothing to say."""

    check: Check
    expected: str | Money | datetime
    found: str | Money | datetime
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Checked:
    """All rows. `off` is paid less expected: above zero the surplus, below it the shortfall; None where they can't be
    compared."""

    rows: tuple[CheckRow, ...]
    expected_total: Money | None
    off: Money | None

    @property
    def reason(self) -> Reason | None:
        """The first check that failed; None where all passed. What nobody was heard about is not known to be
        completed."""
        failed = next((REASONS[row.check] for row in self.rows if row.verdict is Verdict.FAILED), None)
        return failed if failed is not None or self.ok else Reason.NOT_COMPLETED

    @property
    def ok(self) -> bool:
        """Whether every check passed: one that was not made is no pass."""
        return all(row.verdict is Verdict.PASSED for row in self.rows)

    @property
    def unheard(self) -> bool:
        """Whether nothing is wrong but that the provider could not be heard."""
        return self.local_ok and self.row(Check.COMPLETED).verdict is Verdict.NOT_CHECKED

    @property
    def local_ok(self) -> bool:
        """Whether it is worth asking the provider."""
        return all(row.verdict is Verdict.PASSED for row in self.rows if row.check in LOCAL)

    @property
    def surplus(self) -> Money | None:
        """What a manager may accept: the amount is the one thing wrong, and it is too much."""
        others = all(row.verdict is Verdict.PASSED for row in self.rows if row.check is not Check.AMOUNT)
        return self.off if others and self.off is not None and self.off.minor > 0 and not self.ok else None

    def row(self, check: Check) -> CheckRow:
        """The row of a check."""
        return next(row for row in self.rows if row.check is check)


def check_invoice(known: Known | None, typed: Typed, now: datetime, *, heard: bool = True) -> Checked:
    """Every check of an invoice, or of an id that none has (`known` None); `heard` says that the provider's word is in.

    Raises Invalid("amount_zero") for a typed amount of nothing.
    """
    if known is None:
        found = CheckRow(Check.FOUND, "", "", Verdict.FAILED)
        rest = tuple(CheckRow(check, "", "", Verdict.NOT_CHECKED) for check in Check if check is not Check.FOUND)
        return Checked((found, *rest), None, None)
    local = (
        CheckRow(Check.FOUND, known.number, known.number, Verdict.PASSED),
        CheckRow(Check.UNUSED, "", known.order, _verdict(known.status is not InvoiceStatus.USED)),
        CheckRow(Check.IN_TIME, known.expires_at, now, _verdict(known.let_in or not _is_over(known, now))),
        CheckRow(Check.NOT_FAILED, "", known.status.value, _verdict(known.status is not InvoiceStatus.FAILED)),
    )
    total, off = _compare(known, typed)
    if not heard or any(row.verdict is Verdict.FAILED for row in local):
        wanted: tuple[str | Money, ...] = (InvoiceStatus.COMPLETE.value, total or "", typed.amount.currency)
        unasked = zip((Check.COMPLETED, Check.AMOUNT, Check.CURRENCY), wanted, strict=True)
        rows = (CheckRow(check, expected, "", Verdict.NOT_CHECKED) for check, expected in unasked)
        return Checked((*local, *rows), total, None)
    return Checked((*local, *_provider_rows(known, typed, total, off)), total, off)


def _provider_rows(known: Known, typed: Typed, total: Money | None, off: Money | None) -> tuple[CheckRow, ...]:
    came = known.money is not None and not known.given_back
    # Money is there whatever the state of the payment says: one paid with another amount waits on Exceptions.
    if not came or known.money is None:
        status = "given_back" if known.given_back else known.status.value
        completed = CheckRow(Check.COMPLETED, InvoiceStatus.COMPLETE.value, status, Verdict.FAILED)
        unheard = (Check.AMOUNT, Check.CURRENCY)
        shown: tuple[str | Money, ...] = (total or "", typed.amount.currency)
        pairs = zip(unheard, shown, strict=True)
        return (completed, *(CheckRow(check, expected, "", Verdict.NOT_CHECKED) for check, expected in pairs))
    currency = _verdict(known.money.currency == typed.amount.currency == known.expected.currency)
    amount = Verdict.NOT_CHECKED if off is None else _verdict(_is_near(known, typed, off))
    # Where its amount or currency is why it waits, that is told; where both are right, it is that it waits.
    waits = known.undecided and amount is currency is Verdict.PASSED
    status = "on_exceptions" if waits else InvoiceStatus.COMPLETE.value
    return (
        CheckRow(Check.COMPLETED, InvoiceStatus.COMPLETE.value, status, _verdict(not waits)),
        CheckRow(Check.AMOUNT, total or typed.amount, known.money, amount),
        CheckRow(Check.CURRENCY, typed.amount.currency, known.money.currency, currency),
    )


def _compare(known: Known, typed: Typed) -> tuple[Money | None, Money | None]:
    """The typed amount with the invoice's own fees, and how far the money is off it; None between currencies."""
    if typed.amount.currency != known.expected.currency:
        return None, None
    total = add_fees(typed.amount, known.terms).total
    if known.money is None or known.money.currency != total.currency:
        return total, None
    over, wanted = known.money - total, known.money - known.expected
    # Less than either is the shortfall; more than either, the surplus.
    short = min(over, wanted)
    return total, short if short.minor < -typed.tolerance_minor else max(over, wanted)


def _is_near(known: Known, typed: Typed, off: Money) -> bool:
    return -typed.tolerance_minor <= off.minor <= typed.tolerance_minor + known.surplus_minor


def _is_over(known: Known, now: datetime) -> bool:
    """A used one is told as used; its time is then nobody's concern, but shown as it is."""
    # Whoever referred it, its time was over once: a clock that was set back since brings it no new one.
    return known.late or known.referred or known.status is InvoiceStatus.EXPIRED or is_past(known.expires_at, now)


def _verdict(passed: bool) -> Verdict:
    return Verdict.PASSED if passed else Verdict.FAILED
