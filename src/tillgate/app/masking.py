"""What a log never holds: known secrets by their value, whatever looks like a key, a card or a person's address."""

from __future__ import annotations

import re
import threading
from collections.abc import Collection, Mapping
from typing import Any, Final

from tillgate.domain.secret import Secret
from tillgate.providers.redaction import Redactor

MASK: Final = "[secret]"
_LONGEST_TEXT: Final = 8_000
_DEEPEST: Final = 6
# A value with such a name is masked whatever it looks like.
_TELLING: Final = re.compile(
    r"(?i)(^|[_.-])(pins?|passwords?|passphrases?|passwd|secrets?|tokens?|authorization|cookie|pepper|cvv|cvc|pan"
    r"|key_secret|api_?key|private_?key|signature)$"
)
_PROVIDER_KEY: Final = re.compile(
    r"\b(?:rzp|sk|pk|rk|whsec|pub|prv|(?:test|prod)_(?:integrity|events))_[A-Za-z0-9_]{6,}"
    r"|\bISSecretKey_[A-Za-z0-9_-]{6,}"
)
_ARGON2: Final = re.compile(r"\$argon2id?\$[^\s\"']+")


class KnownSecrets:
    """The secrets that this process has seen; told of each as it is loaded, asked for every line of the log."""

    def __init__(self) -> None:
        self._adding = threading.Lock()
        self._secrets: list[Secret] = []
        self._redactor = Redactor(())

    def add(self, secret: Secret) -> None:
        """Mask this one from now on."""
        with self._adding:
            if secret not in self._secrets:
                self._secrets.append(secret)
                self._redactor = Redactor(self._secrets)

    def text(self, text: str) -> str:
        """A text without what must not be in it, cut to a sane length."""
        masked = _ARGON2.sub(MASK, _PROVIDER_KEY.sub(MASK, self._redactor.redact(text)))
        # Cut last: half a secret would not be recognised.
        return masked[:_LONGEST_TEXT]

    def mapping(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Named values, each masked by its name or its content."""
        return {self.text(str(name)): self._named(str(name), value, 0) for name, value in values.items()}

    def _named(self, name: str, value: object, depth: int) -> object:
        if _TELLING.search(name) and value not in (None, "", True, False):
            return MASK
        return self._value(value, depth)

    def _value(self, value: object, depth: int) -> object:
        if value is None or isinstance(value, bool | float):
            return value
        if isinstance(value, Mapping | list | tuple | set | frozenset):
            return self._several(value, depth + 1) if depth < _DEEPEST else "…"
        shown = self.text(str(value))
        # A card's number may come as a number; other numbers stay what they are.
        return value if isinstance(value, int) and shown == str(value) else shown

    def _several(self, values: Mapping[Any, object] | Collection[object], depth: int) -> object:
        if isinstance(values, Mapping):
            return {self.text(str(name)): self._named(str(name), value, depth) for name, value in values.items()}
        return [self._value(value, depth) for value in values]
