"""Files of a few hundred lines, functions that fit a screen."""

from __future__ import annotations

import ast

from tests.rules.source import PACKAGE, ROOT, Source, listing, parse, sources

FILE_LINES = 450
FUNCTION_LINES = 60
# A migration is written once, by Alembic for the most part, and never changed.
MIGRATIONS = f"{PACKAGE}/store/migrations/versions/"


def long_files(source: Source) -> list[str]:
    lines = len(source.text.splitlines())
    return [f"{source.path}: {lines} lines, {FILE_LINES} at most: split it by noun"] if lines > FILE_LINES else []


def long_functions(source: Source) -> list[str]:
    return [
        source.at(node, f"{node.name} has {length(node)} lines, {FUNCTION_LINES} at most: name its steps")
        for node in source.nodes
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and length(node) > FUNCTION_LINES
    ]


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from `def` to the end, without the docstring."""
    first = function.body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    docstring = (first.end_lineno or 0) - first.lineno + 1 if documented else 0
    return (function.end_lineno or 0) - function.lineno + 1 - docstring


def test_files_and_functions_are_short() -> None:
    ours = [source for source in sources(PACKAGE, "tests", "packaging") if not source.path.startswith(MIGRATIONS)]
    findings = [finding for source in ours for finding in long_files(source) + long_functions(source)]
    assert not findings, listing(findings)


def test_the_launcher_is_short() -> None:
    launcher = parse((ROOT / "dev.py").read_text("utf-8"), "dev.py")
    findings = long_files(launcher) + long_functions(launcher)
    assert not findings, listing(findings)


def test_the_rule_counts_lines_but_not_docstrings() -> None:
    lines = "    x = 1\n" * FUNCTION_LINES
    assert long_functions(parse(f"def f():\n{lines}"))
    assert not long_functions(parse(f"def f():\n{lines.removesuffix('    x = 1' + chr(10))}"))
    docstring = '    """' + "word\n" * 30 + '    """\n'
    assert not long_functions(parse(f"def f():\n{docstring}{lines.removesuffix('    x = 1' + chr(10))}"))
    assert long_files(parse("x = 1\n" * (FILE_LINES + 1)))
    assert not long_files(parse("x = 1\n" * FILE_LINES))
