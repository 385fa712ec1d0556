"""The log: one JSON object a line, rotated, readable by its owner only, without secrets, card or personal data."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import Sequence
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tillgate.app.events import values
from tillgate.app.masking import KnownSecrets

if TYPE_CHECKING:
    from tillgate.store.audit import AuditEntry

LOG_FILE: Final = "tillgate.log"
FILE_BYTES: Final = 5_000_000
OLD_FILES: Final = 5
# Their own chatter at INFO says nothing about the shop, and httpx's would name URLs.
_QUIET: Final = ("httpx", "httpcore", "alembic", "sqlalchemy", "uvicorn", "asyncio", "keyring", "fontTools", "fpdf")
# Whose finer lines are wanted too: a press of Pay says when it had its lock, and when not any more (seed 003).
_FINE: Final = ("tillgate.consultations",)
_COMPLAIN_EVERY_S: Final = 60.0
_OF_EVERY_RECORD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class LogFile(RotatingFileHandler):
    """A log that only its owner reads, and that never takes the application down: a full disk is said on stderr."""

    _complained_at = -_COMPLAIN_EVERY_S

    def _open(self) -> Any:
        opened = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        return os.fdopen(opened, "a", encoding="utf-8")

    def shouldRollover(self, _record: logging.LogRecord) -> bool:  # noqa: N802
        """Once the file is full. The base class makes every line twice, to know beforehand how long it is."""
        if self.stream is None or self.stream.closed:
            self.stream = self._open()
        return bool(self.stream.tell() >= self.maxBytes)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the base class names it
        """The last resort, at most once a minute."""
        now = time.monotonic()
        if now - self._complained_at >= _COMPLAIN_EVERY_S and sys.stderr is not None:
            self._complained_at = now
            sys.stderr.write(f"tillgate: the log can't be written: {sys.exc_info()[1]}\n")


class JsonLines(logging.Formatter):
    """A record as one line of JSON: our events with their values and other libraries' messages alike."""

    def __init__(self, secrets: KnownSecrets) -> None:
        super().__init__()
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        """The line, without a line break inside."""
        fields: dict[str, Any] = {"at": _stamp(record.created), "level": record.levelname.lower()}
        fields |= {"logger": record.name, "thread": record.threadName}
        fields |= self._secrets.mapping(_event_of(record))
        if record.exc_info and record.exc_info[1] is not None:
            fields["error"] = self._secrets.mapping(error_fields(record.exc_info[1]))
        return json.dumps(fields, ensure_ascii=False, default=str)


def error_fields(error: BaseException) -> dict[str, object]:
    """An exception for the log: its type, words and places, and no local variable."""
    places = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{_short(code.co_filename)}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    told: dict[str, object] = {"type": type(error).__qualname__, "text": str(error), "places": places[-30:]}
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        told["because"] = {"type": type(cause).__qualname__, "text": str(cause)}
    return told


def configure(secrets: KnownSecrets, folder: Path | None, *, to_stderr: bool, level: int = logging.INFO) -> None:
    """Send every log of the process to `folder`'s file, to stderr, or both; called once, and again to change it."""
    root = logging.getLogger()
    for handler in list(root.handlers):
        if isinstance(handler.formatter, JsonLines):
            root.removeHandler(handler)
            handler.close()
    handlers: list[logging.Handler] = []
    if folder is not None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handlers.append(LogFile(folder / LOG_FILE, maxBytes=FILE_BYTES, backupCount=OLD_FILES, encoding="utf-8"))
    if to_stderr and sys.stderr is not None:
        handlers.append(logging.StreamHandler(sys.stderr))
    for handler in handlers:
        handler.setFormatter(JsonLines(secrets))
        root.addHandler(handler)
    root.setLevel(level)
    logging.raiseExceptions = False
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in _FINE:
        logging.getLogger(name).setLevel(logging.DEBUG)


def log_audit(entries: Sequence[AuditEntry]) -> None:
    """What `Database.on_committed` is: every audited fact, logged once its transaction is durable."""
    log = logging.getLogger("tillgate.audit")
    for entry in entries:
        log.info(entry.event, extra=values(subject=entry.subject, actor=entry.actor, data=entry.data))


def log_failure(error: BaseException) -> None:
    """Log an error that ended something bigger than a button press, such as the start."""
    logging.getLogger("tillgate.start").error("failed", exc_info=(type(error), error, error.__traceback__))


def _event_of(record: logging.LogRecord) -> dict[str, Any]:
    """The event with its values, however they were given as `extra`."""
    try:
        event = record.getMessage()
    except (TypeError, ValueError):
        event = str(record.msg)
    extra = {name: value for name, value in vars(record).items() if name not in _OF_EVERY_RECORD}
    told: dict[str, Any] = extra.pop("event_values", {})
    return {"event": event} | told | extra


def _stamp(seconds: float) -> str:
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{whole}.{int(seconds % 1 * 1000):03}Z"


def _short(filename: str) -> str:
    """Where in the application a file is, without the home of whoever installed it."""
    _, found, inside = filename.rpartition(f"tillgate{os.sep}")
    return f"tillgate/{inside}" if found else Path(filename).name
