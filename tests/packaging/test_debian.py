"""The Debian package: what it depends on, what it installs, how it is called."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import dev
import pytest

from tests.packaging.conftest import FOLDER, Script
from tillgate import i18n
from tillgate.app.cli import _parser

# What Qt's X11 and offscreen platforms load, and what a bare Debian lacks of what PySide6's libraries are linked to.
LIBRARIES = {
    "libglib2.0-0", "libgl1", "libegl1", "libxkbcommon0", "libdbus-1-3", "libfontconfig1", "libxkbcommon-x11-0",
    "libxcb-cursor0", "libxcb-icccm4", "libxcb-keysyms1", "libxcb-shape0", "libgssapi-krb5-2", "libgcc-s1",
    "libstdc++6",
}  # fmt: skip


def dependencies() -> set[str]:
    control = (FOLDER / "linux/control").read_text("utf-8")
    found = re.search(r"^Depends:((?:.*\n)(?: .*\n)*)", control, re.MULTILINE)
    assert found is not None
    return {entry.split()[0] for entry in found[1].replace("\n", " ").split(",")}


def test_the_package_brings_what_the_window_needs() -> None:
    assert LIBRARIES | {need.package for need in dev.WINDOW_NEEDS} <= dependencies()
    assert {"libc6", "tzdata", "zlib1g"} <= dependencies()


def test_a_pre_release_comes_before_its_release(script: Script) -> None:
    versions = {"1.2.0": "1.2.0", "1.2.0rc1": "1.2.0~rc1", "2.0a10": "2.0~a10", "1.0.dev3": "1.0~dev3"}
    assert {version: script("deb").debian_version(version) for version in versions} == versions


def test_the_menu_entry_starts_what_the_command_line_has() -> None:
    entry = configparser.ConfigParser(interpolation=None, delimiters=("=",))
    entry.optionxform = str  # type: ignore[assignment,method-assign] # configparser's own way to keep the case
    entry.read(FOLDER / "linux/tillgate.desktop", encoding="utf-8")
    main = entry["Desktop Entry"]
    actions = [entry[f"Desktop Action {name}"] for name in main["Actions"].split(";") if name]
    assert (main["Type"], main["Icon"], main["Terminal"]) == ("Application", "tillgate", "false")
    assert main["Categories"].endswith(";")
    for section in (main, *actions):
        program, *arguments = section["Exec"].split()
        assert program == "tillgate"
        assert _parser().parse_args(arguments).run is not None
    for language in set(i18n.LANGUAGES) - {"en"}:
        assert main[f"GenericName[{language}]"]
        assert main[f"Comment[{language}]"]
        assert all(action[f"Name[{language}]"] for action in actions)


@pytest.mark.skipif(shutil.which("desktop-file-validate") is None, reason="desktop-file-utils is not installed")
def test_the_menu_entry_is_valid() -> None:
    done = subprocess.run(
        ["desktop-file-validate", str(FOLDER / "linux/tillgate.desktop")], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_the_oldest_c_library_is_the_newest_that_anything_asks_for(script: Script, tmp_path: Path) -> None:
    (tmp_path / "a.so").write_bytes(b"\x7fELF..\0GLIBC_2.2.5\0GLIBC_2.34\0GLIBC_PRIVATE\0")
    (tmp_path / "b.so").write_bytes(b"\x7fELF..\0GLIBC_2.17\0")
    (tmp_path / "notes.txt").write_bytes(b"GLIBC_2.99")
    assert script("deb").needed_glibc(tmp_path) == "2.34"


@pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="only Debian has dpkg-deb")
def test_a_package_of_a_small_bundle(script: Script, tmp_path: Path) -> None:
    bundle, output, work = tmp_path / "tillgate", tmp_path / "output", tmp_path / "work"
    (bundle / "_internal").mkdir(parents=True)
    output.mkdir()
    (bundle / "tillgate").write_bytes(b"\x7fELF\0GLIBC_2.31\0")
    (bundle / "_internal/THIRD-PARTY.txt").write_text("terms")
    (bundle / "_internal/lib.so").write_bytes(b"\x7fELF")
    (bundle / "_internal/link.so").symlink_to("lib.so")

    made = script("deb").build_deb(bundle, "1.0rc1", output, work)

    assert re.fullmatch(r"tillgate_1\.0~rc1_\w+\.deb", made.name)
    fields = told(["dpkg-deb", "--field", str(made), "Version", "Depends"])
    assert "Version: 1.0~rc1\n" in fields
    assert "libc6 (>= 2.31)" in fields
    listed = {}
    for line in told(["dpkg-deb", "--contents", str(made)]).splitlines():
        rights, owner, _size, _day, _time, name = line.split(maxsplit=5)
        assert owner == "root/root", line
        listed[name] = rights
    assert listed["./opt/tillgate/tillgate"] == "-rwxr-xr-x"
    assert listed["./opt/tillgate/_internal/lib.so"] == "-rw-r--r--"
    assert "./opt/tillgate/_internal/link.so -> lib.so" in listed
    assert "./usr/bin/tillgate -> /opt/tillgate/tillgate" in listed
    assert {"./usr/share/applications/tillgate.desktop", "./usr/share/doc/tillgate/copyright"} <= set(listed)
    icons = script("icons")
    assert {f"./usr/share/icons/hicolor/{side}x{side}/apps/tillgate.png" for side in icons.SIZES} <= set(listed)


def told(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_the_icon_is_painted_at_every_size(script: Script) -> None:
    icons = script("icons")
    for side in icons.SIZES:
        image = icons.painted(side)
        assert (image.width(), image.height()) == (side, side)
        assert image.pixelColor(0, 0).alpha() == 0
        assert image.pixelColor(side // 2, side // 2).alpha() == 255
        colours = {image.pixelColor(x, y).rgb() for x in range(0, side, side // 16) for y in range(0, side, side // 16)}
        assert len(colours) > 8


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"LD_LIBRARY_PATH": "/opt/tillgate/_internal"}, {}),
        ({"LD_LIBRARY_PATH": "/opt/tillgate/_internal", "LD_LIBRARY_PATH_ORIG": "/mine"}, {"LD_LIBRARY_PATH": "/mine"}),
        ({"PATH": "/usr/bin"}, {"PATH": "/usr/bin"}),
    ],
)
def test_programs_we_start_get_the_systems_libraries(
    script: Script, before: dict[str, str], after: dict[str, str]
) -> None:
    script("entry").restore_library_path(before)
    assert before == after
