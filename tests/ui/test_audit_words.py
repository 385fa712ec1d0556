"""Every event that is audited has words of its own in the list."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import tillgate.services
from tillgate.ui.screens.settings.audit_words import EVENT_WORDS, event_text

SERVICES = Path(tillgate.services.__path__[0])
# Handed to `record` by a function that is told which.
HANDED_ON = re.compile(r"(tax|books)\.[a-z_]+|keys_(changing|changed|not_changed|forgotten|tested)")


def recorded() -> Iterator[str]:
    """The events that services record, as patterns: what is filled in stands for any word."""
    for file in SERVICES.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and HANDED_ON.fullmatch(node.value):
                yield re.escape(node.value)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "record":
                yield from pattern(node.args[0])


def pattern(name: ast.expr) -> Iterator[str]:
    if isinstance(name, ast.Constant):
        yield re.escape(str(name.value))
    if isinstance(name, ast.JoinedStr):
        yield "".join(re.escape(str(each.value)) if isinstance(each, ast.Constant) else r"\w+" for each in name.values)


def test_every_audited_event_has_words() -> None:
    events = set(recorded())
    assert {r"payment\.moved", r"cart\.\w+", r"tax\.ended", "keys_changed"} <= events
    assert sorted(each for each in events if not any(re.fullmatch(each, known) for known in EVENT_WORDS)) == []


def test_an_event_of_a_later_version_is_shown_by_its_name() -> None:
    assert event_text("wallet.topped_up") == "Wallet topped up"
