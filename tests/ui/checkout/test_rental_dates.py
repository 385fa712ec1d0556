"""The days of a rented line are readable on the smallest screen, whatever language and region write them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from PySide6.QtGui import QFontMetrics
from pytestqt.qtbot import QtBot
from sqlalchemy import update

from tests.factories.shop import Counter
from tests.ui.pages.checkout import CAMERA, CheckoutPage
from tillgate import i18n
from tillgate.domain.catalogue import LONGEST_PERIOD_DAYS, LONGEST_TITLE
from tillgate.formats import _REGION, written_days
from tillgate.store.models import rental_period
from tillgate.ui.screens.checkout.amounts import fitting_font
from tillgate.ui.screens.checkout.rental_dates import _SMALLEST_PX, DatesButton
from tillgate.ui.tasks import Tasks

LONG = ("Wedding season " * LONGEST_TITLE)[:LONGEST_TITLE].strip()


@pytest.mark.parametrize(
    ("language", "currency", "days", "written"),
    [
        ("en", "INR", 1, "22 Nov 2026"),
        ("en", "INR", 3, "22–24 Nov 2026"),
        ("en", "INR", 14, "22 Nov – 5 Dec 2026"),
        ("en", "INR", 90, "22 Nov 2026 – 19 Feb 2027"),
        ("en", "USD", 3, "Nov 22 – 24, 2026"),
        ("es", "COP", 3, "22 a 24 de nov de 2026"),
        ("es", "COP", 14, "22/11/2026 – 5/12/2026"),
        ("es", "USD", 90, "22 nov 2026 – 19 feb 2027"),
        ("id", "IDR", 14, "22 Nov – 5 Des 2026"),
    ],
)
def test_days_say_once_what_they_have_in_common(language: str, currency: str, days: int, written: str) -> None:
    first = date(2026, 11, 22)
    found = written_days(first, first + timedelta(days=days - 1), language, currency)
    assert found.replace("\u2009", " ").replace("\u202f", " ") == written


def _every_rental() -> Iterator[tuple[date, date]]:
    """Rentals from any day of a year: of a weekend, two weeks, a month, and the longest."""
    for start in range(366):
        first = date(2026, 11, 22) + timedelta(days=start)
        for days in (3, 14, 31, LONGEST_PERIOD_DAYS):
            yield first, first + timedelta(days=days - 1)


def _button(page: CheckoutPage) -> DatesButton:
    lines = page.screen.view.cart.lines
    row = lines.row(lines.line_ids[-1])
    assert row is not None
    return row._dates


def test_every_region_s_days_have_room_beside_a_long_period(qtbot: QtBot, tasks: Tasks, counter: Counter) -> None:
    with counter.till.db.write(counter.till.system) as uow:
        uow.execute(update(rental_period).values(name=LONG))
    page = CheckoutPage(qtbot, tasks, counter)
    page.shell.resize(1024, 768)
    page.ring_up(CAMERA)
    button = _button(page)
    assert LONG in button.toolTip()
    assert LONG in button.text()
    regions = [(language, currency) for language in i18n.LANGUAGES for currency in _REGION]
    texts = {written_days(*span, *region) for region in regions for span in _every_rental()}
    wide = [
        text
        for text in texts
        if QFontMetrics(fitting_font(text, button.room, "label", _SMALLEST_PX)).horizontalAdvance(text) > button.room
    ]
    assert wide == []


def test_the_days_are_painted_whole(qtbot: QtBot, tasks: Tasks, counter: Counter) -> None:
    page = CheckoutPage(qtbot, tasks, counter)
    page.shell.resize(1024, 768)
    page.ring_up(CAMERA)
    (line,) = page.screen.view.cart.lines.line_ids
    page.screen.ringing.set_rental(line, period_id=counter.period("CAM-1", 3), start_on=date(2026, 12, 31))
    page.settled()
    button = _button(page)
    area = button.rect().adjusted(0, 0, -8, 0)
    painted = button.grab().toImage().copy(area)
    button.resize(2 * button.width(), button.height())
    # With room to spare the same is painted: nothing was cut or made smaller.
    assert button.grab().toImage().copy(area) == painted
    assert button.toolTip() == ""
