"""Small files of the installation are their owner's alone, whatever the umask and whatever was there."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from tillgate.app.profile import write_private


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps others out by the folder's access list")
@pytest.mark.parametrize("there", [True, False])
def test_only_the_owner_reads_it(tmp_path: Path, there: bool) -> None:
    path = tmp_path / "sandbox.port"
    if there:
        path.write_text("65535 and more", "ascii")
        path.chmod(0o666)
    before = os.umask(0)
    try:
        write_private(path, "4711")
    finally:
        os.umask(before)
    assert (path.read_text("ascii"), stat.S_IMODE(path.stat().st_mode)) == ("4711", 0o600)


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="the system can't tell")
def test_a_link_that_somebody_left_there_is_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("mine", "ascii")
    (tmp_path / "sandbox.port").symlink_to(elsewhere)
    with pytest.raises(OSError, match="sandbox"):
        write_private(tmp_path / "sandbox.port", "4711")
    assert elsewhere.read_text("ascii") == "mine"
