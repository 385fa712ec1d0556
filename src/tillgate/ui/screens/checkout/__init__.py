"""Checkout: ring up, take the payment, show what came of it."""

from tillgate.ui.screens.checkout.desk import CheckoutDesk
from tillgate.ui.screens.checkout.screen import CheckoutScreen

__all__ = ["CheckoutDesk", "CheckoutScreen"]
