"""Pay: a cart is put up for payment, whole and checked, and then nothing in it changes until the payment ends."""

from __future__ import annotations

import secrets

from tillgate.domain.cart import Content
from tillgate.domain.errors import Refused, Stale
from tillgate.domain.money import Money
from tillgate.domain.orders import CartState
from tillgate.domain.payment import Purpose
from tillgate.domain.settings import STORE_NAME
from tillgate.domain.staff import Action, Actor
from tillgate.domain.vendor_split import split_by_vendor
from tillgate.i18n import ntr
from tillgate.ports import Payer
from tillgate.services import payments
from tillgate.services.access import authorize
from tillgate.services.cart_content import list_line_rows, load_cart_row, load_content
from tillgate.services.cart_holds import refuse_held
from tillgate.services.cart_validation import ValidationResult, validate_for_checkout, validate_in
from tillgate.services.cart_view import CART_THING, NO_MAIL
from tillgate.services.customers import load_customer_in
from tillgate.services.payment_rows import find_payment_by_key, list_things
from tillgate.services.payments import Started, StartPayment, Thing
from tillgate.services.till import Till
from tillgate.store.unit_of_work import UnitOfWork


def new_key() -> str:
    """A key for one press of Pay, made when the cart is put up: pressing again with it is the same payment."""
    return f"cart-{secrets.token_hex(16)}"


def put_up_for_payment(
    till: Till, actor: Actor, cart_id: int, *, key: str, provider: str, method: str, email_wanted: bool = False
) -> Started:
    """Start the payment of the till's open cart, for exactly its total.

    `email_wanted` says that the customer was promised mails, so that there must be an address. The cart is checked
    again inside the transaction that writes the intent. Raises Refused("cart_not_ready") with `findings`,
    Refused("cart_not_open"), Refused("cart_prompted") while a phone is asked for it, Stale("cart_changed"), and all
    that `payments.start` raises.
    """
    authorize(till, actor, Action.TAKE_PAYMENT)
    again = _pressed_again(till, cart_id, key, provider, method)
    if again is not None:
        return payments.start(till, actor, again)
    _refuse_unready(validate_for_checkout(till, actor, cart_id, provider=provider, email_wanted=email_wanted))
    with till.db.read() as connection:
        head = load_cart_row(connection, cart_id)
        content = load_content(connection, head, list_line_rows(connection, cart_id))
        payer = Payer()
        if content.customer_id is not None:
            whose = load_customer_in(connection, content.customer_id)
            payer = Payer(whose.name, "" if head.mail == NO_MAIL else whose.email, whose.phone)

    def still_ready(uow: UnitOfWork) -> None:
        here = load_cart_row(uow.connection, cart_id, lock=True)
        if here.state is not CartState.OPEN or here.till_id != till.id:
            raise Refused("cart_not_open", cart=cart_id, state=here.state.value, till=here.till_id)
        if here.version != head.version:
            raise Stale("cart_changed", cart=cart_id)
        refuse_held(uow, cart_id)
        result = validate_in(uow.connection, till, here, provider=provider, email_wanted=email_wanted)
        _refuse_unready(result)

    total = split_by_vendor(content).totals.total
    command = StartPayment(
        key=key,
        purpose=Purpose.CHECKOUT,
        amount=total,
        things=(Thing(CART_THING, cart_id, total),),
        description=_description(till, content),
        provider=provider,
        method=method,
        customer_id=content.customer_id,
        payer=payer,
        guard=still_ready,
    )
    return payments.start(till, actor, command)


def _pressed_again(till: Till, cart_id: int, key: str, provider: str, method: str) -> StartPayment | None:
    """The command of a press that was made before, from what it wrote; the cart may be sold by now."""
    with till.db.read() as connection:
        found = find_payment_by_key(connection, key)
        if found is None:
            return None
        made, _ = found
        things = list_things(connection, made.id)
    if [(kind, thing_id) for kind, thing_id, _ in things] != [(CART_THING, cart_id)]:
        raise Refused("key_reused", payment=made.id)
    return StartPayment(
        key=key,
        purpose=made.purpose,
        amount=made.amount,
        things=tuple(Thing(kind, thing_id, Money(minor, made.currency)) for kind, thing_id, minor in things),
        description=made.description,
        provider=provider,
        method=method,
        customer_id=made.customer_id,
        payer=made.payer,
    )


def _refuse_unready(result: ValidationResult) -> None:
    if not result.ok:
        raise Refused("cart_not_ready", cart=result.cart_id, findings=result.findings)


def _description(till: Till, content: Content) -> str:
    count = sum(line.quantity for line in content.lines)
    store = till.settings()[STORE_NAME]
    if not store:
        return ntr("{count} item", "{count} items", count)
    return ntr("{count} item from {store}", "{count} items from {store}", count, store=store)
