"""Whether a request has the shape that a provider's own SDK declares for it, to any depth."""

from __future__ import annotations

import sys
import types
import typing
from typing import Any, Literal, Union, get_args, get_origin

import typing_extensions


def unlike(value: Any, declared: Any, where: str = "body") -> list[str]:
    """Where the value is not what was declared; empty if it is."""
    if typing_extensions.is_typeddict(declared):
        return _unlike_fields(value, declared, where)
    origin = get_origin(declared)
    if origin in (Union, types.UnionType):
        tries = [unlike(value, one, where) for one in get_args(declared)]
        return [] if [] in tries else min(tries, key=len)
    if origin is Literal:
        return [] if value in get_args(declared) else [f"{where}: {value!r} is none of {get_args(declared)}"]
    if origin is list:
        return _unlike_items(value, get_args(declared)[0], where)
    if origin is dict:
        good = isinstance(value, dict) and all(isinstance(one, get_args(declared)[1]) for one in value.values())
        return [] if good else [f"{where}: {value!r} is no {declared}"]
    # A bool is an int in Python, and not on the wire.
    good = type(value) is declared
    return [] if good else [f"{where}: {value!r} is no {declared}"]


def _unlike_fields(value: Any, declared: Any, where: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{where}: {value!r} is no object"]
    module = vars(sys.modules[declared.__module__])
    # Known to type checkers alone.
    beside = {**vars(typing), "StripeContext": object}
    hints = typing_extensions.get_type_hints(declared, globalns=module, localns=beside, include_extras=True)
    needed = {name for name, hint in hints.items() if _inside(hint) is None}
    found = [f"{where}.{name} is missing" for name in sorted(needed - set(value)) if not _is_an_option(name)]
    for name, inner in value.items():
        if name not in hints:
            found.append(f"{where}.{name} is not declared")
        else:
            inside = _inside(hints[name]) or hints[name]
            found += unlike(inner, _evaluated(inside, module), f"{where}.{name}")
    return found


def _inside(hint: Any) -> Any:
    """What a field may be that need not be there; None for one that must."""
    origin: Any = get_origin(hint)
    return get_args(hint)[0] if origin is typing_extensions.NotRequired else None


def _is_an_option(name: str) -> bool:
    """The SDK's own options of a call stand among its parameters."""
    return name in {"api_key", "idempotency_key", "stripe_account", "stripe_context", "stripe_version", "headers"}


def _unlike_items(value: Any, declared: Any, where: str) -> list[str]:
    if not isinstance(value, list):
        return [f"{where}: {value!r} is no list"]
    return [line for place, one in enumerate(value) for line in unlike(one, declared, f"{where}[{place}]")]


def _evaluated(hint: Any, module: dict[str, Any]) -> Any:
    if isinstance(hint, typing.ForwardRef):
        hint = hint.__forward_arg__
    return eval(hint, {**vars(typing), **module}) if isinstance(hint, str) else hint  # noqa: S307 - the SDK's own text
