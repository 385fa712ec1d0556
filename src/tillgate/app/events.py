"""How an event's values are given to the log; apart from it, since the log is loaded after the first paint."""

from __future__ import annotations


def values(**told: object) -> dict[str, object]:
    """What an event says beside its name, as `extra`; under one key, so that any name may be used."""
    return {"event_values": told}
