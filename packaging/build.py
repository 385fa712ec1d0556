"""Build Tillgate for the system it runs on: a folder with the program, and on Debian and Windows an installer.

    python packaging/build.py                       into dist/
    python packaging/build.py --output FOLDER
    python packaging/build.py --bundle-only         the folder, without an installer

It runs in the project's environment (`python3 dev.py setup`).
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Final

from deb import build_deb
from icons import write_ico

HERE: Final = Path(__file__).resolve().parent
ROOT: Final = HERE.parent
_MEGABYTE: Final = 1_000_000


def main() -> int:
    """Build; 0, or 1 with the reason on stderr."""
    parser = argparse.ArgumentParser(description="Build Tillgate for this system.")
    parser.add_argument("--output", type=Path, default=ROOT / "dist", help="where the result goes (dist/)")
    parser.add_argument("--bundle-only", action="store_true", help="the program's folder, without an installer")
    options = parser.parse_args()
    output = options.output.resolve()
    output.mkdir(parents=True, exist_ok=True)
    version = release()
    with tempfile.TemporaryDirectory(prefix="tillgate-build-") as folder:
        work = Path(folder)
        bundle = _timed("bundle", lambda: build_bundle(output, work))
        if options.bundle_only:
            return 0
        if shutil.which("dpkg-deb"):
            _timed("package", lambda: build_deb(bundle, version, output, _new(work / "deb")))
        elif sys.platform == "win32" and shutil.which("makensis"):
            _timed("installer", lambda: build_installer(bundle, version, output))
        else:
            print("No installer is made on this system: dpkg-deb or makensis makes one.")
    return 0


def release() -> str:
    """The version that is built. SystemExit where the environment has another one than the project."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    installed = installed_version("tillgate")
    if installed != declared:
        raise SystemExit(f"The environment has Tillgate {installed}, the project is {declared}: run dev.py setup.")
    return installed


def build_bundle(output: Path, work: Path) -> Path:
    """Make `output/tillgate`, the folder with the program, with PyInstaller."""
    # A fixed hash seed, so that the same source makes the same archive of modules.
    environment = {**os.environ, "PYTHONHASHSEED": "1", "PYINSTALLER_CONFIG_DIR": str(work / "cache")}
    if sys.platform == "win32":
        environment["TILLGATE_ICON"] = str(write_ico(_new(work / "icon") / "tillgate.ico"))
    places = ["--distpath", str(output), "--workpath", str(work / "pyinstaller")]
    command = [sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN", *places]
    subprocess.run([*command, str(HERE / "tillgate.spec")], check=True, cwd=ROOT, env=environment)
    bundle = output / "tillgate"
    if sys.platform.startswith("linux"):
        strip_debug(bundle)
    return bundle


def strip_debug(bundle: Path) -> None:
    """Take what only a debugger reads out of the libraries. The program itself carries an archive and is left alone."""
    # Libraries that a wheel brought along were moved about in their files, and strip may break such.
    for path in bundle.rglob("*.so*"):
        if path.is_file() and not path.is_symlink() and not path.parent.name.endswith(".libs"):
            subprocess.run(["strip", "--strip-debug", str(path)], check=True)


def build_installer(bundle: Path, version: str, output: Path) -> Path:
    """Make the Windows installer `output/tillgate-<version>-setup.exe` of a bundle."""
    made = output / f"tillgate-{version}-setup.exe"
    values = [f"-DVERSION={version}", f"-DPAYLOAD={bundle}", f"-DOUTPUT={made}"]
    subprocess.run(["makensis", "-V2", "-WX", *values, str(HERE / "windows" / "tillgate.nsi")], check=True)
    return made


def size_mb(path: Path) -> float:
    """What a file, or everything in a folder, takes, in millions of bytes; a link takes nothing."""
    files = [path] if path.is_file() else [found for found in path.rglob("*") if not found.is_symlink()]
    return sum(found.stat().st_size for found in files if found.is_file()) / _MEGABYTE


def _timed(name: str, make: Callable[[], Path]) -> Path:
    begun = time.monotonic()
    made = make()
    print(f"{name}: {made} ({size_mb(made):.0f} MB, {time.monotonic() - begun:.0f} s)", flush=True)
    return made


def _new(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


if __name__ == "__main__":
    sys.exit(main())
