"""Settings: every option on one page, keys that are written and never read, the security page, the audit."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QMainWindow

from tests.factories.people import PIN
from tests.ui.pages.access import nameless
from tests.ui.pages.desk import ASHA, MEERA, Desk, everything_shown
from tests.ui.pages.hands import CTRL, click, press, type_text
from tillgate import i18n
from tillgate.app.key_choice import declared
from tillgate.domain.changes import Changes, Kind
from tillgate.domain.settings import (
    COMMISSION_BP,
    INVOICE_FEE_BP,
    LINK_MINUTES,
    OPTIONS,
    STORE_NAME,
    WOMPI_LARGEST,
    WOMPI_SMALLEST,
    Option,
)
from tillgate.domain.staff import CONFIRMATION_LASTS, Role
from tillgate.i18n import mark
from tillgate.ports import Outcome
from tillgate.services.kept_keys import read_keys
from tillgate.ui.commands import Command, Commands
from tillgate.ui.dialogs.approval import ConfirmDialog
from tillgate.ui.screens.settings import SettingsScreen
from tillgate.ui.screens.settings.audit_page import AuditPage
from tillgate.ui.screens.settings.keyboard_page import KeyboardPage, KeyField
from tillgate.ui.screens.settings.keys_form import KeysForm
from tillgate.ui.screens.settings.mail_password import MailPassword
from tillgate.ui.screens.settings.options_page import OptionsPage
from tillgate.ui.screens.settings.security_page import SecurityPage
from tillgate.ui.widgets.dialog import Confirm, Dialog

KEY_ID, KEY_SECRET = "rzp_test_4f8kQ2mWc7", "a canary of a secret"
INDIA = ZoneInfo("Asia/Kolkata")


class SettingsPage:
    """The screen as a manager has it."""

    def __init__(self, desk: Desk, name: str = MEERA) -> None:
        self.desk = desk
        self.screen = SettingsScreen(desk.door(name), desk.places, INDIA)
        self.heard: list[Changes] = []
        desk.tasks.watch(self.screen, {Kind.SETTING}, self.heard.append)
        desk.show(self.screen)

    def options(self, key: str) -> OptionsPage:
        self.screen.view.go(key)
        page = self.screen.view.page(key)
        assert isinstance(page, OptionsPage)
        return page

    def keys(self) -> KeysForm:
        self.screen.view.go("keys")
        self.desk.settled()
        form = self.screen.findChild(KeysForm)
        assert form is not None
        return form

    def type_keys(self, key_id: str = KEY_ID, key_secret: str = KEY_SECRET) -> KeysForm:
        form = self.keys()
        type_text(form.key_id.line, key_id)
        type_text(form.key_secret.line, key_secret)
        return form


@pytest.fixture
def page(desk: Desk) -> SettingsPage:
    return SettingsPage(desk)


def test_every_option_has_one_field(page: SettingsPage) -> None:
    found = [name for key in ("store", "payments", "mail", "till") for name in page.options(key).fields]
    assert sorted(found) == sorted(option.name for option in OPTIONS)
    for key in ("store", "payments", "keys", "mail", "till", "security", "audit"):
        page.screen.view.go(key)
        page.desk.settled()
        assert nameless(page.screen) == [], key


def test_keys_are_changed_without_conflicts_and_kept(desk: Desk) -> None:
    window = QMainWindow()
    desk.qtbot.addWidget(window)
    commands = Commands(window)
    commands.add(Command("till.lock", mark("Lock the till"), print, shortcut="Ctrl+L"))
    commands.declare(declared())
    screen = SettingsScreen(desk.door(MEERA), replace(desk.places, commands=commands), INDIA)
    desk.show(screen)
    screen.view.go("keyboard")
    page = screen.view.page("keyboard")
    assert isinstance(page, KeyboardPage)
    assert nameless(screen) == []
    assert {"checkout.pay", "payments.refund", "orders.invoice", "exceptions.close"} <= set(page.buttons)
    assert page.buttons["payments.refund"].text() == "F8"
    assert not page.reset.isEnabled()

    def opened() -> list[Dialog]:
        return [each for each in page.findChildren(Dialog) if each.isVisible()]

    def ask(command: str) -> tuple[Dialog, KeyField]:
        page.buttons[command].click()
        [dialog] = opened()
        assert nameless(dialog) == []
        field = dialog.findChild(KeyField)
        assert field is not None
        return dialog, field

    dialog, field = ask("payments.refund")
    press(field, Qt.Key.Key_L, CTRL)
    click(dialog.go)
    assert "Lock the till" in dialog.notice.text
    assert commands.chosen == {}
    press(field, Qt.Key.Key_R)
    click(dialog.go)
    assert "plain characters" in dialog.notice.text
    press(field, Qt.Key.Key_F9)
    click(dialog.go)
    desk.settled(lambda: read_keys(desk.till) == {"payments.refund": "F9"})
    assert opened() == []
    assert page.buttons["payments.refund"].text() == "F9"
    assert page.notice.text == "Saved."

    dialog, field = ask("till.lock")
    press(field, Qt.Key.Key_Escape)
    assert opened() == []
    click(page.reset)
    desk.settled(lambda: read_keys(desk.till) == {})
    assert page.buttons["payments.refund"].text() == "F8"


def test_keys_that_may_not_be_kept_are_not_worn(desk: Desk) -> None:
    window = QMainWindow()
    desk.qtbot.addWidget(window)
    commands = Commands(window)
    commands.add(Command("till.lock", mark("Lock the till"), print, shortcut="Ctrl+L"))
    page = KeyboardPage(desk.door(MEERA), commands)
    desk.show(page)
    desk.clock.advance(CONFIRMATION_LASTS.total_seconds())
    page.buttons["till.lock"].click()
    [dialog] = [each for each in page.findChildren(Dialog) if each.isVisible()]
    field = dialog.findChild(KeyField)
    assert field is not None
    press(field, Qt.Key.Key_F7)
    click(dialog.go)
    desk.settled(lambda: any(each.isVisible() for each in page.findChildren(ConfirmDialog)))
    assert commands.shortcut("till.lock") == "Ctrl+L"
    [asked] = [each for each in page.findChildren(ConfirmDialog) if each.isVisible()]
    asked.entry.line.setText(PIN[Role.MANAGER])
    asked.go.click()
    desk.settled(lambda: read_keys(desk.till) == {"till.lock": "F7"})
    assert commands.shortcut("till.lock") == "F7"


def test_options_are_saved_together_and_said(page: SettingsPage) -> None:
    options = page.options("store")
    assert not options.save.isEnabled()
    name, zone = options.fields["store.name"], options.fields["store.zone"]
    assert name.typed is not None
    assert zone.choice is not None
    type_text(name.typed.line, "Rang Mahal")
    zone.choice.setEditText("africa/nairobi")
    assert options.changes == {"store.name": "Rang Mahal", "store.zone": "Africa/Nairobi"}
    click(options.save)
    page.desk.settled(lambda: bool(page.heard))
    assert options.notice.text == "Saved."
    assert page.desk.till.settings()[STORE_NAME] == "Rang Mahal"
    assert page.desk.till.zone.key == "Africa/Nairobi"
    assert not options.save.isEnabled()


def test_a_bad_option_is_said_at_its_field_and_can_be_undone(page: SettingsPage) -> None:
    options = page.options("payments")
    minutes = options.fields[LINK_MINUTES.name]
    assert minutes.typed is not None
    minutes.typed.set_text("15")
    click(options.save)
    page.desk.settled()
    assert "from 16 to 1440" in minutes.typed.error
    assert QApplication.focusWidget() is minutes.typed.line
    click(options.undo)
    assert (minutes.text, minutes.typed.error) == ("30", "")
    assert page.desk.till.settings()[LINK_MINUTES] == 30


@pytest.mark.parametrize(
    ("language", "option", "typed", "kept"),
    [
        ("en", INVOICE_FEE_BP, ("3", "2.75 %", "2.75"), 275),
        ("en", INVOICE_FEE_BP, ("3", "5", "5"), 500),
        ("es", COMMISSION_BP, ("10", "3,5", "3,5"), 350),
        ("en", WOMPI_LARGEST, ("99,000,000", "1,500,000", "1,500,000"), 1_500_000),
        ("es", WOMPI_LARGEST, ("99.000.000", "2500000", "2.500.000"), 2_500_000),
    ],
)
def test_rates_are_percent_and_amounts_are_grouped(
    desk: Desk, language: str, option: Option[int], typed: tuple[str, str, str], kept: int
) -> None:
    i18n.use_language(language)
    page = SettingsPage(desk)
    options = page.options("payments")
    field = options.fields[option.name]
    assert field.typed is not None
    assert field.typed.text == typed[0]
    assert not options.changes
    field.typed.clear()
    type_text(field.typed.line, typed[1])
    click(options.save)
    page.desk.settled(lambda: bool(page.heard))
    assert page.desk.till.settings()[option] == kept
    assert page.desk.till.settings().text(option) == str(kept)
    assert field.typed.text == typed[2]


@pytest.mark.parametrize(
    ("option", "typed", "said"),
    [
        (INVOICE_FEE_BP, "300", "not a rate from 0 to 100"),
        (INVOICE_FEE_BP, "51", "a rate from 0 to 50 %"),
        (COMMISSION_BP, "2.755", "not a rate from 0 to 100"),
        (COMMISSION_BP, "", "not a rate from 0 to 100"),
        (WOMPI_SMALLEST, "1,5", "“1,5” is not a whole number."),
        (WOMPI_SMALLEST, "", "not a whole number."),
    ],
)
def test_a_number_that_is_none_is_said_at_its_field(
    page: SettingsPage, option: Option[int], typed: str, said: str
) -> None:
    options = page.options("payments")
    field = options.fields[option.name].typed
    assert field is not None
    field.clear()
    type_text(field.line, typed)
    click(options.save)
    page.desk.settled()
    assert said in field.error
    assert options.save.isEnabled()
    assert QApplication.focusWidget() is field.line
    assert page.desk.till.settings()[option] == option.default
    click(options.undo)
    assert (field.error, options.changes) == ("", {})


def test_after_some_minutes_it_asks_who_is_there_and_goes_on(page: SettingsPage) -> None:
    page.desk.clock.advance(CONFIRMATION_LASTS.total_seconds())
    options = page.options("store")
    field = options.fields["store.name"].typed
    assert field is not None
    type_text(field.line, "Rang Mahal")
    click(options.save)
    page.desk.settled()
    dialog = options.findChild(ConfirmDialog)
    assert dialog is not None
    type_text(dialog.entry.line, PIN[Role.MANAGER])
    press(dialog.entry.line, Qt.Key.Key_Return)
    page.desk.settled(lambda: bool(page.heard))
    assert page.desk.till.settings()[STORE_NAME] == "Rang Mahal"


def test_keys_are_tested_kept_and_never_seen_again(page: SettingsPage) -> None:
    form = page.type_keys()
    click(form.test)
    page.desk.settled()
    assert form.notice.text.startswith("Razorpay knows these keys.")
    assert page.desk.secrets.kept == {}
    click(form.save)
    page.desk.settled(lambda: bool(page.heard))
    assert page.desk.secrets.kept["razorpay.test.key_secret"] == KEY_SECRET
    shown = everything_shown(page.screen)
    assert KEY_SECRET not in shown
    assert KEY_ID not in shown
    assert "mWc7" in shown
    assert form.state.status.text == "Kept in the keyring"
    form.notice.clear()
    click(form.test)
    page.desk.settled()
    assert page.desk.account.opened[-1] == KEY_ID
    assert form.notice.text.startswith("Razorpay knows these keys.")


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (Outcome.MISCONFIGURED, "does not know these keys"),
        (Outcome.NOT_SENT, "nothing was sent"),
        (Outcome.UNKNOWN, "no clear answer"),
        (Outcome.RATE_LIMITED, "asked too often"),
    ],
)
def test_a_test_that_fails_says_why(page: SettingsPage, outcome: Outcome, words: str) -> None:
    page.desk.account.outcome = outcome
    form = page.type_keys()
    press(form.key_secret.line, Qt.Key.Key_Return)
    page.desk.settled()
    assert words in form.notice.text
    assert "It said: words of the provider" in form.notice.text


def test_a_further_secret_is_typed_below_the_pair_and_kept_with_it(page: SettingsPage) -> None:
    page.keys()
    (form,) = [each for each in page.screen.findChildren(KeysForm) if each.others]
    secret = form.others["integrity"]
    pair = (form.key_id, form.key_secret)
    for field, text in (
        *zip(pair, ("pub_test_A1b2C3d4E5", "prv_test_A1b2C3d4E5"), strict=True),
        (secret, "a canary, and a long one, C3d4"),
    ):
        type_text(field.line, text)
    press(form.key_secret.line, Qt.Key.Key_Return)
    assert secret.line.hasFocus()
    press(secret.line, Qt.Key.Key_Return)
    page.desk.settled()
    assert form.notice.text.startswith("Wompi knows these keys.")
    click(form.save)
    page.desk.settled(lambda: secret.line.placeholderText() == "Kept, ends in C3d4")
    assert page.desk.secrets.kept["wompi.test.integrity"] == "a canary, and a long one, C3d4"
    assert secret.text == ""
    assert "a canary, and a long one, C3d4" not in everything_shown(page.screen)


def test_a_key_of_the_other_mode_is_refused_before_it_goes_anywhere(page: SettingsPage) -> None:
    form = page.type_keys("rzp_live_4f8kQ2mWc7")
    for button in (form.test, form.save):
        click(button)
        page.desk.settled()
        assert form.key_id.error.startswith("This is a key of another mode.")
        form.key_id.show_error("")
    assert page.desk.account.opened == []
    assert page.desk.secrets.kept == {}


def test_without_a_keyring_it_says_how_to_turn_one_on(desk: Desk) -> None:
    desk.secrets.closed = "keyring_absent"
    form = SettingsPage(desk).keys()
    assert form.state.status.text == "No keyring"
    assert "GNOME Keyring" in form.notice.text
    desk.secrets.closed = "keyring_locked"
    assert SettingsPage(desk).keys().state.status.text == "Keyring closed"


def test_the_security_page_of_a_computer_without_a_keyring_does_not_speak_of_one(desk: Desk) -> None:
    places = replace(desk.places, database="postgresql://shop@db/tillgate", secret_file="/shop/secret.json")
    told = everything_shown(SecurityPage(desk.door(MEERA), places))
    assert "Nowhere: without a keyring they can’t be kept, and providers that need some are off." in told
    assert "In this computer’s keyring" not in told
    assert "In the shared database postgresql://shop@db/tillgate." in told


def test_keys_are_forgotten_after_a_question(page: SettingsPage) -> None:
    form = page.type_keys()
    click(form.save)
    page.desk.settled(form.forget.isVisible)
    click(form.forget)
    question = form.findChild(Confirm)
    assert question is not None
    click(question.go)
    page.desk.settled(lambda: not page.desk.secrets.kept)
    page.desk.settled()
    assert form.state.status.text == "No keys yet"


def test_the_mail_password_is_kept_and_not_shown(page: SettingsPage) -> None:
    page.options("mail")
    form = page.screen.findChild(MailPassword)
    assert form is not None
    type_text(form.password.line, KEY_SECRET)
    press(form.password.line, Qt.Key.Key_Return)
    page.desk.settled(lambda: "mail.password" in page.desk.secrets.kept)
    page.desk.settled()
    assert KEY_SECRET not in everything_shown(page.screen)
    click(form.forget)
    page.desk.settled(lambda: not page.desk.secrets.kept)


def test_the_security_page_says_where_the_secret_is(page: SettingsPage, desk: Desk) -> None:
    page.screen.view.go("security")
    assert "In this computer’s keyring. A copy of the database" in everything_shown(page.screen)
    assert "/shop/tillgate.db" in everything_shown(page.screen)


def test_the_audit_is_listed_and_its_chain_walked(page: SettingsPage, desk: Desk) -> None:
    with desk.till.db.write(desk.actor(ASHA)) as uow:
        uow.record("signed_in", "staff:1", till="T1")
        uow.record("payment_captured", "payment:17", amount="INR 25.00")
    page.screen.view.go("audit")
    audit = page.screen.view.page("audit")
    assert isinstance(audit, AuditPage)
    desk.settled(lambda: audit.table.model.rowCount() == 2)
    row = [str(audit.table.model.data(audit.table.model.index(0, column))) for column in range(7)]
    assert row[1:] == ["Payment captured", ASHA, "payment:17", "amount: INR 25.00", "T1", "2"]
    audit.table.open_row(1)
    assert any(label.text() == "Signed in" for label in audit.table.pane.findChildren(QLabel))
    click(audit.check)
    desk.settled()
    assert audit.notice.text.startswith("2 entries, and every one holds.")


def test_a_cashier_sees_none_of_it(desk: Desk) -> None:
    page = SettingsPage(desk, ASHA)
    options = page.options("store")
    field = options.fields["store.name"].typed
    assert field is not None
    type_text(field.line, "Mallory's")
    click(options.save)
    desk.settled()
    assert "Only a manager may do this." in options.notice.text
    assert page.keys().notice.text.startswith("Only a manager may do this.")
    page.screen.view.go("audit")
    audit = page.screen.view.page("audit")
    assert isinstance(audit, AuditPage)
    desk.settled(lambda: bool(audit.table.notice.text))
    assert audit.table.model.rowCount() == 0


def test_a_session_that_is_over_saves_nothing(page: SettingsPage) -> None:
    page.desk.clock.advance(timedelta(hours=12).total_seconds())
    options = page.options("store")
    field = options.fields["store.name"].typed
    assert field is not None
    type_text(field.line, "Late")
    click(options.save)
    page.desk.settled()
    assert "Sign in again." in options.notice.text
    assert page.desk.till.settings()[STORE_NAME] == ""
