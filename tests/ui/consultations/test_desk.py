"""The clinic's desk in its window: who owes what, fees written down and corrected, clinics, people and taxes kept."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from tests.factories.clinic import Clinic
from tests.ui.pages.access import nameless
from tests.ui.pages.consultations import FeePage
from tests.ui.pages.hands import places_of
from tillgate import i18n
from tillgate.domain.money import Money
from tillgate.domain.tax_rules import TaxEffect
from tillgate.services.clinics import PractitionerDraft, list_clinics, list_practitioners, save_practitioner
from tillgate.services.consultation_lists import load_consultation
from tillgate.services.customers import search_customers
from tillgate.services.tax_rules import list_tax_rules
from tillgate.store.models import consultation
from tillgate.ui.screens.consultations.clinic_dialogs import ClinicDialog, PractitionerDialog
from tillgate.ui.screens.consultations.fee_dialog import FeeDialog, WithdrawDialog
from tillgate.ui.screens.consultations.keys import DESK
from tillgate.ui.screens.consultations.tax_dialogs import EndTaxDialog, TaxDialog
from tillgate.ui.screens.customers.customer_dialog import CustomerForm
from tillgate.ui.screens.form_dialog import FormDialog
from tillgate.ui.tasks import Tasks
from tillgate.ui.widgets.dialog import Confirm
from tillgate.ui.widgets.facts import Facts
from tillgate.ui.widgets.fields import TextField

RETURN, TAB = Qt.Key.Key_Return, Qt.Key.Key_Tab


def fill(dialog: FormDialog, **texts: str) -> None:
    for name, text in texts.items():
        field = dialog.fields[name]
        assert isinstance(field, TextField)
        field.set_text(text)


def added(page: FeePage) -> None:
    """Ins, in the list."""
    page.screen.table.setFocus()
    page.key(Qt.Key.Key_Insert, page.screen.table.view)


def opened(page: FeePage, row: int = 0) -> None:
    page.settled(lambda: page.screen.table.model.rowCount() > row and not page.screen.table.model.waiting)
    page.screen.table.open_row(row)
    page.settled()


def test_a_fee_of_a_new_patient_is_written_down_by_keys_alone(desk_page: FeePage, clinic: Clinic) -> None:
    assert nameless(desk_page.screen) == []
    added(desk_page)
    dialog = desk_page.dialog(FeeDialog)
    assert nameless(dialog) == []
    assert dialog.focusWidget() is dialog.patient.search
    desk_page.type_over(dialog, "Luz Mercado")
    desk_page.settled(lambda: dialog.patient.error.startswith("Nobody found."))
    assert desk_page.tap(dialog, TAB) is dialog.patient.new
    desk_page.tap(dialog, Qt.Key.Key_Space)
    form = desk_page.dialog(CustomerForm)
    assert form.name.text == "Luz Mercado"
    desk_page.tap(form, RETURN)
    desk_page.closed(CustomerForm)
    dialog.activateWindow()
    desk_page.settled(lambda: dialog.isActiveWindow() and dialog.patient.value is not None)
    assert dialog.focusWidget() is dialog.practitioner.combo
    assert desk_page.tap(dialog, TAB) is dialog.fee.line
    desk_page.type_over(dialog, "1,250.50")
    desk_page.tap(dialog, RETURN)
    desk_page.closed(FeeDialog)
    desk_page.settled(lambda: desk_page.rows() == [("Luz Mercado", "1", "₱1,250.50")])
    (row,) = clinic.rows(consultation)
    assert (row.fee_minor, row.practitioner_id) == (125_050, clinic.practitioners[1])
    assert row.held_at == clinic.till.clock.now()
    assert search_customers(clinic.till, clinic.manager, "luz")[0].id == row.patient_id


def test_a_known_patient_is_chosen_by_enter_and_what_is_missing_is_said_at_its_field(
    desk_page: FeePage, clinic: Clinic
) -> None:
    added(desk_page)
    dialog = desk_page.dialog(FeeDialog)
    desk_page.type_over(dialog, "villa")
    desk_page.tap(dialog, RETURN)
    desk_page.settled(lambda: dialog.patient.value == clinic.patients[1])
    assert dialog.patient.who.text().startswith("Ana Villanueva")
    dialog.save()
    assert dialog.fee.error
    dialog.fee.set_text("0")
    dialog.save()
    assert dialog.fee.error
    dialog.fee.set_text("10")
    dialog.note.set_text("card 4242 4242 4242 4242")
    dialog.save()
    desk_page.settled(lambda: bool(dialog.note.error))
    assert clinic.rows(consultation) == []
    dialog.patient.other.click()
    dialog.patient.search.setText("zzz")
    desk_page.settled(lambda: dialog.patient.error.startswith("Nobody found."))
    dialog.save()
    assert dialog.patient.error == "Choose whose fee it is."
    dialog.reject()


def test_open_fees_are_grouped_searched_and_scanned(page: FeePage, clinic: Clinic) -> None:
    clinic.consultation(Money(100_000, "PHP"))
    ana = clinic.consultation(Money(200_000, "PHP"), patient=1)
    page.screen.table.refresh()
    owed = [("Jose Dela Cruz", "2", "₱6,000.00"), ("Ana Villanueva", "1", "₱2,000.00")]
    page.settled(lambda: page.rows() == owed)
    bar = page.screen.table.bar.search

    def finds(text: str, found: list[tuple[str, str, str]]) -> None:
        bar.setText(text)
        page.settled(lambda: page.screen.table.query.text == text and page.rows() == found)

    for text, found in (("cruz", owed[:1]), ("63922", owed[1:]), (str(clinic.patients[1]), owed[1:]), ("", owed)):
        finds(text, found)
    patient = page.open_patient()
    assert [button.text() for button in patient.pays] == ["Pay ₱5,000.00", "Pay ₱1,000.00"]
    assert nameless(page.screen) == []
    assert page.screen.scan("+63922")
    page.settled(lambda: page.rows() == owed[1:] and bool(page.patient.pays))
    assert page.patient.row.patient_id == clinic.patients[1]
    code = load_consultation(clinic.till, clinic.cashier, ana).visit.consultation.code
    page.screen.scan(code.lower())
    page.settled(lambda: page.screen.front is page.screen.visits and any(v.bill.details for v in page._visits))
    assert page.screen.table.query.text == code
    page.screen.scan("4006381333931")
    page.settled(lambda: "4006381333931 is no visit, invoice or patient here." in page.screen.notice.text)


def test_a_manager_corrects_a_fee_and_withdraws_it(desk_page: FeePage, clinic: Clinic) -> None:
    number = clinic.consultation()
    visit = desk_page.visit(number)
    assert visit.change.isVisible()
    desk_page.command("change")
    dialog = desk_page.dialog(FeeDialog)
    assert dialog.fee.text == "5,000.00"
    dialog.fee.set_text("4500")
    dialog.save()
    desk_page.closed(FeeDialog)
    states = {row.code: (row.state.value, row.fee_minor) for row in clinic.rows(consultation)}
    code = load_consultation(clinic.till, clinic.cashier, number).visit.consultation.code
    assert states == {code: ("cancelled", 500_000), f"{code}-2": ("open", 450_000)}
    desk_page.settled(lambda: desk_page._visits[-1].bill.details is not None and desk_page._visits[-1]._id == 2)
    old = desk_page.visit(number)
    assert ("Replaced by", f"{code}-2") in [row for facts in old.bill.findChildren(Facts) for row in facts.rows]
    assert not old.change.isVisible()
    assert not old.withdraw.isVisible()
    desk_page.visit(2)
    desk_page.command("withdraw")
    asked = desk_page.dialog(WithdrawDialog)
    asked.save()
    desk_page.settled(lambda: bool(asked.reason.error))
    asked.reason.set_text("written down twice")
    asked.save()
    desk_page.closed(WithdrawDialog)
    desk_page.screen.show_list("open")
    desk_page.settled(lambda: desk_page.rows() == [])
    assert [row.state.value for row in clinic.rows(consultation)] == ["cancelled", "cancelled"]


def test_a_fee_that_is_being_paid_offers_neither_and_a_dialog_that_was_open_is_refused(
    desk_page: FeePage, clinic: Clinic
) -> None:
    number = clinic.consultation()
    desk_page.visit(number)
    desk_page.command("change")
    dialog = desk_page.dialog(FeeDialog)
    clinic.pay(clinic.press(number))
    dialog.fee.set_text("1")
    dialog.save()
    desk_page.settled(lambda: bool(dialog.notice.text))
    assert [row.state.value for row in clinic.rows(consultation)] == ["open"]
    dialog.reject()
    visit = desk_page.visit(number)
    desk_page.settled(lambda: not visit.change.isVisible() and not visit.withdraw.isVisible())
    assert visit.pay.text() == "Open its payment"


def test_clinics_and_practitioners_are_added_changed_and_taken_out_of_use(desk_page: FeePage, clinic: Clinic) -> None:
    screen, till = desk_page.screen, clinic.till
    desk_page.command("clinics")
    assert nameless(screen) == []
    added(desk_page)
    dialog = desk_page.dialog(ClinicDialog)
    assert nameless(dialog) == []
    fill(dialog, name="North", code="NORTH", country="P", currency="php")
    dialog.save()
    desk_page.settled(lambda: "two capital letters" in dialog.country.error)
    fill(dialog, country="ph")
    dialog.save()
    desk_page.closed(ClinicDialog)
    desk_page.settled(lambda: [row[0] for row in desk_page.rows()] == ["Bayani Clinic", "North"])
    desk_page.command("practitioners")
    added(desk_page)
    person = desk_page.dialog(PractitionerDialog)
    assert nameless(person) == []
    fill(person, name="Dr. Lim", code="DR-A")
    person.clinic.combo.setCurrentIndex(1)
    person.save()
    desk_page.settled(lambda: person.code.error == "This code is used already. Use another one.")
    fill(person, code="DR-LIM")
    person.save()
    desk_page.closed(PractitionerDialog)
    desk_page.settled(lambda: [row[0] for row in desk_page.rows()] == ["Dr. Lim", "Dr. Reyes", "Dr. Santos"])
    lim = next(each for each in list_practitioners(till, clinic.manager) if each.code == "DR-LIM")
    assert lim.clinic_id == list_clinics(till, clinic.manager)[1].id
    opened(desk_page, 0)
    desk_page.command("change")
    changing = desk_page.dialog(PractitionerDialog)
    assert not changing.code.isEnabled()
    renamed = PractitionerDraft(lim.clinic_id, "DR-LIM", "Dr. Grace Lim")
    save_practitioner(till, clinic.manager, renamed, practitioner_id=lim.id, version=lim.version)
    fill(changing, specialty="Paediatrics")
    changing.save()
    desk_page.settled(lambda: "Somebody else changed this practitioner meanwhile." in changing.notice.text)
    changing.reject()
    opened(desk_page, 1)
    getattr(screen.table.pane.body, "use").click()  # noqa: B009 - the pane's type is the list's business
    desk_page.settled(lambda: desk_page.rows()[1][2] == "Not in use")
    assert [each.name for each in list_practitioners(till, clinic.manager)] == ["Dr. Grace Lim", "Dr. Santos"]


def test_tax_rules_are_added_followed_ended_and_withdrawn(desk_page: FeePage, clinic: Clinic) -> None:
    till, today = clinic.till, clinic.till.store_day(clinic.till.clock.now())
    desk_page.command("taxes")
    desk_page.settled(lambda: [row[:2] for row in desk_page.rows()] == [("PPh", "15 %"), ("VAT", "12 %")])
    assert nameless(desk_page.screen) == []
    added(desk_page)
    dialog = desk_page.dialog(TaxDialog)
    assert nameless(dialog) == []
    assert dialog.country.text == "PH"
    fill(dialog, name="VAT", rate="8.87555")
    dialog.save()
    assert dialog.rate.error
    fill(dialog, rate="8.875")
    dialog.effect.choose(TaxEffect.ADDED)
    assert dialog.example.text() == "Of a fee of ₱1,000.00 it is ₱88.75; ₱1,088.75 is to pay."
    dialog.save()
    desk_page.settled(lambda: "VAT has a rule since" in dialog.notice.text)
    fill(dialog, name="GST")
    dialog.save()
    desk_page.closed(TaxDialog)
    desk_page.settled(lambda: [row[0] for row in desk_page.rows()] == ["GST", "PPh", "VAT"])
    opened(desk_page, 0)
    desk_page.command("withdraw")
    desk_page.dialog(Confirm).go.click()
    desk_page.settled(lambda: desk_page.rows()[0][2] == "Withdrawn")
    opened(desk_page, 2)
    desk_page.command("change")
    newer = desk_page.dialog(TaxDialog)
    assert (newer.rate.text, newer.first.value) == ("12", today + timedelta(days=1))
    fill(newer, rate="10")
    newer.save()
    desk_page.closed(TaxDialog)
    desk_page.settled(lambda: [row[2] for row in desk_page.rows()][2:] == ["Not yet valid", "Valid"])
    opened(desk_page, 1)
    getattr(desk_page.screen.table.pane.body, "end").click()  # noqa: B009
    ending = desk_page.dialog(EndTaxDialog)
    ending.last.set_value(today - timedelta(days=1))
    ending.save()
    desk_page.closed(EndTaxDialog)
    desk_page.settled(lambda: [row[2] for row in desk_page.rows()][1] == "Rule ended")
    rules = {(rule.name, rule.rate_ppm): rule.valid_until for rule in list_tax_rules(till, clinic.manager)}
    assert rules["VAT", 120_000] == today
    assert rules["VAT", 100_000] is None
    assert rules["PPh", 150_000] == today - timedelta(days=1)


def test_a_cashier_writes_fees_down_and_keeps_nothing_else(page: FeePage) -> None:
    assert list(page.screen.lists) == ["open", "visits"]
    assert not page.visit(1).change.isVisible()
    for verb in (each.key for each in DESK[3:]):
        assert not page.shell.commands.action(f"consultations.{verb}").isEnabled(), verb
    page.command("open")
    assert page.screen.adds["open"].isVisible()


def test_without_anybody_who_holds_consultations_that_is_said_first(desk_page: FeePage, clinic: Clinic) -> None:
    for each in list_practitioners(clinic.till, clinic.manager):
        draft = PractitionerDraft(each.clinic_id, each.code, each.name, each.specialty, active=False)
        save_practitioner(clinic.till, clinic.manager, draft, practitioner_id=each.id, version=each.version)
    added(desk_page)
    desk_page.settled(lambda: "There is nobody yet who holds consultations." in desk_page.screen.notice.text)


def test_the_tabs_stand_at_the_same_place_on_every_page(
    qtbot: QtBot, tasks: Tasks, clinic: Clinic, tmp_path: Path
) -> None:
    i18n.use_language("es")
    desk_page = FeePage(qtbot, tasks, clinic, tmp_path, clinic.manager)
    screen = desk_page.screen

    def show(key: str) -> None:
        screen.show_list(key)
        desk_page.settled()

    assert len(places_of(screen.chips.values, screen.lists, show)) == 1
