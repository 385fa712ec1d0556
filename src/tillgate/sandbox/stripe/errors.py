"""Stripe's refusals: an HTTP status and an `error` object."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """A call that Stripe answers with an error. `answer` is the whole body.

    `stored` tells that the request had begun to execute: its answer is kept under the idempotency key.
    """

    def __init__(self, status: int, error: dict[str, Any], *, stored: bool = False) -> None:
        super().__init__(status, error["message"])
        self.status = status
        self.answer = {"error": error}
        self.stored = stored


def invalid(
    message: str, param: str | None = None, code: str | None = None, *, status: int = 400, stored: bool = False
) -> ApiError:
    """An invalid_request_error; one about a parameter was refused before anything began."""
    error: dict[str, Any] = {"message": message, "type": "invalid_request_error"}
    if code is not None:
        error |= {"code": code, "doc_url": f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}"}
    if param is not None:
        error["param"] = param
    return ApiError(status, error, stored=stored)


def missing(kind: str, found: str, param: str = "id") -> ApiError:
    """An id that this account, in this mode, does not have."""
    return invalid(f"No such {kind}: '{found}'", param, "resource_missing", status=404)


def wrong_key(given: str) -> ApiError:
    """A key that is nobody's; Stripe shows its beginning and end."""
    if not given:
        return invalid(
            "You did not provide an API key. You need to provide your API key in the Authorization header, using"
            " Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
            status=401,
        )
    return invalid(f"Invalid API Key provided: {given[:8]}{'*' * 20}{given[-4:]}", status=401)


def key_in_use() -> ApiError:
    """A second request while the first one with the same key still runs."""
    return invalid(
        "There is currently another in-progress request using this Idempotent Key (that probably means you submitted"
        " twice, and the other request is still going through). Please try again later.",
        code="idempotency_key_in_use",
        status=409,
    )


def key_reused(key: str) -> ApiError:
    """The same key with other parameters, or for another endpoint."""
    message = (
        "Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a"
        f" key other than '{key}' if you meant to execute a different request."
    )
    return ApiError(400, {"message": message, "type": "idempotency_error"})
