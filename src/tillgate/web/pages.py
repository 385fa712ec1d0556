"""The till's two pages: a provider's checkout, and "go back to the till". Static but for what the till knows itself."""

from __future__ import annotations

import json
import secrets
from functools import cache
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from tillgate.i18n import active_language, tr
from tillgate.paths import resource
from tillgate.services.hosted_page import PageContent

if TYPE_CHECKING:
    from jinja2 import Environment

_REASONS: Final = {
    200: "OK",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    414: "URI Too Long",
    421: "Misdirected Request",
    431: "Request Header Fields Too Large",
    503: "Service Unavailable",
}
_NO_MORE: Final = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_STYLE_ONLY: Final = f"default-src 'none'; style-src 'unsafe-inline'; {_NO_MORE}"


@cache
def _environment() -> Environment:
    # Loaded with the first page: a till that starts has none to show yet.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415

    return Environment(
        loader=FileSystemLoader(resource("templates", "web")), autoescape=True, undefined=StrictUndefined
    )


def refusal(status: int) -> bytes:
    """An answer that says its status and nothing else."""
    extra = "Allow: GET\r\n" if status == 405 else ""
    return _answer(status, "default-src 'none'", b"", extra)


def returned_page() -> bytes:
    """Shown to whoever comes back, as often as they come; says nothing of the payment, which the till looks up."""
    html = (
        _environment()
        .get_template("returned.html.j2")
        .render(
            language=active_language(),
            title=tr("Go back to the till"),
            text=tr("The till asks the provider whether the payment arrived. You can close this window."),
        )
    )
    return _answer(200, _STYLE_ONLY, html.encode())


def gone_page() -> bytes:
    """For a checkout that is over."""
    html = (
        _environment()
        .get_template("returned.html.j2")
        .render(
            language=active_language(),
            title=tr("This checkout is closed"),
            text=tr("Nothing can be paid here any more. Ask at the till."),
        )
    )
    return _answer(404, _STYLE_ONLY, html.encode())


def checkout_page(content: PageContent, token: str) -> bytes:
    """The provider's checkout on the till's page; its policy lets in the provider's script and nothing else."""
    nonce = secrets.token_urlsafe(16)
    sources = " ".join(content.checkout.sources)
    policy = (
        f"default-src 'none'; script-src 'nonce-{nonce}' {sources}; frame-src {sources}; connect-src {sources}; "
        f"img-src data: {sources}; font-src {sources}; style-src 'unsafe-inline' {sources}; {_NO_MORE}"
    )
    html = (
        _environment()
        .get_template("checkout.html.j2")
        .render(
            language=active_language(),
            store=content.store,
            amount=content.amount,
            description=content.description,
            pay=tr("Pay"),
            leave=tr("Back to the till without paying"),
            back=f"/cb/{token}",
            # Inside a script element only "<" can end it; JSON escapes it.
            options=Markup(json.dumps(content.checkout.options).replace("<", "\\u003c")),  # noqa: S704 - escaped here
            script=content.checkout.script_url,
            constructor=content.checkout.constructor,
            nonce=nonce,
        )
    )
    return _answer(200, policy, html.encode())


def _answer(status: int, policy: str, body: bytes, extra: str = "") -> bytes:
    head = (
        f"HTTP/1.1 {status} {_REASONS[status]}\r\n"
        "Content-Type: text/html; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\n"
        "Cache-Control: no-store\r\n"
        f"Content-Security-Policy: {policy}\r\n"
        "X-Content-Type-Options: nosniff\r\n"
        "Referrer-Policy: no-referrer\r\n"
        "Cross-Origin-Opener-Policy: same-origin\r\n"
        f"{extra}Connection: close\r\n\r\n"
    )
    return head.encode("ascii") + body
