"""The look holds its promises: contrast in both schemes, targets, typefaces, icons that exist and change colour."""

from __future__ import annotations

import ast
from itertools import product
from pathlib import Path

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFontDatabase, QFontInfo, QFontMetrics
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from tillgate.domain.payment import PaymentState
from tillgate.paths import resource
from tillgate.ui import icons, theme
from tillgate.ui.icons import icon
from tillgate.ui.theme import Density, Scheme, Theme, Tone, set_density
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.fields import SearchField, Stepper, TextField
from tillgate.ui.widgets.labels import plain_label
from tillgate.ui.widgets.status_badge import PAYMENT_STATUS

SOURCE = Path(theme.__file__).parent
SURFACES = ("surface", "raised", "sunken", "hover", "selected")
TONES = ("settled", "waiting", "failed", "draft", "training")
READ = [
    *product(("text", "muted", "accent_text"), SURFACES),
    *product(TONES, ("surface", "raised", "hover", "selected")),
    *((tone, f"{tone}_soft") for tone in (*TONES, "accent")[:-1]),
    *product(("text", "muted"), [f"{tone}_soft" for tone in (*TONES, "accent")]),
    *product(("on_accent",), ("accent", "accent_hover", "accent_pressed")),
    *product(("on_failed",), ("failed", "failed_hover")),
    *product(("on_tooltip", "on_tooltip_accent"), ("tooltip",)),
    *product(("faint",), ("surface", "raised", "sunken")),
    ("accent_text", "accent_soft"),
    ("on_training", "training"),
]
SEEN = product(("outline", "focus", "accent", "training"), ("surface", "raised"))


def luminance(colour: str) -> float:
    channels = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_readable_and_controls_are_seen(scheme: str) -> None:
    """WCAG 2.2: 4.5 to 1 for text (1.4.3), 3 to 1 for what shows a control or the focus (1.4.11)."""
    colours = theme.tokens().colours[scheme]
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    poor = [f"{ink} on {ground}" for ink, ground in READ if contrast(colours[ink], colours[ground]) < 4.5]
    poor += [f"{line} on {ground}" for line, ground in SEEN if contrast(colours[line], colours[ground]) < 3]
    assert not poor


def test_both_schemes_have_the_same_tokens() -> None:
    assert theme.tokens().colours["light"].keys() == theme.tokens().colours["dark"].keys()


def test_a_switch_reaches_palette_sheet_and_icons(qtbot: QtBot, qapp: QApplication, look: Theme) -> None:
    button = Button("Pay", icon="credit-card")
    qtbot.addWidget(button)
    drawn = icon("credit-card")
    before = drawn.pixmap(QSize(24, 24)).toImage()
    with qtbot.waitSignal(look.changed):
        look.choose(Scheme.DARK)
    assert look.dark
    assert qapp.palette().window().color() == look.colour("surface")
    assert look.colour("surface").name() in qapp.styleSheet().casefold()
    after = drawn.pixmap(QSize(24, 24)).toImage()
    assert before != after
    ink = {after.pixelColor(x, y).name() for x in range(24) for y in range(24) if after.pixelColor(x, y).alpha() == 255}
    assert ink == {look.colour("text").name()}


def test_the_system_decides_when_asked_to(look: Theme, qapp: QApplication) -> None:
    look.choose(Scheme.SYSTEM)
    assert (look.choice, look.dark) == (Scheme.SYSTEM, False)
    assert theme.install(qapp, Scheme.DARK) is look
    assert theme.current() is look
    assert look.choice is Scheme.DARK


def test_icons_are_sharp_at_any_ratio() -> None:
    drawn = icon("package").pixmap(QSize(20, 20), 2.5)
    assert drawn.size() == QSize(50, 50)
    assert drawn.devicePixelRatio() == 2.5


def test_no_icon_is_read_from_its_file_once_all_were_read() -> None:
    icons._drawing.cache_clear()
    icons.read_all()
    read = icons._drawing.cache_info().misses
    names = sorted(path.stem for path in resource("icons", "lucide").glob("*.svg"))
    for name in names:
        icon(name)
    assert icons._drawing.cache_info().misses == read == len(names)


def test_an_unknown_icon_is_an_error_at_once() -> None:
    with pytest.raises(FileNotFoundError):
        icon("no-such-icon")


def test_every_icon_that_is_named_is_there() -> None:
    """Calls whose literal arguments are icons, by keyword or by position."""
    first = ("icon", "themed_icon", "IconLabel", "show_icon", "EmptyState", "EmptyText", "pixmap", "_Part")
    by_position = dict.fromkeys(first, 0) | {"Status": 1, "ScreenSpec": 2, "Command": 3, "NoticeAction": 2}
    known = {path.stem for path in resource("icons", "lucide").glob("*.svg")}
    named: dict[str, str] = {}
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                place = by_position.get(ast.unparse(node.func).rpartition(".")[2])
                given = [keyword.value for keyword in node.keywords if keyword.arg == "icon"]
                given += node.args[place : place + 1] if place is not None else []
                named |= {a.value: path.name for a in given if isinstance(a, ast.Constant) and isinstance(a.value, str)}
    assert len(named) > 30
    assert {name: where for name, where in named.items() if name and name not in known} == {}


def test_the_typeface_is_ours_with_figures_of_one_width(qapp: QApplication) -> None:
    assert QFontInfo(theme.font("body")).family() == "Inter"
    assert "Noto Sans Devanagari" in QFontDatabase.families()
    metrics = QFontMetrics(theme.font("amount"))
    assert len({metrics.horizontalAdvance(digit) for digit in "0123456789"}) == 1
    for character in "₹₱नñ—…":
        assert QFontMetrics(theme.font("body")).horizontalAdvance(character) > 0


def test_every_payment_state_has_a_look_of_its_own() -> None:
    assert set(PAYMENT_STATUS) == set(PaymentState)
    assert len({(status.icon, status.word) for status in PAYMENT_STATUS.values()}) == len(PaymentState)
    assert PAYMENT_STATUS[PaymentState.CAPTURED].tone is Tone.SETTLED
    assert PAYMENT_STATUS[PaymentState.FAILED].tone is Tone.FAILED


def test_targets_are_large_enough_where_a_cashier_sells(qtbot: QtBot) -> None:
    screen = QWidget()
    qtbot.addWidget(screen)
    set_density(screen, Density.TOUCH)
    stepper, field = Stepper("Saree"), TextField("Name")
    tones = [tone for tone in ButtonTone if tone not in {ButtonTone.BAR, ButtonTone.ICON}]
    targets: list[QWidget] = [Button("Pay", tone=tone) for tone in tones]
    targets += [Button(tone=ButtonTone.ICON, icon="x", name="Close"), field.line, SearchField("Search")]
    targets += stepper.findChildren(Button)
    for widget in (stepper, field, *targets):
        if widget.parentWidget() is None:
            widget.setParent(screen)
    for target in targets:
        target.ensurePolished()
        assert target.sizeHint().height() >= 44, target
        assert target.sizeHint().width() >= 44, target


def test_a_label_shows_markup_and_control_characters_as_nothing_special(qtbot: QtBot) -> None:
    label = plain_label("<b>Asha</b>\u202e\u0007 & Co")
    qtbot.addWidget(label)
    assert label.text() == "<b>Asha</b> & Co"


@pytest.mark.parametrize("tone", list(ButtonTone))
def test_a_focused_button_shows_its_ring_and_nothing_else_however_it_got_the_focus(
    qtbot: QtBot, look: Theme, tone: ButtonTone
) -> None:
    page = QWidget()
    button, other = Button("Refund", tone=tone, name="Refund", icon="check"), Button("Other")
    column = QVBoxLayout(page)
    column.addWidget(button)
    column.addWidget(other)
    qtbot.addWidget(page)
    page.show()
    page.activateWindow()
    qtbot.waitUntil(page.isActiveWindow)

    button.setFocus(Qt.FocusReason.MouseFocusReason)
    pressed = button.grab().toImage()
    other.setFocus()
    QTest.keyClick(other, Qt.Key.Key_Backtab)
    assert button.hasFocus()
    assert button.grab().toImage() == pressed
