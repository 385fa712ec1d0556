"""Views of lists: each person's own, kept over sessions, and no more than a menu can show."""

from __future__ import annotations

import dataclasses

import pytest

from tests.factories.people import session_of
from tillgate.domain.errors import Bug, Invalid, Refused
from tillgate.domain.staff import Actor, Role
from tillgate.services.kept_views import LONGEST_NAME, MOST_VIEWS, list_views, remove_view, save_view
from tillgate.services.settings import StoredSettings, save_settings
from tillgate.services.till import Till


def test_views_are_each_persons_own_and_outlast_the_session(till: Till, cashier: Actor, manager: Actor) -> None:
    save_view(till, cashier, "payments", "Mine", '{"text": "x"}')
    save_view(till, cashier, "payments", "  Café ", '{"text": "é"}')
    save_view(till, cashier, "orders", "Mine", '{"text": "y"}')
    assert list_views(till, cashier, "payments") == {"Café": '{"text": "é"}', "Mine": '{"text": "x"}'}
    assert list_views(till, manager, "payments") == {}
    assert cashier.staff_id is not None
    again = session_of(till, cashier.staff_id, cashier.name, Role.CASHIER)
    assert list(list_views(till, again, "orders")) == ["Mine"]
    save_view(till, cashier, "payments", "Mine", '{"text": "z"}')
    assert list_views(till, cashier, "payments")["Mine"] == '{"text": "z"}'
    remove_view(till, cashier, "payments", "Mine")
    remove_view(till, cashier, "payments", "never there")
    assert list(list_views(till, cashier, "payments")) == ["Café"]


@pytest.mark.parametrize(("name", "query"), [("", "{}"), ("  ", "{}"), ("x" * (LONGEST_NAME + 1), "{}"), ("x", "")])
def test_what_is_no_view_is_not_kept(till: Till, cashier: Actor, name: str, query: str) -> None:
    with pytest.raises(Invalid) as refused:
        save_view(till, cashier, "payments", name, query)
    assert refused.value.code == "view_unusable"
    assert list_views(till, cashier, "payments") == {}


def test_there_is_an_end_to_them(till: Till, cashier: Actor) -> None:
    for number in range(MOST_VIEWS):
        save_view(till, cashier, "payments", f"View {number}", "{}")
    with pytest.raises(Refused) as refused:
        save_view(till, cashier, "payments", "One more", "{}")
    assert refused.value.code == "views_too_many"
    save_view(till, cashier, "payments", "View 7", '{"text": "still replaced"}')
    assert len(list_views(till, cashier, "payments")) == MOST_VIEWS


def test_they_are_no_options_of_the_store(till: Till, manager: Actor) -> None:
    kept = dataclasses.replace(till, settings=StoredSettings(till.db))
    save_view(kept, manager, "payments", "Mine", "{}")
    after = save_settings(kept, manager, {"store.name": "Corner Shop"})
    assert set(after.stored) == {"store.name"}
    with pytest.raises(Bug):
        list_views(kept, manager, "no such list")
