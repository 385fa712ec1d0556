"""Which pages the screen has: one line each, in the order of the chips."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tillgate.domain.staff import Action
from tillgate.i18n import mark
from tillgate.ui.screens.instalments.coupon_list import CouponList
from tillgate.ui.screens.instalments.desk import InstalmentDesk
from tillgate.ui.screens.instalments.desk_list import Page
from tillgate.ui.screens.instalments.due_list import DueList
from tillgate.ui.screens.instalments.new_order_page import NewOrderPage
from tillgate.ui.screens.instalments.orders_list import OrdersList
from tillgate.ui.screens.instalments.referrer_list import ReferrerList
from tillgate.ui.screens.instalments.wallet_list import WalletList


@dataclass(frozen=True, slots=True)
class PageSpec:
    """`key` is that of its verb in `keys.PAGES`; `chip` is marked English; `factory` makes a QWidget."""

    key: str
    chip: str
    factory: Callable[[InstalmentDesk], Page]
    needs: Action


PAGES: Final[tuple[PageSpec, ...]] = (
    PageSpec("order", mark("New order"), NewOrderPage, Action.TAKE_PAYMENT),
    PageSpec("due", mark("Due"), DueList, Action.VIEW_PAYMENTS),
    PageSpec("orders", mark("Bulk orders"), OrdersList, Action.VIEW_PAYMENTS),
    PageSpec("wallets", mark("Wallets"), WalletList, Action.VIEW_PAYMENTS),
    PageSpec("referrers", mark("Referrers"), ReferrerList, Action.SET_REFERRER),
    PageSpec("coupons", mark("Coupons"), CouponList, Action.EDIT_COUPONS),
)
