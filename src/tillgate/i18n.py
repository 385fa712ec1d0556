"""Words in the user's language: English in the source, Spanish and Indonesian from gettext catalogues.

`tr` marks and translates; `mark` only marks (for tables of texts translated when shown). Papers and mails speak the
store's language whatever the screen does: they take `words_of` it.
"""

from __future__ import annotations

import gettext
from dataclasses import dataclass
from functools import cache
from typing import Final

from tillgate.paths import resource

LANGUAGES: Final = {"en": "English", "es": "Español", "id": "Bahasa Indonesia"}
_active: gettext.NullTranslations = gettext.NullTranslations()
_language = "en"


def use_language(language: str) -> None:
    """Switch every later `tr` to a language of LANGUAGES; an unknown one falls back to English."""
    global _active, _language  # noqa: PLW0603 - one language per process, switched at start or in settings
    _language = language if language in LANGUAGES else "en"
    _active = catalogue(_language)


def catalogue(language: str) -> gettext.NullTranslations:
    """The catalogue of a language; English is the source itself."""
    return gettext.translation(
        "tillgate", localedir=resource("translations"), languages=[language], fallback=language == "en"
    )


def active_language() -> str:
    """The language in use: "en", "es" or "id"."""
    return _language


def tr(text: str, **values: object) -> str:
    """Translate, then fill `{name}` placeholders."""
    translated = _active.gettext(text)
    return translated.format(**values) if values else translated


def ntr(one: str, many: str, count: int, **values: object) -> str:
    """Translate with the plural of `count`, which fills `{count}`."""
    return _active.ngettext(one, many, count).format(count=count, **values)


def mark(text: str) -> str:
    """Mark a text for the catalogues; it is translated where it is shown."""
    return text


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language, named rather than the one in use."""

    language: str
    source: gettext.NullTranslations

    def tr(self, text: str, **values: object) -> str:
        """As the function `tr`."""
        translated = self.source.gettext(text)
        return translated.format(**values) if values else translated

    def ntr(self, one: str, many: str, count: int, **values: object) -> str:
        """As the function `ntr`."""
        return self.source.ngettext(one, many, count).format(count=count, **values)


@cache
def words_of(language: str) -> Words:
    """The words of a language of LANGUAGES; an unknown one falls back to English."""
    known = language if language in LANGUAGES else "en"
    return Words(known, catalogue(known))
