"""The slip of a verification: who checked which payment invoice when, each check, and what came of it, as a paper."""

from __future__ import annotations

from tillgate.domain.documents import VerificationSlip
from tillgate.domain.payment_invoice import masked_phone
from tillgate.domain.settings import STORE_LANGUAGE, STORE_NAME
from tillgate.domain.staff import Action, Actor
from tillgate.ports import DocumentRenderer
from tillgate.services.access import authorize
from tillgate.services.invoice_verification import Verification
from tillgate.services.till import Till


def render_invoice_slip(till: Till, actor: Actor, renderer: DocumentRenderer, verification: Verification) -> bytes:
    """The slip as PDF, in the store's language; always the same bytes of one verification. Raises NotAllowed."""
    authorize(till, actor, Action.VIEW_PAYMENTS)
    return renderer.verification_slip_pdf(invoice_slip(till, verification), till.settings()[STORE_LANGUAGE])


def invoice_slip(till: Till, verification: Verification) -> VerificationSlip:
    """Everything on the slip, as it was when it was verified."""
    found = verification.invoice
    return VerificationSlip(
        verification_id=verification.id,
        mode=till.mode,
        zone=till.zone,
        store_name=till.settings()[STORE_NAME],
        till_id=verification.till_id,
        verified_at=verification.verified_at,
        verified_by=verification.verified_by,
        asked=verification.asked,
        number=found.number if found is not None else "",
        provider=found.provider if found is not None else "",
        provider_id=found.provider_id or "" if found is not None else "",
        receipt=verification.receipt,
        phone=masked_phone(found.phone) if found is not None else "",
        amount=verification.typed,
        paid=verification.paid,
        checked=verification.checked,
        orders=verification.orders,
    )
