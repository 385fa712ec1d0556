"""Verify a payment invoice, and make an order with it: used once, whoever races (seed 002; product.md, 16 to 18).

Verifying records when and by whom and reserves nothing. Using repeats every check under the lock of the invoice's
payment, and moves COMPLETE to USED in one conditional update with the orders' transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, select, update

from tillgate.domain.errors import Invalid, MoneyMoved, NotFound, Refused, Stale
from tillgate.domain.exceptions import CaptureDisposition
from tillgate.domain.invoice_checks import Checked, Known, Reason, Typed, check_invoice
from tillgate.domain.ledger import FEES, PREPAID, SURPLUS, Entry
from tillgate.domain.money import Money, exponent_of
from tillgate.domain.notes import check_note
from tillgate.domain.orders import CartState
from tillgate.domain.payment import WAITING
from tillgate.domain.payment_invoice import InvoiceStatus, add_fees
from tillgate.domain.settings import INVOICE_TOLERANCE
from tillgate.domain.staff import Action, Actor
from tillgate.domain.vendor_split import split_by_vendor
from tillgate.failpoints import fp
from tillgate.services.access import authorize
from tillgate.services.cart_content import list_line_rows, load_cart_row, load_content
from tillgate.services.cart_holds import refuse_held
from tillgate.services.cart_validation import validate_in
from tillgate.services.cart_view import CART_THING, NO_MAIL
from tillgate.services.customers import load_customer_in
from tillgate.services.invoice_rows import (
    PaymentInvoiceRecord,
    find_invoice,
    find_money,
    is_decided,
    known_of,
    load_invoice,
)
from tillgate.services.invoice_settling import refer_if_over
from tillgate.services.orders import sell_cart
from tillgate.services.payment_rows import (
    change_payment,
    find_live_attempt,
    load_payment,
)
from tillgate.services.payments import refuse_live_thing
from tillgate.services.prompts import plain
from tillgate.services.records import PaymentRecord
from tillgate.services.settle import check_attempt
from tillgate.services.till import Till
from tillgate.store.models import invoice_verification, payment_invoice, sales_order
from tillgate.store.statements import Statement, insert_row
from tillgate.store.unit_of_work import UnitOfWork

_ASKED: Final = 64
_ORDERS: Final = Statement(
    select(sales_order.c.id, sales_order.c.number, sales_order.c.cart_id)
    .where(sales_order.c.payment_id == bindparam("payment_id"))
    .order_by(sales_order.c.id)
)
# What the document says of each reason (seed 002, Error Handling); screens say it in the store's language.
ERRORS: Final[dict[Reason, str]] = {
    Reason.NOT_FOUND: "Invoice not found",
    Reason.ALREADY_USED: "Invoice already used for another order",
    Reason.EXPIRED: "Invoice expired",
    Reason.PAYMENT_FAILED: "Payment failed",
    Reason.NOT_COMPLETED: "Payment not completed",
    Reason.AMOUNT_MISMATCH: "Amount mismatch",
    Reason.CURRENCY_MISMATCH: "Currency mismatch",
}


@dataclass(frozen=True, slots=True)
class Verification:
    """What verifying came to. `asked` as typed; `invoice` None where there is none; `paid` is what came on it.

    `surplus` is set where too much was paid and nothing else is wrong: a manager can accept it.
    """

    id: int
    asked: str
    typed: Money
    checked: Checked
    invoice: PaymentInvoiceRecord | None
    known: Known | None
    order_ids: tuple[int, ...]
    orders: tuple[str, ...]
    verified_at: datetime
    verified_by: str
    till_id: str

    @property
    def success(self) -> bool:
        """Whether an order can be made with it."""
        return self.checked.ok

    @property
    def reason(self) -> Reason | None:
        """Why not: the first check that failed."""
        return self.checked.reason

    @property
    def surplus(self) -> Money | None:
        """What a manager may accept."""
        return self.checked.surplus

    @property
    def paid(self) -> Money | None:
        """What came on it and did not go back."""
        return self.known.money if self.known is not None else None

    @property
    def receipt(self) -> str:
        """The payer's own number of the money; "" where nobody told it."""
        return self.known.receipt if self.known is not None else ""


@dataclass(frozen=True, slots=True)
class Sold:
    """Orders made with an invoice; `existing` where this cart was sold with it before."""

    invoice: PaymentInvoiceRecord
    payment: PaymentRecord
    order_ids: tuple[int, ...]
    orders: tuple[str, ...]
    existing: bool


def verify_invoice(till: Till, actor: Actor, ref: str, amount: Money) -> Verification:
    """Check an invoice, by either id, against an amount before fees; the provider is asked while it is not complete.

    On the work lane, up to 10 s. Whatever is found is an answer, not an error; what the provider could not be heard
    about is not checked. Raises Invalid("amount_zero").
    """
    authorize(till, actor, Action.TAKE_PAYMENT)
    if amount.minor <= 0:
        raise Invalid("amount_zero", field="amount")
    heard = _hear(till, ref, amount)

    def work(uow: UnitOfWork) -> Verification:
        found = _locked(uow, ref)
        if found is not None and refer_if_over(uow, found):
            found = load_invoice(uow.connection, found.id)
        return _verified(uow, till, ref, amount, found, heard=heard)

    return till.db.transact(actor, work)


def accept_surplus(
    till: Till, actor: Actor, ref: str, amount: Money, reason: str, *, approval_token: str | None = None
) -> Verification:
    """A manager lets an invoice pay for less than was paid on it; the surplus stays in the books under its own name.

    Needs a manager, or a manager's approval of the surplus for the invoice's `subject`. Raises NotAllowed, also
    "confirm_needed" and "approval_needed", Invalid for a bad reason, Refused("no_surplus") where anything but a
    surplus is wrong: nobody can accept a shortfall, a used or a failed invoice. Refused("invoice_undecided") for money
    that waits on Exceptions.
    """
    if approval_token is None:
        authorize(till, actor, Action.REFUND)
    words = check_note(reason, field="reason", shortest=1)

    def work(uow: UnitOfWork) -> Verification:
        found = _locked(uow, ref)
        known = known_of(uow.connection, found) if found is not None else None
        surplus = check_invoice(known, _typed(till, amount), uow.now).surplus
        if found is None or surplus is None:
            authorize(uow, actor, Action.TAKE_PAYMENT)
            raise Refused("no_surplus", number=found.number if found is not None else _shown(ref))
        approver = authorize(
            uow, actor, Action.REFUND, subject=found.subject, amount=surplus, approval_token=approval_token
        )
        money = find_money(uow.connection, found)
        if money is None or money.disposition is not CaptureDisposition.APPLIED:
            # It waits on Exceptions with its evidence; applied there, its surplus is accepted.
            raise Refused("invoice_undecided", number=found.number, money_moved=MoneyMoved.YES)
        values = {
            "surplus_minor": surplus.minor,
            "surplus_by": approver or uow.actor.staff_id,
            "version": found.version + 1,
        }
        uow.execute(update(payment_invoice).where(payment_invoice.c.id == found.id).values(values))
        uow.record("payment_invoice.surplus", found.subject, number=found.number, surplus=surplus.minor, reason=words)
        return _verified(uow, till, ref, amount, load_invoice(uow.connection, found.id))

    return till.db.transact(actor, work)


def sell_with_invoice(till: Till, actor: Actor, cart_id: int, ref: str) -> Sold:
    """Manual payment at checkout: the till's open cart becomes orders, and the invoice is USED with them, or neither.

    Pressed again for the same cart it gives the same orders. Raises Refused("invoice_not_good") with `reason` (and
    `orders` of who has it), "cart_not_ready" with `findings`, "cart_not_open", "already_being_paid" for a cart whose
    checkout is open, "cart_prompted" for one that another phone is asked for, "invoice_undecided" for money that waits
    on Exceptions; Stale("payment_invoice_changed").
    """
    authorize(till, actor, Action.TAKE_PAYMENT)
    with till.db.read() as connection:
        total = _total(connection, cart_id)
    _hear(till, ref, total)
    fp("prompt.before_use")

    def work(uow: UnitOfWork) -> Sold | Refused:
        found = _locked(uow, ref)
        if found is not None and found.state is InvoiceStatus.USED and found.payment_id is not None:
            mine = _ORDERS.rows(uow.connection, payment_id=found.payment_id)
            if mine and mine[0][2] == cart_id:
                return _sold(uow, found, existing=True)
        owed = _check_cart(uow, till, cart_id, found)
        known = known_of(uow.connection, found) if found is not None else None
        checked = check_invoice(known, _typed(till, owed), uow.now) if owed else None
        if found is None or checked is None or not checked.ok or known is None:
            why = checked.reason if checked is not None else None
            if checked is not None:
                # Kept although nothing is sold: who shows a used code again and again is seen by it.
                _verified(uow, till, ref, owed, found)
            return Refused(
                "invoice_not_good",
                number=found.number if found is not None else _shown(ref),
                reason=(why or Reason.AMOUNT_MISMATCH).value,
                orders=known.order if known is not None else "",
            )
        return _use(uow, till, found, cart_id, owed)

    came = till.db.transact(actor, work)
    if isinstance(came, Refused):
        raise came
    return came


def document_of(result: Verification) -> dict[str, object]:
    """The document's answer (seed 002, Payment Verification): success with data, or error with its details."""
    rows = {
        row.check.value: {"expected": str(row.expected), "found": str(row.found), "verdict": row.verdict.value}
        for row in result.checked.rows
    }
    found = result.invoice
    if result.success and found is not None and result.paid is not None:
        data = {
            "invoiceId": found.provider_id or found.number,
            "paymentState": found.state.value,
            "amount": plain(result.paid),
            "currency": found.currency,
            "paidAt": found.paid_at.isoformat() if found.paid_at is not None else None,
            "validationDetails": rows,
        }
        return {"success": True, "message": "Payment verified successfully", "data": data}
    error = ERRORS[result.reason or Reason.NOT_COMPLETED]
    details: dict[str, object] = {
        "isUsed": found is not None and found.state is InvoiceStatus.USED,
        "associatedOrder": result.orders[0] if result.orders else None,
        "checks": rows,
    }
    if result.surplus is not None:
        details["surplus"] = plain(result.surplus)
    said = f"Payment verification failed: {error}"
    return {"success": False, "error": error, "customerMessage": said, "details": details}


def _hear(till: Till, ref: str, amount: Money) -> bool:
    """Ask the provider where that can tell more: a local check that fails needs nobody's word. False: it was asked,
    and could not be heard."""
    if amount.minor <= 0:
        return True
    with till.db.read() as connection:
        found = find_invoice(connection, ref)
        if found is None or found.payment_id is None:
            return True
        if not check_invoice(known_of(connection, found), _typed(till, amount), till.clock.now()).local_ok:
            return True
        waiting = load_payment(connection, found.payment_id).state in WAITING
        attempt = find_live_attempt(connection, found.payment_id) if waiting else None
    if attempt is None:
        return True
    return check_attempt(till, attempt.id, "verify").heard


def _locked(uow: UnitOfWork, ref: str) -> PaymentInvoiceRecord | None:
    """The invoice, held after its payment as everybody holds them."""
    found = find_invoice(uow.connection, ref)
    if found is None:
        return None
    if found.payment_id is not None:
        load_payment(uow.connection, found.payment_id, lock=True)
    return load_invoice(uow.connection, found.id, lock=True)


def _shown(ref: str) -> str:
    """What was typed, as it may stand in the books and in a sentence."""
    return "".join(char for char in ref[: 4 * _ASKED].strip() if char.isprintable())[:_ASKED]


def _typed(till: Till, amount: Money) -> Typed:
    return Typed(amount, till.settings()[INVOICE_TOLERANCE] * 10 ** exponent_of(amount.currency))


def _verified(
    uow: UnitOfWork, till: Till, ref: str, amount: Money, found: PaymentInvoiceRecord | None, *, heard: bool = True
) -> Verification:
    known = known_of(uow.connection, found) if found is not None else None
    # Money that is there is the provider's word, whoever heard it.
    heard = heard or (known is not None and known.money is not None)
    checked = check_invoice(known, _typed(till, amount), uow.now, heard=heard)
    asked = _shown(ref)
    row = {
        "invoice_id": found.id if found is not None else None,
        "asked": asked,
        "amount_minor": amount.minor,
        "currency": amount.currency,
        "reason": checked.reason,
        "found_minor": known.money.minor if known is not None and known.money is not None else None,
        "till_id": till.id,
        "verified_by": uow.actor.staff_id,
        "verified_at": uow.now,
    }
    number = insert_row(uow.connection, invoice_verification, row)
    what = found.subject if found is not None else "payment_invoice:unknown"
    result = checked.reason.value if checked.reason is not None else "good"
    uow.record("payment_invoice.verified", what, verification=number, result=result)
    orders: Sequence[tuple[object, ...]] = ()
    if found is not None and found.state is InvoiceStatus.USED:
        orders = _ORDERS.rows(uow.connection, payment_id=found.payment_id)
    return Verification(
        id=number,
        asked=asked,
        typed=amount,
        checked=checked,
        invoice=found,
        known=known,
        order_ids=tuple(int(str(row[0])) for row in orders),
        orders=tuple(str(row[1]) for row in orders),
        verified_at=uow.now,
        verified_by=uow.actor.name,
        till_id=till.id,
    )


def _total(connection: Connection, cart_id: int) -> Money:
    head = load_cart_row(connection, cart_id)
    return split_by_vendor(load_content(connection, head, list_line_rows(connection, cart_id))).totals.total


def _check_cart(uow: UnitOfWork, till: Till, cart_id: int, found: PaymentInvoiceRecord | None) -> Money:
    """The open cart's total, held and whole, with no checkout of its own, and no other phone asked for it."""
    head = load_cart_row(uow.connection, cart_id, lock=True)
    if head.state is not CartState.OPEN or head.till_id != till.id:
        raise Refused("cart_not_open", cart=cart_id, state=head.state.value, till=head.till_id)
    refuse_live_thing(uow.connection, CART_THING, cart_id)
    refuse_held(uow, cart_id, besides=found.id if found is not None else None)
    ready = validate_in(uow.connection, till, head)
    if not ready.ok:
        raise Refused("cart_not_ready", cart=cart_id, findings=ready.findings)
    return _total(uow.connection, cart_id)


def _use(uow: UnitOfWork, till: Till, found: PaymentInvoiceRecord, cart_id: int, owed: Money) -> Sold:
    """The orders, the books and the invoice's end; the one conditional update decides who of several has it."""
    money = find_money(uow.connection, found)
    owner = load_payment(uow.connection, found.payment_id) if found.payment_id is not None else None
    if owner is None or money is None or not is_decided(uow.connection, money):
        raise Refused("invoice_undecided", number=found.number, money_moved=MoneyMoved.YES)
    buyer = _buyer(uow, owner, cart_id)
    fees = add_fees(owed, found.terms)
    kept = fees.total - owed
    surplus = money.left - owed - kept
    paid_with = (Entry(PREPAID, money.left), Entry(FEES, -kept), Entry(SURPLUS, -surplus))
    made = sell_cart(uow, replace(buyer, till_id=till.id), cart_id, owed, paid_with)
    values = {"state": InvoiceStatus.USED, "order_id": made[0], "used_at": uow.now, "used_by": uow.actor.staff_id}
    mine = (payment_invoice.c.id == found.id) & (payment_invoice.c.state == InvoiceStatus.COMPLETE)
    query = update(payment_invoice).where(mine, payment_invoice.c.version == found.version)
    if uow.execute(query.values(version=found.version + 1, **values)).rowcount != 1:
        raise Stale("payment_invoice_changed", number=found.number)
    fp("prompt.inside_use")
    uow.record("payment_invoice.used", found.subject, number=found.number, cart=cart_id, order=made[0])
    return _sold(uow, load_invoice(uow.connection, found.id), existing=False)


def _buyer(uow: UnitOfWork, payment: PaymentRecord, cart_id: int) -> PaymentRecord:
    """Whoever the cart is for is who paid: mails and invoices go by the payment."""
    head = load_cart_row(uow.connection, cart_id)
    if head.customer_id is None:
        return payment
    whose = load_customer_in(uow.connection, head.customer_id)
    values = {"customer_id": whose.id, "payer_name": whose.name}
    values["payer_email"] = "" if head.mail == NO_MAIL else whose.email
    return change_payment(uow, payment, **values)


def _sold(uow: UnitOfWork, found: PaymentInvoiceRecord, *, existing: bool) -> Sold:
    if found.payment_id is None:
        raise NotFound("payment_unknown", payment=None)
    orders = _ORDERS.rows(uow.connection, payment_id=found.payment_id)
    owner = load_payment(uow.connection, found.payment_id)
    return Sold(found, owner, tuple(row[0] for row in orders), tuple(row[1] for row in orders), existing)
