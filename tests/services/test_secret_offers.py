"""The store's secret goes to a new till once, by a code that a person carries, and nobody else gets it."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from tests.factories.clock import FakeClock
from tests.factories.people import signed_in
from tests.factories.tills import audit_rows, second_engine
from tillgate.domain.errors import NotAllowed, Refused
from tillgate.domain.secret import Secret
from tillgate.domain.staff import Actor, Role
from tillgate.services.secret_offers import MOST_TRIES, offer_secret, take_secret
from tillgate.services.till import Till
from tillgate.store.models import metadata, secret_offer

STORE = Secret(secrets.token_hex(32))


def take(till: Till, code: Secret | str, engine: Engine | None = None) -> Secret:
    secret = code if isinstance(code, Secret) else Secret(code)
    return take_secret(engine or till.db.engine, till.clock.now(), secret, "T2")


def ended(till: Till) -> list[tuple[str | None, str, str | None]]:
    with till.db.read() as connection:
        rows = connection.execute(select(secret_offer).order_by(secret_offer.c.id)).all()
    return [(row.ended_how, row.wrapped, row.taken_till) for row in rows]


@pytest.mark.parametrize("typed", [lambda code: code, lambda code: code.lower().replace("-", " ").replace("0", "o")])
def test_the_code_gives_the_secret_once(till: Till, manager: Actor, typed: Callable[[str], str]) -> None:
    offer = offer_secret(till, manager, STORE)
    assert len(offer.code.reveal().replace("-", "")) == 25
    assert take(till, typed(offer.code.reveal())) == STORE
    assert ended(till) == [("taken", "", "T2")]
    with pytest.raises(Refused, match="offer_none"):
        take(till, offer.code)


def test_the_database_and_the_audit_hold_neither_secret_nor_code(till: Till, manager: Actor) -> None:
    offer = offer_secret(till, manager, STORE)
    plain = offer.code.reveal()
    with till.db.read() as connection:
        held = "".join(repr(connection.execute(table.select()).all()) for table in metadata.tables.values())
    assert STORE.reveal() not in held
    assert plain not in held
    assert plain.replace("-", "") not in held
    assert [event for _, event, _, _ in audit_rows(till)][-1] == "secret.offered"
    assert plain not in repr(offer)


def test_five_wrong_codes_end_it_and_the_right_one_comes_too_late(till: Till, manager: Actor) -> None:
    offer = offer_secret(till, manager, STORE)
    wrong = "00000-00000-00000-00000-00000"
    for left in range(MOST_TRIES - 1, 0, -1):
        with pytest.raises(Refused, match="offer_code_wrong") as refused:
            take(till, wrong)
        assert refused.value.values == {"left": left}
    with pytest.raises(Refused, match="offer_over"):
        take(till, wrong)
    with pytest.raises(Refused, match="offer_none"):
        take(till, offer.code)
    assert ended(till) == [("guessed", "", None)]


def test_the_last_try_may_be_the_right_one(till: Till, manager: Actor) -> None:
    offer = offer_secret(till, manager, STORE)
    for _ in range(MOST_TRIES - 1):
        with pytest.raises(Refused, match="offer_code_wrong"):
            take(till, "wrong")
    assert take(till, offer.code) == STORE


def test_it_runs_out(till: Till, manager: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    # The database's own clock can't be moved: an offer that lasts no time is over at once.
    monkeypatch.setattr("tillgate.services.secret_offers.OFFER_LASTS", timedelta())
    offer = offer_secret(till, manager, STORE)
    with pytest.raises(Refused, match="offer_over"):
        take(till, offer.code)
    assert ended(till) == [("expired", "", None)]


def test_a_new_offer_ends_the_one_before(till: Till, manager: Actor) -> None:
    first = offer_secret(till, manager, STORE)
    second = offer_secret(till, manager, STORE)
    with pytest.raises(Refused, match="offer_code_wrong"):
        take(till, first.code)
    assert take(till, second.code) == STORE
    assert [how for how, _, _ in ended(till)] == ["replaced", "taken"]


def test_only_a_manager_who_was_just_proved_gives_it_away(till: Till, clock: FakeClock) -> None:
    with pytest.raises(NotAllowed, match="not_allowed"):
        offer_secret(till, signed_in(till, Role.CASHIER), STORE)
    manager = signed_in(till, Role.MANAGER)
    clock.advance(600)
    with pytest.raises(NotAllowed, match="confirm_needed"):
        offer_secret(till, manager, STORE)
    assert ended(till) == []


def test_of_many_that_type_it_at_once_one_gets_it(till: Till, manager: Actor) -> None:
    code = offer_secret(till, manager, STORE).code
    engines = [second_engine(till.db.engine) for _ in range(4)]
    together = threading.Barrier(4)

    def come(engine: Engine) -> bool:
        together.wait(30)
        try:
            return take(till, code, engine) == STORE
        except Refused:
            return False

    with ThreadPoolExecutor(4) as pool:
        got = list(pool.map(come, engines))
    for each in engines:
        each.dispose()
    assert got.count(True) == 1
