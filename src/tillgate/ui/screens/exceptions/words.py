"""Exceptions in plain words: what happened, what each action does to the money, and the evidence by name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tillgate.domain.errors import Invalid
from tillgate.domain.exceptions import AGREED, RETURNED, ExceptionAction, ExceptionKind
from tillgate.domain.money import Money, parse_money
from tillgate.domain.payment import AttemptState, PaymentState
from tillgate.i18n import mark, ntr, tr
from tillgate.labels import provider_name
from tillgate.services.calls import OTHER_KEYS
from tillgate.services.exception_lists import Choice, ExceptionDetails, ExceptionRow
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.work_words import work_title
from tillgate.ui.text import shown
from tillgate.ui.theme import Tone
from tillgate.ui.widgets.status_badge import PAYMENT_STATUS, Status

_A, _K = ExceptionAction, ExceptionKind


@dataclass(frozen=True, slots=True)
class KindWords:
    """A badge, and what happened: marked English with `{provider}` and `{amount}`."""

    status: Status
    what: str


KIND_WORDS: Final[dict[ExceptionKind, KindWords]] = {
    _K.LATE: KindWords(
        Status(Tone.WAITING, "hourglass", mark("Late money")),
        mark("{amount} came through {provider} after the payment had ended. It was not used for anything."),
    ),
    _K.DOUBLE: KindWords(
        Status(Tone.WAITING, "copy", mark("Paid twice")),
        mark("The payment had its money already when {amount} came through {provider} once more."),
    ),
    _K.UNDERPAID: KindWords(
        Status(Tone.WAITING, "arrow-down", mark("Less than asked")),
        mark("{amount} came through {provider}, which is less than the checkout asked for. It was not used."),
    ),
    _K.OVERPAID: KindWords(
        Status(Tone.WAITING, "arrow-up", mark("More than asked")),
        mark("{amount} came through {provider}, which is more than the checkout asked for. It was not used."),
    ),
    _K.MISMATCH: KindWords(
        Status(Tone.FAILED, "triangle-alert", mark("Does not agree")),
        mark("{amount} came through {provider} in an answer that disagrees with the checkout. It was not used."),
    ),
    _K.UNKNOWN_MONEY: KindWords(
        Status(Tone.FAILED, "circle-help", mark("Unknown money")),
        mark("{provider} holds {amount} that no payment of this store asked for."),
    ),
    _K.MISSING_MONEY: KindWords(
        Status(Tone.FAILED, "search", mark("Missing money")),
        mark("{amount} stands in the books, but {provider} does not list it."),
    ),
    _K.UNANSWERED: KindWords(
        Status(Tone.WAITING, "clock", mark("No answer")),
        mark("{provider} has not said for seven days what became of a checkout over {amount}."),
    ),
    _K.REFUND_STUCK: KindWords(
        Status(Tone.WAITING, "clock", mark("Refund stuck")),
        mark("{provider} has not said for seven days what became of a refund of {amount}."),
    ),
    _K.REFUND_FAILED: KindWords(
        Status(Tone.FAILED, "circle-x", mark("Refund refused")),
        mark("{provider} refused to give {amount} back. The money is still with the store."),
    ),
    _K.NOTICE_PARKED: KindWords(
        Status(Tone.WAITING, "mail", mark("Mail not sent")),
        mark("A mail could not be sent for a day. No money is involved."),
    ),
    _K.INVOICE_STUCK: KindWords(
        Status(Tone.FAILED, "file-x", mark("Invoice not made")),
        mark("The invoice of a paid order could not be made. The order stands."),
    ),
    _K.CONFLICT: KindWords(
        Status(Tone.FAILED, "shield-alert", mark("Contradiction")),
        mark("{provider} says something else than the books about {amount}. Compare the evidence before you close it."),
    ),
}

# Verbs with the amount, and without where no money moves.
_VERBS: Final[dict[ExceptionAction, tuple[str, str, str]]] = {
    _A.APPLY: (mark("Apply {amount}"), mark("Apply it"), "check"),
    _A.REFUND: (mark("Refund {amount}"), mark("Refund it"), "undo-2"),
    _A.CREDIT: (mark("Credit {amount}"), mark("Credit it"), "wallet"),
    _A.RETRY: (mark("Try again: {amount}"), mark("Try again"), "refresh-cw"),
    _A.ACCEPT: (mark("Take in {amount}"), mark("Take it in"), "badge-check"),
    _A.CLOSE: (mark("Close it"), mark("Close it"), "archive"),
}
DONE_WORDS: Final[dict[ExceptionAction, str]] = {
    _A.APPLY: mark("Applied"),
    _A.REFUND: mark("Refunded"),
    _A.CREDIT: mark("Credited"),
    _A.RETRY: mark("Tried again"),
    _A.ACCEPT: mark("Taken in"),
    _A.CLOSE: mark("Closed"),
}
_EFFECTS: Final[dict[ExceptionAction, str]] = {
    _A.APPLY: mark("The orders are made now, and {amount} is used for them."),
    _A.REFUND: mark("{amount} goes back to the customer through {provider}. No orders are made for it."),
    _A.CREDIT: mark("{amount} goes to the wallet of {customer}. Nothing goes back through {provider}."),
    _A.ACCEPT: mark(
        "The books follow {provider}: {amount} went back, instead of what was asked. No money moves by this."
    ),
}
_RETRIES: Final[dict[ExceptionKind, str]] = {
    _K.REFUND_FAILED: mark("{provider} is asked once more to give {amount} back to the customer."),
    _K.REFUND_STUCK: mark("{provider} is asked what became of the refund of {amount}. It is never sent twice."),
    _K.UNANSWERED: mark("{provider} is asked about the checkout now. No money moves by asking."),
    _K.NOTICE_PARKED: mark("The mail is sent again now. No money moves."),
    _K.INVOICE_STUCK: mark("The invoice is made now. No money moves."),
    _K.CONFLICT: mark("{provider} is asked about the refund once more. No money moves by asking."),
}
_CAME_BACK: Final = mark(
    "{provider} gave {amount} back, and the customer’s bank sent it back since. The money is with the store again."
)
_HINDRANCES: Final[dict[str, str]] = {
    "close_checkout_first": mark(
        "Another checkout of this payment is open. Cancel it first, so that nobody pays twice."
    ),
    "money_given_back": mark("Some of it was given back already, so it can’t pay for the whole any more."),
    "paid_otherwise": mark("What it was meant for has been paid otherwise, so it can only go back."),
    "nothing_left": mark("All of it has been given back or credited already."),
    "refund_exceeds": mark("Less than that is left: some of it went back or was credited another way."),
    "money_of_nobody": mark("Nobody is known whose wallet it could go to."),
    "customer_needed": mark("The payment has no customer whose wallet it could go to."),
    "already_in_wallet": mark("It is in the customer’s wallet already."),
    "would_be_forgotten": mark("It can’t be closed before it is settled; then it leaves the list by itself."),
    "currency_of_nothing": mark("The amount is in another currency than the payment’s, so it can’t be taken in."),
    "not_verified": mark("No answer of the provider agreed with what was asked for yet."),
}
_EVIDENCE: Final[dict[str, str]] = {
    AGREED: mark("An answer agreed"),
    "amount": mark("Amount"),
    "asked": mark("Asked for"),
    "came": mark("Came"),
    "checkout": mark("Checkout"),
    "error": mark("Error"),
    "in_wallet": mark("Still in the wallet"),
    "key": mark("Key"),
    "opened": mark("Opened"),
    "payment": mark("Payment"),
    "provider": mark("Provider’s amount"),
    "provider_ref": mark("Provider’s number"),
    "provider_says": mark("Provider’s words"),
    "recorded": mark("In the books"),
    "reference": mark("Our reference"),
    "refund_ref": mark("Refund’s number"),
    "refunded_outside": mark("Refunded outside the till"),
    RETURNED: mark("Refund that came back to the provider"),
    "seen": mark("Seen"),
    "since": mark("Since"),
    "tries": mark("Tries"),
    "what": mark("What"),
}
_MONEY: Final = re.compile(r"([A-Z]{3}) (-?\d+(?:\.\d+)?)")
_STATES: Final[Mapping[str, str]] = {
    **{state.value: PAYMENT_STATUS[state].word for state in PaymentState},
    AttemptState.PLANNED.value: mark("Not sent"),
    OTHER_KEYS: mark("The keys are of another account now; with the old ones it can be heard again."),
    "payload_unreadable": mark("What was to be done is damaged in the books."),
    AttemptState.OPEN.value: mark("Open"),
}


def age(office: BackOffice, row: ExceptionRow) -> str:
    """How long it has stood on the list, or stood until it was settled."""
    minutes = int(((row.closed_at or office.now()) - row.opened_at).total_seconds()) // 60
    if minutes < 1:
        return tr("under a minute")
    if minutes < 60:
        return ntr("{count} minute", "{count} minutes", minutes)
    if minutes < 48 * 60:
        return ntr("{count} hour", "{count} hours", minutes // 60)
    return ntr("{count} day", "{count} days", minutes // (24 * 60))


def what_happened(office: BackOffice, row: ExceptionRow) -> str:
    """What happened, in a sentence or two."""
    amount = office.money(row.amount) if row.amount is not None else tr("an amount")
    came_back = row.kind is _K.REFUND_FAILED and RETURNED in row.evidence
    return tr(_CAME_BACK if came_back else KIND_WORDS[row.kind].what, provider=_provider(row), amount=amount)


def verb(office: BackOffice, choice: Choice) -> str:
    """What the button says: a verb, with the amount where money moves."""
    with_amount, without, _ = _VERBS[choice.action]
    if choice.amount is None:
        return tr(without)
    return tr(with_amount, amount=office.money(choice.amount))


def verb_icon(action: ExceptionAction) -> str:
    """The icon of a button."""
    return _VERBS[action][2]


def effect(office: BackOffice, details: ExceptionDetails, choice: Choice) -> str:
    """What will happen to the money."""
    row = details.row
    values = {
        "provider": _provider(row),
        "amount": office.money(choice.amount) if choice.amount is not None else "",
        "customer": shown(details.customer, 80) or tr("the customer"),
    }
    if choice.action is _A.CLOSE:
        return _closing(office, row, choice)
    if choice.action is _A.RETRY:
        return tr(_RETRIES[row.kind], **values)
    said = tr(_EFFECTS[choice.action], **values)
    if choice.surplus is None:
        return said
    back = tr("The surplus of {surplus} goes back to the customer.", surplus=office.money(choice.surplus))
    return "\n".join((said, back))


def _closing(office: BackOffice, row: ExceptionRow, choice: Choice) -> str:
    if row.kind is _K.UNANSWERED:
        return tr(
            "The payment ends as cancelled, and its cart is free. Money that comes all the same stands here again."
        )
    if choice.amount is None:
        return tr("It leaves the list with your reason. Nothing else changes, and no money moves.")
    return tr(
        "{amount} stays with the store as it is: nothing is made for it, and nothing goes back. What it was meant for "
        "may be sold anew.",
        amount=office.money(choice.amount),
    )


def hindrance(choice: Choice) -> str:
    """Why it can't be done now, or ""."""
    return tr(_HINDRANCES[choice.hindered]) if choice.hindered else ""


def evidence(office: BackOffice, row: ExceptionRow) -> list[tuple[str, str]]:
    """The evidence as names and values for people, the known names first in a fixed order."""
    order = {name: number for number, name in enumerate(_EVIDENCE)}
    names = sorted(row.evidence, key=lambda name: (order.get(name, len(order)), name))
    return [(_evidence_name(name), _evidence_value(office, name, row.evidence[name])) for name in names]


def _evidence_name(name: str) -> str:
    return tr(_EVIDENCE[name]) if name in _EVIDENCE else name.replace("_", " ").capitalize()


def _evidence_value(office: BackOffice, name: str, value: str) -> str:
    if name == "what":
        return work_title(value)
    if value in _STATES:
        return tr(_STATES[value])
    return money_text(office, value) or _as_instant(office, value) or shown(value, 300)


def money_text(office: BackOffice, value: str) -> str:
    """An amount as the books write it ("INR 250.00"), for people; "" if it is none."""
    found = _MONEY.fullmatch(value)
    if found is None or found[2].startswith("-"):
        return ""
    try:
        money: Money = parse_money(found[2], found[1], allow_zero=True)
    except Invalid:
        return ""
    return office.money(money)


def _as_instant(office: BackOffice, value: str) -> str:
    try:
        instant = datetime.fromisoformat(value)
    except ValueError:
        return ""
    return office.instant(instant) if instant.tzinfo is not None else ""


def _provider(row: ExceptionRow) -> str:
    return provider_name(row.provider) if row.provider else tr("the provider")
