"""Who may do what: one table of actions and roles, denied by default (reliability.md 2.1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from tillgate.domain.errors import NotAllowed


class Role(StrEnum):
    """A person's role at the store."""

    CASHIER = "cashier"
    MANAGER = "manager"


class Action(StrEnum):
    """Everything a service asks permission for."""

    SELL = "sell"
    TAKE_PAYMENT = "take_payment"
    CANCEL_PAYMENT = "cancel_payment"
    VIEW_PAYMENTS = "view_payments"
    VIEW_ORDERS = "view_orders"
    EDIT_CUSTOMERS = "edit_customers"
    RESEND_NOTICE = "resend_notice"
    REFUND = "refund"
    SETTLE_EXCEPTION = "settle_exception"
    VIEW_EXCEPTIONS = "view_exceptions"
    VIEW_METRICS = "view_metrics"
    VIEW_AUDIT = "view_audit"
    EDIT_CATALOGUE = "edit_catalogue"
    VIEW_STAFF = "view_staff"
    EDIT_STAFF = "edit_staff"
    UNLOCK_STAFF = "unlock_staff"
    EDIT_SETTINGS = "edit_settings"
    VIEW_KEYS = "view_keys"
    EDIT_KEYS = "edit_keys"
    EXPORT = "export"
    WITHDRAW = "withdraw"
    SET_REFERRER = "set_referrer"
    PAY_COMMISSION = "pay_commission"
    EDIT_COUPONS = "edit_coupons"


_CASHIER: Final = frozenset(
    {
        Action.SELL,
        Action.TAKE_PAYMENT,
        Action.CANCEL_PAYMENT,
        Action.VIEW_PAYMENTS,
        Action.VIEW_ORDERS,
        Action.EDIT_CUSTOMERS,
        Action.RESEND_NOTICE,
    }
)
GRANTS: Final[dict[Role, frozenset[Action]]] = {Role.CASHIER: _CASHIER, Role.MANAGER: frozenset(Action)}
# A cashier may do these with a manager's approval in place.
APPROVABLE: Final = frozenset({Action.REFUND, Action.WITHDRAW})
# These want proof of who is at the till from the last few minutes, not from the start of the shift.
CONFIRMED: Final = frozenset(
    {
        *(Action.REFUND, Action.WITHDRAW, Action.PAY_COMMISSION),
        *(Action.EDIT_STAFF, Action.EDIT_SETTINGS, Action.EDIT_KEYS, Action.EXPORT),
    }
)
CONFIRMATION_LASTS: Final = timedelta(minutes=5)
# What a till still does that something stops from selling: it shows its books, and lets people in.
WHILE_BLOCKED: Final = frozenset(
    {
        Action.VIEW_PAYMENTS,
        Action.VIEW_ORDERS,
        Action.VIEW_EXCEPTIONS,
        Action.VIEW_METRICS,
        Action.VIEW_AUDIT,
        Action.VIEW_STAFF,
        Action.VIEW_KEYS,
        Action.UNLOCK_STAFF,
        Action.EXPORT,
    }
)
SESSION_LASTS: Final = timedelta(hours=12)
APPROVAL_LASTS: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does it: a signed-in person at a till, or the till itself on a timer (`staff_id` None)."""

    staff_id: int | None
    name: str
    role: Role | None
    till_id: str
    session: str = ""

    @property
    def is_system(self) -> bool:
        """The till working by itself."""
        return self.staff_id is None

    @property
    def label(self) -> str:
        """How the audit names the actor."""
        return "system" if self.is_system else f"staff:{self.staff_id}"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can sign in, for the tiles: `wait_s` seconds after wrong tries, `locked` until a manager unlocks."""

    id: int
    name: str
    role: Role
    locked: bool
    wait_s: int


def system_actor(till_id: str) -> Actor:
    """The till itself: settling, retrying, mailing."""
    return Actor(None, "Tillgate", None, till_id)


def check_allowed(actor: Actor, action: Action) -> None:
    """Raises NotAllowed unless the actor's role grants the action. The system is never asked: it has no button."""
    if actor.role is None or action not in GRANTS[actor.role]:
        raise NotAllowed("not_allowed", action=action.value, needs_manager=True)
