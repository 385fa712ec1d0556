"""`python -m tests.campaign [--cycles N] [proof …]`, as `dev.py campaign` does.

Runs each proof to its end, prints a table with what each counted, and exits with 1 if one of them failed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.stages import counted

ROOT = Path(__file__).resolve().parents[2]
PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--timeout=0"]
# Where a proof that is no test leaves its count.
COUNT = "TILLGATE_COUNT"


@dataclass(frozen=True)
class Row:
    """How one proof ended."""

    name: str
    code: int
    counts: str
    seconds: float

    def __str__(self) -> str:
        return f"{self.name:14} {'proved' if self.code == 0 else 'FAILED':8} {self.seconds:8.0f} s   {self.counts}"


def proofs(cycles: int) -> dict[str, list[str]]:
    """What there is to prove, and the command that does it."""
    crash = [sys.executable, "-m", "tests.crash.campaign"]
    return {
        "properties": [*PYTEST, "-n", "2", "tests/domain"],
        "stateful": [*PYTEST, "tests/stateful/test_payment_life.py", "tests/stateful/test_planted_bugs.py"],
        # Instalment orders, wallets, coupons and commission, from the first payment to the last refund.
        "orders": [
            *PYTEST,
            "-n",
            "2",
            "tests/stateful/test_order_life.py",
            "tests/stateful/test_planted_order_bugs.py",
        ],
        "crash": [*crash, "--cycles", str(cycles)],
        # The same shop on a server, which is killed as well; and two tills at odds.
        "crash-server": [*crash, "--on", "postgres", "--cycles", str(cycles // 4)],
        "races": [*PYTEST, "tests/services/test_process_races.py", "tests/services/test_order_races.py"],
        # 1,000 rounds of threads and 1,000 of processes, on each database.
        "presses": [*PYTEST, "-n", "2", "tests/services/test_consultation_races.py"],
        # Two tills on one device, every fault at every position of ten, ten times over, and on a server a kill of the
        # till, of the till twice and of the server at each of three passes of every place.
        "batches": [*PYTEST, "-n", "2", "tests/services/test_batch_races.py", "tests/crash/test_batch_kills.py"],
        # One invoice for eight threads and for two processes, 10,000 rounds of each on each database; hostile ids.
        "prompts": [*PYTEST, "-n", "2", "tests/services/test_invoice_races.py", "tests/crash/test_invoice_kills.py"],
        # One wallet for five threads and for five processes that spend it in every way, 10,000 rounds of each on each
        # database.
        "wallets": [*PYTEST, "-n", "2", "tests/services/test_wallet_races.py", "tests/services/test_wallets.py"],
        # The last piece, the last use of a coupon and one press for two processes, 1,000 rounds on each database; 5,000
        # carts, whose schedules, payments, commissions and books sum up.
        "bulk orders": [
            *PYTEST,
            "-n",
            "2",
            "tests/services/test_bulk_races.py",
            "tests/services/test_instalment_money.py",
        ],
        "loopback": [*PYTEST, "tests/web"],
        "guesses": [*PYTEST, "-n", "2", "tests/services/test_sign_in.py"],
        "store": [*PYTEST, "-n", "2", "tests/store"],
        "contract": [*PYTEST, "-n", "2", "tests/contract", "tests/providers", "tests/sandbox"],
        "end to end": [*PYTEST, "-m", "e2e", "tests/e2e"],
    }


def prove(name: str, command: list[str]) -> Row:
    """Run one to its end; what it counted is in its own report, or in the file that it was given."""
    begun = time.monotonic()
    with TemporaryDirectory(prefix="tillgate-campaign-") as folder:
        results, count = Path(folder, "results.xml"), Path(folder, "count")
        surroundings = os.environ | {"TILLGATE_CAMPAIGN": "1", "QT_QPA_PLATFORM": "offscreen", COUNT: str(count)}
        reported = [f"--junitxml={results}"] if "pytest" in command else []
        code = subprocess.run([*command, *reported], cwd=ROOT, env=surroundings, check=False).returncode
        if reported:
            found = counted(results, code)
            counts = f"{found.passed} passed, {found.failed} failed, {found.skipped} skipped"
            code = found.code
        else:
            counts = count.read_text(encoding="utf-8") if count.exists() else "ended without a count"
    return Row(name, code, counts, time.monotonic() - begun)


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
    rows = [prove(name, known[name]) for name in options.names or known]
    sys.stdout.write("\n" + "".join(f"{row}\n" for row in rows))
    failed = [row.name for row in rows if row.code != 0]
    sys.stdout.write(f"{len(rows) - len(failed)} proved, {len(failed)} failed\n")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
