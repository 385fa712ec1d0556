"""What no database takes is passed over by every search, on both databases: a NUL and half a character."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.factories.depot import Depot, open_depot
from tests.factories.people import signed_in
from tillgate.domain.errors import NotFound
from tillgate.domain.staff import Actor, Role
from tillgate.services.coupon_edits import CouponQuery, list_coupons
from tillgate.services.device_lists import (
    DeviceQuery,
    InvoiceQuery,
    find_device,
    list_device_invoices,
    list_devices,
)
from tillgate.services.exception_lists import ExceptionQuery, list_rows
from tillgate.services.order_reads import OrderQuery, list_orders
from tillgate.services.till import Till
from tillgate.services.wallet_lists import StatementQuery, list_wallet_transactions

Search = Callable[[Till, Actor, str], object]
SEARCHES: dict[str, Search] = {
    "devices": lambda till, actor, text: list(list_devices(till, actor, DeviceQuery(text))),
    "invoices": lambda till, actor, text: list(list_device_invoices(till, actor, InvoiceQuery(text))),
    "orders": lambda till, actor, text: list(list_orders(till, actor, OrderQuery(text))),
    "coupons": lambda till, actor, text: list(list_coupons(till, actor, CouponQuery(text))),
    "wallets": lambda till, actor, text: list(list_wallet_transactions(till, actor, 1, StatementQuery(text))),
    "exceptions": lambda till, actor, text: list(list_rows(till, actor, ExceptionQuery(text))),
}


@pytest.mark.parametrize("where", SEARCHES)
@pytest.mark.parametrize("typed", ["\0", "BIKE\x00001", "\ud800", "a\ud800b"])
def test_nothing_that_is_typed_breaks_a_search(till: Till, where: str, typed: str) -> None:
    assert SEARCHES[where](till, signed_in(till, Role.MANAGER), typed) == []


def test_a_device_is_found_without_what_no_database_takes(till: Till) -> None:
    depot: Depot = open_depot(till)
    assert find_device(depot.till, depot.cashier, "BIKE\x00001").device.code == "BIKE001"
    with pytest.raises(NotFound, match="device_unknown"):
        find_device(depot.till, depot.cashier, "\ud800")
