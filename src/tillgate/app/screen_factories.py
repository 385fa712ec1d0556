"""What each screen is given. Loaded once the till is open: the sign-in screen does not wait for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from sqlalchemy import make_url

from tillgate.app.browser import open_file, open_url
from tillgate.app.joining import join_instead
from tillgate.app.papers import (
    save_batch_slip,
    save_credit_note,
    save_fee_invoice,
    save_fee_receipt,
    save_invoice,
    save_invoice_slip,
    save_receipt,
)
from tillgate.app.printer import print_saved
from tillgate.domain.batch import DEFAULT_PROVIDER as BATCH_PROVIDER
from tillgate.domain.consultation import DEFAULT_PROVIDER
from tillgate.domain.payment import Mode
from tillgate.domain.payment_end import End
from tillgate.domain.settings import RAZORPAY_METHOD, STORE_CURRENCY, STORE_LANGUAGE, WOMPI_METHOD, Settings
from tillgate.domain.staff import Actor
from tillgate.ports import PaymentProvider
from tillgate.services.book_checks import BooksReport
from tillgate.services.bulk_orders import DEFAULT_PROVIDER as INSTALMENTS_PROVIDER
from tillgate.services.cart_view import CartView
from tillgate.ui.dialogs.approval import Door
from tillgate.ui.screen import Screen
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.batch import BatchDesk, BatchScreen
from tillgate.ui.screens.catalogue import CatalogueScreen
from tillgate.ui.screens.checkout import CheckoutDesk, CheckoutScreen
from tillgate.ui.screens.consultations import ConsultationsScreen
from tillgate.ui.screens.customers import CustomersScreen
from tillgate.ui.screens.exceptions import ExceptionsScreen
from tillgate.ui.screens.instalments import InstalmentsScreen
from tillgate.ui.screens.metrics import MetricsScreen
from tillgate.ui.screens.orders import OrdersScreen
from tillgate.ui.screens.payment_invoices import InvoiceDesk, PaymentInvoicesScreen
from tillgate.ui.screens.payments import PaymentsScreen
from tillgate.ui.screens.settings import Places, SettingsScreen
from tillgate.ui.screens.staff import StaffScreen
from tillgate.ui.screens.wizard import FirstStartScreen
from tillgate.ui.widgets.data_table import Query

if TYPE_CHECKING:
    from tillgate.app.bootstrap import Shop
    from tillgate.app.window import TillWindow


def wizard(window: TillWindow) -> FirstStartScreen:
    """The first start for real use."""
    return FirstStartScreen(window.shop.till, window.shop.pins, window.tasks, _places(window))


def _actor(window: TillWindow) -> Actor:
    if window.session is None:
        raise RuntimeError("a screen is made for somebody who is signed in")
    return window.session.actor


def _checkout(window: TillWindow) -> Screen:
    return CheckoutScreen(_desk(window))


def _consultations(window: TillWindow) -> Screen:
    shop, actor = window.shop, _actor(window)
    receipt, invoice = partial(save_fee_receipt, shop, actor), partial(save_fee_invoice, shop, actor)
    desk = replace(
        _desk(window),
        provider=lambda: (DEFAULT_PROVIDER, "session"),
        save_receipt=receipt,
        print_receipt=print_saved(receipt),
        save_invoice=invoice,
    )
    office = replace(_office(window), save_receipt=receipt, print_receipt=desk.print_receipt, save_invoice=invoice)
    return ConsultationsScreen(office, desk)


def _batch(window: TillWindow) -> Screen:
    shop = window.shop
    slip = partial(save_batch_slip, shop, _actor(window))
    desk = BatchDesk(
        open_page=open_url,
        way=lambda: (BATCH_PROVIDER, wompi_method(shop.providers, shop.till.settings())),
        save_slip=slip,
        print_slip=print_saved(slip),
        open_settings=lambda: window.shell.go("settings"),
        in_front=partial(_in_front, window),
    )
    return BatchScreen(_office(window), desk)


def _instalments(window: TillWindow) -> Screen:
    shop = window.shop
    # Nothing is sold yet by what is paid here: there is no invoice, and the receipt says what was paid.
    desk = replace(
        _desk(window),
        provider=lambda: (INSTALMENTS_PROVIDER, shop.till.settings()[RAZORPAY_METHOD]),
        save_invoice=None,
    )
    return InstalmentsScreen(_office(window), desk)


def _payment_invoices(window: TillWindow) -> Screen:
    slip = partial(save_invoice_slip, window.shop, _actor(window))
    return PaymentInvoicesScreen(_office(window), InvoiceDesk(_desk(window), slip, print_saved(slip)))


def _ask_phone(window: TillWindow, cart: CartView) -> None:
    if window.shell.go("payment_invoices"):
        page = window.shell.page("payment_invoices")
        if isinstance(page, PaymentInvoicesScreen):
            page.carry(cart)


def _verify_invoice(window: TillWindow, code: str, cart: CartView) -> None:
    if window.shell.go("payment_invoices"):
        page = window.shell.page("payment_invoices")
        if isinstance(page, PaymentInvoicesScreen):
            page.verify_code(code, cart)


def _desk(window: TillWindow) -> CheckoutDesk:
    shop = window.shop
    actor = _actor(window)
    settings = shop.till.settings()
    receipt = partial(save_receipt, shop, actor)
    return CheckoutDesk(
        till=shop.till,
        actor=actor,
        tasks=window.tasks,
        commands=window.shell.commands,
        open_url=partial(_open_checkout, window),
        provider=partial(_usual_way, shop),
        zone=shop.till.zone,
        language=settings[STORE_LANGUAGE],
        save_receipt=receipt,
        print_receipt=print_saved(receipt),
        save_invoice=partial(save_invoice, shop, actor),
        open_file=open_file,
        open_settings=lambda: window.shell.go("settings"),
        open_exceptions=lambda: window.shell.go("exceptions"),
        open_catalogue=lambda: window.shell.go("catalogue"),
        put_above=window.shell.put_above,
        come_forward=lambda: window.shell.go("checkout"),
        show_payment=partial(_show_payment, window),
        in_front=partial(_in_front, window),
        ask_phone=partial(_ask_phone, window),
        verify_invoice=partial(_verify_invoice, window),
    )


def _in_front(window: TillWindow, fronts: Mapping[int, End | None]) -> None:
    page = window.shell.page("checkout")
    if isinstance(page, CheckoutScreen):
        page.news.put_elsewhere(fronts)


def _usual_way(shop: Shop) -> tuple[str, str]:
    return usual_way(shop.providers, shop.till.settings())


def usual_way(providers: Mapping[str, PaymentProvider], settings: Settings) -> tuple[str, str]:
    """The provider of the store's currency, and the way to pay that the settings name for it."""
    currency = settings[STORE_CURRENCY]
    taking = {name for name, each in providers.items() if currency in each.capabilities.smallest_minor}
    if "wompi" in taking:
        return "wompi", wompi_method(providers, settings)
    if "intasend" in taking:
        # A prompt has fees, and one phone is asked once at a time: it is sent from invoice verification.
        return "intasend", "checkout"
    return "razorpay", settings[RAZORPAY_METHOD]


def wompi_method(providers: Mapping[str, PaymentProvider], settings: Settings) -> str:
    """The way to pay of the settings, where Wompi has it: Web Checkout needs a secret that may be missing."""
    wompi, chosen = providers.get("wompi"), settings[WOMPI_METHOD]
    return chosen if wompi is None or chosen in wompi.capabilities.methods else wompi.capabilities.default_method


def _door(window: TillWindow) -> Door:
    return Door(window.shop.till, window.shop.pins, _actor(window), window.tasks)


def _places(window: TillWindow) -> Places:
    books = window.shop.books
    shared = make_url(books.profile.database_url).render_as_string() if books.profile.database_url else ""
    return Places(
        secrets=books.keyring,
        open_provider=window.shop.open_provider,
        database=shared or str(books.profile.database),
        secret_file=str(books.secret.path or ""),
        keys_changed=window.shop.reload_providers,
        settings_changed=window.settings_changed,
        commands=window.shell.commands,
        store_secret=books.secret.whole if shared else None,
        join=None if shared or books.profile.mode is Mode.TRAINING else partial(join_instead, books),
        close=window.shell.close,
        findings=lambda: tuple(window.shop.books.findings.by_gate.values()),
        books_checked=partial(_books_checked, window),
        show_payment=partial(_show_payment, window),
        show_consultation=partial(_show_consultation, window),
    )


def _books_checked(window: TillWindow, report: BooksReport) -> None:
    window.shop.take_report(report)
    window.show_findings()


def show_integrity(window: TillWindow) -> None:
    """Where the integrity check is run."""
    if window.shell.go("settings"):
        page = window.shell.page("settings")
        if isinstance(page, SettingsScreen):
            page.view.go("integrity")


def _office(window: TillWindow) -> BackOffice:
    shop, shell = window.shop, window.shell
    actor = _actor(window)
    receipt = partial(save_receipt, shop, actor)
    return BackOffice(
        door=_door(window),
        commands=shell.commands,
        zone=shop.till.zone,
        language=shop.till.settings()[STORE_LANGUAGE],
        save_receipt=receipt,
        print_receipt=print_saved(receipt),
        save_invoice=partial(save_invoice, shop, actor),
        save_credit_note=partial(save_credit_note, shop, actor),
        open_file=open_file,
        show_payment=partial(_show_payment, window),
        show_payments=partial(_show_query, window, "payments"),
        show_orders=partial(_show_query, window, "orders"),
        show_exceptions=partial(_show_query, window, "exceptions"),
    )


def _payments(window: TillWindow) -> Screen:
    return PaymentsScreen(_office(window), tuple(window.shop.till.providers))


def _staff(window: TillWindow) -> Screen:
    return StaffScreen(_door(window), window.shop.till.zone)


def _settings(window: TillWindow) -> Screen:
    return SettingsScreen(_door(window), _places(window), window.shop.till.zone)


def _show_payment(window: TillWindow, payment_id: int) -> None:
    if window.shell.go("payments"):
        page = window.shell.page("payments")
        if isinstance(page, PaymentsScreen):
            page.show_payment(payment_id)


def _show_consultation(window: TillWindow, code: str, number: int) -> None:
    if window.shell.go("consultations"):
        page = window.shell.page("consultations")
        if isinstance(page, ConsultationsScreen):
            page.show_visit(code, number)


def _show_query(window: TillWindow, key: str, query: Query) -> None:
    if window.shell.go(key):
        page = window.shell.page(key)
        if isinstance(page, PaymentsScreen | OrdersScreen | ExceptionsScreen):
            page.show_query(query)


def _open_checkout(window: TillWindow, url: str) -> bool:
    """Only on the hosts of the till's own providers, and on the till's own page."""
    hosts: frozenset[str] = frozenset()
    for provider in window.shop.till.providers.values():
        hosts |= provider.capabilities.checkout_hosts
    port = window.shop.loopback.port
    own = f"http://127.0.0.1:{port}/"
    return open_url(url, hosts | {"127.0.0.1"} if port is not None and url.startswith(own) else hosts)


FACTORIES: Final[dict[str, Callable[[TillWindow], Screen]]] = {
    "checkout": _checkout,
    "consultations": _consultations,
    "batch": _batch,
    "payment_invoices": _payment_invoices,
    "instalments": _instalments,
    "payments": _payments,
    "orders": lambda window: OrdersScreen(_office(window)),
    "exceptions": lambda window: ExceptionsScreen(_office(window)),
    "catalogue": lambda window: CatalogueScreen(_office(window)),
    "customers": lambda window: CustomersScreen(_office(window)),
    "metrics": lambda window: MetricsScreen(_office(window)),
    "staff": _staff,
    "settings": _settings,
}
