"""Which tills the store has, on which computers, and the code that a manager takes back."""

from __future__ import annotations

import dataclasses
import secrets

import pytest

from tests.factories.people import signed_in
from tests.factories.tills import audit_rows
from tillgate.domain.errors import NotAllowed, Refused
from tillgate.domain.secret import Secret
from tillgate.domain.staff import Actor, Role
from tillgate.services.secret_offers import find_offer, offer_secret, revoke_offer, take_secret
from tillgate.services.till import Till
from tillgate.services.till_lease import Place, TillLease
from tillgate.services.tills import list_tills

STORE = Secret(secrets.token_hex(32))


def test_the_list_knows_who_is_open_where_and_who_was(till: Till, manager: Actor) -> None:
    (alone,) = list_tills(till, manager)
    assert (alone.id, alone.computer, alone.open, alone.mine) == (till.id, "", True, True)
    second = dataclasses.replace(till, id="T2")
    front, back = TillLease(till, Place("a", "front-desk")), TillLease(second, Place("b", "back-room"))
    front.take()
    back.take()
    back.release()
    first, other = list_tills(till, manager)
    assert (first.computer, first.open, first.mine) == ("front-desk", True, True)
    assert (other.id, other.computer, other.open, other.mine) == ("T2", "back-room", False, False)
    assert other.seen_at is not None
    assert other.opened_at is not None
    assert other.seen_at >= other.opened_at
    with pytest.raises(NotAllowed):
        list_tills(till, signed_in(till, Role.CASHIER))


def test_a_code_is_seen_without_the_code_and_taken_back(till: Till, manager: Actor) -> None:
    assert find_offer(till, manager) is None
    offer = offer_secret(till, manager, STORE)
    known = find_offer(till, manager)
    assert known is not None
    assert (known.offered_by, known.offered_till, known.tries) == (manager.name, till.id, 0)
    assert known.expires_at == offer.expires_at
    assert offer.code.reveal() not in repr(known)
    cashier = signed_in(till, Role.CASHIER)
    with pytest.raises(NotAllowed):
        revoke_offer(till, cashier)
    assert revoke_offer(till, manager)
    assert audit_rows(till)[-1][1] == "secret.revoked"
    assert find_offer(till, manager) is None
    assert not revoke_offer(till, manager)
    with pytest.raises(Refused, match="offer_none"):
        take_secret(till.db.engine, till.clock.now(), offer.code, "T2")
