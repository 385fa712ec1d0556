"""Mails from templates: text and HTML, in a named language, with nothing from outside read as markup or as a line."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup, escape

from tillgate.i18n import Words
from tillgate.paths import resource

if TYPE_CHECKING:
    from jinja2 import Environment

# Joiners shape some scripts; these spaces hold an amount together.
_KEPT: Final = frozenset("\u200c\u200d\u00a0\u202f")


@dataclass(frozen=True, slots=True)
class MailText:
    """Both bodies of one mail."""

    text: str
    html: str


def render_mail(template: str, words: Words, context: Mapping[str, Any]) -> MailText:
    """Fill `template`.txt.j2 and `template`.html.j2; a value that a template misses is an error."""
    text = _environment().get_template(f"{template}.txt.j2")
    html = _environment().get_template(f"{template}.html.j2")
    plain_text = text.render(context, tr=_text_words(words), language=words.language)
    marked_up = html.render(context, tr=_html_words(words), language=words.language)
    return MailText(re.sub(r"\n{3,}", "\n\n", plain_text).strip() + "\n", marked_up)


def plain(text: str) -> str:
    """One line of readable characters: no control characters, no direction marks, no line breaks of any kind."""
    shown = "".join(char if char.isprintable() or char in _KEPT else " " for char in text)
    return re.sub(" {2,}", " ", shown).strip()


@cache
def _environment() -> Environment:
    # Loaded with the first mail: a till that starts has none to write yet.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape  # noqa: PLC0415

    return Environment(
        loader=FileSystemLoader(resource("templates", "mail")),
        autoescape=select_autoescape(["html.j2"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_neutral,
    )


def _neutral(value: object) -> object:
    """Whatever a template shows is one plain line; what is markup already was made of such lines."""
    return value if isinstance(value, Markup) else plain(str(value))


def _text_words(words: Words) -> Callable[..., str]:
    return lambda text, **values: words.tr(text, **{name: plain(str(value)) for name, value in values.items()})


def _html_words(words: Words) -> Callable[..., Markup]:
    def tr(text: str, **values: object) -> Markup:
        translated = escape(words.tr(text))
        return (
            translated.format(**{name: plain(str(value)) for name, value in values.items()}) if values else translated
        )

    return tr
