"""Strict reading of a form: nested names, exact types. What is not asked for is refused by `end`, at any depth."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

from tillgate.sandbox.stripe.errors import ApiError, invalid

Tree = dict[str, Any]

_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_MOST_FIELDS = 1000
_MOST_METADATA, _LONGEST_NAME, _LONGEST_VALUE = 50, 40, 500
_LARGEST = 10**12


def read_form(text: str) -> Tree:
    """`a[b][0]=c` as {"a": {"b": {"0": "c"}}}. Raises ApiError for what is no form."""
    tree: Tree = {}
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
    except (ValueError, UnicodeDecodeError):
        raise invalid("Invalid request: the body could not be read.") from None
    for name, value in pairs:
        if "\0" in name + value:
            raise invalid("Invalid request: a value has a NUL in it.")
        _put(tree, name, value)
    return tree


def _put(tree: Tree, name: str, value: str) -> None:
    found = _NAME.fullmatch(name)
    if found is None:
        raise invalid(f"Received unknown parameter: {name[:80]}", name[:80], "parameter_unknown")
    path = [found[1], *re.findall(r"\[([^\[\]]*)\]", found[2])]
    for part in path[:-1]:
        # a[] takes the next place of its list.
        inner = tree.setdefault(part or str(len(tree)), {})
        if not isinstance(inner, dict):
            raise invalid(f"Invalid parameter: {name[:80]}", name[:80])
        tree = inner
    last = path[-1] or str(len(tree))
    if isinstance(tree.get(last), dict):
        raise invalid(f"Invalid parameter: {name[:80]}", name[:80])
    tree[last] = value


class Fields:
    """The fields of a form, or of one object in it, taken out one by one."""

    def __init__(self, values: Tree, prefix: str = "") -> None:
        self._left = dict(values)
        self._prefix = prefix

    def has(self, name: str) -> bool:
        """Whether it was sent."""
        return name in self._left

    def peek_text(self, field: str) -> str | None:
        """A field that was sent as one text, which stays to be read; None where it was sent as an object."""
        value = self._left.get(field)
        return value if isinstance(value, str) else None

    def name(self, field: str) -> str:
        """The whole name of a field, as it was sent."""
        return f"{self._prefix}[{field}]" if self._prefix else field

    def text(self, field: str, limit: int = 5000, *, required: bool = False) -> str | None:
        """A text; an empty one is refused."""
        value = self._left.pop(field, None)
        name = self.name(field)
        if value is None:
            if required:
                raise invalid(f"Missing required param: {name}.", name, "parameter_missing")
            return None
        if not isinstance(value, str):
            raise invalid(f"Invalid string: {name}", name)
        if not value:
            raise invalid(
                f"You passed an empty string for '{name}'. We assume empty values are an attempt to unset a parameter;"
                f" however '{name}' cannot be unset. You should remove '{name}' from your request or supply a"
                " non-empty value.",
                name,
                "parameter_invalid_empty",
            )
        if len(value) > limit:
            raise invalid(f"Invalid string: {value[:20]}...; must be at most {limit} characters", name)
        return value

    def integer(self, field: str, *, required: bool = False) -> int | None:
        """A whole number."""
        text = self.text(field, required=required)
        if text is None:
            return None
        if not re.fullmatch("-?[0-9]{1,15}", text) or abs(int(text)) > _LARGEST:
            raise invalid(f"Invalid integer: {text[:40]}", self.name(field), "parameter_invalid_integer")
        return int(text)

    def flag(self, field: str) -> bool | None:
        """true or false."""
        text = self.text(field)
        if text not in {None, "true", "false"}:
            raise invalid(f"Invalid boolean: {text}", self.name(field))
        return None if text is None else text == "true"

    def choice(self, field: str, choices: tuple[str, ...], *, required: bool = False) -> str | None:
        """One of a few words."""
        text = self.text(field, required=required)
        if text is not None and text not in choices:
            raise invalid(f"Invalid {field}: must be one of {', '.join(choices)}", self.name(field))
        return text

    def within(self, field: str) -> Fields:
        """The fields of an object, empty where it is absent."""
        value = self._left.pop(field, {})
        if not isinstance(value, dict):
            raise invalid("Invalid object", self.name(field))
        return Fields(value, self.name(field))

    def each(self, field: str) -> list[Fields]:
        """The objects of a list."""
        return [Fields(value, name) for name, value in self._items(field) if self._is_object(value, name)]

    def words(self, field: str) -> list[str]:
        """The texts of a list."""
        items = self._items(field)
        if any(not isinstance(value, str) for _, value in items):
            raise invalid("Invalid array", self.name(field))
        return [str(value) for _, value in items]

    def metadata(self, field: str = "metadata") -> dict[str, str]:
        """At most 50 pairs of texts."""
        given = self.within(field)._left
        if len(given) > _MOST_METADATA:
            raise invalid("Metadata can have up to 50 keys.", self.name(field))
        for key, value in given.items():
            if not isinstance(value, str) or len(value) > _LONGEST_VALUE or len(key) > _LONGEST_NAME:
                raise invalid(
                    "Metadata values can have up to 500 characters, and keys 40.", f"{self.name(field)}[{key[:60]}]"
                )
        return dict(given)

    def end(self) -> None:
        """Refuse what is left over."""
        if self._left:
            name = self.name(next(iter(self._left)))
            raise invalid(f"Received unknown parameter: {name}", name, "parameter_unknown")

    def _items(self, field: str) -> list[tuple[str, Any]]:
        value = self._left.pop(field, {})
        if not isinstance(value, dict) or any(not key.isdigit() for key in value):
            raise invalid("Invalid array", self.name(field))
        return [(f"{self.name(field)}[{key}]", value[key]) for key in sorted(value, key=int)]

    def _is_object(self, value: Any, name: str) -> bool:
        if not isinstance(value, dict):
            raise invalid("Invalid object", name)
        return True


def read_expansions(fields: Fields, *known: str) -> list[str]:
    """What is to be put in whole; anything else can't be."""
    asked = fields.words("expand")
    for one in asked:
        if one not in known:
            raise _no_expansion(one)
    return asked


def _no_expansion(name: str) -> ApiError:
    return invalid(f"This property cannot be expanded ({name[:80]}).", "expand")
