"""Figures of payment invoices: counts and sums by status, day, cashier and provider, and what stands out among them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import ClassVar

from PySide6.QtCore import Slot

from tillgate.domain.errors import Bug
from tillgate.domain.mpesa import CURRENCY
from tillgate.domain.payment_invoice import DEFAULT_PROVIDER, InvoiceStatus
from tillgate.domain.staff import Action
from tillgate.formats import format_count, format_day, format_day_short, format_duration, format_share
from tillgate.i18n import tr
from tillgate.labels import provider_name
from tillgate.services.invoice_figures import InvoiceFigures, Slice, Sum, load_invoice_figures
from tillgate.services.invoice_radar import Finding, Signal, scan_invoices
from tillgate.services.payment_lists import day_begins
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.metrics.cards import FigureCard, Link
from tillgate.ui.screens.metrics.charts import Bar
from tillgate.ui.screens.metrics.invoice_export import figure_columns, figure_source
from tillgate.ui.screens.metrics.invoice_rows import (
    ASKED,
    BAD,
    CASHIER,
    FLAG,
    GROUPS,
    IDS,
    LATE,
    MADE,
    PAID,
    PROVIDER,
    SINCE,
    STATE,
    UNPAID,
    UNTIL,
    VERDICT,
    by_the_till,
)
from tillgate.ui.screens.metrics.invoices_view import InvoicesView
from tillgate.ui.screens.metrics.page import FiguresPage
from tillgate.ui.screens.metrics.radar_card import RadarCard, finding_title
from tillgate.ui.screens.metrics.rows_page import Rows
from tillgate.ui.screens.payment_invoices.words import STATUS
from tillgate.ui.widgets.data_table import Choice, DayRange, Query
from tillgate.ui.widgets.data_table.export import Export
from tillgate.ui.widgets.notices import InlineNotice

_DAY = timedelta(days=1)


class InvoicesPage(FiguresPage):
    """`open_rows` shows the rows of a figure in its place."""

    file_name: ClassVar[str] = "payment-invoices.csv"

    def __init__(self, office: BackOffice, notice: InlineNotice, open_rows: Callable[[Rows], object]) -> None:
        super().__init__(office, notice)
        self._open_rows = open_rows
        self.figures: InvoiceFigures | None = None
        self.findings: tuple[Finding, ...] = ()
        # The days of the figures that are shown, for the titles of their rows.
        self._said = ""
        self.view = InvoicesView(RadarCard(office, self._open_finding))
        self.put(self.view)
        self.view.by_day.chosen.connect(self._open_day)

    @property
    def is_read(self) -> bool:
        """Whether there are figures to be exported."""
        return self.figures is not None

    def read(self, first: date, last: date, days: DayRange) -> None:
        """Read them on the lane."""
        till, actor, may_look = self._office.till, self._office.actor, self._office.may(Action.VIEW_EXCEPTIONS)

        def work() -> tuple[InvoiceFigures, tuple[Finding, ...]]:
            figures = load_invoice_figures(till, actor, first, last, CURRENCY)
            since, until = day_begins(till, first), day_begins(till, last + _DAY)
            return figures, scan_invoices(till, actor, since, until) if may_look else ()

        self._run(days, work, lambda read: self._show(*read))

    def exporting(self, path: Path) -> Export:
        """All figures as a file."""
        if self.figures is None:
            raise Bug("figures_not_read")
        source = figure_source(self.figures, self.findings, self._office)
        return Export(path, figure_columns(self._office.language), source, Query(), self._place())

    # Showing

    def _show(self, figures: InvoiceFigures, findings: tuple[Finding, ...]) -> None:
        self.figures, self.findings = figures, findings
        first, last = (format_day(day, self._office.language) for day in (figures.first, figures.last))
        self._said = first if first == last else tr("{first} to {last}", first=first, last=last)
        if not figures.whole.total and not findings:
            self._show_nothing()
            return
        self.view.show_figures()
        days = {each.key: each for each in figures.by_day}
        every = [days.get(figures.first + number * _DAY) for number in range((figures.last - figures.first).days + 1)]
        self._show_asked(figures, every)
        self._show_ends(figures.whole, every)
        self._show_bars(figures, every)
        self._show_tables(figures)
        self.view.radar.show_findings(findings)

    def _show_nothing(self) -> None:
        title = tr("No phone was asked to pay in these days")
        if DEFAULT_PROVIDER in self._office.till.providers:
            text = tr("Phones are asked under Invoice verification. Choose other days above to see earlier ones.")
        else:
            text = tr("IntaSend is not connected here: its keys are entered under Settings. Choose other days above.")
        self.view.show_nothing(title, text)

    def _show_asked(self, figures: InvoiceFigures, days: Sequence[Slice | None]) -> None:
        view, whole, language = self.view, figures.whole, self._office.language
        paid = whole.paid
        asked = whole.count(*GROUPS[ASKED])
        every = Link(tr("Show all"), self._opener(tr("Phones asked"))) if whole.total else Link(tr("None"))
        links = [every, self._link(tr("{number} being asked", number=self._count(asked)), asked, ASKED)]
        view.made.show_figure(self._count(whole.total), links, [each.total if each else 0 for each in days])
        links = [self._link(tr("{number} paid", number=self._count(paid.count)), paid.count, PAID)]
        sums = [each.paid.expected.minor if each else 0 for each in days]
        view.paid.show_figure(self._office.money(paid.expected), links, sums)
        of = tr("{number} of {whole} paid", number=self._count(paid.count), whole=self._count(whole.total))
        shares = [1_000 * each.paid.count // each.total if each else None for each in days]
        figure = format_share(paid.count, whole.total, language)
        view.conversion.show_figure(figure, [self._link(of, paid.count, PAID)], shares)
        wait, links = whole.median_wait_s, []
        if wait is not None:
            links = [self._link(tr("median of {number} paid", number=self._count(paid.count)), paid.count, PAID)]
        waits = [each.median_wait_s if each else None for each in days]
        view.wait.show_figure(self._waited(wait), links, waits)

    def _waited(self, seconds: int | None) -> str:
        return format_duration(seconds * 1_000, self._office.language) if seconds is not None else "–"

    def _show_ends(self, whole: Slice, days: Sequence[Slice | None]) -> None:
        states = ((self.view.used, InvoiceStatus.USED), (self.view.unused, InvoiceStatus.COMPLETE))
        for card, state in states:
            found = whole.sum(state)
            self._show_sum(card, found, self._link(self._office.money(found.expected), found.count, state.value),
                           [each.count(state) if each else 0 for each in days])  # fmt: skip
        expired, failed = whole.count(InvoiceStatus.EXPIRED), whole.count(InvoiceStatus.FAILED)
        unpaid = [
            self._link(tr("{number} expired", number=self._count(expired)), expired, InvoiceStatus.EXPIRED.value),
            self._link(tr("{number} failed", number=self._count(failed)), failed, InvoiceStatus.FAILED.value),
        ]
        count = whole.count(*GROUPS[UNPAID])
        trend = [each.count(*GROUPS[UNPAID]) if each else 0 for each in days]
        self.view.unpaid.show_figure(self._count(count), unpaid, trend)
        opener = self._opener(tr("Paid late"), {FLAG: LATE})
        late = Link(self._office.money(whole.late.expected), opener if whole.late.count else None)
        self._show_sum(self.view.late, whole.late, late, [each.late.count if each else 0 for each in days])

    def _show_sum(self, card: FigureCard, found: Sum, link: Link, values: Sequence[int]) -> None:
        card.show_figure(self._count(found.count), [link], values)

    def _show_bars(self, figures: InvoiceFigures, days: Sequence[Slice | None]) -> None:
        feet = [format_day_short(figures.first + number * _DAY, self._office.language) for number in range(len(days))]
        bars = [_bar(each, foot) for each, foot in zip(days, feet, strict=True)]
        self.view.by_day.show_bars(bars, openable=True)

    def _show_tables(self, figures: InvoiceFigures) -> None:
        self._show_statuses(figures.whole)
        cashiers = [(each.name or by_the_till(), {CASHIER: str(each.key)}, each) for each in figures.by_cashier]
        self._show_parts(self.view.cashiers.show_rows, tr("Cashier"), cashiers)
        providers = [(provider_name(each.name), {PROVIDER: str(each.key)}, each) for each in figures.by_provider]
        self._show_parts(self.view.providers.show_rows, tr("Provider"), providers)

    def _show_statuses(self, whole: Slice) -> None:
        rows: list[tuple[str | Link, ...]] = []
        for state, found in whole.by_status.items():
            money = (self._office.money(found.amount), self._office.money(found.expected))
            openers = [self._link(text, found.count, state.value) for text in (self._count(found.count), *money)]
            rows.append((STATUS[state].text, *openers))
        states = list(whole.by_status)
        heads = (tr("Status"), tr("Invoices"), tr("Amount"), tr("With fees"))
        self.view.statuses.show_rows(heads, rows, lambda number: self._open_state(states[number].value))

    def _show_parts(
        self,
        show: Callable[[Sequence[str], Sequence[tuple[str | Link, ...]], Callable[[int], object]], None],
        head: str,
        parts: Sequence[tuple[str, dict[str, str], Slice]],
    ) -> None:
        rows: list[tuple[str | Link, ...]] = []
        for name, narrowed, each in parts:
            paid = {**narrowed, STATE: PAID}
            opener = self._opener(name, paid) if each.paid.count else None
            rows.append(
                (
                    name,
                    Link(self._count(each.total), self._opener(name, narrowed)),
                    Link(self._count(each.paid.count), opener),
                    format_share(each.paid.count, each.total, self._office.language),
                    self._waited(each.median_wait_s),
                    Link(self._office.money(each.paid.expected), opener),
                )
            )
        heads = (head, tr("Invoices"), tr("Paid"), tr("Share"), tr("Time to pay"), tr("Money"))
        show(heads, rows, lambda number: self._opener(*parts[number][:2])())

    # Opening rows

    def _link(self, text: str, count: int, state: str) -> Link:
        return Link(text, (lambda: self._open_state(state)) if count else None)

    def _open_state(self, state: str) -> None:
        words = {PAID: tr("Paid"), UNPAID: tr("Not paid"), ASKED: tr("Being asked")}
        self._opener(words.get(state) or STATUS[InvoiceStatus(state)].text, {STATE: state})()

    def _opener(self, title: str, narrowed: dict[str, str] | None = None) -> Callable[[], object]:
        query = Query().with_filter(MADE, self._days)
        for key, value in (narrowed or {}).items():
            query = query.with_filter(key, value)
        return lambda: self._open(Rows(tr("{figure}, {days}", figure=title, days=self._said), query))

    @Slot(int)
    def _open_day(self, number: int) -> None:
        if self.figures is not None:
            day = self.figures.first + number * _DAY
            written = format_day(day, self._office.language)
            self._open(Rows(written, Query().with_filter(MADE, DayRange(day, day))))

    def _open_finding(self, finding: Finding) -> None:
        query, log = Query(), finding.signal in (Signal.USED_AGAIN, Signal.MANY_FAILURES)
        if finding.signal is Signal.USED_AGAIN:
            query = Query(finding.numbers[0]).with_filter(VERDICT, "already_used")
        elif finding.signal is Signal.MANY_FAILURES:
            query = query.with_filter(CASHIER, str(finding.staff_id)).with_filter(VERDICT, BAD)
        else:
            query = query.with_filter(IDS, ",".join(map(str, finding.invoice_ids)))
        if log:
            query = query.with_filter(SINCE, finding.since.isoformat()).with_filter(UNTIL, finding.until.isoformat())
        self._open(Rows(finding_title(finding), query, log))

    def _open(self, rows: Rows) -> None:
        named = self.figures.by_cashier if self.figures is not None else ()
        choices = {str(each.key): each.name or by_the_till() for each in named}
        choices |= {str(each.staff_id): each.cashier for each in self.findings if each.staff_id is not None}
        self._open_rows(replace(rows, cashiers=[Choice(key, name) for key, name in choices.items()]))

    def _count(self, number: int) -> str:
        return format_count(number, self._office.language)


def _bar(day: Slice | None, foot: str) -> Bar:
    counts = [0, 0, 0, 0]
    if day is not None:
        used, unused = day.count(InvoiceStatus.USED), day.count(InvoiceStatus.COMPLETE)
        counts = [used, unused, day.count(*GROUPS[ASKED]), day.count(*GROUPS[UNPAID])]
    says = tr(
        "{when}: {used} used, {unused} paid and not used, {asked} being asked, {unpaid} not paid",
        when=foot,
        used=counts[0],
        unused=counts[1],
        asked=counts[2],
        unpaid=counts[3],
    )
    return Bar(tuple(counts), foot, says)
