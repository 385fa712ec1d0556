"""A secret that does not show itself: not in a repr, a log line, a pickle or a copied dataclass."""

from __future__ import annotations

import hmac
from typing import ClassVar, Final, NoReturn

_MASK: Final = "[secret]"
# Four characters of a shorter secret would give too much of it away.
_SHORTEST_SHOWN: Final = 12


class Secret:
    """A text that only `reveal` shows; compared in constant time, neither hashable nor picklable."""

    # A hash would let it live on in a set or a cache.
    __hash__: ClassVar[None]  # type: ignore[assignment]
    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The secret itself; ask for it where it is used, and keep no copy."""
        return self._text

    @property
    def last4(self) -> str:
        """The last four characters, for a person to tell keys apart; empty for a short secret."""
        return self._text[-4:] if len(self._text) >= _SHORTEST_SHOWN else ""

    def __repr__(self) -> str:
        return "Secret('…')"

    def __str__(self) -> str:
        return _MASK

    def __format__(self, spec: str) -> str:
        return format(_MASK, spec)

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        mine, theirs = (one._text.encode("utf-8", "surrogatepass") for one in (self, other))
        return hmac.compare_digest(mine, theirs)

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Secret:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a secret is not pickled")
