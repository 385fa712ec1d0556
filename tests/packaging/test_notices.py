"""Nothing ships without its terms."""

from __future__ import annotations

import re
import sysconfig
from importlib.metadata import distribution
from pathlib import Path

import pytest

from tests.packaging.conftest import Script


def file_of(name: str, suffix: str) -> Path:
    found = next(file for file in distribution(name).files or () if str(file).endswith(suffix))
    return Path(str(distribution(name).locate_file(found)))


def test_the_terms_of_what_ships_and_of_nothing_else(script: Script) -> None:
    shipped = [file_of("pyside6-essentials", "QtCore.abi3.so"), file_of("sqlalchemy", "engine/base.py")]
    text = script("notices").notices(shipped)
    headings = re.findall(r"^=+\n(.+)\nTerms: .+\n=+$", text, re.MULTILINE)
    names = [heading.split()[0] for heading in headings]
    assert "PySide6_Essentials" in names
    assert "SQLAlchemy" in names
    assert "Python" in names
    assert "pytest" not in names
    assert {"resources/fonts/inter", "resources/fonts/noto-sans-devanagari", "resources/icons/lucide"} <= set(names)
    for title in ("GNU LESSER GENERAL PUBLIC LICENSE", "GNU GENERAL PUBLIC LICENSE", "SIL OPEN FONT LICENSE"):
        assert title in text


def test_a_file_that_nobody_owns_stops_the_build(script: Script) -> None:
    notices = script("notices")
    stray = Path(sysconfig.get_path("purelib")) / "stray.py"
    with pytest.raises(notices.TermsMissing, match="stray"):
        notices.notices([stray])


def test_a_part_without_terms_stops_the_build(script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    described = tmp_path / "nameless-1.0.dist-info"
    described.mkdir()
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: nameless\nVersion: 1.0\nLicense: MIT\n")
    (described / "RECORD").write_text("nameless.py,,\n")
    (tmp_path / "nameless.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    notices = script("notices")
    with pytest.raises(notices.TermsMissing, match=r"nameless 1\.0 \(MIT\)"):
        notices.notices([tmp_path / "nameless.py"])
    (described / "LICENSE").write_text("Do what is right.")
    (described / "RECORD").write_text("nameless.py,,\nnameless-1.0.dist-info/LICENSE,,\n")
    assert "Do what is right." in notices.notices([tmp_path / "nameless.py"])
