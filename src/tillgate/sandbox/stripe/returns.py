"""The way back to the till: an address with the session's id in it. Stripe signs nothing there."""

from __future__ import annotations

from tillgate.sandbox.faults import FaultKind, Verb
from tillgate.sandbox.knock import is_loopback, knock_later
from tillgate.sandbox.stripe.account import PROVIDER, StripeAccount
from tillgate.sandbox.stripe.records import Session

_PLACE = "{CHECKOUT_SESSION_ID}"


def success_url(account: StripeAccount, session: Session) -> str:
    """The session's success_url, its id put in. A DUPLICATE_RETURN fault sends further requests there from here."""
    url = session.success_url.replace(_PLACE, session.id)
    fault = account.faults.take(PROVIDER, Verb.RETURN, Session.KIND, session.id)
    if fault is not None and fault.kind is FaultKind.DUPLICATE_RETURN:
        knock_later(url, fault.times)
    return url


def stays_here(url: str | None) -> str | None:
    """The address if it is on this computer: the sandbox never sends a browser into the world."""
    return url if url is not None and is_loopback(url) else None
