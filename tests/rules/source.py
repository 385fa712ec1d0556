"""Our own source as syntax trees, and findings that say where."""

from __future__ import annotations

import ast
import os
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
PACKAGE: Final = "src/tillgate"


@dataclass
class Names:
    """What a file's names stand for, from its imports and its own classes."""

    module: str
    known: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, module: str, nodes: Iterable[ast.AST]) -> Names:
        names = cls(module)
        for node in nodes:
            if isinstance(node, ast.ImportFrom) and node.module:
                names.known.update({alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names})
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    top = alias.name.split(".")[0]
                    names.known[alias.asname or top] = alias.name if alias.asname else top
            elif isinstance(node, ast.ClassDef):
                names.known[node.name] = f"{module}.{node.name}"
        return names

    def full(self, expression: ast.expr) -> str:
        """The full name of `QWidget`, `QtWidgets.QWidget`, `Base[Row]`, `guarded(False)`."""
        while isinstance(expression, ast.Subscript | ast.Call):
            expression = expression.value if isinstance(expression, ast.Subscript) else expression.func
        first, dot, rest = spelled(expression).partition(".")
        return self.known.get(first, first) + dot + rest


def spelled(expression: ast.expr) -> str:
    """As `ast.unparse`, for a tenth of its cost where it is a name with dots, as nearly everything is."""
    if isinstance(expression, ast.Name):
        return expression.id
    if isinstance(expression, ast.Attribute) and isinstance(expression.value, ast.Name | ast.Attribute):
        return f"{spelled(expression.value)}.{expression.attr}"
    return ast.unparse(expression)


@dataclass(frozen=True)
class Source:
    """One file: its path from the project's folder with forward slashes, its text, its tree."""

    path: str
    text: str
    tree: ast.Module

    @property
    def module(self) -> str:
        """The dotted name it is imported by."""
        parts = self.path.removeprefix("src/").removesuffix(".py").split("/")
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @cached_property
    def names(self) -> Names:
        return Names.of(self.module, self.nodes)

    def at(self, node: ast.AST, message: str) -> str:
        """A finding: the place an editor can open, and what to do about it."""
        return f"{self.path}:{getattr(node, 'lineno', 1)}: {message}"

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of the tree, in the order of `ast.walk`."""
        return tuple(ast.walk(self.tree))

    def calls(self) -> Sequence[tuple[str, ast.Call]]:
        """Every call with its full name: `print`, `webbrowser.open` however imported, `label.setToolTip`."""
        return self._calls

    @cached_property
    def _calls(self) -> tuple[tuple[str, ast.Call], ...]:
        return tuple((self.names.full(node.func), node) for node in self.nodes if isinstance(node, ast.Call))

    def imports(self) -> Iterator[tuple[str, ast.AST]]:
        """Every imported name in full: `random`, `os.path`, `tillgate.ui.guard.guarded`."""
        for node in self.nodes:
            if isinstance(node, ast.Import):
                yield from ((alias.name, node) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from ((f"{node.module}.{alias.name}", node) for alias in node.names)


def parse(code: str, path: str = f"{PACKAGE}/ui/example.py") -> Source:
    """A source from a text, for code broken on purpose."""
    return Source(path, code, ast.parse(code))


@cache
def sources(*folders: str) -> tuple[Source, ...]:
    """Every Python file below the folders; a folder without any is an error, since a rule would rule nothing."""
    found = []
    for folder in folders:
        files = sorted((ROOT / folder).rglob("*.py"))
        assert files, f"{folder} has no Python file"
        found += [_read(file.relative_to(ROOT).as_posix()) for file in files]
    return tuple(found)


@cache
def _read(path: str) -> Source:
    return parse((ROOT / path).read_text("utf-8"), path)


@cache
def repository_files() -> tuple[str, ...]:
    """Every file that is or would be committed."""
    listed = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        env={**os.environ, "LC_ALL": "C"},
    ).stdout.decode()
    return tuple(sorted({name for name in listed.split("\0") if name and (ROOT / name).is_file()}))


def listing(findings: list[str]) -> str:
    """Findings one below the other, as an assertion's message."""
    return "\n" + "\n".join(findings)
