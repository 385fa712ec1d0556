"""Where the secrets are, and the rules of signing in, in plain words."""

from __future__ import annotations

from typing import Final

from PySide6.QtWidgets import QFrame, QGridLayout, QVBoxLayout, QWidget

from tillgate.domain.pins import FREE_TRIES, LOCKING_TRY, SHORTEST_PASSPHRASE, SHORTEST_PIN
from tillgate.domain.settings import IDLE_LOCK_MINUTES
from tillgate.domain.staff import CONFIRMATION_LASTS, SESSION_LASTS, Role
from tillgate.i18n import tr
from tillgate.ui.dialogs.approval import Door
from tillgate.ui.screens.settings.places import Places
from tillgate.ui.widgets.labels import IconLabel, plain_label

_WIDTH: Final = 720


class SecurityPage(QWidget):
    """Facts, each with an icon, a title and a sentence."""

    def __init__(self, door: Door, places: Places) -> None:
        super().__init__()
        self.setMaximumWidth(_WIDTH)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(16)
        column.addWidget(plain_label(tr("Security"), "heading"))
        column.addWidget(_facts(tr("Where secrets are"), _secret_facts(places)))
        column.addWidget(_facts(tr("Signing in"), _rules(door.till.settings()[IDLE_LOCK_MINUTES])))
        column.addStretch(1)


def _secret_facts(places: Places) -> list[tuple[str, str, str]]:
    if places.secret_file:
        store = tr(
            "In the file {path}, readable by this user alone, because this computer has no keyring. Whoever copies "
            "it together with the database can try PINs at leisure: turn on a keyring.",
            path=places.secret_file,
        )
        keys = tr("Nowhere: without a keyring they can’t be kept, and providers that need some are off.")
    else:
        store = tr("In this computer’s keyring. A copy of the database alone gives no PIN away.")
        keys = tr("In this computer’s keyring and nowhere else; never shown again.")
    shared = "://" in places.database
    books = (
        tr("In the shared database {address}.", address=places.database)
        if shared
        else tr("{path}, readable by this user alone.", path=places.database)
    )
    return [
        ("key-round", tr("The store’s secret"), store),
        ("credit-card", tr("Provider keys"), keys),
        ("database", tr("The books"), books),
    ]


def _rules(idle_minutes: int) -> list[tuple[str, str, str]]:
    pins = tr(
        "Cashiers: at least {cashier} digits. Managers: at least {manager} digits, or a passphrase of {passphrase} "
        "characters. Dates, repeats and rows of digits are refused.",
        cashier=SHORTEST_PIN[Role.CASHIER],
        manager=SHORTEST_PIN[Role.MANAGER],
        passphrase=SHORTEST_PASSPHRASE,
    )
    tries = tr(
        "{free} wrong tries are free, then each waits longer; after {most} a manager has to unlock the person.",
        free=FREE_TRIES,
        most=LOCKING_TRY,
    )
    time = tr(
        "The till locks after {idle} minutes without a touch; nobody stays signed in for more than {hours} hours; "
        "settings, keys, people, exports and refunds ask again after {confirm} minutes.",
        idle=idle_minutes,
        hours=int(SESSION_LASTS.total_seconds() // 3600),
        confirm=int(CONFIRMATION_LASTS.total_seconds() // 60),
    )
    return [
        ("lock", tr("PINs and passphrases"), pins),
        ("shield-alert", tr("Wrong tries"), tries),
        ("clock", tr("Time"), time),
    ]


def _facts(title: str, facts: list[tuple[str, str, str]]) -> QWidget:
    box = QFrame()
    box.setProperty("surface", "raised")
    grid = QGridLayout(box)
    grid.setContentsMargins(20, 16, 20, 18)
    grid.setHorizontalSpacing(14)
    grid.setVerticalSpacing(4)
    grid.setColumnStretch(1, 1)
    grid.addWidget(plain_label(title, "title"), 0, 0, 1, 2)
    for number, (icon, name, text) in enumerate(facts):
        row = 1 + number * 3
        grid.setRowMinimumHeight(row, 8)
        grid.addWidget(IconLabel(icon, "muted", 20), row + 1, 0)
        grid.addWidget(plain_label(name, "strong"), row + 1, 1)
        grid.addWidget(plain_label(text, wrap=True, selectable=True), row + 2, 1)
    return box
