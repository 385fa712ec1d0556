"""Secrets in a keyring: only in one that encrypts, and never waiting for ever."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import chainer, fail, null
from keyring.errors import InitError, KeyringLocked, NoKeyringError, PasswordDeleteError, PasswordSetError

from tillgate.domain.errors import Unavailable
from tillgate.keystore.keyring_store import ALLOWED, KeyringStore, MemoryStore
from tillgate.ports import SecretStore

SERVICE = "tillgate-tests"


class Ring(KeyringBackend):
    """A keyring that fails as it is told."""

    priority = 5

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}
        self.failure: Exception | None = None
        self.stuck = threading.Event()
        self.stuck.set()
        self.calls: list[str] = []
        self.most_at_once = self.at_once = 0

    def _enter(self, verb: str) -> None:
        self.calls.append(verb)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            self.stuck.wait(10)
            if self.failure is not None:
                raise self.failure
        finally:
            self.at_once -= 1

    def get_password(self, service: str, username: str) -> str | None:
        self._enter("get")
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._enter("set")
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._enter("delete")
        if (service, username) not in self.kept:
            raise PasswordDeleteError("No such password!")
        del self.kept[service, username]


class LockedException(Exception):
    """As SecretStorage has it."""


class PlaintextKeyring(Ring):
    """As keyrings.alt has it: in the open."""


class Forgetful(Ring):
    """A keyring that says yes and keeps nothing."""

    def set_password(self, service: str, username: str, password: str) -> None:
        self._enter("set")


OURS = frozenset(f"{kind.__module__}.{kind.__qualname__}" for kind in (Ring, Forgetful))


@pytest.fixture
def ring() -> Iterator[Ring]:
    found, before = Ring(), keyring.get_keyring()
    keyring.set_keyring(found)
    yield found
    found.stuck.set()
    keyring.set_keyring(before)


@pytest.fixture
def store(ring: Ring) -> KeyringStore:
    return KeyringStore(SERVICE, deadline_s=2.0, allowed=OURS)


@pytest.mark.parametrize("kind", ["keyring", "memory"])
def test_a_secret_is_kept_replaced_and_forgotten(kind: str, store: KeyringStore) -> None:
    kept: SecretStore = store if kind == "keyring" else MemoryStore()
    assert kept.load("razorpay.secret") is None
    kept.delete("razorpay.secret")
    kept.save("razorpay.secret", "first")
    kept.save("razorpay.secret", "s€cond")
    assert kept.load("razorpay.secret") == "s€cond"
    assert kept.load("razorpay") is None
    kept.delete("razorpay.secret")
    assert kept.load("razorpay.secret") is None


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (KeyringLocked("Failed to unlock the collection!"), "keyring_locked"),
        (PasswordSetError("Cancelled by user"), "keyring_locked"),
        (LockedException("Item is locked!"), "keyring_locked"),
        (InitError("Failed to create the collection"), "keyring_absent"),
        (NoKeyringError("No recommended backend was available"), "keyring_absent"),
        (RuntimeError("org.freedesktop.DBus.Error.ServiceUnknown my-secret"), "keyring_absent"),
    ],
)
def test_every_failure_is_a_state_and_tells_no_secret(
    store: KeyringStore, ring: Ring, failure: Exception, code: str
) -> None:
    ring.failure = failure
    calls: list[Callable[[], object]] = [
        lambda: store.load("k"),
        lambda: store.save("k", "my-secret"),
        lambda: store.delete("k"),
    ]
    for call in calls:
        with pytest.raises(Unavailable, match=code) as raised:
            call()
        assert "my-secret" not in str(raised.value)
    ring.failure = None
    store.save("k", "v")
    assert store.load("k") == "v"


@pytest.mark.parametrize("backend", [fail.Keyring, null.Keyring, Ring])
@pytest.mark.usefixtures("ring")
def test_a_backend_that_is_not_on_the_list_is_refused(backend: Callable[[], KeyringBackend]) -> None:
    keyring.set_keyring(backend())
    made = keyring.get_keyring()
    store = KeyringStore(SERVICE)
    calls: list[Callable[[], object]] = [lambda: store.load("k"), lambda: store.save("k", "v"), store.backend_name]
    for call in calls:
        with pytest.raises(Unavailable, match="keyring_absent"):
            call()
    assert not getattr(made, "calls", [])


def test_the_list_has_no_backend_in_the_open() -> None:
    assert len(ALLOWED) == 6
    assert not {name for name in ALLOWED if any(word in name.lower() for word in ("null", "fail", "plain", "alt"))}


def test_of_a_chain_only_an_allowed_member_is_used(ring: Ring, monkeypatch: pytest.MonkeyPatch) -> None:
    open_file, chain_class = PlaintextKeyring(), cast(Callable[[], KeyringBackend], chainer.ChainerBackend)
    monkeypatch.setattr(chainer.ChainerBackend, "backends", [open_file, ring])
    keyring.set_keyring(chain_class())
    store = KeyringStore(SERVICE, deadline_s=2.0, allowed=OURS)
    store.save("k", "v")
    assert (store.load("k"), open_file.calls) == ("v", [])
    monkeypatch.setattr(chainer.ChainerBackend, "backends", [open_file])
    with pytest.raises(Unavailable, match="keyring_absent"):
        store.load("k")


def test_a_keyring_that_forgets_is_found_out(ring: Ring) -> None:
    keyring.set_keyring(Forgetful())
    with pytest.raises(Unavailable, match="keyring_absent"):
        KeyringStore(SERVICE, deadline_s=2.0, allowed=OURS).save("k", "v")


def test_a_keyring_that_asks_its_owner_is_given_up_and_nobody_is_asked_twice(ring: Ring) -> None:
    store = KeyringStore(SERVICE, deadline_s=0.15, allowed=OURS)
    ring.stuck.clear()
    for _ in range(3):
        begun = time.monotonic()
        with pytest.raises(Unavailable, match="keyring_slow"):
            store.save("k", "given up")
        assert 0.1 < time.monotonic() - begun < 3
    assert (ring.most_at_once, ring.calls) == (1, ["set"])
    ring.stuck.set()
    patient = KeyringStore(SERVICE, deadline_s=2.0, allowed=OURS)
    patient.save("k", "newer")
    assert patient.load("k") == "newer"
    assert ring.calls.count("set") == 2


REAL = """
import sys
from tillgate.keystore.file_secrets import load_store_secret
from tillgate.keystore.keyring_store import KeyringStore
from pathlib import Path
store = KeyringStore("tillgate-tests")
print(store.backend_name())
assert store.load("razorpay.secret") is None
store.save("razorpay.secret", "kept in the real one")
assert KeyringStore("tillgate-tests").load("razorpay.secret") == "kept in the real one"
assert KeyringStore("tillgate-other").load("razorpay.secret") is None
store.delete("razorpay.secret")
store.delete("razorpay.secret")
assert store.load("razorpay.secret") is None
made = load_store_secret(Path(sys.argv[1]), store, create=True)
assert load_store_secret(Path(sys.argv[1]), store, create=False).pepper == made.pepper
assert not list(Path(sys.argv[1]).iterdir())
print(made.place.value)
"""
UNLOCK = 'printf "\\n" | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1 && exec "$@"'


@pytest.mark.skipif(
    not (shutil.which("gnome-keyring-daemon") and shutil.which("dbus-run-session")), reason="no gnome-keyring here"
)
def test_with_the_real_secret_service(tmp_path: Path) -> None:
    folder = str(tmp_path)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "DBUS"))}
    environment |= {"HOME": folder, "XDG_DATA_HOME": f"{folder}/data", "XDG_RUNTIME_DIR": folder}
    command = ["dbus-run-session", "--", "sh", "-c", UNLOCK, "sh", sys.executable, "-c", REAL, f"{folder}/store"]
    os.mkdir(f"{folder}/store", 0o700)  # noqa: PTH102 - a mode of its own
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["SecretService", "Keyring", "keyring"]
