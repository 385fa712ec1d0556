"""Bugs planted in instalments, wallets, coupons and commission: the machine of orders has to find each."""

from __future__ import annotations

from typing import Final

from tests.stateful.plants import Plant
from tillgate.services import (
    bulk_writing,
    commissions,
    daily_collections,
    instalment_settling,
    instalment_stock,
    wallet_payments,
    wallet_settling,
)

ORDER_PLANTS: Final = {
    "the paisa that is left over is on no day": Plant(
        ((bulk_writing._plan, '"dearer": plan.dearer_days', '"dearer": 0'),)
    ),
    "a paid day may be collected again": Plant(
        (
            (
                daily_collections._unpaid,
                "each.state is InstalmentState.DUE",
                "each.state is not InstalmentState.CANCELLED",
            ),
            (instalment_settling._refuse_over, "if each.state is _I.DUE:", "if True:"),
        )
    ),
    "the first day goes by the order, not by the payment": Plant(
        ((instalment_settling._reschedule, "if today <= ordered_on:", "if True:"),)
    ),
    "commission is not taken back": Plant(
        ((commissions.settle_commission, "    if change:\n", "    if change.minor > 0:\n"),)
    ),
    "a coupon's use is not given back": Plant(
        ((instalment_settling.cancel_unpaid, "        release_coupon(uow, each.id)\n", "        pass\n"),)
    ),
    "an order that ends unpaid keeps its pieces": Plant(
        ((instalment_settling.cancel_unpaid, "    give_back_pieces(uow, orders)\n", ""),)
    ),
    "pieces are given back twice": Plant(
        (
            (
                instalment_stock.give_back_pieces,
                "variant.c.stock + pieces",
                "variant.c.stock + 2 * pieces",
            ),
        )
    ),
    "a wallet pays for the first order alone": Plant(
        ((wallet_payments.take_from_wallet, "enumerate(parts, 1)", "enumerate(parts[:1], 1)"),)
    ),
    "a top-up's refund leaves the wallet as it is": Plant(
        ((wallet_settling.take_for_refund, "    _take(uow, owner, found, found.amount)\n", ""),)
    ),
    "what failed to go back is not put back": Plant(
        ((wallet_settling.put_back, "    if owed.minor > 0:\n", "    if False:\n"),)
    ),
}
