"""A paper goes into the system's own print queue, as it was saved; what the queue says is told."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tillgate.app.printer import print_saved
from tillgate.domain.errors import Unavailable

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows prints through the program that opens PDFs")

_QUEUE = """#!/bin/sh
if [ "$(cat "$4")" = paper ]; then
    printf '%s\\n' "$@" > "$(dirname "$0")/queued"
else
    printf 'lp: Error - \\033[1mno default\\ndestination available.' >&2
    exit 1
fi
"""


def test_a_paper_is_saved_then_queued_and_a_refusal_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    assert print_saved(Path) is None, "this computer has no queue"

    monkeypatch.setenv("PATH", f"{programs}:/bin:/usr/bin")
    (programs / "lp").write_text(_QUEUE)
    (programs / "lp").chmod(0o700)

    def saving(content: str) -> Path:
        made = tmp_path / "-o media; rm.pdf"
        made.write_text(content)
        return made

    printing = print_saved(saving)
    assert printing is not None
    printing("paper")
    told = ["-t", "-o media; rm", "--", str(tmp_path / "-o media; rm.pdf")]
    assert (programs / "queued").read_text() == "\n".join(told) + "\n"
    with pytest.raises(Unavailable, match="printer_refused") as caught:
        printing("other")
    assert caught.value.values == {"error": "lp: Error - [1mno default destination available"}
