"""A product's picture: none, one of the sample's, or a file of the store's own, kept in the database when chosen."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from tillgate.domain.errors import TillgateError
from tillgate.domain.pictures import is_own
from tillgate.i18n import tr
from tillgate.paths import resource
from tillgate.services.pictures import add_picture, load_picture, load_picture_file
from tillgate.ui.pictures import shrink
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.catalogue.words import PICTURES
from tillgate.ui.screens.form_dialog import ChoiceField, sentence
from tillgate.ui.thumbnails import Thumbnails
from tillgate.ui.widgets.buttons import Button

AskPicture = Callable[[QWidget, Callable[[Path], None]], None]
_SIDE: Final = 64


def ask_picture(parent: QWidget, then: Callable[[Path], None]) -> None:
    """Ask for a file with the system's dialog."""
    dialog = QFileDialog(parent, tr("Choose a picture"), "", tr("Pictures (*.png *.jpg *.jpeg *.webp)"))
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.fileSelected.connect(lambda chosen: then(Path(chosen)))
    dialog.open()


class Picture(QLabel):
    """A product's picture in a square; its absence in words."""

    def __init__(self, office: BackOffice, side: int = _SIDE) -> None:
        super().__init__()
        self._name, self._side = "", side
        load = partial(load_picture, office.till, office.actor)
        self._thumbnails = Thumbnails(office.tasks, load, self._draw, self)
        self.setFixedSize(side, side)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setAccessibleName(tr("Picture"))

    def show_picture(self, name: str) -> None:
        """Show another picture; "" none."""
        self._name = name
        self._draw()

    def _draw(self) -> None:
        drawn = self._thumbnails.pixmap(self._name, self._side, self.devicePixelRatioF()) if self._name else None
        if drawn is None:
            self.clear()
        else:
            self.setPixmap(drawn)


class PictureField(QWidget):
    """`value` is what a product has as its picture. `changed` when another one is chosen."""

    changed = Signal()

    def __init__(self, office: BackOffice, ask: AskPicture = ask_picture) -> None:
        super().__init__()
        self._office, self._ask = office, ask
        self.choice = ChoiceField(tr("Picture"))
        self.choice.combo.addItem(tr("No picture"), "")
        for file, word in PICTURES.items():
            self.choice.combo.addItem(QIcon(str(resource("sample", "images", file))), tr(word), file)
        self.preview = Picture(office)
        self.file = Button(tr("Choose a file…"), icon="image", on_click=self._ask_file)
        self.file.setAccessibleDescription(tr("A PNG, JPEG or WebP of at most 8 MB"))
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self.preview)
        row.addWidget(self.file)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.choice)
        column.addLayout(row)
        self.setFocusProxy(self.choice)
        self.choice.changed.connect(self._show)
        self._show()

    @property
    def value(self) -> str:
        """A picture's name, or "" for none."""
        return str(self.choice.value)

    def choose(self, name: str) -> None:
        """Choose a picture by its name, whatever it is."""
        combo = self.choice.combo
        if name and combo.findData(name) < 0:
            combo.addItem(tr("The store’s own picture") if is_own(name) else name, name)
        self.choice.choose(name)

    def show_error(self, text: str) -> None:
        """Say what is wrong."""
        self.choice.show_error(text)

    @property
    def error(self) -> str:
        """The error shown, or ""."""
        return self.choice.error

    def _ask_file(self) -> None:
        self._ask(self, self._take)

    def _take(self, path: Path) -> None:
        self.choice.show_error("")
        self.file.setEnabled(False)
        till, actor = self._office.till, self._office.actor

        def add() -> str:
            return add_picture(till, actor, load_picture_file(path), shrink)

        self._office.tasks.run(self, add, self._taken, self._refused, label="picture")

    def _taken(self, name: str) -> None:
        self.file.setEnabled(True)
        self.choose(name)

    def _refused(self, error: TillgateError) -> None:
        self.file.setEnabled(True)
        self.choice.show_error(sentence(error))

    def _show(self) -> None:
        self.preview.show_picture(self.value)
        self.preview.setVisible(bool(self.value))
        self.changed.emit()
