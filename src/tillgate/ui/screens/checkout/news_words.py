"""How payments ended, in a sentence each and in a sentence for several."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from tillgate.domain.payment_end import NEEDS_MANAGER, End
from tillgate.i18n import mark, ntr, tr
from tillgate.services.payment_news import PaymentNews
from tillgate.ui.screens.checkout.desk import CheckoutDesk
from tillgate.ui.text import shown
from tillgate.ui.theme import Tone

_NO_MONEY: Final = mark("No money moved.")
_CAME: Final = mark("Money came that was not used for this. A manager has settled it.")
_MANAGER: Final = mark("Do not charge again: a manager settles it on Exceptions.")
# `{cart}` names whose cart it is; each is one sentence or two.
_SENTENCES: Final[dict[End, tuple[str, str]]] = {
    End.PAID: (mark("{amount} was paid at {time} for the cart of {cart}."), ""),
    End.FAILED: (mark("The payment of {amount} for the cart of {cart} failed at {time}."), _NO_MONEY),
    End.EXPIRED: (
        mark("The time to pay {amount} for the cart of {cart} ran out at {time}."),
        _NO_MONEY,
    ),
    End.CANCELLED: (
        mark("The payment of {amount} for the cart of {cart} was cancelled at {time}."),
        _NO_MONEY,
    ),
    End.REFUNDING: (
        mark("{amount} arrived at {time} for the cart of {cart}, but its orders could not be made."),
        mark("The money is going back by itself."),
    ),
    End.REFUNDED: (mark("{amount} for the cart of {cart} went back to the customer at {time}."), ""),
    End.LATE: (mark("{amount} for the cart of {cart} came late, at {time}."), _MANAGER),
    End.MISMATCHED: (mark("Money that does not match came at {time} for the cart of {cart}."), _MANAGER),
    End.DOUBLE: (mark("The cart of {cart} was paid, and the money came twice, at {time}."), _MANAGER),
    End.REFUND_STUCK: (
        mark("The refund of {amount} for the cart of {cart} stopped at {time}."),
        mark("A manager settles it on Exceptions."),
    ),
}
# Of a payment that was for no cart, as for a fee: `{payer}` names who pays it.
_OTHERS: Final[dict[End, tuple[str, str]]] = {
    End.PAID: (mark("{payer} paid {amount} at {time}."), ""),
    End.FAILED: (mark("{payer}’s payment of {amount} failed at {time}."), _NO_MONEY),
    End.EXPIRED: (mark("{payer}’s time to pay {amount} ran out at {time}."), _NO_MONEY),
    End.CANCELLED: (mark("{payer}’s payment of {amount} was cancelled at {time}."), _NO_MONEY),
    End.REFUNDING: (
        mark("{payer} paid {amount} at {time}, when it was not owed any more."),
        mark("The money is going back by itself."),
    ),
    End.REFUNDED: (mark("{amount} went back to {payer} at {time}."), ""),
    End.LATE: (mark("{payer}’s payment of {amount} came late, at {time}."), _MANAGER),
    End.MISMATCHED: (mark("Money of {payer} that does not match came at {time}."), _MANAGER),
    End.DOUBLE: (mark("{payer}’s payment of {amount} came twice, at {time}."), _MANAGER),
    End.REFUND_STUCK: (
        mark("The refund of {amount} to {payer} stopped at {time}."),
        mark("A manager settles it on Exceptions."),
    ),
}
TITLES: Final[dict[End, str]] = {
    End.PAID: mark("Paid"),
    End.FAILED: mark("Failed"),
    End.EXPIRED: mark("Time ran out"),
    End.CANCELLED: mark("Cancelled"),
    End.REFUNDING: mark("Going back"),
    End.REFUNDED: mark("Went back"),
    End.LATE: mark("Came late"),
    End.MISMATCHED: mark("Does not match"),
    End.DOUBLE: mark("Came twice"),
    End.REFUND_STUCK: mark("Refund stopped"),
}
_TONES: Final = {End.PAID: Tone.SETTLED, End.FAILED: Tone.FAILED, End.REFUNDED: Tone.ACCENT}


def tone_of(news: Sequence[PaymentNews]) -> Tone:
    """The most pressing of several."""
    if any(each.end in NEEDS_MANAGER for each in news):
        return Tone.WAITING
    tones = {_TONES.get(each.end, Tone.WAITING) for each in news}
    return tones.pop() if len(tones) == 1 else Tone.WAITING


def whose(news: PaymentNews) -> str:
    """Whose cart it was, or who paid what is no cart."""
    if news.who or news.about:
        return shown(news.who or news.about, 60)
    return tr("“{label}”", label=shown(news.label, 60)) if news.label else tr("a walk-in customer")


def sentences(news: PaymentNews, desk: CheckoutDesk) -> tuple[str, str]:
    """What happened, and what follows from it."""
    texts = {"amount": desk.money(news.amount), "time": desk.moment(news.at)}
    if news.cart_id is None:
        what, then = _told(_OTHERS, news)
        return tr(what, payer=whose(news), **texts), tr(then) if then else shown(news.about, 120)
    what, then = _told(_SENTENCES, news)
    texts["cart"] = whose(news)
    if news.end is End.PAID:
        return tr(what, **texts), orders_text(news)
    return tr(what, **texts), tr(then) if then else ""


def _told(table: Mapping[End, tuple[str, str]], news: PaymentNews) -> tuple[str, str]:
    what, then = table[news.end]
    return (what, _CAME) if news.money_came and then == _NO_MONEY else (what, then)


def orders_text(news: PaymentNews) -> str:
    """How many orders were made."""
    return ntr("{count} order made.", "{count} orders made.", news.orders)


def heading(news: Sequence[PaymentNews]) -> str:
    """Several in one sentence."""
    ends = Counter(_group(each.end) for each in news)
    told = ", ".join(_counted(name, ends[name]) for name in _GROUPS if ends[name])
    return ntr(
        "{count} payment ended meanwhile: {list}.", "{count} payments ended meanwhile: {list}.", len(news), list=told
    )


_GROUPS: Final = ("paid", "unpaid", "back", "manager")


def _counted(name: str, count: int) -> str:
    match name:
        case "paid":
            return ntr("{count} paid", "{count} paid", count)
        case "unpaid":
            return ntr("{count} not paid", "{count} not paid", count)
        case "back":
            return ntr("{count} refunded by itself", "{count} refunded by themselves", count)
        case _:
            return ntr("{count} needs a manager", "{count} need a manager", count)


def _group(end: End) -> str:
    if end in NEEDS_MANAGER:
        return "manager"
    if end is End.PAID:
        return "paid"
    return "back" if end in (End.REFUNDING, End.REFUNDED) else "unpaid"
