"""The launcher: what it sets up, when it leaves things alone, and what it says when it can't go on."""

from __future__ import annotations

import ast
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import dev
import pytest

ROOT = Path(__file__).resolve().parents[2]
LAUNCHER = ROOT / "dev.py"


class Installer:
    """Stands for venv and pip: makes the files they would, and can be made to fail or to take its time."""

    def __init__(self, environment: Path, fail_at: str = "", seconds: float = 0.0) -> None:
        self.environment = environment
        self.fail_at = fail_at
        self.seconds = seconds
        self.steps: list[str] = []
        self.at_once = 0

    def __call__(self, command: Sequence[str]) -> int:
        step = "venv" if "venv" in command else "packages" if "--require-hashes" in command else "project"
        self.at_once += 1
        assert self.at_once == 1, "two setups at once"
        assert not (self.environment / dev.STAMP).exists(), "the stamp is there while things change"
        time.sleep(self.seconds)
        self.steps.append(step)
        (self.environment / f"made-by-{step}").write_text("")
        self.at_once -= 1
        return 1 if step == self.fail_at else 0


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "requirements.lock").write_text("one==1\n")
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    return tmp_path


def environment(project: Path, *, fail_at: str = "", seconds: float = 0.0) -> tuple[dev.Environment, Installer]:
    made = Installer(project / ".venv", fail_at, seconds)
    return dev.Environment(project, made), made


def test_the_second_time_nothing_is_done(project: Path) -> None:
    first, installer = environment(project)
    first.ensure()
    assert installer.steps == ["venv", "packages", "project"]
    first.ensure()
    assert len(installer.steps) == 3


def test_changed_project_settings_install_the_project_again_and_no_package(project: Path) -> None:
    env, installer = environment(project)
    env.ensure()
    (project / "pyproject.toml").write_text("[project]\nname='x'\n")
    env.ensure()
    assert installer.steps[3:] == ["project"]
    assert (project / ".venv" / "made-by-venv").exists()


def test_a_changed_lock_starts_from_nothing(project: Path) -> None:
    env, installer = environment(project)
    env.ensure()
    (project / ".venv" / "lib").mkdir()
    (project / ".venv" / "lib" / "gone-from-the-lock").write_text("")
    (project / "requirements.lock").write_text("two==2\n")
    env.ensure()
    assert installer.steps[3:] == ["venv", "packages", "project"]
    assert not (project / ".venv" / "lib").exists()


def test_an_environment_behind_a_link_is_left_alone(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "theirs").write_text("")
    (project / ".venv").symlink_to(elsewhere)
    here, installer = environment(project)
    with pytest.raises(dev.Stop, match="is a link"):
        here.ensure()
    assert installer.steps == []
    assert [each.name for each in elsewhere.iterdir()] == ["theirs"]


@pytest.mark.parametrize("step", ["venv", "packages", "project"])
def test_a_setup_that_broke_off_is_redone(project: Path, step: str) -> None:
    broken, _ = environment(project, fail_at=step)
    with pytest.raises(dev.Stop, match="exit code 1"):
        broken.ensure()
    again, installer = environment(project)
    again.ensure()
    assert installer.steps == ["venv", "packages", "project"]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"packages": "other"}'])
def test_a_stamp_that_says_something_else_is_no_stamp(project: Path, content: str) -> None:
    (project / ".venv").mkdir()
    (project / ".venv" / dev.STAMP).write_text(content)
    env, installer = environment(project)
    env.ensure()
    assert len(installer.steps) == 3
    assert json.loads((project / ".venv" / dev.STAMP).read_text()) == env.wanted()


def test_two_at_once_make_one_environment(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    env, installer = environment(project, seconds=0.1)
    threads = [threading.Thread(target=env.ensure) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert installer.steps == ["venv", "packages", "project"]
    assert "waiting for it" in capsys.readouterr().out


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH of programs that the test writes itself."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def program(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def as_user(monkeypatch: pytest.MonkeyPatch, uid: int) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: uid)


MISSING = (dev.Need("libabsent1", library="libabsent.so.1"), dev.Need("absent-tool", program="absent"))


def test_what_is_there_needs_nothing(machine: Path) -> None:
    program(machine, "present", "exit 0")
    dev.ensure_needs(
        [dev.Need("c", library="libc.so.6"), dev.Need("p", program="present"), dev.Need("m", module="json")]
    )


def test_an_ordinary_user_gets_the_exact_command(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_user(monkeypatch, 1000)
    program(machine, "apt-get", "exit 99")
    program(machine, "sudo", "exit 1")  # it would ask for a password
    with pytest.raises(dev.Stop) as stop:
        dev.ensure_needs(MISSING)
    assert "sudo apt-get install --yes --no-install-recommends absent-tool libabsent1" in str(stop.value)


def test_another_linux_gets_the_names_of_what_is_missing(machine: Path) -> None:
    with pytest.raises(dev.Stop, match=r"libabsent\.so\.1, absent"):
        dev.ensure_needs(MISSING)


@pytest.mark.parametrize(("uid", "sudo"), [(0, False), (1000, True)])
def test_who_may_install_installs(
    machine: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, uid: int, sudo: bool
) -> None:
    as_user(monkeypatch, uid)
    calls = tmp_path / "calls"
    env, cp = shutil.which("env", path=os.defpath), shutil.which("cp", path=os.defpath)
    program(machine, "env", f'exec {env} "$@"')
    program(machine, "absent-later", "exit 0")
    program(
        machine,
        "apt-get",
        f'echo "$*" >> {calls}\ncase "$*" in *install*) {cp} {machine}/absent-later {machine}/absent;; esac',
    )
    if sudo:
        program(machine, "sudo", 'shift\nexec "$@"')
        program(machine, "true", "exit 0")
    dev.ensure_needs(MISSING[1:])
    update, install = calls.read_text().splitlines()
    assert update.endswith("update")
    assert install.endswith("install --yes --no-install-recommends absent-tool")


def test_an_installation_that_fails_shows_why(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_user(monkeypatch, 0)
    program(machine, "env", f'exec {shutil.which("env", path=os.defpath)} "$@"')
    program(machine, "apt-get", "echo no route to the mirror; exit 100")
    with pytest.raises(dev.Stop, match="no route to the mirror"):
        dev.ensure_needs(MISSING)


def test_packages_that_do_not_bring_what_is_missing_are_no_success(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_user(monkeypatch, 0)
    program(machine, "env", f'exec {shutil.which("env", path=os.defpath)} "$@"')
    program(machine, "apt-get", "exit 0")
    with pytest.raises(dev.Stop, match="still not found"):
        dev.ensure_needs(MISSING)


def launch(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(LAUNCHER), *arguments],
        capture_output=True, text=True, check=False, timeout=60, env={**os.environ, **environment},
    )  # fmt: skip


def test_help_names_every_command() -> None:
    told = launch("--help")
    assert told.returncode == 0
    assert all(f"  {name} " in told.stdout for name in dev.COMMANDS)


def test_no_command_and_an_unknown_one_are_mistakes() -> None:
    assert launch().returncode == 2
    unknown = launch("fly")
    assert unknown.returncode == 2
    assert "'fly'" in unknown.stderr


def test_what_would_change_python_does_not_reach_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "TILLGATE_ANY"):
        monkeypatch.setenv(name, "1")
    assert {"PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "TILLGATE_ANY"} & dev.test_environment().keys() == {"TILLGATE_ANY"}


def test_exit_codes_and_signals_are_the_programs_own() -> None:
    assert dev.run([sys.executable, "-c", "raise SystemExit(7)"]) == 7
    assert dev.run([sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"]) == -signal.SIGKILL


def test_sigterm_ends_what_was_started(tmp_path: Path) -> None:
    """A launcher that is told to end takes its tests along."""
    script = (
        "import runpy, sys, signal\n"
        f"dev = runpy.run_path({str(LAUNCHER)!r})\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))\n"
        "dev['run']([sys.executable, '-c', 'import os, time; print(os.getpid(), flush=True); time.sleep(60)'])\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as launcher:
        assert launcher.stdout is not None
        child = int(launcher.stdout.readline())
        launcher.terminate()
        assert launcher.wait(timeout=20) == 143
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def test_an_old_python_is_told_so(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dev, "MINIMUM_PYTHON", (3, 90))
    here = ".".join(map(str, sys.version_info[:3]))
    with pytest.raises(dev.Stop, match=f"needs Python 3.90 or newer, and this is {here}"):
        dev.use_recent_python()


def test_an_old_python_goes_on_with_a_newer_one(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(machine, "python3.90", "exit 1")  # a shim of something that is not installed
    program(machine, "python3.91", "exit 0")
    monkeypatch.setattr(dev, "MINIMUM_PYTHON", (3, 90))
    became: list[list[str]] = []
    monkeypatch.setattr(os, "execv", lambda _path, words: became.append(words))
    with pytest.raises(dev.Stop):  # reached only because this execv comes back
        dev.use_recent_python()
    assert became == [[str(machine / "python3.91"), *sys.argv]]


def test_python_3_9_can_read_it_and_it_is_standard_library_only() -> None:
    tree = ast.parse(LAUNCHER.read_text("utf-8"), feature_version=(3, 9))
    imported = {
        (node.module or "" if isinstance(node, ast.ImportFrom) else alias.name).split(".")[0]
        for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }  # fmt: skip
    assert imported <= sys.stdlib_module_names
