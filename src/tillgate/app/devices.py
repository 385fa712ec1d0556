"""`tillgate daily-invoices`, and `tillgate import` of devices' invoices: what an owner does at a terminal."""

from __future__ import annotations

from typing import Final

from tillgate.app.integrity import open_for_owner
from tillgate.app.profile import Profile
from tillgate.services.catalogue_import import Fate
from tillgate.services.daily_invoices import run_daily
from tillgate.services.device_files import import_invoices_for_owner
from tillgate.ui.message_text import message_for

_MOST_SHOWN: Final = 20


def run_daily_invoices(profile: Profile) -> tuple[int, list[str]]:
    """Invoice every device up to today: the exit status, 1 where one could not be, and what was made."""
    till = open_for_owner(profile)[0].till
    try:
        ran = run_daily(till)
    finally:
        till.db.close()
    lines = [f"Made {ran.invoices} invoices for {ran.devices} devices."]
    if ran.left_out:
        lines.append(f"{ran.left_out} days lie too far back: bring their invoices in by a file, if they are owed.")
    if ran.failed:
        lines.append(f"{ran.failed} devices could not be invoiced; the log says why.")
    return int(bool(ran.failed)), lines


def run_import_invoices(profile: Profile, content: bytes) -> tuple[int, list[str]]:
    """Add the invoices of a table that are not there yet; all of them, or none. Raises Refused for what is no table."""
    till = open_for_owner(profile)[0].till
    try:
        check = import_invoices_for_owner(till, content)
    finally:
        till.db.close()
    bad = [row for row in check.rows if row.problem is not None]
    if not bad:
        return 0, [f"Added {check.count(Fate.NEW)} invoices; {check.count(Fate.KEPT)} were there."]
    shown = [f"line {row.number}, {row.invoice}: {message_for(row.problem).what}" for row in bad if row.problem]
    rest = [f"and {len(bad) - _MOST_SHOWN} more"] if len(bad) > _MOST_SHOWN else []
    return 1, [f"{len(bad)} rows can't be added:", *shown[:_MOST_SHOWN], *rest, "Nothing was added."]
