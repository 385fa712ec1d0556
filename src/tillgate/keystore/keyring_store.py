"""Secrets in the operating system's keyring: never in a backend that keeps them in the open, never waiting for ever.

A locked keyring may ask its owner for a password, so every call runs on a thread of its own and is given up after a
while; the next one waits for it, so that nobody is asked twice at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Final, TypeVar

from tillgate.domain.errors import Unavailable

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

T = TypeVar("T")
DEADLINE_S: Final = 5.0
# The backends that encrypt for the signed-in user, by class; whatever else is configured is refused (ASVS 13.3.1).
ALLOWED: Final = frozenset(
    {
        "keyring.backends.SecretService.Keyring",
        "keyring.backends.libsecret.Keyring",
        "keyring.backends.kwallet.DBusKeyring",
        "keyring.backends.kwallet.DBusKeyringKWallet4",
        "keyring.backends.macOS.Keyring",
        "keyring.backends.Windows.WinVaultKeyring",
    }
)
_CHAINER: Final = "keyring.backends.chainer.ChainerBackend"
# How the libraries below keyring say that the user did not unlock it.
_LOCKED: Final = frozenset({"KeyringLocked", "LockedException", "PromptDismissedException"})
# There is one keyring, however many stores look into it.
_ONE_AT_A_TIME: Final = threading.Lock()


class KeyringStore:
    """A SecretStore over the keyring; `service` names this installation's secrets in it."""

    def __init__(self, service: str, *, deadline_s: float = DEADLINE_S, allowed: Collection[str] = ALLOWED) -> None:
        self._service = service
        self._deadline_s = deadline_s
        self._allowed = allowed

    def load(self, name: str) -> str | None:
        """The secret, or None. Raises Unavailable("keyring_locked" | "keyring_absent" | "keyring_slow")."""
        return self._call(lambda backend: backend.get_password(self._service, name))

    def save(self, name: str, secret: str) -> None:
        """Keep it, and read it back: some keyrings forget without a word. Raises as `load`."""

        def work(backend: KeyringBackend) -> None:
            backend.set_password(self._service, name, secret)
            if backend.get_password(self._service, name) != secret:
                raise Unavailable("keyring_absent", backend=_class_of(backend))

        self._call(work)

    def delete(self, name: str) -> None:
        """Forget it; no error if there is none. Raises as `load`."""

        def work(backend: KeyringBackend) -> None:
            if backend.get_password(self._service, name) is not None:
                backend.delete_password(self._service, name)

        self._call(work)

    def backend_name(self) -> str:
        """Which keyring it is, for the security page: "SecretService Keyring". Raises as `load`."""
        return self._call(lambda backend: str(backend.name))

    def _call(self, work: Callable[[KeyringBackend], T]) -> T:
        answer: list[T] = []
        failure: list[BaseException] = []
        given_up = threading.Event()

        def run() -> None:
            # What was given up while it waited is not done late, over something newer.
            if not _ONE_AT_A_TIME.acquire(timeout=self._deadline_s):
                return
            try:
                if not given_up.is_set():
                    answer.append(work(self._backend()))
            except BaseException as error:  # noqa: BLE001 - it is raised again in the caller's thread
                failure.append(error)
            finally:
                _ONE_AT_A_TIME.release()

        thread = threading.Thread(target=run, name="keyring", daemon=True)
        thread.start()
        thread.join(self._deadline_s)
        given_up.set()
        if answer:
            return answer[0]
        if not failure:
            raise Unavailable("keyring_slow", seconds=self._deadline_s)
        raise _explained(failure[0]) from failure[0]

    def _backend(self) -> KeyringBackend:
        """The keyring in use, if it is one of those allowed; of a chain the first that is."""
        import keyring  # noqa: PLC0415 - costs 130 ms that only who needs a secret should pay

        found = keyring.get_keyring()
        members = list(found.backends) if _class_of(found) == _CHAINER else [found]  # type: ignore[attr-defined]
        for backend in members:
            if _class_of(backend) in self._allowed:
                return backend
        raise Unavailable("keyring_absent", backend=_class_of(found))


class MemoryStore:
    """A SecretStore that forgets everything at the end: for training mode."""

    def __init__(self) -> None:
        self._secrets: dict[str, str] = {}
        self._lock = threading.Lock()

    def load(self, name: str) -> str | None:
        """The secret, or None."""
        with self._lock:
            return self._secrets.get(name)

    def save(self, name: str, secret: str) -> None:
        """Keep it until the process ends."""
        with self._lock:
            self._secrets[name] = secret

    def delete(self, name: str) -> None:
        """Forget it."""
        with self._lock:
            self._secrets.pop(name, None)


def _class_of(backend: object) -> str:
    kind = type(backend)
    return f"{kind.__module__}.{kind.__qualname__}"


def _explained(error: BaseException) -> Unavailable:
    """Every failure of a keyring is a state shown to the user; its words may hold a secret and are not passed on."""
    if isinstance(error, Unavailable):
        return error
    names = {kind.__name__ for kind in type(error).__mro__}
    if names & _LOCKED or names & {"PasswordSetError", "PasswordDeleteError"}:
        return Unavailable("keyring_locked", error=type(error).__name__)
    return Unavailable("keyring_absent", error=type(error).__name__)
