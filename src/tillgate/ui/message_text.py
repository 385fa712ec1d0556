"""What an error tells the user: what happened, whether money moved, what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from babel.lists import format_list

from tillgate.domain.errors import Bug, Invalid, MoneyMoved, TillgateError, Unavailable
from tillgate.domain.money import Money
from tillgate.formats import format_day, format_instant, format_money
from tillgate.i18n import active_language, mark, tr
from tillgate.labels import provider_name
from tillgate.ui.messages import TEXTS
from tillgate.ui.messages.entry import Entry
from tillgate.ui.text import shown

_MONEY: Final = {
    MoneyMoved.NO: mark("No money moved."),
    MoneyMoved.YES: mark("Money has moved."),
    MoneyMoved.UNKNOWN: mark("It is not known yet whether money moved. Do not charge again."),
}
_UNAVAILABLE: Final = Entry(mark("This could not be done just now ({code})."), mark("Try again in a moment."))
_REFUSED: Final = Entry(mark("This was refused ({code})."), mark("Check what was entered and try again."))


@dataclass(frozen=True, slots=True)
class MessageText:
    """Three sentences in the user's language; `money` is empty where money is not the question."""

    what: str
    money: str
    next: str

    @property
    def spoken(self) -> str:
        """All of it, a sentence a line, for announcements and logs of the screen."""
        return "\n".join(part for part in (self.what, self.money, self.next) if part)


def message_for(error: TillgateError) -> MessageText:
    """The texts of an error; an unknown code gets an honest general text that names the code."""
    entry = TEXTS.get(error.code) or _general(error)
    values = {name: _value(value) for name, value in error.values.items()} | {"code": error.code}
    if "provider" in values:
        values["provider"] = provider_name(values["provider"])
    told = entry.about_money or error.money_moved is not MoneyMoved.NO
    return MessageText(
        what=_fill(entry.what, values),
        money=money_words(error.money_moved) if told else "",
        next=_fill(entry.next, values) if entry.next else "",
    )


def money_words(moved: MoneyMoved) -> str:
    """Whether money moved, as a sentence."""
    return tr(_MONEY[moved])


def _general(error: TillgateError) -> Entry:
    if isinstance(error, Bug):
        return TEXTS["unexpected"]
    if isinstance(error, Unavailable):
        return _UNAVAILABLE
    return Entry(_REFUSED.what, _REFUSED.next, about_money=not isinstance(error, Invalid))


class _Values(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "…"


def _fill(text: str, values: Mapping[str, str]) -> str:
    return tr(text).format_map(_Values(values))


def _value(value: object) -> str:
    language = active_language()
    match value:
        case Money():
            return format_money(value, language)
        case datetime():
            return format_instant(value, language, value.astimezone().tzinfo or UTC)
        case date():
            return format_day(value, language)
        case tuple():
            return format_list([_value(each) for each in value], locale=language)
        case _:
            return shown(str(value), 200)
