"""What people read: never read as markup, since names come from outside, and whole sentences for the translators."""

from __future__ import annotations

import ast

from tests.rules.source import PACKAGE, Source, listing, parse, sources

WIDGETS = f"{PACKAGE}/ui/widgets/"
DIALOGS = f"{PACKAGE}/ui/dialogs/"
TIPS = {"setToolTip", "setWhatsThis", "setStatusTip", "showText"}  # Qt reads these as HTML when they look like it
SAFE = {"tr", "ntr", "as_tooltip", "escape"}
MARKUP = {"setHtml", "insertHtml", "appendHtml", "setMarkdown", "insertMarkdown"}
PLAIN = ("setTextFormat(Qt.TextFormat.PlainText)", "setProperty('textFormat', 'PlainText')")
TRANSLATORS = {"tr", "ntr", "mark"}


def markup(source: Source) -> list[str]:
    """Places in ui and app where a text from outside could be read as HTML."""
    findings = []
    for name, call in source.calls():
        last = name.rpartition(".")[2]
        if last in TIPS and not all(is_plain(argument) for argument in call.args if not is_position(argument)):
            findings.append(source.at(call, f"{last}() reads markup: pass a literal, tr(...) or as_tooltip(...)"))
        if last in MARKUP or ("RichText" in ast.unparse(call) and last == "setTextFormat"):
            findings.append(source.at(call, f"{last}() reads markup: show plain text"))
        if name.endswith("QtWidgets.QLabel") and not source.path.startswith(WIDGETS):
            findings.append(source.at(call, "QLabel() guesses whether its text is HTML: use plain_label()"))
        if "QMessageBox" in name and not source.path.startswith(DIALOGS):
            findings.append(source.at(call, f"{name}() guesses whether its text is HTML: use a dialog of {DIALOGS}"))
    return findings


def is_plain(argument: ast.expr) -> bool:
    """A literal, a translation without values from outside, or a text made safe; either of two such."""
    if isinstance(argument, ast.IfExp):
        return is_plain(argument.body) and is_plain(argument.orelse)
    if isinstance(argument, ast.Call):
        function = ast.unparse(argument.func).rpartition(".")[2]
        return function in SAFE and not (function in TRANSLATORS and argument.keywords)
    return isinstance(argument, ast.Constant)


def is_position(argument: ast.expr) -> bool:
    return "pos" in ast.unparse(argument).lower()


def guessing_labels(source: Source) -> list[str]:
    """Labels of the widgets folder that don't say at once that their text is plain."""
    if not source.path.startswith(WIDGETS):
        return []
    findings = []
    for node in source.tree.body:
        code = ast.unparse(node)
        makes = "QLabel(" in code or (isinstance(node, ast.ClassDef) and "QLabel" in map(ast.unparse, node.bases))
        if makes and not any(plain in code for plain in PLAIN):
            findings.append(source.at(node, "a QLabel guesses whether its text is HTML: setTextFormat(PlainText)"))
    return findings


def broken_sentences(source: Source) -> list[str]:
    """Texts that a translator gets in pieces, or never."""
    findings = []
    for node in source.nodes:
        if is_translation(node) and isinstance(node, ast.Call):
            if any(isinstance(argument, ast.JoinedStr | ast.BinOp) for argument in node.args[:2]):
                findings.append(source.at(node, "a translated text is one literal: name its values in {braces}"))
        elif joins_translation(node):
            findings.append(source.at(node, "sentences are not put together: translate the whole, values in {braces}"))
    return findings


def is_translation(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in TRANSLATORS


def joins_translation(node: ast.AST) -> bool:
    """Whether a `+` or an f-string has a translation for a part."""
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(part, ast.FormattedValue) and is_translation(part.value) for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return is_translation(node.left) or is_translation(node.right)
    return False


def test_no_text_from_outside_is_read_as_markup() -> None:
    ours = sources(f"{PACKAGE}/ui", f"{PACKAGE}/app")
    findings = [finding for source in ours for finding in markup(source) + guessing_labels(source)]
    assert not findings, listing(findings)


def test_sentences_reach_the_translators_whole() -> None:
    findings = [finding for source in sources(PACKAGE) for finding in broken_sentences(source)]
    assert not findings, listing(findings)


LABEL = "from PySide6.QtWidgets import QLabel, QMessageBox\n"


def test_the_rule_against_markup_finds_what_it_is_for() -> None:
    for code in (
        "button.setToolTip(product.name)",
        "button.setToolTip(tr('Sold by {name}', name=vendor.name))",
        "QToolTip.showText(self.pos(), name)",
        "label = QLabel(name)",
        "view.setHtml(text)",
        "label.setTextFormat(Qt.TextFormat.RichText)",
        "QMessageBox.warning(self, title, text)",
    ):
        assert markup(parse(LABEL + code)), code
    for code in (
        "button.setToolTip(tr('Undo'))",
        "button.setToolTip(as_tooltip(name) if name else '')",
        "plain_label(name)",
    ):
        assert not markup(parse(LABEL + code)), code


def test_the_rule_for_labels_finds_what_it_is_for() -> None:
    path = f"{WIDGETS}example.py"
    assert guessing_labels(parse("class A(QLabel):\n    def __init__(self): ...", path))
    assert guessing_labels(parse("def a(text):\n    return QLabel(text)", path))
    for plain in PLAIN:
        assert not guessing_labels(parse(f"class A(QLabel):\n    def __init__(self):\n        self.{plain}", path))


def test_the_rule_for_sentences_finds_what_it_is_for() -> None:
    for code in (
        "tr(f'Sold by {name}')",
        "tr('Sold by ' + name)",
        "x = tr('Sold by') + name",
        "x = f'{tr(word)}: {n}'",
    ):
        assert broken_sentences(parse(code)), code
    for code in ("tr('Sold by {name}', name=name)", "tr(TEXTS[key])", "ntr('{count} line', '{count} lines', n)"):
        assert not broken_sentences(parse(code)), code
