"""A batch through Wompi as the sandbox plays it: the document's links, declined and then paid, and its pages."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest
from pypdf import PdfReader
from sqlalchemy import Engine

from tests.factories.clock import FakeClock
from tests.factories.depot import Depot, open_depot
from tests.factories.tills import make_till
from tillgate.domain.batch import Shown
from tillgate.domain.money import Money
from tillgate.domain.payment import Mode
from tillgate.domain.secret import Secret
from tillgate.domain.settings import BATCH_PAGE_SECONDS, STORE_NAME, WOMPI_SMALLEST, Settings
from tillgate.printing import pdf
from tillgate.providers.wompi import Wompi
from tillgate.sandbox import FaultKind, SandboxServer, Verb, WompiChoice, WompiOutcome
from tillgate.services.batch_pages import PagesOpened, open_page_of, open_pages
from tillgate.services.batch_slips import batch_slip, render_batch_slip
from tillgate.services.batch_views import BatchView, document_of
from tillgate.services.papers import receipt_document
from tillgate.services.settle import check_now
from tillgate.store.unit_of_work import refuse_inside_transaction


@dataclass
class Corner:
    """A depot whose customers pay through Wompi; the till's clock is Wompi's."""

    depot: Depot
    sandbox: SandboxServer

    def press(self, view: BatchView, position: int, outcome: WompiOutcome) -> None:
        """The customer presses a button on the page of a link, and the till hears of it."""
        item = view.items[position]
        assert item.url is not None and item.payment_id is not None
        self.sandbox.wompi_payer.pay(item.url, WompiChoice(outcome))
        check_now(self.depot.till, self.depot.cashier, item.payment_id)


@pytest.fixture
def corner(sqlite_only: Engine) -> Iterator[Corner]:
    clock = FakeClock(wall=datetime(2026, 11, 21, 15, 0, tzinfo=UTC))
    depot = open_depot(make_till(sqlite_only, clock, mode=Mode.TRAINING))
    with SandboxServer(clock=lambda: clock.now().timestamp()) as sandbox:
        wompi = Wompi(
            sandbox.wompi.key_id,
            Secret(sandbox.wompi.key_secret),
            mode=Mode.TRAINING,
            integrity=Secret(sandbox.wompi.keys.integrity),
            base_url=sandbox.wompi.base_url,
            before_send=refuse_inside_transaction,
            now=clock.now,
        )
        depot.till = replace(depot.till, providers={"wompi": wompi})
        yield Corner(depot, sandbox)
        wompi.close()


def test_the_documents_three_invoices(corner: Corner) -> None:
    depot = corner.depot
    view = depot.pay()
    results = document_of(view)["data"]["results"]
    assert [each["invoice"]["amount"] for each in results] == [6_000_000, 4_500_000, 5_000_000]
    assert all("/wompi/l/test_" in each["checkoutUrl"] for each in results)
    corner.press(view, 0, WompiOutcome.DECLINE)
    assert depot.view(view.batch.id).items[0].shown is Shown.LINK_OPEN
    corner.press(view, 0, WompiOutcome.PAY)
    corner.press(view, 2, WompiOutcome.PAY)
    after = depot.view(view.batch.id)
    assert [each.shown for each in after.items] == [Shown.PAID, Shown.LINK_OPEN, Shown.PAID]
    assert (after.paid, after.total) == (Money(11_000_000, "COP"), Money(15_500_000, "COP"))
    again = depot.pay(count=10)
    assert [(each.invoice_number, each.reused) for each in again.items] == [(after.items[1].invoice_number, True)]
    taken = corner.sandbox.money_facts().captures
    assert sorted(each.amount_minor for each in taken) == [5_000_000, 6_000_000]


def test_too_little_is_refused_before_wompi_is_asked(corner: Corner) -> None:
    depot = corner.depot
    depot.till = replace(depot.till, settings=lambda: Settings({WOMPI_SMALLEST.name: "50000"}))
    view = depot.pay()
    assert [each.shown for each in view.items] == [Shown.LINK_OPEN, Shown.FAILED, Shown.LINK_OPEN]
    problem = view.items[1].problem
    assert problem is not None
    assert (problem.code, problem.values["smallest"]) == ("amount_below_minimum", Money(5_000_000, "COP"))
    assert len(corner.sandbox.money_facts().links) == 2


def test_an_answer_that_breaks_off_leaves_no_second_link_to_pay(corner: Corner) -> None:
    depot = corner.depot
    corner.sandbox.faults.arm(FaultKind.RESET_MID_BODY, Verb.CREATE, provider="wompi")
    view = depot.pay()
    assert [each.shown for each in view.items] == [Shown.CHECKING, Shown.LINK_OPEN, Shown.LINK_OPEN]
    for _ in range(3):
        depot.clock.advance(6)
        depot.settle()
    found = depot.view(view.batch.id)
    assert [each.shown for each in found.items] == [Shown.LINK_OPEN] * 3
    corner.press(found, 0, WompiOutcome.PAY)
    assert depot.view(view.batch.id).items[0].shown is Shown.PAID


def test_the_pages_open_once_each_a_second_apart_on_wompis_hosts(corner: Corner) -> None:
    depot = corner.depot
    view = depot.pay()
    seen: list[tuple[str, frozenset[str]]] = []
    waits: list[float] = []

    def browser(url: str, hosts: frozenset[str]) -> bool:
        seen.append((url, hosts))
        return True

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        return False

    done = open_pages(depot.till, depot.cashier, view.batch.id, browser, wait)
    assert (done, waits) == (PagesOpened(3, failed=False), [1.0, 1.0, 1.0])
    assert [url for url, _ in seen] == [each.url for each in view.items]
    assert {hosts for _, hosts in seen} == {frozenset({"127.0.0.1"})}
    assert open_pages(depot.till, depot.cashier, view.batch.id, browser, wait).opened == 0
    assert open_page_of(depot.till, depot.cashier, view.items[1].id, browser)
    assert seen[-1][0] == view.items[1].url


def test_the_pages_open_beside_the_run_and_a_batch_that_was_cut_off_is_not_waited_for(corner: Corner) -> None:
    depot = corner.depot
    number, seen = depot.start(), 0

    def browser(url: str, hosts: frozenset[str]) -> bool:
        nonlocal seen
        seen += bool(url and hosts)
        return True

    assert open_pages(depot.till, depot.cashier, number, browser, lambda _s: False) == PagesOpened(0, failed=False)

    def run(_seconds: float) -> bool:
        depot.run(number)
        return False

    assert open_pages(depot.till, depot.cashier, number, browser, run) == PagesOpened(3, failed=False)
    assert seen == 3


def test_without_a_browser_the_links_stand_and_the_rest_is_not_tried(corner: Corner) -> None:
    depot = corner.depot
    depot.till = replace(depot.till, settings=lambda: Settings({BATCH_PAGE_SECONDS.name: "0"}))
    view = depot.pay()
    tried: list[str] = []

    def no_browser(url: str, hosts: frozenset[str]) -> bool:
        tried.append(f"{url} on {hosts}")
        return False

    assert open_pages(depot.till, depot.cashier, view.batch.id, no_browser, lambda _s: False) == PagesOpened(0, True)
    assert len(tried) == 1
    assert all(each.url for each in depot.view(view.batch.id).items)


@pytest.mark.parametrize("language", ["en", "es", "id"])
def test_the_slip_says_what_became_of_each(corner: Corner, language: str) -> None:
    depot = corner.depot
    words = Settings({STORE_NAME.name: "Ciclos Andinos", "store.language": language})
    depot.till = replace(depot.till, settings=lambda: words)
    view = depot.pay()
    corner.press(view, 1, WompiOutcome.PAY)
    with depot.till.db.read() as reading:
        slip = batch_slip(depot.till, reading, view.batch.id)
        paid = receipt_document(depot.till, reading, view.items[1].payment_id or 0)
    assert (slip.total - slip.paid, slip.left) == (Money(11_000_000, "COP"), Money(11_000_000, "COP"))
    written = text_of(render_batch_slip(depot.till, depot.cashier, pdf, view.batch.id))
    for each in view.items:
        assert each.invoice_number in written and each.reference in written
    assert "Ciclos Andinos" in written and "BIKE001" in written
    receipt = text_of(pdf.receipt_pdf(paid, language))
    assert view.items[1].invoice_number in receipt and "Bicycle BIKE001" in receipt


def text_of(content: bytes) -> str:
    """What a reader of the PDF sees, in one line."""
    pages = PdfReader(io.BytesIO(content)).pages
    return " ".join(" ".join(page.extract_text().split()) for page in pages)
