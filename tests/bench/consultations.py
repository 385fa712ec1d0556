"""A consultation's press of Pay: the first one, and its duplicate, against bare sqlite3 doing the same work."""

from __future__ import annotations

import secrets
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from tests.bench.figure import Figure, percentile
from tests.bench.floors import bare_duplicate, bare_payment, open_bare
from tests.factories.clinic import open_clinic
from tests.factories.clock import FakeClock
from tests.factories.tills import make_till, new_sqlite
from tillgate.services.consultations import PressKind
from tillgate.store.engine import sqlite_engine

ROUNDS: Final = 300
SHARES: Final = {"p50": 0.50, "p95": 0.95, "p99": 0.99}


def consultation_press() -> list[Figure]:
    """The first press, provider excluded but its three transactions included, and the same press again."""
    with tempfile.TemporaryDirectory() as folder:
        engine = sqlite_engine(new_sqlite(Path(folder)))
        bare = open_bare(Path(folder) / "bare.db")
        clinic = open_clinic(make_till(engine, FakeClock()))
        presses = [clinic.press(clinic.consultation()) for _ in range(ROUNDS)]

        def first(number: int) -> None:
            assert clinic.pay(presses[number]).kind is PressKind.NEW

        def again(number: int) -> None:
            assert clinic.pay(presses[number]).kind is PressKind.EXISTING

        works = (
            lambda number: bare_payment_in_three(bare, number),
            lambda number: bare_duplicate(bare, number),
            first,
            again,
        )
        floor, look, made, duplicate = _times(works)
        engine.dispose()
    figures = []
    for name, share in SHARES.items():
        here = [percentile(times, share) for times in (floor, look, made, duplicate)]
        figures += [
            Figure(f"consultation-first-{name}", here[2], "ms", here[0], 6),
            Figure(f"consultation-duplicate-{name}", here[3], "ms", here[1], 12),
            Figure(f"consultation-duplicate-to-first-{name}", here[2], "ms", here[3], 8, least=True),
        ]
    return figures


def bare_payment_in_three(connection: Any, number: int) -> None:
    """The same durable steps: the intent with everything of it, that it is sent, and what was answered."""
    bare_payment(connection, number)
    for state in ("SENT", "PENDING"):
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE pay SET state = ? WHERE thing = ?", (state, number))
        connection.execute("INSERT INTO audit(at, event, data) VALUES (1, ?, ?)", (state, secrets.token_hex(8)))
        connection.execute("COMMIT")


def _times(works: tuple[Callable[[int], object], ...]) -> list[list[float]]:
    """The milliseconds of each work, turn by turn; the first rounds pay for compiling and are left out."""
    taken: list[list[float]] = [[] for _ in works]
    for number in range(ROUNDS):
        for work, times in zip(works, taken, strict=True):
            begun = time.perf_counter()
            work(number)
            times.append((time.perf_counter() - begun) * 1000)
    return [times[ROUNDS // 10 :] for times in taken]
