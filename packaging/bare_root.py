"""A bare Debian in a folder, to install a package into and run it there as an ordinary user."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

USER: Final = "till"
_PRIVATE: Final = "TILLGATE_PRIVATE_MOUNTS"
_PATH: Final = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"


class Failed(Exception):
    """Something is not as it must be; the text says what was seen."""


def with_private_mounts() -> None:
    """Go on in a mount namespace of our own, so that nothing we mount outlives us. Replaces this process."""
    if os.environ.get(_PRIVATE):
        return
    if os.geteuid() != 0:
        raise SystemExit("This installs a package into a root of its own and needs to be root.")
    # Our own script again, nothing from outside.
    os.execvpe("unshare", ["unshare", "--mount", sys.executable, *sys.argv], {**os.environ, _PRIVATE: "1"})  # noqa: S606


@dataclass(frozen=True)
class BareRoot:
    """The folder. Its files are Debian's smallest installation and what a test puts there."""

    folder: Path

    @classmethod
    def make(cls, folder: Path, suite: str, base: Path | None) -> BareRoot:
        """Make one in an empty folder, with debootstrap or from the archive `base`, which is written when missing."""
        if base is not None and base.is_file():
            _must(["tar", "--extract", "--numeric-owner", "--file", str(base), "--directory", str(folder)])
        else:
            _must(["debootstrap", "--variant=minbase", suite, str(folder)])
            if base is not None:
                _must(["tar", "--create", "--numeric-owner", "--file", str(base), "--directory", str(folder), "."])
        # A temporary folder lets nobody else in, and becomes the user's "/".
        folder.chmod(0o755)
        _must(["mount", "-t", "proc", "proc", str(folder / "proc")])
        root = cls(folder)
        root.must(["useradd", "--create-home", USER])
        return root

    @property
    def home(self) -> Path:
        """The ordinary user's home, seen from outside."""
        return self.folder / "home" / USER

    def command(
        self, command: Sequence[str], *, user: str = "root", variables: Mapping[str, str] | None = None
    ) -> list[str]:
        """What to run outside for a command inside: with a user's rights and only the variables named."""
        home = "/root" if user == "root" else f"/home/{user}"
        given = {"PATH": _PATH, "HOME": home, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
        named = [f"{name}={value}" for name, value in {**given, **(variables or {})}.items()]
        return ["chroot", f"--userspec={user}", str(self.folder), "env", "-i", f"--chdir={home}", *named, *command]

    def run(
        self,
        command: Sequence[str],
        *,
        user: str = "root",
        variables: Mapping[str, str] | None = None,
        timeout_s: int = 120,
    ) -> subprocess.CompletedProcess[str]:
        """Run to its end. Raises subprocess.TimeoutExpired."""
        full = self.command(command, user=user, variables=variables)
        return subprocess.run(full, capture_output=True, text=True, check=False, timeout=timeout_s)

    def must(
        self,
        command: Sequence[str],
        *,
        user: str = "root",
        variables: Mapping[str, str] | None = None,
        timeout_s: int = 120,
    ) -> str:
        """Its output. Raises Failed with what it said where it does not end with 0."""
        done = self.run(command, user=user, variables=variables, timeout_s=timeout_s)
        if done.returncode != 0:
            said = "\n".join([*done.stdout.splitlines()[-20:], *done.stderr.splitlines()[-20:]])
            raise Failed(f"{' '.join(command)} ended with {done.returncode}:\n{said}")
        return done.stdout

    def start(self, command: Sequence[str], *, variables: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """Start something as the ordinary user; its process is the command's own."""
        full = self.command(command, user=USER, variables=variables)
        return subprocess.Popen(full, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def install(self, package: Path) -> None:
        """Install a package file with what it depends on, and nothing that it only recommends."""
        inside = self.folder / "tmp" / package.name
        inside.write_bytes(package.read_bytes())
        self.must(["apt-get", "update", "-q"], timeout_s=300)
        self.must(
            ["apt-get", "install", "-q", "--yes", "--no-install-recommends", f"/tmp/{package.name}"],  # noqa: S108
            timeout_s=900,
        )
        inside.unlink()

    def purge(self, name: str) -> None:
        """Remove a package with all that it configured."""
        self.must(["apt-get", "purge", "-q", "--yes", name], timeout_s=300)


def _must(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failed(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
