"""What a screen reader is told: the accessible tree of a window, walked as the platform would."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtWidgets import QWidget

_ROLE = QAccessible.Role
CONTROLS = {
    _ROLE.PushButton,
    _ROLE.ButtonMenu,
    _ROLE.CheckBox,
    _ROLE.RadioButton,
    _ROLE.EditableText,
    _ROLE.ComboBox,
    _ROLE.SpinBox,
    _ROLE.Slider,
    _ROLE.List,
    _ROLE.ListItem,
    _ROLE.Table,
    _ROLE.Tree,
    _ROLE.PageTab,
    _ROLE.Link,
    _ROLE.MenuItem,
    _ROLE.Dialog,
}
# A list of a million rows is not walked: its name is looked at, its cells are the model's.
_DEEP = {_ROLE.Table, _ROLE.List, _ROLE.Tree}


def walk(interface: QAccessibleInterface) -> Iterator[QAccessibleInterface]:
    """An element and all that is shown inside it."""
    if interface.state().invisible:
        return
    yield interface
    if interface.role() not in _DEEP:
        for index in range(interface.childCount()):
            child = interface.child(index)
            if child.isValid():
                yield from walk(child)


def controls(widget: QWidget) -> list[tuple[str, str]]:
    """The role and the spoken name of every control of a window that is shown."""
    root = QAccessible.queryAccessibleInterface(widget)
    found = [element for element in walk(root) if element.role() in CONTROLS]
    return [(element.role().name, element.text(QAccessible.Text.Name)) for element in found if not is_inner(element)]


def is_inner(element: QAccessibleInterface) -> bool:
    """Parts that Qt makes inside a control that has a name: the line of a spin box, its arrows."""
    parent = element.parent()
    return parent.isValid() and parent.role() in {_ROLE.SpinBox, _ROLE.ComboBox}


def nameless(widget: QWidget) -> list[str]:
    """The roles of controls without a name."""
    return [role for role, name in controls(widget) if not name.strip()]
