"""The named places: each is passed somewhere in the product, and none is passed that is not registered."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.crash.harness import PASSING
from tests.crash.test_invoice_kills import PLACES
from tillgate import failpoints
from tillgate.services import calls

SOURCE = Path(failpoints.__file__).parent


def test_every_place_that_is_passed_is_registered_and_the_reverse() -> None:
    assert _passed() == failpoints.NAMES


def test_every_place_has_a_scene_that_passes_it() -> None:
    """Those of payment invoices are in tests of their own, with a bank that sends prompts."""
    prompts = {name for name in failpoints.NAMES if name.startswith("prompt.")}
    assert prompts == set(PLACES)
    assert {name.partition(".")[0] for name in failpoints.NAMES - prompts} == PASSING.keys()


def _passed() -> set[str]:
    """Names given to fp() anywhere; the journal's is made of the kind of call that it is given."""
    found: set[str] = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                found |= _named(node)
    return found


def _named(call: ast.Call) -> set[str]:
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    if name == "fp":
        (given,) = call.args
        if isinstance(given, ast.Constant):
            return {str(given.value)}
        assert ast.unparse(given) == "f'{kind}.after_sent_mark'", f"{ast.unparse(given)} can't be known"
        return set()
    if name == calls.mark_sent.__name__:
        kind = call.args[-1]
        assert isinstance(kind, ast.Constant)
        assert isinstance(kind.value, str)
        return {f"{kind.value}.after_sent_mark"}
    return set()
