"""Batch payment: a device's open invoices, one after another; and the lists of batches, devices and invoices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from tillgate.domain.staff import Action
from tillgate.i18n import mark, ntr, tr
from tillgate.services.batch_payment import StartBatch
from tillgate.services.batch_views import BatchRow, list_batches
from tillgate.services.daily_invoices import DailyRun, make_daily_invoices
from tillgate.services.device_files import InvoiceFileCheck
from tillgate.ui.screen import Screen
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.batch.batch_list import BatchList
from tillgate.ui.screens.batch.desk import BatchDesk
from tillgate.ui.screens.batch.desk_list import DeskList
from tillgate.ui.screens.batch.device_list import DeviceList, of_device
from tillgate.ui.screens.batch.import_dialog import ImportDialog, ask_file, read_and_check
from tillgate.ui.screens.batch.invoice_list import InvoiceList
from tillgate.ui.screens.batch.keys import LISTS, ONE, PAGES, RUN, SCREEN, START
from tillgate.ui.screens.batch.run_page import RunPage
from tillgate.ui.screens.batch.running import BatchRun
from tillgate.ui.screens.batch.start_page import StartPage
from tillgate.ui.screens.import_dialog import AskFile, outcome
from tillgate.ui.screens.list_commands import ListCommands, commands_of
from tillgate.ui.theme import Density, Tone, set_density
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.labels import plain_label
from tillgate.ui.widgets.notices import InlineNotice, NoticeAction

PAY: Final = "pay"
_CHIPS: Final = {
    PAY: mark("Pay a device"),
    "batches": mark("Batches"),
    "devices": mark("Devices"),
    "invoices": mark("Invoices"),
}
# What may be added, brought in or made in each list.
_ADDING: Final = {PAY: (), "batches": (), "devices": ("add",), "invoices": ("import", "daily")}


class BatchScreen(Screen):
    """Opens with the choice of a device."""

    def __init__(self, office: BackOffice, desk: BatchDesk, *, pick_file: AskFile = ask_file) -> None:
        super().__init__()
        self._office, self._pick_file = office, pick_file
        office.commands.add_all(commands_of(SCREEN, (*PAGES, *START, *RUN, *LISTS), self._do))
        self.notice = InlineNotice(closable=True)
        self.run = BatchRun(office, desk, self)
        self.start = StartPage(office, desk)
        self.running = RunPage(office, desk, self.run)
        self.lists: dict[str, DeskList] = {
            "batches": BatchList(office, self.notice, self.show_batch),
            "devices": DeviceList(office, self.notice, self.pay_device, self._show_invoices),
            "invoices": InvoiceList(office, self.notice),
        }
        self.front = PAY
        self.commands = ListCommands(self, office.commands, SCREEN, self.lists["batches"].table, ONE)
        self._pages = QStackedWidget()
        self._pay = QStackedWidget()
        self.chips: dict[str, Button] = {}
        self._adding: dict[str, Button] = {}
        self._lay_out()
        self._connect()
        self.show_page(PAY)
        self._look_for_unfinished()

    def _lay_out(self) -> None:
        set_density(self._pay, Density.TOUCH)
        self._pay.addWidget(self.start)
        self._pay.addWidget(self.running)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(plain_label(tr("Batch payment"), "heading"))
        head.addSpacing(8)
        pages: dict[str, QWidget] = {PAY: self._pay, **self.lists}
        for key, page in pages.items():
            chip = Button(tr(_CHIPS[key]), tone=ButtonTone.CHIP, on_click=partial(self.show_page, key))
            chip.setCheckable(True)
            self.chips[key] = chip
            head.addWidget(chip)
            self._pages.addWidget(page)
        head.addStretch(1)
        texts = {"add": "", "import": tr("Import"), "daily": tr("Make due ones")}
        for verb, text in texts.items():
            tone = ButtonTone.PRIMARY if verb == "add" else ButtonTone.SECONDARY
            button = self._office.commands.button(f"{SCREEN}.{verb}", tone=tone, text=text)
            self._adding[verb] = button
            head.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 14)
        column.setSpacing(12)
        column.addLayout(head)
        column.addWidget(self.notice)
        column.addWidget(self._pages, 1)

    def _connect(self) -> None:
        self.start.asked.connect(self._start)
        self.run.begun.connect(self._begun)
        self.run.not_started.connect(self.start.show_error)
        self.running.left.connect(self._another)
        self.running.turned.connect(self._show_commands)
        for page in self.lists.values():
            page.turned.connect(partial(self._turned, page))

    # What the shell tells

    def entered(self) -> None:
        """The focus goes to what is in front."""
        self._tell_front()
        if self.front != PAY:
            self.lists[self.front].table.setFocus()
        elif self.shows_batch:
            self.running.take_focus()
        else:
            self.start.take_focus()

    def left(self) -> None:
        """Another screen is in front: what ends here now is told above it."""
        self.running.tell_front(shown=False)

    def _tell_front(self) -> None:
        self.running.tell_front(shown=self.front == PAY and self.shows_batch)

    def go_back(self) -> bool:
        """Esc: close the details, or choose another device before anything began."""
        if self.front != PAY:
            table = self.lists[self.front].table
            was_open = not table.pane.isHidden()
            table.pane.close_pane()
            return was_open
        if not self.shows_batch and self.start.details is not None:
            self.start.choose_device()
            return True
        return False

    def scan(self, code: str) -> bool:
        """A device's code is paid, or shown in its list; nothing while a batch is in front."""
        if self.front in {"devices", "invoices"}:
            (self._show_device if self.front == "devices" else self._show_invoices)(code.strip())
        elif not self.shows_batch or self.front != PAY:
            self.pay_device(code.strip())
        return True

    @property
    def shows_batch(self) -> bool:
        """Whether the page of a batch stands where a device is chosen."""
        return self._pay.currentWidget() is self.running

    # The pages

    def show_page(self, key: str) -> None:
        """Show one of the pages."""
        self.front = key
        self._pages.setCurrentIndex(list(_CHIPS).index(key))
        for each, chip in self.chips.items():
            chip.setChecked(each == key)
        may = self._office.may(Action.EDIT_CATALOGUE)
        for verb, button in self._adding.items():
            button.setVisible(may and verb in _ADDING[key])
        if key != PAY:
            self.commands.turn_to(self.lists[key].table, self.lists[key].verbs)
        else:
            self.commands.follow({})
        self._show_commands()
        if self.isVisible():
            self.entered()
        else:
            self._tell_front()

    def pay_device(self, code: str) -> None:
        """Choose a device by its code."""
        self._another()
        self.start.finder.take(code)

    def show_batch(self, batch_id: int) -> None:
        """Show a batch as it stands, to resume it or to look at it."""
        self.notice.clear()
        self.running.begin()
        self._pay.setCurrentWidget(self.running)
        self.show_page(PAY)
        self.run.show_batch(batch_id)

    def _show_device(self, code: str) -> None:
        self.show_page("devices")
        self.lists["devices"].table.set_query(of_device(code))

    def _show_invoices(self, code: str) -> None:
        self.show_page("invoices")
        page = self.lists["invoices"]
        if isinstance(page, InvoiceList):
            page.show_device(code)

    def _another(self) -> None:
        self.run.forget()
        self._pay.setCurrentWidget(self.start)
        self.show_page(PAY)
        self.start.choose_device()

    def _look_for_unfinished(self) -> None:
        """What a crash or a stop left: it goes on where it stood once somebody says so."""
        work = partial(list_batches, self._office.till, self._office.actor, unfinished=True)
        self._office.tasks.run(self, work, self._tell_unfinished, self.notice.show_error, label="batches")

    def _tell_unfinished(self, found: Sequence[BatchRow]) -> None:
        left = [each for each in found if not each.at_work]
        if not left or self.shows_batch:
            return
        text = ntr("{count} batch was not gone through.", "{count} batches were not gone through.", len(left))
        if len(left) == 1:
            opens = NoticeAction(tr("Open to resume"), partial(self.show_batch, left[0].id), "folder-open")
        else:
            opens = NoticeAction(tr("Show the batches"), partial(self.show_page, "batches"), "layers")
        self.notice.say(Tone.WAITING, text, ", ".join(each.device_code for each in left[:5]), [opens])

    # Start

    def _start(self, command: StartBatch) -> None:
        if not self.run.start(command):
            self.start.show_working(working=False)

    def _begun(self) -> None:
        self.start.show_working(working=False)
        self.running.begin()
        self._pay.setCurrentWidget(self.running)
        self._show_commands()

    # Commands

    def _do(self, verb: str) -> None:
        acts: dict[str, Callable[[], object]] = {
            **{each.key: partial(self.show_page, each.key) for each in PAGES},
            "find": self.start.choose_device,
            "start": self.start.press,
            "add": self.lists["devices"].add,
            "import": self.import_file,
            "daily": self._make_due,
        }
        acts.get(verb, partial(self.running.do, verb))()

    def _show_commands(self) -> None:
        paying = self.front == PAY
        can = {each.key: paying and not self.shows_batch for each in START}
        can |= {each.key: paying and self.shows_batch and self.running.can(each.key) for each in RUN}
        may = self._office.may(Action.EDIT_CATALOGUE)
        can |= {each.key: may and each.key in _ADDING[self.front] for each in LISTS}
        for verb, able in can.items():
            self._office.commands.set_enabled(f"{SCREEN}.{verb}", able)

    def _turned(self, page: DeskList) -> None:
        if self.front != PAY and page is self.lists[self.front]:
            self.commands.follow(page.verbs)

    # Invoices

    def _make_due(self) -> None:
        work = partial(make_daily_invoices, self._office.till, self._office.actor)
        self._office.tasks.run(self, work, self._made, self.notice.show_error, label="daily invoices")

    def _made(self, ran: DailyRun) -> None:
        if ran.failed:
            text = ntr("{count} device could not be invoiced.", "{count} devices could not be invoiced.", ran.failed)
            self.notice.say(Tone.WAITING, text, tr("It is tried again within a minute."))
        elif ran.invoices:
            text = ntr("{count} invoice was made.", "{count} invoices were made.", ran.invoices)
            self.notice.say(Tone.SETTLED, text)
        else:
            self.notice.say(Tone.ACCENT, tr("Every active device has its invoices up to today."))

    def import_file(self) -> None:
        """Ask for a file, check it, and show what it would do."""
        self._pick_file(self, self._check)

    def _check(self, path: Path) -> None:
        self.notice.say(Tone.ACCENT, tr("Checking {name} …", name=path.name))
        work = partial(read_and_check, self._office.till, self._office.actor, path)
        self._office.tasks.run(self, work, partial(self._checked, path.name), self.notice.show_error, label="import")

    def _checked(self, name: str, check: InvoiceFileCheck) -> None:
        self.notice.clear()
        dialog = ImportDialog(self, self._office, name, check)
        dialog.imported.connect(self._imported)
        dialog.open()

    def _imported(self, check: InvoiceFileCheck) -> None:
        self.notice.say(Tone.SETTLED, tr("The file is imported: {outcome}", outcome=outcome(check)))
