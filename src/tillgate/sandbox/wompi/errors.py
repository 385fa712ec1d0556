"""Wompi's refusals: an HTTP status and an `error` object, worded as the documents word them."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """A call that Wompi answers with an error. `answer` is the whole body."""

    def __init__(self, status: int, error: dict[str, Any]) -> None:
        super().__init__(status, error["type"])
        self.status = status
        self.answer = {"error": error}


def wrong_key() -> ApiError:
    """A key that is nobody's, of the other environment, or of the wrong kind."""
    reason = "La llave proporcionada no corresponde a este ambiente o no es válida."
    return ApiError(401, {"type": "INVALID_ACCESS_TOKEN", "reason": reason})


def missing() -> ApiError:
    """An id that is nobody's."""
    return ApiError(404, {"type": "NOT_FOUND_ERROR", "reason": "La entidad solicitada no existe"})


def invalid(field: str, said: str) -> ApiError:
    """A field that can't be so."""
    return ApiError(422, {"type": "INPUT_VALIDATION_ERROR", "messages": {field: [said]}})


def unprocessable(reason: str) -> ApiError:
    """What can't be done as things stand."""
    return ApiError(422, {"type": "UNPROCESSABLE", "reason": reason})
