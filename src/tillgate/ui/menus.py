"""The menu bar, filled from the commands, and the help that lists their keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QGridLayout, QMenuBar, QWidget

from tillgate.i18n import mark, tr
from tillgate.ui.commands import Commands
from tillgate.ui.theme import Density
from tillgate.ui.widgets.dialog import Dialog
from tillgate.ui.widgets.labels import KeyHint, plain_label

MENUS: Final[Mapping[str, str]] = {
    "till": mark("Till"),
    "sale": mark("Sale"),
    "edit": mark("Edit"),
    "list": mark("List"),
    "go": mark("Go to"),
    "view": mark("View"),
    "help": mark("Help"),
}
# Once a screen stands: what is in a menu is seen by whoever opens it, and that fills it at once.
_FILL_MS: Final = 300


class Menus:
    """Keeps a menu bar in step with the commands; a menu without commands is hidden."""

    def __init__(self, bar: QMenuBar, commands: Commands) -> None:
        self._commands = commands
        bar.setAccessibleName(tr("Menus"))
        self._menus = {key: bar.addMenu(tr(title)) for key, title in MENUS.items()}
        for menu in self._menus.values():
            menu.aboutToShow.connect(self._fill_now)
        self._timer = QTimer(bar)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_FILL_MS)
        self._timer.timeout.connect(self.fill)
        commands.changed.connect(self._timer.start)
        self.fill()

    def speak(self) -> None:
        """Name the menus in the language of now."""
        for key, menu in self._menus.items():
            menu.setTitle(tr(MENUS[key]))

    def fill(self) -> None:
        """Fill the menus afresh."""
        for menu in self._menus.values():
            menu.clear()
        for command in self._commands.listed_in_menus():
            self._menus[command.menu].addAction(self._commands.action(command.key))
        self.show_titles()

    def show_titles(self) -> None:
        """Show the menus that have commands now."""
        filled = {command.menu for command in self._commands.listed_in_menus()}
        for key, menu in self._menus.items():
            menu.menuAction().setVisible(key in filled)

    def _fill_now(self) -> None:
        if self._timer.isActive():
            self._timer.stop()
            self.fill()


def help_dialog(parent: QWidget, commands: Commands, screen: str, title: str) -> Dialog:
    """The keys of a screen, muted where they do nothing now; those of the screen first; opened by the caller."""
    dialog = Dialog(
        parent,
        tr("Keys on {screen}", screen=title),
        verb=tr("Close the help"),
        density=Density.COMPACT,
        width=520,
    )
    dialog.back.hide()
    keys = QWidget()
    grid = QGridLayout(keys)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(24)
    grid.setVerticalSpacing(8)
    listed = commands.on_screen(screen)
    rows = (len(listed) + 1) // 2
    for index, command in enumerate(listed):
        row, side = index % rows, 2 * (index // rows)
        able = commands.action(command.key).isEnabled()
        key, words = KeyHint(commands.hint(command.key)), plain_label(tr(command.title), tone="" if able else "muted")
        key.setEnabled(able)
        if not able:
            words.setAccessibleName(tr("{command}, not possible now", command=tr(command.title)))
        grid.addWidget(key, row, side, Qt.AlignmentFlag.AlignLeft)
        grid.addWidget(words, row, side + 1)
    grid.setColumnStretch(1, 1)
    grid.setColumnStretch(3, 1)
    dialog.add(keys)
    return dialog
