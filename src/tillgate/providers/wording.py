"""A stranger's words and addresses, made fit to be kept and shown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, TypeVar
from urllib.parse import urlsplit

from tillgate.providers.json_strict import Malformed
from tillgate.providers.redaction import Redactor, one_line
from tillgate.providers.rules import LONGEST_URL, LOOPBACK

_LONGEST_WORDS: Final = 4000

_T = TypeVar("_T")


class Wording:
    """What every provider's reader does with words and addresses. `hosts` are those that a checkout may be on."""

    def __init__(self, redactor: Redactor, hosts: frozenset[str]) -> None:
        self._redactor = redactor
        self._hosts = hosts

    def plain(self, text: str) -> str:
        """A stranger's words on one line, without secrets and personal data."""
        # Masked before it is cut: half a secret would not be recognised.
        return one_line(self._redactor.redact(one_line(text, _LONGEST_WORDS)))

    def checkout_url(self, url: str | None) -> str | None:
        """The address of the checkout, or None for one that is never opened."""
        try:
            parts = urlsplit(url) if url and re.fullmatch("[!-~]+", url) and len(url) <= LONGEST_URL else None
        except ValueError:
            return None
        if parts is None or parts.hostname not in self._hosts or "@" in parts.netloc:
            return None
        local = parts.scheme == "http" and parts.hostname == LOOPBACK
        return url if local or (parts.scheme == "https" and parts.netloc == parts.hostname) else None


def state_from(word: str, states: Mapping[str, _T]) -> _T:
    """Our word for theirs; a word that is not in the documents is not understood."""
    try:
        return states[word]
    except KeyError:
        raise Malformed("an unknown status") from None
