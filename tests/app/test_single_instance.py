"""One running Tillgate per profile, whatever became of the one before."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtNetwork import QLocalSocket
from pytestqt.qtbot import QtBot

from tillgate.app import single_instance
from tillgate.app.single_instance import SOCKET_FILE, SingleInstance

# Another process: claims, says so, and stays until it is told to end, or is killed.
OTHER = """
import sys
from pathlib import Path
from PySide6.QtCore import QCoreApplication
from tillgate.app.single_instance import SingleInstance
application = QCoreApplication(sys.argv)
alone = SingleInstance(Path(sys.argv[1]))
claimed = alone.claim()
print(claimed, flush=True)
if claimed:
    alone.raised.connect(lambda: (print("raised", flush=True), application.quit()))
    application.exec()
    alone.release()
"""


def other(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", OTHER, str(folder)], stdout=subprocess.PIPE, text=True)


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_a_second_start_raises_the_first_one_s_window(qtbot: QtBot, tmp_path: Path) -> None:
    first = SingleInstance(tmp_path)
    assert first.claim()
    with qtbot.waitSignal(first.raised, timeout=10_000):
        second = other(tmp_path)
    assert said(second) == "False"
    second.communicate(timeout=10)
    first.release()
    assert SingleInstance(tmp_path).claim()


def test_another_process_has_it_until_it_ends_or_is_killed(qtbot: QtBot, tmp_path: Path) -> None:
    running = other(tmp_path)
    assert said(running) == "True"
    assert not SingleInstance(tmp_path).claim()
    assert said(running) == "raised"
    running.communicate(timeout=10)
    killed = other(tmp_path)
    assert said(killed) == "True"
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate(timeout=10)
    assert (tmp_path / SOCKET_FILE).exists()
    mine = SingleInstance(tmp_path)
    assert mine.claim()
    mine.release()


def test_profiles_do_not_mind_each_other(qtbot: QtBot, tmp_path: Path) -> None:
    both = [SingleInstance(tmp_path / name) for name in ("training", "live")]
    assert all(one.claim() for one in both)
    for one in both:
        one.release()


@pytest.mark.parametrize("noise", [b"raise", b"quit!\n", b"\0" * 5000])
def test_noise_on_the_socket_raises_nothing(qtbot: QtBot, tmp_path: Path, noise: bytes) -> None:
    first = SingleInstance(tmp_path)
    assert first.claim()
    caller = QLocalSocket()
    caller.connectToServer(str(tmp_path.resolve() / SOCKET_FILE))
    assert caller.waitForConnected(2_000)
    with qtbot.assertNotEmitted(first.raised, wait=100):
        caller.write(noise)
        caller.flush()
    caller.close()
    first.release()


def test_a_long_path_gets_a_short_name(qtbot: QtBot, tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["a-folder-with-a-long-name"] * 6)
    assert len(single_instance._address(deep)) < single_instance._LONGEST_SOCKET_PATH
    first = SingleInstance(deep)
    assert first.claim()
    with qtbot.waitSignal(first.raised, timeout=10_000):
        assert not SingleInstance(deep).claim()
    first.release()
