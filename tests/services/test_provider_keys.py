"""Provider keys: into the keyring and nowhere else, of this mode only, tried before they are trusted."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import Engine

from tests.factories.clock import FakeClock
from tests.factories.people import signed_in
from tests.factories.secrets import MemorySecrets
from tests.factories.tills import audit_rows, make_till
from tillgate.domain.errors import Invalid, Refused, TillgateError, Unavailable
from tillgate.domain.payment import Mode
from tillgate.domain.provider_keys import ProviderKeys
from tillgate.domain.secret import Secret
from tillgate.domain.staff import Actor, Role
from tillgate.ports import Answer, Outcome, PaymentProvider
from tillgate.providers.registry import Credentials, Surroundings, open_provider
from tillgate.services.provider_keys import (
    MAIL_PASSWORD,
    forget_keys,
    load_keys,
    save_keys,
    save_mail_password,
    show_keys,
    try_kept_keys,
    try_keys,
)
from tillgate.services.till import Till
from tillgate.store.unit_of_work import in_transaction

KEY_ID, KEY_SECRET = "rzp_test_4f8kQ2mWc7", "s3cretOfTheTestAccount"


@dataclass
class Account:
    """Opens stand-ins for a provider that knows one pair of keys; counts what is open."""

    known: tuple[str, str] = (KEY_ID, KEY_SECRET)
    fails: Outcome | None = None
    open: int = 0
    asked: list[bool] = field(default_factory=list)

    def __call__(self, name: str, keys: ProviderKeys) -> PaymentProvider:
        assert name == "razorpay"
        self.open += 1
        return cast(PaymentProvider, _Opened(self, keys))


@dataclass
class _Opened:
    account: Account
    keys: ProviderKeys

    def test_connection(self) -> Answer:
        self.account.asked.append(in_transaction())
        if self.account.fails:
            return Answer(self.account.fails, message="no route")
        known = (self.keys.key_id, self.keys.key_secret.reveal()) == self.account.known
        said = f"bad key {self.keys.key_secret.reveal()}"
        return Answer(Outcome.SUCCESS) if known else Answer(Outcome.MISCONFIGURED, message=said)

    def redact(self, text: str) -> str:
        return text.replace(self.keys.key_secret.reveal(), "[secret]")

    def close(self) -> None:
        self.account.open -= 1


@pytest.fixture
def till(sqlite_only: Engine, clock: FakeClock) -> Till:
    return make_till(sqlite_only, clock, mode=Mode.TEST)


@pytest.fixture
def account() -> Account:
    return Account()


@pytest.fixture
def secrets() -> MemorySecrets:
    return MemorySecrets()


def save(till: Till, actor: Actor, secrets: MemorySecrets, account: Account, **changes: Any) -> None:
    keys: dict[str, Any] = {"key_id": KEY_ID, "key_secret": Secret(KEY_SECRET)} | changes
    save_keys(till, actor, secrets, account, "razorpay", **keys)


def test_keys_go_into_the_keyring_and_come_back_as_their_ends(
    till: Till, manager: Actor, secrets: MemorySecrets, account: Account
) -> None:
    assert {shown.provider: shown.is_set for shown in show_keys(till, manager, secrets)} == {
        "razorpay": False,
        "stripe": False,
        "wompi": False,
        "intasend": False,
    }
    save(till, manager, secrets, account, key_id=f" {KEY_ID} ", key_secret=Secret(f"{KEY_SECRET}\n"))
    assert secrets.kept == {"razorpay.test.key_id": KEY_ID, "razorpay.test.key_secret": KEY_SECRET}
    (shown,) = (keys for keys in show_keys(till, manager, secrets) if keys.is_set)
    assert (shown.provider, shown.title) == ("razorpay", "Razorpay")
    assert (shown.key_id_last4, shown.key_secret_last4, shown.mode) == ("mWc7", "ount", Mode.TEST)
    assert account.open == 0


@pytest.mark.parametrize(
    ("mode", "pair", "refused"),
    [
        (Mode.TEST, ("pk_test_51Abcdefgh", "sk_test_51Abcdefgh"), None),
        (Mode.TEST, ("pk_test_51Abcdefgh", "rk_test_51Abcdefgh"), None),
        (Mode.LIVE, ("pk_live_51Abcdefgh", "sk_live_51Abcdefgh"), None),
        (Mode.TEST, ("pk_live_51Abcdefgh", "sk_live_51Abcdefgh"), ("key_mode", "key_id")),
        (Mode.LIVE, ("pk_test_51Abcdefgh", "sk_test_51Abcdefgh"), ("key_mode", "key_id")),
        # Told apart by the secret key as well: the publishable one beside it proves nothing.
        (Mode.TEST, ("pk_test_51Abcdefgh", "sk_live_51Abcdefgh"), ("stripe_key_mode", "key_secret")),
        (Mode.LIVE, ("pk_live_51Abcdefgh", "rk_test_51Abcdefgh"), ("stripe_key_mode", "key_secret")),
        (Mode.TEST, ("pk_test_51Abcdefgh", "pk_test_51Abcdefgh"), ("stripe_secret_key", "key_secret")),
        (Mode.TEST, ("sk_test_51Abcdefgh", "sk_test_51Abcdefgh"), ("key_form", "key_id")),
        (Mode.TEST, ("pk_test_", "sk_test_51Abcdefgh"), ("stripe_publishable_key", "key_id")),
        (Mode.TEST, ("rzp_test_4f8kQ2mWc7", "s3cretOfTheTestAccount"), ("key_form", "key_id")),
        (Mode.TRAINING, ("pk_test_51Abcdefgh", "sk_test_51Abcdefgh"), ("keys_in_training", None)),
    ],
)
def test_stripes_keys_are_taken_as_a_pair_of_this_mode(
    sqlite_only: Engine, clock: FakeClock, mode: Mode, pair: tuple[str, str], refused: tuple[str, str | None] | None
) -> None:
    key_id, key_secret = pair
    till = make_till(sqlite_only, clock, mode=mode)
    manager, secrets = signed_in(till, Role.MANAGER), MemorySecrets()

    def open_stripe(name: str, keys: ProviderKeys) -> PaymentProvider:
        return open_provider(name, Credentials(keys.key_id, keys.key_secret), Surroundings(mode))

    def keep() -> None:
        save_keys(till, manager, secrets, open_stripe, "stripe", key_id=key_id, key_secret=Secret(key_secret))

    if refused is None:
        keep()
        assert secrets.kept == {f"stripe.{mode.value}.key_id": key_id, f"stripe.{mode.value}.key_secret": key_secret}
        return
    with pytest.raises(Refused) as error:
        keep()
    assert (error.value.code, error.value.values.get("field")) == refused
    assert secrets.kept == {}
    assert key_secret not in repr(error.value.values)


def test_a_replaced_secret_is_still_accepted_for_what_it_signed(
    till: Till, manager: Actor, secrets: MemorySecrets, account: Account
) -> None:
    save(till, manager, secrets, account)
    save(till, manager, secrets, account, key_secret=Secret("another secret of it"))
    keys = load_keys(secrets, Mode.TEST, "razorpay")
    assert keys is not None
    assert keys.previous_secret == Secret(KEY_SECRET)
    forget_keys(till, manager, secrets, "razorpay")
    assert secrets.kept == {}
    assert load_keys(secrets, Mode.TEST, "razorpay") is None


@pytest.mark.parametrize(
    ("mode", "key_id", "code"),
    [
        (Mode.TEST, "rzp_live_4f8kQ2mWc7", "key_mode"),
        (Mode.LIVE, KEY_ID, "key_mode"),
        (Mode.TRAINING, "rzp_live_4f8kQ2mWc7", "key_mode"),
        (Mode.TRAINING, KEY_ID, "keys_in_training"),
        (Mode.TEST, "sk_test_4f8kQ2mWc7", "key_form"),
        (Mode.TEST, "", "key_form"),
    ],
)
def test_keys_of_another_mode_go_nowhere(till: Till, manager: Actor, mode: Mode, key_id: str, code: str) -> None:
    account, secrets = Account(), MemorySecrets()
    moved = dataclasses.replace(till, mode=mode)
    for attempt in (
        lambda: save(moved, manager, secrets, account, key_id=key_id),
        lambda: try_keys(moved, manager, account, "razorpay", key_id=key_id, key_secret=Secret(KEY_SECRET)),
    ):
        with pytest.raises(TillgateError, match=code):
            attempt()
    assert secrets.kept == {}
    assert account.asked == []


def test_a_secret_is_needed(till: Till, manager: Actor, secrets: MemorySecrets, account: Account) -> None:
    with pytest.raises(Invalid, match="key_secret_missing"):
        save(till, manager, secrets, account, key_secret=Secret("  "))


@pytest.mark.parametrize("closed", ["keyring_absent", "keyring_locked", "keyring_slow"])
def test_a_closed_keyring_is_said_and_nothing_is_kept_elsewhere(
    till: Till, manager: Actor, account: Account, closed: str
) -> None:
    secrets = MemorySecrets(closed)
    with pytest.raises(Unavailable, match=closed):
        save(till, manager, secrets, account)
    with pytest.raises(Unavailable, match=closed):
        show_keys(till, manager, secrets)
    events = [event for _, event, *_ in audit_rows(till)]
    assert "keys_changed" not in events
    assert not secrets.kept


def test_keys_are_tried_before_and_after_they_are_kept(
    till: Till, manager: Actor, secrets: MemorySecrets, account: Account
) -> None:
    right = try_keys(till, manager, account, "razorpay", key_id=KEY_ID, key_secret=Secret(KEY_SECRET))
    assert right.works
    wrong = try_keys(till, manager, account, "razorpay", key_id=KEY_ID, key_secret=Secret("not the secret"))
    assert (wrong.works, wrong.outcome, wrong.message) == (False, Outcome.MISCONFIGURED, "bad key [secret]")
    with pytest.raises(Refused, match="keys_missing"):
        try_kept_keys(till, manager, secrets, account, "razorpay")
    save(till, manager, secrets, account)
    account.fails = Outcome.NOT_SENT
    assert try_kept_keys(till, manager, secrets, account, "razorpay").outcome is Outcome.NOT_SENT
    assert account.asked == [False, False, False]
    assert account.open == 0


def test_the_mail_password_is_kept_the_same_way(till: Till, manager: Actor, secrets: MemorySecrets) -> None:
    save_mail_password(till, manager, secrets, Secret("mail password"))
    assert secrets.kept == {MAIL_PASSWORD: "mail password"}
    save_mail_password(till, manager, secrets, Secret(""))
    assert secrets.kept == {}


def test_no_secret_reaches_the_database(till: Till, manager: Actor, secrets: MemorySecrets, account: Account) -> None:
    save(till, manager, secrets, account)
    save_mail_password(till, manager, secrets, Secret("mail password"))
    assert [event for _, event, *_ in audit_rows(till)] == ["keys_changing", "keys_changed"] * 2
    till.db.close()
    kept = Path(str(till.db.engine.url.database)).read_bytes()
    assert b"keys_changed" in kept
    for canary in (KEY_SECRET, KEY_ID, "mail password"):
        assert canary.encode() not in kept


PUBLIC, PRIVATE, INTEGRITY = "pub_test_A1b2C3d4E5", "prv_test_A1b2C3d4E5", "test_integrity_A1b2C3d4"


def open_wompi(name: str, keys: ProviderKeys) -> PaymentProvider:
    return open_provider(name, Credentials(keys.key_id, keys.key_secret, None, keys.others), Surroundings(Mode.TEST))


def test_a_further_secret_is_kept_with_its_account_and_goes_with_it(
    till: Till, manager: Actor, secrets: MemorySecrets
) -> None:
    def keep(key_id: str = PUBLIC, **others: str) -> dict[str, str]:
        given = {name: Secret(f" {value}\n") for name, value in others.items()}
        private = Secret(key_id.replace("pub_", "prv_"))
        save_keys(till, manager, secrets, open_wompi, "wompi", key_id=key_id, key_secret=private, others=given)
        return {name.removeprefix("wompi.test."): value for name, value in secrets.kept.items()}

    pair = {"key_id": PUBLIC, "key_secret": PRIVATE}
    assert keep() == pair
    assert keep(integrity=INTEGRITY) == {**pair, "integrity": INTEGRITY}
    (shown,) = [each for each in show_keys(till, manager, secrets) if each.provider == "wompi"]
    assert dict(shown.others_last4) == {"integrity": "C3d4"}
    keys = load_keys(secrets, Mode.TEST, "wompi")
    assert keys is not None
    assert keys.others == {"integrity": Secret(INTEGRITY)}
    opened = open_wompi("wompi", keys)
    assert set(opened.capabilities.methods) == {"link", "web"}
    opened.close()
    # Typed again without it: the account is the same, so it stays; of another account it would sign what nobody takes.
    assert keep()["integrity"] == INTEGRITY
    other = keep("pub_test_Z9y8X7w6V5")
    assert "integrity" not in other
    for wrong, code in (
        ("prod_integrity_A1b2C3d4", "wompi_key_mode"),
        ("test_events_A1b2C3d4", "wompi_integrity_secret"),
    ):
        with pytest.raises(Invalid, match=code):
            keep(integrity=wrong)
    assert keep(integrity=INTEGRITY)["integrity"] == INTEGRITY
    forget_keys(till, manager, secrets, "wompi")
    assert secrets.kept == {}
