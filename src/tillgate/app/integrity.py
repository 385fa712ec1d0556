"""`tillgate check` and `tillgate unlock`: what an owner does at a terminal."""

from __future__ import annotations

from pathlib import Path

from tillgate.app.books import open_books
from tillgate.app.profile import Profile, default_root
from tillgate.domain.errors import TillgateError
from tillgate.domain.payment import Mode
from tillgate.services.staff import release_lock
from tillgate.services.start_gates import (
    Severity,
    check_before_selling,
    check_chain,
    check_file,
)
from tillgate.ui.message_text import message_for


def run_check(mode: Mode, data: Path | None, database: str | None, till_id: str) -> tuple[int, list[str]]:
    """Check everything: the exit status, 1 where something is wrong, and a line for each gate."""
    profile = Profile(mode, data or default_root(), till_id, database)
    till = open_books(profile).till
    try:
        folder = None if database else profile.folder
        findings = [*check_before_selling(till, folder), check_chain(till, last=None), check_file(till, thorough=True)]
    finally:
        till.db.close()
    lines = [f"{finding.gate.value}: {finding.severity.value} {finding.code}".rstrip() for finding in findings]
    return int(any(finding.severity is not Severity.OK for finding in findings)), lines


def run_unlock(mode: Mode, data: Path | None, name: str) -> tuple[int, list[str]]:
    """Let a person who locked themselves out try again: the exit status and what was done."""
    till = open_books(Profile(mode, data or default_root())).till
    try:
        release_lock(till, name)
    except TillgateError as error:
        return 1, [message_for(error).what]
    finally:
        till.db.close()
    return 0, [f"{name} can sign in again."]
