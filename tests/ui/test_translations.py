"""Every text has a Spanish and an Indonesian translation with the same placeholders, and what ships is compiled."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tillgate import i18n

ROOT = Path(__file__).parents[2]
_PLACEHOLDER = re.compile(r"\{\w+\}")
# One word for one thing: what the English says, and what the translation then must say.
GLOSSARY = (
    ("es", r"\btraining\b", "práctica"),
    ("id", r"\btraining\b", "latihan"),
    ("es", r"\blive\b", "real"),
    ("id", r"\blive\b", "asli"),
    ("id", r"\bamounts?\b", "nominal"),
    ("es", r"\bamounts?\b", "importe"),
)
# One form of address: "usted" or none in Spanish, "Anda" or none in Indonesian.
_TO_A_FRIEND = (
    "elige|escribe|mira|revisa|cambia|sigue|haz|ve|abre|cierra|deja|vuelve|anota|registra|resuelve|empieza|pide|saca|"
    "escanea|guarda|pregunta|llama|ingresa|pulsa|presiona|selecciona|cobra|vende|agrega|quita|corrige|sácalo|ábrelo|"
    "escríbelo|corrígelo|complétalo|pruébalo|inténtalo|búscalo|cámbialo|quítalo|míralo|revísalo|reembólsalo|ciérralo"
)
FAMILIAR = {
    "es": rf"\b(tú|tu|tus|te|contigo|puedes|tienes|quieres|debes)\b|(^|[.;:!?,] )({_TO_A_FRIEND})\b",
    "id": r"\b(kamu|kau|aku|gue)\b",
}


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


def texts_of(tool: ModuleType, language: str) -> list[tuple[str, str]]:
    """English and translation, one pair for each form."""
    found = []
    for message in tool.kept(language):
        english, said = (each if isinstance(each, list | tuple) else (each,) for each in (message.id, message.string))
        found += [(english[0], each) for each in said if message.id and each]
    return found


@pytest.mark.parametrize(("language", "english", "said"), GLOSSARY)
def test_one_thing_has_one_word(tool: ModuleType, language: str, english: str, said: str) -> None:
    asked = re.compile(english, re.IGNORECASE)
    pairs = [pair for pair in texts_of(tool, language) if asked.search(_PLACEHOLDER.sub("", pair[0]))]
    assert pairs
    assert [pair for pair in pairs if said not in pair[1].lower()] == []


@pytest.mark.parametrize("language", ["es", "id"])
def test_nothing_is_said_twice(tool: ModuleType, language: str) -> None:
    """A text that was filled in beside the one that was there is far longer than its English."""
    assert [english for english, said in texts_of(tool, language) if len(said) > 2.2 * len(english) + 40] == []


@pytest.mark.parametrize("language", sorted(FAMILIAR))
def test_nobody_is_addressed_as_a_friend(tool: ModuleType, language: str) -> None:
    familiar = re.compile(FAMILIAR[language], re.IGNORECASE)
    assert [said for _, said in texts_of(tool, language) if familiar.search(said)] == []


def test_the_form_of_address_is_seen() -> None:
    familiar = re.compile(FAMILIAR["es"], re.IGNORECASE)
    for said in ("Elige otro.", "No hay nada. Escribe otro.", "Es tu motivo.", "Reembólsalo, o ciérrelo."):
        assert familiar.search(said), said
    for said in ("Elija otro.", "Otro programa usa el puerto.", "Reembólselo.", "Pruebe con otra palabra."):
        assert not familiar.search(said), said


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


def test_apostrophes_are_curly(tool: ModuleType) -> None:
    straight = [text for text, _ in texts_of(tool, "es") if "'" in text]
    assert not straight, straight
