"""What is wrong with the till itself, said above whatever is in front for as long as it is so."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QVBoxLayout, QWidget

from tillgate.domain.errors import TillgateError
from tillgate.ui.message_text import message_for
from tillgate.ui.widgets.notices import InlineNotice, NoticeAction

# What can be done about an error by whoever is signed in.
Ways = Callable[[TillgateError], Sequence[NoticeAction]]


class StandingNotices(QWidget):
    """A notice each. One that somebody closed comes back with the next sign-in, or when it says something else."""

    def __init__(self) -> None:
        super().__init__()
        self._told: list[str] = []
        self._notices: list[InlineNotice] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self.hide()

    def show_errors(self, errors: Sequence[TillgateError], ways: Ways, *, again: bool = False) -> None:
        """Show these instead of what was shown; `again` also where nothing is new."""
        told = [message_for(error).spoken for error in errors]
        if told == self._told and not again:
            return
        self._told = told
        for old in self._notices:
            self._column.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._notices = [InlineNotice(closable=True) for _ in errors]
        for notice, error in zip(self._notices, errors, strict=True):
            notice.closed.connect(self._closed)
            self._column.addWidget(notice)
            notice.show_error(error, ways(error))
        self.setVisible(bool(errors))

    @property
    def notices(self) -> list[InlineNotice]:
        """Those that are open, the worst first."""
        return [each for each in self._notices if each.text]

    def _closed(self) -> None:
        self.setVisible(bool(self.notices))
