"""What the screen of the payment invoices is given beside the back office's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tillgate.services.invoice_verification import Verification
from tillgate.ui.screens.checkout.desk import CheckoutDesk


@dataclass(frozen=True, slots=True)
class InvoiceDesk:
    """`checkout` is what a payment and its orders are shown with, as at the checkout.

    The slips are saved and printed on the work lane, and may raise TillgateError; what may be None hides its button.
    """

    checkout: CheckoutDesk
    save_slip: Callable[[Verification], Path] | None = None
    print_slip: Callable[[Verification], None] | None = None
