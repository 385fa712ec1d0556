"""Screens act for a person who is signed in, never as the till itself, which nobody asks for permission."""

from __future__ import annotations

import ast

from tests.rules.source import PACKAGE, Source, listing, parse, sources


def as_the_till(source: Source) -> list[str]:
    """Places in the screens that use the system's actor, or make an actor of their own."""
    findings = []
    for node in source.nodes:
        named = isinstance(node, ast.Name) and node.id == "system_actor"
        taken = isinstance(node, ast.Attribute) and node.attr == "system" and ast.unparse(node.value).endswith("till")
        made = isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "Actor"
        if named or taken or made:
            findings.append(source.at(node, "a screen acts for the person of its session: use the actor it was given"))
    return findings


def test_no_screen_acts_as_the_till() -> None:
    findings = [finding for source in sources(f"{PACKAGE}/ui") for finding in as_the_till(source)]
    assert not findings, listing(findings)


def test_the_rule_finds_what_it_is_for() -> None:
    for code in (
        "refund(till, till.system, 1)",
        "refund(till, system_actor('T1'), 1)",
        "a = Actor(1, 'x', role, 'T1')",
    ):
        assert as_the_till(parse(code)), code
    for code in ("refund(till, door.actor, 1)", "Scheme.system", "self.system"):
        assert not as_the_till(parse(code)), code
