"""Figures of payments: success, times, refunds and errors over some days; every number opens its rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import ClassVar

from PySide6.QtCore import Slot

from tillgate.domain.errors import Bug
from tillgate.domain.money import Money
from tillgate.formats import format_count, format_day_short, format_duration, format_share
from tillgate.i18n import ntr, tr
from tillgate.labels import provider_name
from tillgate.services.consultation_figures import Presses, PressFigures, load_press_figures
from tillgate.services.metric_reads import DayFigures, Duration, Figures, Tally, load_figures
from tillgate.services.payment_lists import Group
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.metrics.cards import FigureCard, Link
from tillgate.ui.screens.metrics.charts import Bar
from tillgate.ui.screens.metrics.error_dialog import ErrorDialog
from tillgate.ui.screens.metrics.page import FiguresPage
from tillgate.ui.screens.metrics.rows import day_columns, day_source
from tillgate.ui.screens.metrics.view import PaymentsView
from tillgate.ui.screens.metrics.words import error_words
from tillgate.ui.screens.payments.rows import CREATED, PROVIDER, group_query
from tillgate.ui.widgets.data_table import DayRange, Query
from tillgate.ui.widgets.data_table.export import Export
from tillgate.ui.widgets.notices import InlineNotice


class PaymentsPage(FiguresPage):
    """Its rows are the payments and the orders, on their own screens."""

    file_name: ClassVar[str] = "figures.csv"

    def __init__(self, office: BackOffice, notice: InlineNotice) -> None:
        super().__init__(office, notice)
        self.figures: Figures | None = None
        self.presses: PressFigures | None = None
        self.view = PaymentsView()
        self.put(self.view)
        self.view.by_day.chosen.connect(self._open_day)

    @property
    def is_read(self) -> bool:
        """Whether there are figures to be exported."""
        return self.figures is not None

    def read(self, first: date, last: date, days: DayRange) -> None:
        """Read them on the lane."""
        till, actor = self._office.till, self._office.actor

        def work() -> tuple[Figures, PressFigures]:
            return load_figures(till, actor, first, last), load_press_figures(till, actor, first, last)

        self._run(days, work, lambda read: self._show(*read))

    def exporting(self, path: Path) -> Export:
        """The days as a file."""
        if self.figures is None or self.presses is None:
            raise Bug("figures_not_read")
        columns = day_columns(self.figures, self.presses)
        return Export(path, columns, day_source(self.figures), Query(), self._place())

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

    def _count(self, number: int) -> str:
        return format_count(number, self._office.language)


def _per_mille(part: int, whole: int) -> int | None:
    return 1_000 * part // whole if whole else None
