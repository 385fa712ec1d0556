"""Every override of a Qt virtual wears the guard.

On Python 3.11 an exception that leaves an override reached from C++ ends the process. Python cannot tell which
methods of Qt are virtual, so the rule goes by name: a method called like one of its Qt base's is an override, and
is guarded, or renamed when Qt was never meant to call it.
"""

from __future__ import annotations

import ast
import importlib
import re
from types import ModuleType

from tests.rules.source import Names, Source, listing, parse, sources

FOLDERS = ("src/tillgate/ui", "src/tillgate/app")
GUARD = "tillgate.ui.guard.guarded"
ADVICE = "put @guarded(default) outermost if Qt calls it, rename it if not"
REPLACED = re.compile(r"[a-z]\w*Event|event|eventFilter")


def qt_bases(files: tuple[Source, ...]) -> dict[str, set[type]]:
    """For every class of ours, by full name, the Qt classes it derives from, however far up."""
    bases: dict[str, list[str]] = {}
    passed_on: dict[str, str] = {}
    for source in files:
        names = source.names
        passed_on.update({f"{source.module}.{name}": full for name, full in names.known.items()})
        for node in source.nodes:
            if isinstance(node, ast.ClassDef):
                bases[f"{source.module}.{node.name}"] = [names.full(base) for base in node.bases]

    def above(name: str, seen: frozenset[str] = frozenset()) -> set[type]:
        if name in seen:
            return set()
        if name.startswith("PySide6."):
            return {qt_class(name)}
        further = bases.get(name, [passed_on[name]] if name in passed_on else [])
        return {qt for base in further for qt in above(base, seen | {name})}

    return {name: above(name) for name in bases}


def qt_class(name: str) -> type:
    module, _, attribute = name.rpartition(".")
    found = getattr(importlib.import_module(module), attribute)
    assert isinstance(found, type), f"{name} is used as a base and is no class"
    return found


def qt_methods(classes: set[type]) -> dict[str, str]:
    """Method name to the Qt class that brings it; signals, enums and Python's own names are none."""
    methods = {}
    for cls in classes:
        for name in dir(cls):
            if not name.startswith("__") and type(getattr(cls, name)).__name__ in (
                "method_descriptor", "builtin_function_or_method",
            ):  # fmt: skip
                methods[name] = cls.__name__
    return methods


def unguarded(files: tuple[Source, ...]) -> list[str]:
    """Overrides without the guard, and methods of Qt replaced on an instance, which none can guard."""
    bases, findings = qt_bases(files), []
    for source in files:
        names = source.names
        for node in source.nodes:
            if isinstance(node, ast.ClassDef):
                methods = qt_methods(bases[f"{source.module}.{node.name}"])
                findings += [
                    source.at(item, f"{node.name}.{item.name} overrides {methods[item.name]}'s: {ADVICE}")
                    for item in node.body
                    if isinstance(item, ast.FunctionDef) and item.name in methods and not wears_guard(item, names)
                ]
            elif isinstance(node, ast.Assign):
                findings += [
                    source.at(node, f"{ast.unparse(target)} is replaced on an instance: write a subclass and guard it")
                    for target in node.targets
                    if isinstance(target, ast.Attribute) and REPLACED.fullmatch(target.attr)
                ]
    return findings


def wears_guard(function: ast.FunctionDef, names: Names) -> bool:
    return bool(function.decorator_list) and names.full(function.decorator_list[0]) == GUARD


def test_every_override_of_ours_is_guarded() -> None:
    findings = unguarded(sources(*FOLDERS))
    assert not findings, listing(findings)


HEAD = """
from PySide6 import QtWidgets
from PySide6.QtCore import QAbstractTableModel, Signal
from PySide6.QtWidgets import QWidget as Window
from tillgate.ui import guard
from tillgate.ui.guard import guarded
"""


def broken(code: str) -> list[str]:
    return unguarded((parse(HEAD + code),))


def test_the_rule_finds_what_it_is_for() -> None:
    assert broken("class A(Window):\n    def paintEvent(self, event): ...")
    assert broken("class A(QtWidgets.QFrame):\n    def sizeHint(self): ...")
    assert broken("class A(QAbstractTableModel):\n    def data(self, index, role=0): ...")
    assert broken("class A(Window): ...\nclass B(A):\n    def showEvent(self, event): ...")
    assert broken("class A(Mixin, Window):\n    @property\n    def font(self): ...")
    assert broken("class A(Window):\n    @other\n    @guarded()\n    def paintEvent(self, event): ...")
    assert broken("def f(window):\n    window.closeEvent = print")


def test_the_rule_follows_a_base_into_another_file() -> None:
    base = parse("from PySide6.QtWidgets import QWidget\nclass Base(QWidget): ...", "src/tillgate/ui/base.py")
    heir = parse("from tillgate.ui.base import Base\nclass A(Base):\n    def event(self, e): ...")
    assert unguarded((base, heir))
    package = parse("from tillgate.ui.base import Base", "src/tillgate/ui/widgets/__init__.py")
    heir = parse("from tillgate.ui.widgets import Base\nclass A(Base):\n    def event(self, e): ...")
    assert unguarded((base, package, heir))


def test_the_rule_leaves_the_rest_alone() -> None:
    assert not broken("class A(Window):\n    @guarded()\n    def paintEvent(self, event): ...")
    assert not broken("class A(Window):\n    @guard.guarded(False)\n    def event(self, event): ...")
    assert not broken(
        "class A(Window):\n    changed = Signal()\n    def show_row(self): ...\n    def __init__(self): ..."
    )
    assert not broken("class A:\n    def paintEvent(self, event): ...")


def test_qt_brings_the_methods_the_rule_goes_by() -> None:
    widgets: ModuleType = importlib.import_module("PySide6.QtWidgets")
    methods = qt_methods({widgets.QLineEdit})
    assert {"paintEvent", "eventFilter", "sizeHint", "focusNextPrevChild"} <= methods.keys()
    assert not {"textChanged", "__init__", "staticMetaObject"} & methods.keys()
