"""The terms of everything that ships beside our own code, from what is really in the bundle."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
_TEXTS: Final = Path(__file__).parent / "licences"
_LICENCE: Final = re.compile(r"(licen[cs]e|copying|notice)([.-].*)?", re.IGNORECASE)
# Terms whose texts a distribution does not bring. The LGPL is a supplement to the GPL and is read with it.
_KEPT: Final = {"LGPL-3.0": ("LGPL-3.0.txt", "GPL-3.0.txt")}
_INSTALLED: Final = (sysconfig.get_path("purelib"), sysconfig.get_path("platlib"))
_RULE: Final = "=" * 100
_HEADER: Final = """\
Tillgate is built with the software below. Each part keeps its own terms, given with it.

Qt and PySide6 are used under the GNU Lesser General Public License, version 3. They are the separate libraries in the
folder PySide6, which you may replace by builds of your own of the same version.
"""


@dataclass(frozen=True, order=True)
class Part:
    """Something that ships with us: its name with its version, its terms in a line, their texts."""

    name: str
    terms: str
    texts: tuple[str, ...]


class TermsMissing(Exception):
    """A part ships without the text of its terms: find it and add it before anything is given to others."""


def notices(shipped: Iterable[Path]) -> str:
    """The notices of these files' parts, of our fonts and icons and of Python. Raises TermsMissing."""
    parts = {*_of_files(shipped), *_of_resources(), _of_python(), _of_the_starter()}
    sections = [
        "\n".join([_RULE, part.name, f"Terms: {part.terms}", _RULE, "", *part.texts])
        for part in sorted(parts, key=lambda part: part.name.lower())
    ]
    return "\n".join([_HEADER, *sections])


def _of_files(shipped: Iterable[Path]) -> Iterator[Part]:
    owners = {path: distribution for distribution in distributions() for path in _files(distribution)}
    found: dict[str, Distribution] = {}
    packages: set[str] = set()
    for path in map(os.path.normpath, shipped):
        if owner := owners.get(path):
            found[owner.name] = owner
        elif path.startswith(_INSTALLED):
            raise TermsMissing(f"nobody says that {path} is theirs")
        elif path.startswith(("/lib/", "/usr/lib/")) and not path.startswith(sysconfig.get_path("stdlib")):
            packages.add(_package_of(Path(path)))
    for ours in ("tillgate", "pyinstaller"):  # the latter's few files are named with its starter
        found.pop(ours, None)
    yield from map(_of_distribution, found.values())
    yield from map(_of_package, packages)


def _files(distribution: Distribution) -> Iterator[str]:
    """The paths of what a distribution installed; read as text, since `files` takes seconds for all of them."""
    folder = str(distribution.locate_file(""))
    for row in csv.reader((distribution.read_text("RECORD") or "").splitlines()):
        yield os.path.normpath(os.path.join(folder, row[0]))  # noqa: PTH118 - thousands of them


def _of_distribution(distribution: Distribution) -> Part:
    terms = _terms(distribution)
    files = sorted(Path(path) for path in _files(distribution) if _is_licence(path))
    texts = [file.read_text("utf-8", errors="replace") for file in files]
    kept = [text for name, names in _KEPT.items() if name in terms for text in names]
    if not texts:
        texts = [(_TEXTS / name).read_text("utf-8") for name in kept]
    if not texts:
        raise TermsMissing(f"{distribution.name} {distribution.version} ({terms}) brings no text of its terms")
    return Part(f"{distribution.name} {distribution.version}", terms, tuple(texts))


def _is_licence(path: str) -> bool:
    parts = path.replace("\\", "/").split("/")
    return any(part.endswith(".dist-info") for part in parts) and _LICENCE.fullmatch(parts[-1]) is not None


def _terms(distribution: Distribution) -> str:
    described = distribution.metadata
    for name in ("License-Expression", "License"):
        if name in described and described[name].strip() and "\n" not in described[name]:
            return described[name]
    classified = [line.rpartition(" :: ")[2] for line in described.get_all("Classifier", []) if "License ::" in line]
    return ", ".join(classified) or "as below"


def _of_resources() -> Iterator[Part]:
    for path in (ROOT / "resources").rglob("*"):
        if path.name == "OFL.txt" or _LICENCE.fullmatch(path.name):
            folder = path.parent.relative_to(ROOT).as_posix()
            terms = "OFL-1.1" if path.name == "OFL.txt" else "as below"
            yield Part(folder, terms, (path.read_text("utf-8"),))


def _of_python() -> Part:
    version = ".".join(map(str, sys.version_info[:3]))
    for path in (Path(sysconfig.get_path("stdlib")) / "LICENSE.txt", Path(sys.base_prefix) / "LICENSE.txt"):
        if path.is_file():
            return Part(f"Python {version}", "PSF-2.0", (path.read_text("utf-8"),))
    raise TermsMissing(f"Python {version} brings no LICENSE.txt")


def _of_the_starter() -> Part:
    """The program that starts Python is compiled from PyInstaller's source."""
    part = _of_distribution(next(found for found in distributions(name="pyinstaller")))
    return Part(f"The starter of {part.name}", part.terms, part.texts)


def _package_of(path: Path) -> str:
    """Debian's package that a library came from; it may be known by its name before /lib became /usr/lib."""
    real = path.resolve()
    for name in (path, real, Path(str(path).removeprefix("/usr")), Path(str(real).removeprefix("/usr"))):
        asked = subprocess.run(["dpkg", "-S", str(name)], capture_output=True, text=True, check=False)
        if asked.returncode == 0:
            return asked.stdout.partition(":")[0]
    raise TermsMissing(f"no package of this system owns {path}")


def _of_package(package: str) -> Part:
    path = Path("/usr/share/doc") / package / "copyright"
    if not path.is_file():
        raise TermsMissing(f"{package} brings no copyright file")
    asked = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, text=True, check=True
    )
    return Part(f"{package} {asked.stdout}", "as below", (path.read_text("utf-8", errors="replace"),))
