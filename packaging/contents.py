"""What goes into the packaged application: our files, the modules nobody imports by name, and what stays out."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
SOURCE: Final = ROOT / "src"
RESOURCES: Final = ROOT / "resources"
MIGRATIONS: Final = SOURCE / "tillgate" / "store" / "migrations"
# Catalogues ship compiled.
_NOT_SHIPPED: Final = frozenset({".po", ".pyc", ".pyi"})

# Loaded by a name in a setting, an entry point or a URL, which an analysis of imports does not see.
HIDDEN: Final = (
    "logging.config",
    "psycopg",
    "psycopg_binary",
    "pysqlite3.dbapi2",
    "sqlalchemy.dialects.postgresql.psycopg",
    "sqlalchemy.dialects.sqlite.pysqlite",
    "uharfbuzz",
)

# Reached only through optional imports of libraries, and never used.
EXCLUDED: Final = (
    "_pytest", "ast_serialize", "curses", "doctest", "ensurepip", "hypothesis", "idlelib", "IPython", "lib2to3",
    "markdown_it", "mypy", "numpy", "outcome", "pip", "pkg_resources", "psutil", "pydoc_data", "pygments", "pytest",
    "razorpay", "readline", "requests", "rich", "selenium", "setuptools", "stripe", "test", "tkinter", "trio",
    "turtledemo", "urllib3", "wsproto",
    # Pictures of kinds that no shop's catalogue has.
    "PIL.AvifImagePlugin", "PIL._avif",
    # The SQLite of Python 3.11 has a bug that pysqlite3's has not: falling back to it must fail.
    "sqlite3", "_sqlite3",
    "PySide6.QtQml", "PySide6.QtQuick", "PySide6.QtSql", "PySide6.QtWebEngineCore", "PySide6.QtWebEngineWidgets",
    "phonenumbers.carrier", "phonenumbers.geocoder", "phonenumbers.timezone",
)  # fmt: skip

# Qt's libraries by the name after Qt6; a plugin that needs another one is not shipped.
QT_LIBRARIES: Final = frozenset({
    "Core", "DBus", "Gui", "Network", "Svg", "Test", "Widgets",
    "OpenGL", "WaylandClient", "WlShellIntegration", "XcbQpa",
})  # fmt: skip
QT_PLUGINS: Final = (
    "iconengines/*",
    "imageformats/*q[gs][iv][fg].*", "imageformats/*qico.*", "imageformats/*qjpeg.*", "imageformats/*qwebp.*",
    "platforminputcontexts/*compose*", "platforminputcontexts/*ibus*",
    "platforms/*qcocoa.*", "platforms/*qoffscreen.*", "platforms/*qwayland.*", "platforms/*qwindows.*",
    "platforms/*qxcb.*",
    "platformthemes/*",
    "wayland-decoration-client/*", "wayland-graphics-integration-client/*wayland-egl*", "wayland-shell-integration/*",
    "xcbglintegrations/*",
)  # fmt: skip
# The languages of the screens and of the papers, with every region of theirs.
_LOCALES: Final = re.compile(r"(root|en|es|id)(_\w+)?\.dat")
_QT_LIBRARY: Final = re.compile(r"(?:lib)?Qt6(\w+?)(?:\.so[.\d]*|\.dll|\.dylib)?")

# Where Linux keeps its libraries. Of these only Python's own needs travel with us: the others belong to the window
# system and the drivers, and are the package's dependencies.
_SYSTEM: Final = ("/lib/", "/lib64/", "/usr/lib/", "/usr/lib64/")
_PYTHONS: Final = re.compile(r"lib(python3|ssl|crypto|ffi|bz2|lzma|uuid|mpdec|expat)[.\d-].*")


def data_files() -> list[tuple[str, str]]:
    """Our files that are no modules, as (path, folder in the bundle), where the code looks for them."""
    found = [
        (path, PurePosixPath("resources", path.relative_to(RESOURCES).parent.as_posix()))
        for path in RESOURCES.rglob("*")
    ]
    found += [
        (path, PurePosixPath(path.relative_to(SOURCE).parent.as_posix()))
        for path in (SOURCE / "tillgate").rglob("*")
        # Alembic reads its scripts as files.
        if path.suffix != ".py" or path.is_relative_to(MIGRATIONS)
    ]
    return sorted(
        (str(path), str(folder)) for path, folder in found if path.is_file() and path.suffix not in _NOT_SHIPPED
    )


def hidden_imports() -> list[str]:
    """Every module of ours, since many are imported when they are first needed, and those of HIDDEN."""
    modules = [path.relative_to(SOURCE).with_suffix("").parts for path in (SOURCE / "tillgate").rglob("*.py")]
    ours = {".".join(parts[:-1] if parts[-1] == "__init__" else parts) for parts in modules}
    return sorted(ours | set(HIDDEN))


def is_shipped(name: str, source: str) -> bool:
    """Whether a file that the analysis found goes into the bundle: `name` in it, `source` on this machine."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if "PySide6" in parts or _QT_LIBRARY.fullmatch(parts[-1]):
        return _is_wanted_of_qt(parts)
    if parts[:2] == ("babel", "locale-data"):
        return _LOCALES.fullmatch(parts[-1]) is not None
    return not source.startswith(_SYSTEM) or _PYTHONS.fullmatch(Path(source).name) is not None


def _is_wanted_of_qt(parts: tuple[str, ...]) -> bool:
    if "plugins" in parts:
        plugin = "/".join(parts[parts.index("plugins") + 1 :])
        return any(fnmatch(plugin, pattern) for pattern in QT_PLUGINS)
    if library := _QT_LIBRARY.fullmatch(parts[-1]):
        return library[1] in QT_LIBRARIES
    # Nothing loads Qt's own catalogues or QML modules.
    return not {"translations", "qml", "resources"} & set(parts)
