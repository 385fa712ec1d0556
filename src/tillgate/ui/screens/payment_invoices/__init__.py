"""Invoice verification: payment invoices are verified, phones are asked to pay, and orders are made with what came."""

from tillgate.ui.screens.payment_invoices.desk import InvoiceDesk
from tillgate.ui.screens.payment_invoices.screen import PaymentInvoicesScreen

__all__ = ["InvoiceDesk", "PaymentInvoicesScreen"]
