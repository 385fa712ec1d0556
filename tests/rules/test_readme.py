"""What the README tells to type exists, and what exists is in the README."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
from pathlib import Path

from tests.rules.source import ROOT

README = (ROOT / "README.md").read_text("utf-8")
FENCE = re.compile(r"^```(?:console|sh|bash|shell)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def commands(text: str) -> list[list[str]]:
    """The words of every command in the README's shell blocks, without prompt and comment."""
    lines = [line for block in FENCE.findall(text) for line in block.replace("\\\n", " ").splitlines()]
    split = [line.split("#")[0].removeprefix("$ ").split() for line in lines]
    return [words for words in split if words]


def dev_words(text: str) -> set[str]:
    return {words[2] for words in commands(text) if words[:2] == ["python3", "dev.py"] and len(words) > 2}


def tillgate_words(text: str) -> set[str]:
    return {words[1] for words in commands(text) if words[0] == "tillgate" and len(words) > 1}


def dev_commands() -> set[str]:
    return set(runpy.run_path(str(ROOT / "dev.py"))["COMMANDS"])


def tillgate_commands() -> set[str]:
    """The installed application's own list, from its help: `{demo,run,sandbox}`."""
    program = Path(sys.executable).with_name("tillgate")
    told = subprocess.run([str(program), "--help"], capture_output=True, text=True, check=False, timeout=60)
    listed = re.search(r"\{([\w,-]+)\}", told.stdout)
    assert told.returncode == 0 and listed, f"tillgate --help lists no commands:\n{told.stdout}{told.stderr}"
    return set(listed[1].split(","))


def test_the_readme_has_the_two_commands() -> None:
    assert {"demo", "test"} <= dev_words(README)


def test_every_launcher_command_of_the_readme_exists() -> None:
    unknown = dev_words(README) - dev_commands()
    assert not unknown, f"the README names dev.py commands that do not exist: {sorted(unknown)}"


def test_every_launcher_command_is_in_the_readme() -> None:
    untold = {name for name in dev_commands() if f"dev.py {name}" not in README}
    assert not untold, f"the README does not mention python3 dev.py {sorted(untold)}"


def test_every_command_of_the_application_is_in_the_readme_and_the_other_way_round() -> None:
    existing = tillgate_commands()
    untold = {name for name in existing if not re.search(rf"\btillgate {name}\b", README)}
    assert not untold, f"the README does not mention tillgate {sorted(untold)}"
    unknown = tillgate_words(README) - existing
    assert not {word for word in unknown if not word.startswith("-")}, f"tillgate has no command {sorted(unknown)}"


def test_the_rules_find_what_they_are_for() -> None:
    text = (
        "```console\n$ python3 dev.py fly  # to the moon\ntillgate \\\nland\n```\n\n```json\npython3 dev.py no\n```\n"
    )
    assert dev_words(text) == {"fly"}
    assert tillgate_words(text) == {"land"}
    assert "fly" not in dev_commands()
