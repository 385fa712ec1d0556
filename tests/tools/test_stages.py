"""The stages behind `dev.py check` and `dev.py test`: what fails, fails; what was counted, is said."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests import stages
from tests.stages import ROOT, Result, check_sources, counted, report, run_tests, timed


def test_a_failing_tool_fails_the_check_and_shows_why(capsys: pytest.CaptureFixture[str]) -> None:
    fine = ("python", "-c", "print('all is well')")
    broken = ("python", "-c", "print('line 7 is wrong'); raise SystemExit(3)")
    result = check_sources({"fine": fine, "broken": broken})
    assert (result.code, result.remark) == (1, "failed: broken")
    out = capsys.readouterr().out
    assert "line 7 is wrong" in out
    assert "all is well" not in out
    assert check_sources({"fine": fine}).code == 0


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A test file of every outcome, away from our own settings."""
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = none\n")
    (tmp_path / "test_outcomes.py").write_text(
        "import pytest\n"
        "def test_good(): pass\n"
        "def test_good_too(): pass\n"
        "def test_bad(): assert False\n"
        "@pytest.mark.skip\n"
        "def test_left_out(): pass\n"
        "@pytest.fixture\n"
        "def broken(): raise RuntimeError\n"
        "def test_error(broken): pass\n"
    )
    return tmp_path


def test_every_outcome_is_counted(suite: Path) -> None:
    result = run_tests(["-p", "no:cacheprovider", "--rootdir", str(suite), "-c", str(suite / "pytest.ini"), str(suite)])
    assert (result.code, result.passed, result.failed, result.skipped) == (1, 2, 2, 1)


def test_a_selection_without_tests_has_failed(suite: Path) -> None:
    command = ["-p", "no:cacheprovider", "--rootdir", str(suite), "-c", str(suite / "pytest.ini"), str(suite)]
    result = run_tests([*command, "-m", "none"])
    assert result.code == stages.NO_TESTS_RAN
    assert "no test ran" in result.remark


def test_a_run_that_broke_off_has_failed(tmp_path: Path) -> None:
    assert counted(tmp_path / "never-written.xml", 0).code == 1
    assert counted(tmp_path / "never-written.xml", 3).code == 3


def test_the_report_closes_with_the_sum_and_fails_with_the_first(capsys: pytest.CaptureFixture[str]) -> None:
    results = [
        timed("check", lambda: Result(code=0)),
        timed("tests", lambda: Result(code=1, passed=10, failed=1, skipped=2)),
        timed("e2e", lambda: Result(code=5, remark="no test ran, and there must be some")),
    ]
    assert report(results) == 1
    *_, first, second, third, last = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"check +\d+\.\d s  ok", first)
    assert re.fullmatch(r"tests +\d+\.\d s  FAILED  13 tests", second)
    assert third.endswith("no test ran, and there must be some")
    assert last == "10 passed, 1 failed, 2 skipped"


def test_told_to_end_it_lets_pytest_tear_down(suite: Path) -> None:
    (suite / "conftest.py").write_text("from tests.conftest import tear_down_when_terminated as pytest_configure")
    (suite / "test_outcomes.py").write_text(
        "import pathlib, pytest, time\n"
        "@pytest.fixture\n"
        "def server():\n"
        "    yield\n"
        f"    pathlib.Path({str(suite)!r}, 'torn-down').touch()\n"
        "def test_long(server):\n"
        "    print('server is up', flush=True)\n"
        "    time.sleep(60)\n"
    )
    command = [sys.executable, "-m", "tests.stages", "test", "-s", "-p", "no:cacheprovider"]
    command += ["--rootdir", str(suite), "-c", str(suite / "pytest.ini"), str(suite)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as told:
        assert told.stdout is not None
        assert any("server is up" in line for line in told.stdout)
        told.terminate()
        told.stdout.read()
        assert told.wait(timeout=30) == 128 + signal.SIGTERM
    assert (suite / "torn-down").exists()
