"""Role x action over every use case: each public function of the services that takes an `actor` is listed in MATRIX.

A new use case is one line: "module.function": the Action it asks for, or SIGNED_IN where everybody signed in may.
It is called with stand-ins for its other arguments, which can be named in a text and nothing else: so `authorize`
comes before any look-up and any check of the input.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from enum import Enum
from typing import Any, Final

import pytest
from sqlalchemy import Engine

import tillgate.services
from tests.factories.clock import FakeClock
from tests.factories.people import signed_in
from tests.factories.tills import make_till
from tillgate.domain.errors import NotAllowed
from tillgate.domain.staff import APPROVABLE, CONFIRMATION_LASTS, CONFIRMED, GRANTS, Action, Actor, Role
from tillgate.services.sign_in import sign_out
from tillgate.services.till import Till


class Anybody(Enum):
    """Use cases that no role decides."""

    SIGNED_IN = "everybody with a live session"
    WITHOUT_SESSION = "must work when the session is over"


SIGNED_IN, WITHOUT_SESSION = Anybody.SIGNED_IN, Anybody.WITHOUT_SESSION

MATRIX: Final[dict[str, Action | Anybody]] = {
    "access.allow_export": Action.EXPORT,
    "access.approve": SIGNED_IN,
    "audit_log.check_audit": Action.VIEW_AUDIT,
    "audit_log.count_audit": Action.VIEW_AUDIT,
    "audit_log.list_audit": Action.VIEW_AUDIT,
    "batch_pages.open_page_of": Action.TAKE_PAYMENT,
    "batch_pages.open_pages": Action.TAKE_PAYMENT,
    "batch_payment.pay_batch": Action.TAKE_PAYMENT,
    "batch_payment.retry_item": Action.TAKE_PAYMENT,
    "batch_payment.run_batch": Action.TAKE_PAYMENT,
    "batch_payment.skip_item": Action.TAKE_PAYMENT,
    "batch_payment.start_batch": Action.TAKE_PAYMENT,
    "batch_payment.stop_batch": Action.TAKE_PAYMENT,
    "batch_slips.render_batch_slip": Action.VIEW_PAYMENTS,
    "batch_views.list_batches": Action.VIEW_PAYMENTS,
    "batch_views.view_batch": Action.VIEW_PAYMENTS,
    "book_checks.check_books": Action.VIEW_AUDIT,
    "book_checks.load_last_check": Action.VIEW_AUDIT,
    "bulk_ends.cancel_bulk_order": Action.CANCEL_PAYMENT,
    "bulk_ends.check_bulk_order": Action.TAKE_PAYMENT,
    "bulk_ends.find_bulk_order": Action.VIEW_PAYMENTS,
    "bulk_ends.verify_bulk_order": Action.TAKE_PAYMENT,
    "bulk_lists.count_bulk_orders": Action.VIEW_PAYMENTS,
    "bulk_lists.list_bulk_orders": Action.VIEW_PAYMENTS,
    "bulk_lists.list_customers_bulks": Action.VIEW_PAYMENTS,
    "bulk_lists.load_bulk_details": Action.VIEW_PAYMENTS,
    "bulk_orders.pay_bulk_order": Action.TAKE_PAYMENT,
    "bulk_orders.place_bulk_order": Action.TAKE_PAYMENT,
    "cancel.cancel": Action.CANCEL_PAYMENT,
    "cancel.switch": Action.TAKE_PAYMENT,
    "cart_validation.validate_for_checkout": Action.SELL,
    "carts.add_variant": Action.SELL,
    "carts.clear": Action.SELL,
    "carts.hold": Action.SELL,
    "carts.list_held": Action.SELL,
    "carts.open_cart": Action.SELL,
    "carts.recall": Action.SELL,
    "carts.remove_line": Action.SELL,
    "carts.reprice": Action.SELL,
    "carts.scan": Action.SELL,
    "carts.set_customer": Action.SELL,
    "carts.set_mail_wanted": Action.SELL,
    "carts.set_quantity": Action.SELL,
    "carts.set_rental": Action.SELL,
    "carts.undo": Action.SELL,
    "carts.view_cart": Action.SELL,
    "catalogue.count_products": Action.SELL,
    "catalogue.find_by_scan": Action.SELL,
    "catalogue.list_products": Action.SELL,
    "catalogue.list_vendors": Action.SELL,
    "catalogue.load_product": Action.SELL,
    "catalogue.load_variant": Action.SELL,
    "catalogue.search_products": Action.SELL,
    "catalogue_edits.change_stock": Action.EDIT_CATALOGUE,
    "catalogue_edits.create_product": Action.EDIT_CATALOGUE,
    "catalogue_edits.save_period": Action.EDIT_CATALOGUE,
    "catalogue_edits.save_product": Action.EDIT_CATALOGUE,
    "catalogue_edits.save_variant": Action.EDIT_CATALOGUE,
    "catalogue_edits.save_vendor": Action.EDIT_CATALOGUE,
    "catalogue_import.check_file": Action.EDIT_CATALOGUE,
    "catalogue_import.import_file": Action.EDIT_CATALOGUE,
    "catalogue_lists.list_catalogue": Action.SELL,
    "catalogue_lists.list_file_rows": Action.EDIT_CATALOGUE,
    "checkout.put_up_for_payment": Action.TAKE_PAYMENT,
    "clinics.list_clinics": Action.SELL,
    "clinics.list_practitioners": Action.SELL,
    "clinics.save_clinic": Action.EDIT_CATALOGUE,
    "clinics.save_practitioner": Action.EDIT_CATALOGUE,
    "commissions.pay_commission": Action.PAY_COMMISSION,
    "commissions.set_referrer": Action.SET_REFERRER,
    "consultation_edits.cancel_consultation": Action.EDIT_CATALOGUE,
    "consultation_edits.correct_consultation": Action.EDIT_CATALOGUE,
    "consultation_edits.record_consultation": Action.SELL,
    "consultation_figures.load_press_figures": Action.VIEW_METRICS,
    "consultation_lists.count_consultations": Action.VIEW_PAYMENTS,
    "consultation_lists.list_consultations": Action.VIEW_PAYMENTS,
    "consultation_lists.load_consultation": Action.VIEW_PAYMENTS,
    "consultations.pay": Action.TAKE_PAYMENT,
    "coupon_edits.change_coupon": Action.EDIT_COUPONS,
    "coupon_edits.count_coupons": Action.SELL,
    "coupon_edits.create_coupon": Action.EDIT_COUPONS,
    "coupon_edits.list_coupons": Action.SELL,
    "coupon_edits.load_coupon": Action.SELL,
    "coupon_edits.reopen_coupon": Action.EDIT_COUPONS,
    "coupon_edits.withdraw_coupon": Action.EDIT_COUPONS,
    "customers.count_customers": Action.SELL,
    "customers.create_customer": Action.EDIT_CUSTOMERS,
    "customers.list_customers": Action.SELL,
    "customers.load_customer": Action.SELL,
    "customers.search_customers": Action.SELL,
    "customers.update_customer": Action.EDIT_CUSTOMERS,
    "daily_collections.collect": Action.TAKE_PAYMENT,
    "daily_collections.quote_collection": Action.TAKE_PAYMENT,
    "daily_invoices.make_daily_invoices": Action.EDIT_CATALOGUE,
    "device_files.check_invoices": Action.EDIT_CATALOGUE,
    "device_files.import_invoices": Action.EDIT_CATALOGUE,
    "device_invoices.cancel_invoice": Action.EDIT_CATALOGUE,
    "device_invoices.reopen_invoice": Action.EDIT_CATALOGUE,
    "device_lists.count_device_invoices": Action.VIEW_PAYMENTS,
    "device_lists.count_devices": Action.SELL,
    "device_lists.find_device": Action.SELL,
    "device_lists.list_device_invoices": Action.VIEW_PAYMENTS,
    "device_lists.list_devices": Action.SELL,
    "device_lists.load_device_details": Action.SELL,
    "devices.save_device": Action.EDIT_CATALOGUE,
    "exception_lists.count_rows": Action.VIEW_EXCEPTIONS,
    "exception_lists.list_rows": Action.VIEW_EXCEPTIONS,
    "exception_lists.load_exception_details": Action.VIEW_EXCEPTIONS,
    "exceptions.list_exceptions": Action.VIEW_EXCEPTIONS,
    "exceptions.load_exception": Action.VIEW_EXCEPTIONS,
    "exceptions.settle_exception": Action.SETTLE_EXCEPTION,
    "instalment_cancelling.cancel_order": Action.REFUND,
    "instalment_cancelling.quote_cancellation": Action.VIEW_PAYMENTS,
    "instalment_dues.list_dues": Action.VIEW_PAYMENTS,
    "instalment_dues.list_schedule": Action.VIEW_PAYMENTS,
    "instalment_dues.sum_dues": Action.VIEW_PAYMENTS,
    "instalment_planner.compare_plans": Action.SELL,
    "invoice_cleanup.cleanup_invoices": Action.SETTLE_EXCEPTION,
    "invoice_figures.load_invoice_figures": Action.VIEW_METRICS,
    "invoice_lists.count_payment_invoices": Action.VIEW_PAYMENTS,
    "invoice_lists.count_verifications": Action.VIEW_PAYMENTS,
    "invoice_lists.find_prompt": Action.VIEW_PAYMENTS,
    "invoice_lists.list_payment_invoices": Action.VIEW_PAYMENTS,
    "invoice_lists.list_verifications": Action.VIEW_PAYMENTS,
    "invoice_lists.view_prompt": Action.VIEW_PAYMENTS,
    "invoice_radar.scan_invoices": Action.VIEW_EXCEPTIONS,
    "invoice_slips.render_invoice_slip": Action.VIEW_PAYMENTS,
    "invoice_verification.accept_surplus": Action.REFUND,
    "invoice_verification.sell_with_invoice": Action.TAKE_PAYMENT,
    "invoice_verification.verify_invoice": Action.TAKE_PAYMENT,
    "prompts.ask_phone": Action.TAKE_PAYMENT,
    "prompts.quote_fees": Action.TAKE_PAYMENT,
    "order_reads.list_orders": Action.VIEW_ORDERS,
    "order_reads.list_orders_of": Action.VIEW_ORDERS,
    "order_reads.load_order": Action.VIEW_ORDERS,
    "order_reads.summarize_orders": Action.VIEW_ORDERS,
    "fee_documents.render_fee_invoice": Action.VIEW_PAYMENTS,
    "fee_documents.render_fee_receipt": Action.VIEW_PAYMENTS,
    "kept_keys.save_keys": Action.EDIT_SETTINGS,
    "kept_views.list_views": Action.VIEW_PAYMENTS,
    "kept_views.remove_view": Action.VIEW_PAYMENTS,
    "kept_views.save_view": Action.VIEW_PAYMENTS,
    "link_notices.send_link": Action.TAKE_PAYMENT,
    "metric_reads.load_figures": Action.VIEW_METRICS,
    "open_fees.find_known": Action.VIEW_PAYMENTS,
    "open_fees.list_open_fees": Action.VIEW_PAYMENTS,
    "open_fees.sum_open_fees": Action.VIEW_PAYMENTS,
    "outbox.cancel": Action.SETTLE_EXCEPTION,
    "outbox.retry_now": Action.RESEND_NOTICE,
    "outbox.send_again": Action.RESEND_NOTICE,
    "papers.render_invoice": Action.VIEW_ORDERS,
    "papers.render_credit_note": Action.VIEW_ORDERS,
    "papers.render_receipt": Action.VIEW_ORDERS,
    "payment_details.load_details": Action.VIEW_PAYMENTS,
    "payment_lists.list_payments": Action.VIEW_PAYMENTS,
    "payment_lists.list_providers": Action.VIEW_PAYMENTS,
    "payment_lists.summarize_payments": Action.VIEW_PAYMENTS,
    "payment_news.acknowledge": Action.VIEW_PAYMENTS,
    "payment_news.list_news": Action.VIEW_PAYMENTS,
    "payment_views.list_story": Action.VIEW_PAYMENTS,
    "payment_views.view_payment": Action.VIEW_PAYMENTS,
    "payments.start": Action.TAKE_PAYMENT,
    "pictures.add_picture": Action.EDIT_CATALOGUE,
    "pictures.load_picture": Action.SELL,
    "provider_keys.forget_keys": Action.EDIT_KEYS,
    "provider_keys.save_keys": Action.EDIT_KEYS,
    "provider_keys.save_mail_password": Action.EDIT_KEYS,
    "provider_keys.show_keys": Action.VIEW_KEYS,
    "provider_keys.try_kept_keys": Action.VIEW_KEYS,
    "provider_keys.try_keys": Action.EDIT_KEYS,
    "refunds.request_refund": Action.REFUND,
    "secret_offers.find_offer": Action.VIEW_KEYS,
    "secret_offers.offer_secret": Action.EDIT_KEYS,
    "secret_offers.revoke_offer": Action.EDIT_KEYS,
    "settings.save_settings": Action.EDIT_SETTINGS,
    "settle.check_now": Action.TAKE_PAYMENT,
    "settle.look_now": Action.TAKE_PAYMENT,
    "sign_in.confirm": SIGNED_IN,
    "sign_in.sign_out": WITHOUT_SESSION,
    "staff.change_own_pin": SIGNED_IN,
    "staff.create_staff": Action.EDIT_STAFF,
    "staff.list_staff": Action.VIEW_STAFF,
    "staff.unlock_staff": Action.UNLOCK_STAFF,
    "staff.update_staff": Action.EDIT_STAFF,
    "tills.list_tills": Action.VIEW_KEYS,
    "tax_rules.add_tax_rule": Action.EDIT_CATALOGUE,
    "tax_rules.change_tax_rule": Action.EDIT_CATALOGUE,
    "tax_rules.end_tax_rule": Action.EDIT_CATALOGUE,
    "tax_rules.list_tax_rules": Action.EDIT_CATALOGUE,
    "tax_rules.withdraw_tax_rule": Action.EDIT_CATALOGUE,
    "wallet_lists.count_referrers": Action.VIEW_PAYMENTS,
    "wallet_lists.count_wallets": Action.VIEW_PAYMENTS,
    "wallet_lists.list_commissions": Action.VIEW_PAYMENTS,
    "wallet_lists.list_referrers": Action.VIEW_PAYMENTS,
    "wallet_lists.list_wallet_transactions": Action.VIEW_PAYMENTS,
    "wallet_lists.list_wallets": Action.VIEW_PAYMENTS,
    "wallet_lists.sum_commissions": Action.VIEW_PAYMENTS,
    "wallet_lists.sum_wallet_transactions": Action.VIEW_PAYMENTS,
    "wallet_payments.pay_from_wallet": Action.TAKE_PAYMENT,
    "wallets.top_up": Action.TAKE_PAYMENT,
    "wallets.view_wallet": Action.VIEW_PAYMENTS,
    "wallets.withdraw": Action.WITHDRAW,
}


class StandIn:
    """Stands for any argument: it can be named in a text; whoever looks at it closer did not ask first."""

    def __getattr__(self, name: str) -> StandIn:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __format__(self, spec: str) -> str:
        return "?"

    def __str__(self) -> str:
        return "?"


def use_cases() -> Iterator[tuple[str, Callable[..., object]]]:
    """Every public function of the services that somebody does: its first parameters are the till and the actor."""
    for found in pkgutil.walk_packages(tillgate.services.__path__, f"{tillgate.services.__name__}."):
        module = importlib.import_module(found.name)
        short = found.name.removeprefix(f"{tillgate.services.__name__}.")
        for name, function in vars(module).items():
            mine = inspect.isfunction(function) and function.__module__ == found.name
            if mine and not name.startswith("_") and list(inspect.signature(function).parameters)[:2] == FIRST:
                yield f"{short}.{name}", function


FIRST: Final = ["till", "actor"]
FOUND: Final = dict(use_cases())
GUARDED: Final = [name for name in sorted(FOUND) if MATRIX.get(name) is not WITHOUT_SESSION]
BY_ACTION: Final = [(name, wanted) for name, wanted in sorted(MATRIX.items()) if isinstance(wanted, Action)]


def try_it(till: Till, actor: Actor, name: str) -> BaseException | None:
    """Call a use case with stand-ins; what it raised."""
    keywords: dict[str, Any] = {}
    for parameter in list(inspect.signature(FOUND[name]).parameters.values())[2:]:
        if parameter.default is parameter.empty:
            keywords[parameter.name] = StandIn()
    try:
        FOUND[name](till, actor, **keywords)
    except Exception as error:  # noqa: BLE001 - whatever comes after permission is not this test's subject
        return error
    return None


@pytest.fixture
def till(sqlite_only: Engine, clock: FakeClock) -> Till:
    """One kind of database is enough: the question is asked above it."""
    return make_till(sqlite_only, clock)


def test_every_use_case_is_listed() -> None:
    missing, gone = sorted(set(FOUND) - set(MATRIX)), sorted(set(MATRIX) - set(FOUND))
    assert not missing, f"add to MATRIX with the Action they ask for: {missing}"
    assert not gone, f"no such use case any more: {gone}"


def test_every_role_has_its_row() -> None:
    assert set(GRANTS) == set(Role)
    assert GRANTS[Role.MANAGER] == frozenset(Action)
    assert not APPROVABLE & GRANTS[Role.CASHIER]


@pytest.mark.parametrize("name", GUARDED)
def test_nobody_acts_without_a_live_session(till: Till, clock: FakeClock, name: str) -> None:
    gone = signed_in(till, Role.MANAGER)
    sign_out(till, gone)
    late = signed_in(till, Role.MANAGER, lasts=timedelta(seconds=1))
    clock.advance(1)
    stranger = Actor(gone.staff_id, gone.name, Role.MANAGER, till.id, "")
    elsewhere = signed_in(make_till(till.db.engine, clock, till_id="T2"), Role.MANAGER)
    moved = Actor(elsewhere.staff_id, elsewhere.name, Role.MANAGER, till.id, elsewhere.session)
    for actor in (gone, late, stranger, moved, till.system):
        refused = try_it(till, actor, name)
        assert isinstance(refused, NotAllowed), f"{name} asked nobody: {refused!r}"
        assert refused.code == "session_over"


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize(("name", "action"), BY_ACTION)
def test_a_role_gets_what_it_is_granted(till: Till, name: str, action: Action, role: Role) -> None:
    refused = try_it(till, signed_in(till, role), name)
    if action in GRANTS[role]:
        assert not isinstance(refused, NotAllowed), f"{name}: {refused!r}"
    else:
        assert isinstance(refused, NotAllowed), f"{name} let a {role.value} in: {refused!r}"
        assert refused.code == ("approval_needed" if action in APPROVABLE else "not_allowed")


@pytest.mark.parametrize(("name", "action"), [pair for pair in BY_ACTION if pair[1] in CONFIRMED])
def test_what_wants_a_recent_proof_asks_for_it(till: Till, clock: FakeClock, name: str, action: Action) -> None:
    manager = signed_in(till, Role.MANAGER)
    clock.advance(CONFIRMATION_LASTS.total_seconds())
    refused = try_it(till, manager, name)
    assert isinstance(refused, NotAllowed), f"{name}: {refused!r}"
    assert refused.code == "confirm_needed"


def test_who_pretends_to_be_a_manager_is_looked_up(till: Till) -> None:
    cashier = signed_in(till, Role.CASHIER)
    pretends = Actor(cashier.staff_id, cashier.name, Role.MANAGER, till.id, cashier.session)
    refused = try_it(till, pretends, "staff.list_staff")
    assert isinstance(refused, NotAllowed)
    assert refused.code == "not_allowed"
