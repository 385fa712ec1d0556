"""What our code never does: open a link past the safe opener, weaken TLS, make a secret from `random`, and so on."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator

from tests.rules.source import PACKAGE, Source, listing, parse, sources, spelled

OPENER = f"{PACKAGE}/app/browser.py"  # the one place that knows which addresses may be opened
SECRET = re.compile(
    r"secret|token|nonce|salt|pepper|password|passphrase|pin$|(?:^|_)keys?(?:_|$)|idempotency|signature"
)
COMPARED = re.compile(r"signature|digest|hmac")
UNPICKLERS = {"pickle", "marshal", "shelve", "dill", "cloudpickle"}
# Ruff finds these; nobody waves them through.
NEVER_WAVED = re.compile(r"#\s*noqa:.*\b(S102|S301|S302|S307|S323|S324|S501|S602|S605|S608|T201|T203)\b")


def links(source: Source) -> Iterator[str]:
    if source.path == OPENER:
        return
    for name, node in source.imports():
        if name.split(".")[0] == "webbrowser" or name.endswith(".QDesktopServices"):
            yield source.at(node, f"{name}: addresses are opened by {OPENER} alone")
    for name, call in source.calls():
        last = name.rpartition(".")[2]
        if last == "openUrl" or name.startswith("webbrowser."):
            yield source.at(call, f"{name}(): addresses are opened by {OPENER} alone")
        if last in {"setOpenExternalLinks", "setOpenLinks"} and ast.unparse(call.args[0]) != "False":
            yield source.at(call, f"{name}(): Qt would open any address; connect linkActivated to {OPENER}")


def code_from_data(source: Source) -> Iterator[str]:
    for name, node in source.imports():
        if name.split(".")[0] in UNPICKLERS:
            yield source.at(node, f"{name} runs what it reads: store JSON or rows")
    for name, call in source.calls():
        if name in {"eval", "exec", "compile", "os.system", "os.popen", "tempfile.mktemp", "__import__"}:
            yield source.at(call, f"{name}() is never used")
        if any(word.arg == "shell" and ast.unparse(word.value) != "False" for word in call.keywords):
            yield source.at(call, "shell=: give the program its arguments as a list")


def weak_tls(source: Source) -> Iterator[str]:
    for node in source.nodes:
        if isinstance(node, ast.keyword) and node.arg == "verify" and is_false(node.value):
            yield source.at(node, "verify=False: certificates are always checked")
        name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
        if name in {"CERT_NONE", "_create_unverified_context"}:
            yield source.at(node, f"{name}: certificates are always checked")
        if isinstance(node, ast.Assign) and is_false(node.value):
            for target in node.targets:
                if ast.unparse(target).endswith(".check_hostname"):
                    yield source.at(node, "check_hostname = False: the host's name is always checked")


def is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def guessable_secrets(source: Source) -> Iterator[str]:
    """`random` in a statement or function that is named like a secret."""
    for node in source.nodes:
        if isinstance(node, ast.FunctionDef) and SECRET.search(node.name):
            named = node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            named = next((name for name in map(spelled, targets) if SECRET.search(name.lower())), "")
        elif isinstance(node, ast.keyword) and node.arg and SECRET.search(node.arg):
            named = node.arg
        else:
            continue
        if named and any(is_random(source, part) for part in ast.walk(node)):
            yield source.at(node, f"{named} is made with random, which can be guessed: use the secrets module")


def is_random(source: Source, node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and re.match(r"(random|uuid\.uuid1)\b", source.names.full(node.func)) is not None


def leaky_comparisons(source: Source) -> Iterator[str]:
    """`==` between two things of which one is named like a signature; a comparison with a literal tells nothing."""
    for node in source.nodes:
        if not (isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq | ast.NotEq)):
            continue
        sides = [node.left, *node.comparators]
        if any(isinstance(side, ast.Constant) for side in sides):
            continue
        names = [spelled(side).rpartition(".")[2].lower() for side in sides]
        if any(COMPARED.search(name) for name in names):
            yield source.at(node, f"{ast.unparse(node)} takes longer the more is right: use hmac.compare_digest")


def waved_through(source: Source) -> Iterator[str]:
    if source.path == f"{PACKAGE}/app/cli.py":
        return  # a command-line program prints, and pyproject.toml says so
    for number, line in enumerate(source.text.splitlines(), 1):
        if found := NEVER_WAVED.search(line):
            yield f"{source.path}:{number}: {found[1]} is waved through: do it another way"


def waiting_screens(source: Source) -> Iterator[str]:
    """A screen that sleeps or runs an event loop inside the event loop freezes, or meets itself half done."""
    if not source.path.startswith(f"{PACKAGE}/ui/"):
        return
    for name, call in source.calls():
        last = name.rpartition(".")[2]
        if name == "time.sleep" or last == "processEvents" or (last == "exec" and "." in name):
            yield source.at(call, f"{name}(): use a timer, a task, or the dialog's open()")


def stolen_wrappers(source: Source) -> Iterator[str]:
    """Shiboken makes what these return a child of the widget asked, whose end then takes it along."""
    for name, call in source.calls():
        last = name.rpartition(".")[2]
        if last in {"nextInFocusChain", "previousInFocusChain"}:
            yield source.at(call, f"{name}(): look among findChildren")
        if last == "screen" and "." in name:
            yield source.at(call, f"{name}(): ask QGuiApplication.primaryScreen()")


RULES: dict[Callable[[Source], Iterator[str]], tuple[str, ...]] = {
    links: (
        "import webbrowser",
        "from webbrowser import open as show\nshow(address)",
        "from PySide6.QtGui import QDesktopServices",
        "QtGui.QDesktopServices.openUrl(url)",
        "label.setOpenExternalLinks(True)",
    ),
    code_from_data: ("import pickle", "eval(text)", "from os import system\nsystem('x')", "run('ls', shell=True)"),
    weak_tls: ("Client(verify=False)", "context.verify_mode = ssl.CERT_NONE", "context.check_hostname = False"),
    guessable_secrets: (
        "import random\napi_token = random.randbytes(8)",
        "from random import choice\ndef new_nonce(): return choice('abc')",
        "import random\nSettings(pepper=random.random())",
        "import uuid\nself.idempotency_key = uuid.uuid1()",
    ),
    leaky_comparisons: ("if signature == expected: pass", "ok = theirs != self.digest"),
    waved_through: ("x = f(a)  # noqa: S301 - only ours", "x = f(a)  # noqa: E501, S608"),
    waiting_screens: ("import time\ntime.sleep(1)", "dialog.exec()", "QApplication.processEvents()"),
    stolen_wrappers: ("each = page.nextInFocusChain()", "each.previousInFocusChain()", "size = self.screen().size()"),
}
HARMLESS = """
import hmac, random, secrets
from tillgate.app.browser import open_page
def retry_delay_s(attempt): return attempt + random.random()
key = secrets.token_urlsafe(16)
assert hmac.compare_digest(signature, expected)
if signature == "": pass
label.setOpenExternalLinks(False)
run(["ls"], shell=False)
dialog.open()
"""


def test_our_code_does_none_of_it() -> None:
    findings = [finding for rule in RULES for source in sources(PACKAGE) for finding in rule(source)]
    assert not findings, listing(findings)


def test_every_rule_finds_what_it_is_for() -> None:
    for rule, examples in RULES.items():
        for code in examples:
            assert list(rule(parse(code))), f"{rule.__name__}: {code}"


def test_no_rule_minds_what_is_right() -> None:
    assert not [finding for rule in RULES for finding in rule(parse(HARMLESS))]


def test_the_opener_alone_may_open() -> None:
    assert not list(links(parse("import webbrowser", OPENER)))
