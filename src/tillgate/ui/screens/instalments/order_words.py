"""What is read of a customer for a new order, and what is said of a bulk order once it is placed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tillgate.domain.errors import NotAllowed
from tillgate.domain.instalments import CURRENCY, DeliveryAddress
from tillgate.domain.money import Money, zero
from tillgate.domain.staff import Actor
from tillgate.i18n import ntr, tr
from tillgate.services.bulk_lists import list_customers_bulks
from tillgate.services.bulk_orders import Placed
from tillgate.services.customers import CustomerRecord
from tillgate.services.till import Till
from tillgate.services.wallets import view_wallet
from tillgate.ui.screens.instalments.address_form import COUNTRY
from tillgate.ui.screens.instalments.desk import Bill, BillLine
from tillgate.ui.text import shown


@dataclass(frozen=True, slots=True)
class CustomerFacts:
    """Where their last bulk order went, else what is known of them; and what is in their wallet."""

    customer: CustomerRecord
    address: DeliveryAddress
    balance: Money

    @property
    def customer_id(self) -> int:
        """Whose they are."""
        return self.customer.id


def read_customer(till: Till, actor: Actor, customer_id: int) -> CustomerFacts:
    """On the work lane. Raises NotFound("customer_unknown")."""
    wallet = view_wallet(till, actor, customer_id)
    balance = next((each for each in wallet.balances if each.currency == CURRENCY), zero(CURRENCY))
    try:
        placed = list_customers_bulks(till, actor, customer_id)
    except NotAllowed:
        placed = ()
    whose = wallet.customer
    known = DeliveryAddress(whose.name, whose.phone, "", "", "", "", COUNTRY)
    return CustomerFacts(whose, placed[0].bulk.address if placed else known, balance)


def bill_of(placed: Placed, failed: Sequence[str] = ()) -> Bill:
    """A bulk order's first payment, with what was left out of it."""
    count = ntr("{count} order", "{count} orders", len(placed.orders))
    lines = [
        BillLine(
            tr("{count} × {product}", count=each.quantity, product=shown(each.product_name, 120)),
            tr("{number}  ·  day 1 of {days}", number=each.number, days=each.total_days),
            Money(first.amount_minor, placed.bulk.currency),
        )
        for each, first in zip(placed.orders, placed.firsts, strict=True)
    ]
    lines += [BillLine(tr("Not ordered"), text) for text in failed]
    whom = placed.bulk.delivery_name
    return Bill(placed.bulk.number, tuple(lines), f"{shown(whom, 60)}  ·  {count}")
