"""The customer: what a press on the hosted page does. The page and the Python API both come through here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from tillgate.domain.errors import Invalid, NotFound, Refused
from tillgate.sandbox.bank import Outcome
from tillgate.sandbox.faults import Fault, FaultKind, Verb
from tillgate.sandbox.ledger import Books
from tillgate.sandbox.stripe import charges
from tillgate.sandbox.stripe.account import PROVIDER, StripeAccount
from tillgate.sandbox.stripe.charges import Decline, Tender
from tillgate.sandbox.stripe.records import BANK_DEBIT, Charge, Intent, Session
from tillgate.sandbox.stripe.returns import success_url

_LONGEST_DELAY_S = 31 * 24 * 3600


class TestCard(StrEnum):
    """Stripe's own test cards, by what the bank says to them."""

    __test__ = False  # for pytest: these are cards

    GOOD = "4242"
    DECLINED = "0002"
    INSUFFICIENT_FUNDS = "9995"
    LOST = "9987"
    EXPIRED = "0069"
    PROCESSING_ERROR = "0119"


DECLINES = {
    TestCard.DECLINED: Decline("card_declined", "generic_decline", "Your card was declined."),
    TestCard.INSUFFICIENT_FUNDS: Decline("card_declined", "insufficient_funds", "Your card has insufficient funds."),
    TestCard.LOST: Decline("card_declined", "lost_card", "Your card was declined."),
    TestCard.EXPIRED: Decline("expired_card", "expired_card", "Your card has expired."),
    TestCard.PROCESSING_ERROR: Decline(
        "processing_error",
        "processing_error",
        "An error occurred while processing your card. Try again in a little bit.",
    ),
}
_DEBIT_REFUSED = Decline(
    "payment_method_customer_decline", "insufficient_funds", "The customer's account has insufficient funds."
)


@dataclass(frozen=True)
class CardChoice:
    """One press. A decline takes the card's reason; `DELAY` is a bank debit whose money comes `seconds` later."""

    outcome: Outcome = Outcome.PAY
    card: TestCard = TestCard.GOOD
    seconds: float = 5.0


@dataclass(frozen=True)
class SessionPaid:
    """What came of a press: the charge's id and status, and where the browser goes, if anywhere."""

    payment_id: str
    status: str
    return_url: str | None = None


def press(account: StripeAccount, books: Books, session: Session, choice: CardChoice) -> Charge:
    """Try to pay a session. Raises Refused when it can't be paid (any more)."""
    if not 0 <= choice.seconds <= _LONGEST_DELAY_S:
        raise Invalid("sandbox_delay", field="seconds", seconds=choice.seconds)
    if session.status != "open":
        raise Refused("sandbox_link_closed", status=session.status)
    fault = account.faults.take(PROVIDER, Verb.PAY, Session.KIND, session.id)
    late = fault is not None and fault.kind is FaultKind.LATE_SUCCESS
    slow = late or choice.outcome is Outcome.DELAY
    intent = charges.intent_of(account, books, session)
    method = BANK_DEBIT if slow else "card"
    tender = _really_paid(fault, Tender(session.amount, session.currency, method, choice.card))
    charge = charges.begin(books, intent, tender)
    if slow:
        seconds = fault.seconds if fault is not None and late else choice.seconds
        charges.wait(books, charge, books.now_ms + int((seconds or 0) * 1000))
    elif choice.outcome is Outcome.DECLINE or choice.card is not TestCard.GOOD:
        charges.decline(books, charge, DECLINES.get(choice.card, DECLINES[TestCard.DECLINED]))
    else:
        charges.approve(books, charge)
        if fault is not None and fault.kind is FaultKind.CAPTURED_TWICE:
            charges.capture_again(books, charges.begin(books, books.load(Intent, intent.id), tender))
    return books.load(Charge, charge.id)


def _really_paid(fault: Fault | None, tender: Tender) -> Tender:
    if fault is not None and fault.kind is FaultKind.WRONG_AMOUNT:
        return replace(tender, amount=max(tender.amount + fault.amount_minor, 1))
    if fault is not None and fault.kind is FaultKind.WRONG_CURRENCY:
        return replace(tender, currency=(fault.text or "USD").upper())
    return tender


class StripeCustomer:
    """The customer without a browser, for tests and demos."""

    def __init__(self, account: StripeAccount) -> None:
        self._account = account

    def pay_session(self, session: str, choice: CardChoice | None = None) -> SessionPaid:
        """Press on a session's page (its id or URL); the way back is in the answer, nobody has gone it."""
        with self._account.transaction() as books:
            found = books.find(Session, session.rsplit("/", 1)[-1])
            if found is None:
                raise NotFound("sandbox_order", order_id=session)
            charge = press(self._account, books, found, choice or CardChoice())
            after = books.load(Session, found.id)
        url = success_url(self._account, after) if after.status == "complete" else None
        return SessionPaid(charge.id, charge.status, url)

    def approve_late(self, charge_id: str) -> str:
        """The bank's yes to a debit that waits; its status."""
        with self._account.transaction() as books:
            charges.approve(books, _charge(books, charge_id))
            return books.load(Charge, charge_id).status

    def refuse_late(self, charge_id: str) -> str:
        """The bank's no to a debit that waits: the session is over without money."""
        with self._account.transaction() as books:
            charges.decline(books, _charge(books, charge_id), _DEBIT_REFUSED)
            return books.load(Charge, charge_id).status


def _charge(books: Books, charge_id: str) -> Charge:
    charge = books.find(Charge, charge_id)
    if charge is None:
        raise NotFound("sandbox_payment", payment_id=charge_id)
    return charge
