"""A sheet to draw on: our typefaces with shaping, colours by name, text made drawable, the same bytes every time."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container
from datetime import datetime
from functools import cache
from typing import Final, Literal, Self

from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import TTFFont

from tillgate.paths import resource

INK: Final = "#0F172A"
SOFT: Final = "#64748B"
FAINT: Final = "#CBD5E1"
HAIR: Final = "#E2E8F0"
PALE: Final = "#F8FAFC"
PAPER: Final = "#FFFFFF"
GOOD: Final = "#15803D"
ALERT: Final = "#C2410C"

_FAMILY: Final = "Inter"
_FALLBACK: Final = "NotoDevanagari"
_FILES: Final = {
    (_FAMILY, ""): ("inter", "Inter_400Regular.ttf"),
    (_FAMILY, "B"): ("inter", "Inter_600SemiBold.ttf"),
    (_FALLBACK, ""): ("noto-sans-devanagari", "NotoSansDevanagari_400Regular.ttf"),
    (_FALLBACK, "B"): ("noto-sans-devanagari", "NotoSansDevanagari_600SemiBold.ttf"),
}
# Joiners shape Devanagari; every other invisible character could turn or hide what is printed.
_JOINERS: Final = frozenset("\u200c\u200d")
_MISSING: Final = "\u25a1"
Align = Literal["L", "C", "R"]


def printable(text: str, drawable: Container[int]) -> str:
    """One line of text as it can be drawn: no control or direction marks, a box for what is not `drawable`."""
    shown = []
    for char in unicodedata.normalize("NFC", text):
        if char in _JOINERS:
            shown.append(char)
        elif char.isspace() or unicodedata.category(char) == "Cc":
            shown.append("\u00a0" if char in "\u00a0\u202f" else " ")
        elif unicodedata.category(char) not in ("Cf", "Cs", "Co", "Cn"):
            shown.append(char if ord(char) in drawable else _MISSING)
    return re.sub(" {2,}", " ", "".join(shown)).strip()


def _add_faces(pdf: FPDF, wanted: str) -> None:
    for (family, style), file in _FILES.items():
        if family == wanted:
            pdf.add_font(family, style, resource("fonts", *file))


@cache
def _characters(family: str) -> frozenset[int]:
    """What a typeface can draw."""
    pdf = FPDF()
    _add_faces(pdf, family)
    faces = [font for font in pdf.fonts.values() if isinstance(font, TTFFont)]
    drawn = frozenset(char for font in faces for char in font.cmap)
    for font in faces:
        font.close()
    return drawn


def rgb(color: str) -> tuple[int, int, int]:
    """The channels of "#RRGGBB"."""
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


class Paper(FPDF):
    """Millimetres from the top left. `made_at` is the only time in the file: rendering again gives the same bytes.

    It holds font files open until its `with` block ends.
    """

    def __init__(self, size: tuple[float, float], *, title: str, author: str, language: str, made_at: datetime) -> None:
        super().__init__(format=size)
        self.set_auto_page_break(False)
        self._wrapped: dict[tuple[str, float, float, bool, int], list[str]] = {}
        self._has_fallback = False
        self.set_margin(0)
        self.c_margin = 0
        _add_faces(self, _FAMILY)
        self._drawable = _characters(_FAMILY) | _characters(_FALLBACK)
        # Figures of one width, so that columns of amounts line up.
        self.set_text_shaping(features={"tnum": True})
        self.set_creation_date(made_at)
        self.set_title(self.printable(title))
        self.set_author(self.printable(author))
        self.set_creator("Tillgate")
        self.set_producer("Tillgate")
        self.set_lang(language)
        self.set_display_mode("fullwidth")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_failure: object) -> None:
        for font in self.fonts.values():
            if isinstance(font, TTFFont):
                font.close()

    def printable(self, text: str) -> str:
        """The text as our typefaces can draw it."""
        shown = printable(text, self._drawable)
        if not self._has_fallback and not _characters(_FAMILY).issuperset(map(ord, shown)):
            # A sheet carries the second typeface, which takes as long to embed as all else, only where it is needed.
            _add_faces(self, _FALLBACK)
            self.set_fallback_fonts([_FALLBACK], exact_match=False)
            self._has_fallback = True
        return shown

    def write_text(
        self,
        x: float,
        y: float,
        w: float,
        text: str,
        *,
        pt: float = 9,
        bold: bool = False,
        color: str = INK,
        align: Align = "L",
        leading: float = 1.35,
        most_lines: int = 12,
    ) -> float:
        """Write, wrapped within `w`; the height used. Beyond `most_lines` the text ends in an ellipsis."""
        lines = self.wrapped(text, w, pt=pt, bold=bold, most_lines=most_lines)
        self._dress(pt, bold, color)
        height = line_height(pt, leading)
        for number, line in enumerate(lines):
            self.set_xy(x, y + number * height)
            self.cell(w, height, line, align=align, new_x=XPos.LEFT, new_y=YPos.TOP)
        return height * len(lines)

    def write_fitting(
        self,
        x: float,
        y: float,
        w: float,
        text: str,
        *,
        pt: float = 9,
        bold: bool = False,
        color: str = INK,
        align: Align = "R",
    ) -> float:
        """One line, in smaller letters where it is too wide: an amount is never broken or cut."""
        fitting = min(pt, pt * (w - 0.1) / max(self.width_of(text, pt=pt, bold=bold), 0.1))
        down = (line_height(pt) - line_height(fitting)) / 2
        self.write_text(x, y + down, w, text, pt=fitting, bold=bold, color=color, align=align, most_lines=1)
        return line_height(pt)

    def wrapped(self, text: str, w: float, *, pt: float = 9, bold: bool = False, most_lines: int = 12) -> list[str]:
        """The lines that a text takes within a width."""
        key = (text, w, pt, bold, most_lines)
        if key not in self._wrapped:
            self._wrapped[key] = self._wrap(self.printable(text), w, pt=pt, bold=bold, most_lines=most_lines)
        return self._wrapped[key]

    def _wrap(self, shown: str, w: float, *, pt: float, bold: bool, most_lines: int) -> list[str]:
        if not shown:
            return []
        self._dress(pt, bold, INK)
        lines = self.multi_cell(w, line_height(pt), shown, align="L", dry_run=True, output="LINES")
        if not isinstance(lines, list):
            raise TypeError("fpdf gives lines when asked for lines")
        if len(lines) > most_lines:
            lines = [*lines[: most_lines - 1], lines[most_lines - 1].rstrip()[:-1].rstrip() + "\u2026"]
        return [line.strip() for line in lines]

    def width_of(self, text: str, *, pt: float = 9, bold: bool = False) -> float:
        """How wide one line is."""
        self._dress(pt, bold, INK)
        return float(self.get_string_width(self.printable(text)))

    def turn_to(self, number: int) -> None:
        """Go on drawing on a page made before, which knows nothing of the font, colour and line set since."""
        self.page = number
        self.font_family = ""
        self.set_draw_color(*rgb(INK))
        self.set_line_width(self.line_width + 1)

    def box(self, x: float, y: float, w: float, h: float, color: str, *, radius: float = 0) -> None:
        """A filled box."""
        self.set_fill_color(*rgb(color))
        self.rect(x, y, w, h, style="F", round_corners=radius > 0, corner_radius=radius)

    def rule(
        self, x: float, y: float, w: float, color: str = HAIR, *, thick: float = 0.2, dashed: bool = False
    ) -> None:
        """A horizontal line."""
        self.set_draw_color(*rgb(color))
        self.set_line_width(thick)
        self.set_dash_pattern(dash=1, gap=1) if dashed else self.set_dash_pattern()
        self.line(x, y, x + w, y)

    def watermark(self, text: str, *, pt: float, across: float, down: float) -> None:
        """Large pale letters across the sheet, centred at a point."""
        y = down - line_height(pt) / 2
        with self.rotation(38, across, down), self.local_context(fill_opacity=0.11):
            self.write_fitting(0, y, 2 * across, text, pt=pt, bold=True, color=ALERT, align="C")

    def _dress(self, pt: float, bold: bool, color: str) -> None:
        self.set_font(_FAMILY, "B" if bold else "", pt)
        self.set_text_color(*rgb(color))


def line_height(pt: float, leading: float = 1.35) -> float:
    """Millimetres of one line of text."""
    return pt * 0.3528 * leading
