"""Strict reading of a body's fields. What is not asked for is refused by `end` [A]."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from tillgate.sandbox.wompi.errors import invalid


def read_json(raw: bytes) -> dict[str, Any]:
    """An object of JSON; nothing is one without fields."""
    if not raw.strip():
        return {}
    try:
        body = json.loads(raw.decode())
    except (ValueError, RecursionError):
        raise invalid("body", "No es un JSON válido") from None
    if not isinstance(body, dict):
        raise invalid("body", "Debe ser un objeto")
    return body


class Fields:
    """The fields of one body, taken out one by one."""

    def __init__(self, body: dict[str, Any]) -> None:
        self._left = dict(body)

    def text(self, name: str, longest: int = 255, *, required: bool = False) -> str | None:
        """A text; null is the same as nothing."""
        value = self._left.pop(name, None)
        if value is None and not required:
            return None
        if not isinstance(value, str) or not value.strip() or "\0" in value or not value.isprintable():
            raise invalid(name, "No está presente o no es un texto")
        if len(value) > longest:
            raise invalid(name, f"Debe tener máximo {longest} caracteres")
        return value

    def flag(self, name: str, *, required: bool = False) -> bool | None:
        """Exactly true or false."""
        value = self._left.pop(name, None)
        if value is None and not required:
            return None
        if not isinstance(value, bool):
            raise invalid(name, "Debe ser verdadero o falso")
        return value

    def integer(self, name: str) -> int | None:
        """A whole number."""
        value = self._left.pop(name, None)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            raise invalid(name, "Debe ser un número entero")
        return value

    def address(self, name: str) -> str | None:
        """An address of the web."""
        text = self.text(name, 2048)
        if text is not None and not is_address(text):
            raise invalid(name, "No es una URL válida")
        return text

    def thing(self, name: str, kind: type[dict[str, Any]] | type[list[Any]]) -> Any:
        """An object or a list, as it came."""
        value = self._left.pop(name, None)
        if value is not None and not isinstance(value, kind):
            raise invalid(name, "No tiene la forma esperada")
        return value

    def end(self) -> None:
        """Refuse what is left over."""
        if self._left:
            name = min(self._left)
            raise invalid(name[:80], "No es un campo conocido")


def is_address(text: str) -> bool:
    """Whether a browser can be sent there."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def unix_ms(text: str) -> int | None:
    """ISO 8601 in UTC, with or without its zone; None for anything else."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    aware = found.replace(tzinfo=UTC) if found.tzinfo is None else found
    try:
        return int(aware.timestamp() * 1000)
    except (OverflowError, OSError):
        return None
