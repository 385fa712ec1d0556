"""Commands: one QAction each, shared by menu, button, shortcut and palette; remappable, without conflicts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, cast

from PySide6.QtCore import QKeyCombination, QObject, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from tillgate.domain.errors import Bug, Invalid, Refused
from tillgate.domain.staff import GRANTS, Action, Role
from tillgate.i18n import tr
from tillgate.ui.icons import icon
from tillgate.ui.widgets.buttons import Button, ButtonTone

_ALONE: Final = frozenset({Qt.Key.Key_Delete, Qt.Key.Key_Escape, Qt.Key.Key_Insert})
_STRONG: Final = (
    Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier
)


@dataclass(frozen=True, slots=True)
class Command:
    """Something the user can do. `title` is marked English; `screen` "" means everywhere; `menu` "" in no menu.

    `needs` hides it from roles without that permission; the services check again.
    """

    key: str
    title: str
    run: Callable[[], object]
    icon: str = ""
    shortcut: str = ""
    menu: str = ""
    screen: str = ""
    needs: Action | None = None


class Commands(QObject):
    """The commands of one window. `changed` when commands, shortcuts, role or screen changed."""

    changed = Signal()

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._commands: dict[str, Command] = {}
        self._actions: dict[str, QAction] = {}
        # Of screens that are not made yet, by key.
        self._declared: dict[str, Command] = {}
        # The keys that differ from those delivered, by command.
        self._chosen: dict[str, str] = {}
        self._held_back: set[str] = set()
        self._role: Role | None = None
        self._screen = ""

    def add(self, command: Command) -> QAction:
        """Register a command; raises Bug for a key used twice, Refused("shortcut_taken") for a shortcut."""
        if command.key in self._commands:
            raise Bug("command_twice", command=command.key)
        shortcut = self._fitting(command)
        action = QAction(_named(command), self._window)
        action.setObjectName(command.key)
        if command.icon:
            action.setIcon(icon(command.icon))
        action.setShortcut(QKeySequence(shortcut))
        action.setAutoRepeat(False)
        action.triggered.connect(partial(self._run, command))
        self._commands[command.key], self._actions[command.key] = command, action
        self._window.addAction(action)
        self._refresh(command)
        self.changed.emit()
        return action

    def add_all(self, commands: Iterable[Command]) -> None:
        """Register several."""
        for command in commands:
            self.add(command)

    def remove_screen(self, screen: str) -> None:
        """Take the commands of a screen away, as the screen itself goes."""
        for key in [key for key, command in self._commands.items() if command.screen == screen]:
            del self._commands[key]
            self._held_back.discard(key)
            action = self._actions.pop(key)
            self._window.removeAction(action)
            action.deleteLater()
        self.changed.emit()

    def speak(self) -> None:
        """Name every command in the language of now."""
        for key, command in self._commands.items():
            self._actions[key].setText(_named(command))

    def has(self, key: str) -> bool:
        """Whether there is such a command now."""
        return key in self._commands

    def action(self, key: str) -> QAction:
        """The action of a command; KeyError for an unknown one."""
        return self._actions[key]

    def set_enabled(self, key: str, enabled: bool) -> None:
        """Switch a command on or off by the state of its screen; nothing if it went with its screen already."""
        if key not in self._commands:
            return
        self._held_back.discard(key) if enabled else self._held_back.add(key)
        self._refresh(self._commands[key])

    def button(self, key: str, *, tone: ButtonTone = ButtonTone.SECONDARY, text: str = "", big: bool = False) -> Button:
        """A button that does a command: its icon, its key as the hint, enabled as the command is.

        It is hidden from a role that may not; otherwise the screen decides when it is shown.
        """
        command, action = self._commands[key], self._actions[key]
        made = Button(
            text or tr(command.title),
            tone=tone,
            icon=command.icon,
            hint=self.hint(key),
            big=big,
            on_click=action.trigger,
        )

        def follow() -> None:
            if isValid(made):
                made.setEnabled(action.isEnabled())
                made.show_hint(self.hint(key))

        action.changed.connect(follow)
        made.setEnabled(action.isEnabled())
        made.setHidden(self._role is not None and not self._allowed(command))
        return made

    def hint(self, key: str) -> str:
        """The shortcut as printed on a button: "Ctrl+K", or ""."""
        return self._actions[key].shortcut().toString(QKeySequence.SequenceFormat.NativeText)

    def listed(self) -> list[Command]:
        """What can be done now: allowed to the role, on this screen, switched on."""
        return [command for key, command in self._commands.items() if self._on(key)]

    def listed_in_menus(self) -> list[Command]:
        """The commands that belong in a menu now, those switched off included."""
        return [command for key, command in self._commands.items() if command.menu and self._actions[key].isVisible()]

    def on_screen(self, screen: str) -> list[Command]:
        """The commands with a key on a screen, for the help, those switched off included; those of the screen first."""
        visible = (command for key, command in self._commands.items() if self._actions[key].isVisible())
        keyed = [command for command in visible if self.hint(command.key)]
        return sorted(keyed, key=lambda command: command.screen != screen)

    # Who and where

    def show_for(self, role: Role | None, screen: str) -> None:
        """A role is signed in (None: nobody) and a screen is shown."""
        self._role, self._screen = role, screen
        for command in self._commands.values():
            self._refresh(command)
        self.changed.emit()

    def _allowed(self, command: Command) -> bool:
        if self._role is None:
            return False
        return command.needs is None or command.needs in GRANTS[self._role]

    def _on(self, key: str) -> bool:
        return self._actions[key].isEnabled() and self._actions[key].isVisible()

    def _refresh(self, command: Command) -> None:
        action = self._actions[command.key]
        here = command.screen in {"", self._screen}
        allowed = self._allowed(command)
        action.setVisible(allowed and here)
        action.setEnabled(allowed and here and command.key not in self._held_back)

    def _run(self, command: Command, _checked: bool = False) -> None:
        command.run()

    # Keys

    def declare(self, commands: Iterable[Command]) -> None:
        """Know commands of screens that are not made yet: their keys count, and can be changed."""
        self._declared.update({command.key: command for command in commands})

    def known(self) -> list[Command]:
        """Every command, those of screens that are not made yet included."""
        return list(self._known().values())

    @property
    def chosen(self) -> dict[str, str]:
        """The keys that differ from those delivered, by command."""
        return dict(self._chosen)

    def choose(self, shortcuts: Mapping[str, str]) -> None:
        """Take over keys that were kept. One that does not fit any more leaves its command without a key."""
        self._chosen = dict(shortcuts)
        for action in self._actions.values():
            action.setShortcut(QKeySequence())
        for key, command in self._commands.items():
            self._actions[key].setShortcut(QKeySequence(self._fitting(command)))
        self.changed.emit()

    def remap(self, shortcuts: Mapping[str, str]) -> None:
        """Give commands other keys, all or none. Raises Refused("shortcut_taken") or Invalid("shortcut_plain")."""
        known = self._known()
        after = {key: shortcuts.get(key, self.shortcut(key)) for key in known}
        # Those that change first, so that the refusal names what has the key already.
        for key in (*shortcuts, *after):
            self._check(key, after[key], known[key].screen, after)
        for key, shortcut in shortcuts.items():
            self._chosen[key] = shortcut
            if shortcut == known[key].shortcut:
                del self._chosen[key]
            if key in self._actions:
                self._actions[key].setShortcut(QKeySequence(shortcut))
        self.changed.emit()

    def reset_shortcuts(self) -> None:
        """Back to the keys as delivered."""
        self.choose({})

    def shortcut(self, key: str) -> str:
        """The key of a command in portable writing, or ""."""
        if key not in self._actions:
            return self._chosen.get(key, self._declared[key].shortcut)
        return self._actions[key].shortcut().toString(QKeySequence.SequenceFormat.PortableText)

    def _known(self) -> dict[str, Command]:
        return self._declared | self._commands

    def _fitting(self, command: Command) -> str:
        """The key that a command gets: the chosen one, or that delivered, unless a chosen one took it."""
        wanted = self._chosen.get(command.key, command.shortcut)
        try:
            self._check(command.key, wanted, command.screen)
        except (Invalid, Refused):
            if not self._chosen:
                raise
            return ""
        return wanted

    def _check(self, key: str, shortcut: str, screen: str, others: Mapping[str, str] | None = None) -> None:
        if not shortcut:
            return
        sequence = QKeySequence(shortcut)
        if not _usable(sequence):
            raise Invalid("shortcut_plain", shortcut=shortcut)
        for other, command in (self._commands if others is None else self._known()).items():
            if other == key or not (screen == command.screen or "" in {screen, command.screen}):
                continue
            taken = self._actions[other].shortcut() if others is None else QKeySequence(others[other])
            if taken == sequence:
                raise Refused("shortcut_taken", shortcut=shortcut, command=tr(command.title))


def _usable(sequence: QKeySequence) -> bool:
    """A function key, a lone Del or Esc, or a key with Ctrl, Alt or Meta: a scanner types all plain characters."""
    if sequence.count() != 1:
        return False
    # The stubs forget that a sequence has items.
    combination: QKeyCombination = cast("Any", sequence)[0]
    key = combination.key()
    function = Qt.Key.Key_F1 <= key <= Qt.Key.Key_F35
    return function or key in _ALONE or bool(combination.keyboardModifiers() & _STRONG)


def _named(command: Command) -> str:
    return tr(command.title).replace("&", "&&")
