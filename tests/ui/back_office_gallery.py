"""Pictures of the back office, to be looked at:  python -m tests.ui.back_office_gallery FOLDER [SCENE]

The real services on a shop with two weeks of history, light and dark, at 1024x768 and wider, at scale 1 and 2, each
as a PNG.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QApplication, QDialog
from sqlalchemy import select, update

from tests.factories.clock import FakeClock
from tests.factories.history import Shop, live_through, open_sample_shop
from tests.factories.tills import make_till, new_sqlite
from tests.ui.pages.back_office import OfficeWindow
from tillgate.domain.exceptions import ExceptionAction, ExceptionKind
from tillgate.services.metrics import observe
from tillgate.store.engine import sqlite_engine
from tillgate.store.models import metric
from tillgate.ui import theme
from tillgate.ui.screens.exceptions.rows import KIND
from tillgate.ui.screens.exceptions.screen import OneException
from tillgate.ui.screens.payments.screen import OnePayment
from tillgate.ui.tasks import Tasks
from tillgate.ui.theme import Scheme
from tillgate.ui.widgets.data_table import Preset, Query, preset_range

DAYS = 14
SMALL, WIDE = (1024, 768), (1440, 900)
Scene = Callable[[OfficeWindow, Shop], None]


def main(folder: Path, only: str) -> None:
    """Render at each scale in a process of its own: Qt reads the scale once."""
    folder.mkdir(parents=True, exist_ok=True)
    for scale in ("1", "2"):
        environment = os.environ | {"QT_SCALE_FACTOR": scale, "QT_QPA_PLATFORM": "offscreen"}
        arguments = [sys.executable, "-m", "tests.ui.back_office_gallery", str(folder), only, scale]
        subprocess.run(arguments, env=environment, check=True)


def render(folder: Path, only: str, scale: str) -> None:
    """Render all scenes at the scale of this process; the larger one only small and light."""
    look = theme.install(QApplication(["gallery", *theme.ARGUMENTS]), Scheme.LIGHT)
    with tempfile.TemporaryDirectory() as home, ThreadPoolExecutor(2) as lane:
        shop = _shop(Path(home))
        looks = [(Scheme.LIGHT, SMALL), (Scheme.LIGHT, WIDE), (Scheme.DARK, SMALL)] if scale == "1" else []
        for scheme, size in looks or [(Scheme.LIGHT, SMALL)]:
            look.choose(scheme)
            for name, make in SCENES.items():
                if only and not name.startswith(only):
                    continue
                tasks = Tasks(lane)
                office = OfficeWindow(shop.till, shop.manager, tasks, folder=Path(home))
                office.shell.resize(*size)
                office.shell.show()
                office.settle(200)
                make(office, shop)
                office.settle(500)
                office.shell.grab().save(str(folder / f"{name}-{scheme}-{size[0]}-{scale}x.png"))
                _dialogs(office, folder / f"{name}-dialog-{scheme}-{size[0]}-{scale}x.png")
                office.shell.close()
                tasks.shutdown()
        shop.till.db.close()


def _dialogs(office: OfficeWindow, path: Path) -> None:
    for dialog in office.shell.findChildren(QDialog):
        if dialog.isVisible():
            dialog.grab().save(str(path))
            dialog.reject()


def _shop(home: Path) -> Shop:
    clock = FakeClock(datetime.now(UTC) - timedelta(days=DAYS, hours=6))
    shop = open_sample_shop(make_till(sqlite_engine(new_sqlite(home)), clock), clock)
    live_through(shop, DAYS, sales=14)
    _measured(shop)
    with shop.till.db.write(shop.till.system) as uow:
        for label, times in (("provider_not_sent", 9), ("provider_unknown", 4), ("outbox:mail_refused", 2)):
            for _ in range(times):
                observe(uow, shop.till, "error", label, 0)
    return shop


def _measured(shop: Shop) -> None:
    """The clock of the history stands still while orders are made: times as a till has them."""
    with shop.till.db.write(shop.till.system) as uow:
        for row in uow.execute(select(metric).where(metric.c.name != "error")).all():
            longest = {"verification": 1_900, "order_creation": 48, "invoice": 21}[row.name]
            mean = longest * shop.chance.randint(30, 60) // 100
            count = row._mapping["count"]
            key = (metric.c.day == row.day) & (metric.c.name == row.name)
            uow.execute(update(metric).where(key).values(sum_ms=mean * count, max_ms=longest))


def _payments(office: OfficeWindow, _shop: Shop) -> None:
    office.payments(go=True)


def _payment(name: str, office: OfficeWindow, shop: Shop) -> None:
    office.payments(go=True).show_payment(shop.ids[name])


def _pane(office: OfficeWindow) -> OnePayment:
    found = office.payments().table.pane.body
    assert isinstance(found, OnePayment)
    return found


def _story(office: OfficeWindow, shop: Shop) -> None:
    _payment("part", office, shop)
    office.settle(300)
    bar = office.payments().table.pane._scroll.verticalScrollBar()
    bar.setValue(bar.maximum() * 2 // 3)


def _refund(office: OfficeWindow, shop: Shop) -> None:
    _payment("part", office, shop)
    office.settle(300)
    _pane(office).pane.refund.click()


def _orders(office: OfficeWindow, _shop: Shop) -> None:
    table = office.orders(go=True).table
    office.settle(200)
    table.view.select_row(2)
    table.open_row(2)


def _exceptions(office: OfficeWindow, _shop: Shop) -> None:
    office.exceptions(go=True)


def _exception(office: OfficeWindow, _shop: Shop) -> OneException:
    screen = office.exceptions(go=True)
    screen.show_query(Query().with_filter(KIND, ExceptionKind.LATE.value))
    office.settle(300)
    screen.table.open_row(0)
    office.settle(300)
    found = screen.table.pane.body
    assert isinstance(found, OneException)
    return found


def _open_exception(office: OfficeWindow, shop: Shop) -> None:
    _exception(office, shop)


def _settling(office: OfficeWindow, shop: Shop) -> None:
    _exception(office, shop).pane.buttons[ExceptionAction.REFUND].click()


def _metrics(office: OfficeWindow, _shop: Shop) -> None:
    office.metrics(go=True)


def _month(office: OfficeWindow, _shop: Shop) -> None:
    screen = office.metrics(go=True)
    screen.show_days(preset_range(Preset.LAST_30, screen._office.today()))


def _pending(office: OfficeWindow, _shop: Shop) -> None:
    office.shell.strip.pending_pressed.emit()


SCENES: dict[str, Scene] = {
    "payments": _payments,
    "payment-part": partial(_payment, "part"),
    "payment-late": partial(_payment, "late"),
    "payment-waiting": partial(_payment, "waiting"),
    "payment-unsure": partial(_payment, "unsure"),
    "payment-story": _story,
    "pending": _pending,
    "refund": _refund,
    "orders": _orders,
    "exceptions": _exceptions,
    "exception": _open_exception,
    "settling": _settling,
    "metrics": _metrics,
    "month": _month,
}

if __name__ == "__main__":
    if len(sys.argv) > 3:
        render(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
    else:
        main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "")
