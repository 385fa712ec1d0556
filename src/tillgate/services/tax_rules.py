"""Tax rules as data: a new rate is a new rule from a day on, and the old one ends the day before."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date
from typing import Final

from sqlalchemy import Connection, select

from tillgate.domain.errors import Invalid, NotFound, Refused
from tillgate.domain.staff import Action, Actor
from tillgate.domain.tax_rules import TaxRule, check_rule
from tillgate.services.access import authorize
from tillgate.services.till import Till
from tillgate.store.models import tax_rule
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
    """Add a rule; the rule with its number. Raises those of `check_rule` and Refused("tax_overlaps")."""
    authorize(till, actor, Action.EDIT_CATALOGUE)
    return till.db.transact(actor, lambda uow: insert_rule(uow, check_rule(rule)))


def end_tax_rule(till: Till, actor: Actor, rule_id: int, last_day: date) -> TaxRule:
    """Let a rule that goes on end with a day; payments put up before keep what they were put up with.

    Raises NotFound("tax_unknown"), Invalid("tax_days"), Refused("tax_ended").
    """
    authorize(till, actor, Action.EDIT_CATALOGUE)

    def work(uow: UnitOfWork) -> TaxRule:
        row = uow.execute(select(*_RULE).where(tax_rule.c.id == rule_id).with_for_update()).one_or_none()
        if row is None:
            raise NotFound("tax_unknown", rule=rule_id)
        found = TaxRule(*row)
        if found.valid_until is not None:
            raise Refused("tax_ended", tax=found.name, last_day=found.valid_until)
        if last_day < found.valid_from:
            raise Invalid("tax_days", field="valid_until")
        update_rows(uow.connection, tax_rule, {"id": rule_id}, {"valid_until": last_day})
        uow.record("tax.ended", f"tax:{rule_id}", name=found.name, country=found.country, last_day=str(last_day))
        return replace(found, valid_until=last_day)

    return till.db.transact(actor, work)


def insert_rule(uow: UnitOfWork, rule: TaxRule) -> TaxRule:
    """Write a rule down. Raises Refused("tax_overlaps") where the same tax is valid on one of its days already."""
    for other in _same_tax(uow.connection, rule):
        if rule.overlaps(other):
            raise Refused("tax_overlaps", tax=rule.name, since=other.valid_from)
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


def _same_tax(connection: Connection, rule: TaxRule) -> list[TaxRule]:
    same = (tax_rule.c.country == rule.country) & (tax_rule.c.name == rule.name)
    return [TaxRule(*row) for row in connection.execute(select(*_RULE).where(same).with_for_update())]
