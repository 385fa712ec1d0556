"""What goes into the packaged application is what the code looks for when it runs there."""

from __future__ import annotations

import ast
import importlib.util
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from tests.packaging.conftest import FOLDER, Script
from tests.rules.source import PACKAGE, sources
from tillgate import i18n, paths
from tillgate.formats import _REGION, locale_for
from tillgate.store import schema

ROOT = FOLDER.parent
# Qt's modules that may only be used under the GPL.
GPL_ONLY = {"Charts", "DataVisualization", "Graphs", "HttpServer", "NetworkAuth", "Quick3D", "VirtualKeyboard"}


@pytest.fixture
def bundle(script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder as PyInstaller fills it with our files, with `tillgate.paths` believing to run there."""
    for source, folder in script("contents").data_files():
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        shutil.copy(source, tmp_path / folder)
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path), raising=False)
    paths.resources_root.cache_clear()
    yield tmp_path
    paths.resources_root.cache_clear()


def test_every_resource_ships_where_it_is_looked_for(bundle: Path) -> None:
    there = {path.relative_to(ROOT) for path in (ROOT / "resources").rglob("*") if path.is_file()}
    shipped = {path.relative_to(bundle) for path in (bundle / "resources").rglob("*") if path.is_file()}
    assert paths.resources_root() == bundle / "resources"
    assert shipped == {path for path in there if path.suffix != ".po"}
    for language in set(i18n.LANGUAGES) - {"en"}:
        assert i18n.catalogue(language).gettext("Undo") != "Undo"


def test_alembic_finds_every_migration_in_the_bundle(bundle: Path) -> None:
    scripts = ScriptDirectory(str(bundle / "tillgate/store/migrations"))
    assert scripts.get_heads() == [schema.HEAD]
    written = {path.name for path in (ROOT / PACKAGE / "store/migrations/versions").glob("v*.py")}
    assert {Path(revision.path).name for revision in scripts.walk_revisions()} == written


def test_the_sandbox_has_its_pages(bundle: Path) -> None:
    pages = {path.name for path in (ROOT / PACKAGE / "sandbox/pages").iterdir() if path.is_file()}
    assert {path.name for path in (bundle / "tillgate/sandbox/pages").iterdir()} == pages


def test_modules_that_nobody_imports_by_name_are_found(script: Script) -> None:
    contents = script("contents")
    named = contents.hidden_imports()
    versions = {name for name in named if name.startswith("tillgate.store.migrations.versions.v")}
    assert len(versions) == len(list((ROOT / PACKAGE / "store/migrations/versions").glob("v*.py")))
    assert {"tillgate", "tillgate.app.window", "tillgate.store.migrations.guards"} <= set(named)
    assert not [name for name in contents.HIDDEN if importlib.util.find_spec(name) is None]


def test_nothing_that_we_import_is_left_out(script: Script) -> None:
    contents = script("contents")
    excluded = tuple(f"{name}." for name in contents.EXCLUDED)
    for source in sources(PACKAGE):
        for name, _node in source.imports():
            assert not f"{name}.".startswith(excluded), f"{source.path}: {name}"
            top, _, rest = name.partition(".")
            if top == "PySide6":
                assert rest.split(".")[0].removeprefix("Qt") in contents.QT_LIBRARIES, f"{source.path}: {name}"


def test_no_part_of_qt_ships_that_is_gpl_only(script: Script) -> None:
    contents = script("contents")
    assert not contents.QT_LIBRARIES & GPL_ONLY
    for name in (
        "PySide6/Qt/plugins/platforminputcontexts/libqtvirtualkeyboardplugin.so",
        "PySide6/Qt/lib/libQt6VirtualKeyboard.so.6",
        "libQt6Quick3D.so.6",
        "PySide6\\Qt6Charts.dll",
    ):
        assert not contents.is_shipped(name, f"site-packages/{name}"), name


@pytest.mark.parametrize(
    "name",
    [
        "PySide6/QtCore.abi3.so",
        "PySide6/Qt/lib/libQt6Core.so.6",
        "PySide6/Qt/lib/libicudata.so.73",
        "PySide6/Qt/plugins/platforms/libqxcb.so",
        "PySide6/Qt/plugins/platforms/libqoffscreen.so",
        "PySide6/Qt/plugins/imageformats/libqsvg.so",
        "PySide6/Qt/plugins/imageformats/libqjpeg.so",
        "PySide6/Qt/plugins/iconengines/libqsvgicon.so",
        "PySide6\\Qt6Gui.dll",
        "PySide6\\plugins\\platforms\\qwindows.dll",
        "PySide6/Qt/lib/QtCore.framework/Versions/A/QtCore",
        "PySide6/Qt/plugins/platforms/libqcocoa.dylib",
        "psycopg_binary.libs/libpq-e9b5c9ac.so.5.18",
        "babel/global.dat",
    ],
)
def test_what_the_window_needs_ships(script: Script, name: str) -> None:
    assert script("contents").is_shipped(name, f"site-packages/{name}")


@pytest.mark.parametrize("folder", ["/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu"])
def test_of_the_systems_libraries_only_pythons_own_ship(script: Script, folder: str) -> None:
    is_shipped = script("contents").is_shipped
    for name in ("libssl.so.3", "libcrypto.so.3", "libffi.so.8", "libpython3.11.so.1.0", "libbz2.so.1.0"):
        assert is_shipped(name, f"{folder}/{name}"), name
    for name in ("libstdc++.so.6", "libglib-2.0.so.0", "libxcb-cursor.so.0", "libGL.so.1", "libgtk-3.so.0"):
        assert not is_shipped(name, f"{folder}/{name}"), name


def test_every_locale_that_amounts_and_days_are_written_in_ships(script: Script) -> None:
    is_shipped = script("contents").is_shipped
    for language in i18n.LANGUAGES:
        for currency in _REGION:
            locale = str(locale_for(language, currency))
            assert is_shipped(f"babel/locale-data/{locale}.dat", "site-packages"), locale
    assert is_shipped("babel/locale-data/es_419.dat", "site-packages")  # what es_CO is read over
    assert not is_shipped("babel/locale-data/fr.dat", "site-packages")


def test_the_recipe_uses_these_contents() -> None:
    recipe = ast.parse((FOLDER / "tillgate.spec").read_text("utf-8"))
    calls = [ast.unparse(node.func) for node in ast.walk(recipe) if isinstance(node, ast.Call)]
    assert [calls.count(name) for name in ("data_files", "hidden_imports", "is_shipped", "notices")] == [1, 1, 2, 1]
