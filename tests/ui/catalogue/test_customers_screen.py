"""Customers in their window: written down, changed, refused when stale, and their payments found."""

from __future__ import annotations

from PySide6.QtCore import Qt

from tests.factories.shop import Counter
from tests.ui.catalogue.conftest import OpenWindow
from tests.ui.pages.access import nameless
from tests.ui.pages.catalogue import CatalogueWindow
from tests.ui.pages.hands import CTRL
from tillgate.services.customers import CustomerDraft, load_customer, update_customer
from tillgate.ui.screens.customers import CustomersScreen
from tillgate.ui.screens.customers.customer_dialog import CustomerForm
from tillgate.ui.screens.payments import PaymentsScreen
from tillgate.ui.widgets.fields import TextField


def error_at(dialog: CustomerForm, name: str) -> str:
    field = dialog.fields[name]
    assert isinstance(field, TextField)
    return field.error


def test_a_cashier_writes_a_customer_down_by_keyboard(open_window: OpenWindow, counter: Counter) -> None:
    window = open_window(counter.till, counter.cashier)
    screen = window.go("customers", CustomersScreen)
    assert nameless(screen) == []
    window.press(Qt.Key.Key_Insert)
    dialog = window.opened(CustomerForm)
    assert nameless(dialog) == []
    window.type("Bina Shah")
    window.fill(phone="12", note="4111 1111 1111 1111")
    window.save()
    window.until(lambda: error_at(dialog, "phone").startswith("This is not a phone number."))
    window.fill(phone="98450 54399")
    window.save()
    window.until(lambda: error_at(dialog, "note"))
    window.fill(note="wants a bill")
    window.save()
    window.closed(CustomerForm)
    assert screen.notice.text.startswith("Bina Shah is saved.")
    window.until(lambda: window.rows(screen.table, 2) == [("Bina Shah", "+919845054399")])
    window.until(lambda: not screen.table.pane.isHidden())
    assert not screen.table.bar.export.isVisible()


def test_a_customer_changed_meanwhile_is_not_overwritten(window: CatalogueWindow, counter: Counter) -> None:
    screen = window.go("customers", CustomersScreen)
    window.until(lambda: len(window.rows(screen.table)) == 1)
    screen.table.open_row(0)
    window.press(Qt.Key.Key_S, CTRL)
    dialog = window.opened(CustomerForm)
    known = load_customer(counter.till, counter.manager, counter.customer_id)
    draft = CustomerDraft(known.name, "elsewhere@example.org", known.phone)
    update_customer(counter.till, counter.manager, known.id, draft, known.version)
    window.fill(email="here@example.org")
    window.save()
    window.until(lambda: "Somebody else changed this customer meanwhile." in dialog.notice.text)
    dialog.reject()
    assert load_customer(counter.till, counter.manager, known.id).email == "elsewhere@example.org"


def test_a_customer_leads_to_their_payments(window: CatalogueWindow, counter: Counter) -> None:
    screen = window.go("customers", CustomersScreen)
    window.until(lambda: len(window.rows(screen.table)) == 1)
    screen.table.open_row(0)
    window.press(Qt.Key.Key_P, CTRL)
    window.until(lambda: isinstance(window.shell.page("payments"), PaymentsScreen))
    payments = window.shell.page("payments")
    assert isinstance(payments, PaymentsScreen)
    known = load_customer(counter.till, counter.manager, counter.customer_id)
    assert payments.table.query.text == known.phone
