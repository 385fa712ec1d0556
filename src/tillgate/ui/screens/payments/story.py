"""What happened to a payment, event by event, as sentences that anybody at the store understands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Final

from tillgate.domain.errors import TillgateError
from tillgate.domain.exceptions import ExceptionAction, ExceptionKind
from tillgate.domain.money import Money
from tillgate.domain.payment import PaymentState
from tillgate.i18n import mark, ntr, tr
from tillgate.labels import provider_name
from tillgate.services.link_notices import OVER, UNSURE
from tillgate.services.notices import NO_ADDRESS
from tillgate.services.order_mails import WITHDRAWN
from tillgate.services.payment_details import PaymentDetails
from tillgate.services.payment_views import StoryEvent
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.exceptions.words import DONE_WORDS, KIND_WORDS, money_text
from tillgate.ui.screens.work_words import work_title
from tillgate.ui.text import shown
from tillgate.ui.theme import Tone

Values = Mapping[str, Any]
_DONE: Final = "outbox.done"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the story."""

    at: datetime
    icon: str
    tone: Tone
    text: str
    who: str


@dataclass(frozen=True, slots=True)
class Told:
    """How an event is told: marked English, whose placeholders `values` fills from the event's data; `several` lists
    what many such events in a row were about."""

    icon: str
    tone: Tone
    text: str
    values: Callable[[BackOffice, Values], Values] = lambda _office, data: data
    several: str = ""


def story_lines(office: BackOffice, details: PaymentDetails) -> list[Line]:
    """The story, the newest first. Mails and papers that ended alike one after another are one line."""
    lines = []
    for (is_done, _), run in groupby(reversed(details.events), lambda each: (each.event == _DONE, each.actor)):
        events = list(run)
        lines += _done(office, details, events) if is_done else [_line(office, details, event) for event in events]
    return lines


def _done(office: BackOffice, details: PaymentDetails, events: list[StoryEvent]) -> list[Line]:
    alike: dict[Told, list[StoryEvent]] = {}
    for event in events:
        alike.setdefault(_ended(event), []).append(event)
    return [
        _listed(details, told, each) if len(each) > 1 else _line(office, details, each[0])
        for told, each in alike.items()
    ]


def _listed(details: PaymentDetails, told: Told, events: list[StoryEvent]) -> Line:
    counted = Counter(work_title(str(event.data.get("what", ""))) for event in reversed(events))
    titles = (
        title if count == 1 else tr("{what} ({count})", what=title, count=count) for title, count in counted.items()
    )
    text = tr(told.several, list=", ".join(titles))
    return Line(events[0].at, told.icon, told.tone, text, details.people.get(events[0].actor, tr("The till")))


def _line(office: BackOffice, details: PaymentDetails, event: StoryEvent) -> Line:
    who = details.people.get(event.actor, tr("The till"))
    told = _told(event)
    if told is None:
        # An event of a later version: shown by its name rather than hidden.
        return Line(event.at, "circle-dot", Tone.DRAFT, shown(event.event, 80), who)
    values = told.values(office, event.data)
    marked = _THOUGH_MONEY_CAME.get(told.text, told.text) if details.view.captures else told.text
    text = tr(marked).format_map(_Values({name: shown(str(value), 200) for name, value in values.items()}))
    return Line(event.at, told.icon, told.tone, text, who)


class _Values(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "…"


def _told(event: StoryEvent) -> Told | None:
    if event.event == "payment.moved":
        return MOVED.get(str(event.data.get("target")))
    if event.event == "payment.money" and event.data.get("receipt"):
        return _WITH_RECEIPT
    return _ended(event) if event.event == _DONE else EVENTS.get(event.event)


def _ended(event: StoryEvent) -> Told:
    """How work ended that is over: not all of it was done."""
    return _ENDINGS.get(str(event.data.get("note")), EVENTS[_DONE])


def _amount(office: BackOffice, data: Values) -> Values:
    minor, currency = data.get("amount", data.get("total")), data.get("currency")
    if type(minor) is int and isinstance(currency, str):
        try:
            return {**data, "amount": office.money(Money(minor, currency))}
        except TillgateError:
            return data
    return data


def _provider(_office: BackOffice, data: Values) -> Values:
    return {**data, "provider": provider_name(str(data.get("provider", "")))}


def _switched(_office: BackOffice, data: Values) -> Values:
    return {"provider": provider_name(str(data.get("to", "")).partition(":")[0])}


def _call(_office: BackOffice, data: Values) -> Values:
    outcome = str(data.get("outcome"))
    return {"outcome": tr(OUTCOMES[outcome]) if outcome in OUTCOMES else outcome}


def _declined(_office: BackOffice, data: Values) -> Values:
    return {"reason": data.get("reason") or tr("no reason was given.")}


def _verdict(_office: BackOffice, data: Values) -> Values:
    verdict = str(data.get("verdict"))
    return {"verdict": tr(_VERDICTS[verdict]) if verdict in _VERDICTS else verdict}


def _faults(_office: BackOffice, data: Values) -> Values:
    faults = data.get("faults")
    names = [str(each) for each in faults] if isinstance(faults, list) else []
    return {"faults": ", ".join(tr(_FAULTS[name]) if name in _FAULTS else name for name in names)}


def _order(office: BackOffice, data: Values) -> Values:
    count = data.get("items")
    items = ntr("{count} item", "{count} items", count) if type(count) is int else ""
    return {**_amount(office, data), "items": items}


def _exception(_office: BackOffice, data: Values) -> Values:
    kind = str(data.get("kind"))
    known = kind in set(ExceptionKind)
    return {"kind": KIND_WORDS[ExceptionKind(kind)].status.text if known else kind}


def _closed(_office: BackOffice, data: Values) -> Values:
    action = str(data.get("action"))
    known = action in set(ExceptionAction)
    return {**data, "action": tr(DONE_WORDS[ExceptionAction(action)]) if known else action}


def _accepted(office: BackOffice, data: Values) -> Values:
    return _amount(office, {**data, "amount": data.get("told")})


def _approved(office: BackOffice, data: Values) -> Values:
    written = str(data.get("amount", ""))
    return {**data, "amount": money_text(office, written) or written}


def _work(_office: BackOffice, data: Values) -> Values:
    return {**data, "what": work_title(str(data.get("what", "")))}


OUTCOMES: Final[dict[str, str]] = {
    "planned": mark("not sent yet"),
    "sent": mark("no answer yet"),
    "success": mark("answered"),
    "declined": mark("refused"),
    "not_found": mark("nothing found"),
    "not_sent": mark("could not be reached"),
    "rate_limited": mark("asked to wait"),
    "misconfigured": mark("refused the keys"),
    "unknown": mark("outcome not known"),
}
_VERDICTS: Final = {
    "signed": mark("signed by the provider"),
    "unsigned": mark("without a signature"),
    "bad_signature": mark("with a wrong signature, so it was not believed"),
    "orphan": mark("for no checkout of ours"),
}
_FAULTS: Final = {
    "reference": mark("reference"),
    "provider_id": mark("provider’s number"),
    "currency": mark("currency"),
    "amount": mark("amount"),
    "account": mark("account"),
    "mode": mark("test or live"),
}
_FAILED: Final = mark("The payment failed. No money moved.")
_EXPIRED: Final = mark("The time to pay ran out. No money moved.")
_CANCELLED: Final = mark("The payment was cancelled. No money moved.")
_THOUGH_MONEY_CAME: Final = {
    _FAILED: mark("The payment failed."),
    _EXPIRED: mark("The time to pay ran out."),
    _CANCELLED: mark("The payment was cancelled."),
}
_S = PaymentState
MOVED: Final[dict[str, Told]] = {
    _S.PENDING: Told("clock", Tone.WAITING, mark("The checkout is open. The customer can pay.")),
    _S.PROCESSING: Told("loader-circle", Tone.WAITING, mark("The customer is paying.")),
    _S.CAPTURED: Told("circle-check", Tone.SETTLED, mark("Paid.")),
    _S.FAILED: Told("circle-x", Tone.FAILED, _FAILED),
    _S.EXPIRED: Told("hourglass", Tone.DRAFT, _EXPIRED),
    _S.CANCELLED: Told("ban", Tone.DRAFT, _CANCELLED),
    _S.REFUND_PENDING: Told("undo-2", Tone.WAITING, mark("Money is on its way back.")),
    _S.REFUNDED: Told("corner-up-left", Tone.SETTLED, mark("All of the money went back.")),
    _S.PARTIALLY_REFUNDED: Told("corner-up-left", Tone.SETTLED, mark("A part of the money went back.")),
}
_WITH_RECEIPT: Final = Told(
    "coins", Tone.SETTLED, mark("{amount} arrived as {provider_ref}, M-Pesa receipt {receipt}."), _amount
)
_NEEDLESS: Final = Told(
    "ban",
    Tone.DRAFT,
    mark("{what}: not sent, as it was not needed any more."),
    _work,
    mark("Not sent, as not needed any more: {list}."),
)
# By what the outbox notes of work that is over.
_ENDINGS: Final[dict[str, Told]] = {
    NO_ADDRESS: Told(
        "ban",
        Tone.DRAFT,
        mark("{what}: not sent, as there is no address."),
        _work,
        mark("Not sent, as there is no address: {list}."),
    ),
    OVER: _NEEDLESS,
    WITHDRAWN: _NEEDLESS,
    UNSURE: Told(
        "send",
        Tone.DRAFT,
        mark("{what}: may have gone out, the provider gave no clear answer."),
        _work,
        mark("May have gone out, the provider gave no clear answer: {list}."),
    ),
}
EVENTS: Final[dict[str, Told]] = {
    "payment.created": Told("credit-card", Tone.NEUTRAL, mark("Payment of {amount} started."), _amount),
    "payment.attempt": Told("link", Tone.NEUTRAL, mark("A checkout was prepared at {provider}."), _provider),
    "payment.call": Told("wifi-off", Tone.WAITING, mark("Opening the checkout: {outcome}."), _call),
    "payment.cancel_asked": Told("ban", Tone.DRAFT, mark("Cancelling was asked for.")),
    "payment.cancelled": Told("ban", Tone.DRAFT, mark("The checkout was ended at the till.")),
    "payment.switched": Told("refresh-cw", Tone.NEUTRAL, mark("Moved to another checkout at {provider}."), _switched),
    "payment.declined": Told(
        "circle-x", Tone.WAITING, mark("A try was declined, nothing was taken: {reason}"), _declined
    ),
    "payment.seen": Told("eye", Tone.NEUTRAL, mark("Seen at the till.")),
    "payment.money": Told("coins", Tone.SETTLED, mark("{amount} arrived as {provider_ref}."), _amount),
    "payment.return": Told("monitor", Tone.NEUTRAL, mark("The customer’s browser came back {verdict}."), _verdict),
    "payment.things_taken": Told(
        "triangle-alert", Tone.WAITING, mark("What it was for is held by another payment already.")
    ),
    "payment.credited": Told("wallet", Tone.SETTLED, mark("{amount} went to the customer’s wallet."), _amount),
    "verification.accepted": Told("shield-check", Tone.SETTLED, mark("{provider} confirmed the payment."), _provider),
    "verification.rejected": Told(
        "shield-alert", Tone.FAILED, mark("The provider’s answer was not believed. It differs in: {faults}."), _faults
    ),
    "orders.failed": Told("circle-alert", Tone.FAILED, mark("The orders could not be written. The till tries again.")),
    "orders.refused": Told(
        "circle-x", Tone.FAILED, mark("The orders could not be made, so the money goes back to the customer.")
    ),
    "consultation.invoiced": Told("file-text", Tone.NEUTRAL, mark("Invoice {invoice} was made for the consultation.")),
    "consultation.paid": Told(
        "file-check", Tone.SETTLED, mark("The consultation is paid, invoice {invoice} is final.")
    ),
    "consultation.credited": Told("file-x", Tone.SETTLED, mark("Credit note {note} reverses invoice {invoice}.")),
    "consultation.refunded": Told("corner-up-left", Tone.SETTLED, mark("The consultation’s fee went back in full.")),
    "device_invoice.put_up": Told("file-text", Tone.NEUTRAL, mark("It is for invoice {invoice} of a device.")),
    "bulk.activated": Told("package", Tone.SETTLED, mark("Bulk order {bulk} is active: {orders} orders.")),
    "instalment_order.paid": Told("calendar-days", Tone.SETTLED, mark("Order {order}: {days} instalments are paid.")),
    "instalment_order.completed": Told("circle-check", Tone.SETTLED, mark("Order {order} is paid in full.")),
    "instalment_order.cancelled": Told("ban", Tone.DRAFT, mark("Order {order} is cancelled.")),
    "instalments.returned": Told("corner-up-left", Tone.NEUTRAL, mark("Money of these instalments went back.")),
    "device_invoice.paid": Told("file-check", Tone.SETTLED, mark("Invoice {invoice} is paid.")),
    "device_invoice.refunded": Told("corner-up-left", Tone.SETTLED, mark("Invoice {invoice} went back in full.")),
    "order.created": Told("package", Tone.SETTLED, mark("Order {number} was made: {items}, {amount}."), _order),
    "invoice.created": Told("file-check", Tone.SETTLED, mark("Invoice {invoice} was made for {order}."), _amount),
    "invoice.credited": Told(
        "file-x", Tone.SETTLED, mark("Credit note {note} takes back {amount} of invoice {invoice}."), _amount
    ),
    "order.cancelled": Told("ban", Tone.DRAFT, mark("Order {number} was cancelled: all of its money went back.")),
    "refund.requested": Told("undo-2", Tone.WAITING, mark("A refund of {amount} was asked for: {reason}"), _amount),
    "refund.outside": Told(
        "triangle-alert",
        Tone.WAITING,
        mark("{amount} went back on the provider’s own pages, as {provider_ref}."),
        _amount,
    ),
    "refund.done": Told("corner-up-left", Tone.SETTLED, mark("The refund arrived as {provider_ref}.")),
    "refund.accepted": Told(
        "badge-check",
        Tone.SETTLED,
        mark("{amount} was taken in as given back, as the provider says. {reason}"),
        _accepted,
    ),
    "payment.receipt": Told("coins", Tone.NEUTRAL, mark("{provider_ref} has the M-Pesa receipt {receipt}.")),
    "payment.money_agreed": Told(
        "shield-check", Tone.NEUTRAL, mark("The provider’s answer about {provider_ref} agrees now.")
    ),
    "refund.returned": Told(
        "circle-x", Tone.FAILED, mark("The refund of {amount} came back from the bank: {reason}"), _amount
    ),
    "refund.failed": Told("circle-x", Tone.FAILED, mark("The refund was refused: {reason}")),
    "exception.opened": Told("triangle-alert", Tone.WAITING, mark("Put on Exceptions: {kind}."), _exception),
    "exception.closed": Told("check", Tone.SETTLED, mark("Settled on Exceptions: {action}. {reason}"), _closed),
    "payment.link_sent": Told("send", Tone.NEUTRAL, mark("The payment link is to be sent to the customer.")),
    "outbox.done": Told("send", Tone.SETTLED, mark("{what}: done."), _work, mark("Done: {list}.")),
    "outbox.failed": Told("clock", Tone.WAITING, mark("{what}: did not work yet. The till tries again."), _work),
    "outbox.parked": Told("circle-alert", Tone.FAILED, mark("{what}: given up after a day. See Exceptions."), _work),
    "outbox.repeated": Told("send", Tone.NEUTRAL, mark("{what}: to be sent once more."), _work),
    "outbox.retried": Told("refresh-cw", Tone.NEUTRAL, mark("{what}: to be tried again now."), _work),
    "outbox.withdrawn": Told("ban", Tone.DRAFT, mark("{what}: withdrawn, since the order was cancelled."), _work),
    "outbox.cancelled": Told("ban", Tone.DRAFT, mark("{what}: not to be sent. {reason}"), _work),
    "outbox.lease_lost": Told("clock", Tone.DRAFT, mark("{what}: taken over by another till."), _work),
    "approved": Told("user-check", Tone.SETTLED, mark("A manager approved {amount}: {reason}"), _approved),
    "approval_used": Told("user-check", Tone.NEUTRAL, mark("The approval was used.")),
}
