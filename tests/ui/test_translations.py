"""Every text has a Spanish and an Indonesian translation with the same placeholders, and what ships is compiled."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tillgate import i18n

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    """`packaging/translations.py`, which is a script and no package."""
    path = ROOT / "packaging" / "translations.py"
    spec = importlib.util.spec_from_file_location("translations_tool", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("language", sorted(set(i18n.LANGUAGES) - {"en"}))
def test_every_text_is_translated(tool: ModuleType, language: str) -> None:
    wrong = list(tool.problems(language))
    advice = f"`python packaging/translations.py missing {language}` lists them, `fill` takes them, `update` compiles"
    assert not wrong, "\n".join([*wrong, advice])


def test_texts_are_found_wherever_they_stand(tool: ModuleType, tmp_path: Path) -> None:
    source = """
x = tr(WORDS.get(key, mark("Inside another")))
y = i18n.ntr("{count} row", "{count} rows", n)
z = tr("In two " "pieces", n=1) if a else tr(variable)
"""
    texts: dict[str, object] = {}
    tool._collect(texts, tool.python_calls(source))
    template = tmp_path / "page.j2"
    template.write_text("<p>{{ tr('On a page') }} {{ ntr('{count} order', '{count} orders', 3) }}</p>")
    tool._collect(texts, tool.template_calls(template))
    assert texts == {
        "Inside another": "Inside another",
        "{count} row": ("{count} row", "{count} rows"),
        "In two pieces": "In two pieces",
        "On a page": "On a page",
        "{count} order": ("{count} order", "{count} orders"),
    }


def test_the_catalogues_speak(tool: ModuleType) -> None:
    i18n.use_language("es")
    assert i18n.tr("No money moved.") == "No se movió dinero."
    assert i18n.ntr("{number} row", "{number} rows", 2, number="2") == "2 filas"
    assert i18n.ntr("{number} row", "{number} rows", 1, number="1") == "1 fila"
    i18n.use_language("id")
    assert i18n.ntr("{number} row", "{number} rows", 1, number="1") == "1 baris"


def test_faults_are_seen(tool: ModuleType) -> None:
    faults = tool._faults
    message = tool.Message("Wait {seconds} seconds.", "Espere.")
    assert list(faults(message)) == ["placeholders differ in 'Espere.'"]
    assert list(faults(tool.Message("Undo", "Deshacer."))) == ["another ending in 'Deshacer.'"]
    assert list(faults(tool.Message("Undo", " Deshacer"))) == ["blanks differ around ' Deshacer'"]
    assert list(faults(tool.Message(("{n} row", "{n} rows"), ("{n} fila", "{n} filas")))) == []
