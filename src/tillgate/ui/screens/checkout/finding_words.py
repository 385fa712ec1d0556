"""What the validation found, in words that say what to do, and the press that does it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

from tillgate.domain.cart_checks import Finding, FindingCode
from tillgate.domain.money import Money
from tillgate.i18n import mark, tr
from tillgate.ui.screens.checkout.desk import CheckoutDesk


class Fix(StrEnum):
    """What a press does about a finding."""

    NOTHING = "nothing"
    REPRICE = "reprice"
    QUANTITY = "quantity"
    RENTAL = "rental"
    REMOVE = "remove"
    CUSTOMER = "customer"


@dataclass(frozen=True, slots=True)
class Advice:
    """A finding as shown: what is wrong, the verb of the button, and what it does. `quantity` is for Fix.QUANTITY."""

    code: FindingCode
    text: str
    verb: str
    fix: Fix
    quantity: int = 0


_C: Final = FindingCode
_TEXTS: Final[dict[FindingCode, tuple[str, Fix]]] = {
    _C.CART_EMPTY: (mark("The cart is empty."), Fix.NOTHING),
    _C.NOT_OFFERED: (mark("Not offered any more."), Fix.REMOVE),
    _C.CURRENCY_MISMATCH: (mark("Priced in {found}; this cart is in {expected}."), Fix.REMOVE),
    _C.QUANTITY_OUT_OF_RANGE: (mark("From {lowest} to {highest} of these."), Fix.QUANTITY),
    _C.OUT_OF_STOCK: (mark("Only {left} left."), Fix.QUANTITY),
    _C.RENTAL_TAKEN: (mark("Only {left} free on these days."), Fix.QUANTITY),
    _C.PERIOD_GONE: (mark("This period is not offered any more."), Fix.RENTAL),
    _C.START_IN_PAST: (mark("The first day, {start_on}, is over."), Fix.RENTAL),
    _C.START_TOO_FAR: (mark("Rentals begin by {furthest} at the latest."), Fix.RENTAL),
    _C.PRICE_CHANGED: (mark("Price is now {now}."), Fix.REPRICE),
    _C.DEPOSIT_CHANGED: (mark("Deposit is now {now}."), Fix.REPRICE),
    _C.TAX_CHANGED: (mark("The tax has changed."), Fix.REPRICE),
    _C.FEE_CHANGED: (mark("A service fee has changed."), Fix.REPRICE),
    _C.CUSTOMER_MISSING: (mark("A rental needs a customer."), Fix.CUSTOMER),
    _C.EMAIL_MISSING: (mark("The customer has no e-mail address."), Fix.CUSTOMER),
    _C.AMOUNT_BELOW_MINIMUM: (mark("The smallest amount that can be paid this way is {smallest}."), Fix.NOTHING),
}
_VERBS: Final[dict[Fix, str]] = {
    Fix.REPRICE: mark("Update"),
    Fix.RENTAL: mark("Change dates"),
    Fix.REMOVE: mark("Remove"),
    Fix.CUSTOMER: mark("Choose customer"),
}
_NONE_LEFT: Final = {
    _C.OUT_OF_STOCK: (mark("None left."), Fix.REMOVE),
    _C.RENTAL_TAKEN: (mark("None free on these days."), Fix.RENTAL),
}


def advice_on(finding: Finding, desk: CheckoutDesk) -> Advice:
    """How a finding is shown."""
    values = finding.values
    text, fix = _TEXTS[finding.code]
    if finding.code in _NONE_LEFT and values.get("left") == 0:
        text, fix = _NONE_LEFT[finding.code]
    quantity = 0
    verb = tr(_VERBS[fix]) if fix in _VERBS else ""
    if fix is Fix.QUANTITY:
        quantity = _quantity(values)
        verb = tr("Set to {count}", count=quantity)
    return Advice(finding.code, tr(text, **_shown(values, desk)), verb, fix, quantity)


def advice_by_line(findings: tuple[Finding, ...], desk: CheckoutDesk) -> dict[int, tuple[Advice, ...]]:
    """The findings of lines; one button is enough where several ask for the same."""
    made: dict[int, list[Advice]] = {}
    for finding in findings:
        if finding.line_id is not None:
            made.setdefault(finding.line_id, []).append(advice_on(finding, desk))
    return {line_id: tuple(_once(advice)) for line_id, advice in made.items()}


def _once(advice: list[Advice]) -> list[Advice]:
    fixes: set[Fix] = set()
    shown = []
    for each in advice:
        repeated = each.fix in fixes and each.fix is Fix.REPRICE
        shown.append(Advice(each.code, each.text, "", each.fix) if repeated else each)
        fixes.add(each.fix)
    return shown


def _quantity(values: Mapping[str, object]) -> int:
    for name in ("left", "lowest"):
        if isinstance(found := values.get(name), int):
            return found
    return 1


def _shown(values: Mapping[str, object], desk: CheckoutDesk) -> dict[str, Any]:
    return {name: _word(value, desk) for name, value in values.items()}


def _word(value: object, desk: CheckoutDesk) -> str:
    match value:
        case Money():
            return desk.money(value)
        case date():
            return desk.day(value)
        case _:
            return str(value)
