"""What the installed application has: its own dependencies, and none of what only its makers use.

Libraries load more where more is there: httpcore loads trio, httpx loads rich. A till has neither.
"""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from typing import Final

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
# What the probe itself measures with.
_PROBE: Final = frozenset({"psutil"})


def foreign_modules() -> list[str]:
    """The importable names that belong to no package the application depends on."""
    ours = _with_dependencies("tillgate") | _PROBE
    return sorted(
        module
        for module, packages in packages_distributions().items()
        if not ours & {_normal(package) for package in packages}
    )


def _with_dependencies(package: str) -> set[str]:
    found: set[str] = set()
    wanted = {_normal(package)}
    while wanted:
        name = wanted.pop()
        found.add(name)
        wanted |= _needs(name) - found
    return found


def _needs(package: str) -> set[str]:
    """What a package needs on this machine; extras that nobody asked for are none of it."""
    try:
        lines = requires(package) or []
    except PackageNotFoundError:
        return set()
    # "psycopg[binary]" brings a package of its own, named only under that extra.
    return {_normal(name[0]) for line in lines if (name := _NAME.match(line)) and _is_wanted(package, line)}


def _is_wanted(package: str, line: str) -> bool:
    return "extra ==" not in line or (package == "psycopg" and "binary" in line)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
