"""Instalments: bulk orders, what is due, wallets, coupons, and the page on which any of it is paid."""

from tillgate.ui.screens.instalments.screen import InstalmentsScreen

__all__ = ["InstalmentsScreen"]
