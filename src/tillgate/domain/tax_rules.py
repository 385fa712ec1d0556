"""Tax rules as data, and what they make of a fee (product.md, ruling 20).

A rate is in millionths, so that 12 %, 8.875 % and 9.975 % are all exact; every amount is rounded once, halves away
from zero, to the minor unit.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import Final

from tillgate.domain.errors import Invalid
from tillgate.domain.money import Money, split, total

MILLION: Final = 1_000_000


class TaxEffect(StrEnum):
    """What a tax does to the amount that is asked for."""

    INFORMATIONAL = "informational"  # written down, changes nothing
    INCLUDED = "included"  # a part of the fee
    ADDED = "added"  # on top of the fee
    WITHHELD = "withheld"  # kept back by the payer, who owes it to the state


@dataclass(frozen=True, slots=True)
class TaxRule:
    """One tax of one country, valid from a day to another, both included; `valid_until` None: until further notice."""

    name: str
    rate_ppm: int
    effect: TaxEffect
    country: str
    valid_from: date
    valid_until: date | None = None
    id: int | None = None

    @property
    def rate(self) -> Fraction:
        """The exact rate: 3/25 for 12 %."""
        return Fraction(self.rate_ppm, MILLION)

    @property
    def withdrawn(self) -> bool:
        """Whether it was taken back before it taxed anything: it ends before it begins, and was never valid."""
        return self.valid_until is not None and self.valid_until < self.valid_from

    def applies_on(self, day: date) -> bool:
        """Whether it is valid on a day."""
        return self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)

    def overlaps(self, other: TaxRule) -> bool:
        """Whether both are the same tax of the same country on some day."""
        same = (self.country, self.name) == (other.country, other.name)
        begins, ends = max(self.valid_from, other.valid_from), [self.valid_until, other.valid_until]
        return same and all(last is None or begins <= last for last in ends)


@dataclass(frozen=True, slots=True)
class TaxLine:
    """One tax of one fee, as it was when the fee was put up for payment."""

    name: str
    rate_ppm: int
    effect: TaxEffect
    base: Money
    amount: Money
    rule_id: int | None = None


@dataclass(frozen=True, slots=True)
class Assessed:
    """A fee with its taxes. `due` is what the payer is asked for."""

    fee: Money
    lines: tuple[TaxLine, ...]

    def of(self, effect: TaxEffect) -> Money:
        """The sum of the taxes of one effect."""
        return total((line.amount for line in self.lines if line.effect is effect), self.fee.currency)

    @property
    def due(self) -> Money:
        """The fee, more by what is added and less by what is withheld."""
        return self.fee + self.of(TaxEffect.ADDED) - self.of(TaxEffect.WITHHELD)

    @property
    def net(self) -> Money:
        """What of the fee is the seller's own."""
        return self.fee - self.of(TaxEffect.INCLUDED)


def check_rule(rule: TaxRule) -> TaxRule:
    """The rule itself. Raises Invalid("tax_name" | "tax_rate" | "tax_country" | "tax_days"), `field` naming where."""
    if not 1 <= len(rule.name.strip()) <= 40 or not rule.name.isprintable():
        raise Invalid("tax_name", field="name")
    if not 0 < rule.rate_ppm <= MILLION:
        raise Invalid("tax_rate", field="rate")
    if len(rule.country) != 2 or not (rule.country.isascii() and rule.country.isalpha() and rule.country.isupper()):
        raise Invalid("tax_country", field="country")
    if rule.valid_until is not None and rule.valid_until < rule.valid_from:
        raise Invalid("tax_days", field="valid_until")
    return rule


def share_of(amount: Money, rate_ppm: int) -> Money:
    """A rate in millionths of an amount that is not negative, halves rounded up."""
    return Money((amount.minor * rate_ppm * 2 + MILLION) // (2 * MILLION), amount.currency)


def assess(fee: Money, rules: Iterable[TaxRule], day: date) -> Assessed:
    """The taxes of a fee on a day, in the order of the rules that are valid then.

    Rate times fee; what is included is its part of the fee, so that the net and all included taxes sum to the fee to
    the minor unit. Raises Invalid("taxes_exceed_fee") where nothing would be left to pay.
    """
    valid = [rule for rule in rules if rule.applies_on(day)]
    included = [rule for rule in valid if rule.effect is TaxEffect.INCLUDED]
    net, *parts = split(fee, [MILLION, *(rule.rate_ppm for rule in included)])
    inside = dict(zip(map(id, included), parts, strict=True))
    lines = tuple(
        TaxLine(
            name=rule.name,
            rate_ppm=rule.rate_ppm,
            effect=rule.effect,
            base=net if id(rule) in inside else fee,
            amount=inside[id(rule)] if id(rule) in inside else share_of(fee, rule.rate_ppm),
            rule_id=rule.id,
        )
        for rule in valid
    )
    assessed = Assessed(fee, lines)
    if assessed.due.minor <= 0:
        raise Invalid("taxes_exceed_fee", field="fee", fee=fee)
    return assessed
