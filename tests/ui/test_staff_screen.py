"""The people of the store on their screen: taking on, changing, unlocking, one's own PIN."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from PySide6.QtCore import Qt
from sqlalchemy import update

from tests.factories.people import PIN
from tests.ui.pages.access import nameless
from tests.ui.pages.desk import ASHA, MEERA, RAVI, Desk, everything_shown
from tests.ui.pages.hands import click, press, type_text
from tillgate.domain.staff import Role
from tillgate.services.sign_in import sign_in
from tillgate.store.models import staff
from tillgate.ui.screens.staff import StaffScreen
from tillgate.ui.screens.staff.own_pin_dialog import OwnPinDialog
from tillgate.ui.screens.staff.person_dialog import PersonDialog
from tillgate.ui.screens.staff.view import PersonDetails


class PeoplePage:
    """The screen as a manager has it."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.screen = StaffScreen(desk.door(MEERA), ZoneInfo("Asia/Kolkata"))
        desk.show(self.screen)
        self.loaded()

    def loaded(self) -> None:
        self.desk.settled(lambda: not self.screen.table.model.waiting)

    @property
    def rows(self) -> list[tuple[str, ...]]:
        model = self.screen.table.model
        cells = [[model.data(model.index(row, column)) for column in range(3)] for row in range(model.rowCount())]
        return [tuple(str(getattr(cell, "text", cell)) for cell in row) for row in cells]

    def details(self, name: str) -> PersonDetails:
        self.screen.table.select_key(self.desk.people[name])
        self.desk.settled()
        return self.screen.table.pane.findChildren(PersonDetails)[-1]

    def dialog(self) -> PersonDialog:
        found = self.screen.findChild(PersonDialog)
        assert found is not None
        return found


@pytest.fixture
def page(desk: Desk) -> PeoplePage:
    return PeoplePage(desk)


def test_everybody_is_listed_with_role_and_state(page: PeoplePage) -> None:
    assert [row[:2] for row in page.rows] == [(ASHA, "Cashier"), (MEERA, "Manager"), (RAVI, "Cashier")]
    assert nameless(page.screen) == []
    page.details(ASHA)
    assert nameless(page.screen) == []


def test_somebody_is_taken_on_by_keyboard(page: PeoplePage) -> None:
    click(page.screen.view.take_on)
    dialog = page.dialog()
    assert nameless(dialog) == []
    type_text(dialog.name.line, "Zoya Khan")
    type_text(dialog.pin.line, "1234")
    type_text(dialog.again.line, "1235")
    press(dialog.again.line, Qt.Key.Key_Return)
    assert dialog.again.error == "The two are not the same."
    dialog.again.set_text("1234")
    press(dialog.again.line, Qt.Key.Key_Return)
    page.desk.settled()
    assert dialog.pin.error.startswith("Easy to guess")
    for field in (dialog.pin, dialog.again):
        field.set_text("5173")
    press(dialog.again.line, Qt.Key.Key_Return)
    page.desk.settled(lambda: page.rows[-1][:2] == ("Zoya Khan", "Cashier"))
    assert sign_in(page.desk.till, page.desk.pins, "Zoya Khan", "5173").actor.role is Role.CASHIER
    assert "5173" not in everything_shown(page.screen)


def test_a_taken_name_is_said_at_the_name(page: PeoplePage) -> None:
    click(page.screen.view.take_on)
    dialog = page.dialog()
    dialog.name.set_text(ASHA.upper())
    for field in (dialog.pin, dialog.again):
        field.set_text("5173")
    click(dialog.go)
    page.desk.settled()
    assert dialog.name.error == f"{ASHA} is there already. Use another name."


def test_a_person_is_changed_and_leaves(page: PeoplePage) -> None:
    click(page.details(ASHA).change)
    dialog = page.dialog()
    assert (dialog.name.text, dialog.active.isChecked()) == (ASHA, True)
    dialog.active.setChecked(False)
    click(dialog.go)
    page.desk.settled(lambda: page.rows[0][2] == "Left" or len(page.rows) != 3)
    assert page.screen.view.notice.text == f"{ASHA} is saved."


def test_the_only_manager_stays_one(page: PeoplePage) -> None:
    click(page.details(MEERA).change)
    dialog = page.dialog()
    dialog.role.setCurrentIndex(dialog.role.findData(Role.CASHIER))
    click(dialog.go)
    page.desk.settled()
    assert f"{MEERA} is the only manager." in dialog.notice.text


def test_a_locked_person_is_unlocked(desk: Desk) -> None:
    with desk.till.db.write(desk.till.system) as uow:
        locked = {"failed_tries": 10, "locked_at": uow.now}
        uow.execute(update(staff).where(staff.c.name == RAVI).values(locked))
    page = PeoplePage(desk)
    assert page.rows[-1] == (RAVI, "Cashier", "Locked")
    click(page.details(RAVI).unlock)
    desk.settled(lambda: page.rows[-1][2] == "Active")
    sign_in(desk.till, desk.pins, RAVI, PIN[Role.CASHIER])


def test_the_list_is_searched_and_filtered(page: PeoplePage) -> None:
    table = page.screen.table
    table.set_query(table.query.with_filter("role", "manager"))
    page.loaded()
    assert [row[0] for row in page.rows] == [MEERA]


def test_my_own_pin(page: PeoplePage) -> None:
    click(page.screen.view.own_pin)
    dialog = page.screen.findChild(OwnPinDialog)
    assert dialog is not None
    assert nameless(dialog) == []
    fields = (dialog.old, dialog.new, dialog.again)
    for texts, wrong in (
        (("000000", "846075", "846075"), dialog.old),
        ((PIN[Role.MANAGER], "123456", "123456"), dialog.new),
        ((PIN[Role.MANAGER], "846075", "846076"), dialog.again),
    ):
        for field, text in zip(fields, texts, strict=True):
            field.set_text(text)
        click(dialog.go)
        page.desk.settled()
        assert wrong.error
    dialog.again.set_text("846075")
    click(dialog.go)
    page.desk.settled(lambda: page.screen.view.notice.text == "Your PIN is changed.")
    assert sign_in(page.desk.till, page.desk.pins, MEERA, "846075").actor.name == MEERA
