"""`python -m tests.campaign [--cycles N] [proof …]`, as `dev.py campaign` does.

Runs each proof to its end, prints a table, and exits with 1 if one of them failed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--timeout=0"]


def proofs(cycles: int) -> dict[str, list[str]]:
    """What there is to prove, and the command that does it."""
    return {
        "properties": [*PYTEST, "-n", "2", "tests/domain"],
        "stateful": [*PYTEST, "tests/stateful"],
        "crash": [sys.executable, "-m", "tests.crash.campaign", "--cycles", str(cycles)],
        "loopback": [*PYTEST, "tests/web"],
        "guesses": [*PYTEST, "-n", "2", "tests/services/test_sign_in.py"],
        # 1,000 rounds each of threads and of processes, on both databases; the crash proof kills presses.
        "consultations": [*PYTEST, "-n", "2", "tests/services/test_consultation_races.py"],
        "store": [*PYTEST, "-n", "2", "tests/store"],
        "contract": [*PYTEST, "-n", "2", "tests/contract", "tests/providers", "tests/sandbox"],
        "end to end": [*PYTEST, "-m", "e2e", "tests/e2e"],
    }


def main() -> int:
    """Run the named proofs, or all."""
    parser = argparse.ArgumentParser(prog="dev.py campaign")
    parser.add_argument("--cycles", type=int, default=2_000, help="kills and restarts of the crash proof (2000)")
    parser.add_argument("names", nargs="*", help="which proofs; all if none is named")
    options = parser.parse_args()
    known = proofs(options.cycles)
    unknown = set(options.names) - set(known)
    if unknown:
        parser.error(f"no such proof: {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    surroundings = os.environ | {"TILLGATE_CAMPAIGN": "1", "QT_QPA_PLATFORM": "offscreen"}
    rows = []
    for name in options.names or known:
        begun = time.monotonic()
        code = subprocess.run(known[name], cwd=ROOT, env=surroundings, check=False).returncode
        rows.append((name, code, time.monotonic() - begun))
    for name, code, seconds in rows:
        sys.stdout.write(f"{name:14} {'proved' if code == 0 else 'FAILED':8} {seconds:8.0f} s\n")
    return int(any(code for _, code, _ in rows))


if __name__ == "__main__":
    sys.exit(main())
