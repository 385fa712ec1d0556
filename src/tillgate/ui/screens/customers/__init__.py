"""The store's customers."""

from tillgate.ui.screens.customers.screen import CustomersScreen

__all__ = ["CustomersScreen"]
