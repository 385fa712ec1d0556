"""Ringing up: every edit is one committed transaction, so that a crash loses none, and can be undone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from tillgate.domain import cart as edits
from tillgate.domain.cart import Content, Fee, Line, Rental, Terms
from tillgate.domain.catalogue import ProductKind
from tillgate.domain.errors import Invalid, NotFound, Refused, Stale
from tillgate.domain.money import Money
from tillgate.domain.notes import check_note
from tillgate.domain.orders import CartState
from tillgate.domain.rental import FURTHEST_AHEAD
from tillgate.domain.settings import STORE_CURRENCY
from tillgate.domain.staff import Action, Actor
from tillgate.domain.vendor_split import split_by_vendor
from tillgate.services.access import authorize
from tillgate.services.cart_content import (
    content_from_json,
    content_to_json,
    list_line_rows,
    load_cart_row,
    load_content,
    write_content,
)
from tillgate.services.cart_view import MAIL_AS_KNOWN, NO_MAIL, CartView, find_live_payment_of, locks, view_in
from tillgate.services.customers import load_customer_in
from tillgate.services.till import Till
from tillgate.store.catalogue_reads import find_exact, list_periods_of, list_sellable
from tillgate.store.models import cart, cart_undo, customer
from tillgate.store.statements import Named, insert_row
from tillgate.store.unit_of_work import UnitOfWork

UNDO_KEPT: Final = 50
# Edits that take something away are audited; what is added shows in the order.
_AUDITED: Final = frozenset({"remove", "clear", "reprice"})


@dataclass(frozen=True, slots=True)
class HeldCart:
    """A cart that waits; one `in_payment` is being paid meanwhile."""

    id: int
    till_id: str
    label: str
    customer_name: str
    lines: int
    total: Money
    changed_at: datetime
    in_payment: bool


def open_cart(till: Till, actor: Actor) -> CartView:
    """The till's one open cart; an empty one is made if there is none."""

    def work(uow: UnitOfWork) -> CartView:
        authorize(uow, actor, Action.SELL)
        return view_in(uow.connection, _open_id(uow, till))

    try:
        return till.db.transact(actor, work)
    except IntegrityError:
        # Another thread of this till was quicker; the database allows one open cart.
        return till.db.transact(actor, work)


def view_cart(till: Till, actor: Actor, cart_id: int) -> CartView:
    """Raises NotFound("cart_unknown")."""
    authorize(till, actor, Action.SELL)
    with till.db.read() as connection:
        return view_in(connection, cart_id)


def add_variant(
    till: Till,
    actor: Actor,
    cart_id: int,
    variant_id: int,
    *,
    quantity: int | None = None,
    period_id: int | None = None,
    start_on: date | None = None,
    expected_version: int | None = None,
) -> CartView:
    """Ring up a variant: one piece, or the smallest quantity for a new line, if no quantity is given.

    A rental is for its shortest period from today on, unless told. Raises NotFound, Invalid for a bad quantity or date,
    Refused("product_inactive" | "rental_without_periods" | "currency_mismatch" | "cart_full" | "cart_in_payment" |
    "cart_not_open"), Stale("cart_changed").
    """

    def change(uow: UnitOfWork, content: Content) -> Content:
        line, fee, smallest = _rung_up(uow, till, variant_id, period_id, start_on)
        grown = edits.add_line(content, replace(line, quantity=1 if quantity is None else quantity), fee)
        if quantity is None and len(grown.lines) > len(content.lines):
            return edits.set_quantity(grown, 0, smallest)
        return grown

    return _edit(till, actor, cart_id, "add", change, expected_version=expected_version)


def scan(till: Till, actor: Actor, cart_id: int, text: str) -> CartView:
    """Ring up what has exactly this barcode or code. Raises NotFound("scan_unknown") and all of `add_variant`."""
    authorize(till, actor, Action.SELL)
    with till.db.read() as connection:
        found = find_exact(connection, text)
    if not found:
        raise NotFound("scan_unknown", text=text[:40])
    return add_variant(till, actor, cart_id, found[0][0])


def set_quantity(
    till: Till, actor: Actor, cart_id: int, line_id: int, quantity: int, *, expected_version: int | None = None
) -> CartView:
    """Raises Invalid("quantity_out_of_range"), NotFound("line_unknown") and those of every edit."""
    return _edit(
        till,
        actor,
        cart_id,
        "quantity",
        lambda _uow, content: edits.set_quantity(content, line_id, quantity),
        expected_version=expected_version,
    )


def set_rental(
    till: Till,
    actor: Actor,
    cart_id: int,
    line_id: int,
    *,
    period_id: int | None = None,
    start_on: date | None = None,
    expected_version: int | None = None,
) -> CartView:
    """Another period, another first day, or both; what is None stays. Raises Refused("line_not_rental"), NotFound,
    Invalid("start_in_past" | "start_too_far") and those of every edit."""

    def change(uow: UnitOfWork, content: Content) -> Content:
        found = content.line(line_id)
        if found.rental is None:
            raise Refused("line_not_rental", line=line_id)
        line, _, _ = _rung_up(
            uow, till, found.variant_id, period_id or found.rental.period_id, start_on or found.rental.start_on
        )
        if line.rental is None:
            raise Refused("line_not_rental", line=line_id)
        return edits.set_rental(content, line_id, line.rental, line.terms)

    return _edit(till, actor, cart_id, "rental", change, expected_version=expected_version)


def remove_line(
    till: Till, actor: Actor, cart_id: int, line_id: int, *, expected_version: int | None = None
) -> CartView:
    """Raises NotFound("line_unknown") and those of every edit."""
    return _edit(
        till,
        actor,
        cart_id,
        "remove",
        lambda _uow, content: edits.remove_line(content, line_id),
        expected_version=expected_version,
    )


def set_customer(
    till: Till, actor: Actor, cart_id: int, customer_id: int | None, *, expected_version: int | None = None
) -> CartView:
    """Whose cart it is; None for a walk-in. Raises NotFound("customer_unknown"), Refused("customer_inactive")."""

    def change(uow: UnitOfWork, content: Content) -> Content:
        if customer_id is not None and not load_customer_in(uow.connection, customer_id).active:
            raise Refused("customer_inactive", customer=customer_id)
        return replace(content, customer_id=customer_id)

    return _edit(till, actor, cart_id, "customer", change, expected_version=expected_version)


def set_mail_wanted(till: Till, actor: Actor, cart_id: int, *, wanted: bool) -> CartView:
    """Whether the customer gets mails of this sale, where there is an address. Raises those of every edit."""

    def work(uow: UnitOfWork) -> CartView:
        authorize(uow, actor, Action.SELL)
        head = _editable(uow, till, cart_id, None)
        mail = MAIL_AS_KNOWN if wanted else NO_MAIL
        if head.mail != mail:
            _move(uow, head, mail=mail)
        return view_in(uow.connection, cart_id)

    return till.db.transact(actor, work)


def clear(till: Till, actor: Actor, cart_id: int, *, expected_version: int | None = None) -> CartView:
    """Take out every line and the customer; Undo brings all back."""
    return _edit(
        till, actor, cart_id, "clear", lambda _uow, content: edits.cleared(content), expected_version=expected_version
    )


def reprice(till: Till, actor: Actor, cart_id: int, *, expected_version: int | None = None) -> CartView:
    """Take today's prices, deposits, taxes and fees for everything that is still offered."""

    def change(uow: UnitOfWork, content: Content) -> Content:
        rows = list_sellable(uow.connection, {line.variant_id for line in content.lines})
        prices = {row.id: row.price_minor for row in list_periods_of(uow.connection, rows) if row.active}
        terms = {}
        for line in content.lines:
            row = rows[line.variant_id]
            price = prices.get(line.rental.period_id) if line.rental else row.price_minor
            if price is not None and row.currency == content.currency:
                terms[line.id] = _terms(row, price)
        return edits.reprice(content, terms, {row.vendor_id: _fee(row) for row in rows.values()})

    return _edit(till, actor, cart_id, "reprice", change, expected_version=expected_version)


def undo(till: Till, actor: Actor, cart_id: int) -> CartView:
    """Take back the last edit that stands. Raises Refused("nothing_to_undo") and those of every edit."""

    def work(uow: UnitOfWork) -> CartView:
        authorize(uow, actor, Action.SELL)
        head = _editable(uow, till, cart_id, None)
        newest = select(cart_undo).where(cart_undo.c.cart_id == cart_id).order_by(cart_undo.c.id.desc()).limit(1)
        kept = uow.execute(newest).one_or_none()
        if kept is None:
            raise Refused("nothing_to_undo")
        old = load_content(uow.connection, head, list_line_rows(uow.connection, cart_id))
        _store(uow, head, old, content_from_json(kept.content, head.currency))
        uow.execute(delete(cart_undo).where(cart_undo.c.id == kept.id))
        return view_in(uow.connection, cart_id)

    return till.db.transact(actor, work)


def hold(till: Till, actor: Actor, cart_id: int, label: str = "") -> CartView:
    """Put the cart aside, also while it is being paid, and open another. Raises Refused("cart_empty"), Invalid."""
    authorize(till, actor, Action.SELL)
    words = check_note(label, field="label", shortest=0)

    def work(uow: UnitOfWork) -> CartView:
        head = _own(uow, till, cart_id, None)
        if not list_line_rows(uow.connection, cart_id):
            raise Refused("cart_empty")
        _move(uow, head, state=CartState.HELD, label=words or head.label)
        uow.record("cart.held", f"cart:{cart_id}", label=words)
        return view_in(uow.connection, _open_id(uow, till))

    return till.db.transact(actor, work)


def recall(till: Till, actor: Actor, cart_id: int) -> CartView:
    """Go on with a held cart, also one of another till; what stands open here is held meanwhile, if there is anything
    in it. Raises NotFound("cart_unknown"), Refused("cart_not_held")."""

    def work(uow: UnitOfWork) -> CartView:
        authorize(uow, actor, Action.SELL)
        head = load_cart_row(uow.connection, cart_id, lock=True)
        if head.state is not CartState.HELD:
            raise Refused("cart_not_held", cart=cart_id, state=head.state.value)
        standing = uow.execute(_open_of(till).with_for_update()).one_or_none()
        if standing is not None:
            filled = bool(list_line_rows(uow.connection, standing.id)) or standing.customer_id is not None
            _move(uow, standing, state=CartState.HELD if filled else CartState.CLEARED)
        _move(uow, head, state=CartState.OPEN, till_id=till.id)
        uow.record("cart.recalled", f"cart:{cart_id}", held=standing.id if standing else None)
        return view_in(uow.connection, cart_id)

    return till.db.transact(actor, work)


def list_held(till: Till, actor: Actor) -> tuple[HeldCart, ...]:
    """Held carts of the whole store, the latest first."""
    authorize(till, actor, Action.SELL)
    query = (
        select(cart, customer.c.name.label("customer_name"))
        .outerjoin(customer, customer.c.id == cart.c.customer_id)
        .where(cart.c.state == CartState.HELD)
        .order_by(cart.c.changed_at.desc(), cart.c.id.desc())
    )
    with till.db.read() as connection:
        held = []
        for row in connection.execute(query).all():
            lines = list_line_rows(connection, row.id)
            whole = split_by_vendor(load_content(connection, row, lines)).totals.total
            paying = locks(find_live_payment_of(connection, row.id))
            name = row.customer_name or ""
            held.append(
                HeldCart(row.id, row.till_id, row.label, name, len(lines), whole, row.changed_at, in_payment=paying)
            )
        return tuple(held)


def _edit(
    till: Till,
    actor: Actor,
    cart_id: int,
    name: str,
    change: Callable[[UnitOfWork, Content], Content],
    *,
    expected_version: int | None,
) -> CartView:
    """One edit: what was there is kept for undo, and nothing is written where nothing changes."""

    def work(uow: UnitOfWork) -> CartView:
        authorize(uow, actor, Action.SELL)
        head = _editable(uow, till, cart_id, expected_version)
        old = load_content(uow.connection, head, list_line_rows(uow.connection, cart_id))
        new = change(uow, old)
        if new != old:
            _keep(uow, till, cart_id, name, old)
            _store(uow, head, old, new)
            if name in _AUDITED:
                uow.record(f"cart.{name}", f"cart:{cart_id}", lines=len(old.lines), left=len(new.lines))
        return view_in(uow.connection, cart_id)

    return till.db.transact(actor, work)


def _own(uow: UnitOfWork, till: Till, cart_id: int, expected_version: int | None) -> Named:
    """The till's open cart, locked."""
    head = load_cart_row(uow.connection, cart_id, lock=True)
    if head.state is not CartState.OPEN or head.till_id != till.id:
        raise Refused("cart_not_open", cart=cart_id, state=head.state.value, till=head.till_id)
    if expected_version is not None and head.version != expected_version:
        raise Stale("cart_changed", cart=cart_id)
    return head


def _editable(uow: UnitOfWork, till: Till, cart_id: int, expected_version: int | None) -> Named:
    head = _own(uow, till, cart_id, expected_version)
    paying = find_live_payment_of(uow.connection, cart_id)
    if paying is not None and locks(paying):
        raise Refused("cart_in_payment", cart=cart_id, payment=paying.id)
    return head


def _store(uow: UnitOfWork, head: Named, old: Content, new: Content) -> None:
    write_content(uow, head.id, old, new)
    # Another customer has not been asked about mails yet.
    mail = head.mail if new.customer_id == head.customer_id else MAIL_AS_KNOWN
    _move(uow, head, customer_id=new.customer_id, mail=mail)


def _move(uow: UnitOfWork, head: Named, **values: object) -> None:
    same = (cart.c.id == head.id) & (cart.c.version == head.version)
    changed = uow.execute(update(cart).where(same).values(version=head.version + 1, changed_at=uow.now, **values))
    if changed.rowcount != 1:
        raise Stale("cart_changed", cart=head.id)


def _keep(uow: UnitOfWork, till: Till, cart_id: int, name: str, old: Content) -> None:
    row = {"cart_id": cart_id, "till_id": till.id, "edit": name, "content": content_to_json(old)}
    uow.execute(insert(cart_undo), row)
    here = select(cart_undo.c.id).where(cart_undo.c.cart_id == cart_id).order_by(cart_undo.c.id.desc())
    oldest = uow.execute(here.offset(UNDO_KEPT).limit(1)).scalar_one_or_none()
    if oldest is not None:
        uow.execute(delete(cart_undo).where(cart_undo.c.cart_id == cart_id, cart_undo.c.id <= oldest))


def _open_of(till: Till) -> Any:
    return select(cart).where(cart.c.till_id == till.id, cart.c.state == CartState.OPEN)


def _open_id(uow: UnitOfWork, till: Till) -> int:
    found = uow.execute(_open_of(till)).one_or_none()
    if found is not None:
        return int(found.id)
    # What was sold or cleared is not undone any more.
    waiting = select(cart.c.id).where(cart.c.state == CartState.HELD)
    uow.execute(delete(cart_undo).where(cart_undo.c.till_id == till.id, cart_undo.c.cart_id.not_in(waiting)))
    row: dict[str, object] = {"till_id": till.id, "state": CartState.OPEN, "label": ""}
    row |= {"currency": till.settings()[STORE_CURRENCY]}
    row |= {"created_by": uow.actor.staff_id, "created_at": uow.now, "changed_at": uow.now}
    return insert_row(uow.connection, cart, row)


def _rung_up(
    uow: UnitOfWork, till: Till, variant_id: int, period_id: int | None, start_on: date | None
) -> tuple[Line, Fee, int]:
    """A line at today's terms, its vendor's fee, and the smallest quantity."""
    row = list_sellable(uow.connection, [variant_id]).get(variant_id)
    if row is None:
        raise NotFound("variant_unknown", variant=variant_id)
    if not (row.active and row.product_active and row.vendor_active):
        raise Refused("product_inactive", variant=variant_id, name=row.product_name)
    rental, price = None, row.price_minor
    if row.kind is ProductKind.RENTAL:
        today = till.store_day(uow.now)
        rental, price = _rental(uow, row, period_id, _start(start_on or today, today))
    line = Line(0, 0, variant_id, row.vendor_id, row.kind, 1, _terms(row, price), rental)
    return line, _fee(row), row.smallest_quantity


def _rental(uow: UnitOfWork, row: Row[Any], period_id: int | None, start_on: date) -> tuple[Rental, int]:
    offered = [each for each in list_periods_of(uow.connection, [row.id]) if each.active]
    if not offered:
        raise Refused("rental_without_periods", variant=row.id, name=row.product_name)
    chosen = offered[0] if period_id is None else next((each for each in offered if each.id == period_id), None)
    if chosen is None:
        raise NotFound("period_unknown", period=period_id)
    return Rental(chosen.id, chosen.days, start_on), chosen.price_minor


def _start(start_on: date, today: date) -> date:
    if start_on < today:
        raise Invalid("start_in_past", field="start_on", start_on=start_on)
    if start_on - today > FURTHEST_AHEAD:
        raise Invalid("start_too_far", field="start_on", start_on=start_on, furthest=today + FURTHEST_AHEAD)
    return start_on


def _terms(row: Row[Any], price_minor: int) -> Terms:
    price, deposit = Money(price_minor, row.currency), Money(row.deposit_minor, row.currency)
    return Terms(price, deposit, row.tax_bp, row.tax_name)


def _fee(row: Row[Any]) -> Fee:
    return Fee(Money(row.fee_flat_minor, row.currency), row.fee_bp)
