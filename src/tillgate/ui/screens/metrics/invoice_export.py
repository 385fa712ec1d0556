"""The figures of payment invoices as they are exported: whole, by day, cashier and provider, what stands out, and
getInvoiceStats in the document's own words (seed 002)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tillgate.domain.money import Money
from tillgate.domain.payment_invoice import InvoiceStatus
from tillgate.formats import format_share
from tillgate.i18n import tr
from tillgate.labels import provider_name
from tillgate.services.invoice_figures import InvoiceFigures, Slice
from tillgate.services.invoice_radar import Finding
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.metrics.invoice_rows import by_the_till
from tillgate.ui.screens.metrics.radar_card import finding_text, finding_title
from tillgate.ui.screens.payment_invoices.words import STATUS
from tillgate.ui.widgets.data_table import Column, ListSource, Query, count_column, money_column, text_column

_DOCUMENT = "getInvoiceStats"


@dataclass(frozen=True, slots=True)
class FigureLine:
    """One line: a slice of the figures, or a `value` by its name."""

    part: str
    name: str
    figures: Slice | None = None
    count: int | None = None
    value: str = ""


def figure_source(figures: InvoiceFigures, findings: Sequence[Finding], office: BackOffice) -> ListSource[FigureLine]:
    """All lines."""
    lines = [*_of_figures(figures), *_of_findings(findings, office), *_of_document(figures.document)]

    def every(_query: Query) -> Sequence[FigureLine]:
        return lines

    return ListSource(every)


def figure_columns(language: str) -> list[Column[FigureLine]]:
    """A column for each figure; amounts have two."""
    by_status = [count_column(state.value, STATUS[state].text, _counted(state)) for state in InvoiceStatus]
    return [
        text_column("part", tr("Part"), lambda line: line.part),
        text_column("name", tr("Name"), lambda line: line.name),
        count_column("made", tr("Payment invoices"), lambda line: line.figures.total if line.figures else line.count),
        *by_status,
        count_column("late", tr("Paid late"), _of(lambda each: each.late.count)),
        text_column("share", tr("Asked that paid"), lambda line: _share(line.figures, language)),
        count_column("median", tr("Time to pay, median s"), _of(lambda each: each.median_wait_s)),
        money_column("amount", tr("Amount"), _money(lambda each: each.sum().amount)),
        money_column("expected", tr("With fees"), _money(lambda each: each.sum().expected)),
        money_column("paid", tr("Paid"), _money(lambda each: each.paid.expected)),
        text_column("value", tr("Value"), lambda line: line.value),
    ]


def _counted(state: InvoiceStatus) -> Callable[[FigureLine], int | None]:
    return _of(lambda each: each.count(state))


def _of(figure: Callable[[Slice], int | None]) -> Callable[[FigureLine], int | None]:
    return lambda line: figure(line.figures) if line.figures is not None else None


def _money(figure: Callable[[Slice], Money]) -> Callable[[FigureLine], Money | None]:
    return lambda line: figure(line.figures) if line.figures is not None else None


def _share(figures: Slice | None, language: str) -> str:
    return format_share(figures.paid.count, figures.total, language) if figures is not None else ""


def _of_figures(figures: InvoiceFigures) -> Iterator[FigureLine]:
    days = f"{figures.first.isoformat()}/{figures.last.isoformat()}"
    yield FigureLine(tr("All"), days, figures.whole)
    for each in figures.by_day:
        yield FigureLine(tr("Day"), each.name, each)
    for each in figures.by_cashier:
        yield FigureLine(tr("Cashier"), each.name or by_the_till(), each)
    for each in figures.by_provider:
        yield FigureLine(tr("Provider"), provider_name(each.name), each)


def _of_findings(findings: Sequence[Finding], office: BackOffice) -> Iterator[FigureLine]:
    for each in findings:
        text = finding_text(each, office)
        yield FigureLine(tr("Worth a look"), finding_title(each), count=each.count, value=text)


def _of_document(document: Mapping[str, object], under: str = "") -> Iterator[FigureLine]:
    """Each value by its path, as "byStatus.USED.count"."""
    for name, value in document.items():
        if isinstance(value, Mapping):
            yield from _of_document(value, f"{under}{name}.")
        else:
            yield FigureLine(_DOCUMENT, f"{under}{name}", value="" if value is None else str(value))
