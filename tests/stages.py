"""What `dev.py check` and `dev.py test` run, stage by stage, with the time each took.

    python -m tests.stages check                lint, format, types, imports
    python -m tests.stages test                 the same, then every test
    python -m tests.stages test -k money        pytest alone, with these arguments

The exit code is the first failing stage's. The last line counts the tests: `12 passed, 0 failed, 1 skipped`.
"""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[1]
NO_TESTS_RAN = 5  # pytest's exit code
TEARDOWN_SECONDS = 15.0
PYTEST = (sys.executable, "-m", "pytest")
CHECKS = {
    "ruff check": ("ruff", "check", "."),
    "ruff format": ("ruff", "format", "--check", "."),
    "mypy": ("mypy",),
    "lint-imports": ("lint-imports",),
}
# mypy leaves a core free: what the tests' workers would each compile for themselves is compiled beside it, once.
BEFORE_TESTS = CHECKS | {"collection": ("pytest", "--collect-only", "-qq", "-p", "no:cacheprovider")}


@dataclass
class Result:
    """How one stage ended."""

    code: int
    remark: str = ""
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    name: str = ""
    seconds: float = 0.0


def check_sources(checks: dict[str, tuple[str, ...]] = CHECKS) -> Result:
    """Run the tools side by side, so that the slow one hides the others; show the output of those that fail."""
    failed = []
    with contextlib.ExitStack() as stack:
        running = {}
        for name, (program, *arguments) in checks.items():
            output = stack.enter_context(tempfile.TemporaryFile())
            command = [str(Path(sys.executable).parent / program), *arguments]
            child = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)
            stack.callback(stop, child)
            running[name] = (child, output)
        for name, (child, output) in running.items():
            code = child.wait()
            say(f"--- {name}: {'ok' if code == 0 else f'FAILED (exit code {code})'}")
            if code != 0:
                failed.append(name)
                output.seek(0)
                say(output.read().decode(errors="replace"))
    return Result(code=1 if failed else 0, remark=f"failed: {', '.join(failed)}" if failed else "")


def stop(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        child.terminate()
        child.wait()


def run(command: Sequence[str]) -> int:
    """Run a program; when we are told to end, it gets the time to end well."""
    child = subprocess.Popen(command, cwd=ROOT)
    try:
        return child.wait()
    except BaseException as error:
        if not isinstance(error, KeyboardInterrupt):  # Ctrl-C reached the child as well
            child.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired, KeyboardInterrupt):
            child.wait(timeout=TEARDOWN_SECONDS)
        child.kill()
        raise


def run_tests(selection: Sequence[str]) -> Result:
    """Run pytest on a selection; one that selects nothing has failed, since a whole group has gone missing."""
    with tempfile.TemporaryDirectory(prefix="tillgate-stage-") as folder:
        results = Path(folder) / "results.xml"
        command = [*PYTEST, "--durations=10", f"--junitxml={results}", *selection]
        code = run(command)
        if code == NO_TESTS_RAN:
            return Result(code=code, remark="no test ran, and there must be some")
        return counted(results, code)


def counted(results: Path, code: int) -> Result:
    """The counts from pytest's own report; a run that broke off has none."""
    if not results.exists():
        return Result(code=code or 1, remark="pytest ended without a report")
    suites = list(ElementTree.parse(results).getroot().iter("testsuite"))  # noqa: S314 - our own pytest wrote it
    total, failures, errors, skipped = (
        sum(int(suite.get(name, "0")) for suite in suites) for name in ("tests", "failures", "errors", "skipped")
    )
    failed = failures + errors
    return Result(code=code, passed=total - failed - skipped, failed=failed, skipped=skipped)


def timed(name: str, stage: Callable[[], Result]) -> Result:
    say(f"=== {name}")
    started = time.monotonic()
    result = stage()
    result.name, result.seconds = name, time.monotonic() - started
    return result


def report(results: Sequence[Result]) -> int:
    """Say how every stage ended; after tests, close with the line that counts them."""
    say("")
    for result in results:
        tests = result.passed + result.failed + result.skipped
        parts = [f"{result.name:<8}{result.seconds:8.1f} s", "ok" if result.code == 0 else "FAILED"]
        parts += [f"{tests} tests"] if tests else []
        parts += [result.remark] if result.remark else []
        say("  ".join(parts))
    if any(result.name != "check" for result in results):
        passed = sum(result.passed for result in results)
        failed = sum(result.failed for result in results)
        skipped = sum(result.skipped for result in results)
        say(f"{passed} passed, {failed} failed, {skipped} skipped")
    return next((result.code for result in results if result.code != 0), 0)


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def test_stages() -> list[tuple[str, Callable[[], Result]]]:
    """Browsers and real windows wait more than they work: two at a time, each on a screen of its own, apart from the
    rest."""
    # Tests wait for disks, servers and painting for a third of their time: one more than there are processors.
    workers = str(min(8, (os.cpu_count() or 2) + 1))
    side_by_side = ["-n", workers, "--dist", "worksteal", "-m", "not e2e"]
    return [
        ("check", functools.partial(check_sources, BEFORE_TESTS)),
        ("tests", functools.partial(run_tests, side_by_side)),
        ("e2e", functools.partial(run_tests, ["-n", "2", "--dist", "worksteal", "-m", "e2e", "tests/e2e"])),
    ]


def main(arguments: Sequence[str]) -> int:
    match list(arguments):
        case ["check"]:
            return report([timed("check", check_sources)])
        case ["test"]:
            return report([timed(name, stage) for name, stage in test_stages()])
        case ["test", *selection]:
            return run([*PYTEST, *selection])
        case _:
            say(__doc__ or "")
            return 2


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
