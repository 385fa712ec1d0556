"""Ask a phone to pay: a payment invoice and the one prompt for it (seed 002, STK push; product.md, 16 and 19).

The invoice is written down first, with our id; then its payment goes through the core, which sends the prompt once: an
outcome that is not known is looked up, and never sent again by itself.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import IntegrityError

from tillgate.domain.errors import Invalid, Refused, TillgateError, Unavailable
from tillgate.domain.money import Money
from tillgate.domain.mpesa import check_phone
from tillgate.domain.payment import Purpose
from tillgate.domain.payment_invoice import (
    DEFAULT_PROVIDER,
    OPEN,
    PAYMENT_INVOICE_THING,
    FeeBreakdown,
    FeeTerms,
    InvoiceStatus,
    add_fees,
    new_number,
)
from tillgate.domain.settings import INVOICE_FEE, INVOICE_FEE_BP, INVOICE_MINUTES
from tillgate.domain.staff import Action, Actor
from tillgate.failpoints import fp
from tillgate.i18n import tr
from tillgate.ports import Payer
from tillgate.services import payments
from tillgate.services.access import authorize
from tillgate.services.cart_holds import hold_cart, is_cut_off, never_sent
from tillgate.services.invoice_rows import (
    PaymentInvoiceRecord,
    change_invoice,
    find_by_key,
    find_open_of,
    load_invoice,
)
from tillgate.services.payments import StartPayment, Thing
from tillgate.services.records import PaymentRecord
from tillgate.services.till import Till
from tillgate.store.models import payment_invoice
from tillgate.store.statements import insert_row
from tillgate.store.unit_of_work import UnitOfWork

_WHOLE: Final = 100
_NOTES: Final = 20
_NOTE: Final = 200


@dataclass(frozen=True, slots=True)
class AskPhone:
    """A press of Send prompt. `key` was made when the panel opened: a second press with it is the same invoice.

    `phone` as typed, `amount` before fees. `metadata` is kept with the invoice: up to 20 short texts by name. `method`
    None takes the provider's own default. `cart_id` is the cart that it is for: it is paid in no other way meanwhile.
    """

    key: str
    phone: str
    amount: Money
    provider: str = DEFAULT_PROVIDER
    method: str | None = None
    customer_id: int | None = None
    payer_name: str = ""
    payer_email: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    cart_id: int | None = None


@dataclass(frozen=True, slots=True)
class Prompted:
    """What a press came to; `existing` where the same press made it before."""

    invoice: PaymentInvoiceRecord
    payment: PaymentRecord
    existing: bool

    @property
    def document(self) -> dict[str, object]:
        """The document's answer to an STK push (seed 002, 1); amounts in whole units of the currency."""
        fees = self.invoice.fees
        data = {
            "invoiceId": self.invoice.provider_id or self.invoice.number,
            "originalAmount": plain(fees.amount),
            "serviceFee": plain(fees.service_fee),
            "intaSendFee": plain(fees.provider_fee),
            "totalAmount": plain(fees.total),
        }
        return {"success": self.invoice.state in OPEN or self.invoice.paid_at is not None, "data": data}


def plain(amount: Money) -> int | str:
    """An amount as the document writes it: 1032, or "10.50" where it is not whole; never a float."""
    whole = amount.decimal.to_integral_value()
    return int(whole) if whole == amount.decimal else str(amount.decimal)


def new_prompt_key() -> str:
    """A key for one press of Send prompt, made when the panel opens."""
    return f"prompt-{secrets.token_hex(16)}"


def count_open_prompts(till: Till) -> int:
    """How many phones this till is asking now: what its rail shows."""
    mine = (payment_invoice.c.till_id == till.id) & text("payment_invoice.state IN ('CREATED', 'PENDING')")
    with till.db.read() as connection:
        query = select(func.count()).select_from(payment_invoice).where(mine)
        return int(connection.execute(query).scalar_one())


def quote_fees(till: Till, actor: Actor, amount: Money) -> FeeBreakdown:
    """What the phone would be asked for, shown before sending. Raises Invalid as `add_fees`."""
    authorize(till, actor, Action.TAKE_PAYMENT)
    return add_fees(amount, _terms(till, amount.currency))


def ask_phone(till: Till, actor: Actor, press: AskPhone) -> Prompted:
    """Write the invoice down and send its prompt; on the work lane, up to 20 s.

    Raises Invalid("mpesa_phone" | "amount_zero" | "key_malformed" | "metadata_malformed" | …),
    Refused("prompt_open") naming the invoice that the phone is asked to pay already, Refused("key_reused"), those of
    `hold_cart` for a cart that is paid already,
    Unavailable("provider_off"), and all that `payments.start` raises: then the invoice is FAILED, and nothing was sent.
    """
    authorize(till, actor, Action.TAKE_PAYMENT)
    provider = till.providers.get(press.provider)
    if provider is None:
        raise Unavailable("provider_off", provider=press.provider)
    fees = add_fees(press.amount, _terms(till, press.amount.currency))
    row = _row(till, press, fees)
    made = _write_down(till, actor, press, row)
    fp("prompt.after_invoice")
    try:
        started = payments.start(
            till, actor, _payment_of(made, press, press.method or provider.capabilities.default_method)
        )
    except TillgateError as error:
        _give_up(till, actor, made, error)
        raise
    with till.db.read() as connection:
        invoice = load_invoice(connection, made.id)
    return Prompted(invoice, started.payment, started.existing)


def _terms(till: Till, currency: str) -> FeeTerms:
    settings = till.settings()
    return FeeTerms(Money(settings[INVOICE_FEE] * _WHOLE, currency), settings[INVOICE_FEE_BP])


def _row(till: Till, press: AskPhone, fees: FeeBreakdown) -> dict[str, object]:
    if not 8 <= len(press.key) <= 100 or not (press.key.isascii() and press.key.isprintable()):
        raise Invalid("key_malformed", field="key")
    notes = dict(press.metadata)
    if len(notes) > _NOTES or any(len(name) > _NOTE or len(value) > _NOTE for name, value in notes.items()):
        raise Invalid("metadata_malformed", field="metadata")
    return {
        "provider": press.provider,
        "key": press.key,
        "state": InvoiceStatus.CREATED,
        "amount_minor": fees.amount.minor,
        "service_fee_minor": fees.service_fee.minor,
        "provider_fee_bp": till.settings()[INVOICE_FEE_BP],
        "provider_fee_minor": fees.provider_fee.minor,
        "expected_minor": fees.total.minor,
        "currency": fees.amount.currency,
        "phone": check_phone(press.phone.strip()),
        "till_id": till.id,
        "metadata": json.dumps(notes, sort_keys=True),
        "held_cart_id": press.cart_id,
    }


def _write_down(till: Till, actor: Actor, press: AskPhone, row: dict[str, object]) -> PaymentInvoiceRecord:
    phone = str(row["phone"])

    def work(uow: UnitOfWork) -> PaymentInvoiceRecord:
        again = _pressed_again(uow.connection, press, row)
        if again is not None:
            return again
        _make_room(uow, phone)
        if press.cart_id is not None:
            hold_cart(uow, press.cart_id)
        minutes = till.settings()[INVOICE_MINUTES]
        times = {
            "day": till.store_day(uow.now),
            "created_by": uow.actor.staff_id,
            "created_at": uow.now,
            "expires_at": uow.now.replace(microsecond=0) + timedelta(minutes=minutes),
        }
        made = load_invoice(
            uow.connection, insert_row(uow.connection, payment_invoice, row | times | {"number": new_number()})
        )
        uow.record(
            "payment_invoice.created",
            made.subject,
            number=made.number,
            amount=made.amount_minor,
            asked=made.expected_minor,
        )
        return made

    try:
        return till.db.transact(actor, work)
    except IntegrityError:
        # Another till or thread won between our look and our write, perhaps by this very press.
        with till.db.read() as connection:
            again = _pressed_again(connection, press, row)
            if again is not None:
                return again
            _refuse_open(connection, phone)
        raise


def _pressed_again(connection: Connection, press: AskPhone, row: dict[str, object]) -> PaymentInvoiceRecord | None:
    found = find_by_key(connection, press.key)
    if found is None:
        return None
    if any(getattr(found, name) != row[name] for name in ("provider", "amount_minor", "currency", "phone")):
        raise Refused("key_reused", payment=found.payment_id)
    return found


def _make_room(uow: UnitOfWork, phone: str) -> None:
    """One open prompt for a phone. One whose press was cut off before anything was sent holds up nobody."""
    held = find_open_of(uow.connection, phone)
    if held is not None and is_cut_off(held, uow.now):
        never_sent(uow, held)
        return
    _refuse_open(uow.connection, phone)


def _refuse_open(connection: Connection, phone: str) -> None:
    held = find_open_of(connection, phone)
    if held is not None:
        raise Refused("prompt_open", number=held.number, amount=held.expected, since=held.created_at, invoice=held.id)


def _payment_of(made: PaymentInvoiceRecord, press: AskPhone, method: str) -> StartPayment:
    def still_open(uow: UnitOfWork) -> None:
        here = load_invoice(uow.connection, made.id, lock=True)
        if here.state is not InvoiceStatus.CREATED:
            raise Refused("prompt_over", number=here.number)

    def attach(uow: UnitOfWork, payment: PaymentRecord) -> None:
        change_invoice(uow, load_invoice(uow.connection, made.id), payment_id=payment.id)
        fp("prompt.inside_intent")

    return StartPayment(
        key=press.key,
        purpose=Purpose.PAYMENT_INVOICE,
        amount=made.expected,
        things=(Thing(PAYMENT_INVOICE_THING, made.id, made.expected),),
        description=tr("Invoice {number}", number=made.number),
        provider=made.provider,
        method=method,
        customer_id=press.customer_id,
        payer=Payer(press.payer_name, press.payer_email, made.phone),
        guard=still_open,
        attach=attach,
    )


def _give_up(till: Till, actor: Actor, made: PaymentInvoiceRecord, error: TillgateError) -> None:
    """Nothing was sent for it, and nothing will be: the phone is free for another press."""

    def work(uow: UnitOfWork) -> None:
        here = load_invoice(uow.connection, made.id, lock=True)
        if (
            here.payment_id is None
            and here.state is InvoiceStatus.CREATED
            and isinstance(error, (Refused, Unavailable))
        ):
            change_invoice(uow, here, state=InvoiceStatus.FAILED)
            uow.record("payment_invoice.failed", here.subject, number=here.number, reason=error.code)

    till.db.transact(actor, work)
