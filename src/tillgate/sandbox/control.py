"""The control room."""

from __future__ import annotations

from starlette.routing import BaseRoute

from tillgate.sandbox.faults import FaultMenu
from tillgate.sandbox.ledger import Ledger
from tillgate.sandbox.razorpay.account import RazorpayAccount


class ControlRoom:
    """What the operator of the sandbox may do."""

    def __init__(self, ledger: Ledger, faults: FaultMenu, razorpay: RazorpayAccount, token: str) -> None:
        self._ledger = ledger
        self._faults = faults
        self._razorpay = razorpay
        self._token = token

    def routes(self) -> list[BaseRoute]:
        """The routes below /_sandbox/."""
        return []
