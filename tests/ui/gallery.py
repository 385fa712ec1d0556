"""Pictures of the kit, to be looked at:  python -m tests.ui.gallery FOLDER

Every part in light and dark, and the window at 1024x768, at scale 1 and 2, each as a PNG.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, timedelta
from functools import partial
from pathlib import Path

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFrame, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from tests.ui.pages.rows import Row, Rows, columns
from tests.ui.pages.shell import MANAGER, NOW
from tillgate.domain.errors import MoneyMoved, Unavailable
from tillgate.domain.staff import Action
from tillgate.i18n import mark
from tillgate.ui import theme
from tillgate.ui.screen import Connection, Screen, ScreenSpec
from tillgate.ui.shell import Shell
from tillgate.ui.tasks import Tasks
from tillgate.ui.theme import Density, Scheme, Tone, set_density
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.data_table import Choice, ChoiceFilter, DataTable, DayFilter, EmptyText
from tillgate.ui.widgets.date_range import DateRangeField
from tillgate.ui.widgets.dialog import Confirm
from tillgate.ui.widgets.fields import MoneyField, SearchField, Stepper, TextField
from tillgate.ui.widgets.labels import ElapsedLabel, line, plain_label
from tillgate.ui.widgets.notices import EmptyState, InlineNotice, NoticeAction
from tillgate.ui.widgets.qr_view import QrView
from tillgate.ui.widgets.status_badge import PAYMENT_STATUS, StatusBadge

SCALES = ("1", "2")
SIZE = (1024, 768)
PARENTS: list[QWidget] = []  # a dialog goes with its parent


def main(folder: Path) -> None:
    """Render at each scale in a process of its own: Qt reads the scale once."""
    folder.mkdir(parents=True, exist_ok=True)
    for scale in SCALES:
        environment = os.environ | {"QT_SCALE_FACTOR": scale, "QT_QPA_PLATFORM": "offscreen"}
        subprocess.run([sys.executable, "-m", "tests.ui.gallery", str(folder), scale], env=environment, check=True)


def render(folder: Path, scale: str) -> None:
    """Render all pictures at the scale of this process."""
    look = theme.install(QApplication(["gallery", *theme.ARGUMENTS]), Scheme.LIGHT)
    with ThreadPoolExecutor(2) as lane:
        tasks = Tasks(lane)
        makers: dict[str, Callable[[], QWidget]] = {
            "parts": parts,
            "touch": touch,
            "notices": notices,
            "dialog": dialog,
            "list": partial(window, tasks, detail=False),
            "details": partial(window, tasks, detail=True),
        }
        for scheme in (Scheme.LIGHT, Scheme.DARK):
            look.choose(scheme)
            for name, make in makers.items():
                page = make()
                page.show()
                QTest.qWait(250)
                page.grab().save(str(folder / f"{name}-{scheme}-{scale}x.png"))
                page.close()
        tasks.shutdown()


def card(*widgets: QWidget, across: bool = False) -> QFrame:
    """Some widgets on a card."""
    made = QFrame()
    made.setProperty("surface", "raised")
    box = QHBoxLayout(made) if across else QVBoxLayout(made)
    box.setContentsMargins(20, 18, 20, 18)
    box.setSpacing(12)
    for widget in widgets:
        box.addWidget(widget)
    box.addStretch(1)
    return made


def page_of(*rows: QWidget) -> QWidget:
    """Rows on the page's own ground."""
    page = QWidget()
    page.resize(*SIZE)
    column = QVBoxLayout(page)
    column.setContentsMargins(24, 20, 24, 20)
    column.setSpacing(16)
    for row in rows:
        column.addWidget(row)
    column.addStretch(1)
    return page


def parts() -> QWidget:
    """Type, badges, buttons and fields of the back office."""
    roles = ("caption", "label", "body", "strong", "large", "title", "heading", "amount")
    badges = QWidget()
    grid = QGridLayout(badges)
    for index, status in enumerate(PAYMENT_STATUS.values()):
        grid.addWidget(StatusBadge(status), index // 5, index % 5)
    tones = (ButtonTone.PRIMARY, ButtonTone.SECONDARY, ButtonTone.QUIET, ButtonTone.DESTRUCTIVE, ButtonTone.DANGER)
    buttons = [Button(tone.value.title(), tone=tone, icon="credit-card", hint="F9") for tone in tones]
    off = Button("Disabled", tone=ButtonTone.PRIMARY)
    off.setEnabled(False)
    wrong = MoneyField("Refund", "INR")
    wrong.line.setText("1.005")
    wrong.amount()
    filled = TextField("Customer")
    filled.set_text("मीरा शाह")
    fields = QWidget()
    row = QHBoxLayout(fields)
    row.setSpacing(20)
    for field in (filled, wrong, DateRangeField(date(2026, 11, 1), date(2026, 11, 21))):
        row.addWidget(field)
    return page_of(
        card(*(plain_label(f"{role.title()} ₹1,23,456.00 नमस्ते", role) for role in roles)),
        card(badges),
        card(*buttons, off, across=True),
        card(fields),
    )


def touch() -> QWidget:
    """The large targets of the sale screens."""
    keys = QWidget()
    grid = QGridLayout(keys)
    for index, key in enumerate("123456789"):
        grid.addWidget(Button(key, tone=ButtonTone.KEY), index // 3, index % 3)
    qr = QrView("Payment link", 200)
    qr.show_text("https://rzp.io/i/abcdefghijkl")
    elapsed = ElapsedLabel(role="large")
    elapsed.start()
    change = plain_label("₹13.50", "change", tone="settled")
    side = card(
        plain_label("Change due", "label"),
        change,
        line(),
        Stepper("Silk saree"),
        Button("Hold", icon="pause", hint="F4"),
        Button("Pay ₹1,299.00", tone=ButtonTone.PRIMARY, icon="banknote", hint="F9", big=True),
    )
    row = QWidget()
    columns_of = QHBoxLayout(row)
    columns_of.addWidget(card(SearchField("Search products or scan"), keys), 3)
    columns_of.addWidget(card(qr, elapsed), 2)
    columns_of.addWidget(side, 3)
    page = page_of(row)
    set_density(page, Density.TOUCH)
    return page


def notices() -> QWidget:
    """What the application says, in each tone, and an empty page."""
    made = []
    for tone in (Tone.ACCENT, Tone.SETTLED, Tone.FAILED):
        notice = InlineNotice(closable=True)
        notice.say(tone, f"A notice in the tone {tone.value}.", "And what to do next.")
        made.append(notice)
    unsure = InlineNotice()
    error = Unavailable("provider_silent", money_moved=MoneyMoved.UNKNOWN)
    unsure.show_error(
        error, [NoticeAction("Check now", print, "refresh-cw"), NoticeAction("Copy the link", print, "copy")]
    )
    sell = NoticeAction("Start a sale", print, "shopping-cart", ButtonTone.PRIMARY)
    empty = EmptyState("package", "No orders yet", "Orders appear here once a payment is verified.", sell)
    empty.setMinimumHeight(240)
    return page_of(*made, unsure, card(empty))


def dialog() -> QWidget:
    """A confirmation before money leaves."""
    parent = QWidget()
    made = Confirm(
        parent,
        "Refund ₹1,299.00 to UPI?",
        "The whole payment PAY-0000042 of Asha Verma. The provider takes up to seven days.",
        verb="Refund ₹1,299.00 to UPI",
        on_accept=print,
        danger=True,
        icon="undo-2",
    )
    PARENTS.append(parent)
    return made


class Listing(Screen):
    """A screen with the list."""

    def __init__(self, tasks: Tasks, *, detail: bool) -> None:
        super().__init__()
        self.table = DataTable(
            "Payments",
            columns=columns(),
            source=Rows(),
            tasks=tasks,
            zone=UTC,
            key=lambda row: row.number,
            empty=EmptyText("receipt", "No payments yet", "They appear here as they are taken."),
            filters=[ChoiceFilter("state", "State", [Choice("CAPTURED", "Paid")]), DayFilter("created", "Created")],
            details=self._details,
            detail_title=lambda row: f"PAY-{row.number:07}",
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 12)
        column.addWidget(plain_label("Payments", "heading"))
        column.addWidget(self.table)
        self.setFocusProxy(self.table)
        if detail:
            self.table.loaded.connect(lambda: self.table.open_row(3))

    @staticmethod
    def _details(row: Row) -> QWidget:
        return card(
            plain_label(row.name, "strong"), plain_label("₹1,299.00", "amount"), Button("Refund", icon="undo-2")
        )


def window(tasks: Tasks, *, detail: bool) -> QWidget:
    """The window in training mode, with the list in front."""
    shell = Shell(
        [
            ScreenSpec("checkout", mark("Checkout"), "shopping-cart", partial(Listing, tasks, detail=detail)),
            ScreenSpec("payments", mark("Payments"), "credit-card", Screen),
            ScreenSpec("orders", mark("Orders"), "package", Screen),
            ScreenSpec("exceptions", mark("Exceptions"), "triangle-alert", Screen, Action.VIEW_EXCEPTIONS),
            ScreenSpec("metrics", mark("Metrics"), "chart-column", Screen, Action.VIEW_METRICS),
        ],
        Screen,
        tasks,
        now=lambda: NOW,
    )
    shell.resize(*SIZE)
    opened = NOW - timedelta(hours=3)
    shell.show_state(
        replace(MANAGER, pending=2, connection=Connection.ONLINE, badges={"exceptions": 3}, shift_opened_at=opened)
    )
    return shell


if __name__ == "__main__":
    if len(sys.argv) > 2:
        render(Path(sys.argv[1]), sys.argv[2])
    else:
        main(Path(sys.argv[1]))
