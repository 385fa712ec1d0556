"""A keyring in memory, open or closed."""

from __future__ import annotations

from tillgate.domain.errors import Unavailable


class MemorySecrets:
    """Keeps the promises of SecretStore; `closed` is the code of what is wrong with it."""

    def __init__(self, closed: str = "") -> None:
        self.kept: dict[str, str] = {}
        self.closed = closed

    def load(self, name: str) -> str | None:
        self._check()
        return self.kept.get(name)

    def save(self, name: str, secret: str) -> None:
        self._check()
        self.kept[name] = secret

    def delete(self, name: str) -> None:
        self._check()
        self.kept.pop(name, None)

    def _check(self) -> None:
        if self.closed:
            raise Unavailable(self.closed)
