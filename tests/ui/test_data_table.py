"""The one list: a million rows, a bounded memory, and nothing read on the Qt thread."""

from __future__ import annotations

import csv
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.ui.pages.hands import CTRL, click, type_text
from tests.ui.pages.rows import Row, Rows
from tests.ui.pages.table import TablePage
from tillgate.domain.changes import Changes, Kind
from tillgate.domain.payment import PaymentState
from tillgate.ui.tasks import Tasks
from tillgate.ui.widgets.buttons import Button
from tillgate.ui.widgets.data_table import MemoryViews, Query, Summary
from tillgate.ui.widgets.data_table.model import PAGE_ROWS, PAGES_KEPT
from tillgate.ui.widgets.date_range import DateRangeField
from tillgate.ui.widgets.dialog import Dialog


def test_a_million_rows_open_with_one_window_and_one_count(qtbot: QtBot, tasks: Tasks) -> None:
    page = TablePage(qtbot, tasks, Rows())
    assert page.table.model.rowCount() == 1_000_000
    assert page.count_text == "1,000,000 rows"
    assert page.cell(3, 0) == "PAY-0000003"
    assert page.cell(3, 2) == "₹3.11"
    assert page.cell(3, 3) == "Paid"
    assert {start for _, start, _ in page.source.asked} <= {0, PAGE_ROWS}
    assert threading.get_ident() not in page.source.threads


def test_the_scroll_bar_jumps_anywhere_and_memory_stays_small(qtbot: QtBot, tasks: Tasks) -> None:
    page = TablePage(qtbot, tasks, Rows())
    page.jump_to(712_345)
    assert page.see(712_345) == "PAY-0712345"
    for row in range(0, 900_000, 20_000):
        page.jump_to(row)
        page.see(row)
    page.table.view.setFocus()
    page.press(Qt.Key.Key_End, ctrl=True)
    assert page.see(999_999) == "PAY-0999999"
    assert page.table.view.currentIndex().row() == 999_999
    assert len(page.table.model._pages) <= PAGES_KEPT
    assert all(limit == PAGE_ROWS for _, _, limit in page.source.asked)


def test_a_drag_over_everything_asks_only_for_where_it_rests(qtbot: QtBot, tasks: Tasks) -> None:
    page = TablePage(qtbot, tasks, Rows())
    page.source.asked.clear()
    for row in range(0, 999_000, 3_000):
        page.jump_to(row)
    page.see(page.first_visible())
    assert len(page.source.asked) < 40


def test_headers_sort_and_say_so(qtbot: QtBot, tasks: Tasks) -> None:
    page = TablePage(qtbot, tasks, Rows(500))
    header = page.table.view.horizontalHeader()
    page.press_header(0)
    page.settled()
    assert page.cell(0, 0) == "PAY-0000000"
    page.press_header(0)
    page.settled()
    assert page.cell(0, 0) == "PAY-0000499"
    assert (header.sortIndicatorSection(), header.sortIndicatorOrder()) == (0, Qt.SortOrder.DescendingOrder)


def test_a_menu_that_is_opened_again_leaves_nothing_of_before(qtbot: QtBot, tasks: Tasks) -> None:
    page = TablePage(qtbot, tasks, Rows(5))
    for _ in range(4):
        page.choose("state", "Paid")
        page.settled()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    menu = page.table.bar.chips["state"].menu()
    assert len(menu.findChildren(QActionGroup)) == 1
    menu.aboutToShow.emit()
    assert [each.text() for each in menu.actions() if each.isChecked()] == ["Paid"]


def test_search_and_filters_narrow_and_show_all_widens(qtbot: QtBot, tasks: Tasks) -> None:
    page = TablePage(qtbot, tasks, Rows(500))
    page.choose("state", "Paid")
    page.settled()
    qtbot.waitUntil(lambda: page.count_text == "50 rows")
    assert page.table.bar.chips["state"].accessibleName() == "State: Paid"
    page.press(Qt.Key.Key_F, ctrl=True)
    assert QApplication.focusWidget() is page.table.bar.search
    type_text(page.table.bar.search, "zzz")
    qtbot.waitUntil(lambda: page.table.query.text == "zzz" and not page.table.model.waiting)
    assert page.table.empty.title == "Nothing matches"
    page.table.bar.clear.click()
    page.settled()
    qtbot.waitUntil(lambda: page.count_text == "500 rows")
    assert page.table.query == Query()
    assert page.table.bar.search.text() == ""


def test_days_are_chosen_by_preset_or_by_calendar(qtbot: QtBot, tasks: Tasks) -> None:
    page = TablePage(qtbot, tasks, Rows(5))
    page.choose("created", "Last 7 days")
    days = page.table.query.days("created")
    assert days is not None
    assert days.first is not None
    assert days.last is not None
    assert (days.last - days.first).days == 6
    page.choose("created", "Choose days…")
    field = page.table.findChild(DateRangeField)
    assert field is not None
    field.first.setDate(field.last.date().addDays(1))
    assert field.value() is None
    field.first.setDate(field.last.date())
    dialog = field.window()
    assert isinstance(dialog, Dialog)
    dialog.go.click()
    chosen = page.table.query.days("created")
    assert chosen is not None
    assert chosen.first == chosen.last == days.last
    assert chosen.preset is None
    page.settled()


def test_an_empty_list_says_why(qtbot: QtBot, tasks: Tasks) -> None:
    page = TablePage(qtbot, tasks, Rows(0))
    assert page.table.empty.title == "No payments yet"
    assert not page.table.view.isVisible()
    assert page.table.totals.isHidden()


def test_a_list_that_is_empty_fills_and_empties_again(qtbot: QtBot, tasks: Tasks) -> None:
    page = TablePage(qtbot, tasks, Rows(0))
    for count in (0, 3, 0):
        page.source.count = count
        page.table.refresh()
        qtbot.waitUntil(lambda: tasks.pending == 0)
        qtbot.waitUntil(lambda: page.table.model.rowCount() == page.source.count)
        if count:
            page.table.view.setFocus()
    assert page.table.empty.title == "No payments yet"
    assert page.table.bar.search.hasFocus(), "whoever was in the list can type on"


def test_details_open_by_key_follow_the_cursor_and_close(qtbot: QtBot, tasks: Tasks) -> None:
    page = TablePage(qtbot, tasks, Rows(500))
    page.table.view.setFocus()
    page.press(Qt.Key.Key_Down)
    page.press(Qt.Key.Key_Return)
    assert page.detail == Row(1).name
    page.press(Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: page.detail == Row(2).name)
    page.press(Qt.Key.Key_Escape)
    assert page.detail == ""
    assert page.table.view.currentIndex().row() == 2


def test_news_refresh_what_is_shown_and_the_cursor_stays_with_its_row(qtbot: QtBot, tasks: Tasks) -> None:
    page = TablePage(qtbot, tasks, Rows(500, first=10))
    assert page.table.select_key(14)
    assert page.table.view.currentIndex().row() == 4
    page.source.first, page.source.count = 8, 502
    tasks.broadcast(Changes.of(Kind.PAYMENT))
    qtbot.waitUntil(lambda: page.cell(0, 0) == "PAY-0000008")
    qtbot.waitUntil(lambda: page.table.view.currentIndex().row() == 6)
    qtbot.waitUntil(lambda: page.count_text == "502 rows")
    assert page.detail == Row(14).name


def test_the_first_row_of_an_empty_list_appears(qtbot: QtBot, tasks: Tasks) -> None:
    page = TablePage(qtbot, tasks, Rows(0))
    page.source.count = 1
    tasks.broadcast(Changes.of(Kind.STAFF))
    tasks.broadcast(Changes.of(Kind.PAYMENT))
    qtbot.waitUntil(lambda: page.table.view.isVisible() and page.cell(0, 0) == "PAY-0000000")


def test_rows_that_go_away_shorten_the_list(qtbot: QtBot, tasks: Tasks) -> None:
    page = TablePage(qtbot, tasks, Rows(500))
    page.source.count = 30
    page.table.refresh()
    qtbot.waitUntil(lambda: page.table.model.rowCount() == 30)


def test_what_cannot_be_read_is_said_and_tried_again(qtbot: QtBot, tasks: Tasks) -> None:
    page = TablePage(qtbot, tasks, Rows(500, broken=True), wait=False)
    qtbot.waitUntil(lambda: page.table.notice.text != "")
    asked = len(page.source.asked)
    page.table.view.viewport().repaint()
    qtbot.wait(40)
    assert len(page.source.asked) == asked
    page.source.broken = False
    page.table.notice.buttons[0].click()
    qtbot.waitUntil(lambda: page.count_text == "500 rows")
    assert page.table.notice.text == ""


def test_totals_stand_under_their_column(qtbot: QtBot, tasks: Tasks) -> None:
    page = TablePage(qtbot, tasks, Rows(500))
    assert page.table.totals.texts == {"amount": "₹500.00"}
    assert "Amount: ₹500.00" in page.table.totals.accessibleName()


def test_minor_columns_make_room(qtbot: QtBot, tasks: Tasks) -> None:
    page = TablePage(qtbot, tasks, Rows(5))
    view = page.table.view
    page.table.resize(1_400, 500)
    assert not view.isColumnHidden(4)
    page.table.resize(700, 500)
    assert view.isColumnHidden(4)
    assert view.isColumnHidden(6)
    assert not view.isColumnHidden(2)


def test_where_little_room_is_left_a_text_gives_way_and_no_state_is_cut(qtbot: QtBot, tasks: Tasks) -> None:
    page = TablePage(qtbot, tasks, Rows(5))
    view = page.table.view
    page.table.resize(1_000, 500)
    before = [view.columnWidth(column) for column in range(7)]
    page.table.resize(720, 500)
    qtbot.waitUntil(lambda: view.horizontalScrollBar().maximum() == 0)
    assert view.columnWidth(0) < before[0], "elided, but its beginning is there"
    assert [view.columnWidth(column) for column in (2, 3)] == [before[2], before[3]], "amount and state are whole"
    page.table.resize(1_000, 500)
    assert [view.columnWidth(column) for column in range(7)] == before


def test_views_are_kept_under_a_name(qtbot: QtBot, tasks: Tasks) -> None:
    saved = MemoryViews()
    page = TablePage(qtbot, tasks, Rows(500), saved=saved)
    page.choose("state", "Paid")
    page.table.bar.save_asked.emit("Paid & done")
    qtbot.waitUntil(lambda: len(saved.list_views("payments")) == 1)
    page.table.bar.clear.click()
    other = TablePage(qtbot, tasks, Rows(500), saved=saved)
    menu = other.table.bar.views.menu()
    qtbot.waitUntil(lambda: menu.actions()[0].text() == "Paid && done")
    menu.actions()[0].trigger()
    assert other.table.query.choice("state") == "CAPTURED"
    other.table.bar.remove_asked.emit("Paid & done")
    qtbot.waitUntil(lambda: not saved.list_views("payments"))
    other.settled()
    page.settled()


def test_an_export_writes_every_row_and_no_formula(qtbot: QtBot, tasks: Tasks, tmp_path: Path) -> None:
    page = TablePage(qtbot, tasks, Rows(1_203), export_to=tmp_path)
    page.press(Qt.Key.Key_E, ctrl=True)
    qtbot.waitUntil(lambda: "1,203 rows written" in page.table.notice.text)
    raw = (tmp_path / "payments.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    assert raw.count(b"\r\n") == 1_204
    rows = list(csv.reader(raw.decode("utf-8-sig").splitlines()))
    assert rows[0][:5] == ["Payment", "Customer", "Amount", "Amount, currency", "State"]
    assert rows[1][:5] == ["PAY-0000000", "Asha Verma", "-1.00", "INR", "Created"]
    assert rows[2][1] == "'=HYPERLINK(1)"
    assert rows[1_203][0] == "PAY-0001202"
    assert list(tmp_path.iterdir()) == [tmp_path / "payments.csv"]


class SlowRows(Rows):
    """Goes on with an export when it is let, and remembers who read it and with which query."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.going_on = threading.Event()
        self.exported: list[Query] = []

    def batches(self, query: Query, limit: int) -> Iterator[Sequence[Row]]:
        self.exported.append(query)
        for rows in super().batches(query, limit):
            self.threads.add(threading.get_ident())
            yield rows
            self.going_on.wait(10)


def test_an_export_shows_how_far_it_is_and_can_be_stopped(qtbot: QtBot, tasks: Tasks, tmp_path: Path) -> None:
    source = SlowRows(2_000)
    page = TablePage(qtbot, tasks, source, export_to=tmp_path)
    page.table.start_export()
    page.table.start_export()
    qtbot.waitUntil(lambda: "Exporting: " in page.table.notice.text)
    [stop] = [each for each in page.table.notice.findChildren(Button) if each.text() == "Stop the export"]
    stop.click()
    source.going_on.set()
    qtbot.waitUntil(lambda: page.table.notice.text == "The export was stopped. No file was written.")
    assert list(tmp_path.iterdir()) == []
    assert len(source.exported) == 1, "one at a time"
    assert threading.get_ident() not in source.threads


def test_an_export_holds_all_that_the_filter_lets_through_not_only_what_is_seen(
    qtbot: QtBot, tasks: Tasks, tmp_path: Path
) -> None:
    page = TablePage(qtbot, tasks, Rows(1_000), export_to=tmp_path)
    page.table.set_query(Query().with_filter("state", PaymentState.CAPTURED.value))
    qtbot.waitUntil(lambda: not page.table.model.waiting)
    page.table.start_export()
    qtbot.waitUntil(lambda: "rows written" in page.table.notice.text)
    rows = list(csv.reader((tmp_path / "payments.csv").read_text("utf-8-sig").splitlines()))
    matching = page.source.summary(page.table.query).count
    assert len(rows) == matching + 1
    assert matching > page.table.view.rowAt(page.table.view.viewport().height() - 1) > 0
    assert {row[4] for row in rows[1:]} == {"Paid"}


def test_an_export_waits_for_permission_and_says_what_went_wrong(qtbot: QtBot, tasks: Tasks, tmp_path: Path) -> None:
    page = TablePage(qtbot, tasks, Rows(3), export_to=tmp_path / "gone")
    page.table.bar.export.click()
    qtbot.waitUntil(lambda: "payments.csv" in page.table.notice.text)
    assert not (tmp_path / "gone").exists()


def test_painting_a_frame_reads_nothing(qtbot: QtBot, tasks: Tasks) -> None:
    page = TablePage(qtbot, tasks, Rows(2_000))
    page.see(0)
    page.source.threads.clear()
    page.table.grab()
    page.jump_to(1_000)
    page.table.grab()
    assert threading.get_ident() not in page.source.threads


class SlowSums(Rows):
    """The sum of every row, and the rows of a search, are told when they are let."""

    def __init__(self) -> None:
        super().__init__(1_000)
        self.summed, self.found = threading.Event(), threading.Event()

    def rows(self, query: Query, start: int, limit: int) -> Sequence[Row]:
        if query.text:
            self.found.wait(10)
        return super().rows(query, start, limit)

    def summary(self, query: Query) -> Summary:
        if not query.text:
            self.summed.wait(10)
        return super().summary(query)


def test_the_sum_of_the_list_before_is_never_shown_for_another(qtbot: QtBot, tasks: Tasks) -> None:
    source = SlowSums()
    told: list[int] = []
    table = TablePage(qtbot, tasks, source, wait=False).table
    table.model.summed.connect(lambda summary: told.append(summary.count))
    qtbot.waitUntil(lambda: table.model.rowCount() > 0)
    table.set_query(Query(text="PAY-000001"))
    source.summed.set()
    qtbot.waitUntil(lambda: tasks.pending == 1)
    assert told == []
    source.found.set()
    qtbot.waitUntil(lambda: tasks.pending == 0)
    assert told == [table.model.rowCount()] == [10]


def test_whoever_comes_by_key_sees_which_row_the_keys_are_on(qtbot: QtBot, tasks: Tasks) -> None:
    page = TablePage(qtbot, tasks, Rows(1))
    assert page.chosen == []
    page.table.view.setFocus()
    assert page.chosen == [0], "one row is enough"
    assert page.detail == "", "looking is not opening"
    page.table.focus_search()
    page.table.view.clearSelection()
    page.table.view.setFocus()
    assert page.chosen == [0]


def test_rows_that_come_after_the_focus_are_shown_with_a_cursor(qtbot: QtBot, tasks: Tasks) -> None:
    page = TablePage(qtbot, tasks, Rows(500), wait=False)
    page.table.view.setFocus()
    assert page.chosen == []
    qtbot.waitUntil(lambda: page.chosen == [0])
    page.press(Qt.Key.Key_Down)
    assert page.chosen == [1]
    page.table.set_query(Query(text="PAY-000001"))
    qtbot.waitUntil(lambda: page.count_text == "10 rows" and page.chosen == [0])
    assert page.detail == ""


def test_the_keys_begin_with_the_first_row_in_sight(qtbot: QtBot, tasks: Tasks) -> None:
    page = TablePage(qtbot, tasks, Rows(500))
    page.jump_to(60)
    page.table.view.setFocus()
    assert page.chosen == [page.first_visible()] == [60]


def test_a_press_with_ctrl_leaves_the_cursor_in_sight(qtbot: QtBot, tasks: Tasks) -> None:
    page = TablePage(qtbot, tasks, Rows(500))
    page.table.view.setFocus()
    for _ in range(2):
        click(page.table.view.viewport(), page.table.view.visualRect(page.table.model.index(2, 0)).center(), CTRL)
        assert page.chosen == [2]


def test_the_cursor_stays_with_its_row_while_no_details_are_open(qtbot: QtBot, tasks: Tasks) -> None:
    page = TablePage(qtbot, tasks, Rows(500, first=10))
    page.table.view.setFocus()
    page.press(Qt.Key.Key_Down)
    page.source.first, page.source.count = 7, 503
    tasks.broadcast(Changes.of(Kind.PAYMENT))
    qtbot.waitUntil(lambda: page.count_text == "503 rows" and page.cell(0, 0) == "PAY-0000007")
    assert page.chosen == [4]
    assert page.cell(4, 0) == "PAY-0000011"
    page.source.first, page.source.count = 12, 498
    tasks.broadcast(Changes.of(Kind.PAYMENT))
    qtbot.waitUntil(lambda: page.count_text == "498 rows" and page.cell(0, 0) == "PAY-0000012")
    assert page.chosen == [4], "its row is gone, and another one is visibly chosen"
    assert page.detail == ""


def test_news_do_not_scroll_back_to_the_cursor(qtbot: QtBot, tasks: Tasks) -> None:
    page = TablePage(qtbot, tasks, Rows(500, first=10))
    page.table.view.setFocus()
    page.jump_to(60)
    page.see(60)
    page.source.first, page.source.count = 7, 503
    page.table.refresh()
    qtbot.waitUntil(lambda: page.count_text == "503 rows" and tasks.pending == 0)
    assert page.first_visible() == 60
