"""The orders screen."""

from tillgate.ui.screens.orders.screen import OrdersScreen

__all__ = ["OrdersScreen"]
