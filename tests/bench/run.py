"""Measure what Tillgate promises: `python -m tests.bench.run [--json FILE] [figure …]`.

Each figure stands beside its floor of the same run: the bare driver, the bare window, or, where the target is a limit
in its own unit, that limit with a target of 1. The exit status is 0 whether or not targets are met, and 1 where a
bench could not be run to its end; the others are then still run and written.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from tests.bench import batch, consultations, instalments, money, prompts, reads, window
from tests.bench.figure import Figure

BENCHES: dict[str, Callable[[], list[Figure]]] = {
    "payment-creation": money.payment_creation,
    "batch": batch.batch,
    "consultation-press": consultations.consultation_press,
    "prompts": prompts.prompts,
    "bulk-creation": instalments.bulk_creation,
    "instalments": instalments.instalments,
    "verified-to-orders": money.verified_to_orders,
    "postgres-payment-creation": money.postgres_creation,
    "growth": reads.growth,
    "search-keypress": window.search,
    "list": window.million_rows,
    "startup": window.startup,
    "qt-stall": window.stall,
    "memory-growth": window.memory,
}


def main() -> int:
    """Run the benches that were named, or all; the exit status."""
    parser = argparse.ArgumentParser(prog="dev.py bench")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    parser.add_argument("names", nargs="*", choices=[*BENCHES, []], help="which; all if none is named")
    options = parser.parse_args()
    figures: list[Figure] = []
    broken: list[str] = []
    for name in options.names or BENCHES:
        try:
            measured = BENCHES[name]()
        except Exception:  # noqa: BLE001 - one that breaks must not take the other figures along
            traceback.print_exc()
            broken.append(name)
            continue
        figures += measured
        for figure in measured:
            show(figure)
        if options.json:
            write(options.json, figures)
    missed = [figure.name for figure in figures if not figure.met]
    say(f"{len(figures) - len(missed)} of {len(figures)} met" + (f"; not met: {', '.join(missed)}" if missed else ""))
    if broken:
        say(f"not measured: {', '.join(broken)}")
    return 1 if broken else 0


def write(path: Path, figures: list[Figure]) -> None:
    """All figures so far, so that a run that is ended early leaves what it has."""
    path.write_text(json.dumps({"figures": [figure.as_json() for figure in figures]}, indent=1) + "\n")


def say(text: str) -> None:
    """One line."""
    print(text, flush=True)  # noqa: T201 - a command-line program prints


def show(figure: Figure) -> None:
    """One line."""
    verdict = "met" if figure.met else "NOT MET"
    sign = ">=" if figure.least else "<="
    say(
        f"{figure.name:28} {figure.value:10.3f} {figure.unit:4} floor {figure.floor:10.4f}"
        f"  x{figure.ratio:8.2f}  {sign} {figure.target:<6g} {verdict}"
    )


if __name__ == "__main__":
    sys.exit(main())
