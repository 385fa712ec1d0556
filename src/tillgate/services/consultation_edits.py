"""Write down a consultation's fee, correct it, or say that it is not owed after all.

What was written down stays (product.md, Money): a fee is corrected by a new one that takes its place.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from typing import Final

from sqlalchemy import Connection, select

from tillgate.domain.consultation import CONSULTATION_THING, ConsultationState
from tillgate.domain.errors import Bug, Invalid, MoneyMoved, NotFound, Refused, Stale
from tillgate.domain.money import Money
from tillgate.domain.notes import check_note
from tillgate.domain.staff import Action, Actor
from tillgate.services.access import authorize
from tillgate.services.consultation_rows import ConsultationRecord, lock_consultation
from tillgate.services.customers import load_customer_in
from tillgate.services.payment_rows import find_live_payment
from tillgate.services.till import Till
from tillgate.store.models import clinic, consultation, practitioner
from tillgate.store.statements import insert_row, update_rows
from tillgate.store.unit_of_work import UnitOfWork

_LONGEST_CODE: Final = 40
# A visit's code with the number of its correction.
_CORRECTED: Final = re.compile(r"(.+)-[0-9]{1,3}")
# Without letters and digits that are taken for each other.
_LETTERS: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True, slots=True)
class ConsultationDraft:
    """A fee to be written down, in the currency of the practitioner's clinic; `code` is the clinic's own number of the
    visit, and made up where it has none. The note is the desk's, and on no paper."""

    practitioner_id: int
    patient_id: int
    fee: Money
    held_at: datetime
    code: str = ""
    note: str = ""


def record_consultation(till: Till, actor: Actor, draft: ConsultationDraft) -> ConsultationRecord:
    """Write down a fee that a patient owes.

    Raises NotFound("practitioner_unknown" | "customer_unknown"), Invalid("amount_zero" | "currency_mismatch" |
    "consultation_code") and those of `check_note`, Refused("consultation_code_taken").
    """
    authorize(till, actor, Action.SELL)
    draft = replace(draft, note=check_note(draft.note, field="note", shortest=0))
    return till.db.transact(actor, lambda uow: _insert(uow, actor, draft))


def correct_consultation(
    till: Till, actor: Actor, consultation_id: int, draft: ConsultationDraft, version: int
) -> ConsultationRecord:
    """A fee as it should have been written down; the record that is owed from now on. Needs a manager.

    Another note is only noted. Anything else ends the fee as it was at `version` and writes the new one down in its
    place, in one transaction; under the same code of the visit it gets the next free "-2", "-3". Never while a payment
    holds it, nor once it is paid: raises as `cancel_consultation`, as `record_consultation`, and
    Stale("consultation_changed").
    """
    authorize(till, actor, Action.EDIT_CATALOGUE)
    wanted = replace(draft, note=check_note(draft.note, field="note", shortest=0), code=draft.code.strip())

    def work(uow: UnitOfWork) -> ConsultationRecord:
        here = _lock_owed(uow, consultation_id)
        if here.version != version:
            raise Stale("consultation_changed", consultation=here.id)
        same_code = wanted.code in {"", here.code}
        if same_code and replace(wanted, code="", note="") == replace(_draft_of(here), code="", note=""):
            return _note(uow, here, wanted.note)
        code = _next_code(uow.connection, here.code) if same_code else wanted.code
        made = _insert(uow, actor, replace(wanted, code=code))
        _end(uow, here, replaced_by=made.code)
        uow.record("consultation.corrected", here.subject, code=here.code, replaced_by=made.code)
        return made

    return till.db.transact(actor, work)


def cancel_consultation(till: Till, actor: Actor, consultation_id: int, reason: str) -> ConsultationRecord:
    """A fee that is not owed after all. Needs a manager.

    Raises NotFound("consultation_unknown"), Refused("consultation_paid" | "consultation_closed" |
    "already_being_paid") and those of `check_note`.
    """
    authorize(till, actor, Action.EDIT_CATALOGUE)
    words = check_note(reason, field="reason")

    def work(uow: UnitOfWork) -> ConsultationRecord:
        here = _lock_owed(uow, consultation_id)
        _end(uow, here)
        uow.record("consultation.cancelled", here.subject, reason=words)
        return lock_consultation(uow.connection, here.id)

    return till.db.transact(actor, work)


def _lock_owed(uow: UnitOfWork, consultation_id: int) -> ConsultationRecord:
    """A fee that is owed and that nobody is paying."""
    here = lock_consultation(uow.connection, consultation_id)
    if here.state is ConsultationState.PAID:
        raise Refused("consultation_paid", consultation=here.id, money_moved=MoneyMoved.YES)
    if here.state is not ConsultationState.OPEN:
        raise Refused("consultation_closed", consultation=here.id)
    live = find_live_payment(uow.connection, CONSULTATION_THING, here.id)
    if live is not None:
        raise Refused("already_being_paid", payment=live.id, since=live.created_at, amount=live.amount)
    return here


def _end(uow: UnitOfWork, here: ConsultationRecord, **more: str) -> None:
    ended = {"state": ConsultationState.CANCELLED, "ended_at": uow.now, "version": here.version + 1, **more}
    update_rows(uow.connection, consultation, {"id": here.id, "version": here.version}, ended)


def _note(uow: UnitOfWork, here: ConsultationRecord, note: str) -> ConsultationRecord:
    if note != here.note:
        changed = {"note": note, "version": here.version + 1}
        update_rows(uow.connection, consultation, {"id": here.id, "version": here.version}, changed)
        # The audit, which is never erased, keeps no notes about people.
        uow.record("consultation.noted", here.subject)
    return lock_consultation(uow.connection, here.id)


def _draft_of(here: ConsultationRecord) -> ConsultationDraft:
    return ConsultationDraft(here.practitioner_id, here.patient_id, here.fee, here.held_at, here.code, here.note)


def _next_code(connection: Connection, code: str) -> str:
    """The first of BH-1001-2, BH-1001-3, ... that no visit has."""
    ended = _CORRECTED.fullmatch(code)
    # A clinic's own BH-2 is no correction of BH.
    corrects = select(consultation.c.id).where(consultation.c.replaced_by == code).limit(1)
    stem = ended[1] if ended and connection.execute(corrects).first() is not None else code
    for number in count(2):
        end = f"-{number}"
        wanted = stem[: _LONGEST_CODE - len(end)] + end
        if connection.execute(select(consultation.c.id).where(consultation.c.code == wanted)).first() is None:
            return wanted
    raise Bug("unreachable")


def _insert(uow: UnitOfWork, actor: Actor, draft: ConsultationDraft) -> ConsultationRecord:
    query = select(practitioner.c.clinic_id, clinic.c.currency).join(clinic, clinic.c.id == practitioner.c.clinic_id)
    wanted = (practitioner.c.id == draft.practitioner_id) & (practitioner.c.active == 1) & (clinic.c.active == 1)
    where = uow.execute(query.where(wanted)).one_or_none()
    if where is None:
        raise NotFound("practitioner_unknown", practitioner=draft.practitioner_id)
    load_customer_in(uow.connection, draft.patient_id)
    if draft.fee.minor <= 0:
        raise Invalid("amount_zero", field="fee")
    if draft.fee.currency != where.currency:
        raise Invalid("currency_mismatch", field="fee", expected=where.currency, found=draft.fee.currency)
    row = {
        "code": _code(uow.connection, draft.code),
        "clinic_id": where.clinic_id,
        "practitioner_id": draft.practitioner_id,
        "patient_id": draft.patient_id,
        "fee_minor": draft.fee.minor,
        "currency": draft.fee.currency,
        "note": draft.note,
        "state": ConsultationState.OPEN,
        "held_at": draft.held_at,
        "created_by": actor.staff_id,
        "created_at": uow.now,
    }
    made = lock_consultation(uow.connection, insert_row(uow.connection, consultation, row))
    uow.record("consultation.recorded", made.subject, code=made.code, fee=made.fee_minor, currency=made.currency)
    return made


def _code(connection: Connection, given: str) -> str:
    code = given.strip()
    if len(code) > _LONGEST_CODE or not code.isprintable():
        raise Invalid("consultation_code", field="code", longest=_LONGEST_CODE)
    taken = select(consultation.c.id)
    if code:
        if connection.execute(taken.where(consultation.c.code == code)).first() is not None:
            raise Refused("consultation_code_taken", number=code)
        return code
    return "CON-" + "".join(secrets.choice(_LETTERS) for _ in range(10))
