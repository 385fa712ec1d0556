"""The log: whole JSON lines for its owner alone, in which no canary is ever found, and which never stops the till."""

from __future__ import annotations

import json
import logging
import stat
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import qWarning
from sqlalchemy import Engine, text

from tests.factories.clock import FakeClock
from tests.factories.tills import AUDIT_KEY, new_sqlite
from tillgate.app import log as app_log
from tillgate.app.crashes import CRASH_FILE, Crashes
from tillgate.app.events import values
from tillgate.app.log import LOG_FILE, configure, log_audit, log_failure
from tillgate.app.masking import MASK, KnownSecrets
from tillgate.domain.secret import Secret
from tillgate.domain.staff import system_actor
from tillgate.store.engine import sqlite_engine
from tillgate.store.unit_of_work import Database

KEY_SECRET = 'Zx9"tricky\\secret&of=ours'
CARD, EMAIL, PHONE = "4111 1111 1111 1111", "asha.rao@example.com", "+91 98765 43210"
CANARIES = [KEY_SECRET, "4111111111111111", CARD, EMAIL, PHONE, "rzp_live_4f8kQ2mWc7", "739164", "hunter2hunter2"]


@pytest.fixture
def secrets() -> KnownSecrets:
    known = KnownSecrets()
    known.add(Secret(KEY_SECRET))
    return known


@pytest.fixture
def folder(tmp_path: Path, secrets: KnownSecrets) -> Iterator[Path]:
    configure(secrets, tmp_path / "logs", to_stderr=False)
    yield tmp_path / "logs"
    configure(secrets, None, to_stderr=False)


def lines(folder: Path) -> list[dict[str, Any]]:
    """Every line of every file, each of which must be a JSON object."""
    for handler in logging.getLogger().handlers:
        handler.flush()
    files = sorted(folder.glob(f"{LOG_FILE}*"))
    return [json.loads(line) for path in files for line in path.read_text("utf-8").split("\n") if line]


def everything(folder: Path) -> str:
    return "".join(path.read_text("utf-8") for path in folder.iterdir())


def test_an_event_is_one_line_with_its_values(folder: Path) -> None:
    logging.getLogger("tillgate.payments").info(
        "attempt_opened", extra=values(attempt=17, method="link", note="two\nlines")
    )
    logging.getLogger("tillgate.provider").warning("provider_call", extra={"outcome": "unknown", "elapsed_ms": 12})
    logging.getLogger("uvicorn").warning("port %d is taken", 8080)
    first, second, third = lines(folder)
    assert (first["event"], first["attempt"], first["note"]) == ("attempt_opened", 17, "two\nlines")
    assert (first["level"], first["logger"]) == ("info", "tillgate.payments")
    assert first["at"].endswith("Z")
    assert (second["event"], second["outcome"], second["elapsed_ms"]) == ("provider_call", "unknown", 12)
    assert third["event"] == "port 8080 is taken"
    assert (folder / LOG_FILE).read_text("utf-8").count("\n") == 3


def test_a_press_of_pay_is_told_line_by_line_and_its_key_is_no_secret(folder: Path) -> None:
    log = logging.getLogger("tillgate.consultations")
    acquired = {"lock_key": "consultation:5:1", "attempts": 1}
    replayed = {"idempotency_key": "payment-1705321200000-a3d5f2c1", "payment_id": 7}
    log.debug("Lock acquired", extra=acquired)
    log.info("Payment: Returning cached response", extra=replayed)
    logging.getLogger("tillgate.payments").debug("too fine")
    first, second = lines(folder)
    assert (first["level"], first["event"]) == ("debug", "Lock acquired")
    assert acquired.items() <= first.items()
    assert replayed.items() <= second.items()


def fail_with(secret: str) -> None:
    local_pin = "739164"
    raise RuntimeError(f"could not sign with {secret}", len(local_pin))


def test_no_canary_is_found_whatever_way_it_takes(folder: Path) -> None:
    log = logging.getLogger("tillgate.test")
    log.info(f"signing with {KEY_SECRET}", extra=values(header=f"Authorization: Basic {KEY_SECRET}"))
    log.info(
        "values",
        extra=values(key_secret="hunter2hunter2", nested={"pin": "739164", "who": [EMAIL, {"tel": PHONE}]}, pan=CARD),
    )
    log.info(
        "card", extra=values(number=4111111111111111, text=f"paid with {CARD}", json=json.dumps({"k": KEY_SECRET}))
    )
    log.info("key", extra=values(key="rzp_live_4f8kQ2mWc7", secret=Secret(KEY_SECRET), raw=KEY_SECRET.encode()))
    logging.getLogger("other").error("lost %s at %s", KEY_SECRET, EMAIL, extra={"token": "hunter2hunter2"})
    try:
        fail_with(KEY_SECRET)
    except RuntimeError as error:
        log.error("failed", exc_info=True)
        log_failure(error)
        sys_hook(error)
    found = everything(folder)
    assert [canary for canary in CANARIES if canary in found or json.dumps(canary)[1:-1] in found] == []
    assert MASK in found
    failed = next(line for line in lines(folder) if "error" in line)
    assert failed["error"]["type"] == "RuntimeError"
    assert any(place.endswith("fail_with") for place in failed["error"]["places"])


def sys_hook(error: BaseException) -> None:
    Crashes().uncaught(type(error), error, error.__traceback__)


@given(
    st.recursive(st.none() | st.integers() | st.text() | st.binary(), lambda inner: st.dictionaries(st.text(), inner))
)
def test_masking_takes_anything_and_lets_no_secret_through(value: object) -> None:
    known = KnownSecrets()
    known.add(Secret("a-secret-value"))
    masked = json.dumps(known.mapping({"x": value, "y": [value, "a-secret-value"]}), default=str)
    assert "a-secret-value" not in masked


def test_the_masks_leave_money_and_names_alone() -> None:
    kept = {"amount_minor": 250000, "currency": "INR", "subject": "payment:17", "method": "link", "key": "attempt-1"}
    assert KnownSecrets().mapping(kept) == kept


def test_only_its_owner_reads_it_and_it_is_rotated(
    folder: Path, monkeypatch: pytest.MonkeyPatch, secrets: KnownSecrets
) -> None:
    monkeypatch.setattr(app_log, "FILE_BYTES", 2_000)
    configure(secrets, folder, to_stderr=False)
    for number in range(200):
        logging.getLogger("tillgate.test").info("filled", extra=values(number=number))
    files = sorted(path.name for path in folder.iterdir())
    assert files == [LOG_FILE, *(f"{LOG_FILE}.{number}" for number in range(1, app_log.OLD_FILES + 1))]
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert lines(folder)


def test_a_line_is_made_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    usual = app_log.JsonLines.format

    def count(self: app_log.JsonLines, record: logging.LogRecord) -> str:
        made.append(record.getMessage())
        return usual(self, record)

    monkeypatch.setattr(app_log.JsonLines, "format", count)
    logging.getLogger("tillgate.test").info("once")
    assert made == ["once"]
    assert [line["event"] for line in lines(folder)] == ["once"]


def test_a_file_that_could_not_be_closed_is_opened_again(folder: Path) -> None:
    handler = next(h for h in logging.getLogger().handlers if isinstance(h, app_log.LogFile))
    assert handler.stream is not None
    handler.stream.close()
    logging.getLogger("tillgate.test").info("still heard")
    assert [line["event"] for line in lines(folder)] == ["still heard"]


def test_a_full_disk_stops_the_log_and_nothing_else(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    handler = next(h for h in logging.getLogger().handlers if isinstance(h, app_log.LogFile))
    monkeypatch.setattr(handler, "stream", type("Full", (), {"write": full, "flush": full, "close": full})())
    for _ in range(5):
        logging.getLogger("tillgate.test").info("not kept")
    said = capsys.readouterr().err
    assert said.count("the log can't be written") == 1
    monkeypatch.undo()


def test_what_is_audited_is_logged_after_the_commit(folder: Path, tmp_path: Path) -> None:
    engine = sqlite_engine(new_sqlite(tmp_path))
    database = Database(engine, FakeClock(), AUDIT_KEY, on_committed=log_audit)
    with database.write(system_actor("T1")) as uow:
        uow.record("attempt_opened", "attempt:17", provider="razorpay")
        assert lines(folder) == []
    with pytest.raises(ValueError, match="undone"), database.write(system_actor("T1")) as uow:
        uow.record("never_happened", "attempt:18")
        raise ValueError("undone")
    (line,) = lines(folder)
    assert (line["event"], line["subject"], line["actor"]) == ("attempt_opened", "attempt:17", "system")
    assert line["data"] == {"provider": "razorpay"}
    engine.dispose()


def test_a_database_error_shows_no_bound_value(folder: Path, sqlite_file: Engine) -> None:
    try:
        with sqlite_file.begin() as connection:
            connection.execute(text("INSERT INTO staff (name) VALUES (:name)"), {"name": "Asha with a name"})
    except Exception as error:  # noqa: BLE001 - whatever the database says
        log_failure(error)
    found = everything(folder)
    assert "IntegrityError" in found
    assert "Asha with a name" not in found


@pytest.fixture
def sqlite_file(tmp_path: Path) -> Iterator[Engine]:
    engine = sqlite_engine(new_sqlite(tmp_path))
    yield engine
    engine.dispose()


def test_what_nobody_caught_is_logged_and_shown(folder: Path, tmp_path: Path) -> None:
    shown: list[BaseException] = []
    crashes = Crashes(shown.append)
    crashes.take_over(tmp_path)
    try:
        for _ in range(100):
            try:
                fail_with(KEY_SECRET)
            except RuntimeError as error:
                sys.excepthook(type(error), error, error.__traceback__)
        thread = threading.Thread(target=fail_with, args=("another place",))
        thread.start()
        thread.join()
        qWarning("QPainter::begin: nothing to paint on")
    finally:
        crashes.give_back()
    events = [line["event"] for line in lines(folder)]
    # A place that fails a hundred times is logged the 1st, 2nd, 4th … 64th time.
    assert events.count("uncaught") == 7
    assert "QPainter::begin: nothing to paint on" in events
    assert len(shown) == 7 + events.count("uncaught_in_thread")
    assert KEY_SECRET not in everything(folder)
    assert stat.S_IMODE((tmp_path / CRASH_FILE).stat().st_mode) == 0o600


def test_showing_that_fails_is_no_new_crash(folder: Path) -> None:
    def shown(_error: BaseException) -> None:
        raise ZeroDivisionError

    crashes = Crashes(shown)
    try:
        fail_with("x")
    except RuntimeError as error:
        crashes.uncaught(type(error), error, error.__traceback__)
    assert [line["event"] for line in lines(folder)] == ["uncaught"]


def test_a_key_press_that_stops_the_program_is_not_a_crash(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stop = KeyboardInterrupt()
    Crashes().uncaught(KeyboardInterrupt, stop, None)
    assert lines(folder) == []
    assert "KeyboardInterrupt" in capsys.readouterr().err
