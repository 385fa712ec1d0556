"""The catalogues of texts: found in the source and the templates, kept as .po, compiled to .mo.

    python packaging/translations.py update            find texts, add the new and drop the old, compile
    python packaging/translations.py missing es        print the texts without a translation as JSON
    python packaging/translations.py fill es FILE      take translations from such JSON, then compile
    python packaging/translations.py check             exit 1 unless everything is translated and compiled

JSON maps a text to its translation, or `one\\x00many` to a list with the language's plural forms.
"""

from __future__ import annotations

import argparse
import ast
import io
import json
import re
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from babel.messages import Catalog
from babel.messages.catalog import Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

ROOT: Final = Path(__file__).resolve().parents[1]
LANGUAGES: Final = ("es", "id")
_PLACEHOLDER: Final = re.compile(r"\{(\w*)\}")
# Fixed, so that the same texts make the same files.
_DATED: Final = datetime(2026, 1, 1, tzinfo=UTC)
_BETWEEN: Final = "\0"

Text = str | tuple[str, str]


def po_path(language: str) -> Path:
    """Where a language's translations are kept."""
    return ROOT / "resources" / "translations" / language / "LC_MESSAGES" / "tillgate.po"


def found() -> dict[str, Text]:
    """Every text of the source and the templates, a plural as (one, many), by its singular."""
    texts: dict[str, Text] = {}
    for path in sorted((ROOT / "src" / "tillgate").rglob("*.py")):
        _collect(texts, python_calls(path.read_text("utf-8")))
    for path in sorted((ROOT / "resources" / "templates").rglob("*.j2")):
        _collect(texts, template_calls(path))
    return texts


def python_calls(source: str) -> Iterator[tuple[str, tuple[object, ...]]]:
    """The calls of tr, ntr and mark and their arguments; Babel's own reader misses one inside another."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func).rpartition(".")[2]
            yield name, tuple(argument.value if isinstance(argument, ast.Constant) else None for argument in node.args)


def template_calls(path: Path) -> Iterator[tuple[str, tuple[object, ...]]]:
    """The same of a jinja template."""
    with path.open("rb") as file:
        for _line, name, message, _comments in babel_extract(file, ["tr", "ntr"], [], {"encoding": "utf-8"}):
            yield str(name), message if isinstance(message, tuple) else (message,)


def _collect(texts: dict[str, Text], calls: Iterable[tuple[str, tuple[object, ...]]]) -> None:
    for name, arguments in calls:
        one, many = (*arguments, None, None)[:2]
        if name == "ntr" and isinstance(one, str) and isinstance(many, str):
            texts[one] = (one, many)
        elif name in {"tr", "mark"} and isinstance(one, str):
            texts.setdefault(one, one)
        elif name == "Option":
            # An option declares its title and what it is for; the settings screen translates them.
            texts.update({text: text for text in arguments[4:6] if isinstance(text, str)})


def kept(language: str) -> Catalog:
    """A language's catalogue as it is on disk; empty if there is none."""
    path = po_path(language)
    if not path.exists():
        return _empty(language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def _empty(language: str) -> Catalog:
    return Catalog(
        locale=language,
        project="Tillgate",
        version="1",
        msgid_bugs_address="none",
        last_translator="Tillgate",
        language_team=language,
        fuzzy=False,
        creation_date=_DATED,
        revision_date=_DATED,
        header_comment="# Texts of Tillgate.",
    )


def merged(language: str, texts: dict[str, Text]) -> Catalog:
    """The texts with the translations that are kept for them."""
    old, new = kept(language), _empty(language)
    for singular in sorted(texts):
        text = texts[singular]
        before = old.get(singular)
        plural = isinstance(text, tuple)
        same = before is not None and isinstance(before.id, tuple) == plural
        new.add(text, before.string if same and before is not None else None)
    return new


def save(language: str, catalog: Catalog) -> None:
    """Write the .po and the .mo."""
    path = po_path(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalog, width=110, no_location=True, omit_header=False)
    path.with_suffix(".mo").write_bytes(compiled(kept(language)))


def compiled(catalog: Catalog) -> bytes:
    """The .mo of a catalogue."""
    made = io.BytesIO()
    write_mo(made, catalog)
    return made.getvalue()


def problems(language: str) -> Iterator[str]:
    """What is wrong with a language, a line each."""
    texts, catalog = found(), kept(language)
    for singular in sorted(texts):
        text, message = texts[singular], catalog.get(singular)
        if message is None or not _translated(message):
            yield f"{language}: no translation of {singular!r}"
        elif isinstance(text, tuple) and not isinstance(message.id, tuple):
            yield f"{language}: no plural of {singular!r}"
        else:
            yield from (f"{language}: {singular!r}: {fault}" for fault in _faults(message))
    for message in catalog:
        if message.id and _key(message).partition(_BETWEEN)[0] not in texts:
            yield f"{language}: {_key(message)!r} is no longer used"
    path = po_path(language).with_suffix(".mo")
    if not path.exists() or path.read_bytes() != compiled(catalog):
        yield f"{language}: {path.name} is older than {po_path(language).name}: run `update`"


def _translated(message: Message) -> bool:
    return all(_forms(message.string))


def _forms(text: object) -> tuple[str, ...]:
    return tuple(map(str, text)) if isinstance(text, list | tuple) else (str(text or ""),)


def _faults(message: Message) -> Iterator[str]:
    forms, sources = _forms(message.string), _forms(message.id)
    wanted = {name for source in sources for name in _PLACEHOLDER.findall(source)}
    for form in forms:
        if set(_PLACEHOLDER.findall(form)) != wanted:
            yield f"placeholders differ in {form!r}"
        if (form[0].isspace(), form[-1].isspace()) != (sources[-1][0].isspace(), sources[-1][-1].isspace()):
            yield f"blanks differ around {form!r}"
        if _ending(form) != _ending(sources[-1]):
            yield f"another ending in {form!r}"


def _ending(text: str) -> str:
    return text[-1] if text[-1] in ".…?!:" else ""


def _key(message: Message) -> str:
    return _BETWEEN.join(message.id) if isinstance(message.id, tuple) else str(message.id)


def missing(language: str) -> dict[str, Any]:
    """The texts without a translation, to be filled in."""
    catalog = merged(language, found())
    return {
        _key(message): ["" for _ in range(catalog.num_plurals)] if isinstance(message.id, tuple) else ""
        for message in catalog
        if message.id and not _translated(message)
    }


def fill(language: str, translations: dict[str, Any]) -> None:
    """Put translations in and save; texts that are not used are left out."""
    catalog = merged(language, found())
    for message in catalog:
        given = translations.get(_key(message)) if message.id else None
        if given:
            message.string = tuple(given) if isinstance(given, list) else given
    save(language, catalog)


def main(arguments: list[str]) -> int:
    """The command line; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("update")
    commands.add_parser("check")
    commands.add_parser("missing").add_argument("language", choices=LANGUAGES)
    filling = commands.add_parser("fill")
    filling.add_argument("language", choices=LANGUAGES)
    filling.add_argument("file", type=Path)
    chosen = parser.parse_args(arguments)
    say = sys.stdout.write
    if chosen.command == "update":
        texts = found()
        for language in LANGUAGES:
            save(language, merged(language, texts))
            say(f"{language}: {len(texts)} texts, {len(missing(language))} without a translation\n")
    elif chosen.command == "missing":
        say(json.dumps(missing(chosen.language), ensure_ascii=False, indent=1) + "\n")
    elif chosen.command == "fill":
        fill(chosen.language, json.loads(chosen.file.read_text("utf-8")))
    else:
        wrong = [line for language in LANGUAGES for line in problems(language)]
        say("".join(f"{line}\n" for line in wrong))
        return 1 if wrong else 0
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
