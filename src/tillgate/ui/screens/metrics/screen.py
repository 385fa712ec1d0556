"""Figures: payment success, times, refunds and errors over some days; every number opens its rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QVBoxLayout

from tillgate.domain.changes import Kind
from tillgate.domain.errors import Bug, Invalid
from tillgate.domain.money import Money
from tillgate.domain.staff import Action
from tillgate.formats import format_count, format_day, format_day_short, format_duration, format_share
from tillgate.i18n import mark, ntr, tr
from tillgate.labels import provider_name
from tillgate.services.consultation_figures import Presses, PressFigures, load_press_figures
from tillgate.services.metric_reads import MOST_DAYS, DayFigures, Duration, Figures, Tally, load_figures
from tillgate.services.payment_lists import Group
from tillgate.ui.screen import Screen
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.list_commands import EXPORT, Verb, commands_of
from tillgate.ui.screens.metrics.cards import FigureCard, Link
from tillgate.ui.screens.metrics.charts import Bar
from tillgate.ui.screens.metrics.error_dialog import ErrorDialog
from tillgate.ui.screens.metrics.rows import day_columns, day_source
from tillgate.ui.screens.metrics.view import MetricsView
from tillgate.ui.screens.metrics.words import error_words
from tillgate.ui.screens.payments.rows import CREATED, PROVIDER, group_query
from tillgate.ui.widgets.data_table import DayRange, Place, Preset, Query, preset_range
from tillgate.ui.widgets.data_table.export import Export
from tillgate.ui.widgets.data_table.exporting import AskPath, Exporting
from tillgate.ui.widgets.date_range import DateRangeField
from tillgate.ui.widgets.dialog import Dialog

# A busy till changes something every second; the figures are looked at, not watched.
_REFRESH_MS: Final = 2_000
_CHANGES: Final = frozenset({Kind.PAYMENT, Kind.REFUND, Kind.ORDER, Kind.INVOICE, Kind.EXCEPTION})
SCREEN: Final = "metrics"
VERBS: Final = (
    Verb("refresh", mark("Read the figures again"), "refresh-cw", "Ctrl+R"),
    Verb(EXPORT, mark("Export the figures as CSV"), "download", "Ctrl+E", Action.EXPORT),
)


class MetricsScreen(Screen):
    """The last seven days at first. It reads only while it is in front."""

    def __init__(self, office: BackOffice, *, ask_path: AskPath | None = None) -> None:
        super().__init__()
        self._office = office
        self.figures: Figures | None = None
        self.presses: PressFigures | None = None
        self._days = preset_range(Preset.LAST_7, office.today())
        self._asked = 0
        self._front = False
        self.view = MetricsView()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.view)
        for preset, chip in self.view.chips.items():
            chip.clicked.connect(partial(self._choose, preset))
        self.view.custom.clicked.connect(self._ask_days)
        self.view.by_day.chosen.connect(self._open_day)
        self._exporting = Exporting(
            self,
            self.view.notice,
            office.tasks,
            self._export_to,
            file_name="figures.csv",
            before=office.before_export(self, "figures"),
            ask_path=ask_path,
        )
        self.view.export.clicked.connect(self._export)
        self.view.export.setVisible(office.may(Action.EXPORT))
        office.commands.add_all(commands_of(SCREEN, VERBS, self._do))
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_REFRESH_MS)
        self._timer.timeout.connect(self.refresh)
        office.tasks.watch(self, _CHANGES, lambda _changes: self._changed())

    def _do(self, verb: str) -> None:
        if verb == EXPORT:
            self._export()
        else:
            self.refresh()

    # When to read

    def entered(self) -> None:
        """Read the figures as they are now; the days move with the calendar."""
        self._front = True
        if self._days.preset is not None:
            self._days = preset_range(self._days.preset, self._office.today())
        chosen = self.view.chips[self._days.preset] if self._days.preset else self.view.custom
        chosen.setFocus()
        self.refresh()

    def left(self) -> None:
        """Nothing is read while nobody looks."""
        self._front = False
        self._timer.stop()

    def _changed(self) -> None:
        if self._front and not self._timer.isActive():
            self._timer.start()

    @Slot()
    def refresh(self) -> None:
        """Read the figures of the days in use."""
        self._asked += 1
        asked, (first, last) = self._asked, self._range()
        self.view.show_days(self._days.preset, self._days_text())
        till, actor = self._office.till, self._office.actor

        def work() -> tuple[Figures, PressFigures]:
            return load_figures(till, actor, first, last), load_press_figures(till, actor, first, last)

        def done(read: tuple[Figures, PressFigures]) -> None:
            # An answer for days that were left meanwhile is too late.
            if asked == self._asked:
                self._show(*read)

        self._office.tasks.run(self, work, done, self.view.notice.show_error, label="figures")

    def show_days(self, days: DayRange) -> None:
        """Look at other days."""
        self._days = days
        self.refresh()

    def _range(self) -> tuple[date, date]:
        today = self._office.today()
        return self._days.first or today, self._days.last or today

    def _choose(self, preset: Preset, _checked: bool = False) -> None:
        self.show_days(preset_range(preset, self._office.today()))

    @Slot()
    def _ask_days(self) -> None:
        self.view.show_days(self._days.preset, self._days_text())
        field = DateRangeField(*self._range())

        def accept() -> None:
            days = field.value()
            if days is None or days.first is None or days.last is None:
                return
            if (days.last - days.first).days >= MOST_DAYS:
                dialog.show_error(Invalid("days_too_many", field="days", most=MOST_DAYS))
                return
            dialog.accept()
            self.show_days(days)

        dialog = Dialog(self, tr("Days to look at"), verb=tr("Show these days"), on_accept=accept, icon="calendar")
        dialog.add(field)
        dialog.open()

    def _days_text(self) -> str:
        first, last = (format_day(day, self._office.language) for day in self._range())
        return first if first == last else tr("{first} to {last}", first=first, last=last)

    # Showing

    def _show(self, figures: Figures, presses: PressFigures) -> None:
        self.figures, self.presses = figures, presses
        total, days = figures.total, figures.days
        self._show_payments(total, days)
        self._show_money(total, days)
        self._show_time(self.view.verification, figures.verification, [day.verification for day in days])
        self._show_time(self.view.orders, figures.order_creation, [day.order_creation for day in days], orders=True)
        self._show_time(self.view.invoices, figures.invoice, [day.invoice for day in days], orders=True)
        self._show_presses(presses, [day.day for day in days])
        self._show_bars(figures)
        self._show_tables(figures)

    def _show_payments(self, total: Tally, days: Sequence[DayFigures]) -> None:
        view = self.view
        links = [
            self._link(tr("{number} paid", number=self._count(total.paid)), Group.TAKEN),
            self._link(tr("{number} not paid", number=self._count(total.unpaid)), Group.NOT_PAID),
        ]
        view.success.show_figure(
            format_share(total.paid, total.ended, self._office.language),
            links,
            [_per_mille(day.tally.paid, day.tally.ended) for day in days],
        )
        links = [self._link(tr("{number} still waiting", number=self._count(total.waiting)), Group.WAITING)]
        every = Link(tr("Show all"), self._opener(None))
        view.started.show_figure(self._count(total.started), [every, *links], [day.tally.started for day in days])
        back = tr("{number} of {whole} paid", number=self._count(total.given_back), whole=self._count(total.paid))
        view.refunds.show_figure(
            format_share(total.given_back, total.paid, self._office.language),
            [self._link(back, Group.GIVEN_BACK)],
            [_per_mille(day.tally.given_back, day.tally.paid) for day in days],
        )

    def _show_money(self, total: Tally, days: Sequence[DayFigures]) -> None:
        currency = next(iter(total.taken), "")
        taken = " · ".join(self._office.money(each) for each in total.taken.values()) or "–"
        back = [each for each in total.refunded.values() if each]
        shown = " · ".join(self._office.money(each) for each in back)
        links = [self._link(tr("{amount} given back", amount=shown), Group.GIVEN_BACK)] if back else []
        zero = Money(0, currency) if currency else None
        values = [day.tally.taken.get(currency, zero) for day in days]
        self.view.money.show_figure(taken, links, [each.minor if each is not None else None for each in values])

    def _show_time(self, card: FigureCard, whole: Duration, days: Sequence[Duration], *, orders: bool = False) -> None:
        language = self._office.language
        links = []
        if whole.count:
            links.append(Link(tr("up to {time}", time=format_duration(whole.max_ms, language))))
            measured = tr("{number} measured", number=self._count(whole.count))
            links.append(Link(measured, self._order_opener() if orders else self._opener(Group.TAKEN)))
        figure = format_duration(whole.mean_ms, language) if whole.count else "–"
        card.show_figure(figure, links, [day.mean_ms if day.count else None for day in days])

    def _show_presses(self, presses: PressFigures, days: Sequence[date]) -> None:
        """How many presses of Pay for a consultation were answered by the first one's reply (seed 003)."""
        language, links = self._office.language, []
        if presses.pressed:
            links.append(Link(ntr("of {number} press", "of {number} presses", presses.pressed,
                                  number=self._count(presses.pressed))))  # fmt: skip
        if presses.found_active:
            links.append(Link(tr("{number} found another’s payment", number=self._count(presses.found_active))))
        if presses.locks_lost:
            links.append(Link(tr("{number} waited in vain", number=self._count(presses.locks_lost))))
        shares = [presses.days.get(day, Presses()) for day in days]
        figure = format_share(presses.replayed, presses.pressed, language)
        self.view.presses.show_figure(figure, links, [_per_mille(one.replayed, one.pressed) for one in shares])

    def _show_bars(self, figures: Figures) -> None:
        language = self._office.language
        openable = self._office.show_payments is not None
        days = [self._bar(day.tally, format_day_short(day.day, language)) for day in figures.days]
        self.view.by_day.show_bars(days, openable=openable)
        hours = [self._bar(tally, f"{hour}") for hour, tally in enumerate(figures.hours)]
        self.view.by_hour.show_bars(hours)

    def _bar(self, tally: Tally, foot: str) -> Bar:
        says = tr(
            "{when}: {paid} paid, {unpaid} not paid, {waiting} waiting",
            when=foot,
            paid=tally.paid,
            unpaid=tally.unpaid,
            waiting=tally.waiting,
        )
        return Bar((tally.paid, tally.unpaid, tally.waiting), foot, says)

    def _show_tables(self, figures: Figures) -> None:
        language = self._office.language
        providers = list(figures.providers.items())
        rows = [
            (
                provider_name(name) or tr("None"),
                self._count(tally.started),
                format_share(tally.paid, tally.ended, language),
                " · ".join(self._office.money(each) for each in tally.taken.values()) or "–",
            )
            for name, tally in providers
        ]
        heads = (tr("Provider"), tr("Started"), tr("Success"), tr("Money"))
        self.view.providers.show_rows(heads, rows, lambda number: self._open_provider(providers[number][0]))
        count = sum(each.count for each in figures.errors)
        errors = [
            (error_words(each.label)[0], self._count(each.count), format_share(each.count, count, language))
            for each in figures.errors
        ]
        self.view.error_types.show_rows((tr("What"), tr("Times"), tr("Share")), errors, self._open_error)
        days = ntr("on {count} day", "on {count} days", sum(1 for day in figures.days if day.errors))
        links = [Link(days)] if count else []
        self.view.errors.show_figure(self._count(count), links, [day.errors for day in figures.days])

    # Opening rows

    def _link(self, text: str, group: Group) -> Link:
        return Link(text, self._opener(group))

    def _opener(self, group: Group | None) -> Callable[[], object] | None:
        show = self._office.show_payments
        if show is None:
            return None
        return lambda: show(self._payments(group, self._days))

    def _order_opener(self) -> Callable[[], object] | None:
        show = self._office.show_orders
        if show is None:
            return None
        return lambda: show(Query().with_filter(CREATED, self._days))

    @staticmethod
    def _payments(group: Group | None, days: DayRange) -> Query:
        query = Query().with_filter(CREATED, days)
        return group_query(group, query) if group is not None else query

    @Slot(int)
    def _open_day(self, number: int) -> None:
        if self.figures is not None:
            self._show_day(self.figures.first + timedelta(days=number))

    def _show_day(self, day: date) -> None:
        if self._office.show_payments is not None:
            self._office.show_payments(self._payments(None, DayRange(day, day)))

    def _open_provider(self, provider: str) -> None:
        if self._office.show_payments is not None:
            self._office.show_payments(self._payments(None, self._days).with_filter(PROVIDER, provider))

    def _open_error(self, number: int) -> None:
        if self.figures is not None:
            show = self._show_day if self._office.show_payments is not None else None
            ErrorDialog(self, self._office, self.figures.errors[number], show).open()

    # The export

    @Slot()
    def _export(self) -> None:
        if self.figures is not None and not self.view.export.isHidden():
            self._exporting.start()

    def _export_to(self, path: Path) -> Export:
        if self.figures is None or self.presses is None:
            raise Bug("figures_not_read")
        columns = day_columns(self.figures, self.presses)
        return Export(path, columns, day_source(self.figures), Query(), self._place())

    def _place(self) -> Place:
        return Place(self._office.language, self._office.zone)

    def _count(self, number: int) -> str:
        return format_count(number, self._office.language)


def _per_mille(part: int, whole: int) -> int | None:
    return 1_000 * part // whole if whole else None
