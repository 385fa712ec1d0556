"""Idempotency-Key: the first request that began to execute keeps its answer, a 500 too, for 24 hours."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from tillgate.sandbox.ledger import Books
from tillgate.sandbox.stripe.errors import ApiError, invalid, key_reused
from tillgate.sandbox.stripe.fields import Tree
from tillgate.sandbox.stripe.records import StoredAnswer

KEPT_S = 24 * 3600
_LONGEST = 255


def check_key(key: str) -> None:
    """The rules for Idempotency-Key. Raises ApiError."""
    if not key or len(key) > _LONGEST:
        raise invalid("Idempotency keys must be between 1 and 255 characters long.")


def fingerprint_of(path: str, form: Tree) -> str:
    """What tells the same request from another; how it was encoded and in what order is no difference."""
    return hashlib.sha256(json.dumps([path, form], sort_keys=True).encode()).hexdigest()


def find_answer(books: Books, key: str, fingerprint: str) -> StoredAnswer | None:
    """The answer kept under a key. Raises ApiError where it is another request's."""
    found = books.find(StoredAnswer, key)
    if found is None or books.now - found.created_at >= KEPT_S:
        return None
    if found.fingerprint != fingerprint:
        raise key_reused(key)
    return found


def keep(books: Books, key: str, fingerprint: str, status: int, answer: dict[str, Any]) -> None:
    """Keep an answer, in place of one that is past its day."""
    stored = StoredAnswer(
        id=key,
        status="kept",
        amount=0,
        currency="",
        created_at=books.now,
        fingerprint=fingerprint,
        http_status=status,
        answer=answer,
    )
    former = books.find(StoredAnswer, key)
    if former is None:
        books.add(stored)
    elif books.now - former.created_at >= KEPT_S:
        books.save(stored, "kept again")


def keep_error(books: Books, key: str, fingerprint: str, error: ApiError) -> None:
    """Keep a refusal of a request that had begun to execute."""
    if error.stored:
        keep(books, key, fingerprint, error.status, error.answer)
