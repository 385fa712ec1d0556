"""A provider's test account: its keys and settings, and its side of the ledger."""

from __future__ import annotations

import asyncio
import json
import secrets
import string
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, astuple, replace
from typing import Any, ClassVar, Generic, Protocol, Self, TypeVar

from tillgate.sandbox.faults import FaultMenu
from tillgate.sandbox.ledger import Books, Ledger

_ALPHANUMERIC = string.ascii_letters + string.digits


def random_word(length: int) -> str:
    """Letters, which keep their case, and digits."""
    return "".join(secrets.choice(_ALPHANUMERIC) for _ in range(length))


class Keys(Protocol):
    """A dataclass of a provider's test keys, in the order in which they are stored."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def key_id(self) -> str:
        """What names the account."""
        ...

    @property
    def key_secret(self) -> str:
        """What its calls are made with."""
        ...

    @classmethod
    def generate(cls) -> Self:
        """Fresh keys."""
        ...


class Settings(Protocol):
    """A frozen dataclass of how the account behaves."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


K = TypeVar("K", bound=Keys)
S = TypeVar("S", bound=Settings)


class Account(Generic[K, S]):
    """The account behind a base URL: keys, settings, and its books in the ledger.

    Keys and settings stay with the ledger's file; those that are given replace what is there. `settle` does what the
    provider does on its own when its time has come; it runs before every transaction. `closing` is set when the server
    stops.
    """

    provider: ClassVar[str]
    keys_of: type[K]
    settings_of: type[S]

    def __init__(
        self,
        ledger: Ledger,
        faults: FaultMenu,
        settle: Callable[[Books], None],
        closing: asyncio.Event,
        *,
        keys: K | None = None,
        settings: S | None = None,
    ) -> None:
        self.ledger = ledger
        self.faults = faults
        self._settle = settle
        self.closing = closing
        kept = ledger.find_setting(f"{self.provider}_keys")
        self.keys = keys or (self.keys_of(*json.loads(kept)) if kept else self.keys_of.generate())
        ledger.set_setting(f"{self.provider}_keys", json.dumps(astuple(self.keys)))
        behaves = json.loads(ledger.find_setting(f"{self.provider}_settings") or "{}")
        self.settings = settings or self.settings_of(**behaves)
        self.configure()
        self.origin = ""

    @property
    def key_id(self) -> str:
        """What names the account."""
        return self.keys.key_id

    @property
    def key_secret(self) -> str:
        """What its calls are made with."""
        return self.keys.key_secret

    @property
    def base_url(self) -> str:
        """What a client puts before /v1/..."""
        return f"{self.origin}/{self.provider}"

    def configure(self, **changes: Any) -> None:
        """Change settings by name, at once and for later runs."""
        self.settings = replace(self.settings, **changes)
        self.ledger.set_setting(f"{self.provider}_settings", json.dumps(asdict(self.settings)))

    @contextmanager
    def transaction(self) -> Iterator[Books]:
        """The books, after everything that was due; what was due stays done if the caller's part is refused."""
        self.settle_due()
        with self.ledger.transaction(self.provider) as books:
            yield books

    def settle_due(self) -> None:
        """Do what the provider does on its own by now."""
        with self.ledger.transaction(self.provider) as books:
            self._settle(books)
