"""The keys of commands: those that the store chose are worn from the start, and all can be changed before use."""

from __future__ import annotations

from tillgate.ui.commands import Command
from tillgate.ui.screens.batch import keys as batch
from tillgate.ui.screens.catalogue import screen as catalogue
from tillgate.ui.screens.checkout import keys as checkout
from tillgate.ui.screens.consultations import keys as consultations
from tillgate.ui.screens.customers import screen as customers
from tillgate.ui.screens.exceptions import screen as exceptions
from tillgate.ui.screens.instalments import keys as instalments
from tillgate.ui.screens.list_commands import LIST_VERBS, commands_of
from tillgate.ui.screens.metrics import screen as metrics
from tillgate.ui.screens.orders import screen as orders
from tillgate.ui.screens.payment_invoices import keys as payment_invoices
from tillgate.ui.screens.payments import screen as payments


def declared() -> list[Command]:
    """The commands of screens, as they will be once those are made; these do nothing."""
    found = [*checkout.commands_of(_nothing), *commands_of(metrics.SCREEN, metrics.VERBS, _nothing)]
    found += commands_of(customers.SCREEN, (customers.NEW,), _nothing)
    for screen, verbs in (
        (payments.SCREEN, payments.VERBS),
        (orders.SCREEN, orders.VERBS),
        (exceptions.SCREEN, exceptions.VERBS),
        (consultations.SCREEN, (*consultations.PAYING, *consultations.DESK, *consultations.ONE)),
        (batch.SCREEN, batch.EVERY),
        (payment_invoices.SCREEN, payment_invoices.EVERY),
        (instalments.SCREEN, instalments.EVERY),
        (customers.SCREEN, customers.VERBS),
        (catalogue.SCREEN, catalogue.VERBS),
    ):
        found += commands_of(screen, (*verbs, *LIST_VERBS), _nothing)
    return found


def _nothing(_verb: str) -> None:
    raise RuntimeError("a declared command is never run")
