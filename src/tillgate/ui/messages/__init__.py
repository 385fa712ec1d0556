"""The texts of errors, a table for each area; a new area is one module here and one line below."""

from __future__ import annotations

from typing import Final

from tillgate.ui.messages import (
    back_office,
    catalogue,
    checkout,
    collections,
    consultations,
    devices,
    installation,
    instalments,
    mail,
    money,
    payments,
    prompts,
    sandbox,
    staff,
    wallets,
    window,
)
from tillgate.ui.messages.entry import Entry

TEXTS: Final[dict[str, Entry]] = {
    **back_office.TEXTS,
    **catalogue.TEXTS,
    **checkout.TEXTS,
    **collections.TEXTS,
    **consultations.TEXTS,
    **devices.TEXTS,
    **installation.TEXTS,
    **instalments.TEXTS,
    **mail.TEXTS,
    **money.TEXTS,
    **payments.TEXTS,
    **prompts.TEXTS,
    **sandbox.TEXTS,
    **staff.TEXTS,
    **wallets.TEXTS,
    **window.TEXTS,
}
