"""Measure what Tillgate promises: `python -m tests.bench.run [--json FILE] [figure …]`.

Each figure stands beside its floor of the same run; the exit status is 0 whether or not a target is met.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from tests.bench import consultations, money, reads, window
from tests.bench.figure import Figure

BENCHES: dict[str, Callable[[], list[Figure]]] = {
    "payment-creation": money.payment_creation,
    "consultation-press": consultations.consultation_press,
    "verified-to-orders": money.verified_to_orders,
    "postgres-payment-creation": money.postgres_creation,
    "growth": reads.growth,
    "search-keypress": window.search,
    "list": window.million_rows,
    "startup": window.startup,
    "qt-stall": window.stall,
    "memory-growth": window.memory,
}


def main() -> None:
    """Run the benches that were named, or all."""
    parser = argparse.ArgumentParser(prog="dev.py bench")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    parser.add_argument("names", nargs="*", choices=[*BENCHES, []], help="which; all if none is named")
    options = parser.parse_args()
    figures: list[Figure] = []
    for name in options.names or BENCHES:
        for figure in BENCHES[name]():
            figures.append(figure)
            show(figure)
    if options.json:
        options.json.write_text(json.dumps({"figures": [figure.as_json() for figure in figures]}, indent=1) + "\n")


def show(figure: Figure) -> None:
    """One line."""
    verdict = "met" if figure.met else "NOT MET"
    sign = ">=" if figure.least else "<="
    print(  # noqa: T201 - a command-line program prints
        f"{figure.name:28} {figure.value:10.3f} {figure.unit:4} floor {figure.floor:10.4f}"
        f"  x{figure.ratio:8.2f}  {sign} {figure.target:<6g} {verdict}",
        flush=True,
    )


if __name__ == "__main__":
    main()
