"""The text of the first window; it loads little, since the first paint waits for it."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel


class FirstText(QLabel):
    """Plain text of the type scale in the middle of its window, as `labels.plain_label` makes it.

    Alignment and format are named by their properties: PySide makes all of Qt's enums for one that is taken from `Qt`.
    """

    def __init__(self, text: str, role: str, *, tone: str = "") -> None:
        super().__init__()
        self.setProperty("textFormat", "PlainText")
        self.setProperty("alignment", "AlignHCenter")
        self.setProperty("textRole", role)
        self.setProperty("tone", tone)
        self.setWordWrap(True)
        self.setText(text)
