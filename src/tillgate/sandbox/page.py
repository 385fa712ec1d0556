"""Hosted pages: templates and files of `pages/`, with a strict content security policy.

Pages load style and scripts from the sandbox alone. There is no form-action rule: browsers apply it to the
redirect that follows a form, and that one leads to the till.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    from jinja2 import Environment

STATIC = "/_sandbox/static"
_FOLDER = Path(__file__).parent / "pages"
_MEDIA_TYPES = {"style.css": "text/css", "frame.js": "text/javascript", "checkout.js": "text/javascript"}
_POLICY = "default-src 'none'; style-src 'self'; script-src 'self'; base-uri 'none'; frame-ancestors "
_NOBODY = "'none'"
LOOPBACK_PAGES = "http://127.0.0.1:* http://localhost:*"


def page(template: str, values: Mapping[str, object], *, status: int = 200, framed_by: str = _NOBODY) -> Response:
    """A page from a template; `framed_by` names who may frame it."""
    html = _environment().get_template(template).render(static=STATIC, framed=framed_by != _NOBODY, **values)
    headers = {
        "content-security-policy": _POLICY + framed_by,
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
    }
    return HTMLResponse(html, status, headers)


def notice(name: str, title: str, text: str, *, status: int = 200, **shown: object) -> Response:
    """A page that only says something. `shown`: tone, refresh, payment_id, again."""
    blank = {"tone": "", "refresh": False, "payment_id": "", "again": ""}
    values = {**blank, "name": name, "title": title, "text": text, **shown}
    return page("notice.html", values, status=status)


def static_file(name: str) -> Response:
    """One of the files that pages load."""
    headers = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
    return Response((_FOLDER / name).read_bytes(), 200, headers, media_type=_MEDIA_TYPES[name])


def static_route() -> Route:
    """Where pages find them."""

    async def serve(request: Request) -> Response:
        name = request.path_params["name"]
        return static_file(name) if name in _MEDIA_TYPES else Response("Not Found", 404)

    return Route(STATIC + "/{name}", serve, methods=["GET"])


@cache
def _environment() -> Environment:
    # Loaded with the first page: the API alone needs no templates.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415

    return Environment(loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
