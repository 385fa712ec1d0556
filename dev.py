#!/usr/bin/env python3
"""Everything done with Tillgate from its source: `python3 dev.py COMMAND [ARGUMENTS]`.

Standard library only, nothing done before it. It runs on Python 3.9 far enough to say what is missing;
Tillgate itself needs 3.11. The first call makes `.venv` from `requirements.lock` and, where it may,
installs missing system libraries; later calls only look at a stamp.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import importlib.util
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

ROOT = Path(__file__).resolve().parent
MINIMUM_PYTHON = (3, 11)
STAMP = ".tillgate-stamp.json"
LOCK = ".setup.lock"


class Stop(Exception):
    """Nothing more can be done here; the text tells the user why and what to do."""


# --- What the operating system must bring ---------------------------------------------------------


@dataclass(frozen=True)
class Need:
    """One thing from the operating system: exactly one of library, program or module, and Debian's name for it."""

    package: str
    library: str = ""
    program: str = ""
    module: str = ""

    def is_met(self) -> bool:
        if self.library:
            return library_loads(self.library)
        if self.program:
            return find_program(self.program) is not None
        return importlib.util.find_spec(self.module) is not None

    def __str__(self) -> str:
        return self.library or self.program or f"Python's module {self.module}"


VENV_NEEDS = (Need("python3-venv", module="ensurepip"),)
WINDOW_NEEDS = (
    Need("libglib2.0-0", library="libgthread-2.0.so.0"),
    Need("libgl1", library="libGL.so.1"),
    Need("libegl1", library="libEGL.so.1"),
    Need("libxkbcommon0", library="libxkbcommon.so.0"),
    Need("libdbus-1-3", library="libdbus-1.so.3"),
    Need("libfontconfig1", library="libfontconfig.so.1"),
    Need("libgssapi-krb5-2", library="libgssapi_krb5.so.2"),
    Need("libxkbcommon-x11-0", library="libxkbcommon-x11.so.0"),
    Need("libxcb-cursor0", library="libxcb-cursor.so.0"),
    Need("libxcb-icccm4", library="libxcb-icccm.so.4"),
    Need("libxcb-keysyms1", library="libxcb-keysyms.so.1"),
    Need("libxcb-shape0", library="libxcb-shape.so.0"),
    Need("libwayland-cursor0", library="libwayland-cursor.so.0"),
)
TEST_NEEDS = (
    Need("git", program="git"),
    Need("xvfb", program="Xvfb"),
    Need("xauth", program="xauth"),
    Need("xdotool", program="xdotool"),
    Need("chromium", program="chromium"),
    Need("chromium-driver", program="chromedriver"),
    Need("postgresql", program="postgres"),
    Need("dbus", program="dbus-run-session"),
    Need("gnome-keyring", program="gnome-keyring-daemon"),
    Need("poppler-utils", program="pdftoppm"),
)


def library_loads(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def find_program(name: str) -> str | None:
    """The program on the PATH, or PostgreSQL's own in Debian's versioned folder, which no PATH has."""
    versioned = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return shutil.which(name) or (str(versioned[-1]) if versioned else None)


def ensure_needs(needs: Sequence[Need]) -> None:
    """Install what is missing where that is allowed without asking; otherwise stop and say how.

    Only on Linux: Qt brings everything on macOS and Windows, and the tests there leave out what they don't have.
    """
    if not sys.platform.startswith("linux"):
        return
    missing = [need for need in needs if not need.is_met()]
    if not missing:
        return
    install_packages(missing)
    still = [need for need in missing if not need.is_met()]
    if still:
        raise Stop(f"Installed, but still not found: {', '.join(map(str, still))}.")


def install_packages(missing: Sequence[Need]) -> None:
    packages = sorted({need.package for need in missing})
    install = ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
    by_hand = f"    sudo apt-get update && sudo {shlex.join(install)}"
    if not shutil.which("apt-get"):
        raise Stop(
            f"Missing on this machine: {', '.join(map(str, missing))}.\n"
            f"Install what provides them and start again. On Debian and Ubuntu that is:\n{by_hand}"
        )
    prefix = administrator_prefix()
    if prefix is None:
        raise Stop(f"Tillgate needs packages from your system. Install them with:\n{by_hand}\nthen start again.")
    say(f"Installing system packages: {' '.join(packages)}")
    apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-o", "DPkg::Lock::Timeout=300"]
    for command in ([*apt, "update"], [*apt, *install[1:]]):
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        if done.returncode != 0:
            tail = "\n".join(done.stdout.splitlines()[-25:])
            raise Stop(f"{tail}\nInstalling system packages failed. By hand:\n{by_hand}")


def administrator_prefix() -> list[str] | None:
    """What to put before apt-get, or None where it would need a password."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return []
    if not shutil.which("sudo"):
        return None
    allowed = subprocess.run(["sudo", "-n", "true"], capture_output=True, stdin=subprocess.DEVNULL, check=False)
    return ["sudo", "-n"] if allowed.returncode == 0 else None


# --- The Python environment -----------------------------------------------------------------------


@dataclass(frozen=True)
class Environment:
    """The project's own `.venv`, made from `requirements.lock`.

    The stamp is removed before anything changes and written after everything is in place: an interrupted setup is
    redone. A lock lets one setup run at a time.
    """

    root: Path
    run: Callable[[Sequence[str]], int]

    @property
    def folder(self) -> Path:
        return self.root / ".venv"

    @property
    def scripts(self) -> Path:
        return self.folder / ("Scripts" if os.name == "nt" else "bin")

    @property
    def python(self) -> str:
        return str(self.scripts / ("python.exe" if os.name == "nt" else "python"))

    def program(self, name: str) -> str:
        return str(self.scripts / (f"{name}.exe" if os.name == "nt" else name))

    def wanted(self) -> dict[str, str]:
        """What a complete environment's stamp says: which packages on which Python, and which project."""
        python = f"{sys.version} {sys.base_prefix} {self.root}"
        lock = (self.root / "requirements.lock").read_bytes()
        return {
            "packages": hashlib.sha256(lock + python.encode()).hexdigest(),
            "project": hashlib.sha256((self.root / "pyproject.toml").read_bytes()).hexdigest(),
        }

    def stamped(self) -> dict[str, str]:
        try:
            found = json.loads((self.folder / STAMP).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def ensure(self) -> None:
        if self.stamped() == self.wanted():
            return
        if self.folder.is_symlink():
            raise Stop(f"{self.folder} is a link, and what it leads to may be another project's. Remove the link.")
        self.folder.mkdir(exist_ok=True)
        with only_one(self.folder / LOCK):
            wanted, stamped = self.wanted(), self.stamped()
            if stamped == wanted:
                return
            (self.folder / STAMP).unlink(missing_ok=True)
            if stamped.get("packages") != wanted["packages"]:
                self.install_packages()
            self.install_project()
            unfinished = self.folder / f"{STAMP}.new"
            unfinished.write_text(json.dumps(wanted), encoding="utf-8")
            unfinished.replace(self.folder / STAMP)

    def install_packages(self) -> None:
        say("Making .venv from requirements.lock (about 300 MB are downloaded the first time)")
        ensure_needs(VENV_NEEDS)
        for entry in self.folder.iterdir():
            if entry.name == LOCK:
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()
        interpreter = getattr(sys, "_base_executable", "") or sys.executable
        self.must([interpreter, "-m", "venv", str(self.folder)])
        self.pip("--require-hashes", "--only-binary=:all:", "--requirement", str(self.root / "requirements.lock"))

    def install_project(self) -> None:
        self.pip("--no-deps", "--no-build-isolation", "--editable", str(self.root))

    def pip(self, *arguments: str) -> None:
        quiet = ["--disable-pip-version-check", "--no-input", "--quiet"]
        self.must([self.python, "-m", "pip", "install", *quiet, *arguments])

    def must(self, command: Sequence[str]) -> None:
        code = self.run(command)
        if code != 0:
            raise Stop(f"Making the environment failed (exit code {code}): {shlex.join(command)}")


@contextlib.contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Hold a lock file; wait, and say so, while another process holds it."""
    with path.open("a+", encoding="utf-8") as file:
        if not lock(file, wait=False):
            say("Another dev.py is making the environment; waiting for it")
            lock(file, wait=True)
        yield


if sys.platform == "win32":
    import msvcrt

    def lock(file: IO[str], *, wait: bool) -> bool:
        while True:
            try:
                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            except OSError:
                if not wait:
                    return False
                time.sleep(0.2)
            else:
                return True
else:
    import fcntl

    def lock(file: IO[str], *, wait: bool) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            return False
        return True


# --- Starting programs ----------------------------------------------------------------------------


def say(text: str) -> None:
    print(text, flush=True)


def clean_environment() -> dict[str, str]:
    """The user's environment without what would change how our Python behaves."""
    unwanted = {"PYTHONPATH", "PYTHONHOME", "PYTHONWARNINGS", "PIP_USER", "PIP_TARGET", "PIP_PREFIX"}
    # Without what was compiled before, every start of ours takes two seconds longer.
    unwanted |= {"PYTHONDONTWRITEBYTECODE"}
    environment = {name: value for name, value in os.environ.items() if name not in unwanted}
    environment["VIRTUAL_ENV"] = str(HERE.folder)
    environment["PATH"] = os.pathsep.join([str(HERE.scripts), environment.get("PATH", "")])
    return environment


def test_environment() -> dict[str, str]:
    environment = clean_environment()
    environment["QT_QPA_PLATFORM"] = "offscreen"
    if sys.platform.startswith("linux"):
        environment["LC_ALL"] = "C.UTF-8"
    return environment


def run(command: Sequence[str], environment: dict[str, str] | None = None) -> int:
    """Run a program in the project's folder until it ends; Ctrl-C and SIGTERM end it too."""
    child = subprocess.Popen(command, cwd=ROOT, env=environment or clean_environment())
    try:
        return child.wait()
    except BaseException as error:
        end(child, asked=isinstance(error, KeyboardInterrupt))
        raise


def end(child: subprocess.Popen[bytes], *, asked: bool) -> None:
    """End a child that a Ctrl-C in the terminal has `asked` already, or has not."""
    steps: list[Callable[[], None]] = [child.terminate, child.kill]
    if asked:
        steps.insert(0, lambda: None)
    for step in steps:
        step()
        with contextlib.suppress(subprocess.TimeoutExpired, KeyboardInterrupt):
            child.wait(timeout=20)
            return


def become(command: Sequence[str]) -> int:
    """Run the command in our place where the system can do that: signals and the exit code are then its own."""
    if os.name != "nt":
        os.chdir(ROOT)
        sys.stdout.flush()
        os.execve(command[0], list(command), clean_environment())  # noqa: S606 - our own program, no shell wanted
    return run(command)


HERE = Environment(ROOT, run)


# --- The commands ---------------------------------------------------------------------------------


def prepare(needs: Sequence[Need]) -> None:
    ensure_needs(needs)
    HERE.ensure()


def setup(arguments: Sequence[str]) -> int:
    if arguments:
        raise Stop(f"setup takes no arguments: {shlex.join(arguments)}")
    prepare(WINDOW_NEEDS)
    say(f"Ready: {HERE.folder}")
    return 0


def demo(arguments: Sequence[str]) -> int:
    prepare(WINDOW_NEEDS)
    return become([HERE.program("tillgate"), "demo", *arguments])


def run_tillgate(arguments: Sequence[str]) -> int:
    prepare(WINDOW_NEEDS)
    return become([HERE.program("tillgate"), "run", *arguments])


def bench(arguments: Sequence[str]) -> int:
    prepare(WINDOW_NEEDS + TEST_NEEDS)
    return run([HERE.python, "-m", "tests.bench.run", *arguments], test_environment())


def campaign(arguments: Sequence[str]) -> int:
    prepare(WINDOW_NEEDS + TEST_NEEDS)
    environment = {**test_environment(), "TILLGATE_CAMPAIGN": "1"}
    return run([HERE.python, "-m", "tests.campaign", *arguments], environment)


def check(arguments: Sequence[str]) -> int:
    prepare(())
    return run([HERE.python, "-m", "tests.stages", "check", *arguments], test_environment())


def test(arguments: Sequence[str]) -> int:
    prepare(WINDOW_NEEDS + TEST_NEEDS)
    return run([HERE.python, "-m", "tests.stages", "test", *arguments], test_environment())


@dataclass(frozen=True)
class Command:
    """One word after dev.py."""

    purpose: str
    act: Callable[[Sequence[str]], int]


COMMANDS = {
    "demo": Command("open Tillgate in training mode on sample data", demo),
    "test": Command("run everything CI runs; with arguments, pytest with these", test),
    "setup": Command("make the environment, and nothing else", setup),
    "run": Command("open Tillgate for real use", run_tillgate),
    "bench": Command("measure the times Tillgate promises", bench),
    "check": Command("lint, format, types and imports", check),
    "campaign": Command("run the heavy proofs", campaign),
}


def usage() -> str:
    lines = "\n".join(f"  {name:<10}{command.purpose}" for name, command in COMMANDS.items())
    return f"usage: python3 dev.py COMMAND [ARGUMENTS]\n\n{lines}"


def use_recent_python() -> None:
    """On an old Python, go on with a newer one of this machine, or stop."""
    if tuple(sys.version_info) >= MINIMUM_PYTHON:
        return
    for minor in range(MINIMUM_PYTHON[1], MINIMUM_PYTHON[1] + 4):
        newer = shutil.which(f"python3.{minor}")
        if newer and subprocess.run([newer, "-c", ""], capture_output=True, check=False).returncode == 0:
            os.execv(newer, [newer, *sys.argv])  # noqa: S606 - the same script on another Python
    wanted, here = (".".join(map(str, version)) for version in (MINIMUM_PYTHON, sys.version_info[:3]))
    raise Stop(f"Tillgate needs Python {wanted} or newer, and this is {here}. Install one and start again.")


def main(arguments: Sequence[str]) -> int:
    name = arguments[0] if arguments else "--help"
    if name in ("-h", "--help", "help"):
        say(usage())
        return 0 if arguments else 2
    if name not in COMMANDS:
        print(f"dev.py has no command {name!r}.\n\n{usage()}", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        use_recent_python()
        code = COMMANDS[name].act(arguments[1:])
    except Stop as stop:
        print(stop, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
