"""Receipt and invoices of a sale, saved or printed on the work lane; a failure never touches the sale."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject

from tillgate.domain.errors import TillgateError
from tillgate.i18n import tr
from tillgate.ui.print_paper import print_paper
from tillgate.ui.screens.checkout.desk import CheckoutDesk
from tillgate.ui.theme import Tone
from tillgate.ui.widgets.notices import InlineNotice, NoticeAction


class Papers(QObject):
    """Says in a notice where a file went, or why it did not."""

    def __init__(self, desk: CheckoutDesk, notice: InlineNotice, parent: QObject) -> None:
        super().__init__(parent)
        self._desk, self._notice = desk, notice

    def save_receipt(self, payment_id: int | None) -> None:
        """Save the receipt as a file."""
        self._save(self._desk.save_receipt, payment_id)

    def save_invoice(self, invoice_id: int) -> None:
        """Save one invoice as a file."""
        self._save(self._desk.save_invoice, invoice_id)

    def print_receipt(self, payment_id: int | None) -> None:
        """Print the receipt."""
        if payment_id is not None:
            told = tr("The receipt was sent to the printer.")
            print_paper(self._desk.tasks, self, self._desk.print_receipt, payment_id, self._notice, told=told)

    def actions(self, payment_id: int) -> list[NoticeAction]:
        """What a notice of a payment offers, where nothing but the notice tells of it."""
        ways = [
            NoticeAction(tr("Print receipt"), partial(self.print_receipt, payment_id), "printer"),
            NoticeAction(tr("Save receipt"), partial(self.save_receipt, payment_id), "download"),
        ]
        desk = self._desk
        return [way for way, can in zip(ways, (desk.print_receipt, desk.save_receipt), strict=True) if can is not None]

    def _save(self, saving: Callable[[int], Path] | None, number: int | None) -> None:
        if saving is not None and number is not None:
            self._desk.tasks.run(self, lambda: saving(number), self._saved, self._failed, label="paper")

    def _saved(self, path: Path) -> None:
        opening = self._desk.open_file
        actions = [NoticeAction(tr("Open the file"), lambda: opening(path), "folder-open")] if opening else []
        self._notice.say(Tone.SETTLED, tr("Saved as {name}.", name=path.name), str(path.parent), actions)

    def _failed(self, error: TillgateError) -> None:
        self._notice.show_error(error)
