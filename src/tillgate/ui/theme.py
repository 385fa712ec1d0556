"""The look: colours, spacing and type from one file of tokens, as a palette and one style sheet over Fusion."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from string import Template
from typing import Any, Final

from PySide6 import QtCore
from PySide6.QtCore import QLoggingCategory, QObject, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from tillgate.paths import resource

_NAME: Final = "tillgate.theme"
_FAMILIES: Final = ["Inter", "Noto Sans Devanagari"]
# What the QApplication is made with. `setStyle` would give the style back, and PySide make all the enums of one.
ARGUMENTS: Final = ("-style", "fusion")


class Scheme(StrEnum):
    """What the user chose."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class Tone(StrEnum):
    """What a colour says. Never said by colour alone: an icon and a word go with it."""

    NEUTRAL = "neutral"
    ACCENT = "accent"
    SETTLED = "settled"
    WAITING = "waiting"
    FAILED = "failed"
    DRAFT = "draft"
    TRAINING = "training"


class Density(StrEnum):
    """How large targets are: at least 44 px where a cashier sells, compact in the back office."""

    TOUCH = "touch"
    COMPACT = "compact"


@dataclass(frozen=True, slots=True)
class Tokens:
    """The design's constants: colours as "#RRGGBB", everything else in device-independent pixels."""

    colours: Mapping[str, Mapping[str, str]]
    space: Mapping[str, int]
    radius: Mapping[str, int]
    size: Mapping[str, int]
    type: Mapping[str, Mapping[str, int]]


@cache
def tokens() -> Tokens:
    """The tokens that ship with the application."""
    read: dict[str, Any] = json.loads(resource("theme", "tokens.json").read_text("utf-8"))
    return Tokens(read["colour"], read["space"], read["radius"], read["size"], read["type"])


def space(step: str) -> int:
    """A distance of the scale: "xs" 4 to "xxl" 32."""
    return tokens().space[step]


def size(name: str) -> int:
    """A height: "compact", "touch", "big", "row", "row_touch", "icon", "icon_small", "icon_big"."""
    return tokens().size[name]


def font(role: str) -> QFont:
    """A font of the type scale, for widgets that paint their own text."""
    step = tokens().type[role]
    made = _base_font()
    made.setPixelSize(step["px"])
    made.setWeight(QFont.Weight(step["weight"]))
    return made


class Theme(QObject):
    """The look in use; `changed` after a switch, when palette and style sheet are already the new ones."""

    changed = Signal()

    def __init__(self, app: QApplication, choice: Scheme) -> None:
        super().__init__(app)
        self.setObjectName(_NAME)
        self._app = app
        self._choice = choice
        self._dark = False
        self._colours: dict[str, QColor] = {}
        self._wear(dark=_looks_dark(app.palette()) if choice is Scheme.SYSTEM else choice is Scheme.DARK)
        app.styleHints().colorSchemeChanged.connect(self._apply)

    @property
    def choice(self) -> Scheme:
        """What the user chose."""
        return self._choice

    @property
    def dark(self) -> bool:
        """Whether the dark colours are shown."""
        return self._dark

    def choose(self, choice: Scheme) -> None:
        """Switch the whole application."""
        self._choice = choice
        self._apply()

    def colour(self, name: str) -> QColor:
        """A colour token in the scheme in use; KeyError for an unknown one."""
        return self._colours[name]

    def tone(self, tone: Tone) -> tuple[QColor, QColor]:
        """Text and background of a tone."""
        if tone is Tone.NEUTRAL:
            return self.colour("text"), self.colour("draft_soft")
        if tone is Tone.ACCENT:
            return self.colour("accent_text"), self.colour("accent_soft")
        return self.colour(tone.value), self.colour(f"{tone.value}_soft")

    def _apply(self) -> None:
        wanted = self._choice is Scheme.DARK
        if self._choice is Scheme.SYSTEM:
            wanted = self._app.styleHints().colorScheme() is QtCore.Qt.ColorScheme.Dark
        if wanted != self._dark:
            self._wear(dark=wanted)
            self.changed.emit()

    def _wear(self, *, dark: bool) -> None:
        self._dark = dark
        names = tokens().colours["dark" if dark else "light"]
        self._colours = {name: QColor(value) for name, value in names.items()}
        self._app.setPalette(_palette(self._colours))
        self._app.setStyleSheet(style_sheet(dark=dark))


def install(app: QApplication, choice: Scheme = Scheme.SYSTEM) -> Theme:
    """Dress an application that was made with ARGUMENTS, before its first widget; a second call only changes the
    choice."""
    worn = app.findChild(Theme, _NAME)
    if worn is not None:
        worn.choose(choice)
        return worn
    load_fonts()
    app.setFont(font("body"))
    return Theme(app, choice)


def current() -> Theme:
    """The application's theme; RuntimeError before `install`."""
    app = QApplication.instance()
    found = app.findChild(Theme, _NAME) if app else None
    if found is None:
        raise RuntimeError("theme.install was not called")
    return found


@cache
def load_fonts() -> None:
    """Make the bundled typefaces known to Qt; FileNotFoundError if one does not load."""
    # Inter has no Devanagari: Qt says so before it takes the fallback family.
    QLoggingCategory.setFilterRules("qt.text.font.db=false")
    for path in sorted(resource("fonts").rglob("*.ttf")):
        if QFontDatabase.addApplicationFont(str(path)) < 0:
            raise FileNotFoundError(path)


def style_sheet(*, dark: bool) -> str:
    """The one style sheet, filled from the tokens of a scheme."""
    scheme = "dark" if dark else "light"
    known = tokens()
    values: dict[str, object] = dict(known.colours[scheme])
    for prefix, table in (("space", known.space), ("radius", known.radius), ("size", known.size)):
        values |= {f"{prefix}_{name}": f"{number}px" for name, number in table.items()}
    for role, step in known.type.items():
        values[f"type_{role}"] = f"font-size: {step['px']}px; font-weight: {step['weight']}"
    values["images"] = resource("theme", scheme).as_posix()
    return Template(resource("theme", "style.qss").read_text("utf-8")).substitute(values)


def set_density(widget: QWidget, density: Density) -> None:
    """Give a screen or dialog its target size; everything inside follows."""
    widget.setProperty("density", density.value)
    restyle(widget)


def restyle(widget: QWidget) -> None:
    """Let a changed dynamic property be seen by the style sheet. One that was never shown is yet to be polished."""
    if not widget.testAttribute(QtCore.Qt.WidgetAttribute.WA_WState_Polished):
        return
    style = widget.style()
    style.unpolish(widget)
    style.polish(widget)
    widget.update()


def _looks_dark(palette: QPalette) -> bool:
    """Whether a palette that is not ours yet is the dark one of its desktop. It is near enough for the first window:
    what the desktop says itself is asked when the store's choice is known, after the first paint."""
    return palette.color(QPalette.ColorRole.Window).lightness() < palette.color(QPalette.ColorRole.Text).lightness()


def _base_font() -> QFont:
    made = QFont(_FAMILIES)
    # Figures of one width: amounts line up, and a running clock does not wobble.
    made.setFeature(QFont.Tag("tnum"), 1)
    return made


def _palette(colours: Mapping[str, QColor]) -> QPalette:
    role = QPalette.ColorRole
    table = {
        role.Window: "surface",
        role.WindowText: "text",
        role.Base: "raised",
        role.AlternateBase: "surface",
        role.Text: "text",
        role.PlaceholderText: "faint",
        role.Button: "raised",
        role.ButtonText: "text",
        role.BrightText: "on_accent",
        role.ToolTipBase: "tooltip",
        role.ToolTipText: "on_tooltip",
        role.Highlight: "accent",
        role.HighlightedText: "on_accent",
        role.Link: "accent_text",
        role.LinkVisited: "accent_text",
        role.Light: "raised",
        role.Midlight: "border",
        role.Mid: "border",
        role.Dark: "outline",
        role.Shadow: "shadow",
        role.Accent: "accent",
    }
    palette = QPalette()
    for which, name in table.items():
        palette.setColor(which, colours[name])
    for which in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, which, colours["outline"])
    return palette
