"""Batch payment: a device's open invoices paid one after another, and the lists of devices, invoices and batches."""

from tillgate.ui.screens.batch.desk import BatchDesk
from tillgate.ui.screens.batch.screen import BatchScreen

__all__ = ["BatchDesk", "BatchScreen"]
