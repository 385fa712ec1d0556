"""The payments screen."""

from tillgate.ui.screens.payments.screen import PaymentsScreen

__all__ = ["PaymentsScreen"]
