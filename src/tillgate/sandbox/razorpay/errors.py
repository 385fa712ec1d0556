"""Razorpay's refusals: an HTTP status and an `error` object."""

from __future__ import annotations

from typing import Any

BAD_REQUEST = "BAD_REQUEST_ERROR"


class ApiError(Exception):
    """A call that Razorpay answers with an error. `answer` is the whole body."""

    def __init__(self, status: int, error: dict[str, Any]) -> None:
        super().__init__(status, error["description"])
        self.status = status
        self.answer = {"error": error}

    @property
    def description(self) -> str:
        """The sentence for people."""
        return str(self.answer["error"]["description"])


def bad_request(
    description: str,
    *,
    field: str | None = None,
    reason: str = "input_validation_failed",
    step: str = "payment_initiation",
    metadata: dict[str, str] | None = None,
) -> ApiError:
    """400 as orders, payments and refunds answer it."""
    error: dict[str, Any] = {
        "code": BAD_REQUEST,
        "description": description,
        "source": "business",
        "step": step,
        "reason": reason,
        "metadata": metadata or {},
    }
    if field is not None:
        error["field"] = field
    return ApiError(400, error)


def plain_error(description: str, status: int = 400, code: str = BAD_REQUEST) -> ApiError:
    """As payment links, keys, idempotency and the edge answer: source, step and reason are "NA"."""
    return ApiError(
        status,
        {
            "code": code,
            "description": description,
            "source": "NA",
            "step": "NA",
            "reason": "NA",
            "metadata": {},
        },
    )


def unknown_id() -> ApiError:
    """An id that this account, in this mode, does not have: 400, not 404."""
    return bad_request("The id provided does not exist")


def not_found() -> ApiError:
    """A path or method that is not of the API."""
    return ApiError(404, {"code": BAD_REQUEST, "description": "The requested URL was not found on the server."})
