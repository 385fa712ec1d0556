"""The integrity check on screen: run when asked, stopped when asked, what is wrong named, opened and exported."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from tests.factories.clinic import Clinic, break_the_books, open_clinic
from tests.factories.clock import FakeClock
from tests.factories.people import quick_pins
from tests.factories.secrets import MemorySecrets
from tests.factories.tills import make_till, new_sqlite
from tests.services.test_book_checks import FAULTS as SHOWN_FAULTS
from tests.services.test_instalment_money import FAULTS as ORDER_FAULTS
from tests.ui.pages.access import nameless
from tests.ui.pages.desk import FakeAccount
from tests.ui.pages.hands import click
from tillgate.domain.staff import Actor
from tillgate.services import book_checks
from tillgate.services.book_checks import BooksReport
from tillgate.services.looks import Check
from tillgate.services.owners import Forgotten
from tillgate.services.start_gates import (
    Findings,
    Gate,
    check_before_selling,
    check_consultations,
    check_last_run,
    finding_error,
    of_report,
)
from tillgate.store.engine import sqlite_engine
from tillgate.store.models import consultation as consultation_rows
from tillgate.ui.dialogs.approval import Door
from tillgate.ui.screens.settings.integrity_page import IntegrityPage
from tillgate.ui.screens.settings.integrity_words import CHECKS, FAULTS, GATES, NOT_YET, SOUND, WRONG
from tillgate.ui.screens.settings.places import Places
from tillgate.ui.standing_notices import StandingNotices
from tillgate.ui.tasks import Tasks
from tillgate.ui.widgets.notices import NoticeAction

NO_INVOICE = "DELETE FROM consultation_invoice WHERE payment_id = 2", "guard_consultation_invoice_delete"
TWICE = "UPDATE allocation SET thing_id = 1, live = 0 WHERE payment_id = 2", "guard_allocation_update_frozen"


@dataclass
class Page:
    """The page as a manager has it, and what it told the application."""

    qtbot: QtBot
    tasks: Tasks
    clinic: Clinic
    folder: Path
    findings: Findings = field(default_factory=Findings)
    reports: list[BooksReport] = field(default_factory=list)
    opened: list[object] = field(default_factory=list)

    def open(self, actor: Actor | None = None) -> IntegrityPage:
        till = self.clinic.till
        places = Places(
            MemorySecrets(),
            FakeAccount().open,
            "",
            findings=lambda: tuple(self.findings.by_gate.values()),
            books_checked=self._checked,
            show_payment=self.opened.append,
            show_consultation=lambda code, number: self.opened.append((code, number)),
        )
        door = Door(till, quick_pins(), actor or self.clinic.manager, self.tasks)
        page = IntegrityPage(door, places, till.zone, ask_path=self._ask)
        self.qtbot.addWidget(page)
        page.resize(1000, 900)
        page.show()
        self.settled()
        return page

    def settled(self, also: Callable[[], bool] = lambda: True) -> None:
        self.qtbot.waitUntil(lambda: self.tasks.pending == 0 and also())

    def check(self, page: IntegrityPage) -> None:
        click(page.run)
        self.settled()

    def _checked(self, report: BooksReport) -> None:
        self.reports.append(report)
        self.findings.take(of_report(report))

    def _ask(self, _parent: QWidget, name: str, then: Callable[[Path], None]) -> None:
        assert name == "integrity-check.csv"
        then(self.folder / name)
        then_book = self.folder / "integrity-check.xlsx"
        self.settled()
        then(then_book)


@pytest.fixture
def here(qtbot: QtBot, tasks: Tasks, tmp_path: Path) -> Iterator[Page]:
    """A clinic with one paid fee and one that waits."""
    engine = sqlite_engine(new_sqlite(tmp_path))
    clock = FakeClock()
    clinic = open_clinic(make_till(engine, clock))
    clock.advance(60)
    clinic.paid(clinic.consultation())
    clinic.pay(clinic.press(clinic.consultation()))
    yield Page(qtbot, tasks, clinic, tmp_path)
    engine.dispose()


def badges(page: IntegrityPage) -> dict[Check, str]:
    return {check: row.badge.status.text for check, row in page.rows.items()}


def test_sound_books_are_said_to_be_sound(here: Page) -> None:
    here.findings.take(check_before_selling(here.clinic.till, None))
    page = here.open()
    assert nameless(page) == []
    assert page.last.text() == "It was never run to its end."
    assert set(badges(page).values()) == {NOT_YET.text}
    assert [gate.badge.status for gate in page.gates] == [SOUND] * len(here.findings.by_gate)
    here.check(page)
    assert set(badges(page).values()) == {SOUND.text}
    assert page.notice.text == "Everything fits together."
    assert page.rows[Check.TAXES].looked.text().startswith("4 looked at · ")
    assert page.last.text().startswith("Last run: ")
    assert page.last.text().endswith(f"{here.clinic.manager.name}. Everything fitted together.")
    assert [report.ok for report in here.reports] == [True]
    assert not page.stop.isVisible()


def test_what_is_wrong_is_named_opened_kept_and_exported(here: Page) -> None:
    page = here.open()
    break_the_books(here.clinic, *NO_INVOICE)
    break_the_books(here.clinic, *TWICE)
    here.findings.take([check_consultations(here.clinic.till)])
    here.check(page)
    wrong = {check for check, badge in badges(page).items() if badge == WRONG.text}
    assert wrong == {Check.INVOICES, Check.DUPLICATES}
    assert page.notice.text.startswith("2 entries don’t fit together.")
    [payment], [consultation] = page.rows[Check.INVOICES].openers, page.rows[Check.DUPLICATES].openers
    assert page.rows[Check.INVOICES].faults == ["Payment 2: It has no invoice."]
    code = here.clinic.rows(consultation_rows)[0].code
    assert page.rows[Check.DUPLICATES].faults == [f"Consultation {code}: 2 payments hold it at once."]
    click(payment)
    click(consultation)
    assert here.opened == [2, (code, 1)]
    assert nameless(page) == []
    page.export.click()
    here.settled((here.folder / "integrity-check.xlsx").exists)
    with (here.folder / "integrity-check.csv").open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.reader(file))
    assert rows[0][:5] == ["Check", "Verdict", "Looked at", "About", "Found wrong"]
    by_check = {row[0]: row[1:5] for row in rows[1:]}
    assert by_check["Invoices of consultations"] == ["Wrong", "2", "Payment 2", "It has no invoice."]
    assert by_check["Ledger"][0] == "Sound"
    assert by_check["The consultations since yesterday"][:2] == ["Sound", ""]
    assert zipfile.is_zipfile(here.folder / "integrity-check.xlsx")
    assert here.findings.by_gate[Gate.BOOKS].values == {"count": 2}
    # Whoever opens it later sees what the last run came to, and at the start it is told again.
    later = here.open()
    assert {check for check, badge in badges(later).items() if badge == WRONG.text} == wrong
    assert "Found wrong: 2" in later.last.text()
    assert [gate.badge.status for gate in later.gates] == [SOUND], "the whole check knows better"
    assert check_last_run(here.clinic.till).values == {"count": 2}


def test_a_run_is_stopped_in_its_middle(here: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    entered, go_on = Event(), Event()

    class Held(book_checks.Walk):
        """Waits in the audit chain until the test has looked at it."""

        def walk_entry(self) -> None:
            entered.set()
            assert go_on.wait(60)
            super().walk_entry()

    monkeypatch.setattr("tillgate.ui.screens.settings.integrity_page.Walk", Held)
    page = here.open()
    click(page.run)
    assert not page.run.isEnabled()
    assert page.stop.hasFocus()
    here.qtbot.waitUntil(entered.is_set)
    here.qtbot.waitUntil(lambda: page.progress.text().startswith("Looking at 11 of 11: Audit chain, entry "))
    click(page.stop)
    assert page.progress.text() == "Stopping …"
    go_on.set()
    here.settled(page.run.isEnabled)
    assert page.notice.text == "Stopped after 10 checks."
    assert badges(page)[Check.CHAIN] == NOT_YET.text
    assert page.last.text() == "It was never run to its end."
    assert page.run.hasFocus()


def test_a_cashier_is_told_that_only_a_manager_may(here: Page) -> None:
    page = here.open(here.clinic.cashier)
    assert not page.export.isVisible()
    here.check(page)
    assert page.notice.text.startswith("Only a manager may do this.")
    assert here.reports == []


def test_every_check_gate_and_fault_has_words() -> None:
    chain = {"row_missing", "link_broken", "row_changed", "end_cut", "head_missing"}
    # Planted among payment invoices, in tests/services/test_invoice_figures.
    prompts = {"invoice_sum", "wait_sum", "prepaid_sum"}
    # And in the books of wallets, in tests/services/test_wallets and test_commissions.
    wallets = {"wallet_sum", "commission_sum", "commission_order"}
    # And among instalment orders, in tests/services/test_instalment_money.
    orders = set(ORDER_FAULTS)
    # And of stock, in tests/services/test_catalogue_edits.
    orders.add("stock_sum")
    forgotten = {f"forgotten_{what.value}" for what in Forgotten}
    assert set(SHOWN_FAULTS) | chain | prompts | wallets | orders | forgotten == set(FAULTS)
    assert set(CHECKS) == set(Check)
    assert set(GATES) == set(Gate) - {Gate.BOOKS}


def test_what_is_wrong_stands_above_the_screens_until_it_is_gone(qtbot: QtBot, here: Page) -> None:
    asked: list[str] = []
    standing = StandingNotices()
    qtbot.addWidget(standing)

    def ways(error: Exception) -> list[NoticeAction]:
        return [NoticeAction("Open the check", lambda: asked.append(str(error)))]

    break_the_books(here.clinic, *NO_INVOICE)
    here.check(here.open())
    here.findings.take([replace(here.findings.by_gate[Gate.BOOKS], gate=Gate.SPACE, code="disk_low", values={})])
    errors = [finding_error(finding) for finding in here.findings.shown]
    standing.show_errors(errors, ways)
    standing.show()
    [books, _space] = standing.notices
    assert books.text.startswith("The integrity check found entries in the books that don’t fit together: 1.")
    click(books.buttons[0])
    assert len(asked) == 1
    books.clear()
    assert len(standing.notices) == 1
    standing.show_errors(errors, ways)
    assert len(standing.notices) == 1, "nothing is new: what somebody closed stays closed"
    standing.show_errors(errors, ways, again=True)
    assert len(standing.notices) == 2, "the next who signs in is told"
    standing.show_errors([], ways)
    assert not standing.isVisible()
