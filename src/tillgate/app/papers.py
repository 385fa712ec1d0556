"""Save papers where the shop finds them again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tillgate.domain.errors import Unavailable
from tillgate.domain.staff import Actor
from tillgate.services.batch_slips import render_batch_slip
from tillgate.services.consultation_rows import load_consultation_invoice
from tillgate.services.credit_notes import load_note
from tillgate.services.fee_documents import render_fee_invoice, render_fee_receipt
from tillgate.services.invoice_slips import render_invoice_slip
from tillgate.services.invoice_verification import Verification
from tillgate.services.invoices import load_invoice
from tillgate.services.papers import render_credit_note, render_invoice, render_receipt

if TYPE_CHECKING:
    from tillgate.app.bootstrap import Shop


def save_receipt(shop: Shop, actor: Actor, payment_id: int) -> Path:
    """Write a payment's receipt; the file. Raises Unavailable("paper_not_saved")."""
    content = render_receipt(shop.till, actor, shop.renderer, payment_id)
    return _write(shop.books.profile.papers / f"receipt-{payment_id:06d}.pdf", content)


def save_invoice(shop: Shop, actor: Actor, invoice_id: int) -> Path:
    """Write a sales invoice; the file. Raises Unavailable("paper_not_saved")."""
    content = render_invoice(shop.till, actor, shop.renderer, invoice_id)
    with shop.till.db.read() as reading:
        number = load_invoice(reading, invoice_id).number
    return _write(shop.books.profile.papers / f"{number}.pdf", content)


def save_credit_note(shop: Shop, actor: Actor, note_id: int) -> Path:
    """Write a sale's credit note; the file. Raises Unavailable("paper_not_saved")."""
    content = render_credit_note(shop.till, actor, shop.renderer, note_id)
    with shop.till.db.read() as reading:
        number = load_note(reading, note_id).number
    return _write(shop.books.profile.papers / f"{number}.pdf", content)


def save_batch_slip(shop: Shop, actor: Actor, batch_id: int) -> Path:
    """Write a batch's summary as it stands now; the file. Raises Unavailable("paper_not_saved")."""
    content = render_batch_slip(shop.till, actor, shop.renderer, batch_id)
    return _write(shop.books.profile.papers / f"batch-{batch_id:06d}.pdf", content)


def save_invoice_slip(shop: Shop, actor: Actor, verification: Verification) -> Path:
    """Write what verifying a payment invoice came to; the file. Raises Unavailable("paper_not_saved")."""
    content = render_invoice_slip(shop.till, actor, shop.renderer, verification)
    return _write(shop.books.profile.papers / f"verification-{verification.id:06d}.pdf", content)


def save_fee_invoice(shop: Shop, actor: Actor, invoice_id: int) -> Path:
    """Write a consultation's invoice, as it stands now; the file. Raises Unavailable("paper_not_saved")."""
    content = render_fee_invoice(shop.till, actor, shop.renderer, invoice_id)
    with shop.till.db.read() as reading:
        number = load_consultation_invoice(reading, invoice_id).number
    return _write(shop.books.profile.papers / f"{number}.pdf", content)


def save_fee_receipt(shop: Shop, actor: Actor, payment_id: int) -> Path:
    """Write a paid fee's receipt; the file. Raises Refused("receipt_not_paid"), Unavailable("paper_not_saved")."""
    content = render_fee_receipt(shop.till, actor, shop.renderer, payment_id)
    return _write(shop.books.profile.papers / f"receipt-{payment_id:06d}.pdf", content)


def _write(path: Path, content: bytes) -> Path:
    draft = path.with_suffix(".part")
    try:
        draft.write_bytes(content)
        draft.chmod(0o600)
        draft.replace(path)
    except OSError as error:
        raise Unavailable("paper_not_saved", folder=str(path.parent), error=error.strerror or "") from error
    return path
