"""No float touches money: none at all in the domain, none near an amount anywhere else."""

from __future__ import annotations

import ast
import re

from tests.rules.source import Source, listing, parse, sources

DOMAIN = ("src/tillgate/domain",)
ELSEWHERE = ("src/tillgate/store", "src/tillgate/services", "src/tillgate/providers", "src/tillgate/printing",
             "src/tillgate/notify", "src/tillgate/web", "src/tillgate/ui", "src/tillgate/app")  # fmt: skip
# house.md: units come last in names, and an amount is an integer of minor units.
AMOUNT = re.compile(r"(?:^|_)(?:minor|amounts?|prices?|totals?|fees?|tax|deposit|captured|refunded|money)(?:_|$)")
EXACT = {"Fraction", "Path"}


def floats(source: Source) -> list[str]:
    """Float literals, `float(...)`, and `/` unless a side is a Fraction written out."""
    findings = []
    for node in source.nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, float | complex):
            findings.append(
                source.at(node, f"{node.value!r} is a float: use an int of minor units, or a Decimal string")
            )
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "float":
            findings.append(source.at(node, "float() loses money: keep ints of minor units, or Decimal"))
        elif divides(node) and not exact_division(node):
            findings.append(source.at(node, "/ makes a float: use // and %, or Fraction(a) / b"))
    return findings


def floats_near_amounts(source: Source) -> list[str]:
    """`/`, `float()` and `round()` that work on something named like an amount."""
    findings = []
    for node in source.nodes:
        if divides(node) and names_amount(node) and not exact_division(node):
            findings.append(source.at(node, "/ on an amount makes a float: use // and %, or tillgate.domain.money"))
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in {"float", "round"} and names_amount(node):
            findings.append(
                source.at(node, f"{ast.unparse(node)} treats an amount as a float: see tillgate.domain.money")
            )
    return findings


def divides(node: ast.AST) -> bool:
    return isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div)


def exact_division(node: ast.AST) -> bool:
    sides = [node.left, node.right] if isinstance(node, ast.BinOp) else []
    return any(isinstance(side, ast.Call) and ast.unparse(side.func) in EXACT for side in sides)


def names_amount(node: ast.AST) -> bool:
    """Whether a name in the expression says amount; `len(prices)` and `total.width()` hold none."""
    skipped = {id(part) for call in ast.walk(node) for part in ast.walk(call) if is_count(call)}
    for part in ast.walk(node):
        name = part.id if isinstance(part, ast.Name) else part.attr if isinstance(part, ast.Attribute) else ""
        if id(part) not in skipped and AMOUNT.search(name):
            return True
    return False


def is_count(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in {"len", "width", "height"}


def test_the_domain_has_no_float() -> None:
    findings = [finding for source in sources(*DOMAIN) for finding in floats(source)]
    assert not findings, listing(findings)


def test_no_float_comes_near_an_amount() -> None:
    findings = [finding for source in sources(*ELSEWHERE) for finding in floats_near_amounts(source)]
    assert not findings, listing(findings)


def test_the_domain_rule_finds_what_it_is_for() -> None:
    for code in ("x = 0.5", "x = float(a)", "x = minor / 100", "x /= 2", "x = [1e2]", "def f(a=.1): ..."):
        assert floats(parse(code)), code
    for code in ("x = 7 // 2", "x = Fraction(minor) / 3", "x = '0.5'", "def f(a: float) -> None: ..."):
        assert not floats(parse(code)), code


def test_the_rule_for_elsewhere_finds_what_it_is_for() -> None:
    for code in ("x = row.amount_minor / 100", "float(total)", "round(price * 0.18)", "fee_minor /= 2"):
        assert floats_near_amounts(parse(code)), code
    for code in ("x = width / 2", "x = folder / 'amount.txt'", "float(seconds)", "x = sum(times) / len(amounts)"):
        assert not floats_near_amounts(parse(code)), code
