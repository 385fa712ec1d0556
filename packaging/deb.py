"""The Debian package of a bundle: /opt/tillgate, a command, a menu entry, icons and the terms of everything in it."""

from __future__ import annotations

import gzip
import hashlib
import re
import shutil
import subprocess
from pathlib import Path
from string import Template
from typing import Final

from icons import DRAWING, SIZES, write_pngs

LINUX: Final = Path(__file__).resolve().parent / "linux"
HOME: Final = Path("opt/tillgate")
_GLIBC: Final = re.compile(rb"\bGLIBC_2\.(\d+)")
_ELF: Final = b"\x7fELF"


def build_deb(bundle: Path, version: str, output: Path, work: Path) -> Path:
    """Make `output/tillgate_<version>_<architecture>.deb` of a bundle, using the empty folder `work`."""
    tree = work / "tree"
    shutil.copytree(bundle, tree / HOME, symlinks=True)
    _add_desktop_files(tree, work)
    _add_documents(tree)
    _normalise(tree)
    asked = subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True, check=True)
    architecture, debian = asked.stdout.strip(), debian_version(version)
    _add_control(tree, debian, architecture)
    made = output / f"tillgate_{debian}_{architecture}.deb"
    # xz, which every Debian and Ubuntu that has our libraries can unpack.
    command = ["dpkg-deb", "--root-owner-group", "-Zxz", "--build", str(tree), str(made)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return made


def debian_version(version: str) -> str:
    """Python's "1.2.0rc1" as Debian writes it, "1.2.0~rc1", so that it comes before 1.2.0."""
    return re.sub(r"(?<=\d)\.?(a|b|rc|dev)(?=\d)", r"~\1", version)


def needed_glibc(tree: Path) -> str:
    """The oldest C library that every program and library below a folder can be loaded with, as "2.34"."""
    minors = {0}
    for path in tree.rglob("*"):
        if path.is_file() and not path.is_symlink():
            content = path.read_bytes()
            if content.startswith(_ELF):
                minors |= {int(minor) for minor in _GLIBC.findall(content)}
    return f"2.{max(minors)}"


def _add_desktop_files(tree: Path, work: Path) -> None:
    share = tree / "usr/share"
    for folder in ("usr/bin", "usr/share/applications", "usr/share/icons/hicolor/scalable/apps"):
        (tree / folder).mkdir(parents=True)
    (tree / "usr/bin/tillgate").symlink_to(Path("/") / HOME / "tillgate")
    shutil.copyfile(LINUX / "tillgate.desktop", share / "applications/tillgate.desktop")
    shutil.copyfile(DRAWING, share / "icons/hicolor/scalable/apps/tillgate.svg")
    for side, path in write_pngs(work / "icons", SIZES).items():
        apps = share / f"icons/hicolor/{side}x{side}/apps"
        apps.mkdir(parents=True)
        shutil.copyfile(path, apps / "tillgate.png")


def _add_documents(tree: Path) -> None:
    folder = tree / "usr/share/doc/tillgate"
    folder.mkdir(parents=True)
    shutil.copyfile(LINUX / "copyright", folder / "copyright")
    terms = (tree / HOME / "_internal/THIRD-PARTY.txt").read_bytes()
    (folder / "THIRD-PARTY.txt.gz").write_bytes(gzip.compress(terms, mtime=0))


def _normalise(tree: Path) -> None:
    """Rights that do not depend on who built it: everyone reads, programs run."""
    for path in (tree, *tree.rglob("*")):
        if not path.is_symlink():
            executable = path.is_dir() or path == tree / HOME / "tillgate"
            path.chmod(0o755 if executable else 0o644)


def _add_control(tree: Path, version: str, architecture: str) -> None:
    files = sorted(path for path in tree.rglob("*") if path.is_file() and not path.is_symlink())
    values = {
        "version": version,
        "architecture": architecture,
        "glibc": needed_glibc(tree),
        "installed_kib": sum(-(-path.stat().st_size // 1024) for path in files),
    }
    sums = [
        f"{hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()}  {path.relative_to(tree)}\n"
        for path in files
    ]
    folder = tree / "DEBIAN"
    folder.mkdir(mode=0o755)
    (folder / "control").write_text(Template((LINUX / "control").read_text("utf-8")).substitute(values), "utf-8")
    (folder / "md5sums").write_text("".join(sums), "utf-8")
    for path in folder.iterdir():
        path.chmod(0o644)
