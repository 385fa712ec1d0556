"""A batch's summary slip: what became of each of its invoices, as a paper."""

from __future__ import annotations

from sqlalchemy import Connection

from tillgate.domain.documents import BatchSlip, SlipRow
from tillgate.domain.settings import STORE_LANGUAGE, STORE_NAME
from tillgate.domain.staff import Action, Actor
from tillgate.ports import DocumentRenderer
from tillgate.services.access import authorize
from tillgate.services.batch_views import read_batch
from tillgate.services.till import Till


def render_batch_slip(till: Till, actor: Actor, renderer: DocumentRenderer, batch_id: int) -> bytes:
    """The slip as PDF, in the store's language. Raises NotAllowed, NotFound("batch_unknown")."""
    authorize(till, actor, Action.VIEW_PAYMENTS)
    with till.db.read() as reading:
        document = batch_slip(till, reading, batch_id)
    return renderer.batch_slip_pdf(document, till.settings()[STORE_LANGUAGE])


def batch_slip(till: Till, reading: Connection, batch_id: int) -> BatchSlip:
    """Everything on the slip, as it stands now. Raises NotFound("batch_unknown")."""
    view = read_batch(till, reading, batch_id)
    rows = (
        SlipRow(each.invoice_number, each.day, each.amount, each.shown, each.reused, each.reference)
        for each in view.items
    )
    return BatchSlip(
        batch_id=view.batch.id,
        mode=till.mode,
        zone=till.zone,
        store_name=till.settings()[STORE_NAME],
        till_id=view.batch.till_id,
        begun_at=view.batch.created_at,
        made_at=till.clock.now(),
        device_code=view.device.code,
        device_name=view.device.name,
        customer=view.owner.name,
        email=view.batch.email,
        taken_by=view.taken_by,
        rows=tuple(rows),
        total=view.total,
        paid=view.paid,
    )
