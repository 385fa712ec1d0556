"""A manager's approval in place, and proving again who is there."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from sqlalchemy import func, select

from tests.factories.people import PIN
from tests.ui.pages.access import nameless
from tests.ui.pages.desk import ASHA, MEERA, RAVI, Desk, everything_shown
from tests.ui.pages.hands import click, press, type_text
from tillgate.domain.errors import NotAllowed, TillgateError
from tillgate.domain.money import Money
from tillgate.domain.staff import CONFIRMATION_LASTS, Action, Role
from tillgate.services.access import authorize
from tillgate.store.models import approval
from tillgate.ui.dialogs.approval import ApprovalDialog, Asked, ConfirmDialog, Door, ask_permission, export_gate

AMOUNT = Money(250_000, "INR")
ASKED = Asked(Action.REFUND, "payment:17", AMOUNT, "Refund PAY-17")
PIN_OF_MANAGER = PIN[Role.MANAGER]


class Refunding(QWidget):
    """A screen with one action that wants permission."""

    def __init__(self, desk: Desk, name: str) -> None:
        super().__init__()
        self.desk, self.door = desk, desk.door(name)
        self.ended: list[str] = []
        desk.show(self, 400, 300)

    def refund(self, token: str | None = None) -> None:
        self.door.tasks.run(self, partial(self._work, token), self.ended.append, self._refused)

    def _work(self, token: str | None) -> str:
        with self.door.till.db.write(self.door.actor) as uow:
            approver = authorize(
                uow, self.door.actor, Action.REFUND, subject="payment:17", amount=AMOUNT, approval_token=token
            )
        return f"by {approver}"

    def _refused(self, error: TillgateError) -> None:
        if not ask_permission(self, self.door, ASKED, error, self.refund):
            self.ended.append(error.code)


def approval_dialog(page: QWidget, desk: Desk) -> ApprovalDialog:
    desk.settled()
    dialog = page.findChild(ApprovalDialog)
    assert dialog is not None
    desk.settled(lambda: dialog.credential.who.count() > 0)
    return dialog


def test_a_cashier_refunds_with_a_manager_beside(desk: Desk) -> None:
    page = Refunding(desk, ASHA)
    page.refund()
    dialog = approval_dialog(page, desk)
    shown = everything_shown(dialog)
    assert all(words in shown for words in ("₹2,500.00", "Refund PAY-17", ASHA))
    assert dialog.go.text() == "Approve ₹2,500.00"
    assert [dialog.credential.who.itemText(n) for n in range(dialog.credential.who.count())] == [MEERA]
    assert nameless(dialog) == []
    type_text(dialog.reason.line, "Damaged on arrival")
    press(dialog.reason.line, Qt.Key.Key_Return)
    type_text(dialog.credential.entry.line, PIN_OF_MANAGER)
    press(dialog.credential.entry.line, Qt.Key.Key_Return)
    press(dialog.credential.entry.line, Qt.Key.Key_Return)
    desk.settled(lambda: bool(page.ended))
    assert page.ended == [f"by {desk.people[MEERA]}"]
    with desk.till.db.read() as connection:
        assert connection.execute(select(func.count()).select_from(approval)).scalar_one() == 1


def test_an_approval_wants_a_reason_and_a_right_pin(desk: Desk) -> None:
    page = Refunding(desk, ASHA)
    page.refund()
    dialog = approval_dialog(page, desk)
    click(dialog.go)
    assert dialog.reason.error
    type_text(dialog.reason.line, "card 4111 1111 1111 1111")
    type_text(dialog.credential.entry.line, "846075")
    click(dialog.go)
    desk.settled()
    assert "card number" in dialog.reason.error
    dialog.reason.set_text("Damaged")
    type_text(dialog.credential.entry.line, "846075")
    click(dialog.go)
    desk.settled()
    assert dialog.credential.entry.said == "This PIN is not right."
    assert dialog.credential.entry.text == ""
    press(dialog, Qt.Key.Key_Escape)
    assert page.ended == []


def test_without_another_manager_it_says_so(desk: Desk) -> None:
    door = desk.door(MEERA)
    page = QWidget()
    desk.show(page)
    dialog = ApprovalDialog(page, door, ASKED)
    dialog.open()
    desk.settled()
    assert "no manager who could approve" in dialog.notice.text
    assert not dialog.go.isEnabled()


def test_a_manager_proves_again_after_some_minutes(desk: Desk) -> None:
    page = Refunding(desk, MEERA)
    page.refund()
    desk.settled()
    assert page.ended == ["by None"]
    desk.clock.advance(CONFIRMATION_LASTS.total_seconds())
    page.refund()
    desk.settled()
    dialog = page.findChild(ConfirmDialog)
    assert dialog is not None
    assert nameless(dialog) == []
    type_text(dialog.entry.line, "846075")
    press(dialog.entry.line, Qt.Key.Key_Return)
    desk.settled()
    assert dialog.entry.said == "This PIN is not right."
    type_text(dialog.entry.line, PIN_OF_MANAGER)
    press(dialog.entry.line, Qt.Key.Key_Return)
    desk.settled(lambda: len(page.ended) == 2)
    assert page.ended == ["by None", "by None"]


def test_any_other_refusal_is_the_caller_s(desk: Desk) -> None:
    page = QWidget()
    desk.show(page)
    for error in (NotAllowed("not_allowed"), NotAllowed("session_over")):
        assert not ask_permission(page, desk.door(ASHA), ASKED, error, lambda _token: None)


@pytest.mark.parametrize(("name", "goes"), [(MEERA, True), (RAVI, False)])
def test_a_list_is_exported_once_it_is_allowed(desk: Desk, name: str, goes: bool) -> None:
    page = QWidget()
    desk.show(page)
    gone: list[str] = []
    said: list[str] = []
    desk.tasks.failure.connect(lambda error, _label: said.append(error.code))
    before: Callable[[Callable[[], object]], None] = export_gate(page, desk.door(name), "audit")
    before(lambda: gone.append("gone"))
    desk.settled()
    assert (gone, said) == ((["gone"], []) if goes else ([], ["not_allowed"]))


def test_a_door_knows_who_is_there(desk: Desk) -> None:
    assert isinstance(desk.door(ASHA), Door)
    assert desk.door(ASHA).actor.name == ASHA
