"""Every error has words: what happened, whether money moved, what to do next."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache

import pytest

from tests.rules.source import PACKAGE, sources, spelled
from tillgate.domain import errors
from tillgate.domain.errors import Bug, Invalid, MoneyMoved, Refused, TillgateError, Unavailable
from tillgate.domain.money import Money
from tillgate.ui.message_text import message_for
from tillgate.ui.messages import TEXTS

KINDS = {
    name
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, TillgateError) and kind is not TillgateError
} - {"Bug"}  # a bug has one text, whatever its code: nobody at the till can act on it


@dataclass(frozen=True)
class Raised:
    """A place where an error is made: its code, and the values it is given, None where they come by `**`."""

    where: str
    code: str
    values: frozenset[str] | None


@cache
def raised() -> tuple[Raised, ...]:
    return tuple(_raised())


def _raised() -> Iterator[Raised]:
    for source in sources(PACKAGE):
        for node in source.nodes:
            if not isinstance(node, ast.Call) or spelled(node.func).rpartition(".")[2] not in KINDS:
                continue
            if node.args and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str):
                names = [keyword.arg for keyword in node.keywords]
                given = None if None in names else frozenset(name for name in names if name)
                yield Raised(f"{source.path}:{node.lineno}", node.args[0].value, given)


def placeholders(*texts: str) -> set[str]:
    return {name for text in texts for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_code_that_is_raised_has_words() -> None:
    without = sorted({f"{error.code} ({error.where})" for error in raised() if error.code not in TEXTS})
    assert not without, "add an entry to a table of tillgate/ui/messages:\n" + "\n".join(without)


def test_every_placeholder_is_given_where_the_error_is_raised() -> None:
    wrong = []
    for error in raised():
        entry = TEXTS.get(error.code)
        if entry is not None and error.values is not None:
            lacking = placeholders(entry.what, entry.next) - error.values - {"code"}
            wrong += [f"{error.where}: {error.code} does not say {name}" for name in sorted(lacking)]
    assert not wrong, "\n".join(wrong)


def test_sentences_are_sentences() -> None:
    for code, entry in TEXTS.items():
        assert entry.what.endswith((".", "?", "!")), code
        assert not entry.next or entry.next.endswith("."), code


def test_the_scan_finds_what_is_raised() -> None:
    codes = {error.code: error.values for error in raised()}
    assert codes["currency_malformed"] == frozenset({"field", "currency"})
    assert "amount_zero" in codes


@pytest.mark.parametrize(
    ("moved", "words"),
    [
        (MoneyMoved.NO, "No money moved."),
        (MoneyMoved.YES, "Money has moved."),
        (MoneyMoved.UNKNOWN, "It is not known yet whether money moved. Do not charge again."),
    ],
)
def test_the_money_is_always_told(moved: MoneyMoved, words: str) -> None:
    assert message_for(Bug("unexpected", money_moved=moved)).money == words


def test_mere_input_does_not_alarm_unless_money_moved() -> None:
    assert message_for(Invalid("amount_zero", field="amount")).money == ""
    assert message_for(Invalid("amount_zero", money_moved=MoneyMoved.YES)).money == "Money has moved."


def test_an_unknown_code_gets_honest_words() -> None:
    assert message_for(Bug("no_such_code")).what == "Something went wrong inside Tillgate."
    assert "no_such_code" in message_for(Unavailable("no_such_code")).what
    assert "no_such_code" in message_for(Refused("no_such_code")).what
    assert message_for(Invalid("no_such_code")).money == ""


def test_values_are_written_for_people_and_a_lacking_one_breaks_nothing() -> None:
    text = message_for(Invalid("currency_mismatch", expected=Money(12345600, "INR"), found="a\u202e<b>"))
    assert text.what == "The amounts are in different currencies: ₹1,23,456.00 and a<b>."
    assert message_for(Invalid("currency_malformed", currency=date(2026, 11, 21))).what.startswith("“21 Nov 2026”")
    instant = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
    assert "26" in message_for(Invalid("currency_malformed", currency=instant)).what
    assert message_for(Invalid("currency_malformed")).what == "“…” is not a currency."
    assert text.spoken.splitlines()[0] == text.what
