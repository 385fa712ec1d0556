"""The head of the figures: which of them, over which days, and their export."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from tillgate.i18n import mark, tr
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.days import PRESET_TITLES, Preset
from tillgate.ui.widgets.flow import FlowLayout
from tillgate.ui.widgets.labels import line, plain_label, set_text

CUSTOM = mark("Choose days…")


class FiguresHead(QWidget):
    """`pages` are marked titles by key. The screen connects what is pressed."""

    def __init__(self, pages: Mapping[str, str]) -> None:
        super().__init__()
        self.pages = {key: _chip(tr(title)) for key, title in pages.items()}
        self.chips = {preset: _chip(tr(PRESET_TITLES[preset])) for preset in Preset}
        self.custom = _chip(tr(CUSTOM))
        self.custom.show_icon("calendar", "muted")
        self.export = Button(tone=ButtonTone.ICON, icon="download", name=tr("Export as CSV (Ctrl+E)"))
        self.range = plain_label(tone="muted")
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(plain_label(tr("Figures"), "heading"))
        row.addSpacing(8)
        for chip in self.pages.values():
            row.addWidget(chip)
        row.addStretch(1)
        row.addWidget(self.range)
        row.addWidget(self.export)
        days = FlowLayout()
        for chip in (*self.chips.values(), self.custom):
            days.addWidget(chip)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addLayout(row)
        column.addWidget(line())
        column.addLayout(days)

    def show_days(self, chosen: Preset | None, text: str) -> None:
        """Mark the days in use."""
        for preset, chip in self.chips.items():
            chip.setChecked(preset is chosen)
        self.custom.setChecked(chosen is None)
        set_text(self.range, text)

    def show_page(self, chosen: str) -> None:
        """Mark the figures in use."""
        for key, chip in self.pages.items():
            chip.setChecked(key == chosen)


def _chip(text: str) -> Button:
    chip = Button(text, tone=ButtonTone.CHIP)
    chip.setCheckable(True)
    return chip
