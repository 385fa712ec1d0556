"""IntaSend's refusals: an HTTP status, a type and a list of errors, as its documents have them today."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """A call that IntaSend answers with an error. `answer` is the whole body."""

    def __init__(self, status: int, kind: str, code: str, detail: str, attr: str | None = None) -> None:
        super().__init__(status, code)
        self.status = status
        self.answer: dict[str, Any] = {"type": kind, "errors": [{"code": code, "detail": detail, "attr": attr}]}


def wrong_key() -> ApiError:
    """A key that is nobody's, or of the other environment: a 403, whatever the documents' table says."""
    return ApiError(403, "client_error", "authentication_failed", "Invalid api token")


def missing() -> ApiError:
    """An id or a path that is nobody's."""
    return ApiError(404, "client_error", "not_found", "Not found.")


def invalid(field: str, said: str) -> ApiError:
    """A field that can't be so."""
    return ApiError(400, "validation_error", "invalid", said, field)
