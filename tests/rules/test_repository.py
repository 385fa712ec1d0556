"""The repository is ours alone: no machine's path, no registry's host, no secret; laid out as the house is."""

from __future__ import annotations

import re

from tests.rules.source import ROOT, listing, repository_files

# Written in pieces, so that this file does not find itself.
MACHINE = re.compile(r"(?<![\w.*-])/(?:work|root|home/\w+|Users/\w+)" r"/\w")
HOSTS = re.compile(
    r"\b(?:pypi|pythonhosted|(?:registry\.)?npmjs|registry\.yarnpkg|(?:deb|security)\.debian)\.(?:org|com)\b"
)
SECRETS = re.compile(r"rzp_live_\w{6,}|sk_live_\w{6,}|-----BEGIN (?:RSA |EC |OPENSSH )?PRIVATE KEY")
TOP_LEVEL = {
    ".ci", ".gitattributes", ".gitignore", "LICENSE", "README.md", "dev.py", "packaging", "pyproject.toml",
    "requirements.lock", "resources", "src", "tests",
}  # fmt: skip


def foreign(path: str, text: str) -> list[str]:
    reasons = {MACHINE: "a path of one machine", HOSTS: "a package registry's host"}
    if not path.startswith("tests/"):  # tests make up keys
        reasons[SECRETS] = "a secret"
    return [
        f"{path}:{number}: {found[0]} is {reason}"
        for number, line in enumerate(text.splitlines(), 1)
        for pattern, reason in reasons.items()
        if (found := pattern.search(line))
    ]


def test_files_name_no_machine_no_registry_and_no_secret() -> None:
    findings = []
    for name in repository_files():
        content = (ROOT / name).read_bytes()
        if b"\0" not in content[:8000]:
            findings += foreign(name, content.decode(errors="replace"))
    assert not findings, listing(findings)


def test_the_rule_finds_what_it_is_for() -> None:
    for line in (
        "cd /" "work/main",
        "data = '/" "home/ana/shop.db'",
        "--index https://" "pypi" ".org/simple",
        "https://files." "pythonhosted" ".org/x",
        "resolved https://" "registry.npm" "js.org/x",
        "key = 'rzp_live" "_0123456789'",
    ):  # fmt: skip
        assert foreign("x", line), line
    for line in ("framework/core", "https://api.razorpay.com/v1", "/usr/bin/chromium", "rzp_test_0123456789", "~/work"):
        assert not foreign("x", line), line


def test_the_top_level_is_the_houses() -> None:
    unknown = {name.split("/")[0] for name in repository_files()} - TOP_LEVEL
    assert not unknown, f"the top level has no place for {sorted(unknown)}"


def test_every_folder_of_tests_is_a_package() -> None:
    """Without `__init__.py` two files of one name in two folders are the same module to mypy and pytest."""
    folders = {
        "/".join(name.split("/")[:-1])
        for name in repository_files()
        if name.startswith("tests/") and name.endswith(".py")
    }
    without = sorted(folder for folder in folders if not (ROOT / folder / "__init__.py").exists())
    assert not without, f"add an __init__.py to {without}"
