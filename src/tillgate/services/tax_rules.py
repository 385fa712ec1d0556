"""Tax rules as data: a new rate is a new rule from a day on, and the old one ends the day before. A rule never changes;
one that is a mistake, and taxed nothing yet, is withdrawn.
"""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date, timedelta
from typing import Final

from sqlalchemy import Connection, select

from tillgate.domain.consultation import LOCK_WAIT
from tillgate.domain.errors import Invalid, NotFound, Refused
from tillgate.domain.staff import Action, Actor
from tillgate.domain.tax_rules import TaxRule, check_rule
from tillgate.services.access import authorize
from tillgate.services.till import Till
from tillgate.store.models import tax_record, tax_rule
from tillgate.store.named_lock import NamedLock
from tillgate.store.statements import insert_row, update_rows
from tillgate.store.unit_of_work import UnitOfWork

_RULE: Final = [tax_rule.c[each.name] for each in fields(TaxRule)]


def list_tax_rules(till: Till, actor: Actor, country: str = "") -> tuple[TaxRule, ...]:
    """All rules, of one country or of every one: by country and name, the newest first."""
    authorize(till, actor, Action.EDIT_CATALOGUE)
    query = select(*_RULE).order_by(tax_rule.c.country, tax_rule.c.name, tax_rule.c.valid_from.desc())
    with till.db.read() as connection:
        rows = connection.execute(query.where(tax_rule.c.country == country) if country else query)
        return tuple(TaxRule(*row) for row in rows)


def add_tax_rule(till: Till, actor: Actor, rule: TaxRule) -> TaxRule:
    """Add a rule; the rule with its number. Raises those of `check_rule` and of `insert_rule`."""
    authorize(till, actor, Action.EDIT_CATALOGUE)
    checked = check_rule(rule)
    return till.db.transact(actor, lambda uow: insert_rule(uow, checked), alone=_alone(checked))


def end_tax_rule(till: Till, actor: Actor, rule_id: int, last_day: date) -> TaxRule:
    """Let a rule that goes on end with a day; payments put up before keep what they were put up with.

    Raises NotFound("tax_unknown"), Invalid("tax_days"), Refused("tax_ended").
    """
    authorize(till, actor, Action.EDIT_CATALOGUE)

    def work(uow: UnitOfWork) -> TaxRule:
        found = _lock_going_on(uow, rule_id)
        if last_day < found.valid_from:
            raise Invalid("tax_days", field="valid_until")
        return _end(uow, found, last_day, "tax.ended")

    return till.db.transact(actor, work)


def change_tax_rule(till: Till, actor: Actor, rule_id: int, rule: TaxRule) -> TaxRule:
    """Let a rule be followed by another one of the same tax: it ends the day before the new one begins.

    Raises as `end_tax_rule` and `add_tax_rule`; nothing is done then.
    """
    authorize(till, actor, Action.EDIT_CATALOGUE)
    checked = check_rule(rule)

    def work(uow: UnitOfWork) -> TaxRule:
        found = _lock_going_on(uow, rule_id)
        if (found.country, found.name) != (checked.country, checked.name):
            raise Invalid("tax_fixed", field="name")
        if checked.valid_from <= found.valid_from:
            raise Invalid("tax_follows", field="valid_from", since=found.valid_from)
        _end(uow, found, checked.valid_from - timedelta(days=1), "tax.ended")
        return insert_rule(uow, checked)

    return till.db.transact(actor, work, alone=_alone(checked))


def withdraw_tax_rule(till: Till, actor: Actor, rule_id: int) -> TaxRule:
    """Take back a rule that goes on and by which nothing was taxed yet: it ends the day before it begins.

    Raises NotFound("tax_unknown"), Refused("tax_ended" | "tax_withdrawn" | "tax_used").
    """
    authorize(till, actor, Action.EDIT_CATALOGUE)

    def work(uow: UnitOfWork) -> TaxRule:
        found = _lock_going_on(uow, rule_id)
        used = select(tax_record.c.id).where(tax_record.c.rule_id == rule_id).limit(1)
        if uow.execute(used).first() is not None:
            raise Refused("tax_used", tax=found.name)
        return _end(uow, found, found.valid_from - timedelta(days=1), "tax.withdrawn")

    return till.db.transact(actor, work)


def insert_rule(uow: UnitOfWork, rule: TaxRule) -> TaxRule:
    """Write a rule down. Raises Refused("tax_overlaps") where the same tax is valid on one of its days already, and
    Refused("tax_day_taken") where one that was withdrawn began on its first."""
    for other in _same_tax(uow.connection, rule):
        if rule.overlaps(other):
            raise Refused("tax_overlaps", tax=rule.name, since=other.valid_from)
        if rule.valid_from == other.valid_from:
            raise Refused("tax_day_taken", field="valid_from", tax=rule.name, since=other.valid_from)
    row = {each.name: getattr(rule, each.name) for each in fields(TaxRule) if each.name != "id"}
    number = insert_row(uow.connection, tax_rule, row)
    uow.record(
        "tax.added",
        f"tax:{number}",
        name=rule.name,
        country=rule.country,
        rate_ppm=rule.rate_ppm,
        effect=rule.effect.value,
        valid_from=str(rule.valid_from),
    )
    return replace(rule, id=number)


def _alone(rule: TaxRule) -> NamedLock:
    """So that two tills can't both find that nothing overlaps."""
    return NamedLock(f"tax:{rule.country}", LOCK_WAIT.total_seconds())


def _lock_going_on(uow: UnitOfWork, rule_id: int) -> TaxRule:
    row = uow.execute(select(*_RULE).where(tax_rule.c.id == rule_id).with_for_update()).one_or_none()
    if row is None:
        raise NotFound("tax_unknown", rule=rule_id)
    found = TaxRule(*row)
    if found.withdrawn:
        raise Refused("tax_withdrawn", tax=found.name)
    if found.valid_until is not None:
        raise Refused("tax_ended", tax=found.name, last_day=found.valid_until)
    return found


def _end(uow: UnitOfWork, found: TaxRule, last_day: date, event: str) -> TaxRule:
    update_rows(uow.connection, tax_rule, {"id": found.id}, {"valid_until": last_day})
    uow.record(event, f"tax:{found.id}", name=found.name, country=found.country, last_day=str(last_day))
    return replace(found, valid_until=last_day)


def _same_tax(connection: Connection, rule: TaxRule) -> list[TaxRule]:
    same = (tax_rule.c.country == rule.country) & (tax_rule.c.name == rule.name)
    return [TaxRule(*row) for row in connection.execute(select(*_RULE).where(same).with_for_update())]
