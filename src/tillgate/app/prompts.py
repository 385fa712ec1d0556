"""`tillgate cleanup-invoices`: what the timer does by itself with payment invoices whose time is over."""

from __future__ import annotations

from dataclasses import replace

from tillgate.app.bootstrap import FULFILLING, open_kept_providers
from tillgate.app.integrity import open_for_owner
from tillgate.app.profile import Profile
from tillgate.services.invoice_cleanup import run_cleanup


def run_cleanup_invoices(profile: Profile) -> tuple[int, list[str]]:
    """Ask about and end what is over: the exit status, 1 where one could not be, and what was done."""
    books = open_for_owner(profile)[0]
    providers = open_kept_providers(profile.mode, books.keyring)
    till = replace(books.till, providers=providers, fulfilling=FULFILLING)
    try:
        done = run_cleanup(till)
    finally:
        for each in providers.values():
            each.close()
        till.db.close()
    lines = [f"{done.expired} invoices expired, {done.paid} turned out paid, {done.referred} went to Exceptions."]
    if done.unheard:
        lines.append(f"{done.unheard} wait for their provider's word.")
    if done.failed:
        lines.append(f"{done.failed} could not be cleaned up; the log says why.")
    return int(bool(done.failed)), lines
