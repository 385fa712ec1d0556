"""What the batch screen is given beside the back office's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tillgate.domain.payment_end import End
from tillgate.ports import PageOpener


@dataclass(frozen=True, slots=True)
class BatchDesk:
    """`open_page` shows a page on one of its provider's hosts in the system's browser, from any thread. `way` names the
    provider and the method of the settings. The two of the slip are called on the work lane with a batch's number."""

    open_page: PageOpener
    way: Callable[[], tuple[str, str]]
    save_slip: Callable[[int], Path] | None = None
    print_slip: Callable[[int], None] | None = None
    open_settings: Callable[[], object] | None = None
    # Which payments it shows, and how they ended there, so that no bar says it too.
    in_front: Callable[[Mapping[int, End | None]], object] | None = None
